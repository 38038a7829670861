"""Opening, serving, stopping, and all of it again."""

from __future__ import annotations

import gc
import os
import socket
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.server import HTTPServer
from tests.httpd.serving import PATIENCE_SECONDS, Client, Log, Running, hello, serving

if TYPE_CHECKING:
    from pathlib import Path

    from cherrypy.httpd.exchange import Exchange


def test_a_server_answers_at_the_port_it_says() -> None:
    with serving(hello) as running:
        assert running.address[1] != 0
        answer = running.get()
        assert (answer.status, answer.body) == (200, b"hello")
        assert "date" in answer.headers


def test_ready_tells_that_it_serves() -> None:
    server = HTTPServer(hello, bind_addr=("127.0.0.1", 0), log=Log())
    seen = [server.ready]
    server.prepare()
    seen.append(server.ready)
    running = Running(server, Log())
    running.thread.start()
    running.get()
    seen.append(server.ready)
    server.stop()
    seen.append(server.ready)
    assert seen == [False, False, True, False]
    running.thread.join(PATIENCE_SECONDS)


def test_start_does_both() -> None:
    started = threading.Event()

    def page(exchange: Exchange) -> None:
        started.set()
        hello(exchange)

    server = HTTPServer(page, bind_addr=("127.0.0.1", 0), log=Log())
    server.prepare()
    assert isinstance(server.bound_addr, tuple)
    port = server.bound_addr[1]
    server.stop()
    server.bind_addr = ("127.0.0.1", port)
    thread = threading.Thread(target=server.start)
    thread.start()
    while True:
        try:
            with Client(("127.0.0.1", port)) as client:
                assert client.ask().status == 200
            break
        except ConnectionRefusedError:
            assert thread.is_alive()
    server.stop()
    thread.join(PATIENCE_SECONDS)
    assert started.is_set()


def test_an_address_in_use_is_an_error() -> None:
    with serving(hello) as running:
        other = HTTPServer(hello, bind_addr=running.address, log=Log())
        with pytest.raises(OSError, match="in use"):
            other.prepare()
        other.stop()


def test_preparing_twice_is_an_error() -> None:
    with serving(hello) as running:
        with pytest.raises(RuntimeError, match="running already"):
            running.server.prepare()
        with pytest.raises(RuntimeError, match="not prepared"):
            running.server.serve()


def test_serving_unprepared_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="not prepared"):
        HTTPServer(hello, bind_addr=("127.0.0.1", 0)).serve()


def test_a_prepared_server_can_be_stopped_unserved() -> None:
    server = HTTPServer(hello, bind_addr=("127.0.0.1", 0), log=Log())
    server.prepare()
    address = server.bound_addr
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        Client(address)
    server.stop()


def test_starting_again_leaks_no_thread_and_no_descriptor() -> None:
    def once() -> None:
        with serving(hello) as running, running.client() as client:
            for _ in range(30):
                client.ask()
            running.get()

    once()
    gc.collect()
    threads, descriptors = threading.enumerate(), len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        once()
    gc.collect()
    # Those of other tests may end meanwhile.
    assert set(threading.enumerate()) <= set(threads)
    assert len(os.listdir("/proc/self/fd")) <= descriptors


def test_the_same_server_starts_again_at_the_same_port() -> None:
    server = HTTPServer(hello, bind_addr=("127.0.0.1", 0), log=Log())
    server.prepare()
    server.bind_addr = server.bound_addr  # type: ignore[assignment]
    for _ in range(3):
        running = Running(server, Log())
        running.thread.start()
        assert running.get().status == 200
        server.stop()
        running.thread.join(PATIENCE_SECONDS)
        server.prepare()
    server.stop()


def test_who_has_connected_before_the_stop_is_served() -> None:
    with serving(hello) as running:
        # The holder is busy elsewhere, so the kernel keeps these for us.
        held, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            held.set()
            go_on.wait(PATIENCE_SECONDS)

        running.server.baton.post(hold)
        held.wait(PATIENCE_SECONDS)
        clients = [running.client() for _ in range(20)]
        for client in clients:
            client.request()
        stopper = threading.Thread(target=running.server.stop)
        stopper.start()
        go_on.set()
        for client in clients:
            answer = client.answer()
            assert answer.status == 200
            assert answer.headers["connection"] == "close"
            assert client.ended()
            client.close()
        stopper.join(PATIENCE_SECONDS)
        with pytest.raises(ConnectionRefusedError):
            running.client()


