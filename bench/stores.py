"""What the stores promise, measured: waits for locks, killed writers, sweeps.

    python bench/stores.py                       # RAM, file and SQLite, in /tmp
    python bench/stores.py --folder /var/tmp     # on another disk
    python bench/stores.py redis://127.0.0.1     # any stores, by their URLs
    python bench/stores.py --rounds 20 --count 1000 --only waits,kill

It prints Markdown tables:

waits   32 clients (threads of one process; of two; of eight) add one to one number
        10,000 times together, under its lock. Is the sum exact, and how long does one
        wait for the lock: median, 99th percentile, longest? If CherryPy 18 is
        installed (bench/.peers, or --peer PYTHON) its file sessions do the same, fewer
        times.
kill    Processes that store values of 1 kB and of 3 MB are killed with SIGKILL, 200
        each: which acknowledged values are lost, which are damaged, what is left over
        after a sweep?
sweep   100,000 entries, half of them expired, are swept while a thread reads and
        writes: how long does one of its turns take at most? Beside it the same
        without a sweep, for the noise of the machine.
disk    A full disk (a small tmpfs, so only as root): is the old value there, is the
        error clear, is all well once there is room?
clock   The wall clock of the readers is set back two hours (with faketime, if it is
        installed): do values end?
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT / "src"), str(PROJECT)]

from cherrypy.stores import ram  # noqa: E402
from cherrypy.stores.base import StoreUnavailable  # noqa: E402
from cherrypy.stores.opening import open_store  # noqa: E402
from cherrypy.stores.ram import RamStore  # noqa: E402
from tests.stores import clerk  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = 32
PEER = PROJECT / "bench" / ".peers" / "bin" / "python"

PEER_PROGRAM = """
import json, sys, threading, time
from cherrypy.lib.sessions import FileSession
folder, times = sys.argv[1], int(sys.argv[2])
FileSession.setup(storage_path=folder)
first = FileSession(None, storage_path=folder)
first.acquire_lock()
first["n"] = 0
first.save()
waits = []
def add():
    for _ in range(times):
        session = FileSession(first.id, storage_path=folder)
        start = time.perf_counter()
        session.acquire_lock()
        waits.append(time.perf_counter() - start)
        session["n"] = session["n"] + 1
        session.save()
