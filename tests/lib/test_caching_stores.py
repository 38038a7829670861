"""A cache that lives in a store, alone and shared with another process."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.store_cache import StoreCache, _packed, _unpacked
from cherrypy.stores.base import Store, StoreLock, StoreUnavailable
from cherrypy.stores.ram import RamStore
from tests.front_door import forget_caches
from tests.lib.apps import mount
from tests.lib.caches import (
    Counting,
    cached,
    clock,
    no_cache_is_left,
    page,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lib.caches import Clock

__all__ = ["clock", "no_cache_is_left"]

LONG = 30


class Fragile:
    """A store that can be away."""

    def __init__(self) -> None:
        self.inner = RamStore()
        self.away = False
        self.asked = 0

    def _reached(self) -> RamStore:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("The shelf fell down. Put it up again.")
        return self.inner

    def get(self, key: str) -> bytes | None:
        """As in `Store`."""
        return self._reached().get(key)

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """As in `Store`."""
        self._reached().set(key, value, seconds)

    def delete(self, key: str) -> None:
        """As in `Store`."""
        self._reached().delete(key)

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """As in `Store`."""
        return self._reached().lock(key, seconds)

    def sweep(self) -> int:
        """As in `Store`."""
        return self._reached().sweep()

    def __len__(self) -> int:
        return len(self._reached())

    def close(self) -> None:
        """As in `Store`."""


@pytest.fixture(
    params=[
        *("ram", "file", "sqlite"),
        *(
            pytest.param(name, marks=pytest.mark.live)
            for name in ("redis", "memcached", "postgresql")
        ),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a store, or the URL of one."""
    if request.param == "ram":
        return RamStore()
    if request.param == "file":
        return f"file://{tmp_path}/kept"
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/kept.db"
    url = request.getfixturevalue(f"{request.param}_server").url
    cache = StoreCache(url)
    # Other tests have left something there.
    cache.clear()
    cache.store.close()
    return url


def test_a_page_is_called_once(store: Any) -> None:
    client, root = cached(page("hello", ETag='"a"'), store=store)
    first, second = client.get("/"), client.get("/")
    assert first.text == second.text == "hello"
    assert second.headers["Age"] == "0"
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert client.get("/", headers={"If-None-Match": '"a"'}).status_code == 304
    assert client.head("/").headers["Content-Length"] == "5"
    assert root.calls == 1
    assert cherrypy._cache.tot_hist == 3
    assert cherrypy._cache.tot_non_modified == 1


def test_another_process_finds_it(store: Any) -> None:
    client, _ = cached(page("hello", Vary="Accept-Language"), store=store)
    client.get("/")
    forget_caches()
    other, there = cached(page("other"), store=store)
    assert other.get("/").text == "hello"
    assert there.calls == 0
    other.post("/")
    forget_caches()
    client, _root = cached(page("new"), store=store)
    assert client.get("/").text == "new"


def test_answers_vary(store: Any) -> None:
    def greet() -> str:
        cherrypy.response.headers["Vary"] = "Accept-Language"
        return f"in {cherrypy.request.headers.get('Accept-Language')}"

    client, root = cached(greet, store=store)
    for language in ("fr", "de", "fr", "de"):
        answer = client.get("/", headers={"Accept-Language": language})
        assert answer.text == f"in {language}"
    assert root.calls == 2


def test_more_selecting_headers_begin_anew() -> None:
    client, root = cached(page(), store=RamStore())
    client.get("/")
    root.answer = page(Vary="Cookie")
    client.get("/", headers={"Cache-Control": "no-cache"})
    client.get("/")
    assert root.calls == 2
    client.get("/", headers={"Cookie": "a=b"})
    assert root.calls == 3


def test_a_change_makes_what_is_kept_invalid(store: Any) -> None:
    client, _root = cached(store=store)
    client.get("/")
    client.post("/")
    assert client.get("/").text == client.get("/").text == "call 3"


def test_a_page_that_was_made_before_a_change_is_not_kept_after_it() -> None:
    def slow() -> str:
        if cherrypy.request.method == "GET" and root.calls == 1:
            assert client.post("/").status_code == 200
        return f"made by {root.calls}"

    client, root = cached(slow, store=RamStore())
    client.get("/")
    assert client.get("/").text == "made by 3"


