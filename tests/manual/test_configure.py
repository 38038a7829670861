"""The chapter "Configure": scopes, files, values, namespaces, environments."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy.testing import Client
from tests.manual.running import PROGRAMS, load, running

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the program under its own name: its configuration file names it."""
    monkeypatch.chdir(PROGRAMS / "configure")
    module = load("configure/namespaces")
    monkeypatch.setitem(sys.modules, "namespaces", module)
    return module


class TestApplicationConfig:
    def test_sections_without_a_slash_are_the_applications_own(
        self, program: ModuleType
    ) -> None:
        pages, _ = program.mount()
        assert pages.config["Databases"]["port"] == 5432
        assert Client(pages).get("/database").text == "postgres"

    def test_a_hook_is_named_in_the_file(self, program: ModuleType) -> None:
        pages, _ = program.mount()
        assert Client(pages).get("/page").headers["X-Hook"] == "called"

    def test_a_dispatcher_is_an_object_in_the_configuration(
        self, program: ModuleType
    ) -> None:
        _, rest = program.mount()
        client = Client(rest)
        assert client.get("/").text == "got"
        assert client.post("/").text == "posted"
        refused = client.put("/")
        assert refused.status_code == 405
        assert refused.headers["Allow"] == "GET, HEAD, POST"

    def test_settings_are_attached_to_pages_and_classes(
        self, program: ModuleType
    ) -> None:
        pages, _ = program.mount()
        client = Client(pages)
        proppatch = client.request("PROPPATCH", "/set/body", data={"a": "1"})
        assert proppatch.text == "[('a', '1')]"
        assert client.get("/set/page").text == "Hullo, Werld!"
        assert client.get("/page").text == "Hello, world!"
        # The setting belongs to its page and is unknown to the others.
        assert client.get("/config").text == "None"


@pytest.mark.live
class TestSites:
    def test_each_application_brings_its_own_file(self, tmp_path: Path) -> None:
        with running(
            "configure/separate_files", tmp_path, ends_with=signal.SIGINT
        ) as program:
            assert program.ask("/").text == "root"
            assert program.ask("/forum/").text == "forum"
            assert program.ask("/blog/").text == "blog"
            assert "Traceback" not in program.ask("/nowhere").text
        assert program.log == ""
        assert "ENGINE Bus EXITED" in (tmp_path / "site.log").read_text()

    def test_values_are_python(self, tmp_path: Path) -> None:
        put = {"/home/fumanchu": str(tmp_path)}
        with running(
            "configure/values", tmp_path / "run", put=put, complains=True
        ) as program:
            kept = program.ask("/myapp", method="POST", body=b"x" * 1200)
            assert (kept.status, len(kept.body)) == (200, 1200)
            refused = program.ask("/myapp", method="POST", body=b"x" * 1201)
            assert refused.status == 413
            # Production: no traceback on the page, nothing on the screen.
            broken = program.ask("/broken")
            assert broken.status == 500
            assert "secret" not in broken.text
        assert (program.output, program.log) == ("", "")
        assert "ValueError: secret" in (tmp_path / "myapp.log").read_text()

    def test_namespaces_and_environments_can_be_added(self, tmp_path: Path) -> None:
        with running("configure/custom_namespace", tmp_path) as program:
            assert program.ask("/").text == "Oracle:host=1.10.100.200;sid=TEST"
            greek = program.ask("/greek")
            assert greek.media_type == "text/html;charset=iso-8859-7"
            assert greek.body.decode("iso-8859-7") == "λόγος"
            posted = program.ask(
                "/greek",
                method="POST",
                body="word=%EB%FC%E3%EF%F2",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert posted.body.decode("iso-8859-7") == "λόγος"


def test_middleware_is_configured() -> None:
    client = Client(load("configure/wsgi_pipeline").wsgiapp)
    assert client.get("/").text == "HELLO, WORLD!"


def test_defaults_are_read_from_the_ambient_objects() -> None:
    assert cherrypy.response.stream is False
