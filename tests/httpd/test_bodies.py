"""Request bodies, as applications read them from `Exchange.rfile`."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.events import RequestRefused
from tests.httpd.serving import PATIENCE_SECONDS, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.httpd.exchange import Exchange
    from tests.httpd.serving import Client

SMALL = Limits(inline_body_bytes=16)
"""Everything beyond is read by the application while it arrives."""

TEXT = b"one\ntwo\n\nfour is a longer line\nlast"


def answer_with(read: Callable[[Any], Any]) -> Callable[[Exchange], None]:
    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], [repr(read(exchange.rfile)).encode()])

    return page


def chunked(client: Client, pieces: list[bytes], trailers: bytes = b"") -> None:
    client.request(method="POST", head="Transfer-Encoding: chunked\r\n")
    for piece in pieces:
        client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    client.send(b"0\r\n" + trailers + b"\r\n")


@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["gathered", "streamed"])
@pytest.mark.parametrize(
    ("read", "result"),
    [
        (lambda file: file.read(), TEXT),
        (lambda file: file.read(-1), TEXT),
        (lambda file: file.read(None), TEXT),
        (lambda file: file.read(0), b""),
        (
            lambda file: (file.read(5), file.read(1000), file.read(5)),
            (TEXT[:5], TEXT[5:], b""),
        ),
        (lambda file: file.readline(), b"one\n"),
        (lambda file: (file.readline(2), file.readline(None)), (b"on", b"e\n")),
        (lambda file: file.readlines(), TEXT.splitlines(keepends=True)),
        (lambda file: file.readlines(5), [b"one\n", b"two\n"]),
        (lambda file: list(file), TEXT.splitlines(keepends=True)),
        (
            lambda file: (file.read(4), list(file)),
            (b"one\n", TEXT[4:].splitlines(keepends=True)),
        ),
        (
            lambda file: (file.read(), file.readline(), file.readlines()),
            (TEXT, b"", []),
        ),
        (lambda file: (file.close(), file.trailers)[1], ()),
    ],
)
def test_a_body_is_like_a_file(
    limits: Limits, read: Callable[[Any], Any], result: Any
) -> None:
    with serving(answer_with(read), limits=limits) as running:
        for _ in range(2):
            client = running.client()
            assert client.post("/", TEXT).text == repr(result)
            # Whatever was not read is not taken for a request.
            assert client.post("/", TEXT).text == repr(result)
        client = running.client()
        chunked(client, [TEXT[n : n + 7] for n in range(0, len(TEXT), 7)])
        assert client.answer().text == repr(result)


def test_no_body_is_an_empty_file() -> None:
    def read(file: Any) -> Any:
        file.close()
        return (
            file.read(),
            file.read(5),
            file.readline(),
            file.readlines(),
            list(file),
            file.trailers,
        )

    with serving(answer_with(read)) as running:
        assert running.get().text == repr((b"", b"", b"", [], [], ()))


@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["gathered", "streamed"])
def test_trailers_are_there_after_the_end(limits: Limits) -> None:
    def read(file: Any) -> Any:
        file.read()
        return file.trailers

    with serving(answer_with(read), limits=limits) as running:
        client = running.client()
        chunked(client, [TEXT], b"X-Sum: 5\r\n")
        assert client.answer().text == repr(((b"x-sum", b"5"),))


def test_a_large_upload_is_read_in_bounded_pieces() -> None:
    largest: list[int] = []

    def page(exchange: Exchange) -> None:
        total = 0
        while piece := exchange.rfile.read(1 << 16):
            total += len(piece)
            largest.append(len(exchange.rfile._piece))  # type: ignore[union-attr]
        exchange.respond(b"200 OK", [], [b"%d" % total])

    with serving(page) as running:
        client = running.client()
        assert client.post("/", bytes(10_000_000)).body == b"10000000"
        assert client.post("/", bytes(10_000_000)).body == b"10000000"
    assert max(largest) <= 1 << 17


# 100 Continue

EXPECT = "Expect: 100-continue\r\n"


@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["gathered", "streamed"])
def test_a_client_that_waits_is_invited(limits: Limits) -> None:
    with serving(answer_with(lambda file: file.read()), limits=limits) as running:
        client = running.client()
        for _ in range(2):
            length = f"Content-Length: {len(TEXT)}\r\n"
            client.request(method="POST", head=length + EXPECT)
            assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.send(TEXT)
            assert client.answer().text == repr(TEXT)


def test_a_client_that_waits_with_chunks_is_invited_by_the_first_read() -> None:
    with serving(answer_with(lambda file: file.read())) as running:
        client = running.client()
        client.request(method="POST", head="Transfer-Encoding: chunked\r\n" + EXPECT)
        assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"3\r\nabc\r\n0\r\n\r\n")
        assert client.answer().text == "b'abc'"
        assert client.ask().text == "b''"


def test_a_body_that_nobody_reads_is_not_invited() -> None:
    with serving(answer_with(lambda file: "no"), limits=SMALL) as running:
        client = running.client()
        client.request(method="POST", head="Content-Length: 100\r\n" + EXPECT)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert client.ended()


def test_a_body_that_comes_uninvited_is_welcome() -> None:
    with serving(answer_with(lambda file: file.read()), limits=SMALL) as running:
        client = running.client()
        client.request(method="POST", head=f"Content-Length: {len(TEXT)}\r\n" + EXPECT)
        client.send(TEXT)
        answer = client.answer()
        if answer.status == 100:
            answer = client.answer()
        assert answer.text == repr(TEXT)


def test_a_body_that_is_too_large_is_not_invited() -> None:
    limits = Limits(body_bytes=10)
    with serving(answer_with(lambda file: file.read()), limits=limits) as running:
        client = running.client()
        client.request(method="POST", head="Content-Length: 11\r\n" + EXPECT)
        answer = client.answer()
        assert answer.status == 413
        assert answer.text == (
            "The entity sent with the request exceeds the maximum allowed bytes."
        )
        assert client.ended()


# What is not read, and what is wrong


def test_an_unread_body_is_dropped_if_it_is_here() -> None:
    with serving(answer_with(lambda file: "no")) as running:
        client = running.client()
        for _ in range(3):
            assert client.post("/", bytes(60_000)).status == 200


def test_an_unread_body_beyond_bounds_closes() -> None:
    with serving(answer_with(lambda file: "no")) as running:
        client = running.client()
        sender = threading.Thread(target=_send_until_told, args=(client,))
        client.request(method="POST", head="Content-Length: 50000000\r\n")
        sender.start()
        # The answer arrives, although we still send: no reset destroys it.
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        client.socket.shutdown(2)
        sender.join(PATIENCE_SECONDS)


def _send_until_told(client: Client) -> None:
    with suppress(OSError):
        client.send(bytes(50_000_000))


@pytest.mark.parametrize("caught", [False, True])
@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        (b"zz\r\n", 400),
        (b"ffffff\r\n", 413),
        (b"10\r\n0123456789abcdefXX", 400),
    ],
)
def test_a_bad_body_is_the_client_s_mistake(
    chunks: bytes, status: int, caught: bool
) -> None:
    begun = threading.Event()

    def page(exchange: Exchange) -> None:
        begun.set()
        if not caught:
            exchange.rfile.read()
        # Whatever the application says then: the server knows better.
        for _ in range(2):
            with pytest.raises(RequestRefused):
                exchange.rfile.read()
        exchange.respond(b"200 OK", [], [b"fine"])

    limits = Limits(inline_body_bytes=16, body_bytes=1000)
    with serving(page, limits=limits) as running:
        client = running.client()
        client.request(method="POST", head="Transfer-Encoding: chunked\r\n")
        client.send(b"14\r\n01234567890123456789\r\n")
        assert begun.wait(PATIENCE_SECONDS)
        client.send(chunks)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert client.ended()
        assert running.log == []


def test_a_refusal_closes_the_body_of_the_answer() -> None:
    closed: list[str] = []
    begun = threading.Event()

    class Body:
        def __iter__(self) -> Any:
            return iter([b"never"])

        def close(self) -> None:
            closed.append("body")

    def page(exchange: Exchange) -> None:
        begun.set()
        with pytest.raises(RequestRefused):
            exchange.rfile.read()
        exchange.respond(b"200 OK", [], Body(), lambda: closed.append("answer"))

    with serving(page, limits=SMALL) as running:
        client = running.client()
        client.request(method="POST", head="Transfer-Encoding: chunked\r\n")
        client.send(b"14\r\n01234567890123456789\r\n")
        assert begun.wait(PATIENCE_SECONDS)
        client.send(b"zz\r\n")
        assert client.answer().status == 400
    assert closed == ["body", "answer"]


def test_a_client_that_resets_in_its_body_is_noticed() -> None:
    import socket
    import struct

    noticed = threading.Event()

    def page(exchange: Exchange) -> None:
        try:
            exchange.rfile.read()
        except RequestRefused:
            noticed.set()
            raise

    with serving(page, limits=SMALL) as running:
        client = running.client()
        client.request(method="POST", head="Content-Length: 100\r\n")
        client.send(bytes(20))
        client.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        client.close()
        assert noticed.wait(PATIENCE_SECONDS)
        assert running.log == []


def test_an_answer_may_be_made_from_the_body_while_it_arrives() -> None:
    def page(exchange: Exchange) -> None:
        pieces = iter(lambda: exchange.rfile.read(1000), b"")
        exchange.respond(b"200 OK", [], pieces)

    with serving(page, limits=SMALL) as running:
        client = running.client()
        client.request(method="POST", head="Content-Length: 100000\r\n")
        client.send(bytes(50_000))
        head = client.until(b"\r\n\r\n")
        assert b"Connection: close" in head
        client.send(bytes(50_000))
        client.skip(b"\r\n0\r\n\r\n")
        assert client.ended()
