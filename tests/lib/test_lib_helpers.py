from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy.lib.httputil
from cherrypy.core.response import Response
from cherrypy.lib import (
    file_generator,
    file_generator_limited,
    is_closable_iterator,
    is_iterator,
    set_vary_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Counting:
    """An iterator without a close."""

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        return 1


class WithClose(Counting):
    def close(self) -> None: ...


class WithDemandingClose(Counting):
    def close(self, now: bool) -> None: ...


class WithOptionalClose(Counting):
    def close(self, now: bool = True) -> None: ...


class WithFalseClose(Counting):
    close = 5


class NextOnly:
    def __next__(self) -> int:
        return 1


class IteratesElsewhere(NextOnly):
    def __iter__(self) -> Iterator[int]:
        return iter([1])


@pytest.mark.parametrize("obj", [iter([]), (x for x in "ab"), Counting(), map(str, [])])
def test_what_yields_its_items_once_is_an_iterator(obj: object) -> None:
    assert is_iterator(obj)


@pytest.mark.parametrize(
    "obj", [[], "", b"", range(3), {}, None, NextOnly(), IteratesElsewhere(), Counting]
)
def test_what_can_be_read_again_is_no_iterator(obj: object) -> None:
    assert not is_iterator(obj)
    assert not is_closable_iterator(obj)


@pytest.mark.parametrize("obj", [(x for x in "ab"), WithClose(), WithOptionalClose()])
def test_generators_and_what_closes_without_arguments_are_closable(obj: Any) -> None:
    assert is_closable_iterator(obj)


@pytest.mark.parametrize(
    "obj", [iter([]), Counting(), WithDemandingClose(), WithFalseClose()]
)
def test_other_iterators_are_not_closable(obj: object) -> None:
    assert not is_closable_iterator(obj)


def test_a_close_that_does_not_say_what_it_wants_is_not_called() -> None:
    class Opaque(Counting):
        close = type  # Takes one argument or three, which no signature tells.

    assert not is_closable_iterator(Opaque())


class TestFileGenerator:
    def test_yields_chunks_and_closes_the_file(self) -> None:
        file = io.BytesIO(b"abcdefgh")
        chunks = file_generator(file, 3)
        assert list(chunks) == [b"abc", b"def", b"gh"]
        assert file.closed

    def test_has_a_next_method(self) -> None:
        assert file_generator(io.BytesIO(b"abc"), 2).next() == b"ab"

    def test_needs_no_close(self) -> None:
        class Endless:
            def read(self, size: int, /) -> bytes:
                return b""

        assert list(file_generator(Endless())) == []

    def test_limited_stops_after_so_many_bytes(self) -> None:
        file = io.BytesIO(b"abcdefgh")
        assert list(file_generator_limited(file, 5, 2)) == [b"ab", b"cd", b"e"]
        assert not file.closed
        assert file.tell() == 5

    def test_limited_stops_at_the_end_of_the_file(self) -> None:
        assert list(file_generator_limited(io.BytesIO(b"abc"), 5, 2)) == [b"ab", b"c"]


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (None, "Accept"),
        ("", "Accept"),
        ("Cookie", "Cookie, Accept"),
        ("Cookie,Host,", "Cookie, Host, Accept"),
        ("accept", "accept"),
        ("Accept, Cookie", "Accept, Cookie"),
        ("*", "*"),
    ],
)
def test_vary_names_each_header_once(present: str | None, expected: str) -> None:
    response = Response()
    if present is not None:
        response.headers["Vary"] = present
    set_vary_header(response, "Accept")
    assert response.headers["Vary"] == expected


class TestModules:
    def test_are_there_when_they_are_asked_for(self) -> None:
        assert cherrypy.lib.httputil.HTTPDate(0) == "Thu, 01 Jan 1970 00:00:00 GMT"

    @pytest.mark.parametrize("name", ["nonsense", "_private", "__path_hooks__"])
    def test_that_are_none_are_not_there(self, name: str) -> None:
        assert not hasattr(cherrypy.lib, name)

    def test_that_fail_to_import_say_why(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "broken.py").write_text("import no_such_library")
        path = [*cherrypy.lib.__path__, str(tmp_path)]
        monkeypatch.setattr(cherrypy.lib, "__path__", path)
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            _ = cherrypy.lib.broken  # type: ignore[attr-defined]
