"""The site is built without a warning, and nothing on it leads nowhere."""

from __future__ import annotations

import faulthandler
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import cherrypy
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.test.sites import LiveSite
from docs.extensions import rooms_picture, settings, story_picture
from tests.browser import browser  # noqa: F401  a fixture
from tests.docs.site import broken_links, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser import Browser

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"

pytestmark = pytest.mark.live

BUILD_SECONDS = 300


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as scripts/docs does, from nothing."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    places = ["-d", str(folder / "doctrees"), str(DOCS), str(folder / "html")]
    # This takes longer than any test may, on a machine that is busy.
    faulthandler.cancel_dump_traceback_later()
    done = subprocess.run(
        [*command, *places], capture_output=True, text=True, timeout=BUILD_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return (folder / "html").resolve()


def test_every_page_is_there_and_every_link_leads_somewhere(built: Path) -> None:
    written = {
        path.relative_to(DOCS).with_suffix(".html")
        for path in DOCS.rglob("*.md")
        if "programs" not in path.parts
    }
    assert written <= {path.relative_to(built) for path in pages(built)}
    assert list(broken_links(built)) == []


def test_a_browser_is_sent_to_no_other_host(built: Path) -> None:
    fetched = {address for page in pages(built).values() for address in page.fetched}
    assert [address for address in fetched if urlsplit(address).netloc] == []


def test_no_page_tells_where_it_was_built(built: Path) -> None:
    telling = [
        path
        for path in pages(built)
        if str(PROJECT) in path.read_text(encoding="utf-8")
    ]
    assert telling == []


def test_the_search_finds_words_of_the_pages(built: Path) -> None:
    index = (built / "searchindex.js").read_text(encoding="utf-8")
    assert '"autoreload"' in index or "autoreload:" in index


def test_every_key_has_its_row_on_the_page_of_keys(built: Path) -> None:
    shown = (built / "reference" / "configuration.html").read_text(encoding="utf-8")
    tools = (built / "reference" / "tools.html").read_text(encoding="utf-8")
    for group in settings.GROUPS.values():
        for row in group():
            assert row.key in shown, row.key
    for name in settings.tool_names():
        for row in settings.tool_rows(name).rows:
            assert row.key in tools or row.key.endswith(".debug"), row.key


DOCUMENTED = {
    "server": (
        "socket_host socket_port socket_file socket_queue_size socket_timeout "
        "accepted_queue_size accepted_queue_timeout shutdown_timeout protocol_version "
        "thread_pool thread_pool_max max_request_header_size max_request_body_size "
        "instance ssl_module ssl_certificate ssl_private_key ssl_certificate_chain "
        "ssl_ciphers ssl_context statistics nodelay wsgi_version peercreds "
        "peercreds_resolve"
    ),
    "engine": "autoreload.on autoreload.frequency autoreload.match SIGHUP SIGTERM",
    "log": "screen access_file error_file access_log_format wsgi",
    "checker": "on check_static_paths check_config_types check_localhost",
    "request": (
        "dispatch methods_with_bodies process_request_body query_string_encoding "
        "show_tracebacks show_mismatched_params throw_errors error_response"
    ),
    "body": "maxbytes bufsize attempt_charsets processors",
    "response": "stream timeout headers.NAME",
    "other": "environment hooks.POINT error_page.CODE tree.NAME wsgi.pipeline",
}

ARGUMENTS = {
    "accept": "media",
    "allow": "methods",
    "auth_basic": "realm checkpassword accept_charset",
    "auth_digest": "realm get_ha1 key accept_charset",
    "autovary": "ignore",
    "basic_auth": "realm users encrypt",
    "caching": "invalid_methods cache_class delay maxobjects maxobj_size maxsize",
    "cpstats": "uriset slow_queries slow_queries_count",
    "decode": "encoding default_encoding",
    "digest_auth": "realm users",
    "encode": "encoding errors text_only add_charset default_encoding",
    "err_redirect": "url internal",
    "etags": "autotags",
    "expires": "secs force",
    "gzip": "compress_level mime_types",
    "ignore_headers": "headers",
    "json_in": "content_type force processor",
    "json_out": "content_type handler",
    "log_tracebacks": "severity",
    "params": "exception error",
    "proxy": "base local remote scheme trusted",
    "redirect": "url internal",
    "referer": "pattern accept accept_missing error message",
    "response_headers": "headers",
    "session_auth": "session_key check_username_and_password anonymous on_login",
    "sessions": (
        "storage_type storage_class path path_header name timeout domain secure "
        "clean_freq persistent httponly samesite locking storage_path servers"
    ),
    "staticdir": "section dir root match content_types index",
    "staticfile": "filename root match content_types",
    "trailing_slash": "missing extra status",
    "xmlrpc": "encoding allow_none",
}


@pytest.mark.parametrize("group", DOCUMENTED)
def test_documented_keys_have_a_row_with_a_meaning(group: str) -> None:
    prefix = {"body": "request.body.", "other": ""}.get(group, f"{group}.")
    rows = {row.key: row for row in settings.GROUPS[group]()}
    for name in DOCUMENTED[group].split():
        assert rows[f"{prefix}{name}"].meaning, name


@pytest.mark.parametrize("tool", ARGUMENTS)
def test_documented_arguments_of_tools_have_a_row_with_a_meaning(tool: str) -> None:
    rows = {row.key: row for row in settings.tool_rows(tool).rows}
    for name in ARGUMENTS[tool].split():
        assert rows[f"tools.{tool}.{name}"].meaning, name


MODULES = {
    "cherrypy": "daemon lib scaffold tutorial",
    "cherrypy.lib": (
        "auth auth_basic auth_digest caching covercp cpstats cptools encoding gctools "
        "httpauth httputil jsontools lockfile locking profiler reprconf sessions "
        "static xmlrpcutil"
    ),
    "cherrypy.process": "servers wspbus",
    "cherrypy.test": "helper logtest webtest",
}


@pytest.mark.parametrize("package", MODULES)
def test_documented_modules_are_in_the_reference(package: str) -> None:
    files = sorted((DOCS / "reference").glob("*.md"))
    written = "".join(file.read_text(encoding="utf-8") for file in files)
    for name in MODULES[package].split():
        assert f".. automodule:: {package}.{name}\n" in written


def test_every_name_at_the_front_door_is_in_the_reference() -> None:
    door = (DOCS / "reference" / "front-door.md").read_text(encoding="utf-8")
    assert [name for name in cherrypy.__all__ if f"cherrypy.{name}" not in door] == []


def test_every_tool_says_what_it_does() -> None:
    for name in settings.tool_names():
        assert settings.tool_rows(name).meaning, name


def test_every_line_in_the_picture_of_the_rooms_leads_down() -> None:
    height = {
        room: level for level, row in enumerate(rooms_picture.layers()) for room in row
    }
    edges = rooms_picture.imports()
    upwards = [edge for edge in edges if height[edge[0]] <= height[edge[1]]]
    assert upwards == []
    assert ("core", "http") in edges
    drawing = rooms_picture.draw()
    assert drawing.count("<rect") == len(height)
    assert drawing.count("<path") == len(edges)


def test_every_tool_stands_on_the_way_of_a_request() -> None:
    drawing = story_picture.draw()
    elsewhere = {"err_redirect", "log_headers", "log_tracebacks", "xmlrpc"}
    names = {*settings.tool_names()} - elsewhere
    assert [name for name in sorted(names) if name not in drawing] == []


def test_what_the_page_on_requests_names_is_there() -> None:
    page = (DOCS / "reference" / "request.md").read_text(encoding="utf-8")
    of_requests, of_responses = page.split("and `cherrypy.response`:")
    for text, kind in (of_requests, Request), (of_responses, Response):
        for row in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE):
            for name in re.findall(r"`(\w+)`", row):
                assert hasattr(kind, name) or name in kind.__annotations__, name


