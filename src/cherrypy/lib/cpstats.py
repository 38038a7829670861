"""Statistics of a running site: counted by a tool, shown by a page.

Programs collect figures in one place, the dictionary `logging.statistics`, each in a
namespace of its own; `extrapolate_statistics` works out those that are functions. To
count the requests of an application, and to look at them::

    from cherrypy.lib import cpstats

    config = {"/": {"tools.cpstats.on": True}}
    root.stats = cpstats.StatsPage()

Where the tool is off it costs nothing, and while the namespace is paused next to it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from cherrypy._legacy import lender
from cherrypy.core.context import current
from cherrypy.core.error_pages import product_version
from cherrypy.core.lazy import is_made
from cherrypy.environment.site import log
from cherrypy.extension.tool import Tool
from cherrypy.http.filebody import FileBody
from cherrypy.lib.bodies import close_body
from cherrypy.lib.stats_counting import Histogram, PageRecord, Timeline
from cherrypy.lib.stats_page import (
    StatsPage,
    extrapolate_statistics,
    iso_format,
    locale_date,
    missing,
    pause_resume,
    thisdir,
)
from cherrypy.lib.toolbox import default_toolbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = [
    "ByteCountWrapper",
    "StatsPage",
    "StatsTool",
    "appstats",
    "average_uriset_time",
    "extrapolate_statistics",
    "iso_format",
    "locale_date",
    "missing",
    "pause_resume",
    "proc_time",
    "thisdir",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

_MOST_PAGES = 1000
_MOST_THREADS = 1000

_lock = threading.RLock()
"""Guards `appstats` and `_timeline`: any thread that serves a request counts there.
Whoever looks at the figures may come by a function that needs it too."""

_timeline = Timeline()


def proc_time(s: dict[str, Any]) -> float:
    """Return the seconds that a request has taken so far, or in all."""
    taken: float = (s["End Time"] or time.time()) - s["Start Time"]
    return taken


def average_uriset_time(s: dict[str, Any]) -> float:
    """Return the average seconds of a record that has a ``Count`` and a ``Sum``."""
    return float(s["Sum"] / s["Count"]) if s["Count"] else 0


def _per_second(key: str) -> Any:
    return lambda s: s[key] / max(time.time() - s["Start Time"], 1e-6)


def _per_request(key: str) -> Any:
    return lambda s: s[key] / s["Total Requests"] if s["Total Requests"] else 0.0


def _timeline_records(s: dict[str, Any]) -> list[dict[str, Any]]:
    with _lock:
        return _timeline.records(time.monotonic())


def _recent(s: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    with _lock:
        recent = _timeline.recent(time.monotonic(), 60)
        return {"Last minute": {"Requests": recent.count, **recent.quantiles()}}


_statistics: dict[str, Any] = vars(logging).setdefault("statistics", {})

appstats: dict[str, Any] = _statistics.setdefault("CherryPy Applications", {})
"""The namespace of all applications together; any, numbers and functions.

