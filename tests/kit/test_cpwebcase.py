"""`CPWebCase` as the suites of existing applications use it."""

from __future__ import annotations

import datetime
import os
import socket
import tempfile
import threading
import unittest
from http.client import HTTPConnection, HTTPSConnection, NotConnected
from typing import Any, ClassVar

import pytest

import cherrypy
from cherrypy.core.tree import Tree
from cherrypy.test import helper, sites, webtest
from cherrypy.test.supervisors import LocalWSGISupervisor


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "index"

    @cherrypy.expose
    def echo(self, message: str) -> str:
        return message

    @cherrypy.expose
    def seen(self, **params: Any) -> str:
        request = cherrypy.request
        fields = "\n".join(f"{k}: {v}" for k, v in request.headers.items())
        major, minor = request.protocol
        return f"{request.method} {major}.{minor} {params!r}\n{fields}"

    @cherrypy.expose
    def cookies(self) -> str:
        cherrypy.response.cookie["a"] = "1"
        cherrypy.response.cookie["a"]["path"] = "/"
        cherrypy.response.cookie["b"] = "2"
        return ", ".join(sorted(cherrypy.request.cookie))

    @cherrypy.expose
    def fault(self) -> str:
        raise ValueError("less < than")

    @cherrypy.expose
    def peer(self) -> str:
        return str(cherrypy.request.remote.port)

    @cherrypy.expose
    def allow(self) -> str:
        cherrypy.response.headers["Allow"] = "GET, HEAD"
        return ""


class ManualTest(helper.CPWebCase):
    """The example of the manual, with its static method."""

    def setup_server() -> None:  # type: ignore[misc]  # as the manual writes it
        class Root:
            @cherrypy.expose
            def echo(self, message: str) -> str:
                return message

        cherrypy.tree.mount(Root())

    setup_server = staticmethod(setup_server)

    def test_message_should_be_returned_as_is(self) -> None:
        self.getPage("/echo?message=Hello%20world")
        self.assertStatus("200 OK")
        self.assertHeader("Content-Type", "text/html;charset=utf-8")
        self.assertBody("Hello world")

    def test_non_utf8_message_will_fail(self) -> None:
        self.getPage(
            "/echo?message=A+bient%F4t",
            headers=[
                ("Accept-Charset", "ISO-8859-1,utf-8"),
                ("Content-Type", "text/html;charset=ISO-8859-1"),
            ],
        )
        self.assertStatus("404 Not Found")


class ApplicationCase(helper.CPWebCase):
    """An abstract base class between, as applications have one."""

    interactive = False
    config: ClassVar[dict[str, Any]] = {}
    folder: ClassVar[tempfile.TemporaryDirectory[str]]

    @classmethod
    def setup_class(cls) -> None:
        if cls is ApplicationCase:
            return
        cls.folder = tempfile.TemporaryDirectory()
        super().setup_class()

    @classmethod
    def teardown_class(cls) -> None:
        if cls is ApplicationCase:
            return
        cls.folder.cleanup()
        super().teardown_class()

    @classmethod
    def setup_server(cls) -> None:
        cherrypy.config.update({"custom.folder": cls.folder.name, **cls.config})
        cherrypy.tree.mount(Root(), "/")

    def setUp(self) -> None:
        helper.CPWebCase.setUp(self)
        self.app = cherrypy.tree.apps.get("")

    def getPage(self, url: Any, headers: Any = None, *args: Any, **kwargs: Any) -> Any:
        headers = list(headers or [])
        if self.cookies:
            headers.extend(self.cookies)
        return helper.CPWebCase.getPage(self, url, headers, *args, **kwargs)

    @property
    def baseurl(self) -> str:
        return f"http://{self.HOST}:{self.PORT}"


class LivingTest(ApplicationCase):
    config: ClassVar[dict[str, Any]] = {"tools.response_headers.on": True}

    def test_the_config_of_the_class_is_in_force(self) -> None:
        assert cherrypy.config["custom.folder"] == self.folder.name
        assert os.path.isdir(self.folder.name)
        assert cherrypy.config["tools.response_headers.on"] is True
        assert cherrypy.config["environment"] == "test_suite"

    def test_cookies_can_be_sent_back(self) -> None:
        self.getPage("/cookies")
        assert self.cookies == [("Cookie", "a=1; Path=/"), ("Cookie", "b=2")]
        self.getPage("/cookies")
        self.assertInBody("a")
        self.assertInBody("b")
        self.getPage("/")
        assert self.cookies == []

    def test_urls_lead_to_the_real_port(self) -> None:
        assert self.base() == self.baseurl == cherrypy.server.base()
        assert self.prefix() == ""
        assert self.interface() == "127.0.0.1"

    def test_the_setup_of_a_class_is_run_once(self) -> None:
        assert type(self).supervisor.port == self.PORT
        assert isinstance(self.supervisor, LocalWSGISupervisor)


