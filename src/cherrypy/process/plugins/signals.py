"""Signals of the operating system become messages on the bus."""

from __future__ import annotations

import logging
import os
import signal as _signal
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from cherrypy.process.wspbus import Bus

__all__ = ["SignalHandler"]


class SignalHandler:
    """Listens to signals and publishes each on the channel of its name.

    What happens then is in `handlers`, which may be changed before `subscribe`. Names
    that the platform does not know are passed over.

    Args:
        bus: The bus to publish to.
    """

    handlers: dict[str, Callable[[], Any]]
    """What to do, by name of the signal."""

    signals: ClassVar[dict[int, str]] = {
        member.value: member.name for member in _signal.Signals
    }
    """The names of the signals by their number."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.handlers = {
            "SIGTERM": bus.exit,
            "SIGHUP": self.handle_SIGHUP,
            "SIGUSR1": bus.graceful,
        }
        # What was in force before we came, by number, and the names we go by: some
        # signals have two.
        self._previous: dict[int, Any] = {}
        self._channels: dict[int, str] = {}
        self._original_pid = os.getpid()

    def subscribe(self) -> None:
        """Listen to the signals in `handlers`.

        Signals belong to the main thread; from another one this only logs a warning.
        """
        if threading.current_thread() is not threading.main_thread():
            self.bus.log(
                f"Not listening for {', '.join(self.handlers)}: only the main thread "
                "may. Call subscribe() there.",
                logging.WARNING,
            )
            return
        for name, listener in list(self.handlers.items()):
            if not hasattr(_signal, name):
                continue
            try:
                self.set_handler(name, listener)
            except OSError as refusal:  # SIGKILL and SIGSTOP are nobody's
                self.bus.log(f"Not listening for {name}: {refusal}.", logging.WARNING)

    def unsubscribe(self) -> None:
        """Put back what handled the signals before us.

        A handler that somebody installed after us stays.
        """
        for number in list(self._previous):
            self._restore(number)

    def leave_alone(self, signal: str) -> None:
        """Do not handle a signal: neither now nor after another `subscribe`.

        Args:
            signal: Its name, such as ``SIGTERM``.
        """
        for number, name in self._channels.items():
            if name == signal and number in self._previous:
                self._restore(number)
        self.handlers.pop(signal, None)

    def _restore(self, number: int) -> None:
        previous = self._previous.pop(number)
        name = self._channels[number]
        if name in self.handlers:
            self.bus.unsubscribe(name, self.handlers[name])
        if _signal.getsignal(number) != self._handle_signal:
            self.bus.log(f"Leaving the {name} handler that replaced ours.")
            return
        # None stands for a handler that was not installed from Python.
        handler = _signal.SIG_DFL if previous is None else previous
        self.bus.log(f"Restoring {name} handler {handler!r}.")
        try:
            _signal.signal(number, handler)
        except ValueError:
            self.bus.log(
                f"Unable to restore {name} handler {handler!r}: only the main "
                "thread may.",
                logging.WARNING,
            )

    def set_handler(
        self, signal: str | int, listener: Callable[[], Any] | None = None
    ) -> None:
        """Publish a signal on the channel of its name from now on.

        Args:
            signal: Its name or number.
            listener: Subscribed to the channel, if given.

        Raises:
            ValueError: The platform has no such signal, or this is not the main
                thread.
        """
        number = self._number(signal)
        name = signal if isinstance(signal, str) else self.signals[number]
        previous = _signal.signal(number, self._handle_signal)
        self._channels[number] = name
        if previous != self._handle_signal:
            self._previous[number] = previous
        if listener is not None:
            self.bus.log(f"Listening for {name}.")
            self.bus.subscribe(name, listener)

    def _number(self, signal: str | int) -> int:
        if isinstance(signal, str):
            number = getattr(_signal, signal, None)
        else:
            number = signal if signal in self.signals else None
        if not isinstance(number, int):
            raise ValueError(f"No such signal: {signal!r}")
        return number

    def _handle_signal(self, number: int, frame: FrameType | None = None) -> None:
        name = self._channels.get(number) or self.signals[number]
        self.bus.log(f"Caught signal {name}.")
        self.bus.publish(name)

    def handle_SIGHUP(self) -> None:
        """Restart if the process is a daemon, leave if it is not.

        Window managers send SIGHUP to what runs in a terminal that is closed; whoever
        sends it to a daemon wants it to begin anew.
        """
        if self._is_daemonized():
            self.bus.log("SIGHUP caught while daemonized. Restarting.")
            self.bus.restart()
        else:
            self.bus.log("SIGHUP caught but not daemonized. Exiting.")
            self.bus.exit()

    def _is_daemonized(self) -> bool:
        """Tell whether we were forked and have no terminal.

        One is not enough: under a supervisor there is no terminal either.
        """
        return self._original_pid != os.getpid() and not _has_terminal()


def _has_terminal() -> bool:
    try:
        return os.isatty(sys.stdin.fileno())
    except (AttributeError, OSError, ValueError):  # no stdin, closed, or replaced
        return False
