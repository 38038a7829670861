"""The WSGI face of an application (PEP 3333), with its pipeline of middleware."""

from __future__ import annotations

import io
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.core.context import current, outside
from cherrypy.core.environ import EnvironHeaders, local_end, remote_end, whole_path
from cherrypy.core.error_pages import bare_error, format_exc
from cherrypy.core.errors import InternalRedirect
from cherrypy.core.log import log_exception

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cherrypy.core.app import Application
    from cherrypy.core.context import Serving
    from cherrypy.core.received import Received
    from cherrypy.http.types import HeaderList, StartResponse, Write, WSGIApplication

__all__ = [
    "AppResponse",
    "CPWSGIApp",
    "ExceptionTrapper",
    "InternalRedirector",
    "VirtualHost",
    "recode_path_qs",
    "visit_once",
    "what_is_no_bytes",
]


class VirtualHost:
    """WSGI middleware that chooses an application by the Host header.

    Args:
        default: The application for every other host.
        domains: Applications by host, with the port where it is not the usual one.
        use_x_forwarded_host: Let ``X-Forwarded-Host`` name the host. Only sensible
            behind a proxy that sets it.
    """

    default: WSGIApplication
    use_x_forwarded_host: bool = True
    domains: dict[str, WSGIApplication]

    def __init__(
        self,
        default: WSGIApplication,
        domains: Mapping[str, WSGIApplication] | None = None,
        use_x_forwarded_host: bool = True,
    ) -> None:
        self.default = default
        self.domains = dict(domains or {})
        self.use_x_forwarded_host = use_x_forwarded_host

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Pass the request on to the application of its host."""
        domain = environ.get("HTTP_HOST", "")
        if self.use_x_forwarded_host:
            domain = environ.get("HTTP_X_FORWARDED_HOST", domain)
        return self.domains.get(domain, self.default)(environ, start_response)


def visit_once(seen: list[str], redirect: InternalRedirect, script_name: str) -> None:
    """Note where an internal redirect leads, in `seen`.

    Raises:
        RuntimeError: The request has been there before; it would turn in circles.
    """
    uri = script_name + redirect.path
    if redirect.query_string:
        uri = f"{uri}?{redirect.query_string}"
    if uri in seen:
        raise RuntimeError(
            f"InternalRedirector visited the same URL twice: {uri!r}. A page must "
            "not redirect to itself, directly or by way of others."
        )
    seen.append(uri)


class InternalRedirector:
    """WSGI middleware that runs a request again on `InternalRedirect`.

    Args:
        nextapp: The application below.
        recursive: Allow the same URI to be visited more than once.
    """

    def __init__(self, nextapp: WSGIApplication, recursive: bool = False) -> None:
        self.nextapp = nextapp
        self.recursive = recursive

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application until it answers instead of redirecting."""
        try:
            return self.nextapp(environ, start_response)
        except InternalRedirect as redirect:
            return self.follow(redirect, environ, start_response)

    def follow(
        self,
        redirect: InternalRedirect,
        environ: dict[str, Any],
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Go where a redirect leads, and on from there.

        Raises:
            RuntimeError: It leads in circles.
        """
        seen = [_uri(environ)]
        asked_for_head = environ["REQUEST_METHOD"] == "HEAD"
        while True:
            if not self.recursive:
                visit_once(seen, redirect, environ.get("SCRIPT_NAME", ""))
            environ = environ.copy()
            environ["REQUEST_METHOD"] = "GET"
            environ["PATH_INFO"] = _as_bytes_in_text(redirect.path, redirect)
            environ["QUERY_STRING"] = _as_bytes_in_text(redirect.query_string, redirect)
            environ["wsgi.input"] = io.BytesIO()
            environ["CONTENT_LENGTH"] = "0"
            environ["cherrypy.previous_request"] = redirect.request
            try:
                body = self.nextapp(environ, start_response)
            except InternalRedirect as another:
                redirect = another
            else:
                return _closed(body) if asked_for_head else body


def _closed(body: Iterable[bytes]) -> list[bytes]:
    """Leave a body out: servers pass on what they get, for HEAD too."""
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return []


def _as_bytes_in_text(text: str, redirect: InternalRedirect) -> str:
    """Return text as PEP 3333 wants it, in the encoding that it will be read in."""
    if text.isascii():
        return text
    app, encoding = redirect.request.app, "utf-8"
    if app is not None:
        encoding = app.find_config(redirect.path, "request.uri_encoding", encoding)
    return text.encode(encoding).decode("latin-1")


def _uri(environ: Mapping[str, Any]) -> str:
    """Return path and query of a WSGI call."""
    path = whole_path(environ)
    query_string = environ.get("QUERY_STRING")
    return f"{path}?{query_string}" if query_string else path


class ExceptionTrapper:
    """WSGI middleware that answers what nobody caught with a bare 500.

    Args:
        nextapp: The application below.
        throws: What is passed on instead.
    """

    def __init__(
        self,
        nextapp: WSGIApplication,
        throws: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit),
    ) -> None:
        self.nextapp = nextapp
        self.throws = throws

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application below, and guard its answer to the end."""
        return _TrappedResponse(self.nextapp, environ, start_response, self.throws)


class _TrappedResponse:
    """The answer of an application, with its exceptions trapped at every step."""

    def __init__(
        self,
        nextapp: WSGIApplication,
        environ: dict[str, Any],
        start_response: StartResponse,
        throws: tuple[type[BaseException], ...],
    ) -> None:
        self.throws = throws
        self.environ = environ
        self.start_response = start_response
        self.started = False
        self.response: Iterable[bytes] = self.trap(nextapp, environ, start_response)
        self.iterator = iter(self.response)

    def __iter__(self) -> Iterator[bytes]:
        self.started = True
        return self

    def __next__(self) -> bytes:
        chunk: bytes = self.trap(next, self.iterator)
        return chunk

    def close(self) -> None:
        """Close the answer below."""
        close = getattr(self.response, "close", None)
        if close is not None:
            close()

    def trap(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except self.throws:
            raise
        except StopIteration:
            raise
        except Exception:  # boundary: the server must get an answer
            body = _answer_bare(self.environ, self.start_response)
            if not self.started:
                return body
            # In the middle of the body: this chunk is the last.
            self.iterator = iter(())
            return b"".join(body)


def _answer_bare(
    environ: Mapping[str, Any], start_response: StartResponse
) -> list[bytes]:
    """Log the exception being handled and begin an answer that says little of it.

    Raises:
        Exception: The one being handled, if the answer has been begun already.
    """
    request = environ.get("cherrypy.request") or current.get().request
    log_exception(request)
    status, headers, body = bare_error(format_exc() if request.show_tracebacks else "")
    start_response(*_as_text(status, headers), sys.exc_info())
    return body


def recode_path_qs(
    path: str, query_string: str, encoding: str
) -> tuple[str, str] | None:
    """Decode a path that a WSGI server took for ISO-8859-1.

    Args:
        path: Bytes as text, as PEP 3333 wants it.
        query_string: Likewise.
        encoding: The charset in truth, such as "utf-8".

    Returns:
        Both decoded, or None if they are not in that charset.
    """
    if path.isascii() and query_string.isascii():
        return path, query_string
    try:
        return (
            path.encode("latin-1").decode(encoding),
            query_string.encode("latin-1").decode(encoding),
        )
    except UnicodeError:
        return None


class AppResponse:
    """The answer of an `Application` to one WSGI call: its iterable of bytes.

    Args:
        environ: As in PEP 3333.
        start_response: As in PEP 3333.
        cpapp: The application.
    """

    headerNames: ClassVar[dict[str, str]] = {
        "HTTP_CGI_AUTHORIZATION": "Authorization",
        "CONTENT_LENGTH": "Content-Length",
        "CONTENT_TYPE": "Content-Type",
        "REMOTE_HOST": "Remote-Host",
        "REMOTE_ADDR": "Remote-Addr",
    }
    """Environ keys that are headers, beside those that start with ``HTTP_``."""

    serving: Serving = outside
    previous: Serving = outside

    def __init__(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
        cpapp: Application,
    ) -> None:
        self.cpapp = cpapp
        self.environ = environ
        self.previous = self.serving = current.get()
        try:
            self.run()
            self.serving = current.get()
            response = self.serving.response
            status, headers = _as_text(response.output_status, response.header_list)
            self.iter_response: Iterator[bytes] = iter(response._body)
            self.write: Write = start_response(status, headers)
        except BaseException:
            self.serving = serving = current.get()
            self.close()
            if serving is not self.previous:
                # For those who log the exception and answer it.
                environ["cherrypy.request"] = serving.request
            raise

    def __iter__(self) -> Iterator[bytes]:
        # Speed: what is there already needs no context to be made in.
        if self.serving.response._body.__class__ is list:
            return self.iter_response
        return self

    def __next__(self) -> bytes:
        # Another request may have begun in this thread since the last chunk.
        here = current.get()
        current.set(self.serving)
        try:
            chunk: bytes = next(self.iter_response)
            return chunk
        finally:
            current.set(here)

    next = __next__

    def close(self) -> None:
        """Close the body, run the last hooks and put back what was served before."""
        serving, self.serving = self.serving, self.previous
        if serving is self.previous:
            return
        # Request and environ know each other: a circle, broken here.
        self.environ.pop("cherrypy.request", None)
        here = current.get()
        if here is not serving:
            current.set(serving)
        try:
            # Speed: a list has nothing to be closed.
            if serving.response._body.__class__ is not list:
                serving.response.discard_body()
        finally:
            self.cpapp.release_serving()
            # A thread may have begun several answers before it ends the first.
            before = self.previous if here is serving else here
            if not (before is outside or before.request.closed):
                current.set(before)

    def __del__(self) -> None:
        # Middleware should close what it was given (PEP 3333), and some does not. The
        # request would go on for ever, with the locks and connections of its hooks.
        if self.serving is not self.previous:
            self.close()

    def run(self) -> None:
        """Make the request from the environ and answer it."""
        environ = self.environ
        app = self.cpapp
        get = environ.get
        scheme = environ["wsgi.url_scheme"]
        protocol = get("ACTUAL_SERVER_PROTOCOL", "HTTP/1.1")
        if app.unchanged:
            request, _ = app.get_serving(None, None, scheme, protocol, environ=environ)
        else:
            ends = local_end(environ), remote_end(environ)
            request, _ = app.get_serving(*ends, scheme, protocol)
            request.wsgi_environ = environ
        # LOGON_USER is what IIS sets.
        user = get("LOGON_USER") or get("REMOTE_USER")
        if user:
            request.login = user
        request.multithread = environ["wsgi.multithread"]
        request.multiprocess = environ["wsgi.multiprocess"]
        environ["cherrypy.request"] = request
        request.prev = get("cherrypy.previous_request")
        path = whole_path(environ)
        query_string = get("QUERY_STRING", "")
        recoded = self.recode_path_qs(path, query_string)
        if recoded is not None:
            path, query_string = recoded
        headers: Received | Iterable[tuple[str, str]]
        if type(self).translate_headers is AppResponse.translate_headers:
            headers = EnvironHeaders(environ, self.headerNames)
        else:
            headers = self.translate_headers(environ)
        request.run(
            environ["REQUEST_METHOD"],
            path,
            query_string,
            get("SERVER_PROTOCOL", "HTTP/1.1"),
            headers,
            environ["wsgi.input"],
        )

    def recode_path_qs(self, path: str, qs: str) -> tuple[str, str] | None:
        """Decode path and query by the application's ``request.uri_encoding``."""
        if path.isascii() and qs.isascii():
            return None
        encoding = self.cpapp.find_config(path, "request.uri_encoding", "utf-8")
        return recode_path_qs(path, qs, encoding)

    def translate_headers(
        self, environ: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """Yield the headers that are in the environ, with their usual names."""
        return iter(EnvironHeaders(environ, self.headerNames))


def _as_text(
    status: bytes, header_list: HeaderList
) -> tuple[str, list[tuple[str, str]]]:
    try:
        return status.decode("latin-1"), [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in header_list
        ]
    except (AttributeError, TypeError) as problem:
        raise TypeError(what_is_no_bytes(header_list)) from problem


def what_is_no_bytes(header_list: HeaderList) -> str:
    """Return a sentence about the first header that is not made of bytes, if any."""
    pairs: Iterable[Any] = header_list  # or anything else that a program made of it
    for text in (text for pair in pairs for text in pair or ()):
        if not isinstance(text, bytes):
            return f"response.header_list key {text!r} is not a byte string."
    return ""


def _answer_directly(
    environ: dict[str, Any], start_response: StartResponse, app: Application
) -> Iterable[bytes]:
    """Answer as the pipeline does when nobody has added to it, at less expense."""
    try:
        answer = AppResponse(environ, start_response, app)
    except InternalRedirect as redirect:
        follow = InternalRedirector(app.wsgiapp.tail).follow
        trapper = ExceptionTrapper(partial(follow, redirect))
        return trapper(environ, start_response)
    except (KeyboardInterrupt, SystemExit):
        raise
    except Exception:  # boundary: the server must get an answer
        return _answer_bare(environ, start_response)
    if answer.serving.response._body.__class__ is list:
        # It is there, so nothing can happen to it any more.
        return answer
    return ExceptionTrapper(lambda *call: answer)(environ, start_response)


class CPWSGIApp:
    """An application behind its pipeline of WSGI middleware.

    Args:
        cpapp: The application.
        pipeline: More middleware: pairs of name and class. What comes first is
            outermost.
    """

    pipeline: list[tuple[str, Callable[..., WSGIApplication]]] = [  # noqa: RUF012
        ("ExceptionTrapper", ExceptionTrapper),
        ("InternalRedirector", InternalRedirector),
    ]
    """Pairs of name and class; each is called with the one below it."""

    response_class: type[AppResponse] = AppResponse
    """Makes the answer, at the inner end of the pipeline."""

    head: WSGIApplication | None = None
    """The outermost of the pipeline, once it was built."""

    config: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - documented class default
    """Keyword arguments for the middleware, by name."""

    def __init__(
        self,
        cpapp: Application,
        pipeline: Iterable[tuple[str, Callable[..., WSGIApplication]]] | None = None,
    ) -> None:
        self.cpapp = cpapp
        self.pipeline = self.pipeline[:]
        self.pipeline.extend(pipeline or ())
        self.config = {}

    def tail(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer at the inner end of the pipeline."""
        return self.response_class(environ, start_response, self.cpapp)

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer through the whole pipeline, which is built at the first call."""
        if self.cpapp.plain:
            return _answer_directly(environ, start_response, self.cpapp)
        head = self.head
        if head is None:
            head = self.tail
            for name, middleware in reversed(self.pipeline):
                head = middleware(head, **self.config.get(name, {}))
            self.head = head
        return head(environ, start_response)

    def namespace_handler(self, k: str, v: Any) -> None:
        """Take an entry of the config namespace ``wsgi``.

        Args:
            k: "pipeline", "response_class", or "NAME.ARGUMENT".
            v: Its value.
        """
        if k == "pipeline":
            # Entries may be merged more than once; each stands there once.
            self.pipeline.extend(entry for entry in v if entry not in self.pipeline)
        elif k == "response_class":
            self.response_class = v
        else:
            name, dot, argument = k.partition(".")
            if not dot:
                raise ValueError(
                    f"The config key 'wsgi.{k}' names neither 'pipeline' nor "
                    "'response_class' nor an argument of middleware, such as "
                    f"'wsgi.{k}.argument'."
                )
            self.config.setdefault(name, {})[argument] = v
        self.head = None
