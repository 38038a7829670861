"""Sessions in memory and in stores: where, by which serializer, locked when."""

from __future__ import annotations

import pickle
import threading
import time
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import session_ram
from cherrypy.lib.session_base import Session
from cherrypy.lib.sessions import MemcachedSession, RamSession
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.ram import RamStore
from cherrypy.testing import Client
from tests.lib.apps import mount, serve
from tests.lib.session_kit import EXECUTED, Evil, count, nothing_kept, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.stores.base import StoreLock

KEY = "a secret of some length"


class FrailStore(RamStore):
    """A store that can be away, entirely or for some of its methods."""

    def __init__(self) -> None:
        super().__init__()
        self.away: set[str] = set()

    def _ask(self, what: str, key: str = "") -> None:
        if what in self.away:
            raise StoreUnavailable(f"The store cannot {what} {key!r}.")

    def get(self, key: str) -> bytes | None:
        self._ask("get", key)
        return super().get(key)

    def set(self, key: str, value: bytes, seconds: float) -> None:
        self._ask("set", key)
        super().set(key, value, seconds)

    def delete(self, key: str) -> None:
        self._ask("delete", key)
        super().delete(key)

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        self._ask("lock", key)
        return FrailLock(self, super().lock(key, seconds))

    def sweep(self) -> int:
        self._ask("sweep")
        return super().sweep()


class FrailLock:
    """A lock that may be lost with its store."""

    def __init__(self, store: FrailStore, lock: StoreLock) -> None:
        self.store, self.lock = store, lock

    def release(self) -> None:
        self.lock.release()
        self.store._ask("release")


module_store = RamStore()


def make_store() -> RamStore:
    """Return the store of this module, as a program's own function would."""
    return module_store


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(RamSession, "cache", {})
    with nothing_kept():
        yield


def only_value(store: RamStore) -> bytes:
    ((key, entry),) = store._entries.items()
    assert key.startswith("session:")
    return entry.value


