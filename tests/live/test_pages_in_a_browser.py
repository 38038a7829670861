"""The diagnostic pages as a browser shows them, in a program that runs."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests.browser import WITH_PICTURES, browser, picture  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser import Browser

pytestmark = pytest.mark.live

SHOP = '''\
"""A shop, to have something to look at."""

import html
import json
import random
import re
import time


class Prices:
    """What things cost."""

    def load(self):
        return json.loads(json.dumps([self.entry(n) for n in range(200)], indent=1))

    def entry(self, number):
        return {"name": f"thing {number}", "price": number * 1.5, "text": "words " * 20}

    def reduced(self, price, member):
        if member:
            return price * 0.9
        return price


class Shop:
    """The pages."""

    prices = Prices()

    def index(self):
        time.sleep(random.uniform(0.001, 0.004))
        return "Welcome."

    def things(self):
        entries = sorted(self.prices.load(), key=self.rank)
        return "".join(self.row(each) for each in entries)

    def rank(self, entry):
        return -len(re.findall("o", entry["text"])), entry["name"]

    def row(self, entry):
        name = html.escape(entry["name"])
        price = self.prices.reduced(entry["price"], False)
        return f"<li>{name} {price:.2f} {self.words(entry['text'])}</li>"

    def words(self, text):
        return " ".join(word.capitalize() for word in re.findall("[a-z]+", text))

    def search(self, text=""):
        time.sleep(random.lognormvariate(-3.5, 0.7))
        return html.escape(text)

    def report(self, *rest):
        time.sleep(0.12)
        return "All is well."

    def order(self):
        raise RuntimeError("sold out")

    def secret(self):  # pragma: no cover
        return "never counted"
'''

PROGRAM = """
import cherrypy
from cherrypy.lib import covercp, cpstats, gctools, profiler

covercp.start()
import shop


class Root(shop.Shop):
    stats = cpstats.StatsPage()
    coverage = covercp.CoverStats(covercp.the_coverage)
    profiles = profiler.Profiler("profiles")
    gc = gctools.GCRoot()

    def __init__(self):
        for name in ("index", "search", "report", "order"):
            page = vars(shop.Shop)[name]
            page.exposed = True

    @cherrypy.expose
    def things(self):
        return self.profiles.run(super().things)


