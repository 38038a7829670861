"""A program binds ``cherrypy.log`` to a log of its own, and that one hears it all."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy import _cplogging
from cherrypy.testing import Client


class Heard(_cplogging.LogManager):  # type: ignore[misc]
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Any]] = []

    def __call__(self, msg: str = "", *args: Any, **kwargs: Any) -> None:
        self.told.append(("called", bool(kwargs.get("traceback"))))

    def error(self, msg: str = "", *args: Any, **kwargs: Any) -> None:
        self.told.append(("error", msg))

    def access(self) -> None:
        self.told.append(("access", cherrypy.response.output_status))


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "x"

    @cherrypy.expose
    def fail(self) -> str:
        raise RuntimeError

    @cherrypy.expose
    @cherrypy.config(**{"hooks.on_end_request": lambda: 1 / 0})
    def late(self) -> str:
        return "x"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    log = Heard()
    monkeypatch.setattr(cherrypy, "log", log)
    return log.told


def get(path: str) -> None:
    Client(cherrypy.Application(Root())).get(path)


def test_it_writes_the_access_line(heard: list[tuple[str, Any]]) -> None:
    get("/")
    assert heard == [("access", b"200 OK")]


def test_it_hears_of_a_page_that_fails(heard: list[tuple[str, Any]]) -> None:
    get("/fail")
    assert heard[0] == ("called", True)
    assert heard[-1] == ("access", b"500 Internal Server Error")


def test_it_hears_of_a_hook_that_fails(heard: list[tuple[str, Any]]) -> None:
    get("/late")
    assert ("called", True) in heard


def test_it_hears_what_the_bus_says(heard: list[tuple[str, Any]]) -> None:
    cherrypy.engine.log("hello")
    assert heard == [("error", "hello")]


def test_it_may_pass_on_what_it_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    class Passing(cherrypy._GlobalLogManager):  # type: ignore[misc,name-defined]
        def access(self) -> None:
            passed.append(self)
            super().access()

    passed: list[Any] = []
    monkeypatch.setattr(cherrypy, "log", Passing())
    get("/")
    assert passed == [cherrypy.log]
