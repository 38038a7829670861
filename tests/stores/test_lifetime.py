"""Lifetimes: the wall clock may be set, the values end when they should."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cherrypy.stores import lifetime
from cherrypy.stores.lifetime import STAMP_BYTES, Expiry, unwrap, wrap


class Clocks:
    """The two clocks of a computer, and its starts."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.wall = 1_800_000_000.0
        self.boot = 5_000.0
        self.name = b"first start of it"[:16]
        patch.setattr(time, "time", lambda: self.wall)
        patch.setattr(lifetime, "boot_clock", lambda: self.boot)
        patch.setattr(lifetime, "boot_name", lambda: self.name)

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds

    def start_again(self) -> None:
        self.boot = 10.0
        self.name = b"the second start"


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def test_a_value_lives_as_long_as_it_was_told(clocks: Clocks) -> None:
    stored = wrap(b"value", 60)
    assert len(stored) == STAMP_BYTES + 5
    clocks.go_on(59.9)
    assert unwrap(stored) == b"value"
    clocks.go_on(0.1)
    assert unwrap(stored) is None


def test_a_wall_clock_set_back_two_hours_lets_no_value_live_longer(
    clocks: Clocks,
) -> None:
    stored = wrap(b"value", 60)
    clocks.wall -= 7200
    assert unwrap(stored) == b"value"
    clocks.go_on(61)
    assert unwrap(stored) is None


def test_a_wall_clock_set_forward_ends_no_value(clocks: Clocks) -> None:
    stored = wrap(b"value", 60)
    clocks.wall += 7200
    assert unwrap(stored) == b"value"


def test_after_another_start_the_wall_clock_decides(clocks: Clocks) -> None:
    stored = wrap(b"value", 60)
    clocks.start_again()
    assert unwrap(stored) == b"value"
    clocks.wall += 61
    assert unwrap(stored) is None


def test_a_value_may_live_for_ever(clocks: Clocks) -> None:
    stored = wrap(b"", float("inf"))
    clocks.go_on(1e12)
    assert unwrap(stored) == b""


def test_what_has_no_stamp_is_no_value(clocks: Clocks) -> None:
    assert unwrap(b"") is None
    assert unwrap(wrap(b"", 60)[:-1]) is None
    assert unwrap(b"\xff" * STAMP_BYTES) is None


def test_a_moment_is_read_as_it_was_written() -> None:
    moment = Expiry.after(60)
    assert Expiry.unpacked(moment.packed() + b"more") == moment
    assert 59 < moment.left() <= 60


def test_all_processes_of_one_start_have_one_name_for_it() -> None:
    lifetime.boot_name.cache_clear()
    first = lifetime.boot_name()
    lifetime.boot_name.cache_clear()
    assert lifetime.boot_name() == first
    assert len(first) == 16


def test_a_system_without_such_a_name_lets_each_process_count_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(path: Path) -> bytes:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_bytes", missing)
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    lifetime.boot_name.cache_clear()
    try:
        name = lifetime.boot_name()
        assert name == lifetime.boot_name()
        assert len(name) == 16
        before = time.monotonic()
        assert before <= lifetime.boot_clock() <= time.monotonic()
        stored = wrap(b"value", 60)
        assert unwrap(stored) == b"value"
    finally:
        lifetime.boot_name.cache_clear()
