"""The notes, with a database that knows nothing yet."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from cherrypy.lib.passwords import hash_password
from cherrypy.testing import Client
from examples.notes import users
from examples.notes.app import make_application
from tests.examples.notes_client import log_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    import cherrypy


# Once for all tests: it takes a tenth of a second, on purpose.
hash_once = cache(hash_password)


@pytest.fixture(autouse=True)
def quick_hashes(site: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "hash_password", hash_once)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "notes.sqlite"


@pytest.fixture
def application(database: Path) -> Iterator[cherrypy.Application]:
    made = make_application(database)
    yield made
    made.root.changes.unsubscribe()
    made.config["/"]["tools.sessions.storage"].close()


@pytest.fixture
def stranger(application: cherrypy.Application) -> Client:
    """Return a client that is not logged in."""
    return Client(application, follow_redirects=True)


@pytest.fixture
def client(application: cherrypy.Application) -> Client:
    """Return a client that is logged in as ada."""
    return log_in(Client(application, follow_redirects=True), "ada")
