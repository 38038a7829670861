"""Live updates: pages hear of a change as soon as it is made, by server-sent events.

A listener is told a number that has grown, and then asks for what it shows. So there
are no queues to fill up, whatever happened in between, and whoever was away for a while
has missed nothing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

import cherrypy
from cherrypy.process.plugins import SimplePlugin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.process.wspbus import Bus

PLACES = 4
"""How many listen at the same time. Each takes a thread, of which the server has ten,
and one of the six connections that a browser opens to a site."""

HEARTBEAT_SECONDS = 10.0
"""How long it is quiet at most. A line that nobody takes tells that a listener has gone
and its thread is free."""

RETRY_MILLISECONDS = 1500
"""After what time a browser comes back whose stream has ended."""


class Changes(SimplePlugin):
    """Counts changes, and lets threads wait for the next one.

    A plug-in of the bus: when the site stops, nobody waits any more.

    Whoever has listened longest makes room for the next. A browser that is still there
    comes back by itself, so if there are more than `PLACES`, they take turns.
    """

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        # Guards all the others, to which every thread may come.
        self._condition = threading.Condition()
        self._listeners: deque[object] = deque(maxlen=PLACES)
        self._stopped = False
        # Larger than any that a browser has got before the site was started anew.
        self.number = time.time_ns() // 1_000_000

    def start(self) -> None:
        """Let there be listeners."""
        self._stopped = False

    def stop(self) -> None:
        """Send all listeners home."""
        with self._condition:
            self._stopped = True
            self._listeners.clear()
            self._condition.notify_all()

    # Before the server, which waits for those who are being answered.
    stop.priority = 10  # type: ignore[attr-defined]

    def announce(self) -> None:
        """Tell all listeners that something has changed."""
        with self._condition:
            self.number += 1
            self._condition.notify_all()

    def listen(self, seen: int) -> Iterator[int]:
        """Yield the number of the last change, whenever it is not the one seen.

        After `HEARTBEAT_SECONDS` of silence it is yielded all the same. Ends when
        somebody else needs the place, or the site stops.
        """
        me = object()
        with self._condition:
            if self._stopped:
                return
            self._listeners.append(me)
            self._condition.notify_all()
        try:
            while True:
                with self._condition:
                    news = partial(self._has_news, me, seen)
                    self._condition.wait_for(news, timeout=HEARTBEAT_SECONDS)
                    if self._is_gone(me):
                        return
                    seen = self.number
                yield seen
        finally:
            with self._condition:
                if not self._is_gone(me):
                    self._listeners.remove(me)

    def _has_news(self, listener: object, seen: int) -> bool:
        return self.number != seen or self._is_gone(listener)

    def _is_gone(self, listener: object) -> bool:
        return listener not in self._listeners


class Live:
    """The page that never ends."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes

    @cherrypy.expose
    @cherrypy.config(
        **{
            "response.stream": True,
            "response.headers.Content-Type": "text/event-stream",
            "response.headers.Cache-Control": "no-store",
            # For nginx, which would collect events before it hands them on.
            "response.headers.X-Accel-Buffering": "no",
            # A stream must not be held back, and would hold a session's lock.
            "tools.gzip.on": False,
            "tools.sessions.on": False,
            # For the figures it would be a very slow page.
            "tools.cpstats.on": False,
        }
    )
    @cherrypy.tools.params()
    def index(self, seen: int = 0) -> Iterator[str]:
        """Send an event for each change since the one that the browser has seen."""
        # What a browser had last when its connection broke is newer than the URL.
        last = cherrypy.request.headers.get("Last-Event-ID", "")
        if last.isascii() and last.isdecimal() and len(last) < 20:
            seen = int(last)
        return self.events(seen)

    def events(self, seen: int) -> Iterator[str]:
        """Yield events as browsers want to have them."""
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        for number in self.changes.listen(seen):
            if number == seen:
                yield ": still here\n\n"
            else:
                yield f"event: change\nid: {number}\ndata: {number}\n\n"
                seen = number
