"""What the users' and the author's notes describe."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import pytest

from cherrypy.testing import Client
from tests.manual.running import load, running

if TYPE_CHECKING:
    from pathlib import Path

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.usefixtures("site")
def test_a_small_utility_counts_songs() -> None:
    client = Client(load("papers/songcounter").application)
    assert client.get("/song/7").text == "0"
    assert client.post("/song/7").text == "1"
    assert client.post("/song/?id=7").text == "2"
    assert client.post("/song", data={"id": "9"}).text == "1"
    assert client.get("/").text == "7=2,9=1"
    refused = client.put("/song/7")
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, HEAD, POST"
    assert client.delete("/").text == "OK"
    assert client.get("/").text == ""


@pytest.mark.live
def test_bodies_go_both_ways_in_chunks(tmp_path: Path) -> None:
    with running("papers/chunks", tmp_path) as program:
        host, port = program.addresses[0]
        connection = http.client.HTTPConnection(host, port, timeout=30)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.chunked
        # Every read1() gives what is left of one chunk, and no more.
        chunks = list(iter(lambda: response.read1(100), b""))
        assert chunks == [b"Chunk %d" % number for number in range(5)]

        pieces = iter([b"ab", b"cdefgh", b"i"])
        connection.request("POST", "/upload", pieces, encode_chunked=True)
        assert connection.getresponse().read() == b"4 4 1"
        connection.close()


@pytest.mark.live
def test_pages_may_be_coroutines(tmp_path: Path) -> None:
    with running("papers/coroutines", tmp_path) as program:
        assert program.ask("/").text == "Hello world!"
        assert program.ask("/echo?message=hi&delay=0.01").text == "hi"
        posted = program.ask("/echo", method="POST", body="message=hi", headers=FORM)
        assert posted.text == "hi"
        data = program.ask("/data")
        assert (data.text, data.media_type) == (
            '{"path": "/data"}',
            "application/json",
        )
        assert program.ask("/missing").status == 404
        assert program.ask("/both").text == "one two"
        assert program.ask("/echo").status == 404


@pytest.mark.live
def test_a_form_is_echoed(tmp_path: Path) -> None:
    with running("papers/echo_form", tmp_path) as program:
        assert 'name="message"' in program.ask("/").text
        answer = program.ask(
            "/echo", method="POST", body="message=Hello+%C3%A9", headers=FORM
        )
        assert answer.text == "Hello é"


@pytest.mark.live
def test_parts_of_a_file_are_served(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    data = bytes(range(256)) * 400
    (tmp_path / "static" / "mail.pdf").write_bytes(data)
    with running("papers/partial_get", tmp_path) as program:
        whole = program.ask("/mail.pdf")
        assert (whole.status, whole.body) == (200, data)
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert whole.media_type == "application/pdf"

        part = program.ask("/mail.pdf", headers={"Range": "bytes=300-399"})
        assert (part.status, part.body) == (206, data[300:400])
        assert part.headers["Content-Range"] == f"bytes 300-399/{len(data)}"
        last = program.ask("/mail.pdf", headers={"Range": "bytes=-500"})
        assert last.body == data[-500:]

        several = program.ask("/mail.pdf", headers={"Range": "bytes=0-9,600-609"})
        assert several.status == 206
        assert several.media_type.startswith("multipart/byteranges; boundary=")
        assert data[600:610] in several.body

        beyond = program.ask("/mail.pdf", headers={"Range": "bytes=999999-"})
        assert beyond.status == 416
        assert beyond.headers["Content-Range"] == f"bytes */{len(data)}"
        unchanged = {"If-Modified-Since": whole.headers["Last-Modified"]}
        assert program.ask("/mail.pdf", headers=unchanged).status == 304


@pytest.mark.live
def test_a_foreign_framework_lives_beside_its_static_files(tmp_path: Path) -> None:
    site = tmp_path / "home"
    (site / "static").mkdir(parents=True)
    (site / "static" / "site.css").write_text("p {}")
    put = {"/home/site": str(site)}
    with running("papers/hosted_django", tmp_path / "run", put=put) as program:
        assert program.ask("/admin/").text == "|/admin/"
        assert program.ask("/static/site.css").text == "p {}"
    assert "ENGINE Mounting the Django application" in program.log


@pytest.mark.live
def test_an_applications_engine_may_be_started_by_cherryd(tmp_path: Path) -> None:
    with running("papers/with_cherryd", tmp_path) as program:
        port = program.addresses[0][1]
        program.addresses[0] = ("127.0.0.1", port)
        assert program.ask("/").text == "Hello from the container"
    assert "ENGINE Serving on http://" in program.log
