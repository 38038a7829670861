"""A dispatcher that serves several domains from one tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.extension.dispatch.objects import Dispatcher
from cherrypy.http.urls import urljoin

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["VirtualHost"]


# documented behaviour: a function with the name of a class, called with **domains.
# Any, because a checker takes the values of such a mapping for these two as well.
def VirtualHost(
    next_dispatcher: Any = None,
    use_x_forwarded_host: Any = True,
    **domains: str,
) -> Callable[[str], Any]:
    """Make a dispatcher that puts a prefix before the path, chosen by the domain.

    ``cherrypy.url()`` keeps the URL as the browser knows it, without the prefix::

        VirtualHost(**{"www.example.com": "/shop", "example.net:8080": "/blog"})

    Args:
        next_dispatcher: Finds the page for the longer path; a `Dispatcher` unless
            something else is given.
        use_x_forwarded_host: Prefer the ``X-Forwarded-Host`` header, as behind a
            proxy. It chooses a branch of the tree, and grants nothing.
        **domains: Prefixes by domain, with the port if browsers name one.
    """
    following: Callable[[str], Any] = next_dispatcher or Dispatcher()

    def vhost_dispatch(path_info: str) -> Any:
        request = current.get().request
        domain = request.raw_header("Host") or ""
        if use_x_forwarded_host:
            domain = request.raw_header("X-Forwarded-Host") or domain
        # Names of hosts are the same in any case (RFC 9110 §4.2.3).
        prefix = domains.get(domain) or domains.get(domain.lower(), "")
        if not prefix:
            return following(path_info)
        result = following(urljoin(prefix, path_info))
        _take_off(prefix)
        return result

    # For those who list URLs.
    vhost_dispatch.domains = domains  # type: ignore[attr-defined]
    vhost_dispatch.next_dispatcher = following  # type: ignore[attr-defined]
    return vhost_dispatch


def _take_off(prefix: str) -> None:
    """Name the static directory by the path that the browser knows."""
    request = current.get().request
    if request.layers is not None:
        if request.static_section is not None:
            request.static_section = request.static_section[len(prefix) :]
        return
    section = request.config.get("tools.staticdir.section")
    if section:
        request.config["tools.staticdir.section"] = section[len(prefix) :]
