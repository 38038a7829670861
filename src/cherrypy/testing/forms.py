"""What a client sends, in bytes: queries, forms, uploads, documents."""

from __future__ import annotations

import io
import json
import mimetypes
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from cherrypy.testing.client import RequestOptions

__all__ = ["FileContent", "FileField", "Pairs", "add_params", "encode_body"]


class _Readable(Protocol):
    """An open binary file."""

    def read(self, size: int = -1, /) -> bytes: ...


Pairs: TypeAlias = Mapping[str, Any] | Sequence[tuple[str, Any]]
"""Names and values; a list or tuple as value repeats its name."""

FileContent: TypeAlias = bytes | str | _Readable
"""What a file holds: bytes, text (sent as UTF-8) or an open binary file."""

FileField: TypeAlias = (
    FileContent | tuple[str, FileContent] | tuple[str, FileContent, str]
)
"""A content, or (file name, content), or (file name, content, media type)."""


def _as_pairs(values: Pairs) -> list[tuple[str, Any]]:
    """Return names and values, one pair for each value of a list."""
    pairs = values.items() if isinstance(values, Mapping) else values
    flat: list[tuple[str, Any]] = []
    for name, value in pairs:
        several = value if isinstance(value, list | tuple) else [value]
        flat += [(name, each) for each in several]
    return flat


def add_params(url: str, params: Pairs | None) -> str:
    """Return the URL with everything quoted and the parameters in its query."""
    parts = urlsplit(quote(url, safe="/?#%:@!$&'()*+,;=[]"))
    query = parts.query
    if params is not None:
        query = "&".join(filter(None, (query, urlencode(_as_pairs(params)))))
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def encode_body(
    options: RequestOptions,
) -> tuple[bytes | Iterator[bytes] | None, str | None]:
    """Return the body of a request and its media type, None where there is none."""
    if "json" in options:
        return json.dumps(options["json"]).encode(), "application/json"
    data = options.get("data")
    if isinstance(data, str):
        data = data.encode()
    if "files" in options:
        if isinstance(data, bytes | Iterator):
            raise TypeError(f"data beside files must be a mapping or pairs: {data!r}")
        return _encode_multipart(data or {}, options["files"])
    if data is None or isinstance(data, bytes | Iterator):
        return data, None
    form = urlencode(_as_pairs(data))
    return form.encode(), "application/x-www-form-urlencoded"


def _encode_multipart(
    data: Pairs, files: Mapping[str, FileField] | Iterable[tuple[str, FileField]]
) -> tuple[bytes, str]:
    """Return a multipart/form-data body and its media type (RFC 7578)."""
    boundary = f"part-{os.urandom(16).hex()}"
    out = io.BytesIO()
    for name, value in _as_pairs(data):
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_attr(name)}"'
        out.write(f"{head}\r\n\r\n".encode())
        out.write(value if isinstance(value, bytes) else str(value).encode())
        out.write(b"\r\n")
    for name, upload in files.items() if isinstance(files, Mapping) else files:
        filename, content, kind = _describe_file(upload)
        out.write(
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{_attr(name)}";'
            f' filename="{_attr(filename)}"\r\n'
            f"Content-Type: {kind}\r\n\r\n".encode()
        )
        out.write(content)
        out.write(b"\r\n")
    out.write(f"--{boundary}--\r\n".encode())
    return out.getvalue(), f"multipart/form-data; boundary={boundary}"


def _attr(text: str) -> str:
    """Return text for a quoted attribute, escaped as browsers do."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _describe_file(upload: FileField) -> tuple[str, bytes, str]:
    """Return file name, content and media type of one upload."""
    if not isinstance(upload, tuple):
        named = os.path.basename(str(getattr(upload, "name", "upload")))
        upload = (named, upload)
    filename, content = upload[0], upload[1]
    guess = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    kind = upload[2] if len(upload) == 3 else guess
    if isinstance(content, str):
        content = content.encode()
    return filename, content if isinstance(content, bytes) else content.read(), kind
