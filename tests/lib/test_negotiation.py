from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cherrypy
from tests.lib.apps import Config, Root, mount, serve

if TYPE_CHECKING:
    from cherrypy.testing import Client


def choose(accept: str | None, *media: str) -> str:
    """Ask a page for the media type that it would choose; or the error's status."""
    client = serve(lambda: repr(cherrypy.tools.accept.callable(list(media))))
    response = client.get("/", headers={} if accept is None else {"Accept": accept})
    return response.text if response.ok else str(response.status_code)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "'application/json'"),
        ("", "'application/json'"),
        ("*/*", "'application/json'"),
        ("text/*", "'text/html'"),
        ("text/html", "'text/html'"),
        ("text/html;level=1", "'text/html'"),
        ("text/plain, application/json;q=0.9", "'application/json'"),
        ("text/html;q=0.5, application/json;q=0.4", "'text/html'"),
        ("text/html; q=0.5 , application/json ;q=0.6", "'application/json'"),
        ("application/json;q=0, */*", "'text/html'"),
        ("*/*;q=0.1, text/*;q=0.2", "'text/html'"),
        ("Text/HTML", "'text/html'"),
        ("TEXT/*", "'text/html'"),
        ("application/*;q=0, */*", "'text/html'"),
        ("text/*;q=0, text/html", "'text/html'"),
        ("image/png", "406"),
        ("*/*;q=0", "406"),
        ("text/html;q=0, application/json;q=0", "406"),
        ("text/html;q=x", "400"),
    ],
)
def test_the_client_prefers_among_what_we_have(accept: str | None, chosen: str) -> None:
    assert choose(accept, "application/json", "text/html") == chosen


def test_nothing_to_choose_from_tests_nothing() -> None:
    assert choose("image/png") == "None"


class TestTool:
    def at(self, **settings: object) -> Client:
        class Site(Root):
            @cherrypy.expose
            def index(self) -> str:
                return "x"

        config: Config = {f"tools.accept.{key}": settings[key] for key in settings}
        return mount(Site(), {"/": {"tools.accept.on": True, **config}})

    def test_refuses_who_takes_no_such_type(self) -> None:
        client = self.at(media="text/plain")
        assert client.get("/", headers={"Accept": "text/plain"}).text == "x"
        response = client.get("/", headers={"Accept": "text/html"})
        assert response.status_code == 406
        assert (
            "Your client sent this Accept header: text/html. But this resource only "
            "emits these media types: text/plain." in response.text
        )

    def test_works_with_dispatch_by_method(self) -> None:
        class Word:
            exposed = True

            @cherrypy.tools.accept(media="text/plain")
            def GET(self) -> str:
                return "word"

        dispatcher = cherrypy.dispatch.MethodDispatcher()
        client = mount(Word(), {"/": {"request.dispatch": dispatcher}})
        assert client.get("/").text == "word"
        assert client.get("/", headers={"Accept": "image/png"}).status_code == 406

    def test_debug_tells_the_choice(self, caplog: pytest.LogCaptureFixture) -> None:
        client = self.at(media=["text/plain"], debug=True)
        client.get("/", headers={"Accept": "text/*"})
        assert "TOOLS.ACCEPT ['text/*'] among ['text/plain']: text/plain" in caplog.text
