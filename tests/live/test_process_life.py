"""The life of real processes: leaving, restarting, reloading, daemons."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.live.conftest import until

if TYPE_CHECKING:
    from tests.live.conftest import Programs

pytestmark = pytest.mark.live

PROLOGUE = """
import os, signal, sys, threading
from time import sleep
from cherrypy.process import plugins
from cherrypy.process.wspbus import Bus

bus = Bus()

def note(*words):
    with open(os.environ["DIARY"], "a") as diary:
        print(*words, file=diary)

bus.subscribe("log", lambda msg, level: note("log", msg.splitlines()[0]))
"""

ALIVE = """
handler = plugins.SignalHandler(bus)
handler.subscribe()
bus.start()
note("pid", os.getpid())
bus.block()
note("after block")
"""


# Leaving


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_program_properly(
    programs: Programs, number: signal.Signals
) -> None:
    programs.write("program.py", PROLOGUE + ALIVE)
    process = programs.start("program.py")
    programs.wait_for(f"pid {process.pid}")
    process.send_signal(number)
    programs.finish(process)
    assert process.returncode == 0
    assert programs.lines[-3:] == [
        "log Bus EXITED",
        "log Waiting for child threads to terminate...",
        "after block",
    ]


def test_sigusr1_reloads_and_goes_on(programs: Programs) -> None:
    programs.write("program.py", PROLOGUE + ALIVE)
    process = programs.start("program.py")
    programs.wait_for(f"pid {process.pid}")
    process.send_signal(signal.SIGUSR1)
    programs.wait_for("log Bus graceful")
    process.send_signal(signal.SIGUSR1)
    programs.wait_for("log Bus graceful", times=2)
    process.send_signal(signal.SIGTERM)
    programs.finish(process)
    assert process.returncode == 0


@pytest.mark.parametrize("busy", ["stop listener", "thread"])
def test_a_second_ctrl_c_ends_a_program_that_takes_its_time(
    programs: Programs, busy: str
) -> None:
    slow = {
        "stop listener": "bus.subscribe('stop', lambda: note('busy') or sleep(60))",
        "thread": (
            "bus.subscribe('stop', lambda: note('busy'))\n"
            "threading.Thread(target=sleep, args=(60,)).start()"
        ),
    }
    programs.write("program.py", f"{PROLOGUE}{slow[busy]}\n{ALIVE}")
    process = programs.start("program.py")
    programs.wait_for(f"pid {process.pid}")
    process.send_signal(signal.SIGINT)
    programs.wait_for("busy")
    if busy == "thread":
        until(lambda: programs.lines[-1].startswith("log Waiting for thread"))
    process.send_signal(signal.SIGINT)
    programs.finish(process)
    assert process.returncode == 130


def test_a_program_that_forgets_to_leave_is_left_for_it(programs: Programs) -> None:
    programs.write("program.py", f"{PROLOGUE}bus.start()")
    process = programs.start("program.py")
    assert "RuntimeWarning: The main thread is exiting" in programs.finish(process)
    assert process.returncode == 0
    assert programs.lines[-1] == "log Bus EXITED"


def test_a_program_that_cannot_start_fails(programs: Programs) -> None:
    programs.write(
        "program.py", f"{PROLOGUE}bus.subscribe('start', lambda: 1 / 0){ALIVE}"
    )
    process = programs.start("program.py")
    assert "ChannelFailures: ZeroDivisionError" in programs.finish(process)
    assert process.returncode == 1
    assert programs.lines[-1] == "log Bus EXITED"


def test_what_was_printed_is_not_lost_when_a_program_leaves_at_once(
    programs: Programs,
) -> None:
    programs.write(
        "program.py",
        f"{PROLOGUE}bus.subscribe('exit', lambda: 1 / 0)\nprint('last words')\n"
        "bus.start()\nbus.exit()",
    )
    process = programs.start("program.py")
    assert programs.finish(process) == "last words\n"
    assert process.returncode == 70


# Restarting

AGAIN = """
note("argv", sys.argv[1:])
note("optimize", sys.flags.optimize)
note("main", __name__, __spec__.name if __spec__ else None)
note("cwd", os.getcwd())
bus.subscribe("start", lambda: note("pid", os.getpid()), 90)
os.chdir(os.sep)
handler = plugins.SignalHandler(bus)
handler.subscribe()
if os.environ.get("BORN_AGAIN"):
    threading.Timer(0.01, bus.exit).start()
