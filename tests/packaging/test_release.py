"""The news can be made into a changelog, and the scripts say what they do."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.packaging.conftest import PROJECT, run

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = sorted(
    path for path in (PROJECT / "scripts").iterdir() if path.suffix in ("", ".py")
)


def test_all_fragments_are_rendered() -> None:
    draft = run(sys.executable, "-m", "towncrier", "build", "--draft", cwd=PROJECT)
    assert "# Morello " in draft
    flat = " ".join(draft.split())
    fragments = set((PROJECT / "newsfragments").glob("*.md"))
    for path in fragments - {PROJECT / "newsfragments" / "README.md"}:
        words = path.read_text(encoding="utf-8").split()
        assert " ".join(words[:6]) in flat, path.name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_begins_with_what_it_does(path: Path) -> None:
    head = path.read_text(encoding="utf-8").split("\n")
    assert head[0].startswith(('"""', "#!/usr/bin/env bash"))
    assert head[0].startswith('"""') or re.match(r"# [A-Z].*\w", head[1])


def test_contributing_knows_every_script() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    verbs = [path.name for path in SCRIPTS if path.suffix == ""]
    assert [n for n in verbs if n != "prepare" and f"scripts/{n}" not in text] == []


def test_contributing_knows_every_room() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    folders = (PROJECT / "src" / "cherrypy").iterdir()
    rooms = {path.name for path in folders if (path / "__init__.py").exists()}
    assert listed == rooms
