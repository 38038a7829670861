"""Keeping what a page answers: the second half of `cherrypy.lib.caching`.

`tee_output` runs as the last hook before a response is final. It asks the rules, has
the body joined or watches it being sent, and puts the answer into the cache.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.core.lazy import is_made
from cherrypy.environment.site import log
from cherrypy.http.filebody import FileBody
from cherrypy.http.status import valid_status
from cherrypy.lib import set_vary_header
from cherrypy.lib.bodies import close_body
from cherrypy.lib.cache_rules import Verdict, cache_directives, judge
from cherrypy.lib.variants import Miss, Variant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cherrypy.core.response import Response

__all__ = ["Visit", "end_of_page", "tee_output"]

# What belongs to one connection or one client, and is never given to another.
_NOT_KEPT = frozenset(
    {"Connection", "Keep-Alive", "Set-Cookie", "Trailer", "Transfer-Encoding"}
)


class Visit:
    """What `get` has learned of a request and `tee_output` wants to know."""

    __slots__ = ("cache", "debug", "delay", "done")

    def __init__(self, cache: Any, delay: float, debug: bool) -> None:
        self.cache: Any = cache
        self.done: bool = False
        """Whether the answer was dealt with: an error page may come after it."""
        self.delay: float = delay
        """Seconds to keep what does not say how long."""
        self.debug: bool = debug


def tee_output() -> None:
    """Keep what the page answers, unless the rules forbid it.

    Runs as the last hook before the response is final. A body that is still to come is
    joined; one that is streamed is kept when the client has it all.
    """
    serving = current.get()
    request: Any = serving.request
    response = serving.response
    visit: Visit | None = request.__dict__.get("caching")
    if visit is None or visit.done:
        return
    visit.done = True
    code, reason, _ = valid_status(response.status or None)
    if is_made(request, "cookie") and not _is_public(response):
        # Somebody has looked at them, so the answer may depend on them.
        set_vary_header(response, "Cookie")
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in _NOT_KEPT and name != "Content-Length"
    }
    verdict = judge(
        code,
        headers,
        delay=visit.delay,
        now=response.time,
        authorized=request.raw_header("Authorization") is not None,
        personal=_is_personal(request, response),
    )
    why_not = _why_not(request, response, verdict)
    if why_not:
        if visit.debug:
            log(f"Not kept: {why_not}", "TOOLS.CACHING")
        # A part or an error says nothing about the next answer.
        end_of_page(for_long=code < 300 and code != 206)
        return
    keep = _Keeper(request, response, visit, f"{code} {reason}", headers, verdict)
    if response.stream and not isinstance(response.body, list):
        response.body = _Tee(response.body, keep)
    else:
        keep(response.collapse_body())


def _why_not(request: Any, response: Response, verdict: Verdict) -> str:
    """Return why an answer is not kept; empty if it is."""
    if not getattr(request, "cacheable", True):
        return "the page does not want it"
    if verdict.reason:
        return verdict.reason
    if isinstance(response.body, FileBody):
        return "it is a file"
    if "text/event-stream" in str(response.headers.get("Content-Type")):
        return "it has no end"
    return ""


def _is_public(response: Response) -> bool:
    return "public" in cache_directives(response.headers.get("Cache-Control"))


def _is_personal(request: Any, response: Response) -> bool:
    return (
        request.__dict__.get("touched_session", False)
        or bool(response.cookie)
        or "Set-Cookie" in response.headers
    )


def end_of_page(for_long: bool = False) -> None:
    """Let nobody wait any longer for what the present request answers.

    Runs whatever has happened to the page. What is still being sent ends later.

    Args:
        for_long: Let nobody wait for the next answers either: they are not kept.
    """
    serving = current.get()
    miss: Miss | None = serving.request.__dict__.get("cache_miss")
    if miss is None or isinstance(serving.response.body, _Tee):
        return
    if for_long:
        miss.decline()
    else:
        miss.release()


class _Keeper:
    """Puts an answer into the cache when its body is there."""

    __slots__ = ("headers", "request", "response", "status", "verdict", "visit")

    def __init__(
        self,
        request: Any,
        response: Response,
        visit: Visit,
        status: str,
        headers: dict[str, Any],
        verdict: Verdict,
    ) -> None:
        self.request = request
        self.response = response
        self.visit = visit
        self.status = status
        self.headers = headers
        self.verdict = verdict

    @property
    def limit(self) -> float:
        """Bytes of the largest body that the cache would keep."""
        size: float = getattr(self.visit.cache, "maxobj_size", float("inf"))
        return size

    def __call__(self, body: bytes) -> None:
        """Put the answer; documented behaviour: an empty one removes what was there."""
        cache, verdict = self.visit.cache, self.verdict
        if not body:
            cache.delete()
            self.give_up()
            return
        headers = {**self.headers, "Content-Length": str(len(body))}
        answer = (self.status, headers, body, self.response.time)
        age = max(time.time() - self.response.time, 0.0)
        variant = Variant.made(
            answer,
            fresh=verdict.fresh - age,
            stale=verdict.stale,
            lenient=verdict.lenient,
            age=age + verdict.age,
        )
        cache.put(variant, len(body))
        if self.visit.debug:
            log(f"Kept for {verdict.fresh:.0f} s", "TOOLS.CACHING")

    def give_up(self) -> None:
        """Put nothing: let those who wait make their own."""
        miss: Miss | None = self.request.__dict__.get("cache_miss")
        if miss is not None:
            miss.release()


class _Tee:
    """A body that is sent while it is made; kept when it has come to its end."""

    def __init__(self, body: Iterable[bytes], keep: _Keeper) -> None:
        self._body = body
        self._chunks = iter(body)
        self._keep = keep
        self._read: list[bytes] | None = []
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            read, self._read = self._read, None
            if read is not None:
                self._keep(b"".join(read))
            raise
        if self._read is not None:
            self._size += len(chunk)
            self._read.append(chunk)
            if self._size > self._keep.limit:
                self._give_up()
        return chunk

    def _give_up(self) -> None:
        self._read = None
        self._keep.give_up()

    def close(self) -> None:
        """Close the body; what was not sent to its end is not kept."""
        self._give_up()
        close_body(self._body)
