"""Request bodies: gathered by the holder, or read by a worker while they arrive."""

from __future__ import annotations

import io
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from cherrypy.httpd.pollers import wait
from cherrypy.httpd.protocols.events import Data, EndOfBody, RequestRefused
from cherrypy.httpd.protocols.http1 import CONTINUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cherrypy.httpd.connection import Connection
    from cherrypy.httpd.limits import Limits
    from cherrypy.httpd.protocols.events import Event, Headers, RequestHead

__all__ = [
    "CUT_OFF",
    "EMPTY",
    "READ_BYTES",
    "TOO_SLOW",
    "BodyReader",
    "Gathering",
    "InlineBody",
    "NoBody",
    "StreamedBody",
    "whole_body",
]

READ_BYTES = 65536
"""How many bytes are received at a time."""

TOO_SLOW = "The request took too long."
"""Said to a client that did not finish its request in time."""

CUT_OFF = "The request body was cut off."
"""Said to a client whose request body ends before its time."""


class NoBody:
    """The body of a request without one: always at its end."""

    __slots__ = ()

    trailers: Headers = ()

    @property
    def rfile(self) -> NoReturn:
        """Tell WebSocket tools, which look for the socket here, that it is not."""
        raise AttributeError(
            "the server keeps its connections: a tool that takes one over for "
            "WebSocket, such as the one of ws4py, does not work here"
        )

    def read(self, size: int | None = -1, /) -> bytes:
        """Return nothing."""
        return b""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return nothing."""
        return b""

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """Return no lines."""
        return []

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over no lines."""
        return iter(())

    def close(self) -> None:
        """Do nothing."""


EMPTY = NoBody()
"""The one `NoBody` there has to be."""


class InlineBody(io.BytesIO):
    """A body that was complete before the application was called."""

    trailers: Headers = ()


def _inline(pieces: Sequence[bytes], trailers: Headers | None) -> InlineBody:
    body = InlineBody(pieces[0] if len(pieces) == 1 else b"".join(pieces))
    if trailers:
        body.trailers = trailers
    return body


def whole_body(events: Sequence[Event]) -> InlineBody | None:
    """Return the body of a request whose events are all here, else None.

    Args:
        events: The head, data and the end, if it came.
    """
    end = events[-1]
    if type(end) is not EndOfBody:
        return None
    only = events[1]
    if len(events) == 3 and type(only) is Data and not end.trailers:
        # Performance: most bodies are one piece.
        return InlineBody(only.data)
    pieces = [event.data for event in events if type(event) is Data]
    return _inline(pieces, end.trailers)


class Gathering:
    """A request whose body is arriving; owned by who owns the connection.

    Args:
        head: The request.
        began: When the head was complete, on the monotonic clock.
    """

    __slots__ = (
        "began",
        "head",
        "invited",
        "pieces",
        "received",
        "streamed",
        "trailers",
        "waited",
    )

    def __init__(self, head: RequestHead, began: float) -> None:
        self.head: RequestHead = head
        self.began: float = began
        self.pieces: list[bytes] = []
        self.received: int = 0
        self.trailers: Headers | None = None
        self.invited: bool = not head.expect_continue
        """The client has been told to continue, or does not wait for it."""
        self.streamed: bool = False
        """A worker reads the body, in one of the places there are for that."""
        self.waited: float = 0.0
        """Seconds that a worker has waited for bytes."""

    def deadline(self, limits: Limits, now: float) -> float:
        """Return until when the next bytes must come, read by the holder."""
        rate = limits.body_minimum_rate_bytes_per_second
        if rate <= 0:
            return now + limits.read_seconds
        total = self.began + limits.read_seconds + self.received / rate
        return min(now + limits.read_seconds, total)

    def patience(self, limits: Limits) -> float:
        """Return how many seconds a worker may wait for the next bytes.

        The client is not to blame for the time the application takes between two
        reads, so only waiting counts.
        """
        rate = limits.body_minimum_rate_bytes_per_second
        if rate <= 0:
            return limits.read_seconds
        left = limits.read_seconds + self.received / rate - self.waited
        return min(limits.read_seconds, left)

    def too_large(self, limits: Limits) -> bool:
        """Whether the rest is to be read by the application, as it arrives.

        A client that waits to be invited is so when the application reads; one that
        does not has to show first that it really sends.
        """
        length = self.head.content_length
        if length is not None and length <= limits.inline_body_bytes:
            return False
        return not self.invited or self.received >= limits.inline_body_bytes

    def take(self, events: Sequence[Event]) -> bool:
        """Add what has arrived; return whether the body is complete."""
        for event in events:
            if isinstance(event, Data):
                self.pieces.append(event.data)
                self.received += len(event.data)
            elif isinstance(event, EndOfBody):
                self.trailers = event.trailers
        return self.trailers is not None

    def body(self) -> InlineBody:
        """Return the complete body."""
        return _inline(self.pieces, self.trailers)


