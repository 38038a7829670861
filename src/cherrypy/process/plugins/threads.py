"""Telling the site which threads answer its requests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cherrypy.process.plugins.base import SimplePlugin

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

__all__ = ["ThreadManager"]


class ThreadManager(SimplePlugin):
    """Turns the first request of a thread into a message on ``start_thread``.

    Each request publishes ``acquire_thread`` from the thread it runs in. Listeners of
    ``start_thread`` and ``stop_thread`` are given a number that is the thread's own:
    a place to keep a database connection per thread.

    Whoever ends threads publishes ``release_thread`` from a thread that will not come
    again, as our server does. The rest is told when the bus stops.
    """

    threads: dict[int, int]
    """The numbers of the threads, from 1, by `threading.get_ident`."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self.threads = {}
        # Guards the choice of a number: two threads may have their first request at
        # the same time.
        self._choosing = threading.Lock()
        for channel in (
            "acquire_thread",
            "start_thread",
            "release_thread",
            "stop_thread",
        ):
            bus.listeners.setdefault(channel, set())

    def acquire_thread(self) -> None:
        """Publish ``start_thread`` if the present thread is new."""
        ident = threading.get_ident()
        if ident in self.threads:
            return
        with self._choosing:
            taken = set(self.threads.values())
            number = next(n for n in range(1, len(taken) + 2) if n not in taken)
            self.threads[ident] = number
        self.bus.publish("start_thread", number)

    def release_thread(self) -> None:
        """Publish ``stop_thread`` for the present thread if it is known."""
        number = self.threads.pop(threading.get_ident(), None)
        if number is not None:
            self.bus.publish("stop_thread", number)

    def stop(self) -> None:
        """Publish ``stop_thread`` for all threads and forget them."""
        for ident in list(self.threads):
            number = self.threads.pop(ident, None)
            if number is not None:
                self.bus.publish("stop_thread", number)

    graceful = stop
