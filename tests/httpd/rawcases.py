"""Raw HTTP/1 exchanges: what is sent, and which answers are acceptable.

The cases are in ``http1_cases.json``. Per case: ``n`` name, ``g`` group, ``r`` the RFC
and section, ``send`` the bytes as latin-1 (``{{text*N}}`` repeats) or steps, ``a`` the
acceptable first outcomes, ``then`` what becomes of the connection, and further
conditions on the answers.

Nothing here waits for silence. Whether a connection is still open is asked with one
more request; whether more answers come is known when the server, having been told
that we are done, closes too.
"""

from __future__ import annotations

import json
import re
import select
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROBE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENCE_SECONDS = 10.0

_REPEATED = re.compile(r"\{\{(.*?)\*(\d+)\}\}", re.DOTALL)
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)")


@dataclass(frozen=True)
class Case:
    """One exchange and what is acceptable."""

    name: str
    group: str
    source: str
    steps: list[Any]
    acceptable: list[str]
    conditions: dict[str, Any]

    @property
    def identity(self) -> str:
        return f"{self.group}/{self.name}"


@dataclass
class Answers:
    """What a server sent on one connection, taken apart."""

    finals: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    interims: list[int] = field(default_factory=list)
    leftover: bytes = b""
    complete: bool = True


def load() -> list[Case]:
    """Return all cases."""
    text = Path(__file__).with_name("http1_cases.json").read_text("utf-8")
    return [_case(values) for values in json.loads(text)]


def _case(values: dict[str, Any]) -> Case:
    steps = values["send"]
    return Case(
        values["n"],
        values["g"],
        values["r"],
        steps if isinstance(steps, list) else [steps],
        values["a"],
        values,
    )


def expand(text: str) -> bytes:
    """Return what a step sends."""
    return _REPEATED.sub(lambda m: m[1] * int(m[2]), text).encode("latin-1")


def take_apart(received: bytes, *, to_head: bool, closed: bool) -> Answers:
    """Take received bytes apart.

    Args:
        received: All bytes of the connection.
        to_head: The first request was a HEAD.
        closed: The server has closed the connection.
    """
    answers = Answers(leftover=received)
    while answers.leftover:
        rest = answers.leftover
        end = rest.find(b"\r\n\r\n") + 4
        if end < 4 or not re.match(rb"HTTP/1\.[01] [0-9]{3} ", rest):
            answers.complete = False
            break
        head, rest = rest[:end], rest[end:]
        status = int(head[9:12])
        if 100 <= status < 200 and status != 101:
            answers.interims.append(status)
            answers.leftover = rest
            continue
        bodiless = status in (101, 204, 304) or (to_head and not answers.finals)
        body, left = (b"", rest) if bodiless else _body(head, rest, closed)
        answers.finals.append((status, head, body))
        answers.complete = left is not None
        answers.leftover = left or b""
    return answers


def _body(head: bytes, rest: bytes, closed: bool) -> tuple[bytes, bytes | None]:
    """Return body and what follows; None follows a body that is not complete."""
    lowered = head.lower()
    if b"\r\ntransfer-encoding:" in lowered:
        return _chunks(rest)
    match = _LENGTH.search(lowered)
    if match is None:
        return rest, b"" if closed else None
    length = int(match[1])
    return rest[:length], rest[length:] if len(rest) >= length else None


def _chunks(rest: bytes) -> tuple[bytes, bytes | None]:
    body = b""
    while True:
        line, crlf, rest = rest.partition(b"\r\n")
        if not crlf:
            return body, None
        size = int(line.partition(b";")[0], 16)
        if len(rest) < size + 2:
            return body, None
        body, rest = body + rest[:size], rest[size + 2 :]
        if not size:
            return body, rest


