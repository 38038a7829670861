"""Multipart bodies: bytes in, events out (RFC 2046 §5.1, RFC 7578).

The work is done by the push parser of the `multipart` library. What is added here:
events and errors of our own, every kind of multipart and not forms only, headers in
UTF-8, and file names that have lost their paths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes

from cherrypy.http.charsets import known_charset
from cherrypy.http.elements import split_quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Event",
    "MalformedMultipart",
    "MultipartDecoder",
    "MultipartTooLarge",
    "PartBegins",
    "PartData",
    "PartEnds",
    "boundary_of",
    "disposition_of",
]


class MalformedMultipart(ValueError):
    """The body is no multipart body; the client's mistake, answer 400."""


class MultipartTooLarge(ValueError):
    """The body has too many parts, or a part too many or too long headers; 413."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """The head of a part is complete."""

    headers: list[tuple[str, str]]
    """Its header fields, the names in Title-Case, in the order of the body."""


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part that began last."""

    data: bytes
    """At least one byte."""


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The part that began last is complete."""


Event: TypeAlias = PartBegins | PartData | PartEnds
"""What a decoder tells. A part is one PartBegins, any PartData, and one PartEnds."""


class _Segment(Protocol):
    """The head of a part, as the library tells it."""

    headerlist: list[tuple[str, str]]


class _PushParser(Protocol):
    """What is used of the library, which ships no types."""

    def parse(self, chunk: bytes) -> Iterator[_Segment | bytes | None]: ...

    def close(self) -> None: ...


class MultipartDecoder:
    """Decodes one multipart body, without ever holding more than a part's head of it.

    Args:
        boundary: The boundary between the parts, see `boundary_of`.
        max_parts: How many parts are taken at most.
        max_headers: How many header lines a part may have.
        max_header_bytes: How many bytes one header line may have.

    Raises:
        MalformedMultipart: The boundary is empty or holds line ends.
    """

    def __init__(
        self,
        boundary: str,
        *,
        max_parts: int = 1000,
        max_headers: int = 16,
        max_header_bytes: int = 4096,
    ) -> None:
        # Saves ten milliseconds of start-up; most sites take no uploads.
        from multipart import (  # type: ignore[import-untyped]  # it has none
            MultipartError,
            ParserLimitReached,
        )

        self._errors = MultipartError
        self._too_large = ParserLimitReached
        raw = boundary.encode("latin-1", "replace")
        try:
            self._parser = _parser_class()(
                raw,
                max_segment_count=max_parts,
                max_header_count=max_headers,
                max_header_size=max_header_bytes,
                header_charset="latin-1",
            )
        except MultipartError as error:
            raise MalformedMultipart(str(error)) from error
        self._line_ends = _LineEnds(raw)

    def receive(self, data: bytes) -> Iterator[Event]:
        """Yield the events in these bytes; take all of them before the next call.

        What follows the last boundary is ignored.

        Args:
            data: The next bytes of the body.

        Raises:
            MalformedMultipart: The body is no multipart body.
            MultipartTooLarge: A limit is exceeded.
        """
        data = self._line_ends.corrected(data)
        if data:
            yield from self._parsed(data)

    def close(self) -> None:
        """Say that there are no more bytes.

        Raises:
            MalformedMultipart: The last boundary is missing.
        """
        # What `_LineEnds` may still hold is half a boundary, so never the last one.
        try:
            self._parser.close()
        except self._errors as error:
            raise MalformedMultipart(str(error)) from error

    def _parsed(self, data: bytes) -> Iterator[Event]:
        """Translate what the library says about these bytes."""
        try:
            for event in self._parser.parse(data):
                if event is None:
                    yield PartEnds()
                elif isinstance(event, (bytes, bytearray)):
                    yield PartData(bytes(event))
                else:
                    yield PartBegins([(n, _text(v)) for n, v in event.headerlist])
        except self._too_large as error:
            raise MultipartTooLarge(str(error)) from error
        except self._errors as error:
            raise MalformedMultipart(str(error)) from error


@cache
def _parser_class() -> Callable[..., _PushParser]:
    """Return the parser of the library, made fit for every kind of multipart."""
    from multipart import MultipartSegment, PushMultipartParser  # late, as above

    class Parser(PushMultipartParser):  # type: ignore[misc]  # no types in there
        # The library wants every part to be "form-data", and offers this method to
        # those who want something else.
        def _create_segment(self, headerlist: list[tuple[str, str]]) -> _Segment:
            segment: _Segment = MultipartSegment(headerlist)
            return segment

    return Parser


class _LineEnds:
    """Lets boundary lines end with LF alone.

    documented behaviour: a line ``--boundary`` and LF is accepted; the library
    demands CRLF.
    """

    def __init__(self, boundary: bytes) -> None:
        self.wrong = b"\r\n--" + boundary + b"\n"
        self.right = b"\r\n--" + boundary + b"\r\n"
        self.held = b"\r\n"  # as if the body had begun with a line end
        self.begun = False

    def corrected(self, data: bytes) -> bytes:
        """Return what can be parsed of all bytes so far, keeping half a boundary."""
        data = (self.held + data).replace(self.wrong, self.right)
        # Backwards: the last CR is where a boundary line may begin that is not
        # complete; every other one has been looked at.
        start = data.rfind(b"\r", max(0, len(data) - len(self.wrong) + 1))
        if start == -1 or not self.wrong.startswith(data[start:]):
            start = len(data)
        self.held = data[start:]
        return self._started(data[:start])

    def _started(self, data: bytes) -> bytes:
        """Take away the line end that was put in front of the body."""
        if self.begun or not data:
            return data
        self.begun = True
        return data[2:]


_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def _text(value: str) -> str:
    """Return a header value as it was meant: browsers send UTF-8 (RFC 7578 §5.1)."""
    if _CONTROLS.search(value):
        raise MalformedMultipart(f"Control characters in the header {value!r}")
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value


# RFC 2046 §5.1.1, and what clients have been seen to use beyond it.
_BOUNDARY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")


def boundary_of(content_type: str) -> str:
    """Return the boundary that a ``Content-Type`` names, without its quotes.

    Args:
        content_type: The value of the field.

    Raises:
        MalformedMultipart: There is none, or it is longer than 200 characters, ends
            with a space or holds something else than printable ASCII.
    """
    boundary = _parameters(content_type).get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedMultipart(f"Invalid boundary in multipart form: {boundary!r}")
    return boundary


def disposition_of(value: str) -> tuple[str | None, str | None]:
    """Return the field name and the file name in a ``Content-Disposition``.

    ``filename*`` (RFC 5987) goes before ``filename``. A file name loses its path,
    that of Windows as well as that of Unix, and its control characters.

    Args:
        value: The value of the field.

    Returns:
        Field name and file name; None for what is not there. A file name that is
        there but empty is empty text.
    """
    parameters = _parameters(value)
    filename = _extended(parameters.get("filename*", ""))
    if filename is None:
        filename = parameters.get("filename")
    if filename is not None:
        filename = _CONTROLS.sub("", filename)
        filename = filename[max(filename.rfind("/"), filename.rfind("\\")) + 1 :]
        if filename in (".", ".."):
            filename = ""
    return parameters.get("name"), filename


def _parameters(value: str) -> dict[str, str]:
    """Return the parameters behind the first semicolon, by lower-case name.

    Of equal names the first one counts.
    """
    found: dict[str, str] = {}
    for item in split_quoted(value, ";")[1:]:
        name, equals, text = item.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), _meant(text.strip()))
    return found


def _meant(text: str) -> str:
    r"""Undo the quoting of a parameter.

    Only ``\"`` and ``\\`` are escapes; other backslashes are meant: ``C:\new`` is a
    path. What browsers write as ``%22`` stays, for a file may be called so.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return text


def _extended(text: str) -> str | None:
    """Decode ``UTF-8'en'%e2%82%ac`` (RFC 5987 §3.2); None if it is no such thing."""
    charset, _, rest = text.partition("'")
    _, quote, escaped = rest.partition("'")
    if not quote:
        return None
    try:
        raw = unquote_to_bytes(escaped.encode("ascii"))
        return raw.decode(known_charset(charset))
    except (LookupError, ValueError):
        return None
