"""From a URL to the store it names."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.stores.base import Store

__all__ = ["open_store"]


class _Kind(NamedTuple):
    """A kind of store, and how it is made."""

    module: str
    name: str
    made: Callable[[Any, str], Store]
    """Makes it, from its class and the URL."""


def open_store(where: str | Store) -> Store:
    """Return the store that a URL names; a store is returned as it is.

    `ram:`, `file:///folder`, `sqlite:///file.db`, `redis://host:port/number` (also
    `rediss://`, `valkey://`, `valkeys://` and `unix://`),
    `memcached://host:port,host:port` and `postgresql://user@host/database`. Settings
    may follow a question mark: `sqlite:///file.db?durable=yes`. The module and the
    package that a kind of store needs are imported only here.

    Raises:
        ValueError: The URL names no kind of store, or lacks what this kind needs.
        ModuleNotFoundError: A package is missing; the text says what to install.
    """
    if not isinstance(where, str):
        return where
    scheme = where.partition(":")[0].lower()
    kind = _KINDS.get(scheme)
    if kind is None or ":" not in where:
        raise ValueError(
            f"{where!r} names no store. It must be a URL that begins with one of: "
            + ", ".join(f"{known}:" for known in _KINDS)
        )
    module = importlib.import_module(f"cherrypy.stores.{kind.module}")
    return kind.made(getattr(module, kind.name), where)


def _plain(kind: Any, where: str) -> Store:
    """Make a store that needs to know nothing."""
    store: Store = kind()
    return store


def _at_url(kind: Any, where: str) -> Store:
    """Make a store that reads the URL itself."""
    store: Store = kind(where)
    return store


def _at_path(kind: Any, where: str) -> Store:
    """Make a store that wants a path.

    `file:///folder` is absolute, as RFC 8089 has it, and so are more slashes;
    `file:folder` lies in the current directory.
    """
    parts = urlsplit(where)
    if parts.netloc not in ("", "localhost"):
        raise ValueError(
            f"{where!r} names the host {parts.netloc!r}, but a path on this machine is "
            f"wanted: three slashes ({parts.scheme}:///{parts.netloc}{parts.path}), "
            f"or none for a relative path ({parts.scheme}:{parts.netloc}{parts.path})"
        )
    path = unquote(parts.path)
    if not path.strip("/"):
        raise ValueError(f"{where!r} names no path")
    if path.startswith("/"):
        windows = path[2:3] == ":"  # file:///C:/folder
        path = path[1:] if windows else "/" + path.lstrip("/")
    store: Store = kind(path, **_path_settings(where, parts.query))
    return store


def _path_settings(where: str, query: str) -> dict[str, bool]:
    """Return what follows the question mark of a path's URL."""
    settings = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name != "durable" or text not in _TRUTH:
            raise ValueError(
                f"{where!r}: only durable=yes or durable=no may follow the path; a "
                "question mark that belongs to the path is written %3F"
            )
        settings[name] = _TRUTH[text]
    return settings


_TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

_REDIS = _Kind("redis", "RedisStore", _at_url)
_POSTGRES = _Kind("postgres", "PostgresStore", _at_url)

_KINDS = {
    "ram": _Kind("ram", "RamStore", _plain),
    "file": _Kind("file", "FileStore", _at_path),
    "sqlite": _Kind("sqlite", "SQLiteStore", _at_path),
    "redis": _REDIS,
    "rediss": _REDIS,
    "valkey": _REDIS,
    "valkeys": _REDIS,
    "unix": _REDIS,
    "memcached": _Kind("memcached", "MemcachedStore", _at_url),
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
}
