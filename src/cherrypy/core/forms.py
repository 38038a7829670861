"""Small forms, the commonest bodies, read without more ado.

To make a `RequestBody` of a form, with headers, processors and a reader of its own,
takes longer than all the rest of a request. Where nobody has a say in how the body is
read, its fields are put into the parameters straight away; a page that asks for
``request.body`` all the same gets it as if it had been there from the beginning.

A tool that reads bodies of another kind may say so in ``request.expected``, and is
spared the `RequestBody` likewise.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Protocol

from cherrypy.core.body import Entity, RequestBody
from cherrypy.core.processors import add_param, process_urlencoded
from cherrypy.core.reader import SizedReader
from cherrypy.core.received import FORM, FORMS, ReceivedHeaders, announced_bytes
from cherrypy.http.forms import parse_urlencoded

if TYPE_CHECKING:
    from cherrypy.core.request import Request

__all__ = ["SMALL_BYTES", "Expectation", "read_form"]

SMALL_BYTES = 65536
"""Bodies up to this size are read here."""

_PROCESSORS = Entity.processors
_CHARSETS = ["utf-8"]


class Expectation(Protocol):
    """What a tool expects of a body that nobody has asked for yet."""

    types: tuple[str, ...]
    """What the Content-Type of what it reads may be, word for word."""

    def read(self, request: Request, content: bytes, /) -> None:
        """Take in the whole body of a request.

        Raises:
            ValueError, RecursionError: It cannot; the usual way knows what to answer.
        """
        ...

    def prepare(self, body: RequestBody, /) -> None:
        """Have a body read in the usual way, by a processor for instance."""
        ...

    def repeat(self, body: RequestBody, /) -> None:
        """Make a body what it would be if it had been read in the usual way."""
        ...


def read_form(request: Request) -> bytes | None:
    """Add the fields of the request's body to its parameters, if it is a small form.

    If a tool expects something else, that is read instead.

    Args:
        request: One whose `body` nobody has touched.

    Returns:
        What was read; None if it has to be processed in the usual way, which can
        still be done.

    Raises:
        HTTPError: 400 for an end before the Content-Length, or what the server
            refuses the body with.
    """
    received, expected = request.received, request.expected
    types = FORMS if expected is None else expected.types
    # Speed: a head that comes again byte for byte announces the same again.
    if (
        type(received) is ReceivedHeaders
        and request._headers is None
        and request._header_list is None
    ):
        length = received.announced_bytes(types)
    else:
        length = announced_bytes(request.raw_header, types)
    if not (
        0 <= length <= SMALL_BYTES
        and not RequestBody.maxbytes
        and (expected is not None or _is_usual())
    ):
        return None
    stream = request.rfile
    # Speed: in memory already, as a rule; its length is what the client has sent.
    content = stream.read(length) if isinstance(stream, BytesIO) else b""
    if len(content) < length:
        content += SizedReader(stream, length - len(content), None).read()
    try:
        if expected is not None:
            expected.read(request, content)
            return content
        fields = parse_urlencoded(content)
    except (ValueError, RecursionError):
        # The usual way knows what to answer.
        request.rfile = BytesIO(content)
        return None
    params = request._params
    if params is None:
        request._params = fields
    else:
        for name, value in fields.items():
            add_param(params, name, value)
    return content


def _is_usual() -> bool:
    """Tell whether forms are read as the classes of bodies were written to do it."""
    return (
        RequestBody.processors is _PROCESSORS
        and _PROCESSORS.get(FORM) is process_urlencoded
        and RequestBody.attempt_charsets == _CHARSETS
    )
