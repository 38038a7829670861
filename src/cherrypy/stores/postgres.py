"""A store in PostgreSQL: a table of its own, and the server's advisory locks.

A value is on the server's disk when `PostgresStore.set` returns. A lock belongs to the
connection that took it, so the server ends it when the process dies.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

from cherrypy.stores.base import StoreUnavailable
from cherrypy.stores.locks import KeyLocks
from cherrypy.stores.remote import (
    LONGEST_SECONDS,
    CircuitBreaker,
    ConnectionPool,
    living,
    settings_in,
    stamped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import ModuleType

    import psycopg
    from psycopg.sql import Composed

    from cherrypy.stores.base import StoreLock
    from cherrypy.stores.locks import Deadline

__all__ = ["PostgresStore"]

_Answer = TypeVar("_Answer")

_SWEEP_ROWS = 500
"""How many entries a statement of the sweep removes: a few milliseconds' work."""

_WAIT_SECONDS = 1.0
"""How long the server is left waiting for a lock, before it is asked again."""

_CREATE_TABLE: LiteralString = """
CREATE TABLE IF NOT EXISTS {table} (
    key text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL,
    ends timestamp with time zone NOT NULL
)"""
_CREATE_INDEX: LiteralString = "CREATE INDEX IF NOT EXISTS {index} ON {table} (ends)"
_GET: LiteralString = "SELECT value FROM {table} WHERE key = %s AND ends > now()"
_SET: LiteralString = """
INSERT INTO {table} VALUES (%s, %b, now() + make_interval(secs => %s))
ON CONFLICT (key) DO UPDATE SET value = excluded.value, ends = excluded.ends"""
_DELETE: LiteralString = "DELETE FROM {table} WHERE key = %s"
_COUNT: LiteralString = "SELECT count(*) FROM {table} WHERE ends > now()"
_SWEEP: LiteralString = """
DELETE FROM {table} WHERE key IN (
    SELECT key FROM {table} WHERE ends <= now() LIMIT %s FOR UPDATE SKIP LOCKED
)"""

_TRY_LOCK = "SELECT pg_try_advisory_lock(%s::bigint)"
# The limit is set for this statement only, before the other half of it is begun.
_WAIT_LOCK = """
WITH deadline AS MATERIALIZED (SELECT set_config('lock_timeout', %s, true))
SELECT pg_advisory_lock(%s::bigint) FROM deadline"""
_UNLOCK = "SELECT pg_advisory_unlock(%s::bigint)"
_LOCK_UNTIL_COMMIT = "SELECT pg_advisory_xact_lock(%s::bigint)"

# A machine that lost its power says no goodbye; its locks are to end all the same.
_NEW_CONNECTION = """
SELECT set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false)"""


