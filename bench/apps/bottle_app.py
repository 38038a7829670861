"""The application for Bottle."""

from __future__ import annotations

from bottle import Bottle, request, static_file
from common import HELLO, STATIC, burn, sleep

application = Bottle()


@application.get("/")
def index():
    return HELLO


@application.get("/item/<item_id>")
def item(item_id):
    return {"id": item_id, "q": request.query.q, "n": request.query.n}


@application.post("/form")
def form():
    return f"{request.forms['a']} {request.forms['b']} {request.forms['c']}"


@application.post("/json")
def json():
    return request.json


@application.get("/static/<name>")
def static(name):
    return static_file(name, root=str(STATIC))


application.get("/sleep", callback=sleep)
application.get("/burn", callback=burn)
