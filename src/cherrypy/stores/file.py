"""A store in a folder: a file for each key."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import zlib
from typing import TYPE_CHECKING

from cherrypy.stores import filelocks
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.filelocks import FileLocks, make_folder, safe_name
from cherrypy.stores.lifetime import STAMP_BYTES, Expiry
from cherrypy.stores.locks import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.stores.base import StoreLock

__all__ = ["FileStore"]

_MAGIC = b"MVF1"
_SUM = struct.Struct(">I")
_HEAD_BYTES = len(_MAGIC) + _SUM.size + STAMP_BYTES
"""What stands before the value: a mark, a check sum of the rest, the lifetime."""

_NEW = ".new"
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    # Nothing is read outside of the folder, and no pipe keeps us waiting.
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


class FileStore:
    """Bytes under keys, each in a file that only this user may read.

    A value is written into a new file that then takes the place of the old one, so a
    reader sees one or the other, whenever the writer was killed and however full the
    disk is. The folder may be on a disk that several machines share if their file
    system knows locks.

    Args:
        folder: Where the files lie. It is made when the first value is set, mode 0700.
        prefix: What the names of the files begin with; several stores with different
            prefixes, none the beginning of another, may share a folder.
        lock_suffix: What a key's lock file is called besides, while it is there.
        durable: Whether a value is to survive a power cut from the moment that `set`
            returns; it costs some milliseconds each time. Otherwise it survives
            whatever happens to the process, and a power cut half a minute later.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        prefix: str = "value-",
        lock_suffix: str = ".lock",
        durable: bool = False,
    ) -> None:
        # The current directory may change, daemons leave theirs.
        self.folder: str = os.path.abspath(folder)
        self.prefix = prefix
        self.lock_suffix = lock_suffix
        self.durable = durable
        self._locks = FileLocks(lambda key: self.path_of(key) + lock_suffix)

    def path_of(self, key: str) -> str:
        """Return the path of the file for a key, always right below the folder."""
        return os.path.join(self.folder, self.prefix + safe_name(key))

    def get(self, key: str) -> bytes | None:
        """Return what is under the key, None if there is nothing (any more).

        A file that is damaged, or was not written by a store, is nothing.

        Raises:
            StoreUnavailable: The file cannot be read.
        """
        with self._told(f"read the value of {key!r}"):
            content = _content(self.path_of(key))
        if not (_lives(content) and _is_whole(content)):
            return None
        return content[_HEAD_BYTES:]

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Put a value under the key; it lives for so many seconds from now.

        Raises:
            StoreUnavailable: The file cannot be written, mostly for want of room; what
                was under the key is still there.
        """
        stamp = Expiry.after(seconds).packed()
        check = zlib.crc32(value, zlib.crc32(stamp))
        with self._told(f"store {len(value)} bytes under {key!r}"):
            self._replace(self.path_of(key), _MAGIC + _SUM.pack(check) + stamp, value)

    def delete(self, key: str) -> None:
        """Remove what is under the key, if there is something.

        Raises:
            StoreUnavailable: The file cannot be removed.
        """
        with self._told(f"delete {key!r}"), contextlib.suppress(FileNotFoundError):
            os.unlink(self.path_of(key))

    def lock(self, key: str, seconds: float | None = None) -> StoreLock:
        """Wait for the key's lock, and hold it until it is released."""
        with self._told(f"lock {key!r}"):
            return self._locks.acquire(key, seconds)

    def sweep(self) -> int:
        """Remove what has expired, and return how many entries that were.

        Removes also what killed processes have left: unfinished files, and lock files
        that nobody holds. A value whose lock is held is left alone, and so is a file
        that no store has written.

        Raises:
            StoreUnavailable: The folder cannot be read.
        """
        swept = 0
        with self._told("sweep"):
            for path in self._files(""):
                if path.endswith(self.lock_suffix):
                    filelocks.remove_if_free(path)
                elif _has_ended(_content(path, _HEAD_BYTES)):
                    swept += self._removed_if_free(path)
            for path in self._files("."):
                if path.endswith(_NEW):
                    _remove_if_stale(path)
        return swept

    def __len__(self) -> int:
        """Return how many live entries there are; reads the beginning of each.

        Raises:
            StoreUnavailable: The folder cannot be read.
        """
        with self._told("count its entries"):
            return sum(
                _lives(_content(path, _HEAD_BYTES))
                for path in self._files("")
                if not path.endswith(self.lock_suffix)
            )

    def close(self) -> None:
        """Do nothing: no file is open beyond a call, those of held locks aside."""

    def _files(self, before: str) -> Iterator[str]:
        """Yield the paths of our files; "." before the prefix for unfinished ones."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(before + self.prefix):
                    yield entry.path

    def _removed_if_free(self, path: str) -> bool:
        """Remove an expired value unless somebody holds its lock or has renewed it."""
        try:
            let_go = filelocks.take(path + self.lock_suffix, path, Deadline(0))
        except LockTimeout:
            return False
        try:
            ended = _has_ended(_content(path, _HEAD_BYTES))
            if ended:
                os.unlink(path)
            return ended
        finally:
            let_go()

    def _replace(self, path: str, head: bytes, value: bytes) -> None:
        """Write a file that takes the place of the one at the path when it is whole."""
        new, file = self._new_file()
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(head)
                stream.write(value)
                stream.flush()
                if self.durable:
                    os.fsync(file)
                if not filelocks.ON_WINDOWS:
                    os.replace(new, path)
            if filelocks.ON_WINDOWS:
                os.replace(new, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(new)
            raise
        if self.durable:
            _write_through(self.folder)

    def _new_file(self) -> tuple[str, int]:
        """Open a file for writing; while it is open it is locked against the sweep."""
        made = False
        while True:
            name = f".{self.prefix}{os.getpid()}-{os.urandom(6).hex()}{_NEW}"
            path = os.path.join(self.folder, name)
            try:
                file = os.open(path, _NEW_FLAGS | getattr(os, "O_BINARY", 0), 0o600)
            except FileNotFoundError:
                if made:
                    raise
                make_folder(self.folder)
                made = True
                continue
            try:
                # The sweep may have been quicker than our lock.
                if filelocks.try_lock(file) and filelocks.is_at(file, path):
                    return path, file
            except BaseException:
                os.close(file)
                with contextlib.suppress(OSError):
                    os.unlink(path)
                raise
            os.close(file)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Tell by `StoreUnavailable` what the system would not let us do."""
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(
                f"The file store in {self.folder!r} cannot {what}: "
                f"{filelocks.in_words(error)}"
            ) from error


