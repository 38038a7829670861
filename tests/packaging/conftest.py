"""The wheel and the sdist, built once for all tests here."""

from __future__ import annotations

import faulthandler
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def run(*command: object, cwd: Path | None = None) -> str:
    """Run a command; return what it says, fail with that if it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the sdist, and the wheel that was made from it."""
    copy = tmp_path_factory.mktemp("project") / "morello"
    copy.mkdir()
    # What lies about from earlier builds must not get in, nor be changed.
    left = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(PROJECT / "src", copy / "src", ignore=left)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, copy)
    folder = tmp_path_factory.mktemp("dist")
    # This takes longer than any test may, on a machine that is busy.
    faulthandler.cancel_dump_traceback_later()
    # The backend is a development dependency: nothing is fetched.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, copy)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """Return the wheel."""
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def sdist(dist: Path) -> Path:
    """Return the source distribution."""
    (path,) = dist.glob("*.tar.gz")
    return path
