"""HTTP/1.0 and HTTP/1.1, the server's side of one connection (RFC 9112).

Knows no socket and no clock. Feed what was received to `HTTP1.receive` and act on the
events; frame the answer with `HTTP1.answer`, or piece by piece with `HTTP1.head`,
`HTTP1.body` and `HTTP1.end`; then look at `HTTP1.persists` and go on with
`HTTP1.next_request`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cherrypy.httpd.protocols import answers
from cherrypy.httpd.protocols.answers import (
    CONTENT_LENGTH,
    DATE,
    DROPPED,
    FramedHeads,
    plain_answer,
)
from cherrypy.httpd.protocols.events import (
    BodyTooLong,
    BodyTooShort,
    ResponseRefused,
)
from cherrypy.httpd.protocols.requests import RequestStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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


class HTTP1(RequestStream):
    """One connection, seen from the server: requests come in, answers go out.

    Args:
        heads: Reads request heads, for all connections of the server, in its limits.
        version: The version the server speaks at most (``server.protocol_version``).
        date: Gives the present HTTP-date for answers that have no Date of their own
            (RFC 9110 §6.6.1); None adds none.
        framed: What was framed lately, for all connections of a server; these have
            version and date in common.
    """

    __slots__ = (
        "_chunked",
        "_date",
        "_dated",
        "_framed",
        "_left",
        "_modern",
        "_persist",
        "_silent",
        "_version",
    )

    def __init__(
        self,
        heads: HeadReader,
        *,
        version: tuple[int, int] = (1, 1),
        date: Callable[[], bytes] | None = None,
        framed: FramedHeads | None = None,
    ) -> None:
        super().__init__(heads)
        self._date = date
        # The date that the server gave to the last head.
        self._dated: bytes | None = None
        self._framed = FramedHeads() if framed is None else framed
        self._version = b"HTTP/%d.%d " % version
        self._modern = version != (1, 0)
        # How the answer is framed: bytes still due, or chunks, or until we close.
        self._left: int | None = None
        self._chunked = False
        self._silent = False
        self._persist = False

    def answer(
        self,
        status: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        close: bool = False,
    ) -> bytes:
        """Frame a whole answer: `head`, `body` and `end` at once.

        Raises:
            ResponseRefused: As in `head`.
            BodyTooLong: The body has more bytes than the Content-Length.
            BodyTooShort: The body has fewer bytes. Nothing has changed.
        """
        request = self.request
        size = len(body)
        usual = request is not None and request.usual and not close
        if usual:
            # Performance: to look up the head of an answer that was given lately takes
            # 0.1 µs, to frame it 1.3 µs. What is refused is never remembered.
            known = self._framed.get(size)
            if known is not None:
                said, fields, head, dated, silent = known
                date = self._date
                if (
                    fields == headers
                    and said == status
                    and (dated is None or (date is not None and dated == date()))
                ):
                    self._left = 0
                    self._chunked = False
                    self._silent = silent
                    self._persist = True
                    self.persists: bool = self._body is None
                    return head if silent else head + body
        head = self.head(status, headers, body_length=size, close=close)
        if self._silent:
            body = b""
        elif self._left != size:
            raise BodyTooShort(_TOO_SHORT)
        self._left = 0
        self.persists = self._persist and self._body is None
        if usual and self._persist and self._modern:
            made = status, None, head, self._dated, self._silent
            self._framed.learn(size, made, headers, known)
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
        for field in headers:
            kind = _kinds[field[0]]
            if kind:
                value = field[1]
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
            lines.append(b": ".join(field))
        self._dated = None if date is None else date()
        if self._dated is not None:
            lines.append(b"Date: " + self._dated)
        self._delimit(lines, special, length, body_length, persist)
        block = b"\r\n".join(lines)
        # Performance: one pass over the block, where counting each byte takes three.
        if len(block.translate(None, b"\r\n\0")) != len(block) - 2 * len(lines) + 2:
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
