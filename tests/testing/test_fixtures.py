"""The fixtures that every test may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from cherrypy.testing import Client


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return str(cherrypy.request.config.get("colour"))


class TestSite:
    """Each of these would see what the other did, if it were not undone."""

    def change(self, site: ModuleType) -> None:
        assert "colour" not in site.config
        assert site.tree.apps == {}
        assert site.server.socket_port == 8080
        assert not hasattr(site.tools, "mine")
        assert "channel" not in site.engine.listeners
        site.config.update({"colour": "red", "server.socket_port": 1})
        site.tree.mount(Root())
        site.tools.mine = site.Tool("before_handler", print)
        site.engine.subscribe("channel", print)

    def test_what_a_test_does_to_the_site_is_undone(self, site: ModuleType) -> None:
        self.change(site)

    def test_and_so_is_what_the_next_one_does(self, site: ModuleType) -> None:
        self.change(site)


def test_serve_mounts_a_root_with_its_config(serve: Callable[..., Client]) -> None:
    client = serve(Root(), {"/": {"colour": "blue"}}, "/app")
    assert client.get("/app/").text == "blue"
    assert client.get("/").status_code == 404
