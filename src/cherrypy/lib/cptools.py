"""Functions behind the builtin tools, one for each.

A tool calls its function at one point of each request for which it is switched on
(`cherrypy.lib.toolbox` has the table). They may also be called by hand, from a page
or a hook: ``cherrypy.lib.cptools.allow(["GET"])``.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, NoReturn

from cherrypy._legacy import lender
from cherrypy.application.links import url as url_of
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError, HTTPRedirect, InternalRedirect
from cherrypy.core.hooks import hookpoints
from cherrypy.core.log import front
from cherrypy.environment.site import log
from cherrypy.http.headers import HeaderMap
from cherrypy.lib import is_iterator, set_vary_header
from cherrypy.lib.bodies import MadeFrom, close_body
from cherrypy.lib.conditional import validate_etags, validate_since
from cherrypy.lib.conversion import Unfit, converters
from cherrypy.lib.negotiation import accept
from cherrypy.lib.proxy import proxy
from cherrypy.lib.session_auth import SessionAuth, session_auth

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = [
    "MonitoredHeaderMap",
    "SessionAuth",
    "accept",
    "allow",
    "autovary",
    "convert_params",
    "flatten",
    "ignore_headers",
    "log_hooks",
    "log_request_headers",
    "log_traceback",
    "proxy",
    "redirect",
    "referer",
    "response_headers",
    "session_auth",
    "trailing_slash",
    "validate_etags",
    "validate_since",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


def allow(methods: str | Iterable[str] | None = None, debug: bool = False) -> None:
    """Refuse the request if its method is not among `methods`.

    Tells the methods in the ``Allow`` header in any case. HEAD comes with GET.

    Args:
        methods: One method or several, in any case; GET and HEAD if there are none.
        debug: Log what is done.

    Raises:
        HTTPError: 405, the method is not allowed.
    """
    serving = current.get()
    if isinstance(methods, str):
        methods = [methods]
    allowed = [method.upper() for method in methods or ()] or ["GET", "HEAD"]
    if "GET" in allowed and "HEAD" not in allowed:
        allowed.append("HEAD")
    serving.response.headers["Allow"] = ", ".join(allowed)
    method = serving.request.method
    if debug:
        log(f"{method!r} among {allowed}: {method in allowed}", "TOOLS.ALLOW")
    if method not in allowed:
        raise HTTPError(405)


def ignore_headers(
    headers: str | Iterable[str] = ("Range",), debug: bool = False
) -> None:
    """Delete request headers, as if the client had not sent them.

    For servers in front that do the same work again: Apache cut ``Range`` twice.

    Args:
        headers: The names of the headers, in any case.
        debug: Log what is done.
    """
    present = current.get().request.headers
    for name in [headers] if isinstance(headers, str) else headers:
        ignored = present.pop(name, None)
        if debug and ignored is not None:
            log(f"Ignoring {name}: {ignored!r}", "TOOLS.IGNORE_HEADERS")


def response_headers(
    headers: Iterable[tuple[str, Any]] | None = None, debug: bool = False
) -> None:
    """Set headers on the response, early, so that pages may replace them.

    ``Vary`` is added to: what tools such as cors have named there must stay.

    Args:
        headers: Pairs of name and value.
        debug: Log what is done.
    """
    response = current.get().response
    for name, value in headers or ():
        if debug:
            log(f"Setting {name}: {value!r}", "TOOLS.RESPONSE_HEADERS")
        if name.title() == "Vary":
            for named in filter(None, map(str.strip, str(value).split(","))):
                set_vary_header(response, named)
        else:
            response.headers[name] = value


# Error pages shall carry them, too.
response_headers.failsafe = True  # type: ignore[attr-defined]  # read by Hook


def referer(
    pattern: str | re.Pattern[str],
    accept: bool = True,
    accept_missing: bool = False,
    error: int = 403,
    message: str = "Forbidden Referer header.",
    debug: bool = False,
) -> None:
    """Refuse the request by its ``Referer``, which anybody can forge.

    Args:
        pattern: A regular expression to match from the beginning.
        accept: Whether the header must match, or must not.
        accept_missing: Whether requests without the header may pass.
        error: The status to refuse with.
        message: What the error page says.
        debug: Log what is done.

    Raises:
        HTTPError: `error`, the request is refused.
    """
    sent = current.get().request.raw_header("Referer")
    if sent is None:
        allowed = accept_missing
    else:
        allowed = bool(re.match(pattern, sent)) is bool(accept)
    if debug:
        log(f"{sent!r} may pass: {allowed}", "TOOLS.REFERER")
    if not allowed:
        raise HTTPError(error, message)


def log_traceback(severity: int = logging.ERROR, debug: bool = False) -> None:
    """Write the traceback of the error being handled to the error log.

    Args:
        severity: The level of the log record.
        debug: Accepted as by all tools; there is nothing to add.
    """
    front.bearer.log("", "HTTP", severity=severity, traceback=True)


def log_request_headers(debug: bool = False) -> None:
    """Write the headers of the request to the error log, credentials included.

    Args:
        debug: Accepted as by all tools; there is nothing to add.
    """
    lines = [
        # A client must not be able to write lines, or to the terminal.
        f"  {name}: {value}".encode("unicode_escape").decode("ascii")
        for name, value in current.get().request.header_list
    ]
    front.bearer.log("\n".join(("\nRequest Headers:", *lines)), "HTTP")


def log_hooks(debug: bool = False) -> None:
    """Write the hooks of this request to the error log, by point and in order.

    Args:
        debug: Accepted as by all tools; there is nothing to add.
    """
    hooks = current.get().request.hooks
    # Those that somebody invented come last.
    points = [*hookpoints, *(point for point in hooks if point not in hookpoints)]
    lines = [f"\nRequest Hooks for {url_of()}:"]
    for point in points:
        lines.append(f"    {point}:")
        lines.extend(f"        {hook!r}" for hook in sorted(hooks.get(point, ())))
    front.bearer.log("\n".join(lines), "HTTP")


def redirect(url: str = "", internal: bool = True, debug: bool = False) -> NoReturn:
    """Go to another URL.

    Args:
        url: Where to, seen from the present URL.
        internal: Run the request again there, instead of telling the client.
        debug: Log what is done.

    Raises:
        InternalRedirect: If `internal`.
        HTTPRedirect: If not.
    """
    if debug:
        log(f"Redirecting to {url!r}, internal: {internal}", "TOOLS.REDIRECT")
    if internal:
        raise InternalRedirect(url)
    raise HTTPRedirect(url)


def trailing_slash(
    missing: bool = True,
    extra: bool = False,
    status: int | None = None,
    debug: bool = False,
) -> None:
    """Redirect to the URL that fits: with a slash for an index, without for a leaf.

    Args:
        missing: Whether to add a slash to the URL of an index.
        extra: Whether to take it off that of any other page.
        status: The status of the redirect; 301 if None.
        debug: Log what is done.

    Raises:
        HTTPRedirect: The URL does not fit.
    """
    request = current.get().request
    is_index = request.is_index
    path = request.path_info
    if debug:
        log(
            f"is_index: {is_index!r}, missing: {missing!r}, extra: {extra!r}, "
            f"path_info: {path!r}",
            "TOOLS.TRAILING_SLASH",
        )
    if is_index is True:
        if missing and path[-1:] != "/":
            raise HTTPRedirect(url_of(path + "/", request.query_string), status or 301)
    elif is_index is False and extra and path[-1:] == "/" and path != "/":
        raise HTTPRedirect(url_of(path[:-1], request.query_string), status or 301)


def flatten(debug: bool = False) -> None:
    """Let the body be generators that yield generators.

    Args:
        debug: Log how many chunks there were.
    """
    response = current.get().response
    # No body, of a 304 for instance, stays none: who comes later looks for that.
    if response.body:
        chunks = _flat(response.body)
        response.body = MadeFrom(response.body, _counted(chunks) if debug else chunks)


def _flat(chunks: Iterable[Any]) -> Iterator[Any]:
    for chunk in chunks:
        if is_iterator(chunk):
            try:
                yield from _flat(chunk)
            finally:
                close_body(chunk)
        else:
            yield chunk


def _counted(chunks: Iterable[Any]) -> Iterator[Any]:
    number = 0
    for chunk in chunks:
        number += 1
        yield chunk
    log(f"Flattened {number} chunks", "TOOLS.FLATTEN")


class MonitoredHeaderMap(HeaderMap):
    """A header map that remembers which headers were asked for."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self.accessed_headers: set[str] = set()
        super().__init__(*args, **named)

    def _asked(self, key: object) -> None:
        self.accessed_headers.add(self.transform_key(key))

    def __getitem__(self, key: str) -> Any:
        self._asked(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._asked(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value for the key, else the default."""
        self._asked(key)
        return super().get(key, default)


# What these say is part of the request, or is said to caches and about what the client
# has already: no choice between answers (RFC 9110 §12.5.5).
_NEVER_VARY = frozenset(
    {
        *("Content-Disposition", "Content-Length", "Content-Type"),
        *("Cache-Control", "If-Match", "If-Modified-Since", "If-None-Match"),
        *("If-Range", "If-Unmodified-Since", "Pragma", "Range"),
    }
)


def autovary(ignore: Collection[str] | None = None, debug: bool = False) -> None:
    """Fill ``Vary`` with the request headers that were asked for.

    Args:
        ignore: Names to leave out, besides those that describe a request's body, are
            said to caches, or make a request conditional.
        debug: Log what is done.
    """
    request = current.get().request
    monitored = MonitoredHeaderMap()
    # Not by update(): that would ask for each.
    dict.update(monitored, request.headers)
    request.headers = monitored
    omitted = _NEVER_VARY | {name.title() for name in ignore or ()}

    def set_vary() -> None:
        response = current.get().response
        present = str(response.headers.get("Vary") or "").split(",")
        names = {name for item in present if (name := item.strip())}
        names |= monitored.accessed_headers - omitted
        if debug:
            log(f"Vary: {sorted(names)}", "TOOLS.AUTOVARY")
        if names:
            response.headers["Vary"] = ", ".join(sorted(names))

    request.hooks.attach("before_finalize", set_vary, priority=95)


def convert_params(
    exception: type[Exception] | tuple[type[Exception], ...] = ValueError,
    error: int = 400,
    debug: bool = False,
) -> None:
    """Convert the parameters of the page to the types it is annotated with.

    Known are bool, int, float, Decimal, date, datetime, time, UUID, enumerations,
    Literal, X | None, other unions, and lists, sets and tuples of these. Any other
    type is called with the text.

    Args:
        exception: What a type of your own raises for a value it does not take.
        error: The status to answer with then; the page names parameter and value.
        debug: Log what is done.

    Raises:
        HTTPError: `error`, a value does not fit.
    """
    request = current.get().request
    page = getattr(request.handler, "callable", None)
    if page is None:
        return
    convert = converters(getattr(page, "__func__", page))
    params = request.params
    for name in convert.keys() & params.keys():
        value = params[name]
        try:
            params[name] = convert[name](value)
        except Unfit as problem:
            raise HTTPError(error, _misfit(name, value, problem)) from problem
        except exception as problem:
            raise HTTPError(error, _misfit(name, value, problem)) from problem
        except TypeError as problem:
            # Sent twice where one is wanted: the client's mistake, not the page's.
            if isinstance(value, list):
                again = Unfit("was sent more than once")
                raise HTTPError(error, _misfit(name, value, again)) from problem
            raise
        if debug:
            log(f"{name}: {value!r} is {params[name]!r}", "TOOLS.PARAMS")


def _misfit(name: str, value: Any, problem: Exception) -> str:
    """Say which parameter is wrong, and why."""
    shown = repr(value) if isinstance(value, str | list) else "a file"
    if len(shown) > 100:
        shown = f"{shown[:100]}..."
    if isinstance(problem, Unfit):
        return f"The parameter {name!r} {problem}: {shown}."
    return f"The parameter {name!r} must not be {shown}: {problem}"
