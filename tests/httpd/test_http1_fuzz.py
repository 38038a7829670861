"""Any bytes are requests or are refused; no cut into packets changes which.

`scripts/fuzz` runs `check_connection` on many more bytes, guided by coverage.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols import grammar, requests
from tests.httpd import rawcases
from tests.httpd.wire import HOST, bytewise, play

if TYPE_CHECKING:
    from collections.abc import Iterator

TIGHT = Limits(
    header_bytes=300,
    request_line_bytes=120,
    field_bytes=150,
    header_count=8,
    body_bytes=60,
    chunk_line_bytes=20,
    chunk_extension_bytes=40,
    trailer_bytes=60,
)

# Words of the language, some misspelled: more of them make sense together than any
# random bytes would.
WORDS = [
    *(b"GET ", b"POST ", b"HEAD ", b"get ", b"OPTIONS ", b"CONNECT ", b"/", b"/a?b"),
    *(b"*", b"http://a/", b"//", b"#", b" HTTP/1.1", b" HTTP/1.0", b" HTTP/2.0"),
    *(b" ", b"\t", b"\r\n", b"\r", b"\n", b"\0", b":", b": ", b",", b"_", b"\xff"),
    *(b"Host: a", b"Host: [::1]:80", b"Host: a b", b"X: y", b"X_Y: z", b"X: y \t"),
    *(b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 99"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Expect: 100-x"),
    *(b"Connection: close", b"Connection: keep-alive", b"Expect: 100-continue"),
    *(b"\r\n\r\n", b"hello", b"5\r\nhello\r\n", b"0\r\n", b"5;a=b", b"a" * 70),
    *(b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nHost: a\r\n"),
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
]
SENTENCES = st.lists(st.sampled_from(WORDS) | st.binary(max_size=3), max_size=25).map(
    b"".join
)


def check_connection(data: bytes, limits: Limits | None = None) -> None:
    """Fail if bytes make anything but requests and refusals, or a cut matters.

    Args:
        data: What a client sends. Its last byte also says how it is cut.
        limits: The bounds to keep.
    """
    whole = play([data], limits, eof=True)
    size = 2 + data[-1] % 30 if data else 1
    packets = [data[i : i + size] for i in range(0, len(data), size)]
    for pieces in bytewise(data), packets:
        parts = play(pieces, limits, eof=True)
        assert parts.refused == whole.refused
        # A refusal swallows what was complete before it in the same packet.
        if whole.refused is None:
            assert parts.requests == whole.requests
        for one, other in zip(whole.requests, parts.requests, strict=False):
            if one.complete:
                assert one == other
            assert other.body.startswith(one.body)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(data=SENTENCES)
def test_sentences_are_requests_or_refused(data: bytes) -> None:
    check_connection(data)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(data=SENTENCES)
def test_every_limit_is_noticed_wherever_packets_end(data: bytes) -> None:
    check_connection(data, TIGHT)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_requests_or_refused(data: bytes) -> None:
    check_connection(data)


def small_cases() -> Iterator[bytes]:
    """Yield what the raw cases send, without the endless ones."""
    for case in rawcases.load():
        data = b"".join(rawcases.expand(s) for s in case.steps if isinstance(s, str))
        if len(data) < 2000:
            yield data


def test_raw_cases_do_not_depend_on_packets() -> None:
    for data in small_cases():
        check_connection(data)
        check_connection(data, TIGHT)


# Work


@pytest.mark.parametrize(
    ("start", "again", "end"),
    [
        (b"GET /", b"a", b" HTTP/1.1\r\n" + HOST + b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX:", b"a", b"\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX:", b" ", b"\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX:", b" \t", b"b\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n", b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X_Y: z\r\n", b"\r\n"),
        (b"", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b""),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n", b"a", b""),
        *[
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", *more)
            for more in [
                (b"1\r\na\r\n", b"0\r\n\r\n"),
                (b"1;a\r\na\r\n", b"0\r\n\r\n"),
                (b"0", b"1\r\n"),
                (b"5;a=", b"b\r\nhello\r\n0\r\n\r\n"),
                (b"0\r\nX: " + b"a", b"\r\n\r\n"),
            ]
        ],
    ],
)
def test_work_is_linear_in_the_bytes(
    start: bytes, again: bytes, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(
        header_count=10_000,
        chunk_line_bytes=10_000,
        chunk_extension_bytes=10_000,
        trailer_bytes=10_000,
    )
    monkeypatch.setattr(requests, "bytearray", CountingBuffer, raising=False)
    for cut in bytewise, lambda data: [data]:
        work = []
        for size in 600, 1200:
            count = size // len(again)
            pieces = cut(start + again * count + end)
            work.append(lines_run(pieces, limits) + CountingBuffer.searched)
            CountingBuffer.searched = 0
        assert work[1] < 2.2 * work[0]


def lines_run(pieces: list[bytes], limits: Limits) -> int:
    """Return how many lines of Python run while pieces are received."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        play(pieces, limits)
    finally:
        sys.settrace(before)
    return count


class CountingBuffer(bytearray):
    """A buffer that counts the bytes that are searched."""

    searched = 0

    def find(self, what: Any, start: Any = 0, end: Any = None) -> int:
        found = super().find(what, start)
        stop = len(self) if found < 0 else found + len(what)
        CountingBuffer.searched += stop - start
        return found


def repetitions(parsed: Any) -> Iterator[tuple[str, int, int]]:
    """Yield kind, minimum and maximum of every repetition in a parsed pattern."""
    for kind, argument in parsed:
        if "REPEAT" in str(kind):
            yield str(kind), argument[0], argument[1]
        for part in argument if isinstance(argument, (tuple, list)) else [argument]:
            nested = part if isinstance(part, list) else [part]
            for each in nested:
                if hasattr(each, "data"):
                    yield from repetitions(each)


def test_every_repetition_in_the_grammar_is_possessive() -> None:
    patterns = [p for p in vars(grammar).values() if isinstance(p, re.Pattern)]
    assert len(patterns) == len(grammar.__all__)
    parser = re._parser  # type: ignore[attr-defined]  # its only home since 3.11
    found = [r for p in patterns for r in repetitions(parser.parse(p.pattern))]
    assert len(found) > 30
    for kind, least, most in found:
        assert kind == "POSSESSIVE_REPEAT" or least == most, (kind, least, most)