class TestTheStore:
    @pytest.mark.parametrize(
        "storage",
        [
            "ram:",
            RamStore(),
            "tests.lib.test_session_stores.module_store",
            "tests.lib.test_session_stores.make_store",
        ],
        ids=["url", "object", "dotted name", "function"],
    )
    def test_is_what_config_says(self, storage: Any) -> None:
        client = serve(count, settings(storage=storage))
        assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]

    @pytest.mark.parametrize(
        "storage", ["nowhere://", "no.such.module", 5, "tests.lib.apps.typed"]
    )
    def test_is_an_error_if_it_is_none(self, storage: Any) -> None:
        assert serve(count, settings(storage=storage)).get("/").status_code == 500

    def test_keeps_json_that_others_can_read(self) -> None:
        store = RamStore()
        client = serve(count, settings(storage=store))
        client.get("/")
        assert only_value(store) == b'{"count":1}'

    def test_keeps_the_common_types(self) -> None:
        data = {"price": Decimal("1.10"), "day": date(2026, 1, 1), "tags": {"a", "b"}}

        def page() -> str:
            if "data" not in cherrypy.session:
                cherrypy.session["data"] = data
                return "stored"
            return str(cherrypy.session["data"] == data)

        client = serve(page, settings(storage=RamStore()))
        assert [client.get("/").text for _ in range(2)] == ["stored", "True"]

    def test_names_what_it_cannot_keep(self, caplog: pytest.LogCaptureFixture) -> None:
        def page() -> str:
            cherrypy.session["user"] = {"roles": [object()]}
            return ""

        assert serve(page, settings(storage=RamStore())).get("/").status_code == 500
        assert "cherrypy.session['user']['roles'][0] cannot be kept" in caplog.text

    def test_has_its_expired_sessions_swept(self) -> None:
        store = RamStore()
        serve(count, settings(storage=store, timeout=0)).get("/")
        monitor = Session._cleaners[store]
        assert monitor.name == "Session cleanup"
        monitor.callback()
        assert store._entries == {}

    def test_may_be_away_when_it_is_swept(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = FrailStore()
        serve(count, settings(storage=store)).get("/")
        store.away = {"sweep"}
        Session._cleaners[store].callback()
        assert "cannot sweep" in caplog.text

    def test_counts(self) -> None:
        def page() -> str:
            count()
            return str(len(cherrypy.session))

        client = serve(page, settings(storage=RamStore()))
        assert [client.get("/").text for _ in range(2)] == ["0", "1"]


class TestPickle:
    def test_needs_a_key(self, caplog: pytest.LogCaptureFixture) -> None:
        config = settings(storage=RamStore(), serializer="pickle")
        assert serve(count, config).get("/").status_code == 500
        assert "needs a secret, tools.sessions.key" in caplog.text

    def test_is_sealed(self) -> None:
        store = RamStore()
        client = serve(count, settings(storage=store, serializer="pickle", key=[KEY]))
        assert [client.get("/").text for _ in range(2)] == ["1", "2"]
        assert only_value(store).startswith(b"sealed1:")

    @pytest.mark.parametrize("key", [None, KEY])
    def test_that_is_forged_is_refused_and_not_executed(self, key: Any) -> None:
        store = RamStore()
        config = settings(storage=store, key=key)
        if key:
            config["tools.sessions.serializer"] = "pickle"
        client = serve(count, config)
        id = client.get("/").cookies["session_id"].value
        for forged in (pickle.dumps(Evil()), b"sealed1:" + bytes(32), b"\xff"):
            store.set(f"session:{id}", forged, 60)
            response = client.get("/", cookies={"session_id": id})
            assert response.text == "1"
            assert response.cookies["session_id"].value != id
        assert EXECUTED == []

    def test_is_what_memcached_keeps_only_with_a_key(
        self, memcached_server: Any
    ) -> None:
        servers = f"{memcached_server.host}:{memcached_server.port}"
        session = MemcachedSession(servers=servers)
        assert type(session.archive.serializer).__name__ == "JSONSerializer"
        session.archive.store.close()
        session = MemcachedSession(servers=[servers], key=KEY)
        assert type(session.archive.serializer).__name__ == "PickleSerializer"
        with pytest.raises(NotImplementedError):
            len(session)
        session.archive.store.close()


def locked_at(point: str, priority: float, **named: Any) -> bool:
    """Tell whether the session is locked at a point of the request."""
    seen = []

    def note() -> None:
        seen.append(cherrypy.session.locked)

    def attach() -> None:
        cherrypy.request.hooks.attach(point, note, priority=priority, failsafe=True)

    config = settings(**named) | {"hooks.on_start_resource": attach}
    assert serve(count, config).get("/").status_code == 200
    assert len(RamSession.locks) == 0
    (locked,) = seen
    return locked


class TestLocking:
    def test_is_implicit_around_the_page(self) -> None:
        assert not locked_at("before_handler", 49)
        assert locked_at("before_handler", 51)
        assert locked_at("before_finalize", 49)
        assert not locked_at("before_finalize", 51)

    def test_may_be_early(self) -> None:
        assert not locked_at("before_request_body", 59, locking="early")
        assert locked_at("before_request_body", 61, locking="early")

    @pytest.mark.parametrize("locking", ["explicit", "none", ""])
    def test_may_be_explicit(self, locking: str) -> None:
        assert not locked_at("before_finalize", 49, locking=locking)

        def page() -> str:
            session = cherrypy.session
            session.acquire_lock()
            session.acquire_lock()
            assert session.locked
            assert session.id in RamSession.locks
            session.release_lock()
            session.release_lock()
            assert session.id not in RamSession.locks
            session.acquire_lock()
            return count()

        client = serve(page, settings(locking=locking))
        assert [client.get("/").text for _ in range(2)] == ["1", "2"]
        assert len(RamSession.locks) == 0

    def test_ends_when_the_page_lets_go(self) -> None:
        def page() -> Iterator[str]:
            yield count()
            cherrypy.session.release_lock()
            yield ""

        client = serve(page, settings() | {"response.stream": True})
        assert [client.get("/").text for _ in range(2)] == ["1", "2"]

    def test_ends_when_the_page_fails_or_is_never_called(self) -> None:
        def fail() -> None:
            raise RuntimeError

        for config in (
            settings() | {"hooks.before_handler": fail},
            settings(locking="early") | {"hooks.before_request_body": fail},
            settings() | {"hooks.before_finalize": fail},
        ):
            assert serve(count, config).get("/").status_code == 500
            assert len(RamSession.locks) == 0

    def test_ends_when_the_client_goes_away(self) -> None:
        def page() -> Iterator[str]:
            yield count()
            raise AssertionError("nobody reads so far")

        client = serve(page, settings() | {"response.stream": True})
        with client.get("/", stream=True) as response:
            assert next(iter(response.iter_bytes())) == b"1"
            assert len(RamSession.locks) == 1
        assert len(RamSession.locks) == 0
        ((data, _),) = RamSession.cache.values()
        assert data == {"count": 1}

    def test_ends_with_a_request_that_is_redirected_within(self) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return count()

            @cherrypy.expose
            def first(self) -> None:
                cherrypy.session["seen"] = True
                raise cherrypy.InternalRedirect("/")

        client = mount(Root(), {"/": settings(lock_timeout=0)})
        client.get("/")
        assert client.get("/first").text == "2"
        assert len(RamSession.locks) == 0

    def test_tells_a_program_that_waits_itself(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        holder = RamSession()
        holder.acquire_lock()
        other = RamSession(lock_timeout=0.001)
        other.id = holder.id
        with pytest.raises(LockTimeout) as late:
            other.acquire_lock()
        assert getattr(late.value, "code", None) == 503
        assert "has waited 0.001 seconds" in caplog.text
        assert str(holder.id) not in caplog.text, "it is a secret"
        assert not other.locked
        holder.release_lock()

    def test_of_a_class_without_its_own_holds_in_the_process(self) -> None:
        one, two = Session(without_storage=True), Session(without_storage=True)
        one.without_storage = two.without_storage = False
        two.id, two.lock_timeout = one.id, 0.0
        one.acquire_lock()
        with pytest.raises(LockTimeout):
            two.acquire_lock()
        one.release_lock()
        two.acquire_lock()
        two.release_lock()

    def test_without_it_a_dead_session_stays_dead_all_the_same(self) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                count()
                if len(RamSession.cache):
                    # As another request would, meanwhile.
                    RamSession.cache.clear()
                return str(cherrypy.session.get("count"))

        client = mount(Root(), {"/": settings(locking="explicit")})
        client.get("/")
        response = client.get("/")
        assert response.text == "2"
        assert response.cookies == {}
        assert RamSession.cache == {}


class TestTheSweepOfMemory:
    def test_removes_what_has_expired_and_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for minutes in (1, 10):
            session = RamSession(timeout=minutes)
            session["a"] = minutes
            session.save()
        now = session_ram._clock()
        monkeypatch.setattr(session_ram, "_clock", lambda: now + 120)
        RamSession().clean_up()
        assert [data for data, _ in RamSession.cache.values()] == [{"a": 10}]

    def test_leaves_a_session_in_use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = RamSession(timeout=1)
        session["a"] = 1
        session.save()
        session.acquire_lock()
        now = session_ram._clock()
        monkeypatch.setattr(session_ram, "_clock", lambda: now + 61)
        RamSession().clean_up()
        assert len(RamSession.cache) == 1
        assert session.id in RamSession.locks
        session.save()
        RamSession().clean_up()
        assert len(RamSession.cache) == 1, "it has been used"

    def test_lets_others_have_their_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pauses: list[float] = []
        monkeypatch.setattr(time, "sleep", pauses.append)
        RamSession.cache.update({str(i): ({}, session_ram._BOOT) for i in range(1000)})
        RamSession().clean_up()
        assert RamSession.cache == {}
        assert len(pauses) == 5
        assert min(pauses) > 0

    def test_survives_sessions_that_come_and_go(self) -> None:
        def work() -> None:
            for _ in range(300):
                session = RamSession(timeout=0)
                session["a"] = 1
                session.save()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            RamSession().clean_up()
        RamSession().clean_up()
        assert RamSession.cache == {}

    def test_does_not_keep_the_data_of_anybody(self) -> None:
        class Mine(RamSession):
            """Whose thread nobody else has started."""

        serve(count, settings(storage_class=Mine)).get("/")
        assert Mine.clean_thread is not None
        cleaner = Mine.clean_thread.callback.__self__  # type: ignore[attr-defined]
        assert (cleaner._data, cleaner.id, cleaner.locked) == ({}, None, False)


class TestAStoreThatIsAway:
    @pytest.mark.parametrize("away", ["get", "lock", "set"])
    def test_is_a_503_by_default(
        self, away: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = FrailStore()
        client = serve(count, settings(storage=store))
        sent = {"session_id": client.get("/").cookies["session_id"].value}
        store.away = {away}
        response = client.get("/", cookies=sent)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert response.cookies == {}
        told = f"Sessions cannot be stored: The store cannot {away} 'session:...'."
        assert told in caplog.text
        assert sent["session_id"] not in caplog.text, "it is a secret"
        assert caplog.text.count("Traceback") == 0
        store.away = set()
        assert client.get("/", cookies=sent).text == "2"

    @pytest.mark.parametrize("away", ["get", "lock", "set", "get lock set delete"])
    def test_may_be_gone_without(self, away: str) -> None:
        store = FrailStore()
        config = settings(storage=store, on_unavailable="continue")
        client = serve(count, config)
        sent = {"session_id": client.get("/").cookies["session_id"].value}
        store.away = set(away.split())
        response = client.get("/", cookies=sent)
        assert response.text == ("2" if away == "set" else "1")
        assert response.cookies == {}
        store.away = set()
        assert client.get("/", cookies=sent).text == "2"

    def test_is_gone_without_in_all_that_a_page_may_do(self) -> None:
        def page() -> str:
            session = cherrypy.session
            assert session.without_storage
            session["a"] = 1
            session.acquire_lock()
            session.regenerate()
            cherrypy.tools.sessions.regenerate()
            assert session["a"] == 1
            session.delete()
            assert "a" not in session
            session.save()
            session.load()
            return str(session.id != session.originalid)

        store = FrailStore()
        store.away = {"get", "set", "delete", "lock"}
        config = settings(storage=store, on_unavailable="continue")
        response = serve(page, config).get("/", cookies={"session_id": "known"})
        assert response.text == "True"
        assert response.cookies == {}

    @pytest.mark.parametrize("unavailable", ["refuse", "continue"])
    @pytest.mark.parametrize("away", ["delete", "set", "lock", "set delete"])
    def test_does_not_lose_the_session_in_a_login(
        self, unavailable: str, away: str
    ) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return count()

            @cherrypy.expose
            def login(self) -> str:
                store.away = set(away.split())
                cherrypy.tools.sessions.regenerate()
                return ""

        store = FrailStore()
        config = settings(storage=store, on_unavailable=unavailable)
        client = mount(Root(), {"/": config})
        client.get("/")
        response = client.get("/login")
        assert response.status_code == (503 if unavailable == "refuse" else 200)
        assert response.cookies == {}
        assert len(store._locks) == 0
        store.away = set()
        assert client.get("/").text == "2"

    def test_is_logged_at_the_end_of_a_stream(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = FrailStore()

        def page() -> Iterator[str]:
            store.away = {"set", "release"}
            yield count()

        client = serve(page, settings(storage=store) | {"response.stream": True})
        assert client.get("/").text == "1"
        assert "The store cannot set" in caplog.text
        assert "The store cannot release" in caplog.text

    def test_is_noticed_by_a_save_without_a_lock(self) -> None:
        store = FrailStore()

        def page() -> str:
            text = count()
            if text == "2":
                store.away = {"get"}
            return text

        client = serve(page, settings(storage=store, locking="explicit"))
        client.get("/")
        assert client.get("/").status_code == 503


def test_two_applications_have_what_they_are_told() -> None:
    one, two = RamStore(), RamStore()
    for store in (one, two):
        app = cherrypy.Application(
            type("Root", (), {"index": cherrypy.expose(lambda self: count())})(),
            "",
            {"/": settings(storage=store)},
        )
        Client(app).get("/")
    assert len(one) == len(two) == 1
