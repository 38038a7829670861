"""The notes and their attachments, in one SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    changed TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    note_id INTEGER NOT NULL REFERENCES notes(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS attachments_by_note ON attachments (note_id);
"""

TITLE_LENGTH = 200
TEXT_LENGTH = 100_000


class NoSuchNote(LookupError):
    """There is no note, or no attachment, of this number."""


class BadNote(ValueError):
    """A note cannot be kept as it is; the message tells the writer why."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note."""

    id: int
    title: str
    text: str
    changed: str
    """When it was last written, ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is known about a file that hangs on a note."""

    id: int
    name: str
    size: int
    """Bytes."""


class Storage:
    """Notes in a SQLite file.

    Every call opens the file anew, which costs less than a tenth of a millisecond and
    lets any number of threads and processes share it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        with self._open() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file; write down what was done unless it failed."""
        db = sqlite3.connect(self.path, timeout=10)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            with db:
                yield db
        finally:
            db.close()

    def search(self, words: str = "", *, limit: int = 100) -> list[Note]:
        """Return the notes with all of these words in them, last changed first."""
        where = ["TRUE"]
        values: list[str | int] = []
        for word in words.split():
            where.append("title || char(10) || text LIKE ? ESCAPE '\\'")
            for special in "\\%_":
                word = word.replace(special, f"\\{special}")
            values.append(f"%{word}%")
        with self._open() as db:
            rows = db.execute(
                "SELECT id, title, text, changed FROM notes WHERE"
                f" {' AND '.join(where)} ORDER BY changed DESC, id DESC LIMIT ?",
                [*values, limit],
            )
            return [Note(*row) for row in rows]

    def every(self) -> Iterator[Note]:
        """Yield all notes, oldest first, without holding them in memory."""
        with self._open() as db:
            for row in db.execute("SELECT id, title, text, changed FROM notes"):
                yield Note(*row)

    def get(self, note_id: int) -> Note:
        """Return one note."""
        with self._open() as db:
            row = db.execute(
                "SELECT id, title, text, changed FROM notes WHERE id = ?", [note_id]
            ).fetchone()
        if row is None:
            raise NoSuchNote(note_id)
        return Note(*row)

    def add(self, title: str, text: str) -> int:
        """Keep a new note and return its number."""
        with self._open() as db:
            cursor = db.execute(
                "INSERT INTO notes (title, text, changed) VALUES (?, ?, ?)",
                [*_checked(title, text), _now()],
            )
            return cursor.lastrowid or 0

    def change(self, note_id: int, title: str, text: str) -> None:
        """Write a note anew."""
        with self._open() as db:
            cursor = db.execute(
                "UPDATE notes SET title = ?, text = ?, changed = ? WHERE id = ?",
                [*_checked(title, text), _now(), note_id],
            )
            if not cursor.rowcount:
                raise NoSuchNote(note_id)

    def delete(self, note_id: int) -> None:
        """Throw a note away, and its attachments with it."""
        with self._open() as db:
            if not db.execute("DELETE FROM notes WHERE id = ?", [note_id]).rowcount:
                raise NoSuchNote(note_id)

    def attachments(self, note_id: int) -> list[Attachment]:
        """Return what hangs on a note, by name."""
        with self._open() as db:
            rows = db.execute(
                "SELECT id, name, length(content) FROM attachments"
                " WHERE note_id = ? ORDER BY name, id",
                [note_id],
            )
            return [Attachment(*row) for row in rows]

    def attach(self, note_id: int, name: str, content: bytes) -> int:
        """Hang a file on a note and return the number of the attachment."""
        with self._open() as db:
            try:
                cursor = db.execute(
                    "INSERT INTO attachments (note_id, name, content) VALUES (?, ?, ?)",
                    [note_id, name, content],
                )
            except sqlite3.IntegrityError as error:
                raise NoSuchNote(note_id) from error
            return cursor.lastrowid or 0

    def attachment(self, note_id: int, attachment_id: int) -> tuple[str, bytes]:
        """Return name and content of a file that hangs on a note."""
        with self._open() as db:
            row = db.execute(
                "SELECT name, content FROM attachments WHERE note_id = ? AND id = ?",
                [note_id, attachment_id],
            ).fetchone()
        if row is None:
            raise NoSuchNote(attachment_id)
        name, content = row
        return str(name), bytes(content)


def _checked(title: str, text: str) -> tuple[str, str]:
    """Return title and text ready to be kept."""
    title = " ".join(title.split())
    if not title:
        raise BadNote("A note needs a title.")
    if len(title) > TITLE_LENGTH:
        raise BadNote(f"The title may have {TITLE_LENGTH} characters.")
    if len(text) > TEXT_LENGTH:
        raise BadNote(f"The text may have {TEXT_LENGTH} characters.")
    for each in (title, text):
        # JSON can carry halves of characters, which no file can.
        if any("\ud800" <= character <= "\udfff" for character in each):
            raise BadNote("There are characters in the note that do not exist.")
    return title, text.replace("\r\n", "\n").strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
