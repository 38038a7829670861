from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cherrypy
from cherrypy.core.tree import Tree
from cherrypy.testing import Client

ICON = (Path(cherrypy.__file__).parent / "favicon.ico").read_bytes()


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "page"


def serve(root: object, script_name: str = "") -> Client:
    tree = Tree()
    tree.mount(root, script_name)
    return Client(tree)


def test_a_site_gets_the_cherry() -> None:
    client = serve(Root(), "/")
    answer = client.get("/favicon.ico")
    assert answer.body == ICON
    assert answer.headers["Content-Type"] == "image/x-icon"
    assert client.head("/favicon.ico").headers["Content-Length"] == str(len(ICON))


def test_an_application_below_the_root_gets_none() -> None:
    assert serve(Root(), "/app").get("/app/favicon.ico").status_code == 404


@pytest.mark.parametrize("own", [b"own", None])
def test_a_site_keeps_what_it_has(own: bytes | None) -> None:
    root: Any = Root()
    root.favicon_ico = own and cherrypy.expose(lambda: own)
    answer = serve(root).get("/favicon.ico")
    assert (answer.status_code, answer.body) == (
        (200, own) if own else (404, answer.body)
    )


def test_trees_of_the_programs_own_have_it_too() -> None:
    assert isinstance(cherrypy.tree, Tree)
    assert serve(Root()).get("/favicon.ico").status_code == 200
