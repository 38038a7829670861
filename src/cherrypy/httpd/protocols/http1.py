"""HTTP/1.0 and HTTP/1.1, the server's side of one connection (RFC 9112).

Knows no socket and no clock. Feed what was received to `HTTP1.receive` and act on the
events; frame the answer with `HTTP1.answer`, or piece by piece with `HTTP1.head`,
`HTTP1.body` and `HTTP1.end`; then look at `HTTP1.persists` and go on with
`HTTP1.next_request`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from cherrypy.httpd.protocols import answers
from cherrypy.httpd.protocols.answers import (
    CONTENT_LENGTH,
    DATE,
    DROPPED,
    plain_answer,
)
from cherrypy.httpd.protocols.bodies import Body, ChunkedBody, LengthBody, cut
from cherrypy.httpd.protocols.events import (
    BodyTooLong,
    BodyTooShort,
    Data,
    EndOfBody,
    RequestRefused,
    ResponseRefused,
)
from cherrypy.httpd.protocols.heads import BAD_REQUEST_LINE, NOT_CRLF, HeadEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cherrypy.httpd.protocols.events import Event, RequestHead
    from cherrypy.httpd.protocols.heads import HeadReader

__all__ = ["CONTINUE", "HTTP1", "plain_answer"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The interim answer to ``Expect: 100-continue``, documented to have no fields."""

_TOO_LONG = (
    "The requested resource returned more bytes than the declared Content-Length."
)
_TOO_SHORT = (
    "The requested resource returned fewer bytes than the declared Content-Length."
)

_kinds = answers.FieldKinds()
_statuses = answers.Statuses()


