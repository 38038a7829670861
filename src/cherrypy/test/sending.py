"""One request over a real connection, exactly as the test wants it.

Nothing is added but what `cleanHeaders` adds, and nothing is forbidden: tests send
what no browser would.
"""

from __future__ import annotations

import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from http.client import HTTPResponse

__all__ = [
    "Connections",
    "Exceptions",
    "HeaderPairs",
    "cleanHeaders",
    "connect",
    "methods_with_bodies",
    "openURL",
    "shb",
]

Connections: TypeAlias = "type[HTTPConnection] | HTTPConnection"
"""What connects: a class, for a connection for each page, or one connection."""

HeaderPairs: TypeAlias = "Iterable[tuple[str, str | bytes]]"
"""Header fields as tests write them."""

Exceptions: TypeAlias = "type[BaseException] | tuple[type[BaseException], ...]"
"""What ``except`` takes."""

methods_with_bodies: tuple[str, ...] = ("POST", "PUT", "PATCH")
"""The methods for which Content-Type and Content-Length are added."""

_TRIES = 10
_PAUSE_SECONDS = 0.5


def cleanHeaders(
    headers: HeaderPairs | None, method: str, body: Any, host: str, port: int
) -> list[tuple[str, Any]]:
    """Return header fields with those added that a request must have.

    Host; and for `methods_with_bodies`, unless there is a Content-Type,
    ``application/x-www-form-urlencoded`` and Content-Length.

    Args:
        headers: Those that the test wants.
        method: The method of the request.
        body: The body, text or bytes.
        host: The host that is asked.
        port: The port that is asked.
    """
    fields = list(headers or ())
    names = {name.lower() for name, _ in fields}
    if "host" not in names:
        name = f"[{host}]" if ":" in host else host
        fields.append(("Host", name if port == 80 else f"{name}:{port}"))
    if method in methods_with_bodies and "content-type" not in names:
        fields.append(("Content-Type", "application/x-www-form-urlencoded"))
        if names.isdisjoint(("content-length", "transfer-encoding")):
            fields.append(("Content-Length", str(len(_sent(body) or b""))))
    return fields


def _sent(body: Any) -> Any:
    """Return what is sent for a body."""
    return body.encode() if isinstance(body, str) else body


def shb(response: HTTPResponse) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status, headers and body of a response of `http.client`."""
    status = f"{response.status} {response.reason}"
    return status, response.getheaders(), response.read()


def connect(
    maker: type[HTTPConnection],
    host: str,
    port: int,
    ssl_context: ssl.SSLContext | None = None,
) -> HTTPConnection:
    """Return a connection that is not open yet.

    Args:
        maker: The class, of http or https.
        host: Where to connect to.
        port: Likewise.
        ssl_context: How to speak TLS, if the class does; by default any certificate
            is good enough.
    """
    from http.client import HTTPSConnection  # lazy: brings in ssl

    if not issubclass(maker, HTTPSConnection):
        return maker(host, port)
    if ssl_context is None:
        import ssl

        # A test asks itself: there is nobody to be deceived by.
        ssl_context = ssl._create_unverified_context()
    return maker(host, port, context=ssl_context)


def openURL(
    url: str | bytes,
    headers: HeaderPairs | None = None,
    method: str = "GET",
    body: Any = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    http_conn: Connections = HTTPConnection,
    protocol: str = "HTTP/1.1",
    raise_subcls: Exceptions = (),
    ssl_context: ssl.SSLContext | None = None,
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Ask a server for a page.

    A server that cannot be reached, or hangs up, is asked again after half a second,
    ten times in all.

    Args:
        url: Path and query, or a whole URL; sent as it is, but text is made ASCII.
        headers: Header fields; see `cleanHeaders` for those that are added.
        method: Sent as it is written.
        body: Text, bytes, or a file or iterable of bytes.
        host: Where to connect to.
        port: Likewise.
        http_conn: The class of the connection, or a connection that is to be used.
        protocol: The version to name.
        raise_subcls: Errors that are not worth another try.
        ssl_context: How to speak TLS if `http_conn` is a class that does.

    Returns:
        Status such as ``"200 OK"``, header fields as pairs, and the body.

    Raises:
        OSError: The server could not be reached ten times, or what `raise_subcls` says.
        http.client.HTTPException: The answer is not one of HTTP.
    """
    fields = cleanHeaders(headers, method, body, host, port)
    for tries_left in reversed(range(_TRIES)):
        try:
            if not isinstance(http_conn, type):
                return _ask(http_conn, url, method, fields, body, protocol)
            once = connect(http_conn, host, port, ssl_context)
            try:
                return _ask(once, url, method, fields, body, protocol)
            finally:
                once.close()
        except OSError as failure:
            if isinstance(failure, raise_subcls or ()) or not tries_left:
                raise
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError("unreachable: the last try returns or raises")


def _ask(
    connection: HTTPConnection,
    url: str | bytes,
    method: str,
    fields: list[tuple[str, Any]],
    body: Any,
    protocol: str,
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Send a request and return the answer."""
    target = (
        quote(url, safe="".join(map(chr, range(128)))).encode("ascii")
        if isinstance(url, str)
        else url
    )
    # http.client has no other way to speak HTTP/1.0, or to send a target or a header
    # that is not fit for use; the tests of a server do want to.
    loose: Any = connection
    loose._http_vsn_str = protocol
    loose._http_vsn = int("".join(filter(str.isdigit, protocol)) or 11)
    loose._validate_path = lambda url: None
    loose._encode_request = lambda request: request.encode("latin-1")
    connection.putrequest(
        method, target.decode("latin-1"), skip_host=True, skip_accept_encoding=True
    )
    for name, value in fields:
        connection.putheader(name, _header(value))
    connection.endheaders()
    if body is not None:
        connection.send(_sent(body))
    return shb(connection.getresponse())


def _header(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    value = str(value)
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8")
