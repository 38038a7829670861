from __future__ import annotations

import logging
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.core.app import Application
from cherrypy.core.error_pages import product_version
from cherrypy.core.tree import Tree
from cherrypy.environment import gateways
from cherrypy.environment.gateways import CPHTTPServer, CPWSGIServer, SettingsServer
from cherrypy.environment.server import Server
from cherrypy.httpd import listeners
from cherrypy.process.plugins import ThreadManager
from cherrypy.process.wspbus import Bus, Explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cherrypy.http.types import StartResponse
    from cherrypy.httpd.exchange import Exchange, Handler

HERE = "127.0.0.1"


class Root:
    """A page that tells by which way it was reached."""

    def index(self) -> str:
        from cherrypy.core.context import request

        return "directly" if request.exchange else "by WSGI"

    index.exposed = True  # type: ignore[attr-defined]


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch) -> Tree:
    made = Tree()
    made.mount(Root())
    monkeypatch.setattr(SettingsServer, "present_tree", staticmethod(lambda: made))
    return made


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tree: Tree) -> Iterator[Server]:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    made = Server(Bus())
    made.socket_port = 0
    yield made
    if made.running:
        made.stop()


def ask(server: Server, lines: bytes = b"GET / HTTP/1.1\r\nHost: here\r\n") -> bytes:
    with socket.create_connection(server.bound_addr, timeout=10) as client:
        client.sendall(lines + b"Connection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


# From settings to limits


def test_settings_become_limits() -> None:
    server = Server(Bus())
    server.socket_timeout = 3
    server.max_request_header_size = 1000
    server.max_request_body_size = 2000
    server.accepted_queue_size = 4
    server.accepted_queue_timeout = 5
    limits = gateways.limits_for(server)
    assert limits.header_bytes == 1000
    assert limits.body_bytes == 2000
    assert limits.queue_length == 4
    assert limits.queue_seconds == 5.0
    assert {
        limits.header_deadline_seconds,
        limits.idle_seconds,
        limits.read_seconds,
        limits.write_deadline_seconds,
        limits.handshake_seconds,
    } == {3.0}


@pytest.mark.parametrize("none", [0, -1, None])
def test_no_queue_is_without_limit(none: Any) -> None:
    server = Server(Bus())
    server.accepted_queue_size = none
    assert gateways.limits_for(server).queue_length == -1


@pytest.mark.parametrize("none", [None, float("inf"), 1e9])
def test_no_timeout_is_a_day(none: float | None) -> None:
    server = Server(Bus())
    server.socket_timeout = none
    assert gateways.limits_for(server).idle_seconds == 86_400


def test_a_number_as_text_is_that_number(server: Server) -> None:
    settings: Any = server
    settings.thread_pool, settings.socket_timeout = "3", "2.5"
    settings.max_request_body_size = 1e6
    server.start()
    assert server.httpserver.threads == 3
    assert server.httpserver.limits.idle_seconds == 2.5
    assert server.httpserver.limits.body_bytes == 1_000_000


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("thread_pool", "ten", "a whole number, without quotes or a unit, such as 10."),
        ("socket_queue_size", [5], "a whole number, "),
        ("max_request_body_size", "100MB", "a whole number, without quotes or a unit"),
        ("accepted_queue_size", float("inf"), "a whole number, "),
        ("socket_timeout", "10 s", "a number of seconds, without quotes or a unit"),
        ("socket_timeout", -1, "a number of seconds, "),
        ("shutdown_timeout", float("nan"), "a number of seconds, "),
        ("accepted_queue_timeout", [], "a number of seconds, "),
    ],
)
def test_a_setting_that_is_no_number_is_told_with_what_to_do(
    server: Server, name: str, value: Any, remedy: str
) -> None:
    setattr(server, name, value)
    with pytest.raises(Explained) as told:
        server.start()
    assert str(told.value).startswith(f"server.{name} is {value!r}. Set it to {remedy}")


# The servers


def test_the_native_server_calls_pages_directly(server: Server) -> None:
    server.start()
    assert isinstance(server.httpserver, CPHTTPServer)
    assert ask(server).endswith(b"directly")


@pytest.mark.parametrize("given", ["object", "name"])
def test_the_wsgi_server_calls_them_by_wsgi(server: Server, given: str) -> None:
    server.httpserver = (
        CPWSGIServer(server)
        if given == "object"
        else "cherrypy.environment.gateways.CPWSGIServer"
    )
    server.start()
    assert isinstance(server.httpserver, CPWSGIServer)
    assert ask(server).endswith(b"by WSGI")
    address = server.bound_addr
    assert repr(server.httpserver) == f"cherrypy._cpwsgi_server.CPWSGIServer({address})"


