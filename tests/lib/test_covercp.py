"""Which lines have run, looked at while a program runs and afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from coverage import Coverage

import cherrypy
from cherrypy.lib import covercp, diagnostic_pages
from cherrypy.testing import Client

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

PRICES = '''\
"""Prices <of> a shop."""


def price(number, member):
    if member:
        number = number * 0.9
    if number < 0:
        raise ValueError("less than nothing")
    return number


def unused():  # pragma: no cover
    return 1


def never():
    text = "<b>&amp;"
    return text
'''

PROGRAM = """
import json, sys, threading
import cherrypy
from cherrypy.lib import covercp
from cherrypy.testing import Client

assert covercp.start.priority == 20
covercp.start()
from shop import prices, rest
import broken

class Root:
    coverage = covercp.CoverStats(covercp.the_coverage)

client = Client(cherrypy.Application(Root()))
name = prices.__file__

def lines(kind):
    page = client.get("/coverage/report", params={"name": name}).text
    rows = page.split("<tr id=")[1:]
    return [row.split('"')[1] for row in rows if f'class="{kind}"' in row]

before = lines("missed")
thread = threading.Thread(target=prices.price, args=(5, False))
thread.start()
thread.join()
after = lines("missed")
index = client.get("/coverage/").text
found = {"before": before, "after": after, "partial": lines("partial"),
    "hit": lines("hit"), "excluded": lines("excluded"), "index": index,
    "tree": covercp.get_tree("/", "nothing"), "file": covercp.localFile}
cherrypy.engine.publish("exit")
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("covered")
    (made / "shop").mkdir()
    (made / "shop" / "__init__.py").write_text("")
    (made / "shop" / "prices.py").write_text(PRICES)
    (made / "shop" / "rest.py").write_text("a = 1\n")
    (made / "broken.py").write_text("a = 1\n")
    (made / "program.py").write_text(PROGRAM)
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """Run the program; a process of its own, for coverage.py may measure this one."""
    shown = output_of(folder, "program.py")
    answer: dict[str, Any] = json.loads(shown.splitlines()[-1])
    return answer


