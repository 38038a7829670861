"""Sessions in memcached, as documented."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.lib.session_seals import Seal
from cherrypy.lib.session_serializers import serializer_named
from cherrypy.lib.session_stores import Archive, StoreSession
from cherrypy.stores.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MemcachedSession"]


class MemcachedSession(StoreSession):
    """A session that is kept in memcached.

    With a `key` it is a sealed pickle, without one it is JSON: memcached asks nobody
    who he is, so anybody in the network could have written what lies there.
    """

    servers: Iterable[str] = ("127.0.0.1:11211",)
    """Each as ``host:port``."""

    serializer: Any = None
    """``json``, ``pickle``, an object with ``dumps`` and ``loads``; None: see above."""

    mc_lock: ClassVar[Any] = threading.RLock()
    """Documented; the connections need no lock."""

    locks: ClassVar[dict[str, Any]] = {}
    """Documented; the locks are the store's, and hold among processes, too."""

    @classmethod
    def setup(cls, **kwargs: Any) -> None:
        """Note the servers for the class; done once, before the first session.

        Args:
            **kwargs: The settings.
        """
        cls.servers = kwargs.get("servers", cls.servers)

    def _archive_name(self) -> tuple[Any, ...]:
        return (*super()._archive_name(), tuple(_listed(self.servers)))

    def _make_archive(self) -> Archive:
        chosen = self.serializer or ("json" if self.key is None else "pickle")
        return Archive(
            open_store("memcached://" + ",".join(_listed(self.servers))),
            serializer_named(chosen),
            None if self.key is None else Seal(self.key),
        )


def _listed(servers: str | Iterable[str]) -> list[str]:
    return servers.split(",") if isinstance(servers, str) else list(servers)
