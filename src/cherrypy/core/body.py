"""The body of a request: an entity with a media type, and its parts.

`RequestBody.process` reads and understands the body, if a processor is known for its
media type (`cherrypy.core.processors`). Otherwise the body is left to the page, which
reads it as a file. The parts of a multipart body are entities as well; large ones and
uploaded files go to a temporary file as they arrive.

To have uploads go elsewhere, subclass `Part`, let `make_file` return another file, and
set ``request.body.part_class`` in a hook at ``before_request_body``.
"""

from __future__ import annotations

from functools import cache
from typing import IO, TYPE_CHECKING, Any, Self

from cherrypy.core.errors import HTTPError
from cherrypy.core.processors import (
    add_param,
    lines_to_boundary,
    process_multipart,
    process_multipart_form_data,
    process_multipart_params,
    process_urlencoded,
    read_raw_headers,
    refuse_charset,
    undecodable,
    unquote_plus,
)
from cherrypy.core.reader import DEFAULT_BUFFER_SIZE, PartReader, SizedReader, inf
from cherrypy.core.received import FORM
from cherrypy.http.charsets import known_charset
from cherrypy.http.elements import HeaderElement
from cherrypy.http.multipart import disposition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cherrypy.http.headers import HeaderMap

__all__ = [
    "DEFAULT_BUFFER_SIZE",
    "Entity",
    "Part",
    "RequestBody",
    "SizedReader",
    "inf",
    "process_multipart",
    "process_multipart_form_data",
    "process_urlencoded",
    "unquote_plus",
]


