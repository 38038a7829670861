"""What is built can be uploaded, is complete, and can be installed and taken away."""

from __future__ import annotations

import importlib.metadata
import sys
import tarfile
import tomllib
import venv
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.packaging.conftest import PROJECT, run

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import cherrypy
from cherrypy.testing import Client
class Root:
    index = cherrypy.expose(lambda self: "hello")
print(Client(cherrypy.Application(Root())).get("/").text)
"""


def sources() -> set[str]:
    """Return the files of the package, as an archive should name them."""
    source = PROJECT / "src"
    # A folder __pycache__ is no part of it, nor what an editable installation leaves.
    return {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and ".egg-info" not in path.relative_to(source).parts[0]
    }


def test_the_package_index_would_take_both(wheel: Path, sdist: Path) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == sources()
    assert {"cherrypy/py.typed", "cherrypy/favicon.ico", "pytest_cherrypy.py"} <= names


def test_the_sdist_holds_the_package_without_tests_and_caches(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert {f"src/{name}" for name in sources()} <= names
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names
    strays = [n for n in names if n.startswith("tests/") or "__pycache__" in n]
    assert strays == []


def test_one_more_package_comes_along(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("/METADATA"))
        lines = archive.read(name).decode().splitlines()
    needed = [line for line in lines if line.startswith("Requires-Dist:")]
    always = [line for line in needed if "extra ==" not in line]
    assert always == ["Requires-Dist: multipart>=2.0"]
    assert not importlib.metadata.requires("multipart") or all(
        "extra ==" in line for line in importlib.metadata.requires("multipart") or ()
    )


@pytest.mark.live
@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_installs_runs_and_leaves_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    # Nothing is fetched: `multipart` and the backend are lent by the environment of
    # the tests, after what is installed here.
    (library,) = folder.glob("lib/python*/site-packages")
    lent = importlib.metadata.distribution("multipart").locate_file("")
    lend = f"import sys; sys.path.append({str(lent)!r})\n"
    (library / "lent.pth").write_text(lend, encoding="utf-8")
    before = {path for path in library.rglob("*") if path.is_file()}
    pip = (sys.executable, "-m", "pip", "--python", python)
    archive = request.getfixturevalue(kind)
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--force-reinstall")
    run(*pip, "install", "-q", "--no-compile", *options, archive)

    assert "hello\n" in run(python, "-B", "-c", PROGRAM, cwd=tmp_path)
    where = run(python, "-B", "-c", "import cherrypy; print(cherrypy.__file__)")
    assert where.startswith(str(library))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    version = run(
        python, "-B", "-c", "import cherrypy; print(cherrypy.__version__)"
    ).strip()
    assert version == project["project"]["version"]
    assert "explain" in run(folder / "bin" / "cherrypy", "--help")
    assert "--config" in run(folder / "bin" / "cherryd", "--help")

    run(*pip, "uninstall", "-q", "-y", "morello")
    left = {path for path in library.rglob("*") if path.is_file()} - before
    assert {path for path in left if "__pycache__" not in path.parts} == set()
    assert not (folder / "bin" / "cherryd").exists()
