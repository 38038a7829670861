"""Tests that ask a web server for pages; nothing here knows CherryPy.

`WebCase.getPage` asks, the assertions look at the answer. An assertion that fails
shows the answer: status, headers and the beginning of the body. Those who like to look
around instead set WEBTEST_INTERACTIVE=1 and are asked at the keyboard.

If client and server are in one process, the server may report its failures by
`server_error`; the next `WebCase.getPage` then fails with `ServerError`.
"""

from __future__ import annotations

import re
import sys
import time
import traceback
import unittest
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from cherrypy.process.servers import client_host
from cherrypy.test.prompt import NonDataProperty, choose, getchar, wanted
from cherrypy.test.runners import (
    ReloadingTestLoader,
    TerseTestResult,
    TerseTestRunner,
)
from cherrypy.test.sending import (
    cleanHeaders,
    connect,
    methods_with_bodies,
    openURL,
    shb,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from cherrypy.test.sending import Connections, Exceptions, HeaderPairs

__all__ = [
    "HTTPConnection",
    "NonDataProperty",
    "ReloadingTestLoader",
    "ServerError",
    "TerseTestResult",
    "TerseTestRunner",
    "WebCase",
    "cleanHeaders",
    "getchar",
    "ignore_all",
    "ignored_exceptions",
    "interface",
    "methods_with_bodies",
    "openURL",
    "server_error",
    "shb",
]

ignored_exceptions: list[type[BaseException]] = []
"""Exceptions of these very classes are no `server_error`."""

ignore_all = False
"""Whether nothing is a `server_error`."""

_SHOWN_BYTES = 2000


class ServerError(Exception):
    """The server had an error while it made the page that was asked for."""

    on: ClassVar[bool] = False
    """Whether there was one since the last page."""


def server_error(exc: Any = None) -> bool:
    """Show an error of the server and let the next `WebCase.getPage` fail.

    Args:
        exc: As from `sys.exc_info`; by default the exception that is being handled.

    Returns:
        Whether there was an error that is not to be ignored.
    """
    kind, value, trace = exc or sys.exc_info()
    if kind is None or ignore_all or kind in ignored_exceptions:
        return False
    ServerError.on = True
    print()
    print("".join(traceback.format_exception(kind, value, trace)))
    return True


def interface(host: str) -> str:
    """Return the host to connect to for a server that listens on `host`.

    That is the same, but this machine for the addresses that stand for all.
    """
    return client_host(host)


class WebCase(unittest.TestCase):
    """A test case that asks a web server.

    The attributes from `url` to `cookies` tell about the last page.
    """

    HOST: Any = "127.0.0.1"
    """Where the server listens."""

    PORT: Any = 8000
    """The port it listens on."""

    HTTP_CONN: Connections = HTTPConnection
    """What connects: a class, or a connection that is used for all pages."""

    PROTOCOL: str = "HTTP/1.1"
    """The protocol to speak."""

    scheme: str = "http"
    """``https`` speaks TLS."""

    ssl_context: ssl.SSLContext | None = None
    """How to speak TLS; by default any certificate will do."""

    url: Any = None
    """The URL that was asked for, as bytes."""

    status: Any = None
    """The status, as in ``"200 OK"``."""

    headers: Any = None
    """The header fields, a list of pairs."""

    body: Any = None
    """The body, as bytes."""

    cookies: Any = ()
    """The cookies that the page set, as headers for the next request: a list of pairs
    of ``"Cookie"`` and the value of Set-Cookie."""

    encoding: str = "utf-8"
    """How texts become bytes where they are compared with the body."""

    time: Any = None
    """How long the page took, in seconds."""

    console_height: int = 30
    """How many lines of a body are shown before a key must be pressed."""

    _last_request = ""

    @NonDataProperty
    def interactive(self) -> bool:
        """Whether a failing assertion asks at the keyboard what to show.

        documented behaviour: WEBTEST_INTERACTIVE decides, or an attribute of the class.
        """
        return wanted()

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return int(self.status[:3])

    def _connection_class(self) -> type[HTTPConnection]:
        if self.scheme == "https":
            from http.client import HTTPSConnection  # lazy: brings in ssl

            return HTTPSConnection
        return HTTPConnection

    def get_conn(self, auto_open: bool = False) -> HTTPConnection:
        """Return an open connection to the server.

        Args:
            auto_open: Whether it may be opened again, once it was closed.
        """
        maker = self.HTTP_CONN if isinstance(self.HTTP_CONN, type) else None
        if maker is None or self.scheme == "https":
            maker = self._connection_class()
        connection = connect(maker, self.interface(), self.PORT, self.ssl_context)
        connection.auto_open = int(auto_open)
        connection.connect()
        return connection

    def set_persistent(self, on: bool = True, auto_open: bool = False) -> None:
        """Use one connection for all pages from now on, or one for each.

        A connection that was used so far is closed.

        Args:
            on: Whether there shall be one.
            auto_open: Whether it may be opened again, once the server has closed it.
        """
        if not isinstance(self.HTTP_CONN, type):
            self.HTTP_CONN.close()
        if on:
            self.HTTP_CONN = self.get_conn(auto_open)
            self.addCleanup(self.HTTP_CONN.close)
        else:
            self.HTTP_CONN = self._connection_class()

    @property
    def persistent(self) -> bool:
        """Whether one connection is used for all pages; may be set."""
        return not isinstance(self.HTTP_CONN, type)

    @persistent.setter
    def persistent(self, on: bool) -> None:
        self.set_persistent(on)

    def interface(self) -> str:
        """Return the host to connect to, this machine for a server on all addresses."""
        return interface(self.HOST)

    def getPage(
        self,
        url: str | bytes,
        headers: HeaderPairs | None = None,
        method: str = "GET",
        body: Any = None,
        protocol: str | None = None,
        raise_subcls: Exceptions = (),
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        """Ask for a page and remember the answer.

        Args:
            url: Path and query, or a whole URL, which is sent as it is.
            headers: Header fields, pairs of names and values.
            method: Sent as it is written.
            body: What to send: text, bytes, or a file or iterable of bytes.
            protocol: The protocol to name, by default `PROTOCOL`.
            raise_subcls: Errors that are raised at once; after others of the network
                the page is asked for again, up to ten times.

        Returns:
            Status, header fields and body.

        Raises:
            ServerError: The server reported an error by `server_error`.
            OSError: The server cannot be reached.
        """
        ServerError.on = False
        self.url = url.encode() if isinstance(url, str) else url
        self._last_request = f"{method} {self.url.decode(errors='replace')}"
        self.status = self.headers = self.body = None
        began = time.monotonic()
        answer = openURL(
            url,
            headers,
            method,
            body,
            self.interface(),
            self.PORT,
            self._connections(),
            protocol or self.PROTOCOL,
            raise_subcls,
            self.ssl_context,
        )
        self.time = time.monotonic() - began
        self.status, self.headers, self.body = answer
        self.cookies = [
            ("Cookie", value)
            for name, value in self.headers
            if name.lower() == "set-cookie"
        ]
        if ServerError.on:
            raise ServerError(f"The server had an error during {self._last_request}.")
        return answer

    def _connections(self) -> Connections:
        if self.HTTP_CONN is HTTPConnection and self.scheme == "https":
            return self._connection_class()
        return self.HTTP_CONN

    # What looks at the answer.

    def assertStatus(self, status: Any, msg: str | None = None) -> None:
        """Fail unless the answer has a status.

        Args:
            status: A number, a text such as ``"200 OK"``, or several of them of which
                one must fit.
            msg: What to say instead.
        """
        __tracebackhide__ = True
        if not self.status_matches(status):
            self._handleWebError(msg or f"Status {self.status} does not match {status}")

    def status_matches(self, status: Any) -> bool:
        """Return whether the answer has a status; see `assertStatus`."""
        if isinstance(status, str):
            return bool(self.status == status)
        if isinstance(status, int):
            return self.status_code == status
        return any(map(self.status_matches, status))

    def _values(self, key: str) -> list[str]:
        wanted = key.lower()
        return [value for name, value in self.headers if name.lower() == wanted]

    def assertHeader(self, key: str, value: Any = None, msg: str | None = None) -> Any:
        """Return the value of a header field; fail if there is none of the name.

        Args:
            key: The name, in any case.
            value: The value that it must have.
            msg: What to say instead.
        """
        __tracebackhide__ = True
        for found in self._values(key):
            if value is None or str(value) == found:
                return found
        wanted = repr(key) if value is None else f"{key!r}:{value!r}"
        return self._handleWebError(msg or f"{wanted} not in headers")

    def assertHeaderIn(
        self, key: str, values: Iterable[Any], msg: str | None = None
    ) -> Any:
        """Return the value of a header field; fail if it is none of those given."""
        __tracebackhide__ = True
        allowed = list(values)
        for found in self._values(key):
            if found in allowed or found in map(str, allowed):
                return found
        return self._handleWebError(msg or f"{key!r} not in {allowed!r}")

    def assertHeaderItemValue(
        self, key: str, value: str, msg: str | None = None
    ) -> str:
        """Return a member of a list in a header field; fail if it is not there."""
        __tracebackhide__ = True
        items = [item for field in self._values(key) for item in _items(field)]
        if not items:
            self._handleWebError(msg or f"{key!r} not in headers")
        elif value not in items:
            self._handleWebError(msg or f"{value!r} not in {items!r}")
        return value

    def assertNoHeader(self, key: str, msg: str | None = None) -> None:
        """Fail if there is a header field of this name."""
        __tracebackhide__ = True
        if self._values(key):
            self._handleWebError(msg or f"{key!r} in headers")

    def assertNoHeaderItemValue(
        self, key: str, value: str, msg: str | None = None
    ) -> None:
        """Fail if a list in a header field has this member."""
        __tracebackhide__ = True
        if any(value in (field, *_items(field)) for field in self._values(key)):
            self._handleWebError(msg or f"{key!r}:{value!r} in {self.headers!r}")

    def _bytes(self, value: Any) -> Any:
        return value.encode(self.encoding) if isinstance(value, str) else value

    def assertBody(self, value: Any, msg: str | None = None) -> None:
        """Fail unless the body is this, text or bytes."""
        __tracebackhide__ = True
        value = self._bytes(value)
        if value != self.body:
            self._handleWebError(
                msg or f"expected body:\n{value!r}\n\nactual body:\n{self.body!r}"
            )

    def assertInBody(self, value: Any, msg: str | None = None) -> None:
        """Fail unless this is in the body."""
        __tracebackhide__ = True
        value = self._bytes(value)
        if value not in self.body:
            self._handleWebError(msg or f"{value!r} not in body")

    def assertNotInBody(self, value: Any, msg: str | None = None) -> None:
        """Fail if this is in the body."""
        __tracebackhide__ = True
        value = self._bytes(value)
        if value in self.body:
            self._handleWebError(msg or f"{value!r} found in body")

    def assertMatchesBody(
        self, pattern: Any, msg: str | None = None, flags: int = 0
    ) -> None:
        """Fail unless a regular expression is found in the body."""
        __tracebackhide__ = True
        pattern = self._bytes(pattern)
        if re.search(pattern, self.body, flags) is None:
            self._handleWebError(msg or f"No match for {pattern!r} in body")

    # What happens when it is not as expected.

    def exit(self) -> NoReturn:
        """End the test run."""
        sys.exit()

    def _handleWebError(self, msg: str) -> None:
        """Fail, or ask at the keyboard what to do, if that is wanted."""
        __tracebackhide__ = True
        if self.interactive and choose(
            msg,
            {
                "B": ("Body", lambda: _text(self.body)),
                "H": ("Headers", lambda: _lines(self.headers)),
                "S": ("Status", lambda: str(self.status)),
                "U": ("URL", lambda: self._last_request),
            },
            self.console_height,
        ):
            return
        raise self.failureException(f"{msg}\n\n{self._told()}")

    _handlewebError = _handleWebError

    def _told(self) -> str:
        """Return the last answer as a text."""
        if self.status is None:
            return "No page was asked for yet, or it had no answer."
        body = self.body[:_SHOWN_BYTES]
        rest = len(self.body) - len(body)
        more = f"\n... {rest} more bytes" if rest else ""
        head = f"{self._last_request}\n{self.status}\n{_lines(self.headers)}"
        return f"{head}\n\n{_text(body)}{more}"


def _items(field: str) -> list[str]:
    return [item.strip() for item in field.split(",")]


def _lines(headers: Iterable[tuple[str, str]] | None) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers or ())


def _text(body: bytes | None) -> str:
    return (body or b"").decode("utf-8", "backslashreplace")