class PostgresStore:
    """Bytes under keys, in a table of PostgreSQL 12 or later.

    The table is made when it is first needed, if the user may; a thread that holds a
    lock, and each question meanwhile, takes one connection: `max_connections` of the
    server is to be more than all threads of all processes.

    Args:
        url: ``postgresql://user:password@host:port/database``, as libpq describes it,
            with whatever may follow (``?sslmode=verify-full``), and the arguments
            below: ``?table=web.sessions``.
        table: The table, with its schema if need be: ``"sessions"``,
            ``"web.sessions"``.
        seconds: How long the server may take for an answer; then it counts as away.

    Raises:
        ModuleNotFoundError: psycopg is not installed.
        ValueError: The URL or the table is none.
    """

    def __init__(
        self, url: str, *, table: str = "morello_store", seconds: float = 2.0
    ) -> None:
        url, settings = settings_in(url, table=table, seconds=seconds)
        table, seconds = settings["table"], settings["seconds"]
        library = _library()
        # Any: the module is not there for all.
        self._errors: Any = library.errors
        errors = self._errors
        self._connection_class = _connection_class(seconds)
        self._statements = _Statements(table)
        self._table = table
        try:
            self._where: dict[str, Any] = library.conninfo.conninfo_to_dict(url)
        except errors.ProgrammingError as error:
            raise ValueError(f"No URL of a PostgreSQL: {error}") from error
        self._where.setdefault("connect_timeout", max(2, math.ceil(seconds)))
        self._where.setdefault("application_name", "morello")
        self._wait_seconds = min(_WAIT_SECONDS, seconds / 2)
        self._locks = KeyLocks()
        # By process too: the child of a fork leaves those of its parent alone.
        self._holders: dict[tuple[int, str], psycopg.Connection[Any]] = {}
        self._ask = CircuitBreaker(
            _name(self._where),
            (errors.Error, OSError),
            (TimeoutError, errors.ConnectionTimeout),
        ).call
        self._connections: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            self._connect,
            lambda connection: connection.close(),
            lambda error, _: isinstance(error, errors.OperationalError),
        )

    def get(self, key: str) -> bytes | None:
        """Return what is under the key, None if there is nothing (any more)."""
        rows = self._run(self._statements.get, (key,), key).fetchall()
        return living(rows[0][0]) if rows else None

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Put a value under the key; it lives for so many seconds from now."""
        if not seconds > 0:
            self.delete(key)
            return
        seconds = min(seconds, LONGEST_SECONDS)
        words = (key, stamped(value, seconds), seconds)
        self._run(self._statements.set, words, key)

    def delete(self, key: str) -> None:
        """Remove what is under the key, if there is something."""
        self._run(self._statements.delete, (key,), key)

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released."""
        return self._locks.acquire_with(key, seconds, self._take_lock)

    def sweep(self) -> int:
        """Remove what has expired, some hundred at a time; return how many it were."""
        swept = 0
        while True:
            count = self._run(self._statements.sweep, (_SWEEP_ROWS,)).rowcount
            swept += count
            if count < _SWEEP_ROWS:
                return swept

    def __len__(self) -> int:
        """Return how many live entries there are."""
        count: int = self._run(self._statements.count, ()).fetchall()[0][0]
        return count

    def close(self) -> None:
        """Hang up; the store connects again when needed."""
        self._connections.clear()

    def _connect(self) -> psycopg.Connection[Any]:
        connection = self._connection_class.connect(**self._where, autocommit=True)
        try:
            connection.execute(_NEW_CONNECTION)
        except BaseException:
            connection.close()
            raise
        return connection

    def _run(
        self, statement: Composed, words: tuple[object, ...], key: str = ""
    ) -> psycopg.Cursor[Any]:
        """Run a statement that can be run twice, and return the cursor."""

        def work(connection: psycopg.Connection[Any]) -> psycopg.Cursor[Any]:
            try:
                return connection.execute(statement, words, binary=True)
            except self._errors.UndefinedTable:
                self._create(connection)
                return connection.execute(statement, words, binary=True)

        # Whoever holds the key's lock has a connection already. If that is cut the
        # lock is lost: then nothing is written that might undo another's work.
        holder = self._holders.get((os.getpid(), key))
        if holder is not None:
            return self._ask(work, holder)
        return self._ask(self._connections.run, work)

    def _create(self, connection: psycopg.Connection[Any]) -> None:
        """Make the table, unless somebody else is just doing so."""
        with connection.transaction():
            connection.execute(_LOCK_UNTIL_COMMIT, (_number(self._table),))
            connection.execute(self._statements.create_table)
            connection.execute(self._statements.create_index)

    def _take_lock(self, key: str, deadline: Deadline) -> Callable[[], None]:
        """Take the lock that reaches beyond this process; return what lets go of it."""
        number = _number(f"{self._table}:{key}")
        taken = self._ask(self._try_lock, number)
        holder = self._wait(key, number, deadline) if taken is None else taken
        place = (os.getpid(), key)
        self._holders[place] = holder

        def let_go() -> None:
            del self._holders[place]
            try:
                self._ask(holder.execute, _UNLOCK, (number,))
            except StoreUnavailable:
                # The server lets go when it sees that the connection has ended.
                holder.close()
            else:
                self._connections.put(holder)

        return let_go

    def _try_lock(self, number: int) -> psycopg.Connection[Any] | None:
        """Take a lock if it is free, and return the connection that holds it."""
        connection, cursor = self._connections.lend(
            lambda connection: connection.execute(_TRY_LOCK, (number,))
        )
        taken: bool = cursor.fetchall()[0][0]
        if not taken:
            self._connections.put(connection)
        return connection if taken else None

    def _wait(
        self, key: str, number: int, deadline: Deadline
    ) -> psycopg.Connection[Any]:
        """Wait for a lock, and return the connection that holds it."""
        while True:
            left = deadline.left()
            if left == 0:
                raise deadline.missed(key)
            left = self._wait_seconds if left is None else left
            milliseconds = math.ceil(min(left, self._wait_seconds) * 1000)
            connection = self._ask(self._wait_once, number, milliseconds)
            if connection is not None:
                return connection

    def _wait_once(
        self, number: int, milliseconds: int
    ) -> psycopg.Connection[Any] | None:
        def work(connection: psycopg.Connection[Any]) -> bool:
            try:
                connection.execute(_WAIT_LOCK, (str(milliseconds), number))
            except self._errors.LockNotAvailable:
                return False
            return True

        connection, taken = self._connections.lend(work)
        if not taken:
            self._connections.put(connection)
        return connection if taken else None


