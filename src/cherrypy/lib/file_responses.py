"""What is sent of a file: nothing, some ranges, or all of it.

Small files are read at once; large ones become a `FileBody`, which the server hands
to the operating system.
"""

from __future__ import annotations

import io
import mimetypes
import os
import stat
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.http.dates import format_http_date
from cherrypy.http.filebody import FileBody
from cherrypy.http.ranges import get_ranges
from cherrypy.lib import file_generator_limited
from cherrypy.lib.conditional import range_is_current, validate_etags, validate_since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.core.response import Response
    from cherrypy.lib.beneath import OpenedFile

__all__ = ["ByteRanges", "answer_with_file", "answer_with_opened", "media_type"]

_READ_AT_ONCE = 65536
"""Bytes up to which a file is read here and now: one read and one send are quicker
than what it takes to keep a file open until the server comes to it."""


def answer_with_opened(
    opened: OpenedFile,
    content_type: str | None,
    disposition: str | None = None,
    name: str | None = None,
    *,
    etag: bool = False,
    coding: str = "",
) -> None:
    """Answer with a file that was just opened; it is closed in any case.

    Args:
        opened: The file.
        content_type: The media type; None leaves the response's present one.
        disposition: ``attachment`` or ``inline``, for a Content-Disposition header.
        name: The file's name in that header.
        etag: Give the response an ETag, made of the file's time and size.
        coding: The content coding that the file is in.

    Raises:
        HTTPRedirect: 304, the client has it already.
        HTTPError: 412 or 416, what the client demands is not so.
    """
    descriptor, status = opened
    size = status.st_size
    response = current.get().response
    try:
        _describe(response, content_type, disposition, name, status.st_mtime)
        if coding:
            response.headers["Content-Encoding"] = coding
        if etag:
            tag = f"{status.st_mtime_ns:x}-{size:x}{coding and '-'}{coding}"
            response.headers["ETag"] = f'"{tag}"'
            validate_etags()
        validate_since()
        ranges = _wanted_ranges(size)
        if ranges is None and size <= _READ_AT_ONCE:
            # For HEAD, too: what tools make of the body shows in the headers.
            content = _read(descriptor, size)
            os.close(descriptor)
            response.body = content
            return
    except BaseException:
        os.close(descriptor)
        raise
    file = open(descriptor, "rb", buffering=0)  # noqa: SIM115 - the body closes it
    if ranges is None:
        response.headers["Content-Length"] = str(size)
        response.body = FileBody(file, size)
    else:
        _answer_in_part(file, ranges, size)


def _read(descriptor: int, size: int) -> bytes:
    """Read a whole file."""
    content = os.read(descriptor, size)
    while len(content) < size:
        more = os.read(descriptor, size - len(content))
        if not more:
            break  # It was cut while it was being read.
        content += more
    current.get().response.headers["Content-Length"] = str(len(content))
    return content


def answer_with_file(
    file: Any,
    content_type: str | None,
    disposition: str | None = None,
    name: str | None = None,
) -> None:
    """Answer with an open file object; it is closed in any case.

    Sent from its present position on; ranges count from the beginning.

    Args:
        file: Open for reading. One of text is read at once, and sent in UTF-8.
        content_type: The media type; None leaves the response's present one.
        disposition: ``attachment`` or ``inline``, for a Content-Disposition header.
        name: The file's name in that header.

    Raises:
        HTTPRedirect: 304, the client has it already.
        HTTPError: 412 or 416, what the client demands is not so.
    """
    response = current.get().response
    modified = _modified(file)
    if isinstance(file, io.TextIOBase):
        file = _in_bytes(file)
    try:
        position, size = _extent(file)
        _describe(response, content_type, disposition, name, modified)
        validate_since()
        ranges = None if size is None else _wanted_ranges(size)
    except BaseException:
        file.close()
        raise
    if ranges is not None and size is not None:
        _answer_in_part(file, ranges, size)
        return
    if size is not None:
        response.headers["Content-Length"] = str(max(size - position, 0))
    response.body = FileBody(file)


def _in_bytes(file: io.TextIOBase) -> io.BytesIO:
    """Return what a text file yields, as pages send text: in UTF-8."""
    with file:
        return io.BytesIO(file.read().encode("utf-8"))


def _extent(file: Any) -> tuple[int, int | None]:
    """Return where a file stands and how long it is, if it can be sought in."""
    try:
        position = file.tell()
        size = file.seek(0, io.SEEK_END)
        file.seek(position)
    except (AttributeError, OSError, ValueError):
        return 0, None
    # A text position, or a file-like object with a mind of its own.
    if not isinstance(size, int):
        size = None
    return position, size


def _modified(file: Any) -> float | None:
    """Return when a file was last changed, if it is one of the operating system."""
    try:
        status = os.fstat(file.fileno())
    except (AttributeError, OSError):
        return None
    return status.st_mtime if stat.S_ISREG(status.st_mode) else None


def _describe(
    response: Response,
    content_type: str | None,
    disposition: str | None,
    name: str | None,
    modified: float | None,
) -> None:
    """Set the headers that do not depend on what the client has."""
    headers = response.headers
    if content_type is not None:
        headers["Content-Type"] = content_type
    if disposition is not None:
        headers["Content-Disposition"] = _content_disposition(disposition, name)
    if modified is not None:
        last_modified = _http_date(int(modified))
        if last_modified is not None:
            headers["Last-Modified"] = last_modified


