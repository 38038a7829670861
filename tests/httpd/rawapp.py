"""The application the raw cases expect: a plain WSGI callable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PLAIN = ("Content-Type", "text/plain")


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer; to HEAD without a body."""
    status, headers, body = respond(environ)
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else body


def respond(
    environ: dict[str, Any],
) -> tuple[str, list[tuple[str, str]], Iterable[bytes]]:
    """Return status, headers and body."""
    path = environ["PATH_INFO"]
    etag = [("ETag", '"x"')]
    if path == "/echo":
        length = environ.get("CONTENT_LENGTH")
        if length:
            return whole(environ["wsgi.input"].read(int(length)))
        ends = environ.get("wsgi.input_terminated")
        return whole(environ["wsgi.input"].read() if ends else b"")
    if path == "/headers":
        fields = {
            key[5:].lower().replace("_", "-"): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        return whole(json.dumps(fields).encode())
    if path == "/hdr":
        value = unquote_to_bytes(environ["QUERY_STRING"].removeprefix("v="))
        return whole(b"ok", ("X-V", value.decode("latin-1")))
    if path == "/stream":
        return "200 OK", [PLAIN], iter([b"one", b"two", b"three"])
    if path == "/204":
        return "204 No Content", [], []
    if path == "/204body":
        return "204 No Content", [PLAIN], [b"stray"]
    if path == "/304":
        return "304 Not Modified", etag, []
    if path == "/304body":
        return "304 Not Modified", etag, [b"stray"]
    return whole(b"ok")


def whole(
    body: bytes, *headers: tuple[str, str]
) -> tuple[str, list[tuple[str, str]], Iterable[bytes]]:
    """Return an answer with a length."""
    return "200 OK", [PLAIN, ("Content-Length", str(len(body))), *headers], [body]
