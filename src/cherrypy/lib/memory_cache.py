"""Answers kept in the memory of the process, and those who wait for them.

Where a variant is missing, the first who asks makes it and the others wait for it.
Documented in `cherrypy.lib.caching`.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.environment.site import log
from cherrypy.lib.cache_rules import selecting_headers
from cherrypy.lib.variants import CountingCache, Miss, Variant, uri_of, variant_key

if TYPE_CHECKING:
    from cherrypy.core.request import Request

__all__ = ["AntiStampedeCache", "MemoryCache"]


class _Making(threading.Event):
    """Stands in the place of a variant that somebody is making just now."""

    def __init__(self, stale: Variant | None = None) -> None:
        super().__init__()
        self.stale = stale
        """What was there before, if it may still be given out."""


class AntiStampedeCache(dict[tuple[str, ...], Any]):
    """The variants of one URI; while one is being made, others wait for it.

    The keys are the values of the selecting headers, in their order.
    """

    selecting_headers: tuple[str, ...] | None = None
    """The names in the ``Vary`` of the answers; None until there was one."""

    app: Any = None
    """The application that answers. If it is another one now, nothing is known."""

    def wait(
        self, key: tuple[str, ...], timeout: float | None = 5, debug: bool = False
    ) -> Any:
        """Return the variant for a key; None if it is to be made.

        While another thread is making it, wait for it; if nobody is, note that the
        present thread does.

        Args:
            key: The values of the selecting headers.
            timeout: Seconds to wait; None not to wait, and to note nothing.
            debug: Log what is done.
        """
        # documented behaviour: caches of programs call this. `MemoryCache` looks and
        # notes under its lock, in `_waited`.
        if timeout is None:
            value = self.get(key)
            return None if isinstance(value, _Making) else value
        value = self.setdefault(key, making := _Making())
        if value is making:
            return None
        if not isinstance(value, _Making):
            return value
        if debug:
            log(f"Waiting up to {timeout} seconds", "TOOLS.CACHING")
        value.wait(timeout)
        # Whoever made it may have found that it is not to be kept. Then all who waited
        # make their own at once: one after the other would take very long.
        found = self.get(key)
        if debug:
            log(f"Waited: {'no variant' if found is None else 'done'}", "TOOLS.CACHING")
        return None if isinstance(found, _Making) else found

    def __setitem__(self, key: tuple[str, ...], value: Any) -> None:
        """Put a variant under a key, and wake those who wait for it."""
        before = self.get(key)
        super().__setitem__(key, value)
        if isinstance(before, _Making):
            before.set()

    def wake(self) -> None:
        """Wake all who wait."""
        for value in list(self.values()):
            if isinstance(value, _Making):
                value.set()


class MemoryCache(CountingCache):
    """An in-memory cache for varying response content.

    Each key in `store` is a URI, each value an `AntiStampedeCache`. Any attribute can
    be set by config: ``tools.caching.delay``. When there is no room, what nobody asked
    for lately makes room.

    One lock guards all changes to what is kept, to which worker threads and the
    expiring thread come; another one the counters, and only that is taken by hits.
    """

    maxobjects: int = 1000
    """How many variants are kept at most."""

    maxobj_size: int = 100000
    """Bytes of the largest body that is kept."""

    maxsize: int = 10000000
    """Bytes of all bodies together at most."""

    antistampede_timeout: float | None = 5
    """Seconds to wait for another thread that makes the same answer; None not to."""

    expire_freq: float = 0.1
    """Seconds between two sweeps for stale variants, at least."""

    store: dict[str, AntiStampedeCache]
    """The variants by URI."""

    cursize: int
    """Bytes of all bodies together."""

    expiration_thread: threading.Thread | None = None
    """Removes stale variants; there only while something is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        super().__init__()
        self._numbers = count()
        self.store = {}
        self.clear()

    def clear(self) -> None:
        """Forget everything, and count from the beginning."""
        with self._lock:
            before, self.store = self.store, {}
            self._held: OrderedDict[tuple[str, tuple[str, ...]], Variant]
            self._held = OrderedDict()
            self._ends: list[tuple[float, int, tuple[str, tuple[str, ...]]]]
            self._ends = []
            self._passing: dict[str, float] = {}
            self.cursize = 0
            self._changed.notify_all()
        self.count_from_zero()
        for variants in before.values():
            variants.wake()

    def find(self) -> Variant | None:
        """Return the variant for the present request, which may be stale."""
        request = current.get().request
        variants = self.store.get(uri_of(request))
        if variants is None or variants.app is not request.app:
            return None
        value = variants.get(variant_key(variants.selecting_headers, request))
        if isinstance(value, _Making):
            return value.stale
        found: Variant | None = value
        return found

    def get(self) -> Variant | None:
        """Return a fresh variant for the present request; None if it is to be made.

        While another thread makes it, wait for it, or take the stale one if that is
        allowed. Does it return None, others wait for the present request, until it
        puts something or ends.
        """
        request = current.get().request
        # Performance: `cherrypy.lib.caching.get` has put it there.
        uri = request.__dict__.get("cache_uri") or uri_of(request)
        variants = self.store.get(uri)
        if variants is not None and variants.app is request.app:
            names = variants.selecting_headers
            variant = variants.get(variant_key(names, request) if names else ())
            if variant.__class__ is Variant and time.monotonic() < variant.fresh_until:
                variant.used = True
                with self._counting:
                    self.tot_hist: int = self.tot_hist + 1
                return variant
        return self._wait_or_promise(request, uri)

    def _wait_or_promise(self, request: Request, uri: str) -> Variant | None:
        variant, miss = self._waited(request, uri)
        self.count("tot_misses" if variant is None else "tot_hist")
        if variant is None:
            request.__dict__["cache_miss"] = miss
        return variant

    def _waited(self, request: Request, uri: str) -> tuple[Variant | None, Miss | None]:
        """Return a variant, or what is noted of the one that is to be made."""
        may_wait = self.antistampede_timeout is not None and not self._passes(uri)
        # The first answer tells which headers select. So those who waited look again.
        while True:
            with self._lock:
                variants = self._variants(uri, request.app)
                key = variant_key(variants.selecting_headers, request)
                value = variants.get(key)
                now = time.monotonic()
                if isinstance(value, Variant):
                    if now < value.fresh_until:
                        return value, None
                    making = _Making(value if now < value.kept_until else None)
                    self._let_go((uri, key), value)
                    variants[key] = making
                    return None, Miss(self, uri, variants, key, making)
                if not may_wait:
                    return None, Miss(self, uri, variants, key, None)
                if value is None:
                    making = variants[key] = _Making()
                    return None, Miss(self, uri, variants, key, making)
            stale = value.stale
            if stale is not None and now < stale.kept_until:
                return stale, None
            if self.debug:
                log(f"Waiting: {uri}", "TOOLS.CACHING")
            value.wait(self.antistampede_timeout)
            # It may be that this is not to be kept. Then all who waited make their own
            # at once: one after the other would take very long.
            may_wait = False

    def _variants(self, uri: str, app: Any) -> AntiStampedeCache:
        """Return what is known of a URI that an application answers."""
        variants = self.store.get(uri)
        if variants is not None and variants.app is not app:
            self._empty(uri, variants)
            variants = None
        if variants is None:
            variants = self.store[uri] = AntiStampedeCache()
            variants.app = app
        return variants

    def watch(self) -> Miss:
        """Begin to make an answer for which nobody waits, and return what is noted."""
        request = current.get().request
        uri = uri_of(request)
        with self._lock:
            variants = self._variants(uri, request.app)
        miss = Miss(
            self, uri, variants, variant_key(variants.selecting_headers, request), None
        )
        request.__dict__["cache_miss"] = miss
        return miss

    def _takes(self, size: int) -> bool:
        return size <= min(self.maxobj_size, self.maxsize) and self.maxobjects > 0

    def _keep(self, request: Request, miss: Miss, variant: Variant, size: int) -> None:
        uri = miss.uri
        variants: AntiStampedeCache = miss.variants
        names = selecting_headers(variant[1])
        with self._lock:
            if self.store.get(uri) is not miss.variants:
                # It was made from what has been changed meanwhile.
                return
            known = variants.selecting_headers
            if known is None:
                known = ()
            if not set(names) <= set(known):
                # A key of the past says too little about this answer.
                self._empty(uri, variants)
                known = tuple(sorted({*known, *names}))
            if variants.selecting_headers != known:
                variants.selecting_headers = known
            place = uri, variant_key(known, request)
            before = variants.get(place[1])
            if isinstance(before, Variant):
                self._let_go(place, before)
            while self._held and (
                len(self._held) >= self.maxobjects or self.cursize + size > self.maxsize
            ):
                self._evict()
            # The last eviction may have been that of a neighbour.
            self.store[uri] = variants
            variant.size = size
            variants[place[1]] = variant
            self._held[place] = variant
            self.cursize += size
            self.count("tot_puts")
            self._passing.pop(uri, None)
            self._expect_end(place, variant)

    def forget(self, uri: str) -> None:
        """Forget all variants for a URI, and those that are being made just now."""
        with self._lock:
            variants = self.store.pop(uri, None)
            if variants is not None:
                self._empty(uri, variants)

    def pass_by(self, uri: str) -> None:
        """Let nobody wait for answers to this URI for a while."""
        with self._lock:
            if len(self._passing) >= self.maxobjects:
                self._passing.clear()
            self._passing[uri] = time.monotonic() + self.delay

    def _passes(self, uri: str) -> bool:
        return time.monotonic() < self._passing.get(uri, 0)

    def withdraw(self, miss: Miss) -> None:
        """Wake those who wait for something that was put, or was not."""
        making = miss.making
        with self._lock:
            variants: AntiStampedeCache = miss.variants
            if making is not None and variants.get(miss.key) is making:
                del variants[miss.key]
            self._drop_if_empty(miss.uri, variants)
        if making is not None:
            making.set()

    def _empty(self, uri: str, variants: AntiStampedeCache) -> None:
        for key, value in list(variants.items()):
            if isinstance(value, Variant):
                self._let_go((uri, key), value)
        variants.wake()
        variants.clear()

    def _let_go(self, place: tuple[str, tuple[str, ...]], variant: Variant) -> None:
        """Take a variant out of the account; it may still stand in its place."""
        if self._held.get(place) is variant:
            del self._held[place]
            self.cursize -= variant.size

    def _drop_if_empty(self, uri: str, variants: AntiStampedeCache) -> None:
        if not variants and self.store.get(uri) is variants:
            del self.store[uri]

    def _remove(self, place: tuple[str, tuple[str, ...]], variant: Variant) -> None:
        uri, key = place
        self._let_go(place, variant)
        variants = self.store.get(uri)
        if variants is not None and variants.get(key) is variant:
            del variants[key]
            self._drop_if_empty(uri, variants)

    def _evict(self) -> None:
        """Remove one variant: the oldest that nobody used since the last look."""
        while True:
            place, variant = next(iter(self._held.items()))
            if not variant.used:
                self._remove(place, variant)
                return
            variant.used = False
            self._held.move_to_end(place)

    def _expect_end(self, place: tuple[str, tuple[str, ...]], variant: Variant) -> None:
        """Have a variant removed when its time is over."""
        ends = self._ends
        variant.number = next(self._numbers)
        if len(ends) > 2 * len(self._held) + 64:
            # Most of these were replaced or removed before their time.
            ends[:] = [end for end in ends if self._at_end(end) is not None]
            heapify(ends)
        heappush(ends, (variant.kept_until, variant.number, place))
        thread = self.expiration_thread
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=self.expire_cache, name="expire_cache")
            thread.daemon = True
            self.expiration_thread = thread
            thread.start()
        elif ends[0][1] == variant.number:
            self._changed.notify_all()

    def _at_end(
        self, end: tuple[float, int, tuple[str, tuple[str, ...]]]
    ) -> Variant | None:
        """Return the variant whose end this is, if it was not replaced or removed."""
        variant = self._held.get(end[2])
        return variant if variant is not None and variant.number == end[1] else None

    def expire_cache(self) -> None:
        """Remove stale variants as long as something is kept.

        Runs in a daemon thread of its own, which sleeps until the next one becomes
        stale and ends when nothing is kept.
        """
        with self._changed:
            while self._ends:
                left = self._ends[0][0] - time.monotonic()
                if left > 0:
                    self._changed.wait(max(left, self.expire_freq))
                    continue
                end = heappop(self._ends)
                variant = self._at_end(end)
                if variant is not None:
                    self._remove(end[2], variant)
                    self.count("tot_expires")
            self.expiration_thread = None
