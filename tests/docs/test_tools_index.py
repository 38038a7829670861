"""The table of tools in the documentation is that of the toolbox."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cherrypy.extension.tool import ErrorTool
from cherrypy.lib.toolbox import DefaultToolbox
from tests.docs.test_readme import PROJECT

PAGES = PROJECT / "docs" / "tools"
INDEX = (PAGES / "index.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?:\[`(\w+)`\]\(([^)]+)\)|`(\w+)`) \| `?(\w+)`? \| (\d*) ?\| .+ \|$",
    re.MULTILINE,
)
ROWS = {linked or plain: rest for linked, link, plain, *rest in ROW.findall(INDEX)}
LINKS = {linked: link for linked, link, *_ in ROW.findall(INDEX) if linked}
TOOLS = {
    name: tool for name, tool in vars(DefaultToolbox()).items() if name != "namespace"
}


@pytest.mark.parametrize("name", TOOLS)
def test_each_tool_has_a_row_with_its_place(name: str) -> None:
    tool: Any = TOOLS[name]
    if isinstance(tool, ErrorTool):
        assert ROWS[name] == ["errors", ""]
    else:
        assert ROWS[name] == [tool._point, str(tool._priority)]


def test_each_row_has_a_tool_and_stands_in_order() -> None:
    # Some tools come into the box with a module of their own.
    assert set(TOOLS) <= set(ROWS)
    assert list(ROWS) == sorted(ROWS)
    assert INDEX.count("\n| ") == len(ROWS) + 1


@pytest.mark.parametrize("name", LINKS)
def test_each_link_leads_to_a_heading(name: str) -> None:
    page, _, anchor = LINKS[name].partition("#")
    text = (PAGES / page).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings]
    assert not anchor or anchor in anchors


def test_every_page_is_linked() -> None:
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", INDEX)}
    assert {page.name for page in PAGES.glob("*.md")} - {"index.md"} <= linked
