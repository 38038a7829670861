"""HTTP dates, out and in."""

from __future__ import annotations

import time

import pytest

from cherrypy.http import dates
from cherrypy.http.dates import format_http_date, parse_http_date

MOMENT = 784111777.0
"""Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110."""


def test_a_moment_becomes_an_imf_fixdate() -> None:
    assert format_http_date(MOMENT) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_http_date(MOMENT + 0.9) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_now_is_formatted_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "_latest", (0, ""))
    monkeypatch.setattr(time, "time", lambda: MOMENT + 0.1)
    first = format_http_date()
    monkeypatch.setattr(time, "time", lambda: MOMENT + 0.2)
    assert format_http_date() is first
    monkeypatch.setattr(time, "time", lambda: MOMENT + 1.0)
    assert format_http_date() == "Sun, 06 Nov 1994 08:49:38 GMT"


def test_other_moments_do_not_disturb_the_present_one() -> None:
    now = dates._latest
    format_http_date(12345)
    assert dates._latest == now


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "  Sun, 06 nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=1234",
    ],
)
def test_all_three_forms_of_a_date_are_read(text: str) -> None:
    assert parse_http_date(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Tue, 29 Feb 1994 08:49:37 GMT",
        "Tue, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "0" * 100_000,
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_http_date(text) is None


def test_leap_days_and_leap_seconds_are_read() -> None:
    assert parse_http_date("Tue, 29 Feb 2000 00:00:00 GMT") == 951782400.0
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == 1483228800.0


def test_a_year_of_two_digits_is_at_most_fifty_years_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_2026 = time.gmtime(1780000000)
    monkeypatch.setattr(time, "gmtime", lambda: in_2026)
    assert parse_http_date("Monday, 01-Jan-70 00:00:00 GMT") == 3155760000.0
    assert parse_http_date("Monday, 01-Jan-77 00:00:00 GMT") == 220924800.0


def test_what_was_written_can_be_read() -> None:
    for moment in (0, MOMENT, 951782400, 4102444800):
        assert parse_http_date(format_http_date(moment)) == float(moment)