class StreamedBody:
    """A body that is read by the application while it arrives.

    Holds no more than one piece from the socket, whatever the size of the body. Only
    the thread that serves the request may call it.

    Args:
        connection: Where the body comes from.
        gathering: What has arrived already.
    """

    def __init__(self, connection: Connection, gathering: Gathering) -> None:
        self._connection = connection
        self._gathering = gathering
        self._piece = b""
        self._position = 0

    @property
    def trailers(self) -> Headers:
        """The fields after a chunked body; none before its end."""
        return self._gathering.trailers or ()

    def _next_piece(self) -> bool:
        """Make the next bytes available; return False at the end."""
        gathering = self._gathering
        while not gathering.pieces:
            if gathering.trailers is not None:
                self._piece, self._position = b"", 0
                return False
            self._receive()
        self._piece = gathering.pieces.pop(0)
        self._position = 0
        return True

    def _take(self, size: int) -> bytes:
        """Return at most `size` of the bytes at hand."""
        start = self._position
        self._position = start + size
        if start == 0 and size >= len(self._piece):
            return self._piece
        return self._piece[start : start + size]

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, fewer only at the end; all if it is None or negative.

        Raises:
            RequestRefused: The body is malformed, too large, too slow or cut off. The
                server answers for itself, whatever the application says.
        """
        if size is None or size < 0:
            size = 1 << 62
        parts = []
        while size > 0:
            left = len(self._piece) - self._position
            if left <= 0:
                if not self._next_piece():
                    break
                continue
            part = self._take(min(size, left))
            size -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return one line with its end, at most `size` bytes of it.

        Raises:
            RequestRefused: As `read`.
        """
        if size is None or size < 0:
            size = 1 << 62
        parts = []
        while size > 0:
            left = len(self._piece) - self._position
            if left <= 0:
                if not self._next_piece():
                    break
                continue
            end = self._piece.find(b"\n", self._position, self._position + size)
            if end >= 0:
                parts.append(self._take(end + 1 - self._position))
                break
            part = self._take(min(size, left))
            size -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """Return the lines that are left, or so many that they make `hint` bytes.

        Raises:
            RequestRefused: As `read`.
        """
        lines = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines that are left."""
        return iter(self.readline, b"")

    def close(self) -> None:
        """Do nothing: what is not read is dropped when the answer is sent."""

    # The server calls these, in the same thread.

    def drop(self, limit: int) -> bool:
        """Drop what is here of the rest, and tell whether that was all.

        Args:
            limit: How many bytes to drop at most.
        """
        protocol = self._connection.protocol
        # A client that waits to be invited does not send what was not asked for.
        while protocol.receiving_body and limit > 0 and self._gathering.invited:
            try:
                data = self._connection.recv(READ_BYTES)
                if not data:
                    break
                protocol.receive(data)
            except (RequestRefused, OSError):
                break
            limit -= len(data)
        return not protocol.receiving_body

    def release(self) -> None:
        """Let another body be read by a worker; a second time does nothing."""
        if self._gathering.streamed:
            self._gathering.streamed = False
            self._connection.server.admission.body_ended()

    def _receive(self) -> None:
        """Wait until more of the body is here, or its end.

        Raises:
            RequestRefused: The body is malformed, too large, too slow or cut off.
        """
        connection, gathering = self._connection, self._gathering
        if connection.refused is not None:
            raise connection.refused
        if not gathering.invited:
            gathering.invited = True
            connection.sender.transmit(CONTINUE)
        try:
            data = self._receive_patiently()
            if not data:
                connection.protocol.receive_eof()
            complete = gathering.take(connection.protocol.receive(data))
        except RequestRefused as refused:
            connection.refused = refused
            self.release()
            raise
        if complete:
            self.release()

    def _receive_patiently(self) -> bytes:
        connection, gathering = self._connection, self._gathering
        limits = connection.server.limits
        while True:
            try:
                return connection.recv(READ_BYTES)
            except BlockingIOError:
                before = monotonic()
                arrived = wait(connection.fd, gathering.patience(limits))
                gathering.waited += monotonic() - before
            except OSError as error:
                connection.sender.broken = True
                raise RequestRefused(400, CUT_OFF) from error
            if not arrived:
                raise RequestRefused(408, TOO_SLOW)


BodyReader = NoBody | InlineBody | StreamedBody
"""What `Exchange.rfile` may be."""
