"""The application for Flask."""

from __future__ import annotations

from common import HELLO, STATIC, burn, sleep
from flask import Flask, jsonify, request, send_from_directory

application = Flask(__name__, static_folder=None)


@application.get("/")
def index():
    return HELLO


@application.get("/item/<item_id>")
def item(item_id):
    return jsonify(id=item_id, q=request.args.get("q"), n=request.args.get("n"))


@application.post("/form")
def form():
    return f"{request.form['a']} {request.form['b']} {request.form['c']}"


@application.post("/json")
def json():
    return jsonify(request.get_json())


@application.get("/static/<path:name>")
def static(name):
    return send_from_directory(STATIC, name)


application.add_url_rule("/sleep", view_func=sleep)
application.add_url_rule("/burn", view_func=burn)
