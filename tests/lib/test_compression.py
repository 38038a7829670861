"""tools.compress, and what it shares with tools.gzip."""

from __future__ import annotations

import gzip
import random
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

import brotli
import pytest

import cherrypy
from cherrypy.lib import compression, encoding
from cherrypy.lib.compression import chosen_coding, compressor, installed
from tests.lib.apps import Config, mount, serve, typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cherrypy.testing import Response

try:
    zstd: Any = import_module("compression.zstd")
except ImportError:
    zstd = import_module("backports.zstd")

TEXT = "All work and no play makes Jack a dull boy. " * 99
ON: Config = {"tools.compress.on": True}


def plain(response: Response) -> bytes:
    """Return the body as it was before it was compressed."""
    coding = response.headers.get("Content-Encoding", "identity")
    undo: dict[str, Any] = {
        "identity": bytes,
        "gzip": gzip.decompress,
        "br": brotli.decompress,
        "zstd": zstd.decompress,
    }
    body: bytes = undo[coding](response.body)
    return body


def ask(
    body: Any = TEXT, accept: str | None = "zstd, br, gzip", **settings: Any
) -> Response:
    """Ask a page that returns this body for these codings."""
    headers = {} if accept is None else {"Accept-Encoding": accept}
    config = {**ON, **{f"tools.compress.{k}": v for k, v in settings.items()}}
    return serve(lambda: body, config).get("/", headers=headers)


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "zstd"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("zstd;q=0, *", "br"),
        ("zstd;q=0.1, br;q=0.1, gzip;q=0.2", "gzip"),
        ("BR", "br"),
        ("gzip, identity;q=0", "gzip"),
        ("deflate", None),
        ("identity", None),
        ("gzip;q=0.5, identity;q=0.8", None),
        ("", None),
        (None, None),
    ],
)
def test_the_client_chooses_among_the_codings(
    accept: str | None, coding: str | None
) -> None:
    response = ask(accept=accept)
    assert response.headers.get("Content-Encoding") == coding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert int(response.headers["Content-Length"]) == len(response.body)
    assert plain(response) == TEXT.encode()
    assert (len(response.body) < len(TEXT)) is (coding is not None)


def test_the_order_of_the_site_decides_where_the_client_has_no_preference() -> None:
    response = ask(codings=["br", "gzip", "zstd"])
    assert response.headers["Content-Encoding"] == "br"


@pytest.mark.parametrize("accept", ["identity;q=0", "*;q=0", "deflate, identity;q=0"])
def test_who_takes_nothing_gets_a_406(accept: str) -> None:
    response = ask(accept=accept)
    assert response.status_code == 406
    assert "identity, zstd, br, gzip" in response.text


def test_nonsense_gets_a_400_and_an_error_stays_what_it_is() -> None:
    assert ask(accept="br;q=much").status_code == 400

    def fail() -> str:
        raise cherrypy.HTTPError(403, TEXT)

    client = serve(fail, ON)
    for said in ("br;q=much", "identity;q=0"):
        assert client.get("/", headers={"Accept-Encoding": said}).status_code == 403


def test_error_pages_are_compressed_too() -> None:
    def fail() -> str:
        raise cherrypy.HTTPError(404, TEXT)

    response = serve(fail, ON).get("/", headers={"Accept-Encoding": "br"})
    assert response.status_code == 404
    assert response.headers["Content-Encoding"] == "br"
    assert TEXT.encode() in plain(response)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_levels_can_be_set(coding: str) -> None:
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefgh", k=6)) for _ in range(300)]
    text = " ".join(chance.choices(words, k=3000))
    low = ask(text, coding, levels={coding: 1})
    high = ask(text, coding, levels={coding: 9})
    assert plain(low) == plain(high) == text.encode()
    assert high.body != low.body


