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
        document = _loads(_json())(_text_of(entity))
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


@cache
def _loads(library: Any) -> Callable[[str], Any]:  # Any: looked into below
    """Return what does the same as the `loads` of a JSON library, in less time.

    Performance: in Python's own 1.3 µs go by before and behind the scanner, half the
    time of a small document; see `_dumps`.
    """

    def usual(text: str) -> Any:
        return library.loads(text)

    if library.__name__ != "json" or not _decodes_as_ever(library):
        return usual
    decoder = library._default_decoder
    methods, settings = vars(type(decoder)), vars(decoder)
    known = (library.loads, decoder, dict(methods), dict(settings))

    def loads(text: str) -> Any:
        present = (library.loads, library._default_decoder, methods, settings)
        if present == known:
            try:
                document, end = decoder.scan_once(text, 0)
            except StopIteration:
                pass  # there is something before it, or nothing at all
            else:
                if end == len(text):
                    return document
        return usual(text)

    return loads


def _decodes_as_ever(library: Any) -> bool:
    """Tell whether Python's JSON library decodes as it was made to do it."""
    coder, decoder = library.decoder, library._default_decoder
    kind = coder.JSONDecoder
    methods = (kind.__init__, kind.decode, kind.raw_decode)
    scanner = {"scan_once": decoder.scan_once}
    return (
        type(decoder) is kind
        and type(decoder.scan_once) is library.scanner.c_make_scanner
        and vars(decoder) == vars(kind()) | scanner
        and _come_from((library.loads,), library)
        and _come_from(methods, coder)
    )


def _come_from(functions: Iterable[Any], module: ModuleType) -> bool:
    """Tell whether these functions are those that a module was written with."""
    own = vars(module)
    return all(getattr(each, "__globals__", None) is own for each in functions)


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
        request.json = _loads(_json())(content.decode())

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
    return [_dumps(_json())(value).encode("utf-8")]


@cache
def _dumps(library: Any) -> Callable[[Any], str]:  # Any: looked into below
    """Return what does the same as the `dumps` of a JSON library, in less time.

    Performance: in Python's own 1.1 µs go by until the encoder is at work, most of
    the time of a small document. What lies on the way is left out as long as it is
    what it was made to be: there are programs that put something else there.
    """

    def usual(value: Any) -> str:
        text: str = library.dumps(value)
        return text

    if library.__name__ != "json" or not _encodes_as_ever(library):
        return usual
    coder, encoder = library.encoder, library._default_encoder
    make, quote = coder.c_make_encoder, coder.encode_basestring_ascii
    methods, settings = vars(type(encoder)), vars(encoder)
    known = (library.dumps, encoder, make, quote, dict(methods), dict(settings))

    def dumps(value: Any) -> str:
        present = (
            library.dumps,
            library._default_encoder,
            coder.c_make_encoder,
            coder.encode_basestring_ascii,
            methods,
            settings,
        )
        if present != known:
            return usual(value)
        # With a memory of its own, by which it finds circles.
        encode = make({}, encoder.default, quote, None, ": ", ", ", False, False, True)
        return "".join(encode(value, 0))

    try:
        return dumps if dumps(_PROBE) == usual(_PROBE) else usual
    except TypeError:  # other arguments, in a Python that is to come
        return usual


_PROBE = {"a": [{"b": 1}, 2.5, None, "é"]}


def _encodes_as_ever(library: Any) -> bool:
    """Tell whether Python's JSON library encodes as it was made to do it."""
    coder, encoder = library.encoder, library._default_encoder
    kind = coder.JSONEncoder
    methods = (kind.__init__, kind.default, kind.encode, kind.iterencode)
    return (
        type(encoder) is kind
        and vars(encoder) == vars(kind())
        and (kind.item_separator, kind.key_separator) == (", ", ": ")
        and coder.c_make_encoder is not None
        and coder.encode_basestring_ascii is coder.c_encode_basestring_ascii
        and _come_from((library.dumps,), library)
        and _come_from(methods, coder)
    )


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
