"""The pytest plugin of Morello: fixtures that serve a CherryPy application.

`cherrypy_client` asks without sockets, `cherrypy_server` serves on a free port. What
is served is the fixture `cherrypy_app`, with the config `cherrypy_config`; tests
override them, or pytest's configuration names them::

    [tool.pytest.ini_options]
    cherrypy_app = "notes.app:Root"
    cherrypy_config = "notes.conf"

This module lies outside the package because pytest imports it in every run; the
framework is imported only when a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.test.sites import LiveSite
    from cherrypy.testing import Client

__all__ = [
    "cherrypy_app",
    "cherrypy_client",
    "cherrypy_config",
    "cherrypy_server",
    "pytest_addoption",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare what pytest's configuration may say."""
    parser.addini(
        "cherrypy_app", "what cherrypy_client and cherrypy_server serve: module:object"
    )
    parser.addini("cherrypy_config", "the config file that it is served with")


@pytest.fixture(scope="session")
def cherrypy_app(pytestconfig: pytest.Config) -> Any:
    """What is served. Override this fixture, or set `cherrypy_app` for pytest.

    It may be a root object or its class, a `cherrypy.Application`, a tree, a WSGI
    application, a function without arguments that returns one of these, or a text
    ``"module:object"``. None stands for what is mounted on `cherrypy.tree` already.
    """
    return pytestconfig.getini("cherrypy_app") or None


@pytest.fixture(scope="session")
def cherrypy_config(pytestconfig: pytest.Config) -> Any:
    """The config it is served with: a dict or a file. Override as `cherrypy_app`.

    Sections whose names begin with a slash are for the application. The section
    ``global``, and entries in no section, are for the site.
    """
    name = pytestconfig.getini("cherrypy_config")
    return str(pytestconfig.rootpath / name) if name else {}


@pytest.fixture
def cherrypy_client(cherrypy_app: Any, cherrypy_config: Any) -> Iterator[Client]:
    """Ask `cherrypy_app` without a socket: a `cherrypy.testing.Client`.

    The engine is not started. Config and tree are put back after the test.
    """
    from cherrypy.test.sites import prepared
    from cherrypy.testing import Client

    with prepared(cherrypy_app, cherrypy_config) as tree:
        yield Client(tree)


@pytest.fixture
def cherrypy_server(cherrypy_app: Any, cherrypy_config: Any) -> Iterator[LiveSite]:
    """Serve `cherrypy_app` on a free port, with the engine started.

    The value has `base_url`, `host` and `port`. After the test the engine exits, and
    config and tree are put back.
    """
    from cherrypy.test.sites import LiveSite

    with LiveSite(cherrypy_app, cherrypy_config) as site:
        yield site
