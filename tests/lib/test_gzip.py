from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.encoding import compress, decompress
from tests.lib.apps import Config, serve, typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cherrypy.testing import Response

ON: Config = {"tools.gzip.on": True}


def ask(
    body: Any, accept: str | None = "gzip", config: Config | None = None
) -> Response:
    """Ask for a page that returns this body, saying which codings we take."""
    headers = {} if accept is None else {"Accept-Encoding": accept}
    return serve(lambda: body, {**ON, **(config or {})}).get("/", headers=headers)


def is_zipped(response: Response) -> bool:
    """Tell whether the body is zipped and the headers say the same."""
    assert response.headers["Vary"] == "Accept-Encoding"
    zipped = response.headers.get("Content-Encoding") == "gzip"
    assert zipped == response.body.startswith(b"\x1f\x8b")
    if "Content-Length" in response.headers:
        assert int(response.headers["Content-Length"]) == len(response.body)
    return zipped


@pytest.mark.parametrize(
    "accept",
    [
        *("gzip", "x-gzip", "GZIP", "gzip;q=0.5", "deflate, gzip;q=0.5", "*", "br, *"),
        *("identity;q=0, gzip", "gzip, identity;q=0.5", "*;q=0, gzip", "gzip, *;q=0"),
    ],
)
def test_clients_that_take_gzip_get_it(accept: str) -> None:
    response = ask("hello" * 99, accept)
    assert is_zipped(response)
    assert gzip.decompress(response.body) == b"hello" * 99


@pytest.mark.parametrize(
    "accept",
    [
        *(None, "", "br", "deflate", "identity", "gzip, identity", "identity, gzip"),
        *("gzip;q=0", "gzip;q=0.5, identity", "gzip;q=0, *", "x-gzip;q=0"),
    ],
)
def test_other_clients_get_the_plain_body(accept: str | None) -> None:
    response = ask("hello", accept)
    assert not is_zipped(response)
    assert response.text == "hello"


@pytest.mark.parametrize("accept", ["identity;q=0", "*;q=0", "br, identity;q=0"])
def test_clients_that_take_neither_get_an_error(accept: str) -> None:
    assert ask("hello", accept).status_code == 406


def test_clients_that_talk_nonsense_get_an_error() -> None:
    assert ask("hello", "gzip;q=much").status_code == 400


@pytest.mark.parametrize("body", [["he", "llo"], (x for x in ("he", "llo"))])
def test_any_kind_of_body_can_be_zipped(body: Any) -> None:
    assert gzip.decompress(ask(body).body) == b"hello"


def test_a_stream_is_zipped_on_the_way() -> None:
    response = ask((x for x in ("he", "llo")), config={"response.stream": True})
    assert is_zipped(response)
    assert "Content-Length" not in response.headers
    assert gzip.decompress(response.body) == b"hello"


def test_an_empty_body_stays_empty() -> None:
    assert not is_zipped(ask(""))


@pytest.mark.parametrize(
    ("content_type", "mime_types", "zipped"),
    [
        ("text/html", None, True),
        ("text/plain; charset=utf-8", None, True),
        ("text/css", None, False),
        ("image/png", ["image/*"], True),
        ("image/svg", ["*/*"], True),
        ("application/a+json", ["application/*+json"], True),
        ("application/json", ["application/*+json"], False),
        ("application/json", ("application/json",), True),
        ("text/css", ["image/*", "text/*"], True),
        ("", ["text/*"], False),
    ],
)
def test_only_some_types_are_zipped(
    content_type: str, mime_types: Any, zipped: bool
) -> None:
    config = ON if mime_types is None else {**ON, "tools.gzip.mime_types": mime_types}
    client = serve(typed(content_type, b"{}"), config)
    response = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert is_zipped(response) is zipped


def test_a_failing_generator_gets_a_plain_error_page() -> None:
    def page() -> Iterator[str]:
        yield "a"
        raise ValueError("no more")

    client = serve(page, {**ON, "tools.encode.on": False})
    for stream in (page, lambda: (b"" for _ in [1 / 0])):
        client = serve(stream, ON)
        response = client.get("/", headers={"Accept-Encoding": "gzip"})
        assert response.status_code == 500
        assert "Content-Encoding" not in response.headers
        assert "500 Internal Server Error" in response.text


def test_parts_and_encoded_bodies_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    config: Config = {
        **ON,
        "tools.staticdir.on": True,
        "tools.staticdir.dir": str(tmp_path),
    }
    client = serve(lambda: "", config)
    part = {"Accept-Encoding": "gzip", "Range": "bytes=1-3"}
    response = client.get("/a.txt", headers=part)
    assert response.status_code == 206
    assert response.body == b"ell"
    whole = client.get("/a.txt", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(whole.body) == b"hello"


def test_a_large_file_is_zipped_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello" * 99999)
    config: Config = {
        **ON,
        "tools.staticdir.on": True,
        "tools.staticdir.dir": str(tmp_path),
    }
    response = serve(lambda: "", config).get(
        "/a.txt", headers={"Accept-Encoding": "gzip"}
    )
    assert is_zipped(response)
    assert gzip.decompress(response.body) == b"hello" * 99999


def test_what_comes_from_the_cache_is_left_alone() -> None:
    def page() -> str:
        cherrypy.request.cached = True
        return "hello"

    response = serve(page, ON).get("/", headers={"Accept-Encoding": "gzip"})
    assert not is_zipped(response)


@pytest.mark.parametrize(("level", "mark"), [(1, 4), (5, 0), (9, 2)])
def test_compress_makes_one_gzip_stream(level: int, mark: int) -> None:
    zipped = b"".join(compress([b"hel", b"lo"] * 999, level))
    assert gzip.decompress(zipped) == b"hello" * 999
    assert decompress(zipped) == b"hello" * 999
    assert zipped[8] == mark


def test_compress_gives_equal_bytes_for_equal_pages() -> None:
    assert list(compress([b"x"], 5)) == list(compress([b"x"], 5))
    assert zlib.decompress(b"".join(compress([], 5)), 31) == b""


def test_debug_tells_why(caplog: pytest.LogCaptureFixture) -> None:
    ask("hello", "br", {"tools.gzip.debug": True})
    assert "the client did not ask for it" in caplog.text
    ask("hello", "gzip", {"tools.gzip.debug": True})
    assert "Compressing" in caplog.text
