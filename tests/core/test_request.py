"""Requests: what a client said, and when it is understood."""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.context import current
from cherrypy.core.hooks import HookMap, hookpoints
from cherrypy.core.log import LogManager
from cherrypy.core.request import LazyUUID4, Request
from cherrypy.core.response import Response
from cherrypy.http.hosts import Host
from cherrypy.testing import Client
from tests.core.sites import application, client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.http.types import WSGIApplication


@pytest.fixture
def request_() -> Request:
    return Request(Host("127.0.0.1", 80), Host("192.0.2.7", 4711))


def seen(look: Callable[[Request], object], **options: Any) -> str:
    """Ask a page that looks at its request; return what it says."""
    url = options.pop("url", "/")
    config = options.pop("config", {})

    def default(*parts: str, **form: str) -> str:
        return str(look(cherrypy.serving.request))

    method = options.pop("method", "GET")
    return client(config, default=default).request(method, url, **options).text


def without_host(app: WSGIApplication) -> WSGIApplication:
    """Make an application forget the Host that the client of the tests sends."""

    def forgetting(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["HTTP_HOST"] == "localhost":
            del environ["HTTP_HOST"]
        return app(environ, start_response)

    return forgetting


class TestLine:
    def test_is_as_the_client_wrote_it_but_decoded(self) -> None:
        look: Callable[[Request], object] = lambda request: request.request_line  # noqa: E731
        assert seen(look) == "GET / HTTP/1.1"
        assert seen(look, url="/caf%C3%A9?a=%20") == "GET /caf\xe9?a=%20 HTTP/1.1"

    def test_stays_when_a_tool_takes_the_request_for_another(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def override() -> None:
            cherrypy.request.method = cherrypy.request.params["_method"]
            cherrypy.request.path_info = "/elsewhere"
            cherrypy.request.query_string = ""

        config = {"hooks.before_handler": override}
        line = "POST /here?_method=PUT HTTP/1.1"
        look: Callable[[Request], object] = lambda request: (  # noqa: E731
            f"{request.method} {request.request_line}"
        )
        asked = "/here?_method=PUT"
        assert seen(look, url=asked, method="POST", config=config) == f"PUT {line}"
        assert f'"{line}" 200' in caplog.text

    @pytest.mark.parametrize("path", ["", "/"])
    def test_has_a_path_even_where_none_was_given(self, path: str) -> None:
        app = application(index=lambda: cherrypy.request.request_line)
        app.script_name = ""
        answer = Client(app).get("/", environ={"PATH_INFO": path})
        assert answer.text == "GET / HTTP/1.1"


class TestHost:
    def look(self, *, protocol: str = "HTTP/1.1", **environ: Any) -> Any:
        app = application(index=lambda: cherrypy.request.base)
        return Client(without_host(app), protocol=protocol).get("/", environ=environ)

    def test_is_demanded_of_those_who_know_it(self) -> None:
        answer = self.look()
        assert answer.status_code == 400
        assert "requires a 'Host' request header" in answer.text

    def test_is_not_demanded_of_old_clients(self) -> None:
        answer = self.look(protocol="HTTP/1.0", SERVER_NAME="h.example")
        assert answer.text == "http://h.example"

    def test_may_be_empty(self) -> None:
        answer = self.look(HTTP_HOST="", SERVER_NAME="h.example")
        assert answer.text == "http://h.example"

    def test_may_be_an_address_of_the_new_kind(self) -> None:
        answer = self.look(HTTP_HOST="", SERVER_NAME="::1")
        assert answer.text == "http://[::1]"
        assert self.look(HTTP_HOST="[::1]:8080").text == "http://[::1]:8080"

    @pytest.mark.parametrize(
        "host", ["a/b", "a, b", "u@h", "h:port", "<h>", "a b", "h" * 300, "h" * 9999]
    )
    def test_must_be_one(self, host: str) -> None:
        answer = self.look(HTTP_HOST=host)
        assert answer.status_code == 400
        assert "names no host" in answer.text

    def test_cannot_begin_a_line(self) -> None:
        def index() -> str:
            host = cherrypy.request.headers["Host"]
            return repr((host, host.raw, cherrypy.request.base))

        class Lenient(Request):
            def process_headers(self) -> None:
                pass

        app = application(index=index)
        app.request_class = Lenient
        answer = Client(app).get("/", environ={"HTTP_HOST": "h\r\nX: y"})
        assert answer.text == repr(("hX: y", "h\r\nX: y", "http://hX: y"))


class TestHeaders:
    def test_are_joined_stripped_and_decoded(self) -> None:
        headers = [
            ("accept", "text/html"),
            ("ACCEPT", "text/plain"),
            ("x-one", "1"),
            ("x-one", " 2 "),
            ("subject", "=?utf-8?q?caf=C3=A9?="),
        ]
        request = self.run(headers)
        assert dict(request.headers) == {
            "Accept": "text/html, text/plain",
            "X-One": "2",
            "Subject": "caf\xe9",
            "Host": "h",
        }
        assert request.raw_header("X-ONE") == "2"
        assert request.raw_header("X-Two") is None
        assert request.header_list == [("Host", "h"), *headers]

    def run(self, headers: list[tuple[str, str]]) -> Request:
        app = application(index=lambda: "page")
        host = Host("127.0.0.1", 80)
        request, _ = app.get_serving(host, host, "http", "HTTP/1.1")
        try:
            request.run(
                "GET",
                "/",
                "",
                "HTTP/1.1",
                iter([("Host", "h"), *headers]),
                io.BytesIO(),
            )
        finally:
            app.release_serving()
        return request

    def test_may_be_changed_and_are_found_changed(self) -> None:
        def look(request: Request) -> object:
            request.headers["X-One"] = "changed"
            return request.raw_header("x-one")

        assert seen(look, headers={"X-One": "1"}) == "changed"

    def test_may_be_added_to_the_list_by_a_subclass(self) -> None:
        class Adding(Request):
            def process_headers(self) -> None:
                self.header_list.append(("Host", "added.example"))
                super().process_headers()

        app = application(index=lambda: cherrypy.request.base)
        app.request_class = Adding
        answer = Client(without_host(app)).get("/")
        assert answer.text == "http://added.example"


class TestCookies:
    def test_are_read_and_illegal_ones_left_out(self) -> None:
        def look(request: Request) -> object:
            return {name: morsel.value for name, morsel in request.cookie.items()}

        cookie = 'a=1; b="two"; c{}=3; d'
        assert seen(look, headers={"Cookie": cookie}) == "{'a': '1', 'b': 'two'}"
        assert seen(look) == "{}"


class TestParameters:
    def test_of_query_and_body_make_one_list(self) -> None:
        look: Callable[[Request], object] = lambda request: request.params  # noqa: E731
        text = seen(look, url="/?a=1&b=&a=2", method="POST", data={"a": "3", "c": "4"})
        assert text == "{'a': ['1', '2', '3'], 'b': '', 'c': '4'}"

    def test_may_be_an_image_map(self) -> None:
        look: Callable[[Request], object] = lambda request: request.params  # noqa: E731
        assert seen(look, url="/?12,34") == "{'x': 12, 'y': 34}"

    def test_that_cannot_be_decoded_are_not_found(self) -> None:
        page = seen(lambda request: "page", url="/?a=%FF")
        assert "<h2>404 Not Found</h2>" in page
        assert "must be encoded with 'utf8'." in page
        config = {"request.query_string_encoding": "latin-1"}
        look: Callable[[Request], object] = lambda request: request.params  # noqa: E731
        assert seen(look, url="/?a=%FF", config=config) == "{'a': '\xff'}"

    def test_must_not_be_too_many(self) -> None:
        query = "&".join(f"a{number}=" for number in range(2000))
        assert "<h2>400 Bad Request</h2>" in seen(lambda request: "", url=f"/?{query}")

    def test_of_the_body_have_an_old_name(self) -> None:
        def look(request: Request) -> object:
            with pytest.warns(DeprecationWarning, match=r"request\.body\.params"):
                return request.body_params

        assert seen(look, url="/?a=1", method="POST", data={"b": "2"}) == "{'b': '2'}"


class TestConfig:
    def test_is_a_copy_for_each_request(self) -> None:
        def look(request: Request) -> object:
            before = request.config["own.key"]
            request.config["own.key"] = "changed"
            return before

        config = {"own.key": "configured"}
        site = client(config, index=lambda: str(look(cherrypy.serving.request)))
        assert [site.get("/").text for _ in range(2)] == ["configured"] * 2

    def test_is_there_while_the_page_is_being_found(self) -> None:
        found: list[Any] = []

        class Looking(type(Request.dispatch)):  # type: ignore[misc]  # made in the site
            def __call__(self, path_info: str) -> None:
                found.append(cherrypy.request.config)
                super().__call__(path_info)
                cherrypy.request.config["tools.response_headers.on"] = True
                cherrypy.request.config["tools.response_headers.headers"] = [("X", "y")]

        site = client({"request.dispatch": Looking()}, index=lambda: "page")
        assert site.get("/").headers["X"] == "y"
        assert found == [None]

    def test_tells_which_tools_are_on(self) -> None:
        config = {
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [],
        }
        before: list[Any] = []

        class Looking(type(Request.dispatch)):  # type: ignore[misc]  # made in the site
            def __call__(self, path_info: str) -> None:
                before.append(cherrypy.request.toolmaps)
                super().__call__(path_info)

        def look(request: Request) -> object:
            assert request.toolmaps is request.toolmaps
            return request.toolmaps["tools"]["response_headers"]

        config["request.dispatch"] = Looking()
        assert seen(look, config=config) == "{'on': True, 'headers': []}"
        assert before == [{}]

    def test_sets_attributes_and_error_pages(self) -> None:
        def page(status: str, message: str, traceback: str, version: str) -> str:
            return f"custom {status}"

        config = {"error_page.404": page, "request.show_mismatched_params": False}
        site = client(config, index=lambda: "page")
        assert site.get("/missing").text.startswith("custom 404")


class TestOneRequestAndTheNext:
    def test_error_pages_do_not_leak(self) -> None:
        def index() -> str:
            before = dict(cherrypy.request.error_page)
            cherrypy.request.error_page[404] = "page.html"
            return repr(before)

        site = client(index=index)
        assert [site.get("/").text for _ in range(2)] == ["{}", "{}"]
        assert Request.error_page == {}

    def test_nothing_leaks_through_the_defaults_of_a_subclass(self) -> None:
        calls: list[str] = []

        class Own(Request):
            hooks = HookMap(hookpoints)
            error_page = {500: "error.html"}  # noqa: RUF012

        Own.hooks.attach("before_handler", lambda: calls.append("own"))

        def index() -> str:
            request = cherrypy.request
            before = dict(request.error_page)
            request.error_page[404] = "page.html"
            request.hooks.attach("before_finalize", lambda: calls.append("added"))
            return repr(before)

        app = application(index=index)
        app.request_class = Own
        site = Client(app)
        assert [site.get("/").text for _ in range(2)] == ["{500: 'error.html'}"] * 2
        assert calls == ["own", "added"] * 2
        assert [len(Own.hooks[point]) for point in hookpoints] == [
            0,
            0,
            1,
            0,
            0,
            0,
            0,
            0,
        ]

    def test_own_attributes_are_welcome(self) -> None:
        def look(request: Request) -> object:
            before = hasattr(request, "user")
            cherrypy.request.user = "ada"
            return before

        assert [seen(look) for _ in range(2)] == ["False", "False"]


class TestIdentity:
    def test_is_the_same_for_one_request_and_another_for_the_next(self) -> None:
        def look(request: Request) -> object:
            assert isinstance(request.unique_id, LazyUUID4)
            assert request.unique_id.uuid4 is request.unique_id.uuid4
            return f"{request.unique_id} {request.unique_id}"

        first, second = seen(look).split(), seen(look).split()
        assert first[0] == first[1] != second[0]
        assert uuid.UUID(first[0]).version == 4


class TestLogging:
    def test_of_a_subclass_is_called_as_documented(self) -> None:
        lines: list[str] = []

        class Own(LogManager):
            def access(self) -> None:
                request, response = cherrypy.request, cherrypy.response
                status = response.output_status.decode()
                lines.append(f"{request.request_line} {status}")

        app = application(index=lambda: "page")
        app.log = Own(appid=1)
        Client(app).get("/")
        Client(app).get("/missing")
        assert lines == ["GET / HTTP/1.1 200 OK", "GET /missing HTTP/1.1 404 Not Found"]


class TestRunningByHand:
    """As gateways to other servers do."""

    @pytest.fixture
    def app(self) -> Iterator[cherrypy.Application]:
        app = application(default=lambda *parts: cherrypy.request.path_info)
        yield app
        app.release_serving()

    def test_gives_the_response(self, app: cherrypy.Application) -> None:
        host = Host("127.0.0.1", 80)
        request, response = app.get_serving(host, host, "http", "HTTP/1.1")
        answer = request.run(
            "GET", "/a", "x=1", "HTTP/1.0", [("Host", "h")], io.BytesIO()
        )
        assert answer is response
        assert (answer.output_status, answer.body) == (b"404 Not Found", answer.body)
        assert request.wsgi_environ is None
        assert request.login is None

    def test_needs_a_host_only_for_those_who_know_it(
        self, app: cherrypy.Application
    ) -> None:
        host = Host("127.0.0.1", 80)
        request, response = app.get_serving(host, host, "http", "HTTP/1.1")
        request.run("GET", "/a", "", "HTTP/1.0", [], io.BytesIO())
        assert (response.status, response.body) == ("200 OK", [b"/a"])
        assert request.base == "http://127.0.0.1"

    def test_ends_once(self, app: cherrypy.Application) -> None:
        ended: list[str] = []
        host = Host("127.0.0.1", 80)
        request, _ = app.get_serving(host, host, "http")
        request.hooks.attach("on_end_request", lambda: ended.append("end"))
        request.close()
        request.close()
        assert (ended, request.closed, request.stage) == (["end"], True, "close")


def test_hooks_run_for_a_request_that_was_never_dispatched(request_: Request) -> None:
    assert request_.hooks_at("before_handler") == []
    request_.hooks.attach("before_handler", print, priority=90)
    request_.hooks.attach("before_handler", repr, priority=10)
    found = [hook.callback for hook in request_.hooks_at("before_handler")]
    assert found == [repr, print]


def test_the_class_has_the_documented_defaults() -> None:
    defaults = {
        "local": Request.local.ip,
        "remote": Request.remote.port,
        "base": Request.base,
        "headers": Request.headers,
        "header_list": Request.header_list,
        "params": Request.params,
        "hooks": list(Request.hooks),
        "config": Request.config,
        "login": Request.login,
        "body": Request.body,
        "unique_id": Request.unique_id,
    }
    assert defaults == {
        "local": "127.0.0.1",
        "remote": 1111,
        "base": "",
        "headers": {},
        "header_list": [],
        "params": {},
        "hooks": hookpoints,
        "config": None,
        "login": None,
        "body": None,
        "unique_id": None,
    }
    assert current.get().response.status is None
    assert Response.status == ""
