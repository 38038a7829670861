
wrk.method = "POST"
wrk.body = '{"name": "morello", "n": [1, 2, 3]}'
wrk.headers["Content-Type"] = "application/json"
