"""Tools: functions that join in where config, a decorator or a class says so.

A `Tool` is a callable and the hook point at which it runs. Config turns it on for some
part of a site and gives it its arguments: ``tools.NAME.on``, ``tools.NAME.ARGUMENT``.

What a tool will do to a request is mostly known beforehand: it attaches one hook. Such
a tool says so once, in `Tool._plan`, and costs nothing per request but the hook. A tool
that overrides `_setup`, as documented, is asked at each request.
"""

from __future__ import annotations

import warnings
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Never, NoReturn, TypeVar

from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cherrypy.core.plan import PlanDraft

    Decorated = TypeVar("Decorated")

__all__ = [
    "DeprecatedTool",
    "ErrorTool",
    "HandlerTool",
    "HandlerWrapperTool",
    "Tool",
    "can_be_planned",
    "configure",
    "revision",
]

revision: dict[str, int] = {"tools": 0}
"""How often any tool or toolbox has changed. Plans watch this one number instead of
comparing the contents of every tool at every request."""

_COUNTED = frozenset(
    {"_hooked", "_join", "_merged_args", "_name", "_plan", "_point", "_priority"}
    | {"_setup", "_wrapper", "callable", "namespace", "newhandler"}
)
"""The attributes of a tool on which plans depend."""

_ON_MESSAGE = (
    "CherryPy Tools cannot be turned on directly. Instead, turn them on via config, or "
    "use them as decorators on your page handlers."
)


def configure(target: Decorated, entries: Mapping[str, Any]) -> Decorated:
    """Merge config entries into an object's own ``_cp_config``.

    What a class inherits is copied, so its parent's config stays as it is.

    Args:
        target: A page, a class or any other object that takes attributes.
        entries: Keys and values, stronger than those that are there.
    """
    present = getattr(target, "_cp_config", None) or {}
    target._cp_config = {**present, **entries}  # type: ignore[attr-defined]
    return target


