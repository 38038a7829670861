"""What is printed where: plain for programs, with emphasis for people."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = [("a", "", "some text"), ("longer", "", "x")]


class Screen(io.StringIO):
    """A terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Screen]:
    """Return what makes standard output a terminal of some width."""

    def screen(columns: int = 80, **environ: str) -> Screen:
        made = Screen()
        monkeypatch.setattr(sys, "stdout", made)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return made

    return screen


def test_for_programs_everything_is_plain_and_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    terminal = Terminal()
    terminal.table(("one", "two", "three"), ROWS)
    terminal.heading("More")
    terminal.table((), [("x" * 200,)], indent=2)
    assert capsys.readouterr().out == (
        f"ONE     THREE\na       some text\nlonger  x\n\nMore\n  {'x' * 200}\n"
    )


def test_on_a_terminal_headings_stand_out_and_columns_fit(screen: Any) -> None:
    written = screen(columns=24)
    terminal = Terminal()
    terminal.table(("one", "two", "three"), [*ROWS, ("url/of/a/page", "", "a=1, b=2")])
    assert written.getvalue() == (
        "\033[1mONE            THREE\033[0m\n"
        "a              some text\n"
        "longer         x\n"
        "url/of/a/page  a=1, b=2\n"
    )
    written = screen(columns=27)
    Terminal().table((), [("url/of/a/page", "a=1, b=2, *args, **more")], indent=2)
    assert written.getvalue() == (
        "  url/of/a/page  a=1, b=2,\n                 *args,\n                 **more\n"
    )
    assert terminal.dim("x") == "\033[2mx\033[0m"


def test_a_terminal_that_is_very_narrow_folds_by_itself(screen: Any) -> None:
    written = screen(columns=5)
    Terminal().table((), [("a" * 11, "b" * 11)])
    assert written.getvalue() == "aaaaaaaaaa  bbbbbbbbbb\na           b\n"


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(screen: Any, environ: dict[str, str]) -> None:
    screen(**environ)
    assert Terminal().bold("x") == "x"


def test_colour_can_be_switched_off(screen: Any) -> None:
    screen()
    assert Terminal(colour=False).bold("x") == "x"
    assert Terminal(colour=True).bold("x") == "\033[1mx\033[0m"


def test_what_cannot_be_shown_becomes_a_question_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    output = io.TextIOWrapper(written, encoding="ascii", newline="\n")
    monkeypatch.setattr(sys, "stdout", output)
    Terminal().say("5 µs")
    output.flush()
    assert written.getvalue() == b"5 ?s\n"


def test_no_rows_are_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().table(("one",), [])
    assert capsys.readouterr().out == ""
