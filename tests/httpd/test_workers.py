"""Who runs a page: a worker, or the holder of the baton, or whoever is left."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.pages import FAST_SECONDS, Page, Pages
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.schedule import Worker
from cherrypy.httpd.server import HTTPServer
from tests.httpd.serving import PATIENCE_SECONDS, hello, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.protocols.events import RequestHead
    from tests.httpd.serving import Client, Running


def head(path: bytes, method: bytes = b"GET") -> RequestHead:
    block = method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    return HeadReader(Limits()).read(block)


# Which pages are known to be fast


def is_fast(page: Page) -> bool:
    return page.fast


def test_a_page_is_fast_after_enough_fast_calls() -> None:
    page = Page()
    for _ in range(19):
        page.record(0.0001)
        assert not is_fast(page)
    page.record(0.0001)
    assert is_fast(page)


def test_a_page_that_is_slow_beyond_doubt_is_not_fast_any_more() -> None:
    page = Page()
    for _ in range(30):
        page.record(0.0001)
    page.record(0.010)
    assert not is_fast(page)


def test_one_doubtful_call_is_forgiven_and_two_are_not() -> None:
    page = Page()
    for _ in range(50):
        page.record(0.00001)
    page.record(0.002)
    assert is_fast(page)
    page.record(0.002)
    assert not is_fast(page)


def test_what_a_page_took_among_workers_does_not_decide_for_the_holder() -> None:
    page = Page()
    while not is_fast(page):
        page.record(FAST_SECONDS * 0.99)
    page.record(0.002)
    assert is_fast(page)
    page.record(0.002)
    assert not is_fast(page)


@pytest.mark.parametrize(("between", "forgiven"), [(0, False), (3, False), (60, True)])
def test_doubtful_calls_far_from_each_other_are_forgiven(
    between: int, forgiven: bool
) -> None:
    page = Page()
    for _ in range(20):
        page.record(0.0001)
    for _ in range(5):
        page.record(0.002)
        page.quick += between
    assert is_fast(page) is forgiven


def test_a_page_becomes_fast_again() -> None:
    page = Page()
    for _ in range(30):
        page.record(1.0)
    assert not is_fast(page)
    for _ in range(60):
        page.record(0.0001)
    assert is_fast(page)
    page.distrust()
    assert not is_fast(page)


def calls_until_trial(page: Page) -> int:
    """Call a page, fast and slow in turns, until it is trusted all the same."""
    for count in range(100_000):
        page.record(0.0001 if count % 2 else 0.001)
        if is_fast(page):
            return count
    raise AssertionError("it is never tried")


def test_a_page_that_only_looks_slow_is_tried_now_and_then() -> None:
    page = Page()
    waited = [calls_until_trial(page)]
    for _ in range(10):
        page.record(0.010)
        assert not is_fast(page)
        waited.append(calls_until_trial(page))
    assert 90 < waited[0] < 110
    assert waited == sorted(waited)
    assert 12_000 < waited[-1] < 13_000


def test_a_page_that_was_fast_for_long_is_tried_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = Page()
    for _ in range(5):
        calls_until_trial(page)
        page.record(0.010)
    calls_until_trial(page)
    later = monotonic() + 60
    monkeypatch.setattr("cherrypy.httpd.pages.monotonic", lambda: later)
    page.record(0.010)
    assert calls_until_trial(page) < 110


def test_a_page_at_the_limit_is_not_fast() -> None:
    page = Page()
    for _ in range(500):
        page.record(FAST_SECONDS * 1.01)
    assert not is_fast(page)


def test_pages_are_told_apart_by_method_and_path() -> None:
    pages = Pages()
    assert pages.find(head(b"/a")) is pages.find(head(b"/a?query=1"))
    assert pages.find(head(b"/a")) is not pages.find(head(b"/b"))
    assert pages.find(head(b"/a")) is not pages.find(head(b"/a", b"POST"))


def test_values_in_a_path_are_folded() -> None:
    pages = Pages()
    assert pages.find(head(b"/user/17/edit")) is pages.find(head(b"/user/4/edit"))
    assert pages.find(head(b"/user/17/edit")) is not pages.find(head(b"/user/17"))
    assert pages.find(head(b"/x/a1b")) is pages.find(head(b"/x/c2d"))


def test_pages_are_bounded_and_those_in_use_are_kept() -> None:
    pages = Pages()
    mine = pages.find(head(b"/mine"))
    for number in range(10_000):
        name = "".join(chr(97 + int(digit)) for digit in str(number)).encode()
        pages.find(head(b"/" + name))
        assert pages.find(head(b"/mine")) is mine
    assert len(pages._young) + len(pages._old) <= 2048


# Where they run


class Staying:
    """A page that stays, if there is a query, until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        if exchange.head.query:
            self.begun.release()
            self.go_on.wait(PATIENCE_SECONDS)
        hello(exchange)


