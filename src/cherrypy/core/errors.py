"""Exceptions that are answers: errors, redirects, and where they lead.

`HTTPError` and `HTTPRedirect` end a page by being raised. The story of a request
catches them and lets them write themselves into the response (`set_response`); an
instance is also a page handler, because calling it raises it::

    CherryPyException
     ├── HTTPError            an error page, 400 to 599
     │    └── NotFound        404 for the path that was asked
     ├── HTTPRedirect         another URL, told to the client
     ├── InternalRedirect     another path, tried without telling the client
     └── TimeoutError         the page took longer than `response.timeout`
"""

from __future__ import annotations

import html
import re
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, overload
from urllib.parse import quote, urljoin

from cherrypy.core import error_pages
from cherrypy.core.context import Serving, current, outside
from cherrypy.http.status import valid_status
from cherrypy.http.urls import resolve_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from http import HTTPStatus

    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = [
    "CherryPyException",
    "HTTPError",
    "HTTPRedirect",
    "InternalRedirect",
    "NotFound",
    "TimeoutError",
]

_Reply = TypeVar("_Reply", bound="CherryPyException")

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_SLASHES = re.compile(r"[/\\]{2,}")

_URL_PUNCTUATION = "!#$%&'()*+,/:;=?@[]~"

# The sentence before the links, for redirects that show a page.
_SENTENCES = {
    300: "This resource can be found at",
    301: "This resource has permanently moved to",
    302: "This resource resides temporarily at",
    303: "This resource can be found at",
    307: "This resource has moved temporarily to",
    308: "This resource has been moved to",
}

# What a 304 must not, or need not, repeat (RFC 9110 §15.4.5).
_NOT_IN_304 = (
    "Allow",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "Content-Type",
    "Expires",
    "Last-Modified",
)


class CherryPyException(Exception):
    """The base of all exceptions of the framework."""


class TimeoutError(CherryPyException):
    """A page took longer than `response.timeout` seconds."""


class InternalRedirect(CherryPyException):
    """Run the request again, as a GET of another path of the same application.

    Args:
        path: Where to go; joined to the present `path_info` if relative. What follows
            a ``?`` is taken for the query string.
        query_string: The query string of the new request, still encoded.
    """

    def __init__(self, path: str, query_string: str = "") -> None:
        self.request: Request = current.get().request
        """The request that was being answered."""
        path, separator, query = path.partition("?")
        self.query_string: str = query if separator else query_string
        """The query string of the new request, still encoded."""
        self.path: str = "/" + urljoin(self.request.path_info, path).removeprefix("/")
        """The path of the new request, below the application."""
        super().__init__(self.path, self.query_string)


class _DefaultStatus:
    """303, or 302 for clients of HTTP/1.0; readable from class and instance."""

    @overload
    def __get__(self, instance: None, owner: type) -> int: ...
    @overload
    def __get__(self, instance: object, owner: type) -> int: ...
    def __get__(self, instance: object | None, owner: type) -> int:
        return 303 if current.get().request.protocol >= (1, 1) else 302


