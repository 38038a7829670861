"""Fewer bytes on the wire: gzip for all, zstd and brotli for those who take them.

`gzip` is the documented tool. `compress_response` chooses among several content codings
by what the client prefers (RFC 9110 §12.5.3). Both go through the same steps: is this
body worth it, which coding does the client want, and what must the headers say then.

Part of `cherrypy.lib.encoding` in CherryPy, and found there still.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import log
from cherrypy.http.filebody import FileBody
from cherrypy.http.status import valid_status
from cherrypy.lib import set_vary_header
from cherrypy.lib.bodies import MadeFrom
from cherrypy.lib.negotiation import accepted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = [
    "COMPRESSIBLE",
    "Compressor",
    "chosen_coding",
    "compress",
    "compress_response",
    "compressor",
    "decompress",
    "gzip",
    "installed",
]

COMPRESSIBLE = (
    "text/*",
    "application/json",
    "application/*+json",
    "application/javascript",
    "application/xml",
    "application/*+xml",
    "application/wasm",
    "image/svg+xml",
)
"""The types that `compress_response` finds worth it by default."""

_LEVELS = {"zstd": 3, "br": 4, "gzip": 5}

# Larger files are compressed while they are sent; others get a Content-Length.
_LARGE_FILE = 1024 * 1024


class Compressor(Protocol):
    """Makes fewer bytes of many, piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """Take a piece; return what is ready."""
        ...

    def flush(self) -> bytes:
        """Return the rest of what was taken so far, so that it can be read."""
        ...

    def finish(self) -> bytes:
        """Return the rest and the end."""
        ...


class _Gzip:
    """Gzip (RFC 1952). The header carries no time: equal pages give equal bytes."""

    def __init__(self, level: int) -> None:
        # 31: the largest window (15) and a gzip wrapper (16).
        self._made = made = zlib.compressobj(level, zlib.DEFLATED, 31)
        self.compress = made.compress
        self.finish = made.flush

    def flush(self) -> bytes:
        return self._made.flush(zlib.Z_SYNC_FLUSH)


@cache
def _brotli() -> Callable[[int], Compressor] | None:
    """Return what makes a compressor for brotli (RFC 7932), if it is installed."""
    try:
        import brotli
    except ImportError:
        return None

    class Brotli:
        def __init__(self, level: int) -> None:
            made = brotli.Compressor(quality=level)
            self.compress = made.process
            self.flush = made.flush
            self.finish = made.finish

    return Brotli


