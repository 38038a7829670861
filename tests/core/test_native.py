"""The face towards our own server, with a server behind it and without."""

from __future__ import annotations

import io
import os
import pwd
import threading
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.app import active
from cherrypy.core.context import current, outside
from cherrypy.core.native import NativeGateway
from cherrypy.core.tree import Tree
from cherrypy.http.filebody import FileBody
from cherrypy.httpd.protocols.events import RequestHead, ResponseRefused
from tests.core.sites import Closing, application
from tests.httpd.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.httpd.serving import Answer, Running


@contextmanager
def site(
    app: Any, *, path: str = "", server_protocol: str = "HTTP/1.1", **options: Any
) -> Iterator[Running]:
    """Run a server for a tree with one application."""
    tree = Tree()
    tree.apps[path] = app
    if isinstance(app, cherrypy.Application):
        app.script_name = path
    gateway = NativeGateway(lambda: tree, server_protocol)
    with serving(gateway, protocol_version=server_protocol, **options) as running:
        yield running
    assert not active


def look(page: Callable[[], object], path: str = "/", head: str = "") -> Answer:
    """Ask a server for a page that looks around."""
    app = application(default=lambda *parts, **form: str(page()))
    with site(app) as running, running.client() as client:
        return client.ask(path, head=head)


class Ends:
    """Counts the requests that have ended, and lets a test wait for them."""

    def __init__(self) -> None:
        self.count = 0
        self._more = threading.Condition()

    def __call__(self) -> None:
        with self._more:
            self.count += 1
            self._more.notify_all()

    def wait_for(self, count: int) -> bool:
        with self._more:
            return self._more.wait_for(lambda: self.count >= count, 20)


@pytest.fixture
def ends() -> Ends:
    return Ends()


