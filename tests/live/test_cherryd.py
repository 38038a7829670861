"""The program cherryd, with all its options."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.live.conftest import until

if TYPE_CHECKING:
    import subprocess

    from tests.live.conftest import Programs

pytestmark = pytest.mark.live

SITE = """
import os, sys
import cherrypy

def note(*words):
    with open(os.environ["DIARY"], "a") as diary:
        print(*words, file=diary)

class Root:
    @cherrypy.expose
    def index(self):
        app = cherrypy.request.app
        return f"{app.config.get('/', {}).get('greeting', 'hello')} from {__name__}"

cherrypy.tree.mount(Root())
cherrypy.engine.subscribe("start", lambda: note("pid", os.getpid()), 90)
cherrypy.engine.subscribe(
    "start", lambda: note("url", cherrypy.server.base()), 91
)
"""

CONFIG = """
[global]
server.socket_port: 0
engine.autoreload.on: False
engine.timeout_monitor.on: False

[/]
greeting: "good morning"
"""


@pytest.fixture
def site(programs: Programs) -> Programs:
    programs.write("site_pages.py", SITE)
    programs.write("site.conf", CONFIG)
    return programs


def cherryd(programs: Programs, *options: str) -> subprocess.Popen[str]:
    return programs.start("-m", "cherrypy", *options)


def page(programs: Programs) -> str:
    """Wait until the site is there and return its first page."""
    until(lambda: [line for line in programs.lines if line.startswith("url ")], "a URL")
    (url,) = [line[4:] for line in programs.lines if line.startswith("url ")]
    with urlopen(url, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def end(programs: Programs, process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    output = programs.finish(process)
    assert process.returncode == 0, output
    return output


def test_a_module_and_a_config_file_make_a_site(site: Programs) -> None:
    process = cherryd(site, "-c", "site.conf", "-i", "site_pages")
    assert page(site) == "good morning from site_pages"
    output = end(site, process)
    assert "ENGINE Listening for SIGTERM." in output
    assert "ENGINE Bus EXITED" in output


def test_the_console_script_is_the_same_program(site: Programs) -> None:
    script = Path(sys.executable).with_name("cherryd")
    process = site.start(str(script), "--config=site.conf", "--import=site_pages")
    assert page(site) == "good morning from site_pages"
    end(site, process)


def test_config_files_and_modules_may_be_repeated(site: Programs) -> None:
    site.write("second.py", "import site_pages")
    site.write("more.conf", "[/]\ngreeting: 'good evening'\n")
    process = cherryd(
        site, "-i", "site_pages", "-i", "second", "-c", "site.conf", "-c", "more.conf"
    )
    assert page(site) == "good evening from site_pages"
    end(site, process)


def test_an_environment_is_applied(site: Programs) -> None:
    process = cherryd(site, "-c", "site.conf", "-i", "site_pages", "-e", "production")
    page(site)
    # In production nothing goes to the screen once the environment is known.
    assert "Bus STARTED" not in end(site, process)


def test_directories_can_be_added_to_the_path(site: Programs) -> None:
    site.write("pages/elsewhere.py", SITE)
    process = cherryd(site, "-P", "pages", "-c", "site.conf", "-i", "elsewhere")
    assert page(site) == "good morning from elsewhere"
    end(site, process)


def test_a_pid_file_is_kept(site: Programs) -> None:
    process = cherryd(site, "-c", "site.conf", "-i", "site_pages", "-p", "site.pid")
    page(site)
    path = site.folder / "site.pid"
    assert path.read_text() == f"{process.pid}\n"
    end(site, process)
    assert not path.exists()


def test_a_site_may_run_in_the_background(site: Programs) -> None:
    process = cherryd(
        site, "-d", "-c", "site.conf", "-i", "site_pages", "-p", "site.pid"
    )
    site.finish(process)
    assert process.returncode == 0
    assert page(site) == "good morning from site_pages"
    path = site.folder / "site.pid"
    number = int(path.read_text())
    assert number != process.pid
    os.kill(number, signal.SIGTERM)
    until(lambda: not path.exists(), "the daemon to end")


def test_a_site_restarts_on_request(site: Programs) -> None:
    site.write(
        "again.py",
        "import cherrypy, site_pages\n"
        "cherrypy.engine.subscribe('SIGUSR1', cherrypy.engine.restart)\n",
    )
    process = cherryd(site, "-c", "site.conf", "-i", "again")
    page(site)
    process.send_signal(signal.SIGUSR1)
    site.wait_for(f"pid {process.pid}", times=2)
    until(lambda: sum(line.startswith("url ") for line in site.lines) == 2, "a URL")
    with urlopen(site.lines[-1][4:], timeout=30) as answer:
        assert answer.read() == b"good morning from site_pages"
    assert "Re-spawning" in end(site, process)


# Mistakes


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ("--nope", 2, r"there is no option --nope; cherryd --help lists"),
        ("--confg x", 2, r"there is no option --confg \(did you mean --config\?\); "),
        ("word", 2, r"there is no argument word"),
        ("-c", 2, r"argument -c/--config: expected one argument"),
        ("-c missing.conf", 1, r"cannot read the config file 'missing\.conf': No such"),
        ("-c folder", 1, r"cannot read the config file 'folder': .*; check its name"),
        ("-c broken.conf", 1, r"the config file 'broken\.conf' has a mistake: "),
        ("-c bytes.conf", 1, r".*: 'utf-8' codec .* byte\. Save 'bytes\.conf' as "),
        ("-c place.conf", 1, r".*: There is no environment 'here'\. There are: "),
        ("-c log.conf", 1, r".*/none/x\.log'\. log\.access_file names it: its folder "),
        ("-c plugin.conf", 1, r".* a plugin 'autoreloader', which the engine does not"),
        ("-c nothing.conf", 1, r"the config file 'nothing\.conf' has a mistake: "),
        ("-i missing", 1, r"there is no module 'missing' on sys\.path; -P DIRECTORY"),
        ("-i ./site.py", 1, r"'\./site\.py' is no name of a module; .* as 'site',"),
        ("-i site.py", 1, r"'site\.py' is no name of a module; .* as 'site', and"),
        ("-i package.missing", 1, r"there is no module 'package\.missing'"),
        ("-e missing", 1, r"there is no environment 'missing'; there are development"),
        ("-e prod", 1, r"there is no environment 'prod'; did you mean 'production'\?"),
        ("-f", 1, r"FastCGI \(-f\) is not there yet"),
        ("-s", 1, r"SCGI \(-s\) is not there yet"),
        ("-x", 1, r"CGI \(-x\) is not there yet"),
        ("-f -s", 1, r"only one of FastCGI \(-f\), SCGI \(-s\) can be served"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    programs: Programs, options: str, status: int, said: str
) -> None:
    programs.write("package/__init__.py", "")
    programs.write("broken.conf", "[global]\nserver.socket_port: 80 80\n")
    programs.write("nothing.conf", "no section\n")
    programs.write("folder/nothing", "")
    (programs.folder / "bytes.conf").write_bytes(b"[global]\n# caf\xe9\n")
    programs.write("place.conf", "[global]\nenvironment: 'here'\n")
    programs.write("log.conf", "[global]\nlog.access_file: 'none/x.log'\n")
    programs.write("plugin.conf", "[global]\nengine.autoreloader.on: True\n")
    process = cherryd(programs, *options.split())
    output = programs.finish(process)
    assert process.returncode == status
    assert re.match(f"cherryd: {said}", output)
    assert "Traceback" not in output


def test_mistakes_inside_a_module_are_shown_whole(programs: Programs) -> None:
    programs.write("site_pages.py", "import not_installed")
    process = cherryd(programs, "-i", "site_pages")
    output = programs.finish(process)
    assert process.returncode == 1
    assert "import not_installed" in output
    assert "No module named 'not_installed'" in output


def test_a_site_that_cannot_start_fails(site: Programs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        site.write("port.conf", f"[global]\nserver.socket_port: {port}\n")
        process = cherryd(
            site, "-c", "site.conf", "-c", "port.conf", "-i", "site_pages"
        )
        output = site.finish(process)
    assert process.returncode == 1
    assert output.count("ENGINE Bus EXITED") == 1
    said = output.splitlines()[-1]
    assert said.startswith(
        f"cherryd: the site could not be started. Port {port} is not"
    )


def test_a_site_that_cannot_start_says_so_without_a_log(site: Programs) -> None:
    process = cherryd(site, "-e", "production", "-i", "site_pages", "-p", "none/pid")
    output = site.finish(process)
    assert process.returncode == 1
    assert output.startswith("cherryd: the site could not be started. The PID file ")
    assert output.count("\n") == 1


def test_help_lists_the_options(programs: Programs) -> None:
    process = cherryd(programs, "--help")
    output = programs.finish(process)
    assert process.returncode == 0
    for option in ["-c", "-d", "-e", "-f", "-s", "-x", "-i", "-p", "-P"]:
        assert f"\n  {option}" in output
