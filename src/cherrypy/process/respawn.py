"""Executing the program again, as it was executed the first time.

The new program gets the interpreter options, the ``-m`` or ``-c`` and the arguments
of the old one, and its working directory. Of the open files it gets the three standard
ones and the sockets that a service manager passed in; the rest is closed.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

__all__ = [
    "close_on_exec",
    "command_line",
    "execute_again",
    "extend_pythonpath",
    "flush_output",
    "max_descriptors",
    "sockets_passed_in",
    "startup_directory",
]

try:
    startup_directory: str | None = os.getcwd()
except OSError:  # removed under our feet
    startup_directory = None
"""Where the program was started: relative names were meant from here."""

_FIRST_PASSED = 3
"""Number of the first socket that a service manager passes in, sd_listen_fds(3)."""


def max_descriptors() -> int:
    """Return how many files a process may have open; 0 if nobody knows."""
    try:
        return max(os.sysconf("SC_OPEN_MAX"), 0)
    except (AttributeError, ValueError, OSError):  # not on this platform
        return 0


def command_line() -> list[str]:
    """Return the words that execute this program again.

    Raises:
        RuntimeError: There is no interpreter of its own, as in a program that embeds
            Python; only that program can restart.
    """
    if not sys.executable:
        raise RuntimeError(
            "Cannot execute the program again: Python runs inside another program "
            "(sys.executable is empty). Restart that program, and switch "
            "engine.autoreload off."
        )
    # Without a command line of the interpreter (an embedded one) its arguments are
    # the best there is.
    return [sys.executable, *(sys.orig_argv[1:] or sys.argv)]


def extend_pythonpath(environ: MutableMapping[str, str]) -> None:
    """Let the new program import from its directory if this one does.

    Args:
        environ: The environment of the new program; PYTHONPATH gets a ``.`` in front
            where the present path begins with the working directory.
    """
    if not sys.path or sys.path[0] != "":
        return
    before = environ.get("PYTHONPATH", "")
    if before.split(os.pathsep)[0] != ".":
        environ["PYTHONPATH"] = f".{os.pathsep}{before}" if before else "."


def close_on_exec(limit: int) -> None:
    """Let all files be closed when a program is executed.

    Args:
        limit: Files with a number from here on are left alone.
    """
    passed = range(_FIRST_PASSED, _FIRST_PASSED + sockets_passed_in())
    for number in _open_descriptors(limit):
        if number > 2 and number not in passed:
            try:
                os.set_inheritable(number, False)
            except OSError:
                continue  # closed in the meantime


def sockets_passed_in() -> int:
    """Return how many sockets a service manager gave to us, sd_listen_fds(3)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return 0
    count = os.environ.get("LISTEN_FDS", "1")
    return int(count) if count.isdecimal() else 1


def _open_descriptors(limit: int) -> Iterator[int]:
    try:
        names = os.listdir("/dev/fd")
    except OSError:
        yield from range(limit)
        return
    for name in names:
        if name.isdecimal() and int(name) < limit:
            yield int(name)


def flush_output() -> None:
    """Let nothing that was printed be lost, or be printed twice after a fork."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # none, or closed
            stream.flush()


def execute_again(log: Callable[[str], None], max_cloexec_files: int) -> None:
    """Put the program, executed again, into the place of this process.

    Args:
        log: Is told the words.
        max_cloexec_files: Files up to this number are closed; 0 leaves all open.
    """
    words = command_line()
    log(f"Re-spawning {' '.join(words)}")
    extend_pythonpath(os.environ)
    if startup_directory is not None:
        os.chdir(startup_directory)
    flush_output()
    if sys.platform == "win32":
        # There exec starts another process and lets the shell believe we are done.
        import subprocess  # lazy: costs milliseconds, and only here

        os._exit(subprocess.call(words))
    if max_cloexec_files:
        close_on_exec(max_cloexec_files)
    os.execv(words[0], words)
