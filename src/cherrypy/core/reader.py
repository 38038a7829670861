"""A request body with a known end: read, but never beyond it.

Under a body lies a stream of somebody's server. It may block when it is asked for more
than the client sends, and it may hand out more than anybody wants to keep. The readers
here count: never past the length that was announced, never more than is allowed.
"""

from __future__ import annotations

import math
from typing import IO, TYPE_CHECKING, Any

from cherrypy.core.errors import HTTPError
from cherrypy.http.headers import HeaderMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Final, NoReturn

__all__ = ["DEFAULT_BUFFER_SIZE", "PartReader", "SizedReader", "inf"]

DEFAULT_BUFFER_SIZE = 8192
"""Bytes that are taken from the stream at a time."""

inf: Final[float] = math.inf


class SizedReader:
    """Reads at most so many bytes of a stream.

    Args:
        fp: The stream; needs `read(size)` only.
        length: How many bytes belong to the body; None for all that the stream has.
        maxbytes: More bytes than these are refused; None or 0 for any number.
        bufsize: How many bytes to take at a time.
        has_trailers: Whether header fields follow the body; they are found in
            `trailers` then.
    """

    def __init__(
        self,
        fp: Any,  # Any: a file, a socket's file, a server's own stream
        length: int | None,
        maxbytes: float | None,
        bufsize: int = DEFAULT_BUFFER_SIZE,
        has_trailers: bool = False,
    ) -> None:
        self.fp = fp
        self.length = length
        self.maxbytes = maxbytes
        self.bufsize = bufsize
        self.has_trailers = has_trailers
        self.bytes_read: int = 0
        """Bytes that were taken from the stream."""
        self.done: bool = False
        """Whether the last byte was read, or `finish` called."""
        self.trailers: dict[str, str] = {}
        """Header fields that followed the body, by Title-Case name."""
        self._buffer = b""
        self._position = 0
        self._exhausted = False

    def read(self, size: int | None = None, fp_out: IO[bytes] | None = None) -> Any:
        """Return bytes, or write them to a file.

        Args:
            size: How many; all of them if None or negative.
            fp_out: Where to write them, piece by piece.

        Returns:
            The bytes; None if they were written to `fp_out`.

        Raises:
            HTTPError: 413 for more than `maxbytes`, 400 for an end before `length`.
        """
        wanted = inf if size is None or size < 0 else size
        if fp_out is not None:
            for chunk in self._chunks(wanted, self.bufsize):
                fp_out.write(chunk)
            return None
        if wanted is inf and not self._buffer:
            # Performance: most bodies are small and come whole at the first call.
            chunk = self._take(65536)
            if self._exhausted:
                self.finish()
                return chunk
            return b"".join([chunk, *self._chunks(wanted, 65536)])
        return b"".join(self._chunks(wanted, 65536))

    def _chunks(self, wanted: float, at_once: int) -> Iterator[bytes]:
        """Yield `wanted` bytes in pieces, fewer only at the end."""
        while wanted > 0 and self._fill(int(min(wanted, at_once))):
            start = self._position
            chunk = self._buffer[start : int(min(start + wanted, len(self._buffer)))]
            self._position += len(chunk)
            wanted -= len(chunk)
            yield chunk

    def _fill(self, size: int) -> bool:
        """Have bytes in the buffer, `size` at most if it is empty; False at the end."""
        if self._position == len(self._buffer):
            self._buffer, self._position = self._take(size), 0
        if not self._buffer:
            self.finish()
            return False
        return True

    def _take(self, size: int) -> bytes:
        """Take at most `size` bytes from the stream; none at its end."""
        length, maxbytes = self.length, self.maxbytes
        if length is not None:
            if maxbytes and length > maxbytes:
                raise HTTPError(413)
            size = min(size, length - self.bytes_read)
        chunk: bytes = b""
        if size > 0 and not self._exhausted:
            try:
                chunk = self.fp.read(size)
            except Exception as problem:
                # The boundary to the server's stream, which may refuse the body.
                _refuse(problem)
            self.bytes_read += len(chunk)
            if maxbytes and self.bytes_read > maxbytes:
                raise HTTPError(413)
        if not chunk and length is not None and self.bytes_read < length:
            raise HTTPError(400, "The request body ended before its Content-Length.")
        self._exhausted = not chunk or self.bytes_read == length
        return chunk

    def readline(self, size: int | None = None) -> bytes:
        """Return one line with its end, at most `size` bytes of it.

        Raises:
            HTTPError: As `read`.
        """
        wanted = inf if size is None or size < 0 else size
        pieces = []
        while wanted > 0:
            if not self._fill(self.bufsize):
                break
            buffer, start = self._buffer, self._position
            limit = int(min(start + wanted, len(buffer)))
            # An end before the limit, else the limit (find gives -1).
            end = buffer.find(b"\n", start, limit) + 1 or limit
            self._position = end
            pieces.append(buffer[start:end])
            wanted -= end - start
            if buffer[end - 1] == 10:  # LF
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def readlines(self, sizehint: int | None = None) -> list[bytes]:
        """Return the lines that are left, or so many that they make `sizehint` bytes.

        Raises:
            HTTPError: As `read`.
        """
        lines = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if sizehint is not None and 0 < sizehint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines that are left."""
        return iter(self.readline, b"")

    def finish(self) -> None:
        """Say that all was read; the trailers are known now, if there are any."""
        self.done = True
        if self.has_trailers:
            self.trailers = HeaderMap(_trailers(self.fp))


class PartReader(SizedReader):
    """Reads one part of a multipart body, and ends where the part ends.

    Args:
        next_chunk: Returns the next bytes of the part, none after the last.
    """

    def __init__(self, next_chunk: Callable[[], bytes]) -> None:
        super().__init__(None, None, None)
        self._next_chunk = next_chunk

    def _take(self, size: int) -> bytes:
        """Return the next bytes, however many they are; none at the end."""
        chunk = b"" if self._exhausted else self._next_chunk()
        self._exhausted = not chunk
        return chunk


def _refuse(problem: Exception) -> NoReturn:
    """Answer for a stream that refused the body; raise what is no refusal."""
    status = getattr(problem, "status", None)
    if isinstance(status, int) and 400 <= status <= 499:
        raise HTTPError(status, getattr(problem, "message", None)) from problem
    # What other servers raise for a body beyond their limit.
    if type(problem).__name__ == "MaxSizeExceeded":
        raise HTTPError(413) from problem
    raise problem


def _trailers(fp: Any) -> list[tuple[str, str]]:
    """Return the header fields after a body, from whatever the server offers."""
    pairs = getattr(fp, "trailers", None)
    if pairs is None:
        read_lines = getattr(fp, "read_trailer_lines", None)
        lines = [] if read_lines is None else read_lines()
        pairs = [line.partition(b":")[::2] for line in lines if b":" in line]
    return [
        (name.decode("latin-1").strip(), value.decode("latin-1").strip())
        for name, value in pairs
    ]
