"""What JSON carries faithfully, what it refuses, and what a seal keeps out."""

from __future__ import annotations

import json
import os
import stat
import xmlrpc.client
from collections import OrderedDict, namedtuple
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.lib import session_seals
from cherrypy.lib.session_seals import Seal, key_file
from cherrypy.lib.session_serializers import (
    Damaged,
    JSONSerializer,
    NotSerializable,
    PickleSerializer,
    serializer_named,
)

if TYPE_CHECKING:
    from pathlib import Path

JSON = JSONSerializer()
BERLIN = ZoneInfo("Europe/Berlin")
KEY = "a secret of some length"


def carried(value: Any) -> Any:
    """Return what comes back of a value."""
    return JSON.loads(JSON.dumps({"value": value}))["value"]


def same(one: Any, other: Any) -> bool:
    """Compare, types included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            same(a, b) and same(one[a], other[b])
            for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    return bool(one == other)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -1, 2**200, 1.5, -0.0, float("inf"), float("nan")),
        *("", "é\u2028\ud800\x00", "$tuple", [], [[1]], {}, {"a": {"b": [None]}}),
        *((), (1, (2, [3])), set(), {"a"}, frozenset({(1, 2)})),
        *(b"", b"\x00\xff", bytearray(b"a")),
        *(date(2026, 2, 28), datetime.max, datetime.min, time(1, 2, 3, 4)),
        *(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, fold=1)),
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=-1), "odd")),
        *(time(1, tzinfo=UTC), time(1, tzinfo=timezone(timedelta(0), "zero"))),
        *(timedelta(days=-1, microseconds=1), timedelta.max),
        *(Decimal("1.10"), Decimal("-Infinity"), UUID(int=5), 1 + 2j),
        *(
            {1: "a", None: "b", (1, 2): "c"},
            {"$set": [1]},
            {"$a": 1, "b": 2},
        ),
        *({"$dict": []}, {"": 1}, {"a": {"$bytes": "x"}}, {b"k": {1.5: date.min}}),
    ],
    ids=repr,
)
def test_json_carries(value: Any) -> None:
    back = carried(value)
    assert same(value, back)
    if isinstance(value, datetime | time):
        assert value.fold == back.fold
        assert value.tzname() == back.tzname()
        assert type(value.tzinfo) is type(back.tzinfo)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(SCALARS | st.just("$dict") | st.just("$x"), inner)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_json_carries_whatever_is_made_of_these(value: Any) -> None:
    assert same(value, carried(value))


class _Level(IntEnum):
    LOW = 1


class _OwnZone(tzinfo):
    """A zone that nobody else knows."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    dst = utcoffset

    def tzname(self, moment: datetime | None) -> str:
        return "own"


_Point = namedtuple("_Point", "x y")
_loop: list[Any] = []
_loop.append(_loop)


