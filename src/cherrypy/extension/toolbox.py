"""Toolboxes: tools under one config namespace, and how they plan a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from cherrypy.core.context import current
from cherrypy.core.wording import meant
from cherrypy.extension.tool import Tool, can_be_planned, revision

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from cherrypy.core.plan import PlanDraft
    from cherrypy.core.request import Request

    Registered = TypeVar("Registered", bound=Callable[..., Any])
    Toolmap = dict[str, dict[str, Any]]

    class _OwnTool(Tool):
        """A tool that the program has put into the toolbox, of whatever class."""

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...


__all__ = ["Toolbox"]


class Toolbox:
    """Tools that config turns on under one namespace.

    A tool gets its name by being set as an attribute. The toolbox itself becomes a
    config namespace by being added to ``app.toolboxes``, which all applications share,
    or to the ``namespaces`` of a request class::

        newauth = Toolbox("newauth")
        newauth.check_access = Tool("before_request_body", check_access)
        app.toolboxes["newauth"] = newauth

    A tool may be any object with a method `_setup`, which joins the request.

    Args:
        namespace: The first part of the config keys.
    """

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Tool):
            if value._name is None:
                value._name = name
            value.namespace = self.namespace
        object.__setattr__(self, name, value)
        revision["tools"] += 1

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        revision["tools"] += 1

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> _OwnTool: ...

    def register(self, point: str, **kwargs: Any) -> Callable[[Registered], Registered]:
        """Make a decorator that adds a function as a tool.

        Args:
            point: The hook point at which it runs.
            **kwargs: ``name``, if not that of the function, and ``priority``.
        """

        def register(function: Registered) -> Registered:
            name = kwargs.get("name") or function.__name__
            setattr(self, name, Tool(point, function, **kwargs))
            return function

        return register

    def __enter__(self) -> Callable[[str, Any], None]:
        """Begin to take settings for the present request.

        Returns:
            A function that takes a key without the namespace, and its value.
        """
        toolmap: Toolmap = {}
        current.get().request.toolmaps[self.namespace] = toolmap

        def populate(key: str, value: Any) -> None:
            self._put(toolmap, key, value)

        return populate

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the tools that are on join the present request."""
        if exc_type is None:
            toolmap = current.get().request.toolmaps[self.namespace]
            for name, settings in toolmap.items():
                if settings.get("on"):
                    self._tool(name)._setup()

    def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Say beforehand which tools will join a request, and how.

        Tools run in the order of their priority and, where that is equal, in the
        order of the config. So behind the first tool that must be asked at each
        request, all others are asked as well.
        """
        draft.watch(revision)
        if (
            type(self).__enter__ is not Toolbox.__enter__
            or type(self).__exit__ is not Toolbox.__exit__
        ):
            draft.live.append(lambda request: self._enter_and_leave(settings))
            return
        toolmap: Toolmap = {}
        for key, value in settings.items():
            self._put(toolmap, key, value)
        draft.toolmaps[self.namespace] = toolmap
        asked = False
        for name, arguments in toolmap.items():
            if not arguments.get("on"):
                continue
            tool = self._tool(name)
            asked = asked or not can_be_planned(tool)
            if asked:
                draft.live.append(_asking(tool))
            else:
                own = {key: value for key, value in arguments.items() if key != "on"}
                tool._plan(draft, own)

    def _enter_and_leave(self, settings: dict[str, Any]) -> None:
        with self as populate:
            for key, value in settings.items():
                populate(key, value)

    def _put(self, toolmap: Toolmap, key: str, value: Any) -> None:
        name, dot, argument = key.partition(".")
        if not dot:
            raise ValueError(
                f"The config key '{self.namespace}.{key}' names a tool but no argument "
                f"of it. To turn the tool on, set '{self.namespace}.{key}.on'."
            )
        toolmap.setdefault(name, {})[argument] = value

    def _tool(self, name: str) -> Any:
        try:
            tool = getattr(self, name)
        except AttributeError as problem:
            known = [each for each, tool in vars(self).items() if _is_tool(tool)]
            raise AttributeError(
                f"There is no tool {name!r} in the toolbox {self.namespace!r}, but "
                f"'{self.namespace}.{name}.on' is set. {_nearest(name, known)}Correct "
                "the name, or add the tool before the first request."
            ) from problem
        if not _is_tool(tool):
            raise AttributeError(
                f"{self.namespace}.{name} is {tool!r}, which is no tool. Make one of "
                f"a function: cherrypy.{self.namespace}.{name} = "
                "cherrypy.Tool('before_handler', function)."
            )
        return tool


def _is_tool(value: object) -> bool:
    # documented behaviour: any object with `_setup` may be a tool.
    return hasattr(value, "_setup")


def _nearest(name: str, known: list[str]) -> str:
    sentence = meant(name, known)
    return f"{sentence} " if sentence.endswith("?") else ""


def _asking(tool: Any) -> Callable[[Request], None]:
    """Make the step that lets a tool join a request as it likes."""

    def ask(request: Request) -> None:
        tool._setup()

    return ask
