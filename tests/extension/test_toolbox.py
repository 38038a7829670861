"""Toolboxes as config namespaces."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy.core.request import Request
from cherrypy.extension.tool import Tool
from cherrypy.extension.toolbox import Toolbox
from cherrypy.testing import Client


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "index"


class Noting:
    """Notes the settings it is called with."""

    def __init__(self) -> None:
        self.settings: list[dict[str, Any]] = []

    def __call__(self, **settings: Any) -> None:
        self.settings.append(settings)


@pytest.fixture
def note() -> Noting:
    return Noting()


def application(kit: Toolbox, config: dict[str, Any]) -> Client:
    app = cherrypy.Application(Root(), "", {"/": config})
    app.toolboxes[kit.namespace] = kit
    return Client(app)


def test_a_function_is_registered_under_its_name() -> None:
    kit = Toolbox("kit")

    @kit.register("before_handler")
    def check() -> None:
        pass

    @kit.register("before_finalize", name="other", priority=3)
    def named() -> None:
        pass

    assert kit.check.callable is check
    assert (kit.check._name, kit.check._priority) == ("check", 50)
    assert kit.other.callable is named
    assert (kit.other._point, kit.other._priority) == ("before_finalize", 3)


def test_a_toolbox_of_an_application_is_a_config_namespace(note: Noting) -> None:
    kit = Toolbox("newauth")
    kit.check = Tool("before_request_body", note)
    application(kit, {"newauth.check.on": True, "newauth.check.role": "r"}).get("/")
    assert note.settings == [{"role": "r"}]


def test_a_toolbox_may_belong_to_a_request_class(note: Noting) -> None:
    kit = Toolbox("kit")
    kit.note = Tool("before_handler", note)

    class OwnRequest(Request):
        namespaces = Request.namespaces.copy()

    OwnRequest.namespaces["kit"] = kit
    app = cherrypy.Application(Root(), "", {"/": {"kit.note.on": True}})
    app.request_class = OwnRequest
    Client(app).get("/")
    assert note.settings == [{}]


def test_a_tool_that_is_off_may_be_missing(note: Noting) -> None:
    kit = Toolbox("kit")
    client = application(kit, {"kit.none.on": False, "kit.nothing.x": 1})
    assert client.get("/").text == "index"


def test_a_missing_tool_is_told_and_found_when_it_comes(note: Noting) -> None:
    kit = Toolbox("kit")
    client = application(kit, {"kit.late.on": True})
    assert client.get("/").status_code == 500
    kit.late = Tool("before_handler", note)
    assert client.get("/").status_code == 200
    del kit.late
    assert client.get("/").status_code == 500
    assert len(note.settings) == 1
    with pytest.raises(AttributeError, match=r"no tool 'late'.*'kit.late.on' is set"):
        kit._tool("late")


def test_a_key_without_an_argument_is_told() -> None:
    kit = Toolbox("kit")
    with pytest.raises(ValueError, match=r"set 'kit.note.on'"):
        kit._put({}, "note", True)
    assert application(kit, {"kit.note": True}).get("/").status_code == 500


def test_a_tool_put_in_later_takes_the_place_of_another(note: Noting) -> None:
    kit = Toolbox("kit")
    other = Noting()
    kit.note = Tool("before_handler", note)
    client = application(kit, {"kit.note.on": True})
    client.get("/")
    kit.note = Tool("before_handler", other)
    client.get("/")
    assert (len(note.settings), len(other.settings)) == (1, 1)


class Careful(Toolbox):
    """Has its own way of entering and leaving, as documented."""

    def __enter__(self) -> Any:
        populate = super().__enter__()

        def careful(key: str, value: Any) -> None:
            if not key.startswith("secret."):
                populate(key, value)

        return careful

    def __exit__(self, *exc_info: Any) -> None:
        cherrypy.request.left = True
        super().__exit__(*exc_info)


def test_a_toolbox_that_overrides_entering_is_entered_at_each_request(
    note: Noting,
) -> None:
    kit = Careful("kit")
    kit.note = Tool("before_handler", note)
    kit.secret = Tool("before_handler", note)
    config = {"kit.note.on": True, "kit.note.x": 1, "kit.secret.on": True}
    client = application(kit, {**config, "kit.off.on": False})
    for _ in range(2):
        assert client.get("/").status_code == 200
    assert note.settings == [{"x": 1}, {"x": 1}]


def test_a_toolbox_left_with_an_error_sets_nothing_up(note: Noting) -> None:
    kit = Toolbox("kit")
    kit.note = Tool("before_handler", note)

    def enter() -> None:
        with kit as populate:
            populate("note.on", True)
            populate("note", True)

    def dispatch(path_info: str) -> None:
        cherrypy.request.handler = lambda: [b"page"]
        cherrypy.request.config = {}
        with pytest.raises(ValueError, match="names a tool but no argument"):
            enter()

    app = cherrypy.Application(None, "", {"/": {"request.dispatch": dispatch}})
    assert Client(app).get("/").text == "page"
    assert note.settings == []
