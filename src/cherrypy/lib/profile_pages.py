"""The pages that show profiles: which there are, each as a table and as a drawing."""

from __future__ import annotations

import io
import os
import pstats
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cherrypy.application.expose import expose
from cherrypy.core.context import current
from cherrypy.core.errors import NotFound
from cherrypy.environment.site import log
from cherrypy.lib.diagnostic_pages import (
    DiagnosticPages,
    Figure,
    Markup,
    address,
    escaped,
    link,
    table,
    tiles,
)
from cherrypy.lib.flamegraph import draw, duration
from cherrypy.lib.profile_data import Profile

if TYPE_CHECKING:
    from cherrypy.lib.profile_data import FunctionTimes

__all__ = ["ProfilePages", "name_of", "number_of"]

_NAMES = re.compile(r"cp_\d{1,9}\.prof", re.ASCII)

_COLUMNS = (
    ("calls", "Calls"),
    ("time", "Own time"),
    ("cumulative", "With callees"),
    ("percall", "Per call"),
    ("name", "Function"),
    ("file", "Where"),
)

# documented behaviour: other names that pstats has for these.
_ORDERS = {
    "cumtime": "cumulative",
    "filename": "file",
    "module": "file",
    "ncalls": "calls",
    "tottime": "time",
}

# What pstats does not sort by, or by another name.
_TEXT_ORDERS = {"file": "filename", "percall": "cumulative"}

_MOST_ROWS = 500
_MOST_TOTALS = 50

_WHAT_IT_SAYS = """
Each function stands below the one that called it, as wide as it took time. The
profiler knows pairs of functions, not whole stacks: a function with several callers is
shown below each of them with its share of the time, divided inside as on average."""


def name_of(number: int) -> str:
    """Return what the file of a run is called."""
    return f"cp_{number:04d}.prof"


def number_of(name: str) -> int:
    """Return the number in a name that `name_of` has made."""
    return int(name.removeprefix("cp_").removesuffix(".prof"))


