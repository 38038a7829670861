"""What coverage.py knows of files, asked for again only when it has changed."""

from __future__ import annotations

import os
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from coverage import Coverage

__all__ = ["FileCoverage", "Measured"]


@dataclass(frozen=True)
class FileCoverage:
    """The lines of a file; or only their numbers, of several files together."""

    statements: Collection[int] = frozenset()
    """Lines in which a statement begins."""

    excluded: Collection[int] = frozenset()
    """Lines that do not count."""

    missing: Collection[int] = frozenset()
    """Statements that have not run."""

    partial: Collection[int] = frozenset()
    """Statements that have not gone on in every direction."""

    problem: str = ""
    """Why there is nothing to say."""

    total: int = 0
    """How many statements there are."""

    missed: int = 0
    """How many have not run."""

    in_part: int = 0
    """How many have not gone on in every direction."""

    @property
    def percent(self) -> float:
        """How much has run; all of nothing."""
        return 100 * (self.total - self.missed) / self.total if self.total else 100.0

    def __add__(self, other: FileCoverage) -> FileCoverage:
        """Return the numbers of both."""
        return FileCoverage(
            problem=self.problem or other.problem,
            total=self.total + other.total,
            missed=self.missed + other.missed,
            in_part=self.in_part + other.in_part,
        )


class Measured:
    """Looks into the data of a measurement, which may still go on.

    Args:
        coverage: The measurement.
    """

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        # By path: the state of file and data, and what it came to.
        self._known: dict[str, tuple[object, FileCoverage]] = {}

    def files(self) -> set[str]:
        """Return the paths of the files of which lines have run."""
        return set(self._coverage.get_data().measured_files())

    def of(self, path: str) -> FileCoverage:
        """Return what is known of a file."""
        data = self._coverage.get_data()
        lines: Any = data.arcs(path) if data.has_arcs() else data.lines(path)
        try:
            changed = os.stat(path).st_mtime_ns
        except OSError:
            changed = 0
        state = (changed, frozenset(lines or ()))
        known = self._known.get(path)
        if known is None or known[0] != state:
            known = self._known[path] = (state, self._analysed(path))
        return known[1]

    def _analysed(self, path: str) -> FileCoverage:
        from coverage import CoverageException  # lazy: an optional dependency

        try:
            _, statements, excluded, missing, _ = self._coverage.analysis2(path)
            branches = self._coverage.branch_stats(path)
        except CoverageException as problem:
            return FileCoverage(problem=str(problem))
        partial = {line for line, (ways, taken) in branches.items() if taken < ways}
        partial.difference_update(missing)
        return FileCoverage(
            frozenset(statements),
            frozenset(excluded),
            frozenset(missing),
            frozenset(partial),
            total=len(statements),
            missed=len(missing),
            in_part=len(partial),
        )

    def source(self, path: str) -> list[str]:
        """Return the lines of a file, without their ends."""
        with tokenize.open(path) as file:
            return file.read().removesuffix("\n").split("\n")
