"""What a store is: bytes under a key, a lifetime, a lock, a sweep.

Whoever needs to keep something beyond a request (sessions, caches) speaks to this
contract, and whoever writes a store implements it; `cherrypy.stores.opening` finds the
store that a URL names. All methods may be called from any thread at any time.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["LockTimeout", "Store", "StoreLock", "StoreUnavailable"]


class StoreUnavailable(Exception):
    """The store cannot be reached, or has no room for what it was given.

    Nothing was changed: what was under the key is still there. The text says which
    store, what happened, and what to do.
    """


class LockTimeout(Exception):
    """Somebody else kept a lock for longer than one was ready to wait."""


class StoreLock(Protocol):
    """A lock that is held."""

    def release(self) -> None:
        """Let the next one have it. From any thread; a second time does nothing."""


@runtime_checkable
class Store(Protocol):
    """Bytes under keys, for a time.

    Keys are text of at most 250 ASCII characters without spaces and control
    characters. Values are bytes of any length. Expired entries are never seen, whether
    or not they have been swept; setting the computer's clock back does not make them
    live longer.
    """

    def get(self, key: str) -> bytes | None:
        """Return what is under the key, None if there is nothing (any more).

        Raises:
            StoreUnavailable: The store cannot be reached.
        """

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Put a value under the key; it lives for so many seconds from now.

        When this returns, the value is safe from a crash of this process, where the
        store is one that outlives the process. It is there entirely or not at all.

        Raises:
            StoreUnavailable: The store cannot be reached or has no room left.
        """

    def delete(self, key: str) -> None:
        """Remove what is under the key, if there is something.

        Raises:
            StoreUnavailable: The store cannot be reached.
        """

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released.

        Locks are mutual among all threads and processes that use the store, are handed
        on in the order of asking within a process, and end with the process that holds
        them. They bind nobody: `get` and `set` do not ask for them. Not re-entrant.

        Args:
            key: Whose lock. There need not be anything under the key.
            seconds: How long to wait at most; None as long as it takes, 0 not at all.

        Raises:
            LockTimeout: It was not to be had in that time.
            StoreUnavailable: The store cannot be reached.
        """

    def sweep(self) -> int:
        """Remove what has expired, and return how many entries that were.

        Stores that expire by themselves do nothing. Never keeps others from their
        work for more than a few milliseconds at a time.
        """

    def __len__(self) -> int:
        """Return how many live entries there are.

        Raises:
            NotImplementedError: This store cannot tell.
        """

    def close(self) -> None:
        """Let go of connections and files. The store opens them again when needed."""
