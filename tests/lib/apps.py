"""Small applications for the tests of the tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Config = dict[str, Any]


class Root:
    """A root to hang pages on."""


def serve(page: Callable[..., Any], config: Config | None = None) -> Client:
    """Make a client for an application with one page, at /."""

    @cherrypy.expose
    def index(self: Root, *args: Any, **kwargs: Any) -> Any:
        return page(*args, **kwargs)

    root = type("Root", (Root,), {"index": index})()
    return mount(root, {"/": config or {}})


def mount(
    root: object, config: Mapping[str, Config] | None = None, script_name: str = ""
) -> Client:
    """Make a client for a tree of objects."""
    sections = {path: dict(section) for path, section in (config or {}).items()}
    sections.setdefault("/", {}).setdefault("request.show_tracebacks", False)
    return Client(cherrypy.Application(root, script_name, sections))


def typed(content_type: str | None, body: Any) -> Callable[[], Any]:
    """Make a page that sets its Content-Type."""

    def page() -> Any:
        if content_type is None:
            del cherrypy.response.headers["Content-Type"]
        else:
            cherrypy.response.headers["Content-Type"] = content_type
        return body

    return page
