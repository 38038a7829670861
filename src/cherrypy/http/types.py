"""The shapes of callables and lists that the rooms hand to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, TypeAlias

__all__ = [
    "Environ",
    "ExcInfo",
    "HeaderList",
    "InputStream",
    "StartResponse",
    "WSGIApplication",
    "Write",
]

HeaderList: TypeAlias = list[tuple[bytes, bytes]]
"""Header fields as they stand on the wire: (name, value) in the order of sending."""

Environ: TypeAlias = dict[str, Any]  # Any: PEP 3333 lets servers add what they like.
"""The WSGI environ of one request."""

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
)
"""What `sys.exc_info` returns."""

Write: TypeAlias = Callable[[bytes], object]
"""The imperative writer that `StartResponse` returns."""


class StartResponse(Protocol):
    """The callable by which a WSGI application states status and headers."""

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | None = None,
        /,
    ) -> Write:
        """Take the status line, the headers, and the error that forced new ones."""
        ...


class InputStream(Protocol):
    """What `wsgi.input` must be able to do (PEP 3333)."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; all that is left if it is negative."""
        ...

    def readline(self, size: int = -1, /) -> bytes:
        """Return one line with its end, or the `size` first bytes of it."""
        ...

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """Return the lines that are left, or about `hint` bytes of them."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines that are left."""
        ...


WSGIApplication: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]
"""A WSGI application (PEP 3333)."""
