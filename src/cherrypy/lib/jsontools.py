"""JSON in, JSON out."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cherrypy._legacy import lender
from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.core.received import in_utf_8
from cherrypy.environment.site import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from cherrypy.core.body import Entity, RequestBody
    from cherrypy.core.request import Request

__all__ = ["json_handler", "json_in", "json_out", "json_processor"]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


@cache
def _json() -> ModuleType:
    """Return the JSON library to use."""
    # documented behaviour: simplejson is preferred where it is installed. Lazy:
    # either costs milliseconds that a site without JSON need not pay.
    try:
        return import_module("simplejson")
    except ImportError:
        return import_module("json")


def json_processor(entity: Entity) -> None:
    """Read a JSON document from the body into ``request.json``.

    It is in UTF-8 (RFC 8259 §8.1), unless the client names another charset.

    Raises:
        HTTPError: 411, the client did not say how long it is; 400, it is no JSON, or
            nested too deep, or has numbers too long for Python; 415, nobody knows
            its charset.
    """
    if "Content-Length" not in entity.headers:
        raise HTTPError(411)
    try:
        document = _json().loads(_text_of(entity))
    except (ValueError, RecursionError) as problem:
        raise HTTPError(400, "Invalid JSON document") from problem
    request: Any = current.get().request  # Any: has no such attribute otherwise.
    request.json = document


def _text_of(entity: Entity) -> str:
    body: bytes = entity.fp.read()
    if entity.content_type.params.get("charset"):
        return entity.decode_entity(body)
    return body.decode("utf-8")


def json_in(
    content_type: str | Iterable[str] = ("application/json", "text/javascript"),
    force: bool = True,
    debug: bool = False,
    processor: Callable[[Entity], Any] = json_processor,
) -> None:
    """Have request bodies of a JSON type read into ``request.json``.

    Args:
        content_type: One media type or several that are JSON.
        force: Refuse bodies of other types with status 415.
        debug: Log what is done.
        processor: Reads the entity; the default is `json_processor`.
    """
    request = current.get().request
    if not request.process_request_body:
        # There is no body on a GET, so nothing to be prepared for.
        return
    types = (content_type,) if isinstance(content_type, str) else tuple(content_type)
    if (
        processor is json_processor
        and not debug
        and request._body is None
        and request.raw_form is None
        and request.expected is None
        and type(request).reads_forms
    ):
        request.expected = _documents(types, force)
        return
    if debug:
        if force:
            log("Removing the other body processors", "TOOLS.JSON_IN")
        for media_type in types:
            log(f"Adding a body processor for {media_type}", "TOOLS.JSON_IN")
    _prepare(request.body, types, force, processor)


def _prepare(
    body: RequestBody,
    types: Iterable[str],
    force: bool,
    processor: Callable[[Entity], Any],
) -> None:
    """Have a body read by a processor if it is of one of these types."""
    if force:
        body.processors.clear()
        message = f"Expected an entity of content type {', '.join(types)}"
        # An error is a callable that raises itself; this seam is documented.
        body.default_proc = HTTPError(415, message)  # type: ignore[method-assign]
    for media_type in types:
        body.processors[media_type] = processor


class _Documents:
    """JSON documents of these types are expected (`cherrypy.core.forms.Expectation`).

    Performance: to make a `RequestBody` of a small one takes longer than its page.
    """

    def __init__(self, media_types: tuple[str, ...], force: bool) -> None:
        self.media_types = media_types
        self.force = force
        self.types: tuple[str, ...] = in_utf_8(*media_types)

    def read(self, request: Request, content: bytes) -> None:
        """Read a document into ``request.json``."""
        request.json = _json().loads(content.decode())

    def prepare(self, body: RequestBody) -> None:
        """Have a body read in the usual way."""
        _prepare(body, self.media_types, self.force, json_processor)

    def repeat(self, body: RequestBody) -> None:
        """Read what `read` has read; ``request.json`` stays as the page left it."""
        self.prepare(body)
        _text_of(body)


_documents = lru_cache(maxsize=64)(_Documents)


def json_handler(*args: Any, **kwargs: Any) -> Any:
    """Call the page handler and return its result as JSON, in UTF-8."""
    request: Any = current.get().request  # Any: `json_out` has put it there.
    page = request._json_inner_handler
    return bridge.chain(page(*args, **kwargs), _encoded)


def _encoded(value: Any) -> list[bytes]:
    # A list of chunks, for programs that join or iterate over what they get.
    text: str = _json().dumps(value)
    return [text.encode("utf-8")]


def json_out(
    content_type: str | None = "application/json",
    debug: bool = False,
    handler: Callable[..., Any] = json_handler,
) -> None:
    """Have what the page returns sent as JSON.

    Args:
        content_type: The Content-Type of the response; None leaves it alone.
        debug: Log what is done.
        handler: Called in the place of the page handler, which it finds as
            ``request._json_inner_handler``.
    """
    serving = current.get()
    request: Any = serving.request  # Any: is given an attribute of ours.
    # None: the answer is there already, from the cache for instance.
    if request.handler is None:
        return
    if debug:
        log(f"Replacing {request.handler!r} with {handler!r}", "TOOLS.JSON_OUT")
    request._json_inner_handler = request.handler
    request.handler = handler
    if content_type is not None:
        serving.response.headers["Content-Type"] = content_type
