"""What stores on servers have in common: asking, and not waiting for the absent."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from cherrypy.stores import lifetime
from cherrypy.stores.base import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LONGEST_SECONDS",
    "CircuitBreaker",
    "ConnectionPool",
    "living",
    "settings_in",
    "stamped",
]

LONGEST_SECONDS = 100 * 365 * 86400.0
"""What is to live longer lives as long as this; servers' numbers have an end."""

_SILENCE_SECONDS = 0.4
"""After a server has kept somebody waiting in vain, how long nobody else asks it."""

_STAMP_LATER_SECONDS = 0.5

_Answer = TypeVar("_Answer")
_Connection = TypeVar("_Connection")


def stamped(value: bytes, seconds: float) -> bytes:
    """Return a value with a stamp for a server that lets values end to the moment.

    So the stamp ends it a little later, and only matters if the server's clock is set.
    """
    return lifetime.wrap(value, seconds + _STAMP_LATER_SECONDS)


def living(stored: bytes | None) -> bytes | None:
    """Return the value behind its stamp; None if it has ended.

    The server lets values end as well, by its own clock. What another computer has
    stamped is left to the server: clocks differ between computers.
    """
    if stored is None or len(stored) < lifetime.STAMP_BYTES:
        return None
    expiry = lifetime.Expiry.unpacked(stored)
    if expiry.boot == lifetime.boot_name() and expiry.left() <= 0:
        return None
    return stored[lifetime.STAMP_BYTES :]


def settings_in(url: str, **settings: Any) -> tuple[str, dict[str, Any]]:
    """Take a store's own settings out of the query of its URL.

    Returns:
        The URL without them, and the settings with what the URL says in the place of
        what was given, as the same type (any: what the store's class takes).

    Raises:
        ValueError: The URL has no number where one is wanted.
    """
    address, question, query = url.partition("?")
    others = []
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in settings:
            others.append((name, text))
            continue
        try:
            settings[name] = type(settings[name])(text)
        except ValueError:
            raise ValueError(f"{name}={text!r} in a store's URL is no number") from None
    return address + (question + urlencode(others) if others else ""), settings


class CircuitBreaker:
    """Asks a server, and says `StoreUnavailable` for all that can happen to it.

    When a server is silent, the first who ask wait until their time is over. That
    breaks the circuit: only one at a time tries again, while all others are told at
    once. The first answer closes it.

    Args:
        name: What to call the server in messages, without passwords.
        errors: What its client raises.
        silence: Those among them that mean: no answer in time.
    """

    def __init__(
        self,
        name: str,
        errors: tuple[type[Exception], ...],
        silence: tuple[type[Exception], ...] = (TimeoutError,),
    ) -> None:
        self.name = name
        self._errors = errors
        self._silence = silence
        self._silent = False
        self._ask_again = 0.0

    def call(self, question: Callable[..., _Answer], *words: object) -> _Answer:
        """Return `question(*words)`.

        Raises:
            StoreUnavailable: Something went wrong, or has just gone wrong for others.
        """
        if self._silent:
            now = time.monotonic()
            if now < self._ask_again:
                raise StoreUnavailable(
                    f"{self.name} did not answer a moment ago; it is asked again soon."
                )
            # Until this one question has found out.
            self._ask_again = now + 60
        try:
            answer = question(*words)
        except self._silence as error:
            self._silent = True
            self._ask_again = time.monotonic() + _SILENCE_SECONDS
            raise StoreUnavailable(f"{self.name} does not answer: {error}") from error
        except self._errors as error:
            self._silent = False
            text = str(error).strip() or type(error).__name__
            raise StoreUnavailable(f"{self.name}: {text}") from error
        except BaseException:
            self._silent = False
            raise
        self._silent = False
        return answer


class ConnectionPool(Generic[_Connection]):
    """Connections that are not in use lie here until somebody needs one.

    There are as many as were ever in use at the same time. Any thread may come; the
    child of a fork begins with none.

    Args:
        connect: Makes a connection.
        hang_up: Ends one; never raises.
        is_cut: Tells whether an error that a connection brought means that the server
            has hung up.
    """

    def __init__(
        self,
        connect: Callable[[], _Connection],
        hang_up: Callable[[_Connection], None],
        is_cut: Callable[[Exception, _Connection], bool],
    ) -> None:
        self._connect = connect
        self._hang_up = hang_up
        self._is_cut = is_cut
        self._idle: deque[_Connection] = deque()
        self._process = os.getpid()
        # To close what belongs to the parent would end its conversation.
        self._inherited: list[deque[_Connection]] = []

    def __del__(self) -> None:
        self.clear()

    def take(self) -> _Connection | None:
        """Take one that lies idle; None if there is none."""
        if self._process != os.getpid():
            self._inherited.append(self._idle)
            self._idle = deque()
            self._process = os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def put(self, connection: _Connection) -> None:
        """Put one back that is in good order."""
        self._idle.append(connection)

    def lend(
        self, work: Callable[[_Connection], _Answer]
    ) -> tuple[_Connection, _Answer]:
        """Do work that can be done twice on a connection, and return both.

        The one who calls puts the connection back. If the server has hung up while it
        lay idle, the work is done on a new one.
        """
        connection = self.take()
        if connection is not None:
            try:
                return connection, work(connection)
            except Exception as error:
                cut = self._is_cut(error, connection)
                self._hang_up(connection)
                if not cut:
                    raise
                # The others are as old.
                self.clear()
                connection = self._connect_after(error)
            except BaseException:
                self._hang_up(connection)
                raise
        else:
            connection = self._connect()
        try:
            return connection, work(connection)
        except BaseException:
            self._hang_up(connection)
            raise

    def run(self, work: Callable[[_Connection], _Answer]) -> _Answer:
        """Do work that can be done twice on a connection, and return what it gives."""
        connection, answer = self.lend(work)
        self.put(connection)
        return answer

    def clear(self) -> None:
        """Hang up on all that lie idle."""
        while (connection := self.take()) is not None:
            self._hang_up(connection)

    def _connect_after(self, error: Exception) -> _Connection:
        try:
            return self._connect()
        except Exception:
            # The first says more: what was asked may have arrived.
            raise error from None
