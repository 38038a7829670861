"""Deadlines when somebody sets the clock of the machine."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from cherrypy.http import dates
from cherrypy.httpd.limits import Limits
from tests.httpd.serving import hello, serving

if TYPE_CHECKING:
    from cherrypy.httpd.exchange import Exchange

YEAR = 366 * 86_400.0
SHORT = 0.1
LONG = 60.0


@pytest.fixture(params=[YEAR, -YEAR], ids=["forward", "back"])
def jump(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Jump:
    return Jump(request.param, monkeypatch)


class Jump:
    """Sets the clock by so many seconds; `time.monotonic` goes on as it does."""

    def __init__(self, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = seconds
        self._monkeypatch = monkeypatch

    def __call__(self) -> None:
        before = time.time
        self._monkeypatch.setattr(time, "time", lambda: before() + self.seconds)


def test_nobody_is_thrown_out_when_the_clock_jumps(jump: Jump) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def page(exchange: Exchange) -> None:
        if exchange.head.path == b"/waits":
            reading.set()
            go_on.wait(LONG)
        exchange.respond(b"200 OK", [], [exchange.rfile.read()])

    limits = Limits(idle_seconds=LONG, header_deadline_seconds=LONG, read_seconds=LONG)
    with serving(page, limits=limits) as running:
        idle, head, body, busy = (running.client() for _ in range(4))
        idle.ask()
        head.send(b"GET / HTTP/1.1\r\nHost:")
        body.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nha")
        busy.request("/waits")
        assert reading.wait(LONG)
        jump()
        # The holder sweeps at least once a second, and a new client makes it look.
        for _ in range(3):
            assert running.get().status == 200
        go_on.set()
        assert busy.answer().status == 200
        head.send(b" x\r\n\r\n")
        assert head.answer().status == 200
        body.send(b"lf")
        assert body.answer().body == b"half"
        assert idle.ask().status == 200


def test_deadlines_pass_all_the_same_when_the_clock_jumps(jump: Jump) -> None:
    limits = Limits(idle_seconds=SHORT, header_deadline_seconds=SHORT)
    with serving(hello, limits=limits) as running:
        idle, head = running.client(), running.client()
        idle.ask()
        head.send(b"GET / HTTP/1.1\r\nHost:")
        jump()
        assert idle.ended()
        assert head.rest().startswith(b"HTTP/1.1 408 ")


def test_the_server_ends_in_time_when_the_clock_jumps(jump: Jump) -> None:
    arrived = threading.Event()

    def page(exchange: Exchange) -> None:
        arrived.set()
        threading.Event().wait(0.5)
        exchange.respond(b"200 OK", [], [b"late"])

    with serving(page, shutdown_seconds=LONG) as running:
        client = running.client()
        client.request()
        assert arrived.wait(LONG)
        jump()
        began = time.monotonic()
        running.server.stop()
        assert time.monotonic() - began < LONG / 2
        assert client.answer().body == b"late"


def test_the_date_of_answers_follows_the_clock(jump: Jump) -> None:
    with serving(hello) as running:
        client = running.client()
        first = dates.parse_http_date(client.ask().headers["date"])
        jump()
        second = dates.parse_http_date(client.ask().headers["date"])
    assert first is not None
    assert second is not None
    assert abs(second - first - jump.seconds) < LONG
