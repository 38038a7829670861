"""One request, answered up to the page and written down.

The application itself answers: its dispatcher, its plan, its hooks. Only the request
class is replaced by a subclass that takes notes, and behind the last hook before the
page stands one that ends the request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MethodType
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.core.handler import PageHandler, test_callable_spec
from cherrypy.core.hooks import Hook, HookMap, hookpoints
from cherrypy.core.plan import PlanDraft
from cherrypy.extension.tool import Tool
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Note", "Step", "trace"]


@dataclass
class Step:
    """A hook, as it was met."""

    point: str
    priority: float
    name: str
    """The tool it belongs to, or the callback itself."""

    settings: dict[str, Any]
    ran: bool = False
    raised: BaseException | None = None
    answered: bool = False
    """Whether it took the page away, because it had answered itself."""


@dataclass
class Note:
    """What is known of one request; another follows after an internal redirect."""

    request: Any
    handler: Any = None
    """What the dispatcher found: a `PageHandler`, an error, or anything else."""

    steps: list[Step] = field(default_factory=list)
    reached: bool = False
    """Whether the page was about to be called."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    misfit: HTTPError | None = None
    """What the page's parameters would have been answered with."""

    config: dict[str, Any] = field(default_factory=dict)
    raised: BaseException | None = None
    """What the dispatcher or the plan has raised."""

    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def page(self) -> Any:
        """What would have been called, None if there is no page."""
        if isinstance(self.handler, PageHandler):
            return self.handler.callable
        return None if isinstance(self.handler, HTTPError) else self.handler


class _PageReached(BaseException):
    """Ends a request before its page; nobody may take it for an error."""


def trace(
    app: cherrypy.Application,
    method: str,
    url: str,
    *,
    headers: list[tuple[str, str]],
    body: bytes | None,
    tools: bool = True,
) -> list[Note]:
    """Let an application answer up to the page, and return what happened.

    Args:
        app: The application that is mounted where the URL leads.
        method: Such as ``GET``.
        url: Path and query, or a whole URL.
        headers: Pairs of name and value.
        body: What is sent.
        tools: Whether the hooks run, or are only listed.

    Returns:
        A note on each request: more than one after internal redirects.
    """
    notes: list[Note] = []
    usual = app.request_class
    app.request_class = _recording(usual, notes, tools)
    try:
        client = Client(cherrypy.tree)
        options: dict[str, Any] = {"headers": headers}
        if body is not None:
            options["data"] = body
        answer = client.request(method, url, **options)
    except _PageReached:
        pass
    else:
        if notes:
            notes[-1].status = answer.status
            notes[-1].headers = list(answer.headers.items())
    finally:
        app.request_class = usual
    return notes


def _recording(base: Any, notes: list[Note], tools: bool) -> Any:
    """Make a request class that takes notes."""

    class Recorded(base):  # type: ignore[misc]  # of whatever class requests are
        """A request that is watched."""

        def get_resource(self, path: str) -> None:
            note = Note(self)
            notes.append(note)
            try:
                super().get_resource(path)
            except Exception as problem:
                note.raised = problem
                raise
            note.handler = self.handler

        def apply_plan(self, response: Any) -> Any:
            note = notes[-1]
            try:
                planned = super().apply_plan(response)
            except Exception as problem:
                note.raised = problem
                raise
            note.config = dict(self.config)
            owners = list(_owners(self))
            for point, hooks in self.hooks.items():
                hooks[:] = [
                    _watched(hook, point, note, owners, tools) for hook in sorted(hooks)
                ]
            last = Hook(lambda: _stop(self, note), failsafe=False, priority=1e9)
            self.hooks["before_handler"].append(last)
            return planned

    return Recorded


def _owners(request: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield point, callback and name of what each tool attaches."""
    for box, tools in request.toolmaps.items():
        for name, settings in tools.items():
            tool = getattr(request.app.toolboxes.get(box), name, None)
            if settings.get("on") and isinstance(tool, Tool):
                draft = PlanDraft(HookMap(hookpoints))
                own = {key: each for key, each in settings.items() if key != "on"}
                tool._plan(draft, own)
                for point, hooks in draft.hooks.items():
                    for hook in hooks:
                        yield point, hook.callback, f"{box}.{name}"


def _watched(
    hook: Hook,
    point: str,
    note: Note,
    owners: list[tuple[str, Any, str]],
    tools: bool,
) -> Hook:
    """Return a hook that does the same and notes it."""
    callback = hook.callback
    names = [
        name for place, own, name in owners if place == point and _same(own, callback)
    ]
    step = Step(point, hook.priority, (names or [_name(callback)])[0], hook.kwargs)
    note.steps.append(step)

    def watched(**kwargs: Any) -> Any:
        if not tools:
            return None
        step.ran = True
        before = note.request.handler
        try:
            result = callback(**kwargs)
        except BaseException as problem:
            step.raised = problem
            raise
        if bridge.is_awaitable(result):
            return _awaited(result, step)
        step.answered = before is not None and note.request.handler is None
        return result

    return Hook(watched, hook.failsafe, hook.priority, **hook.kwargs)


def _same(one: Any, other: Any) -> bool:
    """Tell whether two callbacks are one, or were made in the same way."""
    if one == other:
        return True
    code = getattr(one, "__code__", None)
    if code is not None:
        return code is getattr(other, "__code__", None)
    return type(one) is type(other) and not isinstance(one, type | MethodType)


async def _awaited(result: Any, step: Step) -> Any:
    try:
        return await result
    except BaseException as problem:
        step.raised = problem
        raise


def _name(callback: Callable[..., Any]) -> str:
    module = getattr(callback, "__module__", "?")
    return f"{module}.{getattr(callback, '__qualname__', type(callback).__name__)}"


def _stop(request: Any, note: Note) -> None:
    """End the request if its page would be called now.

    Raises:
        _PageReached: It would.
    """
    if request.handler is None or isinstance(note.handler, HTTPError):
        return
    note.reached = True
    if isinstance(note.handler, PageHandler):
        assert current.get().request is request, "the handler reads its arguments there"
        note.args = list(note.handler.args)
        note.kwargs = dict(note.handler.kwargs)
        try:
            test_callable_spec(note.handler.callable, note.args, note.kwargs)
        except HTTPError as misfit:
            note.misfit = misfit
    raise _PageReached
