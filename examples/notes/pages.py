"""What all pages have in common: their frame, and what they say about errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import cherrypy
from examples.notes.markup import HTML, render
from examples.notes.storage import BadNote, NoSuchNote, NotYours

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE = {
    "added": "The note is kept.",
    "changed": "The change is kept.",
    "attached": "The file hangs on the note.",
    "detached": "The file is gone.",
    "deleted": "The note is gone.",
    "registered": "Welcome. Now you can write notes.",
    "in": "You are logged in.",
    "out": "You are logged out.",
}
"""What a page says after the redirect that followed a form."""


def page(
    title: str, content: HTML, *, q: str = "", done: str = "", problem: str = ""
) -> str:
    """Return a whole page, on top what was done or what was wrong."""
    told = HTML()
    if problem:
        told = render("problem.html", text=problem)
    elif done in DONE:
        told = render("told.html", text=DONE[done])
    name = cherrypy.request.login
    who = render("who.html", name=name) if name else render("who-nobody.html")
    return render("page.html", title=title, content=content, q=q, told=told, who=who)


def go(path: str, done: str = "") -> cherrypy.HTTPRedirect:
    """Return what sends the browser to another page, to say there what was done.

    After a form, so that reloading the page does not send the form again.
    """
    return cherrypy.HTTPRedirect(cherrypy.url(path, f"done={done}" if done else ""))


def html_error(status: str, message: str, traceback: str, version: str) -> str:
    """Answer errors with a page that looks like the others."""
    cherrypy.response.headers["Content-Type"] = "text/html;charset=utf-8"
    # What error pages are given is escaped already.
    told = render("error.html", status=HTML(status), message=HTML(message))
    return page("Sorry", told)


def number_in(text: str) -> int:
    """Return a number as it stands in a URL; there is no page for anything else."""
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
    except NotYours as problem:
        raise cherrypy.HTTPError(403, str(problem)) from None
    except BadNote as problem:
        raise cherrypy.HTTPError(400, str(problem)) from None
