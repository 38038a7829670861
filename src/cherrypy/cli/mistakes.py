"""What users do wrong on the command line, said in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Mistake", "WrongUse", "nearest"]


class Mistake(Exception):
    """Something cannot be done; the text says what, and what to do about it."""

    status = 1
    """What the program ends with."""


class WrongUse(Mistake):
    """The words on the command line make no sense."""

    status = 2


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that somebody may have meant, if one is near enough."""
    from difflib import get_close_matches  # lazy: only mistakes need it

    known = list(known)
    found = get_close_matches(name, known, n=1, cutoff=0.7)
    if found:
        return found[0]
    by_folded = {each.lower(): each for each in known}
    found = get_close_matches(name.lower(), by_folded, n=1, cutoff=0.7)
    if not found and len(name) > 2:
        found = [each for each in by_folded if each.startswith(name.lower())]
    return by_folded[found[0]] if found else None