class _Statements:
    """The statements on a table."""

    def __init__(self, table: str) -> None:
        from psycopg.sql import SQL, Identifier

        parts = table.split(".")
        if not all(parts) or len(parts) > 2:
            raise ValueError(f'{table!r} is no table: "name", or "schema.name"')
        names = {
            "table": Identifier(*parts),
            "index": Identifier(f"{parts[-1]}_ends"),
        }
        self.get = SQL(_GET).format(**names)
        self.set = SQL(_SET).format(**names)
        self.delete = SQL(_DELETE).format(**names)
        self.count = SQL(_COUNT).format(**names)
        self.sweep = SQL(_SWEEP).format(**names)
        self.create_table = SQL(_CREATE_TABLE).format(**names)
        self.create_index = SQL(_CREATE_INDEX).format(**names)


def _library() -> ModuleType:
    """Return psycopg."""
    try:
        # An extra: see the message.
        import psycopg
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The PostgreSQL store needs psycopg: pip install morello[postgres]",
            name=error.name,
        ) from error
    return psycopg


def _connection_class(seconds: float) -> type[psycopg.Connection[Any]]:
    """Return connections that give up when an answer does not come in time."""
    from psycopg import Connection

    def bounded(
        steps: Generator[Any, Any, _Answer], connection: Connection[Any]
    ) -> Generator[Any, Any, _Answer]:
        deadline = time.monotonic() + seconds
        ready: Any = None
        while True:
            try:
                wanted = steps.send(ready)
            except StopIteration as end:
                answer: _Answer = end.value
                return answer
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                # What the server may still say would be taken for another answer.
                connection.pgconn.finish()
                raise TimeoutError(f"no answer within {seconds:g} seconds")

    class BoundedConnection(Connection[Any]):
        # psycopg takes its steps here, a tenth of a second at most for each. Any:
        # it adds arguments to it.
        def wait(self, gen: Any, *words: Any, **options: Any) -> Any:
            return super().wait(bounded(gen, self), *words, **options)

    return BoundedConnection


def _number(name: str) -> int:
    """Return the number of an advisory lock: 64 bits with a sign."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _name(where: dict[str, Any]) -> str:
    """Return what messages call the server: its address without the secrets."""
    host, port = where.get("host") or "localhost", where.get("port") or 5432
    return f"PostgreSQL at {host}:{port}/{where.get('dbname') or ''}"
