"""What the server promises to hold out against, at its default settings.

    scripts/bench --hostile                      all of it, about 5 minutes
    scripts/bench --hostile --only "burst,SIGTERM"   these rows anew, the others stay
    scripts/bench --hostile --ends 10            fewer repetitions of SIGTERM

Each scenario is done to Morello and, where it is quick and tells something, to CherryPy
18 with the same application. The server has one core, the clients (`clients`,
`careful`, and wrk for those who behave) have the other. A promise that was not kept is
measured once more, for the machine may have been busy; the page tells.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import os
import platform
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from careful import Careful
from clients import Crowd, Manner, begin_to_connect, new_client
from idle import CONNECTIONS, REQUEST, idle_connections
from measure import CLIENT_CORE, HERE, WORKS, Work, connect, load, result, running
from peers import CHERRYPY, MORELLO, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Sample, Server

HELLO = WORKS[0]
CROWD = 1000
CROWD_SECONDS = 13  # the limits of 10 s are reached, and clients come again
BURST = 200
FEW_DESCRIPTORS = 256
MANY_CLIENTS = 400
BUSY_CLIENTS = 64
SHUTDOWN_SECONDS = 5.0


@dataclass(frozen=True)
class Outcome:
    """What was measured, and whether it is what was promised."""

    kept: bool
    measured: str
    attempts: int = 1


@dataclass(frozen=True)
class Scenario:
    """One thing that is done to a server.

    Attributes:
        name: What the page calls it.
        done: What is done.
        promise: What has to come of it.
        run: Does it; given the peer and the options.
        beside: CherryPy 18 is measured too.
    """

    name: str
    done: str
    promise: str
    run: Callable[[Peer, argparse.Namespace], Outcome]
    beside: bool = False


def idle(peer: Peer, options: argparse.Namespace) -> Outcome:
    """Ten thousand who say nothing after one request."""
    with running(peer) as server:
        found = idle_connections(server)
    kept = (
        found["kept"] == CONNECTIONS and found["memory MB"] < 120 and found["p99"] < 5
    )
    return Outcome(
        kept,
        f"{found['kept']:,.0f} kept, {found['memory MB']:.0f} MB, "
        f"{found['rate']:,.0f}/s, p99 {found['p99']:.1f} ms",
    )


def crowd(
    peer: Peer, options: argparse.Namespace, manner: Manner, tls: bool = False
) -> Outcome:
    """A thousand clients of one manner, and eight who behave."""
    with contextlib.ExitStack() as stack:
        scheme, settings = "http", []
        if tls:
            scheme = "https"
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = _certificate(folder)
        server = stack.enter_context(running(peer, settings=settings, scheme=scheme))
        # Warm, as a site is that has run for more than a second.
        result(load(server.port, HELLO, 8, 0.5, scheme=scheme))
        bad = stack.enter_context(Crowd(server.port, CROWD, manner))
        settled = ""
        if manner.takes:
            # To copy a thousand megabytes is a matter of its own.
            settled = f"{_settle(server):.1f} s for their answers; "
        sample = result(load(server.port, HELLO, 8, CROWD_SECONDS, scheme=scheme))
        left = server.descriptors()
        memory = server.memory()
    answers = ", ".join(
        f"{count} times {status}" for status, count in bad.answers.items()
    )
    return Outcome(
        sample.errors == 0 and sample.rate > 0 and sample.p99 < 10,
        f"{settled}{_sample(sample)}; {bad.thrown_out:,} thrown out"
        f"{f' ({answers})' if answers else ''}; at the end {left:,} descriptors, "
        f"{memory:.0f} MB",
    )


def uploads(peer: Peer, options: argparse.Namespace) -> Outcome:
    """A thousand large bodies that drip, and one honest upload after another."""
    manner = _body(1_000_000)
    times: list[float] = []
    failed = 0
    payload = b"a=1&b=2&c=" + b"x" * 200_000
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    with running(peer) as server, Crowd(server.port, CROWD, manner):
        end = time.monotonic() + CROWD_SECONDS
        while time.monotonic() < end:
            started = time.perf_counter()
            client = connect(server.port)
            try:
                client.request("POST", "/form", payload, kind)
                failed += client.getresponse().status != 200
            except OSError:
                failed += 1
            finally:
                client.close()
            times.append(time.perf_counter() - started)
            time.sleep(0.05)
    slowest = max(times) * 1000
    return Outcome(
        failed == 0 and slowest < 200,
        f"{len(times) - failed} of {len(times)} uploads of 200 kB answered, "
        f"slowest {slowest:.0f} ms",
    )


def burst(peer: Peer, options: argparse.Namespace) -> Outcome:
    """Two hundred new clients at the same moment, ten times."""
    answered, durations = 0, []
    with running(peer) as server:
        for _ in range(10):
            started = time.perf_counter()
            answered += _ask_at_once(server.port, BURST, seconds=5)
            durations.append(time.perf_counter() - started)
    return Outcome(
        answered == 10 * BURST,
        f"{answered:,} of {10 * BURST:,} answered, a burst in "
        f"{statistics.median(durations) * 1000:.0f} ms (median)",
    )


def descriptors(peer: Peer, options: argparse.Namespace) -> Outcome:
    """Far more clients than descriptors, and then none."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "error.log"
        prefix = ["prlimit", f"--nofile={FEW_DESCRIPTORS}:{FEW_DESCRIPTORS}"]
        settings = [f"log.error_file={log}"]
        with running(peer, prefix=prefix, settings=settings) as server:
            before = len(log.read_text().splitlines())
            clients = _open(server.port, MANY_CLIENTS)
            time.sleep(0.5)
            spent = server.processor_seconds()
            time.sleep(4)
            busy = (server.processor_seconds() - spent) / 4
            lines = len(log.read_text().splitlines()) - before
            for client in clients:
                client.close()
            recovery = _seconds_to_answer(server)
    answers = f"answers again after {recovery * 1000:.0f} ms"
    if recovery == float("inf"):
        answers = "does not answer again within 5 s"
    return Outcome(
        busy < 0.05 and lines <= 5 and recovery < 1,
        f"{busy:.1%} of a core, {lines} log lines, {answers}",
    )


