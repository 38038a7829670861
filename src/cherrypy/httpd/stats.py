"""Counters of a server, in the shape that the cpstats tool shows.

Nothing is counted unless `Stats` is enabled; connections that were open before are not
counted then either, so counting costs the others one look at an attribute.
"""

from __future__ import annotations

import logging
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.httpd.connection import Connection
    from cherrypy.httpd.server import HTTPServer

__all__ = ["Stats", "ThreadStats"]


class ThreadStats(dict[str, Any]):
    """What one worker has done. Only its thread counts here.

    Any: numbers, and functions that work out a number when they are looked at.
    """

    def __init__(self) -> None:
        super().__init__({"Requests": 0, "Work Time": 0.0})


class Stats(dict[str, Any]):
    """What a server has done; the keys are documented behaviour.

    Values are numbers, or functions that take the whole and return a number.
    The holder of the baton counts connections and most bytes; workers count bytes that
    they send, so a few of those may be lost when two do it at the same moment.
    """

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._began = monotonic()
        super().__init__(
            {
                "Enabled": False,
                "Bind Address": lambda stats: repr(server.bind_addr),
                "Run time": lambda stats: self._seconds() if self["Enabled"] else -1,
                "Accepts": 0,
                "Accepts/sec": lambda stats: self["Accepts"] / self._seconds(),
                "Queue": lambda stats: server.waiting,
                "Threads": lambda stats: server.workers,
                "Threads Idle": lambda stats: server.idle_workers,
                "Connections": lambda stats: server.open_connections,
                "Socket Errors": 0,
                "Requests": lambda stats: self._total("Requests"),
                "Bytes Read": 0,
                "Bytes Written": 0,
                "Work Time": lambda stats: self._total("Work Time"),
                "Read Throughput": lambda stats: self._rate("Bytes Read"),
                "Write Throughput": lambda stats: self._rate("Bytes Written"),
                "Worker Threads": {},
            }
        )

    def __setitem__(self, key: str, value: object) -> None:
        """Set a value; ``Enabled`` switches the counting on and off."""
        if key == "Enabled":
            if value and not self["Enabled"]:
                self._began = monotonic()
            self._server.counting = self if value else None
        super().__setitem__(key, value)

    def _seconds(self) -> float:
        return max(monotonic() - self._began, 1e-6)

    def _total(self, key: str) -> float:
        threads: dict[str, ThreadStats] = self["Worker Threads"]
        total: float = sum(counted[key] for counted in list(threads.values()))
        return total

    def _rate(self, key: str) -> float:
        """Return bytes for each second of work."""
        number: float = self[key]
        return number / (self._total("Work Time") or 1e-6)

    def publish(self) -> None:
        """Let `logging.statistics` show these numbers: that is where cpstats looks."""
        vars(logging).setdefault("statistics", {})[self._name] = self

    def withdraw(self) -> None:
        """Undo `publish`."""
        vars(logging).get("statistics", {}).pop(self._name, None)

    @property
    def _name(self) -> str:
        return f"Morello HTTPServer {id(self._server)}"

    def request_done(self, seconds: float) -> None:
        """Count a request; the thread that ran its page calls this."""
        threads: dict[str, ThreadStats] = self["Worker Threads"]
        name = threading.current_thread().name
        counted = threads.get(name)
        if counted is None:
            counted = threads[name] = ThreadStats()
        counted["Requests"] += 1
        counted["Work Time"] += seconds

    def accepted(self, connection: Connection) -> None:
        """Count a new connection, and from now on its bytes. The holder calls this."""
        self["Accepts"] += 1
        self.count_bytes(connection)

    def count_bytes(self, connection: Connection) -> None:
        """Count the bytes of a connection from now on."""
        connection.recv = self._counting_recv(connection.recv)
        sender = connection.sender
        sender.send = self._counting_send(sender.send)

    def _counting_recv(self, recv: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def counted(size: int) -> bytes:
            try:
                data = recv(size)
            except OSError as error:
                self._error(error)
                raise
            self["Bytes Read"] += len(data)
            return data

        return counted

    def _counting_send(self, send: Callable[..., int]) -> Callable[..., int]:
        def counted(data: bytes | memoryview, flags: int = 0) -> int:
            try:
                sent = send(data, flags)
            except OSError as error:
                self._error(error)
                raise
            self["Bytes Written"] += sent
            return sent

        return counted

    def _error(self, error: OSError) -> None:
        if not isinstance(error, BlockingIOError):
            self["Socket Errors"] += 1
