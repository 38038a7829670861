"""Words for mistakes: what somebody may have meant, and errors that say it plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["UnknownName", "meant"]

_LONGEST_LIST = 12


class UnknownName(KeyError):
    """There is nothing of this name; unlike other KeyErrors it shows a sentence.

    Args:
        name: What was asked for.
        sentence: What is wrong with it, and what to do.
    """

    def __init__(self, name: object, sentence: str) -> None:
        super().__init__(name)
        self._sentence = sentence

    def __str__(self) -> str:
        return self._sentence


def meant(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the name that was probably meant, or with all of them.

    Args:
        name: What somebody wrote.
        known: What would have been right.
    """
    from difflib import get_close_matches  # lazy: only mistakes need it

    names = sorted(map(str, known))
    near = get_close_matches(name, names, 1, 0.7)
    if near:
        return f"Did you mean {near[0]!r}?"
    if not names:
        return "There are none."
    if len(names) > _LONGEST_LIST:
        names[_LONGEST_LIST:] = ["and more"]
    return f"There are: {', '.join(names)}."
