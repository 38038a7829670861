"""What happens on the wire, as values.

`RequestHead`, then any number of `Data`, then `EndOfBody`: that is one request. A
request without a body is its `RequestHead` alone. The two errors are mirrors of each
other: `RequestRefused` is the client's mistake, `ResponseRefused` the application's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "BodyTooLong",
    "BodyTooShort",
    "Data",
    "EndOfBody",
    "Event",
    "Headers",
    "RequestHead",
    "RequestRefused",
    "ResponseRefused",
]

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Received field lines in order: lower-case names, values without blanks around."""


class RequestHead:
    """One complete and valid request head.

    Never change one: equal heads received later may be the very same object.
    """

    __slots__ = (
        "chunked",
        "content_length",
        "expect_continue",
        "has_body",
        "headers",
        "host",
        "keep_alive",
        "memo",
        "method",
        "path",
        "query",
        "target",
        "version",
    )

    method: str
    """The method as sent; methods are case-sensitive (RFC 9110 §9.1)."""

    target: bytes
    """The request-target as sent (RFC 9112 §3.2)."""

    path: bytes
    """The path, still percent-encoded, always starting with a slash.

    Of an absolute target its path; of ``*`` it is ``/*`` and of the authority of a
    CONNECT it is ``/host:port``  # documented behaviour
    """

    query: bytes
    """What follows the first question mark of the target, still encoded."""

    version: tuple[int, int]
    """The client's HTTP version, (1, 0) or (1, 1)."""

    headers: Headers
    """All field lines, repeated ones too, except names with an underscore.

    In an absolute target the authority replaces the value of Host (RFC 9112 §3.2.2).
    """

    host: bytes | None
    """The value of Host (or the authority that replaced it); None without one."""

    content_length: int | None
    """The number of bytes the body will have; None if it is chunked or not there."""

    chunked: bool
    """The body comes in chunks, with a length that is not known beforehand."""

    has_body: bool
    """`Data` (unless the body is empty after all) and `EndOfBody` will follow."""

    keep_alive: bool
    """The client, by its version and Connection field, lets the connection persist."""

    expect_continue: bool
    """The client waits for ``100 Continue`` before it sends the body."""

    memo: object
    """A place for one thing the rooms above derive from this head; None at first.

    Lives as long as the head, so that a head that is repeated byte for byte
    need not be worked out again (an environ to be copied, for example).
    """


@dataclass(frozen=True, slots=True)
class Data:
    """Some bytes of the request body, never empty; at most one for each `receive`."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndOfBody:
    """The request body is complete."""

    trailers: Headers = ()
    """The field lines after a chunked body; forbidden ones were refused."""


Event: TypeAlias = RequestHead | Data | EndOfBody


class RequestRefused(Exception):  # noqa: N818 (the house names what happened)
    """What the client sent cannot be served: answer with `status` and close.

    Nothing received later on the connection may be taken for a request.
    """

    def __init__(
        self, status: int, message: str, *, events: tuple[Event, ...] = ()
    ) -> None:
        super().__init__(status, message)
        self.status = status
        """The status code of the answer."""
        self.message = message
        """The text of the answer, for people."""
        self.events = events
        """What was complete before the fault, in the same call (mostly to be dropped).
        """


class ResponseRefused(Exception):  # noqa: N818
    """The application's answer cannot be put on the wire; the message says why."""


class BodyTooLong(ResponseRefused):
    """The application returned more bytes than its Content-Length."""


class BodyTooShort(ResponseRefused):
    """The application returned fewer bytes than its Content-Length."""
