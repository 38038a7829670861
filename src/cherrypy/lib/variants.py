"""What a cache keeps, under which keys, and what a cache is.

A cache keeps *variants*: answers to one URI that differ by what the client said in the
headers that the answer's ``Vary`` names. Documented in `cherrypy.lib.caching`.
"""

from __future__ import annotations

import threading
import time
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from cherrypy.core.context import current
from cherrypy.core.lazy import is_made
from cherrypy.core.request import Request
from cherrypy.environment.site import log
from cherrypy.http.urls import SanitizedHost
from cherrypy.lib.cache_rules import judge

__all__ = [
    "Cache",
    "CountingCache",
    "Miss",
    "Variant",
    "plain_uri_of",
    "uri_at",
    "uri_of",
    "variant_key",
]


class Variant(tuple[str, dict[str, Any], bytes, float]):
    """A kept answer: status, headers, body, and when it was made (since the epoch).

    documented behaviour: caches of users keep such 4-tuples and give them back. What
    else is known of it are attributes, which `recalled` finds out again.
    """

    fresh_until: float
    """When it becomes stale, on the monotonic clock."""

    kept_until: float
    """Until when it may be given out while it is being made anew."""

    born: float
    """When it was made, on the monotonic clock."""

    lenient: bool = True
    """Whether it may be given, stale, to those who say that they take it."""

    used: bool = False
    """Whether anybody asked for it since it was last looked at for eviction."""

    size: int = 0
    """Bytes of its body."""

    number: int = 0
    """Which of those that were put into a memory cache."""

    @classmethod
    def made(
        cls,
        answer: tuple[str, dict[str, Any], bytes, float],
        *,
        fresh: float,
        stale: float = 0,
        lenient: bool = True,
        age: float = 0,
    ) -> Variant:
        """Make one of its four parts and of what the rules say of it.

        Args:
            answer: Status, headers, body, and when it was made (since the epoch).
            fresh: For how many seconds from now on it is fresh.
            stale: For how many more it may be given out while it is made anew.
            lenient: Whether those who say so may have it stale.
            age: How many seconds old it is already.
        """
        variant = cls(answer)
        now = time.monotonic()
        variant.born = now - age
        variant.fresh_until = now + fresh
        variant.kept_until = now + fresh + stale
        variant.lenient = lenient
        variant.size = len(answer[2])
        return variant

    @classmethod
    def recalled(cls, answer: Any, delay: float) -> Variant:
        """Make one of a 4-tuple that a cache of somebody else has kept.

        Args:
            answer: As for `made`; one that is a variant already stays as it is.
            delay: Seconds from its making on that it is fresh, unless it says itself.
        """
        if isinstance(answer, Variant):
            return answer
        status, headers, _, created = answer
        age = max(time.time() - created, 0.0)
        code = int(str(status)[:3])
        verdict = judge(code, headers, delay=delay, now=created)
        # Who keeps what the rules would not keep has reasons.
        fresh = delay if verdict.reason else verdict.fresh - age
        return cls.made(answer, fresh=fresh, lenient=verdict.lenient, age=age)


class Cache:
    """What a cache must be able to do. Each method is about the present request."""

    def get(self) -> Any:
        """Return the variant for the present request, None if there is none."""
        raise NotImplementedError

    def put(self, obj: Any, size: int) -> None:
        """Keep a variant for the present request; its body has `size` bytes."""
        raise NotImplementedError

    def delete(self) -> None:
        """Forget all variants for the URI of the present request."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget everything."""
        raise NotImplementedError


class CountingCache(Cache):
    """One of our own caches. One lock guards its numbers, so that none gets lost.

    Subclasses say where variants are kept: `find`, `watch`, `forget`, `withdraw`,
    `pass_by` and `_keep`.
    """

    delay: float = 600
    """Seconds to keep what does not say itself how long it is fresh."""

    maxobj_size: int
    """Bytes of the largest body that is kept."""

    debug: bool = False
    """Log what is done."""

    tot_puts: int = 0
    """How many variants were put."""

    tot_hist: int = 0
    """How many of those asked for were there."""

    tot_misses: int = 0
    """How many were not."""

    tot_expires: int = 0
    """How many were removed because they had become stale."""

    tot_non_modified: int = 0
    """How many requests were told that they have it already (304)."""

    def __init__(self) -> None:
        self._counting = threading.Lock()

    @property
    def tot_gets(self) -> int:
        """How many variants were asked for."""
        return self.tot_hist + self.tot_misses

    def find(self) -> Variant | None:
        """Return the variant for the present request, which may be stale."""
        raise NotImplementedError

    def put(self, obj: Any, size: int) -> None:
        """Keep a variant for the present request.

        Not if it is too large, or if the URI was invalidated since the request began.

        Args:
            obj: Status, headers, body and time.
            size: Bytes of the body.
        """
        request = current.get().request
        miss: Miss | None = request.__dict__.get("cache_miss")
        if miss is None or miss.cache is not self:
            miss = self.watch()
        variant = Variant.recalled(obj, self.delay)
        try:
            if self._takes(size):
                self._keep(request, miss, variant, size)
            elif self.debug:
                log(f"Too large to be kept: {size} bytes", "TOOLS.CACHING")
        finally:
            miss.release()

    def _takes(self, size: int) -> bool:
        """Tell whether a body of so many bytes may be kept."""
        return size <= self.maxobj_size

    def _keep(self, request: Request, miss: Miss, variant: Variant, size: int) -> None:
        """Keep a variant, unless its URI was invalidated since it was missed."""
        raise NotImplementedError

    def delete(self) -> None:
        """Forget all variants for the URI of the present request."""
        self.forget(uri_of(current.get().request))

    def watch(self) -> Miss:
        """Begin to make an answer for which nobody waits, and return what is noted."""
        raise NotImplementedError

    def forget(self, uri: str) -> None:
        """Forget all variants for a URI, and those that are being made just now."""
        raise NotImplementedError

    def withdraw(self, miss: Miss) -> None:
        """Wake those who wait for something that was put, or was not."""
        raise NotImplementedError

    def pass_by(self, uri: str) -> None:
        """Let nobody wait for answers to this URI for a while."""
        raise NotImplementedError

    def count(self, name: str) -> None:
        """Add one to the counter of this name."""
        with self._counting:
            setattr(self, name, getattr(self, name) + 1)

    def count_from_zero(self) -> None:
        """Forget the numbers."""
        with self._counting:
            self.tot_puts = self.tot_hist = self.tot_misses = 0
            self.tot_expires = self.tot_non_modified = 0


