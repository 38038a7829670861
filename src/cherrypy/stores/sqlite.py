"""A store in an SQLite database: one file for many entries and several processes.

SQLite's write-ahead log lets readers go on while somebody writes. Writers come one
after the other: the threads of a process stand in line for that, and only one of them
waits for the other processes. Locks by key are files beside the database, there only
while they are held (`cherrypy.stores.filelocks`), because they must end with the
process that holds them.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

from cherrypy.stores import filelocks
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.filelocks import FileLocks, make_folder, safe_name
from cherrypy.stores.lifetime import Expiry, boot_clock, boot_name
from cherrypy.stores.locks import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.stores.base import StoreLock

__all__ = ["SQLiteStore"]

_IDLE_CONNECTIONS = 8
"""How many connections are kept for the next who needs one."""

_BATCH = 50
"""How many entries are swept at a time: half a millisecond, if they are small."""

_PAUSE_SECONDS = 0.001
"""How long the sweep rests after a batch, so that writers get their turn."""

# The value comes last: what is before it can then be read without reading it.
_TABLE = """
    CREATE TABLE IF NOT EXISTS store_entries (
        key TEXT NOT NULL PRIMARY KEY,
        boot BLOB NOT NULL, boot_moment REAL NOT NULL, wall_moment REAL NOT NULL,
        value BLOB NOT NULL
    )
"""
_GET = """
    SELECT boot, boot_moment, wall_moment, value FROM store_entries WHERE key = ?
"""
_SET = """
    INSERT INTO store_entries VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
        boot = excluded.boot, boot_moment = excluded.boot_moment,
        wall_moment = excluded.wall_moment, value = excluded.value
"""
_DELETE = "DELETE FROM store_entries WHERE key = ?"
# Asked with boot_name(), boot_clock() and the wall clock, see lifetime.Expiry.left.
_EXPIRED = "CASE boot WHEN ? THEN boot_moment <= ? ELSE wall_moment <= ? END"
_COUNT = f"SELECT count(*) FROM store_entries WHERE NOT ({_EXPIRED})"
_BATCH_END = f"""
    SELECT max(rowid) FROM (
        SELECT rowid FROM store_entries WHERE rowid > ? AND {_EXPIRED}
        ORDER BY rowid LIMIT {_BATCH}
    )
