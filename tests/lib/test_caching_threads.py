"""The cache among many threads: who makes an answer, who waits, and what adds up."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import memory_cache
from cherrypy.lib.variants import Variant
from cherrypy.stores.ram import RamStore
from tests.lib.apps import mount
from tests.lib.caches import cached, clock, no_cache_is_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.testing import Client, Response
    from tests.lib.caches import Clock

__all__ = ["clock", "no_cache_is_left"]

LONG = 30


@pytest.fixture
def waiters(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Count those who begin to wait for an answer that another thread makes."""
    begun = threading.Semaphore(0)

    class Noted(memory_cache._Making):
        def wait(self, timeout: float | None = None) -> bool:
            begun.release()
            return super().wait(timeout)

    monkeypatch.setattr(memory_cache, "_Making", Noted)
    return begun


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Return some threads."""
    with ThreadPoolExecutor(16) as threads:
        yield threads


def cache() -> Any:
    """Return the cache of the site."""
    return vars(cherrypy)["_cache"]


class Gate:
    """A page that is entered and then held until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def pass_through(self) -> None:
        """Say that somebody is here, and wait."""
        self.entered.release()
        assert self.opened.wait(LONG)


def ask(client: Client, **headers: str) -> Callable[[], Response]:
    """Make a call that asks for the page."""
    return lambda: client.get("/", headers=headers)


def test_who_comes_first_makes_the_answer_and_the_others_wait(
    pool: ThreadPoolExecutor, waiters: threading.Semaphore
) -> None:
    gate = Gate()

    def page() -> str:
        gate.pass_through()
        return "hello"

    client, root = cached(page)
    answers = [pool.submit(ask(client)) for _ in range(12)]
    assert gate.entered.acquire(timeout=LONG)
    for _ in range(11):
        assert waiters.acquire(timeout=LONG)
    gate.opened.set()
    assert {each.result(LONG).text for each in answers} == {"hello"}
    assert root.calls == 1
    assert cache().tot_hist == 11


def test_who_waits_for_something_else_makes_it(
    pool: ThreadPoolExecutor, waiters: threading.Semaphore
) -> None:
    """That the answers vary is known only when the first is there."""
    gate = Gate()

    def page() -> str:
        gate.pass_through()
        cherrypy.response.headers["Vary"] = "Accept-Language"
        return str(cherrypy.request.headers["Accept-Language"])

    client, root = cached(page)
    french = pool.submit(lambda: client.get("/", headers={"Accept-Language": "fr"}))
    assert gate.entered.acquire(timeout=LONG)
    german = pool.submit(lambda: client.get("/", headers={"Accept-Language": "de"}))
    assert waiters.acquire(timeout=LONG)
    gate.opened.set()
    assert (french.result(LONG).text, german.result(LONG).text) == ("fr", "de")
    assert root.calls == 2


def test_nobody_waits_longer_than_the_timeout(pool: ThreadPoolExecutor) -> None:
    gate = Gate()

    def page() -> str:
        if root.calls == 1:
            gate.pass_through()
        return "hello"

    client, root = cached(page, antistampede_timeout=0.01)
    first = pool.submit(ask(client))
    assert gate.entered.acquire(timeout=LONG)
    assert client.get("/").text == "hello"
    assert not first.done()
    gate.opened.set()
    first.result(LONG)
    assert root.calls == 2


def test_without_a_timeout_nobody_waits(pool: ThreadPoolExecutor) -> None:
    gate = Gate()

    def page() -> str:
        gate.pass_through()
        return "hello"

    client, _root = cached(page, antistampede_timeout=None)
    answers = [pool.submit(ask(client)) for _ in range(5)]
    for _ in range(5):
        assert gate.entered.acquire(timeout=LONG)
    gate.opened.set()
    for each in answers:
        each.result(LONG)
    assert client.get("/").headers["Age"] == "0"


@pytest.mark.parametrize("private", [True, False])
def test_who_waited_in_vain_does_not_wait_again(
    private: bool, pool: ThreadPoolExecutor, waiters: threading.Semaphore
) -> None:
    """Answers that are not kept are not made one after the other."""
    gate, after = Gate(), Gate()

    def page() -> str:
        (gate if root.calls == 1 else after).pass_through()
        if private:
            cherrypy.response.headers["Cache-Control"] = "private"
            return "mine"
        raise RuntimeError("an error")

    client, root = cached(page)
    answers = [pool.submit(ask(client)) for _ in range(6)]
    assert gate.entered.acquire(timeout=LONG)
    for _ in range(5):
        assert waiters.acquire(timeout=LONG)
    gate.opened.set()
    for _ in range(5):
        assert after.entered.acquire(timeout=LONG)
    # All are on the page at once. If it is never kept, so are those who come later.
    if private:
        answers += [pool.submit(ask(client)) for _ in range(3)]
        for _ in range(3):
            assert after.entered.acquire(timeout=LONG)
    after.opened.set()
    status = 200 if private else 500
    assert {each.result(LONG).status_code for each in answers} == {status}
    assert not cache().store


