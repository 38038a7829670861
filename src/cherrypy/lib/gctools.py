"""Finding leaks: what is still there that should be gone, and who holds on to it.

::

    from cherrypy.lib import gctools

    root.gc = gctools.GCRoot()

``/gc/`` shows how many objects of each type there are and which become more;
``/gc/stats`` checks those of the framework, for tests: if nothing leaks, the answer is
``Statistics:`` and no more.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cherrypy._legacy import lender
from cherrypy.application.expose import expose
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPRedirect, NotFound
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.core.wsgi import AppResponse
from cherrypy.environment.site import engine
from cherrypy.lib.diagnostic_pages import (
    DiagnosticPages,
    Figure,
    Markup,
    escaped,
    link,
    table,
    tiles,
)
from cherrypy.lib.referrers import ReferrerTree, get_context, get_instances
from cherrypy.process.plugins import SimplePlugin

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

__all__ = [
    "GCRoot",
    "ReferrerTree",
    "RequestCounter",
    "get_context",
    "get_instances",
    "objgraph",
    "request_counter",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

objgraph: Any = None
"""Stands for a package that is not used; always None."""

_PATIENCE_SECONDS = 1.0
_MOST_TYPES = 40
_MOST_INSTANCES = 3


class RequestCounter(SimplePlugin):
    """Counts the requests that are running, in `count`."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self.count: int = 0
        """How many requests have begun and not ended."""
        self._lock = threading.Lock()
        """Guards the count; every thread that serves a request comes here."""

    def start(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self.count = 0

    def before_request(self) -> None:
        """Count one more."""
        with self._lock:
            self.count += 1

    def after_request(self) -> None:
        """Count one less."""
        with self._lock:
            self.count -= 1


request_counter: Final[RequestCounter] = RequestCounter(engine)
"""The counter of this process; it counts once this module is imported."""

request_counter.subscribe()


class GCRoot(DiagnosticPages):
    """Pages that show what the garbage collector knows."""

    classes: ClassVar[list[tuple[type, int, int, str]]] = [
        (
            Request,
            2,
            2,
            "Should be 1 in this request thread and 1 in the main thread.",
        ),
        (
            Response,
            2,
            2,
            "Should be 1 in this request thread and 1 in the main thread.",
        ),
        (
            AppResponse,
            0,
            1,
            "Should be 1 in this request thread only, none without WSGI.",
        ),
    ]
    """Classes, how many objects of each there may be at least and at most while only
    this page runs, and why."""

    def __init__(self) -> None:
        self._before: Counter[str] | None = None

    @expose
    def index(self) -> str:
        """Show how many objects there are, and which have become more."""
        self._admit()
        kinds = _count_kinds()
        before, self._before = self._before, kinds
        grown = kinds - before if before is not None else Counter()
        by_interest = sorted(kinds, key=lambda name: (-grown[name], -kinds[name], name))
        rows = [
            [_link(name), kinds[name], Figure(f"+{grown[name]}" if grown[name] else "")]
            for name in by_interest[:_MOST_TYPES]
        ]
        since = "since the page was shown before" if before is not None else ""
        collected = sum(each["collected"] for each in gc.get_stats())
        main = tiles(
            [
                ("Objects", f"{kinds.total():,}", f"of {len(kinds):,} types"),
                ("More", f"{grown.total():,}", since),
                ("Collected", f"{collected:,}", "in cycles, so far"),
                ("Uncollectable", f"{len(gc.garbage):,}", "in gc.garbage"),
                ("Requests", f"{request_counter.count:,}", "running now"),
            ]
        )
        main += (
            '<form class="bar" action="collect" method="POST">'
            "<button>Collect garbage now</button></form>"
            f"<h2>The framework</h2>{self._framework()}"
            f"<h2>Objects by type</h2>{table(['Type', 'Objects', 'More'], rows)}"
            '<p class="note">Only objects that can be part of a cycle are known: no '
            "numbers, no texts. Reload the page after some requests: what becomes more "
            "each time may leak.</p>"
        )
        links = [("stats", "For tests"), (".", "Reload")]
        return self._page("Objects", main, kind="Diagnostics", links=links)

    def _framework(self) -> str:
        rows = []
        for cls, least, most, why in self.classes:
            number = len(get_instances(cls))
            expected = str(least) if least == most else f"{least} to {most}"
            rows.append([_link(_name(cls)), number, Figure(expected), why])
        return table(["Type", "Objects", "Expected", ""], rows)

    @expose
    def collect(self) -> None:
        """Collect garbage."""
        self._admit_change()
        gc.collect()
        raise HTTPRedirect("./")

    @expose
    def referrers(self, kind: str) -> str:
        """Show some objects of a type, and what refers to them.

        Args:
            kind: The module and name of the type.
        """
        self._admit()
        found = [obj for obj in gc.get_objects() if _name(type(obj)) == kind]
        if not found:
            raise NotFound()
        # The latest are the most likely to tell who made them.
        latest = found[-_MOST_INSTANCES:]
        tree = ReferrerTree([found, latest], maxdepth=3)
        tree.peek_length = 100
        shown = []
        for obj in latest:
            lines = tree.format([(obj, tree.ascend(obj))])
            text = "\n".join(line[4:] for line in lines)
            shown.append(f'<pre class="card tree">{escaped(text)}</pre>')
        main = (
            f'<p class="note">{len(found):,} objects; below each, further in, what '
            "refers to it.</p>" + "<br>".join(shown)
        )
        return self._page(kind, main, kind="Objects", links=[(".", "All types")])

    @expose
    def stats(self) -> str:
        """Check that nothing of the framework leaks; plain text."""
        self._admit()
        serving = current.get()
        if serving.request.app is not None:
            serving.response.headers["Content-Type"] = "text/plain;charset=utf-8"
        output = ["Statistics:"]
        # Others may be about to end; this request is counted as well.
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while request_counter.count > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        if request_counter.count > 1:
            output.append(
                f"\nNot all requests closed properly: {request_counter.count} run."
            )
        # What finalizers and other threads leave behind meanwhile is no leak.
        unreachable = gc.collect()
        for _ in range(5):
            if not unreachable:
                break
            unreachable = gc.collect()
        if unreachable:
            output.append(f"\n{unreachable} unreachable objects.")
        if gc.garbage:
            output.append(f"\n{len(gc.garbage)} uncollectable objects:")
            kinds = Counter(_name(type(obj)) for obj in gc.garbage)
            output += [f"    {name}: {count}" for name, count in kinds.most_common()]
        for cls, least, most, why in self.classes:
            output += _unexpected(cls, least, most, why)
        return "\n".join(output)


def _unexpected(cls: type, least: int, most: int, why: str) -> list[str]:
    """Return lines about a class of which there are too many or too few objects."""
    found = get_instances(cls)
    if least <= len(found) <= most:
        return []
    lines = [f"\n{len(found)} of {_name(cls)}, not {least} to {most}. {why}"]
    for obj in found:
        tree = ReferrerTree([found], maxdepth=3)
        lines.append(f"\n  {cls.__name__} at {id(obj):#x} ({get_context(obj)}):")
        lines += tree.format(tree.ascend(obj))
    return lines


def _count_kinds() -> Counter[str]:
    by_type = Counter(map(type, gc.get_objects()))
    by_name: Counter[str] = Counter()
    for kind, number in by_type.items():
        by_name[_name(kind)] += number
    return by_name


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _link(name: str) -> Markup:
    return link(name, "referrers", kind=name)