def test_a_zstd_window_is_never_larger_than_a_client_must_hold() -> None:
    made = compressor("zstd", 22)
    head = made.compress(b"x" * 9_000_000) + made.flush()
    # RFC 8878 §3.1.1.1.2: exponent and mantissa of the window size.
    exponent, mantissa = head[5] >> 3, head[5] & 7
    window = (1 << (10 + exponent)) // 8 * (8 + mantissa)
    assert window <= 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("content_type", "compressed"),
    [
        ("text/html", True),
        ("text/css; charset=utf-8", True),
        ("Text/Plain", True),
        ("application/json", True),
        ("application/problem+json", True),
        ("application/atom+xml", True),
        ("image/svg+xml", True),
        ("image/png", False),
        ("application/zip", False),
        ("", False),
    ],
)
def test_types_that_are_worth_it(content_type: str, compressed: bool) -> None:
    client = serve(typed(content_type, TEXT.encode()), ON)
    response = client.get("/", headers={"Accept-Encoding": "br"})
    assert ("Content-Encoding" in response.headers) is compressed
    # Where the client has no say, caches need not tell clients apart.
    assert ("Vary" in response.headers) is compressed


def test_small_bodies_are_not_worth_it() -> None:
    assert "Content-Encoding" not in ask("x" * 499).headers
    assert "Content-Encoding" in ask("x" * 500).headers
    assert "Content-Encoding" in ask("x" * 10, min_size=10).headers


def test_no_transform_is_respected() -> None:
    def page() -> str:
        cherrypy.response.headers["Cache-Control"] = "no-transform"
        return TEXT

    for tool in ("compress", "gzip"):
        client = serve(page, {f"tools.{tool}.on": True})
        response = client.get("/", headers={"Accept-Encoding": "gzip"})
        assert response.text == TEXT


def test_what_is_encoded_already_is_left_alone() -> None:
    packed = gzip.compress(TEXT.encode())

    def page() -> bytes:
        cherrypy.response.headers["Content-Encoding"] = "gzip"
        return packed

    both = {**ON, "tools.gzip.on": True}
    response = serve(page, both).get("/", headers={"Accept-Encoding": "br, gzip"})
    assert response.body == packed


def test_with_both_tools_there_is_one_coding() -> None:
    client = serve(lambda: TEXT, {**ON, "tools.gzip.on": True})
    for accept, coding in (("br, gzip", "br"), ("gzip", "gzip")):
        response = client.get("/", headers={"Accept-Encoding": accept})
        assert response.headers["Content-Encoding"] == coding
        assert plain(response) == TEXT.encode()
    only = client.get("/", headers={"Accept-Encoding": "br, identity;q=0"})
    assert only.status_code == 200
    assert plain(only) == TEXT.encode()


def test_a_compressed_page_has_a_weak_tag() -> None:
    def page(tag: str = '"a"') -> str:
        cherrypy.response.headers["ETag"] = tag
        return TEXT

    for tool in ("compress", "gzip"):
        client = serve(page, {f"tools.{tool}.on": True})
        zipped = {"Accept-Encoding": "gzip"}
        assert client.get("/", headers=zipped).headers["ETag"] == 'W/"a"'
        assert client.get("/").headers["ETag"] == '"a"'
        weak = client.get('/?tag=W/"b"', headers=zipped)
        assert weak.headers["ETag"] == 'W/"b"'


def test_a_confirmation_has_the_tag_that_is_confirmed() -> None:
    config: Config = {**ON, "tools.etags.on": True, "tools.etags.autotags": True}
    client = serve(lambda: TEXT, config)
    zipped = {"Accept-Encoding": "br"}
    for headers in (zipped, {}):
        tag = client.get("/", headers=headers).headers["ETag"]
        again = client.get("/", headers={**headers, "If-None-Match": tag})
        assert again.status_code == 304
        assert again.headers["ETag"] == tag
        assert again.headers["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in again.headers


def test_a_stream_comes_through_piece_by_piece() -> None:
    sent: list[bytes] = []

    def page() -> Iterator[bytes]:
        for number in range(3):
            sent.append(b"event %d\n" % number)
            yield sent[-1]

    undo: dict[str, Any] = {
        "gzip": lambda: zlib.decompressobj(31).decompress,
        "br": lambda: brotli.Decompressor().process,
        "zstd": lambda: zstd.ZstdDecompressor().decompress,
    }
    for coding, decompressor in undo.items():
        sent.clear()
        client = serve(page, {**ON, "response.stream": True})
        with client.get(
            "/", headers={"Accept-Encoding": coding}, stream=True
        ) as answer:
            assert answer.headers["Content-Encoding"] == coding
            assert "Content-Length" not in answer.headers
            read = decompressor()
            chunks = iter(answer.iter_bytes())
            for number in range(3):
                # Each is readable before the next one is made.
                assert read(next(chunks)) == b"event %d\n" % number
                assert len(sent) == number + 1


def test_a_failing_generator_gets_a_plain_error_page() -> None:
    def page() -> Iterator[str]:
        yield TEXT
        raise ValueError("no more")

    for coding in ("gzip", "br", "zstd"):
        response = serve(page, ON).get("/", headers={"Accept-Encoding": coding})
        assert response.status_code == 500
        assert "Content-Encoding" not in response.headers
        assert "500 Internal Server Error" in response.text


def test_a_stream_is_closed_although_it_was_not_read() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"x"])

        def close(self) -> None:
            closed.append(True)

    client = serve(Body, {**ON, "response.stream": True, "tools.encode.on": False})
    client.head("/", headers={"Accept-Encoding": "br"})
    assert closed == [True]


