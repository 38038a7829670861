"""What a shared cache may keep, how long, and for whom: RFC 9111 as functions.

Nothing here knows of requests or caches: headers go in, decisions come out. The tool
that asks is `cherrypy.lib.caching`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cherrypy.http.dates import parse_http_date
from cherrypy.http.elements import MalformedHeader, split_quoted, unquoted

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "HEURISTIC_STATUSES",
    "NO_DIRECTIVES",
    "SAFE_METHODS",
    "RequestDirectives",
    "Verdict",
    "cache_directives",
    "delta_seconds",
    "initial_age",
    "judge",
    "request_directives",
    "selecting_headers",
]

HEURISTIC_STATUSES = frozenset({200, 203, 300, 301, 308, 404, 405, 410, 414, 501})
"""Statuses that may be kept although nobody said for how long (RFC 9110 §15.1). 204,
which has no body, and 206, a part, are never kept."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""

_NEVER_KEPT = frozenset({206, 304})

# What was wrong with one request (its conditions, length, language, credentials) says
# nothing of the next. Kept, it would let anybody shut everybody else out.
_ABOUT_THE_REQUEST = frozenset(
    {401, 402, 406, 407, 408, 409, 411, 412, 413, 415, 416, 417, 421, 422, 425, 426}
    | {428, 429, 431}
)

# RFC 9111 §1.2.2: what is greater is taken for this.
_LONGEST = 2**31


def cache_directives(value: object) -> dict[str, str | None]:
    """Return the directives of a ``Cache-Control`` by lower-case name.

    Of a repeated one the first counts (RFC 9111 §4.2.1). Unknown ones are kept, to be
    ignored.

    Args:
        value: The value of the field; whatever has a `str`, or None.
    """
    found: dict[str, str | None] = {}
    if value:
        for item in split_quoted(str(value), ","):
            name, equals, text = item.partition("=")
            key = name.strip().lower()
            if key:
                found.setdefault(key, unquoted(text.strip()) if equals else None)
    return found


def delta_seconds(text: str | None) -> int | None:
    """Return a number of seconds (RFC 9111 §1.2.2), None if it is none."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) < 10 else _LONGEST


class Verdict(NamedTuple):
    """Whether an answer may be kept, and for how long."""

    fresh: float
    """For how many seconds it may be given out; 0 if it is not kept."""

    stale: float
    """For how many more it may be given out while it is being made anew."""

    lenient: bool
    """Whether it may be given to those who take a stale one (``max-stale``)."""

    age: float
    """How many seconds old it is at its birth."""

    reason: str
    """Why it is not kept; empty if it is."""


def _no(reason: str) -> Verdict:
    return Verdict(0, 0, False, 0, reason)


def judge(
    status: int,
    headers: Mapping[str, Any],
    *,
    delay: float,
    now: float,
    authorized: bool = False,
    personal: bool = False,
) -> Verdict:
    """Decide whether and for how long a shared cache may keep an answer to a GET.

    Args:
        status: Its status code.
        headers: Its headers; the names are in Title-Case, or found in any case.
        delay: Seconds to keep what does not say how long (heuristic freshness, RFC
            9111 §4.2.2).
        now: Seconds since the epoch.
        authorized: Whether the request carried ``Authorization`` (RFC 9111 §3.5).
        personal: Whether the answer sets a cookie or was made from a session.
    """
    said = cache_directives(headers.get("Cache-Control"))
    reason = _why_not(status, headers, said, authorized, personal)
    if reason:
        return _no(reason)
    lifetime = _stated_lifetime(said, headers, now)
    if lifetime is None:
        if status not in HEURISTIC_STATUSES and "public" not in said:
            return _no(f"a {status} is kept only for a time that it states itself")
        lifetime = delay
    age = initial_age(headers, now)
    fresh = lifetime - age
    if fresh <= 0:
        return _no("it is not fresh")
    strict = said.keys() & {"must-revalidate", "proxy-revalidate", "s-maxage"}
    stale = delta_seconds(said.get("stale-while-revalidate")) or 0
    return Verdict(fresh, 0 if strict else stale, not strict, age, "")


def _why_not(
    status: int,
    headers: Mapping[str, Any],
    said: Mapping[str, str | None],
    authorized: bool,
    personal: bool,
) -> str:
    """Return what forbids to keep the answer at all; empty if nothing does."""
    if status < 200 or status in _NEVER_KEPT:
        return f"a {status} is no whole answer"
    if status in _ABOUT_THE_REQUEST:
        return f"a {status} is about one request"
    if "no-store" in said:
        # RFC 9111 §5.2.2.3: it speaks to those who do not know the status.
        understood = "must-understand" in said and status in HEURISTIC_STATUSES
        if not understood:
            return "Cache-Control: no-store"
    if "must-understand" in said and status not in HEURISTIC_STATUSES:
        return f"the status {status} must be understood"
    for directive in ("private", "no-cache"):
        # With field names they concern only these; we take them for all.
        if directive in said:
            return f"Cache-Control: {directive}"
    if "no-cache" in str(headers.get("Pragma") or "").lower():
        return "Pragma: no-cache"
    if "*" in str(headers.get("Vary") or ""):
        return "Vary: *"
    if personal and "public" not in said:
        return "it sets a cookie or was made from a session"
    if authorized and not said.keys() & {"public", "s-maxage", "must-revalidate"}:
        return "the request had an Authorization"
    return ""


def _stated_lifetime(
    said: Mapping[str, str | None], headers: Mapping[str, Any], now: float
) -> float | None:
    """Return for how long the answer says that it is fresh; None if it does not."""
    for directive in ("s-maxage", "max-age"):
        if directive in said:
            # What cannot be understood is stale (RFC 9111 §4.2.1).
            return delta_seconds(said[directive]) or 0
    expires = headers.get("Expires")
    if expires is None:
        return None
    until = parse_http_date(str(expires))
    if until is None:
        # `0` and the like: expired already (RFC 9111 §5.3).
        return 0
    date = parse_http_date(str(headers.get("Date") or ""))
    return until - (now if date is None else date)


def initial_age(headers: Mapping[str, Any], now: float) -> float:
    """Return how old an answer is at its birth, in seconds (RFC 9111 §4.2.3).

    Nothing, unless a page passes on what it has from elsewhere.

    Args:
        headers: Its headers.
        now: Seconds since the epoch.
    """
    age: float = 0
    stated = headers.get("Age")
    if stated is not None:
        age = delta_seconds(str(stated)) or 0
    date = parse_http_date(str(headers.get("Date") or ""))
    # One second: dates have no fractions.
    if date is not None and now - date > 1:
        age = max(age, now - date)
    return age


def selecting_headers(headers: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names in ``Vary``, in Title-Case and in order, each once."""
    value = headers.get("Vary")
    if not value:
        return ()
    names = {name.strip().title() for name in str(value).split(",")}
    return tuple(sorted(names - {""}))


