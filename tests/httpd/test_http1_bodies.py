from __future__ import annotations

import pytest

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.events import Data, EndOfBody, RequestRefused
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.protocols.http1 import HTTP1
from tests.httpd.wire import HOST, bytewise, only, play, refusal

POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
TOO_LONG = "The entity sent with the request exceeds the maximum allowed bytes."


def protocol(limits: Limits | None = None) -> HTTP1:
    return HTTP1(HeadReader(limits or Limits()))


def test_a_body_of_known_length_ends_there() -> None:
    data = POST + b"Content-Length: 5\r\n\r\nhello"
    for pieces in [data], bytewise(data), [data + GET], [data[:-3], data[-3:] + GET]:
        outcome = play(pieces)
        assert outcome.requests[0].head.content_length == 5
        assert outcome.requests[0].body == b"hello"
        assert outcome.requests[0].complete
        assert outcome.refused is None


def test_a_body_of_length_0_is_none() -> None:
    request = only(POST + b"Content-Length: 0\r\n\r\n")
    assert request.head.content_length == 0
    assert not request.head.has_body


def test_chunks_are_joined() -> None:
    data = CHUNKED + b'5\r\nhello\r\n006;a;b=c;d="e;\\"\xe9"\r\n world\r\n0;x\r\n\r\n'
    for pieces in [data], bytewise(data), [data + GET]:
        request = play(pieces).requests[0]
        assert request.head.chunked
        assert request.head.content_length is None
        assert request.body == b"hello world"
        assert request.complete


def test_a_call_yields_at_most_one_piece_of_data() -> None:
    events = protocol().receive(CHUNKED + b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    assert events[1:] == [Data(b"ab"), EndOfBody()]


def test_trailers_come_with_the_end() -> None:
    data = CHUNKED + b"1\r\na\r\n0\r\nX: y \r\nX_Y: z\r\nx:\r\n\r\n"
    for pieces in [data], bytewise(data):
        assert play(pieces).requests[0].trailers == ((b"x", b"y"), (b"x", b""))


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"Z", b"-5", b"+5", b"0x5", b"5 ", b" 5", b"5\t", b"5_", b"5\x00"),
        *(
            b"5h",
            b"5,",
            b"5.0",
            b"5\r",
            b"5\n",
            b"5;",
            b"5;a\nb",
            b"5;a\rb",
            b"5;a\x00",
        ),
        *(b"5;a=", b'5;a="', b'5;a="b', b"5;a b", b"5;;", b"\xd9\xa5", b"5 ;a"),
    ],
)
def test_a_bad_chunk_size_is_refused(line: bytes) -> None:
    data = CHUNKED + line + b"\r\nhello\r\n0\r\n\r\n"
    assert refusal(data) == (400, "Malformed chunk size.")


@pytest.mark.parametrize("end", [b"X", b"XX", b"\n", b"\r0", b"\n\r", b"x\r\n", b"0"])
def test_a_chunk_longer_than_its_size_is_refused(end: bytes) -> None:
    data = CHUNKED + b"5\r\nhello" + end + b"\r\n0\r\n\r\n"
    assert refusal(data) == (400, "A chunk is longer than its size.")


@pytest.mark.parametrize(
    "line", [b"NoColon", b"X : y", b": y", b"X: a\x00b", b"X: a\nY: b", b" X: y"]
)
def test_a_bad_trailer_line_is_refused(line: bytes) -> None:
    data = CHUNKED + b"0\r\n" + line + b"\r\n\r\n"
    assert refusal(data) == (400, "Illegal trailer line.")


@pytest.mark.parametrize("name", [b"Content-Length", b"HOST", b"transfer-encoding"])
def test_a_forbidden_trailer_is_refused(name: bytes) -> None:
    data = CHUNKED + b"0\r\n" + name + b": 1\r\n\r\n"
    assert refusal(data) == (400, "A field that may not be a trailer.")


# Sizes