class AskingTest(helper.CPWebCase):
    @classmethod
    def setup_server(cls) -> None:
        cherrypy.tree.mount(Root())

    def test_get_page_returns_and_keeps_the_answer(self) -> None:
        answer = self.getPage("/echo?message=%C3%A4")
        assert answer == (self.status, self.headers, self.body)
        assert self.status == "200 OK"
        assert self.status_code == 200
        assert ("Content-Length", "2") in self.headers
        assert self.body == "ä".encode()
        assert self.url == b"/echo?message=%C3%A4"
        assert 0 < self.time < 60

    def test_a_request_has_no_header_that_the_test_did_not_ask_for(self) -> None:
        self.getPage("/seen", [("X-Mine", "1"), ("X-Mine", b"2")])
        lines = self.body.decode().splitlines()
        assert lines[0] == "GET 1.1 {}"
        assert sorted(lines[1:]) == [
            f"Host: {self.HOST}:{self.PORT}",
            "Remote-Addr: 127.0.0.1",
            "X-Mine: 1, 2",
        ]

    def test_a_post_is_a_form(self) -> None:
        self.getPage("/seen", method="POST", body="a=1&b=ä")
        self.assertInBody("POST 1.1 {'a': '1', 'b': 'ä'}")
        self.assertInBody("Content-Type: application/x-www-form-urlencoded")
        self.assertInBody("Content-Length: 8")
        self.getPage("/seen", method="POST")
        self.assertInBody("Content-Length: 0")

    def test_a_post_of_another_kind_says_everything_itself(self) -> None:
        headers = [("Content-Type", "text/plain"), ("Content-Length", "3")]
        self.getPage("/seen", headers, "PUT", b"abc")
        self.assertInBody("PUT 1.1 {}")
        self.getPage("/seen", headers[:1], "PUT", b"abc")
        self.assertStatus(411)

    def test_an_old_protocol_can_be_spoken(self) -> None:
        self.getPage("/seen", protocol="HTTP/1.0")
        self.assertInBody("GET 1.0")

    def test_odd_urls_reach_the_server(self) -> None:
        self.getPage("/echo?message=ä")
        self.assertBody("ä")
        self.getPage(b"/echo?message=a b")
        self.assertStatus(400)
        self.getPage("echo")
        self.assertStatus(400)

    def test_header_values_may_be_beyond_latin_1(self) -> None:
        self.getPage("/seen", [("X-Mine", "€")])
        self.assertStatus(200)

    def test_a_whole_url_is_sent_to_the_same_server(self) -> None:
        self.getPage("http://elsewhere.example/seen?a=1")
        self.assertInBody("Host: elsewhere.example")

    def test_one_connection_can_serve_all_pages(self) -> None:
        assert not self.persistent
        self.persistent = True
        ports = set()
        for _ in range(3):
            self.getPage("/peer")
            ports.add(self.body)
        assert self.persistent
        assert len(ports) == 1
        self.set_persistent(False)
        assert self.HTTP_CONN is HTTPConnection
        self.getPage("/peer")
        assert self.body not in ports

    def test_a_closed_connection_stays_closed_unless_it_may_open(self) -> None:
        self.set_persistent(auto_open=False)
        assert isinstance(self.HTTP_CONN, HTTPConnection)
        self.HTTP_CONN.close()
        with pytest.raises(NotConnected):
            self.getPage("/")
        self.set_persistent(auto_open=True)
        self.HTTP_CONN.close()
        self.getPage("/")
        self.assertBody("index")

    def test_a_connection_for_the_test_itself_is_open(self) -> None:
        connection = self.get_conn()
        self.addCleanup(connection.close)
        assert connection.sock is not None
        connection.request("GET", "/")
        with connection.getresponse() as response:
            assert response.read() == b"index"

    def test_an_error_of_the_server_fails_the_page(self) -> None:
        class Reporter:
            def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
                try:
                    raise KeyError("lost")
                except KeyError:
                    webtest.server_error()
                start_response("200 OK", [])
                return []

        cherrypy.tree.graft(Reporter(), "/reporter")
        with pytest.raises(webtest.ServerError, match="GET /reporter"):
            self.getPage("/reporter")
        self.getPage("/")

    def test_requests_are_not_kept(self) -> None:
        self.getPage("/")
        self.test_gc()


