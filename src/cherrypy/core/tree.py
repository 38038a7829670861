"""The tree of applications: which one answers for a path."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cherrypy.core.app import Application, shortened
from cherrypy.core.context import current
from cherrypy.core.environ import whole_path
from cherrypy.http.urls import urljoin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.http.types import StartResponse, WSGIApplication

__all__ = ["Tree"]


class _Nowhere(Application):
    """Answers where no application is mounted; all its pages are missing.

    An application, so that the error pages of the site are shown there, too, and the
    log tells of the request.
    """

    def __init__(self, tree: Tree) -> None:
        super().__init__(None)
        self.tree = tree


class Tree:
    """Applications by mount point; itself a WSGI application."""

    favicon: Callable[[], Any] | None = None
    """Makes the page for ``/favicon.ico`` of a root that has none."""

    apps: dict[str, Any] = {}  # noqa: RUF012 - documented class default
    """Applications, and other WSGI callables, by script name."""

    def __init__(self) -> None:
        self.apps = {}
        self.nowhere: Application = _Nowhere(self)
        """What answers where no application is mounted."""
        self.replaced: set[str] = set()
        """The mount points at which a second application took the place of a first,
        which is mostly a mistake."""

    def mount(
        self, root: Any, script_name: str = "", config: Any = None
    ) -> Application:
        """Mount a tree of objects at a path.

        Args:
            root: The root object, or an `Application`.
            script_name: The URL path of the mount point; "" is the root.
            config: A dict of dicts by path, or a file name or open file.

        Raises:
            TypeError: `script_name` is no text.
            ValueError: An application was given that stands at another path.
        """
        if script_name is None:
            raise TypeError(
                "The 'script_name' argument may not be None. Application objects may, "
                "however, possess a script_name of None (in order to inspect the WSGI "
                "environ for SCRIPT_NAME upon each request). You cannot mount such "
                "Applications on this Tree; you must pass them to a WSGI server "
                "interface directly."
            )
        if not isinstance(script_name, str):
            raise TypeError(
                f"The mount point (script_name) is a path such as '/shop', not "
                f"{script_name!r}. Config is the argument after it: "
                "mount(Root(), '/', config)."
            )
        script_name = script_name.rstrip("/")
        if isinstance(root, Application):
            app = root
            if script_name not in ("", app.script_name):
                raise ValueError(
                    "Cannot specify a different script name and pass an Application "
                    f"instance to cherrypy.mount: {script_name!r} is not "
                    f"{app.script_name!r}."
                )
            script_name = app.script_name
        else:
            app = Application(root, script_name)
            if script_name == "" and root is not None:
                self._give_favicon(root)
        if config:
            app.merge(config)
        if self.apps.get(script_name, app) is not app:
            self.replaced.add(script_name)
        self.apps[script_name] = app
        return app

    def _give_favicon(self, root: Any) -> None:
        if self.favicon is not None and not hasattr(root, "favicon_ico"):
            # Not every object takes new attributes.
            with suppress(AttributeError, TypeError):
                root.favicon_ico = self.favicon()

    def graft(self, wsgi_callable: WSGIApplication, script_name: str = "") -> None:
        """Mount any WSGI application at a path."""
        self.apps[script_name.rstrip("/")] = wsgi_callable

    def script_name(self, path: str | None = None) -> str | None:
        """Return the mount point that answers for a path, or None.

        Args:
            path: A URL path; by default that of the present request.
        """
        if path is None:
            request = current.get().request
            path = urljoin(request.script_name, request.path_info)
        return self.script_name_of(path)

    def script_name_of(self, path: str) -> str | None:
        """Return the longest mount point that is a prefix of a path, by whole parts."""
        apps = self.apps
        if len(apps) == 1 and "" in apps:
            return ""  # speed: most programs have one application, at the root
        if len(path) > 256:
            path = shortened(path, apps)
        path = path.rstrip("/")
        while path not in apps:
            if not path:
                return None
            path = path[: path.rfind("/")] if "/" in path else ""
        return path

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a WSGI call with the application of its path."""
        path = whole_path(environ)
        script_name = self.script_name_of(path or "/")
        app = self.nowhere if script_name is None else self.apps[script_name]
        environ = environ.copy()
        environ["SCRIPT_NAME"] = script_name or ""
        environ["PATH_INFO"] = path[len(script_name or "") :]
        answer: Iterable[bytes] = app(environ, start_response)
        return answer
