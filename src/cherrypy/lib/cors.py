"""Let pages of other sites use this one by script: tools.cors.

Browsers keep scripts from reading what other sites answer, unless the answer says who
may (Cross-Origin Resource Sharing, the Fetch standard, section 3.2). Who is not listed
gets no such word; whether the request is carried out is not decided here, but by
`tools.csrf` and by those who ask for a login.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.environment.site import log
from cherrypy.extension.tool import Tool
from cherrypy.lib import set_vary_header

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["CorsTool", "allowed_origin", "share", "vary"]

_SAFELISTED = ("GET", "HEAD", "POST")


def allowed_origin(
    sent: str | None, origins: Collection[str] | str, *, credentials: bool = False
) -> str | None:
    """Return what ``Access-Control-Allow-Origin`` is to say, None for nothing.

    Origins are compared as a whole: neither a part of a name nor ``null``, which every
    sandboxed frame sends, is ever taken for one that is listed.

    Args:
        sent: The Origin header of the request.
        origins: Those that may read the answer, such as ``https://app.example.org``,
            or ``"*"`` for anybody.
        credentials: Whether answers to somebody in particular may be read.

    Raises:
        ValueError: ``"*"`` together with credentials: then any site could read what
            only the user may see; or an origin that is none.
    """
    listed = (origins,) if isinstance(origins, str) else tuple(origins)
    known = _checked(listed, credentials)
    if known is None:
        return "*"
    if sent is None or sent == "null":
        return None
    return sent if sent.lower() in known else None


@lru_cache(maxsize=64)
def _checked(origins: tuple[str, ...], credentials: bool) -> frozenset[str] | None:
    """Return the origins in lower case, None for any.

    Raises:
        ValueError: See `allowed_origin`.
    """
    if "*" in origins:
        if credentials:
            raise ValueError(
                "tools.cors.origins is '*', which may not go with "
                "tools.cors.credentials: any site could read what only the user may "
                "see. List the origins that may."
            )
        return None
    for origin in origins:
        scheme, separator, host = origin.partition("://")
        if not (scheme and separator and host) or "/" in host:
            raise ValueError(
                f"tools.cors.origins: {origin!r} is no origin. It is a scheme and a "
                "host, with a port if it is unusual: 'https://app.example.org'."
            )
    return frozenset(map(str.lower, origins))


def share(
    origins: Collection[str] | str = (),
    methods: Collection[str] = _SAFELISTED,
    headers: Collection[str] = (),
    expose: Collection[str] = (),
    credentials: bool = False,
    max_age: int = 600,
    debug: bool = False,
) -> None:
    """Tell the browser whether a script of another site may read the answer.

    Answers the question that browsers ask beforehand (an OPTIONS request with
    ``Access-Control-Request-Method``) in the place of the page.

    Args:
        origins: Those that may, such as ``https://app.example.org``; ``"*"``: any.
        methods: What they may use.
        headers: Request headers that they may set, beside the harmless ones.
        expose: Response headers that they may read, beside the harmless ones.
        credentials: Whether they may send cookies and logins along.
        max_age: Seconds for which browsers may remember the answer to their question.
        debug: Log what is done.

    Raises:
        ValueError: See `allowed_origin`.
    """
    serving = current.get()
    request, response = serving.request, serving.response
    sent = request.raw_header("Origin")
    allowed = allowed_origin(sent, origins, credentials=credentials)
    if debug:
        log(f"Origin {sent!r}: {allowed!r} is allowed", "TOOLS.CORS")
    if allowed != "*":
        vary()
    asked = request.raw_header("Access-Control-Request-Method")
    preflight = request.method == "OPTIONS" and sent is not None and asked is not None
    if allowed is not None:
        answer = response.headers
        answer["Access-Control-Allow-Origin"] = allowed
        if credentials:
            answer["Access-Control-Allow-Credentials"] = "true"
        if preflight:
            answer["Access-Control-Allow-Methods"] = ", ".join(_upper(methods))
            if headers:
                answer["Access-Control-Allow-Headers"] = ", ".join(headers)
            answer["Access-Control-Max-Age"] = str(max_age)
        elif expose:
            answer["Access-Control-Expose-Headers"] = ", ".join(expose)
    if preflight:
        # Who may not is told so by silence: the browser knows what that means.
        response.status = 204
        request.handler = None


def _upper(methods: Collection[str]) -> list[str]:
    named = [methods] if isinstance(methods, str) else methods
    return [method.upper() for method in named]


def vary() -> None:
    """Tell caches that another origin gets another answer."""
    set_vary_header(current.get().response, "Origin")


class CorsTool(Tool):
    """Lets pages of other sites use this one by script."""

    def __init__(self) -> None:
        super().__init__("on_start_resource", share, priority=20)

    def _join(self, hooks: Any, settings: dict[str, Any]) -> None:
        # A wrong setting is told at the first request, whoever sends it.
        allowed_origin(
            None,
            settings.get("origins", ()),
            credentials=settings.get("credentials", False),
        )
        super()._join(hooks, settings)
        if settings.get("origins") != "*":
            # Error pages begin with headers of their own.
            hooks.attach("before_finalize", vary, failsafe=True, priority=95)
            hooks.attach("after_error_response", vary, failsafe=True)
