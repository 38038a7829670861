"""What stores on servers have in common."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores import lifetime
from cherrypy.stores.base import StoreUnavailable
from cherrypy.stores.remote import (
    CircuitBreaker,
    ConnectionPool,
    living,
    settings_in,
    stamped,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Cut(Exception):
    """The server has hung up."""


class Line:
    """A connection of which is told whether it was cut or ended."""

    def __init__(self) -> None:
        self.cut = False
        self.ended = False


class Exchange:
    """Makes connections, and remembers them."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.away = False
        self.pool = ConnectionPool(
            self.connect, self.hang_up, lambda error, line: isinstance(error, Cut)
        )

    def connect(self) -> Line:
        if self.away:
            raise ConnectionRefusedError("nobody there")
        self.lines.append(Line())
        return self.lines[-1]

    def hang_up(self, line: Line) -> None:
        line.ended = True

    def talk(self, line: Line) -> Line:
        if line.cut:
            raise Cut("hung up")
        return line


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def test_settings_are_taken_out_of_a_url() -> None:
    url, settings = settings_in(
        "redis://h/0?prefix=a%20b&x=1&seconds=3&y=", prefix="", seconds=2.0
    )
    assert url == "redis://h/0?x=1&y="
    assert settings == {"prefix": "a b", "seconds": 3.0}


def test_a_url_without_settings_stays_as_it_is() -> None:
    assert settings_in("redis://h?a=b%2Fc", seconds=2.0) == (
        "redis://h?a=b%2Fc",
        {"seconds": 2.0},
    )
    assert settings_in("redis://h?seconds=1", seconds=2.0) == (
        "redis://h",
        {"seconds": 1.0},
    )


def test_a_number_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="seconds='soon'"):
        settings_in("redis://h?seconds=soon", seconds=2.0)


def test_a_stamp_ends_a_value_that_the_server_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = stamped(b"value", 60)
    assert living(stored) == b"value"
    later = lifetime.boot_clock() + 61
    monkeypatch.setattr(lifetime, "boot_clock", lambda: later)
    assert living(stored) is None


def test_the_server_decides_what_another_computer_has_stamped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = stamped(b"value", -3600)
    assert living(stored) is None
    monkeypatch.setattr(lifetime, "boot_name", lambda: bytes(16))
    assert living(stored) == b"value"


@pytest.mark.parametrize("stored", [None, b"", b"somebody else's"])
def test_what_has_no_stamp_is_not_ours(stored: bytes | None) -> None:
    assert living(stored) is None


def failing(error: BaseException) -> Callable[[], None]:
    """Return a question that brings an error."""

    def fail() -> None:
        raise error

    return fail


def test_an_answer_is_handed_on() -> None:
    assert CircuitBreaker("Server", (OSError,)).call(max, 1, 2) == 2


def test_errors_say_which_server_and_what_happened() -> None:
    breaker = CircuitBreaker("Server at home", (OSError, KeyError))
    with pytest.raises(StoreUnavailable, match="Server at home: no room"):
        breaker.call(failing(OSError("no room")))
    with pytest.raises(StoreUnavailable, match="Server at home: KeyError"):
        breaker.call(failing(KeyError()))
    with pytest.raises(ZeroDivisionError):
        breaker.call(failing(ZeroDivisionError()))


def test_while_a_server_is_silent_only_one_asks_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    breaker = CircuitBreaker("Server", (OSError,))
    with pytest.raises(StoreUnavailable, match="does not answer"):
        breaker.call(failing(TimeoutError("2 s")))
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        breaker.call(str)
    now += 0.5

    def ask_meanwhile() -> None:
        with pytest.raises(StoreUnavailable, match="a moment ago"):
            breaker.call(str)
        raise TimeoutError

    with pytest.raises(StoreUnavailable, match="does not answer"):
        breaker.call(ask_meanwhile)
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        breaker.call(str)
    now += 0.5
    assert breaker.call(str) == ""
    assert breaker.call(str) == ""


@pytest.mark.parametrize("error", [OSError("refused"), KeyboardInterrupt()])
def test_a_server_that_says_anything_is_silent_no_more(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    breaker = CircuitBreaker("Server", (OSError,))
    with pytest.raises(StoreUnavailable):
        breaker.call(failing(TimeoutError()))
    now += 0.5
    with pytest.raises((StoreUnavailable, KeyboardInterrupt)):
        breaker.call(failing(error))
    assert breaker.call(str) == ""


def test_a_connection_is_used_again(exchange: Exchange) -> None:
    assert exchange.pool.run(exchange.talk) is exchange.pool.run(exchange.talk)
    assert len(exchange.lines) == 1


def test_connections_that_were_cut_are_all_replaced(exchange: Exchange) -> None:
    old = [exchange.connect() for _ in range(3)]
    for line in old:
        exchange.pool.put(line)
        line.cut = True
    assert exchange.pool.run(exchange.talk) is exchange.lines[3]
    assert all(line.ended for line in old)


def test_other_errors_are_not_tried_again(exchange: Exchange) -> None:
    exchange.pool.run(exchange.talk)
    with pytest.raises(ZeroDivisionError):
        exchange.pool.run(lambda line: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        exchange.pool.run(lambda line: 1 // 0)
    assert [line.ended for line in exchange.lines] == [True, True]


def test_the_error_of_the_cut_is_told_when_nobody_is_there(exchange: Exchange) -> None:
    exchange.pool.run(exchange.talk).cut = True
    exchange.away = True
    with pytest.raises(Cut):
        exchange.pool.run(exchange.talk)
    with pytest.raises(ConnectionRefusedError):
        exchange.pool.run(exchange.talk)


def test_an_interrupted_conversation_is_ended(exchange: Exchange) -> None:
    def interrupt(line: Line) -> None:
        raise KeyboardInterrupt

    exchange.pool.run(exchange.talk)
    with pytest.raises(KeyboardInterrupt):
        exchange.pool.run(interrupt)
    assert exchange.lines[0].ended


def test_the_child_of_a_fork_leaves_the_connections_of_its_parent_alone(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.pool.run(exchange.talk)
    with monkeypatch.context() as child:
        child.setattr("os.getpid", lambda: -1)
        exchange.pool.run(exchange.talk)
        exchange.pool.clear()
    assert [line.ended for line in exchange.lines] == [False, True]


def test_a_pool_that_nobody_needs_any_more_hangs_up(exchange: Exchange) -> None:
    line = exchange.pool.run(exchange.talk)
    del exchange.pool
    assert line.ended
