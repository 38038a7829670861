from __future__ import annotations

import pytest

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.protocols.http1 import HTTP1
from tests.httpd.wire import HOST, bytewise, only, play, refusal

GET = b"GET / HTTP/1.1\r\n"
BAD_PATH = (
    "Invalid path in Request-URI: request-target must contain origin-form which "
    'starts with absolute-path (URI starting with a slash "/").'
)
BAD_AUTHORITY = "Invalid path in Request-URI: request-target must match authority-form."
BAD_METHOD = (
    "Malformed method name: According to RFC 2616 (section 5.1.1) and its successors "
    "RFC 7230 (section 3.1.1) and RFC 7231 (section 4.1) method names are "
    "case-sensitive and uppercase."
)
TARGET_TOO_LONG = (
    "The Request-URI sent with the request exceeds the maximum allowed bytes."
)
HEAD_TOO_LONG = "The headers sent with the request exceed the maximum allowed bytes."
BODY_TOO_LONG = "The entity sent with the request exceeds the maximum allowed bytes."


def test_a_head_says_everything_about_a_request() -> None:
    head = only(b"GET /a%20b?c=d?e HTTP/1.1\r\n" + HOST + b"X:\t y \t\r\n\r\n").head
    assert (head.method, head.target) == ("GET", b"/a%20b?c=d?e")
    assert (head.path, head.query) == (b"/a%20b", b"c=d?e")
    assert head.version == (1, 1)
    assert head.headers == ((b"host", b"localhost"), (b"x", b"y"))
    assert head.host == b"localhost"
    assert head.content_length is None
    assert not head.chunked
    assert not head.has_body
    assert head.keep_alive
    assert not head.expect_continue
    assert head.memo is None
    assert head.page is None
    assert repr(head) == "<RequestHead GET '/a%20b?c=d?e' 2 fields>"


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        (b"GET / HTTP/1.1\n", 400, "HTTP requires CRLF terminators"),
        (b"GET /a\rb HTTP/1.1\r\n", 400, "HTTP requires CRLF terminators"),
        (b"\nGET / HTTP/1.1\r\n", 400, "HTTP requires CRLF terminators"),
        (b"\rGET / HTTP/1.1\r\n", 400, "HTTP requires CRLF terminators"),
        (b"GET\r\n", 400, "Malformed Request-Line"),
        (b"GET /\r\n", 400, "Malformed Request-Line"),
        (b"\r\n\r\nGET / HTTP/1.1\r\n", 400, "Malformed Request-Line"),
        (b"GET  / HTTP/1.1\r\n", 400, "Malformed Request-Line: bad protocol"),
        (b"GET / http/1.1\r\n", 400, "Malformed Request-Line: bad protocol"),
        (b"GET / HTP/1.1\r\n", 400, "Malformed Request-Line: bad protocol"),
        (b"GET / HTTP/1\r\n", 400, "Malformed Request-Line: bad version"),
        (b"GET / HTTP/1.10\r\n", 400, "Malformed Request-Line: bad version"),
        (b"GET / HTTP/1.1 \r\n", 400, "Malformed Request-Line: bad version"),
        (b"GET / HTTP/2.0\r\n", 505, "Cannot fulfill request"),
        (b"GET / HTTP/0.9\r\n", 505, "Cannot fulfill request"),
        (b"get / HTTP/1.1\r\n", 400, BAD_METHOD),
        (b"GE(T / HTTP/1.1\r\n", 400, BAD_METHOD),
        (b" GET / HTTP/1.1\r\n", 400, "Malformed Request-Line: bad protocol"),
        (b"A" * 65 + b" / HTTP/1.1\r\n", 501, "This server does not serve the method."),
        (b"(" * 65 + b" / HTTP/1.1\r\n", 400, BAD_METHOD),
        (b"TRACE / HTTP/1.1\r\n", 501, "This server does not serve the method."),
        (b"GET  HTTP/1.1\r\n", 400, BAD_PATH),
        (b"GET foo HTTP/1.1\r\n", 400, BAD_PATH),
        (b"GET * HTTP/1.1\r\n", 400, BAD_PATH),
        (b"GET a:80 HTTP/1.1\r\n", 400, BAD_PATH),
        (b"GET ftp://a/ HTTP/1.1\r\n", 400, BAD_PATH),
        (b"GET http:///x HTTP/1.1\r\n", 400, BAD_PATH),
        (b"GET http://a@b/ HTTP/1.1\r\n", 400, "Malformed Host header."),
        (b"GET http://:80/ HTTP/1.1\r\n", 400, "Malformed Host header."),
        (b"GET http://a:65536/ HTTP/1.1\r\n", 400, "Malformed Host header."),
        (b"GET /\xff HTTP/1.1\r\n", 400, "Malformed Request-URI"),
        (b"GET /\x00 HTTP/1.1\r\n", 400, "Malformed Request-URI"),
        (b"GET /\t HTTP/1.1\r\n", 400, "Malformed Request-URI"),
        (b"GET /#a HTTP/1.1\r\n", 400, "Illegal #fragment in Request-URI."),
        (b"GET http://a/#b HTTP/1.1\r\n", 400, "Illegal #fragment in Request-URI."),
        (b"CONNECT / HTTP/1.1\r\n", 400, BAD_AUTHORITY),
        (b"CONNECT /#a HTTP/1.1\r\n", 400, BAD_AUTHORITY),
        (b"CONNECT a HTTP/1.1\r\n", 400, BAD_AUTHORITY),
        (b"CONNECT :80 HTTP/1.1\r\n", 400, BAD_AUTHORITY),
        (b"CONNECT a:65536 HTTP/1.1\r\n", 400, BAD_AUTHORITY),
        (b"CONNECT http://a:80 HTTP/1.1\r\n", 400, BAD_AUTHORITY),
        (b"CONNECT a:80 HTTP/1.1\r\n", 501, "This server does not serve the method."),
    ],
)
def test_a_bad_request_line_is_refused(line: bytes, status: int, message: str) -> None:
    assert refusal(line + HOST + b"\r\n") == (status, message)


