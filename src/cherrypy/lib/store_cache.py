"""A cache in any store, so that several processes and machines share one.

Under the digest of a URI lies a *record*: which headers select among its variants, and
a *generation*, a random name that goes into the keys of the variants. To forget a URI
is to write another generation: the old variants are not found any more and expire. To
forget everything is to write another *epoch*, which goes into all keys.

What is read from a store is data, never code: JSON and the body. A store that is away
is a cache that has nothing: the pages run, the log says why. What should have been
forgotten meanwhile is forgotten when the store is back, before anything is read.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from cherrypy.core.context import current
from cherrypy.environment.site import log
from cherrypy.lib.cache_rules import selecting_headers
from cherrypy.lib.variants import CountingCache, Miss, Variant, uri_of, variant_key
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.core.request import Request
    from cherrypy.stores.base import Store

__all__ = ["StoreCache"]

# What is forgotten while a page runs must still be known when it ends; no page runs
# longer than `response.timeout`, 300 s, unless that was set.
_LONGEST_PAGE_SECONDS = 600
_LONGEST_SECONDS = 7 * 86400
_EPOCH_KEY = "cache:epoch"
_EPOCH_SECONDS = 29 * 86400
_SWEEP_SECONDS = 60
_COMPLAIN_SECONDS = 10
_PATIENCE_SECONDS = 1
_MOST_UNFORGOTTEN = 1000


class _Record(NamedTuple):
    """What is known of a URI."""

    generation: str
    names: tuple[str, ...]
    """The headers that select among its variants."""
    variant: Variant | None
    """The only variant, if nothing selects."""


class StoreCache(CountingCache):
    """A cache whose variants live in a store.

    Any attribute can be set by config: ``tools.caching.delay``. Within a process,
    those who miss the same answer wait for the first; between processes each makes
    its own.

    Args:
        store: A store, or the URL of one: see `cherrypy.stores.opening`.
    """

    maxobj_size: int = 1000000
    """Bytes of the largest body that is kept."""

    antistampede_timeout: float | None = 5
    """Seconds to wait for another thread that makes the same answer; None not to."""

    away_seconds: float = 1
    """For how long a store that could not be reached is left alone."""

    epoch_seconds: float = 1
    """After how many seconds, at most, another process notices a `clear`."""

    def __init__(self, store: str | Store) -> None:
        super().__init__()
        self.store: Store = open_store(store)
        self._lock = threading.Lock()
        # Guarded by the lock: those who make an answer, and those nobody waits for.
        self._making: dict[tuple[str, tuple[str, ...]], threading.Event] = {}
        self._passing: dict[str, float] = {}
        # What is still to be done when the store can be reached again.
        self._unforgotten: set[str] = set()
        self._to_clear = False
        self._epoch = ""
        self._epoch_until = 0.0
        self._away_until = 0.0
        self._complained = -_COMPLAIN_SECONDS * 1.0
        self._swept = time.monotonic()

    def find(self) -> Variant | None:
        """Return the variant for the present request, which may be stale."""
        request = current.get().request
        return self._asked(request, uri_of(request))[1]

    def get(self) -> Variant | None:
        """Return a fresh variant for the present request; None if it is to be made.

        Does it return None, other threads wait for the present request, until it puts
        something or ends.
        """
        request = current.get().request
        uri = uri_of(request)
        record, variant = self._asked(request, uri)
        if variant is None or variant.fresh_until <= time.monotonic():
            variant = self._wait_or_promise(request, uri, record)
        self.count("tot_misses" if variant is None else "tot_hist")
        return variant

    def _wait_or_promise(
        self, request: Request, uri: str, record: _Record | None
    ) -> Variant | None:
        place = uri, variant_key(record.names if record else (), request)
        making: threading.Event | None = None
        timeout = self.antistampede_timeout
        if timeout is not None and time.monotonic() >= self._passing.get(uri, 0):
            mine = threading.Event()
            with self._lock:
                first = self._making.setdefault(place, mine)
            if first is mine:
                making = mine
            else:
                first.wait(timeout)
                record, variant = self._asked(request, uri)
                if variant is not None and variant.fresh_until > time.monotonic():
                    return variant
        generation = record.generation if record else None
        miss = Miss(self, uri, generation, place[1], making)
        request.__dict__["cache_miss"] = miss
        return None

    def watch(self) -> Miss:
        """Begin to make an answer for which nobody waits, and return what is noted."""
        request = current.get().request
        uri = uri_of(request)
        record = self._record(uri)
        miss = Miss(self, uri, record.generation if record else None, (), None)
        request.__dict__["cache_miss"] = miss
        return miss

    def _keep(self, request: Request, miss: Miss, variant: Variant, size: int) -> None:
        uri = miss.uri
        key = self._key(uri)
        with self._turn(key, _PATIENCE_SECONDS) as mine:
            record = self._record(uri) if mine else None
            generation = record.generation if record else None
            # While somebody else has put the first variant, nothing was invalidated,
            # but we cannot tell. The next one will be kept.
            if not mine or generation != miss.variants:
                return
            names = selecting_headers(variant[1])
            known = record.names if record else ()
            if generation is None or not set(names) <= set(known):
                generation = _random_name()
                known = tuple(sorted({*known, *names}))
            kept = _Record(generation, known, None)
            self._write(uri, key, kept, variant_key(known, request), variant)
        self.count("tot_puts")
        with self._lock:
            self._passing.pop(uri, None)
        self._sweep_sometimes()

    def _write(
        self,
        uri: str,
        key: str,
        record: _Record,
        values: tuple[str, ...],
        variant: Variant,
    ) -> None:
        """Write a record and a variant: in one piece, where there can be only one."""
        now = time.monotonic()
        seconds = min(max(variant.kept_until - now, 1), _LONGEST_SECONDS)
        described, body = _described(variant, now), variant[2]
        head: dict[str, Any] = {"generation": record.generation, "names": record.names}
        if record.names:
            place = self._key(uri, record.generation, *values)
            self._set(place, _packed(described, body), seconds)
            seconds = max(seconds, self.delay, _LONGEST_PAGE_SECONDS)
            self._set(key, _packed(head, b""), seconds)
        else:
            self._set(key, _packed({**head, "answer": described}, body), seconds)

    def forget(self, uri: str) -> None:
        """Forget all variants for a URI, and those that are being made just now."""
        key = self._key(uri)
        done = False
        with self._turn(key, _PATIENCE_SECONDS) as mine:
            if mine:
                record = self._record(uri)
                names = record.names if record else ()
                head = {"generation": _random_name(), "names": names}
                done = self._set(key, _packed(head, b""), _LONGEST_PAGE_SECONDS)
        with self._lock:
            if done:
                self._unforgotten.discard(uri)
            elif len(self._unforgotten) < _MOST_UNFORGOTTEN:
                self._unforgotten.add(uri)
            else:
                self._to_clear = True

    def clear(self) -> None:
        """Forget everything, and count from the beginning.

        Other processes notice within `epoch_seconds`.
        """
        self.count_from_zero()
        with self._lock:
            self._unforgotten.clear()
        self._to_clear = True
        self._begin_epoch()

    def pass_by(self, uri: str) -> None:
        """Let nobody wait for answers to this URI for a while."""
        with self._lock:
            if len(self._passing) >= 1000:
                self._passing.clear()
            self._passing[uri] = time.monotonic() + self.delay

    def withdraw(self, miss: Miss) -> None:
        """Wake those who wait for something that was put, or was not."""
        making = miss.making
        if making is not None:
            with self._lock:
                if self._making.get((miss.uri, miss.key)) is making:
                    del self._making[miss.uri, miss.key]
            making.set()

    def _asked(
        self, request: Request, uri: str
    ) -> tuple[_Record | None, Variant | None]:
        """Return what is known of a URI, and the variant for a request."""
        if self._unforgotten and not self._is_away():
            for each in list(self._unforgotten):
                self.forget(each)
        record = self._record(uri)
        if record is None or not record.names:
            return record, record.variant if record else None
        values = variant_key(record.names, request)
        return record, _variant(self._get(self._key(uri, record.generation, *values)))

    def _record(self, uri: str) -> _Record | None:
        packed = self._get(self._key(uri))
        try:
            head, body = _unpacked(packed)
            answer = head.get("answer")
            return _Record(
                head["generation"],
                tuple(head["names"]),
                _restored(answer, body) if answer else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            # Nothing there, or written by somebody else.
            return None

    def _key(self, *parts: str) -> str:
        from hashlib import sha256  # lazy: 2 ms of import

        text = "\0".join((self._present_epoch(), *parts))
        return f"cache:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def _present_epoch(self) -> str:
        now = time.monotonic()
        if (self._to_clear or now >= self._epoch_until) and not self._is_away():
            self._epoch_until = now + self.epoch_seconds
            epoch = self._get(_EPOCH_KEY)
            if epoch is None or self._to_clear:
                # The first of all, or the store has lost it, perhaps alone.
                self._begin_epoch()
            else:
                self._epoch = epoch.decode("ascii", "replace")
        return self._epoch

    def _begin_epoch(self) -> None:
        """Write another epoch, unless it was missing and somebody has just done so."""
        with self._turn(_EPOCH_KEY, _PATIENCE_SECONDS) as mine:
            if not mine:
                return
            epoch = None if self._to_clear else self._get(_EPOCH_KEY)
            if epoch is None:
                epoch = _random_name().encode()
                if self._set(_EPOCH_KEY, epoch, _EPOCH_SECONDS):
                    self._to_clear = False
            self._epoch = epoch.decode("ascii", "replace")

    @contextmanager
    def _turn(self, key: str, seconds: float) -> Iterator[bool]:
        """Let nobody else write under a key meanwhile; tell whether that is so."""
        lock = None
        if not self._is_away():
            try:
                lock = self.store.lock(key, seconds)
            except (StoreUnavailable, LockTimeout) as problem:
                self._complain(problem)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _get(self, key: str) -> bytes | None:
        if self._is_away():
            return None
        try:
            return self.store.get(key)
        except StoreUnavailable as problem:
            self._complain(problem)
            return None

    def _set(self, key: str, value: bytes, seconds: float) -> bool:
        if self._is_away():
            return False
        try:
            self.store.set(key, value, seconds)
        except StoreUnavailable as problem:
            self._complain(problem)
            return False
        return True

    def _complain(self, problem: Exception) -> None:
        """Leave the store alone for a while, and say so, but not at each request."""
        now = time.monotonic()
        self._away_until = now + self.away_seconds
        if now - self._complained >= _COMPLAIN_SECONDS:
            self._complained = now
            log(f"The cache is away: {problem}", "CACHING", logging.WARNING)

    def _sweep_sometimes(self) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._swept < _SWEEP_SECONDS:
                return
            self._swept = now
        threading.Thread(target=self._sweep, name="sweep_cache", daemon=True).start()

    def _sweep(self) -> None:
        try:
            self.store.sweep()
        except StoreUnavailable as problem:
            self._complain(problem)


def _random_name() -> str:
    from secrets import token_hex  # lazy: 5 ms of import

    return token_hex(8)


def _packed(head: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(head, default=str, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "big") + text + body


def _unpacked(packed: bytes | None) -> tuple[dict[str, Any], bytes]:
    """Divide what was packed.

    Raises:
        ValueError: It is nothing that was packed.
    """
    if packed is None or len(packed) < 4:
        raise ValueError("there is nothing")
    end = 4 + int.from_bytes(packed[:4], "big")
    head = json.loads(packed[4:end])
    if not isinstance(head, dict):
        raise ValueError("it has no head")
    return head, packed[end:]


def _described(variant: Variant, now: float) -> dict[str, Any]:
    """Return all of a variant but its body, with times that another process knows."""
    status, headers, body, created = variant
    return {
        "status": status,
        "headers": headers,
        "created": created,
        "put": time.time(),
        "fresh": variant.fresh_until - now,
        "stale": variant.kept_until - variant.fresh_until,
        "lenient": variant.lenient,
        "age": now - variant.born,
        "size": len(body),
    }


def _variant(packed: bytes | None) -> Variant | None:
    try:
        return _restored(*_unpacked(packed))
    except (ValueError, KeyError, TypeError):
        return None


def _restored(described: dict[str, Any], body: bytes) -> Variant:
    """Return the variant that was described.

    Raises:
        ValueError: The body is not whole.
        KeyError, TypeError: It is no description.
    """
    if described["size"] != len(body):
        raise ValueError("the body is not whole")
    since = max(time.time() - described["put"], 0.0)
    return Variant.made(
        (described["status"], described["headers"], body, described["created"]),
        fresh=described["fresh"] - since,
        stale=described["stale"],
        lenient=described["lenient"],
        age=described["age"] + since,
    )