@pytest.mark.parametrize("kind", [CPHTTPServer, CPWSGIServer])
def test_any_wsgi_application_can_be_served(
    server: Server, tree: Tree, kind: type[CPHTTPServer | CPWSGIServer]
) -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "7")])
        return [b"foreign"]

    httpserver = kind(server)
    assert httpserver.wsgi_app is tree
    httpserver.wsgi_app = app
    assert httpserver.wsgi_app is app
    server.httpserver = httpserver
    server.start()
    assert ask(server).endswith(b"foreign")


def test_wsgi_applications_in_the_tree_are_served(server: Server, tree: Tree) -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        software = environ["SERVER_SOFTWARE"].encode()
        start_response("200 OK", [("Content-Length", str(len(software)))])
        return [software]

    tree.graft(app, "/wsgi")
    server.start()
    answer = ask(server, b"GET /wsgi HTTP/1.1\r\nHost: here\r\n")
    assert answer.endswith(f"CherryPy/{product_version()} Server".encode())


def test_another_tree_may_take_the_place_of_the_first(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = {"tree": Tree()}
    monkeypatch.setattr(
        SettingsServer, "present_tree", staticmethod(lambda: present["tree"])
    )
    server.start()
    assert ask(server).startswith(b"HTTP/1.1 404 ")
    present["tree"] = Tree()
    present["tree"].apps[""] = Application(Root(), "")
    assert ask(server).endswith(b"directly")


def test_a_server_can_be_built_for_any_handler(server: Server) -> None:
    def handler(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], [b"handled"])

    server.httpserver = gateways.build(server, handler)
    server.start()
    assert ask(server).endswith(b"handled")
    server.stop()
    assert isinstance(gateways.build(server), CPHTTPServer)


def test_servers_have_the_documented_attributes(server: Server) -> None:
    httpserver = CPWSGIServer(server)
    assert httpserver.server_adapter is server
    assert httpserver.timeout == 10
    assert httpserver.max_request_body_size == 104_857_600
    assert httpserver.bind_addr == (HERE, 0)
    assert httpserver.version == f"CherryPy/{product_version()}"
    assert not httpserver.ready
    assert httpserver.interrupt is None


