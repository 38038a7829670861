"""The pages that show which lines of a program have run, by folder and by line."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cherrypy.application.expose import expose
from cherrypy.core.errors import HTTPError, NotFound
from cherrypy.lib.coverage_data import FileCoverage, Measured
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

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from coverage import Coverage

__all__ = [
    "MISSING",
    "TEMPLATE_COVERAGE",
    "TEMPLATE_FORM",
    "TEMPLATE_FRAMESET",
    "TEMPLATE_ITEM",
    "TEMPLATE_LOC_COVERED",
    "TEMPLATE_LOC_EXCLUDED",
    "TEMPLATE_LOC_NOT_COVERED",
    "TEMPLATE_MENU",
    "CoverStats",
    "files_inside",
]

MISSING = "covercp needs coverage.py. Install it: pip install morello[coverage]"

# documented names; the pages are made of these.

TEMPLATE_MENU = '<p class="note">{base}</p>{tiles}{form}{table}{hint}'
TEMPLATE_FRAMESET = TEMPLATE_MENU

_NOTHING = """
<p class="note">No lines have run there, or none that are shown: the framework is left
out, and so is what the pattern above matches.</p>
"""

TEMPLATE_FORM = """
<form class="bar" action="menu">
<input type="hidden" name="base" value="{base}">
<label>Enough is <input type="number" name="pct" min="0" max="100" value="{pct}"> %
</label>
<label>Leave out <input type="text" name="exclude" size="36" value="{exclude}"></label>
<button>Show</button>
</form>
"""

TEMPLATE_ITEM = (
    '<meter min="0" max="100" low="{pct}" high="{high}" optimum="100" value="{value}">'
    "</meter>"
)

TEMPLATE_COVERAGE = """
<p class="note">{name}</p>
{tiles}
<p class="note">Green: has run. Yellow: not in every direction. Red: has not run.
Grey: excluded by a comment.</p>
<div class="card source"><table><tbody>
{lines}</tbody></table></div>
"""

_LINE = (
    '<tr id="l{number}"{kind}><td>{number}</td><td>{source}</td><td>{said}</td></tr>'
)

TEMPLATE_LOC_COVERED = _LINE.replace("{kind}", ' class="hit"')
TEMPLATE_LOC_NOT_COVERED = _LINE.replace("{kind}", ' class="missed"')
TEMPLATE_LOC_EXCLUDED = _LINE.replace("{kind}", ' class="excluded"')
_LINE_PARTIAL = _LINE.replace("{kind}", ' class="partial"')
_LINE_PLAIN = _LINE.replace("{kind}", "")

_EXCLUDE = r"python\d\.\d|test|tut\d|tutorial"
_LONGEST_PATTERN = 200
_MOST_REPETITIONS = 2


def files_inside(paths: Iterable[str], base: str, exclude: str) -> list[str]:
    """Return the paths below a folder that do not match a pattern there, sorted.

    Args:
        paths: The paths.
        base: The folder; empty or a slash for all.
        exclude: A regular expression, looked for behind the folder; empty for none.
    """
    pattern = re.compile(exclude) if exclude else None
    folder = base.rstrip("/\\")
    prefix = folder + os.sep if folder else ""
    return sorted(
        path
        for path in paths
        if path.startswith(prefix)
        and not (pattern and pattern.search(path, len(prefix)))
    )


@dataclass
class _Row:
    """A file or folder of the menu."""

    name: str
    is_folder: bool
    found: FileCoverage


class CoverStats(DiagnosticPages):
    """Pages that show which lines have run, while the program goes on.

    Args:
        coverage: What measures them, such as `the_coverage`.
        root: The folder to begin with; otherwise the one that holds all files.
    """

    def __init__(self, coverage: Coverage | None, root: str | None = None) -> None:
        if coverage is None:
            raise RuntimeError(MISSING)
        self.coverage = coverage
        self.root: str | None = None if root is None else os.path.abspath(root)
        self._measured = Measured(coverage)
        self._lock = threading.Lock()
        """Lets one thread at a time look into the data, which are not made for more."""

    @expose
    def index(self) -> str:
        """Show the folder to begin with."""
        return self.menu(base=self.root or "")

    @expose
    def menu(
        self,
        base: str = "/",
        pct: str = "50",
        showpct: str = "",
        exclude: str = _EXCLUDE,
    ) -> str:
        """Show a folder: what is in it, and how much of that has run.

        Args:
            base: The folder; empty for the one that holds all files.
            pct: How many per cent are enough.
            showpct: Of no effect: percentages are always shown.
            exclude: A regular expression of the paths to leave out. Groups, and more
                than two repetitions, are refused: they can take a very long time.
        """
        self._admit()
        enough = _percentage(pct)
        _check_pattern(exclude)
        with self._lock:
            files = self._measured.files()
            top = self.root or _common(files)
            base = base if base.strip("/\\") else top
            shown = files_inside(files, top, exclude)
            rows = self._rows(base, files_inside(shown, base, ""))
        total = sum((row.found for row in rows), FileCoverage())
        fields = {"pct": str(enough), "exclude": exclude}
        parts = {
            "base": escaped(base),
            "tiles": _figures(total),
            "form": TEMPLATE_FORM.format(
                base=escaped(base), pct=enough, exclude=escaped(exclude)
            ),
            "table": table(
                ["Name", "Coverage", "Statements", "Not run", "In part"],
                [_cells(row, base, enough, fields) for row in rows],
            ),
            "hint": "" if rows else _NOTHING,
        }
        above = os.path.dirname(base.rstrip("/\\"))
        links = [(address("menu", base=above, **fields), "Folder above")]
        main = TEMPLATE_MENU.format(**parts)
        title = os.path.basename(base.rstrip("/\\")) or base or "Coverage"
        return self._page(title, main, kind="Coverage", links=links)

    def _rows(self, base: str, paths: list[str]) -> list[_Row]:
        """Return folders and files in `base`, folders first."""
        start = len(base.rstrip("/\\")) + 1
        groups: dict[tuple[bool, str], list[str]] = {}
        for path in paths:
            name, separator, _ = path[start:].partition(os.sep)
            groups.setdefault((not separator, name), []).append(path)
        rows = []
        for (is_file, name), inside in sorted(groups.items()):
            found = sum(map(self._measured.of, inside), FileCoverage())
            # A folder with nothing but a folder in it is passed through.
            shown = name if is_file else _common(inside)[start:]
            rows.append(_Row(shown, not is_file, found))
        return rows

    @expose
    def report(self, name: str) -> str:
        """Show a file, line by line.

        Args:
            name: The whole path of a file of which lines have run; of no other.
        """
        self._admit()
        with self._lock:
            if name not in self._measured.files():
                raise NotFound()
            found = self._measured.of(name)
        if found.problem:
            raise HTTPError(404, found.problem)
        lines = self.annotated_file(
            name, found.statements, found.excluded, found.missing, found.partial
        )
        main = TEMPLATE_COVERAGE.format(
            name=escaped(name), tiles=_figures(found), lines="\n".join(lines)
        )
        folder = address("menu", base=os.path.dirname(name))
        title = os.path.basename(name)
        return self._page(title, main, kind="Coverage", links=[(folder, "Folder")])

    def annotated_file(
        self,
        filename: str,
        statements: Collection[int],
        excluded: Collection[int],
        missing: Collection[int],
        partial: Collection[int] = (),
    ) -> Iterator[str]:
        """Yield the lines of a file as rows of a table.

        Args:
            filename: Where the file is.
            statements: The numbers of lines in which a statement begins.
            excluded: Those that do not count.
            missing: Those that have not run.
            partial: Those that have not gone on in every direction.
        """
        for number, line in enumerate(self._measured.source(filename), 1):
            said = ""
            if number in excluded:
                template = TEMPLATE_LOC_EXCLUDED
            elif number in missing:
                template = TEMPLATE_LOC_NOT_COVERED
            elif number in partial:
                template, said = _LINE_PARTIAL, "not in every direction"
            elif number in statements:
                template = TEMPLATE_LOC_COVERED
            else:
                template = _LINE_PLAIN
            yield template.format(number=number, source=escaped(line), said=said)


def _percentage(text: str) -> int:
    try:
        return min(max(int(text), 0), 100)
    except ValueError as problem:
        raise HTTPError(400, "pct is not a whole number.") from problem


def _check_pattern(text: str) -> None:
    """Refuse what could take for ever (the engine of `re` backtracks), or is wrong.

    Raises:
        HTTPError: 400.
    """
    repetitions = sum(text.count(sign) for sign in "*+?{")
    if len(text) > _LONGEST_PATTERN or "(" in text or repetitions > _MOST_REPETITIONS:
        raise HTTPError(400, "exclude is too complicated.")
    try:
        re.compile(text)
    except (re.error, OverflowError) as problem:
        raise HTTPError(400, f"exclude is wrong: {problem}") from problem


def _common(paths: Iterable[str]) -> str:
    folders = [os.path.dirname(path) for path in paths]
    return os.path.commonpath(folders) if folders else ""


def _figures(found: FileCoverage) -> str:
    return tiles(
        [
            (
                "Coverage",
                f"{found.percent:.0f} %" if found.total else "-",
                "of the statements have run",
            ),
            (
                "Statements",
                f"{found.total:,}",
                f"{found.total - found.missed:,} have run",
            ),
            ("Not run", f"{found.missed:,}", "statements"),
            ("In part", f"{found.in_part:,}", "not in every direction"),
        ]
    )


def _cells(row: _Row, base: str, enough: int, fields: dict[str, str]) -> list[object]:
    found = row.found
    path = os.path.join(base, row.name)
    if row.is_folder:
        name = link(f"{row.name}/", "menu", base=path, **fields)
    else:
        name = link(row.name, "report", name=path)
    meter = TEMPLATE_ITEM.format(
        pct=enough, high=max(enough, 90), value=f"{found.percent:.1f}"
    )
    shown = f"{meter} {found.percent:.0f} %" if found.total else escaped(found.problem)
    return [
        name,
        Markup(shown),
        Figure(f"{found.total:,}"),
        Figure(f"{found.missed:,}"),
        Figure(f"{found.in_part:,}"),
    ]
