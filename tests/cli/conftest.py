"""The program ``cherrypy``, called in this process in a folder of its own."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from cherrypy.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


class Done(NamedTuple):
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[list[str]]:
        """What was printed, in words."""
        return [line.split() for line in self.out.splitlines()]


@dataclass
class Program:
    """Calls the program."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    site: ModuleType
    modules: frozenset[str] = field(default_factory=lambda: frozenset(sys.modules))

    def __call__(self, *words: str) -> Done:
        try:
            status = main(words)
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        return Done(status, *self.capture.readouterr())

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def forget(self) -> None:
        """Forget what was imported and mounted."""
        self.site.tree.apps.clear()
        for name in set(sys.modules) - self.modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and Path(file).is_relative_to(self.folder):
                del sys.modules[name]

    def refuses(self, *words: str, status: int = 2) -> str:
        """Call it with words that make no sense; return the sentence about that."""
        done = self(*words)
        assert done.status == status, done
        assert done.out == ""
        assert done.err.endswith((".\n", "?\n")), done.err
        return done.err.rstrip("\n").splitlines()[-1]


@pytest.fixture
def cherrypy(
    site: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Program]:
    """Return what calls the program; what it imports is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "88")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(site, "tree", site.tree)
    monkeypatch.setattr(site.engine.autoreload, "files", set())
    program = Program(tmp_path, capsys, site)
    yield program
    program.forget()
