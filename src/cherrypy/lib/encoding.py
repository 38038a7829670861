"""From text to bytes and from bytes to fewer bytes: encode, decode, gzip."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import log
from cherrypy.http.charsets import known_charset
from cherrypy.http.elements import header_elements
from cherrypy.http.filebody import FileBody, file_chunks
from cherrypy.http.status import valid_status
from cherrypy.lib import is_closable_iterator, set_vary_header
from cherrypy.lib.negotiation import accepted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cherrypy.core.response import Response

__all__ = [
    "ResponseEncoder",
    "UTF8StreamEncoder",
    "compress",
    "decode",
    "decompress",
    "gzip",
    "prepare_iter",
]


def decode(
    encoding: str | list[str] | None = None,
    default_encoding: str | list[str] = "utf-8",
    debug: bool = False,
) -> None:
    """Replace or extend the charsets that the request's body is decoded by.

    Args:
        encoding: Only these are tried, whatever the client says.
        default_encoding: Tried after those that are tried anyway; without meaning if
            `encoding` is given.
        debug: Log what is done.
    """
    body = current.get().request.body
    if encoding is not None:
        body.attempt_charsets = _as_list(encoding)
    elif default_encoding:
        body.attempt_charsets = body.attempt_charsets + _as_list(default_encoding)
    if debug:
        log(f"Charsets: {body.attempt_charsets}", "TOOLS.DECODE")


def _as_list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


class UTF8StreamEncoder:
    """Encode the text among the chunks of an iterator as UTF-8, one by one.

    Args:
        iterator: Yields text and bytes.
    """

    def __init__(self, iterator: Iterator[str | bytes]) -> None:
        self._iterator = iterator

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next chunk as bytes."""
        chunk = next(self._iterator)
        return chunk.encode("utf-8") if isinstance(chunk, str) else chunk

    next = __next__

    def close(self) -> None:
        """Close the iterator, if it can be closed."""
        if is_closable_iterator(self._iterator):
            self._iterator.close()  # type: ignore[attr-defined]  # just found there

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(self, name)
        return getattr(self._iterator, name)


# What the commonest types become, so that they need not be parsed at each request.
_IN_UTF8 = {
    name: f"{name};charset=utf-8"
    for name in (
        *("text/html", "text/plain", "text/css", "text/csv", "text/xml"),
        *("text/javascript", "text/markdown", "text/event-stream"),
        "text/html;charset=utf-8",
    )
}
_IN_UTF8["text/html;charset=utf-8"] = "text/html;charset=utf-8"

_NO_TEXT = frozenset({"application/json", "application/octet-stream", "image/png"})

# Performance: these names need no folding.
_get, _set, _pop = dict.get, dict.__setitem__, dict.pop


