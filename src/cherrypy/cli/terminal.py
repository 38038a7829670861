"""What is printed: columns, and emphasis where somebody looks at it."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Terminal"]

_GAP = "  "


class Terminal:
    """Standard output, which may be a terminal.

    There, headings are bold and rows are cut to the width. Elsewhere everything is
    plain and whole, for other programs to read.

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
        for number, line in enumerate(lines):
            cells = zip(line, widths, strict=True)
            text = _GAP.join(cell.ljust(width) for cell, width in cells).rstrip()
            text = self._fitting(" " * indent + text)
            is_heading = bool(headings) and number == 0
            self.say(self.bold(text) if is_heading else text)

    def _fitting(self, text: str) -> str:
        """Return as much of a line as the terminal has room for."""
        if self.width is None or len(text) <= self.width:
            return text
        return text[: self.width - 1] + "…"
