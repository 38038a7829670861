"""Windows without Windows: pywin32 is replaced by what the tests expect of it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.process import win32, wspbus
from cherrypy.process.wspbus import states

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

CTRL_C, CLOSE, OTHER = 0, 2, 99


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Return the calls that pywin32 gets."""
    calls: list[tuple[Any, ...]] = []
    module = ModuleType("pywin32")

    def record(name: str, answer: object = 1) -> None:
        def call(*args: Any) -> object:
            calls.append((name, *args))
            return answer

        setattr(module, name, call)

    for name in (
        "SetConsoleCtrlHandler",
        "CreateEvent",
        "PulseEvent",
        "WaitForSingleObject",
        "StopService",
        "RestartService",
        "ControlService",
    ):
        record(name)
    events = ("CTRL_C", "CTRL_LOGOFF", "CTRL_BREAK", "CTRL_SHUTDOWN", "CTRL_CLOSE")
    for number, name in enumerate(events):
        setattr(module, f"{name}_EVENT", number)
    vars(module)["SERVICE_STOP_PENDING"] = 3
    for name in (
        "win32api",
        "win32con",
        "win32event",
        "win32service",
        "win32serviceutil",
    ):
        monkeypatch.setitem(sys.modules, name, module)
    return calls


def answer(monkeypatch: pytest.MonkeyPatch, result: object) -> None:
    """Let setting a console handler end in this way."""

    def call(*args: Any) -> object:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(sys.modules["win32api"], "SetConsoleCtrlHandler", call)


@pytest.fixture
def console(bus: Bus, api: list[tuple[Any, ...]]) -> win32.ConsoleCtrlHandler:
    return win32.ConsoleCtrlHandler(bus)


def test_console_events_are_handled_while_the_bus_runs(
    bus: Bus,
    messages: list[str],
    api: list[tuple[Any, ...]],
    console: win32.ConsoleCtrlHandler,
) -> None:
    console.subscribe()
    bus.start()
    bus.stop()
    assert api == [
        ("SetConsoleCtrlHandler", console.handle, 1),
        ("SetConsoleCtrlHandler", console.handle, 0),
    ]
    assert "Set handler for console events." in messages
    assert "Removed handler for console events." in messages


@pytest.mark.parametrize("event", range(5))
def test_leaving_events_leave(
    bus: Bus, console: win32.ConsoleCtrlHandler, event: int
) -> None:
    console.start()
    assert console.handle(event) == 1
    assert bus.state is states.EXITING
    assert not console.is_set


def test_other_events_are_left_to_others(
    bus: Bus, console: win32.ConsoleCtrlHandler
) -> None:
    assert console.handle(OTHER) == 0
    assert bus.state is states.STOPPED


def test_refusals_of_the_system_are_told(
    messages: list[str],
    console: win32.ConsoleCtrlHandler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    console.stop()
    answer(monkeypatch, 0)
    console.start()
    answer(monkeypatch, 1)
    console.start()
    console.start()
    answer(monkeypatch, 0)
    console.stop()
    answer(monkeypatch, ValueError("Object is already removed"))
    console.stop()
    assert messages == [
        "Handler for console events already off.",
        "Could not listen for console events.",
        "Set handler for console events.",
        "Handler for console events already set.",
        "Could not remove the handler for console events.",
        "Removed handler for console events.",
    ]


def test_without_pywin32_there_is_an_error_that_names_it(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "win32api", None)
    with pytest.raises(ModuleNotFoundError, match="install the package pywin32"):
        win32.ConsoleCtrlHandler(bus).start()


def test_changes_of_state_wake_those_who_wait(
    api: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = win32.Win32Bus()

    def start_meanwhile(event: object, milliseconds: int) -> None:
        assert (event, milliseconds) == (1, 250)
        bus.state = states.STARTING
        bus.state = states.STARTED

    monkeypatch.setattr(
        sys.modules["win32event"], "WaitForSingleObject", start_meanwhile
    )
    bus.wait(states.STARTED, interval=0.25)
    assert [call[0] for call in api] == ["CreateEvent", "PulseEvent"]
    bus.state = states.STOPPED
    bus.wait([states.STARTED, states.STOPPED])
    monkeypatch.setattr(
        sys.modules["win32event"],
        "WaitForSingleObject",
        lambda event, milliseconds: setattr(bus, "state", states.STARTED),
    )
    bus.wait(states.STARTED)
    assert [call[0] for call in api].count("CreateEvent") == 1


def test_waiting_with_a_channel_keeps_ticking() -> None:
    bus = win32.Win32Bus()
    bus.subscribe("main", lambda: setattr(bus, "state", states.EXITING))
    bus.wait(states.EXITING, interval=0.001, channel="main")


def test_commands_reach_a_service(api: list[tuple[Any, ...]]) -> None:
    win32.signal_child("site", "stop")
    win32.signal_child("site", "restart")
    win32.signal_child("site", "graceful")
    assert api == [
        ("StopService", "site"),
        ("RestartService", "site"),
        ("ControlService", "site", 138),
    ]
    with pytest.raises(KeyError):
        win32.signal_child("site", "dance")


def test_codes_have_names() -> None:
    assert win32.control_codes.key_for(138) == "graceful"
    with pytest.raises(ValueError, match="could not be found: 1"):
        win32.control_codes.key_for(1)


def test_a_service_runs_the_bus(
    bus: Bus,
    messages: list[str],
    api: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wspbus, "bus", bus)
    service = win32.PyWebService()
    reported: list[int] = []
    service.ReportServiceStatus = reported.append
    bus.subscribe("graceful", lambda: service.SvcStop())
    bus.subscribe("main", lambda: service.SvcOther(138))
    service.SvcDoRun()
    assert reported == [3]
    assert bus.state is states.EXITING
