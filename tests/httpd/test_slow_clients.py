"""Clients that are silent, slow or gone, and others who must not notice."""

from __future__ import annotations

import select
import socket
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.http.filebody import FileBody
from cherrypy.httpd.limits import Limits
from tests.httpd.serving import PATIENCE_SECONDS, Client, hello, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cherrypy.httpd.exchange import Exchange, Handler

SHORT = 0.1
TIMED_OUT = b"HTTP/1.1 408 "


def echo(exchange: Exchange) -> None:
    """Answer with the length of the body, and the body if asked for."""
    body = exchange.rfile.read()
    exchange.respond(b"200 OK", [], [b"%d" % len(body)])


def drip(client: Client, drop: bytes) -> bytes:
    """Send a byte every 20 ms, up to 1,000, until there is an answer; return it."""
    client.socket.settimeout(0.02)
    for _ in range(1000):
        try:
            client.send(drop)
            return client.receive()
        except TimeoutError:
            pass
        except OSError:
            break
    return b""


# Silence


def test_a_silent_connection_is_told_and_closed() -> None:
    with serving(hello, limits=Limits(idle_seconds=SHORT)) as running:
        with running.client() as silent, running.client() as another:
            assert silent.rest().startswith(TIMED_OUT)
            assert another.rest().startswith(TIMED_OUT)
        assert running.get().status == 200


def test_an_idle_connection_is_closed_without_a_word() -> None:
    limits = Limits(idle_seconds=SHORT)
    with serving(hello, limits=limits) as running, running.client() as client:
        client.ask()
        client.ask()
        assert client.ended()


def test_half_a_head_is_told_and_closed() -> None:
    limits = Limits(header_deadline_seconds=SHORT)
    with serving(hello, limits=limits) as running, running.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: lo")
        assert client.rest().startswith(TIMED_OUT)


def test_half_a_second_head_is_told_too() -> None:
    limits = Limits(header_deadline_seconds=SHORT)
    with serving(hello, limits=limits) as running, running.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
        assert client.answer().status == 200
        assert client.rest().startswith(TIMED_OUT)


def test_a_head_in_drops_has_one_deadline_for_all_of_it() -> None:
    limits = Limits(header_deadline_seconds=0.3, idle_seconds=0.2)
    with serving(hello, limits=limits) as running, running.client() as client:
        # The word of 1,000 letters would never have been complete.
        assert drip(client, b"G").startswith(TIMED_OUT)


