"""What every test may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.http.types import WSGIApplication
    from cherrypy.testing import Client


@pytest.fixture
def client_for() -> Callable[[WSGIApplication], Client]:
    """Return what makes a client for an application."""
    from cherrypy.testing import Client

    return Client
