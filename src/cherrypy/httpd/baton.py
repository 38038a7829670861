"""The one thread that polls.

Whoever holds the baton asks which sockets are ready, accepts, reads, parses, keeps the
deadlines, and sends what clients were too slow to take. It waits for nobody but the
poller. Requests that are complete go to the workers (`schedule`).
"""

from __future__ import annotations

import os
import socket
from collections import deque
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from cherrypy.httpd.connection import READING, Connection
from cherrypy.httpd.pollers import READABLE, make_poller
from cherrypy.httpd.protocols.http1 import plain_answer
from cherrypy.httpd.reading import StreamedBody

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.schedule import Worker
    from cherrypy.httpd.server import HTTPServer

__all__ = ["Baton", "Source"]

_EVENTS = 256  # reported by one poll; more wait for the next


class Source(Protocol):
    """Something with a descriptor that the poller watches."""

    def ready(self, mask: int) -> Exchange | None:
        """Act on what the poller reported; the holder of the baton calls this."""


class Baton:
    """The state of polling, independent of the thread that does it.

    Args:
        server: The server.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.poller = make_poller()
        self.sources: dict[int, Source] = {}
        self.connections: dict[int, Connection] = {}
        self._posts: deque[Callable[[], Exchange | None]] = deque()
        self._asleep = False
        self._waker = _Waker(self)
        self._next_sweep = 0.0
        self._sweep_seconds = _sweep_seconds(server)
        # Guards the places for bodies that workers read; the holder and workers come.
        self._upload_lock = Lock()
        self._uploads = 0
        self._waiting_uploads: deque[Exchange] = deque()
        self._stop_at: float | None = None
        self._end_at = 0.0

    # Any thread may call these.

    def post(self, action: Callable[[], Exchange | None]) -> None:
        """Have the holder call something soon."""
        self._posts.append(action)
        if self._asleep:
            self.wake()

    def wake(self) -> None:
        """End the present poll."""
        self._asleep = False
        self._waker.wake()

    def forget(self, connection: Connection) -> None:
        """Report no more events of a connection; its owner calls this to close it."""
        self.sources.pop(connection.fd, None)
        self.connections.pop(connection.fd, None)
        acceptor = self.server.acceptor
        if acceptor.paused:
            self.post(acceptor.resume)

    def offer(self, exchange: Exchange) -> None:
        """Queue a request for the workers, or tell the client to come later."""
        if type(exchange.rfile) is StreamedBody:
            with self._upload_lock:
                if self._uploads >= self.server.upload_places:
                    self._waiting_uploads.append(exchange)
                    return
                self._uploads += 1
        exchange.connection.deadline = float("inf")
        schedule = self.server.schedule
        limit = self.server.limits.queue_length
        if limit >= 0 and len(schedule.ready) >= limit and not schedule.idle:
            self.turn_away(exchange)
        else:
            schedule.put(exchange)

    def upload_ended(self) -> None:
        """Take note that a worker waits for the bytes of a body no more."""
        with self._upload_lock:
            if not self._waiting_uploads:
                self._uploads -= 1
                return
            exchange = self._waiting_uploads.popleft()
        exchange.connection.deadline = float("inf")
        self.server.schedule.put(exchange)

    def turn_away(self, exchange: Exchange) -> None:
        """Answer 503: there is nobody to serve this request."""
        exchange.connection.conclude(
            plain_answer(
                503,
                "The server is busy. Please try again later.",
                headers=((b"Retry-After", b"1"),),
                with_body=exchange.head.method != "HEAD",
            )
        )

    # Only the holder of the baton calls these.

    def perform(self, worker: Worker) -> None:
        """Hold the baton until the server has stopped. A task for a worker."""
        while self._turn(worker):
            pass

    def _turn(self, worker: Worker) -> bool:
        """Do what is to be done now and then poll; return False at the end."""
        posts = self._posts
        for _ in range(len(posts)):
            exchange = posts.popleft()()
            if exchange is not None:
                self.offer(exchange)
        now = monotonic()
        timeout: float | None = None
        if self.connections or self._stop_at is not None:
            if now >= self._next_sweep and not self._sweep(now):
                return False
            timeout = self._next_sweep - now
        self._asleep = True
        if posts:
            timeout = 0
        events = self.poller.poll(timeout, _EVENTS)
        self._asleep = False
        sources = self.sources
        for fd, mask in events:
            source = sources.get(fd)
            if source is not None:
                exchange = source.ready(mask)
                if exchange is not None:
                    self.offer(exchange)
        return True

    def watch(self, fd: int, source: Source) -> None:
        """Report to `source` what can be read from a descriptor."""
        self.sources[fd] = source
        self.poller.register(fd, READABLE)

    def adopt(self, connection: Connection) -> None:
        """Take in a new connection."""
        fd = connection.fd
        self.connections[fd] = connection
        self.sources[fd] = connection
        self.poller.register(fd, READABLE)

    def _sweep(self, now: float) -> bool:
        """Look for deadlines that have passed; return False when all is over.

        Looking at all connections once a second is cheaper than to keep them in the
        order of deadlines that change with every request: 10,000 take half a
        millisecond.
        """
        self._next_sweep = now + self._sweep_seconds
        late = [c for c in list(self.connections.values()) if c.deadline < now]
        for connection in late:
            if connection.deadline < now:
                connection.expire()
        return True

    def close(self) -> None:
        """Give back the descriptors. The serving thread calls this at the end."""
        self._waker.close()
        self.poller.close()


class _Waker:
    """Ends a poll from another thread."""

    def __init__(self, baton: Baton) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        baton.watch(self._reader.fileno(), self)

    def wake(self) -> None:
        with suppress(OSError):
            self._writer.send(b"\0")

    def ready(self, mask: int) -> None:
        with suppress(OSError):
            self._reader.recv(4096)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


def _sweep_seconds(server: HTTPServer) -> float:
    """Return how often deadlines are looked at: a second, or what limits demand."""
    limits = server.limits
    shortest = min(
        limits.header_deadline_seconds,
        limits.idle_seconds,
        limits.read_seconds,
        limits.write_deadline_seconds,
        limits.handshake_seconds,
        limits.linger_seconds,
        limits.queue_seconds,
    )
    return min(1.0, max(shortest / 4, 0.01))
