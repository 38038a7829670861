"""Which pages are known to be fast, so that the holder of the baton runs them itself.

A page is what a method and a path have in common when their variable parts are folded.
It is known to be fast when it has been called often enough and its calls took, on a
moving average, far less than anybody would notice. One slow call weighs half, so a page
that turns slow goes back to the workers at once: after one call that is slow beyond
doubt, or after two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cherrypy.httpd.protocols.events import RequestHead

__all__ = ["FAST_SECONDS", "Page", "Pages"]

FAST_SECONDS = 0.0003
"""The moving average below which a page counts as fast: what 30 requests that come at
once may wait for each other stays below 10 ms."""

_CALLS = 20  # as many calls before a page may count as fast
_WEIGHT = 1 / 16  # of a fast call in the moving average
_SLOW_WEIGHT = 1 / 2  # of a slow one

# A single call may be slow because of somebody else: the machine, or the interpreter
# lock. Whatever it took, it counts for so much that only a second one soon after it
# decides. What takes longer than a slice of the scheduler was the page, though.
_DOUBTFUL_SECONDS = 1.8 * FAST_SECONDS
_SURE_SECONDS = 0.005
_WORST_SECONDS = 10 * FAST_SECONDS

_GENERATION = 1024  # pages remembered, twice
_LONGEST_PATH = 256


class Page:
    """How long the calls of one page take.

    Threads share a page without a lock: a lost update is one call not counted.
    """

    __slots__ = ("_average", "_calls", "fast")

    def __init__(self) -> None:
        self.fast = False
        """The holder of the baton may run it."""
        self._calls = 0
        self._average = 0.0

    def record(self, seconds: float) -> None:
        """Take note of a call that took so many seconds.

        Performance: calls of a page that is fast and was fast again need not be told.
        """
        if seconds > FAST_SECONDS:
            sure = seconds >= _SURE_SECONDS
            seconds = min(seconds, _WORST_SECONDS if sure else _DOUBTFUL_SECONDS)
            self._average += (seconds - self._average) * _SLOW_WEIGHT
        else:
            self._average += (seconds - self._average) * _WEIGHT
        self._calls += 1
        self.fast = self._calls >= _CALLS and self._average < FAST_SECONDS

    def distrust(self) -> None:
        """Begin anew: the page did something that the holder should not wait for."""
        self.fast = False
        self._calls = 0


class Pages:
    """The pages of one server. Only the holder of the baton looks them up.

    Bounded: pages are kept in two generations, and those that were not asked for while
    one generation filled are forgotten.
    """

    def __init__(self) -> None:
        self._young: dict[tuple[str, bytes], Page] = {}
        self._old: dict[tuple[str, bytes], Page] = {}

    def find(self, head: RequestHead) -> Page:
        """Return the page that a request asks for."""
        key = (head.method, _fold(head.path))
        page = self._young.get(key)
        if page is None:
            page = self._old.get(key)
            if page is None:
                page = Page()
            if len(self._young) >= _GENERATION:
                self._old = self._young
                self._young = {}
            self._young[key] = page
        return page


def _fold(path: bytes) -> bytes:
    """Replace the segments of a path that look like values: those with a digit."""
    path = path[:_LONGEST_PATH]
    if _DIGIT.search(path) is None:
        return path
    return _VALUE.sub(b"*", path)


_DIGIT = re.compile(rb"[0-9]")
_VALUE = re.compile(rb"[^/0-9]*[0-9][^/]*")
