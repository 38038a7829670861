"""What h11 and llhttp make of the same bytes.

What they take and we take must mean the same. Where we are stricter or milder than
one of them, the difference has a reason, and the reason is listed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.httpd.test_http1_fuzz import SENTENCES, small_cases
from tests.httpd.wire import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.httpd.wire import Request


@dataclass
class Meaning:
    """A request as far as every parser can tell."""

    method: str
    target: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes = b""
    complete: bool = False


@dataclass
class Reading:
    """What one parser made of bytes."""

    requests: list[Meaning] = field(default_factory=list)
    refused: str = ""


def ours(data: bytes) -> Reading:
    outcome = play([data])
    reading = Reading([_meaning(request) for request in outcome.requests])
    if outcome.refused:
        reading.refused = outcome.refused[1]
    elif outcome.requests and not outcome.requests[-1].head.keep_alive:
        reading.refused = "The connection closes"
    return reading


def _meaning(request: Request) -> Meaning:
    head = request.head
    fields = [*head.headers]
    return Meaning(head.method, head.target, fields, request.body, request.complete)


def by_h11(data: bytes) -> Reading:
    """Return what h11 reads, answering every request at once."""
    reading = Reading()
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=10_000_000)
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                method = bytes(event.method).decode()
                fields = [(bytes(n), bytes(v)) for n, v in event.headers]
                reading.requests.append(Meaning(method, bytes(event.target), fields))
            elif isinstance(event, h11.Data):
                reading.requests[-1].body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                reading.requests[-1].complete = True
                connection.send(h11.Response(status_code=404, headers=[]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    return reading
                connection.start_next_cycle()
            else:
                return reading
    except h11.RemoteProtocolError as error:
        reading.refused = str(error)
        return reading


class Collector:
    """Callbacks for httptools."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        method = self.parser.get_method().decode()
        self.reading.requests.append(Meaning(method, self.target, [*self.fields]))

    def on_body(self, body: bytes) -> None:
        self.reading.requests[-1].body += body

    def on_message_complete(self) -> None:
        self.reading.requests[-1].complete = True


def by_httptools(data: bytes) -> Reading:
    """Return what llhttp reads."""
    reading = Reading()
    try:
        Collector(reading).parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        reading.requests[-1].complete = False
        reading.refused = "Upgrade"
    except httptools.HttpParserError as error:
        reading.refused = str(error)
    return reading


# Why we refuse what another parser takes: how our text begins, and the reason.
STRICTER = {
    "A chunk is longer": "h11 looks for the CRLF later (RFC 9112 §7.1)",
    "A field that may not": "RFC 9110 §6.5.1",
    "Cannot fulfill request": "another major version (RFC 9110 §15.6.6)",
    "HTTP requires CRLF": "RFC 9112 §2.2: a recipient may, but need not, take bare LF",
    "HTTP/1.0 knows no": "RFC 9112 §6.1: the framing of such a message is faulty",
    "HTTP/1.1 requires": "RFC 9112 §3.2; llhttp leaves it to others",
    "Illegal #fragment": "RFC 9112 §3.2: no form of a target has a fragment",
    "Illegal header line": "folding (RFC 9112 §5.2), controls in values (h11)",
    "Illegal trailer line": "as header lines",
    "Invalid path": "RFC 9112 §3.2: neither parser knows the forms of a target",
    "Malformed Content-Length": "RFC 9110 §8.6: a list may be refused",
    "Malformed Host": "RFC 9112 §3.2: an invalid value is 400",
    "Malformed Request-Line": "llhttp takes more blanks and more empty lines",
    "Malformed Request-URI": "RFC 9112 §3.2",
    "Malformed Transfer-Encoding": "RFC 9112 §6.1",
    "Malformed chunk size": "h11 looks at it later, llhttp takes blanks",
    "Malformed method": "lower-case methods are refused: documented behaviour",
    "Only 100-continue": "RFC 9110 §10.1.1",
    "The entity sent": "limits",
    "The header": "RFC 9110 §8.6, RFC 9112 §3.2; two Content-Types are ambiguous",
    "The connection closes": "RFC 9112 §9.3: close beats keep-alive; not for llhttp",
    "This server does not serve": "CONNECT and TRACE",
    "This server knows no transfer coding": "RFC 9112 §6.1",
    "Transfer-Encoding and Content-Length": "RFC 9112 §6.1: request smuggling",
}

