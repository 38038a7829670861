"""Reading a stream up to its end and no further."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.core.errors import HTTPError
from cherrypy.core.reader import PartReader, SizedReader, inf

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = b"one\ntwo\r\n\nlast"
BEYOND = b"GET / HTTP/1.1\r\n\r\n"


def reader(
    data: bytes = TEXT,
    *,
    known: bool = True,
    maxbytes: float | None = None,
    bufsize: int = 8192,
) -> SizedReader:
    """Return a reader of `data`; if its length is known, more bytes follow."""
    if known:
        return SizedReader(io.BytesIO(data + BEYOND), len(data), maxbytes, bufsize)
    return SizedReader(io.BytesIO(data), None, maxbytes, bufsize)


both = pytest.mark.parametrize("known", [True, False])


@both
class TestRead:
    @pytest.mark.parametrize("size", [None, -1, 100, len(TEXT)])
    def test_all_is_returned_and_nothing_beyond(
        self, known: bool, size: int | None
    ) -> None:
        body = reader(known=known)
        assert body.read(size) == TEXT
        assert body.read() == b""
        assert body.read(5) == b""
        assert body.done
        assert body.bytes_read == len(TEXT)

    def test_pieces_are_returned(self, known: bool) -> None:
        body = reader(known=known)
        assert (body.read(3), body.read(0), body.read(4)) == (b"one", b"", b"\ntwo")
        assert body.read() == TEXT[7:]

    @pytest.mark.parametrize("size", [8192, 65536, 65537, 200_000])
    def test_large_bodies_are_returned_whole(self, known: bool, size: int) -> None:
        data = bytes(range(256)) * (size // 256 + 1)
        assert reader(data, known=known).read() == data
        assert reader(data, known=known).read(len(data) - 1) == data[:-1]

    def test_it_may_be_written_to_a_file(self, known: bool) -> None:
        body = reader(known=known, bufsize=4)
        file = io.BytesIO()
        assert body.read(5, file) is None
        assert file.getvalue() == TEXT[:5]
        body.read(fp_out=file)
        assert file.getvalue() == TEXT

    def test_an_empty_body_is_empty(self, known: bool) -> None:
        body = reader(b"", known=known)
        assert (body.read(), body.readline(), body.readlines()) == (b"", b"", [])

    def test_lines_and_bytes_may_be_mixed(self, known: bool) -> None:
        body = reader(known=known)
        assert body.readline() == b"one\n"
        assert body.read(2) == b"tw"
        assert body.readline() == b"o\r\n"
        assert body.read() == b"\nlast"


@both
@pytest.mark.parametrize("bufsize", [1, 3, 8192])
class TestLines:
    def test_lines_are_returned_with_their_ends(
        self, known: bool, bufsize: int
    ) -> None:
        body = reader(known=known, bufsize=bufsize)
        lines = [body.readline() for _ in range(5)]
        assert lines == [b"one\n", b"two\r\n", b"\n", b"last", b""]
        assert body.done

    def test_a_line_may_be_taken_in_pieces(self, known: bool, bufsize: int) -> None:
        body = reader(known=known, bufsize=bufsize)
        assert [body.readline(2) for _ in range(4)] == [b"on", b"e\n", b"tw", b"o\r"]
        assert body.readline(0) == b""
        assert body.readline(-1) == b"\n"

    def test_all_lines_may_be_taken(self, known: bool, bufsize: int) -> None:
        lines = [b"one\n", b"two\r\n", b"\n", b"last"]
        assert reader(known=known, bufsize=bufsize).readlines() == lines
        assert list(reader(known=known, bufsize=bufsize)) == lines
        assert reader(known=known, bufsize=bufsize).readlines(5) == lines[:2]


class Counting(io.BytesIO):
    """Notes how many bytes are asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        self.asked.append(size)
        return super().read(size)


class TestBounds:
    def test_no_more_is_asked_for_than_was_announced(self) -> None:
        stream = Counting(b"x" * 100)
        body = SizedReader(stream, 10, None, bufsize=4)
        body.readline()
        body.read()
        assert sum(stream.asked) == 10

    def test_an_end_before_the_length_is_a_mistake_of_the_client(self) -> None:
        body = SizedReader(io.BytesIO(b"short"), 10, None)
        with pytest.raises(HTTPError, match="ended before") as raised:
            body.read()
        assert raised.value.code == 400

    def test_more_than_allowed_is_refused_before_it_is_read(self) -> None:
        stream = Counting(b"x" * 100)
        with pytest.raises(HTTPError) as raised:
            SizedReader(stream, 100, 99).read()
        assert (raised.value.code, stream.asked) == (413, [])

    def test_more_than_allowed_is_refused_when_it_arrives(self) -> None:
        body = reader(b"x" * 100, known=False, maxbytes=99, bufsize=10)
        with pytest.raises(HTTPError) as raised:
            body.readlines()
        assert raised.value.code == 413

    @pytest.mark.parametrize("maxbytes", [None, 0, inf, 100])
    @both
    def test_no_more_than_allowed_is_taken(
        self, known: bool, maxbytes: float | None
    ) -> None:
        assert len(reader(b"x" * 100, known=known, maxbytes=maxbytes).read()) == 100

    def test_lines_of_a_large_body_take_bounded_memory(self) -> None:
        class Endless:
            def read(self, size: int) -> bytes:
                return b"x" * (size - 1) + b"\n"

        body = SizedReader(Endless(), 10**12, None)
        assert {len(body.readline()) for _ in range(1000)} == {8192}
        assert len(body._buffer) == 8192


