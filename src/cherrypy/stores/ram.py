"""A store in the memory of this process, gone when it ends."""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cherrypy.stores.lifetime import boot_clock
from cherrypy.stores.locks import KeyLocks

if TYPE_CHECKING:
    from cherrypy.stores.base import StoreLock

__all__ = ["RamStore"]

_SLICE = 500
"""How many entries are swept at a time: 0.1 ms of work."""

_PAUSE_SECONDS = 0.0005
"""How long the sweep rests after a slice, so that the others surely get their turn."""


class _Entry(NamedTuple):
    value: bytes
    end: float


class RamStore:
    """Bytes under keys, in a dictionary."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        # Guards the changes of the dictionary against the sweep, which must not remove
        # an entry that was renewed after it looked. Reading goes without.
        self._changing = threading.Lock()
        self._locks = KeyLocks()

    def get(self, key: str) -> bytes | None:
        """Return what is under the key, None if there is nothing (any more)."""
        entry = self._entries.get(key)
        if entry is None or entry.end <= boot_clock():
            return None
        return entry.value

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Put a value under the key; it lives for so many seconds from now."""
        entry = _Entry(bytes(value), boot_clock() + seconds)
        with self._changing:
            self._entries[key] = entry

    def delete(self, key: str) -> None:
        """Remove what is under the key, if there is something."""
        with self._changing:
            self._entries.pop(key, None)

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released."""
        return self._locks.acquire(key, seconds)

    def sweep(self) -> int:
        """Remove what has expired, and return how many entries that were.

        Goes slice by slice and rests between them: 100,000 entries take a second of a
        busy process, of which nobody notices more than a fraction of a millisecond at
        a time.
        """
        swept = 0
        keys = iter(list(self._entries))
        while part := list(islice(keys, _SLICE)):
            now = boot_clock()
            with self._changing:
                for key in part:
                    entry = self._entries.get(key)
                    if entry is not None and entry.end <= now:
                        del self._entries[key]
                        swept += 1
            time.sleep(_PAUSE_SECONDS)
        return swept

    def __len__(self) -> int:
        """Return how many live entries there are."""
        now = boot_clock()
        return sum(entry.end > now for entry in list(self._entries.values()))

    def close(self) -> None:
        """Do nothing: there are no connections, and what is stored stays."""