class Nothing:
    """A root without pages; the site is files."""


@pytest.fixture
def served(built: Path) -> Iterator[str]:
    """Serve the site by what it describes, and return its address."""
    config = {
        "/": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(built),
            "tools.staticdir.index": "index.html",
        }
    }
    with LiveSite(Nothing(), config) as site:
        yield site.base_url


def test_the_search_answers_in_a_browser(browser: Browser, served: str) -> None:  # noqa: F811
    with browser.page(served) as page:
        page.goto("/search.html?q=autoreload")
        found = page.locator("#search-results li a")
        found.first.wait_for()
        page.get_by_role("link", name="Configuration keys").last.click()
        page.get_by_role("heading", name="Configuration keys").wait_for()


def test_the_search_begins_with_the_page_that_tells_how(
    browser: Browser,  # noqa: F811
    served: str,
) -> None:
    expected = {
        "404": "What went wrong",
        "file upload": "Files",
        "https": "Servers",
        "json": "A REST API",
        "login": "A login form",
        "static files": "Static files",
        "quickstart": "cherrypy.quickstart",
    }
    with browser.page(served) as page:
        for words, title in expected.items():
            page.goto(f"/search.html?q={words}")
            first = page.locator("#search-results li > a").first
            assert first.inner_text().startswith(title), words


def test_no_page_is_wider_than_a_phone(
    browser: Browser,  # noqa: F811
    built: Path,
    served: str,
) -> None:
    # The largest of each folder: what is wide is in there.
    largest: dict[Path, Path] = {}
    for path in sorted(pages(built), key=lambda path: path.stat().st_size):
        largest[path.parent] = path
    wide = []
    with browser.page(served, width=390, height=844) as page:
        for path in [built / "index.html", *largest.values()]:
            page.goto(f"/{path.relative_to(built)}")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 390:
                wide.append(f"{path.relative_to(built)}: {width}")
    assert wide == []
