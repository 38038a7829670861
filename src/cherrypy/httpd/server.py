"""The server: opens its sockets, serves, drains, stops.

Three kinds of threads take part. The one that calls `HTTPServer.serve` is the monitor
(`rescue`). It starts the workers (`schedule`), of whom one at a time holds the baton
(`baton`): that one polls, and the others run pages.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from cherrypy.http.dates import format_http_date
from cherrypy.httpd.admission import Admission
from cherrypy.httpd.baton import Baton
from cherrypy.httpd.connection import Connection
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.listeners import (
    Acceptor,
    open_listeners,
    raise_descriptor_limit,
)
from cherrypy.httpd.protocols.answers import FramedHeads
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.schedule import Schedule, Worker
from cherrypy.httpd.stats import Stats

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Sequence

    from cherrypy.http.types import Environ
    from cherrypy.httpd.exchange import Handler
    from cherrypy.httpd.listeners import BindAddress
    from cherrypy.httpd.tls import TLSSettings

__all__ = ["BACKLOG", "SWITCH_SECONDS", "HTTPServer"]

BACKLOG = 1024
"""New connections that the kernel keeps until we accept them. A burst of a few hundred
clients is nothing special; what the system allows (somaxconn) is mostly more."""


SWITCH_SECONDS = 0.001
"""A page that computes makes others wait so long for the interpreter, each time.

