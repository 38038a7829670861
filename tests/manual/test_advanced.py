"""The chapter "Advanced": dispatching, errors, streams, signals, servers, WSGI."""

from __future__ import annotations

import http.client
import string
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest

import cherrypy
from cherrypy.testing import Client
from tests.manual.running import ask, load, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BADGE = {"X-Badge": "shown"}


class TestDispatching:
    @pytest.mark.live
    def test_a_page_has_aliases(self, tmp_path: Path) -> None:
        with running("advanced/aliases", tmp_path) as program:
            for path in ("/generate", "/generer", "/generar?length=8", "/generar/8"):
                text = program.ask(path).text
                assert len(text) == 8
                assert set(text) <= set(string.hexdigits)
            assert program.ask("/generera").status == 404

    @pytest.mark.live
    @pytest.mark.parametrize("name", ["cp_dispatch", "popargs"])
    def test_segments_of_a_path_become_parameters(
        self, tmp_path: Path, name: str
    ) -> None:
        with running(f"advanced/{name}", tmp_path) as program:
            assert program.ask("/nirvana/").text == "About nirvana..."
            album = program.ask("/nirvana/albums/nevermind/")
            assert album.text == "About nevermind by nirvana..."
            moved = program.ask("/nirvana")
            assert moved.status == 301
            assert moved.headers["Location"].endswith("/nirvana/")

    def test_popargs_takes_several_segments(self) -> None:
        root = load("advanced/popargs_tracks").Band()
        client = Client(cherrypy.Application(root))
        answer = client.get("/nirvana/albums/nevermind/tracks/06/polly/")
        assert answer.text == "nirvana: nevermind, 06. polly"
        assert client.get("/nirvana/").text == "About nirvana..."


class TestErrorHandling:
    @pytest.mark.parametrize("name", ["http_error", "http_error_handle"])
    def test_an_error_ends_the_page(self, tmp_path: Path, name: str) -> None:
        there = tmp_path / "there"
        there.write_text("content")
        client = Client(cherrypy.Application(load(f"advanced/{name}").Root()))
        params = {"path": str(there)}
        assert client.get("/thing", params=params, headers=BADGE).text == "content"
        missing = client.get("/thing", params={"path": "/no/such"}, headers=BADGE)
        assert missing.status_code == 404
        assert "<h2>404 Not Found</h2>" in missing.text

    def test_a_message_stands_on_the_page(self) -> None:
        client = Client(cherrypy.Application(load("advanced/http_error").Root()))
        answer = client.get("/thing", params={"path": "x"})
        assert answer.status_code == 401
        assert "<p>Unauthorized</p>" in answer.text


@pytest.mark.live
def test_a_page_streams_its_body(tmp_path: Path) -> None:
    with running("advanced/streaming", tmp_path, complains=True) as program:
        streamed = program.ask("/thing", headers=BADGE)
        assert streamed.text == "Hello, world"
        assert streamed.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in streamed.headers
        assert streamed.media_type == "text/plain;charset=utf-8"
        # The head is not out when the page raises, but its generator has not begun.
        assert program.ask("/thing").status == 404

        buffered = program.ask("/buffered")
        assert buffered.text == "Hello, world"
        assert buffered.headers["Content-Length"] == "12"
        assert buffered.headers["X-Late"] == "in time"
        assert program.ask("/unfound").status == 404

        with pytest.raises(http.client.IncompleteRead):
            program.ask("/broken")
        assert program.ask("/buffered").status == 200
    assert "ValueError: too late" in program.log


@pytest.mark.live
class TestTimeouts:
    def test_a_response_knows_its_time(self, tmp_path: Path) -> None:
        with running("advanced/timeouts", tmp_path, complains=True) as program:
            assert program.ask("/").text == "300 False True"
            late = program.ask("/late")
            assert late.status == 500
            assert program.ask("/monitored").status == 500
            assert program.ask("/own").status == 500
            assert program.ask("/").status == 200
        assert program.log.count("TimeoutError") >= 3

    @pytest.mark.parametrize("arguments", [[], ["config"]])
    def test_the_monitor_can_be_switched_off(
        self, tmp_path: Path, arguments: list[str]
    ) -> None:
        with running("advanced/timeout_monitor_off", tmp_path, *arguments) as program:
            pass
        assert "'Autoreloader'" in program.log
        assert "_TimeoutMonitor" not in program.log


@pytest.mark.live
def test_signals_can_be_asked_for_without_quickstart(tmp_path: Path) -> None:
    with running("advanced/signals", tmp_path) as program:
        assert program.ask("/").text == "Hello World!"
    assert "ENGINE Caught signal SIGTERM." in program.log
    assert "ENGINE Bus EXITED" in program.log


@pytest.mark.live
def test_a_tool_makes_every_answer_safer(tmp_path: Path) -> None:
    with running("advanced/secureheaders", tmp_path) as program:
        for path in ("/", "/nowhere"):
            headers = program.ask(path).headers
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["X-XSS-Protection"] == "1; mode=block"
            assert headers["Content-Security-Policy"] == "default-src='self'"
            assert "Strict-Transport-Security" not in headers


@pytest.mark.live
def test_one_site_listens_on_several_ports(tmp_path: Path) -> None:
    with running("advanced/several_servers", tmp_path) as program:
        assert len(program.addresses) == 2
        for number, (_, port) in enumerate(program.addresses):
            assert program.ask("/", server=number).text == f"port {port}"
    assert program.log.count("ENGINE Serving on http://127.0.0.1:") == 2
    assert program.log.count(" shut down") == 2


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: the test reads the answers."""


@contextmanager
def served_by_wsgiref(application: Any) -> Iterator[tuple[str, int]]:
    """Serve a WSGI application with the server of the standard library."""
    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server.server_address[:2]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestWSGI:
    @pytest.mark.parametrize("checked", [False, True])
    def test_an_application_runs_under_any_wsgi_server(self, checked: bool) -> None:
        wsgiapp = load("advanced/as_wsgi").wsgiapp
        application = validator(wsgiapp) if checked else wsgiapp
        with served_by_wsgiref(application) as address:
            answer = ask(address, "/generer?length=12")
            assert (answer.status, len(answer.text)) == (200, 12)
            assert answer.headers["X-Mine"] == "yes"
            posted = ask(
                address,
                "/generate",
                method="POST",
                body="length=3",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert len(posted.text) == 3
            assert ask(address, "/nowhere").status == 404
            assert ask(address, "/", method="HEAD").body == b""

    @pytest.mark.live
    def test_a_foreign_application_is_hosted(self, tmp_path: Path) -> None:
        with running("advanced/host_wsgi", tmp_path) as program:
            for path in ("/", "/any/where"):
                answer = program.ask(path)
                assert (answer.status, answer.text) == (200, "Hello world!")
                assert answer.media_type == "text/plain"

    @pytest.mark.live
    def test_the_native_server_does_without_wsgi(self, tmp_path: Path) -> None:
        with running("advanced/native", tmp_path) as program:
            assert program.ask("/").text == "Hello World!"
            assert program.ask("/nowhere").status == 404
        assert "ENGINE Serving on http://127.0.0.1:" in program.log
