"""Links: the URL of a page, seen from the page that is being served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cherrypy.core.context import current
from cherrypy.environment.site import server
from cherrypy.http.urls import normalize_path, resolve_url

if TYPE_CHECKING:
    from cherrypy.http.urls import Query

__all__ = ["normalize_path", "url"]


def url(
    path: str = "",
    qs: Query = "",
    script_name: str | None = None,
    base: str | None = None,
    relative: bool | str | None = None,
) -> str:
    """Return the URL of a path.

    Args:
        path: Where to go. With a leading slash it starts at the application,
            otherwise at the page that is being served; empty text is that page,
            without its query. It is taken as it is: escape it yourself.
        qs: A query to add: text, a mapping, or pairs.
        script_name: The mount point of another application; by default that of the
            present one.
        base: Scheme and host, such as ``"https://example.com"``; by default those
            by which the client came, or outside a request those of the server.
        relative: True for a URL that starts at the present page, ``"server"`` for one
            that starts with a slash, False for one with scheme and host. None leaves
            it to the application's `relative_urls`.
    """
    request = current.get().request
    app = request.app
    if app is None:
        return _outside(path, qs, script_name or "", base, relative)
    return resolve_url(
        path,
        qs,
        base=request.base if base is None else base,
        script_name=app.script_name if script_name is None else script_name,
        path_info=request.path_info,
        is_index=request.is_index,
        relative=app.relative_urls if relative is None else relative,
        page_script_name=app.script_name,
    )


def _outside(
    path: str,
    qs: Query,
    script_name: str,
    base: str | None,
    relative: bool | str | None,
) -> str:
    """Return a URL when nothing is being served: it starts at the front page."""
    if base is None:
        base = server.base()
    if path or relative:
        return resolve_url(
            path,
            qs,
            base=base,
            script_name=script_name,
            path_info="/",
            relative=relative,
            page_script_name="",
        )
    # documented behaviour: the mount point itself, without a slash at its end.
    whole = resolve_url("/", qs, base=base, script_name=script_name, path_info="/")
    root = base + script_name
    return root + whole[len(root) + 1 :]
