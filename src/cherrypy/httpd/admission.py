"""Which requests may wait for a worker, and what the others are told."""

from __future__ import annotations

import math
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING

from cherrypy.httpd.protocols.events import RequestRefused
from cherrypy.httpd.protocols.http1 import plain_answer

if TYPE_CHECKING:
    from cherrypy.httpd.connection import Connection
    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.server import HTTPServer

__all__ = ["Admission"]

_BUSY = "The server is busy. Please try again later."
_NEVER = math.inf


class Admission:
    """The door between connections and workers. Any thread may come.

    A request whose body is too large to be gathered beforehand makes its worker wait
    for the client. At most half of the workers may be in that position, or a few
    clients that send a byte now and then would stop everybody.

    Args:
        server: The server.
    """

    def __init__(self, server: HTTPServer) -> None:
        self._schedule = server.schedule
        self._queue_length = server.limits.queue_length
        self._places = max(1, server.threads // 2)
        # Guards the two below. The holder comes, and workers at the end of a body.
        self._lock = Lock()
        self._taken = 0
        self._waiting: deque[Exchange] = deque()

    def offer(self, exchange: Exchange) -> None:
        """Queue a request, or tell the client to come again."""
        if exchange.streamed:
            with self._lock:
                if self._taken >= self._places:
                    self._waiting.append(exchange)
                    return
                self._taken += 1
        self._queue(exchange)

    def _queue(self, exchange: Exchange) -> None:
        exchange.connection.deadline = _NEVER
        schedule = self._schedule
        if 0 <= self._queue_length <= len(schedule.ready) and not schedule.idle:
            self.turn_away(exchange)
        else:
            schedule.put(exchange)

    def give_up(self, connection: Connection) -> None:
        """Turn away a request that has waited too long for its body to be read."""
        with self._lock:
            for exchange in self._waiting:
                if exchange.connection is connection:
                    self._waiting.remove(exchange)
                    break
            else:
                return  # a worker has just taken it
        self.turn_away(exchange)

    def end(self) -> None:
        """Close those who still wait; nobody will serve them. The serving thread."""
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for exchange in waiting:
            exchange.connection.close()

    def body_ended(self) -> None:
        """Take note that a worker does not wait for the bytes of a body any more."""
        with self._lock:
            if not self._waiting:
                self._taken -= 1
                return
            exchange = self._waiting.popleft()
        self._queue(exchange)

    def turn_away(self, exchange: Exchange) -> None:
        """Answer 503: there is nobody to serve this request."""
        wire = plain_answer(
            503,
            _BUSY,
            headers=((b"Retry-After", b"1"),),
            with_body=exchange.head.method != "HEAD",
        )
        exchange.connection.conclude(wire, RequestRefused(503, _BUSY))
