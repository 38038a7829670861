"""All notes at once, made while they are sent: no more than one is in memory."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from examples.notes.storage import Note


def as_json_lines(notes: Iterable[Note]) -> Iterator[bytes]:
    """Yield every note as a line of JSON."""
    for note in notes:
        yield json.dumps(asdict(note)).encode() + b"\n"


def as_table(notes: Iterable[Note]) -> Iterator[str]:
    """Yield every note as a row for a spreadsheet."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(["id", "title", "text", "author", "changed"])
    for note in notes:
        texts = [plain_cell(note.title), plain_cell(note.text)]
        writer.writerow([note.id, *texts, note.author, note.changed])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def plain_cell(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