class RequestDirectives(NamedTuple):
    """What the client says about answers from caches (RFC 9111 §5.2.1)."""

    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    min_fresh: int = 0
    max_stale: int = 0

    def fit(self, age: float, freshness: float, lenient: bool) -> bool:
        """Tell whether a kept answer is what the client wants.

        Args:
            age: Of the answer, in seconds.
            freshness: For how many more seconds it is fresh; negative if it is stale.
            lenient: Whether it may be given out stale at all.
        """
        if self.no_cache:
            return False
        # Ages are told in whole seconds: what we call 3 is not older than 3.
        if self.max_age is not None and int(age) > self.max_age:
            return False
        if freshness < 0:
            return lenient and not self.min_fresh and -freshness <= self.max_stale
        return freshness >= self.min_fresh


NO_DIRECTIVES = RequestDirectives()
"""What most clients say."""


def request_directives(
    cache_control: str | None, pragma: str | None
) -> RequestDirectives:
    """Understand the ``Cache-Control`` and the ``Pragma`` of a request.

    Args:
        cache_control: The value of the field, None if there is none.
        pragma: Likewise.

    Raises:
        MalformedHeader: A number is none.
    """
    said = cache_directives(cache_control)
    return RequestDirectives(
        no_cache="no-cache" in said or "no-cache" in (pragma or "").lower(),
        no_store="no-store" in said,
        only_if_cached="only-if-cached" in said,
        max_age=_number(said, "max-age") if "max-age" in said else None,
        min_fresh=_number(said, "min-fresh") if "min-fresh" in said else 0,
        max_stale=_max_stale(said),
    )


def _max_stale(said: Mapping[str, str | None]) -> int:
    if "max-stale" not in said:
        return 0
    return _LONGEST if said["max-stale"] is None else _number(said, "max-stale")


def _number(said: Mapping[str, str | None], directive: str) -> int:
    seconds = delta_seconds(said[directive])
    if seconds is None:
        raise MalformedHeader(
            f"Invalid Cache-Control header: {directive} needs a number of seconds."
        )
    return seconds
