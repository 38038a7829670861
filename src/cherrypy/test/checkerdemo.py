"""A site that is wrong in many ways, to see what the checker says about it.

    python -m cherrypy.test.checkerdemo

It looks at the site when the engine starts; its warnings go to stderr. Then the site
is served at http://127.0.0.1:8080/, until somebody presses Ctrl-C.
"""

from __future__ import annotations

import os.path
from typing import Any

import cherrypy

__all__ = ["Root", "config", "set_up"]

_HERE = os.path.dirname(os.path.abspath(__file__))


class Root:
    """Nothing but a place to be mounted."""


config: dict[str, dict[str, Any]] = {
    # Entries of the site, in a section of an application.
    "/": {"server.socket_port": 8080},
    # A namespace that nobody has, and a key without one.
    "/misspelt": {"tolls.gzip.on": True, "tools.nothing.on": True},
    # Brackets belong into files.
    "[/bracketed]": {"tools.gzip.on": True},
    # A folder without its root, one that is not there, and one with a root too many.
    "/relative": {"tools.staticdir.on": True, "tools.staticdir.dir": "static"},
    "/absent": {
        "tools.staticdir.on": True,
        "tools.staticdir.root": _HERE,
        "tools.staticdir.dir": "no_such_folder",
    },
    "/absolute": {
        "tools.staticdir.on": True,
        "tools.staticdir.root": _HERE,
        "tools.staticdir.dir": _HERE,
    },
    # Another type than the entry has.
    "/types": {"request.show_tracebacks": "yes"},
}
"""The mistakes, section by section."""


def set_up() -> None:
    """Mount the application, and make mistakes in the config of the site as well."""
    cherrypy.tree.mount(Root(), "/app", config)
    cherrypy.tree.mount(Root(), "/empty")
    cherrypy.config.update(
        {"/": {"tools.gzip.on": True}, "global": {"server.thread_pool": "10"}}
    )


if __name__ == "__main__":
    set_up()
    cherrypy.quickstart(Root(), config={"/": {"tools.encode.on": True}})
