"""RFC 9111 as functions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.http.dates import format_http_date
from cherrypy.http.elements import MalformedHeader
from cherrypy.http.headers import HeaderMap
from cherrypy.lib.cache_rules import (
    RequestDirectives,
    cache_directives,
    delta_seconds,
    initial_age,
    judge,
    request_directives,
    selecting_headers,
)

NOW = 1_800_000_000.0


def fresh(status: int = 200, *, authorized: bool = False, **headers: Any) -> float:
    """Return for how long an answer is kept; 0 if it is not."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    verdict = judge(status, HeaderMap(named), delay=600, now=NOW, authorized=authorized)
    assert bool(verdict.reason) == (verdict.fresh == 0)
    return verdict.fresh


def test_what_says_nothing_is_kept_for_the_delay() -> None:
    assert fresh() == 600


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("max-age=60", 60),
        ("MAX-AGE=60", 60),
        ('max-age="60"', 60),
        ("max-age=60, s-maxage=10", 10),
        ("s-maxage=10, max-age=0", 10),
        ("max-age=60, max-age=5", 60),
        ("public", 600),
        ("public, max-age=3", 3),
        ("unheard-of, also=this", 600),
        ("must-revalidate", 600),
        ("max-age=99999999999999999999", 2**31),
    ],
)
def test_the_page_says_for_how_long(cache_control: str, seconds: float) -> None:
    assert fresh(Cache_Control=cache_control) == seconds


@pytest.mark.parametrize(
    "cache_control",
    [
        *("no-store", "no-cache", "private", "No-Store", 'no-cache="X-Y"'),
        *('private="Set-Cookie", max-age=60', "max-age=0", "s-maxage=0, max-age=9"),
        *("max-age=x", "max-age=-1", "max-age=1.5", "max-age", "max-age=\u0663"),
        "public, no-store",
    ],
)
def test_some_answers_are_not_kept(cache_control: str) -> None:
    assert not fresh(Cache_Control=cache_control)


def test_an_old_way_to_say_no_counts() -> None:
    assert not fresh(Pragma="no-cache")


def test_must_understand_is_stronger_than_no_store_where_it_is_understood() -> None:
    assert fresh(Cache_Control="must-understand, no-store, max-age=5") == 5
    assert not fresh(299, Cache_Control="must-understand, no-store, max-age=5")
    assert not fresh(299, Cache_Control="must-understand, max-age=5")


def test_what_varies_by_everything_is_not_kept() -> None:
    assert not fresh(Vary="*")
    assert not fresh(Vary="Accept, *")
    assert fresh(Vary="Accept")


@pytest.mark.parametrize("status", [200, 203, 300, 301, 308, 404, 405, 410, 414, 501])
def test_some_statuses_are_kept_for_the_delay(status: int) -> None:
    assert fresh(status) == 600


@pytest.mark.parametrize("status", [201, 202, 302, 303, 307, 400, 403, 500, 503])
def test_other_statuses_are_kept_only_if_they_say_so(status: int) -> None:
    assert not fresh(status)
    assert fresh(status, Cache_Control="max-age=5") == 5
    assert fresh(status, Expires=format_http_date(NOW + 7)) == 7
    assert fresh(status, Cache_Control="public") == 600


@pytest.mark.parametrize("status", [100, 103, 206, 304])
def test_parts_and_confirmations_are_never_kept(status: int) -> None:
    assert not fresh(status, Cache_Control="max-age=5")


def test_expires_counts_from_the_date_and_only_without_max_age() -> None:
    date = format_http_date(NOW)
    later = format_http_date(NOW + 40)
    assert fresh(Expires=later, Date=date) == 40
    assert fresh(Expires=later) == 40
    assert fresh(Expires=later, Cache_Control="max-age=3") == 3
    assert not fresh(Expires=format_http_date(NOW - 1))
    assert not fresh(Expires="0")
    assert not fresh(Expires="Thu, 99 Foo 2026 00:00:00 GMT")


@pytest.mark.parametrize(
    ("cache_control", "kept"),
    [
        *[("", False), ("max-age=9", False), ("private", False)],
        *[("public", True), ("s-maxage=9", True), ("must-revalidate", True)],
    ],
)
def test_authorized_answers_are_shared_only_if_they_say_so(
    cache_control: str, kept: bool
) -> None:
    assert bool(fresh(authorized=True, Cache_Control=cache_control)) is kept


