"""The program as such: its commands, its help, its mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cherrypy.cli.main import COMMANDS

if TYPE_CHECKING:
    from types import ModuleType
    from typing import BinaryIO

    from tests.cli.conftest import Program

PROBE = """
import sys
before = set(sys.modules)
import cherrypy
mine = set(sys.modules)
from cherrypy.cli.main import main
try:
    main(["--help"])
except SystemExit:
    pass
print(__import__("json").dumps(sorted(set(sys.modules) - mine)))
"""


def test_without_words_it_says_what_it_can_do(cherrypy: Program) -> None:
    done = cherrypy()
    assert done.status == 0
    assert all(f"    {name} " in done.out for name in COMMANDS)


def test_help_names_all_commands_and_what_an_application_is(cherrypy: Program) -> None:
    done = cherrypy("--help")
    assert done.status == 0
    assert all(f"    {name} " in done.out for name in COMMANDS)
    assert "app.py:Root" in done.out


def test_help_is_short(cherrypy: Program) -> None:
    out = cherrypy("--help").out
    assert out.count("\n") < 24
    assert max(map(len, out.splitlines())) <= 88


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cherrypy: Program, command: str) -> None:
    done = cherrypy(command, "--help")
    assert done.status == 0
    assert done.out.startswith(f"usage: cherrypy {command} ")
    assert "--no-color" in done.out


def test_it_says_its_version(cherrypy: Program, site: ModuleType) -> None:
    done = cherrypy("--version")
    assert done.status == 0
    assert done.out.startswith(f"Morello {site.__version__} (Python 3.")


def test_help_loads_little() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    commands = {f"cherrypy.cli.{name}" for name in COMMANDS}
    assert loaded.isdisjoint(commands | {"inspect", "difflib", "cherrypy.testing"})
    assert "cherrypy.cli.main" in loaded


def test_a_command_that_is_not_there_is_refused(cherrypy: Program) -> None:
    assert cherrypy.refuses("rn") == (
        "cherrypy: there is no command 'rn'; did you mean 'run'?"
    )
    assert cherrypy.refuses("dance") == (
        "cherrypy: there is no command 'dance'; there are run, routes, explain, new, "
        "bench, check."
    )


def test_an_option_that_is_not_there_is_refused(cherrypy: Program) -> None:
    assert cherrypy.refuses("run", "app", "--prt", "1") == (
        "cherrypy run: there is no option --prt (did you mean --port?); "
        "cherrypy run --help lists the options."
    )
    assert cherrypy.refuses("--loud") == (
        "cherrypy: there is no option --loud; cherrypy --help lists the options."
    )


def test_a_word_too_many_is_refused(cherrypy: Program) -> None:
    assert cherrypy.refuses("new", "shop", "shop").startswith(
        "cherrypy new: there is no argument shop; cherrypy new --help lists the"
    )


def test_a_missing_word_is_asked_for(cherrypy: Program) -> None:
    assert cherrypy.refuses("run") == (
        "cherrypy run: the following arguments are required: APP; "
        "cherrypy run --help lists the options."
    )


@pytest.mark.live
def test_it_is_a_program_of_its_own(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("cherrypy")
    words = [str(script)] if script.exists() else [sys.executable, "-m", "cherrypy.cli"]
    done = subprocess.run(
        [*words, "routes", "nothing"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "there is no module 'nothing'" in done.stderr


def routes_into(output: BinaryIO, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """List the routes of app.py in a folder; what goes wrong is in `stderr`."""
    return subprocess.run(
        [sys.executable, "-m", "cherrypy.cli", "routes", "app"],
        cwd=folder,
        stdout=output,
        stderr=subprocess.PIPE,
        check=False,
    )


@pytest.mark.live
def test_who_stops_reading_is_left_in_peace(tmp_path: Path) -> None:
    text = "import cherrypy\nclass Root:\n"
    for number in range(2000):
        text += f"    @cherrypy.expose\n    def page{number}(self): ...\n"
    (tmp_path / "app.py").write_text(text)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as output:
        done = routes_into(output, tmp_path)
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.live
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full of Linux")
def test_a_disk_that_is_full_is_told_in_a_line(tmp_path: Path) -> None:
    page = "    @cherrypy.expose\n    def index(self): ...\n"
    (tmp_path / "app.py").write_text(f"import cherrypy\nclass Root:\n{page}")
    with open("/dev/full", "wb") as output:
        done = routes_into(output, tmp_path)
    assert done.returncode == 1
    assert done.stderr == b"cherrypy routes: No space left on device\n"
