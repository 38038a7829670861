"""What is printed about a measurement."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trustme

import cherrypy as site
from cherrypy.cli import bench
from cherrypy.cli.load import Load, Result
from cherrypy.httpd.server import HTTPServer
from cherrypy.httpd.wsgi import WSGIHandler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tests.cli.conftest import Program


class Root:
    @site.expose
    def index(self, text: str = "hello") -> str:
        return text


@pytest.fixture
def url(site: ModuleType) -> Iterator[str]:
    """Return the URL of a server with a page."""
    site.tree.mount(Root())
    server = HTTPServer(WSGIHandler(site.tree), bind_addr=("127.0.0.1", 0))
    server.prepare()
    assert isinstance(server.bound_addr, tuple)
    host, port = server.bound_addr
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        thread.join(30)


def test_a_measurement_is_told(cherrypy: Program, url: str) -> None:
    done = cherrypy("bench", f"{url}/", "-s", "0.2", "-c", "3")
    assert done.status == 0
    first, *lines, last = done.out.splitlines()
    assert first == f"{url}/: 3 connections, 0.2 s ..."
    assert [line.split()[0] for line in lines] == [
        *("requests", "rate", "received", "latency", "answers")
    ]
    assert " per second" in lines[1]
    assert all(name in lines[3] for name in ("p50", "p90", "p99", "max"))
    assert lines[4].endswith(" x 200")
    assert last.startswith("The generator, one Python thread, was busy for ")


def test_a_measurement_may_be_a_document(cherrypy: Program, url: str) -> None:
    done = cherrypy("bench", f"{url}/", "-s", "0.2", "--json")
    found = json.loads(done.out)
    assert found["statuses"] == {"200": found["requests"]}
    assert found["errors"] == {}
    assert found["requests_per_second"] == found["requests"] / found["seconds"]
    assert list(found["latency_seconds"]) == ["p50", "p90", "p99", "max"]
    assert 0 < found["latency_seconds"]["p50"] <= found["latency_seconds"]["max"]


@pytest.mark.parametrize(
    "options",
    [
        ["--no-keep-alive"],
        ["-X", "HEAD"],
        ["-d", "text=more"],
        ["-X", "PUT", "-d", ""],
    ],
)
def test_requests_may_be_of_many_kinds(
    cherrypy: Program, url: str, options: list[str]
) -> None:
    done = cherrypy("bench", f"{url}/?", "-s", "0.1", "-c", "2", *options)
    assert done.status == 0, done


def test_method_body_and_headers_are_sent() -> None:
    options = ["http://[::1]:81/a?b", "-H", "x-colour: red", "-d", "é", "-H", "Host: h"]
    asked = bench._question(_options(*options))
    assert asked.host == "::1"
    assert asked.port == 81
    lines = asked.message.split(b"\r\n")
    assert lines[0] == b"POST /a?b HTTP/1.1"
    assert {b"x-colour: red", b"Host: h", b"Content-Length: 2"} <= set(lines)
    assert lines[-1] == "é".encode()


def _options(*words: str) -> Any:
    from argparse import ArgumentParser

    parser = ArgumentParser()
    bench.add_arguments(parser)
    return parser.parse_args(words)


def test_answers_of_failure_are_a_failure(cherrypy: Program, url: str) -> None:
    done = cherrypy("bench", f"{url}/missing", "-s", "0.1", "-c", "1")
    assert done.status == 1
    assert " x 404" in done.out


def test_errors_are_told(
    cherrypy: Program, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Result(seconds=2.0, waited_seconds=0.1)
    result.errors["connection reset"] = 1234
    monkeypatch.setattr(Load, "run", lambda load: result)
    done = cherrypy("bench", url)
    assert done.status == 1
    assert "  answers   none\n  error     1,234 x connection reset\n" in done.out
    assert "busy for 95% of the time: the server may be faster than this" in done.out
    assert "latency" not in done.out
    found = json.loads(cherrypy("bench", url, "--json").out)
    assert found["latency_seconds"]["p50"] is None


def test_times_have_fitting_units() -> None:
    assert [bench._time(each) for each in (0.000_012, 0.0123, 3.456)] == [
        *("12 µs", "12.3 ms", "3.46 s")
    ]


def test_https_is_measured_without_asking_who_signed(cherrypy: Program) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def serve() -> None:
        client, _ = listener.accept()
        with context.wrap_socket(client, server_side=True) as secured:
            while secured.recv(65536):
                secured.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    with listener:
        _, port = listener.getsockname()
        done = cherrypy("bench", f"https://127.0.0.1:{port}", "-s", "0.2", "-c", "1")
        thread.join(10)
    assert done.status == 0, done
    assert " x 200" in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["nonsense"],
            "'nonsense' is no URL of a server; write http://host:port/path.",
        ),
        (["ftp://x"], "'ftp://x' is no URL of a server; write http://host:port/path."),
        (["http://x:99999"], "'http://x:99999' is no URL: Port out of range 0-65535."),
        (["http://x", "-c", "0"], "connections, seconds and timeout must be greater"),
        (["http://x", "-s", "0"], "connections, seconds and timeout must be greater"),
        (["http://x", "-H", "A"], "the header 'A' has no colon; write 'Name: value'."),
        (["http://x/é"], "URL and headers must be ASCII; write other characters %-enc"),
        (["http://x", "-c", "many"], "argument -c/--connections: invalid int value: "),
    ],
)
def test_words_that_make_no_sense_are_refused(
    cherrypy: Program, words: list[str], sentence: str
) -> None:
    assert sentence in cherrypy.refuses("bench", *words)


def test_nobody_there_is_told(cherrypy: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _, port = listener.getsockname()
    done = cherrypy("bench", f"http://127.0.0.1:{port}/")
    assert done.status == 1
    assert done.err == (
        f"cherrypy bench: cannot connect to 127.0.0.1:{port}: Connection refused; "
        "start the server, or correct the URL.\n"
    )
