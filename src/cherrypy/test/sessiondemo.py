"""A page that shows its session, to see sessions come and go.

    python -m cherrypy.test.sessiondemo

Look at http://127.0.0.1:8080/ with the tools of a browser open: the page shows the
cookie and the session, counts visits, and can begin a session anew or end it.
"""

from __future__ import annotations

import html
import time
from typing import Any, NoReturn

import cherrypy

__all__ = ["Root", "config"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Session demo</title></head>
<body>
<h1>Session demo</h1>
<table>
%s
</table>
<form method="post">
<button formaction="regenerate">Begin anew</button>
<button formaction="expire">End it</button>
</form>
</body>
</html>
"""

config: dict[str, dict[str, Any]] = {
    "/": {
        "tools.sessions.on": True,
        # Minutes and seconds that one can wait for.
        "tools.sessions.timeout": 1,
        "tools.sessions.clean_freq": 1,
    }
}
"""How the application is configured."""


class Root:
    """The page, and what its buttons do."""

    def _page(self, note: str) -> str:
        session = cherrypy.session
        sent = cherrypy.request.cookie.get("session_id")
        facts = {
            "What happened": note,
            "Session": session.id,
            "Cookie that was sent": sent.value if sent else "none",
            "New": session.missing or sent is None,
            "Visits": session.get("visits", 0),
            "Contents": dict(session.items()),
            "Time of the server": time.strftime("%H:%M:%S"),
        }
        return _PAGE % "\n".join(
            f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in facts.items()
        )

    @cherrypy.expose
    def index(self) -> str:
        """Count the visit and show the session."""
        cherrypy.session["visits"] = cherrypy.session.get("visits", 0) + 1
        return self._page("The session was read and written.")

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def regenerate(self) -> NoReturn:
        """Go on with the same contents under another number."""
        cherrypy.session.regenerate()
        raise cherrypy.HTTPRedirect(".")

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def expire(self) -> Any:
        """Let the browser forget the session."""
        cherrypy.lib.sessions.expire()
        return self._page("The browser was told to forget the session.")


if __name__ == "__main__":
    cherrypy.quickstart(Root(), config=config)
