"""Doing something again and again in a thread."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from cherrypy.process.plugins.base import SimplePlugin
from cherrypy.process.wspbus import at_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cherrypy.process.wspbus import Bus

__all__ = ["BackgroundTask", "Monitor", "PerpetualTimer"]


class BackgroundTask(threading.Thread):
    """A daemon thread that calls a function at intervals, first after one interval.

    It ends when it is cancelled, and when the function fails.

    Args:
        interval: Seconds between the end of one call and the next.
        function: What to call.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
        bus: Is told of a failure; without one it goes to `threading.excepthook`.
    """

    def __init__(
        self,
        interval: float,
        function: Callable[..., Any],
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        bus: Bus | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.interval = interval
        self.function = function
        self.args = args
        self.kwargs: Mapping[str, Any] = kwargs or {}
        self.bus = bus
        self.cancelled: threading.Event = threading.Event()
        """Set when the task shall end."""

    @property
    def running(self) -> bool:
        """Whether the task was started and shall go on."""
        return self.is_alive() and not self.cancelled.is_set()

    def cancel(self) -> None:
        """Let the thread end; a call that is running is not interrupted."""
        self.cancelled.set()

    def run(self) -> None:
        """Call the function until cancelled."""
        while not self.cancelled.wait(self.interval):
            if not self._call():
                return

    def _call(self) -> bool:
        """Call the function and tell whether it went well."""
        return _call(self, "background task thread")


class PerpetualTimer(threading.Timer):
    """A `threading.Timer` that starts again after each call.

    Args:
        args: As for `threading.Timer`: interval in seconds, function, its arguments.
        kwargs: The same by name, and ``bus``, which is told of a failure.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.bus: Bus | None = kwargs.pop("bus", None)
        super().__init__(*args, **kwargs)

    def run(self) -> None:
        """Call the function until cancelled or until it fails."""
        while not self.finished.wait(self.interval):
            if not _call(self, "perpetual timer thread"):
                return


def _call(task: BackgroundTask | PerpetualTimer, kind: str) -> bool:
    """Call the function of a task and tell whether it went well."""
    try:
        task.function(*task.args, **task.kwargs)
    except Exception:  # boundary: the end of a thread
        if task.bus is None:
            raise
        message = f"Error in {kind} function {task.function!r}."
        task.bus.log(message, logging.ERROR, True)
        return False
    return True


class Monitor(SimplePlugin):
    """Calls a function at intervals while the bus runs.

    Args:
        bus: The bus to live on.
        callback: What to call.
        frequency: Seconds between two calls; 0 or less for never.
        name: The name of the thread; otherwise that of the class.
    """

    callback: Callable[[], Any]
    """What is called."""

    frequency: float = 60
    """Seconds between two calls; 0 or less for never."""

    thread: BackgroundTask | None = None
    """The thread that does it, while it runs."""

    def __init__(
        self,
        bus: Bus,
        callback: Callable[[], Any],
        frequency: float = 60,
        name: str | None = None,
    ) -> None:
        super().__init__(bus)
        self.callback = callback
        self.frequency = frequency
        self.thread = None
        self.name = name

    @property
    def _title(self) -> str:
        return self.name or type(self).__name__

    def _wanted(self) -> bool:
        """Tell whether there is anything to do; a frequency of 0 or less says no.

        Raises:
            TypeError: It is no number.
        """
        if not isinstance(self.frequency, (int, float)):
            raise TypeError(
                f"The frequency of {self._title} is a number of seconds, not "
                f"{self.frequency!r}; 0 switches it off."
            )
        return self.frequency > 0

    def _task(self) -> BackgroundTask:
        return BackgroundTask(self.frequency, self.callback, bus=self.bus)

    @at_priority(70)
    def start(self) -> None:
        """Begin to call the function; later than a `Daemonizer` forks (65).

        Raises:
            TypeError: The frequency is no number.
        """
        if not self._wanted():
            return
        if self.thread is not None:
            self.bus.log(f"Monitor thread {self._title!r} already started.")
            return
        self.thread = self._task()
        self.thread.name = self._title
        self.thread.start()
        self.bus.log(f"Started monitor thread {self._title!r}.")

    def stop(self) -> None:
        """Call the function no more."""
        thread = self.thread
        if thread is None:
            self.bus.log(f"No thread running for {self._title}.")
            return
        self.thread = None
        # The function itself may be what stops the bus.
        if thread is not threading.current_thread():
            thread.cancel()
            if not thread.daemon:
                self.bus.log(f"Joining {thread.name!r}")
                thread.join()
            self.bus.log(f"Stopped thread {thread.name!r}.")

    def graceful(self) -> None:
        """Begin anew, with the frequency of now."""
        self.stop()
        self.start()
