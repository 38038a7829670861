"""Heads of answers that are given again and again are framed once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.answers import FramedHeads
from cherrypy.httpd.protocols.events import (
    BodyTooLong,
    BodyTooShort,
    ResponseRefused,
)
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.protocols.http1 import HTTP1

if TYPE_CHECKING:
    from collections.abc import Callable

OK = b"200 OK"
TEXT = (b"Content-Type", b"text/plain")
BODY = b"hello"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n"


class Site:
    """Connections of one server, each of which gets one request."""

    def __init__(
        self,
        version: tuple[int, int] = (1, 1),
        date: Callable[[], bytes] | None = None,
    ) -> None:
        self.framed = FramedHeads()
        self.heads = HeadReader(Limits())
        self.version = version
        self.date = date

    def ask(self, line: bytes = b"GET / HTTP/1.1", fields: bytes = b"") -> HTTP1:
        protocol = HTTP1(
            self.heads, version=self.version, date=self.date, framed=self.framed
        )
        protocol.receive(line + b"\r\nHost: x\r\n" + fields + b"\r\n")
        return protocol

    def answer(
        self,
        status: bytes = OK,
        headers: Any = (TEXT,),
        body: bytes = BODY,
        **how: bool,
    ) -> bytes:
        """Answer a usual request; the fields in a new list."""
        return self.ask().answer(status, list(headers), body, **how)

    def warm(self) -> None:
        """Have the usual answer remembered."""
        assert [self.answer() for _ in range(3)] == [HEAD + BODY] * 3
        assert self.remembers

    @property
    def remembers(self) -> bool:
        """Some head is not only noted, but remembered."""
        return any(known[1] is not None for known in self.framed.values())


def test_an_answer_that_is_known_is_the_same_answer() -> None:
    site = Site()
    site.warm()
    protocol = site.ask()
    assert protocol.answer(OK, [TEXT], b"world") == HEAD + b"world"
    assert protocol.persists
    assert protocol.sends_body
    with pytest.raises(BodyTooLong):
        protocol.body(b"more")
    assert protocol.end() == b""
    assert protocol.persists


def test_a_known_answer_takes_nothing_over_from_the_one_before() -> None:
    site = Site()
    site.warm()
    protocol = site.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1")
    protocol.head(OK, [])
    protocol.end()
    protocol.next_request()
    assert protocol.answer(OK, [TEXT], BODY) == HEAD + BODY
    assert protocol.end() == b""


def test_what_differs_is_framed_anew() -> None:
    site = Site()
    site.warm()
    assert b"404 Not Found\r\n" in site.answer(b"404 Not Found")
    assert b"\r\nX: y\r\n" in site.answer(headers=[TEXT, (b"X", b"y")])
    assert (
        site.answer(headers=[])
        == HEAD.replace(b"Content-Type: text/plain\r\n", b"") + BODY
    )
    assert b"\r\nContent-Length: 6\r\n" in site.answer(body=b"hello!")
    assert site.answer() == HEAD + BODY


def test_head_and_get_are_told_apart() -> None:
    site = Site()
    site.warm()
    for _ in range(3):
        assert site.ask(b"HEAD / HTTP/1.1").answer(OK, [TEXT], BODY) == HEAD
        assert site.answer() == HEAD + BODY


def test_versions_are_told_apart() -> None:
    site = Site()
    site.warm()
    for _ in range(3):
        old = site.ask(b"GET / HTTP/1.0")
        assert b"\r\nConnection: close\r\n" in old.answer(OK, [TEXT], BODY)
        assert not old.persists
        old = site.ask(b"GET / HTTP/1.0", b"Connection: keep-alive\r\n")
        assert b"\r\nConnection: Keep-Alive\r\n" in old.answer(OK, [TEXT], BODY)
        assert old.persists
        assert site.answer() == HEAD + BODY


def test_a_server_of_http_1_0_remembers_nothing() -> None:
    site = Site(version=(1, 0))
    answers = {
        site.ask(fields=b"Connection: keep-alive\r\n").answer(OK, [TEXT], BODY)
        for _ in range(3)
    }
    assert len(answers) == 1
    assert b"\r\nConnection: Keep-Alive\r\n" in answers.pop()
    assert not site.framed


def test_close_and_keep_alive_are_told_apart() -> None:
    site = Site()
    site.warm()
    for _ in range(3):
        for protocol, fields, close in (
            (site.ask(fields=b"Connection: close\r\n"), [TEXT], False),
            (site.ask(), [TEXT, (b"Connection", b"close")], False),
            (site.ask(), [TEXT], True),
        ):
            answer = protocol.answer(OK, fields, BODY, close=close)
            assert b"\r\nConnection: close\r\n" in answer
            assert not protocol.persists
        assert site.answer() == HEAD + BODY


def test_a_connection_does_not_persist_while_a_body_is_received() -> None:
    site = Site()
    site.warm()
    protocol = site.ask(b"POST / HTTP/1.1", b"Content-Length: 1\r\n")
    assert protocol.answer(OK, [TEXT], BODY) == HEAD + BODY
    assert not protocol.persists


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answers_without_body_have_none_when_they_are_known(status: bytes) -> None:
    site = Site()
    answers = {site.answer(status, body=b"stray") for _ in range(3)}
    assert len(answers) == 1
    assert site.remembers
    assert answers.pop().endswith(b"\r\n\r\n")
    protocol = site.ask()
    protocol.answer(status, [TEXT], b"stray")
    assert not protocol.sends_body
    assert protocol.persists


def test_101_is_not_remembered() -> None:
    site = Site()
    for _ in range(3):
        site.answer(b"101 Switching Protocols", [(b"Upgrade", b"x")], b"")
    assert not site.framed


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (OK, [(b"X", b"a\r\nY: b")]),
        (OK, [(b"X", b"a\0")]),
        (OK, [(b"X Y", b"a")]),
        (b"200", [(b"X\n", b"a")]),
        (b"OK", [TEXT]),
        (b"100 Continue", [TEXT]),
        (OK, [(b"Content-Length", b"x")]),
    ],
)
def test_what_is_refused_is_refused_again(
    status: bytes, fields: list[tuple[bytes, bytes]]
) -> None:
    site = Site()
    site.warm()
    for _ in range(3):
        with pytest.raises(ResponseRefused):
            site.answer(status, fields)
    assert site.answer() == HEAD + BODY


def test_a_contradicting_length_is_refused_again() -> None:
    site = Site()
    for _ in range(3):
        assert site.answer(headers=[TEXT, (b"Content-Length", b"5")]) == HEAD + BODY
        with pytest.raises(BodyTooLong):
            site.answer(headers=[TEXT, (b"Content-Length", b"4")])
        with pytest.raises(BodyTooShort):
            site.answer(headers=[TEXT, (b"Content-Length", b"6")])


def test_the_date_of_the_server_goes_on() -> None:
    dates = [b"Sun, 06 Nov 1994 08:49:37 GMT"]
    site = Site(date=lambda: dates[-1])
    for second in range(37, 40):
        dates.append(b"Sun, 06 Nov 1994 08:49:%d GMT" % second)
        for _ in range(3):
            assert b"\r\nDate: " + dates[-1] + b"\r\n" in site.answer()
        assert site.remembers
    assert len(site.framed) == 1


def test_a_connection_that_gives_no_date_gives_none_that_is_known() -> None:
    site = Site(date=lambda: b"now")
    assert all(b"\r\nDate: now\r\n" in site.answer() for _ in range(3))
    site.date = None
    assert site.answer() == HEAD + BODY


def test_the_date_of_the_application_is_its_own() -> None:
    site = Site(date=lambda: b"now")
    for day in b"Mon", b"Tue":
        for _ in range(3):
            answer = site.answer(headers=[(b"Date", day)])
            assert b"\r\nDate: " + day + b"\r\n" in answer
            assert answer.count(b"Date") == 1


def test_fields_that_change_afterwards_change_nothing() -> None:
    site = Site()
    fields = [TEXT]
    for _ in range(3):
        site.ask().answer(OK, fields, BODY)
    fields.append((b"X", b"y"))
    assert site.answer() == HEAD + BODY
    assert b"\r\nX: y\r\n" in site.ask().answer(OK, fields, BODY)


def test_what_may_change_is_not_remembered() -> None:
    site = Site()
    value = bytearray(b"1")
    for number in b"1", b"2":
        value[:] = number
        for fields in [(b"X", value)], [[b"X", value]]:
            for _ in range(3):
                assert b"\r\nX: %b\r\n" % number in site.answer(headers=fields)
    assert not site.remembers


def test_fields_need_not_be_in_a_list() -> None:
    site = Site()
    for _ in range(3):
        for fields in (TEXT,), iter([TEXT]):
            assert site.ask().answer(OK, fields, BODY) == HEAD + BODY
    assert not site.remembers
    site.warm()
    assert site.ask().answer(OK, iter([TEXT]), BODY) == HEAD + BODY


def test_answers_that_always_differ_are_not_remembered() -> None:
    site = Site()
    for number in range(20):
        field = b"ETag", b"%d" % number
        assert b"\r\nETag: %d\r\n" % number in site.answer(headers=[field])
    assert not site.remembers
    assert len(site.framed) == 1


def test_what_is_remembered_is_bounded() -> None:
    site = Site()
    for size in range(1200):
        site.answer(body=bytes(size))
    assert 0 < len(site.framed) <= 512
    before = dict(site.framed)
    for _ in range(3):
        site.answer(headers=[(b"X", bytes(range(32, 127)) * 11)], body=bytes(3000))
    assert site.framed == before
