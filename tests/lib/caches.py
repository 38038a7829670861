"""What the tests of the cache share: a clock of their own and a page that counts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from tests.front_door import forget_caches
from tests.lib.apps import mount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.testing import Client


class Clock:
    """Goes as the real one, but can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.ahead += seconds

    def monotonic(self) -> float:
        """Stand for `time.monotonic`."""
        return time.monotonic() + self.ahead

    def time(self) -> float:
        """Stand for `time.time`."""
        return time.time() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the caches a clock that can be put forward."""
    fake = Clock()
    for module in ("caching", "memory_cache", "variants", "store_cache"):
        monkeypatch.setattr(f"cherrypy.lib.{module}.time", fake)
    return fake


@pytest.fixture(autouse=True)
def no_cache_is_left() -> Iterator[None]:
    """Begin and end without a cache."""
    forget_caches()
    yield
    forget_caches()


class Counting:
    """A site of one page, which says how often it was called."""

    def __init__(self, answer: Callable[..., Any] | None = None) -> None:
        self.calls = 0
        self.answer = answer

    @cherrypy.expose
    def index(self, **kwargs: Any) -> Any:
        """Say how often this was called, unless there is something better."""
        self.calls += 1
        if self.answer is None:
            return f"call {self.calls}"
        return self.answer(**kwargs)


def cached(
    answer: Callable[..., Any] | None = None, **settings: Any
) -> tuple[Client, Counting]:
    """Make a client for a cached page; settings are those of the tool."""
    root = Counting(answer)
    config = {"tools.caching.on": True}
    config |= {f"tools.caching.{name}": value for name, value in settings.items()}
    return mount(root, {"/": config}), root


def page(body: str = "hello", status: int = 200, **headers: Any) -> Callable[..., Any]:
    """Make a page that answers with these headers (``Cache_Control``)."""

    def answer(**kwargs: Any) -> Any:
        response = cherrypy.response
        response.status = status
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return body

    return answer
