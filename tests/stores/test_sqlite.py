"""The store in an SQLite database."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import time
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores import lifetime
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.sqlite import SQLiteStore
from tests.stores import clerk
from tests.stores.contract import SharedStoreContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestSQLiteStore(SharedStoreContract):
    @pytest.fixture
    def where(self, tmp_path: Path) -> str:
        return f"sqlite://{tmp_path}/store/entries.db"

    @pytest.fixture(autouse=True)
    def no_lock_is_left_behind(self, tmp_path: Path) -> Iterator[None]:
        """Look for lock files after each test."""
        yield
        left = {path.name for path in (tmp_path / "store").glob("*")}
        assert left <= {"entries.db", "entries.db-wal", "entries.db-shm"} | {
            # Holders that were killed leave theirs to the sweep.
            name
            for name in left
            if name.startswith("entries.db-lock-key-")
        }
        store = SQLiteStore(tmp_path / "store" / "entries.db")
        store.sweep()
        store.close()
        assert list((tmp_path / "store").glob("*-lock*")) == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "above" / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(path, busy_seconds=0.2)
    yield store
    store.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_and_the_folder_are_only_for_their_owner(
    store: SQLiteStore, path: Path
) -> None:
    old = os.umask(0)
    try:
        store.set("k", b"value", 60)
        lock = store.lock("k")
    finally:
        os.umask(old)
    assert names(path.parent) == [
        "store.db",
        "store.db-lock-k",
        "store.db-shm",
        "store.db-wal",
    ]
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    lock.release()
    store.close()
    assert names(path.parent) == ["store.db"]


def test_the_database_stays_when_the_current_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore("store.db")
    monkeypatch.chdir("/")
    store.set("k", b"value", 60)
    store.close()
    assert names(tmp_path) == ["store.db"]


def test_a_database_may_hold_other_tables(store: SQLiteStore, path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (number)")
    store.set("k", b"value", 60)
    assert other.execute("SELECT count(*) FROM mine").fetchone() == (0,)
    other.close()


@pytest.mark.parametrize(("durable", "level"), [(False, 1), (True, 2)])
def test_a_durable_store_writes_through_to_the_disk(
    path: Path, durable: bool, level: int
) -> None:
    store = SQLiteStore(path, durable=durable)
    with store._connected("look") as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_a_few_connections_are_kept_for_many_threads(store: SQLiteStore) -> None:
    clerk.count_up(store, "n", 5, 32)
    assert 1 <= len(store._idle) <= 8
    lent = [store._connected("look") for _ in range(10)]
    for each in lent:
        each.__enter__()
    for each in lent:
        each.__exit__(None, None, None)
    assert len(store._idle) == 8
    store.close()
    assert store._idle == []


def test_a_full_disk_leaves_the_old_value(store: SQLiteStore) -> None:
    store.set("k", b"old", 60)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(StoreUnavailable, match="cannot store 1000000 bytes"):
            store.set("k", b"x" * 1_000_000, 60)
        assert store.get("k") == b"old"
        store.set("k", b"small", 60)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.get("k") == b"small"
    store.set("k", b"x" * 1_000_000, 60)
    assert store.get("k") == b"x" * 1_000_000


def test_a_database_without_room_says_so(store: SQLiteStore) -> None:
    store.set("k", b"old", 60)
    with store._connected("limit") as connection:
        connection.execute("PRAGMA max_page_count = 10")
    with pytest.raises(StoreUnavailable, match=r"is full\. Make room there"):
        store.set("k", b"x" * 1_000_000, 60)
    assert store.get("k") == b"old"
    store.set("k", b"x" * 1_000_000, 60)
    assert store.get("k") == b"x" * 1_000_000


def test_a_writer_that_never_ends_is_told(store: SQLiteStore, path: Path) -> None:
    store.set("k", b"old", 60)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"is locked\. Another process has"):
        store.set("k", b"new", 60)
    assert store.get("k") == b"old"
    other.close()
    store.set("k", b"new", 60)
    store._writing.acquire()
    with pytest.raises(StoreUnavailable, match="other threads have been writing"):
        store.delete("k")
    store._writing.release()


def test_a_beginning_that_never_ends_is_told(store: SQLiteStore, path: Path) -> None:
    path.parent.mkdir()
    other = SQLiteStore(path)
    other._locks._path_of = lambda key: f"{path}-lock"
    lock = other.lock("k")
    with pytest.raises(StoreUnavailable, match="another process keeps its lock"):
        store.get("k")
    lock.release()
    assert store.get("k") is None


def test_a_file_that_is_no_database_is_left_alone(
    store: SQLiteStore, path: Path
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"my diary, not a database" * 100)
    with pytest.raises(StoreUnavailable, match=r"not a database\. Move that file"):
        store.set("k", b"value", 60)
    assert path.read_bytes() == b"my diary, not a database" * 100


def test_what_the_system_forbids_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").write_bytes(b"not a folder")
    store = SQLiteStore(tmp_path / "folder" / "store.db")
    what = rf"The SQLite store in '{tmp_path}/folder/store.db' cannot"
    for action in (
        lambda: store.get("k"),
        lambda: store.set("k", b"", 60),
        lambda: store.lock("k"),
        store.sweep,
    ):
        with pytest.raises(StoreUnavailable, match=what):
            action()


def test_a_database_that_was_lost_is_made_anew(store: SQLiteStore, path: Path) -> None:
    store.set("k", b"value", 60)
    with store._connected("drop") as connection:
        connection.execute("DROP TABLE store_entries")
    with pytest.raises(StoreUnavailable, match="no such table"):
        store.get("k")
    assert store.get("k") is None
    store.set("k", b"value", 60)


def test_a_wall_clock_set_back_lets_nothing_live_longer(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("k", b"value", 60)
    wall, boot = time.time(), lifetime.boot_clock()
    monkeypatch.setattr(time, "time", lambda: wall - 7200)
    assert store.get("k") == b"value"
    assert (store.sweep(), len(store)) == (0, 1)
    for module in ("lifetime", "sqlite"):
        monkeypatch.setattr(f"cherrypy.stores.{module}.boot_clock", lambda: boot + 61)
    assert store.get("k") is None
    assert len(store) == 0
    assert store.sweep() == 1


def test_after_another_start_the_wall_clock_decides(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("k", b"value", 60)
    for module in ("lifetime", "sqlite"):
        monkeypatch.setattr(f"cherrypy.stores.{module}.boot_name", lambda: b"x" * 16)
    assert store.get("k") == b"value"
    assert (store.sweep(), len(store)) == (0, 1)
    wall = time.time()
    monkeypatch.setattr(time, "time", lambda: wall + 61)
    assert store.get("k") is None
    assert (len(store), store.sweep()) == (0, 1)


def test_the_sweep_goes_batch_by_batch(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        store.set(f"dead-{number}", b"value", 0)
        store.set(f"live-{number}", b"value", 60)
    left: list[int] = []

    def look(seconds: float) -> None:
        with store._connected("look") as connection:
            (count,) = connection.execute("SELECT count(*) FROM store_entries")
        left.extend(count)

    monkeypatch.setattr(time, "sleep", look)
    assert store.sweep() == 120
    assert left == [190, 140, 120]
    assert len(store) == 120


def test_a_value_renewed_during_the_sweep_stays(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("k", b"old", 0)
    turn = store._turn_to_write

    def renewed_before() -> object:
        monkeypatch.setattr(store, "_turn_to_write", turn)
        store.set("k", b"new", 60)
        return turn()

    monkeypatch.setattr(store, "_turn_to_write", renewed_before)
    assert store.sweep() == 0
    assert store.get("k") == b"new"


def test_the_sweep_takes_the_locks_that_killed_processes_left(
    store: SQLiteStore, path: Path
) -> None:
    lock = store.lock("held")
    (path.parent / "store.db-lock-dead").touch()
    (path.parent / "other.db-lock-dead").touch()
    store.sweep()
    assert [name for name in names(path.parent) if "-lock" in name] == [
        "other.db-lock-dead",
        "store.db-lock-held",
    ]
    with pytest.raises(LockTimeout):
        store.lock("held", 0)
    lock.release()


def test_a_child_opens_the_database_for_itself(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("k", b"value", 60)
    inherited = list(store._idle)
    child = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: child)
    store.close()
    assert store._idle == inherited
    assert store.get("k") == b"value"
    assert store._inherited == inherited
    assert len(store._idle) == 1
    assert store._idle != inherited
    store.close()
    for connection in inherited:
        connection.close()
