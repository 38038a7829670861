"""Which sockets are ready: epoll where there is one, `selectors` elsewhere.

Both report levels, not edges: what was not read is reported again. A connection stays
registered for its whole life, so a request on a kept connection costs no other system
call than the poll, its read and its write.
"""

from __future__ import annotations

import select
import selectors
from typing import Protocol

__all__ = ["READABLE", "WRITABLE", "Poller", "SelectorPoller", "make_poller", "wait"]

READABLE = 1
"""Bytes, a new connection or the end of the stream can be read (as ``EPOLLIN``)."""

WRITABLE = 4
"""The socket takes bytes again (as ``EPOLLOUT``)."""


class Poller(Protocol):
    """What tells the holder of the baton which descriptors are ready."""

    def register(self, fd: int, eventmask: int, /) -> None:
        """Watch a descriptor; any thread may call this."""

    def modify(self, fd: int, eventmask: int, /) -> None:
        """Watch a registered descriptor for something else; any thread."""

    def unregister(self, fd: int, /) -> None:
        """Watch a descriptor no longer; any thread."""

    def poll(
        self, timeout: float | None = None, maxevents: int = -1, /
    ) -> list[tuple[int, int]]:
        """Return (descriptor, mask) pairs; waits `timeout` seconds, None for ever.

        Only the holder of the baton calls this.
        """
        ...

    def close(self) -> None:
        """Give the descriptors of the poller itself back."""


class SelectorPoller:
    """`selectors` in the shape of `select.epoll`, for systems without the latter."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    @staticmethod
    def _events(mask: int) -> int:
        wanted = selectors.EVENT_READ if mask & READABLE else 0
        return wanted | (selectors.EVENT_WRITE if mask & WRITABLE else 0)

    def register(self, fd: int, eventmask: int, /) -> None:
        """See `Poller.register`."""
        try:
            self._selector.register(fd, self._events(eventmask))
        except KeyError as error:
            raise FileExistsError(f"descriptor {fd} is registered already") from error

    def modify(self, fd: int, eventmask: int, /) -> None:
        """See `Poller.modify`."""
        try:
            self._selector.modify(fd, self._events(eventmask))
        except KeyError as error:
            raise FileNotFoundError(f"descriptor {fd} is not registered") from error

    def unregister(self, fd: int, /) -> None:
        """See `Poller.unregister`."""
        try:
            self._selector.unregister(fd)
        except KeyError as error:
            raise FileNotFoundError(f"descriptor {fd} is not registered") from error

    def poll(
        self, timeout: float | None = None, maxevents: int = -1, /
    ) -> list[tuple[int, int]]:
        """See `Poller.poll`; all that is ready is reported, `maxevents` or not."""
        ready = self._selector.select(timeout)
        return [
            (
                key.fd,
                (READABLE if events & selectors.EVENT_READ else 0)
                | (WRITABLE if events & selectors.EVENT_WRITE else 0),
            )
            for key, events in ready
        ]

    def close(self) -> None:
        """See `Poller.close`."""
        self._selector.close()


def make_poller() -> Poller:
    """Return the best poller of this system."""
    if hasattr(select, "epoll"):
        return select.epoll()
    return SelectorPoller()


def wait(fd: int, seconds: float, *, writable: bool = False) -> bool:
    """Block until one descriptor is ready; the thread that owns it calls this.

    Args:
        fd: The descriptor.
        seconds: The longest wait; at most 0 only looks.
        writable: Wait for room to write instead of bytes to read.

    Returns:
        Whether the descriptor is ready (an error on it counts as ready).
    """
    seconds = max(seconds, 0.0)
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fd, select.POLLOUT if writable else select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    reading, writing = ([], [fd]) if writable else ([fd], [])
    return any(select.select(reading, writing, [], seconds))