def test_clear_forgets_everything_everywhere(clock: Clock) -> None:
    store = RamStore()
    client, _root = cached(store=store)
    client.get("/")
    other = StoreCache(store)
    other.clear()
    clock.advance(1.1)
    assert client.get("/").text == "call 2"
    cherrypy._cache.clear()
    assert client.get("/").text == "call 3"
    assert client.get("/").text == "call 3"


def test_a_store_that_lost_its_epoch_brings_nothing_back(clock: Clock) -> None:
    store = RamStore()
    client, _root = cached(store=store)
    client.get("/")
    store.delete("cache:epoch")
    clock.advance(1.1)
    assert client.get("/").text == "call 2"
    assert client.get("/").text == "call 2"


def test_time_passes(clock: Clock) -> None:
    client, _root = cached(store=RamStore(), delay=10)
    client.get("/")
    clock.advance(9)
    assert client.get("/").headers["Age"] == "9"
    clock.advance(2)
    assert client.get("/").text == "call 2"


def test_settings_are_those_of_the_cache() -> None:
    client, _root = cached(store=RamStore(), maxobj_size=3)
    client.get("/")
    assert client.get("/").text == "call 2"


def test_two_stores_are_two_caches() -> None:
    class Root:
        @cherrypy.expose
        def default(self, name: str) -> str:
            return name

    one, two = RamStore(), RamStore()
    settings = {
        f"/{name}": {"tools.caching.on": True, "tools.caching.store": store}
        for name, store in (("one", one), ("two", two))
    }
    client = mount(Root(), settings)
    for path in ("/one", "/two"):
        client.get(path)
    # What was kept, and the epoch.
    assert (len(one), len(two)) == (2, 2)


def test_a_store_that_is_away_is_a_miss_and_a_line_in_the_log(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = Fragile()
    assert isinstance(store, Store)
    client, _root = cached(store=store)
    client.get("/")
    store.away = True
    before = store.asked
    for number in range(2, 7):
        assert client.get("/").text == f"call {number}"
    assert store.asked == before + 1
    lines = [each.getMessage() for each in caplog.records if "away" in each.message]
    assert len(lines) == 1
    assert "The shelf fell down" in lines[0]
    store.away = False
    clock.advance(1.1)
    assert client.get("/").text == "call 1"


def test_what_was_changed_while_the_store_was_away_is_forgotten_when_it_is_back(
    clock: Clock,
) -> None:
    store = Fragile()
    client, _root = cached(store=store)
    client.get("/")
    store.away = True
    client.post("/")
    store.away = False
    clock.advance(1.1)
    assert client.get("/").text == "call 3"
    assert client.get("/").text == "call 3"


def test_after_too_many_changes_everything_is_forgotten(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cherrypy.lib.store_cache._MOST_UNFORGOTTEN", 3)
    store = Fragile()
    client, root = cached(lambda n: n, store=store)
    for number in range(6):
        client.get(f"/?n={number}")
    store.away = True
    for number in range(6):
        client.post(f"/?n={number}")
    store.away = False
    clock.advance(1.1)
    for number in range(6):
        client.get(f"/?n={number}")
    assert root.calls == 18


def test_a_store_may_be_away_from_the_beginning(clock: Clock) -> None:
    store = Fragile()
    store.away = True
    client, _root = cached(store=store)
    assert client.get("/").text == "call 1"
    assert client.get("/").text == "call 2"
    cherrypy._cache._sweep()
    store.away = False
    clock.advance(1.1)
    client.get("/")
    assert client.get("/").text == "call 3"


def test_a_clear_while_the_store_is_away_is_done_when_it_is_back(clock: Clock) -> None:
    store = Fragile()
    client, _ = cached(store=store)
    client.get("/")
    store.away = True
    cherrypy._cache.clear()
    store.away = False
    clock.advance(1.1)
    assert client.get("/").text == "call 2"
    assert client.get("/").text == "call 2"


def test_a_lock_that_is_not_to_be_had_costs_an_answer_and_no_invalidation(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cherrypy.lib.store_cache._PATIENCE_SECONDS", 0.01)
    store = RamStore()
    client, _ = cached(store=store)
    client.get("/")
    lock = store.lock(cherrypy._cache._key("http://localhost/"))
    client.post("/")
    clock.advance(1.1)
    client.get("/?wait")
    lock.release()
    clock.advance(1.1)
    assert client.get("/").text == "call 4"


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b"abc", b"\0\0\0\2{}", b"\0\0\0\2[]rest", b"\xff\xff\xff\xffx"),
        *(b"\0\0\0\3nul", _packed({"generation": 1, "names": 2}, b"")),
        _packed({"generation": "g", "names": [], "answer": {"size": 9}}, b""),
        _packed({"generation": "g", "names": [], "answer": [1]}, b"x"),
    ],
)
def test_damaged_values_are_misses(value: bytes) -> None:
    store = RamStore()
    client, _root = cached(store=store)
    client.get("/")
    for number in (2, 3):
        for key in list(_keys(store)):
            if key != "cache:epoch":
                store.set(key, value, 60)
        assert client.get("/").text == f"call {number}"


