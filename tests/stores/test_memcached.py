"""The store in memcached, on a real one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from cherrypy.stores import lifetime, memcached
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.memcached import MemcachedStore
from tests.servers import Memcached, running
from tests.stores.contract import DEADLINE_SECONDS, SharedStoreContract, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Opener: TypeAlias = Callable[..., MemcachedStore]


class TestMemcachedStore(SharedStoreContract):
    increments = 1_000
    outlives_seconds = DEADLINE_SECONDS  # its lease is over before
    counts = False

    @pytest.fixture
    def where(self, memcached_server: Memcached) -> str:
        return f"{memcached_server.url}?lease_seconds=2&seconds=20"


@pytest.fixture(scope="module")
def second_server(memcached_server: Memcached) -> Iterator[Memcached]:
    """Start another memcached."""
    with running(Memcached()) as server:
        yield server


@pytest.fixture
def opened(memcached_server: Memcached) -> Iterator[Opener]:
    """Return what opens stores on the server."""
    stores: list[MemcachedStore] = []

    def opened(servers: Any = memcached_server.url, **settings: Any) -> MemcachedStore:
        stores.append(MemcachedStore(servers, **settings))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


def raw(store: MemcachedStore, kind: str, key: str) -> tuple[Callable[..., Any], bytes]:
    """Return what asks the server of a key, and the key's name there."""
    server, name = store._place(kind, key)
    return server.ask, name


def test_the_prefix_keeps_stores_apart(opened: Opener, memcached_server: Any) -> None:
    one, other = opened(prefix="one:"), opened(f"{memcached_server.url}?prefix=other:")
    one.set("key", b"one", 60)
    other.set("key", b"other", 60)
    assert (one.get("key"), other.get("key")) == (b"one", b"other")
    ask, _ = raw(one, "value", "key")
    assert ask(lambda client: client.get("one:value:key")) is not None


def test_a_value_that_is_too_large_is_refused_and_the_old_one_stays(
    opened: Opener,
) -> None:
    store = opened()
    store.set("large", b"old", 60)
    with pytest.raises(StoreUnavailable, match=r"at most 8388608 bytes.*-I 8m"):
        store.set("large", bytes(8 * 2**20), 60)
    assert store.get("large") == b"old"
    almost = bytes(8 * 2**20 - 300)
    store.set("large", almost, 60)
    assert store.get("large") == almost
    store.delete("large")


def test_a_value_that_comes_or_goes_meanwhile_is_replaced_all_the_same() -> None:
    class Client:
        """Finds a value gone, then one there, and then its own way."""

        said: ClassVar[list[str]] = []

        def replace(self, *words: object) -> bool:
            self.said.append("replace")
            return len(self.said) > 2

        def add(self, *words: object) -> bool:
            self.said.append("add")
            return False

    memcached._put(Client(), b"key", b"value", 60)
    assert Client.said == ["replace", "add", "replace"]


def test_a_server_that_was_started_anew_may_take_larger_values(opened: Opener) -> None:
    store = opened()
    store.set("larger", b"value", 60)
    store._servers[0]._item_bytes = 1000
    store.set("larger", bytes(2000), 60)
    assert store.get("larger") == bytes(2000)


@pytest.mark.parametrize("days", [29, 31, 365])
def test_a_month_and_more_is_no_moment_of_1970(opened: Opener, days: int) -> None:
    store = opened()
    store.set(f"days-{days}", b"value", days * 86400)
    assert store.get(f"days-{days}") == b"value"


def test_a_value_ends_within_a_second_too(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()
    store.set("short", b"value", 0.5)
    later = lifetime.boot_clock() + 0.51
    monkeypatch.setattr(lifetime, "boot_clock", lambda: later)
    assert store.get("short") is None


def test_a_lock_that_the_server_has_forgotten_is_taken_again(opened: Opener) -> None:
    store = opened(lease_seconds=1)
    lock = store.lock("lost")
    ask, name = raw(store, "lock", "lost")
    ask(lambda client: client.delete(name))
    until(lambda: ask(lambda client: client.get(name)))
    with pytest.raises(LockTimeout):
        opened().lock("lost", 0)
    lock.release()


def test_a_lock_outlives_its_lease_while_it_is_held(opened: Opener) -> None:
    store = opened(lease_seconds=1)
    lock = store.lock("lease")
    ask, name = raw(store, "lock", "lease")

    def version() -> bytes:
        answer: bytes = ask(lambda client: client.gets(name))[1]
        return answer

    first = version()
    until(lambda: version() != first)
    assert ask(lambda client: client.get(name)) is not None
    lock.release()
    assert ask(lambda client: client.get(name)) is None


def test_a_lock_that_somebody_else_got_meanwhile_is_left_alone(opened: Opener) -> None:
    store = opened()
    lock = store.lock("taken")
    ask, name = raw(store, "lock", "taken")
    ask(lambda client: client.set(name, b"somebody else", 60))
    lock.release()
    assert ask(lambda client: client.delete(name))


def test_a_lock_left_behind_is_taken_over_by_its_process_alone(opened: Opener) -> None:
    store, other = opened(), opened()
    ask, name = raw(store, "lock", "left")
    token = store._leases.new_token()[0]
    ask(lambda client: client.set(name, token, 60))
    with pytest.raises(LockTimeout):
        other.lock("left", 0)
    store.lock("left", 0).release()
    other.lock("left", 0).release()


def test_keys_are_spread_over_servers_and_none_stands_in_for_another(
    opened: Opener, memcached_server: Memcached, second_server: Memcached
) -> None:
    both = opened([memcached_server.url, f"127.0.0.1:{second_server.port}"])
    alone = opened(second_server.url)
    keys = [f"spread-{number}" for number in range(40)]
    for key in keys:
        both.set(key, key.encode(), 60)
    on_second = [key for key in keys if alone.get(key) is not None]
    on_first = [key for key in keys if key not in on_second]
    assert on_first
    assert on_second
    with second_server.away():
        for key in on_first:
            assert both.get(key) == key.encode()
        for key in on_second:
            with pytest.raises(StoreUnavailable, match=str(second_server.port)):
                both.get(key)


@pytest.mark.parametrize(
    ("servers", "names"),
    [
        ("memcached://h:1,i:2", ["h:1", "i:2"]),
        ("memcached://h/", ["h"]),
        ("h, i:2", ["h", "i:2"]),
        (["memcached://h:1", "[::1]:2"], ["h:1", "[::1]:2"]),
        ("[::1]", ["[::1]"]),
        ("/run/memcached.sock", ["/run/memcached.sock"]),
    ],
)
def test_servers_are_named_in_several_ways(
    opened: Opener, servers: str | list[str], names: list[str]
) -> None:
    found = [server.name for server in opened(servers)._servers]
    assert found == [f"memcached at {name}" for name in names]


@pytest.mark.parametrize(
    "servers", ["", "memcached://", "h:1,,i:2", [], "h:eleven", "h:", "h?seconds=x"]
)
def test_what_names_no_server_is_refused(
    opened: Opener, servers: str | list[str]
) -> None:
    with pytest.raises(ValueError, match=r"memcached|number"):
        opened(servers)


def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pymemcache", None)
    with pytest.raises(ImportError, match=r"morello\[memcached\]"):
        MemcachedStore()
