"""Dispatchers: from the path of a URL to a page. Known as ``cherrypy.dispatch``."""

from __future__ import annotations

from cherrypy.core.handler import (
    LateParamPageHandler,
    PageHandler,
    test_callable_spec,
)
from cherrypy.extension.dispatch.objects import (
    Dispatcher,
    MethodDispatcher,
    validate_translator,
)
from cherrypy.extension.dispatch.routes import RoutesDispatcher
from cherrypy.extension.dispatch.trail import punctuation_to_underscores
from cherrypy.extension.dispatch.vhosts import VirtualHost
from cherrypy.extension.dispatch.xmlrpc import XMLRPCDispatcher

__all__ = [
    "Dispatcher",
    "LateParamPageHandler",
    "MethodDispatcher",
    "PageHandler",
    "RoutesDispatcher",
    "VirtualHost",
    "XMLRPCDispatcher",
    "punctuation_to_underscores",
    "test_callable_spec",
    "validate_translator",
]
