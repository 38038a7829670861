"""The story of a request: the steps, and nothing but their order.

The steps themselves are methods of `Request` and `Response`, so that a subclass may
replace one. Told as a generator that yields whatever has to be awaited; who reads it,
in a thread or on a loop, is the business of `cherrypy.core.bridge`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.core import bridge
from cherrypy.core.errors import HTTPError, HTTPRedirect, TimeoutError
from cherrypy.core.hooks import run_through
from cherrypy.http.elements import MalformedHeader
from cherrypy.httpd.protocols.events import RequestRefused

if TYPE_CHECKING:
    from cherrypy.core.bridge import Story
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = ["respond"]

# Speed: what most pages return is none of these, and asking a type for an attribute
# costs more than finding it in a set.
_PLAIN = frozenset({bytes, str, list, tuple, dict, type(None)})

# What is raised to be answered.
_REPLIES = (HTTPError, HTTPRedirect, MalformedHeader, RequestRefused)


def respond(request: Request, response: Response, path_info: str) -> Story:
    """Answer one request, yielding whatever has to be awaited.

    Raises:
        Exception: What is in `request.throws`, and anything unexpected if
            `request.throw_errors` is set.
    """
    try:
        try:
            request.stage = "process_headers"
            request.process_headers()
            request.stage = "get_resource"
            request.get_resource(path_info)
            planned = request.apply_plan(response)

            # Speed: most points are empty, and most requests leave the hooks alone.
            request.stage = "on_start_resource"
            if request._hooks is not None:
                yield from run_through(request.hooks_at("on_start_resource"))
            elif planned["on_start_resource"]:
                yield from run_through(planned["on_start_resource"])
            if request.query_string or request.reads_empty_queries:
                request.stage = "process_query_string"
                request.process_query_string()

            if (
                request.process_request_body
                and request.method not in request.methods_with_bodies
            ):
                request.process_request_body = False
            request.stage = "before_request_body"
            if request._hooks is not None:
                yield from run_through(request.hooks_at("before_request_body"))
            elif planned["before_request_body"]:
                yield from run_through(planned["before_request_body"])
            if request.process_request_body:
                request.stage = "process_body"
                request.process_body()
                if response.timed_out:
                    raise _timeout(request, response)

            request.stage = "before_handler"
            if request._hooks is not None:
                yield from run_through(request.hooks_at("before_handler"))
            elif planned["before_handler"]:
                yield from run_through(planned["before_handler"])
            handler = request.handler
            if handler is not None:
                request.stage = "handler"
                result: Any = handler()
                if type(result) not in _PLAIN and bridge.is_awaitable(result):
                    result = yield result
                response.body = result

            request.stage = "before_finalize"
            if request._hooks is not None:
                yield from run_through(request.hooks_at("before_finalize"))
            elif planned["before_finalize"]:
                yield from run_through(planned["before_finalize"])
            response.finalize()
            if response.timed_out:
                raise _timeout(request, response)
        except _REPLIES as raised:
            # documented behaviour: without arguments, as subclasses define it.
            _reply(raised).set_response()
            request.stage = "before_finalize (HTTPError)"
            try:
                yield from run_through(request.hooks_at("before_finalize"))
            except _REPLIES as another:
                # A tool does not like the request either: nobody else is asked.
                _reply(another).set_response()
            response.finalize()
        finally:
            request.stage = "on_end_resource"
            plan = request.plan
            if (
                plan is None
                or plan.hooks["on_end_resource"]
                or request._hooks is not None
            ):
                yield from run_through(request.hooks_at("on_end_resource"))
    except request.throws:
        raise
    except Exception:  # boundary: a page may fail in any way
        if request.throw_errors:
            raise
        request.handle_error()


def _reply(
    raised: HTTPError | HTTPRedirect | MalformedHeader | RequestRefused,
) -> HTTPError | HTTPRedirect:
    """Return what a raised exception answers; mistakes of the client are 4xx."""
    if isinstance(raised, MalformedHeader):
        return HTTPError(400, str(raised))
    if isinstance(raised, RequestRefused):
        return HTTPError(raised.status, raised.message)
    return raised


def _timeout(request: Request, response: Response) -> TimeoutError:
    """Make the error that ends a page which the timeout monitor has given up."""
    return TimeoutError(
        f"{request.request_line!r} took longer than response.timeout, "
        f"{response.timeout} seconds."
    )
