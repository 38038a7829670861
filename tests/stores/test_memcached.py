"""The store in memcached, on a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stores.contract import SharedStoreContract

if TYPE_CHECKING:
    from tests.servers import Memcached


class TestMemcachedStore(SharedStoreContract):
    increments = 1_000
    counts = False

    @pytest.fixture
    def where(self, memcached_server: Memcached) -> str:
        return f"{memcached_server.url}?lease_seconds=2"
