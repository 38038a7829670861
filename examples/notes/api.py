"""The notes as JSON: one resource, one method for each HTTP method.

GET    /api/notes?q=milk   the notes with this word in them
POST   /api/notes          {"title": ..., "text": ...} makes a note
GET    /api/notes/1        one note
PUT    /api/notes/1        {"title": ..., "text": ...} writes it anew
DELETE /api/notes/1        throws it away

Everybody may look. To write, a program sends the name and the password of a user along
(Basic); a page of this site may do with its session. /api-guide shows how.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from html import unescape
from typing import Any

import cherrypy
from examples.notes.accounts import members_only
from examples.notes.pages import number_in, told_in_http
from examples.notes.storage import BadNote, Note, Storage


def json_error(status: str, message: str, traceback: str, version: str) -> str:
    """Answer errors of the API in its own language."""
    cherrypy.response.headers["Content-Type"] = "application/json"
    # What error pages are given is escaped for HTML.
    return json.dumps({"status": int(status[:3]), "error": unescape(message)})


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
        number = number_in(note_id)
        with told_in_http():
            note = self.storage.get(number)
        files = self.storage.attachments(number)
        return {**self.describe(note), "attachments": [asdict(file) for file in files]}

    @members_only()
    def POST(self) -> Any:
        """Make a note and say where it is."""
        with told_in_http():
            number = self.storage.add(*self.sent(), author=cherrypy.request.login)
        note = self.describe(self.storage.get(number))
        cherrypy.response.status = 201
        cherrypy.response.headers["Location"] = note["url"]
        return note

    @members_only()
    def PUT(self, note_id: str) -> Any:
        """Write a note anew."""
        number = number_in(note_id)
        with told_in_http():
            self.storage.change(number, *self.sent(), by=cherrypy.request.login)
        return self.describe(self.storage.get(number))

    @members_only()
    def DELETE(self, note_id: str) -> None:
        """Throw a note away."""
        with told_in_http():
            self.storage.delete(number_in(note_id), by=cherrypy.request.login)
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
