"""The notes on the web: pages for people, and the parts of the site joined together."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.core.body import Part
from cherrypy.lib.static import serve_fileobj
from examples.notes.api import API, note_number, told_in_http
from examples.notes.markup import HTML, join, render
from examples.notes.storage import (
    TEXT_LENGTH,
    TITLE_LENGTH,
    BadNote,
    Note,
    Storage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Typed = tuple[str, str]
"""Title and text as they were typed."""

HERE = Path(__file__).parent
FILE_LENGTH = 5_000_000

DONE = {
    "added": "The note is kept.",
    "changed": "The change is kept.",
    "attached": "The file hangs on the note.",
    "deleted": "The note is gone.",
}
"""What a page says after the redirect that followed a form."""


def same_site() -> None:
    """Refuse to change anything for a page of another site.

    Browsers say where a request comes from; programs that say nothing may pass,
    because nobody can be tricked into being one.
    """
    request = cherrypy.request
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    kind = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin", request.base)
    # Hosts only: behind a proxy the scheme that the browser sees may be another.
    here, there = (each.rpartition("://")[2] for each in (request.base, origin))
    if kind not in ("same-origin", "none") or here != there:
        raise cherrypy.HTTPError(403, "Please use the forms of this site.")


def plain_fields() -> None:
    """Refuse fields that came twice, or as a file where text was wanted."""
    for name, value in cherrypy.request.params.items():
        if not isinstance(value, Part if name == "upload" else str):
            raise cherrypy.HTTPError(400, f"The field {name} is not as expected.")


cherrypy.tools.same_site = cherrypy.Tool("before_request_body", same_site)
cherrypy.tools.plain_fields = cherrypy.Tool("before_handler", plain_fields)


def streamed_as(media_type: str) -> dict[str, Any]:
    """Return config for a page that is sent while it is made."""
    return {"response.stream": True, "response.headers.Content-Type": media_type}


def html_error(status: str, message: str, traceback: str, version: str) -> str:
    """Answer errors with a page that looks like the others."""
    cherrypy.response.headers["Content-Type"] = "text/html;charset=utf-8"
    # What error pages are given is escaped already.
    told = render("error.html", status=HTML(status), message=HTML(message))
    return page("Sorry", told)


def page(
    title: str, content: HTML, *, q: str = "", done: str = "", problem: str = ""
) -> str:
    """Return a whole page, on top what was done or what was wrong."""
    told = HTML()
    if problem:
        told = render("problem.html", text=problem)
    elif done in DONE:
        told = render("told.html", text=DONE[done])
    return render("page.html", title=title, content=content, q=q, told=told)


def form(action: str, title: str, text: str, *, button: str, file: HTML) -> HTML:
    """Return the form that makes or changes a note."""
    return render(
        "form.html",
        action=cherrypy.url(action),
        title=title,
        text=text,
        button=button,
        file=file,
        title_length=TITLE_LENGTH,
        text_length=TEXT_LENGTH,
    )


def read_upload(upload: Part | None) -> tuple[str, bytes] | None:
    """Return name and content of an uploaded file, None if no file was chosen."""
    if upload is None or not upload.filename:
        return None
    content = upload.file.read(FILE_LENGTH + 1)
    if len(content) > FILE_LENGTH:
        raise BadNote(f"A file may have {FILE_LENGTH // 1_000_000} MB.")
    # Some browsers used to send the whole path, with either kind of slash.
    name = PurePath(upload.filename.replace("\\", "/")).name
    return name or "file", content


@cherrypy.popargs("note_id")
class NotePages:
    """One note: /note/1/ shows it, and what can be done with it lies below."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def find(self, note_id: str) -> Note:
        """Return the note of this number; 404 if there is none."""
        with told_in_http():
            return self.storage.get(note_number(note_id))

    def show(self, note: Note, *, done: str = "", problem: str = "") -> str:
        """Return the page of a note."""
        here = f"/note/{note.id}"
        files = [
            render(
                "attachment.html",
                url=cherrypy.url(f"{here}/attachment/{file.id}"),
                name=file.name,
                size=f"{max(1, round(file.size / 1000)):,} kB",
            )
            for file in self.storage.attachments(note.id)
        ]
        content = render(
            "note.html",
            form=form(
                f"{here}/change",
                note.title,
                note.text,
                button="Keep the change",
                file=HTML(),
            ),
            changed=note.changed,
            changed_day=note.changed[:10],
            files=join(*files) if files else render("no-attachment.html"),
            attach=cherrypy.url(f"{here}/attach"),
            delete=cherrypy.url(f"{here}/delete"),
        )
        return page(note.title or "A note", content, done=done, problem=problem)

    @cherrypy.expose
    def index(self, note_id: str, done: str = "") -> str:
        """Show a note."""
        return self.show(self.find(note_id), done=done)

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def change(self, note_id: str, title: str, text: str = "") -> str:
        """Write a note anew and show it."""
        note = self.find(note_id)
        try:
            self.storage.change(note.id, title, text)
        except BadNote as problem:
            cherrypy.response.status = 400
            typed = Note(note.id, title, text, note.changed)
            return self.show(typed, problem=str(problem))
        raise cherrypy.HTTPRedirect(cherrypy.url(f"/note/{note.id}/", "done=changed"))

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def delete(self, note_id: str) -> None:
        """Throw a note away and go back to the others."""
        self.storage.delete(self.find(note_id).id)
        raise cherrypy.HTTPRedirect(cherrypy.url("/", "done=deleted"))

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def attach(self, note_id: str, upload: Part | None = None) -> str:
        """Hang a file on a note."""
        note = self.find(note_id)
        try:
            if file := read_upload(upload):
                self.storage.attach(note.id, *file)
        except BadNote as problem:
            cherrypy.response.status = 413
            return self.show(note, problem=str(problem))
        done = "attached" if file else ""
        raise cherrypy.HTTPRedirect(cherrypy.url(f"/note/{note.id}/", f"done={done}"))

    @cherrypy.expose
    def attachment(self, attachment_id: str, note_id: str) -> Any:
        """Hand out a file: always to be saved, so that no upload becomes a page.

        What popargs takes from the path comes by name; what is left, by position.
        """
        with told_in_http():
            name, content = self.storage.attachment(
                note_number(note_id), note_number(attachment_id)
            )
        return serve_fileobj(
            io.BytesIO(content), "application/octet-stream", "attachment", name
        )