@pytest.mark.parametrize("promised", [100, 1_000_000])
def test_a_body_that_does_not_come_is_told_and_closed(promised: int) -> None:
    limits = Limits(read_seconds=SHORT)
    with serving(echo, limits=limits) as running, running.client() as client:
        client.request(method="POST", head=f"Content-Length: {promised}\r\n")
        client.send(bytes(promised // 2))
        assert client.rest().startswith(TIMED_OUT)
        assert running.log == []


@pytest.mark.parametrize("promised", [1000, 200_000])
def test_a_body_in_drops_must_keep_a_minimum_rate(promised: int) -> None:
    limits = Limits(
        read_seconds=0.3,
        inline_body_bytes=10_000,
        body_minimum_rate_bytes_per_second=1_000_000,
    )
    with serving(echo, limits=limits) as running, running.client() as client:
        client.request(method="POST", head=f"Content-Length: {promised}\r\n")
        if promised > 10_000:
            client.send(bytes(10_000))  # now a worker reads it
        assert drip(client, b"x").startswith(TIMED_OUT)


def test_a_body_may_come_slowly_if_there_is_no_minimum_rate() -> None:
    limits = Limits(
        read_seconds=5,
        inline_body_bytes=10,
        body_minimum_rate_bytes_per_second=0,
    )
    with serving(echo, limits=limits) as running, running.client() as client:
        client.request(method="POST", head="Content-Length: 30\r\n")
        for _ in range(30):
            client.send(b"x")
        assert client.answer().body == b"30"


def test_a_body_that_is_cut_off_is_a_400() -> None:
    for size in (100, 1_000_000):
        with serving(echo) as running, running.client() as client:
            client.request(method="POST", head=f"Content-Length: {size}\r\n")
            client.send(bytes(size - 1))
            client.socket.shutdown(1)
            assert client.rest().startswith(b"HTTP/1.1 400 ")


def test_many_silent_clients_are_in_nobody_s_way() -> None:
    with serving(hello, threads=2) as running:
        silent = [running.client() for _ in range(100)]
        for number, client in enumerate(silent):
            if number % 2:
                client.send(b"GET / HTTP/1.1\r\n")
        with running.client() as client:
            for _ in range(50):
                assert client.ask().status == 200
        for client in silent:
            client.close()


def test_many_who_are_late_together_are_all_told() -> None:
    with serving(hello, limits=Limits(idle_seconds=SHORT)) as running:
        clients = [running.client() for _ in range(250)]
        for client in clients:
            assert client.rest().startswith(TIMED_OUT)
            client.close()


def test_bodies_in_drops_take_at_most_half_of_the_workers() -> None:
    limits = Limits(inline_body_bytes=10)
    with serving(echo, threads=2, limits=limits) as running:
        dripping = [running.client() for _ in range(10)]
        for client in dripping:
            client.request(method="POST", head="Content-Length: 1000\r\n")
            client.send(bytes(20))
        with running.client() as client:
            for _ in range(50):
                assert client.ask(method="GET").status == 200
        # One after the other they are served as well.
        for client in dripping:
            client.send(bytes(980))
        for client in dripping:
            assert client.answer().body == b"1000"
            client.close()


def test_a_body_that_waits_for_its_place_too_long_is_turned_away() -> None:
    limits = Limits(inline_body_bytes=10, queue_seconds=SHORT)
    with serving(echo, threads=2, limits=limits) as running:
        first, second = running.client(), running.client()
        for client in (first, second):
            client.request(method="POST", head="Content-Length: 1000\r\n")
            client.send(bytes(20))
        # Whoever of them has the place, the other one is sent away.
        ended: list[Client] = []
        for client in (first, second):
            client.socket.settimeout(SHORT * 20)
            try:
                answer = client.answer()
            except TimeoutError:
                continue
            assert answer.status == 503
            assert answer.headers["retry-after"] == "1"
            ended.append(client)
        assert len(ended) == 1
        first.close()
        second.close()


# Slow readers


def whole(exchange: Exchange) -> None:
    exchange.respond(b"200 OK", [], [bytes(20_000_000)])


def pieces(exchange: Exchange) -> None:
    exchange.respond(b"200 OK", [], (bytes(100_000) for _ in range(200)))


def test_a_slow_reader_holds_no_worker(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20_000_000))

    def file(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], FileBody(path.open("rb")))

    def page(exchange: Exchange) -> None:
        kinds = {b"/whole": whole, b"/pieces": pieces, b"/file": file}
        answer: Handler = kinds.get(exchange.head.path) or hello
        answer(exchange)

    # Who reads on at last must not be too late on a busy machine.
    limits = Limits(write_deadline_seconds=300)
    with serving(page, threads=1, limits=limits) as running:
        for kind in ("/whole", "/pieces", "/file"):
            slow = [running.client(buffer=4096) for _ in range(5)]
            for client in slow:
                client.request(kind)
                client.until(b"\r\n\r\n")
            for _ in range(30):
                assert running.get().body == b"hello"
            # And yet they get all of it when they read on.
            for client in slow[:2]:
                if kind == "/pieces":
                    client.skip(b"\r\n0\r\n\r\n")
                else:
                    client.exactly(20_000_000)
            for client in slow:
                client.close()


@pytest.mark.parametrize("kind", ["whole", "pieces", "file"])
def test_a_reader_that_takes_nothing_is_dropped(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20_000_000))
    closed = threading.Event()

    def page(exchange: Exchange) -> None:
        body: Any = [bytes(20_000_000)]
        if kind == "pieces":
            body = (bytes(100_000) for _ in range(200))
        elif kind == "file":
            body = FileBody(path.open("rb"))
        exchange.respond(b"200 OK", [], body, closed.set)

    limits = Limits(write_deadline_seconds=SHORT)
    with serving(page, limits=limits) as running:
        client = running.client(buffer=4096)
        client.request()
        assert closed.wait(PATIENCE_SECONDS)
        while running.server.open_connections:
            pass
        assert len(client.rest()) < 20_000_000
    assert running.log == []


