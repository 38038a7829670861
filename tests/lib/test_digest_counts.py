from __future__ import annotations

import threading
import time

import pytest

from cherrypy.lib import digest_counts
from cherrypy.lib.digest_counts import ProcessCounts, StoredCounts, counts_in
from cherrypy.stores.ram import RamStore

NOW = int(time.time())


@pytest.mark.parametrize("counts", [ProcessCounts(), StoredCounts(RamStore())])
class TestNumbers:
    def test_count_once(self, counts: digest_counts.NonceCounts) -> None:
        for nonce in ("a", "b"):
            assert counts.use(nonce, NOW, 1, 600)
            assert not counts.use(nonce, NOW, 1, 600)
            assert counts.use(nonce, NOW, 2, 600)
            assert not counts.use(nonce, NOW, 1, 600)

    def test_may_overtake_each_other_a_little(
        self, counts: digest_counts.NonceCounts
    ) -> None:
        assert counts.use("c", NOW, 200, 600)
        assert counts.use("c", NOW, 73, 600)
        assert not counts.use("c", NOW, 73, 600)
        assert not counts.use("c", NOW, 72, 600)
        assert counts.use("c", NOW, 100_000, 600)
        assert not counts.use("c", NOW, 200, 600)

    def test_begin_with_one(self, counts: digest_counts.NonceCounts) -> None:
        assert not counts.use("d", NOW, 0, 600)
        assert counts.use("d", NOW, 0xFFFFFFFF, 600)

    def test_count_once_for_all_threads(
        self, counts: digest_counts.NonceCounts
    ) -> None:
        accepted: list[int] = []

        def work() -> None:
            accepted.extend(n for n in range(1, 101) if counts.use("e", NOW, n, 600))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(accepted) == list(range(1, 101))


def test_what_was_made_before_this_process_is_not_taken() -> None:
    counts = ProcessCounts()
    assert not counts.use("old", digest_counts._BEGAN - 1, 1, 600)
    assert counts.use("new", digest_counts._BEGAN, 1, 600)


def test_memory_is_bounded_and_what_is_forgotten_is_not_taken() -> None:
    counts = ProcessCounts(at_most=2)
    for age, nonce in enumerate("abc"):
        assert counts.use(nonce, NOW + age, 1, 600)
    assert len(counts._uses) == 2
    assert not counts.use("a", NOW, 1, 600)
    assert not counts.use("a", NOW, 2, 600)
    assert counts.use("b", NOW + 1, 2, 600)


def test_stores_forget_what_is_too_old() -> None:
    store = RamStore()
    counts = StoredCounts(store)
    assert not counts.use("a", NOW - 601, 1, 600)
    assert len(store) == 0
    assert counts.use("a", NOW, 1, 600)
    assert len(store) == 1


def test_a_lock_that_is_held_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    store = RamStore()
    counts = StoredCounts(store)
    monkeypatch.setattr(store, "get", lambda key: b"broken")
    for _ in range(2):
        with pytest.raises(ValueError, match="unpack"):
            counts.use("a", NOW, 1, 600)


def test_stores_may_be_named_by_their_url() -> None:
    assert counts_in(None) is counts_in(None)
    assert counts_in("ram:") is counts_in("ram:")
    store = RamStore()
    found = counts_in(store)
    assert isinstance(found, StoredCounts)
    assert found.store is store