@cache
def _zstd() -> Callable[[int], Compressor] | None:
    """Return what makes a compressor for zstd (RFC 8878), if it is installed."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            zstd = import_module(name)
            break
        except ImportError:
            # The first one is there from Python 3.14 on.
            continue
    else:
        return None

    class Zstd:
        def __init__(self, level: int) -> None:
            # Beyond 19 the window may be larger than the 8 MB that a client must be
            # able to hold (RFC 9659).
            self._made = made = zstd.ZstdCompressor(level=min(level, 19))
            self.compress = made.compress
            self.finish = made.flush

        def flush(self) -> bytes:
            rest: bytes = self._made.flush(self._made.FLUSH_BLOCK)
            return rest

    return Zstd


_CODINGS: dict[str, Callable[[], Callable[[int], Compressor] | None]] = {
    "zstd": _zstd,
    "br": _brotli,
    "gzip": lambda: _Gzip,
}


def installed(codings: Iterable[str]) -> list[str]:
    """Return those of the codings that this Python can make, in the same order.

    Raises:
        ValueError: One of them is unknown.
    """
    names = list(codings)
    unknown = [name for name in names if name not in _CODINGS]
    if unknown:
        raise ValueError(
            f"{unknown[0]!r} is no content coding that can be made here; there are "
            f"{', '.join(_CODINGS)}."
        )
    return [name for name in names if _CODINGS[name]() is not None]


def compressor(coding: str, level: int) -> Compressor:
    """Make a compressor.

    Args:
        coding: ``gzip``, ``br`` or ``zstd``.
        level: How hard to try: 0 to 9 for gzip, 0 to 11 for br, 1 to 19 for zstd.

    Raises:
        ImportError: The package that makes the coding is not installed.
    """
    factory = _CODINGS[coding]()
    if factory is None:
        extra = {"br": "brotli"}.get(coding, coding)
        raise ImportError(
            f"Nothing here makes {coding!r}: pip install morello[{extra}]."
        )
    return factory(level)


def compress(body: Iterable[bytes], compress_level: int) -> Iterator[bytes]:
    """Return the chunks of `body` as one gzip stream (RFC 1952).

    Args:
        body: Byte strings; closed with the stream if it can be.
        compress_level: From 0, not at all, to 9, as small as can be.
    """
    return _compressed(body, _Gzip(compress_level))


def decompress(body: bytes) -> bytes:
    """Return what a gzip stream holds, all of it: not for bytes of strangers.

    Raises:
        gzip.BadGzipFile, EOFError, zlib.error: It is no gzip stream.
    """
    from gzip import decompress as unzip  # lazy: the server itself never needs it

    return unzip(body)


def _compressed(
    body: Iterable[bytes], made: Compressor, *, flushed: bool = False
) -> MadeFrom:
    """Return a body on its way through a compressor.

    Args:
        body: The body.
        made: The compressor.
        flushed: Whether each chunk is to arrive before the next one is there.
    """

    def chunks() -> Iterator[bytes]:
        for chunk in body:
            done = made.compress(chunk)
            if flushed:
                done += made.flush()
            if done:
                yield done
        yield made.finish()

    return MadeFrom(body, chunks())


def gzip(
    compress_level: int = 5,
    mime_types: Sequence[str] = ("text/html", "text/plain"),
    debug: bool = False,
) -> None:
    """Compress the body if the client takes gzip and the type is worth it.

    Left as they are: empty bodies, parts of files, what is encoded or cached
    already, what says ``Cache-Control: no-transform``, and answers to clients that
    take no gzip or prefer the plain body.

    Args:
        compress_level: From 0, not at all, to 9, as small as can be.
        mime_types: Types to compress: ``text/html``, ``text/*``,
            ``application/*+json``, or ``*/*``.
        debug: Log what is done.

    Raises:
        HTTPError: 406, the client takes neither gzip nor the plain body; 400, its
            wishes cannot be understood.
    """
    set_vary_header(current.get().response, "Accept-Encoding")
    _compress(("gzip",), {"gzip": compress_level}, mime_types, 0, debug, "TOOLS.GZIP")


def compress_response(
    codings: Sequence[str] = ("zstd", "br", "gzip"),
    levels: Mapping[str, int] | None = None,
    mime_types: Sequence[str] = COMPRESSIBLE,
    min_size: int = 500,
    debug: bool = False,
) -> None:
    """Compress the body in the coding that the client prefers; tools.compress.

    Those that are not installed are left out. What `gzip` leaves alone is left alone
    here, too.

    Args:
        codings: What to offer, the favourite first: it decides where the client has
            no preference.
        levels: How hard to try, by coding: zstd 3, br 4, gzip 5 unless given.
        mime_types: Types to compress, as for `gzip`.
        min_size: Bytes of the smallest body that is worth it, where that is known.
        debug: Log what is done.

    Raises:
        HTTPError: 406, the client takes none of these and no plain body; 400, its
            wishes cannot be understood.
        ValueError: A coding is unknown.
    """
    offers = installed(codings)
    wanted = {**_LEVELS, **(levels or {})}
    _compress(offers, wanted, mime_types, min_size, debug, "TOOLS.COMPRESS")


def _compress(
    offers: Sequence[str],
    levels: Mapping[str, int],
    mime_types: Sequence[str],
    min_size: int,
    debug: bool,
    context: str,
) -> None:
    serving = current.get()
    request, response = serving.request, serving.response
    reason = _why_not(request, response, mime_types, min_size)
    coding = None
    if reason is None:
        set_vary_header(response, "Accept-Encoding")
        coding = _wanted(response, offers)
        if coding is None:
            reason = "the client did not ask for it"
    if debug:
        log(f"Compressing: {coding}" if coding else f"No: {reason}", context)
    if coding is not None:
        _change_headers(response, coding)
        _change_body(response, compressor(coding, levels[coding]))


def _why_not(
    request: Request, response: Response, mime_types: Sequence[str], min_size: int
) -> str | None:
    """Return what speaks against compressing this response, or None."""
    body = response.body
    headers = response.headers
    if not body:
        if response.status:
            _unmodified(request, response)
        return "the body is empty"
    if getattr(request, "cached", False):
        return "it comes from the cache"
    if headers.get("Content-Encoding") or headers.get("Content-Range"):
        return "it is encoded already, or a part"
    content_type = str(headers.get("Content-Type") or "").partition(";")[0]
    content_type = content_type.strip().lower()
    if not any(_matches(content_type, pattern) for pattern in mime_types):
        return f"{content_type!r} is none of {list(mime_types)}"
    if "no-transform" in str(headers.get("Cache-Control") or "").lower():
        return "Cache-Control: no-transform"
    if isinstance(body, list) and sum(map(len, body)) < min_size:
        return f"it has less than {min_size} bytes"
    return None


def _unmodified(request: Request, response: Response) -> None:
    """Give a 304 the tag that the client knows: that of the compressed body.

    It must not look like another one than that which is being confirmed.
    """
    if valid_status(response.status)[0] != 304:
        return
    set_vary_header(response, "Accept-Encoding")
    etag = str(response.headers.get("ETag") or "")
    held = request.raw_header("If-None-Match") or ""
    if etag.startswith('"') and f"W/{etag}" in held:
        response.headers["ETag"] = f"W/{etag}"


def _change_headers(response: Response, coding: str) -> None:
    headers = response.headers
    headers["Content-Encoding"] = coding
    headers.pop("Content-Length", None)
    # Parts would be parts of the plain body.
    headers.pop("Accept-Ranges", None)
    etag = headers.get("ETag")
    if etag and str(etag).startswith('"'):
        # The same page, but no longer the same bytes (RFC 9110 §8.8.3.3).
        headers["ETag"] = f"W/{etag}"


def _change_body(response: Response, made: Compressor) -> None:
    body = response.body
    if isinstance(body, list):
        response.body = made.compress(b"".join(body)) + made.finish()
        return
    if isinstance(body, FileBody):
        size = body.remaining()
        if size is not None and size > _LARGE_FILE:
            response.stream = True
        response.body = _compressed(body, made)
        return
    # What a page sends piece by piece is meant to arrive piece by piece.
    response.body = _compressed(body, made, flushed=response.stream)


def _matches(content_type: str, pattern: str) -> bool:
    if pattern == "*/*":
        return True
    before, star, after = pattern.partition("*")
    if not star:
        return content_type == pattern
    return (
        "/" in content_type
        and content_type.startswith(before)
        and content_type.endswith(after)
    )


def _wanted(response: Response, offers: Sequence[str]) -> str | None:
    """Return the coding to use, None for the plain body.

    Raises:
        HTTPError: 406, the client takes neither; 400, its wishes make no sense.
    """
    try:
        return chosen_coding(offers)
    except HTTPError:
        # There is no answer to that but an error page, and here may be one already.
        if valid_status(response.status or None)[0] >= 400:
            return None
        raise


def chosen_coding(offers: Sequence[str]) -> str | None:
    """Return the content coding that the client prefers; None is the plain body.

    Where it has no preference, the first of `offers` is taken, but the plain body if
    that is named with the same quality.

    Args:
        offers: Content codings, the favourite first.

    Raises:
        HTTPError: 406, the client takes neither any of these nor the plain body; 400,
            its ``Accept-Encoding`` makes no sense.
    """
    quality = {each.value.lower(): each.qvalue for each in accepted("Accept-Encoding")}
    if "x-gzip" in quality:
        quality.setdefault("gzip", quality["x-gzip"])
    others = quality.get("*")
    best, highest = None, 0.0
    for coding in offers:
        q = quality.get(coding, others or 0.0)
        if q > highest:
            best, highest = coding, q
    if best is not None:
        return best if quality.get("identity", 0.0) < highest else None
    # The plain body is always acceptable, unless it is refused by name or by `*`.
    if quality.get("identity", others) == 0.0:
        raise HTTPError(406, ", ".join(("identity", *offers)))
    return None
