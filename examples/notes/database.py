"""One SQLite file for everything: how it is opened, and what tables it has."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS = [
    """
    CREATE TABLE IF NOT EXISTS notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        changed TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS attachments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        note_id INTEGER NOT NULL REFERENCES notes(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        content BLOB NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS attachments_by_note ON attachments (note_id)",
    "CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT NOT NULL)",
    "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT ''",
]
"""How the tables came to be. Steps are added, never changed: a file remembers how many
of them it has seen, and only the others are taken. (Those before the users were not
counted, so they ask whether they are needed.)"""


class Database:
    """The file.

    Every call opens it anew, which costs less than a tenth of a millisecond and lets
    any number of threads and processes share it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        with self.open() as db:
            db.execute("PRAGMA journal_mode = WAL")
        with self.open() as db:
            # Two processes may start at the same time: one of them waits here.
            db.execute("BEGIN IMMEDIATE")
            (taken,) = db.execute("PRAGMA user_version").fetchone()
            for step in STEPS[taken:]:
                db.execute(step)
            db.execute(f"PRAGMA user_version = {len(STEPS)}")

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Open the file; write down what was done, unless it failed."""
        db = sqlite3.connect(self.path, timeout=10)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            with db:
                yield db
        finally:
            db.close()
