"""A project from the template."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from cherrypy.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from tests.cli.conftest import Program


def test_a_project_has_all_it_needs(cherrypy: Program) -> None:
    done = cherrypy("new", "my-shop")
    assert done.status == 0
    folder = cherrypy.folder / "my-shop"
    made = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert {
        ".dockerignore",
        ".gitignore",
        "Dockerfile",
        "README.md",
        "config/development.conf",
        "config/production.conf",
        "config/test.conf",
        "deploy/my-shop.service",
        "my_shop/__init__.py",
        "my_shop/app.py",
        "my_shop/pages.py",
        "my_shop/static/style.css",
        "pyproject.toml",
        "tests/test_pages.py",
    } <= made
    told = {line.removeprefix("my-shop/") for line in done.out.splitlines()}
    assert {name for name in made if (folder / name).is_file()} <= told
    assert " run my_shop.app:make_application --config config/develop" in done.out


def test_the_next_step_can_be_done(
    cherrypy: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    assert "\n  cherrypy run tea.app:" in cherrypy("new", "tea").out
    monkeypatch.setenv("PATH", "")
    step = f"\n  {sys.executable} -m cherrypy.cli run coffee.app:"
    assert step in cherrypy("new", "coffee").out


def test_no_placeholder_is_left(cherrypy: Program) -> None:
    cherrypy("new", "my-shop")
    for path in (cherrypy.folder / "my-shop").rglob("*"):
        assert not re.search("PACKAGE|NAME|template|dot-", path.name)
        if path.is_file():
            assert "$" not in path.read_text(), path


def test_the_project_asks_for_this_version(cherrypy: Program, site: ModuleType) -> None:
    cherrypy("new", "shop")
    settings = tomllib.loads((cherrypy.folder / "shop/pyproject.toml").read_text())
    major = site.__version__.partition(".")[0]
    assert settings["project"]["dependencies"] == [f"morello>={major}"]
    assert settings["project"]["name"] == "shop"
    assert settings["tool"]["setuptools"]["packages"] == ["shop"]


def test_an_empty_folder_is_filled(cherrypy: Program) -> None:
    (cherrypy.folder / "shop").mkdir()
    assert cherrypy("new", "shop").status == 0
    assert (cherrypy.folder / "shop/README.md").exists()


def test_nothing_is_overwritten(cherrypy: Program) -> None:
    cherrypy.write("shop/mine.txt", "mine")
    cherrypy.write("file", "mine")
    for name in ("shop", "file"):
        assert cherrypy.refuses("new", name, status=1) == (
            f"cherrypy new: there is something at '{cherrypy.folder / name}' already, "
            "and nothing is overwritten; choose another name, or move it away."
        )
    assert [path.name for path in (cherrypy.folder / "shop").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "../a", "3d", "my--shop", "shop-", "_x", "a.b", "größe"]
)
def test_names_that_cannot_be_are_refused(cherrypy: Program, name: str) -> None:
    assert cherrypy.refuses("new", name) == (
        f"cherrypy new: {name!r} cannot be the name of a project; use letters, digits "
        "and single hyphens, such as my-shop."
    )
    assert list(cherrypy.folder.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["json", "class", "cherrypy", "tests", "config", "test"]
)
def test_names_that_mean_something_are_refused(cherrypy: Program, name: str) -> None:
    assert "means something else in Python or in the project" in cherrypy.refuses(
        "new", name
    )


def test_names_of_installed_modules_are_refused(cherrypy: Program) -> None:
    assert "there is a module 'pytest' already (" in cherrypy.refuses("new", "pytest")


@pytest.mark.skipif(os.name != "posix", reason="permissions are of another kind")
def test_a_folder_that_cannot_be_made_is_told(
    cherrypy: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    def refuse(path: Path, *args: object, **settings: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    said = cherrypy.refuses("new", "shop", status=1)
    assert said.endswith(
        "': Permission denied; choose a folder that you may write to."
        if "': Perm" in said
        else "cannot write 'shop': Permission denied; choose a folder that you may "
        "write to."
    )


@pytest.mark.live
def test_the_tests_of_a_project_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-shop"]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error"],
        cwd=tmp_path / "my-shop",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.live
def test_a_project_is_well_formed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-shop"]) == 0
    ruff = os.path.join(os.path.dirname(sys.executable), "ruff")
    for words in (["format", "--check"], ["check", "--select", "E,F,W,I,B,UP"]):
        done = subprocess.run(
            [ruff, *words, "--isolated", "--no-cache", "."],
            cwd=tmp_path / "my-shop",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
