"""What the pages show besides Python: configuration, and commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cherrypy import daemon
from cherrypy.cli import main as command_line

PROJECT = Path(__file__).parents[2]
PAGES = sorted((PROJECT / "docs").rglob("*.md"))

# Sections of other programs: systemd, supervisord, pytest, the import linter.
FOREIGN = re.compile(
    r"^\[(Unit|Service|Socket|Install|program:|pytest|importlinter)", re.M
)

# What is not there is so because this is not the reader's machine.
ELSEWHERE = "is not an existing path."

# The page that shows what mistakes look like.
WRONG = "server.thread_pol:"


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the blocks of all pages in a language, each with where it stands."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in pattern.finditer(text):
            line = text[: match.start()].count("\n") + 1
            found.append((f"{page.relative_to(PROJECT)}:{line}", match[1]))
    return found


CONFIGS = [
    (place, text)
    for place, text in blocks("ini")
    if text.startswith(("[", "#")) and not FOREIGN.search(text) and WRONG not in text
]

COMMANDS = [
    (place, line)
    for place, text in blocks("console")
    for line in re.findall(r"^\$ (?:\S+/)?cherrypy (.*)$", text, re.MULTILINE)
    if "shop:Shp" not in line and "--prt" not in line  # mistakes, on purpose
]


DAEMONS = [
    (place, line)
    for place, text in blocks("console")
    for line in re.findall(r"^\$ (?:\S+/)?cherryd (.*)$", text, re.MULTILINE)
]


@pytest.mark.parametrize(("place", "text"), CONFIGS, ids=[c[0] for c in CONFIGS])
@pytest.mark.usefixtures("site")
def test_configurations_name_only_what_there_is(
    place: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shown.conf"
    file.write_text(text, encoding="utf-8")
    command_line.main(["check", str(file)])
    said = capsys.readouterr()
    assert said.err == ""
    lines = [line for line in said.out.splitlines() if not line.endswith(ELSEWHERE)]
    (outcome,) = lines
    assert "mistake" in outcome


@pytest.mark.parametrize(("place", "line"), COMMANDS, ids=[c[0] for c in COMMANDS])
def test_commands_are_understood(place: str, line: str) -> None:
    words = shlex.split(line.partition(" | ")[0].replace("${PORT}", "8080"))
    parser, _ = command_line._parser(words)
    if words != ["--help"]:
        parser.parse_args(words)


@pytest.mark.parametrize(("place", "line"), DAEMONS, ids=[c[0] for c in DAEMONS])
def test_daemons_are_understood(place: str, line: str) -> None:
    daemon._parser().parse_args(shlex.split(line))
