"""The page about the command line shows what is really printed."""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import TYPE_CHECKING

from tests.architecture.house import PROJECT

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Program

TEXT = (PROJECT / "docs" / "commandline.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def printed(cherrypy: Program, command: str) -> str:
    """Return what a command prints, or its first lines (``| head -3``)."""
    words, _, pipe = command.partition(" | head -")
    name, *rest = shlex.split(words)
    assert name == "cherrypy"
    done = cherrypy(*rest)
    lines = (done.out + done.err).splitlines(keepends=True)
    return "".join(lines[: int(pipe)] if pipe else lines)


def test_the_commands_print_what_the_page_says(
    cherrypy: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in an environment that is active.
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable), prepend=os.pathsep)
    cherrypy.write("shop.py", blocks("python")[0])
    for name, text in zip(["shop.conf", "wrong.conf"], blocks("ini"), strict=True):
        cherrypy.write(name, text)
    seen = 0
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            assert printed(cherrypy, command) == expected, command
            # Each command is a program of its own.
            cherrypy.forget()
            seen += 1
    assert seen == TEXT.count("\n$ ") - 2  # those that serve, or ask a server


def test_all_options_are_explained(cherrypy: Program) -> None:
    for command in ("run", "routes", "explain", "bench", "check", "new"):
        options = re.findall(r"--[a-z-]+", cherrypy(command, "--help").out)
        missing = {each for each in options if f"`{each}" not in TEXT}
        assert missing <= {"--help", "--method", "--header", "--data"}, command
