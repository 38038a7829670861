"""A store in Redis, or in Valkey, which speaks the same.

Values are as safe as the server keeps them: with ``appendonly yes`` and ``appendfsync
always`` each is on its disk when `RedisStore.set` returns; as it comes, a crash of the
server may cost the last second.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cherrypy.stores.leases import Leases
from cherrypy.stores.locks import KeyLocks
from cherrypy.stores.remote import (
    LONGEST_SECONDS,
    CircuitBreaker,
    living,
    settings_in,
    stamped,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.stores.base import StoreLock
    from cherrypy.stores.locks import Deadline

__all__ = ["RedisStore"]

# Those who find the lock taken stand in a line, one of each process, and each is rung
# for when it is its turn. Whoever has not been heard of for a while is left out.
_TAKE = """
local lock, line, me = KEYS[1], KEYS[2], ARGV[1]
local function ours(name) return string.sub(name, 1, #ARGV[4]) == ARGV[4] end
local holder = redis.call('get', lock)
local first = redis.call('lindex', line, 0)
while first and first ~= me
        and (ours(first) or redis.call('exists', line .. ':' .. first) == 0) do
    redis.call('lpop', line)
    first = redis.call('lindex', line, 0)
end
if holder and ours(holder) or not holder and (not first or first == me) then
    if first == me then
        redis.call('lpop', line)
        redis.call('del', line .. ':' .. me)
    end
    redis.call('set', lock, me, 'px', ARGV[2])
    return 1
end
if redis.call('exists', line .. ':' .. me) == 0 then
    redis.call('lrem', line, 0, me)
    redis.call('rpush', line, me)
end
redis.call('set', line .. ':' .. me, '', 'px', ARGV[3])
redis.call('pexpire', line, 60000)
return 0
"""

# What a server has forgotten that was started anew is put back.
_RENEW = """
local holder = redis.call('get', KEYS[1])
if not holder or holder == ARGV[1] then
    redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
end
"""

# Or only leave the line.
_GIVE_BACK = """
local lock, line, me = KEYS[1], KEYS[2], ARGV[1]
redis.call('lrem', line, 0, me)
redis.call('del', line .. ':' .. me)
if redis.call('get', lock) == me then redis.call('del', lock) end
if redis.call('exists', lock) == 1 then return end
local first = redis.call('lindex', line, 0)
while first and redis.call('exists', line .. ':' .. first) == 0 do
    redis.call('lpop', line)
    first = redis.call('lindex', line, 0)
end
if first then
    redis.call('rpush', lock .. ':' .. first, '')
    redis.call('pexpire', lock .. ':' .. first, 5000)
end
"""

_LISTEN_SECONDS = 0.4
"""How long those in the line listen at most, before they look for themselves."""

_FORGET_MILLISECONDS = 1000
"""When somebody in the line is left out who no longer looks."""


class RedisStore:
    """Bytes under keys, in Redis 6 (or later) or Valkey.

    Args:
        url: ``redis://[[user]:password@]host[:port][/number]``, ``rediss://`` for TLS,
            ``unix://[user:password@]/path?db=number``; ``valkey://`` and ``valkeys://``
            mean the same. In a query may follow the arguments below
            (``?lease_seconds=5``) and those of redis-py (``?ssl_ca_certs=...``).
        prefix: What all names in the server begin with.
        seconds: How long the server may take for an answer; then it counts as away.
        lease_seconds: How long a lock outlives its process at most.

    Raises:
        ModuleNotFoundError: redis-py is not installed.
        ValueError: redis-py does not understand the URL.
    """

    def __init__(
        self,
        url: str = "redis://127.0.0.1",
        *,
        prefix: str = "morello:",
        seconds: float = 2.0,
        lease_seconds: float = 10.0,
    ) -> None:
        url, settings = settings_in(
            url, prefix=prefix, seconds=seconds, lease_seconds=lease_seconds
        )
        lease_seconds = settings["lease_seconds"]
        self._client, errors, silence = _client(url, settings["seconds"])
        self._prefix = settings["prefix"]
        self._lease_milliseconds = math.ceil(lease_seconds * 1000)
        self._locks = KeyLocks()
        self._leases = Leases(lease_seconds)
        self._ask = CircuitBreaker(_name(url), errors, silence).call
        self._take = self._client.register_script(_TAKE)
        self._renew = self._client.register_script(_RENEW)
        self._give_back = self._client.register_script(_GIVE_BACK)

    def get(self, key: str) -> bytes | None:
        """Return what is under the key, None if there is nothing (any more)."""
        return living(self._ask(self._client.get, f"{self._prefix}value:{key}"))

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Put a value under the key; it lives for so many seconds from now."""
        if not seconds > 0:
            self.delete(key)
            return
        seconds = min(seconds, LONGEST_SECONDS)
        name = f"{self._prefix}value:{key}"
        words = (name, stamped(value, seconds), None, math.ceil(seconds * 1000))
        self._ask(self._client.set, *words)

    def delete(self, key: str) -> None:
        """Remove what is under the key, if there is something."""
        self._ask(self._client.delete, f"{self._prefix}value:{key}")

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released."""
        return self._locks.acquire_with(key, seconds, self._take_lock)

    def sweep(self) -> int:
        """Do nothing: Redis removes what has expired."""
        return 0

    def __len__(self) -> int:
        """Return how many entries there are, by walking through all names."""
        return self._ask(self._count)

    def close(self) -> None:
        """Hang up; the store connects again when needed."""
        self._client.connection_pool.disconnect(inuse_connections=False)

    def _count(self) -> int:
        pattern = "".join(
            f"[{letter}]" if letter in "*?[\\^" else letter for letter in self._prefix
        ).replace("[\\]", "\\\\")
        return len(set(self._client.scan_iter(f"{pattern}value:*", count=1000)))

    def _take_lock(self, key: str, deadline: Deadline) -> Callable[[], None]:
        """Take the lock that reaches beyond this process; return what lets go of it."""
        token, owner = self._leases.new_token()
        names = [f"{self._prefix}lock:{key}", f"{self._prefix}line:{key}"]
        words = [token, self._lease_milliseconds, _FORGET_MILLISECONDS, owner]

        return self._leases.take(
            lambda: self._wait(key, names, words, deadline),
            lambda: self._ask(self._renew, names, words[:2]),
            lambda: self._ask(self._give_back, names, words[:1]),
        )

    def _wait(
        self, key: str, names: list[str], words: list[Any], deadline: Deadline
    ) -> None:
        while not self._ask(self._take, names, words):
            left = deadline.left()
            if left == 0:
                self._ask(self._give_back, names, words[:1])
                raise deadline.missed(key)
            # Redis reads 0 as "for ever".
            listen = _LISTEN_SECONDS if left is None else min(left, _LISTEN_SECONDS)
            self._ask(
                self._client.blpop, [f"{names[0]}:{words[0]}"], max(0.001, listen)
            )


def _client(url: str, seconds: float) -> tuple[Any, Any, Any]:
    """Return a client (`Any`: its types differ between versions), and its errors."""
    try:
        # An extra: see the message.
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The Redis store needs redis-py: pip install morello[redis]",
            name=error.name,
        ) from error
    scheme, colon, rest = url.partition(":")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    client: Any = redis.Redis.from_url(
        scheme + colon + rest,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        # One that the server has closed while it lay idle is made anew, all the same.
        # Whether more is worth waiting for, the caller decides.
        retry=Retry(NoBackoff(), 0),
        # As many as there are threads.
        max_connections=10_000,
        # Old servers speak it too, and it has no messages that come unasked.
        protocol=2,
    )
    return client, (redis.RedisError, OSError), (redis.TimeoutError, TimeoutError)


def _name(url: str) -> str:
    """Return what messages call the server: its URL without the secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"Redis at {parts.scheme}://{host}{parts.path}"
