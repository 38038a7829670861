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

import contextlib
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urljoin

from cherrypy.core import error_pages
from cherrypy.core.context import current
from cherrypy.http.status import valid_status
from cherrypy.http.urls import resolve_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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


class CherryPyException(Exception):
    """The base of all exceptions of the framework."""


class TimeoutError(CherryPyException):
    """A page took longer than `response.timeout` seconds."""


class InternalRedirect(CherryPyException):
    """Run the request again, as a GET of another path of the same application.

    Args:
        path: where to go; joined to the present ``path_info`` when relative. What
            follows a ``?`` is taken for the query string.
        query_string: the query string of the new request.
    """

    def __init__(self, path: str, query_string: str = "") -> None:
        self.request = current.get().request
        """The request that was being answered."""
        path, separator, query = path.partition("?")
        self.query_string: str = query if separator else query_string
        """The query string of the new request, still encoded."""
        self.path: str = urljoin(self.request.path_info, path)
        """The path of the new request, below the application."""
        super().__init__(self.path, self.query_string)


class HTTPRedirect(CherryPyException):
    """Send the client to another URL."""

    encoding: str = "utf-8"

    def __init__(
        self,
        urls: str | bytes | Iterable[str | bytes],
        status: int | str | None = None,
        encoding: str | None = None,
    ) -> None:
        self.urls: list[str] = []
        super().__init__(self.urls, status)

    @property
    def status(self) -> int:
        """The status code of the answer."""
        raise NotImplementedError

    def set_response(
        self, response: Response | None = None, request: Request | None = None
    ) -> None:
        """Write the redirect into the response."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise this redirect: an instance serves as page handler."""
        raise self


class HTTPError(CherryPyException):
    """Answer with an error page."""

    status: int | str
    code: int
    reason: str

    def __init__(
        self, status: int | str | HTTPStatus = 500, message: str | None = None
    ) -> None:
        self.status = status
        self.code, self.reason, default = valid_status(status)
        if not 400 <= self.code <= 599:
            raise ValueError("status must be between 400 and 599.")
        self._message = message or default
        super().__init__(status, message)

    def set_response(
        self, response: Response | None = None, request: Request | None = None
    ) -> None:
        """Write the error page into the response."""
        raise NotImplementedError

    def get_error_page(self, *args: Any, **kwargs: Any) -> Any:
        """Return the body of the error page."""
        return error_pages.get_error_page(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise this error: an instance serves as page handler."""
        raise self

    @classmethod
    @contextlib.contextmanager
    def handle(
        cls,
        exception: type[Exception],
        status: int | str = 500,
        message: str = "",
    ) -> Iterator[None]:
        """Translate an exception of the block into this error."""
        try:
            yield
        except exception as exc:
            raise cls(status, message or str(exc)) from exc


class NotFound(HTTPError):
    """Answer 404 Not Found."""

    def __init__(self, path: str | None = None) -> None:
        if path is None:
            request = current.get().request
            path = request.script_name + request.path_info
        self.args = (path,)
        super().__init__(404, f"The path {path!r} was not found.")
