"""WSGI as PEP 3333 has it, and the extras of our documentation."""

from __future__ import annotations

import io
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest

from cherrypy.http.filebody import FileBody
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.wsgi import WSGIHandler
from tests.httpd.serving import PATIENCE_SECONDS, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cherrypy.http.types import Environ, StartResponse
    from tests.httpd.serving import Answer, Running

TEXT = ("Content-Type", "text/plain")


def ask(
    app: Callable[..., Iterable[bytes]], request: bytes = b"", **options: Any
) -> Answer:
    """Ask a WSGI application one question over the wire."""
    with serving(WSGIHandler(app), **options) as running:
        return _ask(running, request)


def validated(app: Any) -> Any:
    """Return an application with the validator of the standard library around it."""
    return validator(app)


def _ask(running: Running, request: bytes) -> Answer:
    with running.client() as client:
        client.send(request or b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return client.answer()


def environ_of(request: bytes, **options: Any) -> Environ:
    """Return the environ that an application is given for a request."""
    seen: list[Environ] = []

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [TEXT])
        return [b""]

    assert ask(app, request, **options).status == 200
    return seen[0]


# The validator stands between server and application


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_the_validator_finds_nothing_wrong(method: str) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        stream = environ["wsgi.input"]
        body = stream.readline() + stream.read(2) + b"".join(stream.readlines())
        body += b"".join(stream) + stream.read(10)
        environ["wsgi.errors"].flush()
        start_response("200 OK", [TEXT])
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else []

    body = b"one\ntwo\nthree" if method in ("POST", "PUT") else b""
    with serving(WSGIHandler(validated(app))) as running, running.client() as client:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        client.request("/a?b=c", method=method, head=length)
        client.send(body)
        answer = client.answer(bodiless=method == "HEAD")
        assert answer.status == 200
        assert answer.body == body
        assert running.log == []


def test_the_validator_accepts_streams_of_bodies_too() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [TEXT])
        stream = environ["wsgi.input"]
        yield from stream
        assert stream.read(10) == b""

    lines = [b"%06d\n" % n for n in range(30_000)]
    with serving(WSGIHandler(validated(app))) as running, running.client() as client:
        client.request("/", method="POST", head=f"Content-Length: {len(lines) * 7}\r\n")
        sender = threading.Thread(target=client.send, args=(b"".join(lines),))
        sender.start()
        assert client.answer().body == b"".join(lines)
        sender.join(PATIENCE_SECONDS)
        assert running.log == []


def test_the_validator_accepts_write_and_iterables() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [TEXT])
        write(b"one ")
        write(b"two ")
        return [b"three"]

    with serving(WSGIHandler(validated(app))) as running:
        assert running.get().body == b"one two three"
        assert running.log == []


# What the environ says


