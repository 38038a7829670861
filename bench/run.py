"""Compare Morello with its peers and write bench/results.md.

    scripts/bench                    everything, about 25 minutes
    scripts/bench --rounds 1 --seconds 1 --only hello,form
    scripts/bench --peers Morello,"CherryPy 18"
    scripts/bench --hostile          what hostile clients achieve: bench/hostile.md

Each round starts every server anew, one after the other, so that a slow minute of the
machine hits all of them; medians of the rounds are reported.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import hostile
import report
from idle import idle_connections
from inprocess import in_process
from measure import HERE, WORKS, Sample, Work, load, result, running
from peers import MORELLO, PEERS, PEERS_BIN, Peer

Results = dict[str, dict[str, Any]]

SLEEP = Work("sleep", "/sleep")
BURN = Work("burn", "/burn")
EXTRA = ("beside sleepers", "beside a hog", "idle", "in process", "costs")


def main() -> None:
    """Measure what is asked for, and write it down."""
    if sys.argv[1:2] == ["--hostile"]:
        _install_peers()
        hostile.main(sys.argv[2:])
        return
    options = _options()
    _install_peers()
    (HERE / ".data").mkdir(exist_ok=True)
    (HERE / ".data" / "100k.bin").write_bytes(bytes(range(250)) * 400)
    peers = [peer for peer in PEERS if not options.peers or peer.name in options.peers]
    samples: Results = {peer.name: {"kind": peer.kind} for peer in peers}
    for number in range(options.rounds):
        for peer in peers:
            print(f"round {number + 1}: {peer.name}", file=sys.stderr, flush=True)
            _measure(peer, options, samples[peer.name])
    if "in process" in options.only:
        for name, figures in in_process(options.rounds).items():
            samples.setdefault(name, {"kind": "none"})["in process"] = figures
    results = {name: _medians(found) for name, found in samples.items()}
    _write(results, options)


def _install_peers() -> None:
    """Give the peers an environment of their own; does nothing if it is there."""
    wanted = (HERE / "requirements.txt").read_text()
    stamp = PEERS_BIN.parent / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("bench: installing the peers", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", PEERS_BIN.parent], check=True)
    subprocess.run(
        [PEERS_BIN / "pip", "install", "--quiet", "-r", HERE / "requirements.txt"],
        check=True,
    )
    stamp.write_text(wanted)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    every = [work.name for work in WORKS] + list(EXTRA)
    split = lambda text: [part.strip() for part in text.split(",")]  # noqa: E731
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", type=split, default=every, help=", ".join(every))
    parser.add_argument("--peers", type=split, default=[])
    parser.add_argument("--output", type=Path, default=HERE)
    options = parser.parse_args()
    unknown = set(options.only) - set(every)
    if unknown:
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    unknown = set(options.peers) - {peer.name for peer in PEERS}
    if unknown:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    return options


def _measure(peer: Peer, options: argparse.Namespace, into: dict[str, Any]) -> None:
    """One round of one peer: every kind of work on one running server."""

    def note(name: str, value: Any) -> None:
        into.setdefault(name, []).append(value)

    with running(peer) as server:
        if "costs" in options.only:
            note("start s", server.start_seconds)
            note("memory at start MB", server.memory())
        for work in WORKS:
            if work.name in options.only:
                # Warm, as a site is that has run for more than a second.
                result(load(server.port, work, seconds=0.5))
                note(
                    work.name, result(load(server.port, work, seconds=options.seconds))
                )
        for name, other, count in (
            ("beside sleepers", SLEEP, 4),
            ("beside a hog", BURN, 1),
        ):
            if name in options.only:
                beside = load(server.port, other, count, options.seconds + 1)
                note(name, result(load(server.port, WORKS[0], seconds=options.seconds)))
                result(beside)
        if "costs" in options.only:
            note("memory under load MB", server.memory())
    if "idle" in options.only:
        with running(peer) as server:
            note("idle", idle_connections(server))
    if "costs" in options.only:
        note("import s", _import_seconds(peer))


def _import_seconds(peer: Peer) -> float:
    """Return how long importing the framework takes beyond an empty program."""

    # As installed packages are: with their bytecode at hand.
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}

    def once(program: str) -> float:
        command = [peer.python, "-c", program]
        started = time.perf_counter()
        subprocess.run(command, cwd=HERE / "apps", check=True, env=environ)
        return time.perf_counter() - started

    once(f"import {peer.imports}")
    return once(f"import {peer.imports}") - once("pass")


def _medians(found: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name, values in found.items():
        if not isinstance(values, list):
            merged[name] = values
        elif isinstance(values[0], Sample):
            merged[name] = {
                "rate": statistics.median(value.rate for value in values),
                "p99": statistics.median(value.p99 for value in values),
                "errors": sum(value.errors for value in values),
            }
        elif isinstance(values[0], dict):
            merged[name] = {
                key: statistics.median(value[key] for value in values)
                for key in values[0]
            }
        else:
            merged[name] = statistics.median(values)
    return merged


def _write(results: Results, options: argparse.Namespace) -> None:
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} on {platform.machine()}",
        "rounds": options.rounds,
        "seconds": options.seconds,
        "command": " ".join(["scripts/bench", *sys.argv[1:]]),
        "versions": _versions(),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    document = {"facts": facts, "results": results}
    (options.output / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    (options.output / "results.md").write_text(report.markdown(facts, results))
    (options.output / "results.svg").write_text(
        report.chart(results, "hello", MORELLO.name)
    )
    print(f"bench: wrote {options.output / 'results.md'}")


def _versions() -> dict[str, str]:
    listing = subprocess.run(
        [PEERS_BIN / "python", "-m", "pip", "list", "--format=json"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = {
        *("cherrypy", "flask", "waitress", "gunicorn", "django", "bottle", "falcon"),
        *("granian", "starlette", "fastapi", "uvicorn", "blacksheep", "aiohttp"),
    }
    rows = [row for row in json.loads(listing) if row["name"].lower() in names]
    return {row["name"]: row["version"] for row in rows}


if __name__ == "__main__":
    main()