def test_personal_answers_are_shared_only_if_they_are_public() -> None:
    for said, kept in (("", False), ("max-age=60", False), ("public", True)):
        headers = {"Cache-Control": said}
        verdict = judge(200, headers, delay=600, now=NOW, personal=True)
        assert bool(verdict.fresh) is kept


def test_an_answer_may_be_old_when_it_is_born() -> None:
    assert fresh(Age=100) == 500
    assert fresh(Age="x") == 600
    assert not fresh(Age=600)
    assert fresh(Date=format_http_date(NOW - 50)) == 550
    assert initial_age({"Age": "10", "Date": format_http_date(NOW - 50)}, NOW) == 50


def test_stale_answers_are_for_those_who_may_have_them() -> None:
    def verdict(said: str) -> Any:
        return judge(200, {"Cache-Control": said}, delay=600, now=NOW)

    assert verdict("max-age=1, stale-while-revalidate=30").stale == 30
    assert verdict("max-age=1").lenient
    for strict in ("must-revalidate", "proxy-revalidate", "s-maxage=3"):
        found = verdict(f"{strict}, stale-while-revalidate=30")
        assert not found.lenient
        assert not found.stale


def test_vary_becomes_a_list_of_names() -> None:
    assert selecting_headers({}) == ()
    assert selecting_headers({"Vary": "accept, ,Cookie, ACCEPT"}) == (
        "Accept",
        "Cookie",
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, RequestDirectives()),
        ("", RequestDirectives()),
        ("no-cache", RequestDirectives(no_cache=True)),
        (
            "no-store, only-if-cached",
            RequestDirectives(no_store=True, only_if_cached=True),
        ),
        ("max-age=0, min-fresh=5", RequestDirectives(max_age=0, min_fresh=5)),
        ("max-stale", RequestDirectives(max_stale=2**31)),
        ("max-stale=7", RequestDirectives(max_stale=7)),
    ],
)
def test_a_client_says_what_it_wants(
    said: str | None, expected: RequestDirectives
) -> None:
    assert request_directives(said, None) == expected
    assert request_directives(None, "no-cache") == RequestDirectives(no_cache=True)


@pytest.mark.parametrize("name", ["max-age", "min-fresh", "max-stale"])
@pytest.mark.parametrize("value", ["=x", "=", "=-1", "=1 2", "=1e3", "=\u0663"])
def test_nonsense_in_a_request_is_malformed(name: str, value: str) -> None:
    with pytest.raises(MalformedHeader):
        request_directives(name + value, None)


def test_directives_are_compared_with_ages() -> None:
    assert RequestDirectives().fit(10, 0, True)
    assert not RequestDirectives().fit(10, -1, True)
    assert not RequestDirectives(no_cache=True).fit(0, 10, True)
    assert RequestDirectives(max_age=3).fit(3.9, 1, True)
    assert not RequestDirectives(max_age=3).fit(4, 1, True)
    assert RequestDirectives(min_fresh=5).fit(0, 5, True)
    assert not RequestDirectives(min_fresh=5).fit(0, 4, True)
    assert RequestDirectives(max_stale=5).fit(9, -5, True)
    assert not RequestDirectives(max_stale=5).fit(9, -6, True)
    assert not RequestDirectives(max_stale=5).fit(9, -5, False)


@given(st.text())
def test_anything_can_be_read_as_directives(text: str) -> None:
    for name in cache_directives(text):
        assert name == name.strip().lower()
    with suppress(MalformedHeader):
        request_directives(text, text)
    judge(200, {"Cache-Control": text, "Vary": text}, delay=1, now=NOW)
    judge(200, {"Expires": text, "Age": text, "Date": text}, delay=1, now=NOW)


def test_very_long_numbers_are_read_at_once() -> None:
    assert delta_seconds("9" * 100_000) == 2**31
    assert delta_seconds(None) is None


@pytest.mark.parametrize("status", [401, 406, 412, 415, 416, 428, 429])
def test_what_was_wrong_with_one_request_is_no_answer_to_others(status: int) -> None:
    verdict = judge(status, {"Cache-Control": "public, max-age=9"}, delay=5, now=0)
    assert verdict.reason == f"a {status} is about one request"