def output_of(folder: Path, *arguments: str) -> str:
    """Run Python in the folder, measured by nobody, and return what it has printed."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture
def pages(folder: Path, found: dict[str, Any]) -> covercp.CoverStats:
    """Return pages of what the program has left behind."""
    measured = Coverage(found["file"], branch=True, config_file=False)
    measured.load()
    return covercp.CoverStats(measured)


def client_of(pages: covercp.CoverStats, **settings: Any) -> Client:
    class Root:
        coverage = pages

    return Client(cherrypy.Application(Root()), **settings)


def test_lines_are_seen_while_the_program_runs(found: dict[str, Any]) -> None:
    assert found["before"] == ["l5", "l6", "l7", "l8", "l9", "l17", "l18"]
    assert found["after"] == ["l6", "l8", "l17", "l18"]
    assert found["partial"] == ["l5", "l7"]
    assert found["excluded"] == ["l12", "l13"]
    assert "l9" in found["hit"]
    assert "shop/" in found["index"]


def test_what_measures_the_process_already_goes_on(folder: Path) -> None:
    program = folder / "measured.py"
    program.write_text(
        "from coverage import Coverage\n"
        "from cherrypy.lib import covercp\n"
        "covercp.start()\n"
        "assert covercp.the_coverage is Coverage.current()\n"
        "import shop.rest\n"
    )
    output_of(folder, "-m", "coverage", "run", "--data-file=first", program.name)
    measured = Coverage(folder / "first", config_file=False)
    measured.load()
    assert str(folder / "shop" / "rest.py") in measured.get_data().measured_files()


def test_the_tree_nests_folders(found: dict[str, Any], folder: Path) -> None:
    tree = found["tree"]
    for part in ["/", *str(folder).strip("/").split("/"), "shop"]:
        tree = tree[part]
    assert tree["prices.py"] is None
    assert covercp.get_tree("/", "", None) == {}


def test_the_data_are_saved_when_the_engine_exits(
    pages: covercp.CoverStats, folder: Path
) -> None:
    client = client_of(pages)
    top = client.get("/coverage/").text
    assert f"<h1>{folder.name}</h1>" in top
    assert ">shop/</a>" in top
    assert ">broken.py</a>" in top
    shop = client.get("/coverage/menu", params={"base": f"{folder}/shop"}).text
    assert ">prices.py</a>" in shop
    assert "56 %</td><td class=n>9</td><td class=n>4</td>" in shop
    report = client.get("/coverage/report", params={"name": f"{folder}/shop/prices.py"})
    assert "not in every direction" in report.text
    assert "Content-Security-Policy" in report.headers


def test_a_threshold_says_what_is_enough(pages: covercp.CoverStats) -> None:
    client = client_of(pages)
    assert 'low="50"' in client.get("/coverage/menu?base=").text
    assert 'low="95" high="95"' in client.get("/coverage/menu?base=&pct=95").text
    assert 'low="100"' in client.get("/coverage/menu?base=&pct=1000").text
    assert client.get("/coverage/menu?pct=many").status_code == 400


def test_files_can_be_left_out(pages: covercp.CoverStats) -> None:
    client = client_of(pages)
    assert "broken.py" in client.get("/coverage/menu?base=&exclude=").text
    page = client.get("/coverage/menu?base=&exclude=broken").text
    assert "broken.py</a>" not in page
    nothing = client.get("/coverage/menu?base=&exclude=.").text
    assert "No lines have run there" in nothing
    assert "100 %" not in nothing
    assert "No lines" in client.get("/coverage/menu?base=/nowhere").text


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "a*b*c*", "x" * 201, "[", "a{9999999999}"]
)
def test_patterns_that_could_take_for_ever_are_refused(
    pages: covercp.CoverStats, pattern: str
) -> None:
    answer = client_of(pages).get("/coverage/menu", params={"exclude": pattern})
    assert answer.status_code == 400


def test_everything_hostile_is_escaped(pages: covercp.CoverStats, folder: Path) -> None:
    client = client_of(pages)
    report = client.get(
        "/coverage/report", params={"name": f"{folder}/shop/prices.py"}
    ).text
    assert "Prices &lt;of&gt; a shop" in report
    assert "&lt;b&gt;&amp;amp;" in report
    evil = '"><script>'
    page = client.get("/coverage/menu", params={"base": evil, "exclude": evil}).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "", "../program.py", "shop/prices.py", "a\x00b"]
)
def test_no_file_is_shown_but_those_that_ran(
    pages: covercp.CoverStats, name: str
) -> None:
    answer = client_of(pages).get("/coverage/report", params={"name": name})
    assert answer.status_code == 404


def test_a_file_that_is_gone_is_told_so(
    pages: covercp.CoverStats, folder: Path
) -> None:
    path = folder / "broken.py"
    text = path.read_text()
    client = client_of(pages)
    try:
        path.unlink()
        assert "No source for code" in client.get("/coverage/").text
        gone = client.get("/coverage/report", params={"name": str(path)})
        assert gone.status_code == 404
        path.write_text("this is no Python (\n")
        assert "Couldn&#x27;t parse" in client.get("/coverage/").text
    finally:
        path.write_text(text)
    assert "parse" not in client.get("/coverage/").text


def test_strangers_see_nothing(pages: covercp.CoverStats) -> None:
    client = client_of(pages, remote_addr="192.0.2.1")
    for page in ("", "menu", "report?name=/"):
        assert client.get(f"/coverage/{page}").status_code == 403


def test_one_begins_where_one_likes(folder: Path, pages: covercp.CoverStats) -> None:
    begun = covercp.CoverStats(pages.coverage, root=str(folder / "shop"))
    assert ">prices.py</a>" in begun.index()


def test_saved_data_are_served_on_this_machine_only(
    found: dict[str, Any],
    folder: Path,
    site: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: list[covercp.CoverStats] = []
    monkeypatch.setattr(diagnostic_pages, "quickstart", served.append)
    covercp.serve(found["file"], 9001)
    assert ">prices.py</a>" in served[0].menu(base=str(folder / "shop"))
    assert site.config["server.socket_host"] == "127.0.0.1"
    assert site.config["server.socket_port"] == 9001


def test_without_the_package_one_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "coverage", None)
    assert covercp._measuring("x") is None
    monkeypatch.setattr(covercp, "the_coverage", None)
    for attempt in (
        covercp.start,
        covercp.serve,
        lambda: covercp.CoverStats(covercp.the_coverage),
    ):
        with pytest.raises(RuntimeError, match=r"morello\[coverage\]"):
            attempt()
