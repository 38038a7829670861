"""Real redis-server, memcached and PostgreSQL for the tests that talk to them.

Each worker of pytest has its own, started when the first test asks, on a free port of
the loopback interface, with its data in a folder of its own; as an ordinary user when
the tests run as root. They end with the worker, even if that is killed.

Where a program is not installed the tests are skipped and say what to install; with
``MORELLO_SKIP_NOTHING`` in the environment they fail.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "Memcached",
    "PostgreSQL",
    "Redis",
    "ServerProgram",
    "memcached_server",
    "postgresql_server",
    "redis_server",
    "running",
]

DEADLINE_SECONDS = 30.0

_Program = TypeVar("_Program", bound="ServerProgram")


class ServerProgram:
    """A program that serves on a loopback port, and can be stopped and started."""

    package = ""
    """The Debian package that brings it."""

    stop_signal = signal.SIGTERM
    """What makes it end in good order."""

    death_signal = "KILL"
    """What it gets when the tests die without having stopped it."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"morello-{self.package}-"))
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped: list[int] = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")

    @property
    def url(self) -> str:
        """How a store finds it."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def prepare(self) -> None:
        """Make what it needs before it starts for the first time."""

    def command(self) -> Sequence[str]:
        """Say how the program is started."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, on the same port and data as before, and wait until it answers."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self.is_ready():
            # What a killed one leaves behind may keep the next from starting at once.
            if self._process is None or self._process.poll() is not None:
                with self.log.open("ab") as log:
                    self._process = subprocess.Popen(
                        self.ordinary([*self.command()]),
                        cwd=self.folder,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                        # As Python ignores SIGXFSZ: see `full_disk`.
                        restore_signals=False,
                    )
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order; whoever is connected is cut off."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Make it deaf: connections stay, and nothing is answered."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        self._stopped = [self.pid]
        _stop(self.pid)
        for pid in map(int, children.read_text().split()):
            self._stopped.append(pid)
            _stop(pid)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        while self._stopped:
            with suppress(ProcessLookupError):
                os.kill(self._stopped.pop(), signal.SIGCONT)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Have it stopped in the block, and started again after it."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Have it paused in the block, and resumed after it."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    @contextmanager
    def full_disk(self, room: int) -> Iterator[None]:
        """Let none of its files get larger than so many bytes in the block.

        If that has ended it, it is started again after the block.
        """
        self._limit_files(str(room))
        try:
            yield
        finally:
            self._limit_files("unlimited")
            self.start()

    def _limit_files(self, limit: str) -> None:
        words = ["prlimit", f"--fsize={limit}:", "--pid"]
        for pid in self.writers():
            # It may have ended meanwhile.
            subprocess.run(self.ordinary([*words, str(pid)], lasting=False))

    def writers(self) -> list[int]:
        """List its processes that write what clients want to be kept."""
        assert self._process is not None
        return [] if self._process.poll() is not None else [self.pid]

    def close(self) -> None:
        """End it, and remove its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ordinary(self, command: list[str], *, lasting: bool = True) -> list[str]:
        """Have a command run as an ordinary user, and end when the tests do."""
        if not shutil.which("setpriv"):
            return command
        words = ["setpriv"]
        if os.geteuid() == 0:
            words += ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        if lasting:
            words += ["--pdeathsig", self.death_signal]
        return [*words, "--", *command] if words[1:] else command

    def answers(self, question: bytes, expected: bytes) -> bool:
        """Tell whether a question on a new connection is answered as expected."""
        try:
            with socket.create_connection((self.host, self.port), 1) as connection:
                connection.sendall(question)
                return connection.recv(100).startswith(expected)
        except OSError:
            return False

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        self.resume()
        try:
            self._process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _stop(pid: int) -> None:
    """Stop a process, and return when each of its threads has stopped."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + DEADLINE_SECONDS
    # On a busy machine a thread may answer one more question before it knows.
    while any(
        stat.read_text().rpartition(")")[2].split()[0] not in "TtZX"
        for stat in Path(f"/proc/{pid}/task").glob("*/stat")
    ):
        assert time.monotonic() < deadline, f"process {pid} goes on"
        time.sleep(0.001)


