"""What every store promises. Each store's tests inherit it and say how it is made.

A store within the process inherits `StoreContract` and has a fixture ``store``; one
that several processes share inherits `SharedStoreContract` and has a fixture ``where``,
the URL that opens it. Each test has keys of its own, so the store may be the same one.
"""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

import pytest

from cherrypy.stores.base import LockTimeout, Store
from cherrypy.stores.opening import open_store
from tests.stores import clerk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE_SECONDS = 30.0

AWKWARD_KEYS = [
    "a",
    "A",
    "a.lock",
    ".",
    "..",
    "../a",
    "/a",
    "a/b",
    "a%2Fb",
    "%61",
    "a\\b",
    "con",
    "-rf",
    "~",
    "*",
    "'; drop table",
    "x" * 250,
    "x" * 249 + "X",
    "/" * 250,
    "".join(map(chr, range(33, 127))),
]
"""All are printable ASCII without a space and at most 250 long, and all differ."""


def until(condition: Callable[[], object]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def look_for_a_turn(greedy: Store, modest: Store) -> None:
    """Let a store get a lock that another one takes again and again in four threads."""
    done = threading.Event()

    def take_again_and_again() -> None:
        while not done.is_set():
            greedy.lock("key", 30).release()

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(take_again_and_again)
        for _ in range(20):
            modest.lock("key", 30).release()
        done.set()


class StoreContract:
    """What holds within one process."""

    increments: ClassVar[int] = 10_000
    """How often 32 clients add one to a counter, all together."""

    counts: ClassVar[bool] = True
    """Whether the store knows how many entries it has."""

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """Return the store under test."""
        raise NotImplementedError

    @pytest.fixture
    def key(self) -> str:
        """Return a key that nobody else uses."""
        return f"key-{os.urandom(8).hex()}"

    def test_it_is_a_store(self, store: Store) -> None:
        assert isinstance(store, Store)

    def test_there_is_nothing_under_an_unknown_key(
        self, store: Store, key: str
    ) -> None:
        assert store.get(key) is None

    @pytest.mark.parametrize(
        "value",
        [b"", b"\0", bytes(range(256)), b"x" * 3_000_000],
        ids=["nothing", "nul", "every byte", "3 MB"],
    )
    def test_what_was_set_is_there(self, store: Store, key: str, value: bytes) -> None:
        store.set(key, value, 60)
        assert store.get(key) == value
        store.delete(key)

    def test_the_last_value_is_there(self, store: Store, key: str) -> None:
        store.set(key, b"x" * 100_000, 60)
        store.set(key, b"short", 60)
        assert store.get(key) == b"short"

    def test_what_was_deleted_is_gone(self, store: Store, key: str) -> None:
        store.set(key, b"value", 60)
        store.delete(key)
        assert store.get(key) is None
        store.delete(key)

    def test_a_value_ends_with_its_lifetime(self, store: Store, key: str) -> None:
        store.set(key, b"value", 0.05)
        until(lambda: store.get(key) is None)

    def test_a_value_without_a_lifetime_is_gone_at_once(
        self, store: Store, key: str
    ) -> None:
        store.set(key, b"value", 60)
        store.set(key, b"value", 0)
        assert store.get(key) is None
        store.set(key, b"value", -5)
        assert store.get(key) is None

    def test_a_value_that_is_set_anew_lives_anew(self, store: Store, key: str) -> None:
        store.set(key, b"first", 0.05)
        store.set(key, b"second", 60)
        store.set(f"{key}-other", b"first", 0.05)
        until(lambda: store.get(f"{key}-other") is None)
        store.sweep()
        assert store.get(key) == b"second"

    def test_values_may_live_long(self, store: Store, key: str) -> None:
        store.set(key, b"value", 100 * 365 * 86400)
        assert store.get(key) == b"value"

    def test_all_keys_are_kept_apart(self, store: Store) -> None:
        for key in AWKWARD_KEYS:
            store.set(key, b"value of " + key.encode(), 60)
        locks = [store.lock(key, 0) for key in AWKWARD_KEYS]
        for key in AWKWARD_KEYS:
            assert store.get(key) == b"value of " + key.encode()
        for lock, key in zip(locks, AWKWARD_KEYS, strict=True):
            lock.release()
            store.delete(key)
            assert store.get(key) is None

    def test_the_sweep_leaves_the_living(self, store: Store, key: str) -> None:
        store.set(f"{key}-dead", b"value", 0.01)
        store.set(key, b"value", 60)
        until(lambda: store.get(f"{key}-dead") is None)
        assert store.sweep() >= 0
        assert store.get(key) == b"value"

    def test_the_living_are_counted(self, store: Store, key: str) -> None:
        if not self.counts:
            with pytest.raises(NotImplementedError):
                len(store)
            return
        before = len(store)
        store.set(f"{key}-dead", b"value", 0.01)
        until(lambda: store.get(f"{key}-dead") is None)
        for number in range(3):
            store.set(f"{key}-{number}", b"value", 60)
        assert len(store) == before + 3
        for number in range(3):
            store.delete(f"{key}-{number}")
        assert len(store) == before

    def test_a_closed_store_opens_again(self, store: Store, key: str) -> None:
        store.set(key, b"value", 60)
        store.close()
        store.close()
        assert store.get(key) == b"value"
        store.lock(key, 1).release()

    def test_readers_see_whole_values_while_others_write(
        self, store: Store, key: str
    ) -> None:
        values = {letter.encode() * 50_000 for letter in "abcd"}
        store.set(key, b"a" * 50_000, 60)

        def write(letter: str) -> None:
            for _ in range(25):
                store.set(key, letter.encode() * 50_000, 60)

        def read(_: int) -> bool:
            return all(store.get(key) in values for _ in range(25))

        with ThreadPoolExecutor(8) as threads:
            writers = [threads.submit(write, letter) for letter in "abcd"]
            assert all(threads.map(read, range(4)))
            for writer in writers:
                writer.result()

    def test_a_lock_keeps_the_others_out(self, store: Store, key: str) -> None:
        lock = store.lock(key)
        with pytest.raises(LockTimeout, match=key):
            store.lock(key, 0)
        with pytest.raises(LockTimeout, match=key):
            store.lock(key, 0.02)
        store.lock(f"{key}-other", 0).release()
        lock.release()
        store.lock(key, 0).release()

    def test_a_lock_binds_only_those_who_ask_for_it(
        self, store: Store, key: str
    ) -> None:
        lock = store.lock(key)
        store.set(key, b"value", 60)
        assert store.get(key) == b"value"
        store.delete(key)
        lock.release()

    def test_a_second_release_takes_the_lock_from_nobody(
        self, store: Store, key: str
    ) -> None:
        first = store.lock(key)
        first.release()
        second = store.lock(key, 0)
        first.release()
        with pytest.raises(LockTimeout):
            store.lock(key, 0)
        second.release()

    def test_a_lock_is_handed_on_whichever_thread_releases_it(
        self, store: Store, key: str
    ) -> None:
        lock = store.lock(key)
        with ThreadPoolExecutor(2) as threads:
            waiting = threads.submit(store.lock, key, 30)
            threads.submit(lock.release).result()
            waiting.result().release()

    def test_the_sweep_drops_no_lock_that_is_held(self, store: Store, key: str) -> None:
        store.set(key, b"value", 0.01)
        lock = store.lock(key)
        until(lambda: store.get(key) is None)
        store.sweep()
        with pytest.raises(LockTimeout):
            store.lock(key, 0)
        lock.release()
        store.lock(key, 0).release()

    def test_thirty_two_threads_count_together_and_lose_nothing(
        self, store: Store, key: str
    ) -> None:
        each = -(-self.increments // 32)
        clerk.count_up(store, key, each, 32)
        assert store.get(key) == b"%d" % (each * 32)


class SharedStoreContract(StoreContract):
    """What holds among processes besides."""

    kill_rounds: ClassVar[int] = int(os.environ.get("MORELLO_KILL_ROUNDS", "15"))
    """How many writers are killed."""

    outlives_seconds: ClassVar[float] = 0
    """How long a lock may outlive the process that held it."""

    @pytest.fixture
    def where(self) -> str:
        """Return the URL of the store under test."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, where: str) -> Iterator[Store]:
        """Open the store under test."""
        store = open_store(where)
        yield store
        store.close()

    def test_what_one_sets_another_gets(
        self, store: Store, where: str, key: str
    ) -> None:
        other = open_store(where)
        store.set(key, b"value", 60)
        assert other.get(key) == b"value"
        other.delete(key)
        assert store.get(key) is None
        other.close()

    def test_two_processes_count_together_and_lose_nothing(
        self, store: Store, where: str, key: str
    ) -> None:
        each = -(-self.increments // 32)
        clerks = [clerk.start("count", where, key, each, 16) for _ in range(2)]
        for process in clerks:
            process.communicate(timeout=DEADLINE_SECONDS * 4)
            assert process.returncode == 0
        assert store.get(key) == b"%d" % (each * 32)

    def test_a_lock_holds_among_processes(
        self, store: Store, where: str, key: str
    ) -> None:
        with clerk.start("hold", where, key) as process:
            assert clerk.answer_of(process) == "held"
            with pytest.raises(LockTimeout, match=key):
                store.lock(key, 0)
            with pytest.raises(LockTimeout, match=key):
                store.lock(key, 0.05)
            process.communicate("let go\n", timeout=DEADLINE_SECONDS)
        store.lock(key, 0).release()

    def test_a_lock_is_handed_on_to_another_process(
        self, store: Store, where: str, key: str
    ) -> None:
        with clerk.start("hold", where, key) as process:
            assert clerk.answer_of(process) == "held"
            with ThreadPoolExecutor(1) as threads:
                waiting = threads.submit(store.lock, key)
                assert not waiting.done()
                process.communicate("let go\n", timeout=DEADLINE_SECONDS)
                waiting.result(DEADLINE_SECONDS).release()

    def test_a_lock_ends_with_the_process_that_holds_it(
        self, store: Store, where: str, key: str
    ) -> None:
        with clerk.start("hold", where, key) as process:
            assert clerk.answer_of(process) == "held"
            process.kill()
            process.communicate()
        store.lock(key, self.outlives_seconds).release()

    @pytest.mark.parametrize("size", [1_000, 3_000_000], ids=["1 kB", "3 MB"])
    def test_killed_writers_lose_and_damage_nothing(
        self, where: str, key: str, size: int
    ) -> None:
        with clerk.start("kill", where, key, size, self.kill_rounds) as process:
            said, _ = process.communicate(timeout=DEADLINE_SECONDS * 10)
        result = clerk.Killed(*json.loads(said))
        assert result.acknowledged >= self.kill_rounds == result.rounds
        assert (result.lost, result.damaged) == (0, 0)
