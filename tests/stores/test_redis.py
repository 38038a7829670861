"""The store in Redis, on a real one."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import redis

from cherrypy.stores import lifetime
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.redis import RedisStore
from tests.stores.contract import (
    DEADLINE_SECONDS,
    SharedStoreContract,
    look_for_a_turn,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers import Redis


class TestRedisStore(SharedStoreContract):
    increments = 1_000
    outlives_seconds = DEADLINE_SECONDS  # its lease is over before

    @pytest.fixture
    def where(self, redis_server: Redis) -> str:
        return f"{redis_server.url}?lease_seconds=2&seconds=20"


@pytest.fixture
def client(redis_server: Redis) -> Iterator[redis.Redis]:
    """Return somebody else who speaks to the server."""
    client = redis.Redis(host=redis_server.host, port=redis_server.port)
    yield client
    client.close()


@pytest.fixture
def opened(redis_server: Redis) -> Iterator[Callable[..., RedisStore]]:
    """Return what opens stores on the server, with names of their own there."""
    stores: list[RedisStore] = []
    prefix = f"test-{os.urandom(8).hex()}:"

    def opened(url: str = redis_server.url, **settings: Any) -> RedisStore:
        stores.append(RedisStore(url, **{"prefix": prefix, **settings}))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


Opener: TypeAlias = "Callable[..., RedisStore]"


def test_names_in_the_server_begin_with_the_prefix(
    client: redis.Redis, opened: Opener
) -> None:
    store = opened(prefix="*[a]\\?^-")
    store.set("key", b"value", 60)
    opened().set("key", b"other", 60)
    assert client.exists("*[a]\\?^-value:key")
    assert len(store) == 1
    store.delete("key")


def test_the_prefix_may_stand_in_the_url(
    client: redis.Redis, redis_server: Redis, opened: Opener
) -> None:
    opened(f"{redis_server.url}?prefix=by-url:").set("key", b"value", 60)
    assert client.delete("by-url:value:key")


def test_a_url_may_say_valkey(redis_server: Redis, opened: Opener) -> None:
    store = opened(redis_server.url.replace("redis:", "valkey:"))
    store.set("key", b"value", 60)
    assert store.get("key") == b"value"


def test_redis_removes_by_itself_what_has_ended(
    client: redis.Redis, opened: Opener
) -> None:
    opened(prefix="ends:").set("key", b"value", 60)
    assert 59_000 < client.pttl("ends:value:key") <= 60_000
    opened(prefix="ends:").set("key", b"value", float("inf"))
    assert client.pttl("ends:value:key") > 1e12
    client.delete("ends:value:key")


def test_a_clock_set_back_lets_nothing_live_longer(
    client: redis.Redis, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(prefix="clock:")
    store.set("key", b"value", 60)
    # What the server would make of its clock being two hours behind.
    client.pexpire("clock:value:key", 7_260_000)
    assert store.get("key") == b"value"
    later = lifetime.boot_clock() + 61
    monkeypatch.setattr(lifetime, "boot_clock", lambda: later)
    assert store.get("key") is None
    client.delete("clock:value:key")


def test_a_lock_outlives_its_lease_while_it_is_held(
    client: redis.Redis, opened: Opener
) -> None:
    store = opened(prefix="lease:", lease_seconds=0.3)
    lock = store.lock("key")
    # It is renewed when its life has become longer.
    before = client.pttl("lease:lock:key")
    while (left := client.pttl("lease:lock:key")) <= before:
        assert left > 0
        before = left
    lock.release()
    assert not client.exists("lease:lock:key")


def test_a_lock_that_the_server_has_forgotten_is_taken_again(
    client: redis.Redis, opened: Opener
) -> None:
    lock = opened(prefix="lost:", lease_seconds=0.3).lock("key")
    client.delete("lost:lock:key")
    until(lambda: client.exists("lost:lock:key"))
    with pytest.raises(LockTimeout):
        opened(prefix="lost:").lock("key", 0)
    lock.release()


def test_a_lock_that_somebody_else_got_meanwhile_is_left_alone(
    client: redis.Redis, opened: Opener
) -> None:
    lock = opened(prefix="taken:").lock("key")
    client.set("taken:lock:key", "somebody else", px=60_000)
    lock.release()
    assert client.delete("taken:lock:key")


def test_a_lock_left_behind_is_taken_over_by_its_process_alone(
    client: redis.Redis, opened: Opener
) -> None:
    store, other = opened(), opened()
    token = store._leases.new_token()[0]
    client.set(f"{store._prefix}lock:key", token, px=60_000)
    with pytest.raises(LockTimeout):
        other.lock("key", 0)
    store.lock("key", 0).release()
    other.lock("key", 0).release()


def test_whoever_comes_again_and_again_does_not_keep_the_others_out(
    opened: Opener,
) -> None:
    look_for_a_turn(opened(), opened())


def test_three_who_wait_all_get_their_turn(opened: Opener) -> None:
    lock = opened().lock("key")
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(opened().lock, "key", 30) for _ in range(3)]
        lock.release()
        for each in as_completed(waiting):
            each.result().release()


def test_nothing_of_a_lock_stays_behind(client: redis.Redis, opened: Opener) -> None:
    stores = [opened(prefix="behind:") for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        locks = [threads.submit(store.lock, "key", 30) for store in stores]
        for each in as_completed(locks):
            each.result().release()
    lock = stores[0].lock("key")
    with pytest.raises(LockTimeout):
        stores[1].lock("key", 0.02)
    lock.release()
    until(lambda: client.keys("behind:*") == [])


def test_a_server_without_room_keeps_what_it_has(
    client: redis.Redis, opened: Opener
) -> None:
    store = opened()
    store.set("key", b"old", 60)
    client.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(StoreUnavailable, match="maxmemory"):
            store.set("key", b"new" * 1_000_000, 60)
        assert store.get("key") == b"old"
    finally:
        client.config_set("maxmemory", "0")
    store.set("key", b"new", 60)
    assert store.get("key") == b"new"


def test_messages_keep_the_password_to_themselves(
    redis_server: Redis, opened: Opener
) -> None:
    store = opened(f"redis://:hush-hush@127.0.0.1:{redis_server.port}/0")
    with pytest.raises(StoreUnavailable, match=f"{redis_server.port}/0:") as caught:
        store.get("key")
    assert "hush" not in str(caught.value)


def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImportError, match=r"morello\[redis\]"):
        RedisStore()
