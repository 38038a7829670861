"""Count how often a nonce was used, so that no request can be sent twice.

With each use of a nonce the client counts on (``nc``). A number that was there already
is a replay: somebody repeats a request that he has overheard (RFC 7616 §5.5).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cherrypy.stores.base import Store

__all__ = ["NonceCounts", "ProcessCounts", "StoredCounts", "counts_in"]

# Browsers ask over several connections at once, so that numbers overtake each other.
_WINDOW = 128

_BEGAN = int(time.time())
"""When this process began, as far as we are concerned."""


class NonceCounts(Protocol):
    """Where uses of nonces are counted."""

    def use(self, nonce: str, made: int, count: int, seconds: float) -> bool:
        """Note a use of a nonce; tell whether it is the first with this number.

        Args:
            nonce: The nonce.
            made: When it was made, in seconds since the epoch.
            count: What the client says how often it has used it.
            seconds: For how long after `made` it is good.
        """


def _used(highest: int, seen: int, count: int) -> tuple[int, int] | None:
    """Return highest count and window after a use, None if that is no new one.

    Bit n of `seen` says whether the count ``highest - n`` was there.
    """
    if count > highest:
        shifted = seen << min(count - highest, _WINDOW)
        return count, (shifted | 1) & ((1 << _WINDOW) - 1)
    behind = highest - count
    if count < 1 or behind >= _WINDOW or seen >> behind & 1:
        return None
    return highest, seen | 1 << behind


class ProcessCounts:
    """Counts in the memory of this process.

    Each process counts for itself: with several of them a request may be repeated
    once in each. A nonce that was made before the process began is not taken, since
    it may have been used before.

    Args:
        at_most: How many nonces are remembered. If there are more, those that were
            made first are not taken any more; their clients ask for a new one.
    """

    def __init__(self, at_most: int = 10_000) -> None:
        # Guarded by the lock, to which all threads that answer requests come.
        self._lock = threading.Lock()
        self._uses: OrderedDict[str, tuple[int, int, int]] = OrderedDict()
        self._at_most = at_most
        self._since = _BEGAN

    def use(self, nonce: str, made: int, count: int, seconds: float) -> bool:
        """Note a use of a nonce; see `NonceCounts.use`."""
        with self._lock:
            known = self._uses.get(nonce)
            if known is None:
                if made < self._since:
                    return False
                known = made, 0, 0
            after = _used(known[1], known[2], count)
            if after is None:
                return False
            self._uses[nonce] = made, *after
            while len(self._uses) > self._at_most:
                _, (forgotten, _, _) = self._uses.popitem(last=False)
                # What we know nothing of any more might be a repetition.
                self._since = max(self._since, forgotten + 1)
            return True


class StoredCounts:
    """Counts in a store that several processes or machines share.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def use(self, nonce: str, made: int, count: int, seconds: float) -> bool:
        """Note a use of a nonce; see `NonceCounts.use`.

        Raises:
            StoreUnavailable: The store cannot be reached.
            LockTimeout: Somebody else holds the nonce's entry for seconds.
        """
        from hashlib import sha256  # lazy: 2 ms of import

        left = made + seconds - time.time()
        if left <= 0:
            return False
        key = f"digest-nonce-{sha256(nonce.encode()).hexdigest()}"
        lock = self.store.lock(key, 5)
        try:
            known = self.store.get(key)
            highest, seen = _loaded(known) if known is not None else (0, 0)
            after = _used(highest, seen, count)
            if after is None:
                return False
            # A little longer than the nonce lives: clocks differ.
            self.store.set(key, b"%d %d" % after, left + 60)
            return True
        finally:
            lock.release()


def _loaded(value: bytes) -> tuple[int, int]:
    highest, seen = value.split()
    return int(highest), int(seen)


def counts_in(where: str | Store | None) -> NonceCounts:
    """Return the counts in a store.

    Args:
        where: A store, its URL, or None for the memory of this process.
    """
    if where is None or isinstance(where, str):
        return _counts_at(where)
    return StoredCounts(where)


@lru_cache(maxsize=8)
def _counts_at(where: str | None) -> NonceCounts:
    if where is None:
        return ProcessCounts()
    from cherrypy.stores.opening import open_store  # lazy: few sites have several

    return StoredCounts(open_store(where))
