"""What can be reached from a root object by its attributes.

A dispatcher follows one path; here all of them are followed. Nothing of the program
is called: properties are left alone, and objects that come from `_cp_dispatch` or are
made by a handler of `popargs` are only named.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    Kind = Literal["index", "default", "page", "resource", "dynamic"]

__all__ = ["Branches", "Found", "Step", "is_exposed", "member"]

_MOST_OBJECTS = 20_000
"""How many objects are looked at; roots may hold on to anything."""

_MOST_FOUND = 10_000

_OURS_WITH_PAGES = ("cherrypy.lib.", "cherrypy.tutorial.", "cherrypy.scaffold")

_ENDS = (str, bytes, int, float, complex, list, tuple, dict, set, frozenset, type(None))


@dataclass(frozen=True)
class Step:
    """One part of a path, and the object that it leads to."""

    atom: str
    """As in a URL, or a name in braces."""

    node: Any
    """The object; None for a part that only gives a parameter."""


@dataclass(frozen=True)
class Found:
    """Something that answers."""

    kind: Kind
    """How it is found: as the index or the default of an object, by its own name, as
    an object with a method for each request method, or only when it is asked."""

    url: str
    steps: tuple[Step, ...]
    """The way from the root to the object that has the page, or is it."""

    page: Any

    unbound: bool = False
    """Whether it is a function of a class, to be called on an object yet to be made."""


class Branches:
    """The tree of objects below a root.

    Args:
        root: Any object.
        dispatch_method_name: The method by which objects find their children.
    """

    def __init__(self, root: Any, dispatch_method_name: str = "_cp_dispatch") -> None:
        self.root = root
        self.dispatch_method_name = dispatch_method_name
        # By identity; the objects are kept, so that no identity is used again.
        self._children: dict[int, tuple[Any, list[tuple[str, Any]]]] = {}
        self._fertile = self._find_fertile()

    def __iter__(self) -> Iterator[Found]:
        """Yield all there is, in the order of the attributes."""
        for count, found in enumerate(self._below(self.root, "", (), frozenset())):
            if count == _MOST_FOUND:
                return
            yield found

    # Which objects are worth a look.

    def children(self, node: Any) -> list[tuple[str, Any]]:
        """Return the attributes of an object that a path can lead to."""
        known = self._children.get(id(node))
        if known is None:
            found = [
                (name, value)
                for name in _names(node)
                if (value := member(node, name)) is not None and _is_node(value)
            ]
            known = self._children[id(node)] = (node, found)
        return known[1]

    def _find_fertile(self) -> set[int]:
        """Return the identities of the objects from which a page can be reached."""
        parents: dict[int, list[int]] = {}
        waiting, seen, fertile = [self.root], {id(self.root)}, []
        while waiting and len(seen) < _MOST_OBJECTS:
            node = waiting.pop(0)
            if is_exposed(node) or self._dispatch(node) is not None:
                fertile.append(id(node))
            others = [child for _, child in self.children(node)]
            others += filter(None, [self._handler(node)])
            for child in others:
                parents.setdefault(id(child), []).append(id(node))
                if id(child) not in seen:
                    seen.add(id(child))
                    waiting.append(child)
        found: set[int] = set()
        while fertile:
            each = fertile.pop()
            if each not in found:
                found.add(each)
                fertile += parents.get(each, ())
        return found

    def _dispatch(self, node: Any) -> Any:
        dispatch = member(node, self.dispatch_method_name)
        return dispatch if callable(dispatch) and not is_exposed(dispatch) else None

    def _handler(self, node: Any) -> Any:
        """Return what `popargs` goes on with, if that is known already."""
        _, handler = getattr(self._dispatch(node), "__popargs__", ((), None))
        known = isinstance(handler, type) or not callable(handler)
        return handler if known else None

    # The way down.

    def _below(
        self, node: Any, url: str, steps: tuple[Step, ...], above: frozenset[int]
    ) -> Iterator[Found]:
        if id(node) in above or id(node) not in self._fertile:
            return
        yield from self._of(node, url, steps, self._names_of_popargs(node))
        yield from self._children_of(node, url, steps, above)
        yield from self._dispatched(node, url, steps, above)

    def _names_of_popargs(self, node: Any) -> tuple[str, ...]:
        """Return the parts of the path that the object itself takes."""
        names, handler = getattr(self._dispatch(node), "__popargs__", ((), None))
        return tuple(names) if handler is None else ()

    def _of(
        self, node: Any, url: str, steps: tuple[Step, ...], taken: tuple[str, ...] = ()
    ) -> Iterator[Found]:
        """Yield the pages that an object has or is."""
        unbound = isinstance(node, type)
        index, default = member(node, "index"), member(node, "default")
        if is_exposed(index):
            optional = "".join(f"[{{{name}}}/" for name in taken) + "]" * len(taken)
            yield Found("index", f"{url}/{optional}", steps, index, unbound)
        if is_exposed(node):
            if not isinstance(node, FunctionType | MethodType):
                yield Found("resource", url or "/", steps, node, unbound)
            if callable(node) and not unbound:
                yield Found("page", url or "/", steps, node)
        if is_exposed(default):
            yield Found("default", f"{url}/{{...}}", steps, default, unbound)

    def _children_of(
        self, node: Any, url: str, steps: tuple[Step, ...], above: frozenset[int]
    ) -> Iterator[Found]:
        for name, child in self.children(node):
            if name in ("index", "default"):
                continue
            here = (*steps, Step(name, child))
            place = f"{url}/{name}"
            if isinstance(node, type) and isinstance(child, FunctionType):
                if is_exposed(child):
                    yield Found("page", place, here, child, unbound=True)
            else:
                yield from self._below(child, place, here, above | {id(node)})

    def _dispatched(
        self, node: Any, url: str, steps: tuple[Step, ...], above: frozenset[int]
    ) -> Iterator[Found]:
        """Yield what lies behind the object's own way of finding children."""
        dispatch = self._dispatch(node)
        if dispatch is None:
            return
        names, handler = getattr(dispatch, "__popargs__", ((), dispatch))
        place = url + "".join(f"/{{{name}}}" for name in names)
        taken = [Step(f"{{{name}}}", None) for name in names[:-1]]
        if handler is None:
            last = (*steps, *taken, Step(place.rpartition("/")[2], node))
            yield from self._children_of(node, place, last, above)
        elif self._handler(node) is not None:
            last = (*steps, *taken, Step(place.rpartition("/")[2], handler))
            yield from self._below(handler, place, last, above | {id(node)})
        else:
            yield Found("dynamic", f"{place}/{{...}}", steps, handler)


