"""From the settings of a `Server` to an HTTP server that runs.

There are two. `CPHTTPServer` hands each exchange to the application without WSGI in
between; it is the default. `CPWSGIServer` calls the application, or any other WSGI
application, by WSGI::

    cherrypy.server.httpserver = CPWSGIServer(cherrypy.server)
"""

from __future__ import annotations

import logging
import warnings
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.core.error_pages import product_version
from cherrypy.core.native import NativeGateway
from cherrypy.core.wording import explain
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.server import HTTPServer
from cherrypy.httpd.wsgi import WSGIHandler
from cherrypy.process.wspbus import ChannelFailures, Explained

if TYPE_CHECKING:
    from cherrypy.environment.server import Server
    from cherrypy.http.types import WSGIApplication
    from cherrypy.httpd.exchange import Handler
    from cherrypy.httpd.tls import TLSSettings

__all__ = [
    "CPHTTPServer",
    "CPWSGIServer",
    "NativeGateway",
    "SettingsServer",
    "build",
    "limits_for",
    "tls_for",
]


_FOREVER_SECONDS = 86_400.0
"""What None means for a time: longer than any client waits."""


def limits_for(server: Server) -> Limits:
    """Return the bounds that settings ask for.

    Raises:
        OSError: One of them is no number.
    """
    queue = _whole(server, "accepted_queue_size")
    limits = Limits(
        header_bytes=_whole(server, "max_request_header_size"),
        body_bytes=_whole(server, "max_request_body_size"),
        queue_length=queue if queue > 0 else -1,
        queue_seconds=_seconds(server, "accepted_queue_timeout"),
        # documented behaviour: the application sees CONNECT and TRACE too.
        refused_methods=frozenset(),
    )
    return _waiting(limits, _seconds(server, "socket_timeout"))


def _whole(server: Server, name: str) -> int:
    """Return a setting that is a whole number; None is 0."""
    value = getattr(server, name)
    try:
        return int(value or 0)
    except (OverflowError, TypeError, ValueError) as problem:
        raise Explained(
            f"server.{name} is {value!r}. Set it to a whole number, without quotes or "
            f"a unit, such as {getattr(type(server), name)}."
        ) from problem


def _seconds(server: Server, name: str) -> float:
    """Return a setting that is a time; None is for ever."""
    value = getattr(server, name)
    try:
        seconds = _FOREVER_SECONDS if value is None else float(value)
    except (TypeError, ValueError):
        seconds = -1
    if not seconds >= 0:  # or no number at all
        raise Explained(
            f"server.{name} is {value!r}. Set it to a number of seconds, without "
            f"quotes or a unit, such as {getattr(type(server), name)}."
        )
    return min(seconds, _FOREVER_SECONDS)


def _waiting(limits: Limits, seconds: float) -> Limits:
    """Return limits that wait so long for a client, whatever it should be doing."""
    return replace(
        limits,
        header_deadline_seconds=seconds,
        idle_seconds=seconds,
        read_seconds=seconds,
        write_deadline_seconds=seconds,
        handshake_seconds=seconds,
    )


def tls_for(server: Server) -> TLSSettings | None:
    """Return how the server speaks TLS, None for plain HTTP.

    Raises:
        ValueError: ``ssl_module`` is none that there ever was.
        OSError: The certificate cannot be used.
    """
    if not server.secure:
        return None
    if server.ssl_module.lower() == "pyopenssl":
        warnings.warn(
            "server.ssl_module 'pyopenssl' is served by the ssl module of Python; the "
            "other settings keep their meaning. Set it to 'builtin'.",
            DeprecationWarning,
            stacklevel=5,
        )
    elif server.ssl_module.lower() != "builtin":
        problem = ValueError(
            f"server.ssl_module is {server.ssl_module!r}; it can only be 'builtin'."
        )
        explain(problem, "Set it to that, or leave it out.")
        raise problem
    from cherrypy.httpd.tls import TLSSettings  # lazy: ssl takes 10 ms to import

    try:
        return TLSSettings(
            certificate=server.ssl_certificate,
            private_key=server.ssl_private_key,
            chain=server.ssl_certificate_chain,
            ciphers=server.ssl_ciphers,
            context=server.ssl_context,
            log=lambda message: server.bus.log(message, logging.WARNING),
        )
    except OSError as refusal:
        raise Explained(
            refusal.errno,
            f"The certificate cannot be used: {refusal}. Set server.ssl_certificate, "
            "server.ssl_private_key and server.ssl_certificate_chain to PEM files that "
            "belong together and that the user who runs the program may read, and "
            "server.ssl_ciphers to what OpenSSL knows.",
        ) from refusal