def test_a_request_that_has_begun_is_answered_before_the_end() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def page(exchange: Exchange) -> None:
        begun.set()
        go_on.wait(PATIENCE_SECONDS)
        hello(exchange)

    with serving(page) as running, running.client() as client:
        client.request()
        begun.wait(PATIENCE_SECONDS)
        stopper = threading.Thread(target=running.server.stop)
        stopper.start()
        while running.server.acceptor.listeners:
            pass
        go_on.set()
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert client.ended()
        stopper.join(PATIENCE_SECONDS)


def test_a_page_that_never_ends_does_not_keep_the_server() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def page(exchange: Exchange) -> None:
        begun.set()
        go_on.wait(PATIENCE_SECONDS)

    with serving(page, shutdown_seconds=0.1) as running, running.client() as client:
        client.request()
        begun.wait(PATIENCE_SECONDS)
        running.server.stop()
        assert client.ended()
        go_on.set()


def test_idle_connections_end_with_the_server() -> None:
    with serving(hello) as running, running.client() as client:
        client.ask()
        running.server.stop()
        assert client.ended()


def test_no_request_is_lost_when_the_server_stops() -> None:
    """Busy clients see answers until one says close, and no cut connection."""
    for _ in range(5):
        with serving(hello) as running:
            failures: list[str] = []
            counts: list[int] = []
            started = threading.Barrier(9)

            def ask_on(
                running: Running = running,
                failures: list[str] = failures,
                counts: list[int] = counts,
                started: threading.Barrier = started,
            ) -> None:
                with running.client() as client:
                    count = 0
                    while True:
                        try:
                            answer = client.ask()
                        except (OSError, AssertionError) as error:
                            failures.append(f"{error!r} after {count}")
                            break
                        count += 1
                        if count == 10:
                            started.wait(PATIENCE_SECONDS)
                        if answer.headers.get("connection") == "close":
                            break
                    counts.append(count)

            clients = [threading.Thread(target=ask_on) for _ in range(8)]
            for client in clients:
                client.start()
            started.wait(PATIENCE_SECONDS)
            running.server.stop()
            for client in clients:
                client.join(PATIENCE_SECONDS)
            assert failures == []
            assert len(counts) == 8


def test_a_page_may_stop_its_server() -> None:
    def page(exchange: Exchange) -> None:
        exchange.server.stop()
        hello(exchange)

    with serving(page) as running:
        assert running.get().headers["connection"] == "close"
        running.thread.join(PATIENCE_SECONDS)
        assert not running.thread.is_alive()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_interrupts_a_page_ends_the_server(error: type[BaseException]) -> None:
    def page(exchange: Exchange) -> None:
        raise error

    with serving(page) as running:
        assert running.get().status == 500
        running.thread.join(PATIENCE_SECONDS)
        assert isinstance(running.raised, error)
        assert isinstance(running.server.interrupt, error)


def test_ipv6_is_served() -> None:
    with serving(hello, bind_addr=("::1", 0)) as running:
        assert running.get().status == 200
        assert running.address[0] == "::1"


