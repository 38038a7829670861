"""Examples that the module reference gives, and the texts of the packaged tutorial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy.testing import Client
from tests.manual.running import PROGRAMS, load, running

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.live
def test_another_server_lives_under_an_adapter(tmp_path: Path) -> None:
    with running("reference/server_adapters", tmp_path) as program:
        assert len(program.addresses) == 2
        foreign = {program.ask("/", server=0).text, program.ask("/", server=1).text}
        assert any(text.startswith("Hello from WSGIServer") for text in foreign)
        assert len(foreign) == 2


@pytest.mark.live
def test_a_watched_file_restarts_the_process(tmp_path: Path) -> None:
    watched = tmp_path / "watched.txt"
    watched.write_text("before")
    with running("reference/autoreload", tmp_path) as program:
        assert program.ask("/").text == "before"
        watched.write_text("after, and longer")
        program.wait_until_started()
        assert program.ask("/").text == "after, and longer"
    assert f"Restarting because {watched} changed." in program.log


class TestFiles:
    client = Client(cherrypy.Application(load("reference/uploads").FileDemo()))
    source = (PROGRAMS / "reference" / "uploads.py").read_bytes()

    @pytest.mark.parametrize("size", [0, 10, 100_000])
    def test_an_upload_has_a_file_a_name_and_a_type(self, size: int) -> None:
        content = b"\xff" * size
        answer = self.client.post(
            "/upload", files={"myFile": ("été.png", content, "image/png")}
        )
        assert answer.text == f"{size} été.png image/png"

    def test_a_page_may_return_a_file(self) -> None:
        assert self.client.get("/plain").body == self.source

    def test_a_file_may_be_offered_for_saving(self) -> None:
        answer = self.client.get("/download")
        assert answer.body == self.source
        assert answer.content_type == "application/x-download"
        disposition = answer.headers["Content-Disposition"]
        assert disposition == 'attachment; filename="uploads.py"'


class TestErrorPages:
    client = Client(cherrypy.Application(load("reference/error_pages").HTTPErrorDemo()))

    def test_a_code_has_a_file_of_its_own(self) -> None:
        answer = self.client.get("/error?code=403")
        assert answer.status_code == 403
        assert answer.text.startswith("<html><body><h1>403 Forbidden</h1>")

    @pytest.mark.parametrize("code", [400, 404, 410, 503])
    def test_the_others_have_a_function(self, code: int) -> None:
        answer = self.client.get(f"/error?code={code}")
        assert answer.status_code == code
        assert answer.text.startswith(f"own page: {code} ")

    def test_a_message_reaches_the_page(self) -> None:
        text = self.client.get("/messageArg").text
        assert text.startswith("own page: 500 Internal Server Error | If you construct")

    def test_an_unexpected_error_has_a_page_too(self) -> None:
        answer = self.client.get("/broken")
        assert answer.status_code == 500
        assert answer.text.startswith("own page: 500 Internal Server Error")
        assert "secret" not in answer.text

    def test_the_whole_handling_may_be_replaced(self) -> None:
        answer = self.client.get("/handled")
        assert answer.status_code == 500
        assert answer.text == "<html><body>Sorry, an error occurred</body></html>"


class TestDispatchers:
    def test_routes_find_controllers_and_actions(self) -> None:
        client = Client(load("reference/routes_dispatcher").application)
        assert client.get("/hounslow").text == "I said good day, nobody!"
        assert client.get("/hounslow?name=you").text == "I said good day, you!"
        assert client.get("/cities/Genève/1536").text == "Genève in 1536"
        assert client.get("/cities/Rome/next").status_code == 404
        assert client.get("/").status_code == 404

    def test_methods_are_pages_of_a_resource(self) -> None:
        client = Client(load("reference/method_dispatcher").application)
        assert client.get("/").status_code == 500
        made = client.post("/")
        assert len(made.text) == 8
        assert made.headers["Content-Type"] == "text/plain;charset=utf-8"
        assert client.get("/").text == made.text.upper()
        refused = client.get("/", headers={"Accept": "application/json"})
        assert refused.status_code == 406
        put = client.put("/", params={"another_string": "hello"})
        assert (put.status_code, put.body) == (200, b"")
        assert client.get("/").text == "HELLO"
        assert client.head("/").headers["Content-Length"] == "5"
        assert client.delete("/").status_code == 200
        assert client.get("/").status_code == 500
        assert client.patch("/").headers["Allow"] == "DELETE, GET, HEAD, POST, PUT"