class AssertingTest(helper.CPWebCase):
    @staticmethod
    def setup_server() -> None:
        cherrypy.tree.mount(Root())

    def fails(self, words: str, method: str, *args: Any, **kwargs: Any) -> None:
        """Check that an assertion fails, and says so with the whole answer."""
        with pytest.raises(AssertionError) as failure:
            getattr(self, method)(*args, **kwargs)
        text = str(failure.value)
        assert words in text.splitlines()[0], text
        assert self.status in text
        assert "Content-Type: text/html;charset=utf-8" in text
        assert self.body.decode()[:500] in text

    def test_statuses(self) -> None:
        self.getPage("/")
        for right in (200, "200 OK", (200, 404), ["404 Not Found", "200 OK"]):
            self.assertStatus(right)
        for wrong in (404, "404 Not Found", "200", (404, "500 x")):
            self.fails(f"Status 200 OK does not match {wrong}", "assertStatus", wrong)
        self.fails("my words", "assertStatus", 404, "my words")

    def test_headers(self) -> None:
        self.getPage("/allow")
        html = "text/html;charset=utf-8"
        assert self.assertHeader("content-type") == html
        assert self.assertHeader("Content-Length", 0) == "0"
        assert self.assertHeaderIn("Content-Type", ["x", html]) == html
        assert self.assertHeaderItemValue("allow", "HEAD") == "HEAD"
        self.assertNoHeader("X-None")
        self.assertNoHeaderItemValue("Allow", "POST")
        self.assertNoHeaderItemValue("X-None", "POST")
        self.fails("'X' not in headers", "assertHeader", "X")
        self.fails("'Allow':'x' not in headers", "assertHeader", "Allow", "x")
        self.fails("'Allow' not in ['x']", "assertHeaderIn", "Allow", ["x"])
        self.fails("'P' not in ['GET', 'HEAD']", "assertHeaderItemValue", "Allow", "P")
        self.fails("'X' not in headers", "assertHeaderItemValue", "X", "P")
        self.fails("'Allow' in headers", "assertNoHeader", "Allow")
        self.fails("'Allow':'GET' in [", "assertNoHeaderItemValue", "Allow", "GET")

    def test_bodies(self) -> None:
        self.getPage("/echo?message=a%20%C3%A4%20b")
        self.assertBody("a ä b")
        self.assertBody("a ä b".encode())
        self.assertInBody("ä")
        self.assertNotInBody(b"c")
        self.assertMatchesBody("a .. b")
        self.assertMatchesBody(b"A", flags=2)
        self.fails("expected body:", "assertBody", "x")
        self.fails("b'x' not in body", "assertInBody", "x")
        self.fails("b'a' found in body", "assertNotInBody", "a")
        self.fails("No match for b'^b' in body", "assertMatchesBody", "^b")

    def test_long_bodies_are_cut_in_messages(self) -> None:
        self.getPage("/echo?message=" + "x" * 5000)
        with pytest.raises(AssertionError, match=r"\.\.\. 3000 more bytes"):
            self.assertStatus(404)

    def test_error_pages(self) -> None:
        self.getPage("/nowhere")
        self.assertErrorPage(404, "The path '/nowhere' was not found.")
        self.fails("Error page does not match", "assertErrorPage", 404)
        self.fails("Error page does not match", "assertErrorPage", 404, "other")
        self.getPage("/fault")
        self.assertErrorPage(500)
        self.assertErrorPage(
            "500 Internal Server Error", pattern="ValueError: less &lt;"
        )
        self.assertErrorPage(500, pattern="ValueError: less < than")
        self.fails("contains traceback", "assertErrorPage", 500, pattern=None)
        self.fails("'KeyError'", "assertErrorPage", 500, pattern="KeyError")
        self.getPage("/")
        self.fails("Error page does not match", "assertErrorPage", 200)

    def test_dates(self) -> None:
        date = datetime.datetime(2026, 1, 1)
        second = datetime.timedelta(seconds=1)
        self.assertEqualDates(date, date + second)
        self.assertEqualDates(date + 4 * second, date, seconds=5)
        for apart, seconds in ((2, None), (5, 5)):
            with pytest.raises(AssertionError, match="are not within"):
                self.assertEqualDates(date, date + apart * second, seconds)

    def test_leaving(self) -> None:
        with pytest.raises(unittest.SkipTest, match="no reason"):
            self.skip("no reason")
        with pytest.raises(SystemExit):
            self.exit()


