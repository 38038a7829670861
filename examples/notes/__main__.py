"""Start the notes: ``python -m examples.notes [--port 8080] [--data demo-data]``."""

from __future__ import annotations

import argparse
from pathlib import Path

import cherrypy
from examples.notes.app import make_application
from examples.notes.storage import Storage

GREETING = """
Notes, a demonstration of Morello

  in a browser         {base}/
  as a JSON API        curl {base}/api/notes
                       curl --json '{{"title": "Milk"}}' {base}/api/notes
  streamed             curl -N {base}/export.ndjson
  the notes are in     {file}
  stop it              by Ctrl-C
"""

FIRST_NOTES = [
    (
        "How this works",
        "A note is an object, its pages are methods.\n\nLook at app.py: /note/1/change"
        " is the method NotePages.change, and what it takes is what the form sends.",
    ),
    ("Groceries", "Milk\nBread\nCherries, the sour ones"),
    (
        "Welcome",
        "Write a note, hang a file on it, search for words.\n\nEverything works without"
        " JavaScript, and a little quicker with it.",
    ),
]


def main() -> None:
    """Open the storage, greet, and serve until somebody stops it."""
    parser = argparse.ArgumentParser(prog="notes", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--data", type=Path, default=Path("demo-data"))
    parser.add_argument("--environment", choices=["staging", "production"])
    options = parser.parse_args()

    database = options.data / "notes.sqlite"
    if not database.exists():
        storage = Storage(database)
        for title, text in FIRST_NOTES:
            storage.add(title, text)
    cherrypy.config.update(
        {
            "server.socket_host": options.host,
            "server.socket_port": options.port,
            "server.max_request_body_size": 8_000_000,
            "environment": options.environment,
        }
    )

    def greet() -> None:
        if cherrypy.server.running:
            text = GREETING.format(base=cherrypy.server.base(), file=database)
            print(text, flush=True)

    # The server starts at 75; afterwards it knows its port, even one that it chose.
    cherrypy.engine.subscribe("start", greet, priority=90)
    cherrypy.quickstart(make_application(database))


if __name__ == "__main__":
    main()
