"""What a cached and what a compressed answer cost, beside CherryPy 18.

    python bench/caching.py                     # about two minutes; needs wrk
    python bench/caching.py --rounds 1 --seconds 1

It prints a Markdown table: answers per second over one core, microseconds of processor
time for each (medians of the rounds), and bytes of the body. The JSON document has
10 kB. The processor time is what to compare where others use the machine, too.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import inprocess
import measure
from peers import CHERRYPY, MORELLO, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = tuple(
    Peer(
        peer.name,
        (peer.command[0], "apps/caching_app.py", "{port}"),
        peer.imports,
        peer.kind,
        peer.python,
    )
    for peer in (MORELLO, CHERRYPY)
)


@dataclass(frozen=True)
class Row:
    """One page, asked in one way."""

    title: str
    path: str
    accept: str = ""
    everywhere: bool = True
    """Whether CherryPy 18 has it."""


ROWS = (
    Row("hello", "/"),
    Row("hello, from the cache", "/cached"),
    Row("JSON, 10 kB", "/rows"),
    Row("JSON by gzip", "/zipped", "gzip"),
    Row("JSON by gzip, from the cache", "/cached_rows", "gzip"),
    Row("JSON by zstd", "/zstd", "zstd", everywhere=False),
    Row("JSON by br", "/br", "br", everywhere=False),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    (measure.HERE / ".data").mkdir(exist_ok=True)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    sizes: dict[str, int] = {}
    for _ in range(options.rounds):
        for peer in PEERS:
            for row, rate, cost, size in measured(peer, options.seconds):
                found.setdefault((peer.name, row.title), []).append((rate, cost))
                sizes.setdefault(row.title, size)
    names = [f"{peer.name} {unit}" for peer in PEERS for unit in ("/s", "µs")]
    print("| page | bytes | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    for row in ROWS:
        cells = [f"{sizes[row.title]:,}"]
        for peer in PEERS:
            samples = found.get((peer.name, row.title), [])
            for number in range(2):
                values = [sample[number] for sample in samples]
                cells.append(f"{statistics.median(values):,.0f}" if values else "")
        print(f"| {row.title} | " + " | ".join(cells) + " |")
    print("\nIn process, microseconds per request:\n")
    for peer in PEERS:
        print(f"* {peer.name}: {in_process(peer)}")


def measured(peer: Peer, seconds: int) -> Iterator[tuple[Row, float, float, int]]:
    """Yield rate, cost and size of each page of one server."""
    with measure.running(peer) as server:
        for row in ROWS:
            if not row.everywhere and peer.name == CHERRYPY.name:
                continue
            headers = {"Accept-Encoding": row.accept} if row.accept else {}
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", row.path, headers=headers)
            answer = connection.getresponse()
            size = len(answer.read())
            assert answer.status == 200
            assert (answer.headers["Content-Encoding"] or "") == row.accept
            connection.close()
            work = measure.Work(row.title, row.path)
            measure.result(load(server.port, work, row.accept, 0.5))
            before = server.processor_seconds()
            sample = measure.result(load(server.port, work, row.accept, seconds))
            used = server.processor_seconds() - before
            assert not sample.errors, row
            cost = used / (sample.rate * seconds) * 1e6
            yield row, sample.rate, cost, size


def load(port: int, work: Any, accept: str, seconds: float) -> subprocess.Popen[str]:
    """Start the load generator, with a header."""
    command = ["taskset", "-c", measure.CLIENT_CORE, "wrk", "--latency", "-t1", "-c32"]
    command += [f"-d{seconds}s", "--timeout=10s"]
    if accept:
        command += ["-H", f"Accept-Encoding: {accept}"]
    command.append(f"http://127.0.0.1:{port}{work.path}")
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


_PROGRAM = """
import sys; sys.path[:0] = ["..", "."]
import inprocess, caching_app, cherrypy
cherrypy.config.update({"environment": "production"})
inprocess.REQUESTS = {
    "hello": ("GET", "/", "", b""), "cached": ("GET", "/cached", "", b"")
}
found = inprocess._measure(cherrypy.tree)
print("hello %.1f, from the cache %.1f" % (found["hello"], found["cached"]))
"""


def in_process(peer: Peer) -> str:
    """Return what hello and a hit cost without any server."""
    command = ["taskset", "-c", measure.SERVER_CORE, peer.python, "-c", _PROGRAM]
    lines = subprocess.run(
        command,
        cwd=Path(inprocess.__file__).parent / "apps",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return lines.splitlines()[-1]


if __name__ == "__main__":
    main()