def test_a_body_over_the_limit_is_413() -> None:
    limits = Limits(body_bytes=5)
    assert only(POST + b"Content-Length: 5\r\n\r\nhello", limits)
    assert refusal(POST + b"Content-Length: 6\r\n\r\n", limits) == (413, TOO_LONG)
    assert only(CHUNKED + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", limits)
    data = CHUNKED + b"3\r\nhel\r\n3\r\n"
    assert refusal(data, limits) == (413, TOO_LONG)


@pytest.mark.parametrize("body_bytes", [0, 100])
@pytest.mark.parametrize(
    "size", [b"8000000000000000", b"F" * 16, b"F" * 17, b"1" + b"0" * 15 + b"5"]
)
def test_a_chunk_size_never_overflows(size: bytes, body_bytes: int) -> None:
    data = CHUNKED + size + b"\r\n"
    assert refusal(data, Limits(body_bytes=body_bytes)) == (413, TOO_LONG)


def test_a_chunk_size_line_is_bounded() -> None:
    limits = Limits(chunk_line_bytes=10)
    assert only(CHUNKED + b"00000001\r\na\r\n0\r\n\r\n", limits)
    for line in b"000000001\r\na", b"000000001", b"1;aaaaaaaa\r\n", b"1" + b"0" * 99:
        assert play([CHUNKED + line, b"00"], limits).refused == (413, TOO_LONG)
        assert play(bytewise(CHUNKED + line + b"00"), limits).refused is not None


def test_chunk_extensions_of_a_body_are_bounded() -> None:
    limits = Limits(chunk_extension_bytes=10)
    chunk = b"1;abcd\r\na\r\n"
    assert only(CHUNKED + chunk * 2 + b"0\r\n\r\n", limits)
    assert refusal(CHUNKED + chunk * 3, limits) == (413, TOO_LONG)


def test_trailers_are_bounded() -> None:
    trailers = b"X: y\r\n" * 3 + b"\r\n"
    data = CHUNKED + b"0\r\n" + trailers
    for limits in Limits(trailer_bytes=20), Limits(header_count=3):
        assert only(data, limits)
    for limits in Limits(trailer_bytes=19), Limits(header_count=2):
        assert refusal(data, limits) == (413, TOO_LONG)


# The end of the stream


def test_an_end_between_requests_is_no_fault() -> None:
    for data in b"", b"\r\n", GET, CHUNKED + b"0\r\n\r\n":
        assert play([data], eof=True).refused is None


@pytest.mark.parametrize("data", [b"G", b"GET / HT", GET[:15]])
def test_an_end_in_the_request_line_is_refused(data: bytes) -> None:
    refused = play([data], eof=True).refused
    assert refused == (400, "HTTP requires CRLF terminators")


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", GET[:20], GET[:-2], GET[:-1]])
def test_an_end_in_the_fields_is_refused(data: bytes) -> None:
    for pieces in [data], bytewise(data):
        refused = play(pieces, eof=True).refused
        assert refused == (400, "Illegal end of headers.")


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Content-Length: 2\r\n\r\na",
        CHUNKED,
        CHUNKED + b"5",
        CHUNKED + b"5\r\nhel",
        CHUNKED + b"5\r\nhello",
        CHUNKED + b"5\r\nhello\r",
        CHUNKED + b"5\r\nhello\r\n0\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\n\r",
    ],
)
def test_an_end_in_the_body_is_refused(data: bytes) -> None:
    refused = play([data], eof=True).refused
    assert refused == (400, "The request body ended before its time.")


# What the server asks meanwhile


def test_the_protocol_tells_where_it_stands() -> None:
    p = protocol(Limits(pipeline_bytes=10))
    assert (p.receiving_head, p.receiving_body, p.wants_data) == (False, False, True)
    assert p.body_remaining == 0
    p.receive(POST)
    assert (p.receiving_head, p.receiving_body, p.wants_data) == (True, False, True)
    p.receive(b"Content-Length: 5\r\n\r\nhe")
    assert p.request is not None
    assert (p.receiving_head, p.receiving_body, p.wants_data) == (False, True, True)
    assert p.body_remaining == 3
    p.receive(b"llo" + b"G" * 9)
    assert (p.receiving_head, p.receiving_body, p.wants_data) == (False, False, True)
    assert p.receive(b"E") == []
    assert not p.wants_data


def test_a_chunked_body_does_not_tell_what_remains() -> None:
    p = protocol()
    p.receive(CHUNKED)
    assert p.body_remaining is None


def test_the_next_request_waits_for_the_answer() -> None:
    p = protocol()
    assert len(p.receive(GET + GET[:10])) == 1
    assert p.receive(GET[10:] + b"\r\n" + GET) == []
    for _ in range(2):
        with pytest.raises(RuntimeError):
            p.next_request()
        p.answer(b"200 OK", [], b"")
        assert len(p.next_request()) == 1
    p.answer(b"200 OK", [], b"")
    assert p.next_request() == ()


def test_a_bad_request_waits_for_its_turn() -> None:
    p = protocol()
    assert len(p.receive(GET + b"BAD\r\n\r\n" + GET)) == 1
    p.answer(b"200 OK", [], b"")
    with pytest.raises(RequestRefused) as info:
        p.next_request()
    assert (info.value.status, info.value.message) == (400, "Malformed Request-Line")
    assert p.receive(GET) == ()


def test_a_request_whose_body_is_not_all_here_is_the_last() -> None:
    p = protocol()
    p.receive(POST + b"Content-Length: 5\r\n\r\nhe")
    p.answer(b"200 OK", [], b"")
    assert not p.persists