class TestTheRequest:
    def test_is_what_the_client_has_sent(self) -> None:
        def page() -> str:
            request = cherrypy.request
            return repr(
                (
                    request.request_line,
                    request.method,
                    request.path_info,
                    request.query_string,
                    request.params,
                    request.headers["X-One"],
                    request.scheme,
                    request.base,
                )
            )

        answer = look(page, "/caf%C3%A9?a=1", "X-One: two\r\n")
        assert answer.body.decode() == repr(
            (
                "GET /caf\xe9?a=1 HTTP/1.1",
                "GET",
                "/caf\xe9",
                "a=1",
                {"a": "1"},
                "two",
                "http",
                "http://localhost",
            )
        )

    def test_may_be_in_another_charset(self) -> None:
        app = application(
            {"request.uri_encoding": "latin-1"},
            default=lambda *parts, **form: f"{parts} {form}",
        )
        with site(app) as running:
            assert running.get("/%E9?a=1").body.decode() == "('\xe9',) {'a': '1'}"
        app.merge({"/": {"request.uri_encoding": "utf-8"}})
        with site(app) as running:
            # Not in the charset: as it came.
            assert running.get("/%E9").body.decode() == "('\xe9',) {}"

    def test_knows_both_ends(self) -> None:
        def page() -> str:
            local, remote = cherrypy.request.local, cherrypy.request.remote
            address = cherrypy.request.headers["Remote-Addr"]
            assert cherrypy.request.headers.get("Remote-Host") is None
            return f"{local.ip} {local.port} {remote.ip} {remote.port > 0} {address}"

        app = application(index=page)
        head = "Remote-Addr: 203.0.113.1\r\nRemote-Host: evil.example\r\n"
        with site(app) as running, running.client() as client:
            answer = client.ask(head=head)
            port = running.address[1]
        assert answer.text == f"127.0.0.1 {port} 127.0.0.1 True 127.0.0.1"

    @pytest.mark.parametrize(("name", "known"), [("", "127.0.0.1"), ("h.example",) * 2])
    def test_knows_the_name_of_the_server(self, name: str, known: str) -> None:
        app = application(index=lambda: cherrypy.request.local.name)
        with site(app, server_name=name) as running:
            assert running.get().text == known

    def test_has_a_body(self) -> None:
        app = application(
            form=lambda **form: repr(form),
            raw=lambda: cherrypy.request.body.read(),
        )
        with site(app) as running, running.client() as client:
            kind = "Content-Type: application/x-www-form-urlencoded\r\n"
            assert client.post("/form", b"a=1", head=kind).text == "{'a': '1'}"
            assert client.post("/raw", b"\x00\x01").body == b"\x00\x01"

    def test_is_not_mixed_up_with_one_of_the_same_head(self) -> None:
        def page() -> str:
            request = cherrypy.request
            before = request.headers.get("X-Mark", "none")
            request.headers["X-Mark"] = "marked"
            request.header_list.append(("X-Mark", "marked"))
            return f"{before} {len(request.header_list)}"

        with site(application(index=page)) as running, running.client() as client:
            assert [client.ask().text for _ in range(3)] == ["none 2"] * 3

    def test_knows_the_version_that_both_speak(self) -> None:
        def page() -> str:
            return f"{cherrypy.request.protocol} {cherrypy.request.request_line}"

        app = application(index=page)
        with site(app) as running, running.client() as client:
            client.send(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            assert client.answer().text == "(1, 0) GET / HTTP/1.0"
        with site(app, server_protocol="HTTP/1.0") as running:
            assert running.get().text == "(1, 0) GET / HTTP/1.1"

    def test_needs_no_host_from_old_clients(self) -> None:
        app = application(index=lambda: cherrypy.request.base)
        with site(app) as running, running.client() as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            assert client.answer().text == "http://127.0.0.1"

    def test_loses_doubled_slashes(self) -> None:
        app = application(default=lambda *parts: cherrypy.request.path_info)
        with site(app, path="/blog") as running:
            assert running.get("//blog//a/").text == "/a/"

    def test_has_an_environ_if_somebody_wants_one(self) -> None:
        def page() -> str:
            environ = cherrypy.request.wsgi_environ or {}
            assert cherrypy.request.wsgi_environ is environ
            names = "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"
            facts = [environ[name] for name in (*names, "HTTP_X_ONE")]
            request = cherrypy.request
            return repr([*facts, request.multithread, request.multiprocess])

        app = application(default=lambda *parts, **form: page())
        with site(app, path="/blog") as running, running.client() as client:
            answer = client.ask("//blog/caf%C3%A9?a=1", head="X-One: 1\r\n")
            again = client.ask("//blog/caf%C3%A9?a=1", head="X-One: 1\r\n")
        assert answer.body.decode() == repr(
            ["GET", "/blog", "/caf\xc3\xa9", "a=1", "1", True, False]
        )
        assert again.body == answer.body

    def test_has_no_login_where_nobody_identifies_clients(self) -> None:
        assert look(lambda: cherrypy.request.login).text == "None"

    @pytest.mark.parametrize("resolve", [False, True])
    def test_has_the_login_of_the_process_behind_a_unix_socket(
        self, tmp_path: Path, resolve: bool
    ) -> None:
        def page() -> str:
            request = cherrypy.request
            del request.headers["Host"]
            assert request.base == "http://localhost"
            assert "Remote-Addr" not in request.headers
            return f"{request.login} {request.remote.ip!r}"

        options: dict[str, Any] = {
            "bind_addr": str(tmp_path / "socket"),
            "peercreds": True,
            "peercreds_resolve": resolve,
        }
        app = application(index=page)
        with site(app, **options) as running, running.client() as client:
            answer = client.ask(head="Remote-Addr: 203.0.113.1\r\n")
        name = pwd.getpwuid(os.getuid()).pw_name if resolve else None
        assert answer.text == f"{name} ''"

    def test_is_known_to_those_who_hear_of_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        bus = SimpleNamespace(
            listeners={"before_request": {print}},
            publish=lambda channel: told.append(cherrypy.request.remote.ip),
        )
        monkeypatch.setattr(cherrypy.Application, "bus", bus)
        assert look(lambda: cherrypy.request.remote.ip).text == "127.0.0.1"
        assert told == ["127.0.0.1"]


class TestWhoAnswers:
    def test_is_nobody_where_nothing_is_mounted(self) -> None:
        with site(application(index=lambda: "page"), path="/blog") as running:
            answer = running.get("/")
            assert answer.status == 404
            assert b"The path '/' was not found." in answer.body

    def test_is_a_wsgi_application(self) -> None:
        def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [environ["PATH_INFO"].encode()]

        with site(hello, path="/hello") as running:
            assert running.get("/hello/x").text == "/x"

    def test_is_an_application_with_middleware(self) -> None:
        def shouting(nextapp: Any) -> Any:
            def app(*call: Any) -> list[bytes]:
                with closing(nextapp(*call)) as body:
                    return [chunk.upper() for chunk in body]

            return app

        app = application(
            {"wsgi.pipeline": [("shouting", shouting)]}, index=lambda: "page"
        )
        with site(app) as running:
            assert running.get("/").text == "PAGE"

    def test_is_the_tree_that_is_in_force(self) -> None:
        trees: list[Any] = [tree_of(application(index=lambda: "one"))]
        with serving(NativeGateway(lambda: trees[-1])) as running:
            assert running.get("/").text == "one"
            trees.append(tree_of(application(index=lambda: "two")))
            assert running.get("/").text == "two"
            # Anything may be called `cherrypy.tree` that is a WSGI application.
            trees.append(application(index=lambda: "three"))
            assert running.get("/").text == "three"


def tree_of(app: Any) -> Tree:
    tree = Tree()
    tree.apps[""] = app
    return tree


class TestInternalRedirects:
    def test_answer_with_another_page(self, ends: Ends) -> None:
        def index(**form: str) -> str:
            raise cherrypy.InternalRedirect("/there/caf\xe9?a=1")

        def there(*parts: str, **form: str) -> str:
            request = cherrypy.request
            previous = request.prev
            assert previous is not None
            assert previous.closed
            assert "Content-Length" not in request.headers
            environ = request.wsgi_environ or {}
            path = environ["SCRIPT_NAME"], environ["PATH_INFO"]
            length = environ["CONTENT_LENGTH"], environ["QUERY_STRING"]
            return repr(
                (previous.method, environ["REQUEST_METHOD"], path, length, form)
            )

        app = application({"hooks.on_end_request": ends}, index=index, there=there)
        with site(app, path="/blog") as running, running.client() as client:
            answer = client.post("/blog/", b"b=2")
            assert answer.body.decode() == repr(
                (
                    "POST",
                    "GET",
                    ("/blog", "/there/caf\xc3\xa9"),
                    ("0", "a=1"),
                    {"a": "1"},
                )
            )
            assert ends.wait_for(2)
        assert ends.count == 2

    def test_close_the_answer_that_is_not_given(self) -> None:
        body = Closing(b"page")

        def leave() -> None:
            if cherrypy.request.path_info == "/":
                raise cherrypy.InternalRedirect("/there")

        app = application(
            {"hooks.before_finalize": leave, "response.stream": True},
            index=lambda: body,
            there=lambda: "there",
        )
        with site(app) as running:
            assert running.get().text == "there"
        assert body.closed == 1

    def test_in_circles_get_the_bare_answer(
        self, ends: Ends, caplog: pytest.LogCaptureFixture
    ) -> None:
        def go(path: str) -> Any:
            raise cherrypy.InternalRedirect(path)

        app = application(
            {"hooks.on_end_request": ends, "request.show_tracebacks": True},
            one=lambda **form: go("/two"),
            two=lambda **form: go("/one?a=1"),
        )
        with site(app) as running:
            answer = running.get("/one?a=1")
            assert ends.wait_for(2)
        assert answer.status == 500
        assert "visited the same URL twice: '/one?a=1'" in answer.text
        assert "visited the same URL twice" in caplog.text
        assert ends.count == 2
        assert outside.request.closed is False


class TestAnswers:
    def test_have_a_length_and_end_their_requests(self, ends: Ends) -> None:
        app = application({"hooks.on_end_request": ends}, index=lambda: "page")
        with site(app) as running, running.client() as client:
            for count in (1, 2, 3):
                answer = client.ask()
                assert (answer.text, answer.headers["content-length"]) == ("page", "4")
                assert ends.wait_for(count)
        assert ends.count == 3

    def test_to_head_have_no_body(self) -> None:
        body = Closing(b"page")
        app = application({"response.stream": True}, index=lambda: body)
        with site(app) as running, running.client() as client:
            assert client.ask(method="HEAD").body == b""
        assert body.closed == 1

    def test_may_be_streams(self, ends: Ends) -> None:
        def index() -> Iterator[str]:
            for _ in range(2):
                yield cherrypy.request.path_info

        config = {"hooks.on_end_request": ends, "response.stream": True}
        with site(application(config, index=index)) as running:
            answer = running.get("/index")
            assert answer.headers["transfer-encoding"] == "chunked"
            assert answer.text == "/index/index"
            assert ends.wait_for(1)
        assert ends.count == 1

    def test_may_be_files(self, ends: Ends, tmp_path: Path) -> None:
        path = tmp_path / "page"
        path.write_bytes(b"x" * 200_000)
        files: list[Any] = []

        def index() -> Any:
            files.append(path.open("rb"))
            return files[-1]

        app = application({"hooks.on_end_request": ends}, index=index)
        with site(app) as running, running.client() as client:
            assert len(client.ask().body) == 200_000
            assert ends.wait_for(1)
            assert client.ask(method="HEAD").headers["content-length"] == "200000"
            assert ends.wait_for(2)
        assert [file.closed for file in files] == [True, True]
        assert ends.count == 2

    def test_end_once_if_the_client_goes_away(self, ends: Ends) -> None:
        body = Closing(*[b"x" * 1_000_000] * 1000)
        config = {"hooks.on_end_request": ends, "response.stream": True}
        app = application(config, index=lambda: body)
        with site(app) as running:
            with running.client() as client:
                client.request()
                assert client.receive(1000)
            assert ends.wait_for(1)
        assert (ends.count, body.closed) == (1, 1)

    def test_are_interrupted_by_an_exception(self, ends: Ends) -> None:
        body = Closing(b"begun", LookupError("too late"))
        config = {"hooks.on_end_request": ends, "response.stream": True}
        app = application(config, index=lambda: body)
        with site(app) as running, running.client() as client:
            client.request()
            received = client.rest()
            assert b"5\r\nbegun\r\n" in received
            assert not received.endswith(b"0\r\n\r\n")
            assert ends.wait_for(1)
            assert "The answer was cut off." in running.log
        assert (ends.count, body.closed) == (1, 1)

    def test_are_bare_where_nobody_caught_the_exception(
        self, ends: Ends, caplog: pytest.LogCaptureFixture
    ) -> None:
        config = {"hooks.on_end_request": ends, "request.throw_errors": True}
        app = application(config, index=lambda: 1 // 0)
        with site(app) as running:
            answer = running.get()
            assert answer.status == 500
            assert answer.text == "Unrecoverable error in the server.\n"
            assert ends.wait_for(1)
        assert "ZeroDivisionError" in caplog.text

    @pytest.mark.parametrize("stream", [False, True])
    def test_are_bare_where_the_server_refuses_them(
        self, stream: bool, ends: Ends, caplog: pytest.LogCaptureFixture
    ) -> None:
        def append() -> None:
            cherrypy.response.header_list.append((b"X-Two", b"a\r\nX-Evil: b"))

        body = Closing(b"page")
        config = {
            "hooks.on_end_request": ends,
            "hooks.on_end_resource": append,
            "response.stream": stream,
        }
        with site(application(config, index=lambda: body)) as running:
            answer = running.get()
            assert answer.status == 500
            assert "x-evil" not in answer.headers
            assert ends.wait_for(1)
        assert "ResponseRefused" in caplog.text
        assert (ends.count, body.closed) == (1, 1)

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize(
        ("pair", "named"),
        [(("X-Late", b"yes"), "'X-Late'"), ((b"X-Late", "yes"), "'yes'"), (None, "")],
    )
    def test_are_bare_where_a_header_is_no_bytes(
        self, pair: Any, named: str, stream: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        def append() -> None:
            cherrypy.response.header_list.append(pair)

        config = {"hooks.on_end_resource": append, "response.stream": stream}
        with site(application(config, index=lambda: "page")) as running:
            answer = running.get()
        assert answer.text == "Unrecoverable error in the server.\n"
        complaint = f"response.header_list key {named} is not a byte string."
        assert (complaint in caplog.text) is bool(named)
        assert "TypeError" in caplog.text

    def test_are_refused_files_too(
        self, ends: Ends, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        def append() -> None:
            cherrypy.response.header_list.append((b"X-Two", b"a\r\nX-Evil: b"))

        path = tmp_path / "page"
        path.write_bytes(b"page")
        file = path.open("rb")
        config = {"hooks.on_end_request": ends, "hooks.on_end_resource": append}
        with site(application(config, index=lambda: file)) as running:
            assert running.get().status == 500
            assert ends.wait_for(1)
        assert (ends.count, file.closed) == (1, True)

    def test_to_a_request_that_could_not_begin_are_bare(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = application(index=lambda: "page")
        app.request_class = None  # type: ignore[assignment]
        with site(app) as running:
            assert running.get().status == 500
        assert "TypeError" in caplog.text

    @pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
    def test_may_be_the_last(self, end: type[BaseException], ends: Ends) -> None:
        def index() -> str:
            raise end

        app = application({"hooks.on_end_request": ends}, index=index)
        with site(app) as running:
            assert running.get().status == 500
            running.thread.join(20)
            assert isinstance(running.raised, end)
        assert ends.count == 1


class FakeExchange:
    """An exchange that remembers, and may go wrong."""

    scheme = "http"
    local, remote = ("127.0.0.1", 80), ("192.0.2.7", 4711)

    def __init__(self, *problems: BaseException | None) -> None:
        fields = ((b"host", b"h"),)
        self.head = RequestHead(
            "GET", b"/", b"/", b"", (1, 1), fields, b"h", None, False, True, False
        )
        self.rfile = io.BytesIO()
        self.problems = list(problems)
        self.answered = False
        self.answers: list[tuple[bytes, Any]] = []
        self.close: Callable[[], None] | None = None

    def respond(
        self,
        status: bytes,
        headers: list[tuple[bytes, bytes]],
        body: Any,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        problem = self.problems.pop(0) if self.problems else None
        self.answered = not isinstance(problem, ResponseRefused)
        if problem is not None:
            raise problem
        self.answers.append((status, body))
        self.close = on_close


def answer(exchange: FakeExchange, app: cherrypy.Application) -> None:
    fake: Any = exchange
    NativeGateway(lambda: tree_of(app))(fake)


class TestTheContext:
    """What is present before, while and after an answer is produced."""

    def test_is_as_it_was_when_the_answer_is_out(self) -> None:
        exchange = FakeExchange()
        answer(exchange, application(index=lambda: "page"))
        assert exchange.answers == [(b"200 OK", [b"page"])]
        assert current.get() is outside

    def test_of_several_streams_in_one_thread_is_that_of_each(self) -> None:
        def index() -> Iterator[str]:
            while True:
                yield f"{id(cherrypy.serving.request)}"

        ended: list[int] = []
        app = application(
            {
                "response.stream": True,
                "hooks.on_end_request": lambda: ended.append(
                    id(cherrypy.serving.request)
                ),
            },
            index=index,
        )
        exchanges = [FakeExchange() for _ in range(2)]
        for exchange in exchanges:
            answer(exchange, app)
        bodies = [exchange.answers[0][1] for exchange in exchanges]
        seen = [[next(body) for body in bodies] for _ in range(2)]
        assert seen[0] == seen[1]
        assert seen[0][0] != seen[0][1]
        assert current.get() is outside
        for exchange, body in zip(exchanges, bodies, strict=True):
            body.close()
            assert exchange.close is not None
            exchange.close()
        assert [str(each).encode() for each in ended] == seen[0]
        assert current.get() is outside
        assert not active

    def test_of_a_stream_that_ends_at_once_is_left(self) -> None:
        ended: list[str] = []

        class Draining(FakeExchange):
            def respond(self, *facts: Any) -> None:
                super().respond(*facts)
                assert b"".join(facts[2]) == b"page"
                facts[2].close()
                facts[3]()

        app = application(
            {
                "response.stream": True,
                "hooks.on_end_request": lambda: ended.append("end"),
            },
            index=lambda: iter([b"page"]),
        )
        answer(Draining(), app)
        assert ended == ["end"]
        assert current.get() is outside

    def test_a_body_without_an_end_of_its_own_is_just_left(self) -> None:
        class Pages:
            def __iter__(self) -> Iterator[bytes]:
                return iter([b"page"])

        def index() -> Any:
            cherrypy.response.headers["Content-Type"] = "image/png"
            return Pages()

        exchange = FakeExchange()
        answer(exchange, application({"response.stream": True}, index=index))
        body = exchange.answers[0][1]
        assert list(body) == [b"page"]
        body.close()
        assert exchange.close is not None
        exchange.close()


class TestFailingExchanges:
    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("problem", [KeyboardInterrupt(), SystemExit()])
    def test_end_the_request_when_the_process_ends(
        self, problem: BaseException, stream: bool
    ) -> None:
        ended: list[str] = []
        app = application(
            {
                "hooks.on_end_request": lambda: ended.append("end"),
                "response.stream": stream,
            },
            index=lambda: "page",
        )
        with pytest.raises(type(problem)):
            answer(FakeExchange(problem), app)
        assert ended == ["end"]
        assert current.get() is outside

    def test_are_not_answered_twice(self, caplog: pytest.LogCaptureFixture) -> None:
        ended: list[str] = []
        app = application(
            {"hooks.on_end_request": lambda: ended.append("end")}, index=lambda: "page"
        )
        exchange = FakeExchange(LookupError("half sent"))
        answer(exchange, app)
        assert (exchange.answers, ended) == ([], ["end"])
        assert "LookupError: half sent" in caplog.text

    def test_end_the_request_even_if_the_bare_answer_fails(self) -> None:
        ended: list[str] = []
        app = application(
            {"hooks.on_end_request": lambda: ended.append("end")}, index=lambda: "page"
        )
        exchange = FakeExchange(ResponseRefused("no"), ConnectionError("gone"))
        with pytest.raises(ConnectionError):
            answer(exchange, app)
        assert ended == ["end"]
        assert current.get() is outside

    def test_say_who_asked_in_the_log_of_the_application(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = application({"request.throw_errors": True}, index=lambda: 1 // 0)
        answer(FakeExchange(), app)
        names = {record.name for record in caplog.records if record.exc_info}
        assert names == {app.log.error_log.name}


def test_a_file_is_handed_over_as_one(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(b"page")
    exchange = FakeExchange()
    answer(exchange, application(index=lambda: path.open("rb")))
    body = exchange.answers[0][1]
    assert isinstance(body, FileBody)
    body.close()
    assert exchange.close is not None
    exchange.close()
    assert not active