@pytest.mark.parametrize(
    "line",
    [
        b"NoColon",
        b": a",
        b"X : a",
        b"X Y: a",
        b" X: a",
        b"\tX: a",
        b"   ",
        b"X(: a",
        b"X\xe9: a",
        b"X: a\r\n b",
        b"X: a\x00b",
        b"X: a\x7fb",
    ],
)
def test_a_bad_field_line_is_refused(line: bytes) -> None:
    expected = 400, "Illegal header line."
    assert refusal(GET + line + b"\r\n" + HOST + b"\r\n") == expected
    assert refusal(GET + HOST + line + b"\r\n\r\n") == expected


@pytest.mark.parametrize("line", [b"X: a\nY: b", b"X: a\rY: b", b"X: a\r", b"X: a\n"])
def test_a_bare_cr_or_lf_in_the_fields_is_refused(line: bytes) -> None:
    data = GET + HOST + line + b"\r\n\r\n"
    assert refusal(data) == (400, "HTTP requires CRLF terminators")


def test_a_bare_lf_is_refused_before_the_head_is_complete() -> None:
    assert refusal(b"GET / HTTP/1.1\n") == (400, "HTTP requires CRLF terminators")


def test_one_empty_line_before_a_request_is_skipped() -> None:
    request = b"\r\n" + GET + HOST + b"\r\n"
    for outcome in play([request * 3]), play(bytewise(request * 3)):
        assert len(outcome.requests) == 3
        assert outcome.refused is None


@pytest.mark.parametrize(
    "host",
    [
        b"a",
        b"a:",
        b"a:80",
        b"a-b.c_d~:65535",
        b"127.0.0.1:00080",
        b"[::1]",
        b"[::ffff:1.2.3.4]:8080",
        b"a" * 255 + b":65535",
        b"",
    ],
)
def test_a_host_may_be_a_name_or_an_address_with_a_port(host: bytes) -> None:
    assert only(GET + b"Host: " + host + b"\r\n\r\n").head.host == host


