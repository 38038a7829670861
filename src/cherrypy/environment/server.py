"""The settings of an HTTP server, and the server made from them.

Every config key ``server.X`` is the attribute ``X`` of a `Server`. The site has one;
more are made and subscribed by hand::

    server = Server()
    server.socket_port = 8090
    server.subscribe()
"""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current, outside
from cherrypy.core.unrepr import attributes
from cherrypy.environment import gateways
from cherrypy.httpd.schedule import Worker
from cherrypy.process.servers import ServerAdapter, server_url
from cherrypy.process.wspbus import at_priority, bus

if TYPE_CHECKING:
    import ssl

    from cherrypy.process.wspbus import Bus

__all__ = ["Server"]

_ANY_ADDRESS = ("0.0.0.0", "::")


class Server(ServerAdapter):
    """A listening address with all its settings, on the bus.

    The HTTP server is made when this is started, from the settings of that moment.
    Attributes that are not documented here are kept, for applications to use.

    Args:
        bus: The bus to follow; by default the one of the process.
    """

    socket_port: int | None = 8080
    """The TCP port to listen on; 0 for any free one, which `bound_addr` then tells."""

    socket_file: str | os.PathLike[str] | None = None
    """The path of a Unix socket to listen on, instead of host and port. Everybody who
    may see the path may connect."""

    socket_queue_size: int = 1024
    """How many connections the system keeps until the server accepts them."""

    socket_timeout: float | None = 10
    """Seconds that a client may be silent: before a request, within one, while it
    reads the answer. None for a day."""

    accepted_queue_size: int = -1
    """How many requests may wait for a thread; beyond, 503. -1 for no limit."""

    accepted_queue_timeout: float = 10
    """Seconds that a request may wait to get into that queue."""

    shutdown_timeout: float = 5
    """Seconds that pages have to finish when the server stops."""

    protocol_version: str = "HTTP/1.1"
    """The highest version to speak, and the one in status lines."""

    thread_pool: int = 10
    """How many threads run pages, at least."""

    thread_pool_max: int = -1
    """How many threads run pages, at most; -1 for no limit."""

    max_request_header_size: int = 500 * 1024
    """Bytes in a request head; beyond, 413 (414 in the request line). 0: no limit."""

    max_request_body_size: int = 100 * 1024 * 1024
    """Bytes in a request body; beyond, 413. 0: no limit."""

    instance: Any = None
    """The HTTP server to use: an object, or the dotted name of a class or function
    that makes one when called with this object."""

    ssl_context: ssl.SSLContext | None = None
    """How to speak TLS, if the settings below do not say enough."""

    ssl_certificate: str | None = None
    """The file with the certificate (PEM). With it the server speaks https."""

    ssl_certificate_chain: str | None = None
    """The file with the certificates between that one and the root (PEM)."""

    ssl_private_key: str | None = None
    """The file with the private key of the certificate (PEM)."""

    ssl_ciphers: str | None = None
    """The ciphers to offer, as OpenSSL names them."""

    ssl_module: str = "builtin"
    """Accepted for old configs: TLS is that of the standard library."""

    statistics: bool = False
    """Whether the server counts what it does, for ``tools.cpstats``."""

    nodelay: bool = True
    """Whether small answers are sent at once (TCP_NODELAY)."""

    wsgi_version: tuple[Any, int] = (1, 0)
    """The version of WSGI to speak; there is only one left."""

    peercreds: bool = False
    """Whether to ask for the process at the other end of a Unix socket, for
    X_REMOTE_PID, X_REMOTE_UID and X_REMOTE_GID in the WSGI environ."""

    peercreds_resolve: bool = False
    """Whether to look up the names too, for X_REMOTE_USER, X_REMOTE_GROUP and
    REMOTE_USER."""

    def __init__(self, bus: Bus = bus) -> None:
        self._socket_host: str | None = "127.0.0.1"
        super().__init__(bus)
        # The HTTP server that was made by us, and from which dotted name, if from one:
        # it is made anew at the next start.
        self._made: Any = None
        self._dotted: str | None = None
        # Where that one was last seen listening.
        self._bound: Any = None

    @property
    def socket_host(self) -> str | None:
        """The name or address to listen on; '0.0.0.0' for all of IPv4, '::' for all.

        Raises:
            ValueError: It is set to '', which some programs take for all.
        """
        return self._socket_host

    @socket_host.setter
    def socket_host(self, value: str | None) -> None:
        if value == "":
            raise ValueError(
                "The empty string ('') is not an allowed value. Use '0.0.0.0' instead "
                "to listen on all active interfaces (INADDR_ANY)."
            )
        self._socket_host = value

    @property
    def bind_addr(self) -> Any:
        """Where to listen: host and port, the path of a Unix socket, or None.

        Raises:
            ValueError: It is set to something else.
        """
        if self.socket_file:
            return os.fspath(self.socket_file)
        if self.socket_host is None and self.socket_port is None:
            return None
        return (self.socket_host, self.socket_port)

    @bind_addr.setter
    def bind_addr(self, value: Any) -> None:
        if value is None:
            self.socket_file = self.socket_host = self.socket_port = None
        elif isinstance(value, str | os.PathLike):
            self.socket_file = value
            self.socket_host = self.socket_port = None
        else:
            try:
                self.socket_host, self.socket_port = value
            except (TypeError, ValueError):
                raise ValueError(
                    "bind_addr must be a (host, port) tuple (for TCP sockets) or a "
                    f"string (for Unix domain sockets), not {value!r}"
                ) from None
            self.socket_file = None

    def httpserver_from_self(self, httpserver: Any = None) -> tuple[Any, Any]:
        """Return an HTTP server for these settings, and where it shall listen.

        Args:
            httpserver: A server, or the dotted name of what makes one; by default
                `instance`, and if that is None, one of ours.

        Raises:
            ImportError: The dotted name is wrong.
            AttributeError: Likewise.
        """
        if httpserver is None:
            httpserver = self.instance
        if httpserver is None:
            httpserver = gateways.CPHTTPServer(self)
        elif isinstance(httpserver, str):
            httpserver = attributes(httpserver)(self)
        return httpserver, self.bind_addr

    @at_priority(75)
    def start(self) -> None:
        """Start the HTTP server, made from these settings if there is none yet.

        Raises:
            OSError: The address cannot be listened on.
            Exception: Whatever made the server fail.
        """
        if not self.running:
            self._make()
        super().start()

    def _make(self) -> None:
        """Make the HTTP server from these settings, unless we were given one."""
        given = self.httpserver
        if given is None or isinstance(given, str):
            self._dotted = given
        elif given is not self._made:
            return
        made, self.bind_addr = self.httpserver_from_self(self._dotted)
        self.httpserver: Any = made
        self._made = made
        self._bound = None

    def _is_ours(self) -> bool:
        return isinstance(self.httpserver, gateways.SettingsServer)

    def _knock(self, host: str, port: int) -> None:
        # Our server listens when it says so; asking would count as a connection.
        if not self._is_ours():
            super()._knock(host, port)

    def _is_serving_us(self) -> bool:
        # A coroutine is a page too, and runs in a thread that is nobody's worker; a
        # foreign application has a worker, but no request of ours.
        return current.get() is not outside or isinstance(
            threading.current_thread(), Worker
        )

    @property
    def bound_addr(self) -> Any:
        """Where the server listens, with the real port where port 0 was asked for.

        After it has stopped, where it listened.
        """
        if not self._is_ours():
            return super().bound_addr
        if self.httpserver.ready:
            self._bound = self.httpserver.bound_addr
        return self._bound or self.bind_addr

    @property
    def secure(self) -> bool:
        """Whether the server speaks https."""
        return bool(self.ssl_certificate or self.ssl_context)

    def base(self) -> str:
        """Return the beginning of URLs that lead here: scheme, host and port.

        For a server on all interfaces, the name of this machine.
        """
        address = self.bound_addr
        if isinstance(address, str):
            return address
        host, port = address or (None, None)
        if host is None or host in _ANY_ADDRESS:
            # The host name is a guess, but it beats an address nobody can connect to.
            host = socket.gethostname()
        return server_url(host, port or self.socket_port or 0, self.secure)
