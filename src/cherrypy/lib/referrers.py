"""Who holds on to an object: the tree of its referrers, as text."""

from __future__ import annotations

import gc
import reprlib
from types import FrameType
from typing import TYPE_CHECKING, Any

from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.core.wsgi import AppResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Tree = list[tuple[Any, "Tree"]]

__all__ = ["ReferrerTree", "get_context", "get_instances"]


class _ShortRepr(reprlib.Repr):
    """Describes objects without looking far into them."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxstring = self.maxother = 60


_short = _ShortRepr()


class ReferrerTree:
    """Finds what refers to an object, and what refers to that.

    Args:
        ignore: Objects that do not count as referrers.
        maxdepth: How many steps to go.
        maxparents: Of more referrers of one object only the number is told.
    """

    peek_length: int = 40
    """How many letters to show of an object."""

    def __init__(
        self,
        ignore: Iterable[Any] | None = None,
        maxdepth: int = 2,
        maxparents: int = 10,
    ) -> None:
        self.ignore: list[Any] = list(ignore or [])
        self.maxdepth = maxdepth
        self.maxparents = maxparents
        # The lists of the search itself refer to what it has found.
        self._own: list[Any] = [self.ignore]

    def ascend(self, obj: Any, depth: int = 1) -> Tree:
        """Return the referrers of an object, each with its own.

        Args:
            obj: The object.
            depth: How many steps have been gone.
        """
        tree: Tree = []
        found = gc.get_referrers(obj)
        self._own += [found, tree]
        ignored = {id(each) for each in (*self.ignore, *self._own, self._own)}
        parents = [
            parent
            for parent in found
            if id(parent) not in ignored and not _is_own_frame(parent)
        ]
        self._own.append(parents)
        if len(parents) > self.maxparents:
            return [(f"[{len(parents)} referrers]", [])]
        for parent in parents:
            # Everything leads to the modules, and nothing leads on from there.
            higher = depth < self.maxdepth and not _is_module(parent)
            above = self.ascend(parent, depth + 1) if higher else []
            self._own.append(above)
            pair = (parent, above)
            self._own.append(pair)
            tree.append(pair)
        return tree

    def peek(self, s: str) -> str:
        """Return a text without its middle, if it is long."""
        if len(s) <= self.peek_length:
            return s
        half = self.peek_length // 2
        return f"{s[:half]}...{s[-half:]}"

    def format(self, tree: Tree) -> list[str]:
        """Return a tree as lines of text, indented by depth."""
        return list(self._lines(tree, 1))

    def _lines(self, branches: Tree, depth: int) -> Iterator[str]:
        for parent, above in branches:
            yield "    " * depth + self.peek(_described(parent))
            yield from self._lines(above, depth + 1)


def _is_own_frame(obj: Any) -> bool:
    """Tell whether this is a call of the search itself."""
    return isinstance(obj, FrameType) and obj.f_globals is globals()


def _is_module(obj: Any) -> bool:
    """Tell whether this is the dictionary of a module."""
    return type(obj) is dict and "__spec__" in obj and "__name__" in obj


def _described(obj: Any) -> str:
    if isinstance(obj, str):
        return obj
    if _is_module(obj):
        return f"<globals of {obj['__name__']}>"
    if isinstance(obj, FrameType):
        return f"<frame {obj.f_code.co_qualname}:{obj.f_lineno}>"
    try:
        text = _short.repr(obj)
    except Exception as problem:  # boundary: anybody's __repr__
        text = f"<{type(obj).__qualname__}: its repr raises {type(problem).__name__}>"
    context = get_context(obj)
    return f"{text} ({context})" if context else text


def get_instances(cls: type) -> list[Any]:
    """Return the objects of this class, subclasses too, that the collector knows."""
    # By type: a proxy has the class of what it stands for.
    return [obj for obj in gc.get_objects() if issubclass(type(obj), cls)]


def get_context(obj: object) -> str:
    """Return what there is to say about an object of the framework, else nothing."""
    if isinstance(obj, Request):
        return f"path={obj.path_info};stage={obj.stage}"
    if isinstance(obj, Response):
        return f"status={obj.status}"
    if isinstance(obj, AppResponse):
        return f"PATH_INFO={obj.environ.get('PATH_INFO', '')}"
    line = getattr(obj, "tb_lineno", None)
    return "" if line is None else f"tb_lineno={line}"
