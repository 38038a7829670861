"""What happens on the wire, as values.

`RequestHead`, then any number of `Data`, then `EndOfBody`: that is one request. A
request without a body is its `RequestHead` alone. The two errors are mirrors of each
other: `RequestRefused` is the client's mistake, `ResponseRefused` the application's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from cherrypy.httpd.environ import HeadPart
    from cherrypy.httpd.pages import Page

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

    # No frozen dataclass: made for every request, and freezing costs 1 µs a piece.
    __slots__ = (
        "chunked",
        "content_length",
        "environ",
        "expect_continue",
        "has_body",
        "headers",
        "host",
        "keep_alive",
        "memo",
        "method",
        "page",
        "path",
        "query",
        "target",
        "usual",
        "version",
    )

    method: str
    """The method as sent: a token without lower-case letters."""

    target: bytes
    """The request-target as sent (RFC 9112 §3.2)."""

    path: bytes
    """The path, still percent-encoded, always starting with a slash.

    Of an absolute target its path; of ``*`` it is ``/*`` and of the authority of a
    CONNECT it is ``/host:port`` (documented behaviour).
    """

    query: bytes
    """What follows the first question mark of the target, still encoded."""

    version: tuple[int, int]
    """(1, 0) or (1, 1); a higher minor version is taken for 1.1 (RFC 9110 §2.5)."""

    headers: Headers
    """All field lines, repeated ones too, except names with an underscore.

    In an absolute target the authority replaces the value of Host (RFC 9112 §3.2.2).
    """

    host: bytes | None
    """The value of Host (or the authority that replaced it); None without one."""

    content_length: int | None
    """The value of Content-Length; None without one."""

    chunked: bool
    """The body comes in chunks, with a length that is not known beforehand."""

    has_body: bool
    """`EndOfBody` will follow, and `Data` before it unless the body is empty."""

    keep_alive: bool
    """The client, by its version and Connection field, lets the connection persist."""

    usual: bool
    """Asks, as nearly all do, for an answer in HTTP/1.1 with its body, and persists."""

    expect_continue: bool
    """The client waits for ``100 Continue`` before it sends the body."""

    memo: object
    """A place for one thing that rooms above derive from this head; None at first.

    Lives as long as the head, so that a head that is repeated byte for byte
    need not be worked out again.
    """

    environ: HeadPart | None
    """A place for what the environs of such requests have in common; None at first."""

    page: Page | None
    """A place for what the server knows about the page asked for; None at first."""

    def __init__(
        self,
        method: str,
        target: bytes,
        path: bytes,
        query: bytes,
        version: tuple[int, int],
        headers: Headers,
        host: bytes | None,
        content_length: int | None,
        chunked: bool,
        keep_alive: bool,
        expect_continue: bool,
    ) -> None:
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.version = version
        self.headers = headers
        self.host = host
        self.content_length = content_length
        self.chunked = chunked
        self.has_body = chunked or bool(content_length)
        self.keep_alive = keep_alive
        self.usual = keep_alive and method != "HEAD" and version == (1, 1)
        self.expect_continue = expect_continue
        self.memo = None
        self.environ = None
        self.page = None

    def __repr__(self) -> str:
        target = self.target.decode("ascii")
        return f"<RequestHead {self.method} {target[:80]!r} {len(self.headers)} fields>"


@dataclass(slots=True)  # frozen would take four times as long to make
class Data:
    """Some bytes of the request body, never empty; at most one for each `receive`."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndOfBody:
    """The request body is complete."""

    trailers: Headers = ()
    """The field lines after a chunked body; forbidden ones were refused."""


Event: TypeAlias = RequestHead | Data | EndOfBody


class RequestRefused(Exception):
    """What the client sent cannot be served: answer with `status` and close.

    Nothing received later on the connection may be taken for a request.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        """The status code of the answer."""
        self.message = message
        """The text of the answer, for people; repeats nothing the client sent."""


class ResponseRefused(Exception):
    """The application's answer cannot be put on the wire; the message says why."""

    status = 500
    """The status of the answer that is sent instead, if nothing was sent yet."""


class BodyTooLong(ResponseRefused):
    """The application returned more bytes than its Content-Length."""


class BodyTooShort(ResponseRefused):
    """The application returned fewer bytes than its Content-Length."""
