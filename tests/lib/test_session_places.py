"""Sessions in every place where they can be kept: counted, locked, and lost from sight.

One set of tests for all of them, over a server without WSGI in between.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.native import NativeGateway
from cherrypy.core.tree import Tree
from cherrypy.lib import session_ram
from cherrypy.lib.sessions import FileSession, MemcachedSession, RamSession
from cherrypy.stores import lifetime, ram
from cherrypy.stores.opening import open_store
from cherrypy.testing import Client
from tests.httpd.serving import serving
from tests.lib.session_kit import nothing_kept
from tests.stores import contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.httpd.serving import Answer, Running
    from tests.lib.apps import Config
    from tests.servers import ServerProgram

PLACES = ["ram", "files", "ram:", "sqlite:", "redis", "memcached", "postgresql"]
SERVERS = {
    "redis": "redis_server",
    "memcached": "memcached_server",
    "postgresql": "postgresql_server",
}


@pytest.fixture(autouse=True)
def stores_are_closed(site: Any) -> Iterator[None]:
    """Close what the tests open: stores are kept as long as the process lives."""
    with nothing_kept():
        yield


def settings_for(place: str, request: pytest.FixtureRequest) -> Config:
    """Return the config for keeping sessions somewhere."""
    folder: Path = request.getfixturevalue("tmp_path")
    config: Config = {"tools.sessions.on": True}
    if place == "ram":
        config["tools.sessions.storage_class"] = RamSession
    elif place == "files":
        config["tools.sessions.storage_class"] = FileSession
        config["tools.sessions.storage_path"] = str(folder / "sessions")
    elif place == "memcached":
        server: ServerProgram = request.getfixturevalue("memcached_server")
        config["tools.sessions.storage_class"] = MemcachedSession
        config["tools.sessions.servers"] = [f"{server.host}:{server.port}"]
    elif place in SERVERS:
        server = request.getfixturevalue(SERVERS[place])
        config["tools.sessions.storage"] = server.url
    else:
        path = f"//{folder}/sessions.db" if place == "sqlite:" else ""
        config["tools.sessions.storage"] = place + path
    return config


@pytest.fixture(params=PLACES)
def config(request: pytest.FixtureRequest) -> Config:
    return settings_for(request.param, request)


CLOCKS = [(lifetime, "boot_clock"), (ram, "boot_clock"), (session_ram, "_clock")]
"""Where sessions learn how long the computer runs."""


class Root:
    """Pages that count."""

    def __init__(self) -> None:
        self.busy = threading.Event()
        self.go_on = threading.Event()

    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["count"] = cherrypy.session.get("count", 0) + 1
        return str(cherrypy.session["count"])

    @cherrypy.expose
    async def later(self) -> str:
        return self.index()

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        yield self.index()
        yield ""

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    async def later_stream(self) -> AsyncIterator[str]:
        yield self.index()

    @cherrypy.expose
    def look(self) -> str:
        return str(cherrypy.session.get("count"))

    @cherrypy.expose
    def slow(self) -> str:
        self.busy.set()
        assert self.go_on.wait(20)
        return self.index()

    @cherrypy.expose
    def login(self) -> str:
        self.busy.set()
        assert self.go_on.wait(20)
        cherrypy.session.regenerate()
        cherrypy.session["user"] = "jon"
        return ""

    @cherrypy.expose
    def user(self) -> str:
        user = cherrypy.session.get("user")
        cherrypy.session["seen"] = True
        return f"{user} {cherrypy.session.ended}"


@contextmanager
def site(root: Root, config: Config) -> Iterator[Running]:
    app = cherrypy.Application(root, "", {"/": config})
    tree = Tree()
    tree.apps[""] = app
    # Each waits in a thread of its own: those who wait for a lock need one.
    with serving(NativeGateway(lambda: tree), threads=12, max_threads=40) as running:
        yield running


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def test_counts_from_request_to_request(config: Config) -> None:
    with site(Root(), config) as running:
        first = running.get("/")
        with running.client() as client:
            head = f"Cookie: {cookie_of(first)}\r\n"
            answers = [client.ask("/", head=head) for _ in range(3)]
    assert [answer.text for answer in (first, *answers)] == ["1", "2", "3", "4"]
    assert {cookie_of(answer) for answer in answers} == {cookie_of(first)}
    assert first.headers["vary"] == "Cookie"


def test_ends_in_time_though_the_wall_clock_is_set_back_two_hours(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config | {"tools.sessions.timeout": 1}
    client = Client(cherrypy.Application(Root(), "", {"/": config}))
    sent = {"session_id": client.get("/").cookies["session_id"].value}
    assert client.get("/", cookies=sent).text == "2"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 7200)
    assert client.get("/", cookies=sent).text == "3"
    steady = lifetime.boot_clock
    for module, name in CLOCKS:
        monkeypatch.setattr(module, name, lambda: steady() + 61)
    assert client.get("/", cookies=sent).text == "1"


@pytest.mark.parametrize("path", ["/", "/later", "/stream", "/later_stream"])
def test_counts_exactly_when_many_count_at_once(config: Config, path: str) -> None:
    times, threads = 6, 16

    with site(Root(), config) as running:
        head = f"Cookie: {cookie_of(running.get('/'))}\r\n"

        def count(_: int) -> set[int]:
            with running.client() as client:
                return {client.ask(path, head=head).status for _ in range(times)}

        with ThreadPoolExecutor(threads) as pool:
            statuses = set().union(*pool.map(count, range(threads)))
        assert statuses == {200}
        with running.client() as client:
            assert client.ask("/look", head=head).text == str(1 + times * threads)


@pytest.mark.parametrize("place", [place for place in PLACES if "ram" not in place])
def test_counts_exactly_in_two_processes(
    place: str, request: pytest.FixtureRequest
) -> None:
    """Two applications with stores of their own are as good as two processes."""
    config = settings_for(place, request)
    apps = []
    for kind in ("One", "Two"):
        own = dict(config)
        base = own.get("tools.sessions.storage_class")
        if base is None:
            own["tools.sessions.storage"] = open_store(own["tools.sessions.storage"])
        else:
            own["tools.sessions.storage_class"] = type(kind, (base,), {})
        apps.append(cherrypy.Application(Root(), "", {"/": own}))
    first = Client(apps[0]).get("/")
    sent = {"session_id": first.cookies["session_id"].value}

    def count(thread: int) -> list[int]:
        client = Client(apps[thread % 2])
        return [client.get("/", cookies=sent).status_code for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert {code for codes in pool.map(count, range(8)) for code in codes} == {200}
    assert Client(apps[1]).get("/look", cookies=sent).text == "81"


def test_waits_for_another_request_no_longer_than_config_says(config: Config) -> None:
    root = Root()
    config = config | {"tools.sessions.lock_timeout": 0.05}
    with site(root, config) as running, ThreadPoolExecutor(1) as pool:
        head = f"Cookie: {cookie_of(running.get('/'))}\r\n"
        with running.client() as slow, running.client() as other:
            answer = pool.submit(slow.ask, "/slow", head=head)
            assert root.busy.wait(20)
            late = other.ask("/", head=head)
            assert (late.status, late.headers["retry-after"]) == (503, "5")
            root.go_on.set()
            assert answer.result(20).text == "2"
            assert other.ask("/", head=head).text == "3"


def test_what_has_been_ended_meanwhile_stays_dead(config: Config) -> None:
    root = Root()
    known = threading.Event()

    def note() -> None:
        if cherrypy.request.path_info == "/user":
            known.set()

    # Before the lock is waited for, and after the id has been found to be known.
    config = config | {"hooks.on_start_resource": lambda: _attach(note)}
    with site(root, config) as running, ThreadPoolExecutor(2) as pool:
        head = f"Cookie: {cookie_of(running.get('/'))}\r\n"
        with running.client() as first, running.client() as second:
            login = pool.submit(first.ask, "/login", head=head)
            assert root.busy.wait(20)
            user = pool.submit(second.ask, "/user", head=head)
            assert known.wait(20)
            root.go_on.set()
            renewed = f"Cookie: {cookie_of(login.result(20))}\r\n"
            late = user.result(20)
            assert late.text == "None True"
            assert "set-cookie" not in late.headers, "it would log the user out"
            again = second.ask("/user", head=head)
            assert again.text == "None False", "a new session"
            assert cookie_of(again) not in (renewed[8:-2], head[8:-2])
            assert second.ask("/user", head=renewed).text == "jon False"


def _attach(note: Callable[[], None]) -> None:
    cherrypy.request.hooks.attach("before_handler", note, priority=49)


@pytest.fixture(params=["redis", "memcached", "postgresql"])
def away(request: pytest.FixtureRequest) -> tuple[Config, ServerProgram]:
    """Return a config and the server it needs."""
    server: ServerProgram = request.getfixturevalue(SERVERS[request.param])
    return settings_for(request.param, request), server


class TestAStoreThatIsAway:
    def test_is_answered_with_503_and_comes_back(
        self, away: tuple[Config, ServerProgram], caplog: pytest.LogCaptureFixture
    ) -> None:
        config, server = away
        with site(Root(), config) as running, running.client() as client:
            head = f"Cookie: {cookie_of(client.ask('/'))}\r\n"
            with server.away():
                answer = client.ask("/", head=head)
                assert (answer.status, answer.headers["retry-after"]) == (503, "5")
                assert "set-cookie" not in answer.headers
                assert "Sessions cannot be stored" in caplog.text
            recovered = until(
                lambda: client.ask("/", head=head), lambda a: a.status == 200
            )
            # memcached has lost what it had; the client gets a new session.
            lost = server.package == "memcached"
            assert recovered.text == ("1" if lost else "2")
            assert (cookie_of(recovered) in head) is not lost

    def test_may_be_gone_without(self, away: tuple[Config, ServerProgram]) -> None:
        config, server = away
        config = config | {"tools.sessions.on_unavailable": "continue"}
        with site(Root(), config) as running, running.client() as client:
            head = f"Cookie: {cookie_of(client.ask('/'))}\r\n"
            with server.away():
                for _ in range(2):
                    answer = client.ask("/", head=head)
                    assert (answer.status, answer.text) == (200, "1")
                    assert "set-cookie" not in answer.headers
            lost = server.package == "memcached"
            if not lost:
                same = until(
                    lambda: client.ask("/", head=head), lambda a: a.text == "2"
                )
                assert cookie_of(same) in head

    @pytest.mark.parametrize("unavailable", ["refuse", "continue"])
    def test_may_go_in_the_middle_of_a_request(
        self, away: tuple[Config, ServerProgram], unavailable: str
    ) -> None:
        config, server = away
        config = config | {"tools.sessions.on_unavailable": unavailable}
        root = Root()
        with site(root, config) as running, ThreadPoolExecutor(1) as pool:
            with running.client() as client:
                head = f"Cookie: {cookie_of(client.ask('/'))}\r\n"
                slow = pool.submit(client.ask, "/slow", head=head)
                assert root.busy.wait(20)
                with server.away():
                    root.go_on.set()
                    answer = slow.result(30)
            assert "set-cookie" not in answer.headers
            if unavailable == "refuse":
                assert answer.status == 503
            else:
                assert (answer.status, answer.text) == (200, "1")


def until(ask: Callable[[], Answer], good: Callable[[Answer], bool]) -> Answer:
    """Ask until the answer is good, and return it."""
    answers: list[Answer] = []

    def is_good() -> bool:
        answers.append(ask())
        return good(answers[-1])

    contract.until(is_good)
    return answers[-1]