class ResponseEncoder:
    """Wrap the page handler and encode the text it returns; tools.encode.

    Making one puts it in the place of ``request.handler``.

    Args:
        **kwargs: Any of the attributes.
    """

    default_encoding: str = "utf-8"
    """The charset if the client does not ask for another."""

    failmsg: str = "Response body could not be encoded with %r."

    encoding: str | None = None
    """The only charset to use, or None to let the client choose."""

    errors: str = "strict"
    """What to do with characters that the charset lacks, as for `str.encode`."""

    text_only: bool = True
    """Leave bodies alone whose Content-Type does not begin with ``text/``."""

    add_charset: bool = True
    """Whether to encode and to name the charset in the Content-Type."""

    debug: bool = False
    """Log what is done."""

    def __init__(self, **kwargs: Any) -> None:
        if kwargs:
            for name, value in kwargs.items():
                setattr(self, name, value)
        request = current.get().request
        handler = request.handler
        if handler is not None:
            self.oldhandler = handler
            request.handler = self
        if self.debug:
            log(f"Wrapping {handler!r}", "TOOLS.ENCODE")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the page handler; return its result with the text in it encoded."""
        result = self.oldhandler(*args, **kwargs)
        # Performance: a page in one piece for a client without wishes, in one go.
        kind = result.__class__
        if (kind is str or kind is bytes) and self.encoding is None:
            serving = current.get()
            headers = serving.response.headers
            content_type = _IN_UTF8.get(_get(headers, "Content-Type", ""))
            if (
                content_type is not None
                and self.add_charset
                and self.default_encoding == "utf-8"
                and serving.request.raw_header("Accept-Charset") is None
            ):
                try:
                    body = (
                        result.encode("utf-8", self.errors) if kind is str else result
                    )
                except UnicodeEncodeError:
                    pass  # The long way tells the story in full.
                else:
                    _set(headers, "Content-Type", content_type)
                    _pop(headers, "Content-Length", None)
                    return body
        # Performance: what is no text, and in pieces of bytes, passes as it is.
        if result.__class__ is list and self.text_only and not self.debug:
            content_type = _get(current.get().response.headers, "Content-Type") or ""
            if content_type in _NO_TEXT and all(type(each) is bytes for each in result):
                return result
        return bridge.chain(result, self._encoded)

    def _encoded(self, result: Any) -> Any:
        """Encode the text in what a page returned."""
        self.body = prepare_iter(result)
        response = current.get().response
        content_type = str(response.headers.get("Content-Type") or "")
        if self.debug:
            log(f"Content-Type: {content_type!r}", "TOOLS.ENCODE")
        if not self.add_charset or not content_type:
            return self.body
        if self.text_only and "text/" not in content_type.lower():
            return self.body
        element = header_elements("Content-Type", content_type)[0]
        if self.text_only and not element.value.lower().startswith("text/"):
            return self.body
        if "charset" in element.params and _is_bytes(self.body):
            return self.body
        charset = self.find_acceptable_charset()
        element.params["charset"] = charset
        response.headers["Content-Type"] = str(element)
        if self.debug:
            log(f"Setting Content-Type {element}", "TOOLS.ENCODE")
        return self.body

    def find_acceptable_charset(self) -> str:
        """Encode the body in the first charset that suits client and text.

        Returns:
            The name of the charset.

        Raises:
            HTTPError: 406, none suits; 500, the text does not fit the default
                charset; 400, the client's wishes cannot be understood.
        """
        wishes = accepted("Accept-Charset")
        self.attempted_charsets: set[str] = set()
        named = [each.value.lower() for each in wishes]
        if self.encoding is not None:
            charset = self.encoding.lower()
            if not named or charset in named or "*" in named:  # noqa: SIM102
                if self._encode(charset):
                    return charset
        elif not wishes:
            if self._encode(self.default_encoding):
                return self.default_encoding
            raise HTTPError(500, self.failmsg % self.default_encoding)
        else:
            for each in wishes:
                if each.qvalue <= 0:
                    continue
                if each.value == "*":
                    if self._encode(self.default_encoding):
                        return self.default_encoding
                elif _is_charset(each.value) and self._encode(each.value):
                    return each.value
            # RFC 2616 §14.2: ISO-8859-1 is acceptable unless the client says no.
            if not {"*", "iso-8859-1"} & set(named) and self._encode("iso-8859-1"):
                return "iso-8859-1"
        raise HTTPError(406, self._none_fits())

    def _none_fits(self) -> str:
        said = current.get().request.raw_header("Accept-Charset")
        if said is None:
            message = "Your client did not send an Accept-Charset header."
        else:
            message = f"Your client sent this Accept-Charset header: {said}."
        tried = ", ".join(sorted(self.attempted_charsets))
        return f"{message} We tried these charsets: {tried}."

    def _encode(self, encoding: str) -> bool:
        if self.debug:
            log(f"Attempting encoding {encoding!r}", "TOOLS.ENCODE")
        response = current.get().response
        if response.stream:
            return self.encode_stream(encoding)
        # Set by the page it would count characters; finalize() counts bytes. Beside
        # no body at all it is the length for a HEAD.
        if self.body and not isinstance(self.body, FileBody):
            response.headers.pop("Content-Length", None)
        return self.encode_string(encoding)

    def encode_stream(self, encoding: str) -> bool:
        """Have the body encoded as it is being sent.

        Returns:
            Whether to go on with this charset. What does not fit it shows only when
            the headers are gone; then the connection breaks off.
        """
        if encoding in self.attempted_charsets:
            return False
        self.attempted_charsets.add(encoding)
        if isinstance(self.body, FileBody):
            return True
        self.body = _Made(_encoding(self.body, encoding, self.errors), self.body)
        return True

    def encode_string(self, encoding: str) -> bool:
        """Encode the body now.

        Returns:
            Whether it could be done; if not, the body is as it was.
        """
        if encoding in self.attempted_charsets:
            return False
        self.attempted_charsets.add(encoding)
        if isinstance(self.body, FileBody):
            return True
        if not isinstance(self.body, list):
            # An iterator yields its chunks only once, and there may be a next try.
            self.body = _read(self.body)
        try:
            self.body = list(_encoding(self.body, encoding, self.errors))
        except (LookupError, UnicodeError):
            return False
        return True


def prepare_iter(value: Any) -> Any:
    """Make an iterable of what a page returned, for text as well as bytes.

    Args:
        value: Text, bytes, a file, an iterable of text and bytes, or None.
    """
    if value is None:
        return []
    if isinstance(value, str | bytes | bytearray | memoryview):
        return [value] if value else []
    if isinstance(value, FileBody):
        return value
    if hasattr(value, "read"):
        return file_chunks(value)
    return value


def _is_bytes(body: Any) -> bool:
    """Tell whether there is nothing to encode, as far as one can see beforehand."""
    return isinstance(body, FileBody) or (
        isinstance(body, list) and all(isinstance(chunk, bytes) for chunk in body)
    )


def _is_charset(name: str) -> bool:
    try:
        known_charset(name)
    except LookupError:
        return False
    return True


def _encoding(chunks: Iterable[Any], encoding: str, errors: str) -> Iterator[Any]:
    """Yield the chunks, text among them encoded."""
    for chunk in chunks:
        yield chunk.encode(encoding, errors) if isinstance(chunk, str) else chunk


def _read(chunks: Iterable[Any]) -> list[Any]:
    """Return all chunks, and close what they come from."""
    try:
        return list(chunks)
    finally:
        _close(chunks)


def _close(chunks: Iterable[Any]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


class _Made:
    """Chunks that are made from others, which are closed with them.

    A generator alone would not do: one that was never begun, as in the answer to a
    HEAD request, runs nothing when it is closed.
    """

    def __init__(self, chunks: Iterator[Any], source: Iterable[Any]) -> None:
        self._chunks = chunks
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._chunks)

    def close(self) -> None:
        """Close what the chunks are made from."""
        _close(self._source)


def compress(body: Iterable[bytes], compress_level: int) -> Iterator[bytes]:
    """Return the chunks of `body` as one gzip stream (RFC 1952).

    Args:
        body: Byte strings; closed with the stream if it can be.
        compress_level: From 0, not at all, to 9, as small as can be.
    """
    return _Made(_compressed(body, compress_level), body)


def _compressed(body: Iterable[bytes], compress_level: int) -> Iterator[bytes]:
    # 31: the largest window (15) and a gzip wrapper (16). The header carries no time,
    # so that equal pages give equal bytes.
    compressor = zlib.compressobj(compress_level, zlib.DEFLATED, 31)
    for chunk in body:
        done = compressor.compress(chunk)
        if done:
            yield done
    yield compressor.flush()


def decompress(body: bytes) -> bytes:
    """Return what a gzip stream holds, all of it: not for bytes of strangers.

    Raises:
        gzip.BadGzipFile, EOFError, zlib.error: It is no gzip stream.
    """
    from gzip import decompress as unzip  # lazy: the server itself never needs it

    return unzip(body)


def gzip(
    compress_level: int = 5,
    mime_types: Sequence[str] = ("text/html", "text/plain"),
    debug: bool = False,
) -> None:
    """Compress the body if the client takes gzip and the type is worth it.

    Left as they are: empty bodies, parts of files, what is encoded or cached
    already, and answers to clients that take no gzip or prefer the plain body.

    Args:
        compress_level: From 0, not at all, to 9, as small as can be.
        mime_types: Types to compress: ``text/html``, ``text/*``, or
            ``application/*+json``.
        debug: Log what is done.

    Raises:
        HTTPError: 406, the client takes neither gzip nor the plain body; 400, its
            wishes cannot be understood.
    """
    serving = current.get()
    request, response = serving.request, serving.response
    set_vary_header(response, "Accept-Encoding")
    reason = _why_not_gzip(response, mime_types, getattr(request, "cached", False))
    if reason is None and not _wants_gzip(response):
        reason = "the client did not ask for it"
    if debug:
        log("Compressing" if reason is None else f"No: {reason}", "TOOLS.GZIP")
    if reason is None:
        body = response.body
        headers = response.headers
        headers["Content-Encoding"] = "gzip"
        headers.pop("Content-Length", None)
        if isinstance(body, list):
            response.body = zlib.compress(b"".join(body), compress_level, 31)
        else:
            response.body = compress(body, compress_level)


def _why_not_gzip(
    response: Response, mime_types: Sequence[str], cached: bool
) -> str | None:
    """Return what speaks against compressing this response, or None."""
    if not response.body:
        return "the body is empty"
    if cached:
        return "it comes from the cache"
    headers = response.headers
    if headers.get("Content-Encoding") or headers.get("Content-Range"):
        return "it is encoded already, or a part"
    content_type = str(headers.get("Content-Type") or "").partition(";")[0].strip()
    if not any(_matches(content_type, pattern) for pattern in mime_types):
        return f"{content_type!r} is none of {list(mime_types)}"
    return None


def _matches(content_type: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return content_type == pattern
    return (
        "/" in content_type
        and content_type.startswith(before)
        and content_type.endswith(after)
    )


def _wants_gzip(response: Response) -> bool:
    """Tell whether the client prefers gzip to the plain body.

    Raises:
        HTTPError: 406, it takes neither; 400, its wishes cannot be understood.
    """
    try:
        return _prefers_gzip()
    except HTTPError:
        # There is no answer to that but an error page, and here may be one already.
        if valid_status(response.status or None)[0] >= 400:
            return False
        raise


def _prefers_gzip() -> bool:
    quality = {each.value.lower(): each.qvalue for each in accepted("Accept-Encoding")}
    others = quality.get("*")
    zipped = quality.get("gzip", quality.get("x-gzip", others or 0.0))
    plain = quality.get("identity", others)
    if zipped > 0:
        return quality.get("identity", 0.0) < zipped
    # The plain body is always acceptable, unless it is refused by name or by `*`.
    if plain == 0.0:
        raise HTTPError(406, "identity, gzip")
    return False
