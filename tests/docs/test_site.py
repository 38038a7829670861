"""The site is built without a warning, and nothing on it leads nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cherrypy.core.request import Request
from cherrypy.core.response import Response
from docs.extensions import rooms_picture, settings
from tests.docs.site import broken_links, pages

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as scripts/docs does, from nothing."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    places = ["-d", str(folder / "doctrees"), str(DOCS), str(folder / "html")]
    done = subprocess.run([*command, *places], capture_output=True, text=True)
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


def test_what_the_page_on_requests_names_is_there() -> None:
    page = (DOCS / "reference" / "request.md").read_text(encoding="utf-8")
    of_requests, of_responses = page.split("and `cherrypy.response`:")
    for text, kind in (of_requests, Request), (of_responses, Response):
        for row in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE):
            for name in re.findall(r"`(\w+)`", row):
                assert hasattr(kind, name) or name in kind.__annotations__, name
