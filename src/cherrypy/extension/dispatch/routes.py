"""A dispatcher that finds pages by patterns, with the `routes` library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPRedirect, NotFound
from cherrypy.core.handler import LateParamPageHandler
from cherrypy.extension.dispatch.trail import CONFIG, STATIC_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cherrypy.core.request import Request

__all__ = ["RoutesDispatcher", "set_layers"]


class RoutesDispatcher:
    """Finds a page by patterns of URLs, each connected to a controller.

    The variable parts of a pattern become parameters of the page. A page needs no
    `expose`: to connect it is to expose it.

    Args:
        full_result: Put ``controller`` and ``action`` among the parameters too.
        **mapper_options: Handed to `routes.Mapper`.

    Raises:
        ImportError: The `routes` library is missing.
    """

    def __init__(self, full_result: bool = False, **mapper_options: Any) -> None:
        try:
            import routes
        except ImportError as problem:
            raise ImportError(
                "RoutesDispatcher needs the library 'routes', which is not "
                "installed. Install the extra: pip install 'morello[routes]'."
            ) from problem
        self.full_result = full_result
        self.controllers: dict[str, Any] = {}
        """The controllers by the name of their route."""
        self.mapper: Any = routes.Mapper(**mapper_options)
        """The `routes.Mapper` that knows the patterns."""
        self.mapper.controller_scan = self.controllers.keys
        self._request_config = routes.request_config
        self._has_new_routes = False

    def connect(self, name: str, route: str, controller: Any, **kwargs: Any) -> None:
        """Connect a pattern of URLs to a controller.

        Args:
            name: Of the route, and of the controller.
            route: The pattern, such as ``"/blog/{year}"``.
            controller: An object whose methods are pages, a class that is called
                for each request to make one, or a function.
            **kwargs: Handed to `routes.Mapper.connect`; ``action`` names the method.
        """
        self.controllers[name] = controller
        self.mapper.connect(name, route, controller=name, **kwargs)
        self._has_new_routes = True

    def redirect(self, url: str) -> NoReturn:
        """Redirect the client, for `routes.redirect_to`."""
        raise HTTPRedirect(url)

    def __call__(self, path_info: str) -> None:
        """Set the handler and the config of the present request."""
        page = self.find_handler(path_info)
        request = current.get().request
        if page is None:
            request.handler = NotFound()
        else:
            request.handler = LateParamPageHandler(page)

    def find_handler(self, path_info: str) -> Any:
        """Find the page for a path; its parameters are added to `request.params`.

        Returns:
            The page, or None.
        """
        request = current.get().request
        result, fixed = self._match(request, path_info)
        params: dict[str, Any] = {
            name: value.replace("%2F", "/") if isinstance(value, str) else value
            for name, value in result.items()
        }
        if not self.full_result:
            params.pop("controller", None)
            params.pop("action", None)
        request.params.update(params)

        controller = self.controllers.get(result.get("controller", ""))
        if isinstance(controller, type):
            controller = controller()
        page = _page(controller, result.get("action"), fixed)
        set_layers(request, path_info, controller, page)
        return page if callable(page) else None

    def _match(
        self, request: Request, path_info: str
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Ask the mapper; return what a pattern has matched and what it has fixed."""
        environ = request.wsgi_environ or {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": request.script_name,
            "HTTP_HOST": _host(request),
        }
        # What `routes.url_for` and `routes.redirect_to` go by.
        config = self._request_config()
        config.mapper = self.mapper
        config.environ = environ
        config.host = _host(request)
        config.protocol = request.scheme
        config.redirect = self.redirect
        if self._has_new_routes:
            self.mapper.create_regs(list(self.controllers))
            self._has_new_routes = False
        found = self.mapper.routematch(path_info, environ)
        result, route = found[:2] if found else ({}, None)
        config.mapper_dict = result
        config.route = route
        return result, getattr(route, "defaults", {})


def _page(controller: Any, action: str | None, fixed: Mapping[str, Any]) -> Any:
    """Return the method of a controller, or the controller itself.

    Args:
        controller: What the route is connected to, or None.
        action: The name of the method, which may have come with the URL.
        fixed: What the route itself says; it may name any method.
    """
    if action is None:
        return (
            controller if callable(controller) else getattr(controller, "index", None)
        )
    if action[:1] == "_" and fixed.get("action") != action:
        return None
    return getattr(controller, action, None)


def _host(request: Request) -> str:
    return request.raw_header("Host") or request.local.name or request.local.ip


def set_layers(request: Request, path_info: str, controller: Any, page: Any) -> None:
    """Collect the config: the root's, sections, the controller's, the page's.

    Args:
        request: Gets the layers.
        path_info: The path below the mount point.
        controller: What the route is connected to, or its class.
        page: What answers.
    """
    app = request.app
    layers: list[Mapping[str, Any]] = [app.site_config]
    section = None
    root_config = getattr(app.root, CONFIG, None)
    if root_config:
        layers.append(root_config)
        section = "/" if STATIC_DIRECTORY in root_config else None
    path = "/" + "/".join(atom for atom in path_info.split("/") if atom)
    places = [each for each in app.config if _is_on(each, path) and app.config[each]]
    for place in sorted(places, key=len):
        if STATIC_DIRECTORY in app.config[place]:
            section = place
    # The section of the very path overrides what the page itself says.
    last = path if path != "/" and path in places else None
    layers += [app.config[place] for place in sorted(places, key=len) if place != last]
    layers += filter(None, (getattr(each, CONFIG, None) for each in (controller, page)))
    if last is not None:
        layers.append(app.config[last])
    request.layers = tuple(layers)
    request.static_section = section


def _is_on(place: str, path: str) -> bool:
    """Tell whether a section applies to a path."""
    return place == "/" or path == place or path.startswith(place + "/")
