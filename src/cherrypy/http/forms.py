"""Query strings and urlencoded bodies."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

__all__ = [
    "MAX_FIELDS",
    "TooManyFields",
    "image_map_pattern",
    "parse_query_string",
    "parse_urlencoded",
    "unquote_plus",
]

MAX_FIELDS = 1000
"""How many fields are taken by default, as in PHP and Django."""

image_map_pattern = re.compile("[0-9]+,[0-9]+")
"""A query made by a click on a server-side image map."""

Fields = dict[str, Any]  # Any: text, a list of texts, or a number of an image map.


class TooManyFields(ValueError):
    """A form or query has more fields than are allowed; answer 413 or 400."""


def parse_query_string(
    query_string: str,
    keep_blank_values: bool = True,
    encoding: str = "utf-8",
    *,
    max_fields: int = MAX_FIELDS,
) -> Fields:
    """Return the fields of a query string.

    Args:
        query_string: What stands behind the question mark, still escaped.
        keep_blank_values: Whether fields without a value are kept, as empty text.
        encoding: The charset of the bytes behind the escapes.
        max_fields: How many fields are taken at most.

    Returns:
        Texts by name; a list of texts where a name is repeated. A click on an image
        map (``?12,34``) becomes the numbers ``x`` and ``y``.

    Raises:
        UnicodeDecodeError: An escape is no text in this encoding.
        LookupError: There is no such encoding.
        TooManyFields: There are more than `max_fields`.
    """
    fields: Fields = {}
    if not query_string:
        return fields
    if image_map_pattern.match(query_string):
        x, y = query_string.split(",")[:2]
        return {"x": int(x), "y": int(y)}
    pairs = query_string.split("&", max_fields)
    if len(pairs) > max_fields:
        raise TooManyFields(f"More than {max_fields} fields.")
    for pair in pairs:
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if not value and not keep_blank_values:
            continue
        name = _decode(name, encoding)
        value = _decode(value, encoding)
        _add(fields, name, value)
    return fields


def parse_urlencoded(
    body: bytes, charset: str = "utf-8", *, max_fields: int = MAX_FIELDS
) -> dict[str, str | list[str]]:
    """Return the fields of an ``application/x-www-form-urlencoded`` body.

    Args:
        body: The whole body.
        charset: The charset of the bytes behind the escapes.
        max_fields: How many fields are taken at most.

    Raises:
        UnicodeDecodeError: A name or value is no text in this charset.
        LookupError: There is no such charset.
        TooManyFields: There are more than `max_fields`.
    """
    pairs = body.split(b"&", max_fields)
    if len(pairs) > max_fields:
        raise TooManyFields(f"More than {max_fields} fields.")
    fields: dict[str, str | list[str]] = {}
    for pair in pairs:
        if pair:
            name, _, value = pair.partition(b"=")
            _add(
                fields,
                unquote_plus(name).decode(charset),
                unquote_plus(value).decode(charset),
            )
    return fields


def unquote_plus(raw: bytes) -> bytes:
    """Undo the escapes of a form field: ``+`` is a space, ``%XX`` a byte."""
    return unquote_to_bytes(raw.replace(b"+", b" "))


def _decode(text: str, encoding: str) -> str:
    """Undo the escapes of one name or value of a query string."""
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    return unquote_to_bytes(text).decode(encoding)


def _add(fields: Fields, name: str, value: str) -> None:
    """Add a field; the second of a name makes a list."""
    known = fields.get(name)
    if known is None:
        fields[name] = value
    elif isinstance(known, list):
        known.append(value)
    else:
        fields[name] = [known, value]
