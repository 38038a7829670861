"""The fixtures `cherrypy_client` and `cherrypy_server`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

import cherrypy
from cherrypy.test import sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cherrypy.test.sites import LiveSite
    from cherrypy.testing import Client


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return f"{cherrypy.request.config.get('words', 'nothing')}"

    @cherrypy.expose
    def site(self) -> str:
        return f"{cherrypy.config.get('site.words')}"


@pytest.fixture
def cherrypy_app() -> Any:
    return Root


@pytest.fixture
def cherrypy_config() -> dict[str, Any]:
    return {"site.words": "for all", "/": {"words": "for the application"}}


class TestFixtures:
    @pytest.fixture(autouse=True)
    def _before_and_after(self) -> Iterator[None]:
        before = (cherrypy.tree, dict(cherrypy.config), dict(vars(cherrypy.server)))
        yield
        assert before == (
            cherrypy.tree,
            dict(cherrypy.config),
            dict(vars(cherrypy.server)),
        )

    def test_a_client_asks_what_the_module_serves(
        self, cherrypy_client: Client
    ) -> None:
        assert cherrypy_client.get("/").text == "for the application"
        assert cherrypy_client.get("/site").text == "for all"
        assert cherrypy.config["environment"] == "test_suite"

    def test_a_server_serves_it_on_a_free_port(self, cherrypy_server: LiveSite) -> None:
        assert cherrypy_server.port not in (0, 8080)
        with urlopen(f"{cherrypy_server.base_url}/") as answer:
            assert answer.read() == b"for the application"
        assert repr(cherrypy_server) == f"<LiveSite {cherrypy_server.base_url}>"

    def test_both_can_be_had_at_once(
        self, cherrypy_server: LiveSite, cherrypy_client: Client
    ) -> None:
        with urlopen(f"{cherrypy_server.base_url}/site") as answer:
            assert answer.read().decode() == cherrypy_client.get("/site").text


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"plain WSGI"]


class Middleware:
    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        return wsgi(environ, start_response)


def make_root() -> Root:
    return Root()


def make_tree() -> Any:
    tree = type(cherrypy.tree)()
    tree.mount(Root())
    return tree


@cherrypy.expose
def lone_page() -> str:
    return "a page"


class TestWhatCanBeServed:
    @pytest.mark.parametrize(
        ("served", "text"),
        [
            (Root(), "nothing"),
            (Root, "nothing"),
            (make_root, "nothing"),
            (make_tree, "nothing"),
            (cherrypy.Application(Root()), "nothing"),
            (cherrypy.Application(Root(), ""), "nothing"),
            (lone_page, "a page"),
            (wsgi, "plain WSGI"),
            (Middleware(), "plain WSGI"),
            ("tests.kit.test_pytest_plugin:Root", "nothing"),
        ],
    )
    def test_nearly_everything(self, served: Any, text: str) -> None:
        from cherrypy.testing import Client

        with sites.prepared(served) as tree:
            assert Client(tree).get("/").text == text

    def test_what_is_mounted_already(self, site: Any) -> None:
        from cherrypy.testing import Client

        site.tree.mount(Root(), "/below")
        with sites.prepared(None) as tree:
            assert Client(tree).get("/below/").text == "nothing"

    def test_below_a_path(self) -> None:
        from cherrypy.testing import Client

        for served in (Root(), cherrypy.Application(Root())):
            config = {"/": {"words": "there"}}
            with sites.prepared(served, config, "/below") as tree:
                assert Client(tree).get("/below/").text == "there"

    def test_config_from_a_file(self, tmp_path: Path) -> None:
        from cherrypy.testing import Client

        file = tmp_path / "site.conf"
        file.write_text("[global]\nsite.words: 'file'\n[/]\nwords: 'section'\n")
        with sites.prepared(Root, str(file)) as tree:
            assert Client(tree).get("/").text == "section"
            assert Client(tree).get("/site").text == "file"

    def test_modules_of_the_present_folder_are_found(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "only_here.py").write_text("class Root: ...\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
        assert sites.load("only_here:Root").__name__ == "Root"

    def test_names_must_be_understood(self) -> None:
        with pytest.raises(ValueError, match="'module:object'"):
            sites.load("module")
        with pytest.raises(ModuleNotFoundError):
            sites.load("no_such_module:x")


SUITE = """
import sys
from urllib.request import urlopen

WAS_THERE = "cherrypy" in sys.modules

def test_nothing_is_imported_before_it_is_asked_for():
    assert not WAS_THERE

def test_client(cherrypy_client):
    assert cherrypy_client.get("/").text == "42"

def test_server(cherrypy_server):
    with urlopen(cherrypy_server.base_url) as answer:
        assert answer.read() == b"42"
"""


@pytest.mark.live
def test_pytests_configuration_says_what_is_served(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ncherrypy_app = answers:Root\ncherrypy_config = answers.conf\n"
        "pythonpath = .\n"
    )
    (tmp_path / "answers.py").write_text(
        "import cherrypy\n"
        "class Root:\n"
        "    @cherrypy.expose\n"
        "    def index(self):\n"
        "        return str(cherrypy.request.config['answer'])\n"
    )
    (tmp_path / "answers.conf").write_text("[/]\nanswer: 42\n")
    (tmp_path / "test_answers.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-p", "pytest_cherrypy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout
