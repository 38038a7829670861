"""The tour: what there is to see, and the code that does it, out of the files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cherrypy
from examples.notes.markup import HTML, join, render
from examples.notes.pages import page
from examples.notes.stops import STOPS

if TYPE_CHECKING:
    from examples.notes.stops import Stop

HERE = Path(__file__).parent


def files() -> dict[str, Path]:
    """Return the files of this application that may be looked at, by name."""
    kinds = ["*.py", "*.conf", "static/*.js", "static/*.css", "templates/*.html"]
    found = [path for kind in kinds for path in sorted(HERE.glob(kind))]
    return {path.relative_to(HERE).as_posix(): path for path in found}


def place(lines: list[str], start: str) -> tuple[int, int]:
    """Return number of the first and last line of what begins with this text.

    It ends where something begins that is indented no further.

    Raises:
        LookupError: No line begins like that.
    """
    begins = [n for n, line in enumerate(lines) if line.lstrip().startswith(start)]
    if not begins:
        raise LookupError(start)
    first = begins[0]
    indent = len(lines[first]) - len(lines[first].lstrip())
    last = first
    for number in range(first + 1, len(lines)):
        text = lines[number].lstrip()
        if text and len(lines[number]) - len(text) <= indent and text[0] not in ")}]":
            break
        if text:
            last = number
    while first and lines[first - 1].startswith(f"{' ' * indent}@"):
        first -= 1
    return first + 1, last + 1


class Tour:
    """The tour, and the source of this application."""

    @cherrypy.expose
    def index(self) -> str:
        """Show all stops."""
        lines = sum(len(_lines_of(path)) for path in HERE.glob("*.py"))
        content = render(
            "tour.html",
            stops=join(*map(self.show, STOPS)),
            files=self.names(),
            lines=f"{round(lines, -2):,}",
        )
        return page("Tour", content)

    @cherrypy.expose
    @cherrypy.tools.params()
    def source(self, *names: str, first: int = 0, last: int = 0) -> str:
        """Show a file, with some of its lines marked."""
        name = "/".join(names)
        # Only what is in this list; a path of the visitor's is never opened.
        file = files().get(name)
        if file is None:
            raise cherrypy.NotFound
        lines = [
            render(
                "line.html",
                number=number,
                marked="marked" if first <= number <= last else "",
                text=line,
            )
            for number, line in enumerate(_lines_of(file), 1)
        ]
        content = render("source.html", name=name, lines=join(*lines))
        return page(name, content)

    @staticmethod
    def show(stop: Stop) -> HTML:
        """Return a stop with the links to its code and to where it works."""
        first, last = place(_lines_of(files()[stop.file]), stop.line)
        code = cherrypy.url(f"/tour/source/{stop.file}", f"first={first}&last={last}")
        path = cherrypy.url(stop.path) if stop.path else ""
        return render(
            "stop.html",
            title=stop.title,
            text=stop.text,
            code=f"{code}#L{first}",
            file=stop.file,
            line=first,
            look=render("look.html", url=path, path=stop.path) if path else HTML(),
        )

    @staticmethod
    def names() -> HTML:
        """Return links to all files."""
        return join(
            *(
                render(
                    "source-link.html",
                    url=cherrypy.url(f"/tour/source/{name}"),
                    name=name,
                )
                for name in files()
            )
        )


def _lines_of(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()
