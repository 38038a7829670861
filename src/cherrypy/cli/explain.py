"""``cherrypy explain``: who answers a request, with which tools and config."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import cherrypy
from cherrypy.cli import settings, target
from cherrypy.cli.listing import name_of, place_of
from cherrypy.cli.mistakes import Mistake, WrongUse
from cherrypy.cli.origins import Entry, entries, why_not_found
from cherrypy.cli.terminal import Terminal
from cherrypy.cli.trace import Note, Step, trace
from cherrypy.cli.values import shown
from cherrypy.core.errors import HTTPError, HTTPRedirect, InternalRedirect

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "command"]

_OF_THE_SITE = ("checker", "engine", "environment", "log", "server", "tree")
"""Config that concerns no request."""

_BEFORE = ("on_start_resource", "before_request_body", "before_handler")
"""The hook points before the page."""

_WIDEST = 50
"""How many characters of a value are shown."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    target.add_target(parser)
    parser.add_argument("url", metavar="URL", help="such as '/blog/2024?draft=1'")
    parser.add_argument(
        "-X", "--method", metavar="METHOD", help="the request method (default: GET)"
    )
    parser.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a request header (may be repeated)",
    )
    parser.add_argument(
        "-d", "--data", metavar="TEXT", help="a body; makes the method POST"
    )
    parser.add_argument(
        "--no-tools",
        action="store_true",
        help="list the tools, but run none of them; they might change something",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    settings.add_settings(parser)


def command(options: Namespace) -> int:
    """Print what becomes of a request.

    Raises:
        WrongUse: A header makes no sense, or the URL does not.
        Mistake: The application of that URL is not one of ours.
    """
    cherrypy.config["log.screen"] = False
    headers = [_header(text) for text in options.header]
    path = _path(options.url)
    apps, provenance = target.prepare(options)
    method = options.method or ("GET" if options.data is None else "POST")
    mounted = cherrypy.tree.script_name_of(path)
    if mounted is None:
        places = ", ".join(sorted(repr(place or "/") for place in apps))
        raise Mistake(
            f"nothing is mounted at {path!r}, so it is not found (404); there are "
            f"applications at {places}."
        )
    app = apps[mounted]
    if not isinstance(app, cherrypy.Application):
        raise Mistake(
            f"{path!r} is answered by {name_of(app)}, a WSGI application whose inside "
            "nobody knows."
        )
    body = None if options.data is None else options.data.encode()
    if body is not None and not any(k.lower() == "content-type" for k, _ in headers):
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    notes = trace(
        app, method, options.url, headers=headers, body=body, tools=not options.no_tools
    )
    if not notes:
        raise Mistake(
            f"{method} {options.url} was refused before any page was looked for: the "
            "request itself is malformed."
        )
    if options.json:
        print(json.dumps([_as_document(note, provenance) for note in notes], indent=2))
        return 0
    terminal = Terminal(colour=not options.no_color)
    for note in notes:
        _print(terminal, note, provenance)
    return 0


def _path(url: str) -> str:
    if not url.startswith(("/", "http://", "https://")):
        raise WrongUse(f"{url!r} is no URL; it begins with a slash.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as problem:
        raise WrongUse(f"{url!r} is no URL: {problem}.") from problem
    return parts.path or "/"


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise WrongUse(f"the header {text!r} has no colon; write 'Name: value'.")
    return name.strip(), value.strip()


# What became of it, in words.


def _verdict(note: Note) -> str:
    """Return in one sentence how the request would be answered, and why."""
    problem = note.raised
    if problem is not None:
        return f"fails: {type(problem).__name__}: {problem}"
    for step in note.steps:
        if step.raised is not None and not isinstance(step.raised, InternalRedirect):
            return f"{step.name} answers: {_reply(step.raised)}"
        if isinstance(step.raised, InternalRedirect):
            place = f"{note.request.script_name}{step.raised.path}"
            return f"{step.name} continues with {place}"
    for step in note.steps:
        if step.answered:
            return f"{step.name} answers in the place of a page: {note.status}"
    if isinstance(note.handler, HTTPError):
        if note.handler.status == 405:
            allowed = dict(note.headers).get("Allow", "")
            return f"405 Method Not Allowed: the object has methods for {allowed}"
        error = note.handler
        return f"{error.code} {error.reason}: {why_not_found(note)}"
    if note.misfit is not None:
        return f"{_reply(note.misfit)}, because the arguments do not fit the page"
    if note.reached:
        return "the page is called"
    return f"{note.status}, without a page"


def _reply(raised: BaseException) -> str:
    if isinstance(raised, HTTPRedirect):
        return f"{raised.status}, go to {', '.join(raised.urls)}"
    if isinstance(raised, HTTPError):
        message = raised.args[1] if len(raised.args) > 1 else None
        text = f"{raised.code} {raised.reason}"
        return f"{text} ({message})" if message else text
    return f"500, because of {type(raised).__name__}: {raised}"


def _outcome(step: Step, note: Note) -> str:
    if step.raised is not None:
        return type(step.raised).__name__
    if step.answered:
        return "answers"
    # What comes behind the page does not run here in any case.
    failed = any(each.raised is not None for each in note.steps)
    return "skipped" if failed and not step.ran and step.point in _BEFORE else ""


def _arguments(note: Note) -> list[str]:
    named = [f"{name}={value!r}" for name, value in note.kwargs.items()]
    return [*map(repr, note.args), *named]


# As text.


def _print(terminal: Terminal, note: Note, provenance: settings.Provenance) -> None:
    request = note.request
    query = f"?{request.query_string}" if request.query_string else ""
    terminal.say(
        terminal.bold(
            f"{request.method} {request.script_name}{request.path_info}{query}"
        )
    )
    rows = [("result", _verdict(note))]
    if note.page is not None:
        place = place_of(note.page)
        where = f"  ({place[0]}:{place[1]})" if place else ""
        rows.insert(0, ("page", f"{name_of(note.page)}{where}"))
    if note.reached:
        rows.insert(1, ("arguments", ", ".join(_arguments(note)) or "none"))
    rows.append(("dispatcher", _dispatcher(request)))
    terminal.table((), rows, indent=2)
    if note.steps:
        terminal.heading("Hooks, in the order in which they run")
        settings_of = [
            (
                step.point,
                f"{step.priority:g}",
                step.name,
                ", ".join(
                    f"{key}={_short(key, each)}" for key, each in step.settings.items()
                ),
                _outcome(step, note),
            )
            for step in note.steps
        ]
        terminal.table((), settings_of, indent=2)
    terminal.heading("Config in force")
    terminal.table(
        (),
        [
            (
                entry.key,
                _short(entry.key, entry.value),
                f"from {entry.origin}",
                _over(entry),
            )
            for entry in entries(note, provenance)
            if entry.key.partition(".")[0] not in _OF_THE_SITE
        ],
        indent=2,
    )


def _dispatcher(request: Any) -> str:
    usual = request.dispatch
    found = request.app.find_config(request.path_info or "/", "request.dispatch", usual)
    return name_of(found)


def _over(entry: Entry) -> str:
    if not entry.overridden:
        return ""
    told = [
        f"{_short(entry.key, value)} from {origin}"
        for value, origin in entry.overridden
    ]
    return f"over {', '.join(told)}"


def _short(name: str, value: object) -> str:
    text = shown(name, value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


# As JSON.


def _as_document(note: Note, provenance: settings.Provenance) -> dict[str, Any]:
    request = note.request
    place = place_of(note.page) if note.page is not None else None
    return {
        "method": request.method,
        "path": f"{request.script_name}{request.path_info}",
        "query": request.query_string,
        "result": _verdict(note),
        "calls_page": note.reached and note.misfit is None,
        "status": note.misfit.code
        if note.misfit
        else int(note.status[:3] or 0) or None,
        "page": name_of(note.page) or None,
        "file": place[0] if place else None,
        "line": place[1] if place else None,
        "args": [repr(value) for value in note.args],
        "kwargs": {name: repr(value) for name, value in note.kwargs.items()},
        "dispatcher": _dispatcher(request),
        "hooks": [
            {
                "point": step.point,
                "priority": step.priority,
                "name": step.name,
                "settings": {
                    key: shown(key, each) for key, each in step.settings.items()
                },
                "raised": repr(step.raised) if step.raised else None,
            }
            for step in note.steps
        ],
        "config": [
            {
                "key": entry.key,
                "value": shown(entry.key, entry.value),
                "origin": entry.origin,
                "overridden": [
                    [shown(entry.key, value), where]
                    for value, where in entry.overridden
                ],
            }
            for entry in entries(note, provenance)
        ],
    }
