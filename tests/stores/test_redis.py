"""The store in Redis, on a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stores.contract import SharedStoreContract

if TYPE_CHECKING:
    from tests.servers import Redis


class TestRedisStore(SharedStoreContract):
    increments = 1_000

    @pytest.fixture
    def where(self, redis_server: Redis) -> str:
        return f"{redis_server.url}?lease_seconds=2"
