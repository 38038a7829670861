"""The tutorials that need neither sessions nor a database, as processes."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest

from tests.manual.running import running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

BUS_LINES = [
    "ENGINE Listening for SIGTERM.",
    "ENGINE Listening for SIGHUP.",
    "ENGINE Listening for SIGUSR1.",
    "ENGINE Bus STARTING",
    "ENGINE Started monitor thread 'Autoreloader'.",
    "ENGINE Started monitor thread '_TimeoutMonitor'.",
    "ENGINE Serving on http://127.0.0.1:",
    "ENGINE Bus STARTED",
    "ENGINE Bus STOPPING",
    "ENGINE Bus STOPPED",
    "ENGINE Bus EXITING",
    "ENGINE Bus EXITED",
]


def is_random_string(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set(string.hexdigits)


def test_tutorial_1_greets_and_logs_what_the_manual_shows(tmp_path: Path) -> None:
    with running("tutorials/tut01", tmp_path) as program:
        answer = program.ask("/")
        assert (answer.status, answer.text) == (200, "Hello world!")
        assert answer.media_type == "text/html;charset=utf-8"
        assert answer.headers["Content-Length"] == "12"
        assert program.ask("/nowhere").status == 404
    position = 0
    for line in BUS_LINES:
        assert line in program.log[position:], program.log
        if not line.startswith("ENGINE Listening"):
            position = program.log.index(line, position)
    assert (
        "CherryPy Checker:\nThe Application mounted at '' has an empty config."
        in program.log
    )
    assert '"GET / HTTP/1.1" 200 12 "" ""' in program.output


def test_tutorial_2_leads_different_urls_to_different_functions(
    tmp_path: Path,
) -> None:
    with running("tutorials/tut02", tmp_path) as program:
        assert program.ask("/").text == "Hello world!"
        strings = {program.ask("/generate").text for _ in range(3)}
        assert all(is_random_string(text, 8) for text in strings)
        assert len(strings) > 1


def test_tutorial_3_takes_parameters_from_the_query_string(tmp_path: Path) -> None:
    with running("tutorials/tut03", tmp_path, complains=True) as program:
        assert is_random_string(program.ask("/generate").text, 8)
        assert is_random_string(program.ask("/generate?length=16").text, 16)
        assert program.ask("/generate/12").status == 200
        unknown = program.ask("/generate?size=16")
        assert unknown.status == 404
        assert "Unexpected query string parameters: size" in unknown.text
        assert program.ask("/generate?length=long").status == 500
    assert "ValueError: invalid literal for int()" in program.log


def test_tutorial_4_takes_a_form_by_get_and_by_post(tmp_path: Path) -> None:
    with running("tutorials/tut04", tmp_path) as program:
        assert '<form method="get" action="generate">' in program.ask("/").text
        assert is_random_string(program.ask("/generate?length=5").text, 5)
        posted = program.ask(
            "/generate",
            method="POST",
            body="length=6",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert is_random_string(posted.text, 6)
