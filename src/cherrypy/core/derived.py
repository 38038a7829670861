"""What a request knows when it is asked: each function makes one attribute of it.

They are the makers of the `lazy` attributes of `cherrypy.core.request.Request`.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from cherrypy.core.body import RequestBody
from cherrypy.core.environ import local_end, remote_end
from cherrypy.core.plan import merge_layers
from cherrypy.core.received import ReceivedHeaders, fields_of, first_line
from cherrypy.http.cookies import parse_cookie
from cherrypy.http.headers import HeaderMap
from cherrypy.http.hosts import Host
from cherrypy.http.urls import SanitizedHost, urljoin

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy.core.hooks import HookMap
    from cherrypy.core.request import Request

__all__ = [
    "base",
    "body",
    "config",
    "cookie",
    "environ",
    "error_page",
    "headers",
    "hooks",
    "local",
    "login",
    "remote",
    "request_line",
    "toolmaps",
]


def headers(request: Request) -> HeaderMap:
    """The request headers by Title-Case name."""
    received = request.received
    if type(received) is ReceivedHeaders and request._header_list is None:
        headers = HeaderMap.from_titled(received.fields())
    else:
        headers = HeaderMap.from_titled(fields_of(request.header_list))
    # documented behaviour: the peer's address stands among the headers.
    exchange = request.exchange
    if exchange is not None:
        address = exchange.remote[0]
        if address:
            # Speed: past the folding of names, which is in Title-Case here.
            dict.__setitem__(headers, "Remote-Addr", address)
    return headers


def cookie(request: Request) -> SimpleCookie:
    """The cookies the client sent; illegal ones are left out."""
    return parse_cookie(request.raw_header("Cookie") or "")


def base(request: Request) -> str:
    """Scheme and authority of the URL that was asked, without a slash at the end."""
    if request.app is None:
        return ""
    host = request.raw_header("Host")
    # An empty one is legal (RFC 9112 §3.2), but no place to lead anybody to.
    if not host:
        host = request.local.name or request.local.ip or "localhost"
        if ":" in host:
            host = f"[{host}]"
    return f"{request.scheme}://{SanitizedHost(host)}"


def request_line(request: Request) -> str:
    """The first line of the request, with the path decoded."""
    return first_line(request.asked)


def body(request: Request) -> RequestBody:
    """The entity of the request."""
    expected = request.expected
    if request.raw_form is None:
        body = RequestBody(
            request.rfile, request.headers, request_params=request.params
        )
        if expected is not None:
            expected.prepare(body)
        return body
    # What was in it is where it belongs already.
    body = RequestBody(BytesIO(request.raw_form), request.headers)
    if expected is None:
        body.process()
    else:
        expected.repeat(body)
    return body


def local(request: Request) -> Host:
    """Where the request came in."""
    exchange = request.exchange
    if exchange is not None:
        ip, port = exchange.local
        return Host(ip, port, exchange.server.server_name or None)
    return local_end(request.wsgi_environ or {})


def remote(request: Request) -> Host:
    """Who sent the request."""
    if request.exchange is not None:
        return Host(*request.exchange.remote)
    return remote_end(request.wsgi_environ or {})


def login(request: Request) -> Any:
    """The user's name, if the server or a tool knows who asks."""
    exchange = request.exchange
    if exchange is None or not exchange.server.identifies:
        return None
    return exchange.connection.variables().get("REMOTE_USER")


def environ(request: Request) -> dict[str, Any] | None:
    """The WSGI environ of the request, made now if there was none."""
    if request.exchange is None:
        return None
    environ: dict[str, Any] = request.exchange.environ()
    path = environ["PATH_INFO"]
    if request.prev is not None:
        # Redirected within: not what the client has asked for.
        method, asked, environ["QUERY_STRING"], _ = request.asked
        path = asked.encode("utf-8").decode("latin-1")
        environ["REQUEST_METHOD"] = method
        environ["CONTENT_LENGTH"] = "0"
        environ["wsgi.input"] = request.rfile
    environ["SCRIPT_NAME"] = request.script_name
    environ["PATH_INFO"] = urljoin(path)[len(request.script_name) :]
    return environ


def hooks(request: Request) -> HookMap:
    """The hooks of this request; the class's and the plan's are there already."""
    if request.plan is not None:
        return request.plan.hook_map()
    pristine: HookMap = type(request).hooks
    return pristine.copy()


def error_page(request: Request) -> dict[int | str, Any]:
    """Error pages by status code or "default": file names or callables."""
    return dict(type(request).error_page)


def toolmaps(request: Request) -> dict[str, dict[str, dict[str, Any]]] | None:
    """Settings of the tools that are on for this request, by toolbox and tool."""
    if request.plan is None:
        return None
    return {
        box: {tool: settings.copy() for tool, settings in tools.items()}
        for box, tools in request.plan.toolmaps.items()
    }


def config(request: Request) -> dict[str, Any] | None:
    """The config in force for this request, as one flat dictionary."""
    if request.plan is not None:
        return dict(request.plan.config)
    if request.layers is not None:
        merged: dict[str, Any] = merge_layers(request.layers, request.static_section)
        return merged
    return None
