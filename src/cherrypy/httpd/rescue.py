"""The monitor that comes by while the holder of the baton runs pages itself."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cherrypy.httpd.baton import Baton

__all__ = ["TICK_SECONDS", "Monitor"]

TICK_SECONDS = 0.005
"""Between two looks. A page that both of them find is late: 5 to 10 ms."""

# Without pages to watch the monitor sleeps: after so many looks at nothing new.
_PATIENCE = 40


class Monitor:
    """Takes the baton from a holder whose page overstays, and gives it to a worker.

    The thread that serves (`HTTPServer.serve`) is the monitor.
    """

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self.resting: bool = False
        """The monitor sleeps until `rouse` is called."""
        self._ended = False
        self._bell = Lock()
        self._bell.acquire()

    def rouse(self) -> None:
        """End the sleep. Any thread may call this."""
        self.resting = False
        with suppress(RuntimeError):  # somebody has rung already
            self._bell.release()

    def end(self) -> None:
        """Have `watch` return. Any thread may call this."""
        self._ended = True
        self.rouse()

    def watch(self) -> None:
        """Watch until the end; the serving thread calls this."""
        baton = self._baton
        quiet = 0
        while not self._ended:
            seen = baton.runs
            if quiet < _PATIENCE:
                self._bell.acquire(timeout=TICK_SECONDS)
            else:
                quiet = 0
                # Whoever runs a page counts it first and then looks whether we rest.
                self.resting = True
                if baton.runs == seen and not self._ended:
                    self._bell.acquire()
                self.resting = False
                continue
            if baton.runs != seen:
                quiet = 0
            elif baton.laid_down:
                self._rescue()
            else:
                quiet += 1

    def _rescue(self) -> None:
        try:
            self._baton.laid_down.pop()
        except IndexError:
            return  # the page has ended just now
        self._baton.server.schedule.put_first(self._baton)