@pytest.mark.parametrize(
    "host",
    [
        *(b"a b", b"a,b", b"a/b", b"u@a", b"a:x", b"a:65536", b"a:-1", b"a:123456"),
        *(b"[::1", b"::1", b"a:1:2", b":80", b"=?utf-8?q?a?=", b"a%20", b"\xe4", b"a?"),
        *(b"a" * 256, b"[" + b":" * 46 + b"]"),
    ],
)
def test_a_bad_host_is_refused(host: bytes) -> None:
    data = GET + b"Host: " + host + b"\r\n\r\n"
    assert refusal(data) == (400, "Malformed Host header.")


def test_http_1_1_requires_a_host() -> None:
    message = "HTTP/1.1 requires a 'Host' request header."
    assert refusal(GET + b"\r\n") == (400, message)
    assert only(b"GET / HTTP/1.0\r\n\r\n").head.host is None


def test_a_higher_minor_version_is_served_as_1_1() -> None:
    assert only(b"GET / HTTP/1.2\r\n" + HOST + b"\r\n").head.version == (1, 1)


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"http://b.example:81/p?q?r", b"/p", b"q?r"),
        (b"HTTPS://b.example:81", b"/", b""),
        (b"http://b.example:81?q", b"/", b"q"),
    ],
)
def test_an_absolute_target_replaces_the_host(
    target: bytes, path: bytes, query: bytes
) -> None:
    head = only(b"GET " + target + b" HTTP/1.1\r\nX: y\r\n" + HOST + b"\r\n").head
    assert head.target == target
    assert (head.path, head.query, head.host) == (path, query, b"b.example:81")
    assert head.headers == ((b"host", b"b.example:81"), (b"x", b"y"))
    old = only(b"GET " + target + b" HTTP/1.0\r\n\r\n").head
    assert old.headers == ((b"host", b"b.example:81"),)


