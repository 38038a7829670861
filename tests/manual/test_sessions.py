"""The manual's programs with sessions, as processes."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest

from tests.manual.running import Answer, Program, running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


class Visitor:
    """Sends the cookie back, as a browser does."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.cookie = ""

    def ask(
        self, path: str = "/", method: str = "GET", accept: str = "text/plain"
    ) -> Answer:
        headers = {"Accept": accept, "Content-Length": "0"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        answer = self.program.ask(path, method=method, headers=headers)
        sent = answer.headers.get("Set-Cookie")
        self.cookie = sent.partition(";")[0] if sent else self.cookie
        return answer


def test_tutorial_5_shows_what_was_generated(tmp_path: Path) -> None:
    with running("tutorials/tut05", tmp_path, complains=True) as program:
        visitor = Visitor(program)
        generated = visitor.ask("/generate?length=12").text
        assert set(generated) <= set(string.hexdigits)
        assert len(generated) == 12
        assert visitor.ask("/display").text == generated
        assert Visitor(program).ask("/display").status == 500


def test_tutorial_7_keeps_a_string_for_each_client(tmp_path: Path) -> None:
    with running("tutorials/tut07", tmp_path, complains=True) as program:
        client = Visitor(program)
        assert client.ask().status == 500
        made = client.ask(method="POST")
        assert (made.status, len(made.text)) == (200, 8)
        assert client.ask().text == made.text
        assert client.ask(accept="application/json").status == 406
        client.ask("/?another_string=hello", method="PUT")
        answer = client.ask()
        assert (answer.status, answer.text) == (200, "hello")
        client.ask(method="DELETE")
        assert client.ask().status == 500


def test_tutorial_9_knows_a_client_by_the_id(tmp_path: Path) -> None:
    with running("tutorials/tut09", tmp_path, complains=True) as program:
        client = Visitor(program)
        made = client.ask("/generator/", method="POST").text
        assert client.ask("/generator/").text == made
        client.ask("/generator/?another_string=hello", method="PUT")
        assert client.ask("/generator/").text == "hello"
        assert Visitor(program).ask("/generator/").text != "hello"
        client.ask("/generator/", method="DELETE")
        assert client.ask("/generator/").text != "hello"


def test_sessions_in_files_survive_the_program(tmp_path: Path) -> None:
    folder, kept = tmp_path / "program", tmp_path / "kept"
    cookie = ""
    for wanted in (["1", "2"], ["3", "4"]):
        # Another process, with the files of the first one.
        place = folder / wanted[0]
        put = {"/some/directory": str(kept)}
        with running("basics/sessions", place, put=put) as program:
            visitor = Visitor(program)
            visitor.cookie = cookie
            assert [visitor.ask().text for _ in wanted] == wanted
            cookie = visitor.cookie
    assert [path.name for path in kept.iterdir()] == [
        cookie.replace("session_id=", "session-")
    ]
