"""The site: the front page, and everything else as its attributes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.lib.cpstats import StatsPage
from cherrypy.stores.sqlite import SQLiteStore
from examples.notes import (
    exports,
    guards,  # noqa: F401  its tools are switched on in notes.conf
)
from examples.notes.accounts import Accounts, members_only
from examples.notes.api import API
from examples.notes.database import Database
from examples.notes.files import read_upload
from examples.notes.live import Changes, Live
from examples.notes.markup import HTML, join, render
from examples.notes.notes import NotePages, form
from examples.notes.pages import go, html_error, page
from examples.notes.storage import BadNote, Note, Storage
from examples.notes.tour import Tour
from examples.notes.users import Users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.core.body import Part

HERE = Path(__file__).parent

Typed = tuple[str, str]
"""Title and text as they were typed."""

SESSION_MINUTES = 60 * 24 * 7


def streamed_as(media_type: str) -> dict[str, Any]:
    """Return config for a page that is sent while it is made."""
    return {
        "response.stream": True,
        "response.headers.Content-Type": media_type,
        # It may take a while, and must not hold a session all the time.
        "tools.sessions.on": False,
    }


@cherrypy.config(**{"error_page.default": html_error})
class Site:
    """What visitors find at /, and as attributes what lies below it."""

    def __init__(self, storage: Storage, users: Users, changes: Changes) -> None:
        self.storage = storage
        self.changes = changes
        self.note = NotePages(storage)
        self.account = Accounts(users)
        self.live = Live(changes)
        self.api = API(storage)
        self.tour = Tour()
        self.stats = StatsPage()

    @cherrypy.expose
    def index(self, q: str = "", done: str = "") -> str:
        """Show the notes, or those with these words, and a form for another."""
        return self.show(q, done=done)

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    @members_only()
    def add(self, title: str, text: str = "", upload: Part | None = None) -> str:
        """Make a note and show it."""
        me = cherrypy.request.login
        try:
            file = read_upload(upload)
            number = self.storage.add(title, text, author=me)
        except BadNote as problem:
            cherrypy.response.status = 400
            return self.show(problem=str(problem), typed=(title, text))
        if file:
            self.storage.attach(number, *file, by=me)
        raise go(f"/note/{number}/", "added")

    @cherrypy.expose  # at /export.ndjson: the dot of a URL is an underscore here
    @cherrypy.config(**streamed_as("application/x-ndjson"))
    def export_ndjson(self) -> Iterator[bytes]:
        """Send every note as a line of JSON."""
        return exports.as_json_lines(self.storage.every())

    @cherrypy.expose
    @cherrypy.config(**streamed_as("text/csv"))
    def export_csv(self) -> Iterator[str]:
        """Send every note as a row for a spreadsheet."""
        return exports.as_table(self.storage.every())

    @cherrypy.expose  # at /api-guide
    def api_guide(self) -> str:
        """Tell programmers how to use the API."""
        return page("API", render("api-guide.html", base=cherrypy.url("/api")))

    def show(
        self, q: str = "", *, done: str = "", problem: str = "", typed: Typed = ("", "")
    ) -> str:
        """Return the front page."""
        # First the number, then the notes: what changes in between is told again.
        seen = self.changes.number
        notes = self.storage.search(q)
        content = render(
            "notes.html",
            write=self.invitation(typed, unfolded=bool(problem or not (notes or q))),
            live=cherrypy.url("/live/"),
            seen=seen,
            count=f"{len(notes)} {'note' if len(notes) == 1 else 'notes'}",
            about=f" with “{q}”" if q else "",
            cards=join(*map(self.card, notes)),
            ndjson=cherrypy.url("/export.ndjson"),
            csv=cherrypy.url("/export.csv"),
        )
        return page("All notes", content, q=q, done=done, problem=problem)

    @staticmethod
    def invitation(typed: Typed, *, unfolded: bool) -> HTML:
        """Return the form for a new note; a way to it for who is not logged in."""
        if not cherrypy.request.login:
            return render(
                "welcome.html",
                login=cherrypy.url("/account/login"),
                register=cherrypy.url("/account/register"),
                tour=cherrypy.url("/tour/"),
            )
        return render(
            "write.html",
            form=form("/add", *typed, button="Keep it", file=render("file-field.html")),
            open="open" if unfolded else "",
        )

    @staticmethod
    def card(note: Note) -> HTML:
        """Return a note as it stands among the others."""
        return render(
            "card.html",
            url=cherrypy.url(f"/note/{note.id}/"),
            title=note.title,
            excerpt=note.text[:200],
            author=note.author or "somebody",
            changed=note.changed,
            changed_day=note.changed[:10],
        )


def make_application(file: Path) -> cherrypy.Application:
    """Return the site, with its notes in this file and its sessions beside it."""
    database = Database(file)
    changes = Changes(cherrypy.engine)
    changes.subscribe()
    users = Users(database)
    site = Site(Storage(database, changes.announce), users, changes)
    application = cherrypy.Application(site, "", str(HERE / "notes.conf"))
    application.merge(
        {
            "/": {
                "tools.sessions.storage": SQLiteStore(
                    file.with_name("sessions.sqlite")
                ),
                "tools.sessions.timeout": SESSION_MINUTES,
                "tools.staticdir.root": str(HERE),
            },
            "/api": {"tools.known_user.checkpassword": site.account.is_right},
        }
    )
    return application
