"""One client: its present request, its deadline, its end.

A connection has one owner at a time, told by `Connection.state`, and only the owner
touches it:

* READING, WRITING, LINGERING: the holder of the baton;
* SERVING: the thread that runs the page, or will take it from the queue.

Changing `state` is therefore the last thing an owner does. Two attributes are shared:
`deadline`, which the holder only reads where it is not the owner, and `interest`,
whose protocol is told in `Connection.mute`.
"""

from __future__ import annotations

import math
import socket
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from cherrypy.httpd.exchange import Exchange
from cherrypy.httpd.peers import peer_credentials
from cherrypy.httpd.pollers import READABLE, WRITABLE
from cherrypy.httpd.protocols.events import RequestRefused
from cherrypy.httpd.protocols.http1 import CONTINUE, HTTP1, plain_answer
from cherrypy.httpd.reading import (
    EMPTY,
    READ_BYTES,
    TOO_SLOW,
    BodyReader,
    Gathering,
    StreamedBody,
    whole_body,
)
from cherrypy.httpd.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cherrypy.httpd.protocols.events import Event, RequestHead
    from cherrypy.httpd.server import HTTPServer

__all__ = ["CLOSED", "LINGERING", "READING", "SERVING", "WRITING", "Connection"]

READING = 0
"""Idle, or a request is arriving."""
SERVING = 1
"""A request waits for a thread or is being answered by one."""
WRITING = 2
"""The rest of an answer waits for the client to take it."""
LINGERING = 3
"""The last answer is out; what the client still sends is dropped."""
CLOSED = 4
"""Gone."""

_FRESH = 0  # no request was seen on this connection
_IDLE = 1  # between two requests
_HEAD = 2  # a head has begun
_BODY = 3  # a body is being gathered

_NEVER = math.inf

# A client whose answer has just been sent may have asked again before the state says
# that it may. To see that a few times costs less than to unregister and register.
_PATIENCE = 3


