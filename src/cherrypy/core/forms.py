"""Small forms, the commonest bodies, read without more ado.

To make a `RequestBody` of a form, with headers, processors and a reader of its own,
takes longer than all the rest of a request. Where nobody has a say in how the body is
read, its fields are put into the parameters straight away; a page that asks for
``request.body`` all the same gets it as if it had been there from the beginning.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from cherrypy.core.body import Entity, RequestBody
from cherrypy.core.processors import add_param, process_urlencoded
from cherrypy.core.reader import SizedReader
from cherrypy.core.received import FORM, ReceivedHeaders, form_bytes
from cherrypy.http.forms import TooManyFields, parse_urlencoded

if TYPE_CHECKING:
    from cherrypy.core.request import Request

__all__ = ["SMALL_BYTES", "read_form"]

SMALL_BYTES = 65536
"""Forms up to this size are read here."""

_PROCESSORS = Entity.processors
_CHARSETS = ["utf-8"]


def read_form(request: Request) -> bytes | None:
    """Add the fields of the request's body to its parameters, if it is a small form.

    Args:
        request: One whose `body` nobody has touched.

    Returns:
        What was read; None if it has to be processed in the usual way, which can
        still be done.

    Raises:
        HTTPError: 400 for an end before the Content-Length, or what the server
            refuses the body with.
    """
    received = request.received
    # Speed: a head that comes again byte for byte announces the same again.
    if (
        type(received) is ReceivedHeaders
        and request._headers is None
        and request._header_list is None
    ):
        length = received.form_bytes()
    else:
        length = form_bytes(request.raw_header)
    if not (
        0 <= length <= SMALL_BYTES
        # Bodies are read as their classes were written to do it.
        and RequestBody.processors is _PROCESSORS
        and _PROCESSORS.get(FORM) is process_urlencoded
        and RequestBody.attempt_charsets == _CHARSETS
        and not RequestBody.maxbytes
    ):
        return None
    stream = request.rfile
    # Speed: in memory already, as a rule; its length is what the client has sent.
    content = stream.read(length) if isinstance(stream, BytesIO) else b""
    if len(content) < length:
        content += SizedReader(stream, length - len(content), None).read()
    try:
        fields = parse_urlencoded(content)
    except (UnicodeDecodeError, TooManyFields):
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