class ProfilePages(DiagnosticPages):
    """Shows the profiles in a folder.

    Args:
        path: The folder; files that are not called like ``cp_0001.prof`` are left
            alone.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.skipped = 0
        """How many runs were not profiled, because another one was at the time."""

    def statfiles(self) -> list[str]:
        """Return the names of the files there are, in the order of their numbers."""
        found = [name for name in os.listdir(self.path) if _NAMES.fullmatch(name)]
        return sorted(found, key=number_of)

    def stats(self, filename: str, sortby: str = "cumulative") -> str:
        """Return a profile as text, as `pstats` prints it.

        Args:
            filename: One of `statfiles`.
            sortby: A key of `pstats.Stats.sort_stats`.

        Raises:
            NotFound: There is no such file.
        """
        text = io.StringIO()
        printed = pstats.Stats(self._file(filename), stream=text)
        printed.sort_stats(sortby).print_stats()
        return text.getvalue()

    def _file(self, filename: str) -> str:
        if filename not in self.statfiles():
            raise NotFound()
        return os.path.join(self.path, filename)

    def _profile(self, filename: str) -> Profile:
        path = self._file(filename)
        try:
            return Profile(path)
        except (OSError, ValueError) as problem:
            log(f"A profile cannot be shown: {problem}", "PROFILER")
            raise NotFound() from problem

    @expose
    def index(self) -> str:
        """Show which profiles there are."""
        self._admit()
        rows = [
            self._run_row(name, number < _MOST_TOTALS)
            for number, name in enumerate(reversed(self.statfiles()))
        ]
        if rows:
            main = table(["Run", "Ended", "Took", "Calls", ""], rows)
        else:
            main = '<p class="note">No page has run under the profiler yet.</p>'
        if self.skipped:
            main += (
                f'<p class="note">{self.skipped} runs were not profiled, because '
                "another one was at the time.</p>"
            )
        return self._page("Profiles", main, kind="Diagnostics")

    @expose
    def menu(self) -> str:
        """Show which profiles there are; an old name of `index`."""
        return self.index()

    def _run_row(self, name: str, with_total: bool) -> list[object]:
        ended, took, calls = "", "", ""
        path = os.path.join(self.path, name)
        # It may be gone by now, or be no profile.
        with suppress(OSError, ValueError):
            when = time.localtime(os.path.getmtime(path))
            ended = time.strftime("%Y-%m-%d %H:%M:%S", when)
            if with_total:
                found = Profile(path)
                took, calls = duration(found.seconds), f"{found.calls:,}"
        return [
            link(name, "report", filename=name),
            ended,
            Figure(took),
            Figure(calls),
            link("flame graph", "flame", filename=name),
        ]

    @expose
    def report(self, filename: str, sortby: str = "cumulative") -> str:
        """Show a profile as a table.

        Args:
            filename: One of `statfiles`.
            sortby: By what to sort it.
        """
        self._admit()
        found = self._profile(filename)
        order = _known_order(sortby)
        functions = found.table(order)
        heads = [_head(text, key, key == order, filename) for key, text in _COLUMNS]
        rows = [_function_row(each, filename) for each in functions[:_MOST_ROWS]]
        figures = [
            ("Took", duration(found.seconds), ""),
            ("Calls", f"{found.calls:,}", ""),
            ("Functions", f"{len(functions):,}", ""),
        ]
        main = f"{tiles(figures)}<h2>Functions</h2>{table(heads, rows)}"
        links = [
            (address("flame", filename=filename), "Flame graph"),
            (address("text", filename=filename, sortby=order), "Text"),
            (".", "All profiles"),
        ]
        return self._page(filename, main, kind="Profile", links=links)

    @expose
    def text(self, filename: str, sortby: str = "cumulative") -> bytes:
        """Return a profile as `pstats` prints it; arguments as for `report`."""
        self._admit()
        self._profile(filename)
        order = _known_order(sortby)
        serving = current.get()
        if serving.request.app is not None:
            serving.response.headers["Content-Type"] = "text/plain;charset=utf-8"
        return self.stats(filename, _TEXT_ORDERS.get(order, order)).encode("utf-8")

    @expose
    def flame(self, filename: str, focus: str = "") -> str:
        """Draw a profile as a flame graph.

        Args:
            filename: One of `statfiles`.
            focus: The function to look at more closely.
        """
        self._admit()
        found = self._profile(filename)
        function = found.find(focus)
        drawing = draw(
            found.tree(function),
            lambda each: address("flame", filename=filename, focus=each.identity),
        )
        if function is None:
            said = f"{duration(found.seconds)} in {found.calls:,} calls."
            back = ""
        else:
            said = (
                f"{function.name} ({function.place}): {duration(function.seconds)} in "
                f"{function.calls:,} calls, {duration(function.own_seconds)} its own."
            )
            back = link("Show the whole", "flame", filename=filename)
        main = (
            f'<p class="bar">{escaped(said)} {back}</p>'
            f'<div class="card">{drawing}</div><p class="note">{_WHAT_IT_SAYS}</p>'
        )
        links = [
            (address("report", filename=filename), "Table"),
            (".", "All profiles"),
        ]
        return self._page(f"{filename}, flame graph", main, kind="Profile", links=links)


def _known_order(sortby: str) -> str:
    order = _ORDERS.get(sortby, sortby)
    return order if order in Profile.ORDERS else "cumulative"


def _head(text: str, order: str, chosen: bool, filename: str) -> Markup:
    there = escaped(address("report", filename=filename, sortby=order))
    kind = ' class="chosen"' if chosen else ""
    return Markup(f'<a href="{there}"{kind}>{text}</a>')


def _function_row(function: FunctionTimes, filename: str) -> list[object]:
    calls = f"{function.calls:,}"
    if function.outer_calls != function.calls:
        calls += f"/{function.outer_calls:,}"
    file = escaped(function.key[0])
    return [
        Figure(calls),
        Figure(duration(function.own_seconds)),
        Figure(duration(function.seconds)),
        Figure(duration(function.seconds / max(function.outer_calls, 1))),
        link(function.name, "flame", filename=filename, focus=function.identity),
        Markup(f'<span title="{file}">{escaped(function.place)}</span>'),
    ]
