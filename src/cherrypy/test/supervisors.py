"""What starts and stops the server that a test asks.

There is one for each server that `CPWebCase.default_server` may name: ``wsgi``, the
default, ``native``, and four for Apache.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.test import sites

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LocalSupervisor",
    "LocalWSGISupervisor",
    "NativeServerSupervisor",
    "Supervisor",
    "available_servers",
    "get_cpmodpy_supervisor",
    "get_modfastcgi_supervisor",
    "get_modfcgid_supervisor",
    "get_modpygw_supervisor",
    "get_modwsgi_supervisor",
    "get_wsgi_u_supervisor",
]


class Supervisor:
    """Starts and stops a server.

    Args:
        **kwargs: What it should know, such as ``host``, ``port``, ``scheme``,
            ``protocol`` and ``validate``; each becomes an attribute. ``port=0`` stands
            for any free port.
    """

    host: str = "127.0.0.1"
    """Where the server listens."""

    port: int = 0
    """The port it listens on."""

    def __init__(self, **kwargs: Any) -> None:
        for name, value in kwargs.items():
            setattr(self, name, value)
        if self.port == 0:
            self.port = sites.free_port(self.host)


class LocalSupervisor(Supervisor):
    """A server in the process of the tests."""

    using_apache: bool = False
    """Whether Apache stands before it."""

    using_wsgi: bool = False
    """Whether applications are called by WSGI."""

    httpserver_class: str | None = None
    """The dotted name of the server's class; by default that of `cherrypy.server`."""

    def start(self, modulename: str | None = None) -> None:
        """Start the engine, and with it the server.

        Args:
            modulename: The module of the tests; it is here already.

        Raises:
            ChannelFailures: Something could not be started.
        """
        # Whoever made a server of his own wants that one.
        if cherrypy.server.httpserver is None:
            cherrypy.server.httpserver = self.httpserver_class
        sites.start_engine()
        self.sync_apps()

    def sync_apps(self) -> None:
        """Tell the server which applications there are; it asks the tree itself."""

    def stop(self) -> None:
        """Let the engine exit, and take away further servers.

        Raises:
            ChannelFailures: Something could not be stopped.
        """
        try:
            sites.stop_engine()
        finally:
            for name, server in list(cherrypy.servers.items()):
                server.unsubscribe()
                del cherrypy.servers[name]


class NativeServerSupervisor(LocalSupervisor):
    """The server as it runs in production: it calls applications without WSGI."""

    httpserver_class: str | None = "cherrypy._cpnative_server.CPHTTPServer"
    using_apache = False
    using_wsgi = False


class LocalWSGISupervisor(LocalSupervisor):
    """The server that calls applications by WSGI."""

    httpserver_class: str | None = "cherrypy._cpwsgi_server.CPWSGIServer"
    using_apache = False
    using_wsgi = True

    validate: bool = False
    """Whether `wsgiref.validate` looks at each call."""

    def sync_apps(self) -> None:
        """Put the WSGI validator before the applications, if it is asked for."""
        if self.validate:
            cherrypy.server.httpserver.wsgi_app = self.get_app()

    def get_app(self, app: Any = None) -> Any:
        """Return what the server shall call.

        Args:
            app: The application to call in the end; by default the tree.
        """
        app = app or cherrypy.tree
        if self.validate:
            from wsgiref import validate

            app = validate.validator(app)
        return app


def get_wsgi_u_supervisor(**options: Any) -> LocalWSGISupervisor:
    """Return a supervisor for ``wsgi_u``: that draft of WSGI became WSGI 1.0."""
    return LocalWSGISupervisor(**options)


def _apache(module: str, supervisor: str, options: dict[str, Any]) -> Any:
    return getattr(import_module(f"cherrypy.test.{module}"), supervisor)(**options)


def get_cpmodpy_supervisor(**options: Any) -> Any:
    """Return a supervisor for Apache with mod_python and its own handler."""
    supervisor = _apache("modpy", "ModPythonSupervisor", options)
    supervisor.template = import_module("cherrypy.test.modpy").conf_cpmodpy
    return supervisor


def get_modpygw_supervisor(**options: Any) -> Any:
    """Return a supervisor for Apache with mod_python and a gateway to WSGI."""
    supervisor = _apache("modpy", "ModPythonSupervisor", options)
    supervisor.template = import_module("cherrypy.test.modpy").conf_modpython_gateway
    supervisor.using_wsgi = True
    return supervisor


def get_modwsgi_supervisor(**options: Any) -> Any:
    """Return a supervisor for Apache with mod_wsgi."""
    return _apache("modwsgi", "ModWSGISupervisor", options)


def get_modfcgid_supervisor(**options: Any) -> Any:
    """Return a supervisor for Apache with mod_fcgid."""
    return _apache("modfcgid", "ModFCGISupervisor", options)


def get_modfastcgi_supervisor(**options: Any) -> Any:
    """Return a supervisor for Apache with mod_fastcgi."""
    return _apache("modfastcgi", "ModFCGISupervisor", options)


available_servers: dict[str, Callable[..., Any]] = {
    "wsgi": LocalWSGISupervisor,
    "wsgi_u": get_wsgi_u_supervisor,
    "native": NativeServerSupervisor,
    "cpmodpy": get_cpmodpy_supervisor,
    "modpygw": get_modpygw_supervisor,
    "modwsgi": get_modwsgi_supervisor,
    "modfcgid": get_modfcgid_supervisor,
    "modfastcgi": get_modfastcgi_supervisor,
}
"""What makes a supervisor, by the name of the server."""
