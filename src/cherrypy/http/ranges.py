"""Byte ranges (RFC 9110 §14)."""

from __future__ import annotations

__all__ = ["MAX_RANGES", "get_ranges"]

MAX_RANGES = 64
"""Parts of one answer at most; each costs about 100 bytes of part headers."""

# Nineteen digits hold every size that 64 bits can; what is longer is just "too big".
_MAX_DIGITS = 19
_TOO_BIG = 10**_MAX_DIGITS


def get_ranges(
    headervalue: str | None, content_length: int
) -> list[tuple[int, int]] | None:
    """Return the parts of a body that a ``Range`` field asks for.

    The parts come in the order in which they were asked for. Only if together they
    would be larger than the body, or too many, they are sorted and overlapping ones
    are merged: an answer never grows beyond the body by more than part headers.

    Args:
        headervalue: The value of the field, or None if there is none.
        content_length: The size of the whole body in bytes.

    Returns:
        A list of (start, stop), stop exclusive; an empty list if nothing of what was
        asked for exists (answer 416); None if the field is missing, malformed, in
        another unit than bytes, or asks for more than `MAX_RANGES` separate parts,
        and is to be ignored.
    """
    if not headervalue:
        return None
    unit, equals, specs = headervalue.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    ranges = []
    malformed = True
    for spec in specs.split(","):
        spec = spec.strip(" \t")
        if not spec:
            continue
        bounds = _bounds(spec, content_length)
        if bounds is None:
            return None
        malformed = False
        start, stop = bounds
        if start < stop:
            ranges.append(bounds)
    if malformed:
        return None
    if len(ranges) > MAX_RANGES or _total(ranges) > content_length:
        ranges = _merged(ranges)
    return ranges if len(ranges) <= MAX_RANGES else None


def _bounds(spec: str, content_length: int) -> tuple[int, int] | None:
    """Return start and stop of one range; None if it is malformed.

    A range that lies outside the body has a stop that is not after its start.
    """
    first, dash, last = spec.partition("-")
    if not dash or not (first or last):
        return None
    start, end = _number(first), _number(last)
    if start is None or end is None:
        return None
    if not first:
        return max(0, content_length - end), content_length
    if not last:
        return start, content_length
    if end < start:
        return None
    return start, min(end + 1, content_length)


def _number(digits: str) -> int | None:
    """Return the number; None if it is none. Empty text counts as zero."""
    if not digits:
        return 0
    if not (digits.isascii() and digits.isdigit()):
        return None
    # Converting thousands of digits takes quadratic time.
    digits = digits.lstrip("0")
    return _TOO_BIG if len(digits) > _MAX_DIGITS else int(digits or "0")


def _total(ranges: list[tuple[int, int]]) -> int:
    """Return how many bytes the ranges have together."""
    return sum(stop - start for start, stop in ranges)


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges in ascending order, overlapping and adjacent ones as one."""
    ranges = sorted(ranges)
    merged = ranges[:1]
    for start, stop in ranges[1:]:
        before, reached = merged[-1]
        if start <= reached:
            merged[-1] = (before, max(reached, stop))
        else:
            merged.append((start, stop))
    return merged