class Tool:
    """A callable that runs at a hook point of requests for which it is turned on.

    Args:
        point: The name of the hook point; None if the tool attaches no hook itself.
        callable: Takes the tool's settings as keyword arguments.
        name: Under which config knows the tool; a toolbox fills it in.
        priority: From 0 to 100; what is lower runs earlier. A ``priority`` attribute
            of the callable is stronger, ``tools.NAME.priority`` in config the
            strongest.
    """

    namespace: str = "tools"
    """The first part of the config keys; the toolbox fills it in."""

    callable: Callable[..., Any]
    """The plain function, for calling it without turning the tool on."""

    def __init__(
        self,
        point: str | None,
        callable: Callable[..., Any],
        name: str | None = None,
        priority: float = 50,
    ) -> None:
        self._point = point
        self.callable = callable
        self._name = name
        self._priority = priority
        self.__doc__ = callable.__doc__
        self._setargs()

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in _COUNTED:
            revision["tools"] += 1

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        revision["tools"] += 1

    @property
    def on(self) -> NoReturn:
        """Tools are turned on by config or as decorators, never here."""
        raise AttributeError(_ON_MESSAGE)

    @on.setter
    def on(self, value: object) -> NoReturn:
        raise AttributeError(_ON_MESSAGE)

    def _setargs(self) -> None:
        """Make an attribute of each argument of the callable, for those who look."""
        for name in _argument_names(self.callable):
            if not hasattr(type(self), name) and name not in vars(self):
                setattr(self, name, None)

    def _merged_args(self, d: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the settings of this tool for the present request.

        Args:
            d: Settings to begin with, which config overrides.
        """
        toolmap = current.get().request.toolmaps.get(self.namespace, {})
        settings = {**(d or {}), **toolmap.get(str(self._name), {})}
        settings.pop("on", None)
        return settings

    def __call__(self, *args: Never, **kwargs: Any) -> Callable[[Decorated], Decorated]:
        """Make a decorator that turns the tool on for a page or a class.

        Args:
            *args: Forbidden.
            **kwargs: The tool's settings.

        Raises:
            TypeError: There is a positional argument, or the tool has no name yet.
        """
        if args:
            raise TypeError(
                f"The {self._name!r} Tool does not accept positional arguments; you "
                "must use keyword arguments. As a decorator it is written with "
                f"parentheses: @cherrypy.{self.namespace}.{self._name}()."
            )
        if self._name is None:
            raise TypeError(
                f"{self!r} has no name yet. Put it into a toolbox before you use it "
                "as a decorator: cherrypy.tools.NAME = tool."
            )
        prefix = f"{self.namespace}.{self._name}."
        entries = {prefix + key: value for key, value in {"on": True, **kwargs}.items()}

        def tool_decorator(target: Decorated) -> Decorated:
            return configure(target, entries)

        return tool_decorator

    def _setup(self) -> None:
        """Join the present request, for which the tool is on.

        Runs at each request only where a subclass overrides it, and then it may do
        whatever it likes to ``cherrypy.request``.
        """
        self._join(current.get().request.hooks, self._merged_args())

    def _plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Say beforehand what `_setup` would do to a request with these settings.

        A subclass that overrides `_setup` may override this too. It must then tell
        the draft about everything on which the answer depends (`PlanDraft.watch`).
        """
        self._join(draft.hooks, settings)

    def _join(self, hooks: Any, settings: dict[str, Any]) -> None:
        priority = settings.pop("priority", None)
        if priority is None:
            priority = getattr(self.callable, "priority", self._priority)
        hooks.attach(self._point, self._hooked(), priority=priority, **settings)

    def _hooked(self) -> Callable[..., Any]:
        """Return what runs at the hook point."""
        return self.callable


class HandlerTool(Tool):
    """A tool that may answer in the place of the page.

    The callable does so by setting the response's body and returning true. It serves
    as a page, too: see `handler`.

    Args:
        callable: Takes the settings; tells whether it has answered.
        name: Under which config knows the tool.
    """

    def __init__(self, callable: Callable[..., Any], name: str | None = None) -> None:
        super().__init__("before_handler", callable, name)

    def handler(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """Make a page of the tool.

        Example::

            class Root:
                nav = tools.staticdir.handler(section="/nav", dir="nav", root=here)

        Args:
            *args: Given to the callable first.
            **kwargs: Its settings; config for the path overrides them.

        Returns:
            An exposed page, which is not found (404) if the callable declines.
        """

        def answer(handled: object) -> Any:
            if not handled:
                raise NotFound()
            return current.get().response.body

        def handle_func(*a: Any, **kw: Any) -> Any:
            settings = self._merged_args(kwargs)
            settings.pop("priority", None)
            return bridge.chain(self.callable(*args, **settings), answer)

        handle_func.exposed = True  # type: ignore[attr-defined]
        return handle_func

    def _wrapper(self, **kwargs: Any) -> Any:
        def settle(handled: object) -> None:
            if handled:
                current.get().request.handler = None

        return bridge.chain(self.callable(**kwargs), settle)

    def _hooked(self) -> Callable[..., Any]:
        return self._wrapper


class HandlerWrapperTool(Tool):
    """A tool that wraps the page handler of a request.

    Example::

        def interpolate(next_handler, *args, **kwargs):
            return template.render(**next_handler(*args, **kwargs))

        cherrypy.tools.jinja = HandlerWrapperTool(interpolate)

    Around an ``async def`` page `next_handler` waits for the result, unless the
    wrapper is itself ``async def``: then there is a result to await.

    Args:
        newhandler: Takes the handler it wraps, and the arguments of the call.
        point: The hook point at which the handler is wrapped.
        name: Under which config knows the tool.
        priority: From 0 to 100; what wraps earlier lies further inside.
    """

    def __init__(
        self,
        newhandler: Callable[..., Any],
        point: str = "before_handler",
        name: str | None = None,
        priority: float = 50,
    ) -> None:
        self.newhandler = newhandler
        self._point = point
        self._name = name
        self._priority = priority

    def callable(self, *args: Any, **kwargs: Any) -> None:
        """Wrap the handler of the present request."""
        request = current.get().request
        inner = request.handler
        newhandler = self.newhandler
        if _is_coroutine_function(newhandler):
            next_handler = _awaited_by(inner)
        else:
            next_handler = _waiting_for(inner)

        def wrap(*args: Any, **kwargs: Any) -> Any:
            return newhandler(next_handler, *args, **kwargs)

        request.handler = wrap


class ErrorTool(Tool):
    """A tool that answers unexpected errors in the place of the usual page.

    Args:
        callable: Takes the settings and fills in the response.
        name: Under which config knows the tool.
    """

    def __init__(self, callable: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(None, callable, name)

    def _wrapper(self) -> None:
        settings = self._merged_args()
        settings.pop("priority", None)
        self.callable(**settings)

    def _setup(self) -> None:
        current.get().request.error_response = self._wrapper

    def _plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        draft.request["error_response"] = self._wrapper


class DeprecatedTool(Tool):
    """A tool that does nothing any more but say so.

    Args:
        point: The hook point at which it once ran.
        warnmsg: What to say.
    """

    warnmsg: str = "This Tool is deprecated."
    """What is said where the tool is turned on."""

    def __init__(self, point: str | None, warnmsg: str | None = None) -> None:
        self._point = point
        self._name = None
        self._priority = 50
        if warnmsg is not None:
            self.warnmsg = warnmsg

    def __call__(self, *args: Any, **kwargs: Any) -> Callable[[Decorated], Decorated]:
        """Warn, and make a decorator that changes nothing."""
        warnings.warn(self.warnmsg, DeprecationWarning, stacklevel=2)

        def tool_decorator(target: Decorated) -> Decorated:
            return target

        return tool_decorator

    def _setup(self) -> None:
        warnings.warn(self.warnmsg, DeprecationWarning, stacklevel=2)


def can_be_planned(tool: object) -> bool:
    """Tell whether a tool does nothing to a request that its `_plan` would not say.

    Not so if it is no `Tool`, or if `_setup` or `_merged_args` is overridden more
    deeply than `_plan`, in a subclass or on the object.
    """
    if not isinstance(tool, Tool):
        return False
    for place in ({**vars(tool)}, *map(vars, type(tool).__mro__)):
        if "_setup" in place or "_merged_args" in place:
            return "_plan" in place
        if "_plan" in place:
            return True
    return False


def _argument_names(function: object) -> Iterator[str]:
    """Yield the names of the arguments of a callable, if it is written in Python."""
    if not isinstance(function, FunctionType | MethodType):
        function = type(function).__call__ if callable(function) else None
    code = getattr(function, "__code__", None)
    if code is not None:
        count = code.co_argcount + code.co_kwonlyargcount
        yield from code.co_varnames[isinstance(function, MethodType) : count]


def _is_coroutine_function(function: object) -> bool:
    code = getattr(function, "__code__", None)
    # 0x80 is inspect.CO_COROUTINE: the mark of `async def`.
    return code is not None and bool(code.co_flags & 0x80)


def _waiting_for(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Make a handler whose results need not be awaited."""

    def next_handler(*args: Any, **kwargs: Any) -> Any:
        result = handler(*args, **kwargs)
        return bridge.wait_for(result) if bridge.is_awaitable(result) else result

    return next_handler


def _awaited_by(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Make a handler whose results can be awaited, and which does not block."""

    async def next_handler(*args: Any, **kwargs: Any) -> Any:
        from asyncio import to_thread  # lazy: 60 ms; loaded, since this is awaited

        result = await to_thread(handler, *args, **kwargs)
        return await result if bridge.is_awaitable(result) else result

    return next_handler
