"""A server in a thread, and clients made of plain sockets."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cherrypy.httpd.server import HTTPServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from cherrypy.httpd.exchange import Handler

PATIENCE_SECONDS = 20.0
"""Nothing in these tests takes so long unless it is broken."""


class Log(list[str]):
    """What a server has logged."""

    def __call__(self, message: str, level: int, traceback: bool) -> None:
        self.append(message)


class Running:
    """A server that runs, and the thread it runs in."""

    def __init__(self, server: HTTPServer, log: Log) -> None:
        self.server = server
        self.log = log
        self.clients: list[Client] = []
        self.raised: BaseException | None = None
        self.thread = threading.Thread(target=self._serve, name="serving")

    def _serve(self) -> None:
        try:
            self.server.serve()
        except BaseException as error:
            self.raised = error

    @property
    def address(self) -> tuple[str, int]:
        assert isinstance(self.server.bound_addr, tuple)
        return self.server.bound_addr

    def client(self, *, tls: ssl.SSLContext | None = None, buffer: int = 0) -> Client:
        """Return a new client; it is closed with the server at the latest."""
        client = Client(self.server.bound_addr, tls=tls, buffer=buffer)
        self.clients.append(client)
        return client

    def get(self, path: str = "/") -> Answer:
        with self.client() as client:
            return client.ask(path)


@contextmanager
def serving(handler: Handler, **options: Any) -> Iterator[Running]:
    """Run a server with a handler until the block is left."""
    log = Log()
    options = {"bind_addr": ("127.0.0.1", 0), "log": log, **options}
    server = HTTPServer(handler, **options)
    server.prepare()
    running = Running(server, log)
    running.thread.start()
    try:
        yield running
    finally:
        server.stop()
        running.thread.join(PATIENCE_SECONDS)
        for client in running.clients:
            client.close()
        assert not running.thread.is_alive()


class Answer:
    """One answer as it came over the wire."""

    def __init__(self, head: bytes, body: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.status_line = lines[0]
        self.status = int(lines[0].split(" ")[1])
        pairs = [line.split(": ", 1) for line in lines[1:]]
        self.headers = {name.lower(): value for name, value in pairs}
        self.body = body
        self.text = body.decode("latin-1")


class Client:
    """A connection to a server, used in the way that a test wants."""

    def __init__(
        self, address: object, *, tls: ssl.SSLContext | None = None, buffer: int = 0
    ) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        if isinstance(address, tuple) and ":" in address[0]:
            family = socket.AF_INET6
        self.socket: socket.socket = socket.socket(family, socket.SOCK_STREAM)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(PATIENCE_SECONDS)
        try:
            self.socket.connect(address)  # type: ignore[arg-type]
            if tls is not None:
                self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        except OSError:
            self.socket.close()
            raise
        self.buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, path: str = "/", *, method: str = "GET", head: str = "") -> Answer:
        """Send a request without a body and return the answer."""
        self.request(path, method=method, head=head)
        return self.answer(bodiless=method == "HEAD")

    def request(self, path: str = "/", *, method: str = "GET", head: str = "") -> None:
        lines = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n"
        self.send(lines.encode("latin-1"))

    def post(self, path: str, body: bytes, *, head: str = "") -> Answer:
        length = f"Content-Length: {len(body)}\r\n{head}"
        self.request(path, method="POST", head=length)
        self.send(body)
        return self.answer()

    def receive(self, size: int = 65536) -> bytes:
        """Return bytes as they come; none at the end of the stream."""
        if self.buffer:
            data, self.buffer = self.buffer[:size], self.buffer[size:]
            return data
        try:
            return self.socket.recv(size)
        except ConnectionResetError:
            return b""

    def until(self, mark: bytes) -> bytes:
        """Return what comes up to and with `mark`."""
        data = b""
        while mark not in data:
            more = self.receive()
            assert more, f"the stream ended after {data[-200:]!r}"
            data += more
        found, _, self.buffer = data.partition(mark)
        return found + mark

    def skip(self, mark: bytes) -> int:
        """Read up to and with `mark`, however much that is; return how much."""
        tail, count = b"", 0
        while mark not in tail:
            more = self.receive(1 << 20)
            assert more, f"the stream ended after {count} bytes"
            tail = tail[-len(mark) :] + more
            count += len(more)
        self.buffer = tail.partition(mark)[2]
        return count - len(self.buffer)

    def exactly(self, size: int) -> bytes:
        """Return `size` bytes."""
        data = bytearray()
        while len(data) < size:
            more = self.receive(size - len(data))
            assert more, f"the stream ended after {len(data)} of {size} bytes"
            data += more
        return bytes(data)

    def rest(self) -> bytes:
        """Return all there is until the end of the stream."""
        parts = []
        while more := self.receive():
            parts.append(more)
        return b"".join(parts)

    def answer(self, *, bodiless: bool = False) -> Answer:
        """Return the next final answer; an interim one is an answer of its own."""
        head = self.until(b"\r\n\r\n")[:-4]
        answer = Answer(head, b"")
        if bodiless or answer.status in (100, 204, 304):
            return answer
        if answer.headers.get("transfer-encoding") == "chunked":
            body = b"".join(self._chunks())
        elif "content-length" in answer.headers:
            body = self.exactly(int(answer.headers["content-length"]))
        else:
            body = self.rest()
        return Answer(head, body)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.until(b"\r\n"), 16):
            yield self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        assert self.until(b"\r\n") == b"\r\n"

    def rest_or_answer(self) -> int:
        """Return the status of an answer, or 0 for the end of the stream."""
        self.buffer = self.receive()
        return self.answer().status if self.buffer else 0

    def ended(self) -> bool:
        """Wait for the end of the stream; True if nothing came before it."""
        return self.receive() == b""


def hello(exchange: Any) -> None:
    """Answer anything."""
    exchange.respond(b"200 OK", [(b"Content-Type", b"text/plain")], [b"hello"])
