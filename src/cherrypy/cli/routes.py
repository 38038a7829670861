"""``cherrypy routes``: list the URLs of an application."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.cli import settings, target
from cherrypy.cli.listing import (
    Route,
    list_routes,
    name_of,
    parameters_as_written,
    place_of,
    type_name,
)
from cherrypy.cli.terminal import Terminal
from cherrypy.cli.values import shown

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "command"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    target.add_target(parser)
    settings.add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def command(options: Namespace) -> int:
    """Print the routes."""
    cherrypy.config["log.screen"] = False
    apps, _ = target.prepare(options)
    routes = list(list_routes(apps))
    if options.json:
        print(json.dumps([_as_document(route) for route in routes], indent=2))
        return 0
    terminal = Terminal(colour=not options.no_color)
    headings = ("url", "methods", "page", "parameters", "tools", "")
    terminal.table(headings, map(_as_row, routes))
    usual = sorted({name for route in routes for name in route.usual})
    if usual:
        terminal.heading("Tools that are on everywhere")
        terminal.say(", ".join(usual))
    return 0


def _as_row(route: Route) -> tuple[str, ...]:
    on = [name for name in route.tools if name not in route.usual]
    off = [f"no {name}" for name in sorted(route.usual - route.tools.keys())]
    return (
        route.url,
        " ".join(route.methods) or "any",
        name_of(route.page),
        ", ".join(parameters_as_written(route.parameters)),
        ", ".join([*on, *(off if route.tools else [])]),
        route.note,
    )


def _as_document(route: Route) -> dict[str, Any]:
    place = place_of(route.page) if route.page is not None else None
    return {
        "url": route.url,
        "methods": list(route.methods),
        "page": name_of(route.page) or None,
        "file": place[0] if place else None,
        "line": place[1] if place else None,
        "parameters": [
            {
                "name": each.name,
                "kind": each.kind,
                "type": type_name(each.annotation) if each.annotation else None,
                "required": each.required,
                "default": None if each.default is None else repr(each.default),
            }
            for each in route.parameters
        ],
        "tools": {
            name: {key: shown(key, value) for key, value in settings.items()}
            for name, settings in route.tools.items()
        },
        "dynamic": route.note.startswith("dynamic"),
        "note": route.note,
    }
