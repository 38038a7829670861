"""Where there is no room the old session is intact, and all is well once there is."""

from __future__ import annotations

import random
import resource
import signal
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import cherrypy
from cherrypy.stores.base import StoreUnavailable
from cherrypy.stores.opening import open_store
from tests.lib.apps import Root, mount
from tests.servers import Memcached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cherrypy.testing import Client
    from tests.servers import PostgreSQL, Redis


class Site(Root):
    @cherrypy.expose
    def keep(self, size: str) -> str:
        # Nothing that a store could compress.
        text = random.Random(size).randbytes(int(size) // 2).hex()
        cherrypy.session["text"] = text
        return "kept"

    @cherrypy.expose
    def show(self) -> str:
        return str(len(cherrypy.session.get("text", "")))


class Place(NamedTuple):
    """Where sessions are kept."""

    settings: dict[str, Any]
    full: Callable[[], AbstractContextManager[None]]
    """Leaves no room for 3 MB in the block."""


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """Let no file of this process get larger than so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)


@contextmanager
def in_files(folder: Path) -> Iterator[Place]:
    name = "cherrypy.lib.sessions.FileSession"
    settings = {"storage_class": name, "storage_path": str(folder)}
    yield Place(settings, lambda: small_files(200_000))


@contextmanager
def in_database(folder: Path) -> Iterator[Place]:
    with closing(open_store(f"sqlite://{folder}/sessions.db")) as store:
        yield Place({"storage": store}, lambda: small_files(200_000))


@contextmanager
def in_redis(server: Redis) -> Iterator[Place]:
    """Keep sessions in a Redis whose disk is full; it ends then."""

    def full() -> AbstractContextManager[None]:
        files = [path.stat().st_size for path in server.folder.rglob("*.aof")]
        return server.full_disk(max(files) + 200_000)

    with closing(open_store(f"{server.url}?seconds=20")) as store:
        yield Place({"storage": store}, full)


@contextmanager
def in_small_redis(server: Redis) -> Iterator[Place]:
    """Keep sessions in a Redis whose memory is full."""
    with closing(open_store(f"{server.url}?seconds=20")) as store:
        client: Any = store._client  # type: ignore[attr-defined]  # any client would do

        @contextmanager
        def full() -> Iterator[None]:
            used = client.info("memory")["used_memory"]
            client.config_set("maxmemory", str(used + 1_000_000))
            try:
                yield
            finally:
                client.config_set("maxmemory", "0")

        yield Place({"storage": store}, full)


@contextmanager
def in_small_memcached() -> Iterator[Place]:
    """Keep sessions in a memcached that forgets nothing when its memory is full."""
    server = Memcached("-M")
    with closing(open_store(f"{server.url}?seconds=20")) as store:

        @contextmanager
        def full() -> Iterator[None]:
            number = 0
            try:
                while True:
                    store.set(f"ballast-{number}", bytes(500_000), 600)
                    number += 1
            except StoreUnavailable:
                pass
            yield
            for each in range(number):
                store.delete(f"ballast-{each}")

        try:
            server.start()
            yield Place({"storage": store}, full)
        finally:
            server.close()


@contextmanager
def in_postgresql(server: PostgreSQL) -> Iterator[Place]:
    # A table of its own, which is no larger than what is put into it here.
    url = f"{server.url}?seconds=20&table=full_{random.getrandbits(64)}"
    with closing(open_store(url)) as store:
        yield Place({"storage": store}, lambda: server.full_disk(2_500_000))


@pytest.fixture(
    params=[
        *("files", "database"),
        *("redis", "small redis", "small memcached", "postgresql"),
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Return each place in turn."""
    server = request.getfixturevalue
    kept: AbstractContextManager[Place]
    match request.param:
        case "files":
            kept = in_files(tmp_path)
        case "database":
            kept = in_database(tmp_path)
        case "redis":
            kept = in_redis(server("redis_server"))
        case "small redis":
            kept = in_small_redis(server("redis_server"))
        case "small memcached":
            kept = in_small_memcached()
        case "postgresql":
            kept = in_postgresql(server("postgresql_server"))
    with kept as place:
        yield place


def client(place: Place, **more: Any) -> Client:
    settings = {"on": True, "clean_freq": 0, **place.settings, **more}
    return mount(Site(), {"/": {f"tools.sessions.{k}": v for k, v in settings.items()}})


def test_the_old_session_is_intact_and_the_client_told(place: Place) -> None:
    asked = client(place)
    assert asked.get("/keep?size=1000").text == "kept"
    with place.full():
        answer = asked.get("/keep?size=3000000")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert asked.get("/show").text in ("1000", answer.text)
    assert asked.get("/show").text == "1000"
    assert asked.get("/keep?size=3000000").text == "kept"
    assert asked.get("/show").text == "3000000"


def test_or_the_page_goes_on_without(place: Place) -> None:
    asked = client(place, on_unavailable="continue")
    assert asked.get("/keep?size=1000").text == "kept"
    with place.full():
        assert asked.get("/keep?size=3000000").text == "kept"
    assert asked.get("/show").text == "1000"
    assert asked.get("/keep?size=2000").text == "kept"
    assert asked.get("/show").text == "2000"
