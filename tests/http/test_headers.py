"""Case-blind mappings, and the way of header fields to bytes."""

from __future__ import annotations

import copy
import pickle
from typing import Any, ClassVar

import pytest

from cherrypy.http.headers import CaseInsensitiveDict, HeaderMap


def test_a_key_is_found_whatever_its_case() -> None:
    fields = CaseInsensitiveDict({"content-TYPE": "a", "x-tHiNg": "b"})
    assert fields["Content-Type"] == fields["content-type"] == "a"
    assert fields.get("X-THING") == "b"
    assert "X-Thing" in fields
    assert "x-thing" in fields
    assert fields.has_key("x-THING")
    assert "Other" not in fields
    assert list(fields) == ["Content-Type", "X-Thing"]


def test_a_key_is_kept_in_title_case() -> None:
    assert CaseInsensitiveDict.transform_key("ETag") == "Etag"
    assert CaseInsensitiveDict.transform_key("www-authenticate") == "Www-Authenticate"
    assert CaseInsensitiveDict.transform_key("x-under_score") == "X-Under_Score"


def test_keys_that_are_no_text_become_text() -> None:
    fields: CaseInsensitiveDict[int] = CaseInsensitiveDict()
    number: Any = 1
    fields[number] = 2
    assert fields["1"] == 2
    assert fields.has_key(number)
    assert fields.get(number) == 2


def test_missing_keys_are_missing() -> None:
    fields: CaseInsensitiveDict[int] = CaseInsensitiveDict()
    with pytest.raises(KeyError, match="Nope"):
        fields["nope"]
    with pytest.raises(KeyError, match="Nope"):
        del fields["nope"]
    assert fields.get("nope") is None
    assert fields.get("nope", 3) == 3


def test_pop_wants_a_default_for_missing_keys() -> None:
    fields = CaseInsensitiveDict({"a": 1})
    assert fields.pop("A") == 1
    assert fields.pop("a", None) is None
    with pytest.raises(KeyError):
        fields.pop("a")


def test_a_default_is_set_once() -> None:
    fields: CaseInsensitiveDict[int] = CaseInsensitiveDict()
    assert fields.setdefault("x-y", 4) == 4
    assert fields.setdefault("X-Y", 5) == 4
    assert fields.setdefault("z") is None


def test_update_takes_mappings_pairs_and_names() -> None:
    fields: CaseInsensitiveDict[int] = CaseInsensitiveDict([("a", 0)])
    fields.update({"b": 1}, c=2)
    fields.update([("a-d", 3), ("A", 4)])
    fields.update(CaseInsensitiveDict(e=5))
    fields.update()
    assert dict(fields) == {"A": 4, "B": 1, "C": 2, "A-D": 3, "E": 5}


def test_named_values_alone_make_a_mapping() -> None:
    assert dict(CaseInsensitiveDict(host="x")) == {"Host": "x"}


def test_keys_can_be_given_one_value_for_all() -> None:
    fields = HeaderMap.fromkeys(["a", "x-b"], 1)
    assert type(fields) is HeaderMap
    assert dict(fields) == {"A": 1, "X-B": 1}
    assert dict(HeaderMap.fromkeys("a")) == {"A": None}


def test_mappings_are_joined_without_minding_case() -> None:
    fields = CaseInsensitiveDict(a=1)
    assert fields | {"A": 2, "b": 3} == {"A": 2, "B": 3}
    assert {"A": 2, "b": 3} | fields == {"A": 1, "B": 3}
    assert type({"b": 3} | fields) is type(fields | {}) is CaseInsensitiveDict
    fields |= {"a": 5}
    assert dict(fields) == {"A": 5}


def test_copies_and_pickles_are_of_the_same_kind() -> None:
    fields = HeaderMap(a=1)
    for other in (
        fields.copy(),
        copy.copy(fields),
        copy.deepcopy(fields),
        pickle.loads(pickle.dumps(fields)),
    ):
        assert type(other) is HeaderMap
        assert other == fields
        assert other is not fields
        assert other["a"] == 1


