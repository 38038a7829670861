"""The chapter "Extend": the bus, plugins, tools, toolboxes, dispatchers, processors."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy.testing import Client
from tests.manual.running import load, running

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.live
class TestTheBus:
    def test_a_page_saves_through_the_bus_and_a_plugin(self, tmp_path: Path) -> None:
        with running("extend/ecommerce", tmp_path) as program:
            for item in ("tea", "milk"):
                answer = program.ask(f"/save_kart?cart_data={item}")
                assert (answer.status, answer.body) == (200, b"")
            assert program.ask("/saved").text == "tea,milk"
        assert "ENGINE Starting up DB access" in program.log
        assert "ENGINE Stopping down DB access" in program.log

    def test_the_server_is_a_plugin_that_can_be_left_out(self, tmp_path: Path) -> None:
        with running("extend/no_server", tmp_path) as program:
            assert program.addresses == []
        assert "ENGINE Bus STARTED" in program.log
        assert "Serving on" not in program.log

    def test_channels_tell_the_life_of_the_site(self, tmp_path: Path) -> None:
        with running("extend/channels", tmp_path) as program:
            assert program.ask("/add?a=1&b=2").text == "[3]"
            assert program.ask("/unsubscribe").text == "[]"
            heard = program.ask("/").text.split()
            assert heard[0] == "start"
            assert heard.count("before_request") == 3
            # Published when the answer is out, so the latest may not be there yet.
            assert heard.count("after_request") in (1, 2)
            assert "start_thread" in heard
        last = next(line for line in program.output.splitlines() if "heard:" in line)
        assert last.split()[-1] == "exit"
        assert last.split().count("start_thread") == last.split().count("stop_thread")
        assert last.split().index("stop") < last.split().index("exit")


@pytest.mark.live
class TestTools:
    @pytest.mark.parametrize("name", ["logit", "logit_assigned"])
    def test_a_tool_is_a_function_at_a_hook_point(
        self, tmp_path: Path, name: str
    ) -> None:
        with running(f"extend/{name}", tmp_path) as program:
            assert program.ask("/").text == "hello world"
        assert "127.0.0.1" in program.output.splitlines()

    def test_a_tool_may_hang_on_two_points(self, tmp_path: Path) -> None:
        with running("extend/timeit", tmp_path) as program:
            for _ in range(3):
                assert program.ask("/").text == "hello world"
        assert len(re.findall(r"\]  Page handler took 0\.\d{4}\n", program.log)) == 3

    def test_a_toolbox_has_a_namespace_of_its_own(self, tmp_path: Path) -> None:
        with running("extend/newauth", tmp_path) as program:
            assert program.ask("/demo").text == "Hello"
            assert program.ask("/other").text == "Hello"
            assert program.ask("/shut").status == 401

    def test_a_tool_may_change_the_parameters(self, tmp_path: Path) -> None:
        with running("extend/user_manager", tmp_path, complains=True) as program:
            assert program.ask("/?user_id=7").text == "hello Ines"
            assert program.ask("/").status == 500


class TestHookPoints:
    def ask(self, path: str) -> list[str]:
        """Ask for a page and return what was called, in order."""
        program = load("extend/hook_points")
        config = {"/": {"request.show_tracebacks": False}}
        Client(cherrypy.Application(program.Root(), "", config)).get(path)
        seen: list[str] = program.seen
        return seen

    @pytest.fixture(autouse=True)
    def toolbox(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Leave no tools behind."""
        monkeypatch.setattr(cherrypy.tools, "__dict__", dict(vars(cherrypy.tools)))

    def test_they_come_in_the_documented_order(self) -> None:
        assert self.ask("/") == [
            "on_start_resource",
            "before_request_body",
            "before_handler",
            "page",
            "before_finalize",
            "on_end_resource",
            "on_end_request",
        ]

    def test_an_error_takes_another_way(self) -> None:
        assert self.ask("/broken") == [
            "on_start_resource",
            "before_request_body",
            "before_handler",
            # Processing is complete: it failed, and an error page follows.
            "on_end_resource",
            "before_error_response",
            "after_error_response",
            "on_end_request",
        ]

    def test_priority_decides_within_a_point(self) -> None:
        seen = self.ask("/ordered")
        begin = seen.index("first")
        assert seen[begin : begin + 5] == [
            "first",
            "second",
            "before_handler",
            "last",
            "page",
        ]


@pytest.mark.live
def test_a_dispatcher_may_be_tailored(tmp_path: Path) -> None:
    with running("extend/lower_dispatcher", tmp_path) as program:
        for path in ("/generate", "/GENerAte", "/GENERATE?length=8"):
            text = program.ask(path).text
            assert len(text) == 8
            assert set(text) <= set(string.hexdigits)


def test_a_media_type_has_its_own_body_processor() -> None:
    client = Client(cherrypy.Application(load("extend/body_processors").Root()))
    answer = client.post(
        "/rows", data=b"a,b\n1,2\n", headers={"Content-Type": "text/csv"}
    )
    assert answer.text == "[['a', 'b'], ['1', '2']]"
    assert client.post("/rows", data={"a": "b"}).status_code == 415
