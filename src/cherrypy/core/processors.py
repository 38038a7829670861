"""What is made of a request body, by its media type.

A processor is called with the entity and leaves its result there: in `params`, in
`parts`, or wherever the page will look. These are the ones that every request body
begins with (`cherrypy.core.body.Entity.processors`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.core.errors import HTTPError
from cherrypy.http.forms import TooManyFields, parse_urlencoded, unquote_plus
from cherrypy.http.headers import HeaderMap
from cherrypy.http.multipart import (
    MalformedMultipart,
    MultipartDecoder,
    MultipartTooLarge,
    PartBegins,
    PartData,
    boundary_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from cherrypy.core.body import Entity, Part
    from cherrypy.core.reader import SizedReader
    from cherrypy.http.multipart import Event

__all__ = [
    "add_param",
    "lines_to_boundary",
    "process_multipart",
    "process_multipart_form_data",
    "process_multipart_params",
    "process_urlencoded",
    "read_raw_headers",
    "refuse_charset",
    "undecodable",
    "unquote_plus",
]

_MAX_PARTS = 1000
"""How many parts of a multipart body are taken, as many as fields of a form."""

_MAX_HEADERS = 16
"""How many header lines a part may have; browsers send two."""

_AT_ONCE = 65536


def process_urlencoded(entity: Entity) -> None:
    """Read a form (``application/x-www-form-urlencoded``) into `entity.params`.

    The first of `entity.attempt_charsets` that decodes all of it is taken.

    Raises:
        HTTPError: 400 if no charset fits, 415 for an unknown one, 413 for too many
            fields.
    """
    body = entity.fp.read()
    for charset in entity.attempt_charsets:
        try:
            params = parse_urlencoded(body, charset)
        except UnicodeDecodeError:
            continue
        except LookupError as problem:
            refuse_charset(charset, problem)
        except TooManyFields as problem:
            raise HTTPError(413, str(problem)) from problem
        entity.charset = charset
        if entity.params:
            for name, value in params.items():
                add_param(entity.params, name, value)
        else:
            entity.params.update(params)
        return
    undecodable(entity)


def refuse_charset(charset: str, problem: LookupError) -> NoReturn:
    """Answer a body in a charset that is none with 415."""
    raise HTTPError(415, f"The charset {charset!r} is not known.") from problem


def undecodable(entity: Entity) -> NoReturn:
    """Answer a body that is in none of the charsets with 400."""
    raise HTTPError(
        400,
        "The request entity could not be decoded. The following charsets were "
        f"attempted: {entity.attempt_charsets!r}",
    )


def add_param(params: dict[str, Any], name: str, value: Any) -> None:
    """Add a value, or each of a list of them; the second of a name makes a list."""
    if name not in params:
        params[name] = value
        return
    known = params[name]
    if not isinstance(known, list):
        known = [known]
    # A new list: the old one may belong to another dictionary, too.
    params[name] = known + (value if isinstance(value, list) else [value])


# ---------------------------------------------------------------------- multipart


def process_multipart(entity: Entity) -> None:
    """Read the parts of any multipart body into `entity.parts`.

    Raises:
        HTTPError: 400 if it is malformed, 413 if it has too many parts or headers.
    """
    try:
        boundary = boundary_of(str(entity.headers.get("Content-Type", "")))
        if entity.part_class.reads_raw():
            _process_raw(entity, b"--" + boundary.encode("ascii"))
            return
        decoder = MultipartDecoder(
            boundary, max_parts=_MAX_PARTS, max_headers=_MAX_HEADERS
        )
        events = _events(entity.fp, decoder)
        for event in events:
            # The others are taken by the part between its beginning and its end.
            assert isinstance(event, PartBegins)
            _process_part(entity, boundary, event, events)
    except MalformedMultipart as problem:
        raise HTTPError(400, str(problem)) from problem
    except MultipartTooLarge as problem:
        raise HTTPError(413, str(problem)) from problem


def _events(fp: SizedReader, decoder: MultipartDecoder) -> Iterator[Event]:
    data = fp.read(_AT_ONCE)
    if not data:
        # documented behaviour: an empty body is a form without fields.
        return
    while data:
        yield from decoder.receive(data)
        data = fp.read(_AT_ONCE)
    decoder.close()


def _process_part(
    entity: Entity, boundary: str, head: PartBegins, events: Iterator[Event]
) -> None:
    """Let a part process what the events up to its end bring."""

    def next_chunk() -> bytes:
        event = next(events, None)
        return event.data if isinstance(event, PartData) else b""

    headers = HeaderMap()
    for name, value in head.headers:
        headers[name] = value
    delimiter = b"--" + boundary.encode("ascii")
    part = entity.part_class.from_chunks(next_chunk, headers, delimiter)
    fp = part.fp
    entity.parts.append(part)
    part.process()
    # What a processor has left unread must not be taken for the next part.
    while not fp.done:
        fp.read(_AT_ONCE)


def process_multipart_form_data(entity: Entity) -> None:
    """Read a form (``multipart/form-data``): named parts go to `entity.params`.

    Parts without a name stay in `entity.parts`.

    Raises:
        HTTPError: As `process_multipart`, and for values as `process_urlencoded`.
    """
    process_multipart(entity)
    nameless = []
    for part in entity.parts:
        if part.name is None:
            nameless.append(part)
        else:
            add_param(entity.params, part.name, _param_of(part))
    entity.parts = nameless


def process_multipart_params(entity: Entity) -> None:
    """Read any other multipart body: its parts become parameters, and stay parts.

    documented behaviour: those without a name are found under ``parts``.

    Raises:
        HTTPError: As `process_multipart_form_data`.
    """
    process_multipart(entity)
    for part in entity.parts:
        name = "parts" if part.name is None else part.name
        add_param(entity.params, name, _param_of(part))


def _param_of(part: Part) -> Any:
    """Return a part as parameter: an upload is the part itself, all else is text."""
    if part.filename is not None:
        return part
    if part.parts:
        # Several files under one name, as RFC 2388 §4.2 had it.
        return [_param_of(inner) for inner in part.parts]
    return part.fullvalue()


# ------------------------------------------------- multipart, read line by line


# documented behaviour: a subclass of Part may read its headers or its content from
# the stream itself, line by line. Then nobody else can look for the boundaries.


def _process_raw(entity: Entity, delimiter: bytes) -> None:
    fp = entity.fp
    line = fp.readline(_AT_ONCE)
    while line and line.rstrip() not in (delimiter, delimiter + b"--"):
        line = fp.readline(_AT_ONCE)
    if not line:
        if not fp.bytes_read:
            return  # As above: no body, no fields.
        raise MalformedMultipart("The first boundary is missing.")
    fp.done = line.rstrip() != delimiter
    while not fp.done:
        if len(entity.parts) == _MAX_PARTS:
            raise MultipartTooLarge("Too many parts.")
        part = entity.part_class.from_fp(fp, delimiter)
        entity.parts.append(part)
        part.process()
    outer = getattr(entity, "boundary", None)
    if outer is not None:
        # A part that is a multipart itself: its own end is still to come.
        fp.done = False
        for _ in lines_to_boundary(fp, outer):
            pass


def read_raw_headers(fp: SizedReader) -> HeaderMap:
    """Read the header lines of a part, and the empty line behind them.

    Raises:
        MalformedMultipart: They are no header lines, or do not end with CRLF.
        MultipartTooLarge: There are too many, or a line is too long.
    """
    headers = HeaderMap()
    for _ in range(_MAX_HEADERS + 1):
        line = fp.readline(_AT_ONCE)
        if line == b"\r\n":
            return headers
        if not line:
            raise MalformedMultipart("Illegal end of headers.")
        if not line.endswith(b"\r\n"):
            raise MalformedMultipart("MIME requires CRLF terminators.")
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if not colon:
            raise MalformedMultipart("Illegal header line.")
        headers[name.strip()] = value.strip()
    raise MultipartTooLarge("Too many header lines in a part.")


def lines_to_boundary(fp: SizedReader, delimiter: bytes) -> Iterator[bytes]:
    """Yield the content of a part, and take the boundary line behind it.

    Finishes `fp` behind the last boundary.

    Raises:
        MalformedMultipart: The boundary is missing.
    """
    held = b""  # A line end, which belongs to the boundary if one follows.
    begins = True
    while line := fp.readline(_AT_ONCE):
        if begins and line.startswith(delimiter):
            rest = line[len(delimiter) :].rstrip()
            if rest == b"--":
                fp.finish()
            if rest in (b"", b"--"):
                return
        if held == b"\r":
            line = held + line  # A line end that was cut in two.
        elif held:
            yield held
        begins = line.endswith(b"\n")
        content = line.removesuffix(b"\n").removesuffix(b"\r")
        held = line[len(content) :]
        if content:
            yield content
    raise MalformedMultipart("The last boundary is missing.")
