"""The default toolbox: every builtin tool, where it steps in, and when.

Tools that belong to modules of their own (sessions, caching, authentication) come
into the box with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.extension.tool import DeprecatedTool, ErrorTool, HandlerTool, Tool
from cherrypy.extension.toolbox import Toolbox
from cherrypy.lib import cptools, encoding, jsontools, static, xmlrpcutil
from cherrypy.lib.expires import expires

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SessionAuthTool", "default_toolbox"]


class SessionAuthTool(HandlerTool):
    """A tool whose arguments are the attributes of `cptools.SessionAuth`."""

    def __init__(self, callable: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(callable, name)
        for attribute in dir(cptools.SessionAuth):
            if not attribute.startswith("_"):
                setattr(self, attribute, None)


default_toolbox = Toolbox("tools")
"""What ``cherrypy.tools`` is."""


def _fill(box: Any) -> None:
    """Put the builtin tools into a box, in the order in which a request meets them.

    Args:
        box: A toolbox. Any, because its attributes are the tools.
    """
    # on_start_resource
    box.autovary = Tool("on_start_resource", cptools.autovary, priority=0)
    box.accept = Tool("on_start_resource", cptools.accept)
    box.allow = Tool("on_start_resource", cptools.allow)
    box.redirect = Tool("on_start_resource", cptools.redirect)
    box.response_headers = Tool("on_start_resource", cptools.response_headers)
    # before_request_body
    box.proxy = Tool("before_request_body", cptools.proxy, priority=30)
    box.json_in = Tool("before_request_body", jsontools.json_in, priority=30)
    box.decode = Tool("before_request_body", encoding.decode)
    box.ignore_headers = Tool("before_request_body", cptools.ignore_headers)
    box.referer = Tool("before_request_body", cptools.referer)
    # before_handler
    box.params = Tool("before_handler", cptools.convert_params, priority=15)
    box.json_out = Tool("before_handler", jsontools.json_out, priority=30)
    box.session_auth = SessionAuthTool(cptools.session_auth)
    box.staticdir = HandlerTool(static.staticdir)
    box.staticfile = HandlerTool(static.staticfile)
    box.trailing_slash = Tool("before_handler", cptools.trailing_slash, priority=60)
    box.encode = Tool("before_handler", encoding.ResponseEncoder, priority=70)
    # before_finalize
    box.expires = Tool("before_finalize", expires)
    box.flatten = Tool("before_finalize", cptools.flatten)
    box.nsgmls = DeprecatedTool("before_finalize", _DROPPED.format("nsgmls"))
    box.tidy = DeprecatedTool("before_finalize", _DROPPED.format("tidy"))
    box.etags = Tool("before_finalize", cptools.validate_etags, priority=75)
    box.gzip = Tool("before_finalize", encoding.gzip, priority=80)
    # on_end_request, and when something went wrong
    box.log_hooks = Tool("on_end_request", cptools.log_hooks, priority=100)
    box.log_tracebacks = Tool("before_error_response", cptools.log_traceback)
    box.log_headers = Tool("before_error_response", cptools.log_request_headers)
    box.err_redirect = ErrorTool(cptools.redirect)
    box.xmlrpc = ErrorTool(xmlrpcutil.on_error)


_DROPPED = "tools.{} does nothing: the program it called is no longer supported."

_fill(default_toolbox)
