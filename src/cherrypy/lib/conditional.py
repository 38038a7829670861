"""Conditional requests: do it only if it has changed, or only if it has not.

The client names what it has, by entity tag or by date, and says whether it wants the
answer only if that is still so (RFC 9110 §13). Documented in `cptools`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError, HTTPRedirect
from cherrypy.environment.site import log
from cherrypy.http.dates import parse_http_date
from cherrypy.http.elements import split_quoted
from cherrypy.http.filebody import FileBody
from cherrypy.http.status import valid_status

if TYPE_CHECKING:
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = ["range_is_current", "validate_etags", "validate_since"]


def validate_etags(autotags: bool = False, debug: bool = False) -> None:
    """Compare the response's ``ETag`` with ``If-Match`` and ``If-None-Match``.

    Nothing is compared unless the status is 2xx.

    Args:
        autotags: Give the response an entity tag, the MD5 of its body, if it has
            none, its status is 200, and it is neither a stream nor a large file. Not
            for URLs that are changed by other methods than GET: the tag of a PUT's
            answer is not the resource's.
        debug: Log what is done.

    Raises:
        HTTPRedirect: 304, a GET or HEAD asked for what the client has already.
        HTTPError: 412, what the client demands is not so.
    """
    serving = current.get()
    request, response = serving.request, serving.response
    status = valid_status(response.status or None)[0]
    etag = response.headers.get("ETag")
    if not etag and autotags and status == 200 and not _is_long(response):
        etag = response.headers["ETag"] = _digest(response.collapse_body())
    if debug:
        log(f"ETag: {etag}, status: {status}", "TOOLS.ETAGS")
    if not 200 <= status <= 299:
        return
    wanted = request.raw_header("If-Match")
    if wanted and wanted != "*":
        tags = _entity_tags(wanted)
        # The strong comparison: a weak tag equals nothing (RFC 9110 §8.8.3.2).
        if etag not in tags or etag.startswith("W/"):
            raise HTTPError(412, f"If-Match failed: ETag {etag!r} did not match {tags}")
    held = request.raw_header("If-None-Match")
    if held:
        tags = _entity_tags(held)
        if held == "*" or (etag and _weak(etag) in map(_weak, tags)):
            if request.method in ("GET", "HEAD"):
                raise HTTPRedirect([], 304)
            raise HTTPError(412, f"If-None-Match failed: ETag {etag!r} matched {tags}")


def validate_since() -> None:
    """Compare ``Last-Modified`` with ``If-(Un)modified-Since``.

    Dates that are none, and dates beside an entity tag of the same purpose, are
    ignored (RFC 9110 §13.1.3, §13.1.4). What was not modified since a later date
    than its own was not modified either.

    Raises:
        HTTPRedirect: 304, a GET or HEAD asked for what the client has already.
        HTTPError: 412, it was modified although the client demands otherwise.
    """
    serving = current.get()
    request, response = serving.request, serving.response
    modified = response.headers.get("Last-Modified")
    if not modified:
        return
    # One look for each: most requests carry neither.
    unmodified_since = request.raw_header("If-Unmodified-Since")
    modified_since = request.raw_header("If-Modified-Since")
    if not unmodified_since and not modified_since:
        return
    if not 200 <= valid_status(response.status or None)[0] <= 299:
        return
    if (
        unmodified_since
        and request.raw_header("If-Match") is None
        and _is_later(modified, unmodified_since) is True
    ):
        raise HTTPError(412)
    if (
        modified_since
        and request.method in ("GET", "HEAD")
        and request.raw_header("If-None-Match") is None
        and _is_later(modified, modified_since) is False
    ):
        raise HTTPRedirect([], 304)


def range_is_current(request: Request, response: Response) -> bool:
    """Tell whether a part of this response fits the parts the client has.

    False if ``If-Range`` names another entity tag or date: then the client needs
    the whole (RFC 9110 §13.1.5).
    """
    condition = request.raw_header("If-Range")
    if condition is None:
        return True
    if condition.endswith('"'):
        return bool(
            condition == response.headers.get("ETag") and condition.startswith('"')
        )
    return bool(condition == response.headers.get("Last-Modified"))


def _is_later(modified: str, since: str) -> bool | None:
    """Compare two HTTP dates; None if one of them cannot be understood."""
    if modified == since:
        return False
    present, given = parse_http_date(modified), parse_http_date(since)
    return None if present is None or given is None else present > given


def _entity_tags(value: str) -> list[str]:
    return [tag for item in split_quoted(value, ",") if (tag := item.strip())]


def _weak(tag: str) -> str:
    return tag.removeprefix("W/")


def _is_long(response: Response) -> bool:
    """Tell whether the body is not to be read into memory: it may have no end."""
    return response.stream or isinstance(response.body, FileBody)


def _digest(body: bytes) -> str:
    from hashlib import md5  # lazy: 2 ms of import

    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'
