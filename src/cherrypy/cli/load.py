"""A small load generator: connections that ask again as soon as they are answered.

One thread, one selector. `Answers` finds the ends of answers in a stream of bytes and
does no I/O; `Load` asks. It is written for short answers on a quiet network: pages of
one's own, on one's own machine.
"""

from __future__ import annotations

import selectors
import socket
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Answers", "Garbled", "Load", "Question", "Result"]

_CHUNK_BYTES = 256 * 1024
_LONGEST_HEAD_BYTES = 1024 * 1024
_LOOK_SECONDS = 0.05


class Garbled(Exception):
    """What came is no answer of HTTP/1.1."""


@dataclass(frozen=True)
class Question:
    """What is asked, over and over."""

    host: str
    port: int
    message: bytes
    """The whole request."""

    has_body: bool = True
    """Whether answers may have a body; not so for HEAD."""

    server_name: str | None = None
    """The name to ask for by TLS, None for http."""


class Answers:
    """The answers of one connection: bytes in, status codes out.

    Args:
        has_body: Whether answers may have a body.
    """

    def __init__(self, has_body: bool = True) -> None:
        self.has_body = has_body
        self.ends: bool = False
        """Whether the connection ends with the present answer."""
        self._buffer = b""
        self._status = 0
        # Bytes of the body that are still to come; None: chunks, -1: until the end.
        self._missing: int | None = 0
        self._in_body = False

    def feed(self, data: bytes) -> Iterator[int]:
        """Take some bytes and yield the status of each answer that is complete.

        Raises:
            Garbled: It is none.
        """
        self._buffer += data
        while True:
            if not self._in_body and not self._begin():
                return
            if not self._finish():
                return
            self._in_body = False
            yield self._status

    def end(self) -> int | None:
        """Take the end of the stream; return a status if it ends an answer."""
        if self._in_body and self._missing == -1:
            self._in_body = False
            return self._status
        return None

    def _begin(self) -> bool:
        """Read a head, if it is complete."""
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            if len(self._buffer) > _LONGEST_HEAD_BYTES:
                raise Garbled("the head of an answer does not end")
            return False
        line, *lines = head.split(b"\r\n")
        words = line.split(None, 2)
        if (
            len(words) < 2
            or not words[0].startswith(b"HTTP/")
            or not words[1].isdigit()
        ):
            raise Garbled(f"an answer begins with {line[:40]!r}")
        self._status = int(words[1])
        fields = {
            name.strip().lower(): value.strip().lower()
            for name, _, value in (each.partition(b":") for each in lines)
        }
        self._buffer = rest
        if 100 <= self._status < 200:
            return self._begin()
        self.ends = b"close" in fields.get(b"connection", b"") or (
            words[0] == b"HTTP/1.0"
            and b"keep-alive" not in fields.get(b"connection", b"")
        )
        self._missing = self._length(fields)
        self._in_body = True
        return True

    def _length(self, fields: dict[bytes, bytes]) -> int | None:
        if not self.has_body or self._status in (204, 304):
            return 0
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return None
        length = fields.get(b"content-length")
        if length is None:
            self.ends = True
            return -1
        if not length.isdigit():
            raise Garbled(f"an answer has the Content-Length {length!r}")
        return int(length)

    def _finish(self) -> bool:
        """Drop as much of the body as is there; tell whether that was all."""
        if self._missing is None:
            return self._skip_chunks()
        if self._missing == -1:
            self._buffer = b""
            return False
        taken = min(len(self._buffer), self._missing)
        self._buffer = self._buffer[taken:]
        self._missing -= taken
        return self._missing == 0

    def _skip_chunks(self) -> bool:
        while True:
            line, found, rest = self._buffer.partition(b"\r\n")
            if not found:
                return False
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError:
                raise Garbled(f"a chunk begins with {line[:40]!r}") from None
            if size == 0:
                trailers, found, after = rest.partition(b"\r\n")
                while found and trailers:
                    trailers, found, after = after.partition(b"\r\n")
                self._buffer = after if found else self._buffer
                return bool(found)
            if len(rest) < size + 2:
                return False
            self._buffer = rest[size + 2 :]


@dataclass
class Result:
    """What was measured."""

    seconds: float = 0.0
    """From the first question to the last answer that counts."""

    waited_seconds: float = 0.0
    """How much of that the generator had nothing to do."""

    latencies: array[float] = field(default_factory=lambda: array("d"))
    """Seconds from question to answer, in no order."""

    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    received_bytes: int = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def busy(self) -> float:
        """The part of the time in which the generator itself was at work, 0 to 1."""
        return 1 - self.waited_seconds / self.seconds if self.seconds else 0.0

    def quantiles(self, *parts: float) -> list[float]:
        """Return latencies in seconds below which these parts of all answers lie."""
        ordered = sorted(self.latencies)
        last = len(ordered) - 1
        return [ordered[min(int(part * len(ordered)), last)] for part in parts]