class HTTPRedirect(CherryPyException):
    """Send the client to another URL.

    Args:
        urls: One URL or several, of which the client may choose. Each is joined to
            the current URL: ``""`` is here, ``"x"`` is beside it, ``"/x"`` begins at
            the root of the host, not of the application. To leave this host, a URL
            must begin with a scheme: ``//host/x`` does not, because that is what a
            path from a request may look like. A redirect that is made outside of a
            request joins them when it answers one.
        status: 300 to 399; by default 303, or 302 for clients of HTTP/1.0.
        encoding: Of URLs that are bytes; by default `encoding`.

    Raises:
        ValueError: The status is no redirect.
    """

    urls: list[str]
    """Where to go; absolute unless `Application.relative_urls` says otherwise."""

    encoding: str = "utf-8"
    """Of URLs that are given as bytes."""

    _given: list[str | bytes] | None = None

    default_status: ClassVar[_DefaultStatus] = _DefaultStatus()

    site_base: ClassVar[Callable[[], str]] = staticmethod(lambda: "http://127.0.0.1")
    """Gives scheme and host for redirects that are made outside a request."""

    def __init__(
        self,
        urls: str | bytes | Iterable[str | bytes],
        status: int | str | None = None,
        encoding: str | None = None,
    ) -> None:
        given = [urls] if isinstance(urls, str | bytes) else list(urls)
        self.encoding = encoding or self.encoding
        request = current.get().request
        self.urls = self._joined(request, given)
        if request is outside.request:
            # To be a page, or to be raised later: joined again then.
            self._given = given
        code = int(status) if status is not None else self.default_status
        if not 300 <= code <= 399:
            raise ValueError("status must be between 300 and 399.")
        super().__init__(self.urls, code)

    def _joined(self, request: Request, urls: Iterable[str | bytes]) -> list[str]:
        here = _current_url(request)
        return [_join(here, url, self.encoding) for url in urls]

    @property
    def status(self) -> int:
        """The status code of the answer."""
        code: int = self.args[1]
        return code

    def set_response(
        self, response: Response | None = None, request: Request | None = None
    ) -> None:
        """Write the redirect into the response.

        Args:
            response: The response to write to, by default the present one.
            request: The request to answer, by default the present one.

        Raises:
            ValueError: There is no such redirect as this status.
        """
        here = current.get()
        response = here.response if response is None else response
        request = here.request if request is None else request
        urls = self.urls
        if self._given is not None and urls is self.args[0]:
            urls = self._joined(request, self._given)
        status = self.status
        sentence = _SENTENCES.get(status)
        if sentence is None and status not in (304, 305):
            raise ValueError(f"The {status} status code is unknown.")
        headers = response.headers
        response.status = status
        response.discard_body()
        if status == 304:
            for name in _NOT_IN_304:
                headers.pop(name, None)
            return
        # A header takes no more than ASCII, and no spaces (RFC 3986 §2).
        headers["Location"] = quote(urls[0], safe=_URL_PUNCTUATION)
        headers.pop("Content-Length", None)
        if sentence is not None:
            headers["Content-Type"] = "text/html;charset=utf-8"
            links = [f'<a href="{u}">{u}</a>' for u in map(html.escape, urls)]
            page = "<br />\n".join(f"{sentence} {link}." for link in links)
            response.body = page.encode("utf-8", "xmlcharrefreplace")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise this redirect: an instance serves as page handler."""
        raise _again(self)


class HTTPError(CherryPyException):
    """Answer with an error page.

    May be raised, or used as a handler, or as a context manager that translates an
    exception (`handle`).

    Args:
        status: 400 to 599, or code and reason as text: ``"404 Gone Fishing"``.
        message: What happened, as plain text; by default what the code means.

    Raises:
        ValueError: The status is no error.
    """

    status: int | str
    """What was given as status."""

    code: int
    """The status code."""

    reason: str
    """The text behind the status code."""

    def __init__(
        self, status: int | str | HTTPStatus = 500, message: str | None = None
    ) -> None:
        self.status = status
        self.code, self.reason, explanation = valid_status(status)
        if not 400 <= self.code <= 599:
            raise ValueError(
                f"status must be between 400 and 599. It is {status!r}, which is no "
                "error: set cherrypy.response.status and return the page instead."
            )
        self._message = message or explanation
        super().__init__(status, message)

    def set_response(
        self, response: Response | None = None, request: Request | None = None
    ) -> None:
        """Write the error page into the response.

        Args:
            response: The response to write to, by default the present one.
            request: The request to answer, by default the present one.
        """
        here = current.get()
        response = here.response if response is None else response
        request = here.request if request is None else request
        # Custom error pages look at the ambient objects: they must be these two.
        with _as_current(request, response, here):
            error_pages.clean_headers(self.code, response)
            # documented behaviour: a number stays one; tools compare it with numbers.
            given = self.status
            line = f"{self.code} {self.reason}"
            response.status = given if isinstance(given, int) else line
            response.discard_body()
            trace = error_pages.format_exc() if request.show_tracebacks else None
            page = self.get_error_page(
                self.status, traceback=trace, message=self._message
            )
            response.headers.pop("Content-Length", None)
            response.body = error_pages.pad(page, self.code)

    def get_error_page(self, *args: Any, **kwargs: Any) -> bytes:
        """Return the body; a subclass may make another of it.

        Args:
            *args: The status.
            **kwargs: `message` and `traceback`, as plain text.
        """
        return error_pages.get_error_page(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise this error: an instance serves as page handler."""
        raise _again(self)

    @classmethod
    @contextmanager
    def handle(
        cls,
        exception: type[Exception] | tuple[type[Exception], ...],
        status: int | str | HTTPStatus = 500,
        message: str = "",
    ) -> Iterator[None]:
        """Translate an exception of the block into this error.

        Args:
            exception: What to translate.
            status: Of the error.
            message: Of the error; by default the text of the exception.

        Example:
            >>> with HTTPError.handle(ZeroDivisionError, 400):
            ...     1 / 0
            Traceback (most recent call last):
            cherrypy.core.errors.HTTPError: (400, 'division by zero')
        """
        try:
            yield
        except exception as exc:
            raise cls(status, message or str(exc)) from exc


class NotFound(HTTPError):
    """Answer 404 Not Found.

    Args:
        path: What was not found; by default the path of the present request.
    """

    def __init__(self, path: str | None = None) -> None:
        if path is None:
            request = current.get().request
            path = request.script_name + request.path_info
        super().__init__(404, f"The path '{path}' was not found.")


def _again(error: _Reply) -> _Reply:
    """Return a copy to raise, for this request only.

    What is raised keeps the frames that it passed, and with them the request; an
    instance that is a page would keep those of all, mixed.
    """
    kind = type(error)
    copy = kind.__new__(kind, *error.args)
    copy.__dict__.update(error.__dict__)
    return copy


def _as_current(
    request: Request, response: Response, here: Serving
) -> AbstractContextManager[None]:
    """Make these two the present request and response, if they are not."""
    if request is here.request and response is here.response:
        return nullcontext()
    return _serving(request, response, here)


@contextmanager
def _serving(request: Request, response: Response, before: Serving) -> Iterator[None]:
    current.set(Serving(request, response))
    try:
        yield
    finally:
        current.set(before)


def _current_url(request: Request) -> str:
    """Return the URL of the present request, without its query."""
    return resolve_url(
        base=HTTPRedirect.site_base() if request is outside.request else request.base,
        script_name=request.script_name,
        path_info=request.path_info,
        is_index=request.is_index,
        relative=getattr(request.app, "relative_urls", False),
    )


def _join(here: str, url: str | bytes, encoding: str) -> str:
    r"""Return `url` as seen from `here`, never on another host by accident.

    Browsers skip control characters and take a backslash for a slash, so ``/\evil``
    and ``/<TAB>/evil`` would name a host. What begins with two such slashes is a path.
    """
    text = url.decode(encoding) if isinstance(url, bytes) else url
    text = _CONTROLS.sub(lambda found: quote(found[0]), text.strip())
    joined = urljoin(here, _collapsed(text))
    return _collapsed(joined)


def _collapsed(url: str) -> str:
    """Return `url` with one slash in front where there were several."""
    slashes = _SLASHES.match(url)
    return url if slashes is None else "/" + url[slashes.end() :]