@lru_cache(maxsize=1024)
def _http_date(second: int) -> str | None:
    # File systems know dates that HTTP has no digits for: from the year 10000 on.
    if second >= 253_402_300_800:
        return None
    try:
        return format_http_date(second)
    except (OverflowError, OSError, ValueError):
        return None  # Windows has no dates before 1970.


def _content_disposition(disposition: str, name: str | None) -> str:
    """Return the header value for a file name in any language (RFC 6266)."""
    if name is None:
        return disposition
    import unicodedata  # lazy: a megabyte that only downloads need

    name = "".join(c for c in name if c >= " " and c != "\x7f")
    # Compatible forms first, so that a ligature does not just vanish.
    ascii_name = unicodedata.normalize("NFKC", name).encode("ascii", "ignore").decode()
    quoted = ascii_name.replace("\\", "\\\\").replace('"', '\\"')
    value = f'{disposition}; filename="{quoted}"'
    if ascii_name != name:
        value += f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    return value


def _wanted_ranges(size: int) -> list[tuple[int, int]] | None:
    """Return the ranges that the client asks for and may have; None for all.

    Raises:
        HTTPError: 416, it asks only for what is not there.
    """
    serving = current.get()
    request, response = serving.request, serving.response
    if request.protocol < (1, 1):
        return None
    response.headers["Accept-Ranges"] = "bytes"
    # RFC 9110 §14.2: only GET knows ranges.
    header = request.raw_header("Range")
    if header is None or request.method != "GET":
        return None
    if not range_is_current(request, response):
        return None
    ranges = get_ranges(header, size)
    if ranges == []:
        response.headers["Content-Range"] = f"bytes */{size}"
        raise HTTPError(
            416, "Invalid Range (first-byte-pos greater than Content-Length)"
        )
    return ranges


def _answer_in_part(file: Any, ranges: list[tuple[int, int]], size: int) -> None:
    """Answer with one range, or with several in one body."""
    response = current.get().response
    headers = response.headers
    response.status = "206 Partial Content"
    if len(ranges) == 1:
        [(start, stop)] = ranges
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        headers["Content-Length"] = str(stop - start)
        file.seek(start)
        response.body = FileBody(file, stop - start)
        return
    parts = ByteRanges(file, ranges, size, str(headers.get("Content-Type") or ""))
    headers["Content-Type"] = f"multipart/byteranges; boundary={parts.boundary}"
    headers["Content-Length"] = str(len(parts))
    response.body = parts


class ByteRanges:
    """A ``multipart/byteranges`` body (RFC 9110 §14.6); its length is its bytes.

    Args:
        file: A file that can be sought in; closed at the end.
        ranges: Pairs of start and stop in bytes, stop exclusive.
        size: Bytes in the whole file.
        content_type: The media type of the whole, repeated in each part.
    """

    def __init__(
        self, file: Any, ranges: list[tuple[int, int]], size: int, content_type: str
    ) -> None:
        self.file = file
        self.boundary: str = os.urandom(16).hex()
        """What stands between the parts; unlikely enough to stand within one."""
        self._parts = [
            (self._head(content_type, start, stop, size), start, stop - start)
            for start, stop in ranges
        ]
        # documented behaviour: the body begins and ends with an empty line.
        self._end = f"\r\n--{self.boundary}--\r\n".encode()

    def _head(self, content_type: str, start: int, stop: int, size: int) -> bytes:
        lines = (
            f"\r\n--{self.boundary}",
            f"Content-type: {content_type}",
            f"Content-range: bytes {start}-{stop - 1}/{size}",
            "\r\n",
        )
        return "\r\n".join(lines).encode("latin-1", "replace")

    def __len__(self) -> int:
        return sum(len(head) + count for head, _, count in self._parts) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the parts, their files' bytes in pieces."""
        try:
            for head, start, count in self._parts:
                yield head
                self.file.seek(start)
                yield from file_generator_limited(self.file, count)
            yield self._end
        finally:
            self.close()

    def close(self) -> None:
        """Close the file."""
        self.file.close()


# documented behaviour: these are known, whatever the system says.
_MORE_TYPES = {
    ".dwg": "image/x-dwg",
    ".ico": "image/x-icon",
    ".bz2": "application/x-bzip2",
    ".gz": "application/x-gzip",
}

# What systems say of them. Anything else was added by a program, and stays.
_OTHER_NAMES = {
    None,
    "application/bzip2",
    "application/gzip",
    "application/x-bzip",
    "image/vnd.dwg",
    "image/vnd.microsoft.icon",
}


def _know_types() -> dict[str, str]:
    """Add our media types to the common table, and return that."""
    if not mimetypes.inited:
        mimetypes.init()
    table = mimetypes.types_map
    for extension, kind in _MORE_TYPES.items():
        if table.get(extension) in _OTHER_NAMES:
            table[extension] = kind
    return table


# documented behaviour: programs look into this same table, and add to it, without
# having served a file before.
_known: dict[str, str] = _know_types()


def media_type(name: str) -> str | None:
    """Return the media type for a file name by its extension, or None."""
    global _known
    if mimetypes.types_map is not _known:
        # Somebody has read the system's table again.
        _known = _know_types()
    return _known.get(os.path.splitext(name)[1].lower())
