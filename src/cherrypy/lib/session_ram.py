"""Sessions in the memory of the process."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.lib.session_base import Session
from cherrypy.stores.base import LockTimeout
from cherrypy.stores.lifetime import boot_clock
from cherrypy.stores.locks import KeyLocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.stores.base import StoreLock

__all__ = ["RamSession", "SessionLocks"]

# A slice of a sweep takes a tenth of a millisecond; then others have their turn.
_SLICE = 200
_PAUSE_SECONDS = 0.0005

# Speed: the clock itself, where there is one.
_clock = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")
    else boot_clock
)
_BOOT = datetime.now() - timedelta(0, _clock())

_MOMENT_SECONDS = 0.01


class _Moment:
    """A hundredth of a second, through which requests tell the time but once.

    Speed: to work with `datetime` takes longer than anything else in a session.
    """

    __slots__ = ("_ends", "begin", "end", "now")

    def __init__(self, clock: float) -> None:
        self.begin: float = clock
        self.end: float = clock + _MOMENT_SECONDS
        self.now: datetime = _BOOT + timedelta(0, clock)
        self._ends: dict[float, datetime] = {}

    def after(self, minutes: float) -> datetime:
        """Return the time so many minutes later."""
        later = self._ends.get(minutes)
        if later is None:
            later = self._ends[minutes] = self.now + timedelta(0, minutes * 60)
        return later


_latest = _Moment(0)


def _present() -> _Moment:
    global _latest
    moment, clock = _latest, _clock()
    if not moment.begin <= clock < moment.end:
        moment = _latest = _Moment(clock)
    return moment


class SessionLocks(KeyLocks):
    """The locks of sessions by id; there are only those that are held."""

    def __contains__(self, id: object) -> bool:
        return self.held(str(id))


class RamSession(Session):
    """A session that is kept in memory, and ends with the process.

    It accepts every kind of object. The data is shared between requests: it is not
    copied, neither when it is loaded nor when it is saved.
    """

    cache: ClassVar[dict[str, tuple[dict[Any, Any], datetime]]] = {}
    """Data and time of expiry by id."""

    locks: ClassVar[SessionLocks] = SessionLocks()
    """The locks that are held."""

    _notices_end = True

    def now(self) -> datetime:
        """Return the present by a clock that is not set while the process runs."""
        # Speed: by position it takes half the time.
        return _BOOT + timedelta(0, _clock())

    def __len__(self) -> int:
        """Return how many sessions there are, with those that were not swept yet."""
        return len(self.cache)

    def _exists(self) -> bool:
        entry = self.cache.get(self._id)  # type: ignore[arg-type]  # None: not there
        return entry is not None and entry[1] >= self.now()

    # Speed: the usual steps of a request once more, in one go each. Subclasses, and
    # everything unusual, take the longer way.

    def __init__(self, id: str | None = None, **kwargs: Any) -> None:
        if id is not None and not kwargs and type(self) is RamSession:
            entry = self.cache.get(id)
            if entry is not None and entry[1] >= _present().now:
                self.id_observers: list[Callable[[str], Any]] = []
                self._data = {}
                self._id = id
                self.originalid: str | None = id
                self._known = True
                return
        super().__init__(id, **kwargs)

    def acquire_lock(self) -> None:
        """Wait until this request alone may use the session.

        Raises:
            SessionBusy: Another request has held it for `lock_timeout` seconds.
        """
        if type(self) is RamSession and not (self.locked or self.debug):
            try:
                self.lock: Any = self.locks.acquire(self._id, 0)  # type: ignore[arg-type]  # it has been given one
            except LockTimeout:
                pass
            else:
                self.locked: bool = True
                return
        super().acquire_lock()

    def save(self) -> None:
        """Store the data, if it was looked at, and release the lock."""
        if (
            self.loaded
            and self.locked
            and type(self) is RamSession
            and not (self.ended or self.without_storage or self.debug)
        ):
            self.cache[self._id] = (self._data, _present().after(self.timeout))  # type: ignore[index]  # it has been given one
            lock, self.lock, self.locked = self.lock, None, False
            lock.release()
            return
        super().save()

    def load(self) -> None:
        """Fetch the data from the cache."""
        entry = self.cache.get(self._id) if type(self) is RamSession else None  # type: ignore[arg-type]  # None: not there
        if entry is None or RamSession not in self._cleaners:
            super().load()
            return
        # Speed: it was there and alive when the request began.
        self._data = entry[0]
        self.loaded = True

    def _load(self) -> tuple[dict[Any, Any], datetime] | None:
        return self.cache.get(self._id)  # type: ignore[arg-type]  # None: not there

    def _save(self, expiration_time: datetime) -> None:
        assert self._id is not None  # it has been given one
        self.cache[self._id] = (self._data, expiration_time)

    def _delete(self) -> None:
        self.cache.pop(self._id, None)  # type: ignore[arg-type]  # None: not there

    def _take_lock(self, seconds: float | None) -> StoreLock:
        assert self._id is not None  # it has been given one
        return self.locks.acquire(self._id, seconds)

    def clean_up(self) -> None:
        """Remove sessions that have expired and are not in use.

        Works in slices, between which requests have their turn.
        """
        ids = list(self.cache)
        for start in range(0, len(ids), _SLICE):
            now = self.now()
            for id in ids[start : start + _SLICE]:
                entry = self.cache.get(id)
                if entry is not None and entry[1] < now:
                    self._sweep(id, now)
            time.sleep(_PAUSE_SECONDS)

    def _sweep(self, id: str, now: datetime) -> None:
        """Remove a session, unless it is used just now and may be saved anew."""
        try:
            lock = self.locks.acquire(id, 0)
        except LockTimeout:
            return
        try:
            entry = self.cache.get(id)
            if entry is not None and entry[1] < now:
                self.cache.pop(id, None)
        finally:
            lock.release()
