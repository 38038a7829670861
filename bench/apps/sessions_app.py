"""Pages with sessions, for Morello and for CherryPy 18: the very same file."""

from __future__ import annotations

import sys

import cherry

import cherrypy
from cherrypy.lib.sessions import FileSession


class Counter:
    @cherrypy.expose
    def index(self):
        cherrypy.session["count"] = cherrypy.session.get("count", 0) + 1
        return str(cherrypy.session["count"])


ON = {"tools.sessions.on": True}
FILES = {
    **ON,
    "tools.sessions.storage_class": FileSession,
    # The folder is the last argument.
    "tools.sessions.storage_path": sys.argv.pop(),
}
cherrypy.tree.mount(Counter(), "/ram", {"/": ON})
cherrypy.tree.mount(Counter(), "/files", {"/": FILES})

if __name__ == "__main__":
    cherry.main()
