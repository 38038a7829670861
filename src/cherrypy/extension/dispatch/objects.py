"""Dispatchers that follow the object tree.

A dispatcher is any callable that takes the path below the mount point and sets
``request.handler``, ``request.is_index`` and the config in force. Those here collect
the config as layers (``request.layers``); one of your own may as well set
``request.config`` to a dictionary it has merged itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError, NotFound
from cherrypy.core.handler import late_handler
from cherrypy.extension.dispatch.trail import (
    CONFIG,
    punctuation_to_underscores,
)
from cherrypy.extension.dispatch.ways import follow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cherrypy.core.request import Request
    from cherrypy.extension.dispatch.trail import Translation

__all__ = [
    "Dispatcher",
    "MethodDispatcher",
    "add_layer",
    "request_methods",
    "validate_translator",
]


def validate_translator(translate: object) -> None:
    """Check that a table for `str.translate` is a dictionary.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(translate, dict):
        raise ValueError(
            f"The translate argument must be a dict, not {translate!r}. Make one with "
            "str.maketrans()."
        )


class Dispatcher:
    """Finds a page by following the path along the attributes of the root object.

    The deepest object that is exposed, or has an exposed ``default``, is the page;
    what is left of the path are its positional arguments. A path that leads to an
    object without a page of its own finds the object's ``index``.

    Args:
        dispatch_method_name: The method by which a node finds children that are not
            among its attributes; ``_cp_dispatch`` if nothing else is said.
        translate: A table for `str.translate`, applied to each part of the path
            before it is taken for a name; by default punctuation becomes "_".

    Raises:
        ValueError: `translate` is no dictionary.
    """

    dispatch_method_name: str = "_cp_dispatch"
    """The method by which a node finds children that are not attributes."""

    def __init__(
        self,
        dispatch_method_name: str | None = None,
        translate: Translation = punctuation_to_underscores,
    ) -> None:
        validate_translator(translate)
        self.translate = translate
        if dispatch_method_name:
            self.dispatch_method_name = dispatch_method_name

    def __call__(self, path_info: str) -> None:
        """Set the handler and the config of the present request.

        Args:
            path_info: The path below the mount point, %-decoded except for ``%2F``.
        """
        request = current.get().request
        page, atoms = self.find_handler(path_info)
        # An exposed object need not be a page itself: it may be there for its index.
        if page is None or not callable(page):
            request.handler = NotFound()
            return
        if "%2F" in path_info:
            atoms = [atom.replace("%2F", "/") for atom in atoms]
        request.handler = late_handler(request, page, atoms)

    def find_handler(self, path: str) -> tuple[Any, list[str]]:
        """Find the object that answers a path and note the config met on the way.

        Returns:
            The object, or None, and what is left of the path.
        """
        request = current.get().request
        app = request.app
        trail = follow(app, path, self.dispatch_method_name, self.translate)
        handler, atoms, request.is_index, request.layers, request.static_section = trail
        # A copy: others may be given the same trail.
        return handler, atoms.copy()


class MethodDispatcher(Dispatcher):
    """Finds an object by the path, and the page by the request method.

    The object must be exposed. Its methods are named in capitals: ``GET``, ``POST``
    and so on; ``HEAD`` is served by ``GET`` if need be. The answer says in ``Allow``
    what there is, and a method that there is not is answered with 405.
    """

    def __call__(self, path_info: str) -> None:
        """Set the handler and the config of the present request.

        Args:
            path_info: The path below the mount point, %-decoded except for ``%2F``.
        """
        serving = current.get()
        request = serving.request
        resource, atoms = self.find_handler(path_info)
        if resource is None:
            request.handler = NotFound()
            return
        methods = request_methods(resource)
        serving.response.headers["Allow"] = ", ".join(sorted(methods))
        name = request.method.upper()
        if name == "HEAD" and not hasattr(resource, "HEAD"):
            name = "GET"
        page = getattr(resource, name, None) if name in methods else None
        if page is None:
            request.handler = HTTPError(405)
            return
        config = getattr(page, CONFIG, None)
        if config:
            add_layer(request, config)
        if "%2F" in path_info:
            atoms = [atom.replace("%2F", "/") for atom in atoms]
        request.handler = late_handler(request, page, atoms)


def add_layer(request: Request, config: Mapping[str, Any]) -> None:
    """Let some config override what the dispatcher has found so far."""
    if request.layers is None:
        # A find_handler of somebody else's making has merged the config itself.
        request.config.update(config)
    else:
        request.layers = (*request.layers, config)


def request_methods(resource: object) -> set[str]:
    """Return the request methods that an object has methods for."""
    # Speed: dir() sorts a hundred inherited names for the few in capitals.
    if type(resource).__dir__ is object.__dir__:
        classes = type(resource).__mro__[:-1]
        names = {name for each in classes for name in vars(each) if name.isupper()}
        names.update(filter(str.isupper, getattr(resource, "__dict__", ())))
    else:
        names = {name for name in dir(resource) if name.isupper()}
    methods = {name for name in names if callable(getattr(resource, name, None))}
    if "GET" in methods:
        methods.add("HEAD")
    return methods