@pytest.mark.parametrize(
    "value",
    [
        *(object(), _Level.LOW, _Point(1, 2), OrderedDict(), type, len, range(3)),
        *(datetime(2026, 1, 1, tzinfo=_OwnZone()), _loop, {_Level.LOW: 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_json_refuses_what_would_come_back_as_something_else(value: Any) -> None:
    data = {"cart": [{"price": value}]}
    with pytest.raises(
        NotSerializable, match=r"session\['cart'\]\[0\]\['price'\]"
    ) as no:
        JSON.dumps(data)
    assert "tools.sessions.serializer" in str(no.value)
    assert len(str(no.value)) < 2000


def test_json_refuses_numbers_that_the_interpreter_does_not_write() -> None:
    with pytest.raises(NotSerializable, match="digits"):
        JSON.dumps({"n": 10**5000})


@pytest.mark.parametrize(
    "stored",
    [
        *(b"", b"{", b"\xff", b"[]", b"1", b'{"$tuple":[]}', b'{"a":{"$no":1}}'),
        *(b'{"a":{"$date":"x"}}', b'{"a":{"$datetime":1}}', b'{"a":{"$uuid":5}}'),
        *(
            b'{"a":{"$set":[[]]}}',
            b'{"a":{"$decimal":"x"}}',
            b'{"a":{"$bytes":"\xc3"}}',
        ),
        b'{"a":{"$datetime":["2026-01-01","../../etc/passwd",0]}}',
        b'{"a":{"$datetime":["2026-01-01","No/Where",0]}}',
        b'{"a":{"$timedelta":[1e999,0,0]}}',
        b'{"a":{"$complex":["x"]}}',
        b'{"a":' * 100_000,
    ],
    ids=lambda stored: stored[:30].decode("latin-1"),
)
def test_json_that_is_not_ours_is_damaged(stored: bytes) -> None:
    with pytest.raises(Damaged):
        JSON.loads(stored)


@given(st.binary())
def test_json_gives_data_or_is_damaged(stored: bytes) -> None:
    with suppress(Damaged):
        assert isinstance(JSON.loads(stored), dict)


def test_json_is_readable_for_others() -> None:
    assert json.loads(JSON.dumps({"user": "jon", "n": [1]})) == {
        "user": "jon",
        "n": [1],
    }


def test_pickle_says_what_it_cannot_carry() -> None:
    pickled = PickleSerializer()
    assert pickled.loads(pickled.dumps({1: _Point(1, 2)})) == {1: _Point(1, 2)}
    with pytest.raises(NotSerializable, match="cannot be stored"):
        pickled.dumps({"f": lambda: None})


def test_serializers_are_chosen_by_name_or_object() -> None:
    assert isinstance(serializer_named("json"), JSONSerializer)
    assert isinstance(serializer_named("pickle"), PickleSerializer)
    assert vars(serializer_named("xmlrpc.client")) is vars(xmlrpc.client)
    assert serializer_named(JSON) is JSON
    with pytest.raises(ValueError, match="dumps"):
        serializer_named("cherrypy.lib.sessions")


class TestASeal:
    def test_opens_what_it_closed_under_the_same_name_only(self) -> None:
        seal = Seal(KEY)
        assert seal.open("name", seal.close("name", b"data")) == b"data"
        with pytest.raises(Damaged):
            seal.open("nam", seal.close("name", b"data"))
        with pytest.raises(Damaged):
            seal.open("a1:b", seal.close("a", b"1:bdata"))

    def test_is_broken_by_any_change(self) -> None:
        seal = Seal(KEY)
        sealed = seal.close("name", b"data")
        for i in range(len(sealed)):
            changed = bytearray(sealed)
            changed[i] ^= 1
            with pytest.raises(Damaged):
                seal.open("name", bytes(changed))
        for shortened in (b"", sealed[:10], sealed[:-1], sealed[:40]):
            with pytest.raises(Damaged):
                seal.open("name", shortened)

    def test_opens_with_older_keys_and_closes_with_the_first(self) -> None:
        old, new = Seal(KEY), Seal([b"a newer secret, bytes", KEY])
        assert new.open("name", old.close("name", b"data")) == b"data"
        with pytest.raises(Damaged, match="another key"):
            old.open("name", new.close("name", b"data"))

    @pytest.mark.parametrize("keys", ["", "short", b"short", [], [KEY, "short"]])
    def test_needs_a_secret(self, keys: Any) -> None:
        with pytest.raises(ValueError, match="token_hex"):
            Seal(keys)


class TestAKeyFile:
    def test_lies_beside_the_folder_for_this_user_only(self, tmp_path: Path) -> None:
        folder = tmp_path / "new" / "sessions"
        key = key_file(str(folder))
        assert key_file(str(folder)) == key
        path = tmp_path / "new" / "sessions.key"
        assert path.read_bytes() == key
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.listdir(path.parent) == ["sessions.key"]
        assert len(key) == 64

    def test_lies_within_where_nothing_may_be_put_beside(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        make = session_seals._make_key

        def forbidden(path: str) -> bytes:
            if path.endswith("sessions.key"):
                raise PermissionError(path)
            return make(path)

        monkeypatch.setattr(session_seals, "_make_key", forbidden)
        folder = tmp_path / "sessions"
        key = key_file(str(folder))
        assert "set tools.sessions.key" in caplog.text
        assert key_file(str(folder)) == (folder / ".key").read_bytes() == key

    def test_of_whoever_was_quicker_counts(self, tmp_path: Path) -> None:
        path = str(tmp_path / "sessions.key")
        assert session_seals._make_key(path) == session_seals._make_key(path)

    def test_is_made_where_there_are_no_links(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def link(source: str, target: str) -> None:
            raise PermissionError(target)

        monkeypatch.setattr(os, "link", link)
        key = key_file(str(tmp_path / "sessions"))
        assert key_file(str(tmp_path / "sessions")) == key
        assert os.listdir(tmp_path) == ["sessions.key"]

    def test_that_holds_no_key_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "sessions.key").write_bytes(b"\n")
        with pytest.raises(ValueError, match="Delete it"):
            key_file(str(tmp_path / "sessions"))