def soft_limit(peer: Peer, options: argparse.Namespace) -> Outcome:
    """More clients than the soft limit allows, which may be raised."""
    prefix = ["prlimit", f"--nofile={FEW_DESCRIPTORS}:4096"]
    with running(peer, prefix=prefix) as server:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        found = re.search(r"Max open files\s+(\d+)", limits)
        soft = int(found[1]) if found else 0
        answered = _ask_at_once(server.port, MANY_CLIENTS, seconds=5, keep=True)
    return Outcome(
        soft == 4096 and answered == MANY_CLIENTS,
        f"soft limit {soft}, {answered} of {MANY_CLIENTS} kept clients answered",
    )


def sigterm(peer: Peer, options: argparse.Namespace) -> Outcome:
    """The end, again and again, while everybody is busy."""
    ends = options.ends if peer is MORELLO else max(1, options.ends // 10)
    fates: dict[str, int] = {}
    durations = []
    vanished = hung = 0
    # A small page, a page that waits, and one whose answer is more than a socket takes.
    paths = (["/"] * 3 + ["/sleep"] * 4 + ["/large"]) * (BUSY_CLIENTS // 8)
    for _ in range(ends):
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "access.log"
            with running(peer, settings=[f"log.access_file={log}"]) as server:
                careful = Careful(server.port, paths)
                careful.run(0.15)
                started = time.perf_counter()
                server.process.send_signal(signal.SIGTERM)
                careful.end(SHUTDOWN_SECONDS + 5)
                try:
                    server.process.wait(SHUTDOWN_SECONDS + 5)
                except subprocess.TimeoutExpired:
                    hung += 1
                durations.append(time.perf_counter() - started)
                # One line is that of the client that waited for the start.
                served = len(log.read_text().splitlines()) - 1
            vanished += max(0, served - careful.fates["answered"])
            for fate, count in careful.fates.items():
                fates[fate] = fates.get(fate, 0) + count
    refused = fates.pop("refused", 0)
    answered = fates.pop("answered", 0)
    bad = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items()))
    return Outcome(
        not (bad or vanished or hung) and max(durations) < SHUTDOWN_SECONDS,
        f"{ends} times: {answered:,} answered, {bad or 'none lost or cut'}, {vanished} "
        f"served in vain, {refused} refused before they were read; ended after "
        f"{statistics.median(durations):.2f} s (median), {max(durations):.2f} s "
        f"(slowest){f', {hung} did not end' if hung else ''}",
    )