class Recorder:
    """A handler that notes which threads run it."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.act: Any = None

    def __call__(self, exchange: Exchange) -> None:
        self.threads.append(threading.current_thread())
        if self.act is not None:
            self.act(exchange)
        hello(exchange)


def make_fast(running: Running, path: str = "/") -> Client:
    """Ask for a page until it must be known to be fast."""
    client = running.client()
    for _ in range(30):
        client.ask(path)
    _page(running, path.encode()).fast = True  # however slow this machine is
    return client


def _page(running: Running, path: bytes) -> Page:
    return running.server.baton._pages.find(head(path))


def holder(running: Running) -> threading.Thread:
    """Return the thread that polls."""
    found: list[threading.Thread] = []
    there = threading.Event()

    def look() -> None:
        found.append(threading.current_thread())
        there.set()

    running.server.baton.post(look)
    assert there.wait(PATIENCE_SECONDS)
    return found[0]


def test_an_unknown_page_runs_in_a_worker() -> None:
    recorder = Recorder()
    with serving(recorder) as running:
        running.get()
        assert recorder.threads != [holder(running)]


def test_a_fast_page_runs_in_the_holder() -> None:
    recorder = Recorder()
    with serving(recorder) as running:
        client = make_fast(running)
        recorder.threads.clear()
        client.ask()
        assert recorder.threads == [holder(running)]


def test_a_fast_page_is_answered_even_if_all_workers_are_busy() -> None:
    go_on = threading.Event()
    busy = threading.Semaphore(0)

    def page(exchange: Exchange) -> None:
        if exchange.head.path == b"/slow":
            busy.release()
            go_on.wait(PATIENCE_SECONDS)
        hello(exchange)

    with serving(page, threads=2) as running:
        client = make_fast(running)
        slow = [running.client() for _ in range(4)]
        for each in slow:
            each.request("/slow")
        for _ in range(2):
            assert busy.acquire(timeout=PATIENCE_SECONDS)
        for _ in range(10):
            assert client.ask().status == 200
        go_on.set()
        for each in slow:
            assert each.answer().status == 200


def test_others_are_served_when_a_fast_page_overstays() -> None:
    recorder = Recorder()
    begun, go_on = threading.Event(), threading.Event()

    def stay(exchange: Exchange) -> None:
        if exchange.head.query:
            begun.set()
            go_on.wait(PATIENCE_SECONDS)

    with serving(recorder, threads=2) as running:
        client = make_fast(running)
        recorder.act = stay
        before = holder(running)
        late = running.client()
        late.request("/?stay")
        assert begun.wait(PATIENCE_SECONDS)
        assert client.ask().status == 200
        assert holder(running) is not before
        assert not _page(running, b"/").fast or client.ask().status == 200
        go_on.set()
        assert late.answer().status == 200
        assert not _page(running, b"/").fast
        # The late thread is a worker like any other now.
        for _ in range(10):
            assert client.ask().status == 200


def test_others_are_served_even_if_there_is_no_worker_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[threading.Thread] = []
    monkeypatch.setattr(
        HTTPServer, "worker_ended", lambda _: ended.append(threading.current_thread())
    )
    page = Staying()
    with serving(page, threads=1) as running:
        client = make_fast(running)
        first, second = running.client(), running.client()
        # One in the holder, which is rescued by the only worker; one more in it.
        for each in (first, second):
            _page(running, b"/").fast = True
            each.request("/?stay")
            assert page.begun.acquire(timeout=PATIENCE_SECONDS)
        _page(running, b"/").fast = True
        assert client.ask().status == 200
        assert running.server.workers > 2
        page.go_on.set()
        assert first.answer().status == second.answer().status == 200
        # Who is one too many leaves.
        for _ in range(100):
            client.ask("/other")
            if running.server.workers == 2:
                break
        assert running.server.workers == 2
    # Each has said so by itself, those who left before the server ended, too.
    assert len(ended) == len(set(ended)) > 2
    assert all(isinstance(thread, Worker) for thread in ended)


def test_the_number_of_threads_may_be_bounded() -> None:
    page = Staying()
    with serving(page, threads=1, max_threads=1) as running:
        client = make_fast(running)
        first, second = running.client(), running.client()
        for each in (first, second):
            _page(running, b"/").fast = True
            each.request("/?stay")
            assert page.begun.acquire(timeout=PATIENCE_SECONDS)
        client.request()
        assert running.server.workers == 2
        page.go_on.set()
        for each in (first, second, client):
            assert each.answer().status == 200


def test_a_fast_page_that_begins_to_stream_goes_to_the_workers() -> None:
    recorder = Recorder()

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(100_000)

    def page(exchange: Exchange) -> None:
        recorder.threads.append(threading.current_thread())
        if exchange.head.query:
            exchange.respond(b"200 OK", [], pieces())
        else:
            hello(exchange)

    with serving(page, threads=1) as running:
        client = make_fast(running)
        slow = running.client(buffer=4096)
        slow.request("/?stream")
        slow.until(b"\r\n\r\n")
        for _ in range(5):
            assert client.ask().status == 200
        slow.skip(b"\r\n0\r\n\r\n")
        assert not _page(running, b"/").fast
        assert slow.ask().status == 200


def test_requests_in_one_packet_are_answered_in_order_by_the_holder_too() -> None:
    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], [exchange.head.query])

    with serving(page) as running:
        client = make_fast(running)
        client.send(
            b"".join(
                b"GET /?%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(99)
            )
        )
        for number in range(99):
            assert client.answer().body == b"%d" % number


# Overload


def test_a_full_queue_is_told_at_once() -> None:
    go_on = threading.Event()
    busy = threading.Event()

    def page(exchange: Exchange) -> None:
        if exchange.head.path == b"/slow":
            busy.set()
            go_on.wait(PATIENCE_SECONDS)
        hello(exchange)

    with serving(page, threads=1, limits=Limits(queue_length=2)) as running:
        fast = make_fast(running, "/health")
        clients = [running.client() for _ in range(4)]
        clients[0].request("/slow")
        assert busy.wait(PATIENCE_SECONDS)
        for client in clients[1:3]:
            client.request("/slow")
        while running.server.waiting < 2:
            pass
        answer = clients[3].ask("/slow")
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["connection"] == "close"
        assert clients[3].ended()
        # A page that is known to be fast answers even now.
        assert fast.ask("/health").status == 200
        go_on.set()
        for client in clients[:3]:
            assert client.answer().status == 200
        assert running.get().status == 200


def test_no_queue_at_all_may_be_wanted() -> None:
    go_on, busy = threading.Event(), threading.Event()

    def page(exchange: Exchange) -> None:
        busy.set()
        go_on.wait(PATIENCE_SECONDS)
        hello(exchange)

    with serving(page, threads=1, limits=Limits(queue_length=0)) as running:
        first = running.client()
        first.request()
        assert busy.wait(PATIENCE_SECONDS)
        assert running.get().status == 503
        go_on.set()
        assert first.answer().status == 200


def test_a_burst_of_clients_is_answered() -> None:
    with serving(hello) as running:
        clients = [running.client() for _ in range(200)]
        for client in clients:
            client.request()
        for client in clients:
            assert client.answer().status == 200


def test_connections_may_be_bounded() -> None:
    with serving(hello, limits=Limits(connections=2)) as running:
        first, second = running.client(), running.client()
        assert first.ask().status == second.ask().status == 200
        third = running.client()
        third.request()
        while not running.server.acceptor.paused:
            pass
        assert running.server.open_connections == 2
        first.close()
        assert third.answer().status == 200


# A fault of the server itself


def test_a_fault_in_the_holder_is_not_the_end() -> None:
    def fail() -> None:
        raise ValueError("fault")

    with serving(hello) as running:
        running.server.baton.post(fail)
        assert running.get().status == 200
        assert "fault" in running.log[0]


def test_a_fault_of_one_connection_ends_that_one() -> None:
    with serving(hello) as running:
        first, second = running.client(), running.client()
        assert first.ask().status == second.ask().status == 200
        connection = next(iter(running.server.baton.connections.values()))
        while not connection.idle:
            pass  # its worker is on the way out
        connection.protocol = None  # type: ignore[assignment]
        first.request()
        second.request()
        answers = sorted([first.rest_or_answer(), second.rest_or_answer()])
        assert answers == [0, 200]
        assert running.get().status == 200


def test_a_fault_in_a_sweep_ends_the_connection() -> None:
    with serving(hello) as running:
        client = running.client()
        client.ask()
        connection = next(iter(running.server.baton.connections.values()))
        while not connection.idle:
            pass  # its worker is on the way out
        connection.phase = 2
        connection.protocol = None  # type: ignore[assignment]
        connection.deadline = 0.0
        assert client.ended()
        assert running.get().status == 200