def test_the_environ_is_complete() -> None:
    request = (
        b"GET /a%20b/%2f%c3%bc?x=1&y=%20 HTTP/1.1\r\nHost: localhost:80\r\n"
        b"X-Foo: bar\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
    )
    environ = environ_of(request, server_name="here", software="Software/1")
    assert type(environ) is dict
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["SCRIPT_NAME"] == ""
    assert environ["PATH_INFO"] == "/a b/%2F\xc3\xbc"
    assert environ["QUERY_STRING"] == "x=1&y=%20"
    assert environ["REQUEST_URI"] == "/a%20b/%2f%c3%bc?x=1&y=%20"
    assert environ["SERVER_NAME"] == "here"
    assert environ["SERVER_PORT"].isdigit()
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["ACTUAL_SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["SERVER_SOFTWARE"] == "Software/1"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["REMOTE_PORT"].isdigit()
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["CONTENT_LENGTH"] == "0"
    assert environ["HTTP_HOST"] == "localhost:80"
    assert environ["HTTP_X_FOO"] == "bar"
    assert "HTTP_CONTENT_TYPE" not in environ
    assert environ["wsgi.version"] == (1, 0)
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["wsgi.multithread"] is True
    assert environ["wsgi.multiprocess"] is False
    assert environ["wsgi.run_once"] is False
    assert environ["wsgi.input_terminated"] is True
    assert environ["wsgi.errors"] is sys.stderr


def test_the_environ_tells_the_version_of_both_sides() -> None:
    environ = environ_of(b"GET / HTTP/1.0\r\n\r\n")
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.0"
    assert environ["ACTUAL_SERVER_PROTOCOL"] == "HTTP/1.1"
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    environ = environ_of(request, protocol_version="HTTP/1.0")
    assert environ["ACTUAL_SERVER_PROTOCOL"] == "HTTP/1.0"


def test_without_a_name_the_address_is_the_name_of_the_server() -> None:
    environ = environ_of(b"")
    assert environ["SERVER_NAME"] == "127.0.0.1"


def test_repeated_fields_are_joined() -> None:
    environ = environ_of(
        b"GET / HTTP/1.1\r\nHost: x\r\nAccept: a\r\nAccept: b\r\nX-Y: 1\r\nX-Y: 2\r\n"
        b"Cookie: a=1\r\nCookie: b=2\r\n\r\n"
    )
    assert environ["HTTP_ACCEPT"] == "a, b"
    assert environ["HTTP_X_Y"] == "1, 2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"


def test_an_underscore_is_never_taken_for_a_hyphen() -> None:
    environ = environ_of(
        b"GET / HTTP/1.1\r\nHost: x\r\nX_Forwarded_For: evil\r\nContent_Length: 9\r\n"
        b"\r\n"
    )
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert "CONTENT_LENGTH" not in environ


def test_the_field_proxy_does_not_become_a_setting_of_libraries() -> None:
    # https://httpoxy.org: HTTP_PROXY in os.environ is a setting; an environ is not it.
    environ = environ_of(b"GET / HTTP/1.1\r\nHost: x\r\nProxy: evil\r\n\r\n")
    assert environ["HTTP_PROXY"] == "evil"


def test_changes_to_an_environ_are_not_seen_by_the_next_request() -> None:
    seen: list[bool] = []

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        seen.append("mine" in environ or environ["HTTP_HOST"] != "localhost")
        environ["mine"] = True
        environ["HTTP_HOST"] = "changed"
        start_response("200 OK", [TEXT])
        return [b"ok"]

    with serving(WSGIHandler(app)) as running, running.client() as client:
        for _ in range(30):
            client.ask()
    assert seen == [False] * 30


def test_a_unix_socket_has_no_port_and_tells_who_came(tmp_path: Path) -> None:
    import os
    import pwd

    environ = environ_of(
        b"",
        bind_addr=str(tmp_path / "socket"),
        peercreds=True,
        peercreds_resolve=True,
    )
    assert environ["REMOTE_ADDR"] == environ["REMOTE_PORT"] == ""
    assert environ["SERVER_PORT"] == ""
    assert environ["X_REMOTE_PID"] == str(os.getpid())
    assert environ["X_REMOTE_UID"] == str(os.getuid())
    assert environ["X_REMOTE_GID"] == str(os.getgid())
    assert environ["REMOTE_USER"] == pwd.getpwuid(os.getuid()).pw_name
    assert environ["X_REMOTE_USER"] == environ["REMOTE_USER"]
    assert environ["X_REMOTE_GROUP"]


def test_names_of_a_peer_are_told_only_if_asked_for(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    assert "X_REMOTE_UID" not in environ_of(b"", bind_addr=path)
    environ = environ_of(b"", bind_addr=path, peercreds=True)
    assert "X_REMOTE_UID" in environ
    assert "REMOTE_USER" not in environ


def test_a_tcp_client_has_no_credentials() -> None:
    assert "X_REMOTE_UID" not in environ_of(b"", peercreds=True)


# start_response


def test_start_response_may_be_called_by_the_first_piece() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        yield b""
        start_response("201 Created", [TEXT])
        yield b""
        yield b"late"

    answer = ask(app)
    assert (answer.status, answer.body) == (201, b"late")


def test_an_application_that_fails_before_its_first_piece_is_a_500() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [TEXT])
        yield b""
        raise ValueError("mine")

    answer = ask(app)
    assert answer.status == 500


def test_start_response_twice_is_an_error() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [TEXT])
        start_response("200 OK", [TEXT])
        return [b"never"]

    assert ask(app).status == 500


