"""Whole sites in processes: quickstart, reloading, privileges, passed sockets."""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.live.conftest import until

if TYPE_CHECKING:
    from tests.live.conftest import Programs

pytestmark = pytest.mark.live

SITE = """
import os
import cherrypy

diary = open(os.environ["DIARY"], "a", buffering=1)

def note(*words):
    print(*words, file=diary)

class Root:
    @cherrypy.expose
    def index(self):
        return "hello"

    @cherrypy.expose
    def leave(self, how):
        raise {"ctrl-c": KeyboardInterrupt, "exit": SystemExit}[how]

    @cherrypy.expose
    def stop(self):
        cherrypy.engine.exit()
        return "goodbye"

    @cherrypy.expose
    def restart(self):
        cherrypy.engine.restart()
        return "again"

cherrypy.config.update({"server.socket_port": 0, "engine.autoreload.on": False})
cherrypy.engine.subscribe("start", lambda: note("url", cherrypy.server.base()), 90)
"""

RUN = """
cherrypy.quickstart(Root())
note("after quickstart")
"""


def url(programs: Programs, life: int = 1) -> str:
    """Wait for the URL of a site, in its first or a later life."""

    def urls() -> list[str]:
        return [line[4:] for line in programs.lines if line.startswith("url ")]

    until(lambda: len(urls()) >= life, "a URL")
    return urls()[life - 1]


def get(url: str) -> str:
    with urlopen(url, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def said(output: str) -> list[str]:
    """Return what the engine told the screen, without the times and numbers."""
    told = re.findall(r"^\[[^]]+\] ENGINE (.+)$", output, re.MULTILINE)
    return [
        re.sub(r":\d+", ":PORT", re.sub(r", \d+\)", ", PORT)", line)) for line in told
    ]


def test_the_log_of_a_site_is_the_documented_one(programs: Programs) -> None:
    programs.write("site.py", SITE.replace('"engine.autoreload.on": False', "") + RUN)
    process = programs.start("site.py")
    assert get(url(programs)) == "hello"
    process.send_signal(signal.SIGTERM)
    output = programs.finish(process)
    assert process.returncode == 0
    assert said(output) == [
        "Listening for SIGTERM.",
        "Listening for SIGHUP.",
        "Listening for SIGUSR1.",
        "Bus STARTING",
        "Started monitor thread 'Autoreloader'.",
        "Started monitor thread '_TimeoutMonitor'.",
        "Serving on http://127.0.0.1:PORT",
        "Bus STARTED",
        "Caught signal SIGTERM.",
        "Bus STOPPING",
        "HTTP Server cherrypy._cpnative_server.CPHTTPServer(('127.0.0.1', PORT)) "
        "shut down",
        "Stopped thread 'Autoreloader'.",
        "Stopped thread '_TimeoutMonitor'.",
        "Bus STOPPED",
        "Bus EXITING",
        "Bus EXITED",
        "Waiting for child threads to terminate...",
    ]
    assert programs.lines[-1] == "after quickstart"
    checked = output.index("CherryPy Checker:\nThe Application mounted at '' has an")
    assert checked < output.index("Started monitor thread")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("ctrl-c", "<Ctrl-C> hit: shutting down HTTP server"),
        ("exit", "SystemExit raised: shutting down HTTP server"),
    ],
)
def test_a_page_may_end_the_site(programs: Programs, how: str, told: str) -> None:
    programs.write("site.py", SITE + RUN)
    process = programs.start("site.py")
    address = url(programs)
    with pytest.raises(OSError):  # noqa: PT011 - reset, or closed without an answer
        get(f"{address}/leave?how={how}")
    output = programs.finish(process)
    assert told in said(output)
    assert said(output)[-1] == "Waiting for child threads to terminate..."


def test_a_page_may_ask_the_site_to_leave(programs: Programs) -> None:
    programs.write("site.py", SITE + RUN)
    process = programs.start("site.py")
    assert get(f"{url(programs)}/stop") == "goodbye"
    output = programs.finish(process)
    assert process.returncode == 0
    assert "Bus EXITED" in said(output)