class Refusing:
    """The stream of a server that will not read on."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    def read(self, size: int) -> bytes:
        raise self.problem


class MaxSizeExceeded(Exception):
    """As other servers call it."""


class Refused(Exception):
    def __init__(self, status: object, message: str | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        if message is not None:
            self.message = message


class TestRefusals:
    @pytest.mark.parametrize(
        ("problem", "code", "message"),
        [
            (Refused(413, "Too much."), 413, "Too much."),
            (Refused(408), 408, None),
            (MaxSizeExceeded(), 413, None),
        ],
    )
    def test_the_answer_of_the_server_is_given(
        self, problem: Exception, code: int, message: str | None
    ) -> None:
        with pytest.raises(HTTPError) as raised:
            SizedReader(Refusing(problem), 10, None).read()
        assert raised.value.code == code
        assert raised.value.__cause__ is problem
        if message is not None:
            assert raised.value._message == message

    @pytest.mark.parametrize("problem", [OSError("reset"), Refused(500), Refused("x")])
    def test_other_problems_are_not_the_clients(self, problem: Exception) -> None:
        with pytest.raises(type(problem)) as raised:
            SizedReader(Refusing(problem), 10, None).read()
        assert raised.value is problem


class TestTrailers:
    @pytest.mark.parametrize(
        "read", [SizedReader.read, SizedReader.readlines, SizedReader.finish]
    )
    def test_those_of_our_server_are_taken_over(
        self, read: Callable[[SizedReader], object]
    ) -> None:
        stream = io.BytesIO(b"data\n")
        stream.trailers = [(b"x-check", b"sum")]  # type: ignore[attr-defined]
        body = SizedReader(stream, None, None, has_trailers=True)
        assert body.trailers == {}
        read(body)
        assert body.trailers == {"X-Check": "sum"}

    def test_those_of_other_servers_are_read(self) -> None:
        class Stream(io.BytesIO):
            def read_trailer_lines(self) -> list[bytes]:
                return [b"X-Check: sum\r\n", b"rubbish\r\n"]

        body = SizedReader(Stream(b"data"), None, None, has_trailers=True)
        body.read()
        assert body.trailers == {"X-Check": "sum"}

    def test_a_server_may_know_none(self) -> None:
        body = SizedReader(io.BytesIO(b"data"), None, None, has_trailers=True)
        body.read()
        assert body.trailers == {}

    def test_they_are_not_looked_for_where_none_were_announced(self) -> None:
        stream = io.BytesIO(b"data")
        stream.trailers = [(b"x-check", b"sum")]  # type: ignore[attr-defined]
        body = SizedReader(stream, None, None)
        body.read()
        assert body.trailers == {}


class TestPartReader:
    @staticmethod
    def part(*chunks: bytes) -> PartReader:
        left = [*chunks, b""]
        return PartReader(lambda: left.pop(0))

    def test_it_ends_where_the_part_ends(self) -> None:
        part = self.part(b"one\ntw", b"o\nthree")
        assert part.readline() == b"one\n"
        assert part.read(1) == b"t"
        assert part.read() == b"wo\nthree"
        assert not part.read()
        assert part.done

    def test_chunks_may_be_larger_than_what_is_asked_for(self) -> None:
        part = self.part(b"x" * 100_000)
        assert [len(part.read(n)) for n in (1, 70_000, 70_000)] == [1, 70_000, 29_999]


@given(
    st.binary(max_size=60),
    st.lists(st.tuples(st.booleans(), st.integers(-1, 20)), max_size=20),
    st.integers(1, 9),
    st.booleans(),
)
def test_it_reads_as_any_file_does(
    data: bytes, steps: list[tuple[bool, int]], bufsize: int, known: bool
) -> None:
    file, body = io.BytesIO(data), reader(data, known=known, bufsize=bufsize)
    for line, size in steps:
        if line:
            assert body.readline(size) == file.readline(size)
        else:
            assert body.read(size) == file.read(size)
    assert body.readlines() == file.readlines()
