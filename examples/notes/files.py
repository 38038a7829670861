"""Files that people hang on notes: what is taken in, and how it is handed out."""

from __future__ import annotations

import io
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from cherrypy.lib.static import serve_fileobj
from examples.notes.storage import NAME_LENGTH, BadNote

if TYPE_CHECKING:
    from cherrypy.core.body import Part

FILE_LENGTH = 5_000_000


def read_upload(upload: Part | None) -> tuple[str, bytes] | None:
    """Return name and content of an uploaded file, None if no file was chosen."""
    if upload is None or not upload.filename:
        return None
    content = upload.file.read(FILE_LENGTH + 1)
    if len(content) > FILE_LENGTH:
        raise BadNote(f"A file may have {FILE_LENGTH // 1_000_000} MB.")
    return safe_name(upload.filename), content


def safe_name(filename: str) -> str:
    """Return a name that is no path, hides nothing and can be shown anywhere."""
    # Some browsers used to send the whole path, with either kind of slash.
    name = PurePath(filename.replace("\\", "/")).name
    # No line breaks, nothing that turns the direction of writing; no hidden file.
    name = "".join(each for each in name if each.isprintable()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if dot and len(name) > NAME_LENGTH and len(ending) < 10:
        name = f"{stem[: NAME_LENGTH - len(ending) - 1]}.{ending}"
    return name[:NAME_LENGTH] or "file"


def hand_out(name: str, content: bytes) -> Any:
    """Answer with a file: always to be saved, so that no upload becomes a page."""
    return serve_fileobj(
        io.BytesIO(content), "application/octet-stream", "attachment", name
    )


def size_in_words(size: int) -> str:
    """Return a number of bytes as people say it."""
    return f"{max(1, round(size / 1000)):,} kB"
