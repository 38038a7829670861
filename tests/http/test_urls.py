"""Joining, unquoting and normalising; what a page's URL is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin as resolved

import pytest

from cherrypy.http.urls import (
    SanitizedHost,
    normalize_path,
    quote_path_info,
    resolve_url,
    safe_host,
    unquote_path,
    urljoin,
    urljoin_bytes,
)

BASE = "http://h.com:8080"


@pytest.mark.parametrize(
    ("atoms", "url"),
    [
        ((), "/"),
        (("",), "/"),
        (("/", "/"), "/"),
        (("a", "b"), "a/b"),
        (("/a/", "/b"), "/a/b"),
        (("", "a"), "a"),
        (("//a///", "b"), "/a/b"),
        (("a", "", "b/"), "a/b/"),
    ],
)
def test_atoms_are_joined_by_single_slashes(atoms: tuple[str, ...], url: str) -> None:
    assert urljoin(*atoms) == url
    assert urljoin_bytes(*[atom.encode() for atom in atoms]) == url.encode()


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a/b", "/a/b"),
        (b"/a%20b", "/a b"),
        (b"/a%2fb%2Fc", "/a%2Fb%2Fc"),
        (b"/%c3%a9", "/Ã©"),
        (b"/\xff", "/ÿ"),
        (b"/%zz%4", "/%zz%4"),
        (b"/%252F", "/%2F"),
        (b"/a+b", "/a+b"),
        (b"/%00", "/\0"),
        (b"", ""),
    ],
)
def test_a_path_loses_its_escapes_but_no_slash(raw: bytes, path: str) -> None:
    assert unquote_path(raw) == path


@pytest.mark.parametrize(
    ("path", "escaped"),
    [
        ("/a/b;c=d,e:@!$&'()*+~", "/a/b;c=d,e:@!$&'()*+~"),
        ("/a b?#%", "/a%20b%3F%23%25"),
        ("/a%2Fb", "/a%2Fb"),
        ("/\\evil", "/%5Cevil"),
        ("/é€", "/%C3%A9%E2%82%AC"),
        ('/<">\r\n\x7f', "/%3C%22%3E%0D%0A%7F"),
        ("/\ud800", "/%ED%A0%80"),
    ],
)
def test_a_path_gets_its_escapes_back(path: str, escaped: str) -> None:
    assert quote_path_info(path) == escaped


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("", ""),
        ("/", "/"),
        ("/a//b", "/a//b"),
        ("/a/../b/./c", "/b/c"),
        ("/../../x", "/x"),
        ("/.", "/"),
        ("/..", "/"),
        ("/a/.", "/a/"),
        ("/a/b/..", "/a/"),
        ("/a/..", "/"),
        ("/x/...", "/x/..."),
        ("/x/..y/.z", "/x/..y/.z"),
        ("./a", "a"),
        ("../a", "a"),
        ("a/../b", "b"),
        ("a.b/c.", "a.b/c."),
    ],
)
def test_dots_are_resolved_but_never_above_the_root(path: str, normal: str) -> None:
    assert normalize_path(path) == normal


def url(path: str = "", qs: Any = "", **given: Any) -> str:
    """Return the URL of a path, seen from a leaf unless said otherwise."""
    place: dict[str, Any] = {
        "base": BASE,
        "script_name": "",
        "path_info": "/dir1/dir2/leaf",
        "is_index": False,
    }
    return resolve_url(path, qs, **(place | given))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/dir1/dir2/leaf"),
        ("x", "/dir1/dir2/x"),
        ("/x", "/x"),
        ("../x", "/dir1/x"),
        ("./x/", "/dir1/dir2/x/"),
        ("/a/../b/./c", "/b/c"),
        ("/../../x", "/x"),
        ("a/../../../..", "/"),
        (".", "/dir1/dir2/"),
        ("..", "/dir1/"),
        ("../", "/dir1/"),
        (".hidden", "/dir1/dir2/.hidden"),
        ("?q=1", "/dir1/dir2/leaf?q=1"),
        ("x?y=../z", "/dir1/dir2/x?y=../z"),
        ("x#../y", "/dir1/dir2/x#../y"),
        ("//evil/x", "//evil/x"),
        ("/\\evil", "/%5Cevil"),
        ("/é", "/é"),
        ("/a%20b", "/a%20b"),
    ],
)
def test_a_path_is_seen_from_the_page_or_from_the_application(
    path: str, expected: str
) -> None:
    assert url(path) == BASE + expected


@pytest.mark.parametrize(
    ("path_info", "is_index", "here", "beside"),
    [
        ("/dir/", True, "/dir/", "/dir/x"),
        ("/dir", True, "/dir/", "/dir/x"),
        ("/dir/", False, "/dir", "/x"),
        ("/dir", False, "/dir", "/x"),
        ("/dir/", None, "/dir/", "/dir/x"),
        ("/dir", None, "/dir", "/x"),
        ("/", False, "/", "/x"),
        ("/", True, "/", "/x"),
        ("", True, "/", "/x"),
        ("", False, "", "/x"),
        ("", None, "", "/x"),
        ("/a/../b", None, "/b", "/x"),
    ],
)
def test_the_slash_at_the_end_of_the_page_is_put_right(
    path_info: str, is_index: bool | None, here: str, beside: str
) -> None:
    place = {"script_name": "/app", "path_info": path_info, "is_index": is_index}
    assert url("", **place) == BASE + "/app" + here
    assert url("x", **place) == BASE + "/app" + beside
    assert url("/y", **place) == BASE + "/app/y"


@pytest.mark.parametrize(
    ("path", "qs", "expected"),
    [
        ("x", "a=../b", "x?a=../b"),
        ("x", {"a": "1 2", "b": ["x", "y"]}, "x?a=1+2&b=x&b=y"),
        ("x", [("a", 1), ("a", 2)], "x?a=1&a=2"),
        ("x", (), "x"),
        ("x?", "a", "x?a"),
        ("x?y=1", "a", "x?y=1&a"),
        ("x#f", "a", "x?a#f"),
        ("", "a", "leaf?a"),
    ],
)
def test_the_query_may_be_text_or_fields(path: str, qs: Any, expected: str) -> None:
    assert url(path, qs) == BASE + "/dir1/dir2/" + expected


def test_the_place_of_the_page_is_escaped() -> None:
    assert url(path_info="/a b/é?#%") == BASE + "/a%20b/%C3%A9%3F%23%25"
    assert url("n", path_info="/a b/c") == BASE + "/a%20b/n"
    assert url(path_info="/a%2Fb") == BASE + "/a%2Fb"


@pytest.mark.parametrize(
    ("path", "script_name", "expected"),
    [
        ("/x", "", "/x"),
        ("", "", "/dir1/dir2/leaf"),
        ("x", "/app", "/app/dir1/dir2/x"),
        ("//evil/x", "", "/evil/x"),
        ("/\\evil", "", "/%5Cevil"),
        ("/.//evil", "", "/evil"),
    ],
)
def test_a_url_may_start_at_the_server(
    path: str, script_name: str, expected: str
) -> None:
    assert url(path, script_name=script_name, relative="server") == expected


@pytest.mark.parametrize("path_info", ["//evil/x/", "/\\evil/x/", "///evil/x/"])
@pytest.mark.parametrize("relative", [False, "server", True])
def test_no_page_leads_to_another_host(path_info: str, relative: bool | str) -> None:
    here = url("", path_info=path_info, is_index=True, relative=relative)
    assert resolved(BASE + "/z", here).startswith(BASE + "/")
    assert not here.startswith(("//", "/\\"))


def test_without_a_base_a_url_starts_at_the_server() -> None:
    assert url("/x", base="", script_name="/app") == "/app/x"
    assert url("//evil", base="") == "/evil"


def test_a_base_may_have_a_path() -> None:
    place = {"base": "https://o/prefix", "script_name": "/app"}
    assert url("/x", **place) == "https://o/prefix/app/x"
    assert url("/x", relative="server", **place) == "/prefix/app/x"
    assert url("/x", relative="server", base="/prefix") == "/prefix/x"
    assert url("x", relative=True, **place) == "x"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "leaf"),
        ("x", "x"),
        ("/x", "../../x"),
        ("../x/", "../x/"),
        ("/a/b/c", "../../a/b/c"),
        ("/dir1/", "../"),
        ("/dir1", "../../dir1"),
        ("/dir1/dir2/", "./"),
        ("/", "../../"),
        ("/dir1/dir2/x?y#z", "x?y#z"),
        ("/dir1/dir2/javascript:alert(1)", "./javascript:alert(1)"),
        ("?q", "leaf?q"),
    ],
)
def test_a_url_may_start_at_the_page(path: str, expected: str) -> None:
    assert url(path, relative=True) == expected
    assert resolved(url(), expected) == url(path)


def test_an_empty_part_next_to_the_page_is_not_taken_for_the_root() -> None:
    assert url("/dir1/dir2//x", relative=True) == ".//x"


def test_the_index_refers_to_itself_by_nothing() -> None:
    place = {"path_info": "/dir1/", "is_index": True, "relative": True}
    assert url("", **place) == ""
    assert url("", "a", **place) == "?a"
    assert url("/", **place) == "../"
    assert url("/dir1/x", **place) == "x"


def test_another_application_is_reached_from_the_page() -> None:
    other = url("/x", script_name="/s", page_script_name="/app", relative=True)
    assert other == "../../../s/x"


def test_line_ends_are_taken_out_of_a_host() -> None:
    host = SanitizedHost("a\r\nb")
    assert host == "ab"
    assert isinstance(host, SanitizedHost)
    assert host.raw == "a\r\nb"


def test_a_harmless_host_is_plain_text() -> None:
    assert type(SanitizedHost("example.com")) is str


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.com", "example.com"),
        (" example.com:8080 ", "example.com:8080"),
        ("192.0.2.1", "192.0.2.1"),
        ("[::1]:80", "[::1]:80"),
        ("under_score.example", "under_score.example"),
        ("example.com:", "example.com:"),
        ("example.com:65535", "example.com:65535"),
    ],
)
def test_a_host_and_its_port_may_be_repeated(text: str, host: str) -> None:
    assert safe_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "a/b",
        "user@a",
        "a,b",
        "a b",
        "a:b",
        "a:80:80",
        "a:65536",
        "a:123456",
        "a\r\nb",
        "<script>",
        "=?utf-8?q?a?=",
        "bücher.example",
        "[::1",
        "::1",
        "a\\b",
        "a?b",
        "a%00",
    ],
)
def test_what_is_no_host_is_none(text: str) -> None:
    assert safe_host(text) is None
