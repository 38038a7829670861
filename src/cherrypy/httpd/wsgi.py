"""An exchange as a call of a WSGI application (PEP 3333)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from cherrypy.http.filebody import FileBody
from cherrypy.httpd.environ import build_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.http.types import ExcInfo, HeaderList, WSGIApplication
    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.streaming import Writer

__all__ = ["WSGIHandler"]


class WSGIHandler:
    """Answers exchanges with a WSGI application.

    Args:
        app: The application.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange; errors of the application are the server's to log."""
        call = _Call(exchange)
        result = self.app(build_environ(exchange), call.start_response)
        if (
            call.status is not None
            and call.writer is None
            and (type(result) is list or type(result) is tuple)
        ):
            # Performance: most answers are a list, which has no `close`.
            exchange.respond(call.status, call.headers, result)
            return
        close: Callable[[], object] | None = getattr(result, "close", None)
        try:
            if call.writer is None:
                close = call.respond(result, close)
            else:
                for piece in result:
                    call.writer.write(piece)
                call.writer.end()
        finally:
            if close is not None:
                close()


class _Call:
    """What `start_response` has been told, and the answer made from it."""

    __slots__ = ("exchange", "headers", "status", "writer")

    headers: HeaderList
    """The fields; there are some when there is a status."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.writer: Writer | None = None
        self.status: bytes | None = None

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        """Take status and headers, as PEP 3333 has it.

        Raises:
            RuntimeError: It is called again without an error to tell.
            TypeError: Status, name or value is no `str`.
            UnicodeEncodeError: One of them cannot be said in ISO-8859-1.
        """
        if exc_info is not None:
            try:
                if self.exchange.answered and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # breaks a reference cycle, says the PEP
        elif self.status is not None:
            raise RuntimeError("start_response was called twice without exc_info")
        part = self.exchange.head.environ
        known = None if part is None else part.answer
        if known is not None and known[1] == headers and known[0] == status:
            # Performance: what was said to the same request before is encoded already;
            # that takes 0.35 µs for two fields.
            _, _, self.status, self.headers = known
            return self.write
        try:
            encoded = [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in headers
            ]
            self.status = line = status.encode("latin-1")
        except AttributeError:
            raise TypeError(_wrong_type(status, headers)) from None
        self.headers = encoded
        if part is not None and part.laid is not None:
            said = None
            if known is not None and known[3] == encoded and known[2] == line:
                # Only what is said twice running is worth the rest.
                said = _copied(headers)
            part.answer = status, said, line, encoded
        return self.write

    def write(self, data: bytes) -> None:
        """Send a piece at once: the imperative way of the PEP.

        Raises:
            ConnectionAbortedError: The client is gone.
        """
        if self.writer is None:
            self.writer = self.exchange.writer(*self.settled())
        self.writer.write(data)

    def settled(self) -> tuple[bytes, HeaderList]:
        """Return status and headers.

        Raises:
            RuntimeError: The application has not called `start_response`.
        """
        if self.status is None:
            raise RuntimeError("the application did not call start_response")
        return self.status, self.headers

    def respond(
        self, result: Iterable[bytes], close: Callable[[], object] | None
    ) -> Callable[[], object] | None:
        """Answer with an iterable that is no list.

        Returns:
            `close` if the caller is still to call it; None if the server will.
        """
        exchange = self.exchange
        if isinstance(result, FileBody):
            exchange.respond(*self.settled(), result)
            return None
        iterator = iter(result)
        # The application may call start_response as late as with its first bytes.
        first = next((piece for piece in iterator if piece), b"")
        whole = not first or _is_single(result)
        body: Iterable[bytes] = [first] if whole else chain((first,), iterator)
        if self.writer is not None:
            for piece in body:
                self.writer.write(piece)
            self.writer.end()
            return close
        exchange.respond(*self.settled(), body, close)  # type: ignore[arg-type]
        return None


def _copied(headers: list[tuple[str, str]]) -> list[tuple[str, str]] | None:
    """Return a copy of fields that cannot change afterwards; None if they can."""
    if type(headers) is not list:
        return None
    try:
        hash(tuple(headers))
    except TypeError:  # a pair that is no tuple
        return None
    return headers.copy()


def _is_single(result: Iterable[bytes]) -> bool:
    """Tell whether the first piece is the only one, so that its length is known."""
    try:
        return len(result) == 1  # type: ignore[arg-type]
    except TypeError:
        return False


def _wrong_type(status: object, headers: Iterable[tuple[object, object]]) -> str:
    if not isinstance(status, str):
        return f"WSGI response status is not of type str: {status!r}"
    for name, value in headers:
        if not isinstance(name, str):
            return f"WSGI response header key {name!r} is not of type str."
        if not isinstance(value, str):
            return f"WSGI response header value {value!r} is not of type str."
    return "WSGI response headers must be pairs of str."
