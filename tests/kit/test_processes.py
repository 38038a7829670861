"""Sites that run as programs of their own, and suites that are run by runners."""

from __future__ import annotations

import http.client
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from cherrypy.test import helper
from cherrypy.test.helper import CPProcess

pytestmark = pytest.mark.live

SITE = """
import os

import cherrypy

class Root:
    @cherrypy.expose
    def index(self):
        return f"process {os.getpid()}"

    @cherrypy.expose
    def leave(self, status="0"):
        cherrypy.engine.exit()
        return "leaving"

cherrypy.tree.mount(Root())
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the site as a module that can be imported."""
    (tmp_path / "site_under_test.py").write_text(SITE)
    monkeypatch.syspath_prepend(tmp_path)
    return "site_under_test"


def ask(process: CPProcess, path: str) -> str:
    if process.ssl:
        trust = ssl.create_default_context(cafile=helper.serverpem)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            process.host, process.port, timeout=20, context=trust
        )
    else:
        connection = http.client.HTTPConnection(process.host, process.port, timeout=20)
    try:
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.read().decode()
    finally:
        connection.close()


def test_a_process_serves_until_it_leaves(module: str) -> None:
    with CPProcess() as process:
        process.write_conf("my.setting: 1")
        process.start(imports=module)
        assert ask(process, "/") == f"process {process.get_pid()}"
        assert Path(process.pid_file).read_text().strip() == str(process.get_pid())
        assert ask(process, "/leave") == "leaving"
        process.join()
        assert process.exit_code == 0
        assert "Bus EXITED" in Path(process.error_log).read_text()
        assert '"GET / HTTP/1.1" 200' in Path(process.access_log).read_text()
        folder = process.folder
    assert not Path(folder).exists()


def test_a_process_can_speak_https(module: str) -> None:
    with CPProcess(ssl=True) as process:
        process.start(imports=[module])
        assert ask(process, "/") == f"process {process.get_pid()}"
        process.stop()
        process.stop()
        assert process.exit_code == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="daemons are born by fork")
def test_a_process_can_go_into_the_background(module: str) -> None:
    with CPProcess(wait=True, daemonize=True) as process:
        process.write_conf()
        process.start(imports=module)
        assert process.exit_code == 0
        assert ask(process, "/") == f"process {process.get_pid()}"
        ask(process, "/leave")
        process.join()
        assert not Path(process.pid_file).exists()


def test_the_end_can_be_waited_for(module: str, tmp_path: Path) -> None:
    (tmp_path / "brief.py").write_text(
        "import cherrypy\n"
        "cherrypy.engine.subscribe('start', cherrypy.engine.exit, priority=90)\n"
    )
    with CPProcess(wait=True) as process:
        process.start(imports="brief")
        assert process.exit_code == 70


@pytest.mark.parametrize("daemonize", [False, True])
def test_a_site_that_cannot_start_says_why(daemonize: bool) -> None:
    with CPProcess(daemonize=daemonize) as process:
        with pytest.raises(RuntimeError, match="no module 'absent_module'"):
            process.start(imports="absent_module")
        assert process.exit_code == 1


def test_the_config_is_that_of_the_manual() -> None:
    with CPProcess(socket_host="localhost", socket_port=1234) as process:
        process.write_conf("tools.gzip.on: True\n[/]\na: 1")
        lines = Path(process.config_file).read_text().splitlines()
        assert lines[:3] == [
            "[global]",
            "server.socket_host: 'localhost'",
            "server.socket_port: 1234",
        ]
        assert lines[-3:] == ["tools.gzip.on: True", "[/]", "a: 1"]
        assert f"log.error_file: r'{process.error_log}'" in lines


def test_files_of_a_subclass_lie_where_it_says(tmp_path: Path) -> None:
    class Mine(CPProcess):
        access_log = str(tmp_path / "mine.log")

    with Mine() as one, Mine() as other:
        assert one.access_log == str(tmp_path / "mine.log")
        assert one.error_log != other.error_log
        one.stop()


SUITE = """
import unittest
import cherrypy
from cherrypy.test import helper

CALLS = []

class Root:
    @cherrypy.expose
    def index(self):
        return "here"

class Base(helper.CPWebCase):
    @classmethod
    def setup_class(cls):
        if cls is Base:
            raise unittest.SkipTest("abstract")
        CALLS.append("setup")
        super().setup_class()

    @classmethod
    def teardown_class(cls):
        CALLS.append("teardown")
        super().teardown_class()

    @classmethod
    def setup_server(cls):
        CALLS.append("server")
        cherrypy.tree.mount(Root())

    def ask(self):
        self.getPage("/")
        self.assertBody("here")
        assert CALLS[-2:] == ["setup", "server"], CALLS

class FirstTest(Base):
    def test_one(self):
        self.ask()

class SecondTest(Base):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()

    def test_two(self):
        self.ask()
        assert CALLS.count("setup") - CALLS.count("teardown") == 1, CALLS

class WrongTest(Base):
    def test_wrong(self):
        self.getPage("/")
        self.assertStatus(404)
"""


@pytest.mark.parametrize(
    "runner",
    [
        ["unittest", "suite_under_test"],
        ["pytest", "-q", "-p", "no:cacheprovider", "suite_under_test.py"],
        ["pytest", "-q", "-p", "no:cacheprovider", "-n2", "suite_under_test.py"],
    ],
    ids=["unittest", "pytest", "pytest-xdist"],
)
def test_a_suite_runs_under_each_runner(runner: list[str], tmp_path: Path) -> None:
    (tmp_path / "suite_under_test.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", *runner],
        cwd=tmp_path,
        # A terminal nobody sits at: who asks at the keyboard hangs.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "Status 200 OK does not match 404" in done.stdout
    assert "Content-Length: 4" in done.stdout
    assert "ERROR" not in done.stdout.replace("ERROR:", "")
    counted = "failures=1" if runner[0] == "unittest" else "1 failed, 5 passed"
    assert counted in done.stdout