def test_an_asterisk_is_for_options() -> None:
    head = only(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n").head
    assert (head.target, head.path) == (b"*", b"/*")


def test_connect_can_be_let_through() -> None:
    limits = Limits(refused_methods=frozenset())
    head = only(b"CONNECT a.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", limits).head
    assert (head.path, head.query) == (b"/a.example:443", b"")
    assert head.headers == ((b"host", b"localhost"),)


def test_names_with_an_underscore_are_left_out() -> None:
    data = GET + HOST + b"X_A: 1\r\n_: 2\r\nContent_Length: 3\r\nX-A: 4_5\r\n\r\n"
    assert only(data).head.headers == ((b"host", b"localhost"), (b"x-a", b"4_5"))


@pytest.mark.parametrize(
    ("fields", "version", "persists"),
    [
        (b"", b"1.1", True),
        (b"", b"1.0", False),
        (b"Connection: Keep-Alive\r\n", b"1.0", True),
        (b"Connection: close\r\n", b"1.1", False),
        (b"Connection: x\r\nConnection: y ,\t CLOSE\r\n", b"1.1", False),
        (b"Connection: keep-alive, close\r\n", b"1.0", False),
        (b"Connection: closed, upgrade\r\n", b"1.1", True),
    ],
)
def test_connection_options_say_whether_to_persist(
    fields: bytes, version: bytes, persists: bool
) -> None:
    head = only(b"GET / HTTP/%b\r\n" % version + HOST + fields + b"\r\n").head
    assert head.keep_alive is persists


def test_nothing_behind_the_last_request_is_looked_at() -> None:
    last = GET + HOST + b"Connection: close\r\n\r\n"
    body = b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab"
    for request in last, body:
        for pieces in [request + b"\x00garbage" * 9], bytewise(request + b"\n\n"):
            outcome = play(pieces)
            assert len(outcome.requests) == 1
            assert outcome.refused is None


@pytest.mark.parametrize("name", ["Host", "Content-Type", "Content-Length"])
def test_fields_that_frame_or_route_may_stand_once(name: str) -> None:
    line = f"{name}: 1\r\n{name.upper()}: 1\r\n".encode()
    host = b"" if name == "Host" else HOST
    expected = 400, f"The header {name} is repeated."
    assert refusal(GET + host + line + b"\r\n") == expected


def test_other_fields_may_be_repeated() -> None:
    head = only(GET + HOST + b"X: 1\r\nx: 2\r\n\r\n").head
    assert head.headers == ((b"host", b"localhost"), (b"x", b"1"), (b"x", b"2"))


@pytest.mark.parametrize(
    ("value", "status", "message"),
    [
        (b"", 400, "Malformed Content-Length Header."),
        (b"-1", 400, "Malformed Content-Length Header."),
        (b"+5", 400, "Malformed Content-Length Header."),
        (b"1_0", 400, "Malformed Content-Length Header."),
        (b"5, 5", 400, "Malformed Content-Length Header."),
        (b"\xb2", 400, "Malformed Content-Length Header."),
        (b"104857601", 413, BODY_TOO_LONG),
        (b"9" * 20, 413, BODY_TOO_LONG),
        (b"1" * 5000, 413, BODY_TOO_LONG),
    ],
)
def test_a_bad_content_length_is_refused(
    value: bytes, status: int, message: str
) -> None:
    data = GET + HOST + b"Content-Length: " + value + b"\r\n\r\n"
    assert refusal(data) == (status, message)


def test_without_a_limit_a_body_may_have_any_length_of_63_bits() -> None:
    limits = Limits(body_bytes=0)
    data = GET + HOST + b"Content-Length: %d\r\n\r\n"
    assert play([data % (2**63 - 2)], limits).refused is None
    assert refusal(data % 2**63, limits) == (413, BODY_TOO_LONG)


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        (
            b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            *(400, "Transfer-Encoding and Content-Length exclude each other."),
        ),
        (
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            *(400, "The header Transfer-Encoding is repeated."),
        ),
        (
            b"Transfer-Encoding: chunked, chunked\r\n",
            *(400, "Malformed Transfer-Encoding header."),
        ),
        (
            b"Transfer-Encoding: ,chunked\r\n",
            *(400, "Malformed Transfer-Encoding header."),
        ),
        (
            b"Transfer-Encoding: gzip, chunked\r\n",
            *(501, "This server knows no transfer coding but chunked."),
        ),
    ],
)
def test_a_transfer_coding_other_than_chunked_is_refused(
    fields: bytes, status: int, message: str
) -> None:
    assert refusal(GET + HOST + fields + b"\r\n") == (status, message)


def test_http_1_0_has_no_transfer_coding() -> None:
    data = b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert refusal(data) == (400, "HTTP/1.0 knows no Transfer-Encoding.")


def test_only_100_continue_can_be_expected() -> None:
    expect = HOST + b"Expect: 100-Continue\r\n"
    with_body = play([b"POST / HTTP/1.1\r\n" + expect + b"Content-Length: 1\r\n\r\n"])
    assert with_body.requests[0].head.expect_continue
    chunked = expect + b"Transfer-Encoding: CHUNKED\r\n\r\n"
    assert play([b"POST / HTTP/1.1\r\n" + chunked]).requests[0].head.expect_continue
    assert not only(GET + expect + b"\r\n").head.expect_continue
    old = play([b"POST / HTTP/1.0\r\n" + expect + b"Content-Length: 1\r\n\r\n"])
    assert not old.requests[0].head.expect_continue
    message = "Only 100-continue can be expected of this server."
    assert refusal(GET + HOST + b"Expect: 200-ok\r\n\r\n") == (417, message)


# Sizes


def test_a_long_request_line_is_414() -> None:
    limits = Limits(request_line_bytes=30)
    line = b"GET /%b HTTP/1.1\r\n"
    assert only(line % (b"a" * 14) + HOST + b"\r\n", limits)
    expected = 414, TARGET_TOO_LONG
    assert refusal(line % (b"a" * 15) + HOST + b"\r\n", limits) == expected
    assert refusal(b"a" * 31, limits) == expected
    assert refusal(b"a" * 31, Limits(header_bytes=30)) == expected
    assert refusal(b"a" * 30 + b"\n", Limits(header_bytes=30)) == expected


