"""An application: a tree of objects, a place to stand, and a config."""

from __future__ import annotations

import logging
from threading import get_ident
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol
from weakref import WeakSet

from cherrypy.core import config as configuration
from cherrypy.core import context
from cherrypy.core.config import NamespaceSet
from cherrypy.core.context import Serving, current
from cherrypy.core.log import LogManager, log_of
from cherrypy.core.plan import Plans
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.core.wsgi import AppResponse, CPWSGIApp, recode_path_qs
from cherrypy.http.hosts import Host

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping

    from cherrypy.http.types import StartResponse
    from cherrypy.httpd.exchange import Exchange

__all__ = ["Application", "Bus", "active", "applications", "reopen_logs", "shortened"]


_new = object.__new__

active: set[Serving] = set()
"""The exchanges in progress; the timeout monitor looks at them."""


applications: WeakSet[Application] = WeakSet()
"""All the applications that there are, mounted or not."""


def reopen_logs() -> None:
    """Close the log files of all applications and open them again, after a rotation."""
    for app in tuple(applications):
        app.log.reopen_files()


class Bus(Protocol):
    """As much of the process bus as a request needs."""

    @property
    def listeners(self) -> Mapping[str, Any]:
        """The listeners by channel."""
        ...

    def publish(self, channel: str, /) -> Any:
        """Tell the listeners of a channel."""
        ...


