from __future__ import annotations

import pytest

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.answers import FieldKinds, Statuses
from cherrypy.httpd.protocols.events import (
    BodyTooLong,
    BodyTooShort,
    ResponseRefused,
)
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.protocols.http1 import HTTP1, plain_answer
from tests.httpd.wire import HOST

OK = b"200 OK"
TEXT = (b"Content-Type", b"text/plain")
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
TOO_LONG = (
    "The requested resource returned more bytes than the declared Content-Length."
)


def asked(
    request_line: bytes = b"GET / HTTP/1.1",
    fields: bytes = b"",
    *,
    version: tuple[int, int] = (1, 1),
    date: bool = False,
) -> HTTP1:
    """Return a protocol that waits for an answer."""
    heads = HeadReader(Limits(idle_seconds=7))
    protocol = HTTP1(heads, version=version, date=(lambda: DATE) if date else None)
    protocol.receive(request_line + b"\r\n" + HOST + fields + b"\r\n")
    return protocol


def test_a_whole_answer_gets_its_length() -> None:
    protocol = asked()
    assert protocol.answer(OK, [TEXT], b"hello") == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    )
    assert protocol.persists


def test_the_length_of_the_application_is_taken() -> None:
    length = (b"content-length", b"005")
    answer = asked().answer(OK, [length, TEXT, length], b"hello")
    assert answer.count(b"ontent-") == 2
    assert b"\r\nContent-Length: 5\r\n" in answer


def test_a_body_that_contradicts_its_length_is_refused() -> None:
    protocol = asked()
    with pytest.raises(BodyTooLong, match=TOO_LONG):
        protocol.answer(OK, [(b"Content-Length", b"4")], b"hello")
    with pytest.raises(BodyTooShort, match="fewer bytes"):
        protocol.answer(OK, [(b"Content-Length", b"6")], b"hello")
    assert not protocol.persists
    assert protocol.answer(b"500 Oops", [], b"").startswith(b"HTTP/1.1 500 Oops\r\n")
    assert protocol.persists


@pytest.mark.parametrize(
    "values", [[b""], [b"-1"], [b"x"], [b"5, 5"], [b"5", b"6"], [b"1" * 20]]
)
def test_a_bad_length_is_refused(values: list[bytes]) -> None:
    with pytest.raises(ResponseRefused, match="bad Content-Length"):
        asked().head(OK, [(b"Content-Length", value) for value in values])


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\0", b"\r\nX-Evil: 1"])
def test_cr_lf_and_nul_never_go_out(bad: bytes) -> None:
    protocol = asked()
    for field in (b"X", b"a" + bad), (b"X" + bad, b"a"):
        with pytest.raises(ResponseRefused):
            protocol.answer(OK, [TEXT, field], b"")
    with pytest.raises(ResponseRefused, match="bad status"):
        protocol.answer(OK + bad, [TEXT], b"")
    assert ResponseRefused.status == 500


@pytest.mark.parametrize("name", [b"", b"X Y", b"X:", b"\xe9", b" X"])
def test_a_bad_name_is_refused(name: bytes) -> None:
    with pytest.raises(ResponseRefused, match="bad name"):
        asked().head(OK, [(name, b"a")])


@pytest.mark.parametrize("status", [b"", b"OK", b"20", b"600 X", b"200OK", b"2000"])
def test_a_bad_status_is_refused(status: bytes) -> None:
    with pytest.raises(ResponseRefused, match="bad status"):
        asked().head(status, [])


def test_an_interim_status_is_refused() -> None:
    with pytest.raises(ResponseRefused, match="final status"):
        asked().head(b"100 Continue", [])


def test_a_status_may_lack_its_reason() -> None:
    assert asked().head(b"299", []).startswith(b"HTTP/1.1 299 \r\n")
    assert asked().head(b"299 ", []).startswith(b"HTTP/1.1 299 \r\n")


def test_only_an_undated_answer_gets_a_date() -> None:
    line = b"\r\nDate: " + DATE + b"\r\n"
    assert line in asked(date=True).head(OK, [TEXT])
    other = asked(date=True).head(OK, [(b"date", b"Mon, 07 Nov 1994 08:49:37 GMT")])
    assert other.lower().count(b"date") == 1
    assert b"Date" not in asked().head(OK, [TEXT])


def test_there_is_no_answer_without_a_request() -> None:
    with pytest.raises(RuntimeError, match="no request"):
        HTTP1(HeadReader(Limits())).head(OK, [])


# In pieces


