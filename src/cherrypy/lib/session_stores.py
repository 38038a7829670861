"""Sessions in any store: Redis, SQLite, PostgreSQL, or one of your own."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.core.unrepr import attributes
from cherrypy.environment.site import engine, log
from cherrypy.lib.session_base import Session, report
from cherrypy.lib.session_seals import Seal
from cherrypy.lib.session_serializers import (
    Damaged,
    PickleSerializer,
    Serializer,
    serializer_named,
)
from cherrypy.stores.base import Store, StoreUnavailable
from cherrypy.stores.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime

    from cherrypy.stores.base import StoreLock

__all__ = ["Archive", "StoreSession", "find_store"]

_LONGEST_ID = 200


class Archive:
    """Where sessions are kept, and how they are turned into bytes.

    Args:
        store: Keeps the bytes.
        serializer: Makes them.
        seal: Shows that they are ours; None for none.
        prefix: What the keys in the store begin with.

    Raises:
        ValueError: Pickles would be opened that anybody could have made.
    """

    def __init__(
        self,
        store: Store,
        serializer: Serializer,
        seal: Seal | None = None,
        prefix: str = "session:",
    ) -> None:
        if seal is None and isinstance(serializer, PickleSerializer):
            raise ValueError(
                "tools.sessions.serializer 'pickle' needs a secret, tools.sessions.key:"
                " whoever can write into the store could run code here otherwise."
            )
        self.store = store
        self.serializer = serializer
        self.seal = seal
        self.prefix = prefix

    def packed(self, id: str, data: dict[Any, Any]) -> bytes:
        """Return the bytes to be stored for a session."""
        written = self.serializer.dumps(data)
        content = written.encode("utf-8") if isinstance(written, str) else written
        return content if self.seal is None else self.seal.close(id, content)

    def unpacked(self, id: str, stored: bytes) -> dict[Any, Any] | None:
        """Return the data of a session, None if these bytes are none of ours."""
        try:
            content = stored if self.seal is None else self.seal.open(id, stored)
            return self.serializer.loads(content)
        except Damaged as problem:
            log(f"A stored session is refused: {problem}.", "TOOLS.SESSIONS")
        except Exception:  # boundary: a class may be gone, a serializer anybody's own
            log("A stored session cannot be read.", "TOOLS.SESSIONS", traceback=True)
        return None


class StoreSession(Session):
    """A session that is kept in a store (`cherrypy.stores`)."""

    storage: Any = "ram:"
    """A URL (see `cherrypy.stores.opening.open_store`), a `Store`, or the dotted name
    of a store or of a function that makes one."""

    serializer: Any = "json"
    """``json``, ``pickle``, or an object with ``dumps`` and ``loads``."""

    key: Any = None
    """A secret, or several, with which sessions are sealed; pickles must be."""

    archive: Archive
    """What turns the session into bytes, and keeps them."""

    _notices_end = True
    _archives: ClassVar[dict[Hashable, Archive]] = {}
    _guard = threading.Lock()  # guards the making of archives, in any thread

    def __init__(self, id: str | None = None, **kwargs: Any) -> None:
        self._seen: tuple[bytes, dict[Any, Any]] | None = None
        self.__dict__.update(kwargs)
        if not self.without_storage:
            self.archive = self._find_archive()
        super().__init__(id, **kwargs)

    @property
    def store(self) -> Store:
        """The store."""
        return self.archive.store

    def _find_archive(self) -> Archive:
        """Return the archive, made when it is first asked for with these settings."""
        name = self._archive_name()
        archive = self._archives.get(name)
        if archive is None:
            with self._guard:
                archive = self._archives.get(name)
                if archive is None:
                    archive = self._archives[name] = self._make_archive()
        return archive

    def _archive_name(self) -> tuple[Any, ...]:
        keys: Hashable = tuple(self.key) if isinstance(self.key, list) else self.key
        return (type(self), _identity(self.storage), _identity(self.serializer), keys)

    def _make_archive(self) -> Archive:
        return Archive(
            find_store(self.storage),
            serializer_named(self.serializer),
            None if self.key is None else Seal(self.key),
        )

    @property
    def _key(self) -> str:
        return f"{self.archive.prefix}{self._id}"

    def _accepts(self, id: str) -> bool:
        return (
            len(id) <= _LONGEST_ID
            and id.isascii()
            and id.isprintable()
            and " " not in id
        )

    def _stored(self) -> dict[Any, Any] | None:
        """Return what is stored, None if there is nothing that makes sense."""
        stored = self.archive.store.get(self._key)
        if stored is None:
            return None
        # It is asked for twice in a request, before and after the wait for the lock.
        if self._seen is None or self._seen[0] != stored:
            data = self.archive.unpacked(str(self._id), stored)
            if data is None:
                return None
            self._seen = (stored, data)
        return self._seen[1]

    def _exists(self) -> bool:
        return self._stored() is not None

    def _load(self) -> tuple[dict[Any, Any], datetime] | None:
        data = self._stored()
        self._seen = None
        if data is None:
            return None
        # When it ends is the store's business.
        return data, self.now() + timedelta(minutes=self.timeout)

    def _save(self, expiration_time: datetime) -> None:
        content = self.archive.packed(str(self._id), self._data)
        self.archive.store.set(self._key, content, self.timeout * 60)

    def _delete(self) -> None:
        self.archive.store.delete(self._key)

    def _take_lock(self, seconds: float | None) -> StoreLock:
        return self.archive.store.lock(self._key, seconds)

    def __len__(self) -> int:
        """Return how many entries the store has.

        Raises:
            NotImplementedError: The store cannot tell.
        """
        return len(self.archive.store)

    def clean_up(self) -> None:
        """Remove what has expired from the store."""
        try:
            self.archive.store.sweep()
        except StoreUnavailable as problem:
            # The next time, then. An error would end the cleaning for good.
            report(problem)

    def _place(self) -> object:
        return self.archive.store


def find_store(where: Any) -> Store:
    """Return the store that a setting means: URL, store, or dotted name.

    Raises:
        ValueError: It means none.
    """
    if isinstance(where, str) and ":" not in where:
        where = attributes(where)
        if not isinstance(where, Store):
            where = where()
    if isinstance(where, str):
        store = open_store(where)
        engine.subscribe("stop", store.close, 85)
        return store
    if not isinstance(where, Store):
        raise ValueError(
            f"tools.sessions.storage is {where!r}, which is no URL and no store."
        )
    return where


def _identity(value: object) -> Hashable:
    """Return what tells a setting from others."""
    return value if isinstance(value, str) else id(value)
