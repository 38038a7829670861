from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.environment import gateways
from cherrypy.environment.server import Server
from cherrypy.process.servers import CannotListen
from cherrypy.process.wspbus import Bus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.http.types import StartResponse

HERE = "127.0.0.1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a server on a free port that serves a plain WSGI application."""
    monkeypatch.delenv("LISTEN_PID", raising=False)
    monkeypatch.setattr(
        gateways.SettingsServer, "present_tree", staticmethod(lambda: hello)
    )
    made = Server(Bus())
    made.socket_port = 0
    yield made
    if made.running:
        made.stop()


@pytest.fixture
def messages(server: Server) -> list[str]:
    heard: list[str] = []
    server.bus.subscribe("log", lambda msg, level: heard.append(msg))
    return heard


def hello(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    body = b"hello"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def ask(address: Any) -> bytes:
    """Return the answer to a request without a body."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(address)
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


class OtherServer:
    """A server that is not ours."""

    def __init__(self, adapter: Server | None = None) -> None:
        self.adapter = adapter
        self.ready = False
        self.stopped = threading.Event()

    def start(self) -> None:
        self.ready = True
        self.stopped.wait(10)
        self.ready = False

    def stop(self) -> None:
        self.stopped.set()


# Settings


def test_the_settings_have_the_documented_defaults() -> None:
    server = Server(Bus())
    assert {
        name: getattr(server, name)
        for name, value in vars(Server).items()
        if not (name.startswith("_") or callable(value) or isinstance(value, property))
    } == {
        "socket_port": 8080,
        "socket_file": None,
        "socket_queue_size": 1024,  # documented: 5; see docs/deviations.md
        "socket_timeout": 10,
        "accepted_queue_size": -1,
        "accepted_queue_timeout": 10,
        "shutdown_timeout": 5,
        "protocol_version": "HTTP/1.1",
        "thread_pool": 10,
        "thread_pool_max": -1,
        "max_request_header_size": 512_000,
        "max_request_body_size": 104_857_600,
        "instance": None,
        "ssl_context": None,
        "ssl_certificate": None,
        "ssl_certificate_chain": None,
        "ssl_private_key": None,
        "ssl_ciphers": None,
        "ssl_module": "builtin",
        "statistics": False,
        "nodelay": True,
        "wsgi_version": (1, 0),
        "peercreds": False,
        "peercreds_resolve": False,
    }
    assert server.socket_host == "127.0.0.1"
    assert server.httpserver is None


def test_settings_of_applications_are_kept() -> None:
    server = Server(Bus())
    vars(server)["environment"] = "development"
    assert getattr(server, "environment") == "development"  # noqa: B009 - undeclared


@pytest.mark.parametrize(
    ("value", "host", "port", "file"),
    [
        (("example.com", 81), "example.com", 81, None),
        ("/run/site.socket", None, None, "/run/site.socket"),
        (None, None, None, None),
    ],
)
def test_the_address_can_be_set_at_once(
    value: Any, host: str | None, port: int | None, file: str | None
) -> None:
    server = Server(Bus())
    server.bind_addr = value
    assert server.bind_addr == value
    assert (server.socket_host, server.socket_port) == (host, port)
    assert server.socket_file == file


@pytest.mark.parametrize("value", [3, ("a", 1, 2), ()])
def test_an_address_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="bind_addr must be a"):
        Server(Bus()).bind_addr = value


@pytest.mark.parametrize("kind", [str, Path])
def test_a_unix_socket_beats_host_and_port(kind: type[Any]) -> None:
    server = Server(Bus())
    server.socket_file = kind("/run/site.socket")
    assert server.bind_addr == "/run/site.socket"
    assert server.base() == "/run/site.socket"
    assert server.description == "socket file: /run/site.socket"


def test_the_empty_host_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Use '0\.0\.0\.0' instead"):
        Server(Bus()).socket_host = ""


@pytest.mark.parametrize(
    ("host", "port", "certificate", "base"),
    [
        ("127.0.0.1", 8080, None, "http://127.0.0.1:8080"),
        ("example.com", 80, None, "http://example.com"),
        ("example.com", 443, None, "http://example.com:443"),
        ("example.com", 443, "cert.pem", "https://example.com"),
        ("example.com", 80, "cert.pem", "https://example.com:80"),
        ("::1", 8080, None, "http://[::1]:8080"),
        ("0.0.0.0", 80, None, "http://{machine}"),
        ("::", 81, None, "http://{machine}:81"),
        (None, 82, None, "http://{machine}:82"),
    ],
)
def test_the_base_of_urls_is_scheme_host_and_port(
    host: str | None,
    port: int,
    certificate: str | None,
    base: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "machine.example")
    server = Server(Bus())
    server.socket_host = host
    server.socket_port = port
    server.ssl_certificate = certificate
    assert server.base() == base.format(machine="machine.example")


# Starting


def test_a_server_is_made_from_its_settings_and_answers(
    server: Server, messages: list[str]
) -> None:
    server.subscribe()
    server.bus.start()
    host, port = server.bound_addr
    assert (host, port > 0) == (HERE, True)
    assert server.base() == f"http://{HERE}:{port}"
    assert ask((host, port)).endswith(b"\r\n\r\nhello")
    server.bus.stop()
    assert messages[1] == f"Serving on http://{HERE}:{port}"
    shut = f"HTTP Server cherrypy._cpnative_server.CPHTTPServer(('{HERE}', {port}))"
    assert f"{shut} shut down" in messages


def test_settings_count_at_the_next_start(server: Server) -> None:
    server.start()
    first = server.httpserver
    server.max_request_body_size = 17
    server.restart()
    assert server.httpserver is not first
    assert server.httpserver.max_request_body_size == 17
    assert ask(server.bound_addr).endswith(b"hello")


def test_a_unix_socket_that_cannot_be_made_is_told_with_what_to_do(
    server: Server, tmp_path: Path
) -> None:
    server.socket_file = str(tmp_path / "none" / "site.socket")
    with pytest.raises(CannotListen, match=r"none/site\.socket' cannot be made: No"):
        server.start()


def test_a_server_on_a_unix_socket_answers(server: Server, tmp_path: Path) -> None:
    server.socket_file = str(tmp_path / "site.socket")
    server.start()
    assert ask(server.socket_file).endswith(b"hello")
    assert server.description == f"socket file: {server.socket_file}"


def test_what_listens_in_our_place_is_told(
    server: Server, tmp_path: Path, messages: list[str]
) -> None:
    path = str(tmp_path / "site.socket")
    server.start()
    server._bound = server.httpserver.bound_addr = path
    assert server.base() == path
    server.stop()


def test_a_server_object_can_be_given(server: Server) -> None:
    other = OtherServer()
    server.bind_addr = None
    server.httpserver = other
    server.start()
    assert server.httpserver is other
    server.stop()
    other.stopped.clear()
    server.start()
    assert server.httpserver is other


@pytest.mark.parametrize("attribute", ["instance", "httpserver"])
def test_a_server_can_be_given_by_name(
    server: Server, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "OtherServer", OtherServer, raising=False)
    setattr(server, attribute, "cherrypy.environment.gateways.OtherServer")
    server.bind_addr = None
    server.start()
    first = server.httpserver
    assert isinstance(first, OtherServer)
    assert first.adapter is server
    server.stop()
    server.start()
    assert isinstance(server.httpserver, OtherServer)
    assert server.httpserver is not first


def test_an_instance_may_be_an_object(server: Server) -> None:
    other = OtherServer()
    server.instance = other
    assert server.httpserver_from_self() == (other, (HERE, 0))
    server.bind_addr = None
    server.start()
    assert server.httpserver is other


@pytest.mark.parametrize(
    ("name", "error"),
    [("no.such.module", ImportError), ("cherrypy.process.nothing", AttributeError)],
)
def test_a_wrong_name_of_a_server_is_an_error(
    server: Server, name: str, error: type[Exception]
) -> None:
    server.instance = name
    with pytest.raises(error):
        server.start()


def test_other_servers_are_asked_whether_they_listen(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    knocked: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "cherrypy.process.servers.wait_for_occupied_port",
        lambda host, port: knocked.append((host, port)),
    )
    other = OtherServer()
    vars(other)["bound_addr"] = (HERE, 4711)
    server.httpserver = other
    server.start()
    assert knocked == [(HERE, 4711)]


def test_starting_twice_changes_nothing(server: Server, messages: list[str]) -> None:
    server.start()
    first = server.httpserver
    server.start()
    assert server.httpserver is first
    assert messages[-1] == f"Already serving on {server.base()}"


def test_servers_live_on_the_bus_of_the_process_by_default() -> None:
    from cherrypy.process import bus

    assert Server().bus is bus
