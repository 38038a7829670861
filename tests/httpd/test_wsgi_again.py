"""WSGI for requests that come again, byte for byte, which is where we remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.httpd.wsgi import WSGIHandler
from tests.httpd.serving import Running, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.http.types import Environ, StartResponse
    from tests.httpd.serving import Answer

TEXT = ("Content-Type", "text/plain")
TIMES = 5


def answers(said: Callable[[int], tuple[Any, Any]], times: int = TIMES) -> list[Answer]:
    """Return the answers to equal requests.

    Args:
        said: Returns status and fields for the request of a number.
        times: How many requests.
    """
    numbers = iter(range(times))

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response(*said(next(numbers)))
        return [b"hello"]

    with serving(WSGIHandler(app)) as running, running.client() as client:
        return [client.ask() for _ in range(times)]


def environs(running: Running, client: Any = None) -> Iterator[Environ]:
    """Yield what `keeping` keeps of requests, one after the other."""
    with client or running.client() as client:
        for _ in range(TIMES):
            client.ask()
            yield kept.pop()


kept: list[Environ] = []


def keeping(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Keep the environ, as an application, and change it afterwards."""
    kept.append(environ.copy())
    environ["PATH_INFO"] = "changed"
    environ["mine"] = "new"
    del environ["HTTP_HOST"]
    start_response("200 OK", [TEXT])
    return [b""]


def test_every_environ_is_the_same_and_its_own() -> None:
    with serving(WSGIHandler(keeping)) as running:
        first, *others = environs(running)
    assert first["PATH_INFO"] == "/"
    assert first["HTTP_HOST"] == "localhost"
    assert "mine" not in first
    assert [environ == first for environ in others] == [True] * (TIMES - 1)


def test_every_environ_tells_its_own_client() -> None:
    with serving(WSGIHandler(keeping)) as running:
        for _ in range(2):
            client = running.client()
            port = str(client.socket.getsockname()[1])
            seen = [environ["REMOTE_PORT"] for environ in environs(running, client)]
            assert seen == [port] * TIMES


def test_every_environ_tells_its_own_listener() -> None:
    both = [("127.0.0.1", 0), ("127.0.0.1", 0)]
    with serving(WSGIHandler(keeping), bind_addr=both) as running:
        ports = [port for _, port in map(_address, running.server.acceptor.listeners)]
        for port in ports * 3:
            running.server.bound_addr = "127.0.0.1", port
            assert {e["SERVER_PORT"] for e in environs(running)} == {str(port)}


def _address(listener: Any) -> tuple[str, int]:
    address: tuple[str, int] = listener.address
    return address


def test_every_environ_tells_its_own_body() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [TEXT])
        return [environ["wsgi.input"].read()]

    with serving(WSGIHandler(app)) as running, running.client() as client:
        for number in range(TIMES):
            assert client.post("/", b"%d" % number).text == str(number)


def test_a_server_that_starts_again_may_have_another_name() -> None:
    with serving(WSGIHandler(keeping), server_name="one") as running:
        assert {e["SERVER_NAME"] for e in environs(running)} == {"one"}
    running.server.server_name = "two"
    running.server.bind_addr = "127.0.0.1", 0
    running.server.prepare()
    again = Running(running.server, running.log)
    again.thread.start()
    try:
        assert {e["SERVER_NAME"] for e in environs(again)} == {"two"}
    finally:
        again.server.stop()
        again.thread.join()


def test_what_is_said_again_is_sent_again() -> None:
    fields = [TEXT, ("X-Latin", "\xe9")]
    for answer in answers(lambda number: ("200 OK", list(fields))):
        assert answer.status_line == "HTTP/1.1 200 OK"
        assert answer.headers["x-latin"] == "\xe9"
        assert answer.text == "hello"


def test_what_is_said_otherwise_is_sent_otherwise() -> None:
    def said(number: int) -> tuple[str, list[tuple[str, str]]]:
        status = "200 OK" if number < 12 else "404 Not Found"
        return status, [TEXT, ("X-Third", str(number // 3))]

    for number, answer in enumerate(answers(said, 18)):
        assert answer.status == (200 if number < 12 else 404)
        assert answer.headers["x-third"] == str(number // 3)


def test_fields_that_change_in_place_are_sent_as_they_are() -> None:
    fields: list[Any] = [TEXT]

    def appending(number: int) -> tuple[str, list[Any]]:
        if number == 3:
            fields.append(("X-New", "1"))
        return "200 OK", fields

    seen = ["x-new" in answer.headers for answer in answers(appending)]
    assert seen == [False, False, False, True, True]

    pair = ["X-Number", "0"]

    def changing(number: int) -> tuple[str, list[Any]]:
        pair[1] = str(number // 3)
        return "200 OK", [TEXT, pair]

    numbers = [answer.headers["x-number"] for answer in answers(changing, 6)]
    assert numbers == ["0", "0", "0", "1", "1", "1"]


@pytest.mark.parametrize("kind", [tuple, iter])
def test_fields_need_not_be_in_a_list(kind: Callable[[Any], Any]) -> None:
    for answer in answers(lambda number: ("200 OK", kind([TEXT, ("X", "y")]))):
        assert answer.headers["x"] == "y"


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (200, [TEXT]),
        ("200 OK", [("X", 1)]),
        ("200 OK", [("X", b"1")]),
        ("200 OK", [("X", "\u20ac")]),
        ("200 OK", [("X", "a\r\nY: b")]),
        ("200\r\nX: y", [TEXT]),
    ],
)
def test_what_is_wrong_is_wrong_each_time(status: Any, fields: Any) -> None:
    wrong = False

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response(*((status, fields) if wrong else ("200 OK", [TEXT])))
        return [b"hello"]

    with serving(WSGIHandler(app)) as running:
        for wrong in (False, True, True, True, False):
            with running.client() as client:
                for _ in range(1 if wrong else TIMES):
                    assert client.ask().status == (500 if wrong else 200)


def test_an_error_may_replace_an_answer_that_is_known() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [TEXT])
        try:
            raise ValueError("late")
        except ValueError as error:
            facts = ValueError, error, error.__traceback__
            start_response("500 Oops", [TEXT], facts)
        return [b"oops"]

    with serving(WSGIHandler(app)) as running, running.client() as client:
        for _ in range(TIMES):
            assert client.ask().status_line == "HTTP/1.1 500 Oops"
