"""Answers that go out piece by piece, with nobody waiting for the client.

As long as the socket takes what it is given, the page's own thread goes on. When it
does not, the answer is parked: the holder of the baton sends what is left and then
hands the answer back to the thread that began it, because what produces the pieces may
hold things that belong to that thread, such as a database connection.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from cherrypy.httpd.pollers import wait
from cherrypy.httpd.protocols.events import BodyTooLong, BodyTooShort
from cherrypy.httpd.sender import COPY_BYTES, FilePiece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Context

    from cherrypy.http.filebody import FileBody
    from cherrypy.http.types import HeaderList
    from cherrypy.httpd.connection import Connection
    from cherrypy.httpd.exchange import Exchange

__all__ = ["TOO_LONG", "Stream", "Writer", "send_file"]

TOO_LONG = (
    "The requested resource returned more bytes than the declared Content-Length."
)
"""What the client is told when the application does not keep its word."""


class Stream:
    """An answer whose body is produced while it is sent.

    Only the thread that began it calls its methods.

    Args:
        exchange: What is answered.
        head: The framed head, which is not sent yet.
        body: Produces the pieces; its ``close`` is called, if it has one.
        on_close: Called once at the end.
    """

    __slots__ = (
        "body",
        "context",
        "exchange",
        "iterator",
        "on_close",
        "parked",
        "unsent",
    )

    def __init__(
        self,
        exchange: Exchange,
        head: bytes,
        body: Iterable[bytes],
        on_close: Callable[[], None] | None,
    ) -> None:
        self.exchange: Exchange = exchange
        self.unsent: bytes = head
        self.body: object = body
        self.iterator: Iterator[bytes] | None = None
        self.on_close = on_close
        self.parked: bool = False
        """The answer waits for the client and has to be resumed."""
        self.context: Context | None = None
        """What the rest of a parked answer runs in."""

    def go_on(self) -> None:
        """Send pieces until the end, or until the socket takes no more."""
        self.parked = False
        try:
            if not self._send_pieces():
                self.parked = True
                return
        except (KeyboardInterrupt, SystemExit) as error:
            self.exchange.server.interrupt = error
            self._give_up()
        except BodyTooLong:
            self.exchange.server.error_log(TOO_LONG, logging.ERROR)
            self._give_up(TOO_LONG)
        except BodyTooShort as error:
            self.exchange.server.error_log(str(error), logging.ERROR)
            self._give_up()
        except Exception:  # boundary: whatever the application did
            self.exchange.server.error_log(
                "The answer was cut off.", logging.ERROR, traceback=True
            )
            self._give_up()
        self.close()

    def _send_pieces(self) -> bool:
        """Return True at the end, False when the answer has to be parked."""
        connection = self.exchange.connection
        sender = connection.sender
        frame = connection.protocol.body
        iterator = self.iterator
        if iterator is None:
            body: Iterable[bytes] = self.body  # type: ignore[assignment]
            sends = connection.protocol.sends_body
            iterator = self.iterator = iter(body if sends else ())
        for piece in iterator:
            if not piece:
                continue
            wire = frame(piece)
            head, self.unsent = self.unsent, b""
            if not sender.transmit_after(head, wire):
                return False
            if sender.broken:
                return True
        wire = self.unsent + connection.protocol.end()
        self.unsent = b""
        if wire:
            sender.transmit(wire)
        return True

    def _give_up(self, message: str = "") -> None:
        """Answer 500 if nothing was sent yet; otherwise the client sees a cut."""
        if self.unsent:
            self.unsent = b""
            self.exchange.fail(message)
        else:
            self.exchange.connection.sender.broken = True

    def close(self) -> None:
        """End the body and tell who wants to know; a second time does nothing."""
        body, self.body = self.body, None
        on_close, self.on_close = self.on_close, None
        self.exchange.close_body(getattr(body, "close", None), on_close)


class Writer:
    """An answer that the application writes in calls, as PEP 3333's ``write``.

    There is nothing to be resumed, so a slow client holds the thread, though no longer
    than the write deadline for each call.

    Args:
        exchange: What is answered.
        head: The framed head; it leaves with the first piece.
    """

    def __init__(self, exchange: Exchange, head: bytes) -> None:
        self._exchange = exchange
        self.unsent: bytes = head

    def write(self, data: bytes) -> None:
        """Send a piece; an empty one sends the head alone.

        Raises:
            BodyTooLong: More than the declared Content-Length.
            ConnectionAbortedError: The client has gone or takes nothing.
        """
        connection = self._exchange.connection
        wire = connection.protocol.body(data)
        head, self.unsent = self.unsent, b""
        self._send(connection, head, wire)

    def end(self) -> None:
        """End the answer.

        Raises:
            BodyTooShort: Less than the declared Content-Length was written.
        """
        connection = self._exchange.connection
        wire = self.unsent + connection.protocol.end()
        self.unsent = b""
        if wire:
            connection.sender.transmit(wire)

    @staticmethod
    def _send(connection: Connection, head: bytes, wire: bytes) -> None:
        sender = connection.sender
        if not sender.transmit_after(head, wire):
            patience = connection.server.limits.write_deadline_seconds
            while sender.waits and wait(connection.fd, patience, writable=True):
                sender.flush()
            if sender.waits:
                sender.drop()
        if sender.broken:
            raise ConnectionAbortedError("the client takes no more of the answer")


def send_file(
    exchange: Exchange,
    status: bytes,
    headers: HeaderList,
    body: FileBody,
    on_close: Callable[[], None] | None,
    *,
    closing: bool,
) -> bool:
    """Answer with a file, copied by the kernel if it is not small.

    Returns:
        Whether it was answered; a file that is none in the eyes of the operating
        system has to be read like any other body.

    Raises:
        ResponseRefused: As in `Exchange.respond`.
    """
    connection = exchange.connection
    count = body.remaining()
    if count is None:
        return False
    count = min(count, _declared_length(headers, count))
    try:
        fd = body.fileno()
        offset: int = body.file.tell()  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return False
    if count <= COPY_BYTES:
        exchange.respond(status, headers, [_read(body, count)], on_close)
        body.close()
        return True
    if connection.server.secure or not hasattr(os, "sendfile"):
        return False
    protocol = connection.protocol
    head = protocol.head(status, headers, body_length=count, close=closing)
    exchange.answered = True
    stream = exchange.stream = Stream(exchange, b"", (), on_close)
    stream.body = body
    stream.iterator = iter(())
    if protocol.sends_body:
        protocol.count(count)
        piece = FilePiece(fd, offset, count)
        stream.parked = not connection.sender.transmit_joined(head, piece)
    else:
        connection.sender.transmit(head)
    if not stream.parked:
        stream.go_on()
    return True


def _declared_length(headers: HeaderList, default: int) -> int:
    """Return the Content-Length the application names, if it makes sense."""
    for name, value in headers:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return default


def _read(body: FileBody, count: int) -> bytes:
    parts = []
    while count > 0:
        part = body.file.read(count)
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