def test_an_error_may_replace_headers_that_were_not_sent() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("X-Kept", "no")])
        try:
            raise ValueError("mine")
        except ValueError:
            start_response("503 Sorry", [TEXT], sys.exc_info())
        return [b"sorry"]

    answer = ask(app)
    assert (answer.status, answer.body) == (503, b"sorry")
    assert "x-kept" not in answer.headers


def test_an_error_after_headers_were_sent_is_raised_again() -> None:
    caught: list[BaseException] = []

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [TEXT])
        write(b"begun")
        try:
            raise ValueError("mine")
        except ValueError:
            try:
                start_response("500 Oops", [TEXT], sys.exc_info())
            except ValueError as error:
                caught.append(error)
                raise
        return []

    with serving(WSGIHandler(app)) as running, running.client() as client:
        client.request()
        # The client sees the cut: there is no last chunk.
        assert client.rest().endswith(b"\r\n5\r\nbegun\r\n")
        assert str(caught[0]) == "mine"


def test_no_start_response_is_an_error() -> None:
    assert ask(lambda environ, start_response: [b"never"]).status == 500


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (200, [], "status is not of type str"),
        ("200 OK", [(b"X", "y")], "key b'X' is not of type str"),
        ("200 OK", [("X", 1)], "value 1 is not of type str"),
        ("200 OK", ["xyz"], "pairs of str"),
    ],
)
def test_types_are_checked(status: Any, headers: Any, words: str) -> None:
    caught: list[str] = []

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        try:
            start_response(status, headers)
        except (TypeError, ValueError) as error:
            caught.append(str(error))
        start_response("200 OK", [TEXT])
        return [b"ok"]

    assert ask(app).body == b"ok"
    if words != "pairs of str":
        assert words in caught[0]


@pytest.mark.parametrize(
    "headers",
    [
        [("X", "a\r\nY: b")],
        [("X\r\nY", "b")],
        [("X", "\u20ac")],
        [("X", "a\0b")],
        [("", "b")],
        [("Content-Length", "many")],
    ],
)
def test_headers_that_cannot_be_sent_are_a_500(headers: list[tuple[str, str]]) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", headers)
        return [b"never"]

    answer = ask(app)
    assert answer.status == 500
    assert "y" not in answer.headers


# Bodies


def test_a_list_has_its_length() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [TEXT])
        return [b"one", b"", b"two"]

    answer = ask(app)
    assert answer.headers["content-length"] == "6"
    assert answer.body == b"onetwo"


def test_an_iterable_of_one_piece_has_its_length() -> None:
    class One:
        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[bytes]:
            yield b"only"

    def app(environ: Environ, start_response: StartResponse) -> One:
        start_response("200 OK", [TEXT])
        return One()

    assert ask(app).headers["content-length"] == "4"


def test_an_iterable_without_length_is_chunked() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [TEXT])
        yield b"one"
        yield b""
        yield b"two"

    answer = ask(app)
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.body == b"onetwo"


def test_an_old_client_gets_a_stream_until_the_end() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [TEXT])
        yield b"one"
        yield b"two"

    answer = ask(app, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert answer.headers["connection"] == "close"
    assert answer.body == b"onetwo"


def test_a_stream_with_a_length_is_not_chunked() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "6")])
        yield b"one"
        yield b"two"

    answer = ask(app)
    assert "transfer-encoding" not in answer.headers
    assert answer.body == b"onetwo"


def test_a_piece_leaves_before_the_next_is_asked_for() -> None:
    go_on = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [TEXT])
        yield b"one"
        go_on.wait(PATIENCE_SECONDS)
        yield b"two"

    with serving(WSGIHandler(app)) as running, running.client() as client:
        client.request()
        client.until(b"\r\n3\r\none\r\n")
        go_on.set()
        client.until(b"3\r\ntwo\r\n0\r\n\r\n")


