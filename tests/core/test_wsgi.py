"""The WSGI face: an application as PEP 3333 wants it, and its pipeline."""

from __future__ import annotations

import gc
import io
import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any
from wsgiref import validate
from wsgiref.util import setup_testing_defaults

import pytest

import cherrypy
from cherrypy.core import wsgi
from cherrypy.core.app import active
from cherrypy.core.context import current, outside
from cherrypy.core.tree import Tree
from cherrypy.core.wsgi import AppResponse, CPWSGIApp, ExceptionTrapper
from cherrypy.testing import Client
from tests.core.sites import Closing, Root, application, client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cherrypy.http.types import StartResponse, WSGIApplication


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert current.get() is outside
    assert not active


def environ(path: str = "/", **more: Any) -> dict[str, Any]:
    """Make an environ such as a server would."""
    made: dict[str, Any] = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
    made.update(more)
    setup_testing_defaults(made)
    return made


def validator(app: WSGIApplication) -> WSGIApplication:
    """Wrap an application in the validator of the standard library."""
    checked: Any = app  # its start_response is of another type of the same shape
    return validate.validator(checked)


class Answer:
    """An answer that is read as a server reads it, but step by step."""

    def __init__(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        self.status = ""
        self.headers: dict[str, str] = {}
        self.body: Any = app(environ, self.start_response)

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        self.status, self.headers = status, dict(headers)
        return lambda data: None

    def read(self) -> bytes:
        try:
            return b"".join(iter(self.body))
        finally:
            self.close()

    def close(self) -> None:
        if hasattr(self.body, "close"):
            self.body.close()


class TestValidity:
    """What the validator of the standard library says."""

    PAGES: dict[str, Callable[..., Any]] = {  # noqa: RUF012 - never changed
        "index": lambda: "page",
        "nothing": lambda: None,
        "error": lambda: 1 // 0,
        "missing": cherrypy.HTTPError(404),
        "there": cherrypy.HTTPRedirect("/"),
        "within": lambda: _raise(cherrypy.InternalRedirect("/")),
        "circle": lambda: _raise(cherrypy.InternalRedirect("/circle")),
        "unmodified": cherrypy.HTTPRedirect([], 304),
        "stream": lambda: iter(["a", "", "b"]),
        "upload": lambda **form: repr(form),
        "wide": lambda: _cookie("caf\xe9"),
    }

    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    @pytest.mark.parametrize("stream", [False, True])
    def test_it_has_no_complaint(self, name: str, method: str, stream: bool) -> None:
        tree = Tree()
        tree.apps[""] = application({"response.stream": stream}, **self.PAGES)
        body = b"a=1" if method == "POST" else b""
        asked = environ(
            f"/{name}",
            REQUEST_METHOD=method,
            CONTENT_LENGTH=str(len(body)),
            CONTENT_TYPE="application/x-www-form-urlencoded",
        )
        asked["wsgi.input"] = io.BytesIO(body)
        Answer(validator(tree), asked).read()

    def test_it_has_no_complaint_where_there_is_nothing(self) -> None:
        answer = Answer(validator(Tree()), environ("/nowhere"))
        assert b"was not found" in answer.read()
        assert answer.status == "404 Not Found"

    def test_it_has_no_complaint_about_a_changed_pipeline(self) -> None:
        app = application(index=lambda: "page")
        app.wsgiapp.pipeline.append(("validator", validator))
        assert Answer(validator(app), environ()).read() == b"page"


def _raise(problem: Exception) -> Any:
    raise problem


def _cookie(value: str) -> str:
    cherrypy.response.cookie["word"] = value
    cherrypy.response.headers["X-Word"] = value
    return value


class TestTheRequest:
    def look(self, page: Callable[[], Any], **more: Any) -> str:
        return Answer(application(index=page), environ(**more)).read().decode()

    def test_knows_both_ends(self) -> None:
        def page() -> str:
            local, remote = cherrypy.request.local, cherrypy.request.remote
            return repr([local.ip, local.port, local.name, remote.ip, remote.port])

        seen = self.look(
            page,
            SERVER_NAME="h.example",
            SERVER_PORT="8080",
            REMOTE_ADDR="192.0.2.7",
            REMOTE_PORT="4711",
        )
        assert seen == "['', 8080, 'h.example', '192.0.2.7', 4711]"

    @pytest.mark.parametrize("port", ["", None, "unix"])
    def test_is_not_disturbed_by_servers_that_know_no_ports(self, port: Any) -> None:
        def page() -> str:
            return f"{cherrypy.request.local.port} {cherrypy.request.remote.port}"

        assert self.look(page, SERVER_PORT=port, REMOTE_PORT=port) == "80 -1"

    @pytest.mark.parametrize(
        ("variables", "login"),
        [
            ({}, "None"),
            ({"REMOTE_USER": ""}, "None"),
            ({"REMOTE_USER": "ada"}, "ada"),
            ({"REMOTE_USER": "ada", "LOGON_USER": "bob"}, "bob"),
        ],
    )
    def test_knows_who_asks(self, variables: dict[str, str], login: str) -> None:
        assert self.look(lambda: str(cherrypy.request.login), **variables) == login

    def test_has_the_facts_of_the_environ(self) -> None:
        def page() -> str:
            request = cherrypy.request
            facts = request.multithread, request.multiprocess, request.scheme
            environ = request.wsgi_environ or {}
            assert environ["cherrypy.request"] is cherrypy.serving.request
            return repr(facts)

        seen = self.look(
            page,
            **{
                "wsgi.multithread": True,
                "wsgi.multiprocess": True,
                "wsgi.url_scheme": "https",
            },
        )
        assert seen == "(True, True, 'https')"

    @pytest.mark.parametrize(
        ("client_speaks", "server_speaks", "protocol"),
        [
            ("HTTP/1.1", "HTTP/1.1", (1, 1)),
            ("HTTP/1.0", "HTTP/1.1", (1, 0)),
            ("HTTP/1.1", "HTTP/1.0", (1, 0)),
            ("HTTP/2", "HTTP/1.1", (1, 1)),
            ("HTTP/2.0", "HTTP/1.1", (1, 1)),
            ("INCLUDED", "HTTP/1.1", (1, 0)),
            ("HTTP/x.y", "HTTP/1.1", (1, 0)),
        ],
    )
    def test_speaks_the_lower_version(
        self, client_speaks: str, server_speaks: str, protocol: tuple[int, int]
    ) -> None:
        seen = self.look(
            lambda: repr(cherrypy.request.protocol),
            SERVER_PROTOCOL=client_speaks,
            ACTUAL_SERVER_PROTOCOL=server_speaks,
            HTTP_HOST="localhost",
        )
        assert seen == repr(protocol)

    def test_is_forgotten_when_the_answer_is_out(self) -> None:
        asked = environ()
        answer = Answer(application(index=lambda: "page"), asked)
        assert "cherrypy.request" in asked
        answer.read()
        assert "cherrypy.request" not in asked


class TestHeaders:
    def look(
        self,
        page: Callable[[], Any],
        app: cherrypy.Application | None = None,
        **more: Any,
    ) -> str:
        app = app or application()
        app.root.index = cherrypy.expose(page)
        return Answer(app, environ(**more)).read().decode()

    def test_have_the_names_that_they_had(self) -> None:
        def page() -> str:
            headers = cherrypy.request.headers
            return " ".join(
                headers.get(name, "-")
                for name in (
                    "content-type",
                    "X-Some-Name",
                    "Authorization",
                    "Remote-Addr",
                    "Remote-Host",
                )
            )

        seen = self.look(
            page,
            CONTENT_TYPE="text/x",
            HTTP_X_SOME_NAME="some",
            HTTP_CGI_AUTHORIZATION="Basic",
            REMOTE_ADDR="192.0.2.7",
            REMOTE_HOST="h.example",
        )
        assert seen == "text/x some Basic 192.0.2.7 h.example"

    def test_cannot_be_taken_for_what_the_server_knows(self) -> None:
        def page() -> str:
            request = cherrypy.request
            found = [
                request.raw_header("Remote-Addr"),
                request.raw_header("Remote-Host"),
            ]
            headers = request.headers
            return repr(
                [*found, headers.get("Remote-Addr"), headers.get("Remote-Host")]
            )

        seen = self.look(
            page,
            HTTP_REMOTE_ADDR="203.0.113.1",
            HTTP_REMOTE_HOST="trusted.example",
            REMOTE_ADDR="192.0.2.7",
        )
        assert seen == "['192.0.2.7', None, '192.0.2.7', None]"

    @pytest.mark.parametrize(
        "name", ["Content-Type", "X-One", "Authorization", "X-Two"]
    )
    def test_are_found_one_by_one_as_all_together(self, name: str) -> None:
        def page() -> str:
            alone = cherrypy.request.raw_header(name)
            assert alone == cherrypy.request.headers.get(name)
            assert alone == cherrypy.request.raw_header(name.lower())
            return str(alone)

        seen = self.look(
            page, CONTENT_TYPE="text/x", HTTP_X_ONE="1", HTTP_CGI_AUTHORIZATION="Basic"
        )
        known = {"Content-Type": "text/x", "X-One": "1", "Authorization": "Basic"}
        assert seen == str(known.get(name))

    def test_may_be_empty_where_a_server_knows_nothing(self) -> None:
        def page(**form: str) -> str:
            request = cherrypy.request
            assert request.raw_header("Content-Length") == "0"
            assert request.raw_header("Content-Type") == ""
            return f"{request.headers['Content-Length']} {form}"

        unknown: Any = {"CONTENT_LENGTH": "", "CONTENT_TYPE": ""}
        assert self.look(page, REQUEST_METHOD="PUT", **unknown) == "0 {}"

    def test_may_be_translated_by_a_subclass(self) -> None:
        class Translating(AppResponse):
            def translate_headers(
                self, environ: Mapping[str, Any]
            ) -> Iterator[tuple[str, str]]:
                yield from super().translate_headers(environ)
                yield "X-Certificate", environ["SSL_CLIENT"]

        def page() -> str:
            alone = cherrypy.request.raw_header("X-Certificate")
            assert alone == cherrypy.request.headers["X-Certificate"]
            return str(alone)

        app = application()
        app.wsgiapp.response_class = Translating
        assert self.look(page, app, SSL_CLIENT="ada") == "ada"

    def test_may_have_other_names_in_the_environ(self) -> None:
        class Naming(AppResponse):
            headerNames = {**AppResponse.headerNames, "SSL_CLIENT": "X-Certificate"}  # noqa: RUF012

        app = application()
        app.wsgiapp.response_class = Naming
        seen = self.look(
            lambda: str(cherrypy.request.raw_header("X-Certificate")),
            app,
            SSL_CLIENT="ada",
        )
        assert seen == "ada"

    def test_are_a_list_of_pairs_too(self) -> None:
        def page() -> str:
            return repr(
                [pair for pair in cherrypy.request.header_list if "X" in pair[0]]
            )

        assert self.look(page, HTTP_X_ONE="1") == "[('X-One', '1')]"


class TestPaths:
    def test_are_read_in_the_charset_of_the_application(self) -> None:
        def default(*parts: str, **form: str) -> str:
            return f"{cherrypy.request.path_info} {parts} {form}"

        site = client(default=default)
        assert site.get("/caf%C3%A9").text == "/caf\xe9 ('caf\xe9',) {}"
        # Not in the charset: as it came.
        assert site.get("/caf%E9").text == "/caf\xe9 ('caf\xe9',) {}"
        latin = client({"request.uri_encoding": "latin-1"}, default=default)
        assert latin.get("/caf%C3%A9").text.startswith("/caf\xc3\xa9")

    @pytest.mark.parametrize(
        ("encoding", "found"),
        [("utf-8", ("/caf\xe9", "")), ("ascii", None), ("no-such-charset", None)],
    )
    def test_can_be_recoded(self, encoding: str, found: tuple[str, str] | None) -> None:
        if encoding == "no-such-charset":
            with pytest.raises(LookupError):
                wsgi.recode_path_qs("/caf\xc3\xa9", "", encoding)
        else:
            assert wsgi.recode_path_qs("/caf\xc3\xa9", "", encoding) == found

    def test_are_left_alone_if_they_are_ascii(self) -> None:
        assert wsgi.recode_path_qs("/page", "a=1", "utf-16") == ("/page", "a=1")

    def test_may_be_recoded_by_a_subclass(self) -> None:
        class Reading(AppResponse):
            def recode_path_qs(self, path: str, qs: str) -> tuple[str, str] | None:
                return path.lower(), qs

        app = application(page=lambda: cherrypy.request.path_info)
        app.wsgiapp.response_class = Reading
        assert Client(app).get("/PAGE").text == "/page"

    def test_lose_doubled_slashes(self) -> None:
        app = application(default=lambda *parts: cherrypy.request.path_info)
        assert Answer(app, environ("//a//b/")).read() == b"/a/b/"
        assert Answer(app, environ("", SCRIPT_NAME="")).read() == b"/"

    @pytest.mark.parametrize("script_name", ["", "/mounted", "/caf\xc3\xa9"])
    def test_begin_where_the_server_has_mounted_the_application(
        self, script_name: str
    ) -> None:
        def default(*parts: str) -> str:
            return repr((cherrypy.request.script_name, cherrypy.request.path_info))

        root = Root()
        root.default = cherrypy.expose(default)  # type: ignore[attr-defined]
        app = cherrypy.Application(root, None)
        answer = Answer(app, environ("/a/b", SCRIPT_NAME=script_name))
        expected = script_name.encode("latin-1").decode()
        assert answer.read().decode() == repr((expected, "/a/b"))

    def test_begin_somewhere_even_if_that_cannot_be_read(self) -> None:
        root = Root()
        root.default = cherrypy.expose(  # type: ignore[attr-defined]
            lambda *parts: cherrypy.request.path_info
        )
        app = cherrypy.Application(root, None)
        assert Answer(app, environ("/a", SCRIPT_NAME="/\xe9")).read() == b"/a"


class TestInternalRedirects:
    def test_answer_with_another_page(self) -> None:
        def index(**form: str) -> str:
            raise cherrypy.InternalRedirect("/there?a=1")

        def there(**form: str) -> str:
            request = cherrypy.request
            previous = request.prev
            assert previous is not None
            assert previous.closed
            facts = previous.method, previous.path_info, request.method, form
            return repr((*facts, request.rfile.read()))

        answer = client(index=index, there=there).post("/", data={"b": "2"})
        assert answer.text == "('POST', '/', 'GET', {'a': '1'}, b'')"

    def test_give_a_head_no_body(self) -> None:
        closed: list[str] = []

        def there() -> Iterator[bytes]:
            cherrypy.request.hooks.attach(
                "on_end_request", lambda: closed.append("closed")
            )
            yield b"a page"

        index = lambda: _raise(cherrypy.InternalRedirect("/there"))  # noqa: E731
        site = client(index=index, there=there)
        answer = site.head("/")
        assert (answer.status_code, answer.body) == (200, b"")
        assert answer.headers["Content-Length"] == "6"
        assert closed == ["closed"]
        assert wsgi._closed([b"of an application that has nothing to close"]) == []

    def test_may_follow_each_other(self) -> None:
        def two(x: str) -> str:
            previous = cherrypy.request.prev
            assert previous is not None
            assert previous.prev is not None
            return f"{x} {previous.prev.path_info} {previous.path_info}"

        site = client(
            index=lambda: _raise(cherrypy.InternalRedirect("one")),
            one=lambda: _raise(cherrypy.InternalRedirect("two", "x=1")),
            two=two,
        )
        assert site.get("/").text == "1 / /one"

    @pytest.mark.parametrize("start", ["/one", "/one?a=1"])
    def test_in_circles_get_the_bare_answer(
        self, start: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = client(
            one=lambda **form: _raise(cherrypy.InternalRedirect("/two")),
            two=lambda **form: _raise(cherrypy.InternalRedirect(start)),
        )
        answer = site.get(start)
        assert answer.status_code == 500
        assert answer.text == "Unrecoverable error in the server.\n"
        assert "visited the same URL twice" in caplog.text

    def test_in_circles_may_be_allowed(self) -> None:
        visits: list[str] = []

        def index() -> str:
            visits.append("index")
            if len(visits) < 3:
                raise cherrypy.InternalRedirect("/")
            return str(len(visits))

        app = application({"wsgi.InternalRedirector.recursive": True}, index=index)
        assert Client(app).get("/").text == "3"

    @pytest.mark.parametrize("point", ["before_handler", "before_error_response"])
    def test_may_be_raised_by_hooks(self, point: str) -> None:
        def leave() -> None:
            if cherrypy.request.path_info == "/":
                raise cherrypy.InternalRedirect("/there")

        site = client(
            {f"hooks.{point}": leave}, index=lambda: 1 // 0, there=lambda: "there"
        )
        assert site.get("/").text == "there"

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    def test_may_lead_to_any_path(self, encoding: str) -> None:
        def default(*parts: str, **form: str) -> str:
            if not parts:
                raise cherrypy.InternalRedirect("/caf\xe9", "a=\xe9")
            return f"{cherrypy.request.path_info} {form}"

        site = client({"request.uri_encoding": encoding}, default=default)
        assert site.get("/").text == "/caf\xe9 {'a': '\xe9'}"

    def test_made_outside_a_request_lead_somewhere_too(self) -> None:
        redirect = cherrypy.InternalRedirect("/caf\xe9")
        site = client(
            index=lambda: _raise(redirect),
            default=lambda *parts: cherrypy.request.path_info,
        )
        assert site.get("/index").text == "/caf\xe9"


class TestTrappingExceptions:
    def failing(self, problem: BaseException) -> WSGIApplication:
        def app(environ: dict[str, Any], start_response: StartResponse) -> Any:
            raise problem

        return app

    def test_answers_what_nobody_caught(self, caplog: pytest.LogCaptureFixture) -> None:
        answer = Answer(ExceptionTrapper(self.failing(LookupError("lost"))), environ())
        assert answer.read() == b"Unrecoverable error in the server.\n"
        assert answer.status == "500 Internal Server Error"
        assert "LookupError: lost" in caplog.text

    @pytest.mark.parametrize("problem", [KeyboardInterrupt(), SystemExit()])
    def test_lets_the_end_of_the_process_pass(self, problem: BaseException) -> None:
        with pytest.raises(type(problem)):
            Answer(ExceptionTrapper(self.failing(problem)), environ())

    def test_may_let_others_pass(self) -> None:
        app = ExceptionTrapper(self.failing(LookupError()), throws=(LookupError,))
        with pytest.raises(LookupError):
            Answer(app, environ())

    def test_answers_what_happens_before_the_first_chunk(self) -> None:
        body = Closing(LookupError("lost"))

        def app(environ: dict[str, Any], start_response: StartResponse) -> Any:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return body

        answer = Answer(ExceptionTrapper(app), environ())
        assert answer.read() == b"Unrecoverable error in the server.\n"
        assert answer.status == "500 Internal Server Error"
        assert body.closed == 1

    def test_has_nothing_to_close_where_there_is_nothing(self) -> None:
        def app(environ: dict[str, Any], start_response: StartResponse) -> Any:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"page"]

        assert Answer(ExceptionTrapper(app), environ()).read() == b"page"

    @pytest.mark.parametrize("shown", [False, True])
    def test_shows_a_traceback_where_the_page_would(self, shown: bool) -> None:
        config = {"request.throw_errors": True, "request.show_tracebacks": shown}
        answer = client(config, index=lambda: 1 // 0).get("/")
        assert ("ZeroDivisionError" in answer.text) is shown

    @pytest.mark.parametrize(
        ("pair", "named"),
        [(("X-Late", b"yes"), "X-Late"), ((b"X-Late", "yes"), "yes")],
    )
    def test_says_which_header_is_no_bytes(
        self, pair: Any, named: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        def append() -> None:
            cherrypy.response.header_list.append(pair)

        body = Closing(b"page")
        config = {"hooks.on_end_resource": append, "response.stream": True}
        answer = client(config, index=lambda: body).get("/")
        assert answer.status_code == 500
        assert f"response.header_list key '{named}' is not a byte string" in caplog.text
        assert body.closed == 1

    @pytest.mark.parametrize("pair", [(b"a", b"b", b"c"), None])
    def test_answers_what_has_headers_that_are_no_pairs(self, pair: Any) -> None:
        def append() -> None:
            cherrypy.response.header_list.append(pair)

        site = client({"hooks.on_end_resource": append}, index=lambda: "page")
        assert site.get("/").status_code == 500

    def test_lets_a_server_refuse_the_answer(self) -> None:
        ended: list[str] = []
        app = application(
            {"hooks.on_end_request": lambda: ended.append("end")}, index=lambda: "page"
        )
        app.wsgiapp.pipeline = []

        def refuse(*_: Any) -> Any:
            raise ConnectionError("gone")

        with pytest.raises(ConnectionError):
            app(environ(), refuse)
        assert ended == ["end"]


class TestManyAnswersAtOnce:
    def streaming(self) -> cherrypy.Application:
        def default(name: str) -> Iterator[str]:
            for _ in range(2):
                yield f"{name}={cherrypy.request.path_info} "

        return application({"response.stream": True}, default=default)

    @pytest.mark.parametrize("last_first", [False, True])
    def test_each_has_its_own_request(self, last_first: bool) -> None:
        app = self.streaming()
        first, second = Answer(app, environ("/a")), Answer(app, environ("/b"))
        chunks = [iter(first.body), iter(second.body)]
        seen = [next(chunks[turn]) for turn in (0, 1, 0, 1)]
        assert seen == [b"a=/a ", b"b=/b ", b"a=/a ", b"b=/b "]
        answers = [second, first] if last_first else [first, second]
        for answer in answers:
            answer.close()
        assert current.get() is outside

    def test_the_one_that_is_left_stays_present(self) -> None:
        app = self.streaming()
        first, second = Answer(app, environ("/a")), Answer(app, environ("/b"))
        first.close()
        assert cherrypy.request.path_info == "/b"
        second.close()

    def test_a_page_may_ask_another_application(self) -> None:
        inner = application(index=lambda: cherrypy.request.path_info)

        def index() -> str:
            text = Answer(inner, environ("/index")).read().decode()
            return f"{text} inside of {cherrypy.request.path_info}"

        assert client(index=index).get("/").text == "/index inside of /"

    def test_to_close_one_again_does_nothing(self) -> None:
        ended: list[str] = []
        app = application(
            {"hooks.on_end_request": lambda: ended.append("end")}, index=lambda: "page"
        )
        answer = Answer(app, environ())
        answer.close()
        answer.close()
        assert ended == ["end"]

    def test_an_answer_may_be_read_by_hand(self) -> None:
        answer = Answer(application(index=lambda: "page"), environ())
        assert answer.body.next() == b"page"
        answer.close()


class TestForgetfulMiddleware:
    """What reads answers and does not close them, although PEP 3333 wants it."""

    def test_every_request_ends_when_its_answer_is_dropped(self) -> None:
        ended: list[str] = []
        body = Closing(b"a", b"b")

        def page() -> Any:
            path = cherrypy.request.path_info
            hooks = cherrypy.request.hooks
            hooks.attach("on_end_request", lambda: ended.append(path))
            return body if path == "/stream" else "page"

        config = {"response.stream": True}
        app = application(config, index=page, stream=page)

        def forgetful(path: str) -> bytes:
            return b"".join(app(environ(path), lambda *call: _write))

        assert [forgetful("/") for _ in range(3)] == [b"page"] * 3
        assert forgetful("/stream") == b"ab"
        gc.collect()
        assert ended == ["/", "/", "/", "/stream"]
        assert body.closed == 1

    def test_an_answer_that_could_not_be_made_leaves_nothing(self) -> None:
        with pytest.raises(TypeError):
            AppResponse()  # type: ignore[call-arg]  # as a program might get it wrong


def _write(data: bytes) -> None:
    """Be what start_response returns."""


class TestPipeline:
    def shouting(self, nextapp: WSGIApplication, mark: str = "!") -> WSGIApplication:
        def app(
            environ: dict[str, Any], start_response: StartResponse
        ) -> Iterable[bytes]:
            answer: Any = nextapp(environ, start_response)
            with closing(answer):
                for chunk in answer:
                    yield chunk.upper() + mark.encode()

        return app

    def test_is_added_to_and_configured(self) -> None:
        app = application(
            {
                "wsgi.pipeline": [("shouting", self.shouting)],
                "wsgi.shouting.mark": "?",
            },
            index=lambda: "page",
        )
        app.root.fixed = True
        assert Answer(app, environ()).read() == b"PAGE?"
        assert [name for name, _ in app.wsgiapp.pipeline] == [
            "ExceptionTrapper",
            "InternalRedirector",
            "shouting",
        ]
        assert "shouting" not in [name for name, _ in CPWSGIApp.pipeline]

    def test_is_built_once_and_again_when_it_is_configured(self) -> None:
        app = application(
            {"wsgi.pipeline": [("shouting", self.shouting)]}, index=lambda: "page"
        )
        Answer(app, environ()).read()
        head = app.wsgiapp.head
        assert head is not None
        Answer(app, environ()).read()
        assert app.wsgiapp.head is head
        app.merge({"/": {"wsgi.shouting.mark": "."}})
        assert Answer(app, environ()).read() == b"PAGE."
        assert len(app.wsgiapp.pipeline) == 3

    def test_may_be_given_when_it_is_made(self) -> None:
        app = application(index=lambda: "page")
        app.wsgiapp = CPWSGIApp(app, [("shouting", self.shouting)])
        assert Answer(app, environ()).read() == b"PAGE!"

    def test_may_have_another_head(self) -> None:
        def head(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", [])
            return [b"from the head"]

        app = application(index=lambda: "page")
        app.wsgiapp.head = head
        assert Answer(app, environ()).read() == b"from the head"

    def test_may_end_in_another_class(self) -> None:
        class Marked(AppResponse):
            def run(self) -> None:
                super().run()
                self.environ["marked"] = True

        app = application({"wsgi.response_class": Marked}, index=lambda: "page")
        asked = environ()
        assert Answer(app, asked).read() == b"page"
        assert asked["marked"]

    def test_has_config_keys_that_mean_something(self) -> None:
        with pytest.raises(ValueError, match=r"'wsgi\.shouting' names neither"):
            application({"wsgi.shouting": True})


class TestVirtualHosts:
    @pytest.mark.parametrize(
        ("headers", "trusting", "page"),
        [
            ({"HTTP_HOST": "one.example"}, True, b"one"),
            ({"HTTP_HOST": "one.example:8080"}, True, b"default"),
            ({"HTTP_HOST": "two.example"}, True, b"default"),
            ({"HTTP_X_FORWARDED_HOST": "one.example"}, True, b"one"),
            ({"HTTP_X_FORWARDED_HOST": "one.example"}, False, b"default"),
        ],
    )
    def test_choose_an_application(
        self, headers: dict[str, str], trusting: bool, page: bytes
    ) -> None:
        hosts = wsgi.VirtualHost(
            application(index=lambda: "default"),
            {"one.example": application(index=lambda: "one")},
            use_x_forwarded_host=trusting,
        )
        assert Answer(hosts, environ(**headers)).read() == page

    def test_need_none_but_the_default(self) -> None:
        hosts = wsgi.VirtualHost(application(index=lambda: "default"))
        assert Answer(hosts, environ()).read() == b"default"


def test_what_a_server_does_not_say_ends_no_request_that_was_never_begun(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = environ()
    del asked["wsgi.url_scheme"]
    with caplog.at_level(logging.ERROR):
        answer = Answer(application(index=lambda: "page"), asked)
    assert answer.read() == b"Unrecoverable error in the server.\n"
    assert "KeyError: 'wsgi.url_scheme'" in caplog.text