def member(node: Any, name: str) -> Any:
    """Return an attribute without running any code for it, None if that cannot be."""
    node = _function(node)
    static = inspect.getattr_static(node, name, None)
    if static is None:
        return None
    is_method = isinstance(static, FunctionType | staticmethod | classmethod)
    if not is_method and hasattr(type(static), "__get__"):
        # A property or the like: who knows what it does.
        return None
    try:
        return getattr(node, name, None)
    except Exception:  # boundary: __getattribute__ of users may do anything
        return None


def is_exposed(value: Any) -> bool:
    """Tell whether something is a page."""
    return bool(inspect.getattr_static(_function(value), "exposed", False))


def _function(value: Any) -> Any:
    """Return the function of a method, which has its attributes; else the value."""
    return value.__func__ if isinstance(value, MethodType) else value


def _names(node: Any) -> list[str]:
    """Return the names of attributes, in the order in which they were written."""
    if isinstance(node, FunctionType | MethodType):
        # A function has attributes only if somebody has given it some.
        names = list(vars(_function(node)))
    else:
        classes = node.__mro__ if isinstance(node, type) else type(node).__mro__
        places: list[Any] = [vars(each) for each in reversed(classes[:-1])]
        if not isinstance(node, type):
            places.append(getattr(node, "__dict__", {}))
        names = list(dict.fromkeys(name for place in places for name in place))
    return [name for name in names if not name.startswith("__")]


def _is_node(value: Any) -> bool:
    """Tell whether a path may lead through a value, or end there."""
    if isinstance(value, FunctionType | MethodType):
        return is_exposed(value) or bool(vars(_function(value)))
    if isinstance(value, _ENDS):
        return False
    named = isinstance(value, ModuleType | type)
    if isinstance(value, ModuleType):
        module = f"{value.__name__}."
    else:
        module = f"{value.__module__ if named else type(value).__module__}."
    top = module.partition(".")[0]
    if top == "cherrypy":
        return module.startswith(_OURS_WITH_PAGES) and not isinstance(value, ModuleType)
    return is_exposed(value) or top not in sys.stdlib_module_names
