"""The rooms of the house, drawn from what their modules import.

Rows are the layers of the contract in `.importlinter`. A line leads from each room to
those it imports from; it is as thick as the imports are many. A line that led upwards
would break the contract, and the linter would have said so.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from docs.extensions.pictures import figure, svg, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = ["draw", "imports", "layers", "setup"]

PACKAGE = Path(__file__).parents[2] / "src" / "cherrypy"
NOVEL = {"http", "core", "extension", "environment", "application"}
ABOUT = {
    "http": "the vocabulary of HTTP",
    "httpd": "the server",
    "process": "the bus and its plug-ins",
    "stores": "bytes under a key",
    "core": "one request, start to finish",
    "extension": "tools and dispatchers",
    "environment": "engine, server, tree, config",
    "application": "expose, url, quickstart",
    "lib": "the batteries",
    "testing": "a client without sockets",
    "test": "suites for programs",
    "cli": "the command line",
    "daemon": "cherryd",
    "tutorial": "programs to read",
    "scaffold": "a program to begin with",
}
# The front door and the old names stand outside: nothing imports them.
OUTSIDE = {"__init__", "__main__", "_legacy"}

WIDTH, HEIGHT, GAP, LEVEL = 168, 54, 14, 104


def room_of(dotted: str) -> str:
    """Return the room of a module, by its full name."""
    return dotted.split(".")[1] if "." in dotted else "__init__"


def files() -> Iterator[tuple[str, Path]]:
    """Yield the modules of the package with their rooms."""
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room not in OUTSIDE:
            yield room, path


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports, within functions too, but not for types only."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=rest):
                for statement in rest:
                    yield from imported(ast.Module([statement], []))
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                if module == "cherrypy":
                    yield from (f"cherrypy.{alias.name}" for alias in names)
                else:
                    yield module
            case _:
                yield from imported(node)


def imports() -> Counter[tuple[str, str]]:
    """Count the imports from one room to another."""
    counted: Counter[tuple[str, str]] = Counter()
    rooms = {room for room, _ in files()}
    for room, path in files():
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            if name.startswith("cherrypy."):
                target = room_of(name)
                if target != room and target in rooms:
                    counted[room, target] += 1
    return counted


def layers() -> list[list[str]]:
    """Return the rooms as the contract puts them, the lowest row first."""
    contracts = ConfigParser()
    contracts.read(PACKAGE.parents[1] / ".importlinter", encoding="utf-8")
    there = {room for room, _ in files()}
    rows = [
        [name for name in re.findall(r"\w+", line) if name in there]
        for line in contracts["importlinter:contract:rooms"]["layers"].splitlines()
    ]
    return [row for row in reversed(rows) if row]


def draw() -> str:
    """Return the picture as SVG."""
    sizes: Counter[str] = Counter()
    for room, path in files():
        sizes[room] += path.read_text(encoding="utf-8").count("\n")
    rows = layers()
    total = max(len(row) for row in rows) * (WIDTH + GAP) - GAP
    place: dict[str, tuple[float, float]] = {}
    for level, row in enumerate(rows):
        step = total / len(row)
        for column, room in enumerate(row):
            left = column * step + (step - WIDTH) / 2
            place[room] = (left, (len(rows) - 1 - level) * LEVEL)
    parts = _lines(place, imports())
    for room, (x, y) in place.items():
        kind = "room novel" if room in NOVEL else "room"
        parts += [
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{WIDTH}" '
            f'height="{HEIGHT}" rx="6"/>',
            text(x + 10, y + 20, room, size=14),
            text(
                *(x + WIDTH - 10, y + 20, f"{sizes[room]:,}", "quiet"),
                anchor="end",
                size=11,
            ),
            text(x + 10, y + 40, ABOUT.get(room, ""), "quiet", size=11),
        ]
    height = len(rows) * LEVEL - LEVEL + HEIGHT
    return svg(total, height + 2, "The rooms and their imports", parts)


def _lines(
    place: dict[str, tuple[float, float]], edges: Counter[tuple[str, str]]
) -> list[str]:
    """Draw the imports; each line has an end of its own at the edge of a room."""
    below: dict[str, list[str]] = {room: [] for room in place}
    above: dict[str, list[str]] = {room: [] for room in place}
    for upper, lower in edges:
        below[upper].append(lower)
        above[lower].append(upper)

    def port(room: str, others: list[str], other: str) -> float:
        ordered = sorted(others, key=lambda name: (place[name][0], place[name][1]))
        return place[room][0] + WIDTH * (ordered.index(other) + 1) / (len(others) + 1)

    lines = []
    for (upper, lower), count in edges.items():
        x1, y1 = port(upper, below[upper], lower), place[upper][1] + HEIGHT
        x2, y2 = port(lower, above[lower], upper), place[lower][1]
        middle = (y1 + y2) / 2
        thickness = min(0.7 + count / 14, 5)
        lines.append(
            f'<path class="line" d="M{x1:g} {y1:g} C{x1:g} {middle:g} {x2:g} '
            f'{middle:g} {x2:g} {y2:g}" stroke-width="{thickness:.1f}"/>'
        )
    return lines


class RoomsPicture(SphinxDirective):
    """The picture; it takes no argument."""

    def run(self) -> list[nodes.Node]:
        """Draw it from the code as it is now."""
        for _, path in files():
            self.env.note_dependency(str(path))
        return [figure(draw())]


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directive known."""
    app.add_directive("rooms-picture", RoomsPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