The names up to ``Uptime``, ``Slow Queries`` and ``URI Set Tracking`` are documented."""

appstats.update(
    {
        "Enabled": True,
        "Bytes Read/Request": _per_request("Total Bytes Read"),
        "Bytes Read/Second": _per_second("Total Bytes Read"),
        "Bytes Written/Request": _per_request("Total Bytes Written"),
        "Bytes Written/Second": _per_second("Total Bytes Written"),
        "Current Time": lambda s: time.time(),
        "Current Requests": 0,
        "Requests/Second": _per_second("Total Requests"),
        "Server Version": product_version(),
        "Start Time": time.time(),
        "Total Bytes Read": 0,
        "Total Bytes Written": 0,
        "Total Requests": 0,
        "Total Time": 0.0,
        "Uptime": lambda s: time.time() - s["Start Time"],
        "Requests": {},
        "Total Errors": 0,
        "Total Slow": 0,
        "Latency": _recent,
        "Timeline": _timeline_records,
        "Pages": {},
    }
)


class ByteCountWrapper:
    """A file that counts the bytes that are read from it.

    Args:
        rfile: The file; needs what is called of it.
    """

    def __init__(self, rfile: Any) -> None:
        self.rfile = rfile
        self.bytes_read: int = 0

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, all if it is negative."""
        return self._counted(self.rfile.read(size))

    def readline(self, size: int = -1) -> bytes:
        """Return a line, or at most `size` bytes of it."""
        return self._counted(self.rfile.readline(size))

    def readlines(self, sizehint: int = 0) -> list[bytes]:
        """Return lines, all or as many as make `sizehint` bytes."""
        lines: list[bytes] = self.rfile.readlines(sizehint)
        self.bytes_read += sum(map(len, lines))
        return lines

    def close(self) -> None:
        """Close the file."""
        self.rfile.close()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._counted(next(self.rfile))

    def next(self) -> bytes:
        """Return the next line."""
        return self.__next__()

    def __getattr__(self, name: str) -> Any:
        """Return what else the file has: trailers, for instance."""
        return getattr(self.rfile, name)

    def _counted(self, data: bytes) -> bytes:
        self.bytes_read += len(data)
        return data


class _CountedBody:
    """A body of unknown length that counts what is taken from it."""

    __slots__ = ("_body", "_iterator", "bytes_written")

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self._iterator = iter(body)
        self.bytes_written = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._iterator)
        self.bytes_written += len(chunk)
        return chunk

    def close(self) -> None:
        close_body(self._body)


class _Running:
    """What is remembered of a request until it ends."""

    __slots__ = ("began", "body", "page", "record", "rfile")

    def __init__(self, record: dict[str, Any], page: str) -> None:
        self.record = record
        self.page = page
        self.began = time.perf_counter()
        self.rfile: ByteCountWrapper | None = None
        self.body: _CountedBody | None = None


class StatsTool(Tool):
    """Counts each request for which it is on, in `appstats`."""

    def __init__(self) -> None:
        super().__init__("on_end_request", self.record_stop)

    def _join(self, hooks: Any, settings: dict[str, Any]) -> None:
        hooks.attach("on_start_resource", self.record_start, priority=0)
        hooks.attach("on_end_resource", self._watch_body, priority=100)
        super()._join(hooks, settings)

    def record_start(self) -> None:
        """Note that a request begins."""
        if not appstats.get("Enabled", False):
            return
        request: Any = current.get().request  # Any: is given an attribute of ours.
        peer = request.remote
        record = {
            "Bytes Read": None,
            "Bytes Written": None,
            "Client": f"{peer.ip}:{peer.port}",
            "End Time": None,
            "Processing Time": proc_time,
            "Request-Line": request.request_line,
            "Response Status": None,
            "Start Time": time.time(),
        }
        running = request._cpstats = _Running(record, _page_name(request))
        if request.rfile is not None and not is_made(request, "body"):
            request.rfile = running.rfile = ByteCountWrapper(request.rfile)
        with _lock:
            requests = appstats["Requests"]
            requests[threading.get_ident()] = record
            if len(requests) > _MOST_THREADS:
                _forget_finished(requests)
            appstats["Current Requests"] += 1

    def _watch_body(self) -> None:
        """Have a body counted whose length nobody knows."""
        serving = current.get()
        response = serving.response
        body = response._body
        # Performance: most bodies are a list, of which the length is known.
        if body.__class__ is list or isinstance(body, tuple | FileBody):
            return
        running: _Running | None = getattr(serving.request, "_cpstats", None)
        if running is not None and "Content-Length" not in response.headers:
            response.body = running.body = _CountedBody(body)

    def record_stop(
        self,
        uriset: str | None = None,
        slow_queries: float | None = 1.0,
        slow_queries_count: int = 100,
        debug: bool = False,
        **kwargs: Any,
    ) -> None:
        """Note that a request has ended.

        Args:
            uriset: Under which name to add up the times of such requests.
            slow_queries: Seconds from which on a request is slow; None for never.
            slow_queries_count: How many slow requests to remember.
            debug: Log what is counted.
            **kwargs: Not looked at.
        """
        serving = current.get()
        running: _Running | None = serving.request.__dict__.pop("_cpstats", None)
        if running is None:
            return
        seconds = time.perf_counter() - running.began
        record = running.record
        status = serving.response.output_status.decode("latin-1")
        sent = _bytes_written(serving.response, running)
        received = _bytes_read(serving.request, running)
        slow = slow_queries is not None and seconds >= slow_queries
        with _lock:
            record["End Time"] = record["Start Time"] + seconds
            record["Processing Time"] = seconds
            record["Response Status"] = status
            record["Bytes Read"] = received
            record["Bytes Written"] = sent
            appstats["Current Requests"] -= 1
            appstats["Total Requests"] += 1
            appstats["Total Bytes Read"] += received
            appstats["Total Bytes Written"] += sent
            appstats["Total Time"] += seconds
            _count(running.page, seconds, status.startswith("5"), slow)
            if uriset:
                _count_uriset(uriset, seconds)
            if slow:
                _remember(record, slow_queries_count)
        if debug:
            log(f"{record['Request-Line']}: {status}, {seconds:.6f} s", "TOOLS.CPSTATS")


