"""The store in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores import lifetime, ram
from cherrypy.stores.ram import RamStore
from tests.stores.contract import StoreContract

if TYPE_CHECKING:
    from cherrypy.stores.base import Store


class TestRamStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return RamStore()


def test_the_sweep_goes_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    store = RamStore()
    for number in range(1_200):
        store.set(f"dead-{number}", b"", 0)
        store.set(f"live-{number}", b"", 60)
    pauses: list[int] = []
    monkeypatch.setattr(
        time, "sleep", lambda seconds: pauses.append(len(store._entries))
    )
    assert store.sweep() == 1_200
    assert pauses == [2150, 1900, 1650, 1400, 1200]
    assert len(store) == 1_200


def test_an_entry_renewed_during_the_sweep_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = RamStore()
    for number in range(ram._SLICE + 1):
        store.set(f"{number}", b"", 0)
    last = f"{ram._SLICE}"
    monkeypatch.setattr(time, "sleep", lambda _: store.set(last, b"new", 60))
    assert store.sweep() == ram._SLICE
    assert store.get(last) == b"new"


def test_an_entry_deleted_during_the_sweep_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = RamStore()
    for number in range(ram._SLICE + 1):
        store.set(f"{number}", b"", 0)
    monkeypatch.setattr(time, "sleep", lambda _: store.delete(f"{ram._SLICE}"))
    assert store.sweep() == ram._SLICE


def test_a_wall_clock_set_back_lets_nothing_live_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = RamStore()
    store.set("k", b"value", 60)
    now = lifetime.boot_clock()
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr(ram, "boot_clock", lambda: now + 59)
    assert store.get("k") == b"value"
    monkeypatch.setattr(ram, "boot_clock", lambda: now + 61)
    assert store.get("k") is None
