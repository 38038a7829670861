"""The notes, and the files that hang on them. Nothing here knows of the web."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from examples.notes.database import Database

TITLE_LENGTH = 200
TEXT_LENGTH = 100_000
NAME_LENGTH = 120


class NoSuchNote(LookupError):
    """There is no note, or no attachment, of this number."""


class NotYours(PermissionError):
    """Only who has written a note may do that with it."""


class BadNote(ValueError):
    """A note cannot be kept as it is; the message tells the writer why."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note."""

    id: int
    title: str
    text: str
    author: str
    """The name of who wrote it; empty for notes from before there were users."""
    changed: str
    """When it was last written, ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is known about a file that hangs on a note."""

    id: int
    name: str
    size: int
    """Bytes."""


def _nobody_listens() -> None:
    pass


class Storage:
    """Everybody reads all notes; only its author changes one.

    Args:
        database: Where they are kept.
        changed: Called after each change.
    """

    def __init__(
        self, database: Database, changed: Callable[[], None] = _nobody_listens
    ) -> None:
        self.database = database
        self.changed = changed

    def search(self, words: str = "", *, limit: int = 100) -> list[Note]:
        """Return the notes with all of these words in them, last changed first."""
        where = ["TRUE"]
        values: list[str | int] = []
        for word in words.split():
            where.append("title || char(10) || text LIKE ? ESCAPE '\\'")
            for special in "\\%_":
                word = word.replace(special, f"\\{special}")
            values.append(f"%{word}%")
        with self.database.open() as db:
            rows = db.execute(
                "SELECT id, title, text, author, changed FROM notes WHERE"
                f" {' AND '.join(where)} ORDER BY changed DESC, id DESC LIMIT ?",
                [*values, limit],
            )
            return [Note(*row) for row in rows]

    def every(self) -> Iterator[Note]:
        """Yield all notes, oldest first, without holding them in memory."""
        with self.database.open() as db:
            for row in db.execute("SELECT id, title, text, author, changed FROM notes"):
                yield Note(*row)

    def get(self, note_id: int) -> Note:
        """Return one note."""
        with self.database.open() as db:
            return _found(db, note_id)

    def add(self, title: str, text: str, *, author: str) -> int:
        """Keep a new note and return its number."""
        with self.database.open() as db:
            cursor = db.execute(
                "INSERT INTO notes (title, text, author, changed) VALUES (?, ?, ?, ?)",
                [*_checked(title, text), author, _now()],
            )
        self.changed()
        return cursor.lastrowid or 0

    def change(self, note_id: int, title: str, text: str, *, by: str) -> None:
        """Write a note anew."""
        with self.database.open() as db:
            _belongs(db, note_id, by)
            db.execute(
                "UPDATE notes SET title = ?, text = ?, changed = ? WHERE id = ?",
                [*_checked(title, text), _now(), note_id],
            )
        self.changed()

    def delete(self, note_id: int, *, by: str) -> None:
        """Throw a note away, and its attachments with it."""
        with self.database.open() as db:
            _belongs(db, note_id, by)
            db.execute("DELETE FROM notes WHERE id = ?", [note_id])
        self.changed()

    def attachments(self, note_id: int) -> list[Attachment]:
        """Return what hangs on a note, by name."""
        with self.database.open() as db:
            rows = db.execute(
                "SELECT id, name, length(content) FROM attachments"
                " WHERE note_id = ? ORDER BY name, id",
                [note_id],
            )
            return [Attachment(*row) for row in rows]

    def attach(self, note_id: int, name: str, content: bytes, *, by: str) -> int:
        """Hang a file on a note and return the number of the attachment."""
        with self.database.open() as db:
            _belongs(db, note_id, by)
            cursor = db.execute(
                "INSERT INTO attachments (note_id, name, content) VALUES (?, ?, ?)",
                [note_id, name[:NAME_LENGTH], content],
            )
        return cursor.lastrowid or 0

    def detach(self, note_id: int, attachment_id: int, *, by: str) -> None:
        """Throw away a file that hangs on a note."""
        with self.database.open() as db:
            _belongs(db, note_id, by)
            db.execute(
                "DELETE FROM attachments WHERE note_id = ? AND id = ?",
                [note_id, attachment_id],
            )

    def attachment(self, note_id: int, attachment_id: int) -> tuple[str, bytes]:
        """Return name and content of a file that hangs on a note."""
        with self.database.open() as db:
            row = db.execute(
                "SELECT name, content FROM attachments WHERE note_id = ? AND id = ?",
                [note_id, attachment_id],
            ).fetchone()
        if row is None:
            raise NoSuchNote(attachment_id)
        name, content = row
        return str(name), bytes(content)


def _found(db: sqlite3.Connection, note_id: int) -> Note:
    row = db.execute(
        "SELECT id, title, text, author, changed FROM notes WHERE id = ?", [note_id]
    ).fetchone()
    if row is None:
        raise NoSuchNote(note_id)
    return Note(*row)


def _belongs(db: sqlite3.Connection, note_id: int, name: str) -> None:
    """Make sure that a note is there and was written by whoever has this name.

    From here on nobody else writes, so it stays true until the change is done.
    """
    db.execute("BEGIN IMMEDIATE")
    if not name or _found(db, note_id).author != name:
        raise NotYours("Only who has written a note may change it.")


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
