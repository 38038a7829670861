"""The plan of a page: what can be known before a request for it comes.

Dispatching walks the living object tree for each request, but it merges nothing. It
collects the mappings it meets: site config, each node's ``_cp_config``, the sections
of the application's config. A `Plan` is compiled from them once and kept with a copy
of each. Before it is used again every mapping is compared with its copy, so whatever
is changed at run time, wherever, is seen by the next request. There is no
invalidation to forget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol, runtime_checkable

from cherrypy.core.hooks import HookMap
from cherrypy.core.lazy import lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cherrypy.core.hooks import Hook
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response


__all__ = ["Layers", "Plan", "PlanDraft", "Plannable", "Plans", "merge_layers"]


@runtime_checkable
class Plannable(Protocol):
    """A config namespace that can say beforehand what it will do to a request."""

    def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Add to the draft what these settings (without the prefix) ask for."""


class Layers(tuple["Mapping[str, Any]", ...]):
    """The config layers of a page, weakest first, that come again as this same object.

    Who finds them again for each request, as one who remembers the way to the page
    does, spares the search for their plan.
    """

    plan: Plan | None = None
    """What they came to last time."""


class PlanDraft:
    """A plan in the making, to which every namespace adds its part."""

    def __init__(self, pristine: HookMap) -> None:
        self.pristine = pristine
        """The hooks of the request class."""
        self.watched: list[Mapping[Any, Any]] = []
        """Mappings on whose contents the plan depends."""
        self.copies: list[Mapping[Any, Any]] = []
        """What they contained when they began to be watched."""
        self.watch(pristine)
        self.request: dict[str, Any] = {}
        """Attributes to set on the request."""
        self.response: dict[str, Any] = {}
        """Attributes to set on the response."""
        self.response_headers: dict[str, Any] = {}
        """Headers to set on the response, by name."""
        self.body: dict[str, Any] = {}
        """Attributes to set on the request's body."""
        self.error_pages: dict[int | str, Any] = {}
        """Error pages by status code, or under ``"default"``."""
        self.hooks: HookMap = pristine.copy()
        """The hooks of the request class; what is attached here is added to them."""
        self.toolmaps: dict[str, dict[str, dict[str, Any]]] = {}
        """Settings by toolbox and tool."""
        self.live: list[Callable[[Request], None]] = []
        """What cannot be known beforehand and runs at each request."""
        self.failed = False
        """Whether some of the config made no sense; one of `live` says so."""

    def watch(self, mapping: Mapping[Any, Any]) -> None:
        """Make the plan depend on what this mapping contains.

        Read it afterwards, so that whatever changes in between is noticed.
        """
        self.watched.append(mapping)
        self.copies.append(_copy(mapping))


class Plan:
    """What a set of config layers comes to, ready to be applied to a request.

    Never changed after it is made.
    """

    __slots__ = (
        "body",
        "config",
        "copies",
        "error_pages",
        "failed",
        "hooks",
        "live",
        "namespaces",
        "pristine",
        "request",
        "request_class",
        "request_only",
        "response",
        "response_headers",
        "toolboxes",
        "toolmaps",
        "watched",
    )

    def __init__(
        self,
        config: dict[str, Any],
        request: Request,
        toolboxes: Mapping[str, Any],
        draft: PlanDraft,
    ) -> None:
        self.config: dict[str, Any] = config
        self.request_class: type[Request] = type(request)
        self.namespaces: Mapping[str, Any] = request.namespaces
        self.toolboxes: Mapping[str, Any] = toolboxes
        self.request: tuple[tuple[str, Any], ...] = tuple(draft.request.items())
        self.response: dict[str, Any] = draft.response
        self.response_headers: dict[str, Any] = draft.response_headers
        self.body: dict[str, Any] = draft.body
        self.error_pages: dict[int | str, Any] = draft.error_pages
        self.toolmaps: dict[str, dict[str, dict[str, Any]]] = draft.toolmaps
        self.live: tuple[Callable[[Request], None], ...] = tuple(draft.live)
        self.failed: bool = draft.failed
        # Speed: most pages ask for nothing but the default tools, or for some plain
        # attributes of the request, such as those that the environments set.
        self.request_only: bool = not (
            self.response
            or self.response_headers
            or self.body
            or self.error_pages
            or self.live
        )
        self.hooks: dict[str, tuple[Hook, ...]] = {
            point: tuple(sorted(hooks)) for point, hooks in draft.hooks.items()
        }
        self.pristine: HookMap = draft.pristine
        self.watched: list[Mapping[Any, Any]] = draft.watched
        self.copies: list[Mapping[Any, Any]] = draft.copies

    def holds(self, request: Request, toolboxes: Mapping[str, Any]) -> bool:
        """Tell whether everything this plan was made from is as it was."""
        request_class = type(request)
        if (
            self.request_class is not request_class
            or self.pristine is not request_class.hooks
            or self.namespaces is not request_class.namespaces
            or self.toolboxes is not toolboxes
        ):
            return False
        try:
            # One comparison in C; equal objects are mostly identical ones.
            return self.watched == self.copies
        except Exception:  # boundary: config values of users may refuse to compare
            return False

    @classmethod
    def compile(
        cls,
        request: Request,
        layers: tuple[Mapping[str, Any], ...],
        section: str | None,
        toolboxes: Mapping[str, Any],
    ) -> Plan:
        """Merge the layers and ask each namespace for its part.

        Where config makes no sense to a namespace, the plan is to do what the others
        say and to raise the error after it: the log and the error page are config too.

        Args:
            request: Gives the hooks to begin with and the namespaces to ask.
            layers: The live config mappings, weakest first.
            section: Path of the layer that names a static directory, if one does.
            toolboxes: More namespaces by name.
        """
        request_class = type(request)
        draft = PlanDraft(request_class.hooks)
        for mapping in (*layers, request.namespaces, toolboxes):
            draft.watch(mapping)
        config = merge_layers(layers, section)
        settings = _by_namespace(config)
        draft.live.extend(_own_copies(request_class))
        problems: list[Exception] = []
        for name, handler in {**request.namespaces, **toolboxes}.items():
            mine = settings.get(name)
            if mine is None:
                continue
            if not isinstance(handler, Plannable):
                draft.live.append(_live_namespace(handler, mine))
                continue
            try:
                handler.plan(draft, mine)
            except Exception as problem:  # boundary: the request answers it, with a 500
                problems.append(problem)
        if problems:
            draft.failed = True
            draft.live.append(_raising(problems[0]))
        return cls(config, request, toolboxes, draft)

    def hook_map(self) -> HookMap:
        """Return the hooks as lists of one request, to which it may add its own."""
        hooks = HookMap()
        for point, planned in self.hooks.items():
            hooks[point] = list(planned)
        return hooks

    def apply(self, request: Request, response: Response) -> None:
        """Make request and response what this plan says, before the first hook."""
        request.plan = self
        if request._hooks is not None:
            self._add_hooks(request._hooks)
        for name, value in self.request:
            setattr(request, name, value)
        if self.request_only:
            return
        for name, value in self.response.items():
            setattr(response, name, value)
        for name, value in self.response_headers.items():
            response.headers[name] = value
        if self.error_pages:
            request.error_page = {**request.error_page, **self.error_pages}
        for name, value in self.body.items():
            setattr(request.body, name, value)
        for step in self.live:
            step(request)

    def _add_hooks(self, hooks: HookMap) -> None:
        """Join the plan's hooks to a map that was touched before there was a plan."""
        for point, planned in self.hooks.items():
            known = self.pristine.get(point, [])
            hooks[point].extend(hook for hook in planned if hook not in known)