else:
    os.environ["BORN_AGAIN"] = "1"
    threading.Timer(0.01, bus.restart).start()
bus.start()
bus.block(0.01)
"""


def restarted(
    programs: Programs, *words: str, env: dict[str, str] | None = None
) -> str:
    """Run a program that restarts once, and return what it printed."""
    process = programs.start(*words, env=env)
    output = programs.finish(process)
    assert process.returncode == 0, output
    assert programs.lines.count(f"pid {process.pid}") == 2
    return output


def test_a_program_restarts_with_its_arguments(programs: Programs) -> None:
    programs.write("program.py", PROLOGUE + AGAIN)
    restarted(programs, "-O", "program.py", "--port", "8080", "a b", "")
    lines = programs.lines
    assert lines.count("argv ['--port', '8080', 'a b', '']") == 2
    assert lines.count("optimize 1") == 2
    assert lines.count(f"cwd {os.path.realpath(programs.folder)}") == 2
    told = f"log Re-spawning {sys.executable} -O program.py --port 8080 a b "
    assert told in lines


def test_a_module_restarts_as_a_module(programs: Programs) -> None:
    programs.write("package/__init__.py", "")
    programs.write("package/neighbour.py", "")
    programs.write("package/mod.py", f"from . import neighbour{PROLOGUE}{AGAIN}")
    restarted(programs, "-m", "package.mod", "-x")
    assert programs.lines.count("main __main__ package.mod") == 2
    assert programs.lines.count("argv ['-x']") == 2


def test_a_package_restarts_as_a_package(programs: Programs) -> None:
    programs.write("package/__init__.py", "")
    programs.write("package/__main__.py", PROLOGUE + AGAIN)
    restarted(programs, "-m", "package")
    assert programs.lines.count("main __main__ package.__main__") == 2


def test_a_command_restarts_as_a_command(programs: Programs) -> None:
    programs.write("neighbour.py", "")
    restarted(programs, "-c", f"import neighbour{PROLOGUE}{AGAIN}", "argument")
    assert programs.lines.count("argv ['argument']") == 2


def test_pythonpath_survives_a_restart(programs: Programs) -> None:
    programs.write("library/useful.py", "")
    programs.write("program.py", f"import useful{PROLOGUE}{AGAIN}")
    restarted(programs, "program.py", env={"PYTHONPATH": "library"})


def test_open_files_do_not_survive_a_restart(programs: Programs) -> None:
    count = """
import os
note("open", *(n for n in range(64) if os.path.exists(f"/dev/fd/{n}")))
for name in range(5):
    os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
