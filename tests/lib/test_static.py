from __future__ import annotations

import io
import mimetypes
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.http.filebody import FileBody
from cherrypy.lib import file_responses, static
from tests.lib.apps import Config, Root, mount, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.testing import Client

THEN = 1_000_000_000
"""When the files were last changed: Sun, 09 Sep 2001 01:46:40 GMT."""

DATE = "Sun, 09 Sep 2001 01:46:40 GMT"
EARLIER = "Sun, 09 Sep 2001 01:46:39 GMT"
LATER = "Mon, 10 Sep 2001 01:46:40 GMT"
TEXT = b"hello world 0123456789"


class Pages:
    """What answers where no file does."""

    @cherrypy.expose
    def default(self, *args: str, **params: Any) -> str:
        return "a page"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory to serve, with secrets beside it."""
    files = {
        "pub/a.txt": TEXT,
        "pub/index.html": b"index",
        "pub/sub/index.html": b"sub index",
        "pub/sub/b.txt": b"b",
        "pub/UP.TXT": b"up",
        "pub/odd.unknown": b"odd",
        "pub/100%41.txt": b"percent",
        "pub/empty.txt": b"",
        "pub/large.bin": bytes(range(256)) * 500,
        "pub_private/secret.txt": b"secret",
        "secret.txt": b"secret",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (THEN, THEN))
    (tmp_path / "pub/noindex").mkdir()
    return tmp_path


@pytest.fixture
def client(site: Path) -> Client:
    """Serves the directory at /s."""
    return at(site)


def test_paths_need_not_be_text(site: Path) -> None:
    assert at(site, dir=site / "pub").get("/s/a.txt").body == TEXT
    assert at(site, dir=Path("pub"), root=site).get("/s/a.txt").body == TEXT
    config = {
        "tools.staticfile.on": True,
        "tools.staticfile.filename": site / "pub/a.txt",
    }
    assert mount(Pages(), {"/s": config}).get("/s").body == TEXT


def at(site: Path, **settings: Any) -> Client:
    """Make a client for a site that serves the directory at /s."""
    section = {"on": True, "dir": str(site / "pub"), "index": "index.html"} | settings
    config = {f"tools.staticdir.{key}": value for key, value in section.items()}
    return mount(Pages(), {"/s": config})


def is_page(client: Client, path: str) -> bool:
    """Tell whether a path is answered by a page."""
    return client.get(path).text == "a page"


class TestDirectory:
    def test_a_file_is_sent_with_its_type_length_and_date(self, client: Client) -> None:
        response = client.get("/s/a.txt")
        assert response.status_code == 200
        assert response.body == TEXT
        assert response.headers["Content-Type"] == "text/plain"
        assert response.headers["Content-Length"] == "22"
        assert response.headers["Last-Modified"] == DATE
        assert response.headers["Accept-Ranges"] == "bytes"
        assert "ETag" not in response.headers

    def test_a_large_file_is_left_to_the_server(self, site: Path) -> None:
        bodies = []

        def see() -> None:
            bodies.append(cherrypy.response.body)

        section: Config = {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(site / "pub"),
            "hooks.on_end_resource": see,
        }
        client = mount(Pages(), {"/s": section})
        response = client.get("/s/large.bin")
        assert response.body == bytes(range(256)) * 500
        assert response.headers["Content-Length"] == "128000"
        assert isinstance(bodies[0], FileBody)
        assert bodies[0].file.closed  # type: ignore[attr-defined]

    def test_a_large_file_is_closed_when_the_client_goes(self, site: Path) -> None:
        def see() -> None:
            files.append(cherrypy.response.body.file)

        files: list[Any] = []
        client = mount(
            Pages(),
            {
                "/s": {
                    "tools.staticdir.on": True,
                    "tools.staticdir.dir": str(site / "pub"),
                    "hooks.on_end_resource": see,
                }
            },
        )
        response = client.get("/s/large.bin", stream=True)
        response.close()
        assert files[0].closed

    def test_head_gives_the_same_headers(self, client: Client) -> None:
        for path in ("/s/a.txt", "/s/large.bin", "/s/empty.txt"):
            got, head = client.get(path), client.head(path)
            assert head.body == b""
            assert dict(head.headers) | {"Date": ""} == dict(got.headers) | {"Date": ""}

    def test_head_gives_the_headers_of_what_tools_make_of_a_file(
        self, site: Path
    ) -> None:
        section: Config = {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(site / "pub"),
            "tools.etags.on": True,
            "tools.etags.autotags": True,
            "tools.compress.on": True,
            "tools.compress.mime_types": ["*/*"],
            "tools.compress.min_size": 0,
        }
        client = mount(Pages(), {"/s": section})
        for path in ("/s/a.txt", "/s/large.bin"):
            for coding in ("gzip", "identity"):
                asked = {"Accept-Encoding": coding}
                got = client.get(path, headers=asked)
                head = client.head(path, headers=asked)
                assert head.body == b""
                found = got.headers.get("Content-Encoding", "identity")
                assert found == coding
                assert ("ETag" in got.headers) is (path == "/s/a.txt")
                left_out = {"Date": ""}
                assert dict(head.headers) | left_out == dict(got.headers) | left_out

    def test_an_empty_file_is_a_file(self, client: Client) -> None:
        response = client.get("/s/empty.txt")
        assert response.status_code == 200
        assert response.headers["Content-Length"] == "0"

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_other_methods_are_left_to_pages(self, client: Client, method: str) -> None:
        assert client.request(method, "/s/a.txt").text == "a page"

    @pytest.mark.parametrize(
        "path",
        [
            *("missing.txt", "missing/a.txt", "a.txt/", "a.txt/b", "noindex"),
            *("noindex/", "a.txt%00", "%00", "x" * 300, "x" * 5000, "x/" * 500),
            *("nul", "con.txt", "...", "a.txt:stream", "%ff", "%ed%a0%80"),
        ],
    )
    def test_what_is_no_file_is_left_to_pages(self, client: Client, path: str) -> None:
        assert is_page(client, f"/s/{path}")

    def test_without_a_page_it_is_not_found(self, site: Path) -> None:
        config: Config = {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(site / "pub"),
        }
        client = mount(Root(), {"/": config})
        for path in ("/missing.txt", "/", "/sub", "/a.txt%00", "/" + "x" * 300):
            assert client.get(path).status_code == 404

    @pytest.mark.parametrize(
        "path",
        [
            *("..", "../secret.txt", "../pub_private/secret.txt", "../pub/a.txt/../.."),
            *("%2e%2e/secret.txt", "..%2fsecret.txt", "%2e%2e%2fsecret.txt"),
            *("sub/../../secret.txt", "sub%2F..%2F..%2Fsecret.txt", "/../secret.txt"),
            *("a.txt/../../secret.txt", "./../secret.txt", "..//secret.txt"),
        ],
    )
    def test_nothing_outside_is_served(self, client: Client, path: str) -> None:
        # The path as it is: a client of our own would tidy it.
        response = client.get("/s/", environ={"PATH_INFO": f"/s/{unquoted(path)}"})
        assert response.status_code == 403
        assert b"secret" not in response.body

    @pytest.mark.parametrize(
        "path",
        [
            *("//etc/passwd", "/etc/passwd", "%2fetc%2fpasswd", "..%252fsecret.txt"),
            *("..\\secret.txt", "\\\\host\\share", "%c0%ae%c0%ae/secret.txt", "~root"),
            *("....//secret.txt", "%252e%252e/secret.txt", "file:///etc/passwd"),
        ],
    )
    def test_tricks_find_nothing(self, client: Client, path: str) -> None:
        response = client.get("/s/", environ={"PATH_INFO": f"/s/{unquoted(path)}"})
        assert response.text == "a page"

    def test_a_path_may_wander_within(self, client: Client) -> None:
        for path in ("/s/sub/../a.txt", "/s//a.txt", "/s/./a.txt", "/s/\\a.txt"):
            assert client.get("/s/", environ={"PATH_INFO": path}).body == TEXT
        assert client.get("/s/sub%2Fb.txt").body == b"b"

    def test_escapes_are_undone_only_once(self, client: Client) -> None:
        assert client.get("/s/100%2541.txt").body == b"percent"
        assert is_page(client, "/s/100%41.txt")

    def test_links_out_of_the_directory_are_refused(self, site: Path) -> None:
        (site / "pub/link.txt").symlink_to("../secret.txt")
        assert at(site).get("/s/link.txt").status_code == 403
        assert at(site, follow_symlinks=True).get("/s/link.txt").body == b"secret"

    def test_names_that_windows_keeps_for_itself_are_no_files(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(static, "names_below", lambda path: None)
        assert is_page(client, "/s/nul")

    def test_a_pipe_keeps_nobody_waiting(self, site: Path) -> None:
        os.mkfifo(site / "pub/pipe")
        assert is_page(at(site), "/s/pipe")

    def test_match_chooses_what_is_served(self, site: Path) -> None:
        client = at(site, match=r"\.txt$")
        assert client.get("/s/a.txt").body == TEXT
        assert is_page(client, "/s/index.html")

    def test_a_relative_directory_needs_a_root(self, site: Path) -> None:
        assert at(site, dir="pub").get("/s/a.txt").status_code == 500
        assert at(site, dir="pub", root=str(site)).get("/s/a.txt").body == TEXT

    def test_a_directory_may_be_somebodys_home(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(site))
        monkeypatch.setenv("USERPROFILE", str(site))
        assert at(site, dir="~/pub").get("/s/a.txt").body == TEXT

    def test_the_directory_must_be_given(self, site: Path) -> None:
        section = {"tools.staticdir.on": True}
        client = mount(Root(), {"/s": section, "/": {"request.show_tracebacks": True}})
        response = client.get("/s/a.txt")
        assert response.status_code == 500
        assert "staticdir()" in response.text

    def test_the_whole_site_may_be_a_directory(self, site: Path) -> None:
        section: Config = {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(site / "pub"),
            "tools.staticdir.index": "index.html",
        }
        client = mount(Root(), {"/": section})
        assert client.get("/sub/b.txt").body == b"b"
        assert client.get("/").body == b"index"
        assert client.get("/sub/").body == b"sub index"
        assert client.get("/sub").location == "http://localhost/sub/"

    def test_global_stands_for_the_root(self, site: Path) -> None:
        class Site:
            @cherrypy.expose
            def default(self, *args: str) -> Any:
                assert static.staticdir("global", str(site / "pub"))
                return cherrypy.response.body

        assert mount(Site()).get("/a.txt").body == TEXT

    def test_debug_tells_the_story(
        self, site: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        at(site, debug=True).get("/s/a.txt")
        assert "TOOLS.STATICDIR" in caplog.text

    def test_a_directory_may_be_mounted_as_a_page(self, site: Path) -> None:
        class Site:
            files = cherrypy.tools.staticdir.handler(
                section="/files", dir="pub", root=str(site)
            )

        client = mount(Site())
        assert client.get("/files/a.txt").body == TEXT
        assert client.get("/files/large.bin").body == bytes(range(256)) * 500
        assert client.get("/files/missing").status_code == 404


class TestIndex:
    def test_is_served_for_a_directory(self, client: Client) -> None:
        assert client.get("/s/").body == b"index"
        assert client.get("/s/sub/").body == b"sub index"

    def test_needs_a_slash_so_that_its_links_lead_right(self, client: Client) -> None:
        for path in ("/s", "/s/sub"):
            response = client.get(f"{path}?a=1")
            assert response.status_code == 301
            assert response.location == f"http://localhost{path}/?a=1"
            assert "Last-Modified" not in response.headers

    def test_needs_no_slash_where_the_tool_is_off(self, site: Path) -> None:
        section = {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(site / "pub"),
            "tools.staticdir.index": "index.html",
            "tools.trailing_slash.on": False,
        }
        client = mount(Pages(), {"/s": section})
        assert client.get("/s/sub").body == b"sub index"
        section["tools.trailing_slash.on"] = True
        section["tools.trailing_slash.missing"] = False
        assert mount(Pages(), {"/s": section}).get("/s/sub").body == b"sub index"

    def test_may_lie_deeper(self, site: Path) -> None:
        client = at(site, index="sub/index.html")
        assert client.get("/s/").body == b"sub index"

    def test_must_be_a_file(self, site: Path) -> None:
        assert is_page(at(site, index="sub"), "/s/")
        assert is_page(at(site, index=""), "/s/")


class TestTypes:
    def test_go_by_the_extension_in_any_case(self, client: Client) -> None:
        assert client.get("/s/UP.TXT").headers["Content-Type"] == "text/plain"

    def test_unknown_ones_are_left_as_they_were(self, client: Client) -> None:
        assert client.get("/s/odd.unknown").headers["Content-Type"] == "text/html"

    def test_may_be_set_for_the_tool(self, site: Path) -> None:
        client = at(site, content_types={"txt": "x/y", "TXT": "x/z"})
        assert client.get("/s/a.txt").headers["Content-Type"] == "x/y"
        assert client.get("/s/UP.TXT").headers["Content-Type"] == "x/z"
        assert client.get("/s/").headers["Content-Type"] == "text/html"

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("a.ico", "image/x-icon"),
            ("a.dwg", "image/x-dwg"),
            ("a.bz2", "application/x-bzip2"),
            ("a.tar.gz", "application/x-gzip"),
            ("a.css", "text/css"),
            ("a", None),
        ],
    )
    def test_of_some_files_are_documented(self, name: str, kind: str | None) -> None:
        assert file_responses.media_type(name) == kind

    def test_may_be_taught_to_the_standard_library(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file_responses.media_type("a.txt")
        monkeypatch.setitem(mimetypes.types_map, ".odd", "text/odd")
        assert file_responses.media_type("a.odd") == "text/odd"

    def test_are_known_to_the_standard_library_from_the_beginning(self) -> None:
        program = "import cherrypy, mimetypes; print(mimetypes.types_map['.gz'])"
        ran = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert ran.stdout == "application/x-gzip\n"

    def test_go_before_what_the_system_says(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        table = tmp_path / "mime.types"
        table.write_text("application/gzip gz\nimage/vnd.microsoft.icon ico\n")
        for name in ("types_map", "encodings_map", "suffix_map", "common_types", "_db"):
            monkeypatch.setattr(mimetypes, name, getattr(mimetypes, name))
        monkeypatch.setattr(mimetypes, "knownfiles", [str(table)])
        mimetypes.init()
        assert mimetypes.types_map[".gz"] == "application/gzip"
        assert file_responses.media_type("a.gz") == "application/x-gzip"
        assert file_responses.media_type("a.ico") == "image/x-icon"

    def test_taught_before_the_first_file_win(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mimetypes, "types_map", dict(mimetypes.types_map))
        monkeypatch.setattr(mimetypes, "inited", False)
        monkeypatch.setattr(mimetypes, "init", lambda: None)
        mimetypes.types_map[".ico"] = "image/mine"
        assert file_responses.media_type("a.ico") == "image/mine"
        assert file_responses.media_type("a.gz") == "application/x-gzip"


class TestConditions:
    @pytest.mark.parametrize("since", [DATE, LATER])
    def test_what_the_client_has_is_not_sent_again(
        self, client: Client, since: str
    ) -> None:
        for method in ("GET", "HEAD"):
            response = client.request(
                method, "/s/a.txt", headers={"If-Modified-Since": since}
            )
            assert response.status_code == 304
            assert response.body == b""

    @pytest.mark.parametrize("since", [EARLIER, "nonsense", "", "0"])
    def test_anything_else_is_sent(self, client: Client, since: str) -> None:
        response = client.get("/s/a.txt", headers={"If-Modified-Since": since})
        assert response.body == TEXT

    def test_what_was_changed_meanwhile_is_refused(self, client: Client) -> None:
        response = client.get("/s/a.txt", headers={"If-Unmodified-Since": EARLIER})
        assert response.status_code == 412

    @pytest.mark.parametrize("since", [DATE, LATER, "nonsense"])
    def test_what_was_not_changed_is_sent(self, client: Client, since: str) -> None:
        response = client.get("/s/a.txt", headers={"If-Unmodified-Since": since})
        assert response.body == TEXT

    def test_an_etag_is_given_if_wanted(self, site: Path) -> None:
        client = at(site, etag=True)
        tag = client.get("/s/a.txt").headers["ETag"]
        assert tag != client.get("/s/sub/b.txt").headers["ETag"]
        for given in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            response = client.get("/s/a.txt", headers={"If-None-Match": given})
            assert response.status_code == 304
            assert response.headers["ETag"] == tag
        response = client.get("/s/a.txt", headers={"If-Match": '"other"'})
        assert response.status_code == 412

    def test_an_etag_is_stronger_than_a_date(self, site: Path) -> None:
        both = {"If-None-Match": '"other"', "If-Modified-Since": DATE}
        assert at(site, etag=True).get("/s/a.txt", headers=both).body == TEXT

    def test_dates_beyond_http_are_left_out(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        beyond = os.stat_result((0o100644, *[0] * 5, 22, 0, 253_402_300_800, 0))
        monkeypatch.setattr("cherrypy.lib.beneath.os.fstat", lambda *args: beyond)
        response = at(site).get("/s/a.txt", headers={"If-Modified-Since": DATE})
        assert response.body == TEXT
        assert "Last-Modified" not in response.headers

    def test_dates_beyond_the_system_are_left_out(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(second: float) -> str:
            raise OSError("no such date")

        monkeypatch.setattr(file_responses, "format_http_date", refuse)
        assert file_responses._http_date(-(10**9)) is None

    def test_no_file_stays_open(self, site: Path) -> None:
        def opened() -> int:
            return len(os.listdir("/proc/self/fd"))

        client = at(site, etag=True, precompressed=True)
        before = opened()
        for path in ("a.txt", "large.bin", "sub", "sub/", "", "missing", "noindex"):
            for headers in (
                {},
                {"If-Modified-Since": DATE},
                {"If-Unmodified-Since": EARLIER},
                {"If-Match": '"x"'},
                {"Range": "bytes=0-1"},
                {"Range": "bytes=0-0,1-1"},
                {"Range": "bytes=999999999-"},
                {"Accept-Encoding": "gzip;q=bad"},
            ):
                client.get(f"/s/{path}", headers=headers)
                client.head(f"/s/{path}", headers=headers)
        assert opened() == before


class TestRanges:
    @pytest.mark.parametrize(
        ("wanted", "content_range", "body"),
        [
            ("bytes=0-3", "bytes 0-3/22", b"hell"),
            ("bytes=18-", "bytes 18-21/22", b"6789"),
            ("bytes=-4", "bytes 18-21/22", b"6789"),
            ("bytes=18-999", "bytes 18-21/22", b"6789"),
            ("bytes=0-3,999-", "bytes 0-3/22", b"hell"),
        ],
    )
    def test_one_is_sent_alone(
        self, client: Client, wanted: str, content_range: str, body: bytes
    ) -> None:
        response = client.get("/s/a.txt", headers={"Range": wanted})
        assert response.status_code == 206
        assert response.headers["Content-Range"] == content_range
        assert response.headers["Content-Length"] == str(len(body))
        assert response.headers["Content-Type"] == "text/plain"
        assert response.body == body

    def test_several_are_sent_as_parts(self, client: Client) -> None:
        response = client.get("/s/a.txt", headers={"Range": "bytes=0-3,6-8"})
        assert response.status_code == 206
        kind, _, boundary = response.headers["Content-Type"].partition("; boundary=")
        assert kind == "multipart/byteranges"
        assert "Content-Range" not in response.headers
        assert response.headers["Content-Length"] == str(len(response.body))
        assert response.text == (
            f"\r\n--{boundary}\r\nContent-type: text/plain\r\n"
            f"Content-range: bytes 0-3/22\r\n\r\nhell"
            f"\r\n--{boundary}\r\nContent-type: text/plain\r\n"
            f"Content-range: bytes 6-8/22\r\n\r\nwor"
            f"\r\n--{boundary}--\r\n"
        )

    @pytest.mark.parametrize(
        "wanted", ["bytes=4-2", "bytes=", "bytes=a-b", "x=0-1", "bytes=-", "0-1", ""]
    )
    def test_that_make_no_sense_are_ignored(self, client: Client, wanted: str) -> None:
        response = client.get("/s/a.txt", headers={"Range": wanted})
        assert response.status_code == 200
        assert response.body == TEXT

    @pytest.mark.parametrize("wanted", ["bytes=22-", "bytes=100-200", "bytes=-0"])
    def test_beyond_the_end_are_refused(self, client: Client, wanted: str) -> None:
        response = client.get("/s/a.txt", headers={"Range": wanted})
        assert response.status_code == 416
        assert response.headers["Content-Range"] == "bytes */22"

    def test_of_an_empty_file_are_refused(self, client: Client) -> None:
        response = client.get("/s/empty.txt", headers={"Range": "bytes=0-"})
        assert response.status_code == 416

    def test_cannot_make_the_answer_grow(self, client: Client) -> None:
        wanted = "bytes=" + ",".join(["0-"] * 2000)
        response = client.get("/s/large.bin", headers={"Range": wanted})
        assert len(response.body) <= 128000 + 64 * 200

    def test_are_for_get_over_http_1_1_only(self, site: Path) -> None:
        client = at(site)
        head = client.head("/s/a.txt", headers={"Range": "bytes=0-3"})
        assert (head.status_code, head.headers["Content-Length"]) == (200, "22")
        client.protocol = "HTTP/1.0"
        response = client.get("/s/a.txt", headers={"Range": "bytes=0-3"})
        assert response.status_code == 200
        assert "Accept-Ranges" not in response.headers

    @pytest.mark.parametrize(
        ("condition", "status"),
        [(DATE, 206), (LATER, 200), (EARLIER, 200), ("nonsense", 200), ('"x"', 200)],
    )
    def test_are_sent_only_of_the_same_version(
        self, client: Client, condition: str, status: int
    ) -> None:
        headers = {"Range": "bytes=0-3", "If-Range": condition}
        assert client.get("/s/a.txt", headers=headers).status_code == status

    def test_are_sent_only_of_the_same_etag(self, site: Path) -> None:
        client = at(site, etag=True)
        tag = client.get("/s/a.txt").headers["ETag"]
        for condition, status in ((tag, 206), (f"W/{tag}", 200), ('"x"', 200)):
            headers = {"Range": "bytes=0-3", "If-Range": condition}
            assert client.get("/s/a.txt", headers=headers).status_code == status


class TestPrecompressed:
    @pytest.fixture
    def client(self, site: Path) -> Client:
        (site / "pub/a.txt.gz").write_bytes(b"gzipped")
        (site / "pub/a.txt.br").write_bytes(b"brotlied")
        (site / "pub/sub/b.txt.zst").write_bytes(b"zstandard")
        return at(site, precompressed=True, etag=True)

    @pytest.mark.parametrize(
        ("path", "accept", "coding", "body"),
        [
            ("a.txt", "gzip", "gzip", b"gzipped"),
            ("a.txt", "gzip, br", "br", b"brotlied"),
            ("a.txt", "gzip, br;q=0.5", "gzip", b"gzipped"),
            ("a.txt", "*", "br", b"brotlied"),
            ("a.txt", "*, br;q=0", "gzip", b"gzipped"),
            ("a.txt", "zstd", None, TEXT),
            ("a.txt", "gzip;q=0", None, TEXT),
            ("a.txt", "", None, TEXT),
            ("sub/b.txt", "gzip, br, zstd", "zstd", b"zstandard"),
        ],
    )
    def test_is_sent_to_those_who_take_it(
        self, client: Client, path: str, accept: str, coding: str | None, body: bytes
    ) -> None:
        response = client.get(f"/s/{path}", headers={"Accept-Encoding": accept})
        assert response.body == body
        assert response.headers.get("Content-Encoding") == coding
        assert response.headers["Content-Type"] == "text/plain"
        assert response.headers["Vary"] == "Accept-Encoding"

    def test_has_an_etag_of_its_own(self, client: Client) -> None:
        plain = client.get("/s/a.txt")
        zipped = client.get("/s/a.txt", headers={"Accept-Encoding": "gzip"})
        assert zipped.headers["ETag"] != plain.headers["ETag"]
        assert zipped.headers["ETag"].endswith('-gzip"')

    def test_needs_the_plain_file(self, client: Client, site: Path) -> None:
        (site / "pub/a.txt").unlink()
        response = client.get("/s/a.txt", headers={"Accept-Encoding": "gzip"})
        assert response.text == "a page"

    def test_may_be_limited_to_some_codings(self, site: Path, client: Client) -> None:
        client = at(site, precompressed=["gzip"])
        response = client.get("/s/a.txt", headers={"Accept-Encoding": "br, gzip"})
        assert response.body == b"gzipped"

    def test_may_be_limited_to_one_coding(self, site: Path, client: Client) -> None:
        client = at(site, precompressed="gzip")
        for wishes in ("br, gzip", "*"):
            response = client.get("/s/a.txt", headers={"Accept-Encoding": wishes})
            assert response.body == b"gzipped"

    @pytest.mark.parametrize("wishes", ["deflate", "gzip", "*", "identity"])
    def test_knows_no_other_codings(
        self, site: Path, wishes: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = at(site, precompressed=["deflate"])
        response = client.get("/s/a.txt", headers={"Accept-Encoding": wishes})
        assert response.status_code == 500
        assert "no file is looked for in the coding 'deflate'" in caplog.text

    def test_is_off_by_default(self, site: Path, client: Client) -> None:
        response = at(site).get("/s/a.txt", headers={"Accept-Encoding": "gzip"})
        assert response.body == TEXT
        assert "Vary" not in response.headers

    def test_asks_for_sense(self, client: Client) -> None:
        response = client.get("/s/a.txt", headers={"Accept-Encoding": "gzip;q=x"})
        assert response.status_code == 400

    def test_works_for_single_files(self, site: Path, client: Client) -> None:
        config: Config = {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(site / "pub/a.txt"),
            "tools.staticfile.precompressed": True,
        }
        client = mount(Root(), {"/f": config})
        response = client.get("/f", headers={"Accept-Encoding": "gzip"})
        assert response.body == b"gzipped"


class TestFile:
    def at(self, **settings: Any) -> Client:
        config = {f"tools.staticfile.{key}": value for key, value in settings.items()}
        return mount(Pages(), {"/f": {"tools.staticfile.on": True, **config}})

    def test_is_served_at_its_url(self, site: Path) -> None:
        response = self.at(filename=str(site / "pub/a.txt")).get("/f")
        assert response.body == TEXT
        assert response.headers["Content-Type"] == "text/plain"

    def test_may_be_relative_to_a_root(self, site: Path) -> None:
        client = self.at(filename="pub/a.txt", root=str(site))
        assert client.get("/f").body == TEXT

    def test_must_be_absolute_otherwise(self) -> None:
        assert self.at(filename="a.txt").get("/f").status_code == 500

    def test_may_be_missing(self, site: Path) -> None:
        client = self.at(filename=str(site / "missing.txt"))
        assert client.get("/f").text == "a page"

    def test_may_be_a_link_to_anywhere(self, site: Path) -> None:
        (site / "pub/link.txt").symlink_to("../secret.txt")
        client = self.at(filename=str(site / "pub/link.txt"))
        assert client.get("/f").body == b"secret"

    def test_is_for_get_and_head(self, site: Path) -> None:
        client = self.at(filename=str(site / "pub/a.txt"))
        assert client.post("/f").text == "a page"
        assert client.head("/f").headers["Content-Length"] == "22"

    def test_may_be_limited_by_match(self, site: Path) -> None:
        client = self.at(filename=str(site / "pub/a.txt"), match="^/other")
        assert client.get("/f").text == "a page"

    def test_may_have_a_type_of_its_own(self, site: Path) -> None:
        client = self.at(filename=str(site / "pub/a.txt"), content_types={"txt": "x/y"})
        assert client.get("/f").headers["Content-Type"] == "x/y"

    def test_debug_tells_the_story(
        self, site: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.at(filename=str(site / "pub/a.txt"), debug=True).get("/f")
        assert "TOOLS.STATICFILE" in caplog.text


class TestByHand:
    def test_a_page_may_serve_a_file(self, site: Path) -> None:
        client = serve(lambda: static.serve_file(str(site / "pub/a.txt")))
        response = client.get("/")
        assert response.body == TEXT
        assert response.headers["Content-Type"] == "text/plain;charset=utf-8"
        assert response.headers["Content-Length"] == "22"
        assert client.head("/").headers["Content-Length"] == "22"

    def test_a_page_may_serve_a_large_file(self, site: Path) -> None:
        client = serve(
            lambda: static.serve_file(site / "pub/large.bin", "text/x-large")
        )
        response = client.get("/")
        assert response.headers["Content-Type"] == "text/x-large;charset=utf-8"
        assert response.headers["Content-Length"] == "128000"
        assert len(response.body) == 128000
        part = client.get("/", headers={"Range": "bytes=1-2"})
        assert part.body == b"\x01\x02"

    @pytest.mark.parametrize("name", ["missing.txt", "", "sub"])
    def test_what_is_no_file_is_not_found(self, site: Path, name: str) -> None:
        client = serve(lambda: static.serve_file(str(site / "pub" / name), debug=True))
        assert client.get("/").status_code == 404

    def test_the_path_must_be_absolute(self) -> None:
        with pytest.raises(ValueError, match=r"'a\.txt' is not an absolute path"):
            static.serve_file("a.txt")

    def test_an_etag_may_be_wanted(self, site: Path) -> None:
        client = serve(lambda: static.serve_file(site / "pub/a.txt", etag=True))
        tag = client.get("/").headers["ETag"]
        assert client.get("/", headers={"If-None-Match": tag}).status_code == 304

    def test_a_download_is_to_be_saved(self, site: Path) -> None:
        response = serve(lambda: static.serve_download(site / "pub/a.txt")).get("/")
        assert response.headers["Content-Type"] == "application/x-download"
        disposition = 'attachment; filename="a.txt"'
        assert response.headers["Content-Disposition"] == disposition

    @pytest.mark.parametrize(
        ("name", "disposition"),
        [
            ("x y.txt", 'attachment; filename="x y.txt"'),
            (
                "café.txt",
                "attachment; filename=\"caf.txt\"; filename*=UTF-8''caf%C3%A9.txt",
            ),
            ("你.txt", "attachment; filename=\".txt\"; filename*=UTF-8''%E4%BD%A0.txt"),
            (
                "\ufb01le",
                "attachment; filename=\"file\"; filename*=UTF-8''%EF%AC%81le",
            ),
            ('a";b\\c', 'attachment; filename="a\\";b\\\\c"'),
            ("a\r\nSet-Cookie: b\x7f", 'attachment; filename="aSet-Cookie: b"'),
            ("\ud800", "attachment; filename=\"\"; filename*=UTF-8''%3F"),
        ],
    )
    def test_a_download_may_have_any_name(
        self, site: Path, name: str, disposition: str
    ) -> None:
        client = serve(lambda: static.serve_download(site / "pub/a.txt", name))
        assert client.get("/").headers["Content-Disposition"] == disposition

    def test_a_disposition_needs_no_name(self) -> None:
        file = io.BytesIO(b"x")
        client = serve(lambda: static.serve_fileobj(file, disposition="inline"))
        assert client.get("/").headers["Content-Disposition"] == "inline"


class Unseekable:
    """A file-like object that can only be read."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        self.closed = True


