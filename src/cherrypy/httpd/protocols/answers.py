"""What answers are made of: statuses, fields that frame, the server's own answers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from cherrypy.http.status import status_line
from cherrypy.httpd.protocols import grammar
from cherrypy.httpd.protocols.events import ResponseRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CONNECTION",
    "CONTENT_LENGTH",
    "DATE",
    "DROPPED",
    "FieldKinds",
    "Framed",
    "FramedHeads",
    "Statuses",
    "connection_options",
    "content_length",
    "plain_answer",
    "silent_length",
    "trailer_lines",
]

CONTENT_LENGTH = 1
"""Says where the answer ends; the server checks it and writes it itself."""

CONNECTION = 2
"""May ask to close the connection; the rest is the server's to say."""

DATE = 3
"""Makes the server's own superfluous."""

DROPPED = 4
"""Is not sent, because only the server can know it."""

_KINDS = {
    b"content-length": CONTENT_LENGTH,
    b"connection": CONNECTION,
    b"date": DATE,
    # Hop-by-hop fields (RFC 9110 §7.6.1) that are the server's alone to send.
    b"transfer-encoding": DROPPED,
    b"keep-alive": DROPPED,
}

# Applications use few names and statuses, over and over. The bound is for those that
# make them up; what does not fit is worked out each time.
_REMEMBERED = 1_024

# Framed heads, and the bytes of the longest: 1 MB in all, with what they were made of.
_FRAMED_HEADS = 512
_FRAMED_BYTES = 1_024


class FieldKinds(dict[bytes, int]):
    """What the server has to know about a field, by its name as spelled; 0: nothing.

    A dictionary that fills itself, for a look-up costs a third of a call.
    """

    def __missing__(self, name: bytes) -> int:
        """Work out the kind of a name that is new.

        Raises:
            ResponseRefused: It is no name of a field.
        """
        if grammar.TOKEN.fullmatch(name) is None:
            raise ResponseRefused(f"A header of the answer has a bad name: {name!r}.")
        kind = _KINDS.get(name.lower(), 0)
        if len(self) < _REMEMBERED:
            self[name] = kind
        return kind


class Statuses(dict[bytes, tuple[bytes, int]]):
    """Statuses as given (``b"200 OK"``): as sent, and the code where it matters.

    It matters (else it is 0) for answers that never have a body: 101, 204, 205, 304.
    """

    def __missing__(self, status: bytes) -> tuple[bytes, int]:
        """Work out a status that is new.

        Raises:
            ResponseRefused: It is none, or cannot be the final one.
        """
        match = grammar.STATUS.fullmatch(status)
        if match is None:
            raise ResponseRefused(f"The answer has a bad status: {status!r}.")
        code = int(match[1])
        if code < 200 and code != 101:
            raise ResponseRefused(f"{status!r} cannot be the final status.")
        line = status if len(status) > 3 else status + b" "
        known = line, code if code in (101, 204, 205, 304) else 0
        if len(self) < _REMEMBERED:
            self[status] = known
        return known


Framed: TypeAlias = tuple[
    bytes, "Iterable[tuple[bytes, bytes]] | None", bytes, bytes | None, bool
]
"""A framed head: the status and the fields it was made from, the head, the date that
the server gave it (None: the application did), and whether the body is not sent. No
fields are said of a head that was framed once only."""


class FramedHeads(dict[int, Framed]):
    """Heads that were framed lately for usual requests, on connections that persist.

    By bytes of the body, for each the latest one. Bounded. Threads share it, for each
    step is a single one.
    """

    def learn(
        self,
        size: int,
        made: Framed,
        fields: Iterable[tuple[bytes, bytes]],
        known: Framed | None,
    ) -> None:
        """Take note of a head; remember it when it is framed twice running.

        Performance: to remember all of it at once takes 0.4 µs more, which would be
        for nothing where each answer differs from the one before.

        Args:
            size: Bytes of the body.
            made: The head, without the fields it was made from.
            fields: These.
            known: What was found for `size` before.
        """
        if len(made[2]) > _FRAMED_BYTES:
            return
        if known is None:
            if len(self) >= _FRAMED_HEADS:
                self.clear()
        elif known[2] == made[2] and type(fields) is list:
            # What may change is not remembered: pairs that are no tuples of bytes.
            with suppress(TypeError):
                hash(tuple(fields))
                status, _, head, dated, silent = made
                made = status, fields.copy(), head, dated, silent
        self[size] = made


def content_length(value: bytes, known: int | None) -> int:
    """Return what a Content-Length of the application says.

    Args:
        value: The value of the field.
        known: What another such field said before.

    Raises:
        ResponseRefused: It is no number, or contradicts the other one.
    """
    if value.isdigit() and len(value) <= 19:
        length = int(value)
        if known is None or known == length:
            return length
    raise ResponseRefused(f"The answer has a bad Content-Length: {value!r}.")


def silent_length(
    special: int, length: int | None, body_length: int | None
) -> int | None:
    """Return the Content-Length of an answer without body (RFC 9110 §8.6, §15.3.6).

    Args:
        special: 101, 204, 205, 304; 0 for an answer to HEAD.
        length: What the application said.
        body_length: The bytes of the body that will not be sent.
    """
    if special in (101, 204):
        return None
    if special == 205:
        return 0
    if special == 0 and length is None:
        # An application that knows HEAD gives no body: that tells no length.
        return body_length or None
    return length


def connection_options(value: bytes) -> set[bytes]:
    """Return the options of a Connection field in lower case."""
    return set(value.lower().replace(b",", b" ").split())


def trailer_lines(trailers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return trailer fields as lines.

    Raises:
        ResponseRefused: A field has a bad name, a bad value, or frames a message.
    """
    lines = [b"%b: %b" % field for field in trailers]
    for line in lines:
        match = grammar.FIELD.fullmatch(line)
        if match is None or match[1].lower() in _KINDS:
            raise ResponseRefused(f"The answer has a bad trailer: {line!r}.")
    return b"".join([line + b"\r\n" for line in lines])


def plain_answer(
    status: int,
    message: str,
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    version: tuple[int, int] = (1, 1),
    with_body: bool = True,
) -> bytes:
    """Make a whole ``text/plain`` answer of the server itself, which closes.

    Such answers have no Date and no Server: documented behaviour.

    Args:
        status: Its code.
        message: Its body.
        headers: More fields, such as Retry-After.
        version: The version of the server.
        with_body: False for an answer to HEAD.
    """
    body = message.encode("utf-8")
    lines = [
        b"HTTP/%d.%d %b" % (*version, status_line(status)),
        b"Content-Length: %d" % len(body),
        b"Content-Type: text/plain",
        b"Connection: close",
        *[b"%b: %b" % field for field in headers],
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body if with_body else b"")
