"""Byte ranges (RFC 9110 §14)."""

from __future__ import annotations

__all__ = ["get_ranges"]


def get_ranges(
    headervalue: str | None, content_length: int
) -> list[tuple[int, int]] | None:
    """Return the parts of a body that a ``Range`` field asks for.

    Args:
        headervalue: The value of the field, or None if there is none.
        content_length: The size of the whole body in bytes.

    Returns:
        A list of (start, stop) with stop exclusive; an empty list if nothing of what
        was asked for exists (answer 416); None if the field is missing or malformed
        and is to be ignored.
    """
    raise NotImplementedError
