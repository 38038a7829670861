"""The documented door to the vocabulary of HTTP."""

from __future__ import annotations

import pytest

from cherrypy.http.status import valid_status
from cherrypy.lib import httputil


@pytest.mark.parametrize(
    "name",
    [
        *("AcceptElement", "CaseInsensitiveDict", "HTTPDate", "HeaderElement"),
        *("HeaderMap", "Host", "RE_HEADER_SPLIT", "SanitizedHost", "decode_TEXT"),
        *("decode_TEXT_maybe", "get_ranges", "header_elements"),
        *("header_translate_deletechars", "header_translate_table"),
        *("image_map_pattern", "parse_query_string", "protocol_from_http"),
        *("q_separator", "response_codes", "urljoin", "urljoin_bytes"),
        "valid_status",
    ],
)
def test_every_documented_name_is_here(name: str) -> None:
    assert hasattr(httputil, name)
    assert name in httputil.__all__


def test_dates_are_made_by_a_function_in_capitals() -> None:
    assert httputil.HTTPDate(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_a_code_of_ones_own_can_be_registered() -> None:
    httputil.response_codes[299] = ("Fine", "Nothing to say.")
    try:
        assert valid_status(299) == (299, "Fine", "Nothing to say.")
    finally:
        del httputil.response_codes[299]


def test_the_tables_for_old_programs_take_controls_out_of_bytes() -> None:
    assert len(httputil.header_translate_table) == 256
    assert b"a\r\nb\x7f".translate(None, httputil.header_translate_deletechars) == b"ab"
