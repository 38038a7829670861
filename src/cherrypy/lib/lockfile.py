"""Lock a file, so that only one process at a time does what it guards.

Example::

    lock = LockFile("/run/lock/report.lock")  # LockError if somebody has it
    try:
        write_report()
    finally:
        lock.release()

The operating system releases the lock of a process that dies.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

__all__ = [
    "LockError",
    "LockFile",
    "SystemLockFile",
    "UnixLockFile",
    "UnlockError",
    "WindowsLockFile",
]


class LockError(Exception):
    """Somebody else holds the lock, or there cannot be one.

    Args:
        path: The path of the file.
    """

    msg: str = "Unable to lock %r"
    """What the error says; ``%r`` is the path."""

    def __init__(self, path: str) -> None:
        super().__init__(self.msg % path)


class UnlockError(LockError):
    """The lock could not be released."""

    msg: str = "Unable to unlock %r"
    """What the error says; ``%r`` is the path."""


class SystemLockFile:
    """A lock that the operating system knows; held from the beginning.

    The file is made if it is not there. It stays when the lock is released: whoever
    removed it could remove one that another process has locked meanwhile.

    Args:
        path: The path of the file.

    Raises:
        LockError: Another process, or another object in this one, holds the lock; or
            the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: str = os.fspath(path)
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as problem:
            raise LockError(self.path) from problem
        try:
            self._lock(descriptor)
        except OSError as problem:
            os.close(descriptor)
            raise LockError(self.path) from problem
        self._descriptor: int | None = descriptor

    def _lock(self, descriptor: int) -> None:
        raise NotImplementedError

    def _unlock(self, descriptor: int) -> None:
        raise NotImplementedError

    def release(self) -> None:
        """Let others have the lock; a second time does nothing.

        Raises:
            UnlockError: The operating system refuses.
        """
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        try:
            self._unlock(descriptor)
        except OSError as problem:
            raise UnlockError(self.path) from problem
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Remove the file, if it is there and may be removed."""
        # documented behaviour: an attempt. It may be locked, or gone.
        with suppress(OSError):
            os.remove(self.path)


class UnixLockFile(SystemLockFile):
    """A lock by ``flock``."""

    def _lock(self, descriptor: int) -> None:
        import fcntl  # lazy: not everywhere

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(self, descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_UN)


class WindowsLockFile(SystemLockFile):
    """A lock by ``msvcrt.locking``, on the first byte."""

    def _lock(self, descriptor: int) -> None:
        import msvcrt  # lazy: only there

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

    def _unlock(self, descriptor: int) -> None:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]


LockFile: type[SystemLockFile]
"""The lock of this operating system."""
LockFile = WindowsLockFile if sys.platform == "win32" else UnixLockFile