class Application:
    """A root object, mounted at a path, with its own config and logs.

    It is a WSGI application.

    Args:
        root: The root of the object tree; may be None with a dispatcher that does
            not need one.
        script_name: The URL path of the mount point, such as "/blog"; "" is the
            root of the site. None means that the server says it in each request.
        config: A dict of dicts by path, or a file name or open file.
    """

    bus: ClassVar[Bus | None] = None
    """Is told of requests that begin and end; joined in `cherrypy.environment`."""

    known_threads: ClassVar[Container[int]] = ()
    """Identities of threads of which those in `thread_listeners` know."""

    thread_listeners: ClassVar[Collection[object]] = ()
    """Listeners to ``acquire_thread`` that want to be told of a thread only once."""

    site_config: ClassVar[Mapping[str, Any]] = {}
    """The config of the site, the weakest of all; joined likewise."""

    root: Any = None
    config: dict[str, dict[str, Any]]
    namespaces: NamespaceSet = NamespaceSet()
    """Handlers of config namespaces, called when config is merged."""

    # documented behaviour: one dictionary. A box of tools that one application adds
    # must not be silently missing where another one's config turns its tools on.
    toolboxes: dict[str, Any] = {}  # noqa: RUF012 - shared on purpose
    """Boxes of tools by the namespace under which config names them; the same for all
    applications, unless one is given a dictionary of its own."""

    log: LogManager
    wsgiapp: CPWSGIApp

    request_class: type[Request] = Request
    response_class: type[Response] = Response

    relative_urls: bool | str = False
    """What `cherrypy.url` gives by default: False for absolute URLs, True for
    relative ones, "server" for ones that start with a slash."""

    unchanged: ClassVar[bool] = True
    """Whether requests are begun and answered as this class does it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.unchanged = (
            cls.__call__ is Application.__call__
            and cls.get_serving is Application.get_serving
        )

    def __init__(
        self, root: Any, script_name: str | None = "", config: Any = None
    ) -> None:
        self.log = LogManager(id(self))
        self.root = root
        self.script_name = script_name
        self.wsgiapp = CPWSGIApp(self)
        self.plans: Plans = Plans()
        """What is known of the pages beforehand; see `cherrypy.core.plan`."""
        self.ways: dict[str, Any] = {}
        """What dispatchers know of the ways to the pages, by path; see
        `cherrypy.extension.dispatch.ways`."""
        self.namespaces = self.namespaces.copy()
        self.namespaces["log"] = lambda k, v: setattr(self.log, k, v)
        self.namespaces["wsgi"] = self.wsgiapp.namespace_handler
        self.config = {}
        applications.add(self)
        if config:
            self.merge(config)

    def __repr__(self) -> str:
        name = f"{type(self).__module__}.{type(self).__name__}"
        return f"{name}({self.root!r}, {self._script_name!r})"

    @property
    def script_name(self) -> str:
        """The URL path of the mount point, without a slash at the end.

        If the application was made with None, each request's own SCRIPT_NAME.
        """
        if self._script_name is not None:
            return self._script_name
        environ = current.get().request.wsgi_environ or {}
        name = str(environ.get("SCRIPT_NAME", "")).rstrip("/")
        if name.isascii():
            return name
        # As the path: what is left of it begins behind this.
        encoding = self.find_config("/", "request.uri_encoding", "utf-8")
        return (recode_path_qs(name, "", encoding) or (name, ""))[0]

    @script_name.setter
    def script_name(self, value: str | None) -> None:
        self._script_name = value.rstrip("/") if value else value

    script_name_doc: str | None = script_name.__doc__

    @property
    def plain(self) -> bool:
        """Whether a server of ours may call the application without WSGI."""
        wsgiapp = self.wsgiapp
        return (
            wsgiapp.pipeline == CPWSGIApp.pipeline
            and type(wsgiapp) is CPWSGIApp
            and wsgiapp.response_class is AppResponse
            and not wsgiapp.config
            and wsgiapp.head is None
            and self._script_name is not None
            and self.unchanged
        )

    def merge(self, config: Any) -> None:
        """Add to the config and act on its namespaces.

        Args:
            config: A dict of dicts by path, or a file name or open file.

        Raises:
            ValueError: A section is not a dict.
        """
        configuration.merge(self.config, config)
        self.namespaces(self.config.get("/", {}))

    def find_config(self, path: str, key: str, default: Any = None) -> Any:
        """Return the most specific value of a key for a path."""
        if len(path) > 256:
            path = shortened(path, self.config)
        trail = path or "/"
        while True:
            section = self.config.get(trail)
            if section is not None and key in section:
                return section[key]
            if trail == "/":
                return default
            trail = trail[: max(trail.rfind("/"), 0)] or "/"

    def get_serving(
        self,
        local: Host | None,
        remote: Host | None,
        scheme: str,
        sproto: str = "HTTP/1.1",
        exchange: Exchange | None = None,
        environ: dict[str, Any] | None = None,
    ) -> tuple[Request, Response]:
        """Make a request and a response and let the present context serve them.

        Args:
            local: Where the request came in; None if one of the last two tells it,
                when it is asked.
            remote: Who sent it; likewise.
            scheme: "http" or "https".
            sproto: The highest version that the server speaks.
            exchange: What our own server knows of the request.
            environ: What any server does.
        """
        request = self.request_class(local, remote, scheme, sproto)
        request.app = self
        if exchange is not None:
            request.exchange = exchange
        elif environ is not None:
            request.wsgi_environ = environ
        response = self.response_class()
        # Speed: half the time of a call of the class.
        serving = _new(Serving)
        serving.request = request
        serving.response = response
        current.set(serving)
        active.add(serving)
        bus = self.bus
        if bus is not None:
            waiting = bus.listeners.get("acquire_thread")
            # Speed: nobody but the thread manager listens, and it knows this thread.
            if waiting and not (
                get_ident() in self.known_threads and waiting == self.thread_listeners
            ):
                bus.publish("acquire_thread")
            if bus.listeners.get("before_request"):
                bus.publish("before_request")
                request.forget_early_looks()
        return request, response

    def release_serving(self) -> None:
        """End the present request: run the last hooks and forget it."""
        serving = current.get()
        if serving is context.outside:
            return
        bus = self.bus
        try:
            try:
                if bus is not None and bus.listeners.get("after_request"):
                    bus.publish("after_request")
            finally:
                serving.request.close()
        except Exception:  # boundary: the answer is out; all that is left is to log
            log_of(self)(traceback=True, severity=logging.ERROR)
        finally:
            active.discard(serving)
            current.set(context.outside)

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a WSGI call."""
        return self.wsgiapp(environ, start_response)


def shortened(path: str, places: Iterable[str]) -> str:
    """Cut a path, by whole parts, to what can be one of some places or a part of one.

    Trying one beginning after the other takes time that grows with the square of the
    length, and clients choose the length.
    """
    longest = max(map(len, places), default=0)
    if len(path) <= longest:
        return path
    return path[: max(path.rfind("/", 0, longest + 1), 0)]


class _NoRequest(Request):
    """What ``cherrypy.request`` is outside of a request: harmless defaults."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"cherrypy.request has no {name!r} here, because nothing is being served: "
            "this is outside of a request, at import or in a thread of your own. Give "
            "the code what it needs as arguments."
        )


_NoRequest.__name__ = Request.__name__  # as `help` should call it

# Outside a request the ambient names find harmless defaults.
context.outside.request = _NoRequest(
    Host("127.0.0.1", 80), Host("127.0.0.1", 1111), "http", "HTTP/1.1"
)
# documented behaviour: hooks attached there are attached for all requests.
context.outside.request.hooks = Request.hooks
context.outside.response = Response()
