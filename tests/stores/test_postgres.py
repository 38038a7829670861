"""The store in PostgreSQL, on a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stores.contract import SharedStoreContract

if TYPE_CHECKING:
    from tests.servers import PostgreSQL


class TestPostgresStore(SharedStoreContract):
    increments = 1_000

    @pytest.fixture
    def where(self, postgresql_server: PostgreSQL) -> str:
        return postgresql_server.url
