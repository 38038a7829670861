"""The batteries: tools and helpers built on the four layers.

A module of this room is imported by whoever wants it; this page holds only what
several of them share.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from cherrypy.core.response import Response

__all__ = [
    "file_generator",
    "file_generator_limited",
    "is_closable_iterator",
    "is_iterator",
    "set_vary_header",
]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_iterator(obj: object) -> bool:
    """Tell whether `obj` is an iterator: one that yields its items only once."""
    kind = type(obj)
    if not hasattr(kind, "__next__") or not hasattr(kind, "__iter__"):
        return False
    return iter(obj) is obj  # type: ignore[call-overload]


def is_closable_iterator(obj: object) -> bool:
    """Tell whether `obj` is an iterator with a `close` that needs no arguments."""
    if not is_iterator(obj):
        return False
    import inspect  # lazy: 10 ms of import

    if inspect.isgenerator(obj):
        return True
    close = getattr(obj, "close", None)
    if not callable(close):
        return False
    try:
        inspect.signature(close).bind()
    except (TypeError, ValueError):
        # It wants arguments, or is written in C and does not say what it wants.
        return False
    return True


class file_generator:
    """Yield the bytes of a file in chunks and close it at the end.

    Args:
        input: A file open for reading bytes.
        chunkSize: Bytes in one chunk.
    """

    def __init__(self, input: _Readable, chunkSize: int = 65536) -> None:
        self.input = input
        self.chunkSize = chunkSize

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next chunk.

        Raises:
            StopIteration: The file is at its end and closed, if it can be closed.
        """
        chunk = self.input.read(self.chunkSize)
        if chunk:
            return chunk
        close = getattr(self.input, "close", None)
        if close is not None:
            close()
        raise StopIteration

    next = __next__


def file_generator_limited(
    fileobj: _Readable, count: int, chunk_size: int = 65536
) -> Iterator[bytes]:
    """Yield at most `count` bytes of a file in chunks; the file stays open.

    Args:
        fileobj: A file open for reading bytes.
        count: How many bytes to yield at most.
        chunk_size: Bytes in one chunk.
    """
    while count > 0:
        chunk = fileobj.read(min(chunk_size, count))
        if not chunk:
            return
        count -= len(chunk)
        yield chunk


def set_vary_header(response: Response, header_name: str) -> None:
    """Add the name of a request header to the ``Vary`` of the response.

    Caches keep one answer for each value of the headers named there
    (RFC 9110 §12.5.5). ``*`` stands for all names.

    Args:
        response: The response.
        header_name: In Title-Case, as it shall stand there; it is found in any case.
    """
    headers = response.headers
    present: Any = headers.get("Vary")
    if not present:
        headers["Vary"] = header_name
        return
    names = [name for item in str(present).split(",") if (name := item.strip())]
    known = {name.lower() for name in names}
    if header_name.lower() not in known and "*" not in known:
        names.append(header_name)
        headers["Vary"] = ", ".join(names)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> ModuleType:
        """Import a module of this room when it is asked for by name."""
        # documented behaviour: `import cherrypy` is enough for programs that say
        # `cherrypy.lib.httputil`. This way it does not cost the others anything.
        module = f"{__name__}.{name}"
        if not name.startswith("_"):
            try:
                return import_module(module)
            except ModuleNotFoundError as problem:
                if problem.name != module:
                    raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
