"""Who may write: names, and hashes of passwords."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cherrypy.lib.passwords import hash_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.notes.database import Database

PASSWORD_LENGTHS = range(8, 201)


class BadUser(ValueError):
    """Nobody can be registered like that; the message tells the visitor why."""


class Users(Mapping[str, str]):
    """A mapping of names to hashes, as `cherrypy.lib.passwords` wants to have it.

    A password itself is never kept.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def register(self, name: str, password: str) -> str:
        """Take in a new user, and return the name as it is kept."""
        name = name.strip().lower()
        # So plain that nobody can look like somebody else.
        if not re.fullmatch("[a-z][a-z0-9-]{1,29}", name):
            raise BadUser(
                "A name has 2 to 30 letters from a to z, digits or hyphens, and begins"
                " with a letter."
            )
        if len(password) not in PASSWORD_LENGTHS:
            shortest, longest = PASSWORD_LENGTHS[0], PASSWORD_LENGTHS[-1]
            raise BadUser(f"A password has {shortest} to {longest} characters.")
        hashed = hash_password(password)
        try:
            with self.database.open() as db:
                db.execute("INSERT INTO users VALUES (?, ?)", [name, hashed])
        except sqlite3.IntegrityError:
            raise BadUser(f"There is somebody called {name} already.") from None
        return name

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password."""
        with self.database.open() as db:
            db.execute(
                "UPDATE users SET password = ? WHERE name = ?",
                [hash_password(password), name],
            )

    def __getitem__(self, name: str) -> str:
        with self.database.open() as db:
            row = db.execute(
                "SELECT password FROM users WHERE name = ?", [name]
            ).fetchone()
        if row is None:
            raise KeyError(name)
        return str(row[0])

    def __iter__(self) -> Iterator[str]:
        with self.database.open() as db:
            return iter([row[0] for row in db.execute("SELECT name FROM users")])

    def __len__(self) -> int:
        return len(list(iter(self)))