def _keys(store: RamStore) -> list[str]:
    cache: StoreCache = cherrypy._cache
    return [cache._key("http://localhost/")]


def test_what_is_packed_can_be_unpacked() -> None:
    assert _unpacked(_packed({"a": 1}, b"body")) == ({"a": 1}, b"body")


def test_threads_of_one_process_wait_for_the_first() -> None:
    entered, opened = threading.Event(), threading.Event()

    def slow() -> str:
        entered.set()
        assert opened.wait(LONG)
        return "hello"

    client, root = cached(slow, store=RamStore())
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(client.get, "/")
        assert entered.wait(LONG)
        cache = cherrypy._cache
        others = [pool.submit(client.get, "/") for _ in range(5)]
        # They have missed, too, and found that somebody is at it already.
        making = next(iter(cache._making.values()))
        while len(making._cond._waiters) < 5:
            pass
        opened.set()
        texts = {each.result(LONG).text for each in (first, *others)}
    assert texts == {"hello"}
    assert root.calls == 1


def test_private_pages_let_nobody_wait_in_a_store_either() -> None:
    client, root = cached(page(Cache_Control="private"), store=RamStore())
    for _ in range(3):
        client.get("/")
    assert root.calls == 3
    assert not cherrypy._cache._making
    assert list(cherrypy._cache._passing) == ["http://localhost/"]


def test_expired_values_are_swept(clock: Clock) -> None:
    store = Fragile()
    client, _ = cached(store=store)
    client.get("/")
    clock.advance(61)
    swept = threading.Event()
    cherrypy._cache.store.sweep = swept.set
    client.get("/?again")
    assert swept.wait(LONG)


def test_programs_may_put_themselves() -> None:
    def keep() -> str:
        answer = ("200 OK", {"Content-Type": "text/plain"}, b"put", 0.0)
        cherrypy._cache.put(answer, 3)
        cherrypy.request.cacheable = False
        return "page"

    client, _ = cached(keep, store=RamStore())
    assert client.get("/").text == "page"


def test_a_page_kept_for_long_and_a_counting_page() -> None:
    root = Counting()
    config = {"tools.caching.on": True, "tools.caching.store": "ram:"}
    client = mount(root, {"/": config})
    for said in ("max-age=5, stale-while-revalidate=9", "max-age=999999999"):
        root.answer = page("x", Cache_Control=said)
        client.get("/", headers={"Cache-Control": "no-cache"})
        calls = root.calls
        assert client.get("/", headers={"Cache-Control": "max-stale"}).text == "x"
        assert root.calls == calls


_OTHER_PROCESS = """
import sys
import cherrypy
from cherrypy.testing import Client

class Root:
    @cherrypy.expose
    def index(self):
        return "made by the other"

cherrypy.log.screen = False
settings = {"tools.caching.on": True, "tools.caching.store": sys.argv[1]}
client = Client(cherrypy.Application(Root(), config={"/": settings}))
print(client.request(sys.argv[2], "/").text)
"""


@pytest.mark.live
def test_two_processes_share_what_is_kept_and_what_is_invalid(tmp_path: Path) -> None:
    store = f"sqlite://{tmp_path}/kept.db"

    def other(method: str) -> str:
        command = [sys.executable, "-c", _OTHER_PROCESS, store, method]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-1]

    client, root = cached(store=store)
    assert client.get("/").text == "call 1"
    assert other("GET") == "call 1"
    assert other("POST") == "made by the other"
    assert other("GET") == "made by the other"
    assert client.get("/").text == "made by the other"
    assert root.calls == 1
    client.post("/")
    assert other("GET") == "made by the other"
    assert root.calls == 2


def test_urls_nobody_waits_for_are_not_remembered_without_end() -> None:
    client, _ = cached(page(Cache_Control="private"), store=RamStore())
    client.get("/")
    cherrypy._cache._passing.update(dict.fromkeys(map(str, range(1000)), 0.0))
    client.get("/?another")
    assert len(cherrypy._cache._passing) == 1