class Plans:
    """The plans of one application, found by the layers they were made from.

    Worker threads come here without a lock: each step is one operation on a
    dictionary, and a plan compiled twice is merely compiled twice.

    Args:
        limit: How many plans to keep. A site that invents config for each request
            falls back to compiling each time, never to a wrong answer.
    """

    def __init__(self, limit: int = 1024) -> None:
        self.limit = limit
        self._plans: dict[tuple[object, ...], Plan] = {}

    def __len__(self) -> int:
        return len(self._plans)

    def find(
        self,
        request: Request,
        layers: tuple[Mapping[str, Any], ...],
        section: str | None,
        toolboxes: Mapping[str, Any],
    ) -> Plan:
        """Return the plan for these layers, compiled anew where it must be."""
        # A plan holds its layers, so an identity in a key cannot be recycled.
        key = (section, id(request.namespaces), id(toolboxes), *map(id, layers))
        plan = self._plans.get(key)
        if plan is None or not plan.holds(request, toolboxes):
            plan = Plan.compile(request, layers, section, toolboxes)
            if plan.failed:
                return plan
            if len(self._plans) >= self.limit:
                self._plans.clear()
            self._plans[key] = plan
        if type(layers) is Layers:
            layers.plan = plan
        return plan


def merge_layers(layers: Iterable[Mapping[str, Any]], section: str | None) -> Any:
    """Merge config layers, weakest first, into one dictionary.

    Args:
        layers: Mappings of dotted keys to values.
        section: What ``tools.staticdir.section`` becomes, or None.
    """
    config: dict[str, Any] = {}
    for layer in layers:
        config.update(layer)
    if section is not None:
        config["tools.staticdir.section"] = section
    return config


def _by_namespace(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    settings: dict[str, dict[str, Any]] = {}
    for key, value in config.items():
        namespace, dot, name = key.partition(".")
        if dot:
            settings.setdefault(namespace, {})[name] = value
    return settings


def _copy(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Copy a mapping, and lists in it, so that a change in place is noticed."""
    # In one operation: another thread may be adding to it.
    copied = dict(mapping)
    for key, value in copied.items():
        if type(value) is list:
            copied[key] = value[:]
    return copied


def _own_copies(request_class: type[Request]) -> list[Callable[[Request], None]]:
    """Return steps that keep a request's changes to itself.

    A request class that has hooks or error pages of its own, assigned to it as plain
    values, hands out the class's. Others make a copy when it is asked for.
    """
    steps: list[Callable[[Request], None]] = []
    if not _is_lazy(request_class, "hooks"):
        steps.append(_copy_hooks)
    if not _is_lazy(request_class, "error_page"):
        steps.append(_copy_error_pages)
    return steps


def _is_lazy(owner: type, name: str) -> bool:
    values = (vars(each)[name] for each in owner.__mro__ if name in vars(each))
    return isinstance(next(values), lazy)


def _copy_hooks(request: Request) -> None:
    assert request.plan is not None  # it has this step
    request._hooks = request.__dict__.setdefault("hooks", request.plan.hook_map())


def _copy_error_pages(request: Request) -> None:
    request.error_page = dict(request.error_page)


def _raising(problem: Exception) -> Callable[[Request], NoReturn]:
    def fail(request: Request) -> NoReturn:
        raise problem

    return fail


def _live_namespace(
    handler: Any, settings: dict[str, Any]
) -> Callable[[Request], None]:
    """Wrap a namespace handler that has to be asked at each request."""

    def ask(request: Request) -> None:
        enter = getattr(handler, "__enter__", None)
        if enter is None:
            for name, value in settings.items():
                handler(name, value)
            return
        with handler as populate:
            for name, value in settings.items():
                populate(name, value)

    return ask
