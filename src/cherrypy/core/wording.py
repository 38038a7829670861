"""Words for mistakes: what somebody may have meant, and errors that say it plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["UnknownName", "explain", "is_explained", "meant", "told"]

_LONGEST_LIST = 12


class UnknownName(KeyError):
    """There is nothing of this name; unlike other KeyErrors it shows a sentence.

    Args:
        name: What was asked for.
        sentence: What is wrong with it, and what to do.
    """

    explains_itself: bool = True

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


def explain(problem: BaseException, advice: str) -> None:
    """Add what to do to an exception, which then needs no traceback.

    Args:
        problem: The exception; it is raised as it is.
        advice: One sentence or several.
    """
    problem.add_note(advice)
    # As other exceptions say it of themselves, by an attribute of their class.
    setattr(problem, "explains_itself", True)  # noqa: B010 - of no class in particular


def is_explained(problem: BaseException) -> bool:
    """Tell whether the words of an exception say all that there is to know."""
    return bool(getattr(problem, "explains_itself", False))


def told(problem: BaseException) -> str:
    """Return the words of an exception, one line for each of its notes."""
    said: object = problem
    if type(problem) is ValueError and problem.args:
        said = problem.args[0]  # the others are for programs
    notes: list[str] = getattr(problem, "__notes__", [])
    return "\n".join([f"{type(problem).__name__}: {said}", *notes])
