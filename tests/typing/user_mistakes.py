# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""Mistakes that type checkers tell users of, before a program runs.

Nobody runs this file. Each comment says what is wrong with its line; a checker that
finds nothing wrong there complains about the comment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cherrypy

if TYPE_CHECKING:
    from cherrypy.testing import Client


class Root:
    """Pages by somebody in a hurry."""

    @cherrypy.tools.gzip  # type: ignore[arg-type]  # a tool without parentheses
    def page(self) -> str:
        return "page"

    def fields(self) -> None:
        cherrypy.response.statsu = 404  # type: ignore[attr-defined]
        cherrypy.response.stream = "yes"  # type: ignore[assignment]
        cherrypy.session.regenrate()  # type: ignore[attr-defined]
        cherrypy.request.path_info.decode()  # type: ignore[attr-defined]

    def door(self) -> None:
        cherrypy.expsoe(self.page)  # type: ignore[attr-defined]
        cherrypy.url(["a", "b"])  # type: ignore[arg-type]
        cherrypy.tree.mount()  # type: ignore[call-arg]


def ask(client: Client) -> None:
    """Ask for a page with an option that is misspelt."""
    client.get("/", header={"Accept": "text/html"})  # type: ignore[call-arg]
    client.get("/").status_code()  # type: ignore[operator]
