"""Words for mistakes: what somebody may have meant, and errors that say it plainly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "UnknownName",
    "explain",
    "in_brief",
    "is_explained",
    "meant",
    "mistake_in",
    "nearest",
    "sentences",
    "told",
    "unknown_word",
]

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


def meant(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the name that was probably meant, or with all of them.

    Args:
        name: What somebody wrote.
        known: What would have been right.
    """
    names = sorted(map(str, known))
    near = nearest(name, names)
    if near is not None:
        return f"Did you mean {near!r}?"
    if not names:
        return "There are none."
    if len(names) > _LONGEST_LIST:
        names[_LONGEST_LIST:] = ["and more"]
    return f"There are: {', '.join(names)}."


def unknown_word(word: str, usage: str) -> str:
    """Tell that a word of a command line is unknown, and which option was meant.

    Args:
        word: The first word that is not known.
        usage: The help of the command, which lists its options.
    """
    near = nearest(word, re.findall(r"--[a-zA-Z-]+", usage))
    kind = "option" if word.startswith("-") else "argument"
    return f"there is no {kind} {word}" + (f" (did you mean {near}?)" if near else "")


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
    said, *notes = _words(problem)
    return "\n".join([f"{type(problem).__name__}: {said}", *notes])


def sentences(problem: BaseException) -> str:
    """Return the words of an exception and its notes as sentences on one line."""
    lines = [" ".join(words.split()) for words in _words(problem)]
    return " ".join(
        line if line.endswith("?") else f"{line.rstrip('.')}." for line in lines
    )


def mistake_in(file: str, problem: BaseException) -> str:
    """Return what a command says of a config file that cannot be used."""
    return f"the config file {file!r} has a mistake: {sentences(problem)}"


def in_brief(problem: BaseException) -> str:
    """Return what an exception says on one line, with its class if it needs that."""
    said = sentences(problem)
    return said if is_explained(problem) else f"{type(problem).__name__}: {said}"


def _words(problem: BaseException) -> list[str]:
    said: object = problem
    if type(problem) is ValueError and problem.args:
        said = problem.args[0]  # the others are for programs
    return [str(said), *getattr(problem, "__notes__", ())]
