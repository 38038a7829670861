"""The project as files: where it lies and what its modules define."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "src" / "cherrypy"

# Programs for users to read, run or copy: they have readers, but no importers.
FOR_READERS = ("tutorial", "scaffold")


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def dotted(self) -> str:
        """The name the module is imported by."""
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    @property
    def is_public(self) -> bool:
        """Whether other modules may import names from it."""
        own = str(self)
        hidden = self.path.name.startswith("_") and self.path.name != "__init__.py"
        return not (hidden or own.startswith(FOR_READERS))

    @cached_property
    def text(self) -> str:
        """What the file says."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of the file."""
        return ast.parse(self.text)

    @property
    def exported(self) -> list[str] | None:
        """The names in ``__all__``, None where there is none."""
        for statement in self.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                    return list(ast.literal_eval(value))
        return None

    @property
    def defined(self) -> set[str]:
        """The public names that the top level of the file binds, imports aside."""
        names: set[str] = set()
        for statement in _flat(self.tree.body):
            match statement:
                case (
                    ast.ClassDef(name=name)
                    | ast.FunctionDef(name=name)
                    | ast.AsyncFunctionDef(name=name)
                    | ast.AnnAssign(target=ast.Name(id=name))
                ):
                    names.add(name)
                case ast.Assign(targets=targets):
                    names.update(t.id for t in targets if isinstance(t, ast.Name))
        # One letter is a type variable.
        return {name for name in names if not (name.startswith("_") or len(name) == 1)}

    @property
    def imported(self) -> set[str]:
        """The names that the top level of the file takes from elsewhere."""
        return {
            alias.asname or alias.name.partition(".")[0]
            for statement in _flat(self.tree.body)
            if isinstance(statement, ast.Import | ast.ImportFrom)
            for alias in statement.names
        }


def _flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a module, those below ``if`` and ``try`` included."""
    found: list[ast.stmt] = []
    for statement in body:
        match statement:
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                found += _flat(orelse)
            case ast.If(body=inner, orelse=orelse):
                found += _flat(inner) + _flat(orelse)
            case ast.Try(body=inner, handlers=handlers, orelse=orelse):
                found += _flat(inner) + _flat(orelse)
                for handler in handlers:
                    found += _flat(handler.body)
            case _:
                found.append(statement)
    return found


MODULES = [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]
