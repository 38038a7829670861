"""The routes of an application: who answers which URL, with which tools.

The objects are found by `cherrypy.cli.branches`. Config is merged by the dispatcher's
own walk along objects that stand in for the real ones, and by the plan, so that what
is said here is what a request meets.
"""

from __future__ import annotations

import inspect
import os
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.cli.branches import Branches, Found, Step, member
from cherrypy.core.plan import Plan
from cherrypy.extension.dispatch import (
    Dispatcher,
    MethodDispatcher,
    RoutesDispatcher,
)
from cherrypy.extension.dispatch.objects import request_methods
from cherrypy.extension.dispatch.routes import set_layers
from cherrypy.extension.dispatch.trail import CONFIG, walk
from cherrypy.extension.signature import PageParameter, describe
from cherrypy.extension.tool import HandlerTool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Layers = tuple[Mapping[str, Any], ...]

__all__ = [
    "Route",
    "list_routes",
    "name_of",
    "parameters_as_written",
    "place_of",
    "tools_that_are_on",
    "type_name",
]


@dataclass(frozen=True)
class Route:
    """One line of the list."""

    url: str
    """Names in braces are parameters, parts in brackets may be left out."""

    methods: tuple[str, ...] = ()
    """Empty if all are taken."""

    page: Any = None
    """What is called, None if a tool answers."""

    parameters: tuple[PageParameter, ...] = ()

    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The settings of the tools that are on, by name."""

    usual: frozenset[str] = frozenset()
    """The tools that are on everywhere in the site."""

    note: str = ""


def list_routes(apps: Mapping[str, Any]) -> Iterator[Route]:
    """Yield the routes of all applications.

    Args:
        apps: Applications, and other WSGI callables, by mount point.
    """
    for mounted, app in sorted(apps.items()):
        if isinstance(app, cherrypy.Application):
            yield from _Lister(app, mounted).routes()
        else:
            yield Route(f"{mounted}/{{...}}", page=app, note="a WSGI application")


class _Lister:
    """Lists one application."""

    def __init__(self, app: cherrypy.Application, mounted: str) -> None:
        self.app = app
        self.mounted = mounted
        self.usual = frozenset(self._tools(self._plan((app.site_config,), None)))

    def routes(self) -> Iterator[Route]:
        listed = [*self._of_tree(), *self._of_sections()]
        yield from listed
        for domain, prefix in self._hosts().items():
            for route in listed:
                rest = route.url.removeprefix(self.mounted + prefix)
                if route.url.startswith(f"{self.mounted}{prefix}/"):
                    url = f"//{domain}{self.mounted}{rest}"
                    yield Route(**{**vars(route), "url": url})

    # What the dispatcher finds.

    def _dispatcher(self, path: str) -> Any:
        usual = self.app.request_class.dispatch
        dispatcher = self.app.find_config(path or "/", "request.dispatch", usual)
        while (inner := getattr(dispatcher, "next_dispatcher", None)) is not None:
            dispatcher = inner
        return dispatcher

    def _hosts(self) -> dict[str, str]:
        dispatcher = self.app.find_config("/", "request.dispatch")
        domains: dict[str, str] = getattr(dispatcher, "domains", {})
        return domains

    def _of_tree(self) -> Iterator[Route]:
        name = getattr(self._dispatcher("/"), "dispatch_method_name", "_cp_dispatch")
        for found in Branches(self.app.root, name):
            path = "/" + "/".join(step.atom for step in found.steps)
            dispatcher = self._dispatcher(path)
            if isinstance(dispatcher, MethodDispatcher):
                yield from self._resource(found, path)
            elif isinstance(dispatcher, Dispatcher) and not _is_beside(found):
                yield self._page(found, path)

    def _page(self, found: Found, path: str) -> Route:
        plan, note = self._planned(found, path, found.page)
        if found.kind == "dynamic":
            note = note or "dynamic: this finds the page"
        tools = self._tools(plan)
        allowed = tools.get("allow", {}).get("methods") or ()
        methods = (allowed,) if isinstance(allowed, str) else tuple(allowed)
        parameters = _parameters(found.page, found.unbound)
        if found.kind == "dynamic":
            parameters = ()
        return self._route(found.url, methods, found.page, parameters, tools, note)

    def _resource(self, found: Found, path: str) -> Iterator[Route]:
        """Yield a route for each request method of an object."""
        if found.kind == "dynamic":
            yield self._page(found, path)
        if found.kind != "resource":
            return
        for name in sorted(request_methods(found.page)):
            page = member(found.page, name)
            if page is None:  # HEAD, which GET answers
                continue
            plan, note = self._planned(found, path, found.page, page)
            parameters = _parameters(page, found.unbound)
            tools = self._tools(plan)
            yield self._route(found.url, (name,), page, parameters, tools, note)

    def _route(
        self,
        url: str,
        methods: tuple[str, ...],
        page: Any,
        parameters: tuple[PageParameter, ...],
        tools: dict[str, dict[str, Any]],
        note: str,
    ) -> Route:
        url = self.mounted + url
        return Route(url, methods, page, parameters, tools, self.usual, note)

    # What sections of the config answer.

    def _of_sections(self) -> Iterator[Route]:
        for section, entries in self.app.config.items():
            if not section.startswith("/"):
                continue
            dispatcher = entries.get("request.dispatch")
            if dispatcher is not None:
                dispatcher = self._dispatcher(section)
                if isinstance(dispatcher, RoutesDispatcher):
                    yield from self._of_mapper(dispatcher)
                elif not isinstance(dispatcher, Dispatcher):
                    note = "dynamic: this dispatcher finds the page"
                    url = f"{section.rstrip('/')}/{{...}}"
                    yield self._route(url, (), dispatcher, (), {}, note)
            yield from self._of_tools(section)

    def _of_tools(self, section: str) -> Iterator[Route]:
        """Yield what tools answer by themselves, such as static files."""
        steps = tuple(Step(atom, None) for atom in section.split("/") if atom)
        plan = self._plan(*self._layers(Found("page", "", steps, None), section))
        for name, settings in self._tools(plan).items():
            box, _, short = name.rpartition(".")
            tool = getattr(self.app.toolboxes[box or "tools"], short, None)
            switch = f"{box or 'tools'}.{short}.on"
            if isinstance(tool, HandlerTool) and switch in self.app.config[section]:
                told = [settings[key] for key in ("dir", "filename") if key in settings]
                note = " ".join([f"answered by tools.{name}", *map(str, told)])
                tail = "/{...}" if short == "staticdir" else ""
                url = section.rstrip("/") + tail
                tools = self._tools(plan)
                yield self._route(url or "/", (), None, (), tools, note)

    def _of_mapper(self, dispatcher: RoutesDispatcher) -> Iterator[Route]:
        """Yield the patterns of a `RoutesDispatcher`."""
        for pattern in dispatcher.mapper.matchlist:
            defaults = pattern.defaults
            controller = dispatcher.controllers.get(defaults.get("controller"))
            action = defaults.get("action")
            page, note = controller, ""
            if "{action}" in pattern.routepath or ":action" in pattern.routepath:
                note = "dynamic: a method of it, by {action}"
            elif action is not None:
                page = member(controller, action) or controller
            request: Any = self.app.request_class(None, None)
            request.app = self.app
            set_layers(request, pattern.routepath, controller, page)
            plan = self._plan(request.layers, request.static_section)
            methods = tuple((pattern.conditions or {}).get("method", ()))
            parameters = () if note else _parameters(page, isinstance(controller, type))
            url = "/" + pattern.routepath.lstrip("/")
            yield self._route(
                url, methods, page, parameters, self._tools(plan), note or _fault(plan)
            )

    # Config.

    def _planned(self, found: Found, path: str, *pages: Any) -> tuple[Plan, str]:
        layers, section = self._layers(found, path)
        method = pages[1:]
        own = [config for page in method if (config := member(page, CONFIG))]
        plan = self._plan((*layers, *own), section)
        return plan, _fault(plan)

    def _layers(self, found: Found, path: str) -> tuple[Layers, str | None]:
        """Return the config layers that the dispatcher's walk would meet."""
        root = node = _stand_in(self.app.root)
        for step in found.steps:
            name = _as_name(step.atom)
            setattr(node, name, _stand_in(step.node))
            node = getattr(node, name)
        if found.kind in ("index", "default"):
            setattr(node, found.kind, _stand_in(found.page))
            node = getattr(node, found.kind)
        node.exposed = True
        path = "/" + "/".join(_as_name(step.atom) for step in found.steps)
        trail = walk(root, path, site=self.app.site_config, sections=self.app.config)
        return trail.layers, trail.section

    def _plan(self, layers: Layers, section: str | None) -> Plan:
        request = self.app.request_class(None, None)
        return Plan.compile(request, layers, section, self.app.toolboxes)

    def _tools(self, plan: Plan) -> dict[str, dict[str, Any]]:
        return tools_that_are_on(plan.toolmaps)


