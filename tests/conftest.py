"""What every test may ask for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.front_door import untouched
from tests.servers import memcached_server, postgresql_server, redis_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from cherrypy.testing import Client


# Fixtures: one of each for all tests of a worker.
__all__ = ["memcached_server", "postgresql_server", "redis_server"]


def pytest_configure(config: pytest.Config) -> None:
    """Measure the tests, but not the programs that they start.

    The worker has read the variable when it started. A program under test would read
    it too, and start slower, hold more files and write to stderr where it ends.
    """
    if hasattr(config, "workerinput"):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.fixture
def site() -> Iterator[ModuleType]:
    """Return the front door; what is changed behind it is put back afterwards."""
    with untouched() as front_door:
        yield front_door


@pytest.fixture
def serve(site: ModuleType) -> Callable[..., Client]:
    """Return what mounts a root (with config and script name) and gives a client."""
    from cherrypy.testing import Client

    def serve(root: object, config: Any = None, script_name: str = "") -> Client:
        site.tree.mount(root, script_name, config)
        return Client(site.tree)

    return serve
