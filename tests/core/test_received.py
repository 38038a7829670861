"""Request headers as they were received, understood when they are asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.core import received as received_module
from cherrypy.core.received import (
    FORMS,
    HeaderPairs,
    ReceivedHeaders,
    fields_of,
    first_line,
)
from cherrypy.http.urls import SanitizedHost

PAIRS = [
    (b"host", b"h.example"),
    (b"accept", b"text/html"),
    (b"x-one", b"1"),
    (b"accept", b"text/plain"),
    (b"x-one", b"2"),
]


@pytest.fixture
def received() -> ReceivedHeaders:
    return ReceivedHeaders(PAIRS)


def test_names_are_in_title_case_when_they_are_listed(
    received: ReceivedHeaders,
) -> None:
    assert list(received)[:2] == [("Host", "h.example"), ("Accept", "text/html")]


def test_long_names_are_not_kept() -> None:
    kept = received_module._known_title_name.cache_info
    before = kept().misses
    assert list(ReceivedHeaders([(b"x-" * 50 + b"y", b"1")])) == [
        ("X-" * 50 + "Y", "1")
    ]
    assert kept().misses == before


@pytest.mark.parametrize("name", ["host", "HOST", "Host"])
def test_one_header_is_found_by_its_name_in_any_case(
    received: ReceivedHeaders, name: str
) -> None:
    assert received.find(name) == "h.example"
    assert received.find(name) == "h.example"


def test_repeated_lists_are_joined_and_of_others_the_last_counts(
    received: ReceivedHeaders,
) -> None:
    assert received.find("Accept") == "text/html, text/plain"
    assert received.find("X-One") == "2"
    fields = received.fields()
    assert fields["Accept"] == "text/html, text/plain"
    assert fields["X-One"] == "2"
    assert received.fields() is fields


def test_a_client_cannot_claim_an_address() -> None:
    received = ReceivedHeaders([(b"remote-addr", b"203.0.113.1"), (b"x-one", b"1")])
    assert received.find("Remote-Addr") is None
    assert received.fields() == {"X-One": "1"}
    assert list(received) == [("X-One", "1")]


def test_divided_cookies_are_joined() -> None:
    pairs = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
    assert ReceivedHeaders(pairs).find("Cookie") == "a=1; b=2"
    assert ReceivedHeaders(pairs).fields() == {"Cookie": "a=1; b=2"}


def test_what_was_not_sent_is_not_found(received: ReceivedHeaders) -> None:
    assert received.find("Cookie") is None
    assert "Cookie" not in received.fields()


def test_a_name_that_nobody_can_send_is_not_found(received: ReceivedHeaders) -> None:
    assert received.find("X-\u20ac") is None


def test_values_are_stripped_and_their_encoded_words_decoded() -> None:
    fields = fields_of([("subject", " =?utf-8?q?caf=C3=A9?= "), ("x-bad", "=?x")])
    assert fields == {"Subject": "caf\xe9", "X-Bad": "=?x"}


def test_a_host_loses_line_ends_but_keeps_its_raw_value() -> None:
    host = fields_of([("Host", "a\r\nb")])["Host"]
    assert host == "ab"
    assert isinstance(host, SanitizedHost)
    assert host.raw == "a\r\nb"


def test_pairs_are_found_in_the_same_way() -> None:
    pairs = HeaderPairs([("accept", "a"), ("ACCEPT", "b"), ("x-one", " 1 ")])
    assert pairs.find("accept") == "a, b"
    assert pairs.find("X-ONE") == "1"
    assert pairs.find("Host") is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["accept", "x-one", "cookie"]),
            st.text("abc,; =", max_size=5).map(str.strip),
        )
    )
)
def test_looking_for_one_finds_what_all_together_say(
    pairs: list[tuple[str, str]],
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in pairs]
    received = ReceivedHeaders(raw)
    for name in ("Accept", "X-One", "Cookie", "Host"):
        assert received.find(name) == received.fields().get(name)
        assert received.find(name) == HeaderPairs(pairs).find(name)


LENGTHS = [
    ([(b"content-type", b"application/x-www-form-urlencoded")], -1),
    ([(b"content-length", b"7")], -1),
    (
        [
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", b"7"),
        ],
        7,
    ),
    (
        [
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", b"\xb2"),
        ],
        -1,
    ),
    (
        [
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"transfer-encoding", b"chunked"),
            (b"content-length", b"7"),
        ],
        -1,
    ),
]


@pytest.mark.parametrize(("pairs", "length"), LENGTHS)
def test_they_say_how_long_a_plain_form_is(
    pairs: list[tuple[bytes, bytes]], length: int
) -> None:
    received = ReceivedHeaders(pairs)
    assert received.announced_bytes(FORMS) == length
    # The same when asked again, of a head that came again.
    assert received.announced_bytes(FORMS) == length


def test_the_first_line_is_nothing_as_long_as_nothing_was_asked() -> None:
    assert first_line(("", "", "", "")) == ""
    assert first_line(("GET", "/", "", "HTTP/1.1")) == "GET / HTTP/1.1"
    assert first_line(("GET", "/a", "b=c", "HTTP/1.0")) == "GET /a?b=c HTTP/1.0"
