"""Where the config of a request came from, and along which objects its path led."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cherrypy.cli.branches import is_exposed
from cherrypy.cli.listing import name_of
from cherrypy.core.wording import nearest
from cherrypy.extension.dispatch import MethodDispatcher, RoutesDispatcher
from cherrypy.extension.dispatch.trail import CONFIG, find_member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cherrypy.cli.settings import Provenance
    from cherrypy.cli.trace import Note

__all__ = ["Entry", "entries", "why_not_found"]


@dataclass(frozen=True)
class Entry:
    """A config value that is in force."""

    key: str
    value: Any
    origin: str
    overridden: tuple[tuple[Any, str], ...]
    """What it took the place of, with the origins, strongest first."""


def entries(note: Note, provenance: Provenance) -> list[Entry]:
    """Return the config in force for a request, by key."""
    request = note.request
    if request.layers is None:
        where = "the dispatcher, which merges config itself"
        return [Entry(key, each, where, ()) for key, each in _sorted(note.config)]
    found: dict[str, list[tuple[Any, str]]] = {}
    for layer in request.layers:
        origin = _origin(layer, note, provenance)
        for key, value in layer.items():
            found.setdefault(key, []).insert(0, (value, origin(key)))
    if request.static_section is not None:
        value = (request.static_section, "the dispatcher")
        found.setdefault("tools.staticdir.section", []).insert(0, value)
    return [
        Entry(key, values[0][0], values[0][1], tuple(values[1:]))
        for key, values in _sorted(found)
    ]


def _sorted(config: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(config.items(), key=lambda item: item[0])


def _origin(
    layer: Mapping[str, Any], note: Note, provenance: Provenance
) -> Callable[[str], str]:
    """Return what names the origin of the keys of a layer."""
    app = note.request.app
    if layer is app.site_config:
        return lambda key: provenance.site.get(key, "cherrypy.config")
    for section, own in app.config.items():
        if own is layer:
            usual = f"[{section}] of the application's config"
            return lambda key: provenance.sections.get((section, key), usual)
    owner = _owner(layer, note)
    return lambda key: owner


def _owner(layer: Mapping[str, Any], note: Note) -> str:
    """Return who bears a layer as its `_cp_config`."""
    page = note.page
    nodes = [node for _, node in _followed(note)]
    nodes += [page, getattr(page, "__self__", None)]
    for node in filter(lambda node: node is not None, nodes):
        if getattr(node, CONFIG, None) is not layer:
            continue
        if hasattr(node, "__qualname__"):
            kind = "class" if isinstance(node, type) else "decorators of"
            return f"{kind} {name_of(node)}"
        for each in type(node).__mro__:
            if vars(each).get(CONFIG) is layer:
                return f"class {name_of(each)}"
        return f"an object of class {name_of(node)}"
    return "an object on the path"


def _followed(note: Note) -> Iterator[tuple[str, Any]]:
    """Yield the objects along the path, as far as plain attributes lead."""
    request = note.request
    node = request.app.root
    yield "", node
    for atom in [atom for atom in request.path_info.split("/") if atom] + ["index"]:
        child = find_member(node, atom)
        if child is None:
            default = getattr(node, "default", None)
            if default is not None:
                yield "default", default
            return
        node = child
        yield atom, node


def why_not_found(note: Note) -> str:
    """Return why the dispatcher found no page, and what to do about it."""
    request = note.request
    dispatcher = request.app.find_config(
        request.path_info or "/", "request.dispatch", request.dispatch
    )
    if isinstance(dispatcher, RoutesDispatcher):
        patterns = [_pattern(each) for each in dispatcher.mapper.matchlist]
        return f"no pattern matches; there are {', '.join(patterns) or 'none'}."
    nodes = list(_followed(note))
    atoms = [atom for atom in request.path_info.split("/") if atom]
    met = [node for atom, node in nodes if atom != "default"]
    last = met[-1]
    if len(met) > len(atoms) + 1:  # an index that does not answer
        return _not_exposed(last)
    if len(met) == len(atoms) + 1:
        if isinstance(dispatcher, MethodDispatcher):
            return f"{_object(last)} is not exposed; give its class exposed = True."
        if callable(last) and not is_exposed(last):
            return _not_exposed(last)
        return f"{_object(last)} has no exposed index and no exposed default."
    atom = atoms[len(met) - 1]
    names = [name for name in dir(last) if not name.startswith("_")]
    near = nearest(atom, names)
    text = f"{_object(last)} has no {atom!r}"
    if near:
        text += f" (did you mean {near!r}?)"
    if hasattr(last, "_cp_dispatch"):
        text += ", its _cp_dispatch found nothing either"
    return f"{text}, and no object on the way has an exposed default."


def _pattern(route: Any) -> str:
    """Return a pattern, and the methods if it answers only some."""
    methods = (route.conditions or {}).get("method")
    only = f" (only {', '.join(methods)})" if methods else ""
    return f"{route.routepath}{only}"


def _object(node: Any) -> str:
    name = name_of(node)
    return name if hasattr(node, "__qualname__") else f"the object of class {name}"


def _not_exposed(node: Any) -> str:
    return (
        f"{name_of(node)} is there, but it is not exposed; put @cherrypy.expose "
        "before it if it is a page."
    )
