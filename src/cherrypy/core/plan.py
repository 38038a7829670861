"""The plan of a page: what can be known before a request for it comes.

Dispatching walks the living object tree for each request, but it merges nothing. It
collects the mappings it meets: site config, each node's ``_cp_config``, the sections
of the application's config. A `Plan` is compiled from them once and kept with a copy
of each. Before it is used again every mapping is compared with its copy, so whatever
is changed at run time, wherever, is seen by the next request. There is no
invalidation to forget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cherrypy.core.hooks import Hook, HookMap
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

    Layers = tuple[Mapping[str, Any], ...]

__all__ = ["Plan", "PlanDraft", "Plannable", "Plans", "merge_layers"]


@runtime_checkable
class Plannable(Protocol):
    """A config namespace that can say beforehand what it will do to a request."""

    def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Add to the draft what these settings (without the prefix) ask for."""


class PlanDraft:
    """A plan in the making, to which every namespace adds its part."""

    def __init__(self, hooks: HookMap) -> None:
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
        self.hooks: HookMap = hooks
        """The hooks of the request class; what is attached here is added to them."""
        self.toolmaps: dict[str, dict[str, dict[str, Any]]] = {}
        """Settings by toolbox and tool."""
        self.live: list[Callable[[Request], None]] = []
        """What cannot be known beforehand and runs at each request."""
        self.watched: list[Mapping[Any, Any]] = []
        """Mappings on whose contents the plan depends, besides the layers."""

    def watch(self, mapping: Mapping[Any, Any]) -> None:
        """Make the plan depend on what this mapping contains."""
        self.watched.append(mapping)


class Plan:
    """What a set of config layers comes to, ready to be applied to a request.

    Never changed after it is made.
    """

    __slots__ = (
        "body",
        "config",
        "copies",
        "error_pages",
        "hooks",
        "hooks_only",
        "layers",
        "live",
        "pristine",
        "request",
        "request_class",
        "response",
        "response_headers",
        "toolmaps",
        "watched",
    )

    def __init__(
        self,
        layers: Layers,
        config: dict[str, Any],
        request_class: type[Request],
        draft: PlanDraft,
    ) -> None:
        self.layers = layers
        self.config = config
        self.request_class = request_class
        self.request = draft.request
        self.response = draft.response
        self.response_headers = draft.response_headers
        self.body = draft.body
        self.error_pages = draft.error_pages
        self.toolmaps = draft.toolmaps
        self.live = tuple(draft.live)
        # Speed: most pages ask for nothing but the default tools.
        self.hooks_only = not (
            self.request
            or self.response
            or self.response_headers
            or self.body
            or self.error_pages
            or self.live
        )
        self.hooks: dict[str, tuple[Hook, ...]] = {
            point: tuple(sorted(hooks)) for point, hooks in draft.hooks.items()
        }
        self.pristine = request_class.hooks
        self.watched: list[Mapping[Any, Any]] = [
            *layers,
            self.pristine,
            *draft.watched,
        ]
        self.copies: list[Mapping[Any, Any]] = [_copy(each) for each in self.watched]

    def holds(self, request_class: type[Request]) -> bool:
        """Tell whether everything this plan was made from is as it was."""
        if (
            self.request_class is not request_class
            or self.pristine is not request_class.hooks
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
        layers: Layers,
        section: str | None,
        toolboxes: Mapping[str, Any],
    ) -> Plan:
        """Merge the layers and ask each namespace for its part.

        Args:
            request: Gives the hooks to begin with and the namespaces to ask.
            layers: The live config mappings, weakest first.
            section: Path of the layer that names a static directory, if one does.
            toolboxes: More namespaces by name.
        """
        config = merge_layers(layers, section)
        settings = _by_namespace(config)
        request_class = type(request)
        draft = PlanDraft(request_class.hooks.copy())
        draft.watch(request.namespaces)
        draft.watch(toolboxes)
        for name, handler in {**request.namespaces, **toolboxes}.items():
            mine = settings.get(name)
            if mine is None:
                continue
            if isinstance(handler, Plannable):
                handler.plan(draft, mine)
            else:
                draft.live.append(_live_namespace(handler, mine))
        return cls(layers, config, request_class, draft)

    def apply(self, request: Request, response: Response) -> None:
        """Make request and response what this plan says, before the first hook."""
        request.plan = self
        if "hooks" in request.__dict__:
            self._add_hooks(request.hooks)
        if self.hooks_only:
            return
        for name, value in self.request.items():
            setattr(request, name, value)
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
        layers: Layers,
        section: str | None,
        toolboxes: Mapping[str, Any],
    ) -> Plan:
        """Return the plan for these layers, compiled anew where it must be."""
        # A plan holds its layers, so an identity in a key cannot be recycled.
        key = (section, id(request.namespaces), id(toolboxes), *map(id, layers))
        plan = self._plans.get(key)
        if plan is not None and plan.holds(type(request)):
            return plan
        plan = Plan.compile(request, layers, section, toolboxes)
        if len(self._plans) >= self.limit:
            self._plans.clear()
        self._plans[key] = plan
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
    return {
        key: value[:] if type(value) is list else value
        for key, value in mapping.items()
    }


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
