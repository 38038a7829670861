"""What users do wrong on the command line, said in one sentence."""

from __future__ import annotations

__all__ = ["Mistake", "WrongUse"]


class Mistake(Exception):
    """Something cannot be done; the text says what, and what to do about it."""

    status = 1
    """What the program ends with."""


class WrongUse(Mistake):
    """The words on the command line make no sense."""

    status = 2