def test_a_page_may_ask_the_site_to_restart(programs: Programs) -> None:
    programs.write("site.py", SITE + RUN)
    process = programs.start("site.py")
    assert get(f"{url(programs)}/restart") == "again"
    assert get(url(programs, 2)) == "hello"
    process.send_signal(signal.SIGINT)
    programs.finish(process)
    assert process.returncode == 0


def test_ctrl_c_ends_a_site_while_a_client_is_connected(programs: Programs) -> None:
    programs.write("site.py", SITE + RUN)
    process = programs.start("site.py")
    host, _, port = url(programs).rpartition("/")[2].partition(":")
    with socket.create_connection((host, int(port))):
        process.send_signal(signal.SIGINT)
        programs.finish(process)
    assert process.returncode == 0


def test_a_changed_page_is_served_anew(programs: Programs) -> None:
    config = '"engine.autoreload.frequency": 0.05, "engine.autoreload.match": "pages"'
    programs.write("pages.py", "TEXT = 'one'")
    programs.write(
        "site.py",
        "import pages\n"
        + SITE.replace('"engine.autoreload.on": False', config).replace(
            'return "hello"', "return pages.TEXT"
        )
        + RUN,
    )
    process = programs.start("site.py")
    assert get(url(programs)) == "one"
    programs.write("pages.py", "TEXT = 'number two'")
    assert get(url(programs, 2)) == "number two"
    process.send_signal(signal.SIGTERM)
    output = programs.finish(process)
    assert process.returncode == 0
    assert f"Restarting because {programs.folder}/pages.py changed." in output


def test_a_site_serves_the_socket_that_it_is_given(programs: Programs) -> None:
    programs.write(
        "launch.py",
        "import os, sys\n"
        "os.dup2(int(sys.argv[1]), 3)\n"
        "os.set_inheritable(3, True)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
        "os.execv(sys.executable, [sys.executable, 'site.py'])\n",
    )
    programs.write("site.py", SITE + RUN)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        number = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, "launch.py", str(number)],
            cwd=programs.folder,
            env={**os.environ, "DIARY": str(programs.diary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=(number,),
        )
        programs.processes.append(process)
    address = f"http://127.0.0.1:{port}"
    assert url(programs) == address
    assert get(f"{address}/restart") == "again"
    # The socket outlives the restart: nobody is turned away meanwhile.
    assert get(address) == "hello"
    assert url(programs, 2) == address
    process.send_signal(signal.SIGTERM)
    programs.finish(process)
    assert process.returncode == 0


@pytest.fixture
def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def test_privileges_are_gone_for_good(
    programs: Programs, nobody: pwd.struct_passwd
) -> None:
    if os.getuid() != 0:
        # Who is nobody special can only become who they are already.
        nobody = pwd.getpwuid(os.getuid())
    programs.write(
        "site.py",
        SITE
        + "from cherrypy.process.plugins import DropPrivileges\n"
        + f"DropPrivileges(cherrypy.engine, umask=0o027, uid={nobody.pw_uid}, "
        + f"gid={nobody.pw_gid}).subscribe()\n"
        + "def regain():\n"
        + "    try:\n"
        + "        os.setuid(0)\n"
        + "    except PermissionError:\n"
        + "        note('never again', os.getuid(), os.getgid())\n"
        + "def look():\n"
        + "    note('groups', *(set(os.getgroups()) - {os.getgid()}))\n"
        + "cherrypy.engine.subscribe('start', regain, 80)\n"
        + "cherrypy.engine.subscribe('start', look, 80)\n"
        + RUN,
    )
    process = programs.start("site.py")
    # No page is asked for: the new user may not even be able to read the program.
    url(programs)
    process.send_signal(signal.SIGTERM)
    output = programs.finish(process)
    assert f"never again {nobody.pw_uid} {nobody.pw_gid}" in programs.lines
    assert f"Running as uid: {nobody.pw_name!r}" in output
    if nobody.pw_uid != os.getuid():
        assert "groups" in programs.lines