@pytest.mark.parametrize("kind", ["list", "stream", "write", "nothing", "error"])
def test_close_is_called_once(kind: str) -> None:
    closed: list[str] = []
    done = threading.Event()

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            if kind == "error":
                raise ValueError("mine")
            if kind != "nothing":
                yield b"body"

        def close(self) -> None:
            closed.append(kind)
            done.set()

    class ListBody(list[bytes]):
        close = Body.close

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [TEXT])
        if kind == "write":
            write(b"written ")
        return ListBody([b"body"]) if kind == "list" else Body()

    answer = ask(app)
    assert done.wait(PATIENCE_SECONDS)
    assert answer.status == (500 if kind == "error" else 200)
    assert closed == [kind]


def test_close_is_called_when_the_client_has_gone() -> None:
    closed, gone = threading.Event(), threading.Event()

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"one"
            gone.wait(PATIENCE_SECONDS)
            while True:
                yield b"more" * 1000

        def close(self) -> None:
            closed.set()

    def app(environ: Environ, start_response: StartResponse) -> Body:
        start_response("200 OK", [TEXT])
        return Body()

    with serving(WSGIHandler(app)) as running:
        with running.client() as client:
            client.request()
            client.until(b"one")
        gone.set()
        assert closed.wait(PATIENCE_SECONDS)
        assert running.log == []


def test_write_notices_that_the_client_has_gone() -> None:
    raised, gone = threading.Event(), threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [TEXT])
        write(b"one")
        gone.wait(PATIENCE_SECONDS)
        try:
            while True:
                write(b"more" * 10_000)
        except ConnectionError:
            raised.set()
            raise

    with serving(WSGIHandler(app)) as running:
        with running.client() as client:
            client.request()
            client.until(b"one")
        gone.set()
        assert raised.wait(PATIENCE_SECONDS)
    assert running.log == []


def test_write_waits_for_a_slow_client_and_no_longer() -> None:
    raised = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [TEXT])
        try:
            for _ in range(10_000):
                write(bytes(100_000))
        except ConnectionError:
            raised.set()
            raise
        return []

    limits = Limits(write_deadline_seconds=0.1)
    with serving(WSGIHandler(app), limits=limits) as running:
        with running.client(buffer=4096) as client:
            client.request()
            assert raised.wait(PATIENCE_SECONDS)
        assert running.log == []


def test_a_large_answer_can_be_written() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [("Content-Length", "20000000")])
        for _ in range(200):
            write(bytes(100_000))
        return []

    assert len(ask(app).body) == 20_000_000


def test_write_with_nothing_else_is_enough() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        write = start_response("200 OK", [TEXT])
        write(b"one ")
        return iter([b"two"])

    assert ask(app).body == b"one two"


def test_a_generator_may_write_too() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        write = start_response("200 OK", [TEXT])
        write(b"one ")
        yield b"two "
        yield b"three"

    assert ask(app).body == b"one two three"


def test_more_bytes_than_declared_are_a_500_if_nothing_was_sent() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "3")])
        return [b"toolong"]

    answer = ask(app)
    assert answer.status == 500
    assert answer.text == (
        "The requested resource returned more bytes than the declared Content-Length."
    )


def test_more_bytes_than_declared_are_cut_off_later() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "3")])
        yield b"one"
        yield b"two"

    with serving(WSGIHandler(app)) as running, running.client() as client:
        client.request()
        assert client.answer().body == b"one"
        assert client.ended()


def test_more_bytes_than_declared_in_the_first_piece_are_a_500() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "3")])
        yield b"toolong"
        yield b"more"

    answer = ask(app)
    assert answer.status == 500
    assert "more bytes" in answer.text


