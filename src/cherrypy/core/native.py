"""The face towards our own server: an exchange becomes a request without WSGI.

Saves building an environ and taking it apart again. An application whose WSGI
pipeline was changed, and anything else that stands in the tree, is called through
WSGI all the same.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

from cherrypy.core.app import Application
from cherrypy.core.context import Serving, current, outside
from cherrypy.core.error_pages import bare_error, format_exc
from cherrypy.core.errors import InternalRedirect
from cherrypy.core.log import log_of
from cherrypy.core.received import ReceivedHeaders
from cherrypy.core.tree import Tree
from cherrypy.core.wsgi import recode_path_qs, visit_once, what_is_no_bytes
from cherrypy.http.filebody import FileBody
from cherrypy.http.urls import unquote_path, urljoin
from cherrypy.httpd.wsgi import WSGIHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cherrypy.core.response import Response
    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.protocols.events import RequestHead

__all__ = ["NativeGateway"]

# What a request that is run again, without its body, does not repeat.
_OF_THE_BODY = frozenset({b"content-length", b"transfer-encoding"})


class _Understood:
    """What a request head says to us; kept with the head, which may come again."""

    __slots__ = ("ascii", "path", "query", "received", "version")

    def __init__(self, head: RequestHead) -> None:
        self.version = "HTTP/1.1" if head.version == (1, 1) else "HTTP/1.0"
        path = unquote_path(head.path)
        self.path = urljoin(path) if "//" in path else path
        self.query = head.query.decode("latin-1")
        self.ascii = path.isascii() and self.query.isascii()
        self.received = ReceivedHeaders(head.headers)


class NativeGateway:
    """Answers the exchanges of a server with the applications of a tree.

    Args:
        tree: Returns the tree that is in force; it may be another one each time.
        server_protocol: The highest version of HTTP that the server speaks.
    """

    def __init__(
        self, tree: Callable[[], Any], server_protocol: str = "HTTP/1.1"
    ) -> None:
        self.tree = tree
        self.server_protocol = server_protocol
        self._through_wsgi = WSGIHandler(lambda *call: self.tree()(*call))

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange."""
        head = exchange.head
        known = head.memo
        if known.__class__ is not _Understood:
            known = head.memo = _Understood(head)
        tree = self.tree()
        if type(tree) is not Tree:
            self._through_wsgi(exchange)
            return
        script_name = tree.script_name_of(known.path)
        app = tree.nowhere if script_name is None else tree.apps[script_name]
        if not (isinstance(app, Application) and app.plain):
            self._through_wsgi(exchange)
            return
        before = current.get()
        path, query = known.path, known.query
        if not known.ascii:
            encoding = app.find_config(path, "request.uri_encoding", "utf-8")
            path, query = recode_path_qs(path, query, encoding) or (path, query)
        try:
            try:
                request, response = app.get_serving(
                    None, None, exchange.scheme, self.server_protocol, exchange
                )
                request.run(
                    head.method,
                    path,
                    query,
                    known.version,
                    known.received,
                    exchange.rfile,
                )
            except InternalRedirect as redirect:
                response = self._follow(app, exchange, redirect)
            body = response._body
            if body.__class__ is list:
                # Out at once, as far as we are concerned.
                exchange.respond(response.output_status, response.header_list, body)
                app.release_serving()
            else:
                _send(app, exchange, response)
        except Exception:  # boundary: whatever happened, the client gets an answer
            _answer_bare(app, exchange)
        except BaseException:
            app.release_serving()
            raise
        finally:
            # Speed: it is so already, as a rule.
            if current.get() is not before:
                current.set(before)

    def _follow(
        self, app: Application, exchange: Exchange, redirect: InternalRedirect
    ) -> Response:
        """Run internal redirects until one leads to an answer.

        Raises:
            RuntimeError: They lead in circles.
        """
        _, path, query, version = current.get().request.asked
        seen = [f"{path}?{query}" if query else path]
        script_name = app.script_name
        received = ReceivedHeaders(
            [pair for pair in exchange.head.headers if pair[0] not in _OF_THE_BODY]
        )
        while True:
            previous = current.get()
            visit_once(seen, redirect, script_name)
            previous.response.discard_body()
            app.release_serving()
            request, response = app.get_serving(
                None, None, exchange.scheme, self.server_protocol, exchange
            )
            request.prev = previous.request
            path = script_name + redirect.path
            query = redirect.query_string
            try:
                request.run("GET", path, query, version, received, io.BytesIO())
            except InternalRedirect as another:
                redirect = another
            else:
                return response


def _send(app: Application, exchange: Exchange, response: Response) -> None:
    """Hand over an answer that is still in the making; it ends its request."""
    serving = current.get()
    body = response._body
    if not isinstance(body, FileBody):
        body = _Streamed(body, serving)
    goodbye = _Goodbye(app, serving)
    exchange.respond(response.output_status, response.header_list, body, goodbye)


def _answer_bare(app: Application, exchange: Exchange) -> None:
    """Log what happened, say no more than that it did, and end the request."""
    serving = current.get()
    try:
        complaint = what_is_no_bytes(serving.response.header_list)
        log_of(app)(complaint, traceback=True, severity=logging.ERROR)
        if not exchange.answered:
            shown = serving.request.show_tracebacks
            exchange.respond(*bare_error(format_exc() if shown else ""))
        serving.response.discard_body()
    finally:
        app.release_serving()


class _Goodbye:
    """Ends a request when its last byte is out, wherever that is noticed."""

    __slots__ = ("app", "serving")

    def __init__(self, app: Application, serving: Serving) -> None:
        self.app = app
        self.serving = serving

    def __call__(self) -> None:
        before = current.get()
        current.set(self.serving)
        try:
            self.app.release_serving()
        finally:
            current.set(outside if before is self.serving else before)


class _Streamed:
    """A body whose every chunk is produced within its own request."""

    __slots__ = ("body", "iterator", "serving")

    def __init__(self, body: Iterable[bytes], serving: Serving) -> None:
        self.body = body
        self.iterator = iter(body)
        self.serving = serving

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        before = current.get()
        current.set(self.serving)
        try:
            return next(self.iterator)
        finally:
            current.set(before)

    def close(self) -> None:
        """Close what produces the body."""
        close = getattr(self.body, "close", None)
        if close is None:
            return
        before = current.get()
        current.set(self.serving)
        try:
            close()
        finally:
            current.set(before)
