"""Locks by key, for the threads of one process.

Those who wait for a key stand in line, and whoever lets go hands the lock to the first
of them: nobody polls, nobody is overtaken, nobody is woken in vain. A store whose locks
reach beyond the process puts them behind these (`KeyLocks.acquire_with`), so that only
one thread of a process waits for the others.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from cherrypy.stores.base import LockTimeout, StoreLock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Deadline", "KeyLock", "KeyLocks"]


class Deadline:
    """Until when somebody is ready to wait, by a clock that nobody sets.

    Args:
        seconds: From now on; None for ever.
    """

    __slots__ = ("_end", "seconds")

    def __init__(self, seconds: float | None) -> None:
        self.seconds: float | None = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Return the seconds that are left, never less than 0; None: for ever."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def missed(self, key: str) -> LockTimeout:
        """Return the error to raise when it is over."""
        return LockTimeout(
            f"The lock of {key!r} was not to be had within {self.seconds:g} seconds: "
            "somebody else still holds it."
        )


class KeyLock:
    """The lock of one key, held."""

    __slots__ = ("_locks", "key")

    def __init__(self, locks: KeyLocks, key: str) -> None:
        self._locks: KeyLocks | None = locks
        self.key: str = key

    def release(self) -> None:
        """Hand the lock to the next in line. A second time does nothing."""
        locks = self._locks
        if locks is not None:
            locks._release(self)


class _LockBehind:
    """A lock that reaches further, held, and the turn within the process before it."""

    __slots__ = ("_turn", "_ways_out")

    def __init__(self, turn: KeyLock, let_go: Callable[[], None]) -> None:
        self._turn = turn
        self._ways_out = [let_go]

    def release(self) -> None:
        """Let go of both, the far one first. A second time does nothing."""
        try:
            let_go = self._ways_out.pop()
        except IndexError:
            return
        try:
            let_go()
        finally:
            self._turn.release()


class KeyLocks:
    """A table of locks; there is an entry for a key only while its lock is held."""

    def __init__(self) -> None:
        # By key. It needs no guard: to become its holder is one operation.
        self._holders: dict[str, KeyLock] = {}
        # Guards the lines; any thread may come. It can be taken twice by one thread:
        # a garbage collection in the middle may end a page that holds a lock.
        self._guard = threading.RLock()
        # Those who wait, by key; there is no line without a holder.
        self._lines: dict[str, deque[threading.Lock]] = {}

    def __len__(self) -> int:
        """Return how many keys are locked at present."""
        return len(self._holders)

    def held(self, key: str) -> bool:
        """Whether somebody holds the key's lock at present."""
        return key in self._holders

    def acquire(self, key: str, seconds: float | None = None) -> KeyLock:
        """Wait in line for the key's lock, and hold it until it is released.

        Args:
            key: Whose lock.
            seconds: How long to wait at most; None as long as it takes, 0 not at all.

        Raises:
            LockTimeout: It was not to be had in that time.
        """
        lock = KeyLock(self, key)
        if self._holders.setdefault(key, lock) is lock:
            return lock
        if seconds is not None and seconds <= 0:
            raise Deadline(seconds).missed(key)
        turn = threading.Lock()
        turn.acquire()
        with self._guard:
            if self._holders.setdefault(key, lock) is lock:
                return lock
            self._lines.setdefault(key, deque()).append(turn)
        self._wait(lock, turn, seconds)
        return lock

    def acquire_with(
        self,
        key: str,
        seconds: float | None,
        take: Callable[[str, Deadline], Callable[[], None]],
    ) -> StoreLock:
        """Wait in line within the process, then for a lock that reaches further.

        Args:
            key: Whose lock.
            seconds: How long to wait at most for both together.
            take: Takes the key's further lock before the deadline (else it raises
                `Deadline.missed`); returns what lets go of it.

        Raises:
            LockTimeout: They were not to be had in that time.
        """
        deadline = Deadline(seconds)
        turn = self.acquire(key, seconds)
        try:
            return _LockBehind(turn, take(key, deadline))
        except BaseException:
            turn.release()
            raise

    def _wait(
        self,
        lock: KeyLock,
        turn: threading.Lock,
        seconds: float | None,
    ) -> None:
        """Return when it is our turn; leave the line when we will not wait longer."""
        limit = threading.TIMEOUT_MAX
        try:
            if turn.acquire(timeout=-1 if seconds is None else min(seconds, limit)):
                return
        except BaseException:
            # Control-C while waiting: whoever stands behind us must not suffer.
            if not self._leave(lock.key, turn):
                lock.release()
            raise
        if self._leave(lock.key, turn):
            raise Deadline(seconds).missed(lock.key)
        # We were handed the lock while we gave up: then it is ours.

    def _leave(self, key: str, turn: threading.Lock) -> bool:
        """Leave the line; False when we have been handed the lock already."""
        with self._guard:
            line = self._lines.get(key)
            if line is None or turn not in line:
                return False
            line.remove(turn)
            if not line:
                del self._lines[key]
            return True

    def _release(self, lock: KeyLock) -> None:
        with self._guard:
            if lock._locks is None:
                return
            lock._locks = None
            key = lock.key
            line = self._lines.get(key)
            if line is None:
                del self._holders[key]
                return
            turn = line.popleft()
            if not line:
                del self._lines[key]
            turn.release()
