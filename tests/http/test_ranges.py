"""Byte ranges."""

from __future__ import annotations

import pytest

from cherrypy.http.ranges import MAX_RANGES, get_ranges


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        ("bytes=0-1", [(0, 2)]),
        ("bytes=5-", [(5, 10)]),
        ("bytes=-5", [(5, 10)]),
        ("bytes=-1000", [(0, 10)]),
        ("bytes=0-1000", [(0, 10)]),
        ("bytes=0-0,1-2,-3", [(0, 1), (1, 3), (7, 10)]),
        ("bytes= 0-1 ,\t3-4", [(0, 2), (3, 5)]),
        ("bytes=0-1,,3-4,", [(0, 2), (3, 5)]),
        ("BYTES = 0-1", [(0, 2)]),
        ("bytes=000000000000000000000000-1", [(0, 2)]),
        ("bytes=0-" + "9" * 5000, [(0, 10)]),
        ("bytes=0-1,100-200", [(0, 2)]),
    ],
)
def test_ranges_come_with_an_exclusive_end(
    value: str, ranges: list[tuple[int, int]]
) -> None:
    assert get_ranges(value, 10) == ranges


@pytest.mark.parametrize("value", ["bytes=10-", "bytes=100-200", "bytes=-0"])
def test_ranges_outside_of_the_body_are_none_of_it(value: str) -> None:
    assert get_ranges(value, 10) == []


def test_a_start_of_thousands_of_digits_is_outside_of_the_body() -> None:
    assert get_ranges("bytes=" + "9" * 5000 + "-", 10) == []


def test_an_empty_body_has_no_ranges() -> None:
    assert get_ranges("bytes=0-1", 0) == []
    assert get_ranges("bytes=-1", 0) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=1",
        "bytes=a-b",
        "bytes=1-b",
        "bytes=5-2",
        "bytes=0-1,5-2",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1_0-1_1",
        "bytes=0x1-2",
        "bytes=1 - 2",
        "bytes=\N{ARABIC-INDIC DIGIT ONE}-",
        "lines=0-1",
    ],
)
def test_what_is_malformed_or_of_another_unit_is_ignored(value: str | None) -> None:
    assert get_ranges(value, 10) is None


def test_ranges_that_fit_into_the_body_keep_their_order() -> None:
    assert get_ranges("bytes=4-6,2-5", 14) == [(4, 7), (2, 6)]


def test_ranges_that_together_exceed_the_body_are_merged() -> None:
    assert get_ranges("bytes=3-8,0-5,9-9", 10) == [(0, 10)]
    assert get_ranges("bytes=0-3,0-3,0-3,8-", 10) == [(0, 4), (8, 10)]


def test_many_ranges_are_merged_or_ignored() -> None:
    adjacent = ",".join(f"{n}-{n}" for n in range(500))
    apart = ",".join(f"{n}-{n}" for n in range(0, 1000, 2))
    assert get_ranges("bytes=" + adjacent, 1000) == [(0, 500)]
    assert get_ranges("bytes=" + apart, 1000) is None
    allowed = ",".join(f"{n}-{n}" for n in range(0, 2 * MAX_RANGES, 2))
    assert len(get_ranges("bytes=" + allowed, 1000) or ()) == MAX_RANGES