def test_a_unix_socket_is_served_and_removed(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    # Somebody before us was killed.
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(path)
    with serving(hello, bind_addr=path) as running:
        assert running.server.bound_addr == path
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o777
        with running.client() as client:
            assert client.ask().status == 200
    assert not os.path.exists(path)


def test_a_file_is_not_taken_for_an_old_socket(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    server = HTTPServer(hello, bind_addr=str(path), log=Log())
    with pytest.raises(OSError, match="in use"):
        server.prepare()
    assert path.read_text() == "data"


def test_several_listeners_are_served(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with serving(hello, bind_addr=[("127.0.0.1", 0), path]) as running:
        for listener in running.server.acceptor.listeners:
            with Client(listener.address) as client:
                assert client.ask().status == 200


def test_when_one_of_several_fails_none_is_left_open() -> None:
    with serving(hello) as running:
        free = socket.create_server(("127.0.0.1", 0))
        address = free.getsockname()
        free.close()
        other = HTTPServer(hello, bind_addr=[address, running.address], log=Log())
        with pytest.raises(OSError, match="in use"):
            other.prepare()
        socket.create_server(address).close()


def test_a_listening_socket_may_be_given_and_serves_again() -> None:
    given = socket.create_server(("127.0.0.1", 0))
    for _ in range(2):
        with serving(hello, bind_addr=given) as running:
            assert running.get().status == 200
    given.close()


def test_two_servers_share_a_port_if_they_say_so() -> None:
    with serving(hello, reuse_port=True) as first:
        with serving(hello, reuse_port=True, bind_addr=first.address) as second:
            assert second.get().status == 200
        assert first.get().status == 200


@pytest.mark.live
def test_the_socket_of_a_service_manager_is_taken() -> None:
    program = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
# What a service manager leaves: descriptor 3, and two variables.
os.dup2(listener.detach(), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.server import HTTPServer
def page(exchange):
    exchange.respond(b"200 OK", [], [b"passed"])
    exchange.server.stop()
server = HTTPServer(page, bind_addr=("127.0.0.1", 1))
server.prepare()
print(port, server.bound_addr[1], flush=True)
server.serve()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        port, bound = map(int, process.stdout.readline().split())
        assert port == bound
        with Client(("127.0.0.1", port)) as client:
            assert client.ask().body == b"passed"
        assert process.wait(PATIENCE_SECONDS) == 0


def test_variables_for_another_process_mean_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    with serving(hello) as running:
        assert running.get().status == 200


def test_what_went_wrong_is_logged_with_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def page(exchange: Exchange) -> None:
        raise ValueError("my mistake")

    with serving(page, log=None) as running:
        answer = running.get()
        assert answer.status == 500
        assert "my mistake" not in answer.text
        assert answer.headers["connection"] == "close"
    logged = capsys.readouterr().err
    assert "ValueError: my mistake" in logged


def test_a_handler_that_forgets_to_answer_is_an_error() -> None:
    with serving(lambda exchange: None) as running:
        assert running.get().status == 500


def test_answering_twice_is_an_error() -> None:
    failures: list[Any] = []

    def page(exchange: Exchange) -> None:
        hello(exchange)
        try:
            hello(exchange)
        except RuntimeError as error:
            failures.append(error)

    with serving(page) as running, running.client() as client:
        assert client.ask().status == 200
        assert client.ask().status == 200
    assert len(failures) == 2


def test_at_the_end_everything_is_closed_whatever_it_was_doing() -> None:
    def page(exchange: Exchange) -> None:
        kind = exchange.head.path
        if kind == b"/upload":
            exchange.rfile.read()
            hello(exchange)
        elif kind == b"/whole":
            exchange.respond(b"200 OK", [], [bytes(20_000_000)])
        elif kind == b"/pieces":
            endless = iter(lambda: bytes(100_000), None)
            exchange.respond(b"200 OK", [], endless)
        else:
            hello(exchange)

    def once() -> None:
        limits = Limits(inline_body_bytes=10)
        with serving(page, shutdown_seconds=0.2, threads=2, limits=limits) as running:
            for _ in range(3):
                running.client()
                running.client().ask()
                running.client().send(b"GET / HT")
                client = running.client()
                client.request(method="POST", head="Content-Length: 10\r\n")
                client.send(b"x")
                for kind in ("/whole", "/pieces"):
                    client = running.client(buffer=4096)
                    client.request(kind)
                    client.until(b"\r\n\r\n")
                client = running.client()
                client.send(b"bad\r\n\r\n")
                client.until(b"\r\n\r\n")
            for _ in range(3):
                client = running.client()
                client.request("/upload", method="POST", head="Content-Length: 50\r\n")
                client.send(bytes(20))
            running.get()
            running.server.stop()
            assert not running.server.baton.connections
            assert running.server.workers == 0

    once()
    gc.collect()
    descriptors = len(os.listdir("/proc/self/fd"))
    once()
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_threads_take_turns_more_often_while_a_server_runs() -> None:
    before = sys.getswitchinterval()
    with serving(hello) as running:
        running.get()
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == before


def test_a_switch_interval_that_was_set_is_left_alone() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.002)
    try:
        with serving(hello) as running:
            running.get()
            assert sys.getswitchinterval() == pytest.approx(0.002)
        assert sys.getswitchinterval() == pytest.approx(0.002)
    finally:
        sys.setswitchinterval(before)
    with serving(hello, switch_seconds=0) as running:
        running.get()
        assert sys.getswitchinterval() == before