def _arguments(server: Server, version: str) -> dict[str, Any]:
    """Return how to call `HTTPServer` for these settings."""
    if server.wsgi_version != (1, 0):
        warnings.warn(
            f"server.wsgi_version is {server.wsgi_version!r}, but there is only WSGI "
            "1.0 left (PEP 3333). Remove the setting.",
            DeprecationWarning,
            stacklevel=4,
        )
    if server.bind_addr is None:
        raise ValueError(
            "There is no address to listen on: set server.socket_host and "
            "server.socket_port, or server.socket_file."
        )
    return {
        "bind_addr": server.bind_addr,
        "limits": limits_for(server),
        "threads": _whole(server, "thread_pool"),
        "max_threads": _whole(server, "thread_pool_max"),
        "tls": tls_for(server),
        "protocol_version": server.protocol_version,
        "server_name": server.socket_host or "",
        "software": f"{version} Server",
        "backlog": _whole(server, "socket_queue_size"),
        "nodelay": server.nodelay,
        "shutdown_seconds": _seconds(server, "shutdown_timeout"),
        "peercreds": server.peercreds,
        "peercreds_resolve": server.peercreds_resolve,
        "statistics": server.statistics,
        "log": server.bus.log,
    }


class SettingsServer(HTTPServer):
    """An HTTP server with the settings of a `Server`.

    Args:
        handler: Answers the exchanges.
        server_adapter: The settings; they are read now and never again.
    """

    present_tree: ClassVar[staticmethod[[], Any]] = staticmethod(lambda: None)
    """Returns the tree that is in force; joined in `cherrypy.environment.site`."""

    present_server: ClassVar[staticmethod[[], Any]] = staticmethod(lambda: None)
    """Returns the default server; joined in `cherrypy.environment.site`."""

    def __init__(self, handler: Handler, server_adapter: Server | None = None) -> None:
        settings: Server = server_adapter or self.present_server()
        self.server_adapter = settings
        self._wsgi_app: WSGIApplication | None = None
        self.version: str = f"CherryPy/{product_version()}"
        super().__init__(handler, **_arguments(settings, self.version))

    def __repr__(self) -> str:
        # documented behaviour: the log shows it.
        module = "_cpwsgi_server" if type(self) is CPWSGIServer else "_cpnative_server"
        address = self.server_adapter.bound_addr
        return f"cherrypy.{module}.{type(self).__name__}({address!r})"

    @property
    def wsgi_app(self) -> Any:
        """The WSGI application that is served; by default the tree that is in force."""
        return self._wsgi_app or self.present_tree()

    @wsgi_app.setter
    def wsgi_app(self, app: WSGIApplication) -> None:
        self._wsgi_app = app
        self.handler: Handler = WSGIHandler(app)

    def worker_ended(self) -> None:
        """Let ``stop_thread`` be published; another thread may get its identity."""
        with suppress(ChannelFailures):  # the bus has logged them
            self.server_adapter.bus.publish("release_thread")

    @property
    def timeout(self) -> float:
        """Seconds that a client may be silent."""
        return self.limits.idle_seconds

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self._use(_waiting(self.limits, seconds))

    @property
    def max_request_body_size(self) -> int:
        """Bytes in a request body; 0 for no limit."""
        return self.limits.body_bytes

    @max_request_body_size.setter
    def max_request_body_size(self, size: int) -> None:
        self._use(replace(self.limits, body_bytes=size))

    def _use(self, limits: Limits) -> None:
        """Let new connections have other limits."""
        self.limits = limits
        self.heads: HeadReader = HeadReader(limits)


class CPHTTPServer(SettingsServer):
    """Hands exchanges to the applications of the tree without WSGI in between.

    WSGI applications in the tree, and middleware, are called by WSGI all the same.

    Args:
        server_adapter: The settings; by default those of ``cherrypy.server``.
    """

    def __init__(self, server_adapter: Server | None = None) -> None:
        settings: Server = server_adapter or self.present_server()
        handler = NativeGateway(self.present_tree, settings.protocol_version)
        super().__init__(handler, settings)


class CPWSGIServer(SettingsServer):
    """Calls a WSGI application, by default the tree of applications.

    Args:
        server_adapter: The settings; by default those of ``cherrypy.server``.
    """

    def __init__(self, server_adapter: Server | None = None) -> None:
        super().__init__(
            WSGIHandler(lambda *call: self.wsgi_app(*call)), server_adapter
        )


def build(server: Server, handler: Handler | None = None) -> SettingsServer:
    """Return an HTTP server with the settings of `server`.

    Args:
        server: The settings.
        handler: Answers the exchanges; by default the applications of the tree do.
    """
    return CPHTTPServer(server) if handler is None else SettingsServer(handler, server)
