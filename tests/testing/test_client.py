"""The client against plain WSGI applications, each one checked by wsgiref.validate."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest

from cherrypy.testing import Client, TooManyRedirects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Answer = tuple[str, list[tuple[str, str]], Iterable[bytes]]

PLAIN = [("Content-Type", "text/plain; charset=utf-8")]


def checked(page: Callable[[WSGIEnvironment], Answer]) -> WSGIApplication:
    """Return an application that answers by `page` and obeys PEP 3333."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, headers, body = page(environ)
        start_response(status, headers)
        return body

    return validator(app)


def echo(environ: WSGIEnvironment) -> Answer:
    """Answer with everything that came, as JSON."""
    length = int(environ.get("CONTENT_LENGTH") or -1)
    seen = {key: value for key, value in environ.items() if isinstance(value, str)}
    seen["body"] = environ["wsgi.input"].read(length).decode("latin-1")
    document = json.dumps(seen).encode()
    headers = [("Content-Type", "application/json")]
    return "200 OK", headers, [document]


@pytest.fixture
def client() -> Client:
    return Client(checked(echo))


def redirect(to: str, status: str = "303 See Other") -> Answer:
    return status, [*PLAIN, ("Location", to)], [b"elsewhere"]


class TestRequest:
    def test_a_path_and_its_query_reach_the_application(self, client: Client) -> None:
        seen = client.get("/a%20b/caf\u00e9%2Fx?q=1&r=%C3%A9").json()
        assert seen["REQUEST_METHOD"] == "GET"
        assert seen["PATH_INFO"] == "/a b/caf\u00c3\u00a9%2Fx"
        assert seen["QUERY_STRING"] == "q=1&r=%C3%A9"
        assert seen["REQUEST_URI"] == "/a%20b/caf%C3%A9%2Fx?q=1&r=%C3%A9"
        assert seen["HTTP_HOST"] == "localhost"

    @pytest.mark.parametrize("url", ["", "/", "?", "#here"])
    def test_no_path_means_the_root(self, client: Client, url: str) -> None:
        assert client.get(url).json()["PATH_INFO"] == "/"

    def test_a_path_may_begin_with_two_slashes(self, client: Client) -> None:
        seen = client.get("//elsewhere/x").json()
        assert seen["PATH_INFO"] == "//elsewhere/x"
        assert seen["HTTP_HOST"] == "localhost"

    def test_line_ends_in_a_url_are_quoted(self, client: Client) -> None:
        assert client.get("/a\r\nb").json()["REQUEST_URI"] == "/a%0D%0Ab"

    def test_a_full_url_names_host_port_and_scheme(self, client: Client) -> None:
        seen = client.get("https://a.example:8443/x").json()
        assert seen["HTTP_HOST"] == "a.example:8443"
        assert seen["SERVER_NAME"] == "a.example"
        assert seen["SERVER_PORT"] == "8443"
        assert seen["wsgi.url_scheme"] == "https"

    def test_the_base_url_decides_the_default_port(self) -> None:
        seen = Client(checked(echo), base_url="https://a.example/").get("/").json()
        assert (seen["SERVER_PORT"], seen["HTTP_HOST"]) == ("443", "a.example")

    def test_params_are_added_to_the_query(self, client: Client) -> None:
        seen = client.get("/?a=1", params={"b": [2, 3], "c": "\u00e9 &"}).json()
        assert seen["QUERY_STRING"] == "a=1&b=2&b=3&c=%C3%A9+%26"

    def test_header_pairs_may_repeat_a_name(self, client: Client) -> None:
        pairs = [("Accept", "a/b"), ("accept", "c/d"), ("X-Name", "\u20ac")]
        seen = client.get("/", headers=pairs).json()
        assert seen["HTTP_ACCEPT"] == "a/b, c/d"
        assert seen["HTTP_X_NAME"].encode("latin-1").decode() == "\u20ac"

    def test_headers_of_a_request_replace_those_of_the_client(self) -> None:
        client = Client(checked(echo), headers={"X-A": "1", "X-B": "2"})
        seen = client.get("/", headers={"x-a": "3", "host": "b.example"}).json()
        assert (seen["HTTP_X_A"], seen["HTTP_X_B"]) == ("3", "2")
        assert seen["HTTP_HOST"] == "b.example"

    def test_a_client_may_name_another_host_for_all_requests(self) -> None:
        client = Client(checked(echo), headers={"host": "b.example"})
        assert client.get("/").json()["HTTP_HOST"] == "b.example"

    def test_a_header_with_a_line_end_is_refused(self, client: Client) -> None:
        with pytest.raises(ValueError, match="would break the request"):
            client.get("/", headers={"X-A": "1\r\nX-B: 2"})

    @pytest.mark.parametrize(
        "method", ["get", "options", "post", "put", "patch", "delete"]
    )
    def test_each_method_has_its_helper(self, client: Client, method: str) -> None:
        seen = getattr(client, method)("/").json()
        assert seen["REQUEST_METHOD"] == method.upper()

    def test_head_gets_no_body(self) -> None:
        client = Client(checked(lambda environ: ("200 OK", PLAIN, [])))
        assert client.head("/").body == b""

    def test_basic_authentication_needs_a_name_and_a_password(
        self, client: Client
    ) -> None:
        seen = client.get("/", auth=("Aladdin", "open sesame")).json()
        assert seen["HTTP_AUTHORIZATION"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="

    def test_environ_entries_may_be_overridden(self, client: Client) -> None:
        seen = client.get("/", environ={"REMOTE_USER": "jo"}).json()
        assert seen["REMOTE_USER"] == "jo"


class TestBody:
    def test_a_mapping_is_sent_as_a_form(self, client: Client) -> None:
        seen = client.post("/", data={"a": ["1", "2"], "b": "x y"}).json()
        assert seen["body"] == "a=1&a=2&b=x+y"
        assert seen["CONTENT_TYPE"] == "application/x-www-form-urlencoded"
        assert seen["CONTENT_LENGTH"] == "13"

    def test_pairs_are_sent_as_a_form(self, client: Client) -> None:
        assert client.post("/", data=[("a", 1), ("a", 2)]).json()["body"] == "a=1&a=2"

    @pytest.mark.parametrize(
        ("method", "length"),
        [("POST", "0"), ("PATCH", "0"), ("GET", ""), ("DELETE", "")],
    )
    def test_no_body_has_a_length_where_one_is_expected(
        self, client: Client, method: str, length: str
    ) -> None:
        assert client.request(method, "/").json().get("CONTENT_LENGTH", "") == length

    @pytest.mark.parametrize("data", ["\u00e9", "\u00e9".encode()])
    def test_text_and_bytes_are_sent_as_they_are(
        self, client: Client, data: str | bytes
    ) -> None:
        seen = client.put("/", data=data, headers={"Content-Type": "text/plain"}).json()
        assert seen["body"] == "\u00c3\u00a9"
        assert seen["CONTENT_TYPE"] == "text/plain"

    def test_an_iterator_is_sent_without_a_length(self, client: Client) -> None:
        seen = client.post("/", data=iter([b"ab", b"", b"c" * 9000])).json()
        assert seen["body"] == "ab" + "c" * 9000
        assert "CONTENT_LENGTH" not in seen
        assert seen["HTTP_TRANSFER_ENCODING"] == "chunked"

    @pytest.mark.parametrize("document", [{"a": [1, None]}, None, "x"])
    def test_json_is_sent_as_a_document(self, client: Client, document: object) -> None:
        seen = client.post("/", json=document).json()
        assert json.loads(seen["body"]) == document
        assert seen["CONTENT_TYPE"] == "application/json"

    def test_files_are_sent_as_multipart(self, client: Client, tmp_path: Path) -> None:
        stored = tmp_path / "c.bin"
        stored.write_bytes(b"\x00\xff")
        with stored.open("rb") as opened:
            seen = client.post(
                "/",
                data={"note": "hi"},
                files=[
                    ("up", ("a.txt", "text")),
                    ("up", ('b"\r\n.x', io.BytesIO(b"bytes"), "image/png")),
                    ("up", opened),
                    ("up", b"raw"),
                ],
            ).json()
        kind, _, boundary = seen["CONTENT_TYPE"].partition("; boundary=")
        assert kind == "multipart/form-data"
        start, *parts, end = seen["body"].split(f"--{boundary}")
        assert (start, end) == ("", "--\r\n")
        disposition = 'Content-Disposition: form-data; name="up"; filename='
        binary = "Content-Type: application/octet-stream"
        assert parts == [
            '\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n',
            f'\r\n{disposition}"a.txt"\r\nContent-Type: text/plain\r\n\r\ntext\r\n',
            f'\r\n{disposition}"b%22%0D%0A.x"\r\n'
            "Content-Type: image/png\r\n\r\nbytes\r\n",
            f'\r\n{disposition}"c.bin"\r\n{binary}\r\n\r\n\x00\xff\r\n',
            f'\r\n{disposition}"upload"\r\n{binary}\r\n\r\nraw\r\n',
        ]

    def test_raw_data_beside_files_is_refused(self, client: Client) -> None:
        with pytest.raises(TypeError, match="must be a mapping or pairs"):
            client.post("/", data=b"raw", files={"f": b""})


class TestResponse:
    def test_it_shows_status_headers_and_body(self) -> None:
        headers = [*PLAIN, ("X-A", "1"), ("x-a", "2")]
        page = ("404 Not Found", headers, ["\u00e9".encode()])
        response = Client(checked(lambda environ: page)).get("/x")
        assert response.status == "404 Not Found"
        assert (response.status_code, response.reason) == (404, "Not Found")
        assert not response.ok
        assert response.headers["x-A"] == "1, 2"
        assert response.headers.get_all("X-A") == ["1", "2"]
        assert list(response.headers) == ["Content-Type", "x-a"]
        assert len(response.headers) == 2
        assert "X-B" not in response.headers
        assert repr(response.headers) == f"ResponseHeaders({headers!r})"
        assert (response.content_type, response.charset) == ("text/plain", "utf-8")
        assert response.text == "\u00e9"

    def test_its_repr_tells_what_went_wrong(self) -> None:
        page = ("500 Internal Server Error", PLAIN, [b"Traceback: " + b"x" * 400])
        response = Client(checked(lambda environ: page)).get("/x")
        shown = repr(response)
        assert shown.startswith(
            "<Response 500 Internal Server Error text/plain"
            " to GET http://localhost/x: b'Traceback: xx"
        )
        assert shown.endswith("... (411 bytes)>")

    def test_its_repr_shows_a_short_body_whole(self) -> None:
        response = Client(checked(lambda environ: ("204 No Content", [], []))).get("/")
        assert (
            repr(response) == "<Response 204 No Content to GET http://localhost/: b''>"
        )

    def test_the_charset_of_the_header_decodes_the_text(self) -> None:
        headers = [("Content-Type", 'text/html;charset="ISO-8859-1"')]
        page = ("200 OK", headers, [b"\xe9"])
        assert Client(checked(lambda environ: page)).get("/").text == "\u00e9"

    def test_it_knows_what_went_to_the_error_stream(self) -> None:
        def page(environ: WSGIEnvironment) -> Answer:
            environ["wsgi.errors"].write("oh dear\n")
            return "200 OK", PLAIN, [b""]

        assert Client(checked(page)).get("/").errors == "oh dear\n"

    def test_an_exception_of_the_application_reaches_the_test(self) -> None:
        def page(environ: WSGIEnvironment) -> Answer:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            Client(checked(page)).get("/")

    def test_what_is_written_comes_before_what_is_returned(self) -> None:
        def app(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterator[bytes]:
            write = start_response("200 OK", PLAIN)
            write(b"a")
            yield b"b"
            write(b"c")
            yield b"d"
            write(b"e")

        assert Client(app).get("/").body == b"abcde"

    def test_an_error_before_the_first_chunk_may_change_the_head(self) -> None:
        def app(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterator[bytes]:
            start_response("200 OK", PLAIN)
            try:
                yield b""
                raise ZeroDivisionError
            except ZeroDivisionError:
                start_response("500 Oh", PLAIN, sys.exc_info())
                yield b"sorry"

        response = Client(app).get("/")
        assert (response.status, response.body) == ("500 Oh", b"sorry")

    def test_an_error_after_the_first_chunk_reaches_the_test(self) -> None:
        def app(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterator[bytes]:
            start_response("200 OK", PLAIN)
            yield b"x"
            try:
                raise ZeroDivisionError
            except ZeroDivisionError:
                start_response("500 Oh", PLAIN, sys.exc_info())

        with pytest.raises(ZeroDivisionError):
            Client(app).get("/")

    def test_an_application_must_start_its_response(self) -> None:
        with pytest.raises(AssertionError, match="never called start_response"):
            Client(lambda environ, start_response: []).get("/")

    def test_an_application_must_start_its_response_only_once(self) -> None:
        def app(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            start_response("200 OK", PLAIN)
            start_response("200 OK", PLAIN)
            return []

        with pytest.raises(AssertionError, match="again without exc_info"):
            Client(app).get("/")


class Tap:
    """A body that counts what was drawn from it."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = iter(chunks)
        self.drawn = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self.chunks)
        self.drawn += 1
        return chunk

    def close(self) -> None:
        self.closed += 1

    def client(self) -> Client:
        return Client(checked(lambda environ: ("200 OK", PLAIN, self)))


class TestStream:
    def test_chunks_are_drawn_as_they_are_wanted(self) -> None:
        tap = Tap(b"a", b"b", b"c")
        with tap.client().get("/", stream=True) as response:
            assert tap.drawn == 1
            assert "body not read" in repr(response)
            assert next(response.iter_bytes()) == b"a"
            assert next(response.iter_bytes()) == b"b"
            assert tap.drawn == 2
        assert (tap.drawn, tap.closed) == (2, 1)

    def test_the_body_is_closed_at_its_end(self) -> None:
        tap = Tap(b"a", b"", b"b")
        response = tap.client().get("/", stream=True)
        assert list(response.iter_bytes()) == [b"a", b"b"]
        response.close()
        assert tap.closed == 1

    def test_the_rest_of_a_stream_can_be_read_at_once(self) -> None:
        tap = Tap(b"a", b"b", b"c")
        response = tap.client().get("/", stream=True)
        assert next(response.iter_bytes()) == b"a"
        assert response.body == b"bc"
        assert list(response.iter_bytes()) == [b"bc"]
        assert tap.closed == 1

    def test_lines_may_cross_chunks(self) -> None:
        tap = Tap(b"on", b"e\r\ntwo\nth", b"ree")
        response = tap.client().get("/", stream=True)
        assert list(response.iter_lines()) == ["one", "two", "three"]

    def test_a_last_line_may_have_an_end(self) -> None:
        response = Tap(b"one\ntwo\n").client().get("/", stream=True)
        assert list(response.iter_lines()) == ["one", "two"]

    def test_a_body_that_fails_is_closed(self) -> None:
        class Failing(Tap):
            def __next__(self) -> bytes:
                if self.drawn:
                    raise ZeroDivisionError
                return super().__next__()

        tap = Failing(b"a", b"b")
        with pytest.raises(ZeroDivisionError):
            tap.client().get("/")
        assert tap.closed == 1


class TestRedirects:
    @staticmethod
    def app(environ: WSGIEnvironment) -> Answer:
        step = environ["PATH_INFO"].strip("/")
        if step.isdecimal():
            return redirect(f"/{int(step) - 1}" if step != "0" else "/end?x=1")
        if step == "loop":
            return redirect("/loop")
        if step == "kept":
            return redirect("end", "307 Temporary Redirect")
        if step == "host":
            return redirect("//other.example/end")
        return echo(environ)

    def test_they_are_shown_unless_asked_to_be_followed(self) -> None:
        response = Client(checked(self.app)).get("/1")
        assert response.is_redirect
        assert response.location == "http://localhost/0"

    def test_they_are_followed_on_request(self) -> None:
        client = Client(checked(self.app))
        response = client.post("/1", data={"a": "b"}, follow_redirects=True)
        assert response.request.url == "http://localhost/end?x=1"
        assert response.json()["REQUEST_METHOD"] == "GET"
        assert response.json()["body"] == ""
        assert [step.status_code for step in response.history] == [303, 303]

    def test_307_keeps_method_and_body(self) -> None:
        client = Client(checked(self.app), follow_redirects=True)
        seen = client.put("/kept", data=b"x").json()
        assert (seen["REQUEST_METHOD"], seen["body"]) == ("PUT", "x")

    def test_they_may_lead_to_another_host(self) -> None:
        client = Client(checked(self.app), follow_redirects=True)
        assert client.get("/host").json()["HTTP_HOST"] == "other.example"

    def test_a_loop_ends(self) -> None:
        client = Client(checked(self.app), follow_redirects=True, max_redirects=3)
        with pytest.raises(TooManyRedirects, match="more than 3 redirects"):
            client.get("/loop")

    def test_nothing_else_is_followed(self) -> None:
        client = Client(checked(echo), follow_redirects=True)
        response = client.get("/")
        assert not response.is_redirect
        assert response.location == ""


def setting(*lines: str) -> Callable[[WSGIEnvironment], Answer]:
    """Return a page that sets cookies at /set and echoes everywhere else."""

    def page(environ: WSGIEnvironment) -> Answer:
        if not environ["PATH_INFO"].endswith("/set"):
            return echo(environ)
        cookies = [("Set-Cookie", line) for line in lines]
        return "200 OK", [*PLAIN, *cookies], [b"set"]

    return page


def sent(client: Client, url: str, **options: Any) -> str:
    """Return the Cookie header that a request to there carries."""
    return str(client.get(url, **options).json().get("HTTP_COOKIE", ""))


class TestCookies:
    def test_they_are_kept_and_sent_back(self) -> None:
        client = Client(checked(setting("a=1; Path=/", 'b="x\\054y"; Path=/')))
        client.get("/set")
        assert sent(client, "/") == 'a=1; b="x\\054y"'
        assert dict(client.cookies) == {"a": "1", "b": "x,y"}
        assert len(client.cookies) == 2
        assert repr(client.cookies) == "Cookies({'a': '1', 'b': 'x,y'})"

    def test_the_response_tells_their_attributes(self) -> None:
        line = "a=1; Path=/p; HttpOnly; Secure; SameSite=Lax"
        cookie = Client(checked(setting(line))).get("/set").cookies["a"]
        assert cookie.http_only
        assert cookie.secure
        assert cookie.same_site == "Lax"
        assert cookie.path == "/p"

    def test_a_path_keeps_them_to_itself(self) -> None:
        client = Client(checked(setting("a=1", "b=2; Path=/", "c=3; Path=/dir/sub/")))
        client.get("/dir/set")
        assert sent(client, "/dir/x") == "a=1; b=2"
        assert sent(client, "/dir") == "a=1; b=2"
        assert sent(client, "/dirt") == "b=2"
        assert sent(client, "/dir/sub/y") == "c=3; a=1; b=2"

    def test_a_host_keeps_them_to_itself(self) -> None:
        lines = ("a=1", "b=2; Domain=.example.com", "c=3; Domain=other.org")
        client = Client(checked(setting(*lines)), base_url="http://www.example.com")
        client.get("/set")
        assert sent(client, "/") == "a=1; b=2"
        assert sent(client, "http://example.com/") == "b=2"
        assert sent(client, "http://badexample.com/") == ""

    def test_secure_ones_go_over_https_only(self) -> None:
        client = Client(checked(setting("a=1; Secure")), base_url="https://localhost")
        client.get("/set")
        assert sent(client, "/") == "a=1"
        assert sent(client, "http://localhost/") == ""

    def test_they_end_by_max_age_and_expires(self) -> None:
        now = 1000.0
        lines = (
            "a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "b=2; Expires=Thu, 01 Jan 1970 00:17:20 GMT",
            "c=3; Expires=whenever",
            "d=4; Max-Age=x",
        )
        client = Client(checked(setting(*lines)), clock=lambda: now)
        client.get("/set")
        assert sent(client, "/") == "a=1; b=2; c=3; d=4"
        now = 1040
        assert sent(client, "/") == "a=1; c=3; d=4"
        now = 1060
        assert sent(client, "/") == "c=3; d=4"

    def test_an_age_of_nothing_removes_them(self) -> None:
        client = Client(checked(setting("a=; Max-Age=0")))
        client.cookies.set("a", "1")
        client.get("/set")
        assert "a" not in client.cookies

    def test_nameless_ones_are_refused(self) -> None:
        client = Client(checked(setting("=1", "2", "; Path=/")))
        assert client.get("/set").cookies == {}
        assert not client.cookies

    def test_a_test_may_set_and_forget_them(self) -> None:
        client = Client(checked(echo))
        client.cookies.set("a", "x;y")
        client.cookies.set("b", "2", path="/deep")
        assert sent(client, "/") == 'a="x\\073y"'
        client.cookies.delete("a")
        assert list(client.cookies) == ["b"]
        client.cookies.clear()
        assert sent(client, "/deep") == ""

    def test_one_request_may_carry_its_own(self) -> None:
        client = Client(checked(echo))
        client.cookies.set("a", "1")
        assert sent(client, "/", cookies={"b": "2"}) == "a=1; b=2"
        assert sent(client, "/", headers={"Cookie": "raw"}) == "raw; a=1"
        assert list(client.cookies) == ["a"]

    def test_they_are_kept_along_redirects(self) -> None:
        def page(environ: WSGIEnvironment) -> Answer:
            if environ["PATH_INFO"] != "/go":
                return echo(environ)
            status, headers, body = redirect("/there")
            return status, [*headers, ("Set-Cookie", "a=1")], body

        client = Client(checked(page))
        assert sent(client, "/go", follow_redirects=True) == "a=1"


def test_the_client_shows_what_it_asks() -> None:
    assert repr(Client(TestRedirects.app)).endswith("at http://localhost>")  # type: ignore[arg-type] # never called
