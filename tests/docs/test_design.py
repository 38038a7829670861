"""What docs/design.md tells of the package is so."""

from __future__ import annotations

import re

import pytest

from tests.architecture.house import MODULES, PROJECT

# Programs for users to read, run or copy; one line stands for each folder.
_FOLDERS = ("tutorial/", "scaffold/", "cli/template/")


TEXT = (PROJECT / "docs" / "design.md").read_text(encoding="utf-8")


def test_every_module_has_its_line() -> None:
    tree = TEXT.partition("```\ncherrypy/")[2].partition("```")[0]
    named = set(re.findall(r"\w+\.py", tree))
    missing = [
        str(module)
        for module in MODULES
        if module.path.name not in named
        and module.path.name != "__init__.py"
        and not str(module).startswith(_FOLDERS)
    ]
    assert missing == [], "tell in docs/design.md what these are for"


def test_every_folder_of_tests_is_named() -> None:
    tree = TEXT.partition("```\ntests/")[2].partition("```")[0]
    named = set(re.findall(r"(\w+)/", tree))
    folders = {path.parent.name for path in (PROJECT / "tests").glob("*/*.py")}
    assert named == folders


def test_the_import_contracts_are_those_in_force() -> None:
    assert (PROJECT / ".importlinter").read_text(encoding="utf-8") in TEXT


def test_the_size_of_the_house_is_about_right() -> None:
    told = re.search(r"(\d+) modules, about ([\d,]+) lines", TEXT)
    assert told is not None
    lines = sum(len(module.text.splitlines()) for module in MODULES)
    assert int(told[1]) == pytest.approx(len(MODULES), rel=0.05)
    assert int(told[2].replace(",", "")) == pytest.approx(lines, rel=0.05)
