"""Serve files: one by hand, one by config, or a whole directory."""

from __future__ import annotations

import os
import re
from io import UnsupportedOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from cherrypy._legacy import lender
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError, NotFound
from cherrypy.environment.site import log
from cherrypy.lib import set_vary_header
from cherrypy.lib.beneath import OpenedFile, names_below, open_below, open_file
from cherrypy.lib.cptools import trailing_slash
from cherrypy.lib.file_responses import (
    answer_with_file,
    answer_with_opened,
    media_type,
)
from cherrypy.lib.negotiation import accepted, preferred_codings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cherrypy.core.request import Request

__all__ = [
    "UnsupportedOperation",
    "serve_download",
    "serve_file",
    "serve_fileobj",
    "staticdir",
    "staticfile",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


def serve_file(
    path: str | os.PathLike[str],
    content_type: str | None = None,
    disposition: str | None = None,
    name: str | None = None,
    debug: bool = False,
    etag: bool = False,
) -> Any:
    """Set status, headers and body to send a file; return the body.

    Never make the path of what a client sent; see `staticdir` for that.

    Args:
        path: An absolute path.
        content_type: The media type; by default guessed from the name's extension.
        disposition: ``attachment`` or ``inline``, for a Content-Disposition header.
        name: The file's name in that header; by default the last part of the path.
        debug: Log what is done.
        etag: Give the response an ETag, made of the file's time and size.

    Raises:
        ValueError: The path is not absolute.
        NotFound: There is no such file, or it is a directory.
        HTTPRedirect: 304, the client has it already.
        HTTPError: 412 or 416, what the client demands is not so.
    """
    path = os.fspath(path)
    if not os.path.isabs(path):
        raise ValueError(f"{path!r} is not an absolute path.")
    opened = open_file(path)
    if debug:
        log(f"{path!r}: {opened}", "TOOLS.STATIC")
    if opened is None:
        raise NotFound()
    if disposition is not None and name is None:
        name = os.path.basename(path)
    kind = content_type or media_type(path)
    answer_with_opened(opened, kind, disposition, name, etag=etag)
    return current.get().response.body


def serve_fileobj(
    fileobj: Any,
    content_type: str | None = None,
    disposition: str | None = None,
    name: str | None = None,
    debug: bool = False,
) -> Any:
    """Set status, headers and body to send an open file; return the body.

    The file is sent from its present position on, and closed at the end. If the
    client asks for ranges they are counted from the file's beginning.

    Args:
        fileobj: A file open for reading bytes. One of text is sent in UTF-8.
        content_type: The media type; by default the response's present one.
        disposition: ``attachment`` or ``inline``, for a Content-Disposition header.
        name: The file's name in that header.
        debug: Log what is done.

    Raises:
        HTTPRedirect: 304, the client has it already.
        HTTPError: 412 or 416, what the client demands is not so.
    """
    if debug:
        log(f"Serving {fileobj!r}", "TOOLS.STATIC")
    answer_with_file(fileobj, content_type, disposition, name)
    return current.get().response.body


def serve_download(path: str | os.PathLike[str], name: str | None = None) -> Any:
    """Serve a file that the browser is to save: ``application/x-download``.

    Args:
        path: An absolute path.
        name: What the browser calls the file; by default the last part of the path.

    Raises:
        ValueError, NotFound, HTTPRedirect, HTTPError: As for `serve_file`.
    """
    return serve_file(path, "application/x-download", "attachment", name)


def staticdir(
    section: str,
    dir: str | os.PathLike[str],
    root: str | os.PathLike[str] = "",
    match: str = "",
    content_types: Mapping[str, str] | None = None,
    index: str = "",
    debug: bool = False,
    etag: bool = False,
    precompressed: bool | Sequence[str] = False,
    follow_symlinks: bool = False,
    fallback: str = "",
    cache_control: str = "",
    immutable: bool | str = False,
) -> bool:
    """Serve what the rest of the path names below a directory; tools.staticdir.

    Args:
        section: The part of the path that stands for the directory; set by the
            dispatcher.
        dir: The directory; ``~`` is somebody's home.
        root: An absolute path that `dir` is relative to.
        match: A regular expression that the path must contain.
        content_types: Media types by file extension (without the dot), to be used
            before those that `mimetypes` knows.
        index: The name of a file that is served for a directory.
        debug: Log what is done.
        etag: Give files an ETag, made of their time and size.
        precompressed: Send ``name.br``, ``name.zst`` or ``name.gz`` in the place of
            ``name`` where such a file is and the client takes it. A list names the
            content codings to look for (``br``, ``zstd``, ``gzip``), the best first.
        follow_symlinks: Whether symbolic links may lead out of the directory.
        fallback: The name of a file below the directory that is served, with status
            200, where there is neither a file nor a page and somebody wants to look
            at one: for applications that find their way in the browser.
        cache_control: The Cache-Control of what is served.
        immutable: Files never change, so that nobody need ask for them again; as
            regular expression only those whose path contains it. The index and the
            fallback do change.

    Returns:
        Whether there was something to serve.

    Raises:
        ValueError: The directory is relative; there is no such coding.
        HTTPRedirect: 301, an index is to be asked for with a slash; 304, the client
            has it already.
        HTTPError: 403, the path leads out of the directory; 412 or 416, what the
            client demands is not so.
    """
    request = current.get().request
    path_info = request.path_info
    if request.method not in ("GET", "HEAD"):
        return False
    if match and not re.search(match, path_info):
        return False
    directory = _absolute(dir, root, _RELATIVE_DIR)
    if section == "global":
        section = "/"
    rest = path_info[len(section.rstrip("/\\")) + 1 :].lstrip("/\\")
    names = names_below(rest)
    if names is None:
        return False
    found = None
    options = _Options(content_types, etag, precompressed, follow_symlinks)
    caching = cache_control
    if names and not rest.endswith("/"):
        found = _find(directory, names, options)
        if found is not None and immutable:
            caching = _cache_control(path_info, cache_control, immutable)
    if found is None and index:
        found = _find(directory, [*names, *index.split("/")], options)
        if found is not None:
            _settle_slash(request, found)
    if found is None and fallback and _is_visit(request, names):
        found = _find(directory, fallback.split("/"), options)
    if debug:
        log(f"{rest!r} below {directory!r}: {found}", "TOOLS.STATICDIR")
    if found is None:
        return False
    _serve_found(found, options, caching)
    return True


def staticfile(
    filename: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    match: str = "",
    content_types: Mapping[str, str] | None = None,
    debug: bool = False,
    etag: bool = False,
    precompressed: bool | Sequence[str] = False,
    cache_control: str = "",
    immutable: bool | str = False,
) -> bool:
    """Serve one file; tools.staticfile.

    Args:
        filename: The path of the file.
        root: An absolute path that `filename` is relative to.
        match: A regular expression that the path of the URL must contain.
        content_types: Media types by file extension (without the dot), to be used
            before those that `mimetypes` knows.
        debug: Log what is done.
        etag: Give the file an ETag, made of its time and size.
        precompressed: As for `staticdir`.
        cache_control: The Cache-Control of the file.
        immutable: As for `staticdir`.

    Returns:
        Whether there was such a file.

    Raises:
        ValueError: The path is relative; there is no such coding.
        HTTPRedirect: 304, the client has it already.
        HTTPError: 412 or 416, what the client demands is not so.
    """
    request = current.get().request
    if request.method not in ("GET", "HEAD"):
        return False
    if match and not re.search(match, request.path_info):
        return False
    directory, name = os.path.split(_absolute(filename, root, _RELATIVE_FILE))
    # Whoever names a file in config may well mean where a link leads.
    options = _Options(content_types, etag, precompressed, follow_symlinks=True)
    found = _find(directory, [name], options)
    if debug:
        log(f"{filename!r}: {found}", "TOOLS.STATICFILE")
    if found is None:
        return False
    caching = _cache_control(request.path_info, cache_control, immutable)
    _serve_found(found, options, caching)
    return True


class _Options(NamedTuple):
    """How the tools are to serve what they find."""

    content_types: Mapping[str, str] | None
    etag: bool
    precompressed: bool | Sequence[str]
    follow_symlinks: bool


class _Found(NamedTuple):
    """A file that is to be served, and the name it was asked for by."""

    name: str
    opened: OpenedFile
    coding: str = ""


# The best first: what is equally welcome to the client is taken in this order.
_SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}


