from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from cherrypy.process import respawn

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "words",
    [
        ["python", "program.py", "--port", "80"],
        ["python", "-m", "package.module", "argument"],
        ["python", "-c", "import package; package.main()", "argument"],
        ["python", "-O", "-W", "error", "-X", "utf8", "-I", "program.py"],
    ],
)
def test_the_command_line_is_the_original_one(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "orig_argv", words)
    monkeypatch.setattr(sys, "argv", ["changed by the program"])
    assert respawn.command_line() == [sys.executable, *words[1:]]


def test_without_an_original_one_the_arguments_must_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "orig_argv", [])
    monkeypatch.setattr(sys, "argv", ["program.py", "1"])
    assert respawn.command_line() == [sys.executable, "program.py", "1"]


def test_without_an_interpreter_there_is_no_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(RuntimeError, match="Restart that program"):
        respawn.command_line()


@pytest.mark.parametrize(
    ("first", "before", "after"),
    [
        ("", None, "."),
        ("", "lib", f".{os.pathsep}lib"),
        ("", f".{os.pathsep}lib", f".{os.pathsep}lib"),
        ("somewhere", None, None),
        ("somewhere", "lib", "lib"),
    ],
)
def test_pythonpath_gets_the_working_directory_where_it_was_searched(
    first: str, before: str | None, after: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [first, "more"])
    environ = {} if before is None else {"PYTHONPATH": before}
    respawn.extend_pythonpath(environ)
    assert environ.get("PYTHONPATH") == after


def test_open_files_are_closed_when_a_program_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    with (tmp_path / "file").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        respawn.close_on_exec(file.fileno())
        assert os.get_inheritable(file.fileno()), "beyond the limit"
        respawn.close_on_exec(file.fileno() + 1)
        assert not os.get_inheritable(file.fileno())


def test_without_a_list_of_open_files_all_numbers_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_list(path: str) -> list[str]:
        raise OSError

    monkeypatch.delenv("LISTEN_PID", raising=False)
    with (tmp_path / "file").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        monkeypatch.setattr(os, "listdir", no_list)
        respawn.close_on_exec(file.fileno() + 1)
        assert not os.get_inheritable(file.fileno())


@pytest.mark.parametrize(
    ("environ", "kept"),
    [
        ({}, []),
        ({"LISTEN_PID": "2", "LISTEN_FDS": "2"}, []),
        ({"LISTEN_PID": "1"}, [3]),
        ({"LISTEN_PID": "1", "LISTEN_FDS": "2"}, [3, 4]),
        ({"LISTEN_PID": "1", "LISTEN_FDS": "many"}, [3]),
    ],
)
def test_sockets_of_a_service_manager_stay_open(
    environ: dict[str, str], kept: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    closed: list[int] = []
    monkeypatch.setattr(
        os, "set_inheritable", lambda number, flag: closed.append(number)
    )
    monkeypatch.setattr(os, "listdir", lambda path: ["0", "1", "2", "3", "4", "x"])
    respawn.close_on_exec(1024)
    assert closed == [number for number in (3, 4) if number not in kept]


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    calls: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, words: calls.append(words))
    monkeypatch.setattr(os, "chdir", lambda path: None)
    monkeypatch.setattr(sys, "path", ["somewhere"])
    return calls


def test_executing_again_tells_the_words_first(executed: list[list[str]]) -> None:
    told: list[str] = []
    respawn.execute_again(told.append, 0)
    assert executed == [respawn.command_line()]
    assert told == [f"Re-spawning {' '.join(executed[0])}"]


def test_executing_again_closes_files_if_asked_to(
    executed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[int] = []
    monkeypatch.setattr(respawn, "close_on_exec", limits.append)
    respawn.execute_again(lambda message: None, 0)
    respawn.execute_again(lambda message: None, 512)
    assert limits == [512]


def test_a_program_without_output_is_executed_again_all_the_same(
    executed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(respawn, "startup_directory", None)
    respawn.execute_again(lambda message: None, 0)
    assert len(executed) == 1


def test_nobody_may_know_how_many_files_can_be_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", unknown)
    assert respawn.max_descriptors() == 0