def test_a_stream_of_unknown_length_is_chunked() -> None:
    protocol = asked()
    head = protocol.head(OK, [TEXT, (b"Transfer-Encoding", b"gzip")])
    assert head.endswith(b"text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert protocol.sends_body
    assert protocol.body(b"x" * 17) == b"11\r\n" + b"x" * 17 + b"\r\n"
    assert protocol.body(b"") == b""
    assert not protocol.persists
    assert protocol.end() == b"0\r\n\r\n"
    assert protocol.persists


def test_a_chunked_answer_may_have_trailers() -> None:
    protocol = asked()
    protocol.head(OK, [])
    assert protocol.end([(b"X", b"y"), (b"Z", b"")]) == b"0\r\nX: y\r\nZ: \r\n\r\n"


@pytest.mark.parametrize(
    "field", [(b"X", b"a\nb"), (b"X Y", b"a"), (b"Content-Length", b"1")]
)
def test_a_bad_trailer_is_refused(field: tuple[bytes, bytes]) -> None:
    protocol = asked()
    protocol.head(OK, [])
    with pytest.raises(ResponseRefused, match="bad trailer"):
        protocol.end([field])


def test_a_stream_of_known_length_is_counted() -> None:
    protocol = asked()
    protocol.head(OK, [(b"Content-Length", b"5")])
    assert protocol.body(b"he") == b"he"
    protocol.count(2)
    with pytest.raises(BodyTooLong, match=TOO_LONG):
        protocol.body(b"lo")
    with pytest.raises(BodyTooLong, match=TOO_LONG):
        protocol.count(2)
    with pytest.raises(BodyTooShort):
        protocol.end()
    assert not protocol.persists
    assert protocol.body(b"o") == b"o"
    assert protocol.end([(b"X", b"dropped")]) == b""
    assert protocol.persists


def test_http_1_0_gets_a_stream_until_the_close() -> None:
    protocol = asked(b"GET / HTTP/1.0", b"Connection: keep-alive\r\n")
    head = protocol.head(OK, [TEXT])
    assert head.endswith(b"text/plain\r\nConnection: close\r\n\r\n")
    assert protocol.body(b"abc") == b"abc"
    assert protocol.end() == b""
    assert not protocol.persists


# Answers without a body


@pytest.mark.parametrize(
    ("status", "length", "sent"),
    [
        (b"204 No Content", None, None),
        (b"204 No Content", b"5", None),
        (b"205 Reset Content", None, b"0"),
        (b"205 Reset Content", b"5", b"0"),
        (b"304 Not Modified", None, None),
        (b"304 Not Modified", b"9", b"9"),
    ],
)
def test_some_statuses_have_no_body(
    status: bytes, length: bytes | None, sent: bytes | None
) -> None:
    fields = [(b"Content-Length", length)] if length else []
    line = b"" if sent is None else b"Content-Length: %b\r\n" % sent
    head = b"HTTP/1.1 " + status + b"\r\n" + line + b"\r\n"
    protocol = asked()
    assert protocol.answer(status, fields, b"stray") == head
    assert protocol.persists
    assert protocol.head(status, fields) == head
    assert not protocol.sends_body
    assert protocol.body(b"stray") == b""
    assert protocol.end() == b""
    assert protocol.persists


@pytest.mark.parametrize(
    ("length", "body", "sent"),
    [(b"5", b"", b"5"), (b"5", b"hello", b"5"), (None, b"hello", b"5")],
)
def test_head_gets_the_length_but_no_body(
    length: bytes | None, body: bytes, sent: bytes
) -> None:
    protocol = asked(b"HEAD / HTTP/1.1")
    fields = [(b"Content-Length", length)] if length else []
    answer = protocol.answer(OK, fields, body)
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: " + sent + b"\r\n\r\n"
    assert protocol.persists


def test_head_without_a_length_closes() -> None:
    for protocol in asked(b"HEAD / HTTP/1.1"), asked(b"HEAD / HTTP/1.1"):
        assert protocol.answer(OK, [], b"").endswith(b"OK\r\nConnection: close\r\n\r\n")
        assert not protocol.persists


def test_101_ends_http() -> None:
    protocol = asked()
    fields = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    assert protocol.answer(b"101 Switching Protocols", fields, b"") == (
        b"HTTP/1.1 101 Switching Protocols\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    assert not protocol.persists


# Whether the connection persists


def test_a_close_is_honoured_and_echoed() -> None:
    by_app = asked(), [(b"Connection", b"x, Close")], False
    by_client = asked(fields=b"Connection: close\r\n"), [TEXT], False
    by_server = asked(), [TEXT], True
    for protocol, fields, close in by_app, by_client, by_server:
        answer = protocol.answer(OK, fields, b"", close=close)
        assert answer.count(b"onnection") == 1
        assert b"\r\nConnection: close\r\n" in answer
        assert not protocol.persists


def test_the_server_alone_speaks_of_keeping_alive() -> None:
    fields = [(b"Connection", b"keep-alive"), (b"Keep-Alive", b"timeout=99")]
    protocol = asked()
    assert b"eep" not in protocol.answer(OK, fields, b"")
    assert protocol.persists


@pytest.mark.parametrize(
    ("line", "version"),
    [(b"GET / HTTP/1.0", (1, 1)), (b"GET / HTTP/1.1", (1, 0))],
)
def test_http_1_0_is_told_that_the_connection_is_kept(
    line: bytes, version: tuple[int, int]
) -> None:
    protocol = asked(line, b"Connection: keep-alive\r\n", version=version)
    assert protocol.answer(OK, [], b"") == (
        b"HTTP/%d.%d 200 OK\r\nContent-Length: 0\r\n"
        b"Connection: Keep-Alive\r\nKeep-Alive: timeout=7\r\n\r\n" % version
    )
    assert protocol.persists


# What is remembered, and what the server says itself


def test_made_up_names_and_statuses_do_not_pile_up() -> None:
    kinds, statuses = FieldKinds(), Statuses()
    for number in range(3000):
        assert kinds[b"X-%d" % number] == 0
        assert statuses[b"200 %d" % number] == (b"200 %d" % number, 0)
    assert len(kinds) == len(statuses) == 1024


def test_a_plain_answer_has_neither_date_nor_server() -> None:
    assert plain_answer(400, "Nö") == (
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n"
        b"Content-Type: text/plain\r\nConnection: close\r\n\r\nN\xc3\xb6"
    )
    busy = plain_answer(
        503, "x", headers=[(b"Retry-After", b"1")], version=(1, 0), with_body=False
    )
    assert busy == (
        b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 1\r\n"
        b"Content-Type: text/plain\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"
    )