def sleepers(peer: Peer, options: argparse.Namespace) -> Outcome:
    """Hello, and four clients whose page sleeps 10 ms."""
    with running(peer) as server:
        result(load(server.port, HELLO, seconds=1))
        shares = []
        for _ in range(3):
            alone = result(load(server.port, HELLO, seconds=2))
            others = load(server.port, Work("sleep", "/sleep"), 4, 3)
            beside = result(load(server.port, HELLO, seconds=2))
            result(others)
            shares.append(beside.rate / alone.rate if alone.rate else 0)
    share = statistics.median(shares)
    return Outcome(share >= 0.85, f"{share:.2f} of hello alone")


def hog(peer: Peer, options: argparse.Namespace) -> Outcome:
    """Hello, and one client whose page keeps the processor for 50 ms."""
    with running(peer) as server:
        result(load(server.port, HELLO, seconds=1))
        samples = []
        for _ in range(3):
            others = load(server.port, Work("burn", "/burn"), 1, 3)
            samples.append(result(load(server.port, HELLO, seconds=2)))
            result(others)
    late = statistics.median(sample.p99 for sample in samples)
    return Outcome(late <= 12, f"p99 {late:.1f} ms")


def _body(length: int) -> Manner:
    head = (
        "POST /form HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    return Manner(head.encode(), b"x")


def _reader(path: str) -> Manner:
    opening = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    return Manner(opening, takes=1, buffer_bytes=4096)


_HEAD = Manner(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Drip: ", b"x")
_UNHARMED = "every normal request is answered, p99 < 10 ms"


def _crowd(
    name: str, done: str, manner: Manner, *, tls: bool = False, beside: bool = False
) -> Scenario:
    run = functools.partial(crowd, manner=manner, tls=tls)
    done += f", for {CROWD_SECONDS} s; 8 clients of wrk ask for hello"
    if manner.takes:
        done += " once the server has sent what they let it send"
    return Scenario(name, done, _UNHARMED, run, beside)


SCENARIOS = (
    Scenario(
        "idle",
        f"{CONNECTIONS:,} keep-alive connections that say nothing after one request; "
        "8 clients of wrk ask for hello",
        "all kept, the server under 120 MB, p99 < 5 ms",
        idle,
        beside=True,
    ),
    _crowd("drip head", "1,000 send a head, a byte a second", _HEAD, beside=True),
    _crowd(
        "drip body", "1,000 send a body of 1,000 bytes, a byte a second", _body(1000)
    ),
    _crowd(
        "drip large body",
        "1,000 send a body of 1,000,000 bytes, a byte a second",
        _body(1_000_000),
    ),
    Scenario(
        "uploads",
        f"the same 1,000; one honest client after another sends 200 kB, for "
        f"{CROWD_SECONDS} s",
        "all are answered within 200 ms",
        uploads,
    ),
    _crowd(
        "slow readers of a page",
        "1,000 ask for a page of 1 MB and take a byte a second",
        _reader("/large"),
        beside=True,
    ),
    _crowd(
        "slow readers of a file",
        "1,000 ask for a file of 1 MB and take a byte a second",
        _reader("/static/1m.bin"),
    ),
    _crowd(
        "silent TLS",
        "1,000 connect to a TLS server and say nothing",
        Manner(),
        tls=True,
    ),
    Scenario(
        "burst",
        f"{BURST} new clients at the same moment, ten times",
        "all are answered",
        burst,
        beside=True,
    ),
    Scenario(
        "no descriptors",
        f"{MANY_CLIENTS} clients, `ulimit -n {FEW_DESCRIPTORS}` (soft and hard); then "
        "all leave",
        "< 5 % of a core, at most 5 log lines, answers again within a second",
        descriptors,
        beside=True,
    ),
    Scenario(
        "soft limit",
        f"{MANY_CLIENTS} clients, `ulimit -n` {FEW_DESCRIPTORS} soft, 4096 hard",
        "the soft limit is raised at start, all are answered",
        soft_limit,
    ),
    Scenario(
        "SIGTERM",
        f"SIGTERM while {BUSY_CLIENTS} keep-alive clients have a request each under "
        "way (small, sleeping 10 ms, 1 MB)",
        "no request is lost or cut, none is served in vain, the process ends within "
        f"{SHUTDOWN_SECONDS:.0f} s",
        sigterm,
        beside=True,
    ),
    Scenario(
        "sleepers",
        "four clients ask for a page that sleeps 10 ms; 32 clients of wrk ask for "
        "hello",
        ">= 0.85 of the rate of hello alone",
        sleepers,
        beside=True,
    ),
    Scenario(
        "hog",
        "a client asks for a page that burns 50 ms; 32 clients of wrk ask for hello",
        "p99 <= 12 ms",
        hog,
        beside=True,
    ),
)


def main(arguments: list[str]) -> None:
    """Do all of it, and write the page."""
    options = _options(arguments)
    os.sched_setaffinity(0, {int(CLIENT_CORE)})
    (HERE / ".data").mkdir(exist_ok=True)
    (HERE / ".data" / "1m.bin").write_bytes(bytes(range(256)) * 4096)
    started = time.monotonic()
    rows = []
    for scenario in SCENARIOS:
        if options.only and scenario.name not in options.only:
            continue
        outcomes = [_attempt(scenario, MORELLO, options)]
        if scenario.beside and not options.alone:
            outcomes.append(_attempt(scenario, CHERRYPY, options, again=0))
        rows.append((scenario, outcomes))
    minutes = (time.monotonic() - started) / 60
    page = options.output / "hostile.md"
    page.write_text(_markdown(rows, _earlier(page), minutes, arguments))
    broken = sum(not outcomes[0].kept for _, outcomes in rows)
    print(f"bench: wrote {page}; {broken} promises broken, {minutes:.1f} minutes")
    sys.exit(1 if broken else 0)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench --hostile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [scenario.name for scenario in SCENARIOS]
    split = lambda text: [part.strip() for part in text.split(",")]  # noqa: E731
    parser.add_argument("--only", type=split, default=[], help=", ".join(names))
    parser.add_argument("--ends", type=int, default=100, help="SIGTERMs; 100")
    parser.add_argument("--alone", action="store_true", help="without CherryPy 18")
    parser.add_argument("--output", type=Path, default=HERE)
    options = parser.parse_args(arguments)
    unknown = set(options.only) - set(names)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return options


def _attempt(
    scenario: Scenario, peer: Peer, options: argparse.Namespace, again: int = 1
) -> Outcome:
    outcome = scenario.run(peer, options)
    attempts = 1
    while not outcome.kept and attempts <= again:
        print(f"bench: once more, because of {outcome.measured}", file=sys.stderr)
        outcome = scenario.run(peer, options)
        attempts += 1
    verdict = "kept" if outcome.kept else "BROKEN"
    line = f"{scenario.name}, {peer.name}: {verdict}; {outcome.measured}"
    print(line, file=sys.stderr, flush=True)
    return dataclasses.replace(outcome, attempts=attempts)


def _certificate(folder: Path) -> list[str]:
    """Make a certificate; return the settings that use it."""
    import trustme  # here: only these scenarios need it

    made = trustme.CA().issue_cert("localhost", "127.0.0.1")
    key, chain = folder / "key.pem", folder / "chain.pem"
    made.private_key_pem.write_to_path(key)
    for blob in made.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    return [f"server.ssl_certificate={chain}", f"server.ssl_private_key={key}"]


def _sample(sample: Sample) -> str:
    if not sample.rate:
        return "no answer at all"
    errors = f"{sample.errors} errors, " if sample.errors else "no errors, "
    return f"{errors}{sample.rate:,.0f}/s, p99 {sample.p99:.1f} ms"


def _open(port: int, count: int) -> list[socket.socket]:
    clients = []
    for _ in range(count):
        client = new_client()
        begin_to_connect(client, port)
        clients.append(client)
    return clients


def _ask_at_once(port: int, count: int, seconds: float, keep: bool = False) -> int:
    """Return how many of so many new clients get a good answer in time."""
    ending = b"\r\n" if keep else b"Connection: close\r\n\r\n"
    request = REQUEST[:-2] + ending
    clients = _open(port, count)
    received = dict.fromkeys(clients, b"")
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client, selectors.EVENT_WRITE)
    end = time.monotonic() + seconds
    good = 0
    while selector.get_map() and (left := end - time.monotonic()) > 0:
        for key, mask in selector.select(left):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            with contextlib.suppress(BlockingIOError):
                try:
                    if mask & selectors.EVENT_WRITE:
                        client.send(request)
                        selector.modify(client, selectors.EVENT_READ)
                        continue
                    data = client.recv(65536)
                except OSError:
                    data = b""
                received[client] += data
                whole = received[client].endswith(b"Hello, world!")
                if whole or not data:
                    good += whole and received[client].startswith(b"HTTP/1.1 200 ")
                    selector.unregister(client)
    selector.close()
    for client in clients:
        client.close()
    return good


def _settle(server: Server) -> float:
    """Wait until the server is not busy any more; return for how long it was."""
    started = time.monotonic()
    while (now := time.monotonic()) < started + 8:
        spent = server.processor_seconds()
        time.sleep(0.25)
        if server.processor_seconds() - spent < 0.05:
            break
    return now - started


def _seconds_to_answer(server: Server) -> float:
    started = time.perf_counter()
    with contextlib.closing(connect(server.port)) as client:
        try:
            client.request("GET", "/")
            if client.getresponse().status == 200:
                return time.perf_counter() - started
        except OSError:
            pass
    return float("inf")


def _markdown(
    rows: list[tuple[Scenario, list[Outcome]]],
    earlier: dict[str, str],
    minutes: float,
    arguments: list[str],
) -> str:
    command = " ".join(["scripts/bench --hostile", *arguments])
    parts = [
        "# Hostile clients",
        "",
        f"`{command}` on {time.strftime('%Y-%m-%d')}, CPython "
        f"{platform.python_version()}, {platform.system()} on {platform.machine()}, "
        f"{minutes:.1f} minutes: the server with its default settings on one core, all "
        "clients on another. Rows that this command leaves out are those of an earlier "
        "run. wrk asks as fast as it is answered. *2nd attempt*: the "
        "first did not keep the promise; a machine that does something else at the "
        "same time can be the reason.",
        "",
        "| | what is done | what is promised | Morello | CherryPy 18 |",
        "|---|---|---|---|---|",
    ]
    for scenario, outcomes in rows:
        cells = [scenario.name, scenario.done, scenario.promise]
        cells += [_cell(outcome) for outcome in outcomes] + [""] * (2 - len(outcomes))
        earlier[scenario.name] = "| " + " | ".join(cells) + " |"
    parts += [earlier[one.name] for one in SCENARIOS if one.name in earlier]
    return "\n".join(parts) + "\n" + _WORDS


def _earlier(page: Path) -> dict[str, str]:
    """Return the rows of the page as it is, by the names of their scenarios."""
    lines = page.read_text().splitlines() if page.exists() else []
    return {line.split("|")[1].strip(): line for line in lines if line[:2] == "| "}


def _cell(outcome: Outcome) -> str:
    verdict = "" if outcome.kept else "**not so:** "
    again = f" ({outcome.attempts}nd attempt)" if outcome.attempts > 1 else ""
    return f"{verdict}{outcome.measured}{again}"


_WORDS = """
SIGTERM: each client has one request under way at any time. *Lost*: not a byte of an
answer, on a connection that had had answers and on which the server had not said
`Connection: close`. *Cut*: a part of an answer. *Served in vain*: in the server's
access log, but not answered. *Refused*: not a byte of an answer on a new connection;
the kernel had made it, and the server stopped listening before it accepted it.
"""
