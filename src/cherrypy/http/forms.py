"""Query strings and urlencoded bodies."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias
from urllib.parse import unquote_to_bytes

from cherrypy.http.charsets import known_charset

__all__ = [
    "MAX_FIELDS",
    "Fields",
    "TooManyFields",
    "image_map_pattern",
    "parse_query_string",
    "parse_urlencoded",
    "unquote_plus",
]

MAX_FIELDS = 1000
"""How many fields are taken by default; PHP and Django have the same limit."""

image_map_pattern: Final[re.Pattern[str]] = re.compile("[0-9]+,[0-9]+")
"""How a query begins that was made by a click on a server-side image map."""

# Bounded, because converting thousands of digits takes quadratic time.
_IMAGE_MAP = re.compile("([0-9]{1,9}),([0-9]{1,9})(?=[,&]|$)(?:,[^&]*)?&?")

# Performance: as a number, because to look for bytes in bytes begins with an error
# that nobody sees, and takes five times as long.
_PERCENT = ord("%")

Fields: TypeAlias = dict[str, Any]
"""Fields by name. Any: a text, a list of texts, or a number of an image map."""


class TooManyFields(ValueError):
    """A query or a form has more fields than are allowed; answer 400 or 413."""


def parse_query_string(
    query_string: str,
    keep_blank_values: bool = True,
    encoding: str = "utf-8",
    *,
    max_fields: int = MAX_FIELDS,
) -> Fields:
    """Return the fields of a query string.

    Only ``&`` stands between fields; a semicolon is part of a value, as in browsers.

    Args:
        query_string: What stands behind the question mark, still escaped.
        keep_blank_values: Whether fields without a value are kept, as empty text.
        encoding: The charset of the bytes behind the escapes.
        max_fields: How many fields are taken at most.

    Returns:
        Texts by name; a list of texts where a name is repeated. A click on an image
        map (``?12,34``) becomes the numbers ``x`` and ``y``.

    Raises:
        UnicodeDecodeError: What an escape stands for is no text in this encoding.
        LookupError: There is no such encoding.
        TooManyFields: There are more than `max_fields`.
    """
    fields: Fields = {}
    if not query_string:
        return fields
    if query_string[0] in "0123456789":
        click = _IMAGE_MAP.match(query_string)
        if click:
            fields["x"], fields["y"] = int(click[1]), int(click[2])
            query_string = query_string[click.end() :]
    # A plus that is meant is escaped, and comes to light only afterwards.
    pairs = query_string.replace("+", " ").split("&")
    if len(pairs) > max_fields:
        raise TooManyFields(f"The query string has more than {max_fields} fields.")
    escaped = "%" in query_string
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not (value or (keep_blank_values and pair)):
            continue
        if escaped:
            name, value = _unescaped(name, encoding), _unescaped(value, encoding)
        if name in fields:
            _add(fields, name, value)
        else:
            fields[name] = value
    return fields


def parse_urlencoded(
    body: bytes, charset: str = "utf-8", *, max_fields: int = MAX_FIELDS
) -> Fields:
    """Return the fields of an ``application/x-www-form-urlencoded`` body.

    Args:
        body: The whole body.
        charset: The charset of the bytes behind the escapes; clients may name it.
        max_fields: How many fields are taken at most.

    Returns:
        Texts by name; a list of texts where a name is repeated.

    Raises:
        UnicodeDecodeError: A name or value is no text in this charset.
        LookupError: There is no such charset.
        TooManyFields: There are more than `max_fields`.
    """
    if body.count(b"&") >= max_fields:
        raise TooManyFields(f"The form has more than {max_fields} fields.")
    fields: Fields = {}
    # Performance: most short forms have little to undo; half the time saved.
    if charset == "utf-8" and _PERCENT not in body:
        for text in body.decode().replace("+", " ").split("&"):
            name, _, value = text.partition("=")
            if name not in fields:
                if text:
                    fields[name] = value
            elif text:
                _add(fields, name, value)
        return fields
    codec = known_charset(charset)
    for pair in body.replace(b"+", b" ").split(b"&"):
        if pair:
            raw_name, _, raw_value = pair.partition(b"=")
            if _PERCENT in pair:
                raw_name = unquote_to_bytes(raw_name)
                raw_value = unquote_to_bytes(raw_value)
            name, value = raw_name.decode(codec), raw_value.decode(codec)
            if name in fields:
                _add(fields, name, value)
            else:
                fields[name] = value
    return fields


def unquote_plus(raw: bytes) -> bytes:
    """Undo the escapes in a name or value: ``+`` is a space, ``%XX`` is a byte."""
    raw = raw.replace(b"+", b" ")
    return unquote_to_bytes(raw) if _PERCENT in raw else raw


def _unescaped(text: str, encoding: str) -> str:
    """Undo the escapes in a name or value of a query string."""
    return unquote_to_bytes(text).decode(encoding) if "%" in text else text


def _add(fields: Fields, name: str, value: str) -> None:
    """Add to a field that is there already; it becomes a list."""
    known = fields[name]
    if isinstance(known, list):
        known.append(value)
    else:
        fields[name] = [known, value]