class HTTP1:
    """One connection, seen from the server.

    Args:
        heads: Reads request heads, for all connections of the server, in its limits.
        version: The version the server speaks at most (``server.protocol_version``).
        date: Gives the present HTTP-date for answers that have no Date of their own
            (RFC 9110 §6.6.1); None adds none.
    """

    __slots__ = (
        "_at",
        "_blank_line",
        "_body",
        "_buffer",
        "_chunked",
        "_date",
        "_deaf",
        "_head_end",
        "_heads",
        "_left",
        "_modern",
        "_persist",
        "_silent",
        "_version",
        "persists",
        "request",
    )

    request: RequestHead | None
    """The request that is being received or answered; None between requests."""

    persists: bool
    """The answer is framed to its end, and the connection may be used for another.

    False as well when the body of the request did not come to its end before.
    """

    def __init__(
        self,
        heads: HeadReader,
        *,
        version: tuple[int, int] = (1, 1),
        date: Callable[[], bytes] | None = None,
    ) -> None:
        self.request = None
        self.persists = False
        self._heads = heads
        self._date = date
        self._version = b"HTTP/%d.%d " % version
        self._modern = version != (1, 0)
        # What was received and not taken yet begins in _buffer at _at.
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._head_end: HeadEnd | None = None
        self._blank_line = False
        self._body: Body | None = None
        self._deaf = False
        # How the answer is framed: bytes still due, or chunks, or until we close.
        self._left: int | None = None
        self._chunked = False
        self._silent = False
        self._persist = False

    # What comes in

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
            head = self._heads.known.get(data)
            if head is not None:
                self.request = head
                self._deaf = not head.keep_alive
                return (head,)
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
            events.append(EndOfBody(body.trailers))
            self._body = None
            assert self.request is not None
            self._deaf = not self.request.keep_alive

    def _refuse(self, message: str) -> NoReturn:
        self._deaf = True
        raise RequestRefused(400, message)

    # What goes out

    def answer(
        self,
        status: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        *,
        close: bool = False,
    ) -> bytes:
        """Frame a whole answer: `head`, `body` and `end` at once.

        Raises:
            ResponseRefused: As in `head`.
            BodyTooLong: The body has more bytes than the Content-Length.
            BodyTooShort: The body has fewer bytes. Nothing has changed.
        """
        head = self.head(status, headers, body_length=len(body), close=close)
        if self._silent:
            body = b""
        elif self._left != len(body):
            raise BodyTooShort(_TOO_SHORT)
        self._left = 0
        self.persists = self._persist and self._body is None
        return head + body

    def head(
        self,
        status: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        *,
        body_length: int | None = None,
        close: bool = False,
    ) -> bytes:
        """Frame the head of the answer and settle how its body is delimited.

        Adds Content-Length (when `body_length` is given and the application named
        none), Transfer-Encoding, Connection, Keep-Alive and Date as they are due. A
        ``Connection: close`` of the application is honoured, its Transfer-Encoding and
        Keep-Alive are dropped. While no byte is sent, a head may be framed anew.

        Args:
            status: Code and reason, such as ``b"200 OK"``.
            headers: The application's fields, in order.
            body_length: Bytes of the body, if the caller knows the whole of it.
            close: The connection will be closed after this answer.

        Raises:
            ResponseRefused: CR, LF or NUL in status or fields, a bad name, a status
                that is none, a Content-Length that is no number or contradicts.
            BodyTooLong: `body_length` is more than the Content-Length of the fields.
        """
        if self.request is None:
            raise RuntimeError("there is no request to answer")
        status_line, special = _statuses[status]
        lines = [self._version + status_line]
        length: int | None = None
        date = self._date
        persist = self.request.keep_alive and not close
        for name, value in headers:
            kind = _kinds[name]
            if kind:
                if kind == CONTENT_LENGTH:
                    length = answers.content_length(value, length)
                    continue
                if kind == DATE:
                    date = None
                elif kind == DROPPED:
                    continue
                else:
                    options = answers.connection_options(value)
                    if b"close" in options:
                        persist = False
                    if not options.isdisjoint((b"close", b"keep-alive")):
                        continue
            lines.append(name + b": " + value)
        if date is not None:
            lines.append(b"Date: " + date())
        self._delimit(lines, special, length, body_length, persist)
        block = b"\r\n".join(lines)
        ends = len(lines) - 1
        if block.count(b"\n") != ends or block.count(b"\r") != ends or b"\0" in block:
            raise ResponseRefused("The answer has a CR, LF or NUL in its headers.")
        return block + b"\r\n\r\n"

    def _delimit(
        self,
        lines: list[bytes],
        special: int,
        length: int | None,
        body_length: int | None,
        persist: bool,
    ) -> None:
        """Settle where the answer ends (RFC 9112 §6.3), and add the fields that tell.

        Args:
            lines: The head so far.
            special: The status if it has rules of its own, else 0.
            length: The Content-Length of the application.
            body_length: What is known about the body.
            persist: Client and application let the connection persist.
        """
        request = self.request
        assert request is not None
        modern = self._modern and request.version == (1, 1)
        silent = special != 0 or request.method == "HEAD"
        chunked = False
        if silent:
            length = answers.silent_length(special, length, body_length)
            # HEAD without a length closes: documented behaviour.
            persist = persist and (special != 0 or length is not None)
        elif length is None:
            length = body_length
            chunked = modern and length is None
            persist = persist and (chunked or length is not None)
        elif body_length is not None and body_length > length:
            raise BodyTooLong(_TOO_LONG)

        if length is not None:
            lines.append(b"Content-Length: %d" % length)
        elif chunked:
            lines.append(b"Transfer-Encoding: chunked")
        if special == 101:
            persist = False
        elif not persist:
            lines.append(b"Connection: close")
        elif not modern:
            seconds = int(self._heads.limits.idle_seconds)
            lines += b"Connection: Keep-Alive", b"Keep-Alive: timeout=%d" % seconds
        self._left = length
        self._silent = silent
        self._chunked = chunked
        self._persist = persist

    def body(self, data: bytes) -> bytes:
        """Frame a piece of the answer's body; nothing where the answer has no body.

        Raises:
            BodyTooLong: More bytes than the Content-Length: cut the connection, or, if
                nothing was sent yet, answer 500.
        """
        if self._silent:
            return b""
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        self.count(len(data))
        return data

    def count(self, length: int) -> None:
        """Account for body bytes that are sent by other means, as sendfile does.

        Not for chunked answers; those of a known `body_length` are none.

        Raises:
            BodyTooLong: As in `body`.
        """
        if self._left is not None:
            if length > self._left:
                raise BodyTooLong(_TOO_LONG)
            self._left -= length

    def end(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
        """End the answer: the last chunk, or nothing; afterwards look at `persists`.

        Args:
            trailers: Fields to send after a chunked body, else dropped.

        Raises:
            BodyTooShort: Fewer bytes than the Content-Length: cut the connection.
            ResponseRefused: A trailer that may not be sent.
        """
        tail = b""
        if self._chunked:
            tail = b"0\r\n%b\r\n" % answers.trailer_lines(trailers)
        elif self._left and not self._silent:
            raise BodyTooShort(_TOO_SHORT)
        self.persists = self._persist and self._body is None
        return tail

    @property
    def sends_body(self) -> bool:
        """Bytes given to `body` go on the wire: not for HEAD, 101, 204, 205, 304."""
        return not self._silent
