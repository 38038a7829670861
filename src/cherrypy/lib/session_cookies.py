"""The cookie that tells the client the id of its session."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cherrypy.core.lazy import is_made
from cherrypy.http.cookies import Morsel, SimpleCookie, parse_cookie
from cherrypy.http.dates import format_http_date

if TYPE_CHECKING:
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = ["COOKIE_SETTINGS", "SessionCookie", "sent_id"]

COOKIE_SETTINGS = ("path", "path_header", "domain", "secure", "httponly", "samesite")
"""Settings that a cookie must have in common with the one that it replaces, beside its
name."""

_FORBIDDEN = frozenset(map(chr, (*range(32), 127, ord(";"))))
_ABBREVIATIONS = {"lax": "Lax", "strict": "Strict", "none": "None"}


class _Made(NamedTuple):
    """What is the same for all cookies of a second."""

    second: int
    name: str
    attributes: dict[str, Any]
    tail: str
    """The attributes as they stand in the header."""


class SessionCookie:
    """What the cookie of a session is like, apart from the id.

    Args:
        name: Of the cookie.
        path: Below which the client sends it back; None: see `path_header`.
        path_header: A request header that tells the path; without it, it is ``/``.
        timeout: Minutes after which the client forgets it; 0 or None: when the
            browser is closed.
        domain: For which hosts the client sends it; None: for this one.
        secure: Whether it is sent by HTTPS only; None: if it was set by HTTPS.
        httponly: Whether it is hidden from scripts.
        samesite: ``Lax``, ``Strict`` or ``None``: whether it comes with requests
            that other sites cause. False or None: the browser decides.

    Raises:
        ValueError: A value cannot stand in a cookie.
    """

    def __init__(
        self,
        *,
        name: str = "session_id",
        path: str | None = None,
        path_header: str | None = None,
        timeout: float | None = 60,
        domain: str | None = None,
        secure: bool | None = None,
        httponly: bool = True,
        samesite: str | bool | None = "Lax",
    ) -> None:
        self.name = name
        self.path = path
        self.path_header = path_header
        self.domain = domain
        self.secure = secure
        self.httponly = httponly
        self.seconds: int = int((timeout or 0) * 60)
        self.samesite: str = _checked_samesite(samesite)
        for value in (path, domain):
            if value is not None and not _FORBIDDEN.isdisjoint(str(value)):
                raise ValueError(
                    f"{value!r} cannot stand in a cookie: neither control characters "
                    "nor semicolons can."
                )
        self._made: dict[bool, _Made] = {}
        # Raises CookieError, a ValueError of its kind, for a name that is none.
        SimpleCookie()[name] = ""

    def send(self, request: Request, response: Response, id: str) -> None:
        """Put the cookie into a response."""
        secure = self.secure
        if secure is None:
            secure = request.scheme == "https" or _is_encrypted(request)
        second = int(time.time())
        made = self._made.get(secure)
        if made is None or made.second != second or self.path_header is not None:
            made = self._made[secure] = self._make(request, second, secure)
        ready = _ReadyCookie(made, id)
        if is_made(response, "cookie"):
            ready.put(response.cookie)
        else:
            response.ready_cookie = ready

    def withdraw(self, response: Response) -> None:
        """Take the cookie out of a response: the client shall keep what it has."""
        response.cookie.pop(self.name, None)

    def _make(self, request: Request, second: int, secure: bool) -> _Made:
        """Return what is the same for all cookies of a second."""
        attributes: dict[str, Any] = {"path": self._path(request)}
        if self.seconds:
            attributes["expires"] = format_http_date(second + self.seconds)
            attributes["max-age"] = self.seconds
        if self.domain is not None:
            attributes["domain"] = self.domain
        if secure:
            attributes["secure"] = True
        if self.httponly:
            attributes["httponly"] = True
        if self.samesite:
            attributes["samesite"] = self.samesite
        template: Morsel[str] = Morsel()
        template.set("x", "x", "x")
        template.update(attributes)
        tail = template.OutputString().partition("=x")[2]
        return _Made(second, self.name, attributes, tail)

    def _path(self, request: Request) -> str:
        path = self.path
        if path is None and self.path_header is not None:
            path = request.raw_header(self.path_header)
            # The client may have sent it.
            if path is None or path[:1] != "/" or not _FORBIDDEN.isdisjoint(path):
                return "/"
        return path or "/"


class _ReadyCookie:
    """The cookie of one response, as text; Speed: most are never anything else."""

    __slots__ = ("_id", "_made", "text")

    def __init__(self, made: _Made, id: str) -> None:
        self._made = made
        self._id = id
        coded = id
        if not (id.isalnum() and id.isascii()):
            _, coded = SimpleCookie().value_encode(id)
        self.text: str = f"{made.name}={coded}{made.tail}"

    def put(self, cookies: SimpleCookie) -> None:
        """Add it to others."""
        cookies.pop(self._made.name, None)
        cookies[self._made.name] = self._id
        cookies[self._made.name].update(self._made.attributes)


def sent_id(request: Request, name: str) -> str | None:
    """Return the value of a cookie of the request; of several the last."""
    if is_made(request, "cookie"):
        # Somebody has looked at the cookies, and may have changed them.
        morsel = request.cookie.get(name)
        return None if morsel is None else morsel.value
    header = request.raw_header("Cookie")
    if header is None:
        return None
    if len(header) > _LONGEST_KEPT:
        return _value_in(header, name)
    return _known_value_in(header, name)


# What is kept of what clients send is bounded in size, too.
_LONGEST_KEPT = 500


def _value_in(header: str, name: str) -> str | None:
    """Return the value of one cookie, without the machinery for all of them."""
    found = None
    if name in header:
        for pair in header.split(";"):
            this, equals, value = pair.partition("=")
            if equals and this.strip() == name:
                found = value.strip()
    if found is None or (found.isascii() and found.isalnum()):
        return found
    morsel = parse_cookie(header).get(name)
    return None if morsel is None else morsel.value


_known_value_in = lru_cache(maxsize=512)(_value_in)


def _is_encrypted(request: Request) -> bool:
    """Tell whether a proxy says that the client has come by HTTPS."""
    return is_made(request, "base") and request.base.startswith("https:")


def _checked_samesite(samesite: str | bool | None) -> str:
    if not samesite:
        return ""
    name = _ABBREVIATIONS.get(str(samesite).lower())
    if name is None:
        raise ValueError(
            f"tools.sessions.samesite is 'Lax', 'Strict' or 'None', not {samesite!r}."
        )
    return name
