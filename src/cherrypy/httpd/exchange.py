"""One request and its answer: what an application above the server is given."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import copy_context
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias

from cherrypy.http.filebody import FileBody
from cherrypy.httpd.environ import build_environ
from cherrypy.httpd.pages import FAST_SECONDS
from cherrypy.httpd.protocols.events import BodyTooLong, BodyTooShort, RequestRefused
from cherrypy.httpd.protocols.http1 import plain_answer
from cherrypy.httpd.reading import StreamedBody
from cherrypy.httpd.sender import COPY_BYTES
from cherrypy.httpd.streaming import TOO_LONG, Stream, Writer, send_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cherrypy.http.types import Environ, HeaderList
    from cherrypy.httpd.connection import Connection
    from cherrypy.httpd.protocols.events import RequestHead
    from cherrypy.httpd.reading import BodyReader
    from cherrypy.httpd.schedule import Worker
    from cherrypy.httpd.server import HTTPServer

__all__ = ["FAILED", "Exchange", "Handler"]

FAILED = "The server encountered an unexpected condition."
"""What the client is told when the application fails."""


class Exchange:
    """One request and its answer.

    Made by the holder of the baton; used by the thread that runs the page, and by no
    other.

    Attributes:
        connection: The connection it belongs to.
        head: The request head; it may be shared with other exchanges.
        rfile: The request body.
    """

    __slots__ = (
        "answered",
        "connection",
        "head",
        "rfile",
        "stream",
        "wire",
        "worker",
    )

    def __init__(
        self, connection: Connection, head: RequestHead, rfile: BodyReader
    ) -> None:
        self.connection: Connection = connection
        self.head: RequestHead = head
        self.rfile: BodyReader = rfile
        self.answered: bool = False
        self.stream: Stream | None = None
        self.wire: bytes | None = None
        """An answer that is kept until `complete` is called.

        The holder of the baton, which sends several together, sets it to nothing, so
        that it is kept. Otherwise None, and answers are sent at once.
        """

    @property
    def server(self) -> HTTPServer:
        """The server."""
        return self.connection.server

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return self.connection.server.scheme

    @property
    def local(self) -> tuple[str, int]:
        """Address and port that the client connected to."""
        return self.connection.local

    @property
    def remote(self) -> tuple[str, int]:
        """Address and port of the client; ``("", 0)`` for Unix sockets."""
        return self.connection.remote

    @property
    def tls(self) -> dict[str, Any] | None:
        """What TLS knows of the client, as ``SSL_*`` variables; None for plain HTTP."""
        server = self.connection.server
        return self.connection.variables() if server.secure else None

    @property
    def streamed(self) -> bool:
        """The request body is not complete, and a worker has to wait for it."""
        return type(self.rfile) is StreamedBody

    # The handler calls these.

    def environ(self) -> Environ:
        """Return a new WSGI environ for this request."""
        return build_environ(self)

    def respond(
        self,
        status: bytes,
        headers: HeaderList,
        body: Iterable[bytes],
        on_close: Callable[[], None] | None = None,
    ) -> None:
        """Answer.

        Whatever the socket does not take at once goes out later; nobody waits for it.
        The iterable may therefore be asked for its next piece after this method has
        returned, though always in the same thread and with the same context variables.

        Args:
            status: Code and reason, such as ``b"200 OK"``.
            headers: The fields, in order.
            body: A list or tuple of bytes leaves with the head in one piece; a
                `FileBody` is copied by the kernel; any other iterable is sent piece
                by piece, chunked unless it has a Content-Length, and its ``close``
                is called.
            on_close: Called exactly once when the last byte was handed over or the
                client has gone, in this thread.

        Raises:
            ResponseRefused: The answer cannot be put on the wire. Nothing was sent,
                `on_close` was not called; another answer may be tried.
            RuntimeError: The request has been answered already.
        """
        if self.answered:
            raise RuntimeError("this request has been answered already")
        connection = self.connection
        if connection.refused is not None:
            self._answer_refusal(connection.refused)
            self.close_body(getattr(body, "close", None), on_close)
            return
        protocol = connection.protocol
        closing = connection.server.draining
        rfile = self.rfile
        if type(rfile) is StreamedBody and protocol.receiving_body:
            # What is produced while it is sent may still be made from what is received.
            whole = isinstance(body, (list, tuple, FileBody))
            limit = connection.server.limits.drain_bytes
            closing = not (whole and rfile.drop(limit)) or closing
        if type(body) is not list and type(body) is not tuple:
            self._stream(status, headers, body, on_close, closing)
            return
        data = body[0] if len(body) == 1 else b"".join(body)
        try:
            if len(data) > COPY_BYTES:
                head = protocol.head(
                    status, headers, body_length=len(data), close=closing
                )
                wire = protocol.body(data)
                protocol.end()
                connection.sender.transmit_after(head, wire)
            else:
                wire = protocol.answer(status, headers, data, closing)
                if self.wire is None:
                    connection.sender.transmit(wire)
                else:
                    self.wire = wire
            self.answered = True
        except BodyTooLong:
            self.server.error_log(TOO_LONG, logging.ERROR)
            self.fail(TOO_LONG)
        except BodyTooShort as error:
            self.server.error_log(str(error), logging.ERROR)
            self._cut(status, headers, data)
        if on_close is not None:
            on_close()

    def writer(self, status: bytes, headers: HeaderList) -> Writer:
        """Begin an answer that is written in calls.

        Raises:
            ResponseRefused, RuntimeError: As in `respond`.
        """
        if self.answered:
            raise RuntimeError("this request has been answered already")
        connection = self.connection
        closing = connection.server.draining
        if connection.protocol.receiving_body:
            # The application may want to read on while it writes.
            closing = True
        head = connection.protocol.head(status, headers, close=closing)
        self.answered = True
        return Writer(self, head)

    def _stream(
        self,
        status: bytes,
        headers: HeaderList,
        body: Iterable[bytes],
        on_close: Callable[[], None] | None,
        closing: bool,
    ) -> None:
        if isinstance(body, FileBody) and send_file(
            self, status, headers, body, on_close, closing=closing
        ):
            return
        head = self.connection.protocol.head(status, headers, close=closing)
        self.answered = True
        self.stream = Stream(self, head, body, on_close)
        self.stream.go_on()

    # The server calls these.

    def perform(self, worker: Worker) -> None:
        """Run the page, or go on with its answer, in the thread of `worker`."""
        server = self.connection.server
        began = monotonic()
        if self.stream is None:
            try:
                server.handler(self)
            except BaseException as error:  # boundary: whatever the application did
                self._note(error)
            if not self.answered:
                self._answer_for_it()
            now = monotonic()
            took = now - began
            page = self.head.page
            if page is not None:
                if took < FAST_SECONDS and page.fast:
                    page.quick += 1
                else:
                    page.record(took)
            counting = server.counting
            if counting is not None:
                counting.request_done(took)
        else:
            self._go_on()
            now = monotonic()
        if self.stream is not None and self._parks(self.stream, worker):
            return
        rfile = self.rfile
        if type(rfile) is StreamedBody:
            rfile.release()
        if not self.wire:
            self.complete(now)

    def complete(self, now: float) -> None:
        """Send the answer, if it was kept back, and go on with the connection.

        For an answer that was kept back the holder of the baton calls this, or who was
        it until just now.

        Args:
            now: The monotonic clock.
        """
        connection = self.connection
        wire = self.wire
        if wire:
            connection.sender.transmit(wire)
        following = connection.proceed(now)
        if following is not None:
            connection.server.admission.offer(following)

    def _parks(self, stream: Stream, worker: Worker) -> bool:
        """Let an answer wait for its client, if it has to."""
        self.worker: Worker = worker
        page = self.head.page
        if page is not None:
            page.distrust()
        if stream.parked and self.connection.sender.broken:
            stream.parked = False
            stream.close()
        if not stream.parked:
            if stream.context is not None:
                worker.answers -= 1
            return False
        if stream.context is None:
            # The variables that the page has set stay with its answer.
            stream.context = copy_context()
            worker.parked = True
            worker.answers += 1
        self.connection.park(self)
        return True

    def _go_on(self) -> None:
        stream = self.stream
        assert stream is not None  # it was parked
        assert stream.context is not None
        stream.context.run(stream.go_on)

    def resume(self) -> None:
        """Have the answer go on in the thread that began it. The holder calls this."""
        self.connection.server.schedule.hand(self.worker, self)

    def abandon(self) -> None:
        """End an answer that will not be resumed; the serving thread, at the end."""
        if self.stream is not None:
            self.stream.close()

    def _note(self, error: BaseException) -> None:
        """Tell what is to be told of an error of the application, being handled."""
        server, sender = self.connection.server, self.connection.sender
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            server.interrupt = error
        elif isinstance(error, RequestRefused):
            return  # raised by `rfile`; the answer follows
        elif not (sender.broken and isinstance(error, ConnectionError)):
            server.error_log("The application failed.", logging.ERROR, traceback=True)
        if self.answered:
            sender.broken = True

    def _answer_for_it(self) -> None:
        """Answer a request that the application has not answered."""
        refused = self.connection.refused
        if refused is not None:
            self._answer_refusal(refused)
        else:
            self.fail()

    def fail(self, message: str = "") -> None:
        """Answer 500; nothing was sent before. The connection will be closed."""
        message = message or FAILED
        refused = self.connection.refused = RequestRefused(500, message)
        self._answer_refusal(refused)

    def _answer_refusal(self, refused: RequestRefused) -> None:
        """Say what is wrong with the request, whatever the application would say."""
        self.answered = True
        self.connection.sender.transmit(
            plain_answer(
                refused.status,
                refused.message,
                with_body=self.head.method != "HEAD",
            )
        )

    def _cut(self, status: bytes, headers: HeaderList, data: bytes) -> None:
        """Send less than was promised and close, which tells the client."""
        protocol = self.connection.protocol
        wire = protocol.head(status, headers, close=True) + protocol.body(data)
        self.answered = True
        self.connection.refused = RequestRefused(500, FAILED)
        self.connection.sender.transmit(wire)

    def close_body(
        self,
        close: Callable[[], object] | None,
        on_close: Callable[[], None] | None,
    ) -> None:
        """Call what wants to be called at the end; an error is logged."""
        for call in (close, on_close):
            if call is None:
                continue
            try:
                call()
            except (KeyboardInterrupt, SystemExit) as error:
                self.server.interrupt = error
            except Exception:  # boundary: the answer is out, whatever this says
                self.server.error_log(
                    "Closing the answer failed.", logging.ERROR, traceback=True
                )


Handler: TypeAlias = Callable[[Exchange], None]
"""What a server is given: it answers one exchange."""