def test_a_stale_answer_bridges_the_time_if_the_page_allows_it(
    pool: ThreadPoolExecutor, clock: Clock
) -> None:
    gate = Gate()

    def page() -> str:
        if root.calls > 1:
            gate.pass_through()
        said = "max-age=10, stale-while-revalidate=60"
        cherrypy.response.headers["Cache-Control"] = said
        return f"call {root.calls}"

    client, root = cached(page)
    client.get("/")
    clock.advance(20)
    first = pool.submit(ask(client))
    assert gate.entered.acquire(timeout=LONG)
    meanwhile = client.get("/")
    assert (meanwhile.text, meanwhile.headers["Age"]) == ("call 1", "20")
    gate.opened.set()
    assert first.result(LONG).text == "call 2"
    assert client.get("/").text == "call 2"


def test_a_change_meanwhile_wakes_those_who_wait(
    pool: ThreadPoolExecutor, waiters: threading.Semaphore
) -> None:
    gate = Gate()

    def page() -> str:
        if root.calls == 1:
            gate.pass_through()
        return f"call {root.calls}"

    client, root = cached(page)
    first = pool.submit(ask(client))
    assert gate.entered.acquire(timeout=LONG)
    second = pool.submit(ask(client))
    assert waiters.acquire(timeout=LONG)
    client.post("/")
    assert second.result(LONG).text == "call 3"
    gate.opened.set()
    first.result(LONG)
    # What the first has made is older than the change.
    assert client.get("/").text == "call 3"


def test_async_pages_go_on_while_threads_wait(
    pool: ThreadPoolExecutor, waiters: threading.Semaphore
) -> None:
    import asyncio

    class Root:
        calls = 0
        inside = threading.Event()

        @cherrypy.expose
        @cherrypy.tools.caching()
        async def index(self) -> str:
            Root.calls += 1
            self.go_on = asyncio.Event()
            self.loop = asyncio.get_running_loop()
            self.inside.set()
            await asyncio.wait_for(self.go_on.wait(), LONG)
            return "slow"

        @cherrypy.expose
        async def other(self) -> str:
            return "quick"

    root = Root()
    client = mount(root)
    slow = [pool.submit(ask(client)) for _ in range(5)]
    assert root.inside.wait(LONG)
    for _ in range(4):
        assert waiters.acquire(timeout=LONG)
    assert client.get("/other").text == "quick"
    root.loop.call_soon_threadsafe(root.go_on.set)
    assert {each.result(LONG).text for each in slow} == {"slow"}
    assert Root.calls == 1


def test_the_books_are_right_after_a_busy_time(pool: ThreadPoolExecutor) -> None:
    """Eight threads read, change and reload forty pages in a cache for ten."""

    def page(n: str = "") -> str:
        cherrypy.response.headers["Vary"] = "Accept-Language"
        return n * 3

    client, _ = cached(page, maxobjects=10, maxsize=100)

    def work(seed: int) -> int:
        chance = random.Random(seed)
        asked = 0
        for _ in range(150):
            path = f"/?n={chance.randrange(40)}"
            method = chance.choices(["GET", "POST", "HEAD"], [8, 1, 1])[0]
            language = {"Accept-Language": chance.choice(["fr", "de"])}
            answer = client.request(method, path, headers=language)
            assert answer.status_code == 200
            assert answer.text == ("" if method == "HEAD" else path[4:] * 3)
            asked += method != "POST"
        return asked

    asked = sum(pool.map(work, range(8)))
    found = cache()
    kept = [
        value
        for variants in found.store.values()
        for value in variants.values()
        if isinstance(value, Variant)
    ]
    assert found.tot_gets == asked
    assert found.cursize == sum(len(each[2]) for each in kept) <= 100
    assert len(kept) == len(found._held) <= 10
    assert all(found.store.values())


def test_a_cache_in_a_store_gives_everybody_the_right_answer(
    pool: ThreadPoolExecutor,
) -> None:
    """What somebody has changed is never seen again by who changed it."""
    numbers = [0] * 8

    def page(n: str) -> str:
        if cherrypy.request.method == "POST":
            numbers[int(n)] += 1
        return str(numbers[int(n)])

    client, _ = cached(page, store=RamStore())

    def work(number: int) -> None:
        chance = random.Random(number)
        for _ in range(60):
            if chance.random() < 0.3:
                client.post(f"/?n={number}")
            # Mine is up to date; that of others may be newer than I know.
            assert client.get(f"/?n={number}").text == str(numbers[number])
            client.get(f"/?n={chance.randrange(8)}")

    list(pool.map(work, range(8)))
