"""Links: cherrypy.url inside and outside a request."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy.application.links import normalize_path
from cherrypy.testing import Client


class Linking:
    """Makes the link that the test wants."""

    def __init__(self) -> None:
        self.args: tuple[Any, ...] = ()
        self.kwargs: dict[str, Any] = {}

    @cherrypy.expose
    def index(self, **kwargs: str) -> str:
        return cherrypy.url(*self.args, **self.kwargs)

    @cherrypy.expose
    def leaf(self, *args: str, **kwargs: str) -> str:
        return cherrypy.url(*self.args, **self.kwargs)


def link(asked: str, *args: Any, mounted: str = "", **kwargs: Any) -> str:
    root, root.sub = Linking(), Linking()  # type: ignore[attr-defined]
    for each in (root, root.sub):  # type: ignore[attr-defined]
        each.args, each.kwargs = args, kwargs
    config = {"/": {"tools.trailing_slash.on": False}}
    app = cherrypy.Application(root, mounted, config)
    app.relative_urls = kwargs.pop("relative_urls", False)
    tree = type(cherrypy.tree)()
    tree.mount(app, mounted)
    return Client(tree).get(mounted + asked, headers={"Host": "h"}).text


@pytest.mark.parametrize(
    ("asked", "args", "expected"),
    [
        ("/", [], "http://h/"),
        ("/leaf", [], "http://h/leaf"),
        ("/leaf?q=1", [], "http://h/leaf"),
        ("/leaf", ["other"], "http://h/other"),
        ("/leaf/", ["other"], "http://h/other"),
        ("/sub", ["other"], "http://h/sub/other"),
        ("/sub/", ["other"], "http://h/sub/other"),
        ("/sub/leaf", ["../other"], "http://h/other"),
        ("/sub/leaf", ["./other"], "http://h/sub/other"),
        ("/sub/leaf", ["/other"], "http://h/other"),
        ("/sub/leaf", ["/a/../../b?q=../c"], "http://h/b?q=../c"),
        ("/leaf", ["/x", "a=1"], "http://h/x?a=1"),
        ("/leaf", ["/x", {"a": "1 2"}], "http://h/x?a=1+2"),
        ("/leaf", ["/x", [("a", "1"), ("a", "2")]], "http://h/x?a=1&a=2"),
    ],
)
def test_a_link_starts_where_the_page_is(
    asked: str, args: list[Any], expected: str
) -> None:
    assert link(asked, *args) == expected


def test_a_link_of_a_mounted_application_starts_at_its_mount_point() -> None:
    assert link("/sub/leaf", mounted="/app") == "http://h/app/sub/leaf"
    assert link("/sub/leaf", "/x", mounted="/app") == "http://h/app/x"
    assert link("/", "/x", mounted="/app", script_name="/other") == "http://h/other/x"
    assert link("/", "/x", mounted="/app", script_name="") == "http://h/x"


def test_a_client_that_names_no_host_is_led_to_the_address_of_the_server() -> None:
    root = Linking()
    root.args = ("/x",)
    client = Client(cherrypy.Application(root), base_url="http://127.0.0.1")
    assert client.get("/", headers={"Host": ""}).text == "http://127.0.0.1/x"


def test_a_link_may_have_another_base() -> None:
    assert link("/leaf", "/x", base="https://other") == "https://other/x"
    assert link("/leaf", "/x", base="") == "/x"


@pytest.mark.parametrize(
    ("asked", "path", "relative", "expected"),
    [
        ("/sub/leaf", "/x", True, "../x"),
        ("/sub/leaf", "x", True, "x"),
        ("/leaf", "/sub/x", True, "sub/x"),
        ("/sub/leaf", "/x", "server", "/x"),
        ("/sub/leaf", "x", "server", "/sub/x"),
    ],
)
def test_a_link_may_be_relative(
    asked: str, path: str, relative: bool | str, expected: str
) -> None:
    assert link(asked, path, relative=relative) == expected
    assert link(asked, path, relative_urls=relative) == expected


def test_a_link_may_be_absolute_where_the_application_prefers_relative_ones() -> None:
    assert link("/leaf", "/x", relative=False, relative_urls=True) == "http://h/x"


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        ([], {}, "{base}"),
        (["", "a=1"], {}, "{base}?a=1"),
        ([""], {"script_name": "/app"}, "{base}/app"),
        (["/x"], {}, "{base}/x"),
        (["x"], {}, "{base}/x"),
        (["/x", {"a": 1}], {}, "{base}/x?a=1"),
        (["/x"], {"script_name": "/app"}, "{base}/app/x"),
        (["/x"], {"base": "http://h"}, "http://h/x"),
        (["/x"], {"relative": "server"}, "/x"),
        ([""], {"relative": "server"}, "/"),
        (["/x/y", "a=1"], {"relative": True}, "x/y?a=1"),
        (["/x"], {"relative": True, "script_name": "/app"}, "app/x"),
        (["/a/../b"], {}, "{base}/b"),
    ],
)
def test_outside_a_request_a_link_starts_at_the_server(
    args: list[Any], kwargs: dict[str, Any], expected: str
) -> None:
    base = cherrypy.server.base()
    assert cherrypy.url(*args, **kwargs) == expected.format(base=base)


def test_paths_can_be_normalized() -> None:
    assert normalize_path("/a/../b/./c") == "/b/c"