class MountedBelowTest(helper.CPWebCase):
    script_name = "/app"

    @classmethod
    def setup_server(cls) -> None:
        cherrypy.tree.mount(Root(), cls.script_name)

    def test_urls_are_put_below(self) -> None:
        self.getPage("/echo?message=1")
        self.assertBody("1")
        assert self.url == b"/app/echo?message=1"
        self.getPage(b"/")
        self.assertBody("index")
        assert self.base().endswith(f":{self.PORT}/app")


class NativeTest(helper.CPWebCase):
    default_server = "native"

    @staticmethod
    def setup_server() -> None:
        cherrypy.tree.mount(Root())

    def test_the_server_of_production_answers(self) -> None:
        self.getPage("/")
        self.assertBody("index")
        assert type(cherrypy.server.httpserver).__name__ == "CPHTTPServer"


class SecureTest(helper.CPWebCase):
    scheme = "https"

    @staticmethod
    def setup_server() -> None:
        cherrypy.tree.mount(Root())

    def test_pages_come_over_tls(self) -> None:
        self.getPage("/")
        self.assertBody("index")
        assert self.base().startswith("https://127.0.0.1:")
        self.persistent = True
        assert isinstance(self.HTTP_CONN, HTTPSConnection)
        self.getPage("/")
        self.assertBody("index")
        self.persistent = False
        self.getPage("/")
        self.assertBody("index")

    def test_the_certificate_is_good_for_those_who_look(self) -> None:
        import ssl

        self.ssl_context = ssl.create_default_context(cafile=helper.serverpem)
        self.getPage("/")
        self.assertBody("index")


FREE_PORT = sites.free_port()


class OwnPortTest(helper.CPWebCase):
    PORT = FREE_PORT

    @staticmethod
    def setup_server() -> None:
        cherrypy.tree.mount(Root())

    def test_the_port_that_a_class_asks_for_is_taken(self) -> None:
        self.getPage("/")
        assert self.PORT == FREE_PORT == cherrypy.server.socket_port


