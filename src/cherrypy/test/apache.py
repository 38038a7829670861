"""Apache in front of a site under test: its config, how it is started and stopped.

Nobody needs this to test an application. It is for those who want to see their suite
pass behind Apache, by ``default_server = "modwsgi"`` in a test class.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from cherrypy.process.servers import wait_for_free_port, wait_for_occupied_port

__all__ = ["Apache", "here", "read_process"]


def read_process(cmd: str, args: str = "") -> str:
    """Run a program and return what it prints.

    Args:
        cmd: The program.
        args: Its arguments, as in a shell.

    Raises:
        OSError: There is no such program.
    """
    done = subprocess.run(
        [cmd, *shlex.split(args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode("utf-8", "replace")


class Apache:
    """An Apache that reads one config file.

    Args:
        program: Its program, such as ``apache2ctl`` or ``httpd``.
        file_name: What to call the config file, if not a path in a folder of its own.
        config: The text of that file.
        host: Where Apache listens.
        port: Likewise.
    """

    def __init__(
        self, program: str, file_name: str, config: str, host: str, port: int
    ) -> None:
        self.program = program
        self.config = config
        self.address: tuple[str, int] = (host, port)
        self.folder: str = tempfile.mkdtemp(prefix="cherrypy-apache-")
        self.file: Path = Path(self.folder, file_name)

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            unittest.SkipTest: There is no Apache on this machine.
            OSError: It does not listen.
        """
        if shutil.which(self.program) is None:
            raise unittest.SkipTest(
                f"There is no program {self.program!r}; install Apache, or set "
                "APACHE_PATH of the module to what it is called here."
            )
        self.file.write_text(self.config, encoding="utf-8")
        output = read_process(
            self.program, f"-k start -f {shlex.quote(str(self.file))}"
        )
        try:
            wait_for_occupied_port(*self.address)
        except OSError as silence:
            raise OSError(f"Apache does not listen: {output}") from silence

    def stop(self) -> None:
        """Stop it, if it was started, and wait until it is gone."""
        if self.file.exists():
            read_process(self.program, f"-k stop -f {shlex.quote(str(self.file))}")
            wait_for_free_port(*self.address, timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)


def here() -> str:
    """Return the folder of this package, in the notation of Apache."""
    return Path(__file__).resolve().parent.as_posix()
