"""What each file looks like from outside: size, names, docstrings, words."""

from __future__ import annotations

import ast
import re
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
    machine = re.compile(r"/(?:work|home|root)/|/tmp/(?:morello|peer)\b")
    own = ("src", "tests", "docs", "examples", "bench", "scripts", ".ci")
    files = [path for folder in own for path in (PROJECT / folder).rglob("*")]
    files += [path for path in PROJECT.iterdir() if path.is_file()]
    suffixes = {"", ".py", ".md", ".toml", ".conf", ".html", ".css", ".js", ".txt"}
    told = []
    for path in files:
        if not path.is_file() or path.suffix not in suffixes or path.name[0] == ".":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path != PROJECT / "tests/architecture/test_surface.py":
            told += [f"{path}: {word}" for word in machine.findall(text)]
    assert told == []
