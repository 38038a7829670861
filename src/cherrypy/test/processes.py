"""A site as a program of its own, started by ``cherryd`` and watched by a test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import cherrypy
from cherrypy.process.servers import client_host
from cherrypy.test import sites

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

__all__ = ["CPProcess", "serverpem", "thisdir"]

thisdir: str = str(Path(__file__).resolve().parent)
"""The folder of this package."""

serverpem: str = str(Path(thisdir, "test.pem"))
"""A certificate for this machine with its key, signed by nobody: for tests only."""

_LOOK_SECONDS = 0.01


class CPProcess:
    """A site that runs in a process of its own; also a context manager.

    Config, logs and the file with the process number lie in a folder of their own,
    which goes away with the object::

        process = CPProcess()
        process.write_conf("tools.gzip.on: True")
        process.start(imports="my.application")
        ...
        process.stop()

    Args:
        wait: Whether `start` waits until the process has ended. With `daemonize` that
            is the one which goes into the background.
        daemonize: Whether the site runs in the background.
        ssl: Whether it speaks https, with the certificate `serverpem`.
        socket_host: Where it listens; by default where `cherrypy.server` would.
        socket_port: Likewise; if nobody set that one, or somebody listens there, any
            free port. See `port`.
    """

    pid_file: str = "test.pid"
    """Where the process writes its number; a path relative to its folder."""

    config_file: str = "test.conf"
    """What `write_conf` writes."""

    config_template: str = """[global]