class Miss:
    """The present request makes an answer that a cache did not have."""

    __slots__ = ("cache", "key", "making", "released", "uri", "variants")

    def __init__(
        self,
        cache: Any,
        uri: str,
        variants: Any,
        key: tuple[str, ...],
        making: Any,
    ) -> None:
        self.cache: Any = cache
        self.uri: str = uri
        self.variants: Any = variants
        """What was found under the URI. If it is another now, the URI was invalidated
        while the page ran."""
        self.key: tuple[str, ...] = key
        self.making: Any = making
        """What others wait for; None if nobody does."""
        self.released: bool = False

    def release(self) -> None:
        """Wake those who wait, whether or not there is something for them now."""
        if not self.released:
            self.released = True
            self.cache.withdraw(self)

    def decline(self) -> None:
        """Let nobody wait for this URI for a while: it is not for the cache."""
        self.cache.pass_by(self.uri)
        self.release()


def uri_of(request: Request) -> str:
    """Return the key of a request's URL: the URL itself, as a rule.

    The host comes from the client, and ``X-Forwarded-Host`` may have decided which
    page was found: neither must lead to the answer of another host.
    """
    own = request.__dict__
    uri: str | None = own.get("cache_uri")
    if uri is None:
        forwarded = request.raw_header("X-Forwarded-Host")
        path = request.script_name + request.path_info
        uri = uri_at(request.base, path, request.query_string, forwarded)
        own["cache_uri"] = uri
    return uri


def plain_uri_of(request: Request) -> str:
    """Return the key for a request without ``X-Forwarded-Host``, as it was received.

    Performance: a quarter of the work where the same is asked again and again.
    """
    own = request.__dict__
    path, query_string = request.path_info, request.query_string
    host = request.received.find("Host")
    if (
        not host
        or is_made(request, "base")
        or request.__class__ is not Request
        or len(host) + len(path) + len(query_string) > _LONGEST_PLAIN
    ):
        return uri_of(request)
    uri = own["cache_uri"] = _plain_uri(
        request.scheme, host, request.script_name, path, query_string
    )
    return uri


# What is kept of what clients send is bounded in size, too.
_LONGEST_PLAIN = 250


@lru_cache(maxsize=1024)
def _plain_uri(
    scheme: str, host: str, script_name: str, path: str, query_string: str
) -> str:
    # As `Request.base` is where no tool has set it.
    base = f"{scheme}://{SanitizedHost(host)}"
    return uri_at(base, script_name + path, query_string, None)


def uri_at(base: str, path: str, query_string: str, forwarded: str | None) -> str:
    """Return the key of a URL, given by its parts.

    Args:
        base: Scheme and host.
        path: Decoded.
        query_string: Still encoded.
        forwarded: The host that the client has asked, as a proxy tells.
    """
    # A question mark in a path is not the one before the query.
    if "?" in path or "%" in path:
        path = quote(path)
    uri = f"{base}{path}?{query_string}" if query_string else base + path
    if forwarded:
        uri = f"{uri} {forwarded}"
    return uri if len(uri) <= _LONGEST_URI else _shortened(uri)


def variant_key(names: tuple[str, ...] | None, request: Request) -> tuple[str, ...]:
    """Return what the client says in the selecting headers."""
    if not names:
        return ()
    return tuple([_normal(name, request.raw_header(name)) for name in names])


def _normal(name: str, value: str | None) -> str:
    if not value:
        return ""
    if name == "Accept-Encoding":
        # The same list in another form (RFC 9111 §4.1).
        value = value.replace(" ", "").lower()
    return value.strip() if len(value) <= _LONGEST_VALUE else _shortened(value)


# Clients choose how long these are, and a cache keeps many of them.
_LONGEST_URI = 2000
_LONGEST_VALUE = 200


def _shortened(text: str) -> str:
    """Return something short that stands for a long text and for no other."""
    from hashlib import sha256  # lazy: 2 ms of import

    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[:100]}... {digest}"
