"""Sessions: what an application remembers of a visitor between requests.

Switched on by config; `cherrypy.session` then is a dictionary for each visitor::

    [/]
    tools.sessions.on = True
    tools.sessions.storage_class = cherrypy.lib.sessions.FileSession
    tools.sessions.storage_path = "/home/site/sessions"
    tools.sessions.timeout = 60

The id of the session comes and goes in a cookie. An id that is not known is refused,
and a new one made. Requests of one session wait for each other, see
``tools.sessions.locking``.

This is the documented door; behind it stand `session_base` (what a session is), one
module for each place to keep sessions (`session_ram`, `session_files`,
`session_memcached`, `session_stores`), `session_cookies`, `session_serializers` and
`session_seals`. Here is what the sessions tool does to a request: open, save, close.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cherrypy._legacy import lender
from cherrypy.core.context import current
from cherrypy.core.errors import InternalRedirect
from cherrypy.core.unrepr import attributes
from cherrypy.environment.site import log
from cherrypy.http.dates import format_http_date
from cherrypy.lib import is_iterator, set_vary_header
from cherrypy.lib.cache_rules import cache_directives
from cherrypy.lib.session_base import Session, report
from cherrypy.lib.session_cookies import COOKIE_SETTINGS, SessionCookie, sent_id
from cherrypy.lib.session_errors import SessionBusy, SessionUnavailable
from cherrypy.lib.session_mapping import missing
from cherrypy.lib.session_proxy import SessionsAreOff, session
from cherrypy.lib.session_ram import RamSession
from cherrypy.stores.base import StoreUnavailable

if TYPE_CHECKING:
    from cherrypy.core.request import Request
    from cherrypy.lib.session_files import FileSession
    from cherrypy.lib.session_memcached import MemcachedSession
    from cherrypy.lib.session_serializers import JSONSerializer, NotSerializable
    from cherrypy.lib.session_stores import StoreSession

__all__ = [
    "FileSession",
    "JSONSerializer",
    "MemcachedSession",
    "NotSerializable",
    "RamSession",
    "Session",
    "SessionBusy",
    "SessionOpener",
    "SessionUnavailable",
    "SessionsAreOff",
    "StoreSession",
    "close",
    "expire",
    "init",
    "leave",
    "lock",
    "missing",
    "save",
    "set_response_cookie",
    "vary",
]

_ELSEWHERE = {
    "FileSession": "session_files",
    "JSONSerializer": "session_serializers",
    "MemcachedSession": "session_memcached",
    "NotSerializable": "session_serializers",
    "StoreSession": "session_stores",
}
"""Names that are imported when somebody wants them: most sites need one or none."""

_ONE_YEAR = 365 * 24 * 60 * 60


class SessionOpener:
    """Opens the session of a request; made once for each set of settings.

    Args:
        storage_type: Deprecated: ``ram``, ``file`` or ``memcached``.
        path: As for `SessionCookie`, like the next ones.
        path_header: As there.
        name: Of the cookie.
        timeout: Minutes after which an unused session is forgotten.
        domain: As for `SessionCookie`, like the next one.
        secure: As there.
        clean_freq: Minutes between two sweeps of expired sessions; 0 for none.
        persistent: Whether the cookie outlives the browser.
        httponly: As for `SessionCookie`, like the next one.
        samesite: As there.
        debug: Log what is done.
        storage_class: A subclass of `Session`, or its dotted name.
        **kwargs: Become attributes of the session; which ones make sense depends on
            the class.

    Raises:
        ValueError: A setting makes no sense.
    """

    def __init__(
        self,
        storage_type: str | None = None,
        path: str | None = None,
        path_header: str | None = None,
        name: str = "session_id",
        timeout: float = 60,
        domain: str | None = None,
        secure: bool | None = None,
        clean_freq: float = 5,
        persistent: bool = True,
        httponly: bool = True,
        debug: bool = False,
        *,
        samesite: str | bool | None = "Lax",
        storage_class: type[Session] | str | None = None,
        **kwargs: Any,
    ) -> None:
        self.cookie: SessionCookie = SessionCookie(
            name=name,
            path=path,
            path_header=path_header,
            timeout=timeout if persistent else None,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )
        self.own: dict[str, Any] = kwargs
        """The settings that the class of sessions alone understands."""
        self.options: dict[str, Any] = {
            **kwargs,
            "timeout": timeout,
            "clean_freq": clean_freq,
        }
        """What a session is made with."""
        if debug:
            self.options["debug"] = debug
        self.storage_class: type[Session] = _storage_class(
            storage_class, storage_type, kwargs
        )
        for usual in ("timeout", "clean_freq"):
            # Speed: what the class says anyway.
            if self.options[usual] == getattr(self.storage_class, usual, None):
                del self.options[usual]
        self._observer, self._withdrawal = self._tell, self._withdraw
        unavailable = kwargs.get("on_unavailable", "refuse")
        if unavailable not in ("refuse", "continue"):
            raise ValueError(
                "tools.sessions.on_unavailable is 'refuse' or 'continue', not "
                f"{unavailable!r}."
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.storage_class.__name__}>"

    def __call__(self) -> None:
        """Open the session of the present request, unless it is open."""
        serving = current.get()
        request = serving.request
        own = request.__dict__
        if "_session_init_flag" in own:
            return
        own["_session_init_flag"] = True
        own["touched_session"] = True
        if self.storage_class not in _set_up:
            self._set_up()
        own["_session_cookie"] = name = self.cookie.name
        id = sent_id(request, name)
        if request.prev is not None:
            id = _handed_over(request.prev, name) or id
        try:
            session = self.storage_class(id, **self.options)
        except StoreUnavailable as problem:
            session = self._without_storage(problem, id)
        serving.session = session  # type: ignore[attr-defined]  # documented place
        if session.without_storage:
            return
        session.id_observers.append(self._observer)
        session.on_withdrawal = self._withdrawal
        self.cookie.send(request, serving.response, str(session.id))

    def _without_storage(self, problem: StoreUnavailable, id: str | None) -> Session:
        """Return a session that is not kept, where that is wanted.

        Raises:
            SessionUnavailable: It is not.
        """
        report(problem, id)
        if self.options.get("on_unavailable") != "continue":
            raise SessionUnavailable() from problem
        return self.storage_class(None, without_storage=True, **self.options)

    def _set_up(self) -> None:
        # documented behaviour: once for each class, before its first session.
        with _set_up_guard:
            if self.storage_class not in _set_up:
                set_up = getattr(self.storage_class, "setup", None)
                if set_up is not None:
                    set_up(**self.own)
                _set_up.add(self.storage_class)

    def _tell(self, id: str) -> None:
        """Send a new id; what was changed about the cookie stays."""
        serving = current.get()
        cookies = serving.response.cookie
        if self.cookie.name in cookies:
            cookies[self.cookie.name] = id
        else:
            self.cookie.send(serving.request, serving.response, id)

    def _withdraw(self) -> None:
        self.cookie.withdraw(current.get().response)


_set_up: set[type[Session]] = set()
_set_up_guard = threading.Lock()
"""Guards `_set_up`, to which every worker thread may come."""


def _storage_class(
    chosen: type[Session] | str | None,
    storage_type: str | None,
    options: dict[str, Any],
) -> type[Session]:
    if isinstance(chosen, str):
        found: type[Session] = attributes(chosen)
        return found
    if chosen is not None:
        return chosen
    if storage_type is not None:
        warnings.warn(
            "tools.sessions.storage_type is deprecated; use storage_class.",
            DeprecationWarning,
            stacklevel=2,
        )
        # documented behaviour: a program may have put its class into this module.
        try:
            found = attributes(f"{__name__}.{storage_type.title()}Session")
        except AttributeError as missing:
            raise ValueError(
                f"tools.sessions.storage_type is {storage_type!r}; it can be 'ram', "
                "'file' or 'memcached'. For other places set tools.sessions.storage, "
                "such as 'redis://127.0.0.1'."
            ) from missing
        return found
    if "storage" in options:
        found = attributes(f"{__name__}.StoreSession")
        return found
    return RamSession


def init(*args: Any, **kwargs: Any) -> None:
    """Open the session of the present request; the callable of the sessions tool.

    Does nothing if it is open already.

    Args:
        *args: As for `SessionOpener`.
        **kwargs: Likewise.
    """
    SessionOpener(*args, **kwargs)()


def lock() -> None:
    """Lock the session of the present request."""
    session = current.get().__dict__.get("session")
    if session is not None:
        session.acquire_lock()


def save() -> None:
    """Save the session of the present request, and release its lock.

    An answer that is streamed may still change the session; then it is saved at the
    end of the request.
    """
    serving = current.get()
    session = serving.__dict__.get("session")
    if session is None:
        # An earlier hook has failed.
        return
    request, response = serving.request, serving.response
    headers, own = response.headers, request.__dict__
    # Speed: names need no folding.
    directives = dict.get(headers, "Cache-Control")
    if directives and not session.loaded and _is_for_all(directives, session):
        own["touched_session"] = False
        session.withdraw()
    elif dict.get(headers, "Vary") is None:
        dict.__setitem__(headers, "Vary", "Cookie")
    else:
        set_vary_header(response, "Cookie")
    # documented behaviour: programs look at this name.
    if "_sessionsaved" in own:
        return
    own["_sessionsaved"] = True
    if response.stream:
        request.hooks.attach("on_end_request", session.save)
        return
    if type(response.body) is not list and is_iterator(response.body):
        response.collapse_body()
    session.save()


def _is_for_all(directives: object, session: Session) -> bool:
    """Tell whether a page says that its answer, which has no session in it, is public.

    Caches on the way may keep such an answer with everything in it. The id of a
    session must not be there, or they would give it to others.
    """
    return not session.regenerated and "public" in cache_directives(directives)


def leave() -> None:
    """Do not save the session of a page that has failed, wherever it leads."""
    current.get().request.__dict__["_sessionsaved"] = True


def close() -> None:
    """Release the lock of the session, if the present request still holds it.

    On the way to another page of ours (`InternalRedirect`) nobody has saved it yet,
    and that page shall find what was kept.
    """
    serving = current.get()
    session = serving.__dict__.get("session")
    if session is None:
        return
    if session.loaded and isinstance(sys.exc_info()[1], InternalRedirect):
        _hand_over(serving.request, session)
    if session.locked:
        session.release_lock()
        if session.debug:
            log("Lock released on close.", "TOOLS.SESSIONS")


def _hand_over(request: Request, session: Session) -> None:
    """Save a session, and note its id for the request that goes on with it.

    The client may not know it yet, so that request would not find it.
    """
    own = request.__dict__
    if "_sessionsaved" not in own:
        session.save()
    if not session.without_storage:
        own["_session_handed_over"] = own.get("_session_cookie"), session.id


def _handed_over(request: Request | None, cookie_name: str) -> str | None:
    """Return the id of the session of an earlier request on the way to a page."""
    while request is not None:
        name, id = request.__dict__.get("_session_handed_over", (None, None))
        if name == cookie_name:
            found: str = id
            return found
        request = request.prev
    return None


def vary() -> None:
    """Say that the answer depends on the cookie; for errors that nobody expects."""
    serving = current.get()
    if "session" in serving.__dict__:
        set_vary_header(serving.response, "Cookie")


leave.failsafe = True  # type: ignore[attr-defined]
save.failsafe = True  # type: ignore[attr-defined]  # read by Hook
close.failsafe = True  # type: ignore[attr-defined]
close.priority = 90  # type: ignore[attr-defined]
vary.failsafe = True  # type: ignore[attr-defined]


def set_response_cookie(
    path: str | None = None,
    path_header: str | None = None,
    name: str = "session_id",
    timeout: float | None = 60,
    domain: str | None = None,
    secure: bool | None = None,
    httponly: bool = True,
    samesite: str | bool | None = "Lax",
) -> None:
    """Put the cookie of the present session into the response.

    Args:
        path: As for `SessionCookie`, like the others.
        path_header: As there.
        name: Of the cookie.
        timeout: In minutes.
        domain: As there.
        secure: As there.
        httponly: As there.
        samesite: As there.
    """
    serving = current.get()
    cookie = SessionCookie(
        name=name,
        path=path,
        path_header=path_header,
        timeout=timeout,
        domain=domain,
        secure=secure,
        httponly=httponly,
        samesite=samesite,
    )
    cookie.send(serving.request, serving.response, str(session.id))


def expire() -> None:
    """Let the client forget the present session: its cookie has expired.

    What is stored stays until it expires, too; ``cherrypy.session.delete()``
    removes it.
    """
    serving = current.get()
    config = serving.request.config or {}
    name = config.get("tools.sessions.name", "session_id")
    if name not in serving.response.cookie:
        settings = {
            setting: config[f"tools.sessions.{setting}"]
            for setting in COOKIE_SETTINGS
            if f"tools.sessions.{setting}" in config
        }
        cookie = SessionCookie(name=name, timeout=None, **settings)
        cookie.send(serving.request, serving.response, "")
    morsel = serving.response.cookie[name]
    morsel["expires"] = format_http_date(time.time() - _ONE_YEAR)
    morsel.pop("max-age", None)


if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    _lend = lender(__name__)

    def __getattr__(name: str) -> Any:
        """Import what lies behind a name of this door."""
        if name not in _ELSEWHERE:
            return _lend(name)
        value = getattr(import_module(f"cherrypy.lib.{_ELSEWHERE[name]}"), name)
        globals()[name] = value
        return value
