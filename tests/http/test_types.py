"""The shapes that the rooms hand to each other."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cherrypy.http import types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cherrypy.http.types import (
        Environ,
        InputStream,
        StartResponse,
        WSGIApplication,
    )


def test_a_plain_function_is_an_application() -> None:
    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        stream: InputStream = environ["wsgi.input"]
        start_response("200 OK", [("X-Thing", "a")])
        return [stream.read(2)]

    def start_response(
        status: str,
        headers: list[tuple[str, str]],
        exc_info: types.ExcInfo | None = None,
        /,
    ) -> types.Write:
        told.append((status, headers))
        return told.append

    told: list[object] = []
    page: WSGIApplication = application
    assert list(page({"wsgi.input": io.BytesIO(b"abc")}, start_response)) == [b"ab"]
    assert told == [("200 OK", [("X-Thing", "a")])]


def test_every_shape_is_named() -> None:
    assert all(hasattr(types, name) for name in types.__all__)
