"""Request bodies: where they end, and what they are once unwrapped (RFC 9112 §6, §7).

A body reads from a buffer, starting at an offset, and says how far it came. What it
does not take (half a chunk-size line) it will find again, in front of further bytes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn, Protocol

from cherrypy.httpd.protocols import grammar
from cherrypy.httpd.protocols.events import Headers, RequestRefused
from cherrypy.httpd.protocols.heads import BODY_TOO_LONG

if TYPE_CHECKING:
    from cherrypy.httpd.limits import Limits

__all__ = ["Body", "ChunkedBody", "LengthBody", "cut"]

# RFC 9110 §6.5.1: framing, routing, request modifiers, authentication and whatever
# says how to read the content may not come after the content.
_FORBIDDEN_TRAILERS = frozenset(
    b"authorization cache-control connection content-encoding content-length "
    b"content-range content-type cookie expect forwarded host if-match "
    b"if-modified-since if-none-match if-range if-unmodified-since keep-alive "
    b"max-forwards pragma proxy-authorization range te trailer transfer-encoding "
    b"upgrade".split()
)


class Body(Protocol):
    """A request body on its way."""

    complete: bool
    """The end was seen."""

    trailers: Headers
    """The fields after a chunked body, when it is complete."""

    @property
    def remaining(self) -> int | None:
        """Bytes still to come; None if nobody can know."""

    def read(self, buffer: bytes | bytearray, at: int) -> tuple[bytes, int]:
        """Take what belongs to the body.

        Args:
            buffer: Received bytes.
            at: The offset of the first one not taken yet.

        Returns:
            Bytes of content, and the offset behind what was taken.

        Raises:
            RequestRefused: The framing is broken, or a limit is.
        """


class LengthBody:
    """A body of a known length.

    Args:
        length: Its bytes, at least one.
    """

    __slots__ = ("complete", "remaining", "trailers")

    def __init__(self, length: int) -> None:
        self.remaining: int = length
        self.complete: bool = False
        self.trailers: Headers = ()

    def read(self, buffer: bytes | bytearray, at: int) -> tuple[bytes, int]:
        """Take bytes until the length is reached."""
        piece = cut(buffer, at, at + self.remaining)
        self.remaining -= len(piece)
        self.complete = not self.remaining
        return piece, at + len(piece)


class ChunkedBody:
    """A body in chunks.

    Args:
        limits: Bounds on the content and on what is wrapped around it.
    """

    __slots__ = (
        "_after_data",
        "_allowed",
        "_chunk",
        "_extensions",
        "_in_trailer",
        "_limits",
        "_searched",
        "_trailer_bytes",
        "complete",
        "trailers",
    )

    remaining = None

    def __init__(self, limits: Limits) -> None:
        self.complete: bool = False
        self.trailers: Headers = ()
        self._limits = limits
        # 2**63 - 1 without a limit: larger sizes mean to overflow something.
        self._allowed = limits.body_bytes or sys.maxsize
        self._chunk = 0
        self._after_data = False
        self._in_trailer = False
        self._extensions = 0
        self._trailer_bytes = 0
        self._searched = 0

    def read(self, buffer: bytes | bytearray, at: int) -> tuple[bytes, int]:
        """Take whole lines, and as much of the chunks as there is."""
        pieces = []
        while not self.complete:
            if self._chunk:
                piece = cut(buffer, at, at + self._chunk)
                if not piece:
                    break
                pieces.append(piece)
                at += len(piece)
                self._chunk -= len(piece)
                self._after_data = not self._chunk
            elif self._after_data:
                if buffer[at : at + 2] != b"\r\n":
                    if b"\r\n".startswith(buffer[at : at + 2]):
                        break
                    _refuse("A chunk is longer than its size.")
                at += 2
                self._after_data = False
            else:
                line = self._line(buffer, at)
                if line is None:
                    break
                at += len(line) + 2
                if self._in_trailer:
                    self._take_trailer(line)
                else:
                    self._take_size(line)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces), at

    def _line(self, buffer: bytes | bytearray, at: int) -> bytes | None:
        """Return the line that starts at an offset without its CRLF, or None."""
        end = buffer.find(b"\r\n", at + self._searched)
        length = (len(buffer) if end < 0 else end + 2) - at
        if length > self._longest_line():
            raise RequestRefused(413, BODY_TOO_LONG)
        if end < 0:
            # The last byte may be the CR of a CRLF.
            self._searched = max(0, length - 1)
            return None
        self._searched = 0
        return cut(buffer, at, end)

    def _longest_line(self) -> int:
        if self._in_trailer:
            return self._limits.trailer_bytes - self._trailer_bytes
        return self._limits.chunk_line_bytes

    def _take_size(self, line: bytes) -> None:
        match = grammar.CHUNK_LINE.fullmatch(line)
        if match is None:
            _refuse("Malformed chunk size.")
        digits, extensions = match.groups()
        self._extensions += len(extensions)
        size = int(digits, 16) if len(digits) <= 16 else 1 << 64
        self._allowed -= size
        if self._allowed < 0 or self._extensions > self._limits.chunk_extension_bytes:
            raise RequestRefused(413, BODY_TOO_LONG)
        self._chunk = size
        self._in_trailer = not size

    def _take_trailer(self, line: bytes) -> None:
        self._trailer_bytes += len(line) + 2
        if not line:
            self.complete = True
            return
        match = grammar.FIELD.fullmatch(line)
        if match is None:
            _refuse("Illegal trailer line.")
        name = match[1].lower()
        if name in _FORBIDDEN_TRAILERS:
            _refuse("A field that may not be a trailer.")
        if b"_" not in name:
            self.trailers += ((name, match[2].rstrip(b" \t")),)
        if len(self.trailers) > self._limits.header_count:
            raise RequestRefused(413, BODY_TOO_LONG)


def cut(buffer: bytes | bytearray, start: int, end: int) -> bytes:
    """Return a part of a buffer, copied once at most."""
    if isinstance(buffer, bytes):
        return buffer[start:end]
    with memoryview(buffer) as view:
        return bytes(view[start:end])


def _refuse(message: str) -> NoReturn:
    raise RequestRefused(400, message)
