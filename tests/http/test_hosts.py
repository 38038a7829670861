"""Addresses, and what proxies say about them."""

from __future__ import annotations

import pytest

from cherrypy.http.hosts import (
    Forwarded,
    Host,
    came_through_proxy,
    ip_of,
    parse_address,
    parse_forwarded,
)


def test_a_host_without_name_is_called_by_its_address() -> None:
    assert Host("192.0.2.1", 80).name == "192.0.2.1"
    assert Host("192.0.2.1", 80, "").name == ""
    assert Host("192.0.2.1", 80, "here").name == "here"


def test_a_host_shows_how_it_was_made() -> None:
    assert repr(Host("192.0.2.1", 80)) == "httputil.Host('192.0.2.1', 80, '192.0.2.1')"
    assert (Host.ip, Host.port, Host.name) == ("0.0.0.0", 80, "unknown.tld")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:db8:0:0::1]:80"', "2001:db8::1"),
        ("::1", "::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_an_address_loses_its_port_and_gets_its_normal_form(
    text: str, address: str
) -> None:
    parsed = parse_address(text)
    assert parsed is not None
    assert parse_address(parsed) == parsed
    assert parsed in (address, "::ffff:192.0.2.1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "_hidden",
        "example.com",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1:port",
        "192.0.2.1:123456",
        "192.0.2.1, 192.0.2.2",
        "192.0.2.01",
        "[2001:db8::1",
        "[2001:db8::1]x",
        "[::1]:",
        "fe80::1%eth0",
        "1::2::3",
        "<script>",
        "192.0.2.1\r\nX: y",
        ":" * 10_000,
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


def test_each_proxy_says_what_it_knows() -> None:
    value = (
        'for=192.0.2.60;proto=HTTPS;by=203.0.113.43, For="[2001:db8:cafe::17]:4711",'
        ' ; host="example.com:8080" ; for=_hidden;secret=x'
    )
    assert parse_forwarded(value) == [
        Forwarded(client="192.0.2.60", proto="https", by="203.0.113.43"),
        Forwarded(client="[2001:db8:cafe::17]:4711"),
        Forwarded(client="_hidden", host="example.com:8080"),
    ]


def test_empty_elements_do_not_count() -> None:
    assert parse_forwarded("") == []
    assert parse_forwarded(" , for=a,,") == [Forwarded(client="a")]


def test_colons_need_no_quotes() -> None:
    assert parse_forwarded("for=192.0.2.1:80;host=a:8080") == [
        Forwarded(client="192.0.2.1:80", host="a:8080")
    ]


@pytest.mark.parametrize(
    "value",
    [
        "for",
        "for=",
        "=a",
        "for=a b",
        'for="a',
        'for="a\0b"',
        'for="a"b',
        "for=a;for=b",
        "for=a;For=b",
        "for =a",
        "for=a, ü=b",
        "for=a, host=<script>",
        'for=a, for="b',
    ],
)
def test_what_is_malformed_says_nothing_nor_what_stands_before_it(value: str) -> None:
    assert parse_forwarded(value) == []


@pytest.mark.parametrize(
    "sent",
    [
        *("garbage", "for=x, garbage", 'for="', 'for="x, for=y', 'for="x\\'),
        *('for="a"b"', r'for="x\"', 'for="x,"'),
    ],
)
def test_a_client_cannot_hide_what_proxies_add(sent: str) -> None:
    added = f"{sent}, for=192.0.2.1;proto=https, for=198.51.100.1"
    assert parse_forwarded(added)[-2:] == [
        Forwarded(client="192.0.2.1", proto="https"),
        Forwarded(client="198.51.100.1"),
    ]


def test_quoted_texts_lose_their_backslashes() -> None:
    assert parse_forwarded(r'for="a\"b\\"') == [Forwarded(client='a"b\\')]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        *(("192.0.2.1:80", "None"), ("localhost", "None"), ("", "None")),
    ],
)
def test_an_address_can_be_compared_with_networks(text: str, expected: str) -> None:
    assert str(ip_of(text)) == expected


def test_proxies_leave_traces() -> None:
    assert not came_through_proxy({"Host": "a.example", "Accept": "*/*"}.get)
    assert came_through_proxy({"Host": "a.example", "Via": "1.1 b"}.get)
    assert came_through_proxy({"X-Real-Ip": ""}.get)
