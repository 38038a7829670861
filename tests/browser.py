"""A real browser for tests of pages: Debian's Chromium, driven by Playwright.

A test module that wants it says so with one line::

    from tests.browser import browser  # noqa: F401  a fixture

and its tests take ``browser``. Each `Browser.page` has a profile of its own, so tests
share no cookies. What goes wrong in a page fails the test: an exception in a script,
anything that its Content-Security-Policy forbids, an answer of status 500.

`picture` makes the screenshots of the documentation, when they are asked for::

    MORELLO_PICTURES=1 .venv/bin/pytest -o faulthandler_timeout=0 tests/live/...
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.servers import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import BrowserContext, ConsoleMessage, Response

__all__ = ["WITH_PICTURES", "Browser", "browser", "picture"]

CHROMIUM = Path("/usr/bin/chromium")

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
]

PICTURES = Path(__file__).parents[1] / "docs" / "images"

WITH_PICTURES = bool(os.environ.get("MORELLO_PICTURES"))
"""Whether the screenshots of the documentation are to be made anew."""

PATIENCE_SECONDS = 20.0
"""How long a page may take to come to look as a test expects."""


class Browser:
    """One browser process; gives pages to look at."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium

    @contextmanager
    def page(
        self,
        base_url: str | None = None,
        *,
        width: int = 1100,
        height: int = 800,
        colours: Literal["light", "dark"] = "light",
        pixels: float = 1,
        forgiving: bool = False,
    ) -> Iterator[Page]:
        """Open an empty page in a profile of its own, and look after its complaints.

        Args:
            base_url: What ``page.goto("/path")`` is relative to.
            width: Of the window, in pixels of style sheets.
            height: The same, downwards.
            colours: Which colours the user prefers.
            pixels: Pixels of the screen for each pixel of style sheets.
            forgiving: Complaints of the page are none of the test's business.

        Raises:
            AssertionError: The page complained; raised at the end.
        """
        context: BrowserContext = self._chromium.new_context(
            base_url=base_url,
            viewport={"width": width, "height": height},
            color_scheme=colours,
            device_scale_factor=pixels,
            locale="en-GB",
            timezone_id="UTC",
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        complaints: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type == "error":
                complaints.append(message.text)

        def answered(response: Response) -> None:
            if response.status >= 500:
                complaints.append(f"{response.status} {response.url}")

        try:
            page = context.new_page()
            page.on("console", heard)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("response", answered)
            yield page
        finally:
            context.close()
        assert forgiving or not complaints, "; ".join(complaints)


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Make a screenshot for the documentation, if pictures are asked for.

    Args:
        page: What to show.
        name: Of the file in ``docs/images``, without its ``.png``.
        whole: Show the page down to its end, not only what fits the window.
    """
    if WITH_PICTURES:
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once for a module; it knows no page and no cookie."""
    program("chromium", "chromium")
    # The sandbox wants an ordinary user.
    flags = [*FLAGS, "--no-sandbox"] if os.getuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=flags, headless=True
        )
        yield Browser(chromium)
        chromium.close()