_RELATIVE_DIR = (
    "Static dir requires an absolute dir (or root). tools.staticdir.dir is {0!r}: "
    "write os.path.abspath({0!r}), or set tools.staticdir.root."
)
_RELATIVE_FILE = (
    "Static tool requires an absolute filename (got {0!r}). Write "
    "os.path.abspath({0!r}), or set tools.staticfile.root."
)


def _absolute(
    path: str | os.PathLike[str], root: str | os.PathLike[str] | None, message: str
) -> str:
    path = os.path.expanduser(path)
    if not os.path.isabs(path):
        if not root:
            raise ValueError(message.format(path))
        path = os.path.join(root, path)
    return path


def _find(directory: str, names: list[str], options: _Options) -> _Found | None:
    """Open a file, or what is better for this client and lies beside it."""
    follow = options.follow_symlinks
    plain = open_below(directory, names, follow_symlinks=follow)
    if plain is None:
        return None
    if options.precompressed:
        set_vary_header(current.get().response, "Accept-Encoding")
        try:
            for coding in preferred_codings(_codings(options.precompressed)):
                sibling = [*names[:-1], names[-1] + _SUFFIXES[coding]]
                opened = open_below(directory, sibling, follow_symlinks=follow)
                if opened is not None:
                    os.close(plain.descriptor)
                    return _Found(names[-1], opened, coding)
        except BaseException:
            os.close(plain.descriptor)
            raise
    return _Found(names[-1], plain)


