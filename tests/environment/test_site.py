"""What is joined together when the package is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cherrypy
from cherrypy.process.plugins import SimplePlugin
from cherrypy.testing import Client

if TYPE_CHECKING:
    import pytest


def test_plugins_may_listen_to_requests() -> None:
    class Counter(SimplePlugin):
        begun = ended = 0

        def before_request(self) -> None:
            self.begun += 1

        def after_request(self) -> None:
            self.ended += 1

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "page"

    counter = Counter(cherrypy.engine)
    client = Client(cherrypy.Application(Root()))
    counter.subscribe()
    client.get("/")
    assert (counter.begun, counter.ended) == (1, 1)
    counter.unsubscribe()
    client.get("/")
    assert (counter.begun, counter.ended) == (1, 1)


def test_a_redirect_made_outside_a_request_leads_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cherrypy.server, "socket_port", 8081)
    redirect = cherrypy.HTTPRedirect(["/x", "y", "http://example.com/z"])
    assert redirect.urls == [
        "http://127.0.0.1:8081/x",
        "http://127.0.0.1:8081/y",
        "http://example.com/z",
    ]
