"""Query strings and urlencoded bodies."""

from __future__ import annotations

from typing import Any

import pytest

from cherrypy.http.forms import (
    MAX_FIELDS,
    TooManyFields,
    image_map_pattern,
    parse_query_string,
    parse_urlencoded,
    unquote_plus,
)

FIELDS: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("a=1&b=2", {"a": "1", "b": "2"}),
    ("a", {"a": ""}),
    ("a=&b", {"a": "", "b": ""}),
    ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
    ("a=1&b=x&a=2", {"a": ["1", "2"], "b": "x"}),
    ("a=&a=", {"a": ["", ""]}),
    ("a+b=c+d", {"a b": "c d"}),
    ("a=%C3%A9", {"a": "é"}),
    ("%61=%2B%26%3d", {"a": "+&="}),
    ("=", {"": ""}),
    ("=1", {"": "1"}),
    ("&&", {}),
    ("=1&&b", {"": "1", "b": ""}),
    ("a==b", {"a": "=b"}),
    ("a=%", {"a": "%"}),
    ("a=%zz%4", {"a": "%zz%4"}),
    ("a=1;b=2", {"a": "1;b=2"}),
    ("a=1;b=%32", {"a": "1;b=2"}),
]


@pytest.mark.parametrize(("query", "fields"), FIELDS)
def test_a_query_becomes_fields(query: str, fields: dict[str, Any]) -> None:
    assert parse_query_string(query) == fields


@pytest.mark.parametrize(("query", "fields"), FIELDS)
def test_a_form_becomes_the_same_fields(query: str, fields: dict[str, Any]) -> None:
    assert parse_urlencoded(query.encode()) == fields


def test_blank_values_may_be_left_out() -> None:
    assert parse_query_string("a=&b=1&c", keep_blank_values=False) == {"b": "1"}


def test_characters_that_are_not_escaped_stay() -> None:
    assert parse_query_string("a=é&b=%C3%A9€") == {"a": "é", "b": "é€"}


def test_what_is_not_escaped_stays_beside_what_is() -> None:
    fields = parse_query_string("é=%E9&b=é", encoding="latin-1")
    assert fields == {"é": "é", "b": "é"}


def test_a_name_that_is_repeated_with_escapes_is_repeated() -> None:
    for query in ("a=1&%61=2&a=3", "%61=1&a=2&a=3"):
        assert parse_query_string(query) == {"a": ["1", "2", "3"]}
        assert parse_urlencoded(query.encode()) == {"a": ["1", "2", "3"]}
    assert parse_urlencoded(b"a+b=1&a%20b=+2") == {"a b": ["1", " 2"]}
    assert parse_urlencoded(b"a+b=1&a+b=2+") == {"a b": ["1", "2 "]}


def test_escapes_may_stand_for_another_charset() -> None:
    assert parse_query_string("a=%e9", encoding="latin-1") == {"a": "é"}
    assert parse_urlencoded(b"a=%e9", "ISO-8859-1") == {"a": "é"}
    assert parse_urlencoded("a=é".encode()) == {"a": "é"}


def test_a_name_may_be_escaped_too() -> None:
    assert parse_urlencoded(b"%C3%A9+x=1") == {"é x": "1"}


def test_what_is_no_text_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        parse_query_string("a=%ff")
    with pytest.raises(UnicodeDecodeError):
        parse_urlencoded(b"a=%ff")


def test_an_unknown_charset_is_an_error() -> None:
    with pytest.raises(LookupError):
        parse_query_string("a=%e9", encoding="nope")
    with pytest.raises(LookupError):
        parse_urlencoded(b"a=1", "nope")
    with pytest.raises(LookupError):
        parse_urlencoded(b"a=1", "punycode")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("12,34", {"x": 12, "y": 34}),
        ("0,0", {"x": 0, "y": 0}),
        ("1,2,3", {"x": 1, "y": 2}),
        ("1,2&a=3", {"x": 1, "y": 2, "a": "3"}),
        ("12,3x", {"12,3x": ""}),
        ("12", {"12": ""}),
        ("1=2", {"1": "2"}),
        ("a=1&1,2", {"a": "1", "1,2": ""}),
        ("1" * 5000 + ",2", {"1" * 5000 + ",2": ""}),
    ],
)
def test_a_click_on_an_image_map_becomes_numbers(
    query: str, fields: dict[str, Any]
) -> None:
    assert parse_query_string(query) == fields


def test_the_documented_pattern_tells_an_image_map() -> None:
    assert image_map_pattern.match("12,34")
    assert not image_map_pattern.match("a=12,34")


def test_fields_are_counted() -> None:
    allowed = "&".join(["a"] * MAX_FIELDS)
    assert len(parse_query_string(allowed)["a"]) == MAX_FIELDS
    assert len(parse_urlencoded(allowed.encode())["a"]) == MAX_FIELDS
    with pytest.raises(TooManyFields, match="more than 1000"):
        parse_query_string(allowed + "&a")
    with pytest.raises(TooManyFields, match="more than 1000"):
        parse_urlencoded(allowed.encode() + b"&a")
    with pytest.raises(TooManyFields, match="more than 2"):
        parse_query_string("a&b&c", max_fields=2)
    with pytest.raises(TooManyFields, match="more than 2"):
        parse_urlencoded(b"a&b&c", max_fields=2)


def test_bytes_lose_their_escapes() -> None:
    assert unquote_plus(b"a+b%20c%zz%ff") == b"a b c%zz\xff"
