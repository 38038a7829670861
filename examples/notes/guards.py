"""Tools that stand at the door of every page: switched on in notes.conf."""

from __future__ import annotations

import cherrypy
from cherrypy.core.body import Part


@cherrypy.tools.register("before_request_body")
def same_site() -> None:
    """Refuse to change anything for a page of another site (CSRF).

    The session's cookie is ``SameSite=Lax``: browsers do not send it along with what
    other sites post. This is the second lock: browsers say where a request comes from,
    and what does not come from here is refused before its body is read. Programs that
    say nothing may pass, because nobody can be tricked into being one.
    """
    request = cherrypy.request
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    kind = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin", request.base)
    # Hosts only: behind a proxy the scheme that the browser sees may be another.
    here, there = (each.rpartition("://")[2] for each in (request.base, origin))
    if kind not in ("same-origin", "none") or here != there:
        raise cherrypy.HTTPError(403, "Please use the forms of this site.")


@cherrypy.tools.register("before_handler", priority=10)  # before tools.params
def plain_fields() -> None:
    """Refuse fields that came twice, or as a file where text was wanted."""
    for name, value in cherrypy.request.params.items():
        if not isinstance(value, Part if name == "upload" else str):
            raise cherrypy.HTTPError(400, f"The field {name} is not as expected.")
