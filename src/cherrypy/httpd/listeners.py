"""Sockets that clients connect to: TCP, Unix, and those that others opened for us."""

from __future__ import annotations

import errno
import logging
import os
import socket
import stat
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cherrypy.httpd.server import HTTPServer

__all__ = ["Acceptor", "BindAddress", "open_listeners", "raise_descriptor_limit"]

BindAddress: TypeAlias = "tuple[str, int] | str | socket.socket"
"""Host and port, the path of a Unix socket, or a socket that is listening."""

_FIRST_PASSED = 3  # the first descriptor of a service manager

_ACCEPT_AT_ONCE = 64  # then existing connections get their turn

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_SECONDS = 1.0  # unless a connection is closed before
_COMPLAIN_SECONDS = 10.0


def open_listeners(
    addresses: BindAddress | Sequence[BindAddress],
    *,
    backlog: int,
    nodelay: bool,
    reuse_port: bool,
    patience_seconds: float = 0.0,
) -> list[socket.socket]:
    """Return listening sockets that do not block.

    Args:
        addresses: One or several.
        backlog: New connections that the kernel keeps until they are accepted.
        nodelay: Whether small packets leave at once (``TCP_NODELAY``).
        reuse_port: Whether other processes may listen at the same port.
        patience_seconds: How long the kernel offers the rest of an answer to a client
            that takes nothing of it, even after our close. 0: some minutes.

    Raises:
        OSError: An address is not available; nothing is left open then.
    """
    if isinstance(addresses, (str, tuple, socket.socket)):
        addresses = [addresses]
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            for sock in _open(address, reuse_port=reuse_port):
                sockets.append(sock)
                sock.listen(backlog)
                sock.setblocking(False)
                if sock.family in (socket.AF_INET, socket.AF_INET6):
                    _tune(sock, nodelay, patience_seconds)
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _tune(sock: socket.socket, nodelay: bool, patience_seconds: float) -> None:
    """Set what connections inherit from their listener."""
    if nodelay:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # What the kernel has taken of an answer is not ours any more: only the kernel can
    # notice that the client does not take it.
    timeout = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux
    if timeout is not None:
        milliseconds = min(int(patience_seconds * 1000), 2**31 - 1)
        sock.setsockopt(socket.IPPROTO_TCP, timeout, milliseconds)


def _open(address: BindAddress, *, reuse_port: bool) -> list[socket.socket]:
    """Return sockets that are bound."""
    if isinstance(address, socket.socket):
        # A copy, so that the one we were given can serve once more after a restart.
        return [address.dup()]
    passed = _passed_sockets()
    if passed:
        return passed
    if isinstance(address, str):
        return [_bind_unix(address)]
    return [_bind_tcp(address, reuse_port=reuse_port)]


def _passed_sockets() -> list[socket.socket]:
    """Return copies of the sockets that a service manager has opened for us.

    See sd_listen_fds(3). A variable that a parent process left behind means nothing.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS") or 1)
    return [socket.socket(fileno=os.dup(_FIRST_PASSED + n)) for n in range(count)]


def raise_descriptor_limit() -> None:
    """Allow this process as many descriptors as the system lets it have.

    The soft limit is often 1,024, for the sake of programs that use `select`.
    """
    try:
        import resource  # lazy: there is none on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


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

    def __init__(self, server: HTTPServer, sockets: list[socket.socket]) -> None:
        self.server = server
        self.paused: bool = False
        """Nothing is accepted for the time being: descriptors have run out."""
        self.listeners: list[_Listener] = [_Listener(self, sock) for sock in sockets]
        given = server.bind_addr
        addresses = given if isinstance(given, (list, tuple)) else [given]
        # The files of Unix sockets that we made are ours to remove.
        self.made: set[str] = {each for each in addresses if isinstance(each, str)}
        self._resume_at = 0.0
        self._complain_at = 0.0

    def begin(self) -> None:
        """Have the listeners polled."""
        self.paused = False
        for listener in self.listeners:
            self.server.baton.watch(listener.sock.fileno(), listener)

    def full(self) -> bool:
        """Tell whether there are as many connections as there may be."""
        most = self.server.limits.connections
        return 0 < most <= len(self.server.baton.connections)

    def pause(self, reason: object = None) -> None:
        """Accept nothing until a connection is closed, or for a while."""
        if self.paused:
            return
        self.paused = True
        for listener in self.listeners:
            self.server.baton.ignore(listener.sock.fileno())
        now = monotonic()
        self._resume_at = now + _PAUSE_SECONDS
        if reason is not None and now >= self._complain_at:
            self._complain_at = now + _COMPLAIN_SECONDS
            self.server.error_log(
                f"No new connections can be accepted for now: {reason}", logging.ERROR
            )

    def resume(self) -> None:
        """Accept again after a pause, if there is room."""
        if self.paused and self.listeners and not self.full():
            self.begin()

    def tick(self, now: float) -> None:
        """Take note of the time; called about once a second."""
        if self.paused and now >= self._resume_at:
            self.resume()

    def end(self) -> None:
        """Accept who has come until now, and then close the listeners."""
        for listener in self.listeners:
            listener.accept_all()
            self.server.baton.ignore(listener.sock.fileno())
            listener.close()
        self.listeners = []


class _Listener:
    """One listening socket."""

    def __init__(self, acceptor: Acceptor, sock: socket.socket) -> None:
        self.acceptor = acceptor
        self.sock = sock
        name = sock.getsockname()
        self.local: tuple[str, int] = ("", 0)
        self.address: tuple[str, int] | str = name
        if isinstance(name, tuple):
            self.address = self.local = (name[0], name[1])

    def ready(self, mask: int, /) -> None:
        """Accept who waits, though not for ever."""
        for _ in range(_ACCEPT_AT_ONCE):
            if self.acceptor.full():
                self.acceptor.pause()
                return
            if not self._accept():
                return

    def accept_all(self) -> None:
        """Accept everybody whom the kernel has let in."""
        while self._accept():
            pass

    def _accept(self) -> bool:
        """Accept one connection; return whether there may be another."""
        server = self.acceptor.server
        try:
            sock, address = self.sock.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self.acceptor.pause(error)
                return False
            # The client has gone again before we came (ECONNABORTED and the like).
            return error.errno != errno.EBADF
        sock.setblocking(False)
        remote = (address[0], address[1]) if isinstance(address, tuple) else ("", 0)
        connection = server.connect(sock, remote, self.local)
        if server.counting is not None:
            server.counting.accepted(connection)
        server.baton.adopt(connection)
        return True

    def close(self) -> None:
        """Close the socket; a Unix socket that we made leaves no file behind."""
        self.sock.close()
        if isinstance(self.address, str) and self.address in self.acceptor.made:
            with suppress(OSError):
                os.unlink(self.address)
