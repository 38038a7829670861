"""What is printed: columns, and emphasis where somebody looks at it."""

from __future__ import annotations

import os
import shutil
import sys
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Terminal"]

_GAP = "  "

_NARROWEST = 10
"""Of a column, in characters; a terminal that has no room for that folds by itself."""


class Terminal:
    """Standard output, which may be a terminal.

    There, headings are bold and columns are folded to the width. Elsewhere everything
    is plain and whole, for other programs to read.

    Args:
        colour: Whether emphasis is allowed; it also takes a terminal, and a user who
            has not set ``NO_COLOR``.
    """

    def __init__(self, *, colour: bool = True) -> None:
        self.is_terminal: bool = sys.stdout.isatty()
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.colour: bool = colour and self.is_terminal and wanted
        self.width: int | None = (
            shutil.get_terminal_size().columns if self.is_terminal else None
        )

    def bold(self, text: str) -> str:
        """Return text that stands out."""
        return f"\033[1m{text}\033[0m" if self.colour else text

    def dim(self, text: str) -> str:
        """Return text that stands back."""
        return f"\033[2m{text}\033[0m" if self.colour else text

    def say(self, text: str = "") -> None:
        """Print a line; what the terminal cannot show becomes a question mark."""
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding))

    def heading(self, text: str) -> None:
        """Print a heading, with an empty line before it."""
        self.say()
        self.say(self.bold(text))

    def table(
        self, headings: Sequence[str], rows: Iterable[Sequence[str]], indent: int = 0
    ) -> None:
        """Print rows in columns.

        Args:
            headings: Of the columns; none of them if there are no headings. Columns
                in which nothing stands are left out.
            rows: Texts by column.
            indent: How many spaces stand before each row.
        """
        rows = [list(row) for row in rows]
        if not rows:
            return
        kept = [at for at in range(len(rows[0])) if any(row[at] for row in rows)]
        lines = [[row[at] for at in kept] for row in rows]
        if headings:
            lines.insert(0, [headings[at].upper() for at in kept])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        self._narrow(widths, indent)
        for number, line in enumerate(lines):
            is_heading = bool(headings) and number == 0
            cells = map(_folded, line, widths)
            for parts in zip_longest(*cells, fillvalue=""):
                padded = zip(parts, widths, strict=True)
                text = _GAP.join(part.ljust(width) for part, width in padded)
                text = " " * indent + text.rstrip()
                self.say(self.bold(text) if is_heading else text)

    def _narrow(self, widths: list[int], indent: int) -> None:
        """Make columns narrower until the terminal has room for all; the first last."""
        if self.width is None:
            return
        room = self.width - indent - len(_GAP) * (len(widths) - 1)
        while sum(widths) > room:
            widest = max(widths[1:], default=0)
            at = widths.index(widest, 1) if widest > _NARROWEST else 0
            if widths[at] <= _NARROWEST:
                return
            widths[at] -= 1


def _folded(cell: str, width: int) -> list[str]:
    """Return the lines of a cell: broken at spaces if there are some."""
    from textwrap import wrap  # lazy: 3 ms

    return wrap(cell, width, break_on_hyphens=False) if len(cell) > width else [cell]
