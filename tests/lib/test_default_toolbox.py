from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy.lib.cptools import SessionAuth
from cherrypy.lib.toolbox import default_toolbox
from cherrypy.testing import Client
from tests.lib.apps import Root, serve

if TYPE_CHECKING:
    from cherrypy.testing import Response

TABLE = [
    ("accept", "on_start_resource", 50, {"media", "debug"}),
    ("allow", "on_start_resource", 50, {"methods", "debug"}),
    ("auth_basic", "before_handler", 1, {"realm", "checkpassword", "accept_charset"}),
    ("auth_digest", "before_handler", 1, {"realm", "get_ha1", "key", "algorithms"}),
    ("autovary", "on_start_resource", 0, {"ignore", "debug"}),
    ("basic_auth", "on_start_resource", 50, {"realm", "users", "encrypt"}),
    ("decode", "before_request_body", 50, {"encoding", "default_encoding"}),
    ("digest_auth", "on_start_resource", 50, {"realm", "users"}),
    ("encode", "before_handler", 70, set()),
    ("err_redirect", None, 50, {"url", "internal", "debug"}),
    ("etags", "before_finalize", 75, {"autotags", "debug"}),
    ("expires", "before_finalize", 50, {"secs", "force", "debug"}),
    ("flatten", "before_finalize", 50, {"debug"}),
    ("gzip", "before_finalize", 80, {"compress_level", "mime_types", "debug"}),
    ("ignore_headers", "before_request_body", 50, {"headers", "debug"}),
    ("json_in", "before_request_body", 30, {"content_type", "force", "processor"}),
    ("json_out", "before_handler", 30, {"content_type", "debug", "handler"}),
    ("log_headers", "before_error_response", 50, {"debug"}),
    ("log_hooks", "on_end_request", 100, {"debug"}),
    ("log_tracebacks", "before_error_response", 50, {"severity", "debug"}),
    ("params", "before_handler", 15, {"exception", "error"}),
    ("proxy", "before_request_body", 30, {"base", "local", "remote", "scheme"}),
    ("redirect", "on_start_resource", 50, {"url", "internal", "debug"}),
    ("referer", "before_request_body", 50, {"pattern", "accept", "error", "message"}),
    ("response_headers", "on_start_resource", 50, {"headers", "debug"}),
    ("session_auth", "before_handler", 50, {"session_key", "login_screen", "run"}),
    ("staticdir", "before_handler", 50, {"section", "dir", "root", "match", "index"}),
    ("staticfile", "before_handler", 50, {"filename", "root", "match"}),
    ("trailing_slash", "before_handler", 60, {"missing", "extra", "status", "debug"}),
    ("xmlrpc", None, 50, set()),
]


@pytest.mark.parametrize(("name", "point", "priority", "arguments"), TABLE)
def test_the_builtin_tools_are_there_as_documented(
    name: str, point: str | None, priority: int, arguments: set[str]
) -> None:
    tool = getattr(default_toolbox, name)
    assert tool._name == name
    assert tool.namespace == "tools"
    assert tool._point == point
    assert tool._priority == priority
    assert arguments <= set(vars(tool))
    assert tool.__doc__


def test_it_is_what_the_front_door_shows() -> None:
    assert cherrypy.tools is default_toolbox


def test_tools_that_may_stay_are_failsafe() -> None:
    assert getattr(default_toolbox.response_headers.callable, "failsafe", False)


def test_the_arguments_of_session_auth_are_the_attributes_of_its_class() -> None:
    public = {name for name in dir(SessionAuth) if not name.startswith("_")}
    assert public <= set(vars(default_toolbox.session_auth))


@pytest.mark.parametrize("name", ["tidy", "nsgmls"])
def test_tools_of_the_past_say_that_they_do_nothing(name: str) -> None:
    tool = getattr(cherrypy.tools, name)
    with pytest.warns(DeprecationWarning, match=f"tools.{name} does nothing"):
        page = tool()(lambda: "x")
    assert page() == "x"


def test_a_tool_that_is_not_there_is_a_clear_error() -> None:
    config = {"tools.no_such_tool.on": True, "request.show_tracebacks": True}
    response = serve(lambda: "x", config).get("/")
    assert response.status_code == 500
    assert "no_such_tool" in response.text


def test_every_tool_can_log_what_it_does() -> None:
    silent = {"encode", "session_auth", "xmlrpc", "tidy", "nsgmls"}
    for name, *_ in TABLE:
        if name not in silent:
            assert "debug" in vars(getattr(default_toolbox, name)), name


def test_the_tools_are_light_to_import() -> None:
    """Nothing heavy is loaded before a request needs it."""
    heavy = ("xmlrpc", "asyncio", "email", "ssl", "http.client", "gzip")
    program = (
        "import sys; before = set(sys.modules); import cherrypy.lib.toolbox; "
        f"print([name for name in {heavy} "
        "if name in sys.modules and name not in before])"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout == "[]\n"


def test_the_icon_is_an_icon() -> None:
    icon = (Path(cherrypy.__file__).parent / "favicon.ico").read_bytes()
    assert struct.unpack("<HHH", icon[:6]) == (0, 1, 1)
    width, height, *_, size, offset = struct.unpack("<BBBBHHII", icon[6:22])
    assert (width, height) == (16, 16)
    assert offset + size == len(icon)


class TestIcon:
    def ask(self, root: object, path: str = "/favicon.ico") -> Response:
        tree = cherrypy.tree.__class__()
        tree.mount(root, path.removesuffix("/favicon.ico"))
        return Client(tree).get(path)

    def test_is_shown_where_a_site_has_none(self) -> None:
        response = self.ask(Root())
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "image/x-icon"
        assert response.headers["Content-Length"] == str(len(response.body))

    def test_is_shown_only_at_the_root(self) -> None:
        assert self.ask(Root(), "/blog/favicon.ico").status_code == 404

    def test_is_not_shown_where_a_site_has_one_or_wants_none(self) -> None:
        class Bare(Root):
            favicon_ico = None

        class Own(Root):
            @cherrypy.expose
            def favicon_ico(self) -> str:
                return "my own"

        assert self.ask(Bare()).status_code == 404
        assert self.ask(Own()).text == "my own"
