"""Sessions in files, as documented: one for each session, in a folder."""

from __future__ import annotations

import contextlib
import os
import pickle
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import log
from cherrypy.lib.session_base import lock_seconds, report
from cherrypy.lib.session_seals import Seal, key_file
from cherrypy.lib.session_serializers import serializer_named
from cherrypy.lib.session_stores import Archive, StoreSession
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.file import FileStore
from cherrypy.stores.filelocks import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.stores.base import StoreLock

__all__ = ["FileSession"]

# How pickles begin, since protocol 2.
_PICKLE = b"\x80"


class FileSession(StoreSession):
    """A session that is kept in a file of its own, sealed with a key.

    The file is mode 0600 and replaced as a whole; while a request uses the session
    there is a lock file beside it.

    Args:
        id: What the client sent as the id of its session, if it sent something.
        **kwargs: Become attributes of the session.

    Raises:
        ValueError: A setting makes no sense.
    """

    SESSION_PREFIX: str = "session-"
    """What the names of the files begin with; the id follows."""

    LOCK_SUFFIX: str = ".lock"
    """What follows in the name of a lock file."""

    pickle_protocol: int = pickle.HIGHEST_PROTOCOL
    """See the module `pickle`."""

    storage_path: str | os.PathLike[str] = ""
    """The folder. It is made if it is missing."""

    serializer: Any = "pickle"
    """``json``, ``pickle``, or an object with ``dumps`` and ``loads``."""

    key: Any = None
    """A secret, or several, to seal the files with; otherwise one is made, in
    ``<storage_path>.key``."""

    accept_unsigned: bool = False
    """Whether to take over the files of CherryPy, which are not sealed: whoever could
    write one can run code here."""

    def __init__(self, id: str | None = None, **kwargs: Any) -> None:
        _make_absolute(kwargs)
        lock_seconds(kwargs.get("lock_timeout", self.lock_timeout))
        super().__init__(id, **kwargs)

    @classmethod
    def setup(cls, **kwargs: Any) -> None:
        """Note the folder for the class; done once, before the first session.

        Other settings are those of an application, not of all.

        Args:
            **kwargs: The settings.
        """
        _make_absolute(kwargs)
        cls.storage_path = kwargs.get("storage_path", cls.storage_path)

    def _archive_name(self) -> tuple[Any, ...]:
        return (
            *super()._archive_name(),
            *(str(self.storage_path), self.SESSION_PREFIX, self.LOCK_SUFFIX),
            self.pickle_protocol,
        )

    def _make_archive(self) -> Archive:
        folder = os.fspath(self.storage_path)
        if not folder:
            raise ValueError(
                "tools.sessions.storage_path is not set: FileSession needs a folder."
            )
        try:
            make_folder(folder)
            key = key_file(folder) if self.key is None else self.key
        except OSError as problem:
            raise StoreUnavailable(
                f"The folder for sessions, or the key that seals them, cannot be "
                f"made: {problem}. Let this user write there, or set "
                "tools.sessions.key."
            ) from problem
        return Archive(
            FileStore(folder, prefix=self.SESSION_PREFIX, lock_suffix=self.LOCK_SUFFIX),
            serializer_named(self.serializer, self.pickle_protocol),
            Seal(key),
            prefix="",
        )

    def _get_file_path(self) -> str:
        """Return the path of the file of this session.

        Raises:
            HTTPError: 400, the id leads out of the folder.
        """
        path = self._files.path_of(str(self._id))
        if os.path.dirname(path) != self._files.folder:
            raise HTTPError(400, "Invalid session id in cookie.")
        return path

    @property
    def _files(self) -> FileStore:
        store = self.archive.store
        assert isinstance(store, FileStore)  # made above
        return store

    def _stored(self) -> dict[Any, Any] | None:
        data = super()._stored()
        if data is None and self.accept_unsigned:
            data, expires = _old_session(self._get_file_path())
            return data if expires > datetime.now() else None
        return data

    def _load(self, path: str | None = None) -> Any:
        self._assert_locked("loaded")
        with self._named(path):
            return super()._load()

    def _save(self, expiration_time: datetime) -> None:
        self._assert_locked("saved")
        super()._save(expiration_time)

    def _delete(self) -> None:
        self._assert_locked("deleted")
        super()._delete()

    def _assert_locked(self, step: str) -> None:
        assert self.locked, (
            f"The session is {step} without being locked. Check the priority of your "
            "tools, or call cherrypy.session.acquire_lock() first."
        )

    def acquire_lock(self, path: str | None = None) -> None:
        """Wait until this request alone may use the session.

        Args:
            path: The file of another session to lock instead.

        Raises:
            SessionBusy: Another request has held it for `lock_timeout` seconds.
        """
        with self._named(path):
            super().acquire_lock()

    def release_lock(self, path: str | None = None) -> None:
        """Let others use the session.

        Args:
            path: The file that was locked; not needed.
        """
        lock = self.lock
        if lock is None or isinstance(lock, _FileLock):
            super().release_lock()
            return
        # documented behaviour: a subclass may have a lock of its own here.
        self.lock: Any = None
        self.locked: bool = False
        lock.close()
        remains = getattr(lock, "_path", None)
        if remains:
            with contextlib.suppress(FileNotFoundError):
                os.remove(remains)

    def _take_lock(self, seconds: float | None) -> StoreLock:
        return _FileLock(super()._take_lock(seconds))

    @contextlib.contextmanager
    def _named(self, path: str | None) -> Iterator[None]:
        """Speak of the session in another file for a while."""
        if path is None:
            yield
            return
        before = self._id
        self._id = os.path.basename(path).removeprefix(self.SESSION_PREFIX)
        try:
            yield
        finally:
            self._id = before

    def __len__(self) -> int:
        """Return how many sessions there are."""
        return len(self.archive.store)

    def clean_up(self) -> None:
        """Remove files of sessions that have expired, and what crashes have left."""
        if self.accept_unsigned:
            try:
                self._take_over()
            except OSError as problem:
                log(f"Old sessions cannot be taken over: {problem}", "TOOLS.SESSIONS")
                return
        super().clean_up()

    def _take_over(self) -> None:
        """Seal the files of CherryPy; the sweep would remove them."""
        folder, prefix = self._files.folder, self.SESSION_PREFIX
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(folder):
                if name.startswith(prefix) and not name.endswith(self.LOCK_SUFFIX):
                    self._take_over_one(name.removeprefix(prefix))

    def _take_over_one(self, id: str) -> None:
        store = self.archive.store
        try:
            lock = store.lock(id, 0)
        except LockTimeout:
            # Somebody uses it just now, and will save it.
            return
        try:
            path = self._files.folder + os.sep + self.SESSION_PREFIX + id
            data, expires = _old_session(path)
            seconds = (expires - datetime.now()).total_seconds()
            if data is not None and seconds > 0:
                store.set(id, self.archive.packed(id, data), seconds)
            elif data is not None:
                os.unlink(path)
        except StoreUnavailable as problem:
            report(problem, id)
        finally:
            lock.release()


def _make_absolute(settings: dict[str, Any]) -> None:
    """Make the folder one that stays the same wherever the process goes."""
    if settings.get("storage_path"):
        settings["storage_path"] = os.path.abspath(settings["storage_path"])


class _FileLock:
    """The lock of a session, with the documented name for letting go."""

    def __init__(self, lock: StoreLock) -> None:
        self.release = self.close = lock.release


def _old_session(path: str) -> tuple[dict[Any, Any] | None, datetime]:
    """Return what a file of CherryPy contains: data (or None) and when it expires."""
    try:
        with open(path, "rb") as file:
            pickled = file.read()
        if pickled.startswith(_PICKLE):
            data, expires = pickle.loads(pickled)
            return data, expires
    except FileNotFoundError:
        pass
    except Exception:  # boundary: anything may be in there
        log("An old session cannot be read.", "TOOLS.SESSIONS", traceback=True)
    return None, datetime.min
