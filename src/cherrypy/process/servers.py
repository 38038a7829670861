"""Any HTTP server as a service on the bus.

`ServerAdapter` starts a server in a thread of its own, waits until it listens, and
stops it with the bus. Several may be subscribed; each has its own address::

    one = ServerAdapter(bus, MyWSGIServer(host="0.0.0.0", port=80), ("0.0.0.0", 80))
    two = ServerAdapter(bus, another.HTTPServer(port=443), ("127.0.0.1", 443))
    one.subscribe()
    two.subscribe()
    bus.start()

FastCGI, SCGI and CGI servers of the package ``flup`` have wrappers here that make them
such servers.
"""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cherrypy._legacy import lender
from cherrypy.process.respawn import sockets_passed_in
from cherrypy.process.wspbus import Explained, at_priority

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.process.wspbus import Bus

__all__ = [
    "CannotListen",
    "FlupCGIServer",
    "FlupFCGIServer",
    "FlupSCGIServer",
    "ServerAdapter",
    "Timeouts",
    "check_port",
    "client_host",
    "server_url",
    "wait_for_free_port",
    "wait_for_occupied_port",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


_POLL_SECONDS = 0.02
"""Between two looks at a server that is about to be ready, or a port to be free."""


class Timeouts:
    """How long to wait for a port, in seconds."""

    occupied: float = 5
    """For a server that says it is ready to answer at its address."""

    free: float = 1
    """For the one who listened there before to go away."""


class ServerAdapter:
    """Lets a server follow the bus.

    Args:
        bus: The bus to follow.
        httpserver: Any object with ``start()``, which serves until it is stopped,
            ``stop()``, and the attribute ``ready``, true while it serves.
        bind_addr: Where it listens: a pair of host and port, the path of a unix
            socket, or None if nobody knows. It is only used to wait and to tell.
    """

    bind_addr: Any = None
    """Where the server listens."""

    httpserver: Any = None
    """The server."""

    interrupt: BaseException | None = None
    """What ended the server against its will."""

    running: bool = False
    """Whether the server was started and not yet stopped."""

    def __init__(self, bus: Bus, httpserver: Any = None, bind_addr: Any = None) -> None:
        self.bus = bus
        self.httpserver = httpserver
        if bind_addr is not None:
            self.bind_addr = bind_addr
        self.interrupt = None
        self.running = False
        self._thread: threading.Thread | None = None

    def subscribe(self) -> None:
        """Start and stop with the bus."""
        self.bus.subscribe("start", self.start)
        self.bus.subscribe("stop", self.stop)

    def unsubscribe(self) -> None:
        """Undo `subscribe`."""
        self.bus.unsubscribe("start", self.start)
        self.bus.unsubscribe("stop", self.stop)

    @at_priority(75)
    def start(self) -> None:
        """Start the server and wait until it listens.

        Raises:
            ValueError: There is no server to start.
            OSError: Somebody else listens at the address.
            Exception: Whatever made the server fail.
        """
        if self.running:
            self.bus.log(f"Already serving on {self.description}")
            return
        if not self.httpserver:
            raise ValueError("No HTTP server has been created.")
        self.interrupt = None
        address = self.bind_addr
        if isinstance(address, tuple) and not _activated():
            _check_number(address[1])
            wait_for_free_port(address[0], address[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.name = f"HTTPServer {self._thread.name}"
        self._thread.start()
        try:
            self.wait()
            self.running = True
            self._pass_on()
        except BaseException as problem:
            self.running = False
            # A thread that nobody stops would keep the process from ending.
            if self._thread.is_alive():
                self.httpserver.stop()
            _raise_explained(problem, address)
            raise
        self.bus.log(f"Serving on {self.description}")

    def _serve(self) -> None:
        """Let the server serve; what ends it against its will is kept and told."""
        try:
            self.httpserver.start()
        except KeyboardInterrupt as interrupt:
            self._end_badly(interrupt, "<Ctrl-C> hit: shutting down HTTP server")
        except SystemExit as interrupt:
            self._end_badly(interrupt, "SystemExit raised: shutting down HTTP server")
        except BaseException as interrupt:  # boundary: the end of a thread
            refused = _refusal(interrupt, self.bind_addr) and not self.running
            self._end_badly(
                interrupt,
                "Error in HTTP server: shutting down",
                logging.WARNING if refused else logging.ERROR,
            )

    def _end_badly(
        self, interrupt: BaseException, message: str, level: int = 20
    ) -> None:
        self.bus.log(message, level, level == logging.ERROR)
        # In this order: `start` does it the other way round, so one of us sees it.
        self.interrupt = interrupt
        if self.running:
            self.bus.exit()

    def _pass_on(self) -> None:
        """Raise what ended the server against its will."""
        if self.interrupt is not None:
            raise self.interrupt

    def wait(self) -> None:
        """Wait until the server listens.

        Raises:
            OSError: It says that it is ready, but nobody answers at its address.
            RuntimeError: It ended without an error and without ever being ready.
            Exception: Whatever made the server fail.
        """
        while not getattr(self.httpserver, "ready", False):
            if self._thread is not None and not self._thread.is_alive():
                self._pass_on()
                raise RuntimeError(
                    f"The HTTP server {self.httpserver} ended before it was ready."
                )
            time.sleep(_POLL_SECONDS)
        if isinstance(self.bind_addr, tuple) and not _activated():
            self._knock(self.bound_addr[0], self.bound_addr[1])

    def _knock(self, host: str, port: int) -> None:
        """Wait until somebody answers at the address."""
        try:
            wait_for_occupied_port(host, port)
        except OSError as silence:
            if client_host(host) == host:
                raise
            # That it cannot be reached from here means little for an any-address.
            self.bus.log(
                f"Unable to verify that the server listens: {silence}", logging.WARNING
            )

    @at_priority(25)
    def stop(self) -> None:
        """Stop the server and wait until its address is free."""
        if not self.running:
            self.bus.log(f"HTTP Server {self.httpserver} already shut down")
            return
        if self._is_serving_us():
            # The server waits for its pages, so none of them may wait for the server;
            # `Bus.block` waits for this thread.
            threading.Thread(target=self.httpserver.stop, name="HTTPServer end").start()
        else:
            address = self.bound_addr
            self.httpserver.stop()
            self._wait_for_end(address)
        self.running = False
        self.bus.log(f"HTTP Server {self.httpserver} shut down")

    def _is_serving_us(self) -> bool:
        """Tell whether the present thread runs a page of this server, if we know."""
        return False

    def _wait_for_end(self, address: Any) -> None:
        """Wait until a server that was told to stop is gone."""
        if isinstance(address, tuple) and not _activated():
            try:
                wait_for_free_port(address[0], address[1])
            except OSError:
                self.bus.log(
                    f"Our server has stopped, but somebody listens on {address!r}.",
                    logging.WARNING,
                )
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(Timeouts.occupied)

    def restart(self) -> None:
        """Stop the server and start it again."""
        self.stop()
        self.start()

    @property
    def bound_addr(self) -> Any:
        """Where the server listens, with the real port where port 0 was asked for."""
        address = self.bind_addr
        if isinstance(address, tuple) and address[1] == 0:
            bound = getattr(self.httpserver, "bound_addr", None)
            if bound is None and getattr(self.httpserver, "socket", None):
                bound = self.httpserver.socket.getsockname()
            if bound is not None:
                return (address[0], bound[1])
        return address

    @property
    def description(self) -> str:
        """Where the server listens, in words."""
        address = self.bound_addr
        if address is None:
            return "unknown interface (dynamic?)"
        if isinstance(address, tuple):
            return server_url(address[0], address[1], self.secure)
        return f"socket file: {address}"

    @property
    def secure(self) -> bool:
        """Whether the server speaks https."""
        return bool(getattr(self.httpserver, "ssl_adapter", None))


def server_url(host: str, port: int, secure: bool) -> str:
    """Return the URL of a server, without a port that goes without saying."""
    scheme, usual = ("https", 443) if secure else ("http", 80)
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}" if port == usual else f"{scheme}://{host}:{port}"


def _activated() -> bool:
    """Tell whether a service manager listens for us."""
    return sockets_passed_in() > 0


def client_host(server_host: str) -> str:
    """Return the host to connect to for a server that listens on `server_host`."""
    if server_host in ("0.0.0.0", ""):
        return "127.0.0.1"
    if server_host in ("::", "::0", "::0.0.0.0"):
        return "::1"
    return server_host


def _answers(host: str, port: int, timeout: float) -> bool:
    try:
        socket.create_connection((client_host(host), port), timeout).close()
    except OSError:
        return False
    return True


def check_port(host: str, port: int, timeout: float = 1.0) -> None:
    """Raise an error if somebody listens at an address.

    Args:
        host: A name or address; an any-address stands for this machine.
        port: The port.
        timeout: Seconds to wait for an answer.

    Raises:
        ValueError: There is no host.
        OSError: Somebody listens there.
    """
    if not host:
        raise ValueError("The host is missing: '' and None are not allowed.")
    if _answers(host, port, timeout):
        raise _occupied(host, port)


class CannotListen(Explained):
    """The server cannot listen where it should; the text says why, and what to do."""


def _check_number(port: object) -> None:
    """Raise an error if a port is none."""
    try:
        right = 0 <= int(port) <= 65535  # type: ignore[call-overload]  # asked just so
    except (TypeError, ValueError):
        right = False
    if not right:
        raise CannotListen(
            f"server.socket_port is {port!r}. Set it to a number from 1 to 65535, or "
            "to 0 for any free port."
        )


def _raise_explained(problem: BaseException, address: Any) -> None:
    """Raise a refusal of the system once more, in words that help; others are left."""
    refusal = _refusal(problem, address)
    if refusal:
        raise CannotListen(problem.args[0], refusal) from problem


def _refusal(problem: BaseException, address: Any) -> str:
    """Return why the system does not let us listen, and what to do; "" if it does."""
    if not isinstance(problem, OSError):
        return ""
    if isinstance(address, str):
        return (
            f"The socket {address!r} cannot be made: {problem.strerror or problem}. "
            "Set server.socket_file to a path in a folder that exists and that the "
            "user who runs the program may write to."
        )
    if not isinstance(address, tuple):
        return ""
    host, port = address[:2]
    if isinstance(problem, PermissionError):
        return (
            f"Port {port!r} is not for ordinary users ({problem.strerror}). Set "
            "server.socket_port to 1024 or higher, or let a proxy or the system's "
            "service manager open it."
        )
    if isinstance(problem, socket.gaierror) or problem.errno == errno.EADDRNOTAVAIL:
        return (
            f"server.socket_host is {host!r}, which is no address of this machine "
            f"({problem.strerror}). Set it to '127.0.0.1' for this machine only, or to "
            "'0.0.0.0' or '::' for everybody."
        )
    if problem.errno == errno.EADDRINUSE:
        # It did not answer when it was asked before: it is busy, or was not there yet.
        return str(_occupied(host, port))
    return ""


def _occupied(host: str, port: int) -> OSError:
    return CannotListen(
        f"Port {port!r} is not free on {host!r}: another program listens there. Stop "
        "it, or set server.socket_port to another port."
    )


def wait_for_free_port(host: str, port: int, timeout: float | None = None) -> None:
    """Wait until nobody listens at an address any more.

    Args:
        host: A name or address; an any-address stands for this machine.
        port: The port; 0, any free port, is always free.
        timeout: Seconds to wait, by default `Timeouts.free`.

    Raises:
        OSError: Somebody still does.
    """
    timeout = Timeouts.free if timeout is None else timeout
    if port and not _poll(lambda: not _answers(host, port, 0.1), timeout):
        raise _occupied(host, port)


def wait_for_occupied_port(host: str, port: int, timeout: float | None = None) -> None:
    """Wait until somebody listens at an address.

    Args:
        host: A name or address; an any-address stands for this machine.
        port: The port.
        timeout: Seconds to wait, by default `Timeouts.occupied`.

    Raises:
        OSError: Nobody does.
    """
    timeout = Timeouts.occupied if timeout is None else timeout
    if not _poll(lambda: _answers(host, port, 1.0), timeout):
        raise OSError(
            f"Nobody listens on port {port!r} of {host!r} after {timeout} seconds."
        )


def _poll(condition: Callable[[], bool], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


class _Flup:
    """A server of the package ``flup``; made when it starts.

    Args:
        args: Those of flup's WSGIServer.
        kwargs: Likewise, such as ``application`` and ``bindAddress``.
    """

    module: str
    """The module of flup that holds the server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs
        self.ready: bool = False
        self._server: Any = None

    def start(self) -> None:
        """Serve until stopped.

        Raises:
            ModuleNotFoundError: flup is not installed.
        """
        try:
            server = import_module(self.module).WSGIServer
        except ModuleNotFoundError as missing:
            raise ModuleNotFoundError(
                f"{type(self).__name__} needs the package flup, which is not "
                "installed. Consider the HTTP server behind a proxy instead.",
                name=missing.name,
            ) from missing
        self._server = server(*self.args, **self.kwargs)
        # Signals belong to the bus, and this is not the main thread.
        self._server._installSignalHandlers = lambda: None
        self._server._oldSIGs = []
        self.ready = True
        self._server.run()

    def stop(self) -> None:
        """Serve no more."""
        self.ready = False
        if self._server is not None:
            self._server._keepGoing = False
            pool = getattr(self._server, "_threadPool", None)
            if pool is not None:
                # Idle threads beyond the spare ones end by themselves.
                pool.maxSpare = pool._idleCount


class FlupCGIServer(_Flup):
    """flup's CGI server: answers one request from the environment and ends."""

    module = "flup.server.cgi"


class FlupFCGIServer(_Flup):
    """flup's FastCGI server."""

    module = "flup.server.fcgi"


class FlupSCGIServer(_Flup):
    """flup's SCGI server."""

    module = "flup.server.scgi"