def test_limits_may_be_changed_later(server: Server) -> None:
    server.start()
    server.httpserver.max_request_body_size = 3
    answer = ask(server, b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    server.httpserver.timeout = 3
    assert server.httpserver.limits.idle_seconds == 3


def test_the_default_settings_are_those_of_the_site(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SettingsServer, "present_server", staticmethod(lambda: server))
    assert CPWSGIServer().server_adapter is server
    assert CPHTTPServer().server_adapter is server


def test_errors_of_the_server_are_told_to_the_bus(server: Server) -> None:
    heard: list[tuple[str, int]] = []
    server.bus.subscribe("log", lambda msg, level: heard.append((msg, level)))

    class OwnServer(CPWSGIServer):
        def error_log(  # as documented, with another default
            self, msg: str = "", level: int = 20, traceback: bool = False
        ) -> None:
            super().error_log(msg, level, traceback)

    httpserver = OwnServer(server)
    httpserver.error_log("oh", 40)

    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        raise ValueError("as expected")

    httpserver.wsgi_app = app
    server.httpserver = httpserver
    server.start()
    assert ask(server).startswith(b"HTTP/1.1 500 ")
    server.stop()
    assert heard[0] == ("oh", 40)
    failed = [level for msg, level in heard if "ValueError: as expected" in msg]
    assert failed == [logging.ERROR]


@pytest.mark.parametrize("leaving", [KeyboardInterrupt, SystemExit])
def test_a_page_may_end_the_site(server: Server, leaving: type[BaseException]) -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        raise leaving

    httpserver = CPWSGIServer(server)
    httpserver.wsgi_app = app
    server.httpserver = httpserver
    server.subscribe()
    server.bus.start()
    with socket.create_connection(server.bound_addr, timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        server.bus.block(0.01)
    assert server.bus.state is server.bus.states.EXITING
    assert isinstance(server.interrupt, leaving)


def test_a_page_may_stop_the_server_and_is_answered_all_the_same(
    server: Server,
) -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        server.stop()
        start_response("200 OK", [("Content-Length", "7")])
        return [b"goodbye"]

    httpserver = CPWSGIServer(server)
    httpserver.wsgi_app = app
    server.httpserver = httpserver
    server.start()
    assert ask(server).endswith(b"goodbye")
    thread = server._thread
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()


def test_a_coroutine_may_stop_the_server_and_is_answered_all_the_same(
    server: Server, tree: Tree
) -> None:
    class Last:
        async def index(self) -> str:
            server.stop()
            return "goodbye"

        index.exposed = True  # type: ignore[attr-defined]

    tree.mount(Last())
    server.start()
    assert ask(server).endswith(b"goodbye")
    assert server._thread is not None
    server._thread.join(10)
    assert not server._thread.is_alive()


def test_without_an_address_there_is_nothing_to_listen_on(server: Server) -> None:
    server.bind_addr = None
    with pytest.raises(ValueError, match="no address to listen on"):
        server.start()


def test_a_server_that_counts_is_shown_to_cpstats(server: Server) -> None:
    server.statistics = True
    server.start()
    ask(server)
    shown = [
        stats
        for stats in vars(logging)["statistics"].values()
        if stats is server.httpserver.stats
    ]
    assert shown[0]["Accepts"] >= 1


def test_an_old_wsgi_version_gives_a_warning(server: Server) -> None:
    server.wsgi_version = ("u", 0)
    with pytest.warns(DeprecationWarning, match="there is only WSGI 1.0 left"):
        CPWSGIServer(server)


# Sockets of a service manager


@pytest.fixture
def passed(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Return the socket that was passed in."""
    with socket.create_server((HERE, 0)) as listener:
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setattr(listeners, "_FIRST_PASSED", listener.fileno())
        yield listener


def test_a_socket_that_was_passed_in_is_served(
    server: Server, passed: socket.socket
) -> None:
    for _ in range(2):
        server.start()
        assert server.bound_addr == passed.getsockname()
        assert ask(server).endswith(b"directly")
        server.stop()
    assert passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


# TLS


def test_without_a_certificate_there_is_no_tls(server: Server) -> None:
    assert gateways.tls_for(server) is None


@pytest.fixture
def certificate(tmp_path: Path, server: Server) -> Any:
    """Return the authority that signed the certificate of the server."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert(HERE)
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    server.ssl_certificate = str(tmp_path / "cert.pem")
    server.ssl_private_key = str(tmp_path / "key.pem")
    return authority


def ask_by_tls(server: Server, authority: Any) -> bytes:
    import ssl

    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        socket.create_connection(server.bound_addr, timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=HERE) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_with_a_certificate_the_server_speaks_tls(
    server: Server, certificate: Any
) -> None:
    server.start()
    assert server.description.startswith("https://")
    assert ask_by_tls(server, certificate).endswith(b"directly")


def test_a_context_will_do_for_tls(server: Server, certificate: Any) -> None:
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    assert server.ssl_certificate is not None
    context.load_cert_chain(server.ssl_certificate, server.ssl_private_key)
    server.ssl_certificate = server.ssl_private_key = None
    server.ssl_context = context
    server.start()
    assert ask_by_tls(server, certificate).endswith(b"directly")


def test_a_certificate_that_cannot_be_used_is_told_with_what_to_do(
    server: Server, certificate: Any, tmp_path: Path
) -> None:
    server.ssl_private_key = str(tmp_path / "none.pem")
    with pytest.raises(
        OSError, match=r"none\.pem'\. Set server\.ssl_certificate"
    ) as told:
        server.start()
    assert isinstance(told.value, Explained)

    (tmp_path / "none.pem").write_text("no key")
    with pytest.raises(Explained, match=r"cannot be used: .* that belong together"):
        server.start()


def test_pyopenssl_is_served_by_the_standard_library(
    server: Server, certificate: Any
) -> None:
    server.ssl_module = "pyOpenSSL"
    with pytest.warns(DeprecationWarning, match="Set it to 'builtin'"):
        server.start()
    assert ask_by_tls(server, certificate).endswith(b"directly")


def test_an_unknown_ssl_module_is_refused(server: Server, certificate: Any) -> None:
    server.ssl_module = "gnutls"
    with pytest.raises(ValueError, match="'gnutls'; it can only be 'builtin'"):
        server.start()


@pytest.mark.parametrize("fails", [False, True])
def test_a_thread_that_ends_is_told_to_the_bus_by_itself(
    server: Server, fails: bool
) -> None:
    manager = ThreadManager(server.bus)
    manager.subscribe()
    told: list[tuple[str, int, str]] = []

    def note(channel: str, number: int) -> None:
        told.append((channel, number, threading.current_thread().name))
        if fails and channel == "stop":
            raise ValueError("on purpose")

    server.bus.subscribe("start_thread", lambda number: note("start", number))
    server.bus.subscribe("stop_thread", lambda number: note("stop", number))
    server.start()
    # As an application does it for each request.
    server.httpserver.handler = acquiring(server.bus, server.httpserver.handler)
    ask(server)
    server.stop()
    (began, one, its_name), (ended, other, other_name) = told
    assert (began, ended, one, its_name) == ("start", "stop", other, other_name)
    assert manager.threads == {}


def acquiring(bus: Bus, handler: Handler) -> Handler:
    """Return a handler that says in which thread it is called."""

    def acquire(exchange: Exchange) -> None:
        bus.publish("acquire_thread")
        handler(exchange)

    return acquire


def test_no_thread_stays_behind(server: Server) -> None:
    before = threading.active_count()
    server.start()
    ask(server)
    server.stop()
    assert threading.active_count() <= before
