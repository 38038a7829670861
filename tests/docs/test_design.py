"""The tree in docs/design.md names every module of the package."""

from __future__ import annotations

import re

from tests.architecture.house import MODULES, PROJECT

# Programs for users to read, run or copy; one line stands for each folder.
_FOLDERS = ("tutorial/", "scaffold/", "cli/template/")


def test_every_module_has_its_line() -> None:
    text = (PROJECT / "docs" / "design.md").read_text(encoding="utf-8")
    tree = text.partition("```\ncherrypy/")[2].partition("```")[0]
    named = set(re.findall(r"\w+\.py", tree))
    missing = [
        str(module)
        for module in MODULES
        if module.path.name not in named
        and module.path.name != "__init__.py"
        and not str(module).startswith(_FOLDERS)
    ]
    assert missing == [], "tell in docs/design.md what these are for"
