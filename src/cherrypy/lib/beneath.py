"""Open files below a directory, and never outside it.

What a client asks for is first made into a plain list of names (`names_below`). Then
the file is opened without following links; only if a link is met on the way are both
ends resolved and compared. A request for a file two directories deep costs three
system calls, where resolving the whole path would cost one for each of its parts.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple

from cherrypy.core.errors import HTTPError

__all__ = ["OpenedFile", "names_below", "open_below", "open_file"]


class OpenedFile(NamedTuple):
    """A regular file, open for reading."""

    descriptor: int
    """The descriptor; whoever holds this closes it."""

    status: os.stat_result
    """What the descriptor's file is: size, times."""


# Not to wait for the other end of a pipe that lies about (O_NONBLOCK), not to take a
# terminal (O_NOCTTY); binary matters on Windows only.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOFOLLOW: int | None = getattr(os, "O_NOFOLLOW", None)

# A name that is no file: missing, below a file, too long, a pipe, a socket, a loop.
_NO_FILE = frozenset(
    (
        *(errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR),
        *(errno.ENXIO, errno.ENODEV, errno.EINVAL, errno.ELOOP),
    )
)

# What opening a link with O_NOFOLLOW gives: Linux, FreeBSD.
_IS_LINK = frozenset((errno.ELOOP, errno.EMLINK))

_DEVICES = frozenset(
    (
        *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
        *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789¹²³"),
    )
)


def names_below(path: str, *, windows: bool = os.name == "nt") -> list[str] | None:
    """Return the names that lead from a directory to a path below it.

    Args:
        path: What follows the directory's own URL, decoded except for ``%2F``, which
            is taken for a slash.
        windows: By the rules of Windows: a backslash is a slash, and devices,
            streams and names that the system would clip lead nowhere.

    Returns:
        The names, without empty ones and dots; None if there can be no such file.

    Raises:
        HTTPError: 403, the path leaves the directory.
    """
    if "%2F" in path:
        # In small letters it is no escape, but what became of a doubled one.
        path = path.replace("%2F", "/")
    if windows:
        path = path.replace("\\", "/")
    names: list[str] = []
    for name in path.split("/"):
        if name == "" or name == ".":
            continue
        if name == "..":
            if not names:
                raise HTTPError(403)
            names.pop()
        elif windows and _is_special(name):
            return None
        else:
            names.append(name)
    return names


def _is_special(name: str) -> bool:
    """Tell whether Windows takes a name for something else than it says."""
    return (
        ":" in name
        or name[-1] in ". "
        or name.partition(".")[0].rstrip(" ").upper() in _DEVICES
    )


def open_file(path: str) -> OpenedFile | None:
    """Open a regular file wherever it is.

    Returns:
        The file; None if there is none of that name, or only something else.

    Raises:
        HTTPError: 403, the operating system does not let us read it.
        OSError: The system is in trouble: descriptors used up, a broken disk.
    """
    try:
        descriptor = os.open(path, _READ)
    except OSError as problem:
        _tell_trouble(path, problem)
        return None
    except ValueError:
        # A NUL, or characters that the file system has no bytes for.
        return None
    return _regular(descriptor)


def open_below(
    directory: str, names: list[str], *, follow_symlinks: bool = False
) -> OpenedFile | None:
    """Open a regular file below a directory.

    Args:
        directory: An absolute path. It may itself be or contain a link.
        names: As `names_below` returns them.
        follow_symlinks: Whether links may lead out of the directory.

    Returns:
        The file; None if there is none of that name, or only something else.

    Raises:
        HTTPError: 403, a link leads out of the directory, or the operating system
            does not let us read the file.
        OSError: The system is in trouble: descriptors used up, a broken disk.
    """
    if not directory.endswith("/"):
        directory += "/"
    path = directory + "/".join(names)
    if follow_symlinks:
        return open_file(path)
    if _NOFOLLOW is None:  # pragma: no cover - Windows
        return _open_resolved(directory, path)
    try:
        if len(names) > 1 and _link_on_the_way(directory, names):
            return _open_resolved(directory, path)
        descriptor = os.open(path, _READ | _NOFOLLOW)
    except OSError as problem:
        if problem.errno in _IS_LINK:
            return _open_resolved(directory, path)
        _tell_trouble(path, problem)
        return None
    except ValueError:
        return None
    return _regular(descriptor)


def _link_on_the_way(directory: str, names: list[str]) -> bool:
    """Tell whether one of the directories in between is a link."""
    for name in names[:-1]:
        directory += name
        if stat.S_ISLNK(os.lstat(directory).st_mode):
            return True
        directory += "/"
    return False


def _open_resolved(directory: str, path: str) -> OpenedFile | None:
    """Open what a path comes to when all links are followed, if it is below."""
    try:
        target = os.path.realpath(path, strict=True)
        home = os.path.realpath(directory, strict=True)
        inside = os.path.commonpath((home, target)) == home
    except OSError as problem:
        _tell_trouble(path, problem)
        return None
    except ValueError:
        # A NUL on Windows, or another drive.
        return None
    if not inside:
        raise HTTPError(403)
    return open_file(target)


def _regular(descriptor: int) -> OpenedFile | None:
    """Keep the descriptor if it is a regular file's, else close it."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return OpenedFile(descriptor, status)
    os.close(descriptor)
    return None


def _tell_trouble(path: str, problem: OSError) -> None:
    """Raise what is no mere absence of a file.

    Raises:
        HTTPError: 403, it must not be read.
        OSError: The system is in trouble.
    """
    if problem.errno in _NO_FILE:
        return
    if isinstance(problem, PermissionError):
        # Windows also says so of a directory.
        if os.path.isdir(path):
            return
        raise HTTPError(403) from problem
    raise problem