def _content(path: str, size: int = -1) -> bytes:
    """Return the first bytes of a file or all of it; b"" if there is none."""
    try:
        file = os.open(path, _READ_FLAGS)
    except FileNotFoundError:
        return b""
    except OSError as error:
        if error.errno == errno.ELOOP:  # A symbolic link: not ours.
            return b""
        raise
    try:
        # Left open by the stream: it would not close what it refuses, a folder.
        with open(file, "rb", buffering=0, closefd=False) as stream:
            return stream.read(size) or b""
    finally:
        os.close(file)


def _lives(content: bytes) -> bool:
    """Whether this is the beginning of a file with a value that has not expired."""
    if len(content) < _HEAD_BYTES or not content.startswith(_MAGIC):
        return False
    return Expiry.unpacked(content[_HEAD_BYTES - STAMP_BYTES : _HEAD_BYTES]).left() > 0


def _has_ended(content: bytes) -> bool:
    """Whether this is the beginning of a file that can go; those of others stay."""
    return content.startswith(_MAGIC) and not _lives(content)


def _is_whole(content: bytes) -> bool:
    (check,) = _SUM.unpack_from(content, len(_MAGIC))
    return zlib.crc32(memoryview(content)[len(_MAGIC) + _SUM.size :]) == int(check)


def _remove_if_stale(path: str) -> None:
    """Remove an unfinished file whose writer is gone."""
    with contextlib.suppress(OSError):
        file = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            stale = filelocks.try_lock(file)
            if stale and not filelocks.ON_WINDOWS:
                os.unlink(path)
        finally:
            os.close(file)
        if stale and filelocks.ON_WINDOWS:
            os.unlink(path)


def _write_through(folder: str) -> None:
    """Make the names in a folder survive a power cut."""
    if filelocks.ON_WINDOWS:
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
