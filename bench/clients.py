"""Clients that behave badly, a thousand at a time, in one thread of the bench."""

from __future__ import annotations

import contextlib
import errno
import heapq
import itertools
import selectors
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

STEP_SECONDS = 1.0

# Linux: the port is chosen when the peer is known, so that one source address is good
# for as many connections as there are ports, to every server anew.
_BIND_ADDRESS_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)
_ESTABLISHED = 1  # the first byte of TCP_INFO

_sources = itertools.cycle(f"127.0.0.{number}" for number in range(2, 202))


def new_client(buffer_bytes: int = 0) -> socket.socket:
    """Return a socket that does not block, bound to one of 200 source addresses."""
    client = socket.socket()
    client.setblocking(False)
    with contextlib.suppress(OSError):
        client.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
    if buffer_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    client.bind((next(_sources), 0))
    return client


def begin_to_connect(client: socket.socket, port: int) -> None:
    """Connect without waiting; the outcome shows in the first send."""
    code = client.connect_ex(("127.0.0.1", port))
    if code not in (0, errno.EINPROGRESS):
        raise OSError(code, "the connection failed")


@dataclass(frozen=True)
class Manner:
    """How a client behaves.

    Attributes:
        opening: What it sends first.
        drip: What it sends once a second after that.
        takes: Bytes that it reads once a second; 0: all, as soon as they come.
        buffer_bytes: Its receive buffer; 0: that of the system.
    """

    opening: bytes = b""
    drip: bytes = b""
    takes: int = 0
    buffer_bytes: int = 0


@dataclass(eq=False)
class _Member:
    sock: socket.socket
    unsent: bytes
    order: int = field(default=0)


class Crowd(threading.Thread):
    """So many clients of one manner; one that is thrown out comes again.

    Use it in a ``with`` statement. Times are spread evenly over the second.

    Attributes:
        thrown_out: How often the server has ended a connection.
        answers: How often it did so with which status.
    """

    def __init__(self, port: int, count: int, manner: Manner) -> None:
        super().__init__(daemon=True)
        self.thrown_out = 0
        self.answers: Counter[str] = Counter()
        self._port = port
        self._count = count
        self._manner = manner
        self._members: dict[int, _Member] = {}
        self._due: list[tuple[float, int, _Member | None]] = []
        self._order = itertools.count()
        self._selector = selectors.DefaultSelector()
        self._complete = threading.Event()
        self._ended = threading.Event()

    @property
    def present(self) -> int:
        """How many are connected, or trying to."""
        return len(self._members)

    def __enter__(self) -> Crowd:
        self.start()
        self._complete.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()
        for member in self._members.values():
            member.sock.close()
        self._selector.close()

    def run(self) -> None:
        """Behave badly until the end."""
        start = time.monotonic()
        for number in range(self._count):
            self._schedule(start + number / self._count, None)
        while not self._ended.is_set():
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, _, member = heapq.heappop(self._due)
                if member is None:
                    self._come(now)
                elif self._members.get(member.order) is member:
                    self._step(member, now)
            if len(self._members) >= self._count:
                self._complete.set()
            # Not at every byte: a hundred times a second is often enough.
            for key, _ in self._selector.select(0.01):
                self._hear(key.data)
            time.sleep(0.002)

    def _schedule(self, when: float, member: _Member | None) -> None:
        heapq.heappush(self._due, (when, next(self._order), member))

    def _come(self, now: float) -> None:
        client = new_client(self._manner.buffer_bytes)
        member = _Member(client, self._manner.opening, next(self._order))
        try:
            begin_to_connect(client, self._port)
        except OSError:
            client.close()
            self._schedule(now + STEP_SECONDS, None)
            return
        self._members[member.order] = member
        if not self._manner.takes:
            self._selector.register(client, selectors.EVENT_READ, member)
        self._schedule(now + 0.01, member)

    def _step(self, member: _Member, now: float) -> None:
        """Send what is to be sent, and read what is to be read."""
        try:
            if member.unsent:
                sent = member.sock.send(member.unsent)
                member.unsent = member.unsent[sent:]
            if self._manner.takes and not self._take(member):
                self._go(member, now)
                return
        except BlockingIOError:
            pass
        except OSError:
            self._go(member, now)
            return
        if not member.unsent:
            member.unsent = self._manner.drip
        self._schedule(now + STEP_SECONDS, member)

    def _take(self, member: _Member) -> bool:
        """Read a little; return False when the server has ended the connection."""
        if member.sock.recv(self._manner.takes):
            # What lies in the buffer would hide a reset for many steps more.
            state = member.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
            return state[0] == _ESTABLISHED
        return False

    def _hear(self, member: _Member) -> None:
        """Note what the server says to one who does not wait for an answer."""
        try:
            data = member.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data.startswith(b"HTTP/1."):
            self.answers[data[9:12].decode("latin-1")] += 1
        elif not data:
            self._go(member, time.monotonic())

    def _go(self, member: _Member, now: float) -> None:
        """Leave, and come again."""
        self.thrown_out += 1
        del self._members[member.order]
        if not self._manner.takes:
            self._selector.unregister(member.sock)
        member.sock.close()
        self._schedule(now, None)
