"""Sockets that clients connect to: TCP, Unix, and those that others opened for us."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from cherrypy.httpd.connection import Connection

if TYPE_CHECKING:
    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.server import HTTPServer

__all__ = ["Acceptor", "BindAddress", "open_listener"]

BindAddress: TypeAlias = "tuple[str, int] | str | socket.socket"
"""Host and port, the path of a Unix socket, or a socket that is listening."""

_ACCEPT_AT_ONCE = 64  # then existing connections get their turn


def open_listener(
    address: BindAddress, *, backlog: int, nodelay: bool, reuse_port: bool
) -> socket.socket:
    """Return a non-blocking listening socket.

    Raises:
        OSError: The address is not available.
    """
    if isinstance(address, socket.socket):
        sock = address
    elif isinstance(address, str):
        sock = _bind_unix(address)
    else:
        sock = _bind_tcp(address, reuse_port=reuse_port)
    try:
        sock.listen(backlog)
        sock.setblocking(False)
        if nodelay and sock.family != getattr(socket, "AF_UNIX", None):
            # Connections inherit it from the listener.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        sock.close()
        raise
    return sock


def _bind_tcp(address: tuple[str, int], *, reuse_port: bool) -> socket.socket:
    host, port = address
    infos = socket.getaddrinfo(
        host or None,
        port,
        socket.AF_UNSPEC,
        socket.SOCK_STREAM,
        0,
        socket.AI_PASSIVE,
    )
    failure: OSError | None = None
    for family, kind, protocol, _, target in infos:
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            failure = error
            continue
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(target)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure or OSError(f"nothing to listen on at {address!r}")


def _bind_unix(path: str) -> socket.socket:
    # The socket that an earlier server left behind would forbid to bind.
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        os.chmod(path, 0o777)  # documented behaviour: whoever may see it may connect
    except OSError:
        sock.close()
        raise
    return sock


class Acceptor:
    """Accepts connections on all listeners of a server.

    The holder of the baton calls its methods.
    """

    def __init__(self, server: HTTPServer, listeners: list[socket.socket]) -> None:
        self.server = server
        self.paused = False
        self.listeners = [_Listener(self, sock) for sock in listeners]

    def begin(self) -> None:
        """Have the listeners polled."""
        for listener in self.listeners:
            self.server.baton.watch(listener.sock.fileno(), listener)

    def resume(self) -> None:
        """Accept again after a pause."""


class _Listener:
    """One listening socket."""

    def __init__(self, acceptor: Acceptor, sock: socket.socket) -> None:
        self.acceptor = acceptor
        self.sock = sock
        name = sock.getsockname()
        self.local = (name[0], name[1]) if isinstance(name, tuple) else (name, 0)

    def ready(self, mask: int) -> Exchange | None:
        server = self.acceptor.server
        now = monotonic()
        for _ in range(_ACCEPT_AT_ONCE):
            try:
                sock, address = self.sock.accept()
            except BlockingIOError:
                break
            except OSError as error:
                break
            sock.setblocking(False)
            remote = address[:2] if isinstance(address, tuple) else ("", 0)
            server.baton.adopt(Connection(server, sock, remote, self.local, now))
        return None