def _page_name(request: Request) -> str:
    """Return a name for the page that answers; there are as many as the code has."""
    handler = request.handler
    page = getattr(handler, "callable", None)
    if page is None:
        return "(no page)"
    name = getattr(page, "__qualname__", None) or type(page).__qualname__
    name = name.rpartition("<locals>.")[2]
    return f"{request.script_name} {name}" if request.script_name else name


def _bytes_read(request: Request, running: _Running) -> int:
    if running.rfile is not None:
        return running.rfile.bytes_read
    body = request.body if is_made(request, "body") else None
    return int(getattr(getattr(body, "fp", None), "bytes_read", 0))


def _bytes_written(response: Response, running: _Running) -> int:
    if running.body is not None:
        return running.body.bytes_written
    # Performance: past the folding of names; finalize has written this one.
    length = dict.get(response.headers, "Content-Length")
    return int(length) if length is not None and str(length).isdigit() else 0


def _forget_finished(requests: dict[int, dict[str, Any]]) -> None:
    """Forget threads that have been idle since they ended a request."""
    for thread, record in list(requests.items()):
        if record["End Time"] is not None:
            del requests[thread]


def _count(name: str, seconds: float, error: bool, slow: bool) -> None:
    appstats["Total Errors"] += error
    appstats["Total Slow"] += slow
    pages: dict[str, PageRecord] = appstats["Pages"]
    page = pages.get(name)
    if page is None:
        if len(pages) >= _MOST_PAGES:
            name = "(other pages)"
        page = pages.setdefault(name, PageRecord())
    bucket = Histogram.bucket(seconds)
    page.add(seconds, bucket, error, slow)
    _timeline.add(time.monotonic(), bucket, error, slow)


def _count_uriset(name: str, seconds: float) -> None:
    sets = appstats.setdefault("URI Set Tracking", {})
    counted = sets.get(name)
    if counted is None:
        counted = sets[name] = {
            "Min": seconds,
            "Max": seconds,
            "Sum": 0.0,
            "Count": 0,
            "Avg": average_uriset_time,
        }
    counted["Min"] = min(counted["Min"], seconds)
    counted["Max"] = max(counted["Max"], seconds)
    counted["Sum"] += seconds
    counted["Count"] += 1


def _remember(record: dict[str, Any], most: int) -> None:
    slow = appstats.setdefault("Slow Queries", [])
    slow.append(record.copy())
    del slow[: max(len(slow) - most, 0)]


default_toolbox.cpstats = StatsTool()
