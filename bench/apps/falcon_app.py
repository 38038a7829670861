"""The application for Falcon."""

from __future__ import annotations

import falcon
from common import HELLO, STATIC, burn, sleep


class Index:
    def on_get(self, request, response):
        response.text = HELLO


class Item:
    def on_get(self, request, response, item_id):
        response.media = {
            "id": item_id,
            "q": request.get_param("q"),
            "n": request.get_param("n"),
        }


class Form:
    def on_post(self, request, response):
        form = request.get_media()
        response.text = f"{form['a']} {form['b']} {form['c']}"


class Json:
    def on_post(self, request, response):
        response.media = request.get_media()


class Work:
    def __init__(self, work):
        self.work = work

    def on_get(self, request, response):
        response.text = self.work()


application = falcon.App()
application.add_route("/", Index())
application.add_route("/item/{item_id}", Item())
application.add_route("/form", Form())
application.add_route("/json", Json())
application.add_route("/sleep", Work(sleep))
application.add_route("/burn", Work(burn))
application.add_static_route("/static", str(STATIC))
