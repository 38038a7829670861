"""Responses: what a page may return, and the form in which it leaves."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.errors import HTTPError
from cherrypy.core.lazy import lazy
from cherrypy.core.response import Response, ResponseBody
from cherrypy.http.filebody import FileBody
from tests.core.sites import Closing, client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from http.cookies import SimpleCookie
    from pathlib import Path


@pytest.fixture
def response() -> Response:
    return Response()


class Ready:
    """A cookie that is ready to be sent."""

    text = "ready=1; Path=/"

    def put(self, cookies: SimpleCookie) -> None:
        cookies["ready"] = "1"
        cookies["ready"]["path"] = "/"


def header(response: Response, name: bytes) -> list[bytes]:
    return [value for key, value in response.header_list if key == name]


class TestBody:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (b"page", [b"page"]),
            (b"", []),
            ("", []),
            (None, []),
            ([b"a", b"b"], [b"a", b"b"]),
            (bytearray(b"page"), [b"page"]),
            (memoryview(b"page"), [b"page"]),
            ((b"a", b"b"), (b"a", b"b")),
        ],
    )
    def test_of_bytes_becomes_an_iterable_of_them(
        self, response: Response, given: Any, kept: Any
    ) -> None:
        response.body = given
        assert response.body == kept

    @pytest.mark.parametrize("given", ["page", [b"a", "b"]])
    def test_of_text_is_refused(self, response: Response, given: Any) -> None:
        with pytest.raises(ValueError, match="Page handlers MUST return bytes"):
            response.body = given
        assert isinstance(Response.body, ResponseBody)

    @pytest.mark.parametrize(
        ("kind", "advice"),
        [("text/html", "not what is set as the body"), ("image/png", "text_only")],
    )
    def test_of_text_is_refused_with_the_way_out_for_its_type(
        self, response: Response, kind: str, advice: str
    ) -> None:
        response.headers["Content-Type"] = kind
        with pytest.raises(ValueError, match=advice):
            response.body = "page"

    def test_of_a_subclass_of_bytes_is_bytes(self, response: Response) -> None:
        class Markup(bytes):
            pass

        response.body = Markup(b"page")
        assert response.collapse_body() == b"page"

    def test_of_a_file_is_what_can_be_read_from_it(
        self, response: Response, tmp_path: Path
    ) -> None:
        path = tmp_path / "page"
        path.write_bytes(b"page")
        response.body = path.open("rb")
        assert isinstance(response.body, FileBody)
        response.finalize()
        assert header(response, b"Content-Length") == [b"4"]
        assert isinstance(response.body, FileBody)
        assert b"".join(response.body) == b"page"

    def test_of_something_like_a_file_is_read_for_its_length(
        self, response: Response
    ) -> None:
        response.body = io.BytesIO(b"page")
        response.finalize()
        assert header(response, b"Content-Length") == [b"4"]
        assert response.body == [b"page"]

    def test_that_is_a_file_already_is_left_alone(self, response: Response) -> None:
        body = FileBody(io.BytesIO(b"page"), 2)
        response.body = body
        assert response.body is body
        response.finalize()
        assert header(response, b"Content-Length") == [b"2"]

    def test_of_an_asynchronous_generator_is_read_chunk_by_chunk(
        self, response: Response
    ) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"a"
            yield b"b"

        response.body = chunks()
        assert list(response.body) == [b"a", b"b"]

    @pytest.mark.parametrize("given", [42, object(), True])
    def test_of_anything_else_says_what_to_do(
        self, response: Response, given: Any
    ) -> None:
        with pytest.raises(TypeError, match=r"tools\.json_out"):
            response.body = given

    def test_with_a_chunk_that_is_no_bytes_says_what_to_do(
        self, response: Response
    ) -> None:
        response.body = (chunk for chunk in [b"a", 42])
        with pytest.raises(TypeError, match="'int'"):
            response.collapse_body()


class TestCollapsing:
    def test_joins_the_chunks_and_closes_them(self, response: Response) -> None:
        body = Closing(b"a", b"", b"b")
        response.body = body
        assert response.collapse_body() == b"ab"
        assert (response.body, body.closed) == ([b"ab"], 1)

    def test_of_nothing_is_nothing(self, response: Response) -> None:
        response.body = iter(())
        assert response.collapse_body() == b""
        assert response.body == []

    def test_that_fails_closes_once(self, response: Response) -> None:
        body = Closing(b"a", LookupError())
        response.body = body
        with pytest.raises(LookupError):
            response.collapse_body()
        response.discard_body()
        assert (response.body, body.closed) == ([], 1)


class TestFinalizing:
    @pytest.mark.parametrize(
        ("given", "text"),
        [
            (None, "200 OK"),
            ("", "200 OK"),
            (404, "404 Not Found"),
            ("201 Made Here", "201 Made Here"),
            (599, "599 "),
            ("200", "200 OK"),
        ],
    )
    def test_settles_the_status(
        self, response: Response, given: Any, text: str
    ) -> None:
        response.status = given
        response.finalize()
        assert (response.status, response.output_status) == (text, text.encode())

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("abc", "Illegal response status from server ('abc' is non-numeric)."),
            (99, "Illegal response status from server (99 is out of range)."),
            (600, "Illegal response status from server (600 is out of range)."),
        ],
    )
    def test_refuses_what_is_no_status(
        self, response: Response, given: Any, message: str
    ) -> None:
        response.status = given
        with pytest.raises(HTTPError) as caught:
            response.finalize()
        assert (caught.value.code, caught.value._message) == (500, message)

    def test_a_bad_status_is_answered_with_500(self) -> None:
        def index() -> str:
            cherrypy.response.status = "abc"
            return "page"

        answer = client(index=index).get("/")
        assert answer.status_code == 500
        assert "is non-numeric" in answer.text

    def test_a_reason_cannot_begin_a_line(self, response: Response) -> None:
        response.status = "200 fine\r\nX-Evil: 1"
        response.finalize()
        assert b"\r" not in response.output_status
        assert b"\n" not in response.output_status

    def test_the_first_headers_are_content_type_server_and_date(
        self, response: Response
    ) -> None:
        response.body = b"page"
        response.finalize()
        names = [name for name, _ in response.header_list]
        assert names == [b"Content-Type", b"Server", b"Date", b"Content-Length"]
        assert header(response, b"Server") == [b"CherryPy"]

    @pytest.mark.parametrize("length", [10, "10"])
    def test_a_length_that_the_page_has_set_stays(
        self, response: Response, length: Any
    ) -> None:
        response.headers["Content-Length"] = length
        response.body = iter([b"page"])
        response.finalize()
        assert header(response, b"Content-Length") == [b"10"]
        assert not isinstance(response.body, list)

    def test_a_length_of_none_is_worked_out(self, response: Response) -> None:
        response.headers["Content-Length"] = None
        response.body = [b"page", b"s"]
        response.finalize()
        assert header(response, b"Content-Length") == [b"5"]

    def test_a_stream_has_no_length_unless_it_says_so(self, response: Response) -> None:
        response.stream = True
        response.headers["Content-Length"] = None
        response.body = body = Closing(b"page")
        response.finalize()
        assert header(response, b"Content-Length") == []
        assert response.body is body

    @pytest.mark.parametrize("status", [101, 204, 205, 304])
    @pytest.mark.parametrize("stream", [False, True])
    def test_an_answer_without_a_body_drops_and_closes_it(
        self, response: Response, status: int, stream: bool
    ) -> None:
        body = Closing(b"page")
        response.status, response.stream, response.body = status, stream, body
        response.headers["Content-Length"] = "4"
        response.finalize()
        assert (response.body, body.closed) == ([], 1)
        assert header(response, b"Content-Length") == []
        assert header(response, b"Content-Type") == [b"text/html"]
        # A page that yields does its work all the same, unless it may have no end.
        assert len(list(body.chunks)) == (1 if stream else 0)

    def test_a_file_for_an_answer_without_a_body_is_closed_unread(
        self, response: Response
    ) -> None:
        file = io.BytesIO(b"page")
        response.status, response.body = 304, file
        response.finalize()
        assert file.closed

    def test_headers_may_be_anything_that_has_a_text(self, response: Response) -> None:
        response.headers["X-Number"] = 42
        response.headers["X-Bytes"] = b"raw"
        response.headers["X-Text"] = "\xe9"
        response.headers["X-Wide"] = "\u20ac"
        response.headers["X-Lines"] = "a\r\nb\x00c\x7f"
        response.finalize()
        assert header(response, b"X-Number") == [b"42"]
        assert header(response, b"X-Bytes") == [b"raw"]
        assert header(response, b"X-Text") == [b"\xe9"]
        assert header(response, b"X-Wide") == [b"=?utf-8?b?4oKs?="]
        assert header(response, b"X-Lines") == [b"abc"]

    def test_a_ready_cookie_is_sent_as_it_is(self, response: Response) -> None:
        response.ready_cookie = Ready()
        response.finalize()
        assert header(response, b"Set-Cookie") == [b"ready=1; Path=/"]
        assert "cookie" not in vars(response)

    def test_a_ready_cookie_is_there_for_whoever_looks(
        self, response: Response
    ) -> None:
        response.ready_cookie = Ready()
        assert response.cookie["ready"].value == "1"
        response.cookie["a"] = "2"
        response.cookie["ready"]["path"] = "/there"
        response.finalize()
        found = header(response, b"Set-Cookie")
        assert found == [b"a=2", b"ready=1; Path=/there"]

    def test_a_ready_cookie_can_be_taken_away(self, response: Response) -> None:
        response.ready_cookie = Ready()
        del response.cookie["ready"]
        response.finalize()
        assert header(response, b"Set-Cookie") == []

    def test_cookies_come_last_in_the_order_of_their_names(
        self, response: Response
    ) -> None:
        response.cookie["b"] = "2"
        response.cookie["a"] = "1"
        response.cookie["a"]["path"] = "/"
        response.finalize()
        assert response.header_list[-2:] == [
            (b"Set-Cookie", b"a=1; Path=/"),
            (b"Set-Cookie", b"b=2"),
        ]


class TestTime:
    def test_a_response_gives_up_after_its_timeout(
        self, response: Response, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.monotonic()
        assert response.timeout == 300
        monkeypatch.setattr(time, "monotonic", lambda: now + 299)
        response.check_timeout()
        assert response.timed_out is False
        monkeypatch.setattr(time, "monotonic", lambda: now + 301)
        response.check_timeout()
        assert response.timed_out is True

    def test_a_page_that_was_given_up_is_answered_with_500(self) -> None:
        def index() -> str:
            cherrypy.response.timeout = -1
            cherrypy.response.check_timeout()
            return "page"

        answer = client({"request.show_tracebacks": True}, index=index).get("/")
        assert answer.status_code == 500
        assert "TimeoutError: 'GET / HTTP/1.1' took longer" in answer.text

    def test_a_page_is_not_called_when_its_body_took_too_long(self) -> None:
        called: list[str] = []

        def index(**form: str) -> str:
            called.append("index")
            return "page"

        def slow() -> None:
            cherrypy.response.timed_out = True

        site = client({"hooks.before_request_body": slow}, index=index)
        assert site.post("/", data={"a": "1"}).status_code == 500
        assert not called

    def test_the_error_can_be_raised_by_hand(self) -> None:
        def index() -> Iterator[bytes]:
            raise cherrypy.TimeoutError

        assert client(index=index).get("/").status_code == 500


class TestDefaults:
    def test_a_subclass_may_have_other_headers(self) -> None:
        class Quiet(Response):
            default_headers = {"Content-Type": "text/plain", "Date": ""}  # noqa: RUF012

        response = Quiet()
        response.finalize()
        assert [name for name, _ in response.header_list][:2] == [
            b"Content-Type",
            b"Date",
        ]

    def test_a_lazy_attribute_has_a_default_and_a_description(self) -> None:
        class Thing:
            part = lazy(lambda thing: [thing], "default")

        thing = Thing()
        assert Thing.part == "default"
        assert thing.part == [thing]
        assert thing.part is thing.part
