"""The acceptance tests of Robot Framework, run as somebody at a console would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import program

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("patient")]


def robot(suite: str, results: Path) -> None:
    """Run a suite; fail with what Robot has to say."""
    done = subprocess.run(
        [sys.executable, "-m", "robot", "-P", PROJECT, "-d", results, HERE / suite],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_keywords_do_what_they_say(tmp_path: Path) -> None:
    robot("keywords.robot", tmp_path)


def test_the_demonstration_works_in_a_browser(tmp_path: Path) -> None:
    program("chromium", "chromium")
    robot("notes.robot", tmp_path)


def test_every_keyword_is_documented(tmp_path: Path) -> None:
    library = tmp_path / "library.json"
    subprocess.run(
        [
            sys.executable,
            *("-m", "robot.libdoc"),
            *("cherrypy.test.robot.CherryPyLibrary", library),
        ],
        capture_output=True,
        check=True,
    )
    keywords = json.loads(library.read_text("utf-8"))["keywords"]
    assert len(keywords) > 20
    assert [each["name"] for each in keywords if not each["doc"]] == []
