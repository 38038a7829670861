"""A process of its own that works with a store: counts, holds a lock, is killed.

Run as ``python -m tests.stores.clerk TASK WHERE KEY ...`` in the project's folder; the
tests and ``bench/stores.py`` do.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cherrypy.stores.opening import open_store

if TYPE_CHECKING:
    from cherrypy.stores.base import Store

PROJECT = Path(__file__).parents[2]


def start(task: str, *words: object) -> subprocess.Popen[str]:
    """Start a clerk; it takes lines on its standard input and answers in lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.stores.clerk", task, *map(str, words)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer_of(process: subprocess.Popen[str]) -> str:
    """Return the next line that a clerk says, "" when it has ended."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def count_up(store: Store, key: str, times: int, threads: int) -> list[float]:
    """Let threads add one to a number, under its lock, so many times each.

    Returns:
        How many seconds each had to wait for the lock.
    """

    def add(thread: int) -> list[float]:
        waits = []
        for _ in range(times):
            start = time.perf_counter()
            lock = store.lock(key, 120)
            waits.append(time.perf_counter() - start)
            try:
                number = int(store.get(key) or b"0")
                store.set(key, b"%d" % (number + 1), 600)
            finally:
                lock.release()
        return waits

    with ThreadPoolExecutor(threads) as pool:
        return [wait for waits in pool.map(add, range(threads)) for wait in waits]


def hold(store: Store, key: str) -> None:
    """Take the lock, say so, and hold it until a line comes."""
    lock = store.lock(key, 60)
    print("held", flush=True)
    sys.stdin.readline()
    lock.release()
    print("released", flush=True)


class Killed(NamedTuple):
    """What became of values whose writers were killed."""

    rounds: int
    acknowledged: int
    """How many times a writer was told that its value is stored."""
    lost: int
    """How often an older value was there than the last acknowledged one."""
    damaged: int
    """How often something else was there than a value that had been written."""


def payload(number: int, size: int) -> bytes:
    """Return a value that tells its number, and whether all of it is there."""
    return b"%016d" % number + random.Random(number).randbytes(64) * (size // 64)


def number_of(value: bytes | None, size: int) -> int | None:
    """Return the number that a value tells; None if it is not whole."""
    if value is None:
        return 0
    number = int(value[:16]) if value[:16].isdigit() else 0
    return number if value == payload(number, size) else None


def kill_writers(where: str, key: str, size: int, rounds: int) -> Killed:
    """Kill a process that stores values of a size, again and again; then look."""
    acknowledged = lost = damaged = last = 0
    store = open_store(where)
    for _ in range(rounds):
        store.close()  # What is open must not be shared with the child.
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _write_until_killed(open_store(where), key, size, last, writing)
        os.close(writing)
        told = os.read(reading, 8)
        time.sleep(random.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while more := os.read(reading, 65536):
            told += more
        os.close(reading)
        acknowledged += len(told) // 8
        last = int.from_bytes(told[-8:]) if told else last
        found = number_of(store.get(key), size)
        damaged += found is None
        lost += found is not None and found < last
        last = max(last, found or 0)
    store.close()
    return Killed(rounds, acknowledged, lost, damaged)


def _write_until_killed(
    store: Store, key: str, size: int, number: int, told: int
) -> None:
    """Store one value after the other; tell each number that is stored."""
    try:
        while True:
            number += 1
            store.set(key, payload(number, size), 600)
            os.write(told, number.to_bytes(8))
    finally:
        os._exit(1)


def main(task: str, where: str, key: str, *numbers: str) -> None:
    """Do one task."""
    match task:
        case "count":
            print(json.dumps(count_up(open_store(where), key, *map(int, numbers))))
        case "hold":
            hold(open_store(where), key)
        case "kill":
            print(json.dumps(kill_writers(where, key, *map(int, numbers))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
