"""Start lines: versions and status codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from cherrypy.http.status import (
    REASONS,
    StatusLike,
    protocol_from_http,
    status_line,
    valid_status,
)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (None, 200, "OK"),
        ("", 200, "OK"),
        (404, 404, "Not Found"),
        ("404", 404, "Not Found"),
        ("404 ", 404, "Not Found"),
        ("404 Gone Fishing", 404, "Gone Fishing"),
        ("404  Gone  Fishing ", 404, "Gone  Fishing"),
        (HTTPStatus.NOT_FOUND, 404, "Not Found"),
        (299, 299, ""),
        ("299 Odd", 299, "Odd"),
        (100, 100, "Continue"),
        (599, 599, ""),
    ],
)
def test_a_status_may_be_a_number_or_text_or_nothing(
    status: StatusLike, code: int, reason: str
) -> None:
    assert valid_status(status)[:2] == (code, reason)


def test_the_explanation_comes_with_the_code_even_if_the_reason_is_our_own() -> None:
    assert valid_status("404 Nope")[2] == "Nothing matches the given URI"
    assert valid_status(500)[2].startswith("The server encountered an unexpected")
    assert valid_status(299)[2] == ""


@pytest.mark.parametrize("status", [99, 600, True, "99", "600 Big", "0", -200])
def test_codes_outside_100_to_599_are_refused(status: StatusLike) -> None:
    with pytest.raises(ValueError, match=r"^Illegal .* \(-?\d+ is out of range\)\.$"):
        valid_status(status)


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("fine", "'fine'"),
        (" 200", "''"),
        ("1_0_0", "'1_0_0'"),
        ("٢٠٠", "'٢٠٠'"),
        ("2" * 5000, "'" + "2" * 5000 + "'"),
        (b"200 OK", "b'200 OK'"),
        ((200, "OK"), "(200, 'OK')"),
    ],
)
def test_what_is_no_number_is_refused_and_shown(status: Any, shown: str) -> None:
    with pytest.raises(ValueError, match="non-numeric") as refusal:
        valid_status(status)
    assert str(refusal.value) == (
        f"Illegal response status from server ({shown} is non-numeric)."
    )


def test_a_reason_cannot_smuggle_a_header_into_the_answer() -> None:
    assert valid_status("200 OK\r\nSet-Cookie: a=b")[1] == "OKSet-Cookie: a=b"


def test_status_lines_are_ready_made() -> None:
    assert status_line(200) == b"200 OK"
    assert status_line(404) == b"404 Not Found"
    assert status_line(299) == b"299 "


def test_every_registered_code_has_a_reason() -> None:
    assert all(reason for reason, _ in REASONS.values())
    assert all(type(code) is int for code in REASONS)


@pytest.mark.parametrize(
    ("text", "version"), [("HTTP/1.1", (1, 1)), ("http/1.0", (1, 0))]
)
def test_a_version_becomes_a_pair(text: str, version: tuple[int, int]) -> None:
    assert protocol_from_http(text) == version


@pytest.mark.parametrize("text", ["", "HTTP/1", "HTTP/11", "HTTP/1.1 ", "FTP/1.1"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no version of HTTP"):
        protocol_from_http(text)