def test_a_long_head_is_413() -> None:
    head = GET + HOST + b"X: y\r\n\r\n"
    assert only(head, Limits(header_bytes=len(head)))
    expected = 413, HEAD_TOO_LONG
    assert refusal(head, Limits(header_bytes=len(head) - 1)) == expected
    assert refusal(head[:-2] + b"endless", Limits(header_bytes=len(head))) == expected


def test_a_long_header_line_is_431() -> None:
    limits = Limits(field_bytes=40)
    line = b"X: %b\r\n"
    assert only(GET + HOST + line % (b"a" * 35) + b"\r\n", limits)
    expected = 431, HEAD_TOO_LONG
    assert refusal(GET + HOST + line % (b"a" * 36) + b"\r\n", limits) == expected
    assert refusal(GET + HOST + b"a" * 41, limits) == expected


def test_of_two_limits_the_one_that_was_broken_first_counts() -> None:
    long = GET + b"X: " + b"a" * 100
    assert refusal(long, Limits(header_bytes=60, field_bytes=50))[0] == 413
    assert refusal(long, Limits(header_bytes=70, field_bytes=50))[0] == 431


def test_0_means_no_limit() -> None:
    limits = Limits(header_bytes=0, field_bytes=0)
    data = b"GET /" + b"a" * 600_000 + b" HTTP/1.1\r\n" + HOST
    data += b"X: " + b"a" * 600_000 + b"\r\n\r\n"
    assert only(data, limits)
    assert len(play([data[:700_000], data[700_000:]], limits).requests) == 1


def test_too_many_header_lines_are_413() -> None:
    limits = Limits(header_count=3)
    assert only(GET + HOST + b"X: y\r\n" * 2 + b"\r\n", limits)
    expected = 413, HEAD_TOO_LONG
    assert refusal(GET + HOST + b"X: y\r\n" * 3 + b"\r\n", limits) == expected


# Heads that come again


def test_an_equal_head_is_the_same_head() -> None:
    reader = HeadReader(Limits())
    data = GET + HOST + b"\r\n"
    first = HTTP1(reader).receive(data)
    assert HTTP1(reader).receive(data)[0] is first[0]
    other = HTTP1(reader)
    assert other.receive(data[:9]) == []
    assert other.receive(data[9:])[0] is first[0]


def test_a_known_head_that_closes_closes() -> None:
    reader = HeadReader(Limits())
    for _ in range(2):
        protocol = HTTP1(reader)
        protocol.receive(GET + HOST + b"Connection: close\r\n\r\n")
        protocol.answer(b"200 OK", [], b"")
        assert not protocol.persists


def test_long_heads_are_not_kept() -> None:
    reader = HeadReader(Limits())
    HTTP1(reader).receive(GET + HOST + b"X: " + b"a" * 2048 + b"\r\n\r\n")
    assert not reader.known


@pytest.mark.parametrize("body", [b"", b"a", b"ab", b"abGET"])
def test_a_head_with_a_body_is_known_again_whatever_comes_with_it(body: bytes) -> None:
    reader = HeadReader(Limits())
    head = GET + HOST + b"Content-Length: 2\r\n\r\n"
    first, second = HTTP1(reader), HTTP1(reader)
    events = first.receive(head + body)
    again = second.receive(head + body)
    assert again[0] is events[0]
    assert list(again) == list(events)
    assert first.receiving_body is second.receiving_body is (len(body) < 2)


def test_few_heads_are_kept() -> None:
    reader = HeadReader(Limits())
    for number in range(2000):
        reader.read(b"GET /%d HTTP/1.1\r\n" % number + HOST + b"\r\n")
    assert 0 < len(reader.known) <= 512


def test_no_head_is_known_that_would_break_a_limit() -> None:
    data = GET + HOST + b"\r\n"
    reader = HeadReader(Limits(header_bytes=len(data) - 1))
    assert reader.known_bytes < len(data)
