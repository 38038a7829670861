"""Locks among processes, each a file that is there only while it is wanted.

The lock is the system's, so it ends with the process that holds it, however that ends.
Only one thread of a process waits for another process; the rest stand in line behind
it (`cherrypy.stores.locks`).

Two bytes of the file are locked. The first is the lock itself. The second is the door
in front of it: whoever waits passes the door first and keeps it shut until it has the
lock. So a process that lets go and comes back at once cannot overtake the one that
waits, and whoever lets go sees by the door whether anybody waits: if not, it removes
the file. Somebody may have opened the file just before that; therefore a lock counts
only if its file is still the one that the path names.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import struct
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from cherrypy.stores.locks import Deadline, KeyLocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.stores.base import StoreLock

__all__ = [
    "ON_WINDOWS",
    "FileLocks",
    "in_words",
    "is_at",
    "make_folder",
    "remove_if_free",
    "safe_name",
    "take",
    "try_lock",
]

ON_WINDOWS: Final = os.name == "nt"
"""Whether open files cannot be removed or replaced."""

_LOCK: Final = 0
_DOOR: Final = 1

_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_PLAIN = re.compile(r"[a-z0-9_-]*")
_LONGEST_NAME = 180
"""File systems allow 255 bytes; prefixes and suffixes are added to the name."""

_HINTS = {
    errno.ENOSPC: "Make room there.",
    errno.EDQUOT: "Make room there, or raise the quota.",
    errno.EFBIG: "Make room there, or raise the limit on the size of files.",
    errno.EACCES: "Let the user this process runs as read and write there.",
    errno.EPERM: "Let the user this process runs as read and write there.",
    errno.EROFS: "Choose a folder that can be written to.",
    errno.EMFILE: "Raise the limit on open files.",
}

_LONGEST_PAUSE_SECONDS = 0.005
_DOOR_PAUSE_SECONDS = 0.001
_LOCK_PAUSE_SECONDS = 0.0001


class FileLocks:
    """A table of locks that processes share.

    Args:
        path_of: Tells the path of a key's lock file. Its folder is made when needed.
    """

    def __init__(self, path_of: Callable[[str], str]) -> None:
        self._path_of = path_of
        self._turns = KeyLocks()

    def acquire(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released.

        Args:
            key: Whose lock.
            seconds: How long to wait at most; None as long as it takes, 0 not at all.

        Raises:
            LockTimeout: It was not to be had in that time.
            OSError: The lock file cannot be made.
        """
        return self._turns.acquire_with(key, seconds, self._take)

    def _take(self, key: str, deadline: Deadline) -> Callable[[], None]:
        return take(self._path_of(key), key, deadline)


def safe_name(key: str) -> str:
    """Return a file name for a key, another one for each key.

    Small letters, digits, "-" and "_" stand for themselves, the rest is written as in
    URLs: there are file systems that take "A" and "a" for the same, and names with a
    slash or a dot in them that lead somewhere. A key that would get too long a name
    gets the digest of its own.
    """
    name = key
    if not _PLAIN.fullmatch(key):
        encoded = key.encode("utf-8", "surrogatepass")
        name = "".join(
            chr(byte) if chr(byte) in _SAFE else f"%{byte:02x}" for byte in encoded
        )
    if len(name) > _LONGEST_NAME:
        # Saves 2 ms for the programs that store nothing.
        import hashlib

        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass"))
        return f"%%{digest.hexdigest()}"
    return name


def in_words(error: OSError) -> str:
    """Return what the system says and what can be done about it."""
    hint = _HINTS.get(error.errno or 0, "")
    return f"{error.strerror or error}. {hint}".rstrip()


