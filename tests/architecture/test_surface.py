"""What each file looks like from outside: size, names, docstrings, words."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.architecture.house import MODULES, PROJECT, Module

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = {"lib/cptools.py"}
"""Files over 600 lines whose path is documented, so that they cannot be divided."""

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

public = pytest.mark.parametrize(
    "module", [module for module in MODULES if module.is_public], ids=str
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_has_at_most_600_lines(module: Module) -> None:
    assert str(module) in LONG or module.text.count("\n") <= 600


@public
def test_all_names_what_the_module_defines(module: Module) -> None:
    exported = module.exported
    if exported is None:
        assert not module.defined, "public names, but no __all__"
        return
    assert len(exported) == len(set(exported))
    assert module.defined - set(exported) == set(), "missing from __all__"
    known = module.defined | module.imported
    # A front door may compute names on demand; then it says so by __getattr__.
    if "def __getattr__" not in module.text:
        hidden = {name for name in exported if not name.startswith("_")}
        assert hidden - known == set(), "in __all__, but not defined"


def undocumented(node: Documented, name: str) -> Iterator[str]:
    """Yield the public names below a node that have no docstring."""
    if ast.get_docstring(node) is None:
        yield name
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        decorators = " ".join(ast.unparse(each) for each in child.decorator_list)
        if not (child.name.startswith("_") or re.search("overload|setter", decorators)):
            yield from undocumented(child, f"{name}.{child.name}")


@public
def test_public_names_have_docstrings(module: Module) -> None:
    assert list(undocumented(module.tree, module.dotted)) == []


def test_nothing_speaks_of_the_machine_it_was_written_on() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True
    )
    names = listing.stdout.decode().split("\0")[:-1]
    here = os.fsencode(PROJECT)
    files = [PROJECT / name for name in names]
    told = [path for path in files if path.is_file() and here in path.read_bytes()]
    assert told == []
