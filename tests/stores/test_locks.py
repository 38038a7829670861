"""Locks by key: in the order of asking, for a bounded time, with nothing left over."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores.base import LockTimeout
from cherrypy.stores.locks import Deadline, KeyLock, KeyLocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def locks() -> KeyLocks:
    return KeyLocks()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def waiting(locks: KeyLocks, key: str) -> int:
    """Return how many stand in the key's line."""
    return len(locks._lines.get(key, ()))


def in_line(
    threads: ThreadPoolExecutor, locks: KeyLocks, seconds: float | None = None
) -> Future[KeyLock]:
    """Let a thread ask for the lock of "k", and return when it stands in line."""
    before = waiting(locks, "k")
    asked = threads.submit(locks.acquire, "k", seconds)
    while waiting(locks, "k") == before and not asked.done():
        time.sleep(0)
    return asked


def test_the_lock_of_one_key_leaves_the_others_alone(locks: KeyLocks) -> None:
    one, two = locks.acquire("one"), locks.acquire("two")
    assert (locks.held("one"), locks.held("two"), locks.held("three")) == (1, 1, 0)
    assert len(locks) == 2
    one.release()
    two.release()
    assert len(locks) == 0
    assert not locks.held("one")


def test_who_will_not_wait_is_told_at_once(locks: KeyLocks) -> None:
    held = locks.acquire("k", 0)
    with pytest.raises(LockTimeout, match=r"The lock of 'k' .* within 0 seconds"):
        locks.acquire("k", 0)
    held.release()
    locks.acquire("k", 0).release()


def test_who_waits_too_long_gives_up_and_leaves_the_line(locks: KeyLocks) -> None:
    held = locks.acquire("k")
    with pytest.raises(LockTimeout, match=r"within 0\.01 seconds"):
        locks.acquire("k", 0.01)
    assert waiting(locks, "k") == 0
    held.release()
    assert len(locks) == 0


def test_a_very_long_patience_is_no_error(locks: KeyLocks) -> None:
    locks.acquire("k", 1e12).release()
    assert Deadline(1e12).left() == pytest.approx(1e12)
    assert Deadline(None).left() is None
    assert Deadline(-1).left() == 0


def test_the_lock_is_handed_on_in_the_order_of_asking(
    locks: KeyLocks, threads: ThreadPoolExecutor
) -> None:
    held = locks.acquire("k")
    line = [in_line(threads, locks, seconds) for seconds in (None, 60, None, 1e12)]
    held.release()
    for place, asked in enumerate(line):
        lock = asked.result(10)
        assert not any(later.done() for later in line[place + 1 :])
        lock.release()
    assert len(locks) == 0


def test_a_lock_may_be_released_by_another_thread(
    locks: KeyLocks, threads: ThreadPoolExecutor
) -> None:
    threads.submit(locks.acquire, "k").result().release()
    assert len(locks) == 0


def test_a_second_release_takes_the_lock_from_nobody(locks: KeyLocks) -> None:
    first = locks.acquire("k")
    first.release()
    second = locks.acquire("k")
    first.release()
    assert locks.held("k")
    second.release()


def test_who_gives_up_in_the_moment_of_the_hand_over_has_the_lock(
    locks: KeyLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = locks.acquire("k")
    leave = locks._leave

    def handed_over_first(*place: object) -> bool:
        held.release()
        return leave(*place)  # type: ignore[arg-type]  # What it was called with.

    monkeypatch.setattr(locks, "_leave", handed_over_first)
    lock = locks.acquire("k", 0.001)
    assert locks.held("k")
    lock.release()
    assert len(locks) == 0


@pytest.mark.parametrize("handed_over", [False, True])
def test_control_c_while_waiting_leaves_the_line_in_order(
    locks: KeyLocks, monkeypatch: pytest.MonkeyPatch, handed_over: bool
) -> None:
    held = locks.acquire("k")
    make = threading.Lock

    class Interrupted:
        def __init__(self) -> None:
            self.lock = make()

        def acquire(self, timeout: float | None = None) -> None:
            if timeout is not None:
                if handed_over:
                    held.release()
                raise KeyboardInterrupt
            self.lock.acquire()

        def release(self) -> None:
            self.lock.release()

    monkeypatch.setattr(threading, "Lock", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        locks.acquire("k")
    held.release()
    assert len(locks) == 0


def test_no_wake_up_is_lost_among_many_who_give_up(
    locks: KeyLocks, threads: ThreadPoolExecutor
) -> None:
    inside = 0

    def come_and_go(number: int) -> int:
        nonlocal inside
        got = 0
        for turn in range(200):
            try:
                lock = locks.acquire("k", (number + turn) % 7 * 0.0002)
            except LockTimeout:
                continue
            inside += 1
            assert inside == 1
            got += 1
            inside -= 1
            lock.release()
        return got

    assert sum(threads.map(come_and_go, range(16))) > 0
    assert len(locks) == 0


def test_a_further_lock_is_taken_behind_the_turn_and_let_go_before_it(
    locks: KeyLocks,
) -> None:
    story = []

    def take(key: str, deadline: Deadline) -> Callable[[], None]:
        assert 0 < (deadline.left() or 0) <= 5
        story.append(("taken", locks.held("k")))
        return lambda: story.append(("let go", locks.held("k")))

    lock = locks.acquire_with("k", 5, take)
    lock.release()
    lock.release()
    assert story == [("taken", True), ("let go", True)]
    assert not locks.held("k")


def test_a_further_lock_that_is_not_to_be_had_gives_the_turn_back(
    locks: KeyLocks,
) -> None:
    def take(key: str, deadline: Deadline) -> Callable[[], None]:
        raise deadline.missed(key)

    with pytest.raises(LockTimeout):
        locks.acquire_with("k", 1, take)
    assert not locks.held("k")


def test_a_further_lock_that_cannot_be_let_go_gives_the_turn_back(
    locks: KeyLocks,
) -> None:
    def let_go() -> None:
        raise OSError("gone")

    lock = locks.acquire_with("k", 1, lambda key, deadline: let_go)
    with pytest.raises(OSError, match="gone"):
        lock.release()
    assert not locks.held("k")