def take(path: str, key: str, deadline: Deadline) -> Callable[[], None]:
    """Wait for the lock of a file, and return what lets go of it.

    Args:
        path: The lock file; it is made if it is not there, and so is its folder.
        key: What to call the lock in errors.
        deadline: Until when to wait.

    Raises:
        LockTimeout: It was not to be had in that time.
        OSError: The file cannot be made.
    """
    while True:
        file = _opened(path)
        try:
            # The one at the door asks the more seldom the longer it has waited, so that
            # it adds a quarter to the wait at most. Those behind it ask steadily: it is
            # their number, not their pace, that keeps the door busy.
            _wait_for(file, _DOOR, deadline, key, _DOOR_PAUSE_SECONDS, 0.02)
            _wait_for(file, _LOCK, deadline, key, _LOCK_PAUSE_SECONDS, 0.25)
            if is_at(file, path):
                _unlock(file, _DOOR)
                return partial(_let_go, file, path)
        except BaseException:
            os.close(file)
            # Whoever let go in this moment saw us waiting and left the file to us.
            remove_if_free(path)
            raise
        os.close(file)


def _opened(path: str) -> int:
    try:
        return os.open(path, _FLAGS | os.O_CREAT, 0o600)
    except FileNotFoundError:
        make_folder(os.path.dirname(path))
        return os.open(path, _FLAGS | os.O_CREAT, 0o600)


def make_folder(folder: str) -> None:
    """Make a folder that is nobody else's to read, and those above it."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)


def _wait_for(
    file: int, byte: int, deadline: Deadline, key: str, pause: float, share: float
) -> None:
    """Lock a byte of the file; between tries, pause for a share of the time waited."""
    start = 0.0
    while not try_lock(file, byte):
        left = deadline.left()
        if left is not None and left <= 0:
            raise deadline.missed(key)
        now = time.monotonic()
        start = start or now
        wanted = min(max((now - start) * share, pause), _LONGEST_PAUSE_SECONDS)
        time.sleep(wanted if left is None else min(wanted, left))


def _let_go(file: int, path: str) -> None:
    """Release the lock; remove its file if nobody waits."""
    try:
        unwanted = try_lock(file, _DOOR) and is_at(file, path)
        if unwanted and not ON_WINDOWS:
            os.unlink(path)
        # Closing would do, were there no children that have inherited the file.
        _unlock(file, _LOCK)
    finally:
        os.close(file)
    if unwanted and ON_WINDOWS:
        # An open file cannot be removed there; if others opened it, it is theirs.
        with contextlib.suppress(OSError):
            os.unlink(path)


def remove_if_free(path: str) -> None:
    """Remove a lock file that a killed process has left.

    Raises:
        OSError: The file system has no locks to give.
    """
    try:
        file = os.open(path, _FLAGS)
    except OSError:
        return
    is_ours = False
    try:
        is_ours = try_lock(file, _LOCK)
    finally:
        if not is_ours:
            os.close(file)
    if is_ours:
        _let_go(file, path)


def is_at(file: int, path: str) -> bool:
    """Whether an open file is still the one that the path names."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def try_lock(file: int, byte: int = _LOCK) -> bool:
        """Lock a byte of an open file if nobody else has; say whether it succeeded."""
        os.lseek(file, byte, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: int, byte: int) -> None:
        os.lseek(file, byte, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    _OF_THE_OPEN_FILE = getattr(fcntl, "F_OFD_SETLK", None)

    def try_lock(file: int, byte: int = _LOCK) -> bool:
        """Lock a byte of an open file if nobody else has; say whether it succeeded."""
        try:
            _set(file, byte, fcntl.F_WRLCK)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(file: int, byte: int) -> None:
        _set(file, byte, fcntl.F_UNLCK)

    def _set(file: int, byte: int, kind: int) -> None:
        """Lock or unlock a byte, for this opening of the file, not for the process."""
        if _OF_THE_OPEN_FILE is not None:
            request = struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)
            try:
                fcntl.fcntl(file, _OF_THE_OPEN_FILE, request)
                return
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
        # Where single bytes cannot be locked like this the file as a whole can. There
        # is no door then: everybody passes, and whoever comes first is first.
        if byte == _LOCK:
            fcntl.flock(
                file,
                fcntl.LOCK_UN
                if kind == fcntl.F_UNLCK
                else fcntl.LOCK_EX | fcntl.LOCK_NB,
            )