@cherrypy.config(**{"error_page.default": html_error})
class Site:
    """The front page, and the rest of the site as its attributes."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.note = NotePages(storage)
        self.api = API(storage)

    @cherrypy.expose
    def index(self, q: str = "", done: str = "") -> str:
        """Show the notes, or those with these words, and a form for another."""
        return self.show(q, done=done)

    def show(
        self, q: str = "", *, done: str = "", problem: str = "", typed: Typed = ("", "")
    ) -> str:
        """Return the front page."""
        notes = self.storage.search(q)
        cards = [
            render(
                "card.html",
                url=cherrypy.url(f"/note/{note.id}/"),
                title=note.title,
                excerpt=note.text[:200],
                changed=note.changed,
                changed_day=note.changed[:10],
            )
            for note in notes
        ]
        content = render(
            "notes.html",
            form=form("/add", *typed, button="Keep it", file=render("file.html")),
            count=f"{len(notes)} {'note' if len(notes) == 1 else 'notes'}",
            about=f" with “{q}”" if q else "",
            cards=join(*cards),
            ndjson=cherrypy.url("/export.ndjson"),
            csv=cherrypy.url("/export.csv"),
            open="open" if problem or not (notes or q) else "",
        )
        return page("All notes", content, q=q, done=done, problem=problem)

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def add(self, title: str, text: str = "", upload: Part | None = None) -> str:
        """Make a note and show it."""
        try:
            file = read_upload(upload)
            number = self.storage.add(title, text)
        except BadNote as problem:
            cherrypy.response.status = 400
            return self.show(problem=str(problem), typed=(title, text))
        if file:
            self.storage.attach(number, *file)
        raise cherrypy.HTTPRedirect(cherrypy.url(f"/note/{number}/", "done=added"))

    @cherrypy.expose  # at /export.ndjson: the dot of a URL is an underscore here
    @cherrypy.config(**streamed_as("application/x-ndjson"))
    def export_ndjson(self) -> Iterator[bytes]:
        """Send every note as a line of JSON, while they are read."""
        for note in self.storage.every():
            yield json.dumps(asdict(note)).encode() + b"\n"

    @cherrypy.expose
    @cherrypy.config(**streamed_as("text/csv"))
    def export_csv(self) -> Iterator[str]:
        """Send every note as a row for a spreadsheet, while they are read."""
        line = io.StringIO()
        writer = csv.writer(line)
        writer.writerow(["id", "title", "text", "changed"])
        for note in self.storage.every():
            texts = [plain_cell(note.title), plain_cell(note.text)]
            writer.writerow([note.id, *texts, note.changed])
            yield line.getvalue()
            line.seek(0)
            line.truncate()


def plain_cell(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def make_application(database: Path) -> cherrypy.Application:
    """Return the site, with its notes in this file."""
    site = Site(Storage(database))
    application = cherrypy.Application(site, "", str(HERE / "notes.conf"))
    application.merge({"/": {"tools.staticdir.root": str(HERE)}})
    return application
