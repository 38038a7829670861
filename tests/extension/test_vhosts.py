"""Virtual hosts and the XML-RPC endpoint: other paths than those that were asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable


class Site:
    def __init__(self, name: str) -> None:
        self.name = name

    @cherrypy.expose
    def index(self) -> str:
        return f"{self.name} {cherrypy.url()}"

    @cherrypy.expose
    def page(self, *args: str) -> str:
        section = cherrypy.request.config.get("tools.staticdir.section")
        return f"{self.name} page {args} {section}"


def application(dispatch: Callable[[str], Any]) -> Client:
    root: Any = Site("root")
    root.shop = Site("shop")
    static = {"tools.staticdir.dir": "files"}
    config = {"/": {"request.dispatch": dispatch}, "/shop/page": static}
    return Client(cherrypy.Application(root, "", config))


DOMAINS = {"shop.example": "/shop", "example.net:8080": "/shop/page"}


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("shop.example", "shop http://shop.example/"),
        ("SHOP.example", "shop http://SHOP.example/"),
        ("other.example", "root http://other.example/"),
        ("shop.example:80", "root http://shop.example:80/"),
        ("example.net", "root http://example.net/"),
        ("example.net:8080", "shop page () "),
    ],
)
def test_the_host_chooses_a_branch_of_the_tree(host: str, text: str) -> None:
    client = application(cherrypy.dispatch.VirtualHost(**DOMAINS))
    assert client.get("/", headers={"Host": host}).text == text


def test_the_static_directory_is_named_by_the_path_of_the_browser() -> None:
    client = application(cherrypy.dispatch.VirtualHost(**DOMAINS))
    response = client.get("/page/x", headers={"Host": "shop.example"})
    assert response.text == "shop page ('x',) /page"


def test_a_proxy_may_tell_the_host() -> None:
    headers = {"Host": "inside.example", "X-Forwarded-Host": "shop.example"}
    client = application(cherrypy.dispatch.VirtualHost(**DOMAINS))
    assert client.get("/page", headers=headers).text.startswith("shop")
    dispatch = cherrypy.dispatch.VirtualHost(use_x_forwarded_host=False, **DOMAINS)
    assert application(dispatch).get("/page", headers=headers).text.startswith("root")


@pytest.mark.parametrize("section", ["/shop/files", None])
def test_a_next_dispatcher_may_merge_config_itself(section: str | None) -> None:
    def following(path_info: str) -> str:
        request = cherrypy.request
        request.config = {"tools.staticdir.section": section} if section else {}
        request.handler = lambda: (
            f"{path_info} {request.config.get('tools.staticdir.section')}".encode()
        )
        return "result"

    dispatch = cherrypy.dispatch.VirtualHost(following, **DOMAINS)
    client = application(dispatch)
    expected = f"/shop/x {section and '/files'}"
    assert client.get("/x", headers={"Host": "shop.example"}).text == expected
    assert client.get("/x", headers={"Host": "y"}).text == f"/x {section}"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/RPC2", "/"),
        ("/RPC2/", "/"),
        ("/", "/"),
        ("/page", "/page/"),
        ("/RPC2/shop/page", "/shop/page/"),
        ("/shop/RPC2", "/shop/RPC2/"),
        ("/RPC2x", "/RPC2x/"),
    ],
)
def test_the_xmlrpc_endpoint_is_taken_off_the_path(path: str, asked: str) -> None:
    def following(path_info: str) -> None:
        cherrypy.request.config = {}
        cherrypy.request.handler = path_info.encode

    client = application(cherrypy.dispatch.XMLRPCDispatcher(following))
    assert client.get(path).text == asked


def test_behind_the_xmlrpc_endpoint_is_the_object_tree() -> None:
    client = application(cherrypy.dispatch.XMLRPCDispatcher())
    assert client.get("/RPC2/shop/page").text == "shop page () /shop/page"