class _Client:
    """One connection."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.sock: Any = None
        self.asked_at = 0.0
        self.unsent = b""
        self.waits = False
        self.answers = Answers()

    def connect(self) -> None:
        """Open the connection and ask; a refusal counts as an error."""
        self.sock = self.load.open()
        self.answers = Answers(self.load.question.has_body)
        self.load.selector.register(self.sock, selectors.EVENT_READ, self)
        self.ask()

    def ask(self) -> None:
        self.asked_at = time.perf_counter()
        self.unsent = self.load.question.message
        self.waits = True
        self.send()

    def send(self) -> None:
        """Send as much as goes."""
        try:
            sent = self.sock.send(self.unsent)
        except self.load.wants:
            sent = 0
        self.unsent = self.unsent[sent:]
        events = selectors.EVENT_READ
        if self.unsent:
            events |= selectors.EVENT_WRITE
        if self.load.selector.get_key(self.sock).events != events:
            self.load.selector.modify(self.sock, events, self)

    def receive(self) -> None:
        """Read what has come, note answers and ask again."""
        while True:
            try:
                data = self.sock.recv(_CHUNK_BYTES)
            except self.load.wants:
                return
            self.load.result.received_bytes += len(data)
            if not data:
                status = self.answers.end()
                if status is not None:
                    self.note(status)
                elif self.waits:
                    raise ConnectionError("the connection ended before the answer")
                self.begin_anew()
                return
            for status in self.answers.feed(data):
                self.note(status)
                if self.answers.ends:
                    self.begin_anew()
                    return
                self.ask()
            # Speed: a short read means that there is no more, unless TLS keeps some.
            if len(data) < _CHUNK_BYTES and not self.load.tls:
                return

    def note(self, status: int) -> None:
        """Count an answer."""
        now = time.perf_counter()
        self.load.result.latencies.append(now - self.asked_at)
        self.load.result.statuses[status] += 1
        self.waits = False

    def begin_anew(self) -> None:
        self.close()
        self.connect()

    def close(self) -> None:
        if self.sock is not None:
            self.load.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None


class Load:
    """Asks one question through several connections at once.

    Args:
        question: What to ask.
        connections: How many are open at a time; each has one question under way.
        seconds: How long to ask.
        timeout_seconds: After this an answer counts as missing.
    """

    def __init__(
        self,
        question: Question,
        *,
        connections: int,
        seconds: float,
        timeout_seconds: float = 10.0,
    ) -> None:
        self.question = question
        self.connections = connections
        self.seconds = seconds
        self.timeout_seconds = timeout_seconds
        self.result: Result = Result()
        self.selector: selectors.DefaultSelector = selectors.DefaultSelector()
        self.tls: Any = None
        self.wants: tuple[type[Exception], ...] = (BlockingIOError,)
        if question.server_name is not None:
            import ssl  # lazy: 20 ms, and only for https

            # Mostly it is one's own server, with a certificate that nobody signed.
            self.tls = ssl._create_unverified_context()
            self.wants = (*self.wants, ssl.SSLWantReadError, ssl.SSLWantWriteError)

    def open(self) -> Any:
        """Return a connection that does not block.

        Raises:
            OSError: There is nobody.
        """
        question = self.question
        address = (question.host, question.port)
        sock: Any = socket.create_connection(address, self.timeout_seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:
            sock = self.tls.wrap_socket(sock, server_hostname=question.server_name)
        sock.setblocking(False)
        return sock

    def run(self) -> Result:
        """Ask until the time is over, and something is known.

        A server that needs longer than that for its first answer gets as long as any
        answer may take.

        Raises:
            OSError: The first connection was refused: nobody listens.
        """
        clients = [_Client(self) for _ in range(self.connections)]
        begin = time.perf_counter()
        clients[0].connect()
        for client in clients[1:]:
            self._guarded(client, client.connect)
        end = begin + self.seconds
        look_at = begin + _LOOK_SECONDS
        while (now := time.perf_counter()) < end or not self._knows_something():
            left = end - now if now < end else _LOOK_SECONDS
            events = self.selector.select(min(left, _LOOK_SECONDS))
            self.result.waited_seconds += time.perf_counter() - now
            for key, mask in events:
                client = key.data
                if mask & selectors.EVENT_WRITE:
                    self._guarded(client, client.send)
                if mask & selectors.EVENT_READ and client.sock is not None:
                    self._guarded(client, client.receive)
            if now >= look_at or not events:
                look_at = now + _LOOK_SECONDS
                self._look_after(clients, now)
        self.result.seconds = time.perf_counter() - begin
        for client in clients:
            client.close()
        self.selector.close()
        return self.result

    def _knows_something(self) -> bool:
        return bool(self.result.latencies or self.result.errors)

    def _guarded(self, client: _Client, step: Any) -> None:
        """Do something for a client; if it fails, count that and close it."""
        try:
            step()
        except (OSError, Garbled) as problem:
            text = getattr(problem, "strerror", None) or str(problem)
            self.result.errors[text or type(problem).__name__] += 1
            client.close()

    def _look_after(self, clients: list[_Client], now: float) -> None:
        """Give up what takes too long, and open what was closed."""
        for client in clients:
            if client.sock is not None and now - client.asked_at > self.timeout_seconds:
                self.result.errors["no answer in time"] += 1
                client.close()
            if client.sock is None:
                self._guarded(client, client.connect)