class Player:
    """One connection to a server, playing one case."""

    def __init__(self, address: tuple[str, int], case: Case) -> None:
        self.case = case
        self.received = b""
        self.closed = False
        self.broken = False
        self.socket = socket.create_connection(address, PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def play(self) -> str:
        """Return what is wrong with the server's answers; nothing if all is right."""
        with self.socket:
            refused_early = not self._take_steps()
            self._pump_until(lambda: self.closed or self._first_is_there())
            answers = self._answers()
            good = bool(answers.finals) and _is_good(answers.finals[0][0])
            probing = self.case.conditions.get("then") == "open" and good
            if self.case.conditions.get("then") != "closed":
                if probing:
                    self._send(PROBE)
                self._shut_down()
            self._pump_until(lambda: self.closed)
            return self._verdict(self._answers(), probing, refused_early)

    def _take_steps(self) -> bool:
        """Play all steps; stop at an answer that was not asked for."""
        for step in self.case.steps:
            if self.broken:
                break
            if isinstance(step, str):
                self._send(expand(step))
            elif "wait" in step:
                self._pump(step["wait"])
            elif "eof" in step:
                self._shut_down()
            else:
                self._pump_until(lambda: self.closed or b"\r\n\r\n" in self.received)
                if not self.received.startswith(b"HTTP/1.1 " + step["read"].encode()):
                    return False
        return True

    def _send(self, data: bytes) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        view = memoryview(data)
        while view and not self.broken and time.monotonic() < deadline:
            reading = [] if self.closed else [self.socket]
            readable, writable, _ = select.select(reading, [self.socket], [], 1)
            if readable:
                self._pump(0)
            if writable:
                try:
                    view = view[self.socket.send(view[:65536]) :]
                except BlockingIOError:
                    pass
                except OSError:
                    self.broken = True

    def _shut_down(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.broken = True

    def _pump(self, seconds: float) -> None:
        """Receive once, or let a moment pass."""
        if self.closed:
            return
        readable, _, _ = select.select([self.socket], [], [], seconds)
        if readable:
            try:
                data = self.socket.recv(262144)
            except BlockingIOError:
                return
            except OSError:
                self.closed = self.broken = True
                return
            self.received += data
            self.closed = not data

    def _pump_until(self, condition: Any) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition() and time.monotonic() < deadline:
            self._pump(1)

    def _answers(self) -> Answers:
        to_head = bool(self.case.conditions.get("head"))
        return take_apart(self.received, to_head=to_head, closed=self.closed)

    def _first_is_there(self) -> bool:
        answers = self._answers()
        return len(answers.finals) > 1 or (bool(answers.finals) and answers.complete)

    def _verdict(self, answers: Answers, probing: bool, refused_early: bool) -> str:
        case = self.case
        probed = len(answers.finals) > 1
        if probing and (not probed or answers.finals.pop()[0] != 200):
            return "the connection was closed"
        outcome = self._outcome(answers)
        if not any(_matches(outcome, token) for token in case.acceptable):
            return f"got {outcome}, want one of {case.acceptable}"
        good = bool(answers.finals) and _is_good(answers.finals[0][0])
        if good and refused_early:
            return "no 100 Continue came"
        return "; ".join(_complaints(case, answers, good, self.closed))

    def _outcome(self, answers: Answers) -> str:
        if answers.finals:
            return str(answers.finals[0][0])
        if self.received and not answers.interims:
            return "garbage"
        return "close" if self.closed else "timeout"


def _is_good(status: int) -> bool:
    return status // 100 == 2 or status == 304


def _matches(outcome: str, token: str) -> bool:
    return token == outcome or (
        token.endswith("xx") and outcome.isdigit() and outcome[0] == token[0]
    )


def _complaints(case: Case, answers: Answers, good: bool, closed: bool) -> list[str]:
    """Return which further conditions are not kept."""
    want = case.conditions
    finals = answers.finals
    head, body = finals[0][1:] if finals else (b"", b"")
    text = (head + body).decode("latin-1").lower()
    count = len(finals)
    found = []
    if count > want.get("max", count):
        found.append(f"{count} answers")
    enough = want.get("n2", count)
    fewer = want.get("few") and count < enough and not answers.leftover
    if good and count != enough and not fewer:
        found.append(f"{count} answers, not {enough}")
    if good and "body" in want and body != want["body"].encode("latin-1"):
        found.append(f"body {body[:40]!r}")
    if (finals and finals[0][0] < 400) or case.group in ("response", "target-form"):
        found += [f"has {x!r}" for x in want.get("hasnot", ()) if x.lower() in text]
    if good:
        for words in want.get("has", ()):
            if not any(word.lower() in text for word in words.split("|")):
                found.append(f"lacks {words!r}")
        if answers.leftover and not want.get("max"):
            found.append(f"stray bytes {answers.leftover[:30]!r}")
    refused = any(status >= 400 for status, *_ in finals[1:])
    if want.get("garbage0") and (answers.leftover or refused):
        found.append("stray bytes")
    if want.get("no100") and answers.interims:
        found.append("100 was sent")
    if want.get("delimited") and not re.search(
        rb"\r\n(content-length:|transfer-encoding:|connection: close)", head.lower()
    ):
        found.append("not delimited")
    if want.get("then") == "closed" and not closed:
        found.append("the connection stayed open")
    return found
