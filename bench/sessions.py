"""Measure pages with sessions, beside CherryPy 18; write bench/sessions.md.

    .venv/bin/python bench/sessions.py

Needs what ``scripts/bench`` needs, and its peers. 32 clients share one session, or each
has its own; the processor time tells what a request costs whatever else the machine
does.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from measure import CLIENT_CORE, HERE, Server, connect, running
from peers import CHERRYPY, MORELLO, Peer

ROUNDS, SECONDS, CLIENTS = 4, 2, 32

_WRK = """
local ids = {ids}
local turn = 0
function request()
  turn = turn % #ids + 1
  wrk.headers["Cookie"] = "session_id=" .. ids[turn]
  return wrk.format("GET", "{path}")
end
"""


def main() -> None:
    """Measure both, and write it down."""
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    for _ in range(ROUNDS):
        for peer in (MORELLO, CHERRYPY):
            with tempfile.TemporaryDirectory() as folder:
                _one_round(peer, folder, rows.setdefault(peer.name, {}))
    sweep = _sweep()
    lines = [*_head(), *_table(rows), "", sweep, ""]
    (HERE / "sessions.md").write_text("\n".join(lines))
    print("\n".join(lines))


def _one_round(
    peer: Peer, folder: str, found: dict[str, list[tuple[float, float, float]]]
) -> None:
    command = tuple(
        part.replace("cherry.py", "sessions_app.py") for part in peer.command
    )
    with running(replace(peer, command=command), settings=[folder]) as server:
        for name, path, sessions in (
            ("hello", "/", 1),
            ("memory, one session", "/ram/", 1),
            ("memory, a session each", "/ram/", CLIENTS),
            ("files, one session", "/files/", 1),
            ("files, a session each", "/files/", CLIENTS),
        ):
            ids = [_new_session(server.port, path) for _ in range(sessions)]
            _load(server, path, ids, 1)
            found.setdefault(name, []).append(_load(server, path, ids, SECONDS))


def _new_session(port: int, path: str) -> str:
    with closing(connect(port)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        found = re.search(r"session_id=(\w+)", answer.headers.get("Set-Cookie", ""))
        return found[1] if found else "none"


def _load(
    server: Server, path: str, ids: list[str], seconds: int
) -> tuple[float, float, float]:
    """Return answers a second, the 99th percentile in ms, processor time in µs."""
    script = HERE / ".data" / "sessions.lua"
    script.parent.mkdir(exist_ok=True)
    listed = json.dumps(ids).replace("[", "{").replace("]", "}")
    script.write_text(_WRK.replace("{ids}", listed).replace("{path}", path))
    wrk = shutil.which("wrk") or sys.exit("bench: wrk is missing")
    before, start = server.processor_seconds(), time.perf_counter()
    text = subprocess.run(
        [
            *("taskset", "-c", CLIENT_CORE, wrk, "--latency", "-t1", f"-c{CLIENTS}"),
            *(f"-d{seconds}s", "--timeout=30s", "-s", str(script)),
            f"http://127.0.0.1:{server.port}",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    spent = server.processor_seconds() - before
    if "Non-2xx" in text:
        sys.exit(f"bench: {path} answers with errors\n{text}")
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0])
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s|m)\b", text)[0]
    p99 = float(number) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
    done = rate * (time.perf_counter() - start)
    return rate, p99, spent / max(done, 1) * 1e6


def _sweep() -> str:
    """Return what the sweep of 100,000 sessions in memory takes at a time."""
    program = """
import os, time
from datetime import timedelta
from cherrypy.lib import session_ram
from cherrypy.lib.sessions import RamSession
session = RamSession()
late = session.now() - timedelta(hours=1)
RamSession.cache.update((os.urandom(20).hex(), ({}, late)) for _ in range(100_000))
marks = [time.thread_time()]
class Clock:
    sleep = staticmethod(lambda seconds: marks.append(time.thread_time()))
session_ram.time = Clock
session.clean_up()
slices = [after - before for before, after in zip(marks, marks[1:])]
print(max(slices) * 1000, sum(slices) * 1000)
"""
    text = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    longest, whole = map(float, text.split())
    return (
        f"The sweep of 100,000 expired sessions in memory takes {whole:.0f} ms of "
        f"processor time, at most {longest:.1f} ms at a time; in between it pauses."
    )


def _head() -> list[str]:
    return [
        "# Sessions",
        "",
        f"Written by `bench/sessions.py`: {CLIENTS} clients, server and clients on one",
        f"core each, the best of {ROUNDS} rounds of {SECONDS} s. Each page counts in",
        "the session. Processor time is the server's, for one request; what a page",
        "achieves of hello is told by it.",
        "",
        "| | | answers a second | 99th percentile | processor time | of hello |",
        "|---|---|---|---|---|---|",
    ]


def _table(rows: dict[str, dict[str, list[tuple[float, float, float]]]]) -> list[str]:
    lines = []
    for peer, found in rows.items():
        # What else the machine does only ever makes it slower.
        best = {
            name: (max(rates), min(waits), min(spent))
            for name, samples in found.items()
            for rates, waits, spent in [list(zip(*samples, strict=True))]
        }
        for name, (rate, p99, spent) in best.items():
            share = best["hello"][2] / spent
            lines.append(
                f"| {peer} | {name} | {rate:,.0f} | {p99:,.1f} ms "
                f"| {spent:,.0f} µs | {share:.0%} |"
            )
    return lines


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
