"""The server: opens its sockets, serves, drains, stops."""

from __future__ import annotations

import sys
import threading
import traceback as tracebacks
from typing import TYPE_CHECKING

from cherrypy.http.dates import format_http_date
from cherrypy.httpd.baton import Baton
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.listeners import Acceptor, open_listener
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.schedule import Schedule

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
        self.version = (1, 0) if protocol_version == "HTTP/1.0" else (1, 1)
        self.date: Callable[[], bytes] | None = _date
        self.heads = HeadReader(self.limits)
        self.environs: dict[tuple[str, int], Environ] = {}
        self.scheme = "http"
        self.secure = False
        self.draining = False
        self.upload_places = max(1, threads // 2)
        self.ready = False
        self.interrupt: BaseException | None = None
        self._stopped = threading.Event()

    def log(self, message: str, level: int = 40, traceback: bool = False) -> None:
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
        self.baton = Baton(self)
        self.acceptor = Acceptor(self, [sock])
        self.acceptor.begin()
        self.schedule = Schedule(
            self.threads,
            "HTTP worker",
            lambda error: self.log(repr(error), traceback=True),
        )

    @property
    def bound_addr(self):
        return self.acceptor.listeners[0].local

    def serve(self) -> None:
        for _ in range(self.threads + 1):
            self.schedule.hire()
        self.schedule.put(self.baton)
        self.ready = True
        self._stopped.wait()

    def start(self) -> None:
        self.prepare()
        self.serve()

    def stop(self) -> None:
        self._stopped.set()
