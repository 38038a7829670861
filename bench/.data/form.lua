
wrk.method = "POST"
wrk.body = 'a=one&b=two&c=three'
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
