"""Counting durations: how many, how long, and how that changes by the second.

Nothing here is kept per request, so memory and time are bounded whatever comes.
Callers see to it that one thread at a time counts or looks.
"""

from __future__ import annotations

from collections import deque
from math import ceil, log
from typing import Any

__all__ = ["Histogram", "PageRecord", "Timeline"]

_SHORTEST_SECONDS = 1e-6
_GROWTH = log(1.1)
# From a microsecond to three hours.
_LAST_BUCKET = 242

_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


class Histogram:
    """Durations in buckets, each a tenth wider than the one before it.

    A quantile is therefore right to five per cent, which is plenty.
    """

    __slots__ = ("_buckets", "count")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count: int = 0
        """How many durations there are."""

    @staticmethod
    def bucket(seconds: float) -> int:
        """Return the bucket of a duration; who counts it twice asks once."""
        if seconds <= _SHORTEST_SECONDS:
            return 0
        return min(int(log(seconds / _SHORTEST_SECONDS) / _GROWTH), _LAST_BUCKET)

    def add(self, bucket: int) -> None:
        """Count one duration."""
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1

    def add_all(self, other: Histogram) -> None:
        """Count the durations of another histogram too."""
        for bucket, count in other._buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self.count += other.count

    def quantile(self, part: float) -> float | None:
        """Return the seconds that this part of the durations does not exceed.

        Args:
            part: 0.5 for the median.

        Returns:
            The middle of a bucket; None without any durations.
        """
        left = ceil(part * self.count)
        # A copy: a page's record is looked at without holding up those who count.
        for bucket, count in sorted(self._buckets.copy().items()):
            left -= count
            if left <= 0:
                return float(_SHORTEST_SECONDS * 1.1 ** (bucket + 0.5))
        return None

    def quantiles(self) -> dict[str, float | None]:
        """Return the median, the 90th and the 99th percentile, by short names."""
        return {name: self.quantile(part) for name, part in _QUANTILES.items()}


class _Second:
    __slots__ = ("errors", "histogram", "number", "slow")

    def __init__(self, number: int) -> None:
        self.number = number
        self.errors = 0
        self.slow = 0
        self.histogram = Histogram()


class Timeline:
    """What happened in each of the last seconds.

    Args:
        seconds: How far back to remember.
    """

    def __init__(self, seconds: int = 120) -> None:
        self._length = seconds
        self._seconds: deque[_Second] = deque(maxlen=seconds)

    def add(self, now: float, bucket: int, error: bool, slow: bool) -> None:
        """Count one request.

        Args:
            now: When it ended, by a clock that never goes back.
            bucket: How long it took, as a `Histogram.bucket`.
            error: Whether it failed.
            slow: Whether it was slow.
        """
        number = int(now)
        if not self._seconds or self._seconds[-1].number != number:
            self._seconds.append(_Second(number))
        second = self._seconds[-1]
        second.histogram.add(bucket)
        second.errors += error
        second.slow += slow

    def records(self, now: float) -> list[dict[str, Any]]:
        """Return a record for each second, the oldest first; this one is not over.

        Args:
            now: By the same clock as in `add`.
        """
        last = int(now)
        by_age = {last - second.number: second for second in self._seconds}
        records = []
        for age in range(self._length - 1, -1, -1):
            second = by_age.get(age) or _Second(last - age)
            records.append(
                {
                    "Age": age,
                    "Requests": second.histogram.count,
                    "Errors": second.errors,
                    "Slow": second.slow,
                    **second.histogram.quantiles(),
                }
            )
        return records

    def recent(self, now: float, seconds: int) -> Histogram:
        """Return the durations of the last seconds together."""
        together = Histogram()
        for second in self._seconds:
            if now - second.number <= seconds:
                together.add_all(second.histogram)
        return together


class PageRecord(dict[str, Any]):
    """What is known of one page. Values are numbers, or functions that return one.

    Any: that is how records in `logging.statistics` are.
    """

    def __init__(self) -> None:
        self._histogram = Histogram()
        super().__init__(
            {
                "Requests": 0,
                "Errors": 0,
                "Slow": 0,
                "Sum": 0.0,
                "Max": 0.0,
                "Avg": lambda record: self["Sum"] / max(self["Requests"], 1),
                "p50": lambda record: self._histogram.quantile(0.5),
                "p90": lambda record: self._histogram.quantile(0.9),
                "p99": lambda record: self._histogram.quantile(0.99),
            }
        )

    def add(self, seconds: float, bucket: int, error: bool, slow: bool) -> None:
        """Count one request; `bucket` is that of its `seconds`."""
        self._histogram.add(bucket)
        self["Requests"] += 1
        self["Errors"] += error
        self["Slow"] += slow
        self["Sum"] += seconds
        if seconds > self["Max"]:
            self["Max"] = seconds