"""
    programs.write("program.py", PROLOGUE + count + AGAIN)
    restarted(programs, "program.py")
    before, after = [line for line in programs.lines if line.startswith("open ")]
    assert before == after


# Reloading

RELOADING = """
import page
note("page", page.TEXT)
bus.subscribe("start", lambda: note("pid", os.getpid()), 90)
handler = plugins.SignalHandler(bus)
handler.subscribe()
reloader = plugins.Autoreloader(bus, frequency=0.02, match="^(?!cherrypy).+")
reloader.files.add("template.html")
reloader.subscribe()
bus.start()
bus.block(0.01)
"""


def looked_at(programs: Programs, times: int) -> None:
    """Wait until the files were looked at in the latest life of the program."""
    programs.wait_for(f"pid {programs.processes[-1].pid}", times)


@pytest.mark.parametrize("module", [False, True], ids=["script", "module"])
def test_a_changed_module_is_loaded_again(programs: Programs, module: bool) -> None:
    programs.write("template.html", "")
    programs.write("page.py", "TEXT = 'one'")
    programs.write("program.py", PROLOGUE + RELOADING)
    process = programs.start(*(["-m", "program"] if module else ["program.py"]))
    looked_at(programs, 1)
    programs.write("page.py", "TEXT = 'number two'")
    programs.wait_for("page number two")
    looked_at(programs, 2)
    process.send_signal(signal.SIGTERM)
    programs.finish(process)
    assert process.returncode == 0
    changed = [line for line in programs.lines if "Restarting because" in line]
    assert [line.rpartition(os.sep)[2] for line in changed] == ["page.py changed."]


def test_other_files_may_be_watched_too(programs: Programs) -> None:
    programs.write("template.html", "")
    programs.write("page.py", "TEXT = 'one'")
    programs.write("program.py", PROLOGUE + RELOADING)
    process = programs.start("program.py")
    looked_at(programs, 1)
    programs.write("template.html", "more")
    looked_at(programs, 2)
    process.send_signal(signal.SIGTERM)
    programs.finish(process)
    assert "log Restarting because template.html changed." in programs.lines


# Daemons

DAEMON = """
plugins.PIDFile(bus, "daemon.pid").subscribe()
plugins.Daemonizer(bus, stdout="out", stderr="err").subscribe()
handler = plugins.SignalHandler(bus)
handler.subscribe()
bus.subscribe("start", lambda: note("pid", os.getpid()), 90)
print("in the foreground")
bus.start()
print("in the background")
os.write(2, b"an error\\n")
note("ids", os.getsid(0) != os.getpid(), os.getpgid(0) != os.getpid(), os.getcwd())
umask = os.umask(0)
note("umask", umask)
bus.block(0.01)
"""


def number_of(programs: Programs) -> int:
    return int((programs.folder / "daemon.pid").read_text())


def is_gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    # Its new parent may be slow to notice; a zombie is gone for us.
    with open(f"/proc/{number}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


def test_a_daemon_lives_on_its_own(programs: Programs) -> None:
    programs.write("program.py", PROLOGUE + DAEMON)
    process = programs.start("program.py")
    assert programs.finish(process) == "in the foreground\n"
    assert process.returncode == 0
    programs.wait_for("umask 0")
    number = number_of(programs)
    assert number != process.pid
    assert f"ids True True {os.path.realpath(programs.folder)}" in programs.lines
    told = [
        "log Forking once.",
        "log Forking twice.",
        f"log Daemonized to PID: {number}",
    ]
    assert [line for line in programs.lines if line in told] == told

    os.kill(number, signal.SIGTERM)
    until(lambda: is_gone(number), "the daemon to end")
    assert not (programs.folder / "daemon.pid").exists()
    assert (programs.folder / "out").read_text() == "in the background\n"
    assert "an error\n" in (programs.folder / "err").read_text()
    assert (programs.folder / "out").stat().st_mode & 0o777 == 0o600


def test_a_daemon_restarts_on_sighup(programs: Programs) -> None:
    programs.write("program.py", PROLOGUE + DAEMON)
    programs.finish(programs.start("program.py"))
    programs.wait_for("umask 0")
    first = number_of(programs)
    os.kill(first, signal.SIGHUP)
    programs.wait_for("umask 0", times=2)
    second = number_of(programs)
    assert second != first
    assert "log SIGHUP caught while daemonized. Restarting." in programs.lines
    os.kill(second, signal.SIGTERM)
    until(lambda: is_gone(second), "the daemon to end")


def test_a_daemon_that_cannot_open_its_files_fails_in_the_log(
    programs: Programs,
) -> None:
    programs.write(
        "program.py", PROLOGUE + DAEMON.replace('stdout="out"', 'stdout="no/folder"')
    )
    programs.finish(programs.start("program.py"))
    programs.wait_for("log Bus EXITED")
    assert "log Shutting down due to error in start listener:" in programs.lines
