"""Header elements, and what a client prefers."""

from __future__ import annotations

import pytest

from cherrypy.http.elements import (
    RE_HEADER_SPLIT,
    AcceptElement,
    HeaderElement,
    MalformedHeader,
    decode_TEXT,
    decode_TEXT_maybe,
    header_elements,
    split_quoted,
    unquoted,
)


def texts(name: str, value: str | None) -> list[str]:
    """Return the elements of a header value as text."""
    return [str(element) for element in header_elements(name, value)]


def test_an_element_is_a_value_and_its_parameters() -> None:
    element = HeaderElement.from_str('text/html; charset=utf-8; a="b;c"; d=e=f; g; ;')
    assert element.value == "text/html"
    assert element.params == {"charset": "utf-8", "a": "b;c", "d": "e=f"}


def test_an_element_becomes_text_again() -> None:
    element = HeaderElement("v", {"k": "p", "x": ""})
    assert str(element) == "v;k=p;x="
    assert bytes(element) == b"v;k=p;x="
    assert repr(element) == "HeaderElement('v;k=p;x=')"
    assert str(HeaderElement("v")) == "v"


def test_elements_are_ordered_by_value() -> None:
    assert HeaderElement("a") < HeaderElement("b")
    assert HeaderElement("b") >= HeaderElement("a")
    assert texts("X-Thing", "a;b=c , e") == ["e", "a;b=c"]
    assert texts("Cache-Control", 'max-age=3, no-cache="x,y"') == [
        'no-cache="x,y"',
        "max-age=3",
    ]


def test_what_is_preferred_comes_first() -> None:
    accept = "*/*;q=0.1, text/*, text/html, text/html;level=1, image/png;q=.5"
    assert texts("Accept", accept) == [
        "text/html;level=1",
        "text/html",
        "text/*",
        "image/png;q=.5",
        "*/*;q=0.1",
    ]
    assert texts("Te", "trailers;q=0.5, deflate") == ["deflate", "trailers;q=0.5"]


def test_the_greater_of_two_is_preferred() -> None:
    good, better = map(AcceptElement.from_str, ("text/html;q=0.5", "text/plain;q=0.6"))
    assert good < better
    assert better > good
    assert good < HeaderElement("text/html")


def test_parameters_after_the_quality_belong_to_it() -> None:
    element = AcceptElement.from_str("text/html;charset=x; q = 0.4;ext=1")
    assert element.value == "text/html"
    assert element.qvalue == 0.4
    quality = element.params["q"]
    assert isinstance(quality, HeaderElement)
    assert quality.params == {"ext": "1"}
    assert str(element) == "text/html;charset=x;q=0.4;ext=1"


@pytest.mark.parametrize(
    ("given", "quality"),
    [("a", 1.0), ("a;q=0", 0.0), ("a;q=.5", 0.5), ("a;q=1.000", 1.0), ("a;q=7", 1.0)],
)
def test_the_quality_lies_between_zero_and_one(given: str, quality: float) -> None:
    assert AcceptElement.from_str(given).qvalue == quality


def test_a_quality_may_be_given_as_text() -> None:
    assert AcceptElement("a", {"q": "0.5"}).qvalue == 0.5


@pytest.mark.parametrize("quality", ["x", "", "-1", "nan", "1.0.0", "1e"])
def test_a_quality_that_is_none_is_the_mistake_of_the_client(quality: str) -> None:
    with pytest.raises(MalformedHeader, match=r"^Malformed HTTP header: `a;q="):
        header_elements("Accept", f"a;q={quality}, b")


@pytest.mark.parametrize("value", [None, "", " ", ",", ", ,"])
def test_empty_elements_do_not_count(value: str | None) -> None:
    assert header_elements("Accept", value) == []
    assert header_elements("X-Thing", value) == []


def test_a_semicolon_too_many_is_tolerated() -> None:
    assert texts("Accept", "text/html;, a;") == ["text/html", "a"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a,b", ["a", "b"]),
        ('"a,b",c', ['"a,b"', "c"]),
        (r'"a\",b",c', [r'"a\",b"', "c"]),
        ('W/"a", "b"', ['W/"a"', ' "b"']),
        ('a,"b,c', ["a", '"b,c']),
        ('a,"b,c\\', ["a", '"b,c\\']),
        ('""', ['""']),
        ('"",', ['""', ""]),
    ],
)
def test_a_separator_within_quotes_separates_nothing(
    text: str, pieces: list[str]
) -> None:
    assert split_quoted(text, ",") == pieces
    swapped = [piece.replace(",", ";") for piece in pieces]
    assert split_quoted(text.replace(",", ";"), ";") == swapped


def test_splitting_takes_linear_time() -> None:
    assert len(split_quoted('a,"b",' * 50_000, ",")) == 100_001
    assert len(split_quoted('"\\' * 100_000, ",")) == 1


def test_the_documented_pattern_splits_the_same_way() -> None:
    assert RE_HEADER_SPLIT.split('a,"b,c",d') == ["a", '"b,c"', "d"]


@pytest.mark.parametrize(
    ("quoted", "text"),
    [
        ("a", "a"),
        ('"a"', "a"),
        ('"a\\"b\\\\"', 'a"b\\'),
        ('"', '"'),
        ('""', ""),
        ('"a', '"a'),
        ('a"', 'a"'),
    ],
)
def test_quotes_are_taken_off(quoted: str, text: str) -> None:
    assert unquoted(quoted) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?b?w6k=?=", "é"),
        ("=?UTF-8?Q?a=C3=A9_b?= x", "aé b x"),
        ("a =?utf-8?q?b?=  =?utf-8?q?c?= d", "a bc d"),
        ("=?utf-8*en?q?b?=", "b"),
        ("=?iso-8859-1?q?=E9?=", "é"),
    ],
)
def test_encoded_words_are_decoded(value: str, text: str) -> None:
    assert decode_TEXT(value) == decode_TEXT_maybe(value) == text


@pytest.mark.parametrize(
    "value",
    [
        "=?nope?q?a?=",
        "=?punycode?q?a?=",
        "=?utf-8?b?w?=",
        "=?utf-8?b?/w==?=",
        "=?utf-8?q?=FF?=",
        "=?utf-8?q?é?=",
        "=?utf-8?q?a=0D=0ASet-Cookie:?=",
        "=?utf-8?q?=00?=",
        "=?utf-8?x?a?=",
        "=?=?=?",
    ],
)
def test_words_that_cannot_be_decoded_stay_as_they_are(value: str) -> None:
    assert decode_TEXT(value) == value


def test_looking_for_encoded_words_takes_linear_time() -> None:
    for text in ("=?", "=?a?q?b?= ", "=?a?q?", " "):
        value = text * 50_000
        assert decode_TEXT("=?a?q?b?=" + value) is not None
