"""The live walk along the object tree: which page answers a path, and with what config.

For each request the path is followed by plain attribute access, so the tree may change
at any time and nodes may invent their children. Nothing is merged here: the walk
collects the config mappings it meets, weakest first, and leaves it to
`cherrypy.core.plan` to remember what they come to.
"""

from __future__ import annotations

import string
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from cherrypy.core.errors import CherryPyException

if TYPE_CHECKING:
    from collections.abc import Mapping

    Translation = Mapping[int, int | str | None]
    """What `str.translate` takes."""

    _Stop = tuple[Any, int, int, str | None]
    """An object on the path, the number of atoms that led there, the number of
    layers collected by then, the place of the static directory by then."""

    Note = tuple[Any, str | None, Any]
    """What a walk has asked: an object, the name of an attribute, and what it was or
    None. Of a function, all its attributes and a copy of them instead."""

__all__ = [
    "CALLED",
    "CONFIG",
    "MAX_DEPTH",
    "STATIC_DIRECTORY",
    "Trail",
    "find_member",
    "punctuation_to_underscores",
    "walk",
]

punctuation_to_underscores: dict[int, int] = str.maketrans(
    string.punctuation, "_" * len(string.punctuation)
)
"""Maps every ASCII punctuation mark to an underscore."""

CONFIG = "_cp_config"
"""The attribute by which classes, objects and pages carry config."""

CALLED = "()"
"""Stands in the notes of a walk for the name of an attribute: the object was called."""

STATIC_DIRECTORY = "tools.staticdir.dir"
"""The key that makes the path of its layer the place of a static directory."""

MAX_DEPTH = 1000
"""How many objects one walk follows. No tree of pages is this deep; the bound is for
objects that lead back to themselves and for the clients who notice."""

_FEW_SECTIONS = 16
"""Up to here all sections can be compared with a path in no time."""

_MANY_ATOMS = 32
"""From here on a path is too long to look up each of its beginnings in the config."""


class Trail(NamedTuple):
    """What one walk has found."""

    handler: Any
    """The page, or None."""

    atoms: list[str]
    """The rest of the path: positional arguments of the page."""

    is_index: bool | None
    """True if the page stands for a directory, whose URL ends with a slash; None if
    there is no page."""

    layers: tuple[Mapping[str, Any], ...]
    """The live config mappings met on the way, weakest first."""

    section: str | None
    """The path of the last layer that names a static directory."""


def find_member(
    node: Any, atom: str, translate: Translation = punctuation_to_underscores
) -> Any:
    """Return the attribute of a node that a part of a path names, or None.

    Args:
        node: Any object.
        atom: One part of a path; punctuation in it becomes underscores.
        translate: The table for that.
    """
    name = _member_name(atom, translate)
    return None if name is None else _attribute(node, name)


def _member_name(atom: str, translate: Translation) -> str | None:
    """Return the name of the attribute for a part of a path; None if it has none."""
    name = atom.translate(translate)
    # The language's own attributes are no pages: `/page/__wrapped__/x` would call a
    # page without its decorators, `/page/__self__/admin` without its config.
    return None if name[:2] == "__" and name[-2:] == "__" else name


def walk(
    root: Any,
    path: str,
    *,
    site: Mapping[str, Any],
    sections: Mapping[str, Mapping[str, Any]],
    dispatch_method_name: str = "_cp_dispatch",
    translate: Translation = punctuation_to_underscores,
    notes: list[Note] | None = None,
) -> Trail:
    """Follow a path along the tree of objects below `root`.

    Args:
        root: The object at the mount point.
        path: What follows the mount point, %-decoded except for ``%2F``.
        site: The config of the site, the weakest layer.
        sections: The application's config, by path.
        dispatch_method_name: The method that a node may have to find a child where
            there is no attribute. It is called with the list `vpath` of what is
            left of the path, takes from it what it has used (nothing means one
            part) and returns the child or None.
        translate: Applied to each part of the path before it is taken for a name.
        notes: Takes down what was asked of the objects. A dispatch method that was
            called stands there last, because what it does next time is its own affair.

    Raises:
        CherryPyException: A dispatch method has added to `vpath`.
    """
    atoms = list(filter(None, path.split("/"))) if path != "/" else []
    layers: list[Mapping[str, Any]] = [site]
    if sections and len(sections) <= _FEW_SECTIONS:
        sections = _on_the_way(sections, path)
    stops, section = _follow(
        root, atoms, layers, sections, dispatch_method_name, translate, notes
    )
    found: tuple[Any, list[str], bool | None, tuple[Mapping[str, Any], ...], str | None]
    for node, used, count, place in reversed(stops):
        # Speed: a function has no pages below it unless somebody gave it some.
        if type(node) is MethodType and type(node.__func__) is FunctionType:
            default = node.__func__.__dict__.get("default")
        else:
            default = getattr(node, "default", None)
            if notes is not None:
                notes.append((node, "default", default))
        if default is not None and _read(default, "exposed", notes):
            config = _read(default, CONFIG, notes)
            if config:
                layers.insert(count, config)
                if STATIC_DIRECTORY in config and section == place:
                    section = _place(atoms, used)
            found = default, atoms[used:], path[-1:] == "/", tuple(layers), section
            break
        if _read(node, "exposed", notes):
            found = node, atoms[used:], used > len(atoms), tuple(layers), section
            break
    else:
        found = None, [], None, tuple(layers), section
    # Speed: past the constructor, which is written in Python.
    return tuple.__new__(Trail, found)


