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
from cherrypy.core.context import Serving, current
from cherrypy.core.error_pages import bare_error, format_exc
from cherrypy.core.errors import InternalRedirect
from cherrypy.core.received import ReceivedHeaders
from cherrypy.core.tree import Tree
from cherrypy.core.wsgi import recode_path_qs, visit_once
from cherrypy.http.filebody import FileBody
from cherrypy.http.urls import unquote_path
from cherrypy.httpd.wsgi import WSGIHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cherrypy.core.request import Request
    from cherrypy.httpd.exchange import Exchange

__all__ = ["NativeGateway"]


class _Understood:
    """What a request head says to us; kept with the head, which may come again."""

    __slots__ = ("path", "query", "received")

    def __init__(self, exchange: Exchange) -> None:
        head = exchange.head
        self.path = unquote_path(head.path)
        self.query = head.query.decode("latin-1")
        self.received = ReceivedHeaders(head.headers)


class NativeGateway:
    """Answers the exchanges of a server with the applications of a tree.

    Args:
        tree: Returns the tree that is in force; it may be another one each time.
    """

    def __init__(self, tree: Callable[[], Any]) -> None:
        self.tree = tree
        self._through_wsgi = WSGIHandler(lambda *call: self.tree()(*call))

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange."""
        head = exchange.head
        known = head.memo
        if known.__class__ is not _Understood:
            known = head.memo = _Understood(exchange)
        tree = self.tree()
        if type(tree) is not Tree:
            self._through_wsgi(exchange)
            return
        script_name = tree.script_name_of(known.path)
        if script_name is None:
            exchange.respond(b"404 Not Found", [(b"Content-Length", b"0")], [])
            return
        app = tree.apps[script_name]
        if not (isinstance(app, Application) and app.plain):
            self._through_wsgi(exchange)
            return
        before = current.get()
        try:
            _answer(app, exchange, known)
        finally:
            current.set(before)


def _answer(app: Application, exchange: Exchange, known: _Understood) -> None:
    method, path, query = exchange.head.method, known.path, known.query
    if not (path.isascii() and query.isascii()):
        encoding = app.find_config(path, "request.uri_encoding", "utf-8")
        path, query = recode_path_qs(path, query, encoding) or (path, query)
    try:
        request, response = app.get_serving(None, None, exchange.scheme)
        request.exchange = exchange
        try:
            version = "HTTP/1.1" if exchange.head.version == (1, 1) else "HTTP/1.0"
            request.run(method, path, query, version, known.received, exchange.rfile)
        except InternalRedirect as redirect:
            _follow(app, exchange, known, redirect)
            response = current.get().response
        status, headers, body = (
            response.output_status,
            response.header_list,
            response._body,
        )
    except (KeyboardInterrupt, SystemExit):
        app.release_serving()
        raise
    except Exception:  # boundary: whatever happened, the client gets an answer
        status, headers, body = _bare(app)
    if body.__class__ is list:
        # Out at once, as far as we are concerned.
        try:
            exchange.respond(status, headers, body)
        finally:
            app.release_serving()
        return
    serving = current.get()
    if not isinstance(body, FileBody):
        body = _Streamed(body, serving)
    exchange.respond(status, headers, body, _Goodbye(app, serving))


def _follow(
    app: Application,
    exchange: Exchange,
    known: _Understood,
    redirect: InternalRedirect,
) -> None:
    """Run internal redirects until one leads to an answer."""
    seen = [f"{known.path}?{known.query}" if known.query else known.path]
    while True:
        previous: Request = redirect.request
        app.release_serving()
        script_name = app.script_name
        visit_once(seen, redirect, script_name)
        request, _ = app.get_serving(None, None, exchange.scheme)
        request.exchange = exchange
        request.prev = previous
        try:
            request.run(
                "GET",
                script_name + redirect.path,
                redirect.query_string,
                previous.asked_protocol,
                known.received,
                io.BytesIO(),
            )
        except InternalRedirect as another:
            redirect = another
        else:
            return


def _bare(app: Application) -> tuple[bytes, list[tuple[bytes, bytes]], list[bytes]]:
    """Log what happened and say no more than that it did."""
    app.log(traceback=True, severity=logging.ERROR)
    show = current.get().request.show_tracebacks
    return bare_error(format_exc() if show else "")


class _Goodbye:
    """Ends a request when its last byte is out, wherever that is noticed."""

    __slots__ = ("app", "serving")

    def __init__(self, app: Application, serving: Serving) -> None:
        self.app = app
        self.serving = serving

    def __call__(self) -> None:
        before = current.get()
        if before is self.serving:
            self.app.release_serving()
            return
        current.set(self.serving)
        try:
            self.app.release_serving()
        finally:
            current.set(before)


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
