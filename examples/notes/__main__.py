"""Start the notes: ``python -m examples.notes [--port 8080] [--data demo-data]``."""

from __future__ import annotations

import argparse
import secrets
import sqlite3
from pathlib import Path

import cherrypy
from examples.notes.app import make_application
from examples.notes.database import Database
from examples.notes.storage import Storage
from examples.notes.tour import files
from examples.notes.users import Users

NAME, PASSWORD = "ada", "lovelace"
"""The first user, known to everybody who has read this."""

GREETING = """
Notes, a demonstration of Morello

  the notes        {base}/
  the tour         {base}/tour/
  the API          {base}/api-guide
  the statistics   {base}/stats/

  To write, {who}register.
  Open the notes in two windows: what you write in one, the other shows at once.

  The data is in {folder}. Ctrl-C stops it.
"""

FIRST_NOTES = [
    (
        "How this works",
        "A note is an object, its pages are methods.\n\nLook at notes.py:"
        " /note/1/change is the method NotePages.change, and what it takes is what the"
        " form sends.",
    ),
    ("Groceries", "Milk\nBread\nCherries, the sour ones"),
    (
        "Welcome",
        "Write a note, hang a file on it, search for words.\n\nEverything works without"
        " JavaScript, and a little quicker with it.",
    ),
]


def make_data(file: Path, password: str) -> None:
    """Make the first user and her notes where there are none; set her password."""
    is_new = not file.exists()
    database = Database(file)
    users = Users(database)
    if NAME in users:
        users.set_password(NAME, password)
    else:
        users.register(NAME, password)
    if is_new:
        storage = Storage(database)
        for title, text in FIRST_NOTES:
            storage.add(title, text, author=NAME)


def main() -> None:
    """Open the storage, greet, and serve until somebody stops it."""
    parser = argparse.ArgumentParser(
        prog="notes",
        description="Start the notes, a demonstration.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=8080, help="port to listen on; 0 for any free one")
    add("--data", type=Path, default=Path("demo-data"), help="folder of the data")
    add("--environment", choices=["staging", "production"], help="set of config")
    options = parser.parse_args()
    file = options.data / "notes.sqlite"
    # A password that everybody knows is good for this machine only.
    is_private = options.host in ("127.0.0.1", "::1", "localhost")
    try:
        make_data(file, PASSWORD if is_private else secrets.token_urlsafe())
    except (OSError, sqlite3.Error) as problem:
        parser.error(f"cannot use {str(options.data)!r}: {problem}; choose by --data")

    cherrypy.config.update(
        {
            "server.socket_host": options.host,
            "server.socket_port": options.port,
            "server.max_request_body_size": 8_000_000,
            "server.statistics": True,
            "environment": options.environment,
        }
    )

    def greet() -> None:
        if cherrypy.server.running:
            base = cherrypy.server.base()
            who = f"log in as {NAME}, password {PASSWORD}, or " if is_private else ""
            text = GREETING.format(base=base, who=who, folder=options.data)
            print(text, flush=True)

    # Whoever changes a template or the configuration sees it at once, too.
    cherrypy.engine.autoreload.files.update(map(str, files().values()))
    # The server starts at 75; afterwards it knows its port, even one that it chose.
    cherrypy.engine.subscribe("start", greet, priority=90)
    cherrypy.quickstart(make_application(file))


if __name__ == "__main__":
    main()