class UnixConnection(HTTPConnection):
    """A connection over a Unix socket, which is used as if it were its own class."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self.path = path

    def __call__(self, *args: Any, **kwargs: Any) -> UnixConnection:
        return self

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


FOLDER = tempfile.TemporaryDirectory()
SOCKET = os.path.join(FOLDER.name, "socket")


@pytest.mark.skipif(os.name != "posix", reason="there are no Unix sockets")
class UnixSocketTest(helper.CPWebCase):
    HTTP_CONN = UnixConnection(SOCKET)

    @classmethod
    def setup_server(cls) -> None:
        cherrypy.config.update({"server.socket_file": SOCKET})
        cherrypy.tree.mount(Root())

    @classmethod
    def teardown_class(cls) -> None:
        assert isinstance(cls.HTTP_CONN, HTTPConnection)
        cls.HTTP_CONN.close()
        super().teardown_class()
        FOLDER.cleanup()

    def test_a_connection_of_ones_own_is_used(self) -> None:
        for _ in range(2):
            self.getPage("/")
            self.assertBody("index")

    def test_the_server_tells_what_stands_before_it(self) -> None:
        server: Any = cherrypy.server
        assert (server.using_apache, server.using_wsgi) == (False, True)


class NoServerTest(helper.CPWebCase):
    def test_nothing_runs_without_setup_server(self) -> None:
        assert sites.is_free(self.HOST, self.PORT)
        assert cherrypy.server.socket_port == self.PORT
        assert not self.do_gc_test


class LostPortTest(helper.CPWebCase):
    """Somebody takes the port after it was chosen."""

    thief: ClassVar[socket.socket]
    stolen: ClassVar[int]

    @classmethod
    def setup_server(cls) -> None:
        cls.thief = socket.create_server((cls.HOST, cls.PORT))
        cls.stolen = cls.PORT
        cherrypy.tree.mount(Root())

    @classmethod
    def teardown_class(cls) -> None:
        cls.thief.close()
        super().teardown_class()

    def test_the_site_goes_elsewhere(self) -> None:
        assert self.stolen != self.PORT
        self.getPage("/")
        self.assertBody("index")


def test_a_site_leaves_nothing_behind() -> None:
    class Busy(helper.CPWebCase):
        @classmethod
        def setup_server(cls) -> None:
            cherrypy.tree.mount(Root())
            cherrypy.config.update(
                {"server.admin.socket_port": sites.free_port(), "mine": 1}
            )

    def state() -> Any:
        engine = cherrypy.engine
        return (
            cherrypy.tree,
            dict(cherrypy.config),
            dict(vars(cherrypy.server)),
            dict(cherrypy.servers),
            {name: set(heard) for name, heard in engine.listeners.items()},
            (webtest.WebCase.HOST, webtest.WebCase.PORT),
            {thread for thread in threading.enumerate() if not thread.daemon},
        )

    before = state()
    Busy.setup_class()
    assert isinstance(cherrypy.tree, Tree)
    assert cherrypy.tree is not before[0]
    assert "admin" in cherrypy.servers
    Busy.teardown_class()
    assert state() == before
    Busy.teardown_class()


def test_a_setup_that_fails_leaves_nothing_behind() -> None:
    class Failing(helper.CPWebCase):
        @classmethod
        def setup_server(cls) -> None:
            cherrypy.tree.mount(Root())
            raise RuntimeError("no database")

    before = cherrypy.tree
    with pytest.raises(RuntimeError, match="no database"):
        Failing.setup_class()
    assert cherrypy.tree is before


def test_a_class_that_was_not_torn_down_makes_way_for_the_next() -> None:
    class First(helper.CPWebCase):
        @classmethod
        def setup_server(cls) -> None:
            cherrypy.tree.mount(Root())

    class Second(First):
        pass

    before = cherrypy.tree
    First.setup_class()
    Second.setup_class()
    First.teardown_class()
    assert cherrypy.engine.state is cherrypy.engine.states.STARTED
    Second.teardown_class()
    assert cherrypy.tree is before


def test_a_listener_that_cannot_stop_is_told_and_ends_nothing() -> None:
    def obstinate() -> None:
        raise RuntimeError("I stay")

    class Obstinate(helper.CPWebCase):
        @classmethod
        def setup_server(cls) -> None:
            cherrypy.tree.mount(Root())
            cherrypy.engine.subscribe("stop", obstinate)

    Obstinate.setup_class()
    try:
        with pytest.raises(Exception, match="I stay"):
            Obstinate.teardown_class()
    finally:
        cherrypy.engine.unsubscribe("stop", obstinate)
    assert cherrypy.engine.state is cherrypy.engine.states.EXITING


def test_the_usual_port_is_taken_only_if_it_is_free_and_nobody_else_wants_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert sites.usual_port() != sites.USUAL_PORT
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    monkeypatch.setattr(sites, "is_free", lambda host, port: True)
    assert sites.usual_port() == sites.USUAL_PORT == 54583
    monkeypatch.setattr(sites, "is_free", lambda host, port: False)
    assert sites.usual_port() != sites.USUAL_PORT


def test_all_documented_names_of_the_helper_are_there() -> None:
    case = helper.CPWebCase
    assert set(case.available_servers) == {
        *("wsgi", "wsgi_u", "native"),
        *("cpmodpy", "modpygw", "modwsgi", "modfcgid", "modfastcgi"),
    }
    assert (case.script_name, case.scheme, case.default_server) == ("", "http", "wsgi")
    assert case.date_tolerance == 2
    assert helper.webtest.methods_with_bodies == ("POST", "PUT", "PATCH")
    assert helper.webtest.ignored_exceptions == []
    helper.setup_client()
    local = helper.LocalWSGISupervisor(port=1, host="127.0.0.1")
    assert (local.using_apache, local.using_wsgi) == (False, True)
    assert helper.get_wsgi_u_supervisor(port=1).port == 1


def test_the_validator_can_look_at_each_call(site: Any) -> None:
    supervisor = LocalWSGISupervisor(validate=True)
    assert supervisor.get_app().__name__ == "lint_app"
    assert LocalWSGISupervisor().get_app(len) is len
