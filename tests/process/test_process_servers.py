from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.process import servers
from cherrypy.process.servers import (
    CannotListen,
    FlupCGIServer,
    FlupFCGIServer,
    FlupSCGIServer,
    ServerAdapter,
)
from cherrypy.process.wspbus import ChannelFailures

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

HERE = "127.0.0.1"


class Server:
    """A server that listens and says nothing."""

    def __init__(self, host: str = HERE, port: int | None = None) -> None:
        self.address = (host, port)
        self.ready = False
        self.stopped = threading.Event()
        self.failure: BaseException | None = None
        self.socket: socket.socket | None = None

    def __repr__(self) -> str:
        return "Server()"

    def start(self) -> None:
        if self.address[1] is not None:
            self.socket = socket.create_server(self.address)
        self.ready = True
        self.stopped.wait(10)
        self.ready = False
        if self.socket is not None:
            self.socket.close()
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def free_port() -> int:
    with socket.create_server((HERE, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(autouse=True)
def _not_activated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for ports."""
    monkeypatch.setattr(servers.Timeouts, "free", 0.05)
    monkeypatch.setattr(servers.Timeouts, "occupied", 0.05)


# Following the bus


def test_a_server_follows_the_bus(
    bus: Bus, messages: list[str], free_port: int
) -> None:
    adapter = ServerAdapter(bus, Server(port=free_port), (HERE, free_port))
    adapter.subscribe()
    bus.start()
    with pytest.raises(OSError, match="another program listens there"):
        servers.check_port(HERE, free_port)
    bus.stop()
    servers.check_port(HERE, free_port)
    url = f"http://{HERE}:{free_port}"
    assert messages == [
        "Bus STARTING",
        f"Serving on {url}",
        "Bus STARTED",
        "Bus STOPPING",
        "HTTP Server Server() shut down",
        "Bus STOPPED",
    ]


def test_an_unsubscribed_server_stays_where_it_is(bus: Bus) -> None:
    adapter = ServerAdapter(bus, Server())
    adapter.subscribe()
    adapter.unsubscribe()
    bus.start()
    assert not adapter.running


def test_starting_and_stopping_twice_is_told(bus: Bus, messages: list[str]) -> None:
    adapter = ServerAdapter(bus, Server())
    adapter.start()
    adapter.start()
    adapter.stop()
    adapter.stop()
    assert messages == [
        "Serving on unknown interface (dynamic?)",
        "Already serving on unknown interface (dynamic?)",
        "HTTP Server Server() shut down",
        "HTTP Server Server() already shut down",
    ]


def test_the_thread_of_a_server_has_a_name(bus: Bus) -> None:
    adapter = ServerAdapter(bus, Server())
    adapter.start()
    names = [thread.name for thread in threading.enumerate()]
    assert [name for name in names if name.startswith("HTTPServer Thread-")]
    adapter.stop()


def test_starting_again_uses_the_same_server(bus: Bus, messages: list[str]) -> None:
    server = Server()
    adapter = ServerAdapter(bus, server)
    adapter.start()
    adapter.stop()
    server.stopped.clear()
    adapter.start()
    adapter.stop()
    assert messages.count("HTTP Server Server() shut down") == 2


def test_restart_is_stop_and_start(bus: Bus) -> None:
    class Recorder(ServerAdapter):
        steps: list[str]

        def stop(self) -> None:
            self.steps.append("stop")

        def start(self) -> None:
            self.steps.append("start")

    adapter = Recorder(bus)
    adapter.steps = []
    adapter.restart()
    assert adapter.steps == ["stop", "start"]


def test_without_a_server_there_is_nothing_to_start(bus: Bus) -> None:
    with pytest.raises(ValueError, match="No HTTP server has been created"):
        ServerAdapter(bus).start()


@pytest.mark.usefixtures("brief")
def test_a_port_that_is_taken_is_an_error_that_names_it(
    bus: Bus, messages: list[str]
) -> None:
    with socket.create_server((HERE, 0)) as other:
        address = other.getsockname()
        ServerAdapter(bus, Server(), address).subscribe()
        with pytest.raises(ChannelFailures, match=f"{address[1]} is not free"):
            bus.start()
    assert bus.state is bus.states.EXITING
    assert "HTTP Server Server() already shut down" in messages


def test_a_server_that_cannot_start_says_why(bus: Bus, messages: list[str]) -> None:
    failure = OSError("no such interface")

    class Failing(Server):
        def start(self) -> None:
            raise failure

    adapter = ServerAdapter(bus, Failing())
    adapter.subscribe()
    with pytest.raises(ChannelFailures, match="no such interface"):
        bus.start()
    assert adapter.interrupt is failure
    assert messages[1].startswith("Error in HTTP server: shutting down\nTraceback")
    assert not adapter.running


@pytest.mark.parametrize(
    ("failure", "address", "message"),
    [
        (PermissionError(13, "Permission denied"), 0, "is not for ordinary users"),
        (OSError(errno.EADDRNOTAVAIL, "x"), 0, "no address of this machine"),
        (OSError(errno.EADDRINUSE, "x"), 0, "another program listens there"),
        (socket.gaierror(-2, "x"), 0, "no address of this machine"),
        (None, "80a", "server.socket_port is '80a'"),
        (None, 65536, "server.socket_port is 65536"),
        (None, -1, "server.socket_port is -1"),
        (None, None, "server.socket_port is None"),
    ],
)
def test_an_address_that_is_none_is_told_in_a_sentence(
    bus: Bus,
    messages: list[str],
    failure: OSError | None,
    address: object,
    message: str,
) -> None:
    class Failing(Server):
        def start(self) -> None:
            assert failure is not None
            raise failure

    ServerAdapter(bus, Failing(), (HERE, address)).subscribe()
    with pytest.raises(ChannelFailures, match=message) as caught:
        bus.start()
    assert caught.value.explained
    assert isinstance(caught.value.get_instances()[0], CannotListen)
    assert not any("Traceback" in each for each in messages)
    assert "Shutting down: the site could not be started." in messages


def test_what_no_sentence_explains_keeps_its_traceback(
    bus: Bus, messages: list[str]
) -> None:
    class Failing(Server):
        def start(self) -> None:
            raise OSError(errno.EIO, "the disk is gone")

    ServerAdapter(bus, Failing(), (HERE, 0)).subscribe()
    with pytest.raises(ChannelFailures) as caught:
        bus.start()
    assert not caught.value.explained
    assert any("Traceback" in each for each in messages)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (KeyboardInterrupt(), "<Ctrl-C> hit: shutting down HTTP server"),
        (SystemExit(4), "SystemExit raised: shutting down HTTP server"),
        (RuntimeError("x"), "Error in HTTP server: shutting down"),
    ],
)
def test_a_server_that_fails_later_shuts_the_bus_down(
    bus: Bus, messages: list[str], failure: BaseException, message: str
) -> None:
    server = Server()
    adapter = ServerAdapter(bus, server)
    adapter.subscribe()
    bus.start()
    server.failure = failure
    server.stop()
    bus.wait(bus.states.EXITING, interval=0.001)
    bus.block(interval=0.001)
    assert adapter.interrupt is failure
    assert not adapter.running
    assert messages[3].partition("\n")[0] == message


def test_a_server_that_fails_just_when_it_is_ready_is_noticed(bus: Bus) -> None:
    server = Server()
    server.failure = RuntimeError("too late")

    class Late(ServerAdapter):
        def wait(self) -> None:
            super().wait()
            server.stop()
            assert self._thread is not None
            self._thread.join(10)

    adapter = Late(bus, server)
    with pytest.raises(RuntimeError, match="too late"):
        adapter.start()
    assert not adapter.running


def test_a_server_that_just_ends_is_not_waited_for(bus: Bus) -> None:
    server = Server()
    server.start = lambda: None  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="ended before it was ready"):
        ServerAdapter(bus, server).start()


@pytest.mark.usefixtures("brief")
def test_a_server_that_listens_elsewhere_is_stopped(bus: Bus, free_port: int) -> None:
    server = Server()
    adapter = ServerAdapter(bus, server, (HERE, free_port))
    with pytest.raises(OSError, match="Nobody listens on port"):
        adapter.start()
    assert server.stopped.is_set()
    assert not adapter.running


@pytest.mark.usefixtures("brief")
def test_a_server_on_all_interfaces_may_be_out_of_reach(
    bus: Bus, messages: list[str], free_port: int
) -> None:
    adapter = ServerAdapter(bus, Server(), ("0.0.0.0", free_port))
    adapter.start()
    assert messages[0].startswith("Unable to verify that the server listens: ")
    adapter.stop()


@pytest.mark.usefixtures("brief")
def test_somebody_may_take_the_port_when_we_leave_it(
    bus: Bus, messages: list[str]
) -> None:
    with socket.create_server((HERE, 0)) as other:
        address = other.getsockname()
        adapter = ServerAdapter(bus, Server())
        adapter.start()
        adapter.bind_addr = address
        adapter.stop()
    told = f"Our server has stopped, but somebody listens on {address!r}."
    assert messages[1] == told


@pytest.mark.usefixtures("brief")
def test_a_socket_from_a_service_manager_is_not_waited_for(
    bus: Bus, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    with socket.create_server((HERE, 0)) as passed:
        adapter = ServerAdapter(bus, Server(), passed.getsockname())
        adapter.start()
        adapter.stop()
    assert messages[1] == "HTTP Server Server() shut down"


# Where it listens


@pytest.mark.parametrize(
    ("address", "secure", "description"),
    [
        (None, False, "unknown interface (dynamic?)"),
        ("/run/site.socket", False, "socket file: /run/site.socket"),
        ((HERE, 8080), False, "http://127.0.0.1:8080"),
        (("example.com", 80), False, "http://example.com"),
        (("example.com", 443), False, "http://example.com:443"),
        (("example.com", 443), True, "https://example.com"),
        (("example.com", 80), True, "https://example.com:80"),
        (("::1", 8080), False, "http://[::1]:8080"),
    ],
)
def test_a_description_says_where_it_listens(
    bus: Bus, address: Any, secure: bool, description: str
) -> None:
    server = ModuleType("server")
    vars(server)["ssl_adapter"] = secure or None
    assert ServerAdapter(bus, server, address).description == description


def test_the_real_port_is_known_once_it_is_bound(bus: Bus) -> None:
    server = Server(port=0)
    adapter = ServerAdapter(bus, server, (HERE, 0))
    assert adapter.bound_addr == (HERE, 0)
    adapter.start()
    assert server.socket is not None
    address = server.socket.getsockname()
    assert adapter.bound_addr == address
    assert adapter.description == f"http://{HERE}:{address[1]}"
    adapter.stop()


def test_servers_may_say_themselves_where_they_are_bound(bus: Bus) -> None:
    server = ModuleType("server")
    vars(server)["bound_addr"] = (HERE, 4711)
    assert ServerAdapter(bus, server, (HERE, 0)).bound_addr == (HERE, 4711)


# Ports


@pytest.mark.parametrize(
    ("listens", "connects"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("::", "::1"),
        ("example.com", "example.com"),
    ],
)
def test_any_address_is_reached_on_this_machine(listens: str, connects: str) -> None:
    assert servers.client_host(listens) == connects


def test_a_port_needs_a_host() -> None:
    with pytest.raises(ValueError, match="host is missing"):
        servers.check_port("", 80)


def test_any_free_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    servers.wait_for_free_port(HERE, 0)


def test_a_port_may_become_free(free_port: int) -> None:
    listener = socket.create_server((HERE, free_port))
    timer = threading.Timer(0.03, listener.close)
    timer.start()
    servers.wait_for_free_port(HERE, free_port, timeout=10)
    timer.join()


def test_a_port_may_become_occupied(free_port: int) -> None:
    listeners: list[socket.socket] = []
    timer = threading.Timer(
        0.03, lambda: listeners.append(socket.create_server((HERE, free_port)))
    )
    timer.start()
    servers.wait_for_occupied_port(HERE, free_port, timeout=10)
    timer.join()
    listeners[0].close()


# flup


class FlupWSGIServer:
    made: list[FlupWSGIServer]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args, self.kwargs = args, kwargs
        self.ran = False
        self._keepGoing = True
        self.made.append(self)

    def _installSignalHandlers(self) -> None:
        raise AssertionError("not in this thread")

    def run(self) -> None:
        self._installSignalHandlers()
        self.ran = True


class Pool:
    maxSpare = 5
    _idleCount = 2


@pytest.fixture
def flup(monkeypatch: pytest.MonkeyPatch) -> type[FlupWSGIServer]:
    FlupWSGIServer.made = []
    for name in ("flup", "flup.server", "flup.server.cgi", "flup.server.fcgi"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        vars(sys.modules[name])["WSGIServer"] = FlupWSGIServer
    monkeypatch.setitem(sys.modules, "flup.server.scgi", sys.modules["flup.server.cgi"])
    return FlupWSGIServer


@pytest.mark.parametrize("kind", [FlupCGIServer, FlupFCGIServer, FlupSCGIServer])
def test_flup_servers_are_made_when_they_start(
    flup: type[FlupWSGIServer], kind: type[FlupFCGIServer]
) -> None:
    server = kind(1, bindAddress=("0.0.0.0", 4000))
    assert flup.made == []
    server.stop()
    server.start()
    assert server.ready
    (made,) = flup.made
    assert made.ran
    assert made.args == (1,)
    assert made.kwargs == {"bindAddress": ("0.0.0.0", 4000)}
    server.stop()
    assert not made._keepGoing


def test_idle_threads_of_flup_are_let_go(flup: type[FlupWSGIServer]) -> None:
    server = FlupFCGIServer()
    server.start()
    pool = Pool()
    vars(flup.made[0])["_threadPool"] = pool
    server.stop()
    assert pool.maxSpare == 2


def test_a_missing_flup_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flup", None)
    with pytest.raises(ModuleNotFoundError, match="needs the package flup"):
        FlupSCGIServer().start()