def tools_that_are_on(
    toolmaps: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> dict[str, dict[str, Any]]:
    """Return the settings of tools by name, with that of other boxes than ``tools``."""
    return {
        name if box == "tools" else f"{box}.{name}": {
            key: value for key, value in settings.items() if key != "on"
        }
        for box, tools in toolmaps.items()
        for name, settings in tools.items()
        if settings.get("on")
    }


def _stand_in(node: Any) -> Any:
    config = None if node is None else member(node, CONFIG)
    return SimpleNamespace(**({CONFIG: config} if config else {}))


def _as_name(atom: str) -> str:
    return atom.strip("{}")


def _fault(plan: Plan) -> str:
    """Return what is wrong with config that no request would survive."""
    if not plan.failed:
        return ""
    try:
        plan.live[-1](None)  # type: ignore[arg-type]  # it raises at once
    except Exception as problem:  # boundary: whatever the namespace has raised
        return f"broken config: {problem}"
    return "broken config"


def _is_beside(found: Found) -> bool:
    """Tell whether something is no page of the program for a usual dispatcher."""
    if found.kind == "resource":
        return True
    module = str(getattr(found.page, "__module__", ""))
    # Ours, for a site that has no icon.
    return found.url == "/favicon_ico" and module.startswith("cherrypy.extension")


def _parameters(page: Any, unbound: bool) -> tuple[PageParameter, ...]:
    """Return the parameters of a page, without the object of a method."""
    try:
        found = describe(page)
    except (TypeError, ValueError):  # nobody knows them
        return ()
    return found[1:] if unbound and inspect.isfunction(page) else found


def name_of(page: Any) -> str:
    """Return the name of a page as one would import it."""
    if page is None:
        return ""
    if inspect.ismodule(page):
        return page.__name__
    # Objects that invent their attributes have any of that name.
    if not isinstance(getattr(page, "__qualname__", None), str):
        page = type(page)
    return f"{page.__module__}.{page.__qualname__}"


def place_of(page: Any) -> tuple[str, int] | None:
    """Return file and line of a page, None if it is not written in Python."""
    if not inspect.isroutine(page) and not isinstance(page, type):
        page = type(page)
    with suppress(TypeError, OSError):
        page = inspect.unwrap(page)
        file = inspect.getsourcefile(page)
        code = getattr(page, "__code__", None)
        line = code.co_firstlineno if code else inspect.getsourcelines(page)[1]
        if file is not None:
            near = os.path.relpath(file)
            return (file if near.startswith("..") else near), line
    return None


def parameters_as_written(parameters: Iterable[PageParameter]) -> list[str]:
    """Return parameters as they stand in a program."""
    return [_written(each) for each in parameters]


def _written(parameter: PageParameter) -> str:
    stars = {"more path": "*", "more query": "**"}.get(parameter.kind, "")
    text = stars + parameter.name
    if parameter.annotation is not None:
        text += f": {type_name(parameter.annotation)}"
    if not parameter.required and not stars:
        equals = " = " if parameter.annotation is not None else "="
        text += f"{equals}{parameter.default!r}"
    return text


def type_name(annotation: Any) -> str:
    """Return a type as it stands in a program."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__name__
    return annotation if isinstance(annotation, str) else str(annotation)
