"""Answers in a stream of bytes, and asking again and again."""

from __future__ import annotations

import itertools
import socket
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.cli import load as load_module
from cherrypy.cli.load import Answers, Garbled, Load, Question, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
)
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_answers_are_found_however_they_come(size: int) -> None:
    stream = OK + CONTINUE + CHUNKED + EMPTY + OK
    answers = Answers()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    found = [status for piece in pieces for status in answers.feed(piece)]
    assert found == [200, 404, 204, 200]
    assert not answers.ends
    assert answers.end() is None


def test_answers_to_head_have_no_body() -> None:
    head = OK.removesuffix(b"hello")
    assert list(Answers(has_body=False).feed(head + head)) == [200, 200]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_may_end_the_connection(head: bytes) -> None:
    answers = Answers()
    assert list(answers.feed(head)) == [200]
    assert answers.ends


def test_the_end_of_the_connection_may_end_an_answer() -> None:
    answers = Answers()
    assert list(answers.feed(b"HTTP/1.1 200 OK\r\n\r\nsome text")) == []
    assert answers.end() == 200
    assert answers.end() is None


@pytest.mark.parametrize(
    ("garbage", "message"),
    [
        (b"SSH-2.0\r\n\r\n", "an answer begins with b'SSH-2.0'"),
        (b"HTTP/1.1 abc\r\n\r\n", "an answer begins with"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "Content-Length b'x'"),
        (OK.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked"), "a chunk"),
        (b"x" * 1_048_577, "the head of an answer does not end"),
    ],
)
def test_what_is_no_answer_is_told(garbage: bytes, message: str) -> None:
    with pytest.raises(Garbled, match=message):
        list(Answers().feed(garbage + b"\r\n"))


@given(st.binary(max_size=200))
def test_any_bytes_are_answers_or_garbage(data: bytes) -> None:
    with suppress(Garbled):
        list(Answers().feed(b"HTTP/1.1 " + data))


# Over sockets.


@pytest.fixture
def counted_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass by being looked at: a busy machine is as quick as any other."""
    looks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: next(looks) / 1000)
    monkeypatch.setattr(load_module, "time", clock)


@pytest.fixture
def serve() -> Iterator[Callable[..., Question]]:
    """Return what serves fixed answers, one for each connection, the last for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    open_ones: list[socket.socket] = []

    def answer(client: socket.socket, *answers: bytes) -> None:
        with client, suppress(OSError):
            for each in answers:
                if not client.recv(65536):
                    return
                client.sendall(each)
            # What is asked meanwhile is read: else the end would be a reset.
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    def accept(connections: list[tuple[bytes, ...]]) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # the test is over
                return
            open_ones.append(client)
            answers = connections.pop(0) if len(connections) > 1 else connections[0]
            thread = threading.Thread(target=answer, args=(client, *answers))
            threads.append(thread)
            thread.start()

    def serve(*connections: tuple[bytes, ...]) -> Question:
        thread = threading.Thread(target=accept, args=(list(connections),))
        threads.append(thread)
        thread.start()
        _, port = listener.getsockname()
        return Question("127.0.0.1", port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    yield serve
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for each in open_ones:
        with suppress(OSError):  # it is over already
            each.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(10)


@pytest.mark.usefixtures("counted_time")
def test_answers_are_counted_and_timed(serve: Callable[..., Question]) -> None:
    question = serve((OK,) * 3, (OK, CHUNKED), (EMPTY,) * 1000)
    result = Load(question, connections=1, seconds=0.5).run()
    assert result.statuses[200] == 4
    assert result.statuses[404] == 1
    assert result.statuses[204] >= 1
    assert result.errors["the connection ended before the answer"] >= 2
    assert len(result.latencies) == result.statuses.total()
    assert min(result.latencies) > 0
    assert result.received_bytes > 0
    assert 0 <= result.busy <= 1
    assert result.rate == len(result.latencies) / result.seconds


@pytest.mark.usefixtures("counted_time")
def test_connections_that_are_closed_are_opened_again(
    serve: Callable[..., Question],
) -> None:
    closing_one = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    result = Load(serve((closing_one,)), connections=2, seconds=0.2).run()
    assert result.statuses[200] > 2
    assert not result.errors


@pytest.mark.usefixtures("counted_time")
def test_an_answer_that_ends_with_the_connection_counts(
    serve: Callable[..., Question],
) -> None:
    result = Load(
        serve((b"HTTP/1.1 200 OK\r\n\r\nhello",)), connections=1, seconds=0.2
    ).run()
    assert result.statuses[200] > 1
    assert not result.errors


def test_garbage_is_an_error(serve: Callable[..., Question]) -> None:
    result = Load(serve((b"hello\r\n\r\n",)), connections=1, seconds=0.2).run()
    assert list(result.errors) == ["an answer begins with b'hello'"]
    assert not result.statuses


def test_the_first_answer_is_waited_for(serve: Callable[..., Question]) -> None:
    result = Load(serve((OK,)), connections=1, seconds=1e-9).run()
    assert result.statuses == {200: 1}


def test_the_first_answer_is_waited_for_as_long_as_any_other(
    serve: Callable[..., Question],
) -> None:
    result = Load(
        serve((CONTINUE, b"")), connections=1, seconds=1e-9, timeout_seconds=0.05
    ).run()
    assert not result.statuses
    assert result.errors == {"no answer in time": 1}


def test_an_answer_that_does_not_come_is_an_error(
    serve: Callable[..., Question],
) -> None:
    load = Load(
        serve((CONTINUE, b"")), connections=1, seconds=0.5, timeout_seconds=0.05
    )
    result = load.run()
    assert result.errors["no answer in time"] >= 1


def test_nobody_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _, port = listener.getsockname()
    with pytest.raises(ConnectionRefusedError):
        Load(Question("127.0.0.1", port, b""), connections=3, seconds=9).run()


def test_quantiles_are_latencies_that_were_measured() -> None:
    result = Result()
    result.latencies.extend(number / 100 for number in range(100, 0, -1))
    assert result.quantiles(0.5, 0.9, 0.99, 1.0) == [0.51, 0.91, 1.0, 1.0]


def test_nothing_measured_is_no_rate() -> None:
    assert Result().rate == 0
    assert Result().busy == 0