def _on_the_way(
    sections: Mapping[str, Mapping[str, Any]], path: str
) -> Mapping[str, Mapping[str, Any]]:
    """Leave sections out if but that of the root can lie on the path.

    Speed: most paths have none, and need not be put together bit by bit to see it.
    """
    if "//" in path:
        return sections
    # The page of a directory has a path of its own, see `_follow`.
    longest = path + "index" if path[-1:] == "/" else path + "/index"
    for place in sections:
        if place != "/" and longest.startswith(place):
            return sections
    root = sections.get("/")
    return {"/": root} if root else {}


def _follow(
    root: Any,
    atoms: list[str],
    layers: list[Mapping[str, Any]],
    sections: Mapping[str, Mapping[str, Any]],
    dispatch_method_name: str,
    translate: Translation,
    notes: list[Note] | None,
) -> tuple[list[_Stop], str | None]:
    """Go from object to object as far as there are any, and collect the layers.

    Returns:
        The objects, and the place of the last layer that names a static directory.
    """
    # Speed: everything here runs for each object of each request, so there is one
    # loop where prose would have three, and no call that can be spared.
    stops: list[_Stop] = []
    section = None
    # The page of a directory is a child like any other, one atom further.
    parts = names = [*atoms, "index"]
    total = end = len(parts)
    # The work must be linear in the path, however long a client makes it.
    deepest = total
    if sections and total > _MANY_ATOMS:
        deepest = max(path.count("/") for path in sections)
    usual = translate is punctuation_to_underscores
    name: str | None
    node, at, used = root, 0, 0
    place, seen = "", -1
    for _ in range(MAX_DEPTH):
        # As in `_attribute`: what a bound method has lies in its function.
        if type(node) is MethodType and type(node.__func__) is FunctionType:
            attributes = node.__func__.__dict__
            if notes is not None:
                notes.append((attributes, None, attributes.copy()))
            find = attributes.get
            config = find(CONFIG)
        else:
            find = None
            config = getattr(node, CONFIG, None)
            if notes is not None:
                notes.append((node, CONFIG, config))
        if config:
            layers.append(config)
            if STATIC_DIRECTORY in config:
                section = _place(atoms, used)
        if sections:
            while seen < used and seen < deepest:
                if seen >= 0:
                    place = f"{place}/{parts[seen]}"
                seen += 1
                config = sections.get(place or "/")
                if config:
                    layers.append(config)
                    if STATIC_DIRECTORY in config:
                        section = place or "/"
        stops.append((node, used, len(layers), section))
        if at == end:
            break
        name = names[at]
        at += 1
        if not usual or not (
            name.isalnum() or (name[0] != "_" and name.isidentifier())
        ):
            name = _member_name(name, translate)
        if name is None:
            child = None
        elif find is None:
            child = getattr(node, name, None)
            if notes is not None:
                notes.append((node, name, child))
        else:
            child = find(name)
        if child is None and at < end and (find is None or find(dispatch_method_name)):
            child, rest = _ask(node, names[at - 1 : -1], dispatch_method_name, notes)
            names = [*rest, "index"]
            at, end = 0, len(names)
        node = child
        used = total - end + at
        if child is None:
            if not sections:
                break
            # Beyond the last object there is still config.
            at, used = end, total
    return stops, section


def _place(atoms: list[str], used: int) -> str:
    """Return the path of the object that was reached with so many atoms."""
    return "/" + "/".join([*atoms, "index"][:used])


def _ask(
    node: Any, vpath: list[str], dispatch_method_name: str, notes: list[Note] | None
) -> tuple[Any, list[str]]:
    """Let a node find its child; return it and what is left of the path."""
    dispatch = _read(node, dispatch_method_name, notes)
    if not callable(dispatch) or _read(dispatch, "exposed", notes):
        return None, vpath
    if notes is not None:
        notes.append((dispatch, CALLED, None))
    given = list(vpath)
    child = dispatch(vpath=vpath)
    if len(vpath) > len(given):
        raise CherryPyException(
            f"A vpath segment was added: {dispatch!r} was given {given!r} and left "
            f"{vpath!r}. Dispatch methods may only remove segments."
        )
    if len(vpath) == len(given):
        del vpath[0]
    return child, vpath


def _attribute(node: Any, name: str) -> Any:
    """Return an attribute or None; as getattr does, but quick to find nothing."""
    # Speed: a bound method looks into its function, and when there is nothing makes
    # an exception of it: 275 ns against 33 ns for asking the function's dictionary.
    if type(node) is MethodType and type(node.__func__) is FunctionType:
        return node.__func__.__dict__.get(name)
    return getattr(node, name, None)


def _read(node: Any, name: str, notes: list[Note] | None) -> Any:
    """Return an attribute or None, as `_attribute` does, and note it."""
    if notes is None:
        return _attribute(node, name)
    if type(node) is MethodType and type(node.__func__) is FunctionType:
        attributes = node.__func__.__dict__
        notes.append((attributes, None, attributes.copy()))
        return attributes.get(name)
    answer = getattr(node, name, None)
    notes.append((node, name, answer))
    return answer
