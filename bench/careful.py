"""Clients that notice every request whose answer does not come.

Each has one request under way at any time, and never two, so that nothing is left
unclear when the server ends. What becomes of a request is one of these:

answered
    The whole answer came.
cut
    A part of the answer came, and then the end of the connection.
lost
    Not a byte came, on a connection that had had answers before and on which the server
    had not said ``Connection: close``. (After that word no request is sent.)
refused
    Not a byte came, on a connection that was new. Until the server stops listening the
    kernel makes connections on its own; those that it has made and the server has not
    accepted end so. The client may ask elsewhere without risk. Whether the server has
    read such a request after all shows in its log: see `Careful.run`.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clients import begin_to_connect, new_client

if TYPE_CHECKING:
    import socket

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass(eq=False)
class _Client:
    path: str
    sock: socket.socket | None = None
    wire: bytes = b""
    received: bytearray = field(default_factory=bytearray)
    asking: bool = False
    answers: int = 0
    """Given on the present connection."""


class Careful:
    """Clients that ask again as soon as they are answered.

    Attributes:
        fates: How many requests met which end.
    """

    def __init__(self, port: int, paths: list[str]) -> None:
        self.fates: Counter[str] = Counter()
        self._port = port
        self._clients = [_Client(path) for path in paths]
        self._selector = selectors.DefaultSelector()
        self._ending = False

    def run(self, seconds: float) -> None:
        """Ask for so long; the log of the server must have as many lines then."""
        if not self._clients[0].sock:
            for client in self._clients:
                self._connect(client)
        self._work(time.monotonic() + seconds)

    def end(self, seconds: float) -> bool:
        """Go on until nobody lets us in any more; tell whether that came to be."""
        self._ending = True
        self._work(time.monotonic() + seconds)
        left = [client for client in self._clients if client.sock is not None]
        for client in left:
            self.fates["hanging"] += 1
            self._leave(client)
        self._selector.close()
        return not left

    def _work(self, until: float) -> None:
        while (now := time.monotonic()) < until and self._selector.get_map():
            for key, mask in self._selector.select(until - now):
                client: _Client = key.data
                if mask & selectors.EVENT_WRITE:
                    self._send(client)
                else:
                    self._receive(client)

    def _connect(self, client: _Client) -> None:
        client.answers = 0
        client.sock = new_client()
        try:
            begin_to_connect(client.sock, self._port)
        except OSError:
            client.sock.close()
            client.sock = None
            return
        self._selector.register(client.sock, selectors.EVENT_WRITE, client)
        self._ask(client)

    def _ask(self, client: _Client) -> None:
        client.wire = f"GET {client.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        client.received.clear()
        client.asking = False
        if client.answers:
            self._send(client)

    def _send(self, client: _Client) -> None:
        assert client.sock is not None
        try:
            client.sock.send(client.wire)
        except BlockingIOError:
            return
        except OSError as error:
            if client.answers == 0 and isinstance(error, ConnectionRefusedError):
                self._leave(client)  # nobody listens: the server has ended
            else:
                client.asking = True
                self._over(client)
            return
        client.asking = True
        if client.answers == 0:
            self._selector.modify(client.sock, selectors.EVENT_READ, client)

    def _receive(self, client: _Client) -> None:
        assert client.sock is not None
        try:
            data = client.sock.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._over(client)
            return
        client.received += data
        end = client.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(client.received[: end + 2])
        length = _LENGTH.search(head)
        wanted = end + 4 + (int(length[1]) if length else 0)
        if len(client.received) < wanted:
            return
        good = head.startswith(b"HTTP/1.1 200 ") and len(client.received) == wanted
        self.fates["answered" if good else f"wrong: {head[:40]!r}"] += 1
        client.answers += 1
        if _CLOSE.search(head):
            self._leave(client)
            self._connect(client)
        else:
            self._ask(client)

    def _over(self, client: _Client) -> None:
        """The connection has ended while a request was under way."""
        if client.received:
            self.fates["cut"] += 1
        else:
            self.fates["lost" if client.answers else "refused"] += 1
        self._leave(client)
        self._connect(client)

    def _leave(self, client: _Client) -> None:
        assert client.sock is not None
        with contextlib.suppress(KeyError):
            self._selector.unregister(client.sock)
        client.sock.close()
        client.sock = None
