"""From a URL to a store."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores.opening import open_store
from cherrypy.stores.ram import RamStore

if TYPE_CHECKING:
    from pathlib import Path


class Noted:
    """A class of store that notes what it was made with."""

    def __init__(self, *arguments: object, **settings: object) -> None:
        self.arguments = arguments
        self.settings = settings


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put stores that only note in the place of those that touch the world."""
    for name, kind in {
        "file": "FileStore",
        "sqlite": "SQLiteStore",
        "redis": "RedisStore",
        "memcached": "MemcachedStore",
        "postgres": "PostgresStore",
    }.items():
        module = ModuleType(f"cherrypy.stores.{name}")
        monkeypatch.setattr(module, kind, Noted, raising=False)
        monkeypatch.setitem(sys.modules, module.__name__, module)


def made_with(where: str) -> tuple[object, ...]:
    store = open_store(where)
    assert isinstance(store, Noted)
    return store.arguments


def test_ram_is_the_memory_of_this_process() -> None:
    assert isinstance(open_store("ram:"), RamStore)
    assert isinstance(open_store("RAM:"), RamStore)


def test_a_store_is_returned_as_it_is() -> None:
    store = RamStore()
    assert open_store(store) is store


@pytest.mark.parametrize("scheme", ["file", "sqlite"])
@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("///var/lib/x", "/var/lib/x"),
        ("////var/lib/x", "/var/lib/x"),
        ("/var/lib/x", "/var/lib/x"),
        ("//localhost/var/lib/x", "/var/lib/x"),
        ("folder/x", "folder/x"),
        ("///a%20b%3Fc", "/a b?c"),
        ("///C:/folder", "C:/folder"),
    ],
)
def test_a_path_is_absolute_with_a_slash(scheme: str, rest: str, path: str) -> None:
    assert made_with(f"{scheme}:{rest}") == (path,)


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("file://folder/x", r"names the host 'folder'.*file:///folder/x.*file:folder"),
        ("file:", "names no path"),
        ("file:///", "names no path"),
        ("sqlite:///x.db?mode=ro", "only durable=yes or durable=no may follow"),
        ("file:///what?durable=perhaps", "only durable=yes or durable=no may follow"),
    ],
)
def test_a_url_that_lacks_something_says_what(where: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        open_store(where)


@pytest.mark.parametrize(
    ("where", "settings"),
    [
        ("file:///x", {}),
        ("sqlite:///x.db?durable=yes", {"durable": True}),
        ("file:x?durable=no", {"durable": False}),
    ],
)
def test_a_store_on_disk_may_be_durable(
    where: str, settings: dict[str, object]
) -> None:
    store = open_store(where)
    assert isinstance(store, Noted)
    assert store.settings == settings


@pytest.mark.parametrize("where", ["ftp://x", "ram", "", "/var/lib/x", ":"])
def test_a_url_of_no_store_is_told_which_there_are(where: str) -> None:
    with pytest.raises(ValueError, match=r"no store.* ram:, file:, sqlite:, re"):
        open_store(where)


@pytest.mark.parametrize(
    "where",
    [
        "redis://localhost:6379/1?x=y",
        "rediss://localhost",
        "valkey://localhost",
        "valkeys://localhost",
        "unix:///run/redis.sock?db=1",
        "memcached://a:1,[::1]:2",
        "memcached:///run/memcached.sock",
        "postgresql://user:word@localhost/base",
        "postgres://localhost",
    ],
)
def test_a_server_gets_the_whole_url(where: str) -> None:
    assert made_with(where) == (where,)


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    made_with(f"file://{tmp_path}/sessions")
    assert list(tmp_path.iterdir()) == []
