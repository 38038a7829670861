"""The request: what the client said, understood step by step.

Most pages look at little of what a client sends, so nearly everything is worked out
when it is first asked for: headers, cookies, parameters, the body, the hooks.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.core import bridge, derived, pipeline
from cherrypy.core.config import NamespaceSet
from cherrypy.core.context import current
from cherrypy.core.error_pages import bare_error, format_exc
from cherrypy.core.errors import HTTPError, HTTPRedirect, InternalRedirect
from cherrypy.core.forms import read_form
from cherrypy.core.hooks import Hook, HookMap, hookpoints, run_through
from cherrypy.core.lazy import LazyUUID4, absent, kept, lazy, provisional
from cherrypy.core.log import log_of
from cherrypy.core.plan import Layers, Plan
from cherrypy.core.received import HeaderPairs, ReceivedHeaders
from cherrypy.http.forms import TooManyFields, parse_query_string
from cherrypy.http.headers import HeaderMap
from cherrypy.http.hosts import Host
from cherrypy.http.urls import safe_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from http.cookies import SimpleCookie

    from cherrypy.core.body import RequestBody
    from cherrypy.core.forms import Expectation
    from cherrypy.core.received import Received
    from cherrypy.core.response import Response

__all__ = ["LazyUUID4", "Request"]


# What is made from the message of the client, and kept.
_OF_THE_MESSAGE = (
    *("base", "body", "cookie", "header_list", "headers", "params", "request_line"),
)


class Request:
    """One HTTP request.

    The class attributes are defaults; each may be set from config as
    ``request.<name>`` and on the instance.

    Args:
        local_host: Where the request came in; None if `exchange` or `wsgi_environ`
            will tell.
        remote_host: Who sent it; likewise.
        scheme: "http" or "https".
        server_protocol: The highest version the server speaks.
    """

    prev: Request | None = None
    """The request that led here by an `InternalRedirect`."""

    exchange: Any = None
    """The exchange of our own server, if it is asked without WSGI in between."""

    local: lazy[Host] = lazy(derived.local, Host("127.0.0.1", 80))
    remote: kept[Host] = kept(derived.remote, Host("127.0.0.1", 1111))

    scheme: str = "http"
    server_protocol: str = "HTTP/1.1"

    base: kept[str] = kept(derived.base, "")
    request_line: kept[str] = kept(derived.request_line, "")
    method: str = "GET"
    query_string: str = ""

    query_string_encoding: str = "utf8"
    """Charset of the query string; what cannot be decoded is answered with 404."""

    protocol: tuple[int, int] = (1, 1)
    """The lower of the client's and the server's version."""

    asked: tuple[str, str, str, str] = ("", "", "", "")
    """Method, path, query string and version, as they were given to `run`."""

    params: kept[dict[str, Any]] = kept(lambda request: {}, {})
    header_list: kept[list[Any]] = kept(lambda request: list(request.received), [])
    headers: kept[HeaderMap] = kept(derived.headers, HeaderMap())
    cookie: kept[SimpleCookie] = kept(derived.cookie)

    received: Received = HeaderPairs(())
    """The headers as they were handed to `run`."""

    rfile: Any = None
    """The raw body, as a file; use `body` instead unless you disabled it."""

    process_request_body: bool = True
    """Whether to read and understand the body before the page is called."""

    methods_with_bodies: tuple[str, ...] = ("POST", "PUT", "PATCH")
    """The methods whose body is processed."""

    body: kept[RequestBody] = kept(derived.body)

    reads_forms: ClassVar[bool] = True
    """Whether small forms and what was `expected` are read without `body`; not where a
    subclass has its own."""

    reads_empty_queries: ClassVar[bool] = False
    """Whether a subclass's own `process_query_string` is to see that there is none."""

    raw_form: bytes | None = None
    """A small form as it was sent, or what was `expected`, read without `body`."""

    expected: Expectation | None = None
    """What a tool expects of the body, as long as nobody has asked for `body`."""

    json: Any = absent(
        "cherrypy.request.json is there once tools.json_in has read it. That is not on "
        "here, or there was no body: put @cherrypy.tools.json_in() above the page."
    )
    """The document that was sent; there once `tools.json_in` has read it."""

    dispatch: Any = None
    """Finds the page for a path: called with `path_info`, sets `handler`."""

    script_name: str = ""
    """The mount point of the application, without a slash at the end."""

    path_info: str = "/"
    """The path below the application."""

    login: kept[Any] = kept(derived.login)

    app: Any = None
    """The application that answers; None outside a request."""

    handler: Any = None
    """What is called to answer; hooks may replace it, None skips it."""

    args: Any
    """The positional arguments of the page; set with the handler."""

    kwargs: Any
    """The keyword arguments of the page; set with the handler."""

    toolmaps: kept[dict[str, dict[str, dict[str, Any]]]] = provisional(
        derived.toolmaps, {}
    )
    config: kept[dict[str, Any]] = provisional(derived.config)

    layers: tuple[Mapping[str, Any], ...] | None = None
    """The live config mappings found by the dispatcher, weakest first."""

    static_section: str | None = None
    """The path of the layer that names a static directory, if one does."""

    plan: Plan | None = None
    """What the layers come to; set when the page was found."""

    is_index: bool | None = None
    """True if the path led to an index, None if the dispatcher cannot tell."""

    hooks: kept[HookMap] = kept(derived.hooks, HookMap(hookpoints))

    error_response: Any = HTTPError(500).set_response
    """Called without arguments to answer an unexpected exception."""

    error_page: lazy[dict[int | str, Any]] = lazy(derived.error_page, {})

    show_tracebacks: bool = False
    """Whether error pages show the traceback; it stands in the error log anyway."""

    explain_errors: bool = False
    """Whether error pages show source, local variables, request and config, to those
    who develop the program; see `cherrypy.core.development`."""

    show_mismatched_params: bool = True
    """Whether error pages name the parameters that do not fit."""

    throws: tuple[type[BaseException], ...] = (
        KeyboardInterrupt,
        SystemExit,
        InternalRedirect,
    )
    """What passes through `run` unanswered."""

    throw_errors: bool = False
    """Let every unexpected exception pass through `run`."""

    closed: bool = False
    stage: str | None = None
    """The step the request is in."""

    namespaces: ClassVar[NamespaceSet] = NamespaceSet()
    """Handlers of config namespaces, called for each request."""

    unique_id: lazy[LazyUUID4] = lazy(lambda request: LazyUUID4())
    wsgi_environ: lazy[dict[str, Any] | None] = lazy(derived.environ)
    multithread: bool = True
    multiprocess: bool = False

    # What lies under some of the names above; None as long as nobody has asked.
    _body: RequestBody | None
    _config: dict[str, Any] | None
    _header_list: list[Any] | None
    _headers: HeaderMap | None
    _hooks: HookMap | None
    _login: Any
    _params: dict[str, Any] | None
    _remote: Host | None
    _request_line: str | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.reads_forms = cls.reads_forms and "body" not in vars(cls)
        cls.reads_empty_queries |= "process_query_string" in vars(cls)

    def __init__(
        self,
        local_host: Host | None,
        remote_host: Host | None,
        scheme: str = "http",
        server_protocol: str = "HTTP/1.1",
    ) -> None:
        if local_host is not None:
            self.local = local_host
        if remote_host is not None:
            self.remote = remote_host
        self.scheme = scheme
        self.server_protocol = server_protocol
        # Speed: looked at again and again, and found quicker here than in the class.
        self._hooks = self._headers = self._header_list = self._params = None

    def forget_early_looks(self) -> None:
        """Forget what was asked for before there was anything to answer from."""
        for name in _OF_THE_MESSAGE:
            setattr(self, "_" + name, None)
            # Where a subclass has an attribute of its own making.
            vars(self).pop(name, None)

    def raw_header(self, name: str) -> str | None:
        """Return one header without understanding the others.

        Args:
            name: In any case.
        """
        if self._headers is not None or self._header_list is not None:
            value: str | None = self.headers.get(name)
            return value
        return self.received.find(name)

    def hooks_at(self, point: str) -> Sequence[Hook]:
        """Return the hooks of a point in the order in which they run."""
        touched = self._hooks
        if touched is not None:
            return sorted(touched[point])
        plan = self.plan
        return plan.hooks[point] if plan is not None else sorted(self.hooks[point])

    def run(
        self,
        method: str,
        path: str,
        query_string: str,
        req_protocol: str,
        headers: Iterable[tuple[str, str]] | Received,
        rfile: Any,
    ) -> Response:
        """Answer this request.

        Args:
            method: Such as "GET".
            path: With the mount point, %-decoded except for ``%2F``.
            query_string: What followed the question mark, still encoded.
            req_protocol: The client's version, such as "HTTP/1.1".
            headers: Pairs of name and value.
            rfile: A file to read the body from.

        Returns:
            The response, final but for the body, which may still be produced while
            it is being sent.

        Raises:
            Exception: One of `throws`; anything if `throw_errors` is set.
        """
        response = current.get().response
        self.stage = "run"
        try:
            path = path or "/"
            self.asked = method, path, query_string, req_protocol
            self.method = method
            self.query_string = query_string
            pairs: Any = headers
            # Speed: what comes from our own server, as a rule.
            usual = pairs.__class__ is ReceivedHeaders or hasattr(pairs, "find")
            self.received = pairs if usual else HeaderPairs(pairs)
            self.rfile = rfile
            if req_protocol != "HTTP/1.1" or self.server_protocol != "HTTP/1.1":
                self.protocol = min(
                    _version(req_protocol), _version(self.server_protocol)
                )
                response.headers.protocol = self.protocol
            self.script_name = script_name = self.app.script_name
            # Empty at a mount point without its slash, which trailing_slash then adds.
            self.path_info = path_info = path[len(script_name) :]
            self.stage = "respond"
            self.respond(path_info)
        except self.throws:
            raise
        except Exception:  # boundary: the last line of defence
            if self.throw_errors:
                raise
            self._fall_back(response)
        if method == "HEAD":
            response.discard_body()
        log_of(self.app).access()
        return response

    def _fall_back(self, response: Response) -> None:
        """Answer with as little of the framework as can be."""
        self.stage = "handle_error"
        log_of(self.app)(traceback=True, severity=logging.ERROR)
        extra = format_exc() if self.show_tracebacks else ""
        response.discard_body()
        response.output_status, response.header_list, response.body = bare_error(extra)
        response.status = response.output_status.decode("ascii")

    def respond(self, path_info: str) -> None:
        """Find the page, call it, and finish the response."""
        story = pipeline.respond(self, current.get().response, path_info)
        bridge.run(story)

    def process_headers(self) -> None:
        """Check what must be there before anything else is looked at.

        Raises:
            HTTPError: 400, an HTTP/1.1 request has no Host, or one that is none.
        """
        if self.exchange is not None:
            # Our own server has seen to it.
            return
        host = self.raw_header("Host")
        if host is None:
            if self.protocol >= (1, 1):
                raise HTTPError(400, "HTTP/1.1 requires a 'Host' request header.")
        elif host and not _is_host(host[:_LONGEST_HOST]):
            raise HTTPError(400, f"The Host header {host!r} names no host.")

    def get_resource(self, path: str) -> None:
        """Let the dispatcher find the page: it sets `handler` and the config."""
        dispatch = self.dispatch
        for section in self.app.config.values():
            if "request.dispatch" in section:
                dispatch = self.app.find_config(path, "request.dispatch", dispatch)
                break
        dispatch(path)

    def apply_plan(self, response: Response) -> Mapping[str, Sequence[Hook]]:
        """Work out what the config that was found asks for, and do it.

        Returns:
            The hooks that are planned, by point.
        """
        app = self.app
        if self._config is not None:
            # Merged by somebody else, and as a rule anew for each request.
            plan = Plan.compile(self, (self.config,), None, app.toolboxes)
        else:
            layers, toolboxes = self.layers or (), app.toolboxes
            # Speed: layers that come again bring their plan along.
            known = layers.plan if type(layers) is Layers else None
            if known is not None and known.holds(self, toolboxes):
                plan = known
            else:
                plan = app.plans.find(self, layers, self.static_section, toolboxes)
        plan.apply(self, response)
        return plan.hooks

    def process_query_string(self) -> None:
        """Add what the query string says to `params`.

        Raises:
            HTTPError: 404, it cannot be decoded; 400, it has too many fields.
        """
        encoding = self.query_string_encoding
        try:
            found = parse_query_string(self.query_string, encoding=encoding)
        except UnicodeDecodeError as problem:
            raise HTTPError(
                404,
                "The given query string could not be processed. Query strings for "
                f"this resource must be encoded with {encoding!r}.",
            ) from problem
        except TooManyFields as problem:
            raise HTTPError(400, str(problem)) from problem
        if self._params is None:
            self._params = found
        else:
            self._params.update(found)

    def process_body(self) -> None:
        """Read and understand the body; its fields are added to `params`.

        Raises:
            HTTPError: See `RequestBody.process`.
        """
        if self._body is None and type(self).reads_forms:
            self.raw_form = read_form(self)
            if self.raw_form is not None:
                return
        self.body.process()

    def handle_error(self) -> None:
        """Answer an unexpected exception, the one that is being handled now."""
        response = current.get().response
        if self.plan is None:
            # Too early for tools.log_tracebacks, and for what config says of pages.
            log_of(self.app)(traceback=True, severity=logging.ERROR)
            key = "request.explain_errors"
            site = self.app.site_config.get(key, self.explain_errors)
            self.explain_errors = self.app.find_config(self.path_info, key, site)
        try:
            self.stage = "before_error_response"
            bridge.run(run_through(self.hooks_at("before_error_response")))
            self.stage = "error_response"
            if self.error_response is not None:
                answering = self.error_response()
                if bridge.is_awaitable(answering):
                    bridge.wait_for(answering)
            self.stage = "after_error_response"
            bridge.run(run_through(self.hooks_at("after_error_response")))
            response.finalize()
        except HTTPRedirect as redirect:
            redirect.set_response()
            response.finalize()

    def close(self) -> None:
        """Run the last hooks; called once, when the answer is out."""
        if not self.closed:
            self.closed = True
            self.stage = "on_end_request"
            # Speed: most requests have no such hooks.
            if (
                self.plan is None
                or self.plan.hooks["on_end_request"]
                or self._hooks is not None
            ):
                hooks = self.hooks_at("on_end_request")
                bridge.run(run_through(hooks))
            self.stage = "close"

    @property
    def body_params(self) -> dict[str, Any]:
        """The parameters of the body; deprecated, use `body.params`."""
        import warnings

        warnings.warn(
            "request.body_params is deprecated; use request.body.params.",
            DeprecationWarning,
            stacklevel=2,
        )
        params: dict[str, Any] = self.body.params
        return params


# No name of a host is as long (RFC 1035 §2.3.4), with brackets and a port.
_LONGEST_HOST = 300


@lru_cache(maxsize=256)
def _is_host(text: str) -> bool:
    """Tell whether a Host header names a host; clients send few different ones."""
    return len(text) < _LONGEST_HOST and safe_host(text) is not None


def _version(protocol: str) -> tuple[int, int]:
    """Return the version that a protocol names; what cannot be read is old."""
    major, _, minor = protocol.partition("/")[2].partition(".")
    try:
        return int(major), int(minor or 0)
    except ValueError:
        return 1, 0