cherrypy.config.update({
    "environment": "embedded",
    "server.socket_port": 0,
    "server.statistics": True,
})
cherrypy.tree.mount(Root(), "/", {"/": {
    "tools.cpstats.on": True, "tools.cpstats.slow_queries": 0.1,
}})
cherrypy.engine.signals.subscribe()
cherrypy.engine.start()
print("port", cherrypy.server.bound_addr[1], flush=True)
cherrypy.engine.block()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the program, and give its address."""
    folder = tmp_path_factory.mktemp("shop", numbered=False)
    (folder / "shop.py").write_text(SHOP)
    (folder / "program.py").write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, "program.py"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.match(r"port (\d+)", process.stdout.readline())
            assert found is not None
            yield f"http://localhost:{found[1]}"
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:  # noqa: F811
    with browser.page(address, width=1100, height=780) as opened:
        yield opened


def visit(address: str, *paths: str) -> None:
    for path in paths:
        with suppress(HTTPError), urlopen(address + path, timeout=30) as answer:
            answer.read()


def live_for(address: str, seconds: float) -> None:
    """Let visitors come and go for some time, more and less of them."""
    paths = ["/"] * 24 + ["/things", "/search?text=a"] * 6 + ["/report", "/order"]
    end = time.monotonic() + seconds

    def walk(chance: random.Random) -> None:
        while time.monotonic() < end:
            visit(address, chance.choice(paths))
            tide = 1.2 + math.sin(time.monotonic() / 9)
            time.sleep(chance.expovariate(6) * tide)

    walkers = [
        threading.Thread(target=walk, args=[random.Random(seed)]) for seed in range(5)
    ]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()


def tile(page: Page, label: str) -> str:
    """Return the value and the remark of a tile."""
    found = page.locator(".tile", has_text=label)
    return " ".join(found.locator("strong, small").all_text_contents())


def test_the_statistics_move_and_can_be_paused(page: Page, address: str) -> None:
    visit(address, "/")
    page.goto("/stats/")
    expect(page.locator("#state")).to_have_text("Counting, and live")
    expect(page.locator(".chart svg path.curve").first).to_be_attached()
    answers = page.locator("#live tr", has_text="Shop.index").locator("td").nth(1)
    before = int(answers.text_content() or "")
    visit(address, "/", "/", "/report", "/order", "/nowhere")
    expect(answers).to_have_text(str(before + 2))
    expect(page.locator("#live tr", has_text="GET /report")).to_contain_text("200 OK")
    expect(page.locator("#live tr", has_text="Shop.order")).to_be_visible()
    assert "1 answers of status 5xx" in tile(page, "Errors")
    assert int(tile(page, "Connections").split()[0]) >= 1

    page.get_by_role("button", name="Pause").first.click()
    expect(page.locator("#state")).to_have_text("Counting is paused")
    visit(address, "/", "/")
    page.get_by_role("button", name="Resume").first.click()
    expect(page.locator("#state")).to_have_text("Counting, and live")
    visit(address, "/")
    expect(answers).to_have_text(str(before + 3))


def test_the_statistics_are_there_in_full(page: Page, address: str) -> None:
    visit(address, "/report/<img%20src=x%20onerror=alert(1)>")
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.goto("/stats/#all")
    figures = page.locator("#figures")
    expect(figures).to_contain_text("CherryPy Applications")
    expect(figures).to_contain_text("Worker Threads")
    cell = page.locator("[id='CherryPy Applications-Total Requests']")
    before = int(cell.text_content() or "0")
    visit(address, "/")
    expect(cell).to_have_text(str(before + 1))
    expect(page.locator("#live")).to_contain_text("<img src=x onerror=alert(1)>")
    assert asked == []


def test_coverage_is_browsed_by_folder_and_line(page: Page, address: str) -> None:
    page.goto("/coverage/")
    page.get_by_role("link", name="shop.py").click()
    line = page.locator("tr", has_text="return html.escape(text)")
    expect(line).to_have_class(re.compile("missed|hit"))
    expect(page.locator("tr", has_text="def secret")).to_have_class("excluded")
    visit(address, "/search?text=a", "/things")
    page.reload()
    expect(line).to_have_class("hit")
    expect(page.locator("tr", has_text="if member:")).to_have_class("partial")
    picture(page, "coverage-file")

    page.get_by_role("link", name="Folder").click()
    picture(page, "coverage")
    page.get_by_label("Enough is").fill("100")
    page.get_by_role("button", name="Show").click()
    assert page.locator("meter").first.get_attribute("low") == "100"
    page.get_by_label("Leave out").fill("shop")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="shop.py")).to_have_count(0)


def seconds(text: str) -> float:
    """Return the seconds of a time such as ``62.1 ms``."""
    number, unit = text.replace(",", "").split()
    return float(number) * {"s": 1, "ms": 1e-3, "µs": 1e-6}[unit]


def test_profiles_are_sorted_and_drawn(page: Page, address: str) -> None:
    visit(address, "/things", "/things")
    page.goto("/profiles/")
    # The newest one: the first call of all has imports in it, which dwarf the page.
    kept = page.get_by_role("link", name=re.compile(r"cp_\d+\.prof"))
    page.get_by_role("link", name=max(kept.all_text_contents()), exact=True).click()
    rows = page.locator("tbody tr")
    expect(rows.filter(has_text="shop.py").filter(has_text="things")).to_have_count(1)
    # Not by name: Python counts the time of a generator that calls itself twice.
    totals = page.locator("tbody tr td:nth-child(3)").all_text_contents()
    assert [*map(seconds, totals)] == sorted(map(seconds, totals), reverse=True)
    picture(page, "profile")
    page.get_by_role("link", name="Calls").click()
    calls = [
        int(text.replace(",", "").split("/")[0])
        for text in page.locator("tbody tr td:first-child").all_text_contents()
    ]
    assert calls == sorted(calls, reverse=True)
    assert len(calls) > 10

    page.get_by_role("link", name="Flame graph").click()
    drawing = page.locator("svg.flame")
    expect(drawing).to_contain_text("things")
    picture(page, "flame-graph")
    drawing.locator("a", has_text="load").first.click()
    expect(page.locator("main")).to_contain_text("its own")
    expect(drawing.locator("text").first).to_have_text("load")
    page.get_by_role("link", name="Show the whole").click()
    expect(drawing.locator("text").first).to_have_text("things")


def test_leaks_are_looked_for(page: Page) -> None:
    page.goto("/gc/")
    expect(page.locator("main")).to_contain_text("cherrypy.core.request.Request")
    page.get_by_role("button", name="Collect garbage now").click()
    expect(page.locator("main")).to_contain_text("since the page was shown before")
    picture(page, "objects")
    page.get_by_role("link", name="cherrypy.core.request.Request").first.click()
    expect(page.locator("pre").first).to_contain_text("stage=")


PAGES = ["/stats/", "/stats/#all", "/coverage/", "/profiles/", "/gc/"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_a_phone(browser: Browser, address: str, path: str) -> None:  # noqa: F811
    with browser.page(address, width=390, height=800, colours="dark") as page:
        page.goto(path)
        if path.startswith("/stats"):
            expect(page.locator(".chart").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(21, 24, 28)"


if WITH_PICTURES:

    def test_pictures_of_the_statistics(
        browser: Browser,
        address: str,
    ) -> None:
        with browser.page(address, width=1100, height=900) as page:
            page.goto("/stats/")
            visitors = threading.Thread(target=live_for, args=[address, 130])
            visitors.start()
            # The curves show two minutes.
            page.wait_for_timeout(125_000)
            picture(page, "stats")
            visitors.join()