threads = [threading.Thread(target=add) for _ in range(32)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
last = FileSession(first.id, storage_path=folder)
last.acquire_lock()
print(json.dumps([waits, last["n"]]))
last.release_lock()
"""


def table(title: str, *columns: str) -> None:
    print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def kind(where: str) -> str:
    return where.partition(":")[0]


def wait_row(name: str, clients: str, waits: list[float], total: object) -> None:
    percentiles = statistics.quantiles(waits, n=100)
    exact = "exact" if total == len(waits) else f"WRONG: {total!r} of {len(waits)}"
    row(
        name,
        clients,
        f"{len(waits)}: {exact}",
        *map(milliseconds, (percentiles[49], percentiles[98], max(waits))),
    )


def waits(wheres: list[str], count: int, peer: Path, folder: Path) -> None:
    table("Waits for one lock", "store", "clients", "sum", "median", "99%", "longest")
    each = -(-count // CLIENTS)
    for where in wheres:
        store = open_store(where)
        found = clerk.count_up(store, "threads", each, CLIENTS)
        total = int(store.get("threads") or b"0")
        wait_row(kind(where), f"{CLIENTS} threads", found, total)
        for number in (2, 8) if kind(where) != "ram" else ():
            key, threads = f"processes-{number}", CLIENTS // number
            clerks = [
                clerk.start("count", where, key, each, threads) for _ in range(number)
            ]
            said = [process.communicate()[0] for process in clerks]
            found = [wait for text in said for wait in json.loads(text)]
            total = int(store.get(key) or b"0")
            wait_row(kind(where), f"{number} processes x {threads}", found, total)
        store.close()
    if peer.exists():
        sessions = folder / "peer"
        sessions.mkdir()
        program = [str(peer), "-c", PEER_PROGRAM, str(sessions), "4"]
        text = subprocess.run(program, capture_output=True, text=True, check=True)
        wait_row("CherryPy 18 files", f"{CLIENTS} threads", *json.loads(text.stdout))
        shutil.rmtree(sessions)


def kill(wheres: list[str], rounds: int, folder: Path) -> None:
    table(
        "Killed writers",
        *("store", "size", "killed", "acknowledged", "lost", "damaged", "left over"),
    )
    for where in wheres:
        if kind(where) == "ram":
            continue
        for size in (1_000, 3_000_000):
            result = clerk.kill_writers(where, f"killed-{size}", size, rounds)
            store = open_store(where)
            store.delete(f"killed-{size}")
            store.sweep()
            store.close()
            left = [
                path.name
                for path in folder.glob("**/*")
                if path.is_file() and path.suffix != ".db"
            ]
            row(kind(where), f"{size:,} bytes", *result, ", ".join(left) or "nothing")


def turns(store: RamStore, stop: threading.Event) -> Iterator[float]:
    """Yield how long each turn took: what a short request does with the store."""
    number = 0
    while not stop.is_set():
        number += 1
        start = time.perf_counter()
        store.get(f"live-{number % 50_000}")
        store.set(f"turn-{number % 1000}", b"value", 60)
        yield time.perf_counter() - start


def sweep() -> None:
    table("A sweep of 100,000 in RAM", "while", "turns", "99.9%", "longest", "swept in")
    for swept in (False, True):
        store = RamStore()
        for number in range(50_000):
            store.set(f"live-{number}", b"x" * 100, 600)
            store.set(f"dead-{number}", b"x" * 100, 0)
        stop = threading.Event()
        took: list[float] = []
        thread = threading.Thread(target=lambda: took.extend(turns(store, stop)))  # noqa: B023
        thread.start()
        start = time.perf_counter()
        if swept:
            store.sweep()
        else:
            time.sleep(0.5)
        seconds = time.perf_counter() - start
        stop.set()
        thread.join()
        percentile = statistics.quantiles(took, n=1000)[998]
        row(
            "it is swept" if swept else "it is left alone",
            len(took),
            milliseconds(percentile),
            milliseconds(max(took)),
            milliseconds(seconds) if swept else "",
        )

    print(
        f"\nBetween two pauses the sweep takes {milliseconds(longest_slice())} at most."
    )


def longest_slice() -> float:
    """Return the longest processor time that a sweep takes without a pause."""
    store = RamStore()
    for number in range(100_000):
        store.set(f"dead-{number}", b"x" * 100, 0)
    marks = [time.thread_time()]
    pause = ram.time.sleep
    ram.time.sleep = lambda _: marks.append(time.thread_time())
    try:
        store.sweep()
    finally:
        ram.time.sleep = pause
    return max(after - before for before, after in pairwise(marks))


def disk(folder: Path) -> None:
    table("A full disk", "store", "old value", "error", "with room again")
    small = folder / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        row("(a tmpfs cannot be mounted)", "", "", "")
        return
    try:
        for where in (f"file://{small}/files", f"sqlite://{small}/db/x.db"):
            store = open_store(where)
            store.set("k", b"old" * 1000, 600)
            ballast = small / "ballast"
            with ballast.open("wb", buffering=0) as file:
                try:
                    while file.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            try:
                store.set("k", b"new" * 300_000, 600)
                error = "NONE"
            except StoreUnavailable as unavailable:
                error = str(unavailable).replace(str(folder), "")
            old = store.get("k") == b"old" * 1000
            ballast.unlink()
            store.set("k", b"new" * 300_000, 600)
            new = store.get("k") == b"new" * 300_000
            row(kind(where), "there" if old else "LOST", error, "well" if new else "NO")
            store.close()
            shutil.rmtree(small / ("files" if kind(where) == "file" else "db"))
    finally:
        subprocess.run(["umount", str(small)], check=True)


READER = """
import sys, time
from cherrypy.stores.opening import open_store
store = open_store(sys.argv[1])
print(store.get("clock"), store.get("clock-live"), time.time())
"""


def clock(wheres: list[str]) -> None:
    table("Wall clock set back two hours", "store", "ended value", "live value")
    if shutil.which("faketime") is None:
        row("(faketime is not installed)", "", "")
        return
    # Nobody can set the clock that runs since the start; faketime would.
    environ = {
        **os.environ,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(PROJECT / "src"),
    }
    for where in wheres:
        if kind(where) == "ram":
            continue
        store = open_store(where)
        store.set("clock", b"value", 1)
        store.set("clock-live", b"value", 60)
        time.sleep(1.1)
        said = subprocess.run(
            ["faketime", "-f", "-2h", sys.executable, "-c", READER, where],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert float(said[2]) < time.time() - 7000
        row(
            kind(where),
            "ended" if said[0] == "None" else "LIVES",
            "lives" if said[1] != "None" else "ENDED",
        )
        store.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "urls", nargs="*", help="the stores (default: ram, file, sqlite)"
    )
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--rounds", type=int, default=200, help="writers to kill")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--only", default="waits,kill,sweep,disk,clock")
    parser.add_argument("--peer", type=Path, default=PEER, help="CherryPy 18's Python")
    options = parser.parse_args()
    wanted = options.only.split(",")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        wheres = options.urls or [
            "ram:",
            f"file://{folder}/files",
            f"sqlite://{folder}/database/store.db",
        ]
        if "waits" in wanted:
            waits(wheres, options.count, options.peer, folder)
        if "kill" in wanted:
            shutil.rmtree(folder / "files", ignore_errors=True)
            kill(wheres, options.rounds, folder)
        if "sweep" in wanted:
            sweep()
        if "disk" in wanted:
            disk(folder)
        if "clock" in wanted:
            clock(wheres)


if __name__ == "__main__":
    main()
