"""The default toolbox: every builtin tool, where it steps in, and when.

Tools that belong to modules of their own (sessions, caching, authentication) come
into the box with them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.extension.tool import DeprecatedTool, ErrorTool, HandlerTool, Tool
from cherrypy.extension.toolbox import Toolbox
from cherrypy.lib import (
    auth,
    auth_basic,
    auth_digest,
    caching,
    cptools,
    csrf,
    encoding,
    jsontools,
    static,
    xmlrpcutil,
)
from cherrypy.lib.compression import compress_response
from cherrypy.lib.cors import CorsTool
from cherrypy.lib.expires import expires
from cherrypy.lib.session_tool import SessionTool

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CachingTool",
    "DefaultToolbox",
    "SessionAuthTool",
    "SessionTool",
    "default_toolbox",
    "favicon",
]


class SessionAuthTool(HandlerTool):
    """A tool whose arguments are the attributes of `cptools.SessionAuth`."""

    def __init__(self, callable: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(callable, name)
        for attribute in dir(cptools.SessionAuth):
            if not attribute.startswith("_"):
                setattr(self, attribute, None)


class CachingTool(Tool):
    """The tool that answers from the cache, or has the answer kept for the next one."""

    def __init__(self) -> None:
        super().__init__("before_handler", caching.get, "caching", priority=90)

    def _wrapper(self, **kwargs: Any) -> None:
        request: Any = current.get().request
        if caching.get(**kwargs):
            request.handler = None
        elif request.cacheable:
            # After gzip (80): what is kept is not compressed again.
            request.hooks.attach("before_finalize", caching.tee_output, priority=100)

    def _hooked(self) -> Callable[..., Any]:
        return self._wrapper


_DROPPED = "tools.{} does nothing: the program it called is no longer supported."


class DefaultToolbox(Toolbox):
    """The builtin tools, in the order in which a request meets them."""

    def __init__(self) -> None:
        super().__init__("tools")
        # on_start_resource
        self.autovary: Tool = Tool("on_start_resource", cptools.autovary, priority=0)
        self.cors: CorsTool = CorsTool()
        self.accept: Tool = Tool("on_start_resource", cptools.accept)
        self.allow: Tool = Tool("on_start_resource", cptools.allow)
        self.redirect: Tool = Tool("on_start_resource", cptools.redirect)
        self.basic_auth: Tool = Tool("on_start_resource", auth.basic_auth)
        self.digest_auth: Tool = Tool("on_start_resource", auth.digest_auth)
        self.response_headers: Tool = Tool(
            "on_start_resource", cptools.response_headers
        )
        # before_request_body
        self.proxy: Tool = Tool("before_request_body", cptools.proxy, priority=30)
        self.csrf: Tool = Tool(
            "before_request_body", csrf.refuse_other_sites, priority=40
        )
        self.json_in: Tool = Tool("before_request_body", jsontools.json_in, priority=30)
        self.decode: Tool = Tool("before_request_body", encoding.decode)
        self.ignore_headers: Tool = Tool("before_request_body", cptools.ignore_headers)
        self.referer: Tool = Tool("before_request_body", cptools.referer)
        self.sessions: SessionTool = SessionTool()
        # before_handler
        self.auth_basic: Tool = Tool(
            "before_handler", auth_basic.basic_auth, priority=1
        )
        self.auth_digest: auth_digest.DigestTool = auth_digest.DigestTool(
            "before_handler", auth_digest.digest_auth, priority=1
        )
        self.params: Tool = Tool("before_handler", cptools.convert_params, priority=15)
        self.json_out: Tool = Tool("before_handler", jsontools.json_out, priority=30)
        self.session_auth: SessionAuthTool = SessionAuthTool(cptools.session_auth)
        self.staticdir: HandlerTool = HandlerTool(static.staticdir)
        self.staticfile: HandlerTool = HandlerTool(static.staticfile)
        self.trailing_slash: Tool = Tool(
            "before_handler", cptools.trailing_slash, priority=60
        )
        self.encode: Tool = Tool(
            "before_handler", encoding.ResponseEncoder, priority=70
        )
        self.caching: CachingTool = CachingTool()
        # before_finalize
        self.expires: Tool = Tool("before_finalize", expires)
        self.flatten: Tool = Tool("before_finalize", cptools.flatten)
        self.nsgmls: DeprecatedTool = DeprecatedTool(
            "before_finalize", _DROPPED.format("nsgmls")
        )
        self.tidy: DeprecatedTool = DeprecatedTool(
            "before_finalize", _DROPPED.format("tidy")
        )
        self.etags: Tool = Tool("before_finalize", cptools.validate_etags, priority=75)
        self.compress: Tool = Tool("before_finalize", compress_response, priority=79)
        self.gzip: Tool = Tool("before_finalize", encoding.gzip, priority=80)
        # on_end_request, and when something went wrong
        self.log_hooks: Tool = Tool("on_end_request", cptools.log_hooks, priority=100)
        self.log_tracebacks: Tool = Tool("before_error_response", cptools.log_traceback)
        self.log_headers: Tool = Tool(
            "before_error_response", cptools.log_request_headers
        )
        self.err_redirect: ErrorTool = ErrorTool(cptools.redirect)
        self.xmlrpc: ErrorTool = ErrorTool(xmlrpcutil.on_error)


default_toolbox: DefaultToolbox = DefaultToolbox()
"""What ``cherrypy.tools`` is."""


def favicon() -> Callable[..., Any]:
    """Make a page that shows the icon of the framework, for sites without one."""
    icon = Path(__file__).parents[1] / "favicon.ico"
    return default_toolbox.staticfile.handler(filename=str(icon))
