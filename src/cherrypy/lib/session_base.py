"""What a session is: a dictionary that outlives the request, under a secret name.

Subclasses say where it is kept. They define `_exists`, `_load`, `_save` and `_delete`,
and may define `acquire_lock`, `release_lock`, `__len__`, `clean_up` and a class method
`setup`.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.environment.site import engine, log
from cherrypy.lib.session_errors import SessionBusy, SessionUnavailable
from cherrypy.lib.session_mapping import LazyMapping
from cherrypy.process.plugins.tasks import Monitor
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.locks import KeyLocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.stores.base import StoreLock

__all__ = ["Session", "lock_seconds", "report"]


class Session(LazyMapping):
    """The session of one request: a mapping of what the application keeps.

    It is loaded when it is first looked at, and saved at the end of the request if it
    was looked at.

    Args:
        id: What the client sent as the id of its session, if it sent something.
        **kwargs: Become attributes of the session; `timeout` for instance.
    """

    id_observers: list[Callable[[str], Any]]
    """Called with each new id."""

    timeout: float = 60
    """Minutes after which a session is forgotten that nobody uses."""

    locked: bool = False
    """Whether this request alone may use the session at present."""

    clean_thread: ClassVar[Monitor | None] = None
    """Calls `clean_up` now and then."""

    clean_freq: float = 5
    """Minutes between two calls of `clean_up`; 0 for none."""

    originalid: str | None = None
    """The id that the client sent, which may be anything."""

    missing: bool = False
    """Whether the client asked for a session that does not exist (any more)."""

    regenerated: bool = False
    """Whether the application has given the session a new id."""

    debug: bool = False
    """Log what is done."""

    lock_timeout: float | timedelta | None = 30
    """Seconds to wait for the lock at most; None as long as it takes."""

    on_unavailable: str = "refuse"
    """What happens when the storage cannot be reached: ``refuse`` answers 503,
    ``continue`` goes on with an empty session that is not kept."""

    ended: bool = False
    """Whether another request has ended the session (by a new id, or by deleting it)
    while this one waited for it. Then it is empty here, and is not kept."""

    without_storage: bool = False
    """Whether the storage could not be reached: what is put here is not kept."""

    on_withdrawal: Callable[[], None] | None = None
    """Takes the id out of the answer again; the sessions tool sets it."""

    lock: Any = None
    """The lock, while it is held."""

    _notices_end = False
    _cleaners: ClassVar[dict[object, Monitor]] = {}
    _default_locks: ClassVar[KeyLocks] = KeyLocks()

    def __init__(self, id: str | None = None, **kwargs: Any) -> None:
        self.id_observers = []
        self._id: str | None = None
        self._data: dict[Any, Any] = {}
        self._known = False
        for name, value in kwargs.items():
            setattr(self, name, value)
        self.originalid = id
        if self.without_storage:
            self._id, self.loaded = self.generate_id(), True
            return
        if id is not None:
            if self._accepts(id):
                self._id = id
                if self._exists():
                    self._known = True
                    return
                self._id = None
            if self.debug:
                self._log("%r is no session (any more)", id)
            self.missing = True
        self._regenerate()

    def __repr__(self) -> str:
        # The id is a secret, which logs should not tell.
        return (
            f"<{type(self).__name__} {self._data if self.loaded else '(not loaded)'}>"
        )

    @property
    def id(self) -> str | None:
        """The id of the session. Whoever is told of it owns the session."""
        return self._id

    @id.setter
    def id(self, value: str | None) -> None:
        self._id = value
        if value is not None:
            for observe in self.id_observers:
                observe(value)

    def now(self) -> datetime:
        """Return the present, as this class tells the time."""
        return datetime.now()

    def generate_id(self) -> str:
        """Return an id that nobody can guess: 40 hex digits."""
        return os.urandom(20).hex()

    def regenerate(self) -> None:
        """Go on under a new id; the old one is dead.

        To be called whenever a user gets more rights, as by logging in: else a
        stranger who has planted an id could share them.
        """
        if self.without_storage:
            return
        if not self.loaded and self._known:
            # documented behaviour: what is loaded goes on under the new id.
            self.load()
        self.regenerated = True
        self.ended = False
        if not self.without_storage:
            self._regenerate()

    def _regenerate(self) -> None:
        """Take a new id; what is stored under the old one goes."""
        fresh = self._fresh_id()
        if self._id is None:
            self.id = fresh
            return
        old = stays = (self._id, self.lock, self.locked)
        self._become(fresh, None, False)
        problem = None
        try:
            if old[2]:
                self.acquire_lock()
            goes = (fresh, self.lock, self.locked)
            if not self.without_storage:
                self._move(old)
                stays, goes = goes, old
        except StoreUnavailable as unavailable:
            problem = unavailable
        except BaseException:
            self._become(*old)
            raise
        self._become(*goes)
        if self.locked:
            self.release_lock()
        self._become(*stays)
        if problem is not None:
            # The old one lives on, and the client goes on with it.
            self._go_without(problem)
        if not self.without_storage:
            self._known = False
            self.id = fresh

    def _move(self, old: tuple[str, Any, bool]) -> None:
        """Store the data under the present id, and remove it from the old one."""
        if self.loaded and self._known and self._notices_end:
            # First this: if there is no room for it, the old one stays.
            self._save(self._moment_of_expiry())
        self._become(*old)
        self._delete()

    def _become(self, id: str, lock: Any, locked: bool) -> None:
        self._id = id
        self._hold(lock, locked)

    def _hold(self, lock: Any, locked: bool) -> None:
        """Note the lock that is held, if one is."""
        self.lock = lock
        # Classes of other makers tell `locked` by a property, which asks the lock.
        with suppress(AttributeError):
            self.locked = locked

    def _fresh_id(self) -> str:
        """Return an id under which nothing is stored."""
        fresh = self.generate_id()
        if type(self).generate_id is not Session.generate_id:
            # Nobody knows how random other ids are.
            while self._is_taken(fresh):
                fresh = self.generate_id()
        return fresh

    def _is_taken(self, id: str) -> bool:
        before, self._id = self._id, id
        try:
            return self._exists()
        finally:
            self._id = before

    # What subclasses define

    def _accepts(self, id: str) -> bool:
        """Tell whether an id from a client can be one that we have given out."""
        return True

    def _exists(self) -> bool:
        """Tell whether something is stored under the id."""
        raise NotImplementedError

    def _load(self) -> tuple[dict[Any, Any], datetime] | None:
        """Return data and the moment when it expires; None if there is nothing."""
        raise NotImplementedError

    def _save(self, expiration_time: datetime) -> None:
        """Store the data until then."""
        raise NotImplementedError

    def _delete(self) -> None:
        """Remove what is stored under the id, if there is something."""
        raise NotImplementedError

    def clean_up(self) -> None:
        """Remove sessions that have expired; called now and then."""

    def __len__(self) -> int:
        """Return how many sessions there are.

        Raises:
            NotImplementedError: Where they are kept, they cannot be counted.
        """
        raise NotImplementedError

    def __bool__(self) -> bool:
        # Not whether there are sessions: that can be an expensive question.
        return True

    # Locks

    def acquire_lock(self) -> None:
        """Wait until this request alone may use the session.

        The lock belongs to the session, not to the thread. If it is held already,
        nothing happens.

        Raises:
            SessionBusy: Another request has held it for `lock_timeout` seconds; it is
                a `LockTimeout`, and if nobody catches it the answer is 503.
        """
        if self.locked:
            return
        if not self.without_storage:
            patience: Any = self.lock_timeout
            if type(patience) is not int:
                patience = lock_seconds(patience)
            try:
                self.lock = self._take_lock(patience)
            except LockTimeout as problem:
                log(
                    f"A request has waited {patience} seconds for the lock of its "
                    "session, in vain.",
                    "TOOLS.SESSIONS",
                    logging.WARNING,
                )
                raise SessionBusy() from problem
            except StoreUnavailable as problem:
                self._go_without(problem)
        self.locked = True
        if self.debug:
            self._log("locked")

    def release_lock(self) -> None:
        """Let others use the session. From any thread; twice does no harm."""
        lock, self.lock = self.lock, None
        self.locked = False
        if lock is not None:
            try:
                lock.release()
            except StoreUnavailable as problem:
                # It ends by itself, as the store says.
                report(problem, self._id)
        if self.debug:
            self._log("released")

    def _take_lock(self, seconds: float | None) -> StoreLock:
        """Return the lock of the id when it is to be had."""
        return self._default_locks.acquire(
            f"{type(self).__qualname__}:{self._id}", seconds
        )

    # Loading and saving

    def load(self) -> None:
        """Fetch the data from the storage."""
        stored = self._talk_to_storage(self._load)
        if stored is None or stored[1] < self.now():
            self._data = {}
            if self._known and self._notices_end and not self.without_storage:
                self._end()
        else:
            self._data = stored[0]
        self.loaded: bool = True
        if self.clean_freq and not self.without_storage:
            place = self._place()
            if place not in self._cleaners:
                self._start_cleaning(place)

    def save(self) -> None:
        """Store the data, if it was looked at, and release the lock."""
        try:
            if self.loaded and not (self.without_storage or self.ended):
                if (
                    self.locked
                    or not (self._known and self._notices_end)
                    or self._exists()
                ):
                    self._save(self._moment_of_expiry())
                else:
                    # What is dead stays dead. Under a lock it cannot have happened.
                    self._end()
                if self.debug:
                    self._log("saved for %s minutes", self.timeout)
        except StoreUnavailable as problem:
            self._go_without(problem)
        finally:
            if self.locked:
                self.release_lock()

    def _moment_of_expiry(self) -> datetime:
        return self.now() + timedelta(0, self.timeout * 60)

    def delete(self) -> None:
        """Remove the session from the storage, and empty it."""
        self._data = {}
        self._known = False
        self.loaded = self.without_storage
        if not self.without_storage:
            self._talk_to_storage(self._delete)

    def _talk_to_storage(self, step: Callable[[], Any]) -> Any:
        if self.without_storage:
            return None
        try:
            return step()
        except StoreUnavailable as problem:
            self._go_without(problem)
            return None

    def _go_without(self, problem: StoreUnavailable) -> None:
        """Go on without what is stored, where that is wanted.

        Raises:
            SessionUnavailable: It is not.
        """
        report(problem, self._id)
        # The client shall keep what it has, and come back with it.
        self.withdraw()
        if self.on_unavailable != "continue":
            raise SessionUnavailable() from problem
        self.without_storage = self.loaded = True

    def _end(self) -> None:
        """Note that another request has ended this session."""
        if self.debug:
            self._log("another request has ended the session")
        self.ended, self._known = True, False
        self.withdraw()

    def withdraw(self) -> None:
        """Do not send the id to the client after all."""
        if self.on_withdrawal is not None:
            self.on_withdrawal()

    def _place(self) -> object:
        """Return what is cleaned at once."""
        return type(self)

    def _start_cleaning(self, place: object) -> None:
        cls = type(self)
        cleaner = cls.__new__(cls)
        cleaner.__dict__.update(self.__dict__)
        # The thread must not keep the data of this user.
        cleaner._data, cleaner._id, cleaner.id_observers = {}, None, []
        cleaner._hold(None, False)
        monitor = Monitor(
            engine, cleaner.clean_up, self.clean_freq * 60, name="Session cleanup"
        )
        if self._cleaners.setdefault(place, monitor) is not monitor:
            return
        monitor.subscribe()
        cls.clean_thread = monitor
        monitor.start()

    def _log(self, message: str, *values: object) -> None:
        log(message % values, "TOOLS.SESSIONS")


def lock_seconds(timeout: float | timedelta | None) -> float | None:
    """Return how many seconds to wait for a lock, None for as long as it takes.

    Raises:
        ValueError: It is neither a number of seconds, nor a timedelta, nor None.
    """
    if timeout is None:
        return None
    if isinstance(timeout, timedelta):
        return timeout.total_seconds()
    if isinstance(timeout, int | float):
        return timeout
    raise ValueError(
        "Lock timeout must be numeric seconds or a timedelta instance, not "
        f"{timeout!r}."
    )


def report(problem: StoreUnavailable, id: str | None = None) -> None:
    """Write to the log that sessions cannot be stored.

    Args:
        problem: What has happened.
        id: Of the session; whoever reads the log shall not own it.
    """
    text = str(problem)
    if id:
        text = text.replace(id, "...")
    log(f"Sessions cannot be stored: {text}", "TOOLS.SESSIONS", logging.ERROR)
