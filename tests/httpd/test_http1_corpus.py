"""Every raw case, against every server we have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.httpd import rawapp, rawcases
from tests.httpd.tinyserver import TinyServer

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = rawcases.load()


@pytest.fixture(scope="module")
def verdicts() -> Iterator[dict[str, str]]:
    """Play all cases, many at a time; what is wrong with the answers by case."""
    with TinyServer(rawapp.app) as server, ThreadPoolExecutor(16) as pool:
        plays = pool.map(lambda c: rawcases.Player(server.address, c).play(), CASES)
        yield {
            case.identity: verdict for case, verdict in zip(CASES, plays, strict=True)
        }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identity)
def test_raw_case(case: rawcases.Case, verdicts: dict[str, str]) -> None:
    assert verdicts[case.identity] == "", f"{case.source}: {case.steps!r:.500}"
