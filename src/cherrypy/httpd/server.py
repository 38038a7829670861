"""The server: opens its sockets, serves, drains, stops."""

from __future__ import annotations

import logging
import sys
import threading
import traceback as tracebacks
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from cherrypy.http.dates import format_http_date
from cherrypy.httpd.admission import Admission
from cherrypy.httpd.baton import Baton
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.listeners import Acceptor, open_listener
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.schedule import Schedule, Worker

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from cherrypy.http.types import Environ
    from cherrypy.httpd.exchange import Handler
    from cherrypy.httpd.listeners import BindAddress

__all__ = ["HTTPServer"]


def _date() -> bytes:
    return format_http_date().encode("ascii")


class HTTPServer:
    """An HTTP server.

    `prepare` opens the sockets, `serve` serves until the end, `start` is both; `stop`
    ends it from any thread. After that it may be started again.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        bind_addr: BindAddress,
        limits: Limits | None = None,
        threads: int = 10,
        backlog: int = 1024,
        nodelay: bool = True,
        reuse_port: bool = False,
        protocol_version: str = "HTTP/1.1",
        server_name: str = "",
        software: str = "",
        shutdown_seconds: float = 5.0,
    ) -> None:
        self.handler = handler
        self.bind_addr = bind_addr
        self.limits = limits or Limits()
        self.threads = threads
        self.backlog = backlog
        self.nodelay = nodelay
        self.reuse_port = reuse_port
        self.server_name = server_name
        self.software = software
        self.shutdown_seconds = shutdown_seconds
        self.version = (1, 0) if protocol_version == "HTTP/1.0" else (1, 1)
        self.date: Callable[[], bytes] | None = _date
        self.heads = HeadReader(self.limits)
        self.environs: dict[tuple[str, int], Environ] = {}
        self.scheme = "http"
        self.secure = False
        self.draining = False
        self.ready = False
        self._interrupt: BaseException | None = None
        self._finished = threading.Event()
        self._finished.set()
        self._serving: threading.Thread | None = None

    def log(
        self, message: str, level: int = logging.ERROR, traceback: bool = False
    ) -> None:
        sys.stderr.write(message + "\n")
        if traceback:
            tracebacks.print_exc()

    def prepare(self) -> None:
        sock = open_listener(
            self.bind_addr,
            backlog=self.backlog,
            nodelay=self.nodelay,
            reuse_port=self.reuse_port,
        )
        self.draining = False
        self._interrupt = None
        self._finished.clear()
        self.schedule = Schedule(self.threads, "HTTP worker", self._report)
        self.admission = Admission(self.schedule, self.limits)
        self.baton = Baton(self)
        self.acceptor = Acceptor(self, [sock])
        self.acceptor.begin()

    def _report(self, error: BaseException) -> None:
        self.log(f"The server failed: {error!r}", traceback=True)

    @property
    def bound_addr(self) -> tuple[str, int]:
        return self.acceptor.listeners[0].local

    @property
    def interrupt(self) -> BaseException | None:
        return self._interrupt

    @interrupt.setter
    def interrupt(self, error: BaseException | None) -> None:
        self._interrupt = error
        if error is not None:
            self._begin_to_stop()

    def serve(self) -> None:
        for _ in range(self.threads + 1):
            self.schedule.hire()
        self.schedule.put(self.baton)
        self.ready = True
        self._serving = threading.current_thread()
        try:
            while True:
                try:
                    self.baton.monitor.watch()
                    break
                except (KeyboardInterrupt, SystemExit) as error:
                    self.interrupt = error
        finally:
            self.ready = False
            self.schedule.dismiss()
            for worker in list(self.schedule.workers):
                worker.join(self.shutdown_seconds)
            self.baton.close()
            self._finished.set()
        if self._interrupt is not None:
            raise self._interrupt

    def start(self) -> None:
        self.prepare()
        self.serve()

    def _begin_to_stop(self) -> None:
        self.draining = True
        self.baton.post(self.baton.drain)

    def stop(self) -> None:
        self._begin_to_stop()
        present = threading.current_thread()
        if present is not self._serving and not isinstance(present, Worker):
            self._finished.wait()
