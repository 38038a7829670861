"""One call of a WSGI application, from its environ to its close (PEP 3333)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cherrypy.http.urls import unquote_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from cherrypy.http.types import ExcInfo, WSGIApplication

__all__ = ["Exchange", "Fields", "make_environ"]


class Exchange:
    """One call of an application: its start_response, its body, its close."""

    def __init__(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        self.app = app
        self.environ = environ
        self.errors: io.StringIO = environ["wsgi.errors"]
        self.head: tuple[str, list[tuple[str, str]]] | None = None
        self.head_is_out: bool = False
        self.pending: list[bytes] = []
        self.result: Iterable[bytes] = ()
        self.chunks: Iterator[bytes] = iter(())

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        """Take status and headers, as PEP 3333 has it."""
        if exc_info is not None:
            if self.head_is_out and exc_info[1] is not None:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self.head is not None:
            raise AssertionError("start_response was called again without exc_info")
        self.head = (status, list(headers))
        return self.pending.append

    def open(self) -> tuple[str, list[tuple[str, str]]]:
        """Call the application; return status and headers as a server would send them.

        That is with the first chunk that is not empty: until then an application may
        change its mind (PEP 3333, error handling).

        Raises:
            AssertionError: the application never called start_response.
        """
        self.result = self.app(self.environ, self.start_response)
        try:
            self.chunks = iter(self.result)
            while not any(self.pending):
                chunk = next(self.chunks, None)
                if chunk is None:
                    break
                self.pending.append(chunk)
            if self.head is None:
                raise AssertionError(
                    f"{self.app!r} never called start_response for"
                    f" {self.environ['REQUEST_METHOD']} {self.environ['PATH_INFO']}"
                )
        except BaseException:
            self.close()
            raise
        self.head_is_out = True
        return self.head

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Return the next chunk that is not empty; close after the last one."""
        while True:
            while self.pending:
                if data := self.pending.pop(0):
                    return data
            try:
                self.pending.append(next(self.chunks))
            except StopIteration:
                if not self.pending:
                    self.close()
                    raise
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the result of the application, once."""
        result, self.result, self.chunks = self.result, (), iter(())
        close = getattr(result, "close", None)
        if close is not None:
            close()


class Fields:
    """The header fields of a request, while they are put together."""

    def __init__(self, start: Mapping[str, str]) -> None:
        self.pairs: list[tuple[str, str]] = list(start.items())

    def default(self, name: str, value: str) -> None:
        """Add a field unless one of this name is there."""
        if all(key.lower() != name.lower() for key, _ in self.pairs):
            self.pairs.append((name, value))

    def override(self, fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        """Put these in place of all fields of their names."""
        pairs = list(fields.items() if isinstance(fields, Mapping) else fields)
        named = {name.lower() for name, _ in pairs}
        self.pairs = [pair for pair in self.pairs if pair[0].lower() not in named]
        self.pairs += pairs

    def add(self, name: str, value: str) -> None:
        """Add a field beside others of its name."""
        self.pairs.append((name, value))

    def for_environ(self) -> dict[str, str]:
        """Return the fields as WSGI has them; repeated ones are joined."""
        found: dict[str, str] = {}
        for name, value in self.pairs:
            if set("\r\n\0") & set(f"{name}{value}"):
                raise ValueError(f"header {name!r}: {value!r} would break the request")
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
            glue = "; " if key == "HTTP_COOKIE" else ", "
            text = _as_latin1(value)
            found[key] = f"{found[key]}{glue}{text}" if key in found else text
        return found


def _as_latin1(text: str) -> str:
    """Return text as WSGI carries it: one character for each byte on the wire."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode().decode("latin-1")
    return text


def make_environ(
    method: str, url: str, body: bytes | Iterator[bytes] | None
) -> dict[str, Any]:
    """Return the environ of PEP 3333 with what a server adds to it."""
    parts = urlsplit(url)
    stream: io.BufferedIOBase
    if body is None or isinstance(body, bytes):
        stream = io.BytesIO(body or b"")
    else:
        stream = io.BufferedReader(_IterableFile(body))
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_path(parts.path.encode()),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": f"{parts.path}{'?' if parts.query else ''}{parts.query}",
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_SOFTWARE": "cherrypy.testing",
        "REMOTE_PORT": "50000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


class _IterableFile(io.RawIOBase):
    """A body that comes in pieces and does not say how long it is."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # Any: the buffer protocol
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.rest = piece
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count
