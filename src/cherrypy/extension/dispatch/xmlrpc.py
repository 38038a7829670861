"""A dispatcher for XML-RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.extension.dispatch.objects import Dispatcher

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["XMLRPCDispatcher"]


# documented behaviour: a function with the name of a class.
def XMLRPCDispatcher(
    next_dispatcher: Callable[[str], Any] | None = None,
) -> Callable[[str], Any]:
    """Make a dispatcher that takes the endpoint ``/RPC2`` off the path.

    Args:
        next_dispatcher: Finds the page for the rest of the path, which ends with a
            slash; a `Dispatcher` unless something else is given.
    """
    following = next_dispatcher or Dispatcher()

    def xmlrpc_dispatch(path_info: str) -> Any:
        path = path_info.rstrip("/") + "/"
        if path.startswith("/RPC2/"):
            path = path.removeprefix("/RPC2")
        return following(path)

    # For those who list URLs.
    xmlrpc_dispatch.next_dispatcher = following  # type: ignore[attr-defined]
    return xmlrpc_dispatch
