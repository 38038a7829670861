"""The programs of the tutorials, as processes; two of them in a real browser."""

from __future__ import annotations

import shutil
import string
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import browser  # noqa: F401  a fixture
from tests.manual.running import Program, living, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser import Browser

PROGRAMS = Path(__file__).parents[2] / "docs" / "tutorials" / "programs"

pytestmark = pytest.mark.live


@contextmanager
def running(name: str, folder: Path) -> Iterator[Program]:
    """Run a program among copies of all files of the tutorials; it ends cleanly."""
    shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
    with living(start(name, folder)) as program:
        yield program


def is_random_string(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set(string.hexdigits)


def base_url(program: Program) -> str:
    host, port = program.addresses[0]
    return f"http://{host}:{port}"


def test_the_first_says_hello(tmp_path: Path) -> None:
    with running("tut01", tmp_path) as program:
        assert program.ask("/").text == "Hello world!"
        assert program.ask("/nowhere").status == 404


def test_the_second_has_two_pages(tmp_path: Path) -> None:
    with running("tut02", tmp_path) as program:
        assert program.ask("/").text == "Hello world!"
        assert is_random_string(program.ask("/generate").text, 8)


def test_the_third_takes_a_length(tmp_path: Path) -> None:
    with running("tut03", tmp_path) as program:
        assert is_random_string(program.ask("/generate?length=16").text, 16)
        assert is_random_string(program.ask("/generate/12").text, 12)
        assert program.ask("/generate?size=16").status == 404


def test_the_third_refuses_what_is_no_number_once_it_is_told_so(tmp_path: Path) -> None:
    with running("tut03_types", tmp_path) as program:
        assert is_random_string(program.ask("/generate?length=16").text, 16)
        answer = program.ask("/generate?length=long")
        assert answer.status == 400
        assert "length" in answer.text


def test_the_fourth_shows_a_form_and_takes_it(tmp_path: Path) -> None:
    with running("tut04", tmp_path) as program:
        assert 'action="generate"' in program.ask("/").text
        assert is_random_string(program.ask("/generate?length=5").text, 5)
        posted = program.ask(
            "/generate",
            method="POST",
            body="length=6",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert is_random_string(posted.text, 6)


def test_the_fifth_remembers_what_it_gave(tmp_path: Path) -> None:
    with running("tut05", tmp_path) as program:
        first = program.ask("/generate")
        cookie = {"Cookie": first.headers["Set-Cookie"].partition(";")[0]}
        assert program.ask("/display", headers=cookie).text == first.text
        assert program.ask("/display").text == "There is no string yet."


def test_the_sixth_serves_its_style_sheet(tmp_path: Path) -> None:
    with running("tut06", tmp_path) as program:
        assert "/static/css/style.css" in program.ask("/").text
        style = program.ask("/static/css/style.css")
        assert (style.status, style.media_type) == (200, "text/css")
        assert "lightblue" in style.text


@pytest.mark.parametrize(
    ("name", "path"), [("tut07", "/"), ("tut08", "/generator"), ("tut09", "/generator")]
)
def test_the_service_creates_reads_replaces_deletes(
    name: str, path: str, tmp_path: Path
) -> None:
    with running(name, tmp_path) as program:
        assert program.ask(path).status == 404
        made = program.ask(path, method="POST", body="")
        cookie = {"Cookie": made.headers["Set-Cookie"].partition(";")[0]}
        assert is_random_string(made.text, 8)
        assert program.ask(path, headers=cookie).text == made.text
        refused = program.ask(path, headers={**cookie, "Accept": "application/json"})
        assert refused.status == 406
        replace = f"{path}?another_string=hello"
        assert program.ask(replace, method="PUT", body="", headers=cookie).status < 300
        assert program.ask(path, headers=cookie).text == "hello"
        assert program.ask(path, method="DELETE", headers=cookie).status < 300
        assert program.ask(path, headers=cookie).status == 404


def test_the_eighth_works_in_a_browser(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    with (
        running("tut08", tmp_path) as program,
        browser.page(base_url(program)) as page,
    ):
        page.goto("/")
        page.get_by_label("Length").fill("12")
        page.get_by_role("button", name="Give it now!").click()
        made = page.get_by_label("The string")
        made.wait_for()
        assert is_random_string(made.input_value(), 12)
        made.fill("mine")
        page.get_by_role("button", name="Replace").click()
        page.get_by_text("Replaced.").wait_for()
        assert page.request.get("/generator").text() == "mine"
        page.get_by_role("button", name="Delete it").click()
        page.get_by_text("Deleted.").wait_for()
        made.wait_for(state="hidden")
        assert page.request.get("/generator").status == 404


def test_the_tenth_is_one_page_that_redraws_itself(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    with (
        running("tut10", tmp_path) as program,
        browser.page(base_url(program), forgiving=True) as page,
    ):
        page.goto("/")
        page.get_by_label("Length").fill("5")
        page.get_by_role("button", name="Give it now!").click()
        page.get_by_text("Generated.").wait_for()
        made = page.get_by_label("The string")
        assert is_random_string(made.input_value(), 5)
        made.fill("mine")
        page.get_by_role("button", name="Replace").click()
        page.get_by_text("Replaced.").wait_for()
        page.reload()
        page.get_by_role("button", name="Replace").wait_for()
        assert page.get_by_label("The string").input_value() == "mine"
        page.get_by_role("button", name="Delete it").click()
        page.get_by_text("Deleted.").wait_for()
        page.get_by_label("Length").wait_for()


def test_the_eleventh_has_tills_discounts_and_a_stock(tmp_path: Path) -> None:
    with running("tut11", tmp_path) as program:
        assert program.ask("/").text == "Welcome!"
        assert program.ask("/price?thing=bread").text == "250 cents"
        assert program.ask("/sale?thing=bread").text == "Today only: 200 cents"
        assert program.ask("/price?thing=gold").status == 404
        assert program.ask("/checkout?things=milk,apple").text == "140 cents, please."
        card = {"Cookie": "card=7"}
        member = program.ask("/members?things=milk,apple", headers=card)
        assert member.text == "Dear member: 126 cents, please."
        guest = program.ask("/members?things=milk,apple")
        assert guest.text == "140 cents, please."
        assert "Filling the shelves" in program.log
