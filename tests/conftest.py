"""What every test may ask for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from cherrypy.testing import Client


def pytest_configure(config: pytest.Config) -> None:
    """Measure the tests, but not the programs that they start.

    The worker has read the variable when it started. A program under test would read
    it too, and start slower, hold more files and write to stderr where it ends.
    """
    if hasattr(config, "workerinput"):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.fixture
def site() -> Iterator[ModuleType]:
    """Return the front door; what is changed behind it is put back afterwards.

    That is: config, mounted applications, builtin tools, settings of servers,
    listeners of the engine. While the test runs, the log is not shown.
    """
    import cherrypy

    boxes: list[dict[str, Any]] = [
        cherrypy.config,
        cherrypy.tree.apps,
        cherrypy.servers,
        vars(cherrypy.server),
        vars(cherrypy.tools),
    ]
    before = [dict(box) for box in boxes]
    listeners = {name: set(heard) for name, heard in cherrypy.engine.listeners.items()}
    screen = cherrypy.log.screen
    cherrypy.log.screen = False
    cherrypy.tree.apps.clear()
    yield cherrypy
    for box, contents in zip(boxes, before, strict=True):
        # Methods of dict, because those of a config tell others what they do.
        dict.clear(box)
        dict.update(box, contents)
    # Tools that are set are noticed; those put back behind the scenes are not.
    cherrypy.tools.namespace = cherrypy.tools.namespace
    cherrypy.engine.listeners.clear()
    cherrypy.engine.listeners.update(listeners)
    cherrypy.log.screen = screen


@pytest.fixture
def serve(site: ModuleType) -> Callable[..., Client]:
    """Return what mounts a root (with config and script name) and gives a client."""
    from cherrypy.testing import Client

    def serve(root: object, config: Any = None, script_name: str = "") -> Client:
        site.tree.mount(root, script_name, config)
        return Client(site.tree)

    return serve
