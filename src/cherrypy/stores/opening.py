"""From a URL to the store it names."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.stores.base import Store

__all__ = ["open_store"]


class _Kind(NamedTuple):
    """A kind of store, and how it is made."""

    module: str
    name: str
    arguments: Callable[[str], tuple[object, ...]]
    """What its class is called with, from the URL."""
    package: str = ""
    extra: str = ""


def open_store(where: str | Store) -> Store:
    """Return the store that a URL names; a store is returned as it is.

    `ram:`, `file:///folder`, `sqlite:///file.db`, `redis://host:port/number` (also
    `rediss://`, `valkey://`, `valkeys://` and `unix://`),
    `memcached://host:port,host:port` and `postgresql://user@host/database`. The module
    and the package that a kind of store needs are imported only here.

    Raises:
        ValueError: The URL names no kind of store, or lacks what this kind needs.
        ImportError: A package is missing; the text says what to install.
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
    try:
        module = importlib.import_module(f"cherrypy.stores.{kind.module}")
        store: Store = getattr(module, kind.name)(*kind.arguments(where))
    except ModuleNotFoundError as error:
        if not kind.package or (error.name or "").partition(".")[0] != kind.package:
            raise
        raise ImportError(
            f"A store at {scheme}: needs the package {kind.package!r}: "
            f"pip install morello[{kind.extra}]"
        ) from error
    return store


def _nothing(where: str) -> tuple[()]:
    return ()


def _url(where: str) -> tuple[str]:
    return (where,)


def _path(where: str) -> tuple[str]:
    """Return the path in a `file:` or `sqlite:` URL.

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
    if parts.query or parts.fragment:
        raise ValueError(f"{where!r}: nothing may follow the path; write ? as %3F")
    path = unquote(parts.path)
    if not path.strip("/"):
        raise ValueError(f"{where!r} names no path")
    if path.startswith("/") and path[2:3] == ":":
        return (path[1:],)  # file:///C:/folder
    return ("/" + path.lstrip("/") if path.startswith("/") else path,)


def _servers(where: str) -> tuple[list[str]]:
    """Return the servers in a `memcached:` URL, each "host" or "host:port"."""
    servers = where.partition(":")[2].strip("/").split(",")
    if not all(servers):
        raise ValueError(f"{where!r} must name a server: memcached://127.0.0.1:11211")
    return (servers,)


_REDIS = _Kind("redis", "RedisStore", _url, "redis", "redis")
_POSTGRES = _Kind("postgres", "PostgresStore", _url, "psycopg", "postgres")

_KINDS = {
    "ram": _Kind("ram", "RamStore", _nothing),
    "file": _Kind("file", "FileStore", _path),
    "sqlite": _Kind("sqlite", "SQLiteStore", _path),
    "redis": _REDIS,
    "rediss": _REDIS,
    "valkey": _REDIS,
    "valkeys": _REDIS,
    "unix": _REDIS,
    "memcached": _Kind(
        "memcached", "MemcachedStore", _servers, "pymemcache", "memcached"
    ),
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
}
