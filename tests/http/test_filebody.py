"""Bodies that come from files."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.http.filebody import FileBody, file_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class OnlyReads:
    """The least that a body can be made of."""

    def __init__(self, data: bytes) -> None:
        self.stream = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self.stream.read(size)


def test_the_whole_file_is_sent_in_pieces_and_closed() -> None:
    file = io.BytesIO(b"0123456789")
    assert list(FileBody(file, chunk_size=4)) == [b"0123", b"4567", b"89"]
    assert file.closed


def test_sending_begins_where_the_file_stands() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(7)
    assert b"".join(FileBody(file)) == b"789"


def test_no_more_is_sent_than_was_asked_for() -> None:
    assert list(FileBody(io.BytesIO(b"0123456789"), 6, 4)) == [b"0123", b"45"]
    assert list(FileBody(io.BytesIO(b"0123456789"), 0)) == []


def test_a_file_that_is_too_short_just_ends() -> None:
    assert list(FileBody(io.BytesIO(b"01"), 6)) == [b"01"]


def test_a_body_that_is_not_read_to_its_end_closes_its_file() -> None:
    file = io.BytesIO(b"0123456789")
    body = FileBody(file, chunk_size=1)
    for _ in body:
        break
    body.close()
    body.close()
    assert file.closed


def test_a_real_file_has_a_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(b"x")
    with path.open("rb") as file:
        assert FileBody(file).fileno() == file.fileno()


@pytest.mark.parametrize("file", [io.BytesIO(), OnlyReads(b"")])
def test_other_files_say_that_they_have_none(file: io.BytesIO | OnlyReads) -> None:
    with pytest.raises(OSError, match=r"fileno|descriptor"):
        FileBody(file).fileno()


def test_reading_is_all_that_a_file_must_be_able_to_do() -> None:
    assert list(FileBody(OnlyReads(b"abc"))) == [b"abc"]


def test_a_real_file_knows_how_many_bytes_are_to_come(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        assert FileBody(file).remaining() == 6
        assert FileBody(file, 2).remaining() == 2
        assert FileBody(file, 20).remaining() == 6
        file.seek(40)
        assert FileBody(file).remaining() == 0


def test_other_files_know_only_what_they_were_told() -> None:
    assert FileBody(io.BytesIO(b"abc")).remaining() is None
    assert FileBody(io.BytesIO(b"abc"), 2).remaining() == 2
    assert FileBody(OnlyReads(b"abc")).remaining() is None


def test_a_device_has_no_size() -> None:
    with open(os.devnull, "rb") as device:
        assert FileBody(device).remaining() is None
        assert FileBody(device, 3).remaining() == 3


def test_a_binary_file_stays_known_as_one() -> None:
    assert isinstance(file_chunks(io.BytesIO(b"abc")), FileBody)


def test_a_text_file_gives_text_for_an_encoder(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("café", encoding="utf-8")
    file: Any = path.open(encoding="utf-8")
    chunks: Iterable[object] = file_chunks(file)
    assert not isinstance(chunks, FileBody)
    assert list(chunks) == ["café"]
    assert file.closed


def test_a_text_file_that_nobody_reads_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("café", encoding="utf-8")
    file: Any = path.open(encoding="utf-8")
    chunks: Any = file_chunks(file)
    chunks.close()
    assert file.closed
