"""Windows: console events, a bus that waits for events, and a service.

Needs the package pywin32; without it Windows sites use the bus of
`cherrypy.process.wspbus` and Python's own handling of Ctrl-C.
"""

from __future__ import annotations

import logging
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cherrypy.process import wspbus
from cherrypy.process.plugins.base import SimplePlugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "ConsoleCtrlHandler",
    "PyWebService",
    "Win32Bus",
    "control_codes",
    "signal_child",
]


def _pywin32(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"{module} is missing: install the package pywin32 (Windows only).",
            name=missing.name,
        ) from missing


class ConsoleCtrlHandler(SimplePlugin):
    """Leaves the bus on Ctrl-C, a closed console, logging off and shutting down.

    Args:
        bus: The bus to live on.
    """

    def __init__(self, bus: wspbus.Bus) -> None:
        super().__init__(bus)
        self.is_set: bool = False

    def start(self) -> None:
        """Listen to console events."""
        if self.is_set:
            self.bus.log("Handler for console events already set.", logging.ERROR)
            return
        if _pywin32("win32api").SetConsoleCtrlHandler(self.handle, 1) == 0:
            self.bus.log("Could not listen for console events.", logging.ERROR)
        else:
            self.bus.log("Set handler for console events.")
            self.is_set = True

    def stop(self) -> None:
        """Listen no more."""
        if not self.is_set:
            self.bus.log("Handler for console events already off.", logging.ERROR)
            return
        try:
            refused = _pywin32("win32api").SetConsoleCtrlHandler(self.handle, 0) == 0
        except ValueError:  # "Object is already removed": as good as done
            refused = False
        if refused:
            self.bus.log(
                "Could not remove the handler for console events.", logging.ERROR
            )
        else:
            self.bus.log("Removed handler for console events.")
            self.is_set = False

    def handle(self, event: int) -> int:
        """Handle a console event and say that nobody else need to (1)."""
        win32con = _pywin32("win32con")
        leaving = {
            win32con.CTRL_C_EVENT,
            win32con.CTRL_LOGOFF_EVENT,
            win32con.CTRL_BREAK_EVENT,
            win32con.CTRL_SHUTDOWN_EVENT,
            win32con.CTRL_CLOSE_EVENT,
        }
        if event not in leaving:
            return 0
        self.bus.log(f"Console event {event}: shutting down bus")
        # The system kills us some seconds after a close event; do not wait for `block`.
        self.stop()
        self.bus.exit()
        return 1


class Win32Bus(wspbus.Bus):
    """A bus whose waiting ends at once when its state changes.

    It uses event objects of the system instead of looking again and again.
    """

    def __init__(self) -> None:
        # The handles of event objects, by the states that they stand for.
        self.events: dict[tuple[wspbus.State, ...], Any] = {}
        self._state = wspbus.State.STOPPED
        super().__init__()

    @property
    def state(self) -> wspbus.State:
        """Where the bus is in its life; setting it wakes those who wait for it."""
        return self._state

    @state.setter
    def state(self, value: wspbus.State) -> None:
        self._state = value
        for awaited, event in list(self.events.items()):
            if value in awaited:
                _pywin32("win32event").PulseEvent(event)

    def wait(
        self,
        state: wspbus.State | Iterable[wspbus.State],
        interval: float = 0.1,
        channel: str | None = None,
    ) -> None:
        """Wait until the bus is in a state.

        Args:
            state: The state, or several of which any will do.
            interval: Seconds between two messages on `channel`.
            channel: Published to at every look.
        """
        awaited = (state,) if isinstance(state, wspbus.State) else tuple(state)
        # The main thread must take up Ctrl-C between two looks, which it does not
        # while it waits in the system.
        if channel is not None:
            super().wait(awaited, interval, channel)
            return
        win32event = _pywin32("win32event")
        while self.state not in awaited:
            if awaited not in self.events:
                # Its name tells it from those of other processes.
                names = "/".join(one.name for one in awaited)
                name = f"WSPBus {names} Event (pid={os.getpid()})"
                self.events[awaited] = win32event.CreateEvent(None, 0, 0, name)
            milliseconds = int(interval * 1000)
            win32event.WaitForSingleObject(self.events[awaited], milliseconds)


class _ControlCodes(dict[str, int]):
    """The user-defined control codes of a service, by name."""

    def key_for(self, obj: int) -> str:
        """Return the name of a code.

        Raises:
            ValueError: No code has that number.
        """
        for name, code in self.items():
            if code == obj:
                return name
        raise ValueError(f"The given object could not be found: {obj!r}")


control_codes: Final[_ControlCodes] = _ControlCodes({"graceful": 138})
"""What `signal_child` may send beside ``stop`` and ``restart``."""


def signal_child(service: str, command: str) -> None:
    """Send a command to a Windows service.

    Args:
        service: Its name.
        command: ``stop``, ``restart``, or a name in `control_codes`.

    Raises:
        KeyError: There is no such command.
    """
    tools = _pywin32("win32serviceutil")
    if command == "stop":
        tools.StopService(service)
    elif command == "restart":
        tools.RestartService(service)
    else:
        tools.ControlService(service, control_codes[command])


if TYPE_CHECKING:

    class _ServiceFramework:
        """What is used of `win32serviceutil.ServiceFramework`."""

        ReportServiceStatus: Callable[[int], None]

        def __init__(self, *args: Any) -> None: ...

else:
    try:
        _ServiceFramework = import_module("win32serviceutil").ServiceFramework
    except ModuleNotFoundError:
        _ServiceFramework = object


class PyWebService(_ServiceFramework):
    """A Windows service that runs the bus."""

    _svc_name_ = "Python Web Service"
    _svc_display_name_ = "Python Web Service"
    _svc_deps_ = None
    _exe_name_ = "pywebsvc"
    _exe_args_ = None
    _svc_description_ = "Python Web Service"

    def SvcDoRun(self) -> None:
        """Start the bus and wait until it leaves."""
        wspbus.bus.start()
        wspbus.bus.block()

    def SvcStop(self) -> None:
        """Leave the bus."""
        stopping = _pywin32("win32service").SERVICE_STOP_PENDING
        self.ReportServiceStatus(stopping)
        wspbus.bus.exit()

    def SvcOther(self, control: int) -> None:
        """Publish a user-defined control code on the channel of its name."""
        wspbus.bus.publish(control_codes.key_for(control))
