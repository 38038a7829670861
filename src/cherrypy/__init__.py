"""CherryPy, the pythonic, object-oriented HTTP framework, made anew as Morello.

A program is a tree of plain objects, a URL finds a method, and what the method
returns is the page::

    import cherrypy

    class Hello:
        @cherrypy.expose
        def index(self):
            return "Hello, world!"

    cherrypy.quickstart(Hello())

There are four layers. Who writes pages begins with the **application layer**:
`expose`, `popargs`, `url`, `quickstart`, the errors and redirects to raise, and the
names for what is being served: `request`, `response`, `session`, `serving`,
`thread_data`.

The **environment layer** is what stands around every request: `engine` (the process
bus), `server`, `servers`, `tree`, `config`, `log` and `checker`.

The **extension layer** is for those who build on the framework: `Tool`, the toolbox
`tools`, `dispatch`, and `lib` with the tools that come along.

The **core layer** runs it all: `Application`, `wsgi`, and the modules below
`cherrypy.core`, which tell the story of a request in the order in which it happens.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from cherrypy import _legacy, lib, process
from cherrypy.application.expose import expose, popargs
from cherrypy.application.links import url
from cherrypy.application.run import quickstart
from cherrypy.core import wsgi
from cherrypy.core.app import Application
from cherrypy.core.context import request, response, serving, thread_data
from cherrypy.core.errors import (
    CherryPyException,
    HTTPError,
    HTTPRedirect,
    InternalRedirect,
    NotFound,
    TimeoutError,
)
from cherrypy.core.log import front as _front
from cherrypy.core.tree import Tree
from cherrypy.environment.site import (
    checker,
    config,
    engine,
    log,
    present,
    server,
    servers,
    tree,
)
from cherrypy.extension import dispatch
from cherrypy.extension.tool import Tool
from cherrypy.lib.session_proxy import session
from cherrypy.lib.toolbox import default_toolbox as tools
from cherrypy.lib.toolbox import favicon

__all__ = [
    "Application",
    "CherryPyException",
    "HTTPError",
    "HTTPRedirect",
    "InternalRedirect",
    "NotFound",
    "TimeoutError",
    "Tool",
    "checker",
    "config",
    "dispatch",
    "engine",
    "expose",
    "lib",
    "log",
    "popargs",
    "process",
    "quickstart",
    "request",
    "response",
    "server",
    "servers",
    "serving",
    "session",
    "thread_data",
    "tools",
    "tree",
    "url",
    "wsgi",
]

_legacy.install(sys.modules[__name__])

Application.toolboxes["tools"] = tools
# documented behaviour: a site without an icon of its own shows ours.
Tree.favicon = staticmethod(favicon)
# documented behaviour: the name `cherrypy.tree` may be bound to another tree.
present.bearer = sys.modules[__name__]
# And `cherrypy.log` to another log.
_front.bearer = sys.modules[__name__]


if TYPE_CHECKING:
    # The function below would let type checkers believe every misspelt name.
    __version__: str
    # What tools.caching keeps; there once it has run.
    _cache: Any
    # Any, for all of these are views; what is in them has real types at home.
    _cpchecker: Any
    _cpconfig: Any
    _cpdispatch: Any
    _cperror: Any
    _cplogging: Any
    _cpnative_server: Any
    _cpreqbody: Any
    _cprequest: Any
    _cpserver: Any
    _cptools: Any
    _cptree: Any
    _cpwsgi: Any
    _cpwsgi_server: Any
    _helper: Any
    _json: Any
    _ThreadLocalProxy: Any
    _TimeoutMonitor: Any
else:

    def __getattr__(name: str) -> Any:
        """Find the version in the installed distribution, and old private names."""
        if name == "__version__":
            from cherrypy.core.error_pages import product_version

            return product_version()
        if name in _legacy.FRONT_DOOR:
            return _legacy.at_front_door(name)
        raise AttributeError(f"module 'cherrypy' has no attribute {name!r}")
