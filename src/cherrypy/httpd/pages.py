"""Which pages are known to be fast, so that the holder of the baton runs them itself.

A page is what a method and a path have in common when their variable parts are folded.
It is known to be fast when it has been called often enough and its calls took, on a
moving average, far less than anybody would notice. One slow call weighs half, so a page
that turns slow goes back to the workers at once: after one call that is slow beyond
doubt, or after two.

Time is what the clock says, for a page that waits is slow too. Among workers that fight
for the interpreter lock a fast page may look slow for that reason alone, and would go
on to do so because it is among them. So now and then it is tried again, less and less
often if that fails.
"""

from __future__ import annotations

import re
from time import monotonic
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

_TRIAL_CALLS = 100  # among workers, until a page is tried again
_MOST_TRIAL_CALLS = 12_800  # after failures, each of which doubles it
_PROVEN_SECONDS = 10.0  # a page that was fast for so long did not fail its trial

_GENERATION = 1024  # pages remembered, twice
_LONGEST_PATH = 256


class Page:
    """How long the calls of one page take.

    Threads share a page without a lock: a lost update is one call not counted.
    """

    __slots__ = ("_average", "_calls", "_since", "_trial_calls", "fast", "quick")

    def __init__(self) -> None:
        self.fast: bool = False
        """The holder of the baton may run it."""
        self.quick: int = 0
        """Calls by the holder that were fast again, since the last `record`.

        Performance: such calls are counted, not recorded; they weigh as if they had
        taken no time.
        """
        self._calls = 0
        self._average = 0.0
        self._trial_calls = _TRIAL_CALLS
        self._since = 0.0

    def record(self, seconds: float) -> None:
        """Take note of a call that took so many seconds.

        Calls of a page that is fast and was fast again are counted in `quick` instead.
        """
        if self.quick:
            self._average *= (1 - _WEIGHT) ** self.quick
            self.quick = 0
        slow = seconds > FAST_SECONDS
        if slow:
            sure = seconds >= _SURE_SECONDS
            seconds = min(seconds, _WORST_SECONDS if sure else _DOUBTFUL_SECONDS)
            self._average += (seconds - self._average) * _SLOW_WEIGHT
        else:
            self._average += (seconds - self._average) * _WEIGHT
        self._calls += 1
        if self._average < FAST_SECONDS:
            if not self.fast and self._calls >= _CALLS:
                self._trust()
        elif self.fast:
            self._fail()
        elif self._calls >= self._trial_calls and not slow:
            self._trust()

    def _trust(self) -> None:
        self.fast = True
        # What it took among workers, who wait for each other, says little from now on:
        # with that in the average a single doubtful call would decide.
        self._average = 0.0
        self._since = monotonic()

    def _fail(self) -> None:
        self.fast = False
        self._calls = 0
        if monotonic() - self._since > _PROVEN_SECONDS:
            self._trial_calls = _TRIAL_CALLS
        else:
            self._trial_calls = min(self._trial_calls * 2, _MOST_TRIAL_CALLS)

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