def _codings(precompressed: bool | str | Sequence[str]) -> Iterable[str]:
    """Return the content codings to look for, the best first.

    Raises:
        ValueError: Files of one of them have no suffix that we know.
    """
    if isinstance(precompressed, bool):
        return _SUFFIXES
    codings = [precompressed] if isinstance(precompressed, str) else precompressed
    for coding in codings:
        if coding not in _SUFFIXES:
            raise ValueError(
                f"precompressed: no file is looked for in the coding {coding!r}. There "
                f"are {', '.join(_SUFFIXES)}."
            )
    return codings


def _settle_slash(request: Request, found: _Found) -> None:
    """Say that this is an index; redirect now if it was asked for without a slash.

    Now, because the tool that does it would come when the file is under way.
    """
    request.is_index = True
    if request.path_info.endswith("/"):
        return
    settings = request.toolmaps.get("tools", {}).get("trailing_slash", {})
    if settings.get("on") and settings.get("missing", True):
        os.close(found.opened.descriptor)
        trailing_slash(status=settings.get("status"))


# A year; RFC 8246 says the rest: not even a reload need ask again.
_FOR_EVER = "public, max-age=31536000, immutable"


def _cache_control(path_info: str, cache_control: str, immutable: bool | str) -> str:
    """Return what caches are told of the file of a path."""
    if immutable is True:
        return _FOR_EVER
    if immutable and re.search(immutable, path_info):
        return _FOR_EVER
    return cache_control


def _is_visit(request: Request, names: list[str]) -> bool:
    """Tell whether somebody wants to look at a page, and there is none.

    A missing script or picture must stay missing, and so must what programs ask for:
    an HTML page in their place hides the mistake.
    """
    if not isinstance(request.handler, NotFound):
        return False
    set_vary_header(current.get().response, "Accept")
    wanted = {each.value.lower(): each.qvalue for each in accepted("Accept")}
    if wanted.get("text/html", 0) > 0:
        return True
    # Whatever suits: then the name decides.
    anything = not wanted or wanted.get("*/*", 0) > 0
    return anything and "text/html" not in wanted and "." not in "".join(names[-1:])


def _serve_found(found: _Found, options: _Options, caching: str) -> None:
    name, opened, coding = found
    content_type = None
    if options.content_types:
        extension = os.path.splitext(name)[1][1:]
        content_type = options.content_types.get(extension)
    kind = content_type or media_type(name)
    headers = current.get().response.headers
    if caching:
        # Before: a 304 tells it too.
        headers["Cache-Control"] = caching
    try:
        answer_with_opened(opened, kind, etag=options.etag, coding=coding)
    except HTTPError:
        if caching:
            # What the client did wrong this time is nothing to keep.
            del headers["Cache-Control"]
        raise
