"""The client: sends requests, keeps cookies, follows redirects."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlsplit

from cherrypy.testing.cookies import Cookies
from cherrypy.testing.exchange import Exchange, Fields, make_environ
from cherrypy.testing.forms import FileField, Pairs, add_params, encode_body
from cherrypy.testing.response import Response, SentRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Unpack

    from cherrypy.http.types import WSGIApplication

__all__ = ["Client", "RequestOptions", "TooManyRedirects"]


class RequestOptions(TypedDict, total=False):
    """What every method of `Client` takes besides the URL, all of it optional."""

    params: Pairs
    """Added to the query string of the URL."""

    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    """Header fields; pairs may repeat a name."""

    data: Pairs | bytes | str | Iterator[bytes]
    """A form as mapping or pairs; bytes or text as they are; or an iterator of
    bytes, which is sent without Content-Length as a chunked body would be."""

    json: object
    """Sent as application/json. None is a document too: ``null``."""

    files: Mapping[str, FileField] | Iterable[tuple[str, FileField]]
    """Uploads by field name; makes the body multipart/form-data, `data` included."""

    auth: tuple[str, str]
    """User name and password for basic authentication."""

    cookies: Mapping[str, str]
    """Cookies for this request only, besides those that are kept."""

    environ: Mapping[str, Any]
    """Entries laid over the finished environ."""

    follow_redirects: bool
    """Whether to go where redirects lead; else as the client was told."""

    stream: bool
    """Leave the body unread, to be drawn by `Response.iter_bytes`. The response must
    then be closed; it is a context manager."""


class TooManyRedirects(Exception):
    """The application redirected more often than a browser would follow."""


class Client:
    """Asks a WSGI application, as a browser would that has no network.

    Cookies that the application sets are kept and sent back by the rules for domain,
    path, age and Secure. Every host and scheme leads to the same application, so
    virtual hosts are asked by full URLs.

    Args:
        app: any WSGI callable, such as an `Application` or the tree.
        base_url: scheme, host and port that a bare path is put to.
        headers: sent with each request, unless the request names the same field.
        follow_redirects: whether to go where redirects lead.
        max_redirects: how many redirects in a row are followed.
        remote_addr: the address the requests seem to come from.
        protocol: the HTTP version to speak.
        clock: the time in seconds since the epoch; decides when cookies expire.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        base_url: str = "http://localhost",
        headers: Mapping[str, str] | None = None,
        follow_redirects: bool = False,
        max_redirects: int = 20,
        remote_addr: str = "127.0.0.1",
        protocol: str = "HTTP/1.1",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self.base_url: str = base_url.rstrip("/")
        self.headers: dict[str, str] = dict(headers or {})
        self.cookies: Cookies = Cookies(clock)
        self.follow_redirects = follow_redirects
        self.max_redirects = max_redirects
        self.remote_addr = remote_addr
        self.protocol = protocol

    def __repr__(self) -> str:
        return f"<Client of {self.app!r} at {self.base_url}>"

    def get(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a GET request."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a HEAD request."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a POST request."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PUT request."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PATCH request."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a DELETE request."""
        return self.request("DELETE", url, **options)

    def request(
        self, method: str, url: str, **options: Unpack[RequestOptions]
    ) -> Response:
        """Send a request with any method.

        Args:
            method: sent as it is written.
            url: a path with or without query, or a URL with scheme and host.
            options: see `RequestOptions`.

        Returns:
            The answer, read to its end unless `stream` was asked for.

        Raises:
            TooManyRedirects: more than `max_redirects` in a row.
            Exception: whatever the application lets out.
        """
        body, content_type = encode_body(options)
        url = add_params(self._absolute(url), options.get("params"))
        follow = options.get("follow_redirects", self.follow_redirects)
        history: list[Response] = []
        while True:
            response = self._send(method, url, body, content_type, options)
            response.history = list(history)
            if not (follow and response.is_redirect):
                if not options.get("stream", False):
                    response.read()
                return response
            response.read()
            history.append(response)
            if len(history) > self.max_redirects:
                raise TooManyRedirects(
                    f"{method} {history[0].request.url} led to more than"
                    f" {self.max_redirects} redirects, the last one to"
                    f" {response.location!r}"
                )
            url = response.location
            if _becomes_get(method, response.status_code):
                method, body, content_type = "GET", None, None

    def _absolute(self, url: str) -> str:
        if url.startswith(("http://", "https://")):
            return url
        return f"{self.base_url}{'' if url.startswith('/') else '/'}{url}"

    def _send(
        self,
        method: str,
        url: str,
        body: bytes | Iterator[bytes] | None,
        content_type: str | None,
        options: RequestOptions,
    ) -> Response:
        parts = urlsplit(url)
        fields = Fields(self.headers)
        fields.default("Host", parts.netloc.rpartition("@")[2])
        if content_type is not None:
            fields.default("Content-Type", content_type)
        if isinstance(body, bytes):
            fields.default("Content-Length", str(len(body)))
        elif body is not None:
            fields.default("Transfer-Encoding", "chunked")
        elif method in ("POST", "PUT", "PATCH"):
            # A method that means to send something says so (RFC 9110 §8.6).
            fields.default("Content-Length", "0")
        if "auth" in options:
            token = base64.b64encode(":".join(options["auth"]).encode()).decode()
            fields.default("Authorization", f"Basic {token}")
        fields.override(options.get("headers", ()))
        crumbs = self.cookies.pairs_for(parts.scheme, parts.hostname or "", parts.path)
        crumbs += options.get("cookies", {}).items()
        if crumbs:
            fields.add("Cookie", "; ".join(f"{name}={value}" for name, value in crumbs))

        environ = make_environ(method, url, body)
        environ["REMOTE_ADDR"] = self.remote_addr
        environ["SERVER_PROTOCOL"] = self.protocol
        environ.update(fields.for_environ())
        environ.update(options.get("environ", {}))
        exchange = Exchange(self.app, environ)
        response = Response(SentRequest(method, url, environ), exchange)
        for line in response.headers.get_all("Set-Cookie"):
            self.cookies.learn(line, parts.hostname or "", parts.path)
        return response


def _becomes_get(method: str, status: int) -> bool:
    """Tell whether a redirect is followed by GET (Fetch standard, HTTP-redirect)."""
    return (status in (301, 302) and method == "POST") or (
        status == 303 and method != "HEAD"
    )
