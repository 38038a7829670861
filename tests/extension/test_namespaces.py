"""The config namespaces that act on each request."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy.core.hooks import Hook
from cherrypy.extension.namespaces import (
    error_page_namespace,
    hooks_namespace,
    request_namespace,
    response_namespace,
)
from cherrypy.testing import Client

called: list[str] = []


def from_config() -> None:
    """Be a hook that config names."""
    called.append("named")


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return str(getattr(cherrypy.request, "word", None))

    @cherrypy.expose
    def form(self, **kwargs: str) -> str:
        return str(getattr(cherrypy.request.body, "word", None))

    @cherrypy.expose
    def missing(self) -> str:
        raise cherrypy.HTTPError(410)

    @cherrypy.expose
    def live(self) -> str:
        hooks_namespace("before_finalize.live", lambda: called.append("live"))
        request_namespace("word", "w")
        request_namespace("body.word", "b")
        response_namespace("headers.X-Live", "yes")
        response_namespace("status", 202)
        error_page_namespace("410", "page")
        request: Any = cherrypy.request
        return f"{request.word} {request.body.word} {request.error_page}"


def asking(config: dict[str, Any]) -> Client:
    return Client(cherrypy.Application(Root(), "", {"/": config}))


def test_hooks_are_attached_by_config() -> None:
    called.clear()
    hook = Hook(lambda **kwargs: called.append(str(kwargs)), priority=1, x=1)
    config = {
        "hooks.before_handler": lambda: called.append("callable"),
        "hooks.before_handler.other": hook,
        "hooks.on_end_resource": f"{__name__}.from_config",
    }
    client = asking(config)
    assert client.get("/").status_code == 200
    assert called == ["{'x': 1}", "callable", "named"]


def test_a_hook_point_that_there_is_not_is_an_error() -> None:
    assert asking({"hooks.never": print}).get("/").status_code == 500


def test_attributes_of_the_request_are_set_by_config() -> None:
    assert asking({"request.word": "w"}).get("/").text == "w"


def test_attributes_of_the_body_are_set_by_config() -> None:
    client = asking({"request.body.word": "w"})
    assert client.post("/form", data={"a": "1"}).text == "w"


def test_attributes_and_headers_of_the_response_are_set_by_config() -> None:
    config = {"response.status": 202, "response.headers.X-Own": "yes"}
    response = asking(config).get("/")
    assert response.status_code == 202
    assert response.headers["X-Own"] == "yes"


def test_error_pages_are_chosen_by_config() -> None:
    config = {
        "error_page.410": lambda status, **kwargs: f"own {status}",
        "error_page.default": lambda status, **kwargs: f"any {status}",
    }
    client = asking(config)
    assert client.get("/missing").text.rstrip() == "own 410 Gone"
    assert client.get("/none").text.rstrip() == "any 404 Not Found"


def test_an_error_page_is_for_a_number() -> None:
    with pytest.raises(ValueError, match=r"'error_page\.4xx' names no status code"):
        error_page_namespace("4xx", "page")


def test_the_namespaces_can_be_called_while_a_request_runs() -> None:
    called.clear()
    response = asking({}).get("/live")
    assert response.text == "w b {410: 'page'}"
    assert (response.status_code, response.headers["X-Live"]) == (202, "yes")
    assert called == ["live"]
