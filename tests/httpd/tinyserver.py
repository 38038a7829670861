"""A server of a hundred lines: the protocol room, a thread for each connection."""

from __future__ import annotations

import io
import socket
import threading
from typing import TYPE_CHECKING, Any

from cherrypy.http.dates import format_http_date
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.events import (
    Data,
    EndOfBody,
    RequestHead,
    RequestRefused,
    ResponseRefused,
)
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.protocols.http1 import CONTINUE, HTTP1, plain_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cherrypy.httpd.protocols.events import Event

    WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TinyServer:
    """Serves one WSGI application on a free port until the block is left."""

    def __init__(self, app: WSGIApp) -> None:
        self.app = app
        self.heads = HeadReader(Limits())
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address: tuple[str, int] = self.listener.getsockname()

    def __enter__(self) -> TinyServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[sock], daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            sock.settimeout(20)
            try:
                Conversation(sock, self.app, self.heads).hold()
            except OSError:
                return


class Conversation:
    """One connection."""

    def __init__(self, sock: socket.socket, app: WSGIApp, heads: HeadReader) -> None:
        self.socket = sock
        self.app = app
        self.protocol = HTTP1(heads, date=lambda: format_http_date().encode())

    def hold(self) -> None:
        """Answer requests until one is the last."""
        try:
            events: Sequence[Event] = self._wait()
            while events:
                self._answer(events)
                if not self.protocol.persists:
                    break
                events = self.protocol.next_request() or self._wait()
        except (RequestRefused, ResponseRefused) as refused:
            message = str(refused.args[-1])
            self.socket.sendall(plain_answer(refused.status, message))
        self.socket.shutdown(socket.SHUT_WR)
        # A close with unread bytes in the buffer would make the kernel send a reset,
        # and the client might not see the answer.
        while self.socket.recv(65536):
            pass

    def _wait(self) -> Sequence[Event]:
        """Receive until something is complete; nothing when the client is done."""
        while True:
            data = self.socket.recv(65536)
            if not data:
                self.protocol.receive_eof()
                return ()
            events = self.protocol.receive(data)
            if events:
                return events

    def _answer(self, events: Sequence[Event]) -> None:
        head, *others = events
        assert isinstance(head, RequestHead)
        body = b""
        if head.expect_continue and not others:
            self.socket.sendall(CONTINUE)
        while head.has_body and not any(isinstance(e, EndOfBody) for e in others):
            others += self._wait()
        body = b"".join(event.data for event in others if isinstance(event, Data))
        started: list[Any] = []
        result = self.app(environ(head, body), lambda *args: started.extend(args))
        status, headers = started
        line = status.encode("latin-1")
        fields = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        if isinstance(result, list):
            self.socket.sendall(self.protocol.answer(line, fields, b"".join(result)))
            return
        self.socket.sendall(self.protocol.head(line, fields))
        for piece in result:
            self.socket.sendall(self.protocol.body(piece))
        self.socket.sendall(self.protocol.end())


def environ(head: RequestHead, body: bytes) -> dict[str, Any]:
    """Return the part of a WSGI environ that the raw cases look at."""
    values: dict[str, Any] = {
        "REQUEST_METHOD": head.method,
        "PATH_INFO": head.path.decode("latin-1"),
        "QUERY_STRING": head.query.decode("latin-1"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    }
    if head.content_length is not None:
        values["CONTENT_LENGTH"] = str(head.content_length)
    for name, value in head.headers:
        key = "HTTP_" + name.decode("ascii").upper().replace("-", "_")
        text = value.decode("latin-1")
        values[key] = f"{values[key]}, {text}" if key in values else text
    return values
