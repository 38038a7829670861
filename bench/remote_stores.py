"""What the stores on servers promise, measured on real ones that it starts itself.

    python bench/remote_stores.py                            # all three
    python bench/remote_stores.py redis --only outage        # one, and a part
    python bench/remote_stores.py --count 1000 --rounds 20   # quicker

It prints Markdown tables. Redis runs with ``appendfsync always``, PostgreSQL as it
comes, memcached has nothing to lose. Parts:

cost    How long does one client wait for get, set (1 kB) and for a lock?
waits   and
kill    as in bench/stores.py.
outage  32 clients work all the time, each on a key of its own, under its lock; in the
        middle the server is away for four seconds (stopped, killed, or silent). How
        many answers and refusals did they get meanwhile, how long did the longest take,
        when had all 32 an answer again after its return, and was what had been
        acknowledged there?
crash   The server is killed while a client writes, again and again (--rounds): is each
        acknowledged value there after its start?
full    The disk is full (a small tmpfs, so only as root), for memcached (-M) its
        memory: is the error clear, is the old value there, is all well once there is
        room? A server that has ended by itself is started again then.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT / "src"), str(PROJECT)]

from bench import stores  # noqa: E402
from bench.stores import milliseconds, row, table  # noqa: E402
from cherrypy.stores.base import LockTimeout, StoreUnavailable  # noqa: E402
from cherrypy.stores.opening import open_store  # noqa: E402
from tests import servers  # noqa: E402
from tests.stores import clerk  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.stores.base import Store

CLIENTS = 32
AWAY_SECONDS = 4.0


def started(name: str) -> servers.ServerProgram:
    if name == "redis":
        server: servers.ServerProgram = servers.Redis()
    elif name == "memcached":
        server = servers.Memcached()
    else:
        server = servers.PostgreSQL()
        server.prepare()
    server.start()
    return server


def cost(programs: dict[str, servers.ServerProgram]) -> None:
    table("One client", "store", "get", "set", "lock and release")
    for name, server in programs.items():
        store = open_store(server.url)
        store.set("key", b"x" * 1000, 600)
        works: list[Callable[[], object]] = [
            lambda: store.get("key"),  # noqa: B023
            lambda: store.set("key", b"x" * 1000, 600),  # noqa: B023
            lambda: store.lock("key").release(),  # noqa: B023
        ]
        row(name, *(milliseconds(median_of(work)) for work in works))
        store.close()


def median_of(work: Callable[[], object]) -> float:
    took = []
    for _ in range(1000):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


class Client(threading.Thread):
    """Counts under its own key, and notes what it is told."""

    def __init__(self, store: Store, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.store = store
        self.key = f"client-{number}"
        self.stop = stop
        self.refused = 0
        self.longest = 0.0
        self.acknowledged = 0
        self.wrong = 0
        self.answers: list[float] = []

    def run(self) -> None:
        while not self.stop.wait(0.002):
            start = time.perf_counter()
            try:
                self.turn()
            except (StoreUnavailable, LockTimeout):
                self.refused += 1
            else:
                self.answers.append(time.monotonic())
            self.longest = max(self.longest, time.perf_counter() - start)

    def turn(self) -> None:
        lock = self.store.lock(self.key, 30)
        try:
            value = self.store.get(self.key)
            self.wrong += value is not None and int(value) < self.acknowledged
            number = max(int(value or b"0"), self.acknowledged) + 1
            self.store.set(self.key, b"%d" % number, 600)
            self.acknowledged = number
        finally:
            lock.release()


def outage(programs: dict[str, servers.ServerProgram]) -> None:
    table(
        f"{AWAY_SECONDS:g} seconds away",
        *("store", "how", "turns", "refused", "longest turn"),
        *("first answer after", "all 32 after", "lost"),
    )
    for name, server in programs.items():
        for how in ("stopped", "killed", "silent"):
            store = open_store(server.url)
            stop = threading.Event()
            clients = [Client(store, number, stop) for number in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(1)
            go_away(server, how)
            time.sleep(AWAY_SECONDS)
            if how == "silent":
                server.resume()
            else:
                server.start()
            back = time.monotonic()
            time.sleep(4)
            stop.set()
            for client in clients:
                client.join()
            store.close()
            firsts = [
                min((t for t in client.answers if t > back), default=float("inf"))
                for client in clients
            ]
            row(
                name,
                how,
                sum(len(client.answers) for client in clients),
                sum(client.refused for client in clients),
                milliseconds(max(client.longest for client in clients)),
                milliseconds(min(firsts) - back),
                milliseconds(max(firsts) - back),
                sum(client.wrong for client in clients),
            )


def go_away(server: servers.ServerProgram, how: str) -> None:
    if how == "silent":
        server.pause()
    elif how == "killed":
        server.kill()
    else:
        server.stop()


def crash(programs: dict[str, servers.ServerProgram], rounds: int) -> None:
    table("Killed servers", "store", "size", "killed", "acknowledged", "lost, damaged")
    for name, server in programs.items():
        if name == "memcached":
            continue
        for size in (1_000, 3_000_000):
            store, key = open_store(server.url), f"crash-{size}"
            acknowledged = wrong = last = 0
            for _ in range(rounds):
                stop = threading.Event()
                killer = threading.Timer(
                    random.uniform(0.01, 0.05), kill, (server, stop)
                )
                killer.start()
                while not stop.is_set():
                    try:
                        store.set(key, clerk.payload(last + 1, size), 600)
                    except StoreUnavailable:
                        break
                    last += 1
                    acknowledged += 1
                killer.join()
                server.start()
                found = clerk.number_of(store.get(key), size)
                wrong += found is None or found < last
                last = max(last, found or 0)
            row(name, f"{size:,} bytes", rounds, acknowledged, wrong)
            store.close()


def full() -> None:
    table("Full", "store", "error", "the server", "old value", "with room again")
    for server in (servers.Redis(), servers.PostgreSQL(), servers.Memcached("-M")):
        folder = server.folder
        words = ("mount", "-t", "tmpfs", "-o", "size=150m,mode=777", "tmpfs")
        done = subprocess.run([*words, str(folder)], capture_output=True, check=False)
        if done.returncode:
            row("(a tmpfs cannot be mounted)", "", "", "", "")
            server.close()
            return
        try:
            if isinstance(server, servers.PostgreSQL):
                server.prepare()
            server.start()
            row(server.package, *filled(server, folder / "ballast"))
        finally:
            server.stop()
            subprocess.run(["umount", str(folder)], check=True)
            server.close()


def filled(server: servers.ServerProgram, ballast: Path) -> Iterator[str]:
    """Fill the disk, or the memory, and yield what comes of it."""
    store = open_store(f"{server.url}?seconds=20")
    store.set("key", b"old" * 1000, 600)
    error, kept, number = "NONE", b"old" * 1000, 0
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    try:
        while server.package == "memcached":
            store.set(f"ballast-{number}", bytes(500_000), 600)
            number += 1
    except StoreUnavailable:
        pass
    try:
        # There may be room left in files that are there already.
        for new in range(20):
            value = clerk.payload(new, 3_000_000)
            store.set("key", value, 600)
            kept = value
    except StoreUnavailable as unavailable:
        error = str(unavailable).partition(": ")[2].partition("\n")[0]
    yield error
    time.sleep(2)
    yield "answers" if server.is_ready() else "does not answer"
    ballast.unlink()
    server.start()
    for each in range(number):
        store.delete(f"ballast-{each}")
    yield "there" if store.get("key") == kept else "LOST"
    store.set("key", b"new" * 300_000, 600)
    yield "well" if store.get("key") == b"new" * 300_000 else "NO"
    store.close()


def kill(server: servers.ServerProgram, stop: threading.Event) -> None:
    server.kill()
    stop.set()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="redis, memcached, postgresql")
    parser.add_argument("--rounds", type=int, default=200, help="processes to kill")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--only", default="cost,waits,kill,outage,crash,clock,full")
    options = parser.parse_args()
    wanted = options.only.split(",")
    names = options.names or ["redis", "memcached", "postgresql"]
    if "full" in wanted:
        full()
    if wanted == ["full"]:
        return
    programs = {name: started(name) for name in names}
    urls = [server.url for server in programs.values()]
    try:
        if "cost" in wanted:
            cost(programs)
        with tempfile.TemporaryDirectory() as folder:
            if "waits" in wanted:
                stores.waits(urls, options.count, Path("none"), Path(folder))
            if "kill" in wanted:
                stores.kill(urls, options.rounds, Path(folder))
        if "outage" in wanted:
            outage(programs)
        if "crash" in wanted:
            crash(programs, options.rounds)
        if "clock" in wanted:
            stores.clock(urls)
    finally:
        for server in programs.values():
            server.close()


if __name__ == "__main__":
    main()
