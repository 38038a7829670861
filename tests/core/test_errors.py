"""Errors and redirects: what they say, and what they write into a response."""

from __future__ import annotations

from contextvars import Context
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.core.context import Serving, current
from cherrypy.core.errors import (
    CherryPyException,
    HTTPError,
    HTTPRedirect,
    InternalRedirect,
    NotFound,
    TimeoutError,
)
from cherrypy.core.request import Request
from cherrypy.core.response import Response

if TYPE_CHECKING:
    from collections.abc import Iterator


def body_of(response: Response) -> bytes:
    return response.collapse_body()


def test_all_are_exceptions_of_the_framework() -> None:
    for kind in (HTTPError, HTTPRedirect, InternalRedirect, NotFound, TimeoutError):
        assert issubclass(kind, CherryPyException)


class TestHTTPError:
    @pytest.mark.parametrize(
        ("status", "code", "reason"),
        [
            (404, 404, "Not Found"),
            ("404", 404, "Not Found"),
            ("404 Gone Fishing", 404, "Gone Fishing"),
            (HTTPStatus.CONFLICT, 409, "Conflict"),
            (450, 450, ""),
        ],
    )
    def test_a_status_has_a_code_and_a_reason(
        self, status: int | str, code: int, reason: str
    ) -> None:
        error = HTTPError(status)
        assert (error.status, error.code, error.reason) == (status, code, reason)

    @pytest.mark.parametrize("status", [200, 303, 399, 600, 0, "abc", "999 x"])
    def test_other_statuses_are_refused(self, status: int | str) -> None:
        with pytest.raises(ValueError, match=r"status|Illegal"):
            HTTPError(status)

    def test_the_default_is_500_with_an_explanation(self) -> None:
        error = HTTPError()
        assert error.code == 500
        assert error._message.startswith("The server encountered an unexpected")

    def test_it_shows_what_it_was_made_of(self) -> None:
        assert str(HTTPError(404, "x")) == "(404, 'x')"
        assert HTTPError(404).args == (404, None)

    def test_it_translates_an_exception(self) -> None:
        with (
            pytest.raises(HTTPError, match="404, 'no spam'") as raised,
            HTTPError.handle(LookupError, 404),
        ):
            raise IndexError("no spam")
        assert isinstance(raised.value.__cause__, IndexError)

    def test_it_translates_with_another_message(self) -> None:
        with (
            pytest.raises(HTTPError) as raised,
            HTTPError.handle(KeyError, message="m"),
        ):
            raise KeyError
        assert (raised.value.code, raised.value._message) == (500, "m")

    def test_it_translates_no_other_exception(self) -> None:
        with pytest.raises(ZeroDivisionError), HTTPError.handle(KeyError, 404):
            raise ZeroDivisionError

    def test_it_lets_a_block_pass_that_raises_nothing(self) -> None:
        with HTTPError.handle(KeyError, 404):
            pass

    def test_it_writes_itself_into_the_present_response(self, serving: Serving) -> None:
        HTTPError(410, "It was <here>.").set_response()
        assert serving.response.status == 410
        assert serving.response.headers["Content-Type"] == "text/html;charset=utf-8"
        body = body_of(serving.response)
        assert b"<h2>410 Gone</h2>" in body
        assert b"<p>It was &lt;here&gt;.</p>" in body

    @pytest.mark.parametrize(
        ("given", "status"),
        [(404, 404), ("404", "404 Not Found"), ("404 Gone", "404 Gone")],
    )
    def test_a_number_stays_a_number_as_status_of_the_response(
        self, serving: Serving, given: int | str, status: int | str
    ) -> None:
        HTTPError(given).set_response()
        assert serving.response.status == status
        serving.response.finalize()
        assert str(serving.response.status).startswith("404 ")

    def test_it_writes_itself_into_a_given_response(self, serving: Serving) -> None:
        request, response = Request(None, None), Response()
        seen: list[Any] = []

        def page(**fields: str) -> str:
            seen.append(current.get())
            return "custom"

        request.error_page = {404: page}
        HTTPError(404).set_response(response, request)
        assert body_of(response).strip() == b"custom"
        assert (seen[0].request, seen[0].response) == (request, response)
        assert current.get() is serving
        assert body_of(serving.response) == b""

    def test_a_line_end_in_the_reason_is_taken_out(self, serving: Serving) -> None:
        HTTPError("500 Bad\r\nSet-Cookie: a=b", "line\r\nend").set_response()
        assert serving.response.status == "500 BadSet-Cookie: a=b"
        serving.response.finalize()
        assert b"\r" not in serving.response.output_status
        assert b"\n" not in serving.response.output_status

    def test_headers_that_described_the_page_are_removed(
        self, serving: Serving
    ) -> None:
        headers = serving.response.headers
        headers.update(
            {"ETag": "x", "Age": "1", "Content-Length": "1", "Content-Range": "z"}
        )
        headers.update({"Allow": "GET", "WWW-Authenticate": "Basic"})
        HTTPError(405).set_response()
        assert not {"Etag", "Age", "Content-Length", "Content-Range"} & set(headers)
        assert headers["Allow"] == "GET"
        assert headers["WWW-Authenticate"] == "Basic"

    def test_416_keeps_its_content_range(self, serving: Serving) -> None:
        serving.response.headers["Content-Range"] = "bytes */10"
        HTTPError(416).set_response()
        assert serving.response.headers["Content-Range"] == "bytes */10"

    def test_the_body_of_the_failed_page_is_closed(self, serving: Serving) -> None:
        closed: list[bool] = []

        def page() -> Iterator[bytes]:
            try:
                yield b"unsent"
            finally:
                closed.append(True)

        body = page()
        next(body)
        serving.response.body = body
        HTTPError(500).set_response()
        assert closed

    @pytest.mark.parametrize(("shown", "count"), [(True, 1), (False, 0)])
    def test_a_traceback_is_shown_if_it_may_be(
        self, serving: Serving, shown: bool, count: int
    ) -> None:
        serving.request.show_tracebacks = shown
        try:
            raise HTTPError(404)
        except HTTPError as error:
            error.set_response()
        assert body_of(serving.response).count(b"Traceback (most recent") == count

    def test_a_subclass_may_make_another_page(self, serving: Serving) -> None:
        class Teapot(HTTPError):
            def get_error_page(self, *args: Any, **kwargs: Any) -> bytes:
                assert sorted(kwargs) == ["message", "traceback"]
                return b"short and stout"

        Teapot(418).set_response()
        assert body_of(serving.response) == b"short and stout"