def test_the_kernel_is_no_more_patient_than_the_server() -> None:
    timeouts = []

    def page(exchange: Exchange) -> None:
        sock = exchange.connection.sock
        timeouts.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
        exchange.respond(b"200 OK", [], [b"hello"])

    with serving(page, limits=Limits(write_deadline_seconds=SHORT)) as running:
        running.get()
    assert timeouts == [SHORT * 1000]


def test_the_kernel_keeps_nothing_for_a_reader_that_was_dropped() -> None:
    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], [bytes(20_000_000)])

    limits = Limits(write_deadline_seconds=SHORT)
    with serving(page, limits=limits) as running, running.client(buffer=4096) as client:
        client.request()
        # No end of the stream, which would wait behind what the client does not take.
        poller = select.poll()
        poller.register(client.socket, 0)
        assert poller.poll(PATIENCE_SECONDS * 1000)[0][1] & select.POLLERR


def test_a_generator_goes_on_in_the_thread_that_began_it() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="nobody's")
    seen: set[tuple[int, int, str]] = set()
    closed: list[int] = []

    def body() -> Iterator[bytes]:
        me = threading.get_ident()
        mine = str(me)
        variable.set(mine)
        for _ in range(200):
            yield bytes(100_000)
            seen.add((me, threading.get_ident(), variable.get()))
            assert variable.get() == mine

    def page(exchange: Exchange) -> None:
        if exchange.head.path == b"/":
            assert variable.get() == "nobody's"
            hello(exchange)
        else:
            exchange.respond(
                b"200 OK", [], body(), lambda: closed.append(threading.get_ident())
            )

    # One after the other reads on, which takes long on a busy machine.
    limits = Limits(write_deadline_seconds=300)
    with serving(page, threads=3, limits=limits) as running:
        slow = [running.client(buffer=4096) for _ in range(6)]
        for client in slow:
            client.request("/pieces")
            client.until(b"\r\n\r\n")
        for _ in range(30):
            assert running.get().status == 200
        for client in slow:
            client.skip(b"\r\n0\r\n\r\n")
            # The connection is kept.
            assert client.ask().body == b"hello"
            client.close()
        assert running.log == []
    assert seen
    assert all(began == now and str(began) == text for began, now, text in seen)
    assert set(closed) <= {began for began, _, _ in seen}
    assert len(closed) == 6


def test_a_generator_is_closed_in_its_thread_when_the_client_goes() -> None:
    threads: list[int] = []
    closed = threading.Event()

    def body() -> Iterator[bytes]:
        threads.append(threading.get_ident())
        try:
            while True:
                yield bytes(100_000)
        finally:
            threads.append(threading.get_ident())
            closed.set()

    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], body())

    with serving(page) as running:
        with running.client(buffer=4096) as client:
            client.request()
            client.until(b"\r\n\r\n")
        assert closed.wait(PATIENCE_SECONDS)
    assert threads[0] == threads[1]
    assert running.log == []


def test_a_parked_answer_is_cut_when_the_server_ends() -> None:
    closed = threading.Event()

    def page(exchange: Exchange) -> None:
        endless = iter(lambda: bytes(100_000), None)
        exchange.respond(b"200 OK", [], endless, closed.set)

    with serving(page, shutdown_seconds=SHORT) as running:
        client = running.client(buffer=4096)
        client.request()
        client.until(b"\r\n\r\n")
        running.server.stop()
        assert closed.wait(PATIENCE_SECONDS)


def test_an_error_in_the_middle_of_a_stream_cuts_the_connection() -> None:
    def body() -> Iterator[bytes]:
        yield b"one"
        raise ValueError("mine")

    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], body())

    with serving(page) as running, running.client() as client:
        client.request()
        assert client.rest().endswith(b"3\r\none\r\n")
        assert running.log == ["The answer was cut off."]


def test_an_error_of_the_farewell_is_logged_and_no_more() -> None:
    def farewell() -> None:
        raise ValueError("mine")

    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], iter([b"body"]), farewell)

    with serving(page) as running, running.client() as client:
        assert client.ask().body == b"body"
        assert client.ask().body == b"body"
    assert running.log == ["Closing the answer failed."] * 2
