from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.process.plugins import SignalHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.process.wspbus import Bus


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Put the handlers of all signals back after a test."""
    numbers = [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2]
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def handler(bus: Bus) -> SignalHandler:
    return SignalHandler(bus)


def test_a_signal_is_a_message_on_the_channel_of_its_name(
    bus: Bus, messages: list[str], handler: SignalHandler
) -> None:
    reloaded: list[bool] = []
    bus.subscribe("graceful", lambda: reloaded.append(True))
    handler.subscribe()

    signal.raise_signal(signal.SIGUSR1)

    assert reloaded == [True]
    assert messages == [
        "Listening for SIGTERM.",
        "Listening for SIGHUP.",
        "Listening for SIGUSR1.",
        "Caught signal SIGUSR1.",
        "Bus graceful",
    ]


def test_sigterm_leaves(bus: Bus, handler: SignalHandler) -> None:
    handler.subscribe()
    bus.start()
    signal.raise_signal(signal.SIGTERM)
    assert bus.state is bus.states.EXITING


@pytest.mark.parametrize("which", ["SIGUSR2", signal.SIGUSR2, int(signal.SIGUSR2)])
def test_any_signal_can_be_listened_to(
    bus: Bus, handler: SignalHandler, which: Any
) -> None:
    caught: list[bool] = []
    handler.set_handler(which, lambda: caught.append(True))
    signal.raise_signal(signal.SIGUSR2)
    assert caught == [True]


def test_a_signal_without_a_listener_is_published(
    bus: Bus, messages: list[str], handler: SignalHandler
) -> None:
    handler.set_handler("SIGUSR2")
    signal.raise_signal(signal.SIGUSR2)
    assert messages == ["Caught signal SIGUSR2."]


def test_signals_with_two_names_go_by_the_one_that_was_used(
    bus: Bus, handler: SignalHandler
) -> None:
    before = signal.getsignal(signal.SIGCHLD)
    caught: list[bool] = []
    try:
        handler.set_handler("SIGCHLD", lambda: caught.append(True))
        signal.raise_signal(signal.SIGCHLD)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert caught == [True]


@pytest.mark.parametrize("which", ["SIGNOPE", 9999, "signal"])
def test_signals_that_do_not_exist_are_refused(
    handler: SignalHandler, which: Any
) -> None:
    with pytest.raises(ValueError, match=f"No such signal: {which!r}"):
        handler.set_handler(which)


def test_subscribing_passes_over_what_the_platform_does_not_have(
    bus: Bus, messages: list[str], handler: SignalHandler
) -> None:
    handler.handlers = {"SIGNOPE": bus.exit, "SIGKILL": bus.exit, "SIGUSR1": bus.exit}
    handler.subscribe()
    assert messages[0].startswith("Not listening for SIGKILL: ")
    assert messages[1] == "Listening for SIGUSR1."


def test_subscribing_outside_the_main_thread_says_so_and_goes_on(
    messages: list[str], handler: SignalHandler
) -> None:
    thread = threading.Thread(target=handler.subscribe)
    thread.start()
    thread.join()
    assert messages == [
        "Not listening for SIGTERM, SIGHUP, SIGUSR1: only the main thread may. Call "
        "subscribe() there."
    ]


def test_unsubscribing_puts_back_what_was_there(
    bus: Bus, messages: list[str], handler: SignalHandler
) -> None:
    caught: list[int] = []

    def mine(number: int, frame: object) -> None:
        caught.append(number)

    signal.signal(signal.SIGTERM, mine)
    handler.subscribe()
    handler.subscribe()
    messages.clear()
    handler.unsubscribe()

    signal.raise_signal(signal.SIGTERM)
    assert caught == [signal.SIGTERM]
    assert messages[0] == f"Restoring SIGTERM handler {mine!r}."
    assert bus.publish("SIGTERM") == []


@pytest.mark.parametrize("subscribed", [True, False])
def test_a_signal_that_is_left_alone_does_what_it_did_before(
    bus: Bus, handler: SignalHandler, subscribed: bool
) -> None:
    caught: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: caught.append(number))
    if subscribed:
        handler.subscribe()
    handler.leave_alone("SIGTERM")
    handler.leave_alone("SIGNOSUCH")
    handler.subscribe()
    signal.raise_signal(signal.SIGTERM)
    assert caught == [signal.SIGTERM]
    assert bus.publish("SIGTERM") == []
    assert set(handler.handlers) == {"SIGHUP", "SIGUSR1"}


def test_a_handler_that_came_later_stays(
    messages: list[str], handler: SignalHandler
) -> None:
    caught: list[int] = []
    handler.handlers = {"SIGTERM": handler.bus.exit}
    handler.subscribe()
    signal.signal(signal.SIGTERM, lambda number, frame: caught.append(number))
    handler.unsubscribe()
    signal.raise_signal(signal.SIGTERM)
    assert caught == [signal.SIGTERM]
    assert messages[-1] == "Leaving the SIGTERM handler that replaced ours."


def test_handlers_that_python_does_not_know_become_the_default(
    messages: list[str], handler: SignalHandler
) -> None:
    handler.handlers = {"SIGUSR2": handler.bus.exit}
    handler.subscribe()
    handler._previous[signal.SIGUSR2] = None
    handler.unsubscribe()
    assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL


def test_unsubscribing_outside_the_main_thread_says_so(
    messages: list[str], handler: SignalHandler
) -> None:
    handler.set_handler("SIGUSR2")
    thread = threading.Thread(target=handler.unsubscribe)
    thread.start()
    thread.join()
    assert messages[-1].startswith("Unable to restore SIGUSR2 handler ")


@pytest.mark.parametrize(
    ("forked", "terminal", "restarts"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_sighup_restarts_daemons_and_ends_all_others(
    bus: Bus,
    messages: list[str],
    handler: SignalHandler,
    monkeypatch: pytest.MonkeyPatch,
    forked: bool,
    terminal: bool,
    restarts: bool,
) -> None:
    monkeypatch.setattr(os, "isatty", lambda number: terminal)
    monkeypatch.setattr(sys, "stdin", sys.__stdin__)
    if forked:
        monkeypatch.setattr(os, "getpid", lambda: 1)
    bus.start()
    messages.clear()
    handler.handle_SIGHUP()
    assert bus.execv is restarts
    assert bus.state is bus.states.EXITING
    told = "while daemonized. Restarting." if restarts else "not daemonized. Exiting."
    assert messages[0].endswith(told)


def test_a_daemon_may_have_no_standard_input_at_all(
    bus: Bus, handler: SignalHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    handler.handle_SIGHUP()
    assert bus.execv


def test_names_are_known_by_number() -> None:
    assert SignalHandler.signals[15] == "SIGTERM"
