"""The one thread that polls.

Whoever holds the baton asks which sockets are ready, accepts, reads, parses, keeps the
deadlines, and sends what clients were too slow to take. It waits for nobody but the
poller. A request that is complete goes to the workers (`schedule`), unless its page is
known to be fast (`pages`): to wake another thread costs more than such a page.

While it runs a page, the holder lays the baton down. A monitor (`rescue`) comes by; if
it finds the baton still lying there, it gives it to another worker, and the late one,
when its page is done, finds that it holds nothing any more.
"""

from __future__ import annotations

import socket
from collections import deque
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, Protocol

from cherrypy.httpd.connection import LINGERING
from cherrypy.httpd.pages import Pages
from cherrypy.httpd.pollers import READABLE, make_poller
from cherrypy.httpd.reading import StreamedBody
from cherrypy.httpd.rescue import Monitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.httpd.connection import Connection
    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.limits import Limits
    from cherrypy.httpd.pollers import Poller
    from cherrypy.httpd.schedule import Task, Worker
    from cherrypy.httpd.server import HTTPServer

__all__ = ["Baton", "Source"]

# Reported by one poll; more wait for the next. So many requests are answered together,
# and whoever comes meanwhile waits for no more than these and those: with 256 the
# slowest of a hundred among 32 clients waited twice as long.
_EVENTS = 16

# Clients that came together are late together; to tell ten thousand of them without a
# pause would keep everybody else waiting for half a second.
_LATE_AT_ONCE = 100

_DRAIN_SWEEP_SECONDS = 0.02

_FAULT_SECONDS = 0.01  # lest a fault that lasts fills the log at full speed

# A kept connection that was busy a moment ago may have the next request on its way
# when the server is told to stop. A round trip later it has not.
_GRACE_SECONDS = 0.25


class Source(Protocol):
    """Something with a descriptor that the poller watches."""

    def ready(self, mask: int, /) -> Exchange | None:
        """Act on what the poller reported; the holder of the baton calls this."""


