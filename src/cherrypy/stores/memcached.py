"""A store in memcached: quick, shared by machines, and gone when memcached ends.

memcached also forgets what was not used for longest when its memory is full, and it
may forget a lock like anything else. Where that must not happen, take another store.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import TYPE_CHECKING, Any

from cherrypy.stores import lifetime
from cherrypy.stores.base import StoreUnavailable
from cherrypy.stores.leases import Leases
from cherrypy.stores.locks import KeyLocks
from cherrypy.stores.remote import (
    LONGEST_SECONDS,
    CircuitBreaker,
    ConnectionPool,
    living,
    settings_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.stores.base import StoreLock
    from cherrypy.stores.locks import Deadline

__all__ = ["MemcachedStore"]

_MONTH_SECONDS = 30 * 86400
"""memcached takes a longer lifetime for a moment since 1970 (its protocol.txt)."""

_LATEST_MOMENT = 2**31 - 1
"""It has 32 bits for that, in 2038."""

_NEVER = 0

_NAME_BYTES = 250
"""The longest name that memcached takes."""

_ITEM_BYTES = 100
"""What memcached keeps beside name and value of an entry, generously."""

_FORGOTTEN = -1
"""A lifetime that has ended when it begins."""


class MemcachedStore:
    """Bytes under keys, in one memcached or several.

    With several, each key has its server; while that one is away, the others do not
    stand in for it, for they would answer with what has long been changed.

    Args:
        servers: ``memcached://host:port,host:port``, the same without the scheme, or a
            list of such; 11211 is the usual port. For a socket of the file system its
            path, beginning with a slash. After the last may follow, as in a URL, the
            arguments below: ``?lease_seconds=5``.
        prefix: What all names in the server begin with.
        seconds: How long a server may take for an answer; then it counts as away.
        lease_seconds: How long a lock outlives its process at most, but for
            two seconds: memcached counts whole ones.

    Raises:
        ModuleNotFoundError: pymemcache is not installed.
        ValueError: There is no server in `servers`, or a port is no number.
    """

    def __init__(
        self,
        servers: str | Iterable[str] = "127.0.0.1:11211",
        *,
        prefix: str = "morello:",
        seconds: float = 2.0,
        lease_seconds: float = 10.0,
    ) -> None:
        listed = servers if isinstance(servers, str) else ",".join(servers)
        listed, settings = settings_in(
            listed, prefix=prefix, seconds=seconds, lease_seconds=lease_seconds
        )
        self._prefix = settings["prefix"]
        # In whole seconds, of which the first may be over at once.
        self._lease_seconds = math.ceil(settings["lease_seconds"]) + 1
        self._servers = [_Server(name, settings["seconds"]) for name in _names(listed)]
        self._locks = KeyLocks()
        self._leases = Leases(settings["lease_seconds"])

    def get(self, key: str) -> bytes | None:
        """Return what is under the key, None if there is nothing (any more)."""
        server, name = self._place("value", key)
        stored: bytes | None = server.ask(lambda client: client.get(name))
        return living(stored)

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Put a value under the key; it lives for so many seconds from now.

        Raises:
            StoreUnavailable: The server is away, or the value is larger than it takes
                (1 MB, unless it was started with ``-I``).
        """
        if not seconds > 0:
            self.delete(key)
            return
        server, name = self._place("value", key)
        seconds = min(seconds, LONGEST_SECONDS)
        stamped = lifetime.wrap(value, seconds)
        server.check_room(len(stamped) + len(name))
        # memcached counts in whole seconds that have begun already.
        ends = math.ceil(seconds) + 1
        if ends > _MONTH_SECONDS:
            ends += int(time.time())
        if ends > _LATEST_MOMENT:
            ends = _NEVER
        server.ask(lambda client: _put(client, name, stamped, ends))

    def delete(self, key: str) -> None:
        """Remove what is under the key, if there is something."""
        server, name = self._place("value", key)
        server.ask(lambda client: client.delete(name))

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released."""
        return self._locks.acquire_with(key, seconds, self._take_lock)

    def sweep(self) -> int:
        """Do nothing: memcached removes what has expired."""
        return 0

    def __len__(self) -> int:
        """Say that memcached cannot tell.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("memcached does not tell what it holds.")

    def close(self) -> None:
        """Hang up; the store connects again when needed."""
        for server in self._servers:
            server.connections.clear()

    def _place(self, kind: str, key: str) -> tuple[_Server, bytes]:
        """Return the server that a key belongs to, and its name there."""
        name = f"{self._prefix}{kind}:{key}".encode("ascii")
        if len(name) > _NAME_BYTES or name.split() != [name]:
            digest = hashlib.blake2b(name, digest_size=20).hexdigest()
            name = f"{self._prefix}{kind}#{digest}".encode("ascii")
        if len(self._servers) == 1:
            return self._servers[0], name
        # Highest random weight: a server more or less moves only its own keys.
        return max(self._servers, key=lambda server: server.weight(key)), name

    def _take_lock(self, key: str, deadline: Deadline) -> Callable[[], None]:
        """Take the lock that reaches beyond this process; return what lets go of it."""
        server, name = self._place("lock", key)
        token, owner = (text.encode() for text in self._leases.new_token())
        seconds = self._lease_seconds
        return self._leases.take(
            lambda: self._wait(
                key,
                server,
                lambda client: _take(client, name, token, owner, seconds),
                deadline,
            ),
            lambda: server.ask(lambda client: _renew(client, name, token, seconds)),
            lambda: server.ask(lambda client: _give_back(client, name, token)),
        )

    def _wait(
        self,
        key: str,
        server: _Server,
        take: Callable[[Any], bool],
        deadline: Deadline,
    ) -> None:
        """Ask for the lock until we have it; memcached rings for nobody."""
        pause = 0.001
        while True:
            if server.ask(take):
                return
            left = deadline.left()
            if left == 0:
                raise deadline.missed(key)
            time.sleep(pause if left is None else min(left, pause))
            pause = min(0.01, pause * 1.5)


