"""A bus that remembers what it was told."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

import pytest

from cherrypy.process.wspbus import Bus

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bus() -> Iterator[Bus]:
    """Return a bus of the test's own."""
    made = Bus()
    yield made
    atexit.unregister(made._clean_exit)


@pytest.fixture
def messages(bus: Bus) -> list[str]:
    """Return the messages that the bus logs, as they come."""
    heard: list[str] = []
    bus.subscribe("log", lambda msg, level: heard.append(msg))
    return heard


@pytest.fixture
def quits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the statuses with which the process would have ended at once."""
    statuses: list[int] = []
    monkeypatch.setattr("os._exit", statuses.append)
    return statuses
