"""Locks that a server forgets by itself, kept alive while they are held.

Redis and memcached do not see that a process has died. A lock there is an entry that
ends after a few seconds, the lease, and whoever holds it renews it in time. So it ends
with the process, a lease later at most.
"""

from __future__ import annotations

import itertools
import os
import secrets
import threading
import time
from typing import TYPE_CHECKING

from cherrypy.stores.base import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Lease", "Leases"]

_RETRY_SECONDS = 0.25
"""How soon the server is asked again when it was away."""


class Lease:
    """A lock with a lease, held until `let_go`."""

    __slots__ = ("_leases", "due", "end", "give_back", "renew")

    def __init__(
        self,
        leases: Leases,
        renew: Callable[[], object],
        give_back: Callable[[], object],
    ) -> None:
        self._leases = leases
        self.renew: Callable[[], object] = renew
        self.give_back: Callable[[], object] = give_back
        now = time.monotonic()
        self.due: float = now + leases.seconds / 3
        self.end: float = now + leases.seconds

    def let_go(self) -> None:
        """Give the lock back; later, if the server is away at present."""
        self._leases._let_go(self)


class Leases:
    """Renews what is held, in one thread that lives only while something is.

    Args:
        seconds: How long a lock lasts unless renewed; it is renewed after a third.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._serial = itertools.count()
        self._begin()

    def _begin(self) -> None:
        process = os.getpid()
        self._owner = f"{secrets.token_hex(8)}-{process}."
        # Guards the sets and the thread; those who lock and the thread itself come.
        # It can be taken twice by one thread: a garbage collection in the middle may
        # end a page that holds a lock.
        self._guard = threading.RLock()
        self._wake = threading.Event()
        self._held: set[Lease] = set()
        self._owed: set[Lease] = set()
        self._thread: threading.Thread | None = None
        # Last: until then no other thread takes what belongs to the parent for ours.
        self._process = process

    def new_token(self) -> tuple[str, str]:
        """Return the token of a lock that is about to be taken, and its owner.

        All tokens of ours begin with the owner. Within the process only one asks
        for a key at a time: if that finds a lock with this beginning, it was left
        behind when an answer was lost, and can be taken over.
        """
        if self._process != os.getpid():
            # The child of a fork: what is held is its parent's to renew.
            self._begin()
        return f"{self._owner}{next(self._serial)}", self._owner

    def take(
        self,
        wait: Callable[[], None],
        renew: Callable[[], object],
        give_back: Callable[[], object],
    ) -> Callable[[], None]:
        """Take a lock, and keep it alive; return what lets go of it.

        Args:
            wait: Returns when the lock is taken; what it raises is passed on.
            renew: Makes it last another lease, and raises `StoreUnavailable` when the
                server is away.
            give_back: Ends it, if it is still ours; raises likewise.

        Raises:
            StoreUnavailable: Of `wait`. The lock may have been taken, and only the
                answer be lost: then it is given back as soon as the server answers.
        """
        try:
            wait()
        except StoreUnavailable as error:
            if _may_have_arrived(error):
                self._owe(Lease(self, give_back, give_back))
            raise
        lease = Lease(self, renew, give_back)
        with self._guard:
            self._held.add(lease)
            self._ensure_thread()
        return lease.let_go

    def _let_go(self, lease: Lease) -> None:
        with self._guard:
            self._held.discard(lease)
        try:
            lease.give_back()
        except StoreUnavailable:
            self._owe(lease)

    def _owe(self, lease: Lease) -> None:
        # After a lease the server has forgotten it without being told.
        lease.end = time.monotonic() + self.seconds
        with self._guard:
            self._owed.add(lease)
            self._ensure_thread()
        self._wake.set()

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._run, name="Leases of locks", daemon=True
            )
            self._thread.start()

    def _run(self) -> None:
        pause = self.seconds / 3
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            # Each lease may be of another server, and that of one be away.
            self._renew_held()
            pause = self.seconds / 3 if self._give_back_owed() else _RETRY_SECONDS
            with self._guard:
                if not self._held and not self._owed:
                    self._thread = None
                    return
                for lease in self._held:
                    pause = min(pause, max(0.0, lease.due - time.monotonic()))

    def _give_back_owed(self) -> bool:
        """Pay what is owed; False when a server is away."""
        answered = True
        with self._guard:
            owed = list(self._owed)
        for lease in owed:
            if time.monotonic() < lease.end:
                try:
                    lease.give_back()
                except StoreUnavailable:
                    answered = False
                    continue
            with self._guard:
                self._owed.discard(lease)
        return answered

    def _renew_held(self) -> None:
        """Renew what is due."""
        with self._guard:
            held = list(self._held)
        for lease in held:
            if lease.due <= time.monotonic():
                self._renew(lease)

    def _renew(self, lease: Lease) -> None:
        now = time.monotonic()
        try:
            lease.renew()
        except StoreUnavailable:
            lease.due = now + min(self.seconds / 3, _RETRY_SECONDS)
        else:
            lease.due = now + self.seconds / 3
        with self._guard:
            is_held = lease in self._held
        if not is_held:
            # Given back in the meantime; renewing it may have taken it once more.
            self._owe(lease)


def _may_have_arrived(error: StoreUnavailable) -> bool:
    """Tell whether a question may have reached the server that did not answer it."""
    cause = error.__cause__
    refused = ConnectionRefusedError
    if cause is None or isinstance(cause, refused):
        return False
    # redis-py has errors of its own, raised on account of those of the system.
    return not isinstance(cause.__cause__ or cause.__context__, refused)
