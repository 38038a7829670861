"""The sessions tool: when a session is opened, locked, saved and closed."""

from __future__ import annotations

from typing import Any

from cherrypy.extension.tool import Tool
from cherrypy.lib import sessions
from cherrypy.lib.session_cookies import COOKIE_SETTINGS
from cherrypy.lib.session_proxy import session

__all__ = ["SessionTool"]

_OF_THE_COOKIE = ("name", "timeout", *COOKIE_SETTINGS)


# Tools of the usual priority, 50, use the session, whichever was switched on first.
_BEFORE_OTHER_TOOLS = 49.5


class SessionTool(Tool):
    """Opens a session for each request, and saves it.

    ``tools.sessions.locking`` says when it is locked: ``implicit`` before the page is
    called, ``early`` before the body of the request is read; with anything else, such
    as ``explicit``, the page calls ``cherrypy.session.acquire_lock()``.
    """

    def __init__(self) -> None:
        super().__init__("before_request_body", sessions.init)
        for name in ("locking", *sessions.SessionOpener.__init__.__annotations__):
            if name not in ("return", "kwargs"):
                setattr(self, name, None)

    _lock_session = staticmethod(sessions.lock)

    def _join(self, hooks: Any, settings: dict[str, Any]) -> None:
        priority = settings.pop("priority", None)
        if priority is None:
            priority = getattr(self.callable, "priority", self._priority)
        # documented behaviour: left among them, so that a session can tell it.
        locking = settings.get("locking", "implicit")
        if self.callable is sessions.init:
            # Speed: the settings are understood once, not at each request.
            opener = sessions.SessionOpener(**settings)
            hooks.attach(self._point, opener, priority=priority)
        else:
            hooks.attach(self._point, self.callable, priority=priority, **settings)
        lock = self._lock_session
        if locking == "implicit":
            hooks.attach("before_handler", lock, priority=_BEFORE_OTHER_TOOLS)
        elif locking == "early":
            hooks.attach("before_request_body", lock, priority=60)
        hooks.attach("before_finalize", sessions.save)
        hooks.attach("before_error_response", sessions.leave)
        hooks.attach("after_error_response", sessions.vary)
        hooks.attach("on_end_request", sessions.close)

    def regenerate(self) -> None:
        """Go on under a new id, and send its cookie; the old session is dead.

        To be called whenever a user gets more rights, as by logging in.
        """
        session.regenerate()
        if session.without_storage:
            return
        settings = self._merged_args()
        if not settings.get("persistent", True):
            settings["timeout"] = None
        cookie = {key: settings[key] for key in _OF_THE_COOKIE if key in settings}
        sessions.set_response_cookie(**cookie)
