"""Servers that go away, fall silent, are killed, and come back."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores import remote
from cherrypy.stores.base import LockTimeout, Store, StoreUnavailable
from cherrypy.stores.opening import open_store
from tests.stores import clerk
from tests.stores.contract import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import ServerProgram

THREADS = 16


@pytest.fixture(params=["redis_server", "memcached_server", "postgresql_server"])
def server(request: pytest.FixtureRequest) -> ServerProgram:
    """Return each server in turn."""
    server: ServerProgram = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=["redis_server", "postgresql_server"])
def lasting_server(request: pytest.FixtureRequest) -> ServerProgram:
    """Return each server that writes to a disk."""
    server: ServerProgram = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def stores() -> Iterator[list[Store]]:
    """Return a list; stores in it are closed in the end."""
    stores: list[Store] = []
    yield stores
    for store in stores:
        store.close()


def opened(
    server: ServerProgram, stores: list[Store], query: str = "?seconds=20"
) -> Store:
    """Open a store on a server."""
    store = open_store(server.url + query)
    stores.append(store)
    return store


@pytest.fixture
def key() -> str:
    """Return a key that nobody else uses."""
    return f"key-{os.urandom(8).hex()}"


def works(store: Store, key: str) -> bool:
    """Tell whether a store does all that it should."""
    try:
        store.set(key, b"value", 60)
        store.lock(f"{key}-lock", 0).release()
        return store.get(key) == b"value"
    except (StoreUnavailable, LockTimeout):
        return False


def test_a_server_that_is_away_is_told_at_once_and_found_when_it_is_back(
    server: ServerProgram, stores: list[Store], key: str
) -> None:
    store = opened(server, stores)
    assert works(store, key)
    with server.away():
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{server.port}"):
                store.get(key)
        with pytest.raises(StoreUnavailable):
            store.set(key, b"value", 60)
        with pytest.raises(StoreUnavailable):
            store.delete(key)
        with pytest.raises(StoreUnavailable):
            store.lock(key)
    assert works(store, key)


def test_connections_that_were_cut_meanwhile_are_made_anew_unseen(
    server: ServerProgram, stores: list[Store], key: str
) -> None:
    store = opened(server, stores)
    together = threading.Barrier(THREADS, timeout=30)

    def ask(number: int) -> bool:
        together.wait()
        return works(store, f"{key}-{number}")

    with ThreadPoolExecutor(THREADS) as threads:
        assert all(threads.map(ask, range(THREADS)))
        with server.away():
            pass
        assert all(threads.map(ask, range(THREADS)))


def test_a_silent_server_keeps_only_the_first_waiting(
    server: ServerProgram,
    stores: list[Store],
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = opened(server, stores, "?seconds=0.5")
    until(lambda: works(store, key))
    now = time.monotonic()
    with server.deaf(), monkeypatch.context() as busy:
        # However busy the machine is, the moment is not over between the questions.
        busy.setattr(remote, "time", SimpleNamespace(monotonic=lambda: now))
        with pytest.raises(StoreUnavailable, match="does not answer"):
            store.get(key)
        with pytest.raises(StoreUnavailable, match="a moment ago"):
            store.get(key)
        with pytest.raises(StoreUnavailable, match="a moment ago"):
            store.lock(key)
    until(lambda: works(store, key))


def test_a_lock_is_free_again_when_its_holder_lost_the_server(
    server: ServerProgram, stores: list[Store], key: str
) -> None:
    store = opened(server, stores)
    lock = store.lock(key)
    with server.away():
        lock.release()
    until(lambda: works(store, key))
    store.lock(key, 30).release()


def test_a_lock_is_free_again_when_the_server_was_silent(
    server: ServerProgram, stores: list[Store], key: str
) -> None:
    store = opened(server, stores, "?seconds=0.5")
    until(lambda: works(store, key))
    lock = store.lock(key)
    with server.deaf():
        lock.release()
        with pytest.raises(StoreUnavailable):
            store.lock(key)
    until(lambda: works(store, key))
    store.lock(key, 30).release()


def test_those_who_wait_for_a_lock_are_told_that_the_server_went_away(
    server: ServerProgram, stores: list[Store], key: str
) -> None:
    holder, store = opened(server, stores), opened(server, stores)
    lock = holder.lock(key)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(store.lock, key) for _ in range(4)]
        with server.away():
            for each in waiting:
                assert isinstance(each.exception(30), StoreUnavailable)
            lock.release()
    until(lambda: works(store, key))
    store.lock(key, 30).release()


def test_what_was_acknowledged_survives_the_killing_of_the_server(
    lasting_server: ServerProgram, stores: list[Store], key: str
) -> None:
    store = opened(lasting_server, stores)
    for number in range(3):
        for size in (1_000, 3_000_000):
            store.set(f"{key}-{size}", clerk.payload(number, size), 60)
        lasting_server.kill()
        lasting_server.start()
        for size in (1_000, 3_000_000):
            value = store.get(f"{key}-{size}")
            assert clerk.number_of(value, size) == number


def test_a_count_is_exact_although_the_server_is_killed_meanwhile(
    lasting_server: ServerProgram, stores: list[Store], key: str
) -> None:
    store = opened(lasting_server, stores)
    acknowledged = threading.Semaphore(0)
    done = threading.Event()

    def count() -> tuple[int, int]:
        certain = doubtful = 0
        while not done.is_set():
            try:
                lock = store.lock(key, 30)
            except (StoreUnavailable, LockTimeout):
                continue
            try:
                number = int(store.get(key) or b"0")
                doubtful += 1
                store.set(key, b"%d" % (number + 1), 600)
                doubtful -= 1
                certain += 1
                acknowledged.release()
            except StoreUnavailable:
                continue
            finally:
                lock.release()
        return certain, doubtful

    with ThreadPoolExecutor(4) as threads:
        counting = [threads.submit(count) for _ in range(4)]
        for _ in range(2):
            for _ in range(20):
                assert acknowledged.acquire(timeout=30)
            lasting_server.kill()
            lasting_server.start()
        for _ in range(20):
            assert acknowledged.acquire(timeout=30)
        done.set()
        certain, doubtful = map(sum, zip(*(c.result() for c in counting), strict=True))
    # Of a write without an answer nobody knows.
    assert certain <= int(store.get(key) or b"0") <= certain + doubtful
