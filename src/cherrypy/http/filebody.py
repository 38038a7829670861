"""A response body that comes from a file, known as such to the server."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FileBody", "ReadableFile", "file_chunks"]


class ReadableFile(Protocol):
    """What a file must be able to do to serve as a body."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        ...


class FileBody:
    """The bytes of a file from its present position on, in pieces.

    A server may iterate over it, or recognise it and let the operating system copy
    `count` bytes from `fileno` (sendfile).

    Args:
        file: An open binary file; the body owns it from now on.
        count: How many bytes to send at most; None for all there are.
        chunk_size: Bytes in one piece. 64 KiB fills a socket buffer.
    """

    __slots__ = ("chunk_size", "count", "file")

    def __init__(
        self, file: ReadableFile, count: int | None = None, chunk_size: int = 65536
    ) -> None:
        self.file: ReadableFile = file
        self.count: int | None = count
        self.chunk_size: int = chunk_size

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes; the file is closed after the last one."""
        left = self.count
        try:
            while left is None or left > 0:
                size = self.chunk_size if left is None else min(left, self.chunk_size)
                chunk = self.file.read(size)
                if not chunk:
                    return
                if left is not None:
                    left -= len(chunk)
                yield chunk
        finally:
            self.close()

    def fileno(self) -> int:
        """Return the file descriptor.

        Raises:
            OSError: The file has none (`io.UnsupportedOperation` is one).
        """
        fileno = getattr(self.file, "fileno", None)
        if fileno is None:
            raise OSError(f"{self.file!r} has no file descriptor")
        descriptor: int = fileno()
        return descriptor

    def remaining(self) -> int | None:
        """Return how many bytes there are to come, or None if that is not known."""
        try:
            status = os.fstat(self.fileno())
            position: int = self.file.tell()  # type: ignore[attr-defined]
        except (AttributeError, OSError):
            return self.count
        if not stat.S_ISREG(status.st_mode):
            return self.count
        left = max(status.st_size - position, 0)
        return left if self.count is None else min(left, self.count)

    def close(self) -> None:
        """Close the file; a second time does no harm."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()


def file_chunks(file: ReadableFile) -> Iterable[bytes]:
    """Return what a file gives as a body.

    A binary file becomes a `FileBody`. A file that was opened as text gives str,
    which is for an encoder to turn into bytes and never for the server to copy.
    """
    body = FileBody(file)
    # Whatever gives str knows its encoding, `StringIO` among them; no binary file does.
    return _Text(body) if hasattr(file, "encoding") else body


class _Text:
    """What a file of text gives, which no server knows what to do with."""

    __slots__ = ("_body",)

    def __init__(self, body: FileBody) -> None:
        self._body = body

    def __iter__(self) -> Iterator[Any]:
        return iter(self._body)

    def close(self) -> None:
        self._body.close()
