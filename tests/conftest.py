"""What every test may ask for."""

from __future__ import annotations

import faulthandler
import os
import signal
from typing import TYPE_CHECKING, Any

import coverage
import pytest

import cherrypy
from tests.front_door import untouched
from tests.servers import memcached_server, postgresql_server, redis_server

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import ModuleType

    from cherrypy.testing import Client


# Fixtures: one of each for all tests of a worker.
__all__ = ["memcached_server", "postgresql_server", "redis_server"]


def pytest_configure(config: pytest.Config) -> None:
    """Keep from programs that tests start what they would inherit from here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is behind a shell's "&": Ctrl-C would never end them.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        # This worker has read the variable when it started, and is measured. Programs
        # would start slower, hold more files and write to stderr where they end.
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


def pytest_sessionfinish() -> None:
    """Let coverage.py save what it has measured in this worker.

    It gives that up as soon as a program makes a `Coverage` of its own, as tests of
    `cherrypy.lib.covercp` do.
    """
    measured = getattr(coverage.process_startup, "coverage", None)
    if measured is not None:
        measured._auto_save = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Let workers report what no charset has; hostile input comes into the log, too."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode())
        for name, text in report.sections
    ]
    return report


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Let go of the requests that exceptions among a test's parameters passed through.

    Parameters live as long as the tests; others look for requests that nobody forgot.
    """
    callspec = getattr(item, "callspec", None)
    for value in callspec.params.values() if callspec is not None else ():
        if isinstance(value, BaseException):
            value.__traceback__ = value.__context__ = None


@pytest.fixture(autouse=True)
def toolboxes_as_before() -> Iterator[None]:
    """Take away the boxes of tools that a test adds; all applications share them."""
    boxes = cherrypy.Application.toolboxes
    before = dict(boxes)
    yield
    boxes.clear()
    boxes.update(before)


@pytest.fixture
def patient() -> None:
    """Let a test take as long as its own limits say: it waits for other programs.

    The guard of the others ends the whole process.
    """
    faulthandler.cancel_dump_traceback_later()


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