@pytest.mark.parametrize("streamed", [False, True])
def test_fewer_bytes_than_declared_end_the_connection(streamed: bool) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "30")])
        return iter([b"one", b"two"]) if streamed else [b"onetwo"]

    with serving(WSGIHandler(app)) as running, running.client() as client:
        client.request()
        assert client.rest().endswith(b"onetwo")


def test_a_piece_that_is_no_bytes_is_a_500() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", [TEXT])
        return ["text"]

    assert ask(app).status == 500


def test_head_is_answered_without_body() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TEXT])
        return [b"body"] if environ["PATH_INFO"] == "/list" else iter([b"a", b"b"])

    with serving(WSGIHandler(app)) as running:
        with running.client() as client:
            answer = client.ask("/list", method="HEAD")
            assert answer.headers["content-length"] == "4"
            assert client.ask("/list").body == b"body"
        with running.client() as client:
            client.request("/stream", method="HEAD")
            assert client.rest().endswith(b"\r\n\r\n")


def test_wsgi_errors_reaches_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        environ["wsgi.errors"].write("told you\n")
        start_response("200 OK", [TEXT])
        return [b""]

    ask(app)
    assert "told you" in capsys.readouterr().err


# Files


def test_a_file_is_sent_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for size in (10, 5_000_000):
        path.write_bytes(b"skip" + bytes(range(10)) * (size // 10))

        def app(environ: Environ, start_response: StartResponse) -> Any:
            file = path.open("rb")
            file.seek(4)
            start_response("200 OK", [TEXT])
            return environ["wsgi.file_wrapper"](file, 1000)

        answer = ask(app)
        assert answer.headers["content-length"] == str(size)
        assert answer.body == path.read_bytes()[4:]


def test_a_file_stops_at_its_declared_length(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_000_000)
    for size in (10, 500_000):

        def app(
            environ: Environ, start_response: StartResponse, size: int = size
        ) -> Any:
            start_response("200 OK", [("Content-Length", str(size))])
            return environ["wsgi.file_wrapper"](path.open("rb"))

        assert len(ask(app).body) == size


def test_a_file_that_is_none_is_read() -> None:
    closed: list[int] = []

    class Memory(io.BytesIO):
        def close(self) -> None:
            closed.append(1)
            super().close()

    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", [TEXT])
        return environ["wsgi.file_wrapper"](Memory(b"memory" * 20_000), 1000)

    answer = ask(app)
    assert answer.body == b"memory" * 20_000
    assert closed


def test_the_head_of_a_file_comes_without_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_000_000)
    closed = threading.Event()

    class File(io.FileIO):
        def close(self) -> None:
            super().close()
            closed.set()

    def app(environ: Environ, start_response: StartResponse) -> FileBody:
        start_response("200 OK", [TEXT])
        return FileBody(File(path))

    with serving(WSGIHandler(app)) as running, running.client() as client:
        answer = client.ask(method="HEAD")
        assert answer.headers["content-length"] == "1000000"
        assert closed.wait(PATIENCE_SECONDS)
        assert client.ask(method="HEAD").status == 200


def test_a_file_that_became_shorter_ends_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 200_000)

    class Lying(FileBody):
        def remaining(self) -> int:
            return 400_000

    def app(environ: Environ, start_response: StartResponse) -> FileBody:
        start_response("200 OK", [TEXT])
        return Lying(path.open("rb"))

    with serving(WSGIHandler(app)) as running, running.client() as client:
        client.request()
        head = client.until(b"\r\n\r\n")
        assert b"Content-Length: 400000" in head
        assert len(client.rest()) == 200_000


def test_two_requests_in_one_packet_are_answered_in_order() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [TEXT])
        return [environ["PATH_INFO"].encode()]

    with serving(WSGIHandler(app)) as running, running.client() as client:
        client.send(
            b"".join(
                b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(200)
            )
        )
        for number in range(200):
            assert client.answer().body == b"/%d" % number


def test_a_client_that_closes_its_side_is_answered() -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [TEXT])
        return [b"answer"]

    with serving(WSGIHandler(app)) as running, running.client() as client:
        client.request()
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer().body == b"answer"
        assert client.ended()
