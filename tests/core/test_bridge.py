"""Reading a story in a thread, with a loop in the background for what it awaits."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.core import bridge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator

    from cherrypy.core.bridge import Story

seen: ContextVar[str] = ContextVar("seen", default="nothing")


@pytest.fixture(autouse=True)
def _no_loop_left() -> Iterator[None]:
    yield
    bridge.stop_loop()
    assert not any(t.name == "Event loop" for t in threading.enumerate())


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def fail() -> None:
    raise LookupError("not there")


def test_a_story_without_anything_to_await_meets_no_loop() -> None:
    bridge.stop_loop()  # one that another test has started
    steps = []

    def story() -> Story:
        steps.append("one")
        yield from ()
        steps.append("two")

    bridge.run(story())
    assert steps == ["one", "two"]
    assert not any(t.name == "Event loop" for t in threading.enumerate())


def test_what_a_story_yields_is_awaited_and_sent_back() -> None:
    results = []

    def story() -> Story:
        results.append((yield double(1)))
        results.append((yield double(2)))

    bridge.run(story())
    assert results == [2, 4]


def test_a_failure_is_thrown_into_the_story() -> None:
    caught = []

    def story() -> Story:
        try:
            yield fail()
        except LookupError as problem:
            caught.append(str(problem))
        caught.append(str((yield double(4))))

    bridge.run(story())
    assert caught == ["not there", "8"]


def test_a_failure_that_the_story_does_not_catch_comes_out() -> None:
    def story() -> Story:
        yield fail()

    with pytest.raises(LookupError):
        bridge.run(story())


def test_a_variable_set_while_awaiting_is_seen_afterwards() -> None:
    async def page() -> None:
        seen.set("the page")

    def story() -> Story:
        yield page()
        assert seen.get() == "the page"

    bridge.run(story())


def test_chain_applies_at_once_or_later() -> None:
    assert bridge.chain(2, str) == "2"
    later = bridge.chain(double(2), str)
    assert bridge.is_awaitable(later)
    assert bridge.wait_for(later) == "4"


def test_chain_awaits_what_the_function_returns_too() -> None:
    assert bridge.wait_for(bridge.chain(double(2), double)) == 8


async def count(upto: int, closed: list[bool]) -> AsyncIterator[int]:
    try:
        for number in range(upto):
            await asyncio.sleep(0)
            yield number
    finally:
        closed.append(True)


def test_an_asynchronous_generator_is_read_as_an_ordinary_one() -> None:
    closed: list[bool] = []
    assert list(bridge.chain(count(3, closed), iter)) == [0, 1, 2]
    assert closed == [True]


def test_giving_up_an_asynchronous_generator_closes_it() -> None:
    closed: list[bool] = []
    numbers = bridge.iterate(count(3, closed))
    assert next(numbers) == 0
    numbers.close()  # type: ignore[attr-defined]  # it is a generator
    assert closed == [True]


def test_an_asynchronous_iterator_need_not_be_a_generator() -> None:
    class Once:
        def __init__(self) -> None:
            self.left = ["only"]

        def __aiter__(self) -> Once:
            return self

        async def __anext__(self) -> str:
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop()

    assert list(bridge.iterate(Once())) == ["only"]


def test_stopping_the_loop_cancels_what_waits() -> None:
    started = threading.Event()
    problems: list[BaseException] = []

    async def forever() -> None:
        started.set()
        await asyncio.Event().wait()

    def wait() -> None:
        try:
            bridge.wait_for(forever())
        except BaseException as problem:
            problems.append(problem)

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert started.wait(10)
    bridge.stop_loop()
    waiter.join(10)
    assert [type(problem).__name__ for problem in problems] == ["CancelledError"]


def test_the_loop_may_stop_itself_without_waiting_for_itself() -> None:
    async def stop() -> None:
        bridge.stop_loop()

    bridge.wait_for(stop())
    threads = [t for t in threading.enumerate() if t.name == "Event loop"]
    for thread in threads:
        thread.join(10)


def test_any_awaitable_will_do() -> None:
    class Soon:
        def __await__(self) -> Generator[Any, Any, int]:
            yield from double(21).__await__()
            return 42

    assert bridge.wait_for(Soon()) == 42


def test_the_loop_keeps_nothing_of_the_request_that_first_needed_it() -> None:
    class Kept:
        pass

    bridge.stop_loop()
    kept = [Kept()]
    variable: ContextVar[Kept | None] = ContextVar("kept", default=None)
    gone = weakref.ref(kept[0])

    async def page() -> None:
        pass

    def request() -> None:
        variable.set(kept[0])
        bridge.wait_for(page())

    copy_context().run(request)
    kept.clear()
    bridge.wait_for(page())
    gc.collect()
    assert gone() is None
