"""Ways that were gone before, and need not be gone again step by step.

To follow a path along the tree is a fifth of a request, and mostly comes to what it
came to last time. So what a walk has asked is noted together with the answers that
the objects gave. As long as they all give the same answers again, the walk would come
to the same end. The tree is asked at each request as before; what is spared is what
the walk does between its questions.

Not for trees whose objects invent their children: where an answer is another one each
time, the path is walked each time.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any

from cherrypy.core.plan import Layers
from cherrypy.extension.dispatch.trail import (
    CALLED,
    CONFIG,
    STATIC_DIRECTORY,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cherrypy.core.app import Application
    from cherrypy.extension.dispatch.trail import Note, Trail, Translation

__all__ = ["Way", "follow"]

_MOST = 1024  # paths; when there are more, all are forgotten
_LONGEST = 128  # characters; clients choose the paths
_DEEPEST = 16  # parts
_TRIES = 4  # ways for a path that did not hold, until no other is tried


class Way:
    """A walk that was made, and what has to be so that it would end there again.

    Never changed after it is made.

    Args:
        app: Its root, the config of the site and its sections were given to the walk.
        path: Where it was to go.
        trail: Where it ended.
        dispatch_method_name: As it was given to the walk.
        translate: Likewise.
        notes: What it has asked.
        tries: How many ways for the same path did not hold.
    """

    __slots__ = (
        "configs",
        "copies",
        "dispatch_method_name",
        "places",
        "questions",
        "root",
        "site",
        "steady",
        "tables",
        "trail",
        "translate",
        "tries",
    )

    def __init__(
        self,
        app: Application,
        path: str,
        trail: Trail,
        dispatch_method_name: str,
        translate: Translation,
        notes: list[Note],
        tries: int,
    ) -> None:
        self.dispatch_method_name: str = dispatch_method_name
        self.translate: Translation = translate
        self.root: Any = app.root
        self.site: Mapping[str, Any] = app.site_config
        # One object for all requests, with which they find their plan.
        self.trail: Trail = trail._replace(layers=Layers(trail.layers))
        self.tries: int = tries
        self.questions: list[tuple[Any, str, Any]] = [
            (node, name, answer) for node, name, answer in notes if name is not None
        ]
        functions = {id(node): (node, copy) for node, name, copy in notes if not name}
        self.tables: list[Any] = [table for table, _ in functions.values()]
        self.copies: list[Any] = [copy for _, copy in functions.values()]
        self.places: list[tuple[str, Mapping[str, Any] | None]] = []
        if app.config:
            self.places.append(("/", app.config.get("/")))
            place = ""
            for atom in (*filter(None, path.split("/")), "index"):
                place = f"{place}/{atom}"
                self.places.append((place, app.config.get(place)))
        self.configs: list[tuple[Mapping[str, Any], bool]] = [
            (layer, STATIC_DIRECTORY in layer) for layer in trail.layers[1:]
        ]
        # An empty config is no layer, and nobody would notice that it is one now.
        empty = (
            *(section for _, section in self.places),
            *(answer for _, name, answer in notes if name == CONFIG),
            *(copy.get(CONFIG) for copy in self.copies),
        )
        self.steady: bool = all(each or each is None for each in empty) and not any(
            name == CALLED for _, name, _ in notes
        )
        """Whether it can be told that the walk would end there again."""

    def holds(
        self, app: Application, dispatch_method_name: str, translate: Translation
    ) -> bool:
        """Tell whether everything is as it was, by asking everybody again."""
        if (
            app.root is not self.root
            or app.site_config is not self.site
            or translate is not self.translate
            or dispatch_method_name != self.dispatch_method_name
        ):
            return False
        for node, name, answer in self.questions:
            found = getattr(node, name, None)
            # A bound method is another object each time, and equal.
            if found is not answer and not (
                found.__class__ is MethodType and found == answer
            ):
                return False
        if self.tables != self.copies:
            return False
        sections = app.config
        if sections and not self.places:
            return False
        for place, section in self.places:
            if sections.get(place) is not section:
                return False
        for layer, is_static in self.configs:
            if not layer or (STATIC_DIRECTORY in layer) is not is_static:
                return False
        return True


def follow(
    app: Application, path: str, dispatch_method_name: str, translate: Translation
) -> Trail:
    """Follow a path below the root of an application; see `walk`.

    Threads come here without a lock: each step is one operation on a dictionary.
    """
    ways = app.ways
    known = ways.get(path)
    if known.__class__ is Way and known.holds(app, dispatch_method_name, translate):
        trail: Trail = known.trail
        return trail
    notes: list[Note] | None = None
    tries = 0
    if known is None:
        # Nothing is noted of a path that may never come again.
        if len(path) <= _LONGEST and path.count("/") <= _DEEPEST:
            if len(ways) >= _MOST:
                ways.clear()
            ways[path] = tries
    else:
        tries = known.tries + 1 if known.__class__ is Way else known
        if tries < _TRIES:
            notes = []
        else:
            ways[path] = tries
    trail = walk(
        app.root,
        path,
        site=app.site_config,
        sections=app.config,
        dispatch_method_name=dispatch_method_name,
        translate=translate,
        notes=notes,
    )
    if notes is not None:
        way = Way(app, path, trail, dispatch_method_name, translate, notes, tries)
        ways[path] = way if way.steady else _TRIES
    return trail
