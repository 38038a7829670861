"""The notes as JSON: one resource, one method for each HTTP method.

GET    /api/notes?q=milk   the notes with this word in them
POST   /api/notes          {"title": ..., "text": ...} makes a note
GET    /api/notes/1        one note
PUT    /api/notes/1        {"title": ..., "text": ...} writes it anew
DELETE /api/notes/1        throws it away
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from html import unescape
from typing import TYPE_CHECKING, Any

import cherrypy
from examples.notes.storage import BadNote, NoSuchNote, Note, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator


def json_error(status: str, message: str, traceback: str, version: str) -> str:
    """Answer errors of the API in its own language."""
    cherrypy.response.headers["Content-Type"] = "application/json"
    # What error pages are given is escaped for HTML.
    return json.dumps({"status": int(status[:3]), "error": unescape(message)})


def note_number(text: str) -> int:
    """Return the number of a note as it stands in a URL; there may be none such."""
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return int(text)
    raise cherrypy.NotFound


@contextmanager
def told_in_http() -> Iterator[None]:
    """Turn what the storage says no to into the status that says it on the web."""
    try:
        yield
    except NoSuchNote:
        raise cherrypy.NotFound from None
    except BadNote as problem:
        raise cherrypy.HTTPError(400, str(problem)) from None


@cherrypy.expose
@cherrypy.popargs("note_id")
class Notes:
    """The collection, and with a number in the path one note of it."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def GET(self, note_id: str | None = None, q: str = "") -> Any:
        """Return one note, or those that have all words of `q` in them."""
        if note_id is None:
            return [self.describe(note) for note in self.storage.search(q)]
        number = note_number(note_id)
        with told_in_http():
            note = self.storage.get(number)
        files = self.storage.attachments(number)
        return {**self.describe(note), "attachments": [asdict(file) for file in files]}

    def POST(self) -> Any:
        """Make a note and say where it is."""
        with told_in_http():
            number = self.storage.add(*self.sent())
        note = self.describe(self.storage.get(number))
        cherrypy.response.status = 201
        cherrypy.response.headers["Location"] = note["url"]
        return note

    def PUT(self, note_id: str) -> Any:
        """Write a note anew."""
        number = note_number(note_id)
        with told_in_http():
            self.storage.change(number, *self.sent())
        return self.describe(self.storage.get(number))

    def DELETE(self, note_id: str) -> None:
        """Throw a note away."""
        with told_in_http():
            self.storage.delete(note_number(note_id))
        cherrypy.response.status = 204

    @staticmethod
    def describe(note: Note) -> dict[str, Any]:
        """Return what the API says of a note."""
        return {**asdict(note), "url": cherrypy.url(f"/api/notes/{note.id}")}

    @staticmethod
    def sent() -> tuple[str, str]:
        """Return title and text out of the document that was sent."""
        match cherrypy.request.json:
            case {"title": str(title), "text": str(text)}:
                return title, text
            case {"title": str(title), **rest} if "text" not in rest:
                return title, ""
        raise BadNote('Send an object with the texts "title" and "text".')


@cherrypy.expose
@cherrypy.config(**{"error_page.default": json_error})
class API:
    """The entrance, which shows the way."""

    def __init__(self, storage: Storage) -> None:
        self.notes = Notes(storage)

    def GET(self) -> Any:
        """Return where the notes are."""
        return {"notes": cherrypy.url("/api/notes")}
