"""Refuse what pages of other sites make a browser do here: tools.csrf.

A form or a script on any site can make the browser of a user send a request to this
one, with the user's cookies. Browsers say where a request comes from, so no hidden
tokens are needed: ``Sec-Fetch-Site`` (all browsers since 2023) or else ``Origin``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import log

if TYPE_CHECKING:
    from collections.abc import Collection

    from cherrypy.core.request import Request

__all__ = ["refuse_other_sites"]

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110 §9.2.1


def refuse_other_sites(
    origins: Collection[str] = (),
    same_site: bool = False,
    methods: Collection[str] = _SAFE_METHODS,
    message: str = "This request comes from another site.",
    debug: bool = False,
) -> None:
    """Refuse a request that may change something and comes from another site.

    Requests that say nothing of where they come from are let through: no browser sends
    such, and programs carry no cookies of a user along.

    Args:
        origins: Other sites that may, such as ``https://admin.example.org``.
        same_site: Whether other hosts of the same domain may, too.
        methods: The methods that change nothing, which may come from anywhere.
        message: What is told to those that are refused.
        debug: Log what is done.

    Raises:
        HTTPError: 403, it comes from another site.
    """
    request = current.get().request
    if request.method in methods:
        return
    trusted = {origin.lower() for origin in origins}
    reason = _reason_to_refuse(request, trusted, same_site)
    if reason is None:
        return
    if debug:
        log(f"Refused: {reason}", "TOOLS.CSRF")
    raise HTTPError(403, message)


def _reason_to_refuse(
    request: Request, trusted: Collection[str], same_site: bool
) -> str | None:
    """Return why a request is not from here, None if it is or does not say."""
    origin = request.raw_header("Origin")
    if origin is not None and origin.lower() in trusted:
        return None
    site = request.raw_header("Sec-Fetch-Site")
    if site is not None:
        wanted = ("same-origin", "none", "same-site")
        if site in (wanted if same_site else wanted[:2]):
            return None
        return f"Sec-Fetch-Site is {site!r}, Origin {origin!r}"
    if origin is None:
        # Browsers that send neither header with a form tell at least the page.
        page = request.raw_header("Referer")
        if not page:
            return None
        scheme, _, rest = page.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}"
    # The scheme as we see it may be that behind a proxy, which ends the encryption.
    here = request.base.partition("://")[2].lower()
    if origin.partition("://")[2].lower() == here or origin.lower() in trusted:
        return None
    return f"Origin is {origin!r}, and this is {here!r}"
