"""HTML from files: `string.Template`, with everything escaped unless it is `HTML`."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent / "templates"


class HTML(str):
    """Text that is HTML already."""

    __slots__ = ()


@cache
def _load(name: str) -> Template:
    return Template((FOLDER / name).read_text(encoding="utf-8"))


def render(name: str, /, **values: object) -> HTML:
    """Return the template of this name with its ``$names`` filled in."""
    safe = {
        key: value if isinstance(value, HTML) else escape(str(value))
        for key, value in values.items()
    }
    return HTML(_load(name).substitute(safe))


def join(*pieces: HTML) -> HTML:
    """Return the pieces as one."""
    return HTML("".join(pieces))
