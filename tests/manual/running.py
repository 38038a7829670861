"""Programs of the manual as processes of their own, asked over HTTP, ended by a signal.

Nobody sleeps: a program reports through a named pipe when its bus is started, after a
restart too; a process that ends without a report has failed.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from types import ModuleType

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
PYTHON = sys.executable
DEADLINE_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "")


def ask(
    address: tuple[str, int],
    path: str,
    *,
    method: str = "GET",
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Ask for one page on a connection of its own."""
    host, port = address
    connection = (
        http.client.HTTPConnection(host, port, timeout=DEADLINE_SECONDS)
        if tls is None
        else http.client.HTTPSConnection(
            host, port, timeout=DEADLINE_SECONDS, context=tls
        )
    )
    with contextlib.closing(connection):
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


@dataclass
class Program:
    """A program of the manual that runs."""

    process: subprocess.Popen[bytes]
    folder: Path
    reports: int
    pid: int = 0
    addresses: list[tuple[str, int]] = field(default_factory=list)

    @property
    def output(self) -> str:
        """What was printed so far, the access log among it."""
        return (self.folder / "stdout").read_text()

    @property
    def log(self) -> str:
        """What was written to stderr so far: the error log."""
        return (self.folder / "stderr").read_text()

    def ask(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        server: int = 0,
    ) -> Answer:
        """Ask the server with that number for a page."""
        return ask(
            self.addresses[server], path, method=method, body=body, headers=headers
        )

    def wait_until_started(self) -> None:
        """Read the next report of the process, the first one or after a restart."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        # The pipe stays open without a writer, so it is asked whether there is one.
        while not select.select([self.reports], [], [], 0.05)[0]:
            # A daemon lets the process that was started here end, with code 0.
            if self.process.poll() or time.monotonic() > deadline:
                raise AssertionError(f"did not start:\n{self.output}\n{self.log}")
        facts = json.loads(os.read(self.reports, 4096))
        self.pid = facts["pid"]
        # One that is text is the path of a Unix socket.
        self.addresses = [
            (place, 0) if isinstance(place, str) else (place[0], place[1])
            for place in facts["addresses"]
        ]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    def abandon(self) -> None:
        """Leave nothing behind, whatever went wrong."""
        os.close(self.reports)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        elif self.pid not in (0, self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def copy_programs(room: str, folder: Path, put: Mapping[str, str]) -> None:
    """Copy the programs of a room to where they may write, with the reader's paths."""
    shutil.copytree(PROGRAMS / room, folder, dirs_exist_ok=True)
    for path in folder.iterdir() if put else ():
        text = path.read_text()
        for printed, real in put.items():
            text = text.replace(printed, real)
        path.write_text(text)


def start(name: str, folder: Path, *arguments: str) -> Program:
    """Start a program that lies in a folder; its streams go to files beside it."""
    pipe = folder / "reports"
    os.mkfifo(pipe)
    command = [PYTHON, "-X", "dev", str(HERE / "run_program.py")]
    with (
        open(folder / "stdout", "wb") as stdout,
        open(folder / "stderr", "wb") as stderr,
    ):
        process = subprocess.Popen(
            [*command, str(folder / f"{name}.py"), str(pipe), *arguments],
            cwd=folder,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    return Program(process, folder, os.open(pipe, os.O_RDWR | os.O_NONBLOCK))


@contextlib.contextmanager
def running(
    name: str,
    folder: Path,
    *arguments: str,
    put: Mapping[str, str] | None = None,
    ends_with: signal.Signals = signal.SIGTERM,
    complains: bool = False,
) -> Iterator[Program]:
    """Run `room/program` in a folder; afterwards end it by a signal, cleanly.

    Cleanly is: the exit code is 0, and neither a traceback nor a warning (all are
    shown, resource warnings too) is in its log.

    Args:
        name: The room and the name of the program, without its ending.
        folder: Where a copy of the room's programs goes, and where the program runs.
        *arguments: For the command line of the program.
        put: The reader's paths as printed, and what stands for them here.
        ends_with: The signal that ends the program.
        complains: The program is about errors, so its log may hold tracebacks.
    """
    room, _, name = name.partition("/")
    copy_programs(room, folder, put or {})
    program = start(name, folder, *arguments)
    with living(program, ends_with=ends_with, complains=complains):
        yield program


@contextlib.contextmanager
def living(
    program: Program,
    *,
    ends_with: signal.Signals = signal.SIGTERM,
    complains: bool = False,
) -> Iterator[Program]:
    """Have a started program serve in the block; then end it as `running` does."""
    try:
        program.wait_until_started()
        yield program
        code = program.stop(ends_with)
        assert code == 0, f"exit code {code}:\n{program.log}"
        if not complains:
            assert "Traceback" not in program.log, program.log
            assert "Warning" not in program.log, program.log
    finally:
        program.abandon()


def load(name: str) -> ModuleType:
    """Import `room/program` without running its main part."""
    path = PROGRAMS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name.replace("/", "_"), path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
