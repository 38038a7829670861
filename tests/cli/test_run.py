"""Applications that are served, in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cherrypy.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Program

DEADLINE_SECONDS = 30.0

HELLO = """
import cherrypy

class Root:
    @cherrypy.expose
    def index(self):
        return "hello"

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"wsgi"]
"""

SERVED = re.compile(r"(\S+) is served at (\S+); Ctrl-C stops it\.")


@dataclass
class Served:
    """A program that serves."""

    process: subprocess.Popen[str]
    watch: threading.Timer
    said: list[str] = field(default_factory=list)

    def wait_for(self, text: str) -> str:
        """Read what the program prints until some text is in it; return that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if text in line:
                return line
        raise AssertionError(f"{text!r} was not printed: {''.join(self.said)}")

    def url(self) -> str:
        found = SERVED.match(self.wait_for("is served at"))
        assert found is not None
        return found[2]

    def page(self, path: str = "/") -> str:
        with urlopen(self.url() + path, timeout=DEADLINE_SECONDS) as answer:
            text: str = answer.read().decode()
        return text

    def end(self, number: int = signal.SIGINT) -> str:
        """End the program; return all that it printed."""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=DEADLINE_SECONDS)
        assert self.process.returncode == 0, output
        return "".join(self.said) + output


@dataclass
class Folder:
    """Where programs lie."""

    path: Path
    running: list[Served] = field(default_factory=list)

    def run(self, *words: str) -> Served:
        process = subprocess.Popen(
            [sys.executable, "-m", "cherrypy.cli", "run", *words],
            cwd=self.path,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # Whatever goes wrong, nobody waits for ever.
        watch = threading.Timer(DEADLINE_SECONDS, process.kill)
        watch.daemon = True
        watch.start()
        served = Served(process, watch)
        self.running.append(served)
        return served

    def clean(self) -> None:
        for served in self.running:
            served.watch.cancel()
            if served.process.poll() is None:
                served.process.kill()
            served.process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    (tmp_path / "app.py").write_text(HELLO)
    made = Folder(tmp_path)
    yield made
    made.clean()


@pytest.mark.live
def test_an_application_is_served_at_any_free_port(folder: Folder) -> None:
    served = folder.run("app:Root", "--port", "0")
    assert served.page() == "hello"
    output = served.end()
    assert "app:Root is served at http://127.0.0.1:" in output
    assert "Bus EXITED" in output
    assert "Traceback" not in output
    assert "Checker" not in output


@pytest.mark.live
@pytest.mark.parametrize(
    ("words", "text"), [("app.py", "hello"), ("app:wsgi", "wsgi"), ("app", "hello")]
)
def test_whatever_can_be_named_can_be_served(
    folder: Folder, words: str, text: str
) -> None:
    served = folder.run(words, "--port", "0")
    assert served.page() == text
    served.end(signal.SIGTERM)


@pytest.mark.live
def test_a_program_that_serves_itself_can_be_served(folder: Folder) -> None:
    text = f"{HELLO}\ncherrypy.quickstart(Root())\n"
    (folder.path / "app.py").write_text(text)
    served = folder.run("app.py", "--port", "0", "--host", "localhost")
    assert served.page() == "hello"
    served.end()


@pytest.mark.live
def test_what_waits_for_the_start_is_called_then(folder: Folder) -> None:
    (folder.path / "app.py").write_text(
        f"{HELLO}\ncherrypy.tree.mount(Root())\n"
        "cherrypy.engine.start_with_callback(print, ['has started', 1], {'flush': 1})\n"
        "cherrypy.engine.block()\n"
    )
    served = folder.run("app.py", "--port", "0")
    served.wait_for("has started")
    served.process.send_signal(signal.SIGINT)
    output, _ = served.process.communicate(timeout=DEADLINE_SECONDS)
    assert served.process.returncode == 0, output


@pytest.mark.live
def test_config_and_environment_are_in_force(folder: Folder) -> None:
    (folder.path / "app.conf").write_text(
        "[global]\nserver.socket_port: 0\nlog.screen: True\n"
        "[/]\ntools.response_headers.on: True\n"
        "tools.response_headers.headers: [('X-Colour', 'red')]\n"
    )
    served = folder.run("app:Root", "--config", "app.conf", "--environment", "staging")
    with urlopen(served.url(), timeout=DEADLINE_SECONDS) as answer:
        assert answer.headers["X-Colour"] == "red"
    served.end()


@pytest.mark.live
def test_a_change_of_a_file_is_served_anew(folder: Folder) -> None:
    served = folder.run("app:Root", "--port", "0", "--reload")
    with pytest.raises(HTTPError) as missed:
        urlopen(f"{served.url()}/indx", timeout=DEADLINE_SECONDS)
    with missed.value as explained:
        assert "Did you mean &#x27;index&#x27;?" in explained.read().decode()
    (folder.path / "app.py").write_text(HELLO.replace("hello", "good morning"))
    served.wait_for("Restarting because")
    assert served.page() == "good morning"
    served.end()


@pytest.mark.live
def test_a_broken_file_waits_for_its_correction(folder: Folder) -> None:
    (folder.path / "app.py").write_text("class Root\n")
    served = folder.run("app:Root", "--port", "0", "--reload")
    served.wait_for("Waiting for a change.")
    assert any("SyntaxError" in line for line in served.said)
    (folder.path / "app.py").write_text(HELLO)
    assert served.page() == "hello"
    served.end()


@pytest.mark.live
def test_waiting_for_a_correction_can_be_given_up(folder: Folder) -> None:
    (folder.path / "app.py").write_text("1 / 0\n")
    served = folder.run("app:Root", "--reload")
    served.wait_for("Waiting for a change.")
    served.process.send_signal(signal.SIGINT)
    output, _ = served.process.communicate(timeout=DEADLINE_SECONDS)
    assert served.process.returncode == 130
    assert "Traceback" not in output


@pytest.mark.live
def test_a_service_that_cannot_start_is_told(folder: Folder) -> None:
    text = HELLO + "cherrypy.engine.subscribe('start', lambda: 1 / 0)\n"
    (folder.path / "app.py").write_text(text)
    served = folder.run("app:Root", "--port", "0")
    output, _ = served.process.communicate(timeout=DEADLINE_SECONDS)
    assert served.process.returncode == 1
    assert "ZeroDivisionError" in output
    assert output.endswith(
        "cherrypy run: the server could not be started. ZeroDivisionError: division by "
        "zero.\n"
    )


@pytest.mark.live
def test_a_new_project_is_served(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.path)
    assert main(["new", "my-shop"]) == 0
    folder.path /= "my-shop"
    words = ("my_shop.app:make_application", "--port", "0")
    served = folder.run(*words, "--config", "config/production.conf")
    url = served.url()
    for path, text in [("/?name=Ada", "Hello, Ada!"), ("/static/style.css", "body {")]:
        with urlopen(url + path, timeout=DEADLINE_SECONDS) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert text in answer.read().decode()
    assert '"GET /?name=Ada' in served.end()


# What is refused before anything is served.


def test_a_port_that_is_taken_is_told(cherrypy: Program) -> None:
    cherrypy.write("app.py", HELLO)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _, port = listener.getsockname()
        said = cherrypy.refuses("run", "app:Root", "--port", str(port), status=1)
    assert said == (
        f"cherrypy run: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "stop what listens there, or choose with --host and --port (0 takes any free "
        "port)."
    )


def test_a_host_that_is_not_ours_is_told(cherrypy: Program) -> None:
    cherrypy.write("app.py", HELLO)
    words = ("run", "app:Root", "--host", "no-such-host.invalid", "--port", "0")
    said = cherrypy.refuses(*words, status=1)
    assert said.startswith("cherrypy run: cannot listen on no-such-host.invalid:0: ")
    assert said.endswith(
        "; choose another one with --host and --port (0 takes any free port)."
    )


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_is_none_is_refused(cherrypy: Program, port: str) -> None:
    assert cherrypy.refuses("run", "app:Root", f"--port={port}") == (
        f"cherrypy run: --port is {port}; ports go from 0 to 65535."
    )


def test_a_port_that_is_no_number_is_refused(cherrypy: Program) -> None:
    assert cherrypy.refuses("run", "app:Root", "--port", "http") == (
        "cherrypy run: argument --port: invalid int value: 'http'; "
        "cherrypy run --help lists the options."
    )


def test_wrong_words_are_not_waited_for(cherrypy: Program) -> None:
    assert cherrypy.refuses("run", "zebra", "--reload").startswith(
        "cherrypy run: there is no module 'zebra' in "
    )


@pytest.mark.live
def test_a_socket_in_the_config_is_listened_on(folder: Folder) -> None:
    path = folder.path / "app.sock"
    text = f"[global]\nserver.socket_file: {str(path)!r}\n"
    (folder.path / "app.conf").write_text(text)
    served = folder.run("app:Root", "--config", "app.conf")
    assert served.wait_for("is served at").endswith(
        f"is served at the socket {path}; Ctrl-C stops it.\n"
    )
    served.end()


@pytest.mark.live
def test_options_are_stronger_than_config(folder: Folder) -> None:
    path = folder.path / "app.sock"
    (folder.path / "app.conf").write_text(
        f"[global]\nserver.socket_file: {str(path)!r}\nengine.autoreload.on: True\n"
    )
    served = folder.run("app:Root", "--config", "app.conf", "--port", "0")
    assert served.page() == "hello"
    assert "Started monitor thread 'Autoreloader'" in served.end()
