"""Tell caches how long an answer is good; tools.expires."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cherrypy.core.context import current
from cherrypy.environment.site import log
from cherrypy.http.dates import format_http_date
from cherrypy.http.status import valid_status
from cherrypy.lib.cache_rules import HEURISTIC_STATUSES

if TYPE_CHECKING:
    from cherrypy.core.response import Response

__all__ = ["expires"]

_VALIDATORS = ("Etag", "Last-Modified", "Age", "Expires")

# A date in the past; the day CherryPy's first caching tests were written on.
_LONG_AGO = "Sun, 28 Jan 2007 00:00:00 GMT"


def expires(
    secs: float | timedelta = 0, force: bool = False, debug: bool = False
) -> None:
    """Set ``Expires`` and what goes with it.

    Nothing is done unless the response has a header that makes it fit for caches
    (ETag, Last-Modified, Age or Expires), or `force` is set. Headers that the page
    has set stay, unless `force` is set.

    An error that may be the client's own is not made good for any time: caches would
    give it to others, and anybody could shut them out.

    Args:
        secs: Seconds from now that the answer is good for; 0 for not at all.
        force: Set the headers in any case.
        debug: Log what is done.
    """
    serving = current.get()
    response = serving.response
    headers = response.headers
    if getattr(serving.request, "cached", False):
        # It was told when the answer was made; its time does not begin anew.
        return
    if not force and not any(name in headers for name in _VALIDATORS):
        if debug:
            log("The response is not for caches", "TOOLS.EXPIRES")
        return
    if isinstance(secs, timedelta):
        secs = secs.total_seconds()
    if secs > 0 and _is_about_one_request(response):
        if debug:
            log("An error is good for nobody else", "TOOLS.EXPIRES")
        return
    if secs == 0:
        wanted = {"Expires": _LONG_AGO, "Pragma": "no-cache"}
        if serving.request.protocol >= (1, 1):
            wanted["Cache-Control"] = "no-cache, must-revalidate"
    else:
        wanted = {"Expires": format_http_date(response.time + secs)}
    for name, value in wanted.items():
        if force or name not in headers:
            headers[name] = value
    if debug:
        log(f"Headers: {wanted}", "TOOLS.EXPIRES")


def _is_about_one_request(response: Response) -> bool:
    """Tell whether this is an error that caches would not keep by themselves."""
    status = valid_status(response.status or None)[0]
    return status >= 400 and status not in HEURISTIC_STATUSES
