"""Two ways to read a story: the bridge between threads and an event loop.

The story of a request (`cherrypy.core.pipeline`) is a generator. It yields only when
it holds something that must be awaited, and is sent the result or thrown the
exception. `run` reads it in a worker thread and lets one event loop in a background
thread do the awaiting. A story without anything to await never meets a loop.
"""

from __future__ import annotations

import threading
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import (
        AsyncIterable,
        Awaitable,
        Callable,
        Generator,
        Iterator,
    )
    from concurrent.futures import Future
    from typing import Final, TypeAlias, TypeGuard

    Story: TypeAlias = Generator[Awaitable[Any], Any, None]
    """The steps of a request: yields what must be awaited, is sent the result."""

__all__ = [
    "Kinds",
    "chain",
    "is_awaitable",
    "iterate",
    "kinds",
    "run",
    "stop_loop",
    "wait_for",
]


_MANY_TYPES = 1024


class Kinds(dict[type, str]):
    """What has to be done with values of a type: "await", "iterate" or "use".

    Speed: to look for an attribute that a type has not makes an exception of it, six
    times as long as this. The bound is for programs that make up types as they go.
    """

    def __missing__(self, kind: type) -> str:
        if hasattr(kind, "__await__"):
            what = "await"
        else:
            what = "iterate" if hasattr(kind, "__aiter__") else "use"
        if len(self) < _MANY_TYPES:
            self[kind] = what
        return what


kinds: Final[Kinds] = Kinds()
"""What has to be done with values, by their type."""


def is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    """Tell whether `value` must be awaited before it can be used."""
    return kinds[type(value)] == "await"


def chain(result: Any, function: Callable[[Any], Any]) -> Any:
    """Apply `function` to a page's result, now or when it has been awaited.

    Every wrapper of a page handler goes through here, so that it serves `def` and
    `async def` pages alike.

    Args:
        result: What the inner handler returned: a value, an awaitable, or an
            asynchronous iterable, which is made an ordinary one.
        function: Takes the value; may itself return an awaitable.

    Returns:
        ``function(result)``, or an awaitable of it.
    """
    kind = kinds[type(result)]
    if kind == "use":
        return function(result)
    if kind == "await":
        return _later(result, function)
    return function(iterate(result))


async def _later(result: Awaitable[Any], function: Callable[[Any], Any]) -> Any:
    outcome = chain(await result, function)
    return await outcome if is_awaitable(outcome) else outcome


def run(story: Story) -> None:
    """Read a story to its end in this thread; whatever it yields is waited for."""
    # A for statement notices the end of a generator without making an exception
    # of it, which is what most requests come to: no loop turn at all.
    for waiting in story:
        _run_on(story, waiting)


def _run_on(story: Story, waiting: Awaitable[Any]) -> None:
    while True:
        try:
            result = wait_for(waiting)
        except BaseException as problem:
            advance = _throwing(story, problem)
        else:
            advance = _sending(story, result)
        try:
            waiting = advance()
        except StopIteration:
            return


def _sending(story: Story, result: Any) -> Callable[[], Awaitable[Any]]:
    return lambda: story.send(result)


def _throwing(story: Story, problem: BaseException) -> Callable[[], Awaitable[Any]]:
    return lambda: story.throw(problem)


def wait_for(awaitable: Awaitable[Any]) -> Any:
    """Await something on the background loop while this thread waits.

    Context variables that the awaitable sets are carried over to this thread, so
    that a hook after the page sees what the page has set.
    """
    context = copy_context()
    try:
        return _loop.submit(awaitable, context).result()
    finally:
        _carry_over(context)


def _carry_over(context: Context) -> None:
    missing = object()
    for variable, value in context.items():
        if variable.get(missing) is not value:
            variable.set(value)


def iterate(chunks: AsyncIterable[Any]) -> Iterator[Any]:
    """Read an asynchronous iterable as an ordinary one, chunk by chunk."""
    iterator = aiter(chunks)
    try:
        while True:
            try:
                chunk = wait_for(anext(iterator))
            except StopAsyncIteration:
                return
            yield chunk
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            wait_for(close())


def stop_loop() -> None:
    """End the background loop, if it runs; the next awaitable starts another."""
    _loop.stop()


async def _await(awaitable: Awaitable[Any]) -> Any:
    # A StopIteration cannot cross a future, and anext() may end with its twin.
    return await awaitable


class _BackgroundLoop:
    """One event loop in a daemon thread, started when first needed.

    The lock guards starting and stopping, to which every worker thread may come.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def submit(self, awaitable: Awaitable[Any], context: Context) -> Future[Any]:
        """Schedule an awaitable in this context; the future belongs to threads."""
        from concurrent.futures import Future  # lazy: 10 ms of import

        outcome: Future[Any] = Future()
        with self._lock:
            loop = self._loop or self._start()
            loop.call_soon_threadsafe(_schedule, loop, awaitable, outcome, context)
        return outcome

    def _start(self) -> asyncio.AbstractEventLoop:
        import asyncio  # lazy: 60 ms of import that a synchronous site never needs

        # In a context of its own: what the loop sets up for itself keeps the context
        # it was made in, and with it the first request that needed a loop.
        loop = self._loop = Context().run(asyncio.new_event_loop)
        self._thread = threading.Thread(
            target=_run_loop, args=(loop,), name="Event loop", daemon=True
        )
        self._thread.start()
        return loop

    def stop(self) -> None:
        """Cancel what is running, close the loop and join its thread."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            if thread is not threading.current_thread():
                thread.join()


def _schedule(
    loop: asyncio.AbstractEventLoop,
    awaitable: Awaitable[Any],
    outcome: Future[Any],
    context: Context,
) -> None:
    task = loop.create_task(_await(awaitable), context=context)

    def settle(done: asyncio.Task[Any]) -> None:
        if done.cancelled():
            outcome.cancel()
            return
        problem = done.exception()
        if problem is None:
            outcome.set_result(done.result())
        else:
            outcome.set_exception(problem)

    task.add_done_callback(settle)


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    import asyncio  # loaded already: the loop was made by it

    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


_loop = _BackgroundLoop()
