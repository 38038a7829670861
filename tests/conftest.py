"""What every test may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication


@pytest.fixture
def client_for() -> Callable[[WSGIApplication], Client]:
    """Return what makes a client for an application."""
    return Client
