"""What tests of the core may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cherrypy.core import app as _fills_the_placeholders  # noqa: F401
from cherrypy.core.context import Serving, current
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.http.hosts import Host

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A request for http://host.example/app/page?x=1 and its response, both present."""
    request = Request(Host("127.0.0.1", 80), Host("192.0.2.7", 4711))
    request.base = "http://host.example"
    request.script_name = "/app"
    request.path_info = "/page"
    request.query_string = "x=1"
    request.is_index = False
    before = current.get()
    here = Serving(request, Response())
    current.set(here)
    yield here
    current.set(before)
