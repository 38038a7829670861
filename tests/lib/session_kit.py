"""What tests of sessions share: a page that counts, and a clean slate."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.lib.session_base import Session
from cherrypy.lib.session_stores import StoreSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lib.apps import Config

EXECUTED: list[str] = []
"""What `Evil` has done."""


def execute(what: str) -> dict[str, Any]:
    """Do what an attacker wants."""
    EXECUTED.append(what)
    return {}


class Evil:
    """Unpickling it runs code."""

    def __reduce__(self) -> Any:
        return execute, ("arbitrary",)


def count() -> str:
    """Tell how often the session was here: a page."""
    cherrypy.session["count"] = cherrypy.session.get("count", 0) + 1
    return str(cherrypy.session["count"])


def settings(**named: Any) -> Config:
    """Return config that turns sessions on."""
    config = {f"tools.sessions.{name}": value for name, value in named.items()}
    return {"tools.sessions.on": True, **config}


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Forget the stores that are opened in the block, and who sweeps them."""
    before = dict(StoreSession._archives)
    cleaners = dict(Session._cleaners)
    EXECUTED.clear()
    yield
    for name in StoreSession._archives.keys() - before.keys():
        StoreSession._archives.pop(name).store.close()
    for place in Session._cleaners.keys() - cleaners.keys():
        monitor = Session._cleaners.pop(place)
        monitor.unsubscribe()
        monitor.stop()
