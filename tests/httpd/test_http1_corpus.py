"""Every raw case, against the protocol alone and against the whole server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cherrypy.httpd.server import HTTPServer
from cherrypy.httpd.wsgi import WSGIHandler
from tests.httpd import rawapp, rawcases
from tests.httpd.tinyserver import TinyServer

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = rawcases.load()


@contextmanager
def tiny() -> Iterator[tuple[str, int]]:
    """Serve with the protocol, plain sockets and a thread for each connection."""
    with TinyServer(rawapp.app) as server:
        yield server.address


@contextmanager
def real() -> Iterator[tuple[str, int]]:
    """Serve with the server."""
    server = HTTPServer(WSGIHandler(rawapp.app), bind_addr=("127.0.0.1", 0))
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        assert isinstance(server.bound_addr, tuple)
        yield server.bound_addr
    finally:
        server.stop()
        thread.join()


@pytest.fixture(scope="module", params=[tiny, real])
def verdicts(request: pytest.FixtureRequest) -> dict[str, str]:
    """Play all cases, many at a time; what is wrong with the answers by case."""
    with request.param() as address, ThreadPoolExecutor(16) as pool:
        players = pool.map(lambda case: rawcases.Player(address, case).play(), CASES)
        return {
            case.identity: wrong for case, wrong in zip(CASES, players, strict=True)
        }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identity)
def test_raw_case(case: rawcases.Case, verdicts: dict[str, str]) -> None:
    assert verdicts[case.identity] == "", f"{case.source}: {case.steps!r:.500}"