class Redis(ServerProgram):
    """A redis-server that has each write on disk before it answers."""

    package = "redis-server"

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def command(self) -> Sequence[str]:
        """Say how the program is started."""
        options = {
            "--bind": self.host,
            "--port": str(self.port),
            "--dir": str(self.folder),
            "--appendonly": "yes",
            "--appendfsync": "always",
            "--save": "",
        }
        words = [word for pair in options.items() for word in pair]
        return [program("redis-server", self.package), *words]

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        return self.answers(b"PING\r\n", b"+PONG")


class Memcached(ServerProgram):
    """A memcached with room for 64 MB, and 8 MB for an entry."""

    package = "memcached"

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options

    @property
    def url(self) -> str:
        return f"memcached://{self.host}:{self.port}"

    def command(self) -> Sequence[str]:
        """Say how the program is started."""
        words = f"-l {self.host} -p {self.port} -U 0 -m 64 -I 8m -c 1024".split()
        return [program("memcached", self.package), *words, *self.options]

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        return self.answers(b"version\r\n", b"VERSION")


class PostgreSQL(ServerProgram):
    """A PostgreSQL with a cluster of its own; the user `morello` owns it."""

    package = "postgresql"
    # A shutdown that cuts connections off, and one that does not even write.
    stop_signal = signal.SIGINT
    death_signal = "QUIT"

    @property
    def url(self) -> str:
        return f"postgresql://morello@{self.host}:{self.port}/postgres"

    @property
    def data(self) -> Path:
        """Where the cluster is."""
        return self.folder / "data"

    def prepare(self) -> None:
        """Make the cluster."""
        words = [program("initdb", self.package), "--pgdata", str(self.data)]
        words += ["--username", "morello", "--auth", "trust", "--no-sync"]
        words += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
        # The files of its log are so small that they have room where tables have none.
        words += ["--wal-segsize", "1"]
        done = subprocess.run(
            self.ordinary(words, lasting=False),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def command(self) -> Sequence[str]:
        """Say how the program is started."""
        settings = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "16MB",
            "max_connections": "150",
            "log_min_messages": "fatal",
        }
        words = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        return [program("postgres", self.package), "-D", str(self.data), *words]

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        where = ["--host", self.host, "--port", str(self.port), "--timeout", "1"]
        asked = [program("pg_isready", self.package), "--quiet", *where]
        return subprocess.run(asked, stdin=subprocess.DEVNULL).returncode == 0

    def writers(self) -> list[int]:
        """List the first process and those that each serve a connection."""
        pids = super().writers()
        for first in pids[:]:
            children = Path(f"/proc/{first}/task/{first}/children").read_text()
            pids += [pid for pid in map(int, children.split()) if self._serves(pid)]
        return pids

    def _serves(self, pid: int) -> bool:
        try:
            return self.host in Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            return False


def program(name: str, package: str) -> str:
    """Find a program; skip the test when it is not installed."""
    # Debian keeps those of PostgreSQL out of PATH, a folder for each version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    found = shutil.which(name, path=path)
    if found is None:
        missing = f"{name} is missing; on Debian: apt-get install {package}"
        if os.environ.get("MORELLO_SKIP_NOTHING"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def free_port() -> int:
    """Find a port that nobody uses.

    Below those that the system gives to outgoing connections: there one of them might
    sit on the port while the server is stopped, or even be answered by itself.
    """
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as attempt, suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port


@contextmanager
def running(server: _Program) -> Iterator[_Program]:
    """Have a program run in the block; after it its data is gone, too."""
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """Give a running redis-server."""
    with running(Redis()) as server:
        yield server


@pytest.fixture(scope="session")
def memcached_server() -> Iterator[Memcached]:
    """Give a running memcached."""
    with running(Memcached()) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """Give a running PostgreSQL."""
    with running(PostgreSQL()) as server:
        yield server