class Baton:
    """The state of polling, independent of the thread that does it.

    Args:
        server: The server.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.poller: Poller = make_poller()
        self.monitor: Monitor = Monitor(self)
        self.connections: dict[int, Connection] = {}
        """Open connections by descriptor. The holder adds, owners remove."""
        self.laid_down: list[Worker] = []
        """The holder that runs a page; who takes this item has the baton."""
        self.runs: int = 0
        """Pages that were begun by holders."""
        self._sources: dict[int, Source] = {}
        self._pages = Pages()
        # Answers of pages that ran in the holder; they are sent together. To wake the
        # client's process after each of them costs more than the answer itself, where
        # client and server share a machine.
        self._answers: list[Exchange] = []
        self._posts: deque[Callable[[], Exchange | None]] = deque()
        self._asleep = False
        self._waker = _Waker(self)
        self._next_sweep = 0.0
        self._sweep_seconds = _sweep_seconds(server.limits)
        self._end_at: float | None = None

    # Any thread may call these.

    def post(self, action: Callable[[], Exchange | None]) -> None:
        """Have the holder call something soon."""
        self._posts.append(action)
        if self._asleep:
            # One who posts at the same time need not wake the holder again.
            self._asleep = False
            self._waker.wake()

    def forget(self, connection: Connection) -> None:
        """Report no more events of a connection; its owner calls this to close it."""
        self._sources.pop(connection.fd, None)
        self.connections.pop(connection.fd, None)
        acceptor = self.server.acceptor
        if acceptor.paused:
            self.post(acceptor.resume)

    # Only the holder of the baton calls these.

    def perform(self, worker: Worker) -> None:
        """Hold the baton until it is taken away or all is over. A task for a worker."""
        while True:
            try:
                while self._turn(worker):
                    pass
            except Exception as error:  # boundary: a fault of ours must not be the end
                self.server.schedule.report(error)
                sleep(_FAULT_SECONDS)
            else:
                return

    def _turn(self, worker: Worker) -> bool:
        """Do what is due, poll once, and act on it; return False to let go."""
        if self._answers:
            self._send_answers()  # of a holder whose next page overstayed
        posts = self._posts
        if (posts or worker.private) and not self._catch_up(worker):
            return False
        timeout: float | None = None
        if self.connections or self._end_at is not None:
            now = monotonic()
            if now >= self._next_sweep and not self._sweep(now):
                return False
            timeout = self._next_sweep - now
        self._asleep = True
        if posts or worker.private:
            timeout = 0.0
        events = self.poller.poll(timeout, _EVENTS)
        self._asleep = False
        sources = self._sources
        for fd, mask in events:
            source = sources.get(fd)
            if source is None:
                continue  # closed by its owner since the poll
            try:
                exchange = source.ready(mask)
            except Exception as error:  # boundary: one connection, not all of them
                self._drop(fd, error)
                continue
            if exchange is not None and not self._place(exchange, worker):
                return False
        if self._answers:
            self._send_answers()
        return True

    def _send_answers(self) -> None:
        """Send the answers that were kept back."""
        answers, self._answers = self._answers, []
        now = monotonic()
        for exchange in answers:
            try:
                exchange.complete(now)
            except Exception as error:  # boundary: as above
                self._drop(exchange.connection.fd, error)

    def _catch_up(self, worker: Worker) -> bool:
        """Do what other threads asked for; return False to let go."""
        if worker.private and not self._run(worker.private.popleft(), worker):
            return False
        posts = self._posts
        for _ in range(len(posts)):
            try:
                exchange = posts.popleft()()
            except Exception as error:  # boundary: as above
                self.server.schedule.report(error)
                continue
            if exchange is not None:
                self.server.admission.offer(exchange)
        return True

    def _place(self, exchange: Exchange, worker: Worker) -> bool:
        """Run a page here or queue it; return False to let go."""
        head = exchange.head
        page = head.page
        if page is None:
            page = head.page = self._pages.find(head)
        if not page.fast or type(exchange.rfile) is StreamedBody:
            self.server.admission.offer(exchange)
            return True
        exchange.wire = b""
        holding = self._run(exchange, worker)
        if exchange.wire:
            if holding:
                self._answers.append(exchange)
            else:
                exchange.complete(monotonic())
        return holding

    def _run(self, task: Task, worker: Worker) -> bool:
        """Perform a task that is hoped to be short; return False to let go."""
        self.runs += 1
        if self.monitor.resting:
            self.monitor.rouse()
        laid_down = self.laid_down
        laid_down.append(worker)
        try:
            task.perform(worker)
        except Exception as error:  # boundary: a fault of the server
            self.server.schedule.report(error)
        try:
            laid_down.pop()
        except IndexError:
            return False  # somebody else holds it now
        if worker.parked:
            # Go on in another context: the present one belongs to the parked answer.
            worker.private.appendleft(self)
            return False
        return True

    def _drop(self, fd: int, error: Exception) -> None:
        """Close a connection that the server cannot handle."""
        self.server.schedule.report(error)
        connection = self.connections.get(fd)
        if connection is not None:
            connection.close()

    def watch(self, fd: int, source: Source) -> None:
        """Report to `source` what can be read from a descriptor."""
        self._sources[fd] = source
        self.poller.register(fd, READABLE)

    def ignore(self, fd: int) -> None:
        """Report nothing more of a descriptor."""
        self._sources.pop(fd, None)
        with suppress(OSError, ValueError):
            self.poller.unregister(fd)

    def adopt(self, connection: Connection) -> None:
        """Take in a new connection."""
        self.connections[connection.fd] = connection
        self.watch(connection.fd, connection)

    def _sweep(self, now: float) -> bool:
        """Look for deadlines that have passed; return False when all is over.

        To look at all connections once a second is cheaper than to keep in order
        deadlines that change with every request: 10,000 take half a millisecond.
        """
        self._next_sweep = now + self._sweep_seconds
        if self._end_at is not None:
            self._hasten(now)
        late = [c for c in list(self.connections.values()) if c.deadline < now]
        if len(late) > _LATE_AT_ONCE and self._end_at is None:
            del late[_LATE_AT_ONCE:]
            self._next_sweep = now  # the others in the next turn
        for connection in late:
            try:
                exchange = connection.expire()
            except Exception as error:  # boundary: as above
                self._drop(connection.fd, error)
            else:
                if exchange is not None:
                    self.server.admission.offer(exchange)
        self.server.acceptor.tick(now)
        if self._end_at is None:
            return True
        if self.connections and now < self._end_at:
            return True
        for connection in list(self.connections.values()):
            connection.abort()
        self.monitor.end()
        return False

    def drain(self) -> None:
        """Begin to end: accept nothing more, finish what was begun."""
        if self._end_at is not None:
            return
        now = monotonic()
        self._end_at = now + self.server.shutdown_seconds
        self._sweep_seconds = _DRAIN_SWEEP_SECONDS
        self._next_sweep = now
        self.server.acceptor.end()

    def _hasten(self, now: float) -> None:
        """Shorten the waiting for clients of whom nothing more is wanted.

        Done again and again, because workers still hand connections over.
        """
        limits = self.server.limits
        for connection in list(self.connections.values()):
            if connection.idle:
                usual = limits.idle_seconds
            elif connection.state == LINGERING:
                usual = limits.linger_seconds
            else:
                continue
            if connection.deadline > now + _GRACE_SECONDS:
                since = connection.deadline - usual
                connection.deadline = since + _GRACE_SECONDS

    def close(self) -> None:
        """Give back the descriptors. The serving thread calls this at the end."""
        for connection in list(self.connections.values()):
            connection.clear_away()
        self._waker.close()
        self.poller.close()


class _Waker:
    """Ends a poll from another thread."""

    def __init__(self, baton: Baton) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        baton.watch(self._reader.fileno(), self)

    def wake(self) -> None:
        with suppress(OSError):
            self._writer.send(b"\0")

    def ready(self, mask: int, /) -> None:
        with suppress(OSError):
            self._reader.recv(4096)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


def _sweep_seconds(limits: Limits) -> float:
    """Return how often deadlines are looked at: a second, or what limits demand."""
    shortest = min(
        limits.header_deadline_seconds,
        limits.idle_seconds,
        limits.read_seconds,
        limits.write_deadline_seconds,
        limits.handshake_seconds,
        limits.linger_seconds,
        limits.queue_seconds,
    )
    return min(1.0, max(shortest / 4, 0.01))