def test_ready_made_names_are_taken_as_they_are() -> None:
    names = {"Content-Type": "text/html"}
    fields = HeaderMap.from_titled(names)
    fields["x"] = "y"
    assert fields["content-type"] == "text/html"
    assert names == {"Content-Type": "text/html"}


def test_a_field_is_given_as_elements_or_values() -> None:
    fields = HeaderMap(accept="a/b;q=0.3, c/d", te="x;q=0.1, y")
    assert [str(element) for element in fields.elements("ACCEPT")] == [
        "c/d",
        "a/b;q=0.3",
    ]
    assert fields.values("Accept") == ["c/d", "a/b"]
    assert fields.values("TE") == ["y", "x"]
    assert fields.elements("Missing") == []
    assert fields.values("Missing") == []
    assert list(fields.values()) == ["a/b;q=0.3, c/d", "x;q=0.1, y"]


def test_names_and_values_become_bytes() -> None:
    fields = HeaderMap()
    fields["Content-Type"] = "text/html"
    fields["x-number"] = 5
    fields["X-Bytes"] = b"abc"
    fields["X-None"] = None
    assert fields.output() == [
        (b"Content-Type", b"text/html"),
        (b"X-Number", b"5"),
        (b"X-Bytes", b"abc"),
        (b"X-None", b"None"),
    ]


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("plain", b"plain"),
        ("é", b"\xe9"),
        ("日本", b"=?utf-8?b?5pel5pys?="),
        ("é日", b"=?utf-8?b?w6nml6U=?="),
        ("€" * 60, b"=?utf-8?b?" + b"4oKs" * 60 + b"?="),
    ],
)
def test_text_beyond_latin_1_becomes_an_encoded_word(text: str, wire: bytes) -> None:
    assert HeaderMap.encode(text) == wire
    assert HeaderMap.encode_header_item(text) == wire
    assert HeaderMap({"x": text}).output() == [(b"X", wire)]


@pytest.mark.parametrize(
    "value",
    ["a\r\nSet-Cookie: b=c", b"a\r\nSet-Cookie: b=c", "a\0\x1f\x7f\tSet-Cookie: b=c"],
)
def test_a_value_cannot_begin_another_field(value: str | bytes) -> None:
    assert HeaderMap(x=value).output() == [(b"X", b"aSet-Cookie: b=c")]


def test_a_name_cannot_begin_another_field() -> None:
    assert HeaderMap({"a\r\nb": "c"}).output() == [(b"AB", b"c")]
    assert HeaderMap.encode_header_items([(b"a\nb", "c")]) == [(b"ab", b"c")]


def test_control_characters_are_hidden_in_no_encoded_word() -> None:
    assert HeaderMap.encode_header_item("€\r\n") == b"=?utf-8?b?4oKs?="


def test_lone_surrogates_do_no_harm() -> None:
    assert HeaderMap.encode_header_item("a\udce9") == b"=?utf-8?b?YT8=?="
    assert HeaderMap.encode_header_item("a\ud800") == b"=?utf-8?b?YT8=?="


def test_other_charsets_may_be_tried_first() -> None:
    class Utf8Headers(HeaderMap):
        encodings: ClassVar[list[str]] = ["us-ascii", "utf-8"]

    assert Utf8Headers({"x": "€"}).output() == [(b"X", "€".encode())]


def test_without_encoded_words_a_text_must_fit() -> None:
    class Plain(HeaderMap):
        use_rfc_2047: ClassVar[bool] = False

    class Old(HeaderMap):
        protocol = (1, 0)

    for kind in (Plain, Old):
        assert kind(x="é").output() == [(b"X", b"\xe9")]
        with pytest.raises(ValueError, match="Could not encode header part '€'"):
            kind(x="€").output()