With Python's own 5 ms, 32 clients beside a page that burns 50 ms were answered 10,600
times a second, 99% of them within 11.9 ms; with this 15,300 times, within 7.6 ms."""

_USUAL_SWITCH_SECONDS = 0.005  # of an interpreter whose program has not set it


class HTTPServer:
    """An HTTP server.

    `prepare` opens the sockets, `serve` serves until the end, `start` does both; `stop`
    ends it, from any thread. After that it may be started again.

    Args:
        handler: Answers exchanges; see `cherrypy.httpd.wsgi.WSGIHandler`.
        bind_addr: Host and port (0: a free one), the path of a Unix socket, a socket
            that is listening, or a list of these.
        limits: The bounds to keep.
        threads: Pages that may run at the same time.
        max_threads: The most threads when pages overstay where they should not; -1
            for no bound.
        tls: How to speak TLS; None for plain HTTP.
        protocol_version: ``HTTP/1.1`` or ``HTTP/1.0``, the most we speak.
        server_name: ``SERVER_NAME`` in environs; the listener's address if empty.
        software: ``SERVER_SOFTWARE`` in environs.
        backlog: New connections that the kernel keeps for us.
        nodelay: Whether small packets leave at once (``TCP_NODELAY``).
        reuse_port: Whether other processes may listen at the same port.
        shutdown_seconds: How long requests may take to end when the server stops.
        peercreds: Whether environs tell the process behind a Unix socket.
        peercreds_resolve: Whether they also tell the names of its user and group.
        switch_seconds: After how long a thread that computes lets another one run, in
            the whole process, while the server runs (`sys.setswitchinterval`). Left
            alone if the program has set it, or if this is 0.
        statistics: Whether to count, and to show it in `logging.statistics`.
        log: Told what should be known: text, level of `logging`, and whether the
            exception being handled belongs to it. Standard error by default.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        bind_addr: BindAddress | Sequence[BindAddress],
        limits: Limits | None = None,
        threads: int = 10,
        max_threads: int = -1,
        tls: TLSSettings | None = None,
        protocol_version: str = "HTTP/1.1",
        server_name: str = "",
        software: str = "",
        backlog: int = BACKLOG,
        nodelay: bool = True,
        reuse_port: bool = False,
        shutdown_seconds: float = 5.0,
        peercreds: bool = False,
        peercreds_resolve: bool = False,
        switch_seconds: float = SWITCH_SECONDS,
        statistics: bool = False,
        log: Callable[[str, int, bool], object] | None = None,
    ) -> None:
        self.handler: Handler = handler
        self.bind_addr = bind_addr
        self.limits: Limits = limits or Limits()
        self.heads: HeadReader = HeadReader(self.limits)
        self.framed: FramedHeads = FramedHeads()
        self.threads: int = max(threads, 1)
        self.max_threads = max_threads
        self.tls = tls
        self.http_version: tuple[int, int] = (
            (1, 0) if protocol_version == "HTTP/1.0" else (1, 1)
        )
        self.server_name = server_name
        self.software = software
        self.backlog = backlog
        self.nodelay = nodelay
        self.reuse_port = reuse_port
        self.shutdown_seconds = shutdown_seconds
        self.peercreds_resolve = peercreds_resolve
        self.identifies: bool = tls is not None or peercreds
        self.date: Callable[[], bytes] | None = _date
        self.environs: dict[tuple[str, int], Environ] = {}
        self.counting: Stats | None = None
        self.stats: Stats = Stats(self)
        self._switch_seconds = switch_seconds
        self._statistics = statistics
        self._log = log
        self.draining: bool = False
        """The server is ending: answers close their connections."""
        self.ready: bool = False
        """The server is listening and serving."""
        self.bound_addr: tuple[str, int] | str | None = None
        """Where the first listener really listens."""
        self._interrupt: BaseException | None = None
        self._serving: threading.Thread | None = None
        # Guards the two below; who prepares, serves or stops comes.
        self._lock = threading.Lock()
        self._open = False
        self._begun = False
        self._finished = threading.Event()

    # Opening and serving

    def prepare(self) -> None:
        """Open the sockets: from now on clients may connect, and wait.

        Raises:
            OSError: An address is not available.
            RuntimeError: The server is open already.
        """
        if self._open:
            raise RuntimeError("the server is running already")
        raise_descriptor_limit()
        sockets = open_listeners(
            self.bind_addr,
            backlog=self.backlog,
            nodelay=self.nodelay,
            reuse_port=self.reuse_port,
            patience_seconds=self.limits.write_deadline_seconds,
        )
        self.draining = False
        self._interrupt = None
        self._begun = False
        self._finished.clear()
        self.environs.clear()
        self.schedule: Schedule = Schedule(self, "HTTPServer worker")
        self.admission: Admission = Admission(self)
        self.baton: Baton = Baton(self)
        self.acceptor: Acceptor = Acceptor(self, sockets)
        self.bound_addr = self.acceptor.listeners[0].address
        self._open = True
        if self._statistics:
            self.stats["Enabled"] = True
            self.stats.publish()

    def serve(self) -> None:
        """Serve until `stop` is called or something interrupts; then drain.

        Raises:
            BaseException: What `interrupt` was set to, such as `KeyboardInterrupt`.
            RuntimeError: `prepare` was not called.
        """
        with self._lock:
            if not self._open or self._begun:
                raise RuntimeError("the server is not prepared to serve")
            self._begun = True
        self._serving = threading.current_thread()
        try:
            self.acceptor.begin()
            for _ in range(self.threads + 1):
                self.schedule.hire()
            self.schedule.put(self.baton)
            self.ready = not self.draining
            with self._switching():
                self._watch()
        finally:
            self._close()
        if self._interrupt is not None:
            raise self._interrupt

    def start(self) -> None:
        """Open the sockets and serve until the end; `prepare` and `serve` in one.

        Raises:
            OSError, RuntimeError, BaseException: As those.
        """
        self.prepare()
        self.serve()

    @contextmanager
    def _switching(self) -> Iterator[None]:
        """Let threads take turns more often than usual."""
        mine = self._switch_seconds
        usual = abs(sys.getswitchinterval() - _USUAL_SWITCH_SECONDS) < 1e-6
        if not (mine and usual):
            yield
            return
        sys.setswitchinterval(mine)
        try:
            yield
        finally:
            sys.setswitchinterval(_USUAL_SWITCH_SECONDS)

    def _watch(self) -> None:
        """Be the monitor until all is over; the user may interrupt, even twice."""
        while True:
            try:
                self.baton.monitor.watch()
            except (KeyboardInterrupt, SystemExit) as error:
                self.interrupt = error
            else:
                return

    # Ending

    def stop(self) -> None:
        """End gracefully, and return when it is done.

        Whoever has connected until now is served; then nobody can connect any more.
        Requests that have begun are answered, idle connections are closed, and after
        `shutdown_seconds` all that is left is cut. Called by a page, it only begins to
        end the server, for the page itself must end first. Any thread may call this,
        as often as it likes.
        """
        with self._lock:
            if not self._open:
                return
            if not self._begun:
                self._begun = True
                self._close()
                return
        self._begin_to_end()
        present = threading.current_thread()
        if present is not self._serving and not isinstance(present, Worker):
            self._finished.wait()

    @property
    def interrupt(self) -> BaseException | None:
        """What ends the server: an exception that `serve` raises when all is over.

        A page that raises `KeyboardInterrupt` or `SystemExit` sets it.
        """
        return self._interrupt

    @interrupt.setter
    def interrupt(self, error: BaseException | None) -> None:
        self._interrupt = error
        if error is not None and self._open:
            self._begin_to_end()

    def _begin_to_end(self) -> None:
        self.ready = False
        self.draining = True
        self.baton.post(self.baton.drain)

    def worker_ended(self) -> None:
        """Do nothing: for subclasses. A worker calls it, last of all, in its thread."""

    def _close(self) -> None:
        """Give everything back: threads, descriptors, files."""
        self.ready = False
        self.acceptor.end()
        self.admission.end()
        self.schedule.dismiss()
        end = monotonic() + 1.0  # those who serve a client that was cut just now
        present = threading.current_thread()
        for worker in list(self.schedule.workers):
            if worker is not present:
                worker.join(max(end - monotonic(), 0.0))
        self.baton.close()
        if self._statistics:
            self.stats.withdraw()
        self._open = False
        self._serving = None
        self._finished.set()

    # For the other rooms of the server

    @property
    def secure(self) -> bool:
        """Connections speak TLS."""
        return self.tls is not None

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "http" if self.tls is None else "https"

    def connect(
        self, sock: socket.socket, remote: tuple[str, int], local: tuple[str, int]
    ) -> Connection:
        """Return a connection for a socket; the holder of the baton calls this."""
        if self.tls is None:
            return Connection(self, sock, remote, local, monotonic())
        from cherrypy.httpd.tls import TLSConnection  # lazy: ssl takes 10 ms to import

        return TLSConnection(self, sock, remote, local, monotonic(), self.tls)

    def error_log(
        self, msg: str = "", level: int = logging.ERROR, traceback: bool = False
    ) -> None:
        """Tell whoever wants to know of something that happened. Any thread.

        Args:
            msg: What happened.
            level: How bad it is, in the numbers of `logging`.
            traceback: Whether the exception being handled belongs to it.
        """
        if self._log is not None:
            self._log(msg, level, traceback)
            return
        if traceback:
            import traceback as tracebacks  # lazy: rarely needed

            msg = f"{msg}\n{tracebacks.format_exc()}"
        sys.stderr.write(msg + "\n")

    @property
    def waiting(self) -> int:
        """Requests that wait for a worker."""
        return len(self.schedule.ready) if self._open else 0

    @property
    def workers(self) -> int:
        """Threads that run pages, or poll."""
        return len(self.schedule.workers) if self._open else 0

    @property
    def idle_workers(self) -> int:
        """Threads that have nothing to do."""
        return len(self.schedule.idle) if self._open else 0

    @property
    def open_connections(self) -> int:
        """Clients that are connected."""
        return len(self.baton.connections) if self._open else 0


# The date of this second; replaced as a whole, so that threads need no lock.
_latest = (0, b"")


def _date() -> bytes:
    """Return the present HTTP-date, for answers that have none."""
    global _latest
    second = int(time.time())
    known, date = _latest
    if second != known:
        date = format_http_date(second).encode("ascii")
        _latest = (second, date)
    return date
