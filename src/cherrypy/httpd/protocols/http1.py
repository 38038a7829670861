"""HTTP/1.0 and HTTP/1.1, the server's side of one connection (RFC 9112).

Knows no socket and no clock. Feed what was received to `HTTP1.receive` and act on the
events; frame the answer with `HTTP1.head`, `HTTP1.body` and `HTTP1.end`; when the
answer is sent, ask `HTTP1.persists`, and go on with `HTTP1.next_request`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.httpd.limits import Limits
    from cherrypy.httpd.protocols.events import Event, RequestHead

__all__ = ["CONTINUE", "HTTP1", "plain_answer"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The interim answer to ``Expect: 100-continue``, documented to have no fields."""


class HTTP1:
    """One connection, seen from the server.

    Args:
        limits: Bounds on what is received.
        version: The version the server speaks at most (``server.protocol_version``).
        date: Gives the present HTTP-date for answers that have no Date of their own
            (RFC 9110 §6.6.1); None adds none.
    """

    __slots__ = ("request",)

    request: RequestHead | None
    """The request that is being received or answered; None between requests."""

    def __init__(
        self,
        limits: Limits,
        *,
        version: tuple[int, int] = (1, 1),
        date: Callable[[], bytes] | None = None,
    ) -> None:
        raise NotImplementedError

    # What comes in

    def receive(self, data: bytes) -> list[Event]:
        """Take received bytes and tell what is complete of the PRESENT request.

        Bytes of a further (pipelined) request are kept for `next_request`.
        After a refusal everything is ignored and the list is empty.

        Raises:
            RequestRefused: Answer with its status and close the connection.
        """
        raise NotImplementedError

    def receive_eof(self) -> None:
        """Take note that the client will send no more.

        Raises:
            RequestRefused: In the middle of a body (400), or of a head (400).
        """
        raise NotImplementedError

    def next_request(self) -> list[Event]:
        """Go on with what is buffered: the answer is sent, the body received.

        Call it only when `persists` is true.

        Raises:
            RequestRefused: As in `receive`.
        """
        raise NotImplementedError

    @property
    def wants_data(self) -> bool:
        """False when as many pipelined bytes wait as `Limits.pipeline_bytes` allow."""
        raise NotImplementedError

    @property
    def receiving_body(self) -> bool:
        """The head is here, its body not yet to the end."""
        raise NotImplementedError

    @property
    def body_remaining(self) -> int | None:
        """Bytes of the body still to come; None if chunks do not tell."""
        raise NotImplementedError

    @property
    def receiving_head(self) -> bool:
        """A request was begun (at least one byte is here), its head is not complete."""
        raise NotImplementedError

    # What goes out

    def head(
        self,
        status: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        *,
        body_length: int | None = None,
        close: bool = False,
    ) -> bytes:
        r"""Frame the head of the answer and settle how its body is delimited.

        Adds Content-Length (when `body_length` is given and the application named
        none), Transfer-Encoding, Connection, Keep-Alive and Date as they are due.
        Connection-management fields of the application are honoured
        (``Connection: close``), Transfer-Encoding is replaced.

        Args:
            status: Code and reason, such as ``b"200 OK"``.
            headers: The application's fields, in order.
            body_length: Bytes of the body, if the caller knows the whole of it.
            close: The connection will be closed after this answer.

        Raises:
            ResponseRefused: CR, LF or NUL in status or fields, a bad name, a status
                that is no status, a Content-Length that is no number or contradicts.
                Nothing has changed: another head (a 500) may be framed.
            BodyTooLong: `body_length` is more than the Content-Length of the fields.
        """
        raise NotImplementedError

    def body(self, data: bytes) -> bytes:
        """Frame a piece of the answer's body; empty where the answer has no body.

        Raises:
            BodyTooLong: More than the Content-Length. Cut the connection,
                or, if nothing was sent yet, `restart` and answer 500.
        """
        raise NotImplementedError

    def count(self, length: int) -> None:
        """Account for body bytes that are sent by other means, as sendfile does.

        Only for answers with a Content-Length (`head` was given a `body_length`).

        Raises:
            BodyTooLong: As in `body`.
        """
        raise NotImplementedError

    def end(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
        """End the answer; the last chunk, or nothing.

        After it `persists` says what becomes of the connection.

        Raises:
            BodyTooShort: Fewer bytes than the Content-Length: cut the connection.
            ResponseRefused: A trailer that may not be sent.
        """
        raise NotImplementedError

    def restart(self) -> None:
        """Forget the answer framed so far: not a byte of it was sent."""
        raise NotImplementedError

    @property
    def sends_body(self) -> bool:
        """Bytes given to `body` go on the wire: not for HEAD, 1xx, 204, 205, 304."""
        raise NotImplementedError

    @property
    def persists(self) -> bool:
        """The connection may be used for another request after this answer."""
        raise NotImplementedError


def plain_answer(
    status: int,
    message: str,
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    version: tuple[int, int] = (1, 1),
    with_body: bool = True,
) -> bytes:
    """Make a whole ``text/plain`` answer of the server itself, which closes.

    Such answers have no Date and no Server. # documented behaviour
    """
    raise NotImplementedError