class Connection:
    """The server's side of one connection.

    Args:
        server: The server it belongs to.
        sock: The connected socket, non-blocking. The connection owns it.
        remote: The client's address and port; an empty one for Unix sockets.
        local: The address and port of the listener.
        now: The monotonic clock.
    """

    # 10,000 idle ones should fit into a few megabytes.
    __slots__ = (
        "deadline",
        "fd",
        "gathering",
        "identity",
        "interest",
        "local",
        "phase",
        "protocol",
        "recv",
        "refused",
        "remote",
        "seen",
        "sender",
        "server",
        "sock",
        "state",
        "waiting",
    )

    def __init__(
        self,
        server: HTTPServer,
        sock: socket.socket,
        remote: tuple[str, int],
        local: tuple[str, int],
        now: float,
    ) -> None:
        self.server: HTTPServer = server
        self.sock: socket.socket = sock
        self.fd: int = sock.fileno()
        self.recv: Callable[[int], bytes] = sock.recv
        self.sender: Sender = Sender(sock)
        self.remote: tuple[str, int] = remote
        self.local: tuple[str, int] = local
        self.protocol: HTTP1 = HTTP1(
            server.heads,
            version=server.http_version,
            date=server.date,
            framed=server.framed,
        )
        self.state: int = READING
        self.phase: int = _FRESH
        self.deadline: float = now + server.limits.idle_seconds
        self.interest: int = READABLE
        self.identity: dict[str, Any] | None = None
        self.seen: int = 0
        self.gathering: Gathering | None = None
        self.refused: RequestRefused | None = None
        self.waiting: Exchange | None = None

    # Only the holder of the baton calls these.

    def ready(self, mask: int, /) -> Exchange | None:
        """Act on what the poller reported.

        Returns:
            A request that is complete and wants to be served; the state is SERVING.
        """
        if self.state != READING:
            return self._act()
        try:
            data = self.recv(READ_BYTES)
            if data:
                events = self.protocol.receive(data)
            else:
                self.protocol.receive_eof()
                self.close()
                return None
        except BlockingIOError:
            return None
        except RequestRefused as refused:
            self.refuse(refused)
            return None
        except OSError:
            self.close()
            return None
        return self._advance(events)

    def _act(self) -> Exchange | None:
        """Act on what the poller reported of a connection that is not READING."""
        state = self.state
        if state == WRITING:
            return self._flush()
        if state == LINGERING:
            self._drop()
        elif state == SERVING:
            self.seen += 1
            if self.seen > _PATIENCE:
                self.mute()
        return None

    def attend(self) -> Exchange | None:
        """Take over from another thread, which asked for it with `_hand_over`."""
        state = self.state
        if state == WRITING:
            return self._flush()
        if state in (READING, LINGERING):
            self._watch(READABLE)
        return None

    def mute(self) -> None:
        """Stop polling a connection that has sent more while it is being served.

        The thread that serves it sets the state first and then looks at `interest`;
        we set `interest` first and then look at the state. So at least one of the two
        notices that polling has to go on.
        """
        self._ignore()
        if self.state != SERVING:
            self.attend()

    @property
    def idle(self) -> bool:
        """No request has begun, and none is being answered."""
        return self.state == READING and self.phase < _HEAD

    def expire(self) -> Exchange | None:
        """Act on a deadline that has passed.

        Returns:
            A request that was found at the last moment.
        """
        if self.state == READING:
            if self.server.draining:
                # The client may have asked just before we would not hear it any more.
                exchange = self.ready(READABLE)
                if exchange is not None or self.state != READING or not self.idle:
                    return exchange
            if self.phase == _IDLE or (self.phase == _FRESH and self.server.draining):
                self.close()
            else:
                self.refuse(RequestRefused(408, TOO_SLOW))
        elif self.state == WRITING:
            self.sender.drop()
            self._flushed()
        elif self.state == LINGERING:
            self.close()
        elif self.state == SERVING:
            self.server.admission.give_up(self)
        return None

    def abort(self) -> None:
        """Cut the connection, whatever it is doing, because the server must end."""
        if self.state == SERVING:
            # Its thread is the one to close it, and will notice.
            self.sender.broken = True
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
        elif self.state == WRITING:
            self.expire()
        else:
            self.close()

    def clear_away(self) -> None:
        """Close what has no owner any more: the workers are gone, and the holder."""
        if self.state != SERVING:
            waiting, self.waiting = self.waiting, None
            if waiting is not None:
                waiting.abandon()
            self.close()

    def _watch(self, interest: int) -> None:
        if interest == self.interest:
            return
        poller = self.server.baton.poller
        if self.interest:
            poller.modify(self.fd, interest)
        else:
            poller.register(self.fd, interest)
        self.interest = interest

    def _flush(self) -> Exchange | None:
        """Send what is kept; when all is out, go on with what was to come then."""
        sent = self.sender.flush()
        if not self.sender.waits:
            return self._flushed()
        if sent:
            limit = self.server.limits.write_deadline_seconds
            self.deadline = monotonic() + limit
        self._watch(WRITABLE)
        return None

    def _flushed(self) -> Exchange | None:
        """Go on: the answer so far is sent, or cannot be."""
        waiting = self.waiting
        if waiting is None:
            if not self.sender.broken:
                self._watch(READABLE)
            return self.proceed(monotonic())
        self._watch(READABLE)
        self.waiting = None
        self.deadline = _NEVER
        self.state = SERVING
        waiting.resume()
        return None

    def _drop(self) -> None:
        """Read and forget: the client has not noticed yet that it is over."""
        try:
            if not socket.socket.recv(self.sock, READ_BYTES):
                self.close()
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    # Only the owner calls these, whoever it is.

    def _advance(self, events: Sequence[Event]) -> Exchange | None:
        """Go on with what the protocol found complete."""
        if self.gathering is not None:
            return self._gather(self.gathering, events)
        if not events:
            if self.phase < _HEAD and self.protocol.receiving_head:
                self.phase = _HEAD
                limit = self.server.limits.header_deadline_seconds
                self.deadline = monotonic() + limit
            return None
        # The first event of a request is its head.
        head: RequestHead = events[0]  # type: ignore[assignment]
        body = whole_body(events) if head.has_body else EMPTY
        if body is None:
            gathering = self.gathering = Gathering(head, monotonic())
            self.phase = _BODY
            return self._gather(gathering, events)
        self.deadline = _NEVER
        self.state = SERVING
        return Exchange(self, head, body)

    def _gather(self, gathering: Gathering, events: Sequence[Event]) -> Exchange | None:
        """Wait for the whole of a small body; leave a large one to a worker."""
        limits = self.server.limits
        if gathering.take(events):
            self.deadline = _NEVER
            return self._serve(gathering, gathering.body())
        if gathering.too_large(limits):
            self._ignore()  # the worker waits for these bytes, nobody else
            gathering.streamed = True
            self.deadline = monotonic() + limits.queue_seconds
            return self._serve(gathering, StreamedBody(self, gathering))
        if not gathering.invited:
            gathering.invited = True
            self.sender.transmit(CONTINUE)
        self.deadline = gathering.deadline(limits, monotonic())
        return None

    def _serve(self, gathering: Gathering, body: BodyReader) -> Exchange:
        self.gathering = None
        self.state = SERVING
        return Exchange(self, gathering.head, body)

    def park(self, waiting: Exchange) -> None:
        """Let the holder send what is kept, and `waiting` be resumed after that."""
        self.waiting = waiting
        self._write_later()

    def _write_later(self) -> None:
        self.deadline = monotonic() + self.server.limits.write_deadline_seconds
        self.state = WRITING
        self._hand_over()

    def _hand_over(self) -> None:
        """Ask the holder to attend to this connection."""
        self.server.baton.post(self.attend)

    def proceed(self, now: float) -> Exchange | None:
        """Go on after an answer: the rest of it, the next request, a wait, or the end.

        Args:
            now: The monotonic clock.

        Returns:
            The client's next request, if it is here already.
        """
        protocol = self.protocol
        sender = self.sender
        if sender.kept is not None and sender.waits:
            self._write_later()
            return None
        if self.refused is not None or not protocol.persists or sender.broken:
            self._depart()
            return None
        self.phase = _IDLE
        self.seen = 0
        self.deadline = now + self.server.limits.idle_seconds
        try:
            events = protocol.next_request()
        except RequestRefused as refused:
            self.refuse(refused)
            return None
        # Performance: the protocol says () when nothing at all is buffered.
        exchange = None if events == () else self._advance(events)
        if exchange is None:
            self.state = READING
            if self.interest != READABLE:
                self._hand_over()
        return exchange

    def refuse(self, refused: RequestRefused) -> None:
        """Answer a request that cannot be served, and let the connection end."""
        self.gathering = None
        head = self.protocol.request
        with_body = head is None or head.method != "HEAD"
        self.conclude(
            plain_answer(refused.status, refused.message, with_body=with_body), refused
        )

    def conclude(self, wire: bytes, reason: RequestRefused) -> None:
        """Send the last answer of this connection and let it end."""
        self.refused = reason
        self.sender.transmit(wire)
        if self.sender.waits:
            self._write_later()
        else:
            self._depart()

    def _depart(self) -> None:
        """End after an answer.

        To close while the client's bytes are unread makes the kernel send a reset,
        which may destroy the answer on its way.
        """
        unread = self.refused is not None or self.seen or self.protocol.receiving_body
        if not unread or self.sender.broken:
            self.close()
            return
        self._take_leave()
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self.deadline = monotonic() + self.server.limits.linger_seconds
        self.state = LINGERING
        if self.interest != READABLE:
            self._hand_over()

    def _take_leave(self) -> None:
        """Say goodbye, where the wire has a way to say it."""

    def _ignore(self) -> None:
        """Have the poller look at this connection no more."""
        if self.interest:
            self.interest = 0
            with suppress(OSError, ValueError):
                self.server.baton.poller.unregister(self.fd)

    def close(self) -> None:
        """Close the socket and forget the connection."""
        if self.state == CLOSED:
            return
        self.state = CLOSED
        # First out of the table: the number of the descriptor is free after close.
        self.server.baton.forget(self)
        self._ignore()
        self.sock.close()

    # The thread that serves the request calls this.

    def variables(self) -> dict[str, Any]:
        """Return what is known of the client beyond its address, for the environ."""
        if self.identity is None:
            self.identity = peer_credentials(
                self.sock, resolve=self.server.peercreds_resolve
            )
        return self.identity
