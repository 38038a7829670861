"""Wait for something, but not for ever."""

from __future__ import annotations

import datetime
import time

from cherrypy.stores.base import LockTimeout

__all__ = ["LockChecker", "LockTimeout", "NeverExpires", "Timer"]


class NeverExpires:
    """A timer that does not end."""

    def expired(self) -> bool:
        """Return False."""
        return False


class Timer:
    """A timer that ends at a moment.

    Args:
        expiration: When; without a time zone in UTC.
    """

    def __init__(self, expiration: datetime.datetime) -> None:
        self.expiration = expiration
        self._deadline: float | None = None

    @classmethod
    def after(cls, elapsed: datetime.timedelta | float) -> Timer:
        """Return a timer that ends after a time, whatever the clock is set to.

        Args:
            elapsed: How long; a number is in seconds.
        """
        if not isinstance(elapsed, datetime.timedelta):
            elapsed = datetime.timedelta(seconds=elapsed)
        timer = cls(datetime.datetime.now(datetime.UTC) + elapsed)
        timer._deadline = time.monotonic() + elapsed.total_seconds()
        return timer

    def expired(self) -> bool:
        """Tell whether the moment is there."""
        if self._deadline is not None:
            return time.monotonic() >= self._deadline
        now = datetime.datetime.now(datetime.UTC)
        if self.expiration.tzinfo is None:
            now = now.replace(tzinfo=None)
        return now >= self.expiration


class LockChecker:
    """Tells those who wait for a session's lock when they have waited too long.

    Example::

        checker = LockChecker(session.id, 5)
        while not checker.expired():
            if try_to_lock():
                break

    Args:
        session_id: The session, to be named in the error.
        timeout: How long to wait, in seconds or as timedelta; None for any time.
    """

    def __init__(
        self, session_id: str, timeout: datetime.timedelta | float | None
    ) -> None:
        self.session_id = session_id
        self.timer: Timer | NeverExpires
        self.timer = Timer.after(timeout) if timeout else NeverExpires()

    def expired(self) -> bool:
        """Return False as long as there is time left.

        Raises:
            LockTimeout: There is none.
        """
        if self.timer.expired():
            raise LockTimeout(f"Timeout acquiring lock for {self.session_id}")
        return False
