"""What the tour shows, in order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to see."""

    title: str
    text: str
    file: str
    """The file with the code, as it is called below this folder."""
    line: str
    """How the line begins with which the code does."""
    path: str = ""
    """Where on this site it can be seen at work."""


STOPS = [
    Stop(
        "Pages are methods",
        "/note/1/ is the method index of an object called note. What a form sends"
        " comes as arguments; a missing one is a 404 before the method is called.",
        "app.py",
        "class Site",
        "/",
    ),
    Stop(
        "Numbers in the path",
        "popargs takes the number of the note out of the path, and gives it to every"
        " page of the class by name.",
        "notes.py",
        "class NotePages",
        "/note/1/",
    ),
    Stop(
        "Registering, logging in and out",
        "A session remembers who somebody is; its id changes at each login. Passwords"
        " are kept as salted hashes that take time and memory.",
        "accounts.py",
        "class Accounts",
        "/account/register",
    ),
    Stop(
        "Sessions in a file",
        "They outlive the process, and several processes may share them. Redis or"
        " PostgreSQL would be another line.",
        "app.py",
        "def make_application",
    ),
    Stop(
        "Tools",
        "A function and a point in the life of a request. This one refuses what other"
        " sites try to post in a visitor's name; notes.conf switches it on for every"
        " page.",
        "guards.py",
        "def same_site",
    ),
    Stop(
        "Only your own",
        "Everybody reads all notes, only the author changes one. The storage itself"
        " insists, so that no page and no program finds a way around.",
        "storage.py",
        "def _belongs",
    ),
    Stop(
        "Live updates",
        "Open the notes in two windows and write one. Server-sent events, from a"
        " generator: bounded in number, with a heartbeat, and gone when the site"
        " stops.",
        "live.py",
        "class Changes",
        "/",
    ),
    Stop(
        "Uploads",
        "Hang a file on a note of yours and watch it go. Names are made safe, and what"
        " comes back is always a download, never a page.",
        "files.py",
        "def safe_name",
    ),
    Stop(
        "Progress in the browser",
        "One small script; without it the same form works, only silently.",
        "static/upload.js",
        "export function",
    ),
    Stop(
        "Search while you type",
        "The script asks for the page that the form would ask for, and takes the notes"
        " out of it. So there is one way to draw them.",
        "static/notes.js",
        "async function refresh",
        "/?q=note",
    ),
    Stop(
        "A JSON API",
        "One object for a resource, one method for each method of HTTP. It takes the"
        " session of a browser, or name and password of a program.",
        "api.py",
        "class Notes",
        "/api-guide",
    ),
    Stop(
        "Answers that are made while they are sent",
        "A page that yields is streamed: a million notes take the memory of one.",
        "exports.py",
        "def as_json_lines",
        "/export.ndjson",
    ),
    Stop(
        "Statistics",
        "Requests per second, latency, slow pages, live. Only a browser on this machine"
        " may see them.",
        "notes.conf",
        "[/stats]",
        "/stats/",
    ),
    Stop(
        "Configuration",
        "By path: what /api wants is none of the other pages' business. Static files"
        " are three lines, and every answer carries a policy that allows no foreign"
        " script.",
        "notes.conf",
        "[/]",
    ),
    Stop(
        "Arguments with types",
        "This tour's own source pages take two numbers; what is none is answered with"
        " 400 and the name of the argument.",
        "tour.py",
        "def source",
        "/tour/source/tour.py?first=x",
    ),
    Stop(
        "Errors in the language of who asked",
        "People get a page that looks like the others, programs get JSON: one line"
        " each, for all that lies below.",
        "pages.py",
        "def html_error",
        "/nowhere",
    ),
    Stop(
        "Templates",
        "A demonstration needs no more than string.Template, with everything escaped"
        " that is not HTML already. Bring the engine that you like.",
        "markup.py",
        "def render",
    ),
    Stop(
        "One database file",
        "SQLite, opened for each call, with the steps by which its tables grew.",
        "database.py",
        "class Database",
    ),
    Stop(
        "Change something",
        "Edit a page, a template or the configuration while the program runs. It starts"
        " anew by itself; you stay logged in, and open windows connect again.",
        "__main__.py",
        "cherrypy.engine.autoreload",
    ),
]