class _Server:
    """One memcached and the connections to it."""

    def __init__(self, where: str, seconds: float) -> None:
        client, address, client_errors = _client(where)
        self.name = f"memcached at {where}"
        self._where = where.encode()
        self._item_bytes = 0
        self._breaker = CircuitBreaker(self.name, (client_errors, OSError))

        def is_cut(error: Exception, connection: Any) -> bool:
            # pymemcache's word for it is MemcacheUnexpectedCloseError.
            closed = "UnexpectedClose" in type(error).__name__
            lost = isinstance(error, OSError) and not isinstance(error, TimeoutError)
            return closed or lost

        # Any: pymemcache has no types.
        self.connections: ConnectionPool[Any] = ConnectionPool(
            lambda: client(
                address,
                connect_timeout=seconds,
                timeout=seconds,
                no_delay=True,
                default_noreply=False,
            ),
            lambda connection: connection.close(),
            is_cut,
        )

    def ask(self, work: Callable[[Any], Any]) -> Any:
        """Do work with a client (`Any`: it has no types), and return its answer."""
        return self._breaker.call(self.connections.run, work)

    def check_room(self, size: int) -> None:
        """Refuse what memcached would, and say what can be done about it."""
        size += _ITEM_BYTES
        if size <= self._item_bytes:
            return
        # For the first time; or it may have been started anew, and larger.
        settings = self.ask(lambda client: client.stats("settings"))
        self._item_bytes = int(settings[b"item_size_max"])
        if size > self._item_bytes:
            raise StoreUnavailable(
                f"{self.name} takes entries of at most {self._item_bytes} bytes, and "
                f"this one needs {size}. Start memcached with a larger limit, as in "
                "-I 8m, or use a store without one."
            )

    def weight(self, key: str) -> bytes:
        """Return how much a key belongs to this server."""
        return hashlib.blake2b(self._where + key.encode(), digest_size=8).digest()


def _put(client: Any, name: bytes, value: bytes, ends: int) -> None:
    """Store a value; the one before stays if there is no room for it.

    memcached's own ``set`` drops what was there before it says so.
    """
    while not client.replace(name, value, ends):
        if client.add(name, value, ends):
            return


def _take(client: Any, name: bytes, token: bytes, owner: bytes, seconds: int) -> bool:
    """Take a lock if it is free, or was left behind by us."""
    if client.add(name, token, seconds):
        return True
    holder, version = client.gets(name)
    if holder is None or not holder.startswith(owner):
        return False
    return bool(client.cas(name, token, version, seconds))


def _renew(client: Any, name: bytes, token: bytes, seconds: int) -> None:
    """Have a lock last longer; take it again if the server was started anew."""
    holder, version = client.gets(name)
    if holder is None:
        client.add(name, token, seconds)
    elif holder == token:
        client.cas(name, token, version, seconds)


def _give_back(client: Any, name: bytes, token: bytes) -> None:
    """End a lock, if it is still ours: deleting has no such condition."""
    holder, version = client.gets(name)
    if holder == token:
        client.cas(name, token, version, _FORGOTTEN)


def _names(listed: str) -> list[str]:
    """Return the servers in a list with commas."""
    names = [
        part.strip().removeprefix("memcached://").rstrip("/")
        for part in listed.split(",")
    ]
    if not all(names):
        raise ValueError(
            f"{listed!r} names no memcached. Write memcached://host:port,host:port"
        )
    return names


def _client(where: str) -> tuple[Any, str | tuple[str, int], type[Exception]]:
    """Return pymemcache's class of clients, the address, and the class of its errors.

    Any: pymemcache has no types.
    """
    try:
        # An extra: see the message.
        import pymemcache
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The memcached store needs pymemcache: pip install morello[memcached]",
            name=error.name,
        ) from error
    address: str | tuple[str, int] = where
    if not where.startswith("/"):
        host, colon, port = where.rpartition(":")
        if not colon or port.endswith("]"):
            host, port = where, "11211"
        if not port.isdecimal():
            raise ValueError(f"{where!r} is no memcached: the port is a number.")
        address = (host.strip("[]"), int(port))
    errors: type[Exception] = pymemcache.MemcacheError
    return pymemcache.Client, address, errors