def test_files_are_compressed_whole_and_cut_plain(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "large.txt").write_text("0123456789" * 200_000)
    (tmp_path / "a.png").write_bytes(b"\x89PNG" * 999)
    config: Config = {
        **ON,
        "tools.staticdir.on": True,
        "tools.staticdir.dir": str(tmp_path),
    }
    client = serve(lambda: "", config)
    zipped = {"Accept-Encoding": "br"}
    whole = client.get("/a.txt", headers=zipped)
    assert plain(whole) == TEXT.encode()
    assert int(whole.headers["Content-Length"]) == len(whole.body)
    assert "Accept-Ranges" not in whole.headers
    part = client.get("/a.txt", headers={**zipped, "Range": "bytes=4-7"})
    assert (part.status_code, part.body) == (206, b"work")
    assert "Content-Encoding" not in part.headers
    several = {**zipped, "Range": "bytes=0-1,4-5"}
    assert "Content-Encoding" not in client.get("/a.txt", headers=several).headers
    large = client.get("/large.txt", headers=zipped)
    assert plain(large) == b"0123456789" * 200_000
    assert "Content-Length" not in large.headers
    picture = client.get("/a.png", headers=zipped)
    assert "Content-Encoding" not in picture.headers
    assert picture.headers["Accept-Ranges"] == "bytes"


def test_async_pages_are_compressed() -> None:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.compress()
        async def index(self) -> str:
            return TEXT

    response = mount(Root()).get("/", headers={"Accept-Encoding": "zstd"})
    assert plain(response) == TEXT.encode()


def test_what_is_not_installed_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        return None

    monkeypatch.setitem(compression._CODINGS, "br", missing)
    monkeypatch.setitem(compression._CODINGS, "zstd", missing)
    assert installed(["zstd", "br", "gzip"]) == ["gzip"]
    assert ask(accept="br, gzip").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in ask(accept="br").headers
    for coding, extra in (("br", "brotli"), ("zstd", "zstd")):
        with pytest.raises(ImportError, match=rf"morello\[{extra}\]"):
            compressor(coding, 1)


def test_what_cannot_be_imported_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    for name in ("brotli", "compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    for find in (compression._brotli, compression._zstd):
        find.cache_clear()
        assert find() is None
        find.cache_clear()


def test_an_unknown_coding_is_a_mistake_of_the_site() -> None:
    with pytest.raises(ValueError, match="'deflate' is no content coding"):
        installed(["gzip", "deflate"])


def test_debug_tells_why(caplog: pytest.LogCaptureFixture) -> None:
    ask(debug=True)
    assert "Compressing: zstd" in caplog.text
    ask("short", debug=True)
    assert "No: it has less than 500 bytes" in caplog.text


def test_the_old_names_are_there() -> None:
    assert encoding.gzip is compression.gzip
    assert encoding.compress is compression.compress
    assert encoding.decompress is compression.decompress


@pytest.mark.parametrize(
    "said", ["," * 9999, "gzip;q=" + "9" * 9999, "*;*;*", "\xff", "gzip;q=nan", ";;"]
)
def test_hostile_wishes_are_never_a_500(said: str) -> None:
    assert ask(accept=said).status_code in (200, 400, 406)


def test_a_choice_can_be_asked_for() -> None:
    def page() -> str:
        return str(chosen_coding(["br"]))

    client = serve(page)
    assert client.get("/", headers={"Accept-Encoding": "br"}).text == "br"
    assert client.get("/").text == "None"
