"""The store in PostgreSQL, on a real one."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from cherrypy.stores import lifetime
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.postgres import PostgresStore
from tests.stores.contract import SharedStoreContract, look_for_a_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import LiteralString, TypeAlias

    from tests.servers import PostgreSQL

    Opener: TypeAlias = Callable[..., PostgresStore]
    Database: TypeAlias = psycopg.Connection[Any]


class TestPostgresStore(SharedStoreContract):
    increments = 1_000
    outlives_seconds = 5  # it has no lease, but the server has to notice

    @pytest.fixture
    def where(self, postgresql_server: PostgreSQL) -> str:
        # The disk of a busy machine may take its time.
        return f"{postgresql_server.url}?seconds=20"


@pytest.fixture
def database(postgresql_server: PostgreSQL) -> Iterator[Database]:
    """Return somebody else who speaks to the server."""
    with psycopg.connect(postgresql_server.url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def opened(postgresql_server: PostgreSQL) -> Iterator[Opener]:
    """Return what opens stores on the server, with a table of their own."""
    stores: list[PostgresStore] = []
    table = f"test_{os.urandom(8).hex()}"

    def opened(url: str = postgresql_server.url, **settings: Any) -> PostgresStore:
        stores.append(PostgresStore(url, **{"table": table, **settings}))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


def one(database: Database, query: LiteralString, *words: object) -> Any:
    """Return the single value that a query gives (any type)."""
    row = database.execute(query, words).fetchone()
    assert row is not None
    return row[0]


def test_the_table_is_made_once_although_many_need_it(opened: Opener) -> None:
    stores = [opened() for _ in range(8)]
    together = threading.Barrier(8, timeout=30)

    def begin(store: PostgresStore) -> bytes | None:
        together.wait()
        return store.get("key")

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(begin, stores)) == [None] * 8


def test_the_table_may_lie_in_a_schema(
    opened: Opener, database: Database, postgresql_server: PostgreSQL
) -> None:
    database.execute('CREATE SCHEMA IF NOT EXISTS "web; drop"')
    store = opened(table="web; drop.sessions")
    store.set("key", b"value", 60)
    assert one(database, 'SELECT count(*) FROM "web; drop".sessions') == 1
    database.execute('CREATE SCHEMA IF NOT EXISTS "web"')
    opened(f"{postgresql_server.url}?table=web.by_url").set("key", b"value", 60)
    assert one(database, "SELECT count(*) FROM web.by_url") == 1


def test_a_table_that_cannot_be_made_is_told(opened: Opener) -> None:
    with pytest.raises(StoreUnavailable, match='"nowhere" does not exist'):
        opened(table="nowhere.sessions").get("key")


def test_a_table_that_was_dropped_is_made_again(
    opened: Opener, database: Database
) -> None:
    store = opened(table="dropped")
    store.set("key", b"value", 60)
    database.execute("DROP TABLE dropped")
    assert store.get("key") is None
    store.set("key", b"value", 60)
    assert store.get("key") == b"value"


def test_the_sweep_removes_what_has_ended_some_at_a_time(
    opened: Opener, database: Database
) -> None:
    store = opened(table="swept")
    store.set("living", b"value", 60)
    database.execute(
        "INSERT INTO swept SELECT 'dead-' || n, '', now() - interval '1 second' "
        "FROM generate_series(1, 1200) AS n"
    )
    assert len(store) == 1
    assert store.sweep() == 1200
    assert one(database, "SELECT count(*) FROM swept") == 1
    assert store.sweep() == 0


def test_a_clock_set_back_lets_nothing_live_longer(
    opened: Opener, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(table="clock")
    store.set("key", b"value", 60)
    # What the server would make of its clock being two hours behind.
    database.execute("UPDATE clock SET ends = ends + interval '2 hours'")
    assert store.get("key") == b"value"
    later = lifetime.boot_clock() + 61
    monkeypatch.setattr(lifetime, "boot_clock", lambda: later)
    assert store.get("key") is None


def test_a_lock_and_the_work_under_it_take_one_connection(opened: Opener) -> None:
    store = opened()
    lock = store.lock("key")
    store.set("key", b"value", 60)
    assert store.get("key") == b"value"
    assert not store._connections._idle
    lock.release()
    assert len(store._connections._idle) == 1


def test_the_child_of_a_fork_leaves_the_connection_of_a_lock_alone(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()
    lock = store.lock("key")
    with monkeypatch.context() as child:
        child.setattr("os.getpid", lambda: -1)
        store.set("key", b"value", 60)
        assert len(store._connections._idle) == 1
        store.close()
    assert store.get("other") is None
    assert store.get("key") == b"value"
    lock.release()


def cut_all_connections(database: Database) -> None:
    """End the connections of the stores, as a server that is restarted does."""
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'morello'"
    )


def test_who_lost_the_lock_does_not_undo_what_the_next_has_written(
    opened: Opener, database: Database
) -> None:
    store, other = opened(), opened()
    store.set("key", b"before", 60)
    lock = store.lock("key")
    cut_all_connections(database)
    turn = other.lock("key", 30)
    other.set("key", b"after", 60)
    turn.release()
    with pytest.raises(StoreUnavailable):
        store.set("key", b"too late", 60)
    with pytest.raises(StoreUnavailable):
        store.get("key")
    lock.release()
    assert store.get("key") == b"after"


def test_who_waits_for_a_lock_is_not_overtaken_for_ever(opened: Opener) -> None:
    look_for_a_turn(opened(), opened())


def test_a_long_wait_is_no_silence(opened: Opener) -> None:
    store, other = opened(seconds=0.2), opened(seconds=0.2)
    lock = store.lock("key")
    with pytest.raises(LockTimeout):
        other.lock("key", 0.5)
    lock.release()
    other.lock("key", 0).release()


def test_a_lock_binds_one_table_only(opened: Opener) -> None:
    lock = opened(table="one").lock("key")
    opened(table="other").lock("key", 0).release()
    with pytest.raises(LockTimeout):
        opened(table="one").lock("key", 0)
    lock.release()


def test_a_refusal_leaves_the_lock_with_its_holder(
    opened: Opener, database: Database
) -> None:
    store, other = opened(table="limited"), opened(table="limited")
    lock = store.lock("key")
    store.set("key", b"old", 60)
    database.execute("ALTER TABLE limited ADD CHECK (length(value) < 1000)")
    with pytest.raises(StoreUnavailable, match="check constraint"):
        store.set("key", bytes(1000), 60)
    assert store.get("key") == b"old"
    with pytest.raises(LockTimeout):
        other.lock("key", 0)
    lock.release()


def test_a_server_without_room_for_its_log_loses_nothing(
    postgresql_server: PostgreSQL, opened: Opener
) -> None:
    store = opened(f"{postgresql_server.url}?seconds=20")
    store.set("key", b"old", 60)
    # It cuts all connections off then, and takes none before there is room.
    with postgresql_server.full_disk(500_000), pytest.raises(StoreUnavailable):
        store.set("key", os.urandom(2_000_000), 60)
    assert store.get("key") == b"old"
    store.set("key", b"new", 60)
    assert store.get("key") == b"new"


def test_messages_keep_the_password_to_themselves(
    opened: Opener, postgresql_server: PostgreSQL
) -> None:
    url = f"postgresql://morello:hush-hush@127.0.0.1:{postgresql_server.port}/nowhere"
    with pytest.raises(StoreUnavailable, match="/nowhere: ") as caught:
        opened(url).get("key")
    assert "hush" not in str(caught.value)


def test_what_is_no_url_is_refused(opened: Opener) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        opened("postgresql://host/db?nonsense=1")
    with pytest.raises(ValueError, match="table"):
        opened(table="a.b.c.d")
    with pytest.raises(ValueError, match="table"):
        opened(table="")


def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImportError, match=r"morello\[postgres\]"):
        PostgresStore("postgresql://")
