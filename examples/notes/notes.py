"""The pages of one note: to read it, and for its author to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cherrypy
from examples.notes.accounts import members_only
from examples.notes.files import FILE_LENGTH, hand_out, read_upload, size_in_words
from examples.notes.markup import HTML, join, render
from examples.notes.pages import go, number_in, page, told_in_http
from examples.notes.storage import TEXT_LENGTH, TITLE_LENGTH, BadNote, Note, Storage

if TYPE_CHECKING:
    from cherrypy.core.body import Part


def form(
    action: str, title: str, text: str, *, button: str, file: HTML | None = None
) -> HTML:
    """Return the form that makes or changes a note."""
    return render(
        "form.html",
        action=cherrypy.url(action),
        title=title,
        text=text,
        button=button,
        file=file or HTML(),
        title_length=TITLE_LENGTH,
        text_length=TEXT_LENGTH,
    )


@cherrypy.popargs("note_id")
class NotePages:
    """One note: /note/1/ shows it, and what can be done with it lies below.

    What popargs takes from the path comes by name, what is left by position.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    @cherrypy.expose
    def index(self, note_id: str, done: str = "") -> str:
        """Show a note."""
        return self.show(self.find(note_id), done=done)

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    @members_only()
    def change(self, note_id: str, title: str, text: str = "") -> str:
        """Write a note anew and show it."""
        note = self.find(note_id)
        with told_in_http():
            try:
                self.storage.change(note.id, title, text, by=cherrypy.request.login)
            except BadNote as problem:
                cherrypy.response.status = 400
                typed = Note(note.id, title, text, note.author, note.changed)
                return self.show(typed, problem=str(problem))
        raise go(f"/note/{note.id}/", "changed")

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    @members_only()
    def delete(self, note_id: str) -> None:
        """Throw a note away and go back to the others."""
        with told_in_http():
            self.storage.delete(number_in(note_id), by=cherrypy.request.login)
        raise go("/", "deleted")

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    @members_only()
    def attach(self, note_id: str, upload: Part | None = None) -> str:
        """Hang a file on a note."""
        note = self.find(note_id)
        with told_in_http():
            try:
                if file := read_upload(upload):
                    self.storage.attach(note.id, *file, by=cherrypy.request.login)
            except BadNote as problem:
                cherrypy.response.status = 413
                return self.show(note, problem=str(problem))
        raise go(f"/note/{note.id}/", "attached" if file else "")

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    @members_only()
    def detach(self, attachment_id: str, note_id: str) -> None:
        """Throw a file away that hangs on a note."""
        number = number_in(note_id)
        with told_in_http():
            self.storage.detach(
                number, number_in(attachment_id), by=cherrypy.request.login
            )
        raise go(f"/note/{number}/", "detached")

    @cherrypy.expose
    def attachment(self, attachment_id: str, note_id: str) -> Any:
        """Hand out a file."""
        with told_in_http():
            file = self.storage.attachment(number_in(note_id), number_in(attachment_id))
        return hand_out(*file)

    def find(self, note_id: str) -> Note:
        """Return the note of this number; 404 if there is none."""
        with told_in_http():
            return self.storage.get(number_in(note_id))

    def show(self, note: Note, *, done: str = "", problem: str = "") -> str:
        """Return the page of a note, with its forms if it is the visitor's own."""
        own = bool(note.author) and note.author == cherrypy.request.login
        here = cherrypy.url(f"/note/{note.id}")
        content = render(
            "note-own.html" if own else "note.html",
            form=form(
                f"/note/{note.id}/change",
                note.title,
                note.text,
                button="Keep the change",
            )
            if own
            else HTML(),
            title=note.title,
            text=note.text,
            author=note.author or "somebody",
            changed=note.changed,
            changed_day=note.changed[:10],
            files=self.files_of(note, own=own),
            here=here,
            file_length=FILE_LENGTH,
        )
        return page(note.title or "A note", content, done=done, problem=problem)

    def files_of(self, note: Note, *, own: bool) -> HTML:
        """Return the list of what hangs on a note."""
        here = cherrypy.url(f"/note/{note.id}")
        files = [
            render(
                "file-own.html" if own else "file.html",
                here=here,
                id=file.id,
                name=file.name,
                size=size_in_words(file.size),
            )
            for file in self.storage.attachments(note.id)
        ]
        return join(*files) if files else render("no-file.html")
