"""The vocabulary of HTTP under its documented names.

What is here lives in `cherrypy.http`; this module is the door that the manual names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cherrypy._legacy import lender
from cherrypy.http.dates import format_http_date as HTTPDate  # documented name
from cherrypy.http.elements import (
    RE_HEADER_SPLIT,
    AcceptElement,
    HeaderElement,
    decode_TEXT,
    decode_TEXT_maybe,
    header_elements,
    q_separator,
)
from cherrypy.http.forms import image_map_pattern, parse_query_string
from cherrypy.http.headers import CONTROLS, CaseInsensitiveDict, HeaderMap
from cherrypy.http.hosts import Host
from cherrypy.http.ranges import get_ranges
from cherrypy.http.status import REASONS, protocol_from_http, valid_status
from cherrypy.http.urls import SanitizedHost, urljoin, urljoin_bytes

__all__ = [
    "RE_HEADER_SPLIT",
    "AcceptElement",
    "CaseInsensitiveDict",
    "HTTPDate",
    "HeaderElement",
    "HeaderMap",
    "Host",
    "SanitizedHost",
    "decode_TEXT",
    "decode_TEXT_maybe",
    "get_ranges",
    "header_elements",
    "header_translate_deletechars",
    "header_translate_table",
    "image_map_pattern",
    "parse_query_string",
    "protocol_from_http",
    "q_separator",
    "response_codes",
    "urljoin",
    "urljoin_bytes",
    "valid_status",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

response_codes = REASONS
"""Reason and explanation by code; what is changed here shows in answers."""

header_translate_table: Final[str] = "".join(map(chr, range(256)))
"""Every character of ISO-8859-1, for programs that call `str.translate` with it."""

header_translate_deletechars = CONTROLS
"""The bytes that are deleted from header names and values."""