class TestHandlers:
    class Own(HTTPError):
        def __init__(self, colour: str) -> None:
            super().__init__(404, "gone")
            self.colour = colour

    @pytest.mark.parametrize(
        "handler",
        [HTTPError("404 Gone", "fishing"), NotFound("/x"), HTTPRedirect("/x"), Own("")],
    )
    def test_an_instance_raises_another_like_it_each_time(
        self, handler: HTTPError | HTTPRedirect
    ) -> None:
        for _ in range(2):
            with pytest.raises(type(handler)) as caught:
                handler("argument", name="value")
            assert caught.value is not handler
            assert caught.value.args == handler.args
            assert vars(caught.value) == vars(handler)
        # What is raised keeps the frames that it passed, and those keep the request.
        assert handler.__traceback__ is None


class TestNotFound:
    def test_it_names_the_path_of_the_request(self, serving: Serving) -> None:
        error = NotFound()
        assert (error.code, error._message) == (
            404,
            "The path '/app/page' was not found.",
        )

    def test_it_names_a_given_path(self) -> None:
        assert NotFound("/x")._message == "The path '/x' was not found."


class TestHTTPRedirect:
    @pytest.mark.parametrize(
        ("url", "joined"),
        [
            ("", "http://host.example/app/page"),
            ("x", "http://host.example/app/x"),
            ("/x", "http://host.example/x"),
            ("../x", "http://host.example/x"),
            ("?a=1", "http://host.example/app/page?a=1"),
            ("#f", "http://host.example/app/page#f"),
            ("https://other.example/y", "https://other.example/y"),
            (b"x", "http://host.example/app/x"),
            (b"\xc3\xa9", "http://host.example/app/é"),
        ],
    )
    def test_a_url_is_joined_to_the_present_one(
        self, serving: Serving, url: str | bytes, joined: str
    ) -> None:
        assert HTTPRedirect(url).urls == [joined]

    def test_one_that_was_made_with_the_program_starts_at_the_page(
        self, serving: Serving
    ) -> None:
        redirect, changed = (
            Context().run(HTTPRedirect, ["x", b"/y", "https://other.example/"])
            for _ in range(2)
        )
        redirect.set_response()
        assert serving.response.headers["Location"] == "http://host.example/app/x"
        assert b'"http://host.example/y"' in body_of(serving.response)
        changed.urls = ["https://elsewhere.example/"]
        changed.set_response()
        assert serving.response.headers["Location"] == "https://elsewhere.example/"

    @pytest.mark.parametrize("relative", [False, True, "server"])
    @pytest.mark.parametrize(
        "url",
        [
            "//evil.example/x",
            "/\\evil.example/x",
            "\\\\evil.example/x",
            "\\/evil.example/x",
            "///evil.example/x",
            " //evil.example/x",
            "\t//evil.example/x",
            "/\t/evil.example/x",
            "/\n\\evil.example/x",
            "/.//evil.example/x",
            "././/evil.example/x",
        ],
    )
    def test_a_path_stays_on_this_host(
        self, serving: Serving, url: str, relative: bool | str
    ) -> None:
        serving.request.app = SimpleNamespace(relative_urls=relative)
        (joined,) = HTTPRedirect(url).urls
        if joined.startswith("http:"):
            assert joined.startswith("http://host.example/")
        else:
            assert joined[:2] not in ("//", "/\\", "\\/", "\\\\")
            assert not set(joined) & set("\t\n ")

    def test_the_present_path_may_begin_with_two_slashes(
        self, serving: Serving
    ) -> None:
        serving.request.app = SimpleNamespace(relative_urls="server")
        serving.request.script_name = ""
        serving.request.path_info = "//evil.example/x"
        (joined,) = HTTPRedirect("").urls
        assert not joined.startswith("//")

    def test_urls_are_relative_where_the_application_says_so(
        self, serving: Serving
    ) -> None:
        serving.request.app = SimpleNamespace(relative_urls="server")
        assert HTTPRedirect("x").urls == ["/app/x"]

    def test_another_encoding_may_be_named(self, serving: Serving) -> None:
        assert HTTPRedirect(b"\xe9", encoding="latin-1").urls[0].endswith("/é")

    def test_the_status_depends_on_the_protocol(self, serving: Serving) -> None:
        assert HTTPRedirect("x").status == 303
        assert HTTPRedirect.default_status == 303
        serving.request.protocol = (1, 0)
        assert HTTPRedirect("x").status == 302
        assert HTTPRedirect("x", 301).default_status == 302

    @pytest.mark.parametrize("status", [200, 299, 400, "404"])
    def test_a_status_that_is_no_redirect_is_refused(
        self, serving: Serving, status: int | str
    ) -> None:
        with pytest.raises(ValueError, match="between 300 and 399"):
            HTTPRedirect("x", status)

    def test_it_shows_what_it_was_made_of(self, serving: Serving) -> None:
        assert str(HTTPRedirect("x")) == "(['http://host.example/app/x'], 303)"

    @pytest.mark.parametrize(
        ("status", "sentence"),
        [
            (300, "This resource can be found at"),
            (301, "This resource has permanently moved to"),
            (302, "This resource resides temporarily at"),
            (303, "This resource can be found at"),
            (307, "This resource has moved temporarily to"),
            (308, "This resource has been moved to"),
        ],
    )
    def test_it_writes_a_link(
        self, serving: Serving, status: int, sentence: str
    ) -> None:
        response = serving.response
        response.headers["Content-Length"] = "3"
        HTTPRedirect("x?a=1&b=2", status).set_response()
        assert response.status == status
        assert response.headers["Location"] == "http://host.example/app/x?a=1&b=2"
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"
        assert "Content-Length" not in response.headers
        url = "http://host.example/app/x?a=1&amp;b=2"
        link = f'{sentence} <a href="{url}">{url}</a>.'
        assert body_of(response).decode() == link

    def test_it_writes_a_link_for_each_url(self, serving: Serving) -> None:
        HTTPRedirect(["/a", "/b"], 300).set_response()
        lines = body_of(serving.response).split(b"<br />\n")
        assert [line.count(b"<a href=") for line in lines] == [1, 1]
        assert serving.response.headers["Location"] == "http://host.example/a"

    def test_markup_in_a_url_is_escaped(self, serving: Serving) -> None:
        HTTPRedirect('x"><script>').set_response()
        assert b"<script>" not in body_of(serving.response)
        assert b'x">' not in body_of(serving.response)

    def test_the_location_is_ascii_without_spaces_and_line_ends(
        self, serving: Serving
    ) -> None:
        HTTPRedirect("a b\r\nSet-Cookie: x/é/%20").set_response()
        assert serving.response.headers["Location"] == (
            "http://host.example/app/a%20b%0D%0ASet-Cookie:%20x/%C3%A9/%20"
        )

    def test_304_drops_the_body_and_what_describes_it(self, serving: Serving) -> None:
        response = serving.response
        response.headers.update({"ETag": "x", "Last-Modified": "y", "Allow": "GET"})
        response.body = b"page"
        HTTPRedirect("", 304).set_response()
        assert response.status == 304
        assert body_of(response) == b""
        assert response.headers["ETag"] == "x"
        for name in ("Content-Type", "Last-Modified", "Allow", "Location"):
            assert name not in response.headers

    def test_305_has_a_location_and_no_body(self, serving: Serving) -> None:
        serving.response.body = b"page"
        HTTPRedirect("http://proxy.example/", 305).set_response()
        assert serving.response.headers["Location"] == "http://proxy.example/"
        assert body_of(serving.response) == b""

    @pytest.mark.parametrize("status", [306, 309, 399])
    def test_other_statuses_are_a_mistake_of_the_page(
        self, serving: Serving, status: int
    ) -> None:
        with pytest.raises(ValueError, match=f"The {status} status code is unknown."):
            HTTPRedirect("x", status).set_response()

    def test_it_writes_itself_into_a_given_response(self, serving: Serving) -> None:
        response = Response()
        HTTPRedirect("x").set_response(response, serving.request)
        assert response.status == 303
        assert not serving.response.status


class TestInternalRedirect:
    @pytest.mark.parametrize(
        ("path", "query", "result"),
        [
            ("/x", "", ("/x", "")),
            ("x", "", ("/x", "")),
            ("../x", "", ("/x", "")),
            ("/x", "a=1", ("/x", "a=1")),
            ("x?b=2", "", ("/x", "b=2")),
            ("x?b=2?c", "a=1", ("/x", "b=2?c")),
            ("", "", ("/page", "")),
        ],
    )
    def test_the_path_is_joined_and_the_query_split_off(
        self, serving: Serving, path: str, query: str, result: tuple[str, str]
    ) -> None:
        redirect = InternalRedirect(path, query)
        assert (redirect.path, redirect.query_string) == result
        assert redirect.args == result
        assert redirect.request is serving.request