"""
_SWEEP = f"DELETE FROM store_entries WHERE rowid > ? AND rowid <= ? AND {_EXPIRED}"

_HINTS = {
    "SQLITE_FULL": "Make room there.",
    "SQLITE_BUSY": "Another process has been writing all the time.",
    "SQLITE_CANTOPEN": "Its folder must exist, and this process may write there.",
    "SQLITE_READONLY": "Let the user this process runs as write it and its folder.",
    "SQLITE_NOTADB": "Move that file away, or choose another path.",
}


class SQLiteStore:
    """Bytes under keys, in a table of an SQLite database.

    The database must lie on a disk of this machine: SQLite's log needs memory that the
    processes share.

    Args:
        path: The database. It is made when it is first needed, mode 0600.
        durable: Whether a value is to survive a power cut from the moment that `set`
            returns; it costs some milliseconds each time. Otherwise it survives
            whatever happens to the process, and a power cut once SQLite has moved
            it from its log to the database.
        busy_seconds: How long to wait for other processes that write.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durable: bool = False,
        busy_seconds: float = 5.0,
    ) -> None:
        # The current directory may change, daemons leave theirs.
        self.path: str = os.path.abspath(path)
        self.durable = durable
        self.busy_seconds = busy_seconds
        self._locks = FileLocks(lambda key: self._lock_prefix + safe_name(key))
        self._inherited: list[sqlite3.Connection] = []
        self._begin()

    def _begin(self) -> None:
        """Start with nothing open, in this process."""
        self._idle: list[sqlite3.Connection] = []
        # Held by the thread that writes.
        self._writing = threading.Lock()
        # Last: until then no other thread takes what the parent has opened for ours.
        self._process = os.getpid()

    @property
    def _lock_prefix(self) -> str:
        return f"{self.path}-lock-"

    def get(self, key: str) -> bytes | None:
        """Return what is under the key, None if there is nothing (any more).

        Raises:
            StoreUnavailable: The database cannot be read.
        """
        with self._connected(f"read the value of {key!r}") as connection:
            row = connection.execute(_GET, (key,)).fetchone()
        if row is None or not Expiry._make(row[:3]).left() > 0:
            return None
        value: bytes = row[3]
        return value

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Put a value under the key; it lives for so many seconds from now.

        Raises:
            StoreUnavailable: The database cannot be written, mostly for want of room;
                what was under the key is still there.
        """
        what = f"store {len(value)} bytes under {key!r}"
        with self._connected(what, writing=True) as connection:
            connection.execute(_SET, (key, *Expiry.after(seconds), value))

    def delete(self, key: str) -> None:
        """Remove what is under the key, if there is something.

        Raises:
            StoreUnavailable: The database cannot be written.
        """
        with self._connected(f"delete {key!r}", writing=True) as connection:
            connection.execute(_DELETE, (key,))

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released."""
        with self._told(f"lock {key!r}"):
            return self._locks.acquire(key, seconds)

    def sweep(self) -> int:
        """Remove what has expired, and return how many entries that were.

        Goes in small batches, so that writers wait for a moment at most. Removes also
        the lock files that killed processes have left.

        Raises:
            StoreUnavailable: The database cannot be written.
        """
        swept = end = 0
        while True:
            with self._connected("sweep") as connection:
                start, now = end, _now()
                (end,) = connection.execute(_BATCH_END, (start, *now)).fetchone()
            if end is None:
                break
            with self._connected("sweep", writing=True) as connection:
                swept += connection.execute(_SWEEP, (start, end, *now)).rowcount
            time.sleep(_PAUSE_SECONDS)
        with self._told("sweep"):
            self._remove_stale_locks()
        return swept

    def __len__(self) -> int:
        """Return how many live entries there are.

        Raises:
            StoreUnavailable: The database cannot be read.
        """
        with self._connected("count its entries") as connection:
            (count,) = connection.execute(_COUNT, _now()).fetchone()
        return int(count)

    def close(self) -> None:
        """Let go of the database. It is opened again when needed."""
        if self._process == os.getpid():
            while self._idle:
                with contextlib.suppress(IndexError):
                    self._idle.pop().close()

    def __del__(self) -> None:
        """Close what was left open."""
        if hasattr(self, "_idle"):
            self.close()

    @contextlib.contextmanager
    def _connected(
        self, what: str, *, writing: bool = False
    ) -> Iterator[sqlite3.Connection]:
        """Lend a connection for one statement, to one thread of all that write."""
        if self._process != os.getpid():
            # SQLite forbids to use in a child what its parent has opened, even to
            # close it.
            self._inherited += self._idle
            self._begin()
        with self._told(what), self._turn_to_write() if writing else _NO_TURN:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._opened()
            try:
                yield connection
            except BaseException:
                # It may have seen a file that is no longer there.
                connection.close()
                raise
            if len(self._idle) < _IDLE_CONNECTIONS:
                self._idle.append(connection)
            else:
                connection.close()

    @contextlib.contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Wait until no other thread writes."""
        if not self._writing.acquire(timeout=self.busy_seconds):
            raise sqlite3.OperationalError("other threads have been writing all along")
        try:
            yield
        finally:
            self._writing.release()

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Tell by `StoreUnavailable` what the system would not let us do."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            hint = _HINTS.get("_".join(name.split("_")[:2]), "")
            raise StoreUnavailable(
                f"The SQLite store in {self.path!r} cannot {what}: {error}. "
                f"{hint}".rstrip()
            ) from error
        except OSError as error:
            raise StoreUnavailable(
                f"The SQLite store in {self.path!r} cannot {what}: "
                f"{filelocks.in_words(error)}"
            ) from error

    def _opened(self) -> sqlite3.Connection:
        """Open a connection; the first one makes the database."""
        self._make_file()
        connection = sqlite3.connect(
            self.path,
            timeout=self.busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            # SQLite itself does not wait while two turn the log on for a new database.
            beginning = f"{self.path}-lock"
            let_go = filelocks.take(beginning, beginning, Deadline(self.busy_seconds))
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(_TABLE)
            finally:
                let_go()
            # What is in the log survives the process; FULL makes it survive the power.
            level = "FULL" if self.durable else "NORMAL"
            connection.execute(f"PRAGMA synchronous = {level}")
            # After a rush of large values the log gives its room back.
            connection.execute("PRAGMA journal_size_limit = 16777216")
        except LockTimeout as error:
            connection.close()
            raise sqlite3.OperationalError("another process keeps its lock") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_file(self) -> None:
        """Make an empty database file that only this user may read, if there is none.

        An existing one is not opened: closing it would end SQLite's locks on it.
        """
        if os.path.exists(self.path):
            return
        make_folder(os.path.dirname(self.path))
        with contextlib.suppress(FileExistsError):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
            os.close(os.open(self.path, flags, 0o600))

    def _remove_stale_locks(self) -> None:
        folder, prefix = os.path.split(self._lock_prefix)
        with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(prefix.removesuffix("-")):
                    filelocks.remove_if_free(entry.path)


_NO_TURN = contextlib.nullcontext()


def _now() -> tuple[bytes, float, float]:
    """Return what `_EXPIRED` is asked with."""
    return boot_name(), boot_clock(), time.time()
