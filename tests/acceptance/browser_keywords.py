"""Keywords of a real browser for the acceptance tests: Playwright, told in words.

Things on a page are found as a user finds them: by label, by the text of a button or
link. What a page complains about, in its console or by an answer of 500, fails the
test at ``Close Browser``.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Dialog, Page, expect, sync_playwright
from robot.api.deco import keyword, library

from tests.browser import CHROMIUM, FLAGS, Browser

if TYPE_CHECKING:
    from pathlib import Path


@library(scope="SUITE")
class BrowserKeywords:
    """A Chromium for the suite, and a window of a fresh profile for each test."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._open = ExitStack()
        self._browser: Browser | None = None
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        assert self._page is not None, "Open Browser comes first"
        return self._page

    @keyword
    def start_chromium(self) -> None:
        """Start the browser, without a window."""
        flags = [*FLAGS, "--no-sandbox"] if os.getuid() == 0 else FLAGS
        playwright = self._running.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=flags, headless=True
        )
        self._running.callback(chromium.close)
        self._browser = Browser(chromium)

    @keyword
    def stop_chromium(self) -> None:
        """Stop it."""
        self._running.close()

    @keyword
    def open_browser(self, url: str, width: int = 1100, height: int = 800) -> None:
        """Open a window at a URL; the browser knows no cookie and no page."""
        assert self._browser is not None, "Start Chromium comes first"
        window = self._browser.page(url, width=width, height=height)
        self._page = self._open.enter_context(window)
        self.page.goto("/")

    @keyword
    def close_browser(self) -> None:
        """Close the window; fail if the page has complained."""
        self._page = None
        self._open.close()

    @keyword
    def go_to(self, path: str) -> None:
        """Go to a page of the site."""
        self.page.goto(path)

    @keyword
    def click_button(self, name: str) -> None:
        """Click the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    @keyword
    def click_link(self, name: str) -> None:
        """Click the link with this text."""
        self.page.get_by_role("link", name=name, exact=True).click()

    @keyword
    def open_details(self, summary: str) -> None:
        """Unfold what is under a summary, if it is folded."""
        details = self.page.locator("details", has_text=summary)
        if details.get_attribute("open") is None:
            details.locator("summary").click()

    @keyword
    def fill(self, label: str, text: str) -> None:
        """Type a text into the field of this label."""
        self.page.get_by_label(label, exact=True).fill(text)

    @keyword
    def type_keys(self, label: str, text: str) -> None:
        """Type into a field key by key, as a person does."""
        self.page.get_by_label(label, exact=True).press_sequentially(text)

    @keyword
    def choose_file(self, label: str, path: Path | str) -> None:
        """Choose a file for the field of this label."""
        self.page.get_by_label(label, exact=True).set_input_files(path)

    @keyword
    def answer_questions_with(self, answer: str) -> None:
        """Answer what the page will ask from now on: ``yes`` or ``no``."""

        def reply(dialog: Dialog) -> None:
            if answer == "yes":
                dialog.accept()
            else:
                dialog.dismiss()

        self.page.on("dialog", reply)

    @keyword
    def page_should_show(self, text: str) -> None:
        """Wait until a text is to be seen."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    @keyword
    def page_should_not_show(self, text: str) -> None:
        """Wait until a text is not to be seen."""
        expect(self.page.get_by_text(text)).to_have_count(0)

    @keyword
    def field_should_be(self, label: str, value: str) -> None:
        """Wait until the field of this label holds a value."""
        expect(self.page.get_by_label(label, exact=True)).to_have_value(value)

    @keyword
    def heading_should_be(self, text: str) -> None:
        """Wait until a heading has this text."""
        heading = self.page.get_by_role("heading", name=text, exact=True)
        expect(heading).to_be_visible()

    @keyword
    def list_should_have(self, number: int, css: str) -> None:
        """Wait until so many elements fit a CSS selector."""
        expect(self.page.locator(css)).to_have_count(number)

    @keyword
    def page_should_fit_the_window(self) -> None:
        """Fail if one must scroll sideways."""
        wide, window = self.page.evaluate(
            "[document.documentElement.scrollWidth, window.innerWidth]"
        )
        assert wide <= window, f"the page is {wide} wide, the window {window}"

    @keyword
    def download_should_be(self, link: str, name: str) -> str:
        """Click a link, wait for a download of this name, and return its text."""
        with self.page.expect_download() as arriving:
            self.page.get_by_role("link", name=link, exact=True).click()
        arrived: Any = arriving.value
        assert arrived.suggested_filename == name, arrived.suggested_filename
        return str(arrived.path().read_text("utf-8"))
