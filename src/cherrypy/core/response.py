"""The response: what is said back, and how it is brought into its final form."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from cherrypy.core import bridge
from cherrypy.core.errors import HTTPError
from cherrypy.core.lazy import kept
from cherrypy.http.dates import format_http_date
from cherrypy.http.filebody import FileBody, file_chunks
from cherrypy.http.headers import HeaderMap
from cherrypy.http.status import REASONS, status_line, valid_status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from http.cookies import SimpleCookie

    from cherrypy.http.types import HeaderList

__all__ = ["ReadyCookie", "Response", "ResponseBody"]

# Speed: past the names in their classes.
_new, _set, _get, _update = dict.__new__, dict.__setitem__, dict.get, dict.update

# Speed: status lines that need no encoding.
_LINES = {
    f"{code} {reason}": status_line(code) for code, (reason, _) in REASONS.items()
}

# Speed: the same object each time, which the headers have encoded before.
_LENGTHS = [str(number) for number in range(1024)]


class ResponseBody:
    """The body of a response: whatever a page returns, made iterable bytes.

    Reading gives an iterable of byte strings. Assigning accepts bytes, an iterable
    of bytes, a file-like object, an asynchronous iterable, or None.
    """

    unicode_err = (
        "Page handlers MUST return bytes. Use tools.encode if you wish to return "
        "unicode."
    )

    def __get__(self, response: Response | None, owner: type) -> Any:
        return self if response is None else response._body

    def __set__(self, response: Response, value: Any) -> None:
        # The two commonest first.
        if value.__class__ is bytes:
            response._body = [value] if value else []
        elif value.__class__ is list:
            for item in value:
                if isinstance(item, str):
                    raise _text_is_no_body(response)
            response._body = value
        elif isinstance(value, str):
            # An empty str is no page of text: it means that there is no body.
            if value:
                raise _text_is_no_body(response)
            response._body = []
        else:
            response._body = _iterable(value)


def _text_is_no_body(response: Response) -> ValueError:
    kind = str(response.headers.get("Content-Type"))
    if kind.lower().startswith("text/"):
        why = (
            "It encodes what the page returns, not what is set as the body or made of "
            "it by tools that run later: encode that with text.encode('utf-8')."
        )
    else:
        why = (
            "It encodes what is text/... only, and the "
            f"Content-Type is {kind!r}: return text.encode('utf-8'), or set "
            "tools.encode.text_only to False."
        )
    return ValueError(f"{ResponseBody.unicode_err} {why}")


def _iterable(value: Any) -> Iterable[bytes]:
    if value is None:
        return []
    if isinstance(value, bytes | bytearray | memoryview):
        return [bytes(value)]
    if isinstance(value, FileBody):
        return value
    if hasattr(value, "read"):
        return file_chunks(value)
    if hasattr(value, "__aiter__"):
        return bridge.iterate(value)
    if hasattr(value, "__iter__"):
        chunks: Iterable[bytes] = value
        return chunks
    raise TypeError(
        f"A page must return bytes, str, an iterable of them, a file or None, not "
        f"{type(value).__name__!r} ({value!r}). Return str(...) of it, or switch on "
        f"tools.json_out to send it as JSON."
    )


def _stray_chunk(chunk: object) -> str:
    """Return what to say of a chunk that is no bytes."""
    name = type(chunk).__name__
    if bridge.is_awaitable(chunk):
        return (
            f"The page gave a chunk of type {name!r}, which nobody has awaited. Make "
            "the page async def, and write await before the call that returned it."
        )
    return (
        "The body of a response is made of bytes, but the page gave a chunk of type "
        f"{name!r} ({repr(chunk)[:80]}). Return str, bytes, or an iterable of them; "
        "str needs tools.encode, which is on by default for text types."
    )


def _is_bytes(chunk: object) -> bool:
    return isinstance(chunk, bytes | bytearray | memoryview)


class ReadyCookie(Protocol):
    """A cookie whose text is ready, and which is made only if somebody looks."""

    text: str
    """What stands in ``Set-Cookie``."""

    def put(self, cookies: SimpleCookie) -> None:
        """Add it to others."""
        ...


def _make_cookie(response: Response) -> SimpleCookie:
    """Cookies to be set, as a `http.cookies.SimpleCookie`."""
    from http.cookies import SimpleCookie  # lazy: most responses set none

    cookies = SimpleCookie()
    if response.ready_cookie is not None:
        response.ready_cookie.put(cookies)
    return cookies


class Response:
    """What we say to the client: status, headers, cookies and body."""

    status: Any = ""
    """Status code or code and reason; None or empty means 200 OK. After `finalize`
    the whole as text, such as "200 OK"."""

    header_list: HeaderList = []  # noqa: RUF012 - documented class default
    """Header lines as pairs of bytes; valid after `finalize`."""

    output_status: bytes = b""
    """Status code and reason as they go over the wire; valid after `finalize`."""

    default_headers: ClassVar[dict[str, str]] = {
        "Content-Type": "text/html",
        # No version: it would tell an attacker what to try (docs/deviations.md).
        "Server": "CherryPy",
        "Date": "",
    }
    """The headers that every response begins with; Date is set per response."""

    headers: HeaderMap = HeaderMap()
    """Header fields by name; Content-Type, Server and Date are there already."""

    cookie: kept[SimpleCookie] = kept(_make_cookie)

    ready_cookie: ReadyCookie | None = None
    """A first cookie, as long as nobody has looked at `cookie`."""

    body: ResponseBody = ResponseBody()
    """The body: bytes, an iterable of bytes, a file, or None."""

    time: float = 0.0
    """When the response was begun, in seconds since the epoch."""

    stream: bool = False
    """Send each chunk of the body when the page yields it, instead of all at once."""

    timeout: float = 300
    """Seconds after which the timeout monitor gives this response up."""

    timed_out: bool = False
    """Whether the timeout monitor has given this response up."""

    _body: Iterable[bytes] = ()
    _cookie: SimpleCookie | None

    collapses: ClassVar[bool] = False
    """Whether `collapse_body` is called for a body in one piece too: only where a
    subclass has its own."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.collapses = cls.collapse_body is not Response.collapse_body

    def __init__(self) -> None:
        self.status = None
        self.header_list = []
        self._body = []
        self.time = time.time()
        self._begun = time.monotonic()
        # Speed: names that are in Title-Case need no folding.
        self.headers = headers = _new(HeaderMap)
        _update(headers, self.default_headers)
        _set(headers, "Date", format_http_date())

    def collapse_body(self) -> bytes:
        """Join the chunks of the body, which becomes one; return it."""
        body = self._body
        if isinstance(body, list) and len(body) == 1 and type(body[0]) is bytes:
            return body[0]
        # Whatever happens now, it is closed once.
        self._body = []
        try:
            chunks = list(body)
        finally:
            self._close(body)
        try:
            content = b"".join(chunks)
        except TypeError as problem:
            stray = next(chunk for chunk in chunks if not _is_bytes(chunk))
            raise TypeError(_stray_chunk(stray)) from problem
        if content:
            self._body = [content]
        return content

    def discard_body(self) -> None:
        """Drop the body unread, closing what produces it."""
        body = self._body
        self._body = []
        self._close(body)

    @staticmethod
    def _close(body: Iterable[bytes]) -> None:
        close = getattr(body, "close", None)
        if close is not None:
            close()

    def finalize(self) -> None:
        """Settle status, length, headers and cookies; the body may be sent then.

        Raises:
            HTTPError: The page set a status that is none (answered with 500).
        """
        headers = self.headers
        if not self.status:
            self.status, self.output_status = "200 OK", b"200 OK"
            bodiless = False
        else:
            code = self._settle_status()
            bodiless = code < 200 or code in (204, 205, 304)
        if bodiless:
            headers.pop("Content-Length", None)
            self._run_out()
        elif _get(headers, "Content-Length") is None:
            body = self._body
            # Speed: most bodies are in one piece, as collapse_body would find.
            if (
                body.__class__ is list
                and len(body) == 1
                and (piece := body[0]).__class__ is bytes
                and not (self.stream or self.collapses)
            ):
                size = len(piece)
                length = _LENGTHS[size] if size < 1024 else str(size)
                _set(headers, "Content-Length", length)
            elif self.stream:
                headers.pop("Content-Length", None)
            elif isinstance(body, FileBody):
                self._settle_file(body)
            else:
                headers["Content-Length"] = str(len(self.collapse_body()))
        self.header_list = lines = headers.output()
        if self._cookie is not None:
            self._add_cookies(lines)
        elif self.ready_cookie is not None:
            lines.append((b"Set-Cookie", headers.encode(self.ready_cookie.text)))

    def _settle_status(self) -> int:
        """Make the status text and bytes; return its code."""
        try:
            code, reason, _ = valid_status(self.status)
        except ValueError as problem:
            raise HTTPError(500, problem.args[0]) from problem
        self.status = status = f"{code} {reason}"
        line = _LINES.get(status) or self.headers.encode_header_item(status)
        self.output_status = line
        return code

    def _run_out(self) -> None:
        """Drop the body of an answer that has none, and what it was made from.

        documented behaviour: a page that yields runs to its end all the same. One
        that streams need not have an end.
        """
        if not (self.stream or isinstance(self._body, FileBody)):
            self.collapse_body()
        self.discard_body()

    def _settle_file(self, body: FileBody) -> None:
        """Give a file its length; one without a size is read into memory."""
        size = body.remaining()
        if size is None:
            size = len(self.collapse_body())
        self.headers["Content-Length"] = str(size)

    def _add_cookies(self, lines: HeaderList) -> None:
        encode = self.headers.encode
        for _, morsel in sorted(self.cookie.items()):
            lines.append((b"Set-Cookie", encode(morsel.OutputString())))

    def check_timeout(self) -> None:
        """Set `timed_out` if `timeout` seconds have passed since the beginning.

        Measured on the monotonic clock: setting the wall clock gives up nothing.
        """
        if time.monotonic() - self._begun > self.timeout:
            self.timed_out = True
