"""How things are measured: servers on one core, the load generator on the other."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from peers import Peer

HERE = Path(__file__).parent
SERVER_CORE, CLIENT_CORE = "0", "1"

_POST = """
wrk.method = "POST"
wrk.body = '{body}'
wrk.headers["Content-Type"] = "{media_type}"
"""


@dataclass(frozen=True)
class Work:
    """One kind of request."""

    name: str
    path: str
    body: str = ""
    media_type: str = ""


WORKS = (
    Work("hello", "/"),
    Work("parameters", "/item/42?q=morello&n=7"),
    Work("form", "/form", "a=one&b=two&c=three", "application/x-www-form-urlencoded"),
    Work("json", "/json", '{"name": "morello", "n": [1, 2, 3]}', "application/json"),
    Work("static 100 kB", "/static/100k.bin"),
)


@dataclass(frozen=True)
class Sample:
    """What one round of load found out."""

    rate: float
    """Good answers per second."""

    p99: float
    """99th percentile of the time to an answer, in milliseconds."""

    errors: int
    """Answers that were no 2xx or 3xx, and broken connections."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    peer: Peer,
    *,
    settings: Sequence[str] = (),
    prefix: Sequence[str] = (),
    scheme: str = "http",
) -> Iterator[Server]:
    """Start a server on its core, wait until it answers, and stop it afterwards.

    Args:
        peer: The server.
        settings: Further arguments, which its program takes as settings.
        prefix: A command to start it with, such as ``prlimit``.
        scheme: ``http`` or ``https``.
    """
    port = free_port()
    command = [part.replace("{port}", str(port)) for part in peer.command]
    started = time.perf_counter()
    # The limit is inherited: ten thousand connections need as many descriptors.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    process = subprocess.Popen(
        [*prefix, "taskset", "-c", SERVER_CORE, *command, *settings],
        cwd=HERE,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": str(HERE / "apps"),
            "PYTHONDONTWRITEBYTECODE": "",
        },
    )
    try:
        _wait_until_it_answers(port, process, scheme)
        yield Server(port, process, time.perf_counter() - started, scheme)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float
    scheme: str = "http"

    def memory(self) -> float:
        """Return the resident memory of all its processes, in megabytes."""
        total = 0
        for pid in _session_of(self.process.pid):
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
                total += int(found[1]) if found else 0
        return total / 1024

    def descriptors(self) -> int:
        """Return how many descriptors its first process has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def processor_seconds(self) -> float:
        """Return the processor time of all its processes so far."""
        ticks = 0
        for pid in _session_of(self.process.pid):
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
                ticks += sum(int(field) for field in text.split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")


def _session_of(leader: int) -> list[int]:
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == leader:
                    members.append(int(entry.name))
    return members


def connect(port: int, scheme: str = "http") -> http.client.HTTPConnection:
    """Return a client that waits five seconds at most and trusts everybody."""
    if scheme == "http":
        return http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)


def _wait_until_it_answers(
    port: int, process: subprocess.Popen[bytes], scheme: str
) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError):
            connection = connect(port, scheme)
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            connection.close()
            if answer.status == 200:
                return
        time.sleep(0.005)
    raise RuntimeError(f"{process.args!r} did not answer within 30 s")


def load(
    port: int,
    work: Work,
    connections: int = 32,
    seconds: float = 3,
    *,
    scheme: str = "http",
) -> subprocess.Popen[str]:
    """Start the load generator; `result` waits for it."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("bench: wrk is missing; on Debian: apt-get install wrk")
    command = ["taskset", "-c", CLIENT_CORE, wrk, "--latency", "-t1"]
    command += [f"-c{connections}", f"-d{seconds}s", "--timeout=10s"]
    if work.body:
        script = HERE / ".data" / f"{work.name}.lua"
        script.write_text(_POST.format(body=work.body, media_type=work.media_type))
        command += ["-s", str(script)]
    command.append(f"{scheme}://127.0.0.1:{port}{work.path}")
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def result(process: subprocess.Popen[str]) -> Sample:
    """Wait for the load generator and read what it says."""
    text, _ = process.communicate()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: (.*)", text)
    errors = int(bad[1]) if bad else 0
    if broken:
        errors += sum(int(n) for n in re.findall(r"\d+", broken[1]))
    return Sample(
        float(rate[1]) if rate else 0.0,
        float(p99[1]) * _UNITS[p99[2]] if p99 else float("inf"),
        errors,
    )
