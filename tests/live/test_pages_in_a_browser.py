"""Pages as a browser shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import browser  # noqa: F401  a fixture

if TYPE_CHECKING:
    from tests.browser import Browser

pytestmark = pytest.mark.live


def test_a_browser_starts(browser: Browser) -> None:  # noqa: F811
    with browser.page() as page:
        page.set_content("<h1>hello</h1>")
        assert page.text_content("h1") == "hello"
