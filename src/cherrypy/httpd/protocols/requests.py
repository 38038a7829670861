"""Requests out of received bytes: the receiving half of `HTTP1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from cherrypy.httpd.protocols.bodies import Body, ChunkedBody, LengthBody, cut
from cherrypy.httpd.protocols.events import Data, EndOfBody, RequestRefused
from cherrypy.httpd.protocols.heads import BAD_REQUEST_LINE, NOT_CRLF, HeadEnd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cherrypy.httpd.protocols.events import Event, RequestHead
    from cherrypy.httpd.protocols.heads import HeadReader

__all__ = ["RequestStream"]


# The end of nearly every body; it is never changed.
_END = EndOfBody()


class RequestStream:
    """The requests of one connection, one after the other.

    Args:
        heads: Reads request heads, for all connections of the server, in its limits.
    """

    __slots__ = (
        "_at",
        "_blank_line",
        "_body",
        "_buffer",
        "_deaf",
        "_head_end",
        "_heads",
        "persists",
        "request",
    )

    request: RequestHead | None
    """The request that is being received or answered; None between requests."""

    persists: bool
    """The answer is framed to its end, and the connection may be used for another.

    False as well when the body of the request did not come to its end before.
    """

    def __init__(self, heads: HeadReader) -> None:
        self.request = None
        self.persists = False
        self._heads = heads
        # What was received and not taken yet begins in _buffer at _at.
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._head_end: HeadEnd | None = None
        self._blank_line = False
        self._body: Body | None = None
        self._deaf = False

    def receive(self, data: bytes) -> Sequence[Event]:
        """Take received bytes and tell what is complete of the PRESENT request.

        Bytes of a further (pipelined) request are kept for `next_request`. After a
        refusal, and behind the last request of a connection, all is ignored.

        Args:
            data: At least one byte.

        Raises:
            RequestRefused: Answer with its status and close the connection.
        """
        if self._deaf:
            return ()
        if self._buffer:
            self._append(data)
        elif self.request is None and len(data) <= self._heads.known_bytes:
            # Performance: most packets are one head that came before.
            known = self._heads.known
            head = known.get(data)
            if head is not None and not head.has_body:
                self.request = head
                self._deaf = not head.keep_alive
                return (head,)
            end = data.find(b"\r\n\r\n") + 4
            if 3 < end == len(data) and data[0] != 13:
                return self._take_whole(data)
            # Performance: most others are one with the whole of a small body.
            head = known.get(data[:end])
            if head is not None and head.content_length == len(data) - end > 0:
                self.request = head
                self._deaf = not head.keep_alive
                return head, Data(data[end:]), _END
            self._buffer = data
        else:
            self._buffer = data
        return self._advance()

    def receive_eof(self) -> None:
        """Take note that the client will send no more.

        Raises:
            RequestRefused: In the middle of a head or of a body.
        """
        if self._body is not None:
            self._refuse("The request body ended before its time.")
        if self.receiving_head:
            in_fields = b"\r\n" in self._buffer[self._at :]
            self._refuse("Illegal end of headers." if in_fields else NOT_CRLF)

    def next_request(self) -> Sequence[Event]:
        """Go on with what is buffered: the answer is sent, the body received.

        Raises:
            RequestRefused: As in `receive`.
            RuntimeError: The connection does not persist.
        """
        if not self.persists:
            raise RuntimeError("this connection takes no further request")
        self.persists = False
        self.request = None
        return self._advance() if self._buffer else ()

    @property
    def wants_data(self) -> bool:
        """False when as many pipelined bytes wait as `Limits.pipeline_bytes` allow."""
        return (
            self.request is None
            or self._body is not None
            or len(self._buffer) - self._at < self._heads.limits.pipeline_bytes
        )

    @property
    def receiving_head(self) -> bool:
        """A request was begun (at least one byte is here), its head is not complete."""
        return self.request is None and bool(self._buffer)

    @property
    def receiving_body(self) -> bool:
        """The head is here, its body not yet to the end."""
        return self._body is not None

    @property
    def body_remaining(self) -> int | None:
        """Bytes of the body still to come; None if chunks do not tell."""
        return 0 if self._body is None else self._body.remaining

    def _append(self, data: bytes) -> None:
        """Put received bytes behind those that are not taken yet."""
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(self._buffer[self._at :])
        else:
            del self._buffer[: self._at]
        self._at = 0
        self._buffer += data

    def _advance(self) -> Sequence[Event]:
        """Take from the buffer what is complete."""
        events: list[Event] = []
        try:
            if self.request is None:
                head = self._take_head()
                if head is None:
                    return events
                events.append(head)
                self.request = head
                if head.has_body:
                    limits = self._heads.limits
                    length = head.content_length
                    self._body = LengthBody(length) if length else ChunkedBody(limits)
                else:
                    self._deaf = not head.keep_alive
            if self._body is not None:
                self._take_body(self._body, events)
        except RequestRefused:
            self._deaf = True
            raise
        finally:
            if self._deaf or self._at >= len(self._buffer):
                self._buffer = b""
                self._at = 0
        return events

    def _take_whole(self, data: bytes) -> Sequence[Event]:
        """Take a packet that is a head, no more and no less, nor long.

        Performance: `_advance` would do the same; without its detours, a head that is
        new to us is 10 % sooner through the server.
        """
        try:
            head = self._heads.read(data)
        except RequestRefused:
            self._deaf = True
            raise
        if head.has_body:
            self._buffer = data
            return self._advance()
        self._blank_line = False
        self.request = head
        self._deaf = not head.keep_alive
        return (head,)

    def _take_head(self) -> RequestHead | None:
        buffer = self._buffer
        if self._head_end is None:
            if buffer[self._at] == 13 and not self._skip_blank_line():
                return None
            end = buffer.find(b"\r\n\r\n", self._at) + 4
            if not 4 <= end <= self._at + self._heads.plain_bytes:
                self._head_end = HeadEnd(self._heads.limits)
        if self._head_end is not None:
            end = self._head_end.find(buffer, self._at)
            if end < 0:
                return None
            self._head_end = None
        block = cut(buffer, self._at, end)
        self._at = end
        self._blank_line = False
        return self._heads.read(block)

    def _skip_blank_line(self) -> bool:
        """Skip one empty line in front of a request (RFC 9112 §2.2), never two."""
        while self._buffer.startswith(b"\r\n", self._at):
            if self._blank_line:
                raise RequestRefused(400, BAD_REQUEST_LINE)
            self._blank_line = True
            self._at += 2
        return len(self._buffer) - self._at > 1

    def _take_body(self, body: Body, events: list[Event]) -> None:
        content, self._at = body.read(self._buffer, self._at)
        if content:
            events.append(Data(content))
        if body.complete:
            events.append(EndOfBody(body.trailers) if body.trailers else _END)
            self._body = None
            assert self.request is not None
            self._deaf = not self.request.keep_alive

    def _refuse(self, message: str) -> NoReturn:
        self._deaf = True
        raise RequestRefused(400, message)
