"""What cProfile has measured, as a table and as a tree of calls.

cProfile knows each function and each pair of caller and callee, but no stacks. The
tree is worked out from the pairs: what a function spent in another one is divided
among its own callers in proportion to the time it spent for each. Where a function
behaves the same whoever calls it, that is the truth; else it is an average.
"""

from __future__ import annotations

import pstats
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Frame", "FunctionTimes", "Profile"]

_Key = tuple[str, int, str]

# The profiler sees how it is switched off, and an old one how it is switched on.
_OWN_NAMES = ("_lsprof.Profiler", "profiler")

_LEAST_PART = 0.001
_MOST_FRAMES = 4000
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class FunctionTimes:
    """How often a function ran, and how long."""

    key: _Key
    """File, line and name, as in `pstats`; the file of builtin ones is ``~``."""

    calls: int
    """How often it was called."""

    outer_calls: int
    """The same, without those from within itself."""

    own_seconds: float
    """The time spent in it, without what it called."""

    seconds: float
    """The time spent in it and in what it called."""

    @property
    def name(self) -> str:
        """The name of the function; plain for builtin ones."""
        return self.key[2].strip("<>").removeprefix("built-in method ")

    @property
    def is_builtin(self) -> bool:
        """Whether it is written in C."""
        return self.key[0] == "~"

    @property
    def place(self) -> str:
        """The end of its file's path, and the line."""
        if self.is_builtin:
            return "built in"
        parts = self.key[0].replace("\\", "/").rsplit("/", 2)
        return f"{'/'.join(parts[-2:])}:{self.key[1]}"

    @property
    def identity(self) -> str:
        """The key as one text."""
        return "{}:{}:{}".format(*self.key)


@dataclass(slots=True)
class Frame:
    """A function in the place from which it was called."""

    function: FunctionTimes
    seconds: float
    """The time spent in it and below, called from here."""

    children: list[Frame] = field(default_factory=list)


_ORDERS: dict[str, Callable[[FunctionTimes], Any]] = {
    "calls": lambda each: -each.calls,
    "time": lambda each: -each.own_seconds,
    "cumulative": lambda each: -each.seconds,
    "percall": lambda each: -each.seconds / max(each.outer_calls, 1),
    "name": lambda each: each.name.lower(),
    "file": lambda each: each.key,
}


class Profile:
    """One profile, read from its file.

    Args:
        path: The file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no profile.
    """

    ORDERS = tuple(_ORDERS)
    """By what functions can be sorted."""

    def __init__(self, path: str) -> None:
        try:
            raw: Any = pstats.Stats(path)
        except (EOFError, TypeError, AttributeError) as problem:
            raise ValueError(f"{path!r} is no profile: {problem}") from problem
        self.functions: dict[_Key, FunctionTimes] = {}
        self._callees: dict[_Key, dict[_Key, float]] = {}
        for key, (outer, calls, own, total, callers) in raw.stats.items():
            if key[0] == "~" and any(name in key[2] for name in _OWN_NAMES):
                continue
            self.functions[key] = FunctionTimes(key, calls, outer, own, total)
            for caller, times in callers.items():
                # An old profile has plain counts here, which say nothing of time.
                seconds = times[3] if isinstance(times, tuple) else 0.0
                self._callees.setdefault(caller, {})[key] = seconds
        called = {
            callee
            for caller, callees in self._callees.items()
            for callee in callees
            if callee != caller and caller in self.functions
        }
        self._roots = [key for key in self.functions if key not in called]
        self.seconds: float = raw.total_tt
        self.calls: int = raw.total_calls

    def table(self, order: str = "cumulative") -> list[FunctionTimes]:
        """Return the functions, the most interesting first.

        Args:
            order: One of `ORDERS`.
        """
        return sorted(self.functions.values(), key=_ORDERS[order])

    def find(self, identity: str) -> FunctionTimes | None:
        """Return the function with this `FunctionTimes.identity`."""
        for function in self.functions.values():
            if function.identity == identity:
                return function
        return None

    def tree(self, focus: FunctionTimes | None = None) -> list[Frame]:
        """Return the calls as a tree, without what takes a thousandth or less.

        Args:
            focus: The function to begin with; otherwise those nobody has called.
        """
        roots = self._roots if focus is None else [focus.key]
        tree = _Tree(self.functions, self._callees)
        return tree.grow({key: self.functions[key].seconds for key in roots})


class _Tree:
    """Grows frames; knows how many there may be."""

    def __init__(
        self,
        functions: dict[_Key, FunctionTimes],
        callees: dict[_Key, dict[_Key, float]],
    ) -> None:
        self._functions = functions
        self._callees = callees
        self._least = 0.0
        self._left = _MOST_FRAMES

    def grow(self, roots: dict[_Key, float]) -> list[Frame]:
        self._least = sum(roots.values()) * _LEAST_PART
        return self._frames(roots, ())

    def _frames(
        self, seconds: dict[_Key, float], above: tuple[_Key, ...]
    ) -> list[Frame]:
        frames = []
        for key in sorted(seconds, key=lambda each: -seconds[each]):
            if seconds[key] <= self._least or self._left <= 0:
                break
            self._left -= 1
            frame = Frame(self._functions[key], seconds[key])
            if len(above) < _DEEPEST:
                within = (*above, key)
                frame.children = self._frames(self._below(frame, within), within)
            frames.append(frame)
        return frames

    def _below(self, frame: Frame, within: tuple[_Key, ...]) -> dict[_Key, float]:
        """Divide the time of a frame among what its function calls."""
        whole = frame.function.seconds
        if not whole:
            return {}
        part = frame.seconds / whole
        below = {
            key: seconds * part
            for key, seconds in self._callees.get(frame.function.key, {}).items()
            # What calls itself, also by way of others, is shown once.
            if key in self._functions and key not in within
        }
        together = sum(below.values())
        if together > frame.seconds:
            below = {key: s * frame.seconds / together for key, s in below.items()}
        return below