# Why we take what another parser refuses or does not see: how its text begins.
MILDER: dict[Callable[[bytes], Reading], dict[str, str]] = {
    by_h11: {
        "no request line received": "RFC 9112 §2.2: one empty line is skipped",
        "nothing": "RFC 9112 §C.2.2: HTTP/1.0 may be kept alive",
    },
    by_httptools: {
        "Invalid HTTP version": "RFC 9110 §2.5: a higher minor version",
        "Invalid method encountered": "RFC 9110 §9.1: any token is a method",
        "Upgrade": "RFC 9110 §7.8: a server may ignore it; llhttp leaves HTTP",
        "Expected": "llhttp knows few methods, and looks for them letter by letter",
    },
}

ORACLES = pytest.mark.parametrize("oracle", [by_h11, by_httptools])


def compare(data: bytes, oracle: Callable[[bytes], Reading]) -> None:
    """Fail where both take a request and mean different things."""
    one, other = ours(data), oracle(data)
    for we, they in zip_longest(one.requests, other.requests):
        if we is None:
            assert any(map(one.refused.startswith, STRICTER)), (data, one.refused)
            return
        if they is None:
            why = other.refused or "nothing"
            assert any(map(why.startswith, MILDER[oracle])), (data, why)
            return
        assert (we.method, we.target) == (they.method, they.target)
        assert normal(we) == normal(they)
        assert we.body.startswith(they.body) or they.body.startswith(we.body)
        if we.complete and they.complete:
            assert we.body == they.body
        elif we.complete:
            assert other.refused or one.refused, data


def normal(meaning: Meaning) -> list[tuple[bytes, bytes]]:
    """Return fields without what the parsers see differently on purpose.

    We put the authority of the target into Host and leave out names with an underscore;
    h11 writes ``chunked`` in lower case; llhttp does not trim values.
    """
    fields = [
        (name, value.strip(b" \t").lower())
        for name, value in meaning.fields
        if b"_" not in name and name != b"host"
    ]
    return sorted(fields)


FIELDS = st.sampled_from(
    [
        *(
            b"X: y",
            b"X: \xe9\t",
            b"X:",
            b"X_Y: z",
            b"Content-Length: 5",
            b"Accept: a, b",
        ),
        *(b"Connection: close", b"Connection: keep-alive, x", b"Content-Length: 0"),
        *(b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"x: :"),
    ]
)
BODIES = st.sampled_from(
    [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"0\r\nX: y\r\n\r\n"]
)
REQUESTS = st.builds(
    lambda line, fields, body: b"\r\n".join([line, b"Host: a", *fields, b"", body]),
    st.sampled_from(
        [b"GET / HTTP/1.1", b"POST /a?b HTTP/1.1", b"PUT http://b/ HTTP/1.0"]
    ),
    st.lists(FIELDS, max_size=3),
    BODIES,
)


@ORACLES
@settings(max_examples=400, deadline=None, derandomize=True)
@given(requests=st.lists(REQUESTS, max_size=3).map(b"".join))
def test_requests_mean_the_same(
    oracle: Callable[[bytes], Reading], requests: bytes
) -> None:
    compare(requests, oracle)


@ORACLES
@settings(max_examples=300, deadline=None, derandomize=True)
@given(request=REQUESTS, more=SENTENCES)
def test_what_follows_a_request_means_the_same(
    oracle: Callable[[bytes], Reading], request: bytes, more: bytes
) -> None:
    compare(request + more, oracle)


@ORACLES
def test_raw_cases_mean_the_same(oracle: Callable[[bytes], Reading]) -> None:
    for data in small_cases():
        compare(data, oracle)


def test_every_reason_is_needed() -> None:
    """A reason that no raw case needs may go."""
    found = {text for data in small_cases() if (text := ours(data).refused)}
    missing = [
        start
        for start in STRICTER
        if not any(map(str.startswith, found, [start] * len(found)))
    ]
    assert missing == []
