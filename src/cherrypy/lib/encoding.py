"""From text to bytes and back: encode and decode.

Compression, which CherryPy documents here as well, is in `cherrypy.lib.compression`.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cherrypy._legacy import lender
from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import log
from cherrypy.http.charsets import known_charset
from cherrypy.http.elements import header_elements
from cherrypy.http.filebody import FileBody, file_chunks
from cherrypy.lib import is_closable_iterator, set_vary_header
from cherrypy.lib.bodies import MadeFrom, close_body
from cherrypy.lib.compression import compress, decompress, gzip
from cherrypy.lib.negotiation import accepted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "ResponseEncoder",
    "UTF8StreamEncoder",
    "compress",
    "decode",
    "decompress",
    "gzip",
    "prepare_iter",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


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

# A try costs a hundredth of a second for a megabyte, and Python has 400 names of
# charsets that a client could list.
_MOST_ATTEMPTS = 10

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
        # Performance: to hand on nothing is half of the call.
        page = self.oldhandler
        result = page(*args, **kwargs) if args or kwargs else page()
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
        self.body: Any = prepare_iter(result)
        if self.body.__class__ is dict and self.body:
            _tell_of_dict(result)
        response = current.get().response
        content_type = str(response.headers.get("Content-Type") or "")
        if self.debug:
            log(f"Content-Type: {content_type!r}", "TOOLS.ENCODE")
        if not self.add_charset or not content_type:
            return self.body
        if self.text_only and "text/" not in content_type.lower():
            return self.body
        is_text, has_charset = _looked_at(content_type)
        if self.text_only and not is_text:
            return self.body
        if has_charset and _is_bytes(self.body):
            return self.body
        named = _with_charset(content_type, self.find_acceptable_charset())
        response.headers["Content-Type"] = named
        if self.debug:
            log(f"Setting Content-Type {named}", "TOOLS.ENCODE")
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
        if self.encoding is None and self.body and _is_bytes(self.body):
            # There is no choice: bytes are what they are, whatever the client wants.
            wishes = []
        if wishes:
            # For a cache: what this client wants is for no other (RFC 9110 §12.5.5).
            set_vary_header(current.get().response, "Accept-Charset")
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
                elif len(self.attempted_charsets) >= _MOST_ATTEMPTS:
                    continue
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
        chunks = _encoding(self.body, encoding, self.errors)
        self.body = MadeFrom(self.body, chunks)
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


# Performance: a program sends few content types, and each many times.


@lru_cache(maxsize=64)
def _looked_at(content_type: str) -> tuple[bool, bool]:
    """Tell whether it is a type of text, and whether it names a charset."""
    element = header_elements("Content-Type", content_type)[0]
    return element.value.lower().startswith("text/"), "charset" in element.params


@lru_cache(maxsize=64)
def _with_charset(content_type: str, charset: str) -> str:
    """Return the content type with this charset for the one it names, if any."""
    element = header_elements("Content-Type", content_type)[0]
    element.params["charset"] = charset
    return str(element)


def prepare_iter(value: Any) -> Any:
    """Make an iterable of what a page returned, for text as well as bytes.

    Args:
        value: Text, bytes, a file, an iterable of text and bytes, or None.

    Raises:
        TypeError: It is none of these.
    """
    if value is None:
        return []
    if value.__class__ is list:
        return value
    if isinstance(value, str | bytes | bytearray | memoryview):
        return [value] if value else []
    if isinstance(value, FileBody):
        return value
    if hasattr(value, "read"):
        return file_chunks(value)
    if not any(hasattr(value, way) for way in _WAYS_TO_ITERATE):
        if isinstance(value, Exception):
            raise _no_page(value, "raise it instead of returning it")
        raise _no_page(value, "return str() of it, or switch on tools.json_out")
    return value


_WAYS_TO_ITERATE = ("__iter__", "__aiter__", "__getitem__")


def _no_page(value: object, remedy: str) -> TypeError:
    return TypeError(
        "A page returns text, bytes, an iterable of them, a file or None, not "
        f"{type(value).__name__} ({_in_short(value)}); {remedy}."
    )


def _tell_of_dict(page: dict[Any, Any]) -> None:
    """Say that a page returned a dictionary, which is hardly meant.

    documented behaviour: its keys are sent, because a dictionary yields them.
    """
    problem = _no_page(page, "switch on tools.json_out to send it as JSON")
    if current.get().request.explain_errors:
        raise problem
    log(f"{problem} Its keys were sent.", "TOOLS.ENCODE", logging.WARNING)


def _in_short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


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
        close_body(chunks)