server.socket_host: '%(host)s'
server.socket_port: %(port)s
checker.on: False
log.screen: False
log.error_file: r'%(error_log)s'
log.access_file: r'%(access_log)s'
%(ssl)s
%(extra)s
"""
    """The config of the site."""

    error_log: str = "test.error.log"
    """The error log."""

    access_log: str = "test.access.log"
    """The access log."""

    output_file: str = "test.output"
    """What the process printed."""

    exit_code: int | None = None
    """The status that the process ended with."""

    seconds: float = 20
    """How long to wait for a process to start, or to end."""

    def __init__(
        self,
        wait: bool = False,
        daemonize: bool = False,
        ssl: bool = False,
        socket_host: str | None = None,
        socket_port: int | None = None,
    ) -> None:
        self.wait = wait
        self.daemonize = daemonize
        self.ssl = ssl
        self.host: str = socket_host or cherrypy.server.socket_host or "127.0.0.1"
        self.port: int = socket_port or _port(self.host)
        self.folder: str = tempfile.mkdtemp(prefix="cherrypy-test-")
        """Where the files of the process are."""
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, True)
        for name in (
            "pid_file",
            "config_file",
            "error_log",
            "access_log",
            "output_file",
        ):
            setattr(self, name, str(Path(self.folder, getattr(self, name))))
        self._process: subprocess.Popen[bytes] | None = None

    def write_conf(self, extra: str = "") -> None:
        """Write the config.

        Args:
            extra: More lines: entries of the site, then perhaps sections.
        """
        ssl = (
            f"server.ssl_certificate: r'{serverpem}'\n"
            f"server.ssl_private_key: r'{serverpem}'\n"
        )
        text = self.config_template % {
            "host": self.host,
            "port": self.port,
            "error_log": self.error_log,
            "access_log": self.access_log,
            "ssl": ssl if self.ssl else "",
            "extra": extra,
        }
        Path(self.config_file).write_text(text, encoding="utf-8")

    def start(self, imports: str | Iterable[str] | None = None) -> None:
        """Start the process and wait until the site is up, or, with `wait`, ended.

        Args:
            imports: The module that mounts the applications, or several.

        Raises:
            RuntimeError: The site did not come up; the message has what it printed.
            TimeoutError: The process neither came up nor ended.
        """
        if not Path(self.config_file).exists():
            self.write_conf()
        Path(self.pid_file).unlink(missing_ok=True)
        arguments = [sys.executable, "-m", "cherrypy"]
        arguments += ["-c", self.config_file, "-p", self.pid_file]
        for name in [imports] if isinstance(imports, str) else imports or ():
            arguments += ["-i", name]
        if self.daemonize:
            arguments.append("-d")
        # What the tests can import, the site can.
        paths = [str(Path(thisdir).parents[1]), *filter(os.path.isdir, sys.path)]
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
        with Path(self.output_file).open("wb") as output:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
            )
        if self.wait or self.daemonize:
            self._wait_for_process()
        if self.daemonize or not self.wait:
            self._wait_until_up()

    def _wait_for_process(self) -> None:
        """Wait until the process that was started has ended."""
        assert self._process is not None
        try:
            self.exit_code = self._process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise TimeoutError(
                f"The process did not end within {self.seconds} seconds.{self._told()}"
            ) from None

    def _wait_until_up(self) -> None:
        """Wait until the site answers and has said that its bus is started."""
        deadline = time.monotonic() + self.seconds
        while not (self._has_started() and _answers(self.host, self.port)):
            if self._has_ended():
                raise RuntimeError(
                    f"The site did not start; exit status {self.exit_code}."
                    f"{self._told()}"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise TimeoutError(
                    f"The site did not start within {self.seconds} seconds."
                    f"{self._told()}"
                )
            time.sleep(_LOOK_SECONDS)

    def _has_started(self) -> bool:
        log = Path(self.error_log)
        # A config may have the log written elsewhere.
        return not log.exists() or b"Bus STARTED" in log.read_bytes()

    def _has_ended(self) -> bool:
        assert self._process is not None
        if not self.daemonize:
            self.exit_code = self._process.poll()
            return self.exit_code is not None
        if self.exit_code:
            return True
        pid = self._daemon()
        return pid is not None and not _is_alive(pid)

    def _told(self) -> str:
        """Return what the process has printed and logged, for a message."""
        texts = []
        for path in map(Path, (self.output_file, self.error_log)):
            if path.exists() and path.stat().st_size:
                text = path.read_text(encoding="utf-8", errors="replace")
                texts.append(f"\n\n{path.name}:\n{text[-4000:]}")
        return "".join(texts)

    def get_pid(self) -> int:
        """Return the number of the process that serves."""
        if self.daemonize:
            return int(Path(self.pid_file).read_text())
        assert self._process is not None, "start() comes first"
        return self._process.pid

    def _daemon(self) -> int | None:
        """Return the number in the PID file, None if there is none."""
        try:
            return int(Path(self.pid_file).read_text())
        except (OSError, ValueError):  # not there, or just being written
            return None

    def join(self) -> None:
        """Wait until the process that serves has ended.

        Raises:
            TimeoutError: It did not.
        """
        if not self.daemonize:
            self._wait_for_process()
            return
        deadline = time.monotonic() + self.seconds
        # The file goes at the very end; a process that was killed leaves it.
        while (pid := self._daemon()) is not None and _is_alive(pid):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"The daemon did not end within {self.seconds} seconds."
                )
            time.sleep(_LOOK_SECONDS)

    def stop(self) -> None:
        """End the process, if it runs, and wait until it has."""
        if self._process is None:
            return
        if not self.daemonize:
            if self._process.poll() is None:
                self._process.terminate()
            self._wait_for_process()
            return
        pid = self._daemon()
        if pid is not None and _is_alive(pid):
            os.kill(pid, signal.SIGTERM)
            self.join()

    def __enter__(self) -> Self:
        """Return the process, which is still to be started."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop the process and remove its files."""
        self.stop()
        self._remove()


def _port(host: str) -> int:
    """Return the port that the site has been given, if it is free, or a free one."""
    given = cherrypy.server.socket_port
    by_default = type(cherrypy.server).socket_port
    if given and given != by_default and sites.is_free(host, given):
        return given
    return sites.free_port(host)


def _answers(host: str, port: int) -> bool:
    return not sites.is_free(client_host(host), port)


def _is_alive(pid: int) -> bool:
    """Return whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
