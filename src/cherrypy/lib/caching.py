"""Answer from what was answered before; tools.caching.

A page that is worth it is called once, and what it answered is given out again until it
is stale, or until somebody changes the resource by POST, PUT, PATCH or DELETE. Which
answers are kept, for how long and for whom is decided as RFC 9111 wants it of a cache
that many clients share (`cherrypy.lib.cache_rules`). The answers live in the memory of
the process (`MemoryCache`), in a store that several processes share
(`cherrypy.lib.store_cache`), or in a class of your own (``cache_class``).

The plot: `get` runs before the page. It answers in its place, or has `tee_output` keep
what the page answers.
"""

from __future__ import annotations

import logging
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from cherrypy._legacy import lender
from cherrypy.core.context import current
from cherrypy.core.environ import EnvironHeaders
from cherrypy.core.errors import HTTPError
from cherrypy.core.lazy import is_made
from cherrypy.core.received import ReceivedHeaders
from cherrypy.environment.site import log, present
from cherrypy.http.elements import MalformedHeader
from cherrypy.http.ranges import get_ranges
from cherrypy.http.status import valid_status
from cherrypy.http.urls import unquote_path
from cherrypy.lib.cache_rules import (
    NO_DIRECTIVES,
    SAFE_METHODS,
    RequestDirectives,
    request_directives,
)
from cherrypy.lib.conditional import range_is_current, validate_etags, validate_since
from cherrypy.lib.expires import expires
from cherrypy.lib.keeping import Visit, end_of_page, tee_output
from cherrypy.lib.memory_cache import AntiStampedeCache, MemoryCache
from cherrypy.lib.variants import (
    Cache,
    CountingCache,
    Variant,
    plain_uri_of,
    uri_at,
    uri_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = [
    "AntiStampedeCache",
    "Cache",
    "MemoryCache",
    "expires",
    "get",
    "tee_output",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

# The request headers that `get` and those that it calls look at.
_CONCERNED = frozenset(
    {
        *(b"cache-control", b"pragma", b"range", b"x-forwarded-host", b"if-match"),
        *(b"if-none-match", b"if-modified-since", b"if-unmodified-since"),
    }
)
_CONCERNED_KEYS = frozenset(
    "HTTP_" + name.decode().upper().replace("-", "_") for name in _CONCERNED
)


def _cache_for(settings: Mapping[str, Any], debug: bool) -> Any:
    """Return the cache of the site, made by the first request, or that of a store."""
    # documented behaviour: the cache is an attribute of the package.
    site = vars(present.bearer)
    store = settings.get("store")
    if store is not None:
        caches = site.setdefault("_stored_caches", {})
        # The same store is the same cache, whoever names it.
        name = store if isinstance(store, str) else id(store)
        cache = caches.get(name)
        if cache is None:
            from cherrypy.lib.store_cache import StoreCache  # lazy: few need it

            cache = _configured(StoreCache(store), settings, debug)
            cache = caches.setdefault(name, cache)
    else:
        cache = site.get("_cache")
        if cache is None:
            kind = settings.get("cache_class", MemoryCache)
            if isinstance(kind, str):
                module, _, name = kind.rpartition(".")
                kind = getattr(import_module(module), name)
            cache = _configured(kind(), settings, debug)
    if "_cache" not in site and site.setdefault("_cache", cache) is cache:
        _publish(cache)
    return cache if store is not None else site["_cache"]


def _configured(cache: Any, settings: Mapping[str, Any], debug: bool) -> Any:
    """Give a cache its attributes, which config names like those of the tool."""
    for name, value in settings.items():
        if name not in ("cache_class", "store"):
            setattr(cache, name, value)
    cache.debug = debug
    return cache


def _publish(cache: Any) -> None:
    """Show the numbers of a cache among the statistics of the process."""
    names = {
        "Gets": "tot_gets",
        "Hits": "tot_hist",
        "Not Modified": "tot_non_modified",
        "Puts": "tot_puts",
        "Expired": "tot_expires",
        "Current Size": "cursize",
    }

    def figure(attribute: str) -> Callable[[Any], Any]:
        return lambda scope: getattr(cache, attribute)

    statistics = vars(logging).setdefault("statistics", {})
    statistics["CherryPy Cache"] = {"Enabled": True} | {
        name: figure(attribute)
        for name, attribute in names.items()
        if hasattr(cache, attribute)
    }


def get(
    invalid_methods: Sequence[str] = ("POST", "PUT", "DELETE", "PATCH"),
    debug: bool = False,
    **kwargs: Any,
) -> bool:
    """Answer the present request from the cache, if that may be.

    Sets ``request.cached``, whether it did, and ``request.cacheable``, whether the
    answer of the page may be kept; a page may set the latter to False.

    Args:
        invalid_methods: Methods that make what is kept for a URL invalid, if they are
            not refused.
        debug: Log what is done.
        **kwargs: ``delay`` is for the present page; ``store`` or ``cache_class`` and
            all others are for the cache, when it is made.

    Returns:
        Whether the response is there.

    Raises:
        HTTPRedirect: 304, the client has it already.
        HTTPError: 504, the client wants it from a cache only; 412, a condition fails;
            400, its ``Cache-Control`` makes no sense.
    """
    serving = current.get()
    request: Any = serving.request
    request.cached = request.cacheable = False
    method = request.method
    if method != "GET":
        if method in invalid_methods or method not in SAFE_METHODS:
            _invalidate_after(request, _cache_for(kwargs, debug), debug)
            return False
        if method != "HEAD":
            return False
    # A static file, a login form: it is answered already, and not by the page.
    if request.handler is None:
        return False
    # Performance: the site's own cache is there after the first request.
    cache = None if "store" in kwargs else vars(present.bearer).get("_cache")
    if cache is None:
        cache = _cache_for(kwargs, debug)
    directives = NO_DIRECTIVES
    plain = method == "GET" and _says_nothing(request)
    if plain:
        # Performance: the cache finds it there.
        plain_uri_of(request)
        variant = cache.get() if cache.__class__ is MemoryCache else _found(cache)
    else:
        find = request.raw_header
        with HTTPError.handle(MalformedHeader, 400):
            directives = request_directives(find("Cache-Control"), find("Pragma"))
        variant = _sought(cache, directives, method)
    if variant is not None:
        if debug:
            log("Answering from the cache", "TOOLS.CACHING")
        _answer(request, serving.response, variant)
        if not plain:
            _check_conditions(cache)
            _cut(request, serving.response, variant[2])
        return True
    if directives.only_if_cached:
        raise HTTPError(504, "There is no answer in the cache, and you want no other.")
    if debug:
        log("Not in the cache, or not as the client wants it", "TOOLS.CACHING")
    request.caching = Visit(cache, _delay(cache, kwargs), debug)
    _let_others_wait(request, method == "GET" and not directives.no_store)
    return False


def _let_others_wait(request: Any, cacheable: bool) -> None:
    """Let others wait for the answer of the page until it ends, if it may be kept."""
    request.cacheable = cacheable
    if cacheable:
        request.hooks.attach("on_end_resource", end_of_page, failsafe=True)
    else:
        end_of_page()


def _delay(cache: Any, settings: Mapping[str, Any]) -> float:
    """Return for how long the page has its answers kept, unless they say it."""
    delay: Any = settings.get("delay")
    if delay is None:
        delay = getattr(cache, "delay", MemoryCache.delay)
    return float(delay)


def _sought(cache: Any, directives: RequestDirectives, method: str) -> Variant | None:
    """Return what the cache has, if it is what the client wants.

    Others wait for the request only if its answer can be what they want, too.
    """
    if method == "GET" and directives == NO_DIRECTIVES:
        return _found(cache)
    ours = isinstance(cache, CountingCache)
    if ours and not directives.no_cache:
        kept: Variant | None = cache.find()
        if kept is not None and _fits(kept, directives):
            cache.count("tot_hist")
            return kept
    if directives.no_cache or (
        ours and (directives.only_if_cached or method == "HEAD")
    ):
        if ours:
            cache.count("tot_misses")
            if not directives.only_if_cached:
                cache.watch()
        return None
    found = _found(cache)
    if found is not None and not _fits(found, directives):
        if ours:
            cache.watch()
        return None
    return found


def _found(cache: Any) -> Variant | None:
    """Return what the cache has and what is still fresh."""
    variant = cache.get()
    if variant is None or variant.__class__ is Variant:
        found: Variant | None = variant
        return found
    # A cache of somebody else's, which keeps tuples of four.
    found = Variant.recalled(variant, getattr(cache, "delay", MemoryCache.delay))
    return found if found.fresh_until > time.monotonic() else None


def _fits(variant: Variant, directives: RequestDirectives) -> bool:
    now = time.monotonic()
    return directives.fit(
        now - variant.born, variant.fresh_until - now, variant.lenient
    )


def _says_nothing(request: Request) -> bool:
    """Tell whether no header of the request concerns caches.

    Performance: asked once instead of for each header. Most requests have none.
    """
    if is_made(request, "headers") or is_made(request, "header_list"):
        return False
    received: Any = request.received
    kind = received.__class__
    if kind is ReceivedHeaders:
        # Performance: a third of the time of a generator.
        for name, _ in received.pairs:  # noqa: SIM110
            if name in _CONCERNED:
                return False
        return True
    if kind is EnvironHeaders:
        nothing: bool = received.environ.keys().isdisjoint(_CONCERNED_KEYS)
        return nothing
    return False


def _answer(request: Any, response: Response, variant: Variant) -> None:
    """Make a variant the response."""
    request.cached = True
    status, kept, body, _ = variant
    headers: Any = response.headers
    headers.clear()
    # Performance: the names are in Title-Case, here and there.
    dict.update(headers, kept)
    age = int(time.monotonic() - variant.born)
    dict.__setitem__(headers, "Age", str(age) if age > 0 else "0")
    if status != "200 OK":
        response.status = status
    response.body = body


def _check_conditions(cache: Any) -> None:
    """Compare the variant with what the client has.

    Raises:
        HTTPRedirect: 304, the client has it already.
        HTTPError: 412, it has something else.
    """
    try:
        validate_etags()
        validate_since()
    except Exception as answer:  # boundary: passed on, only counted here
        unmodified = getattr(answer, "status", None) == 304
        if unmodified and isinstance(cache, CountingCache):
            cache.count("tot_non_modified")
        raise


def _cut(request: Request, response: Response, body: bytes) -> None:
    """Answer with the part that the client wants, if it is one.

    Several parts, or none that is there: a server may ignore the field (RFC 9110 §14.2)
    and answer with the whole.
    """
    wanted = request.raw_header("Range")
    if wanted is None or request.method != "GET" or response.status:
        return
    if response.headers.get("Accept-Ranges") == "none":
        return
    parts = get_ranges(wanted, len(body))
    if not parts or len(parts) != 1 or not range_is_current(request, response):
        return
    start, stop = parts[0]
    response.status = 206
    response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
    response.headers["Content-Length"] = str(stop - start)
    response.body = body[start:stop]


def _invalidate_after(request: Request, cache: Any, debug: bool) -> None:
    """Have what is kept for the URL forgotten when the page has run (RFC 9111 §4.4).

    Not before: a GET could put back, meanwhile, what is about to change. Nor if the
    client was refused: then it could empty the cache without any right to change
    anything.
    """

    def invalidate() -> None:
        response = current.get().response
        code = valid_status(response.status or None)[0]
        if 400 <= code < 500:
            return
        if debug:
            log(f"{request.method}: forgetting {uri_of(request)}", "TOOLS.CACHING")
        cache.delete()
        if isinstance(cache, CountingCache):
            for name in ("Location", "Content-Location"):
                uri = _uri_on_this_host(request, response.headers.get(name))
                if uri is not None:
                    cache.forget(uri)

    request.hooks.attach("on_end_resource", invalidate, failsafe=True)


def _uri_on_this_host(request: Request, location: object) -> str | None:
    """Return the key of a URL that the page names; None if it is of another host."""
    if not location:
        return None
    here = request.base + quote(request.script_name + request.path_info)
    there = urlsplit(urljoin(here, str(location)))
    if f"{there.scheme}://{there.netloc}" != request.base:
        return None
    path = unquote_path(there.path.encode("utf-8", "replace"))
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")
    forwarded = request.raw_header("X-Forwarded-Host")
    return uri_at(request.base, path, there.query, forwarded)
