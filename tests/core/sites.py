"""Small sites for the tests of the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Root:
    """A root to hang pages on."""


def application(
    config: Mapping[str, Any] | None = None, /, **pages: Callable[..., Any]
) -> cherrypy.Application:
    """Make an application of functions.

    Args:
        config: Settings of the path ``/``.
        pages: Each is found under its name.
    """
    root = Root()
    for name, page in pages.items():
        page.exposed = True  # type: ignore[attr-defined]
        setattr(root, name, page)
    return cherrypy.Application(root, "", {"/": dict(config or {})})


def client(
    config: Mapping[str, Any] | None = None, /, **pages: Callable[..., Any]
) -> Client:
    """Make a client of an application of functions."""
    return Client(application(config, **pages))


class Closing:
    """An iterable body that counts how often it is closed."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self.chunks = iter(chunks)
        self.closed = 0

    def __iter__(self) -> Closing:
        return self

    def __next__(self) -> bytes:
        chunk = next(self.chunks)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self) -> None:
        self.closed += 1