class TestFileObjects:
    def ask(self, make: Callable[[], Any], **headers: str) -> Any:
        client = serve(lambda: static.serve_fileobj(make(), "x/y", debug=True))
        return client.get(
            "/", headers={k.replace("_", "-"): headers[k] for k in headers}
        )

    def test_of_text_are_sent_in_utf_8(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_text("grüß", encoding="latin-1")
        opened: list[Any] = []

        def make() -> Any:
            opened.append(open(path, encoding="latin-1"))  # noqa: SIM115
            return opened[-1]

        for answer in (self.ask(make), self.ask(lambda: io.StringIO("grüß"))):
            assert answer.body == "grüß".encode()
            assert answer.headers["Content-Length"] == "6"
        assert opened[0].closed
        assert "Last-Modified" in self.ask(make).headers
        part = self.ask(make, Range="bytes=2-3")
        assert (part.status_code, part.body) == (206, "ü".encode())

    def test_in_memory_have_a_length_and_no_date(self) -> None:
        response = self.ask(lambda: io.BytesIO(TEXT))
        assert response.body == TEXT
        assert response.headers["Content-Length"] == "22"
        assert response.headers["Content-Type"] == "x/y"
        assert "Last-Modified" not in response.headers

    def test_of_the_system_have_a_date(self, site: Path) -> None:
        response = self.ask((site / "pub/a.txt").open("rb").__enter__)
        assert response.body == TEXT
        assert response.headers["Last-Modified"] == DATE

    def test_are_sent_from_where_they_stand(self) -> None:
        def make() -> io.BytesIO:
            file = io.BytesIO(TEXT)
            file.seek(18)
            return file

        response = self.ask(make)
        assert response.body == b"6789"
        assert response.headers["Content-Length"] == "4"

    def test_are_sent_in_ranges_from_the_beginning(self) -> None:
        assert self.ask(lambda: io.BytesIO(TEXT), Range="bytes=1-3").body == b"ell"
        response = self.ask(lambda: io.BytesIO(TEXT), Range="bytes=1-3,5-6")
        assert response.status_code == 206
        assert b"\r\n\r\nell\r\n" in response.body

    def test_need_not_be_seekable(self) -> None:
        file = Unseekable(TEXT)
        response = self.ask(lambda: file, Range="bytes=1-3")
        assert response.status_code == 200
        assert response.body == TEXT
        assert file.closed

    def test_may_be_pipes(self) -> None:
        readable, writable = os.pipe()
        with open(writable, "wb") as pipe:
            pipe.write(TEXT)
        response = self.ask(os.fdopen(readable, "rb").__enter__)
        assert response.body == TEXT
        assert "Last-Modified" not in response.headers

    def test_are_closed_when_the_client_has_them(self, site: Path) -> None:
        file = (site / "pub/a.txt").open("rb")
        response = self.ask(lambda: file, If_Modified_Since=DATE)
        assert response.status_code == 304
        assert file.closed

    def test_may_tell_odd_things_of_themselves(self) -> None:
        class Odd(Unseekable):
            def tell(self) -> int:
                return 0

            def seek(self, offset: int, whence: int = 0) -> None:
                return None

        assert self.ask(lambda: Odd(TEXT)).body == TEXT


def test_a_file_that_shrinks_is_sent_as_far_as_it_goes(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = iter([b"hello ", b"world", b""])
    with monkeypatch.context() as patch:
        patch.setattr("cherrypy.lib.file_responses.os.read", lambda *args: next(pieces))
        response = at(site).get("/s/a.txt")
    assert response.body == b"hello world"
    assert response.headers["Content-Length"] == "11"


def test_many_threads_may_ask_at_once(site: Path) -> None:
    client = at(site)
    answers: list[bytes] = []

    def ask() -> None:
        for _ in range(20):
            answers.append(client.get("/s/sub/b.txt").body)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"b"] * 80


def unquoted(path: str) -> str:
    """Do to a path what a server does: undo escapes, but that of the slash."""
    from urllib.parse import unquote_to_bytes

    atoms = path.replace("%2f", "%2F").split("%2F")
    return "%2F".join(unquote_to_bytes(atom).decode("latin-1") for atom in atoms)


class TestFallback:
    """For applications that find their way in the browser."""

    BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    @pytest.fixture
    def app(self, site: Path) -> Client:
        class Api(Root):
            @cherrypy.expose
            def api(self, *path: str) -> str:
                if path:
                    raise cherrypy.NotFound()
                return "data"

        settings = {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(site / "pub"),
            "tools.staticdir.fallback": "index.html",
            "tools.staticdir.immutable": r"/sub/|\.txt$",
            "tools.staticdir.cache_control": "no-cache",
        }
        return mount(Api(), {"/": settings})

    @pytest.mark.parametrize("path", ["/", "/users/7", "/users/john.doe", "/sub/x/"])
    def test_is_shown_to_visitors(self, app: Client, path: str) -> None:
        response = app.get(path, headers={"Accept": self.BROWSER})
        assert response.status_code == 200
        assert response.body == b"index"
        assert response.headers["Content-Type"].startswith("text/html")
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["Vary"] == "Accept"

    @pytest.mark.parametrize("accept", [None, "*/*"])
    def test_is_shown_for_names_without_a_dot_to_those_who_take_anything(
        self, app: Client, accept: str | None
    ) -> None:
        headers = {} if accept is None else {"Accept": accept}
        assert app.get("/users/7", headers=headers).body == b"index"
        assert app.get("/app.js", headers=headers).status_code == 404

    @pytest.mark.parametrize(
        "accept", ["application/json", "image/*", "text/html;q=0, */*", "text/css"]
    )
    def test_is_not_shown_to_those_who_want_something_else(
        self, app: Client, accept: str
    ) -> None:
        assert app.get("/users/7", headers={"Accept": accept}).status_code == 404

    def test_leaves_files_and_pages_alone(self, app: Client) -> None:
        headers = {"Accept": self.BROWSER}
        assert app.get("/a.txt", headers=headers).body == TEXT
        assert app.get("/api", headers=headers).body == b"data"
        assert app.get("/api/x", headers=headers).status_code == 404
        assert app.post("/users/7", headers=headers).status_code == 404
        assert app.get("/../x", headers=headers).status_code in (400, 403)

    def test_may_be_missing_itself(self, site: Path, app: Client) -> None:
        (site / "pub/index.html").unlink()
        response = app.get("/users/7", headers={"Accept": self.BROWSER})
        assert response.status_code == 404

    def test_is_off_by_default(self, client: Client) -> None:
        response = client.get("/static/nothing", headers={"Accept": self.BROWSER})
        assert response.body == b"a page"


class TestCaches:
    def directory(self, site: Path, **settings: Any) -> Client:
        config: Config = {"on": True, "dir": str(site / "pub"), **settings}
        section = {f"tools.staticdir.{name}": value for name, value in config.items()}
        return mount(Root(), {"/": section})

    FOR_EVER = "public, max-age=31536000, immutable"

    def test_are_told_nothing_by_default(self, site: Path) -> None:
        response = self.directory(site).get("/a.txt")
        assert "Cache-Control" not in response.headers

    def test_are_told_that_files_never_change(self, site: Path) -> None:
        client = self.directory(site, immutable=True, index="index.html")
        response = client.get("/a.txt")
        assert response.headers["Cache-Control"] == self.FOR_EVER
        response = client.get("/a.txt", headers={"If-Modified-Since": DATE})
        assert response.status_code == 304
        assert response.headers["Cache-Control"] == self.FOR_EVER

    def test_are_not_told_so_of_an_index(self, site: Path) -> None:
        client = self.directory(site, immutable=True, index="index.html")
        assert "Cache-Control" not in client.get("/").headers
        client = self.directory(
            site, immutable=True, index="index.html", cache_control="no-cache"
        )
        assert client.get("/sub/").headers["Cache-Control"] == "no-cache"

    def test_are_told_so_of_some(self, site: Path) -> None:
        client = self.directory(site, immutable="^/sub/", cache_control="max-age=60")
        assert client.get("/sub/b.txt").headers["Cache-Control"] == self.FOR_EVER
        assert client.get("/a.txt").headers["Cache-Control"] == "max-age=60"

    def test_are_told_nothing_of_what_is_not_there(self, site: Path) -> None:
        client = self.directory(site, immutable=True)
        response = client.get("/missing")
        assert response.status_code == 404
        assert "Cache-Control" not in response.headers
        for wrong in ({"Range": "bytes=999-"}, {"If-Unmodified-Since": EARLIER}):
            response = client.get("/a.txt", headers=wrong)
            assert response.status_code in (412, 416)
            assert "Cache-Control" not in response.headers

    def test_are_told_of_single_files(self, site: Path) -> None:
        settings = {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(site / "pub/a.txt"),
        }
        for more, expected in (
            ({"immutable": True}, self.FOR_EVER),
            ({"cache_control": "no-cache"}, "no-cache"),
        ):
            config = settings | {f"tools.staticfile.{n}": v for n, v in more.items()}
            response = mount(Root(), {"/a": config}).get("/a")
            assert response.headers["Cache-Control"] == expected
