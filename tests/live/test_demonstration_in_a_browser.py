"""The demonstration, clicked through in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import WITH_PICTURES, browser, picture  # noqa: F401
from tests.live.demonstration import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser import Browser

pytestmark = pytest.mark.live

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("notes")) as base:
        # Browsers keep the cookies of one host apart from those of another.
        yield base.replace("127.0.0.1", "localhost")


def register(page: Page, name: str) -> None:
    page.goto("/account/register")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#who")).to_have_text(name)


def write(page: Page, title: str, text: str) -> None:
    page.goto("/")
    page.locator("summary", has_text="Write a note").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".told")).to_have_text("The note is kept.")


def send_slowly(page: Page, bytes_per_second: int) -> None:
    conditions = {
        "offline": False,
        "latency": 0,
        "downloadThroughput": -1,
        "uploadThroughput": bytes_per_second,
    }
    tools = page.context.new_cdp_session(page)
    tools.send("Network.emulateNetworkConditions", conditions)


def test_a_visitor_comes_writes_and_goes(browser: Browser, address: str) -> None:  # noqa: F811
    with browser.page(address) as mine, browser.page(address) as other:
        other.goto("/")
        expect(other.locator("#live")).to_have_text("Live")
        before = int((other.locator("#count").text_content() or "").split()[0])

        mine.goto("/")
        mine.get_by_role("link", name="Register", exact=True).click()
        mine.get_by_label("Name").fill("grace")
        mine.get_by_label("Password").fill(PASSWORD)
        mine.get_by_role("button", name="Register").click()
        expect(mine.locator("#who")).to_have_text("grace")

        # Another window sees what is written as soon as it is.
        evil = "<b onclick=alert(1)>Moths</b>"
        write(mine, evil, "Found one in relay 70.")
        card = other.locator("#cards li").first
        expect(card).to_contain_text(evil)
        expect(card).to_contain_text("grace")
        expect(card).to_have_class("new-card")
        expect(other.locator("#count")).to_have_text(f"{before + 1} notes")

        # And nobody but the writer can change it.
        card.get_by_role("link").click()
        expect(other.get_by_role("heading", name=evil)).to_be_visible()
        expect(other.get_by_label("Title")).to_have_count(0)

        send_slowly(mine, 200_000)
        mine.get_by_label("Hang a file on this note").set_input_files(
            {"name": "relay.txt", "mimeType": "text/plain", "buffer": b"70 " * 200_000}
        )
        mine.get_by_role("button", name="Attach").click()
        expect(mine.locator("#progress")).to_be_visible()
        expect(mine.locator("#sent")).to_have_text(re.compile(r"[1-9]\d? %"))
        expect(mine.locator(".told")).to_have_text("The file hangs on the note.")
        with mine.expect_download() as arriving:
            mine.get_by_role("link", name="relay.txt").click()
        assert arriving.value.suggested_filename == "relay.txt"

        mine.goto("/")
        mine.get_by_label("Search the notes").press_sequentially("RELAY moths")
        expect(mine.locator("#count")).to_have_text("1 note with “RELAY moths”")
        expect(mine.locator("#cards li")).to_have_count(1)
        mine.get_by_role("button", name="Search").click()
        expect(mine.locator("#count")).to_have_text("1 note with “RELAY moths”")

        mine.get_by_role("button", name="Log out").click()
        expect(mine.locator(".told")).to_have_text("You are logged out.")
        expect(mine.locator("summary")).to_have_count(0)


def test_a_search_stays_when_others_write(browser: Browser, address: str) -> None:  # noqa: F811
    with browser.page(address) as mine, browser.page(address) as other:
        other.goto("/?q=nanosecond")
        expect(other.locator("#count")).to_have_text("0 notes with “nanosecond”")
        expect(other.locator("#live")).to_have_text("Live")
        register(mine, "hopper")
        write(mine, "Wire", "A nanosecond is 30 cm long.")
        expect(other.locator("#count")).to_have_text("1 note with “nanosecond”")
        write(mine, "Something else", "")
        mine.goto("/")
        mine.get_by_role("link", name="Wire").click()
        mine.once("dialog", lambda dialog: dialog.accept())
        mine.get_by_role("button", name="Throw this note away").click()
        expect(mine.locator(".told")).to_have_text("The note is gone.")
        expect(other.locator("#count")).to_have_text("0 notes with “nanosecond”")


def test_a_file_that_is_too_big_is_not_even_sent(
    browser: Browser,  # noqa: F811
    address: str,
) -> None:
    with browser.page(address) as page:
        register(page, "big")
        write(page, "Holiday", "")
        page.get_by_label("Hang a file on this note").set_input_files(
            {"name": "a.mkv", "mimeType": "video/mkv", "buffer": bytes(5_000_001)}
        )
        page.get_by_role("button", name="Attach").click()
        expect(page.locator("#sent")).to_have_text("A file may have 5 MB.")


def test_everything_works_without_scripts(browser: Browser, address: str) -> None:  # noqa: F811
    with browser.page(address) as page:
        page.route(
            "**/*.js",
            lambda route: route.fulfill(body="", content_type="text/javascript"),
        )
        register(page, "plain")
        write(page, "Stone", "and chisel")
        page.get_by_label("Hang a file on this note").set_input_files(
            {"name": "stone.txt", "mimeType": "text/plain", "buffer": b"hewn"}
        )
        page.get_by_role("button", name="Attach").click()
        expect(page.locator(".told")).to_have_text("The file hangs on the note.")
        page.get_by_role("button", name="Throw stone.txt away").click()
        expect(page.locator(".told")).to_have_text("The file is gone.")
        page.get_by_label("Search the notes").fill("chisel")
        page.get_by_role("button", name="Search").click()
        expect(page.locator("#cards li")).to_have_count(1)
        expect(page.locator("#live")).to_be_hidden()


def test_the_tour_shows_the_code(browser: Browser, address: str) -> None:  # noqa: F811
    with browser.page(address) as page:
        page.goto("/")
        page.get_by_role("link", name="Take the tour").click()
        stop = page.locator(".stops li", has_text="Live updates")
        stop.get_by_role("link", name="live.py").click()
        expect(page.locator(".marked").first).to_contain_text("class Changes")
        expect(page.locator(".marked").first).to_be_in_viewport()


def test_the_figures_move(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    with (
        running(tmp_path) as base,
        browser.page(base) as page,
        browser.page(base) as visitor,
    ):
        page.goto("/stats/")
        expect(page.locator("#state")).to_have_text("Counting, and live")
        requests = page.locator("#live tr", has_text="Tour.index").locator("td").nth(1)
        for number in "12":
            visitor.goto("/tour/")
            expect(requests).to_have_text(number)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_page_fits_a_phone_and_names_its_fields(
    browser: Browser,  # noqa: F811
    address: str,
    colours: str,
) -> None:
    paths = ["/", "/note/1/", "/tour/", "/tour/source/live.py", "/api-guide"]
    with browser.page(address, width=360, height=740, colours=colours) as page:  # type: ignore[arg-type]
        for path in ["/account/login", *paths]:
            page.goto(path)
            fits_and_is_named(page)
        register(page, f"small-{colours}")
        write(page, "a" * 200, "b" * 500)
        fits_and_is_named(page)
        for path in paths:
            page.goto(path)
            fits_and_is_named(page)


def fits_and_is_named(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url
    # Only code may be scrolled sideways: what else is cut off is not looked for.
    cut_off = page.locator("main *:not(pre, pre *, .unseen, textarea)").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > 360).map(String)"
    )
    assert cut_off == [], page.url
    nameless = page.locator("input, textarea, progress").evaluate_all(
        "all => all.filter(e => !e.labels?.length && !e.ariaLabel).map(e => e.id)"
    )
    assert nameless == [], page.url
    assert page.locator("h1").count() == 1, page.url


if WITH_PICTURES:
    NOTES = [
        ("Weeknote 12", "The kiosk in the library runs on it now.\nThree lines of it."),
        ("Recipe: cherry cake", "300 g sour cherries\n4 eggs\n200 g flour, sifted"),
        ("For the reading group", "Chapters 4 and 5 until Thursday."),
        ("Lost: a blue umbrella", "Last seen in the tram, line 11."),
        ("Bicycle for sale", "28 inches, new chain. Come and try."),
        ("Choir on Tuesday", "Half an hour earlier. Bring the Rheinberger."),
    ]

    def test_pictures_of_the_notes(
        browser: Browser,
        tmp_path: Path,
    ) -> None:
        with running(tmp_path) as base:
            with browser.page(base) as page:
                for name, notes in ("grace", NOTES[::2]), ("alan", NOTES[1::2]):
                    register(page, name)
                    for title, text in notes:
                        write(page, title, text)
                    page.get_by_role("button", name="Log out").click()
            with (
                browser.page(base, width=1100, height=612) as light,
                browser.page(base, width=390, height=844, colours="dark") as dark,
            ):
                register(light, "ida")
                for page in light, dark:
                    page.goto("/")
                    expect(page.locator("#live")).to_have_text("Live")
                picture(light, "demo")
                picture(dark, "demo-phone")
                light.goto("/tour/")
                picture(light, "demo-tour")
