"""The front door, borrowed: whatever a test does behind it is put back."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = ["forget_caches", "nothing_counted", "untouched"]


@contextmanager
def untouched() -> Iterator[ModuleType]:
    """Give the front door; what is changed behind it is put back afterwards.

    That is: config, mounted applications, builtin tools, settings of servers and of the
    checker, listeners of the engine, threads that have answered and those that sweep.
    There is no cache of answers. While the test runs, the log is not shown.
    """
    import cherrypy
    from cherrypy.lib.session_base import Session
    from cherrypy.process.plugins import Monitor

    boxes: list[dict[Any, Any]] = [
        cherrypy.config,
        cherrypy.config.namespaces,
        cherrypy.Application.request_class.namespaces,
        cherrypy.Application.toolboxes,
        cherrypy.tree.apps,
        cherrypy.servers,
        vars(cherrypy.server),
        vars(cherrypy.tools),
        vars(cherrypy.checker),
        Session._cleaners,
        cherrypy.engine.thread_manager.threads,
    ]
    before = [dict(box) for box in boxes]
    listeners = {name: set(heard) for name, heard in cherrypy.engine.listeners.items()}
    screen = cherrypy.log.screen
    cherrypy.log.screen = False
    cherrypy.tree.apps.clear()
    replaced = set(cherrypy.tree.replaced)
    cherrypy.tree.replaced.clear()
    cherrypy.engine.thread_manager.threads.clear()
    forget_caches()
    try:
        yield cherrypy
    finally:
        forget_caches()
        for box, contents in zip(boxes, before, strict=True):
            # Methods of dict, because those of a config tell others what they do.
            dict.clear(box)
            dict.update(box, contents)
        for stop in cherrypy.engine.listeners["stop"] - listeners["stop"]:
            owner = getattr(stop, "__self__", None)
            if isinstance(owner, Monitor):
                owner.stop()
        # Tools that are set are noticed; those put back behind the scenes are not.
        cherrypy.tools.namespace = cherrypy.tools.namespace
        cherrypy.engine.listeners.clear()
        cherrypy.engine.listeners.update(listeners)
        cherrypy.log.screen = screen
        cherrypy.tree.replaced.clear()
        cherrypy.tree.replaced.update(replaced)


def forget_caches() -> None:
    """Let the next request make a cache, as the first one of a process does."""
    import cherrypy
    from cherrypy.lib.memory_cache import MemoryCache

    cache = vars(cherrypy).pop("_cache", None)
    if isinstance(cache, MemoryCache):
        # Its thread ends when nothing is kept.
        cache.clear()
    vars(cherrypy).pop("_stored_caches", None)


@contextmanager
def nothing_counted() -> Iterator[None]:
    """Let the statistics of this process begin anew, and go on with the old ones."""
    from cherrypy.lib import cpstats

    statistics: Any = vars(logging)["statistics"]
    before, others = dict(cpstats.appstats), dict(statistics)
    timeline, cpstats._timeline = cpstats._timeline, type(cpstats._timeline)()
    statistics.clear()
    statistics["CherryPy Applications"] = cpstats.appstats
    totals = [name for name in before if name.startswith("Total")]
    cpstats.appstats.update(dict.fromkeys(totals, 0))
    cpstats.appstats.update({"Requests": {}, "Pages": {}, "Current Requests": 0})
    cpstats.appstats.pop("Slow Queries", None)
    cpstats.appstats.pop("URI Set Tracking", None)
    try:
        yield
    finally:
        cpstats._timeline = timeline
        cpstats.appstats.clear()
        cpstats.appstats.update(before)
        statistics.clear()
        statistics.update(others)
