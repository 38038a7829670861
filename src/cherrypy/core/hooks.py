"""Hooks: the eight places in a request where others may step in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError, HTTPRedirect, InternalRedirect
from cherrypy.core.log import log_exception
from cherrypy.core.wording import UnknownName, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.core.bridge import Story

__all__ = ["Hook", "HookMap", "hookpoints", "run_through"]

hookpoints: list[str] = [
    "on_start_resource",
    "before_request_body",
    "before_handler",
    "before_finalize",
    "on_end_resource",
    "on_end_request",
    "before_error_response",
    "after_error_response",
]
"""The names of the hook points, in the order in which a request meets them."""


class Hook:
    """A callback with its priority, its arguments, and whether it runs at all costs.

    Args:
        callback: What to call; it takes the keyword arguments only.
        failsafe: Run it even if an earlier hook of the same point failed. Defaults
            to the callback's own ``failsafe`` attribute, else False.
        priority: Lower runs earlier, 0 to 100. Defaults to the callback's own
            ``priority`` attribute, else 50.
        **kwargs: Passed to the callback at each call.
    """

    __slots__ = ("callback", "failsafe", "kwargs", "priority")

    callback: Callable[..., Any]
    """What is called."""

    failsafe: bool
    """Whether it runs even if an earlier hook of the same point failed."""

    priority: float
    """Lower runs earlier, 0 to 100."""

    kwargs: dict[str, Any]
    """What the callback is given at each call."""

    def __init__(
        self,
        callback: Callable[..., Any],
        failsafe: bool | None = None,
        priority: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.callback = callback
        if failsafe is None:
            failsafe = getattr(callback, "failsafe", False)
        self.failsafe = failsafe
        if priority is None:
            priority = getattr(callback, "priority", 50)
        self.priority = priority
        self.kwargs = kwargs

    def __lt__(self, other: Hook) -> bool:
        return self.priority < other.priority

    def __call__(self) -> Any:
        """Call the callback with the arguments given at attachment."""
        return self.callback(**self.kwargs)

    def __repr__(self) -> str:
        arguments = "".join(f", {k}={v!r}" for k, v in self.kwargs.items())
        return (
            f"{type(self).__name__}({self.callback!r}, failsafe={self.failsafe!r}, "
            f"priority={self.priority!r}{arguments})"
        )


class HookMap(dict[str, list[Hook]]):
    """Lists of hooks by hook point.

    Args:
        points: The names of the points; each gets an empty list.
    """

    def __init__(self, points: Iterable[str] = ()) -> None:
        super().__init__((point, []) for point in points)

    def __missing__(self, point: str) -> list[Hook]:
        raise UnknownName(
            point, f"There is no hook point {point!r}. {meant(str(point), self)}"
        )

    def attach(
        self,
        point: str,
        callback: Callable[..., Any],
        failsafe: bool | None = None,
        priority: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Append a new `Hook` to a point; the other arguments are those of `Hook`.

        Raises:
            KeyError: There is no such point.
        """
        self[point].append(Hook(callback, failsafe, priority, **kwargs))

    def run(self, point: str) -> None:
        """Call the hooks of a point in the order of their priority."""
        self.run_hooks(sorted(self[point]))

    @classmethod
    def run_hooks(cls, hooks: Iterable[Hook]) -> None:
        """Call these hooks in this order; see `run_through`."""
        bridge.run(run_through(hooks))

    def copy(self) -> HookMap:
        """Return a map with lists of its own and the same hooks."""
        duplicate = type(self)()
        for point, hooks in self.items():
            duplicate[point] = hooks[:]
        return duplicate

    __copy__ = copy

    def __repr__(self) -> str:
        return f"{type(self).__name__}(points={list(self)!r})"


def run_through(hooks: Iterable[Hook]) -> Story:
    """Call hooks in turn, yielding what must be awaited.

    When one fails, only those marked `failsafe` are still called; then the last
    failure is raised. Failures that are answers (`HTTPError` and the redirects) are
    not logged, others are.
    """
    failure: BaseException | None = None
    kinds = bridge.kinds  # speed: what is_awaitable would say
    for hook in hooks:
        if failure is not None and not hook.failsafe:
            continue
        # Speed: a Hook is spared the step in between; its subclasses may want it.
        plain = hook.__class__ is Hook
        try:
            result = hook.callback(**hook.kwargs) if plain else hook()
            if result is not None and kinds[type(result)] == "await":
                yield result
        except (KeyboardInterrupt, SystemExit):
            raise
        except (HTTPError, HTTPRedirect, InternalRedirect) as reply:
            failure = reply
        except Exception as problem:  # boundary: the other hooks must still run
            failure = problem
            if plain and isinstance(problem, TypeError):
                _tell_arguments(hook, problem)
            log_exception(current.get().request)
    if failure is not None:
        raise failure


def _tell_arguments(hook: Hook, problem: TypeError) -> None:
    """Add to an error which settings do not fit the function of a hook."""
    # Of a tool, what it was made of.
    tool = getattr(hook.callback, "__self__", None)
    function = getattr(tool, "callable", hook.callback)
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & _TAKES_ANY_NAME:
        return
    count = code.co_argcount + code.co_kwonlyargcount
    known = code.co_varnames[:count]
    for name in hook.kwargs:
        if name not in known:
            problem.add_note(
                f"{function.__qualname__} was called with the setting {name!r} "
                f"(as in tools.NAME.{name}), which it does not take. "
                f"{meant(name, known)}"
            )


_TAKES_ANY_NAME = 0x08  # inspect.CO_VARKEYWORDS
