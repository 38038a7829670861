"""What README.md shows is run, and where it points there is something."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.testing import Client

if TYPE_CHECKING:
    from types import ModuleType

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of the README in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def shown(site: ModuleType, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the Python of the README defines when it is run from the top."""
    started: list[object] = []
    monkeypatch.setattr(site, "quickstart", started.append)
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(block, names)
    assert [type(root) for root in started] == [names["HelloWorld"]]
    return names


def test_the_first_program_greets(site: ModuleType, shown: dict[str, Any]) -> None:
    client = Client(site.Application(shown["HelloWorld"]()))
    assert client.get("/").text == "Hello, world!"
    shown["test_the_page_greets"]()


def test_the_tool_works(site: ModuleType, shown: dict[str, Any]) -> None:
    answer = Client(site.Application(shown["Site"]())).get("/")
    assert answer.text == "not in your frame"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_configuration_can_be_read(site: ModuleType, tmp_path: Path) -> None:
    (config,) = blocks("ini")
    path = tmp_path / "site.conf"
    path.write_text(config, encoding="utf-8")
    read = site.Application(None, "", str(path)).config
    assert read["/"] == {"tools.gzip.on": True}
    dispatcher = read["/api"]["request.dispatch"]
    assert isinstance(dispatcher, site.dispatch.MethodDispatcher)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/deviations.md"])
def test_what_is_pointed_to_is_there(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    quoted = re.findall(
        r"[`(]((?:\.ci|bench|docs|examples|scripts|tests)/[\w./]+)", text
    )
    missing = [path for path in quoted if not (PROJECT / path).exists()]
    assert missing == []
