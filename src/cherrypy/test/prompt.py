"""Asking at the keyboard what to do about a failing assertion, if that is wanted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NonDataProperty", "choose", "getchar", "wanted"]


class NonDataProperty:
    """A property that an instance or a subclass replaces by setting the attribute.

    Args:
        fget: Takes the instance and returns the value.
    """

    def __init__(self, fget: Callable[[Any], Any]) -> None:
        self.fget = fget
        self.__doc__ = fget.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the value, or on the class this property."""
        return self if instance is None else self.fget(instance)


def wanted() -> bool:
    """Return whether WEBTEST_INTERACTIVE asks for questions, and somebody is there."""
    value = os.environ.get("WEBTEST_INTERACTIVE", "").strip().lower()
    if value in ("", "0", "false", "no", "off"):
        return False
    return _somebody_is_there()


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def getchar() -> str:
    """Wait for a key and return it."""
    try:
        import msvcrt
    except ImportError:
        return _getchar_of_terminal()
    return msvcrt.getwch()  # type: ignore[attr-defined,no-any-return]  # Windows only


def _getchar_of_terminal() -> str:
    import termios  # lazy: there is none on Windows
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setraw(terminal)
        return sys.stdin.read(1)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def choose(
    message: str, shows: Mapping[str, tuple[str, Callable[[], str]]], lines: int = 30
) -> bool:
    """Show what went wrong, and whatever else is asked for by a key.

    Args:
        message: What went wrong.
        shows: By capital letter a name and what makes the text to show.
        lines: How many of them fit on the screen.

    Returns:
        Whether to go on as if nothing had happened; false if nobody is there to ask.

    Raises:
        SystemExit: X was pressed.
    """
    if not _somebody_is_there():
        return False
    names = " ".join(f"[{key}] {name}," for key, (name, _) in shows.items())
    question = f"    Show: {names} [I] ignore, [R] raise, e[X]it >> "
    write = sys.stdout.write
    write(f"\n    ERROR: {message}\n")
    while True:
        write(question)
        sys.stdout.flush()
        key = getchar().upper()
        write(f"{key}\n")
        if key in shows:
            _page(shows[key][1](), lines)
        elif key in "IR":
            return key == "I"
        elif key in "X\x03":
            sys.exit()


def _page(text: str, lines: int) -> None:
    """Show a text; on every full screen wait for a key, q for enough."""
    for number, line in enumerate(text.splitlines(), 1):
        sys.stdout.write(f"{line}\n")
        if number % lines == 0:
            sys.stdout.write("<-- More -->\r")
            sys.stdout.flush()
            if getchar().lower() == "q":
                break