class Entity:
    """Headers and content: a request body, or a part of one.

    Args:
        fp: Where the content is read from.
        headers: Those that describe the content.
        params: Where to put parameters that are found in it.
        parts: Where to put its parts.
    """

    attempt_charsets: list[str] = ["utf-8"]  # noqa: RUF012 - copied in __init__
    """The charsets to try, in this order; that of the Content-Type goes first."""

    charset: str | None = None
    """The charset that fitted, after decoding."""

    content_type: HeaderElement
    """The media type and its parameters."""

    default_content_type: str = FORM
    """What is assumed without a Content-Type."""

    file: Any = None
    """The file that holds the content, if it was put into one."""

    filename: str | None = None
    """The name of the file on the client, without its path."""

    fp: Any
    """Where the content is read from."""

    headers: HeaderMap
    """The headers that describe the content."""

    length: int | None = None
    """How many bytes there are, if that was said; None for chunked bodies."""

    name: str | None = None
    """The name of the form's field."""

    params: dict[str, Any]
    """The parameters found in the content: text, lists of texts, uploads."""

    processors: dict[str, Callable[[Any], object]] = {  # noqa: RUF012 - copied, too
        FORM: process_urlencoded,
        "multipart/form-data": process_multipart_form_data,
        "multipart": process_multipart,
    }
    """What to call with the entity, by media type or by the first half of one. Each
    entity has its own copy."""

    parts: list[Part]
    """The parts of a multipart body."""

    part_class: type[Part]
    """The class of the parts."""

    value: bytes | None = None
    """The content, if it was kept in memory."""

    def __init__(
        self,
        fp: Any,
        headers: HeaderMap,
        params: dict[str, Any] | None = None,
        parts: list[Part] | None = None,
    ) -> None:
        self.processors = self.processors.copy()
        self.fp = fp
        self.headers = headers
        self.params = {} if params is None else params
        self.parts = [] if parts is None else parts
        # Performance: past the folding of names, which are in Title-Case here.
        content_type = dict.get(headers, "Content-Type") or self.default_content_type
        self.content_type = _media_type(str(content_type))
        self.attempt_charsets = self.attempt_charsets.copy()
        charset = self.content_type.params and self.content_type.params.get("charset")
        if charset:
            others = [name for name in self.attempt_charsets if name != charset]
            self.attempt_charsets = [str(charset), *others]
        length = dict.get(headers, "Content-Length")
        if length is not None:
            self.length = _length(str(length), headers)
        disposition = dict.get(headers, "Content-Disposition")
        if disposition is not None:
            self.name, self.filename = disposition_of(str(disposition))

    @property
    def type(self) -> HeaderElement:
        """The media type; an old name for `content_type`."""
        return self.content_type

    def read(self, size: int | None = None, fp_out: IO[bytes] | None = None) -> Any:
        """Return content, or write it to a file.

        Args:
            size: How many bytes; all of them if None.
            fp_out: Where to write them.

        Returns:
            The bytes; None if they were written to `fp_out`.
        """
        return self.fp.read(size, fp_out)

    def readline(self, size: int | None = None) -> bytes:
        """Return one line with its end, at most `size` bytes of it."""
        line: bytes = self.fp.readline(size)
        return line

    def readlines(self, sizehint: int | None = None) -> list[bytes]:
        """Return the lines that are left, or as many as make `sizehint` bytes."""
        lines: list[bytes] = self.fp.readlines(sizehint)
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines that are left."""
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def next(self) -> bytes:
        """Return the next line; an old name for ``next(entity)``."""
        return self.__next__()

    def read_into_file(self, fp_out: IO[bytes] | None = None) -> Any:
        """Write the content to a file and return that.

        Args:
            fp_out: Where to; by default what `make_file` returns.
        """
        if fp_out is None:
            fp_out = self.make_file()
        self.read(fp_out=fp_out)
        return fp_out

    def make_file(self) -> Any:
        """Return a file for the content: a temporary one, which nobody else can see."""
        import tempfile  # lazy: 10 ms of import that only uploads need

        return tempfile.TemporaryFile()

    def fullvalue(self) -> str:
        """Return the content as text, from memory or from the file.

        Raises:
            HTTPError: 400 if it is in none of the charsets, 415 for an unknown one.
        """
        if self.file is None:
            return self.decode_entity(self.value or b"")
        self.file.seek(0)
        content: bytes = self.file.read()
        self.file.seek(0)
        return self.decode_entity(content)

    def decode_entity(self, value: bytes) -> str:
        """Return bytes as text in the first of `attempt_charsets` that fits.

        Raises:
            HTTPError: 400 if none does, 415 for an unknown one.
        """
        for charset in self.attempt_charsets:
            try:
                text = value.decode(known_charset(charset))
            except UnicodeDecodeError:
                continue
            except LookupError as problem:
                refuse_charset(charset, problem)
            self.charset = charset
            return text
        undecodable(self)

    def process(self) -> None:
        """Call the processor for the media type, or `default_proc` if there is none."""
        media_type = self.content_type.value.lower()
        processor = self.processors.get(media_type)
        if processor is None:
            processor = self.processors.get(media_type.partition("/")[0])
        if processor is None:
            self.default_proc()
        else:
            processor(self)

    def default_proc(self) -> None:
        """Process content of a type that no processor is known for: leave it."""


class Part(Entity):
    """A part of a multipart body: a field of a form, or an uploaded file.

    Args:
        fp: Where the part is read from.
        headers: Those of the part.
        boundary: The line that ends the part, ``--boundary``.
    """

    attempt_charsets: list[str] = ["us-ascii", "utf-8"]  # noqa: RUF012 - copied
    """The charsets to try, in this order; that of the Content-Type goes first."""

    boundary: bytes
    """The line that ends the part, ``--boundary``."""

    default_content_type: str = "text/plain"
    """What is assumed without a Content-Type."""

    maxrambytes: int = 1000
    """More bytes than these are put into a file, also those of an ordinary field."""

    def __init__(self, fp: Any, headers: HeaderMap, boundary: bytes) -> None:
        super().__init__(fp, headers)
        self.boundary = boundary
        self.part_class: type[Part] = type(self)
        # A field of a form is not a form, whatever it says.
        if self.processors.get(FORM) is process_urlencoded:
            del self.processors[FORM]

    @classmethod
    def from_fp(cls, fp: SizedReader, boundary: bytes) -> Self:
        """Read the headers of a part and make it, its content still unread."""
        return cls(fp, cls.read_headers(fp), boundary)

    @classmethod
    def from_chunks(
        cls, next_chunk: Callable[[], bytes], headers: HeaderMap, boundary: bytes
    ) -> Self:
        """Make a part whose content is handed over piece by piece, none at its end."""
        return cls(PartReader(next_chunk), headers, boundary)

    @classmethod
    def read_headers(cls, fp: SizedReader) -> HeaderMap:
        """Read the header lines of a part, and the empty line behind them."""
        return read_raw_headers(fp)

    @classmethod
    def reads_raw(cls) -> bool:
        """Tell whether a subclass reads from the stream in its own way.

        Then its parts are given the stream itself instead of their own content.
        """
        own = (cls.from_fp, cls.read_headers, cls.read_lines_to_boundary)
        ours = (Part.from_fp, Part.read_headers, Part.read_lines_to_boundary)
        return any(
            getattr(method, "__func__", method) is not getattr(base, "__func__", base)
            for method, base in zip(own, ours, strict=True)
        )

    def read_lines_to_boundary(self, fp_out: IO[bytes] | None = None) -> Any:
        """Read the content, up to the boundary.

        Args:
            fp_out: Where to write it, if it shall not be returned.

        Returns:
            `fp_out`; without it, the bytes, or a file that holds them if they are
            more than `maxrambytes`.
        """
        content = self._content()
        if fp_out is not None:
            return _write(content, fp_out)
        chunks = []
        size = 0
        for chunk in content:
            chunks.append(chunk)
            size += len(chunk)
            if size > self.maxrambytes:
                file = _write(content, _write(chunks, self.make_file()))
                file.seek(0)
                return file
        return b"".join(chunks)

    def _content(self) -> Iterator[bytes]:
        if isinstance(self.fp, PartReader):
            return iter(lambda: self.fp.read(65536), b"")
        return lines_to_boundary(self.fp, self.boundary)

    def default_proc(self) -> None:
        """Read the content: into a file if it was one, else into `value` if small."""
        if self.filename:
            self.file: Any = self.read_into_file()
            return
        content = self.read_lines_to_boundary()
        if isinstance(content, bytes):
            self.value: bytes | None = content
        else:
            self.file = content

    def read_into_file(self, fp_out: IO[bytes] | None = None) -> Any:
        """Write the content to a file and return that, set to its beginning.

        Args:
            fp_out: Where to; by default what `make_file` returns.
        """
        if fp_out is None:
            fp_out = self.make_file()
        self.read_lines_to_boundary(fp_out=fp_out)
        fp_out.seek(0)
        return fp_out

    def make_file(self) -> Any:
        """Return a file for the content: in memory as long as it is small.

        A form of many small files must not use up the descriptors of the process.
        """
        return _upload_class()(max_size=self.maxrambytes)


Entity.part_class = Part


@cache
def _upload_class() -> Callable[..., IO[bytes]]:
    """Return the class of the files for uploads, made when the first one comes."""
    import tempfile  # lazy: 10 ms of import that only uploads need

    class Upload(tempfile.SpooledTemporaryFile[bytes]):
        """A temporary file that closes itself without a warning.

        documented behaviour: a page uses ``part.file`` and need not close it.
        """

        def __del__(self) -> None:
            self.close()

    return Upload


class RequestBody(Entity):
    """The body of a request.

    Args:
        fp: The stream of the server.
        headers: The request headers.
        params: Where to put parameters that are found in the body.
        request_params: Where to put them as well: `request.params`.
    """

    bufsize: int = 8 * 1024
    """Bytes that are taken from the stream at a time."""

    default_content_type: str = ""
    """Nothing is assumed, and nothing parsed, without a Content-Type."""

    maxbytes: float | None = None
    """More bytes than these are answered with 413."""

    fp: Any
    """Where the body is read from: a `SizedReader`, unless a hook replaced it."""

    def __init__(
        self,
        fp: Any,
        headers: HeaderMap,
        params: dict[str, Any] | None = None,
        request_params: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(fp, headers, params)
        # RFC 2616 §3.7.1: text is in ISO-8859-1 if nothing else is said.
        if self.content_type.value.startswith("text/"):
            self.attempt_charsets.append("ISO-8859-1")
        if self.processors.get("multipart") is process_multipart:
            self.processors["multipart"] = process_multipart_params
        self.request_params: dict[str, Any] = (
            {} if request_params is None else request_params
        )
        self.fp = SizedReader(fp, self.length, None, self.bufsize)
        if self.length is None and dict.get(headers, "Transfer-Encoding") is None:
            # No body, so nothing to wait for on a stream that does not know its end.
            self.fp.length = 0

    @property
    def trailers(self) -> dict[str, str]:
        """Header fields that followed a chunked body, once it has been read."""
        trailers: dict[str, str] = self.fp.trailers
        return trailers

    def process(self) -> None:
        """Read and understand the body; its parameters become request parameters.

        Raises:
            HTTPError: 411 without Content-Length or Transfer-Encoding, 413 for more
                than `maxbytes`, and what the processors answer.
        """
        headers = self.headers
        coded = dict.get(headers, "Transfer-Encoding") is not None
        if not coded and self.length is None:
            if dict.get(headers, "Content-Length") is None:
                raise HTTPError(411)
            raise HTTPError(400, "Malformed Content-Length Header.")
        if not isinstance(self.fp, SizedReader):
            # A hook has put another stream in its place, one that decodes, say.
            self.fp = SizedReader(self.fp, None, None, self.bufsize)
        self.fp.maxbytes = self.maxbytes
        self.fp.has_trailers = coded and "Trailer" in headers
        super().process()
        if self.request_params:
            for name, value in self.params.items():
                add_param(self.request_params, name, value)
        else:
            self.request_params.update(self.params)


def _write(chunks: Iterable[bytes], file: Any) -> Any:
    # One by one: writelines() of a spooled file keeps all of them in memory.
    for chunk in chunks:
        file.write(chunk)
    return file


def _media_type(content_type: str) -> HeaderElement:
    """Return a Content-Type as element; unlike other headers it is no list."""
    if ";" in content_type:
        return HeaderElement.from_str(content_type)
    return HeaderElement(content_type.strip(), {})


def _length(text: str, headers: HeaderMap) -> int | None:
    """Return a Content-Length, unless it counts for nothing or is none."""
    coding = dict.get(headers, "Transfer-Encoding")
    if coding is not None and "chunked" in str(coding).lower():
        return None
    # The length of the text is bounded: a number of thousands of digits takes
    # quadratic time.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
