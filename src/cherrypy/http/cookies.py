"""Cookies that come in, read in linear time.

The parser of the standard library takes quadratic time on some versions and stops at
the first thing it does not like. Here each cookie is looked at by itself, and those
that are illegal are dropped.
"""

from __future__ import annotations

import re
from http.cookies import CookieError, Morsel, SimpleCookie

__all__ = ["CookieError", "Morsel", "SimpleCookie", "parse_cookie"]

# A token (RFC 9110 §5.6.2), and the colon that the standard library accepts, too.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~:-]+")
_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def parse_cookie(header: str) -> SimpleCookie:
    """Return the cookies in a ``Cookie`` field; illegal ones are dropped.

    Illegal is a cookie without a name or without ``=``, with a name that is no token,
    that is a reserved word (``path``) or starts with ``$``, and one that holds control
    characters, also in escaped form. A semicolon always ends a cookie, even within
    quotes: browsers do not quote, and a cookie that swallows its neighbours can be
    used to read them.

    Args:
        header: The value of the field.

    Returns:
        The cookies by name; of equal names the last one.
    """
    cookies = SimpleCookie()
    for pair in header.split(";"):
        name, equals, coded = pair.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name) or name[0] == "$":
            continue
        coded = coded.strip()
        value = _unquoted(coded)
        if _CONTROLS.search(value):
            continue
        morsel: Morsel[str] = Morsel()
        try:
            morsel.set(name, value, coded)
        except CookieError:
            continue
        # Not `cookies[name] = value`, which would encode the value once more.
        dict.__setitem__(cookies, name, morsel)
    return cookies


def _unquoted(coded: str) -> str:
    r"""Undo what `SimpleCookie` does to values: quotes, ``\"`` and ``\012``."""
    if len(coded) < 2 or coded[0] != '"' or coded[-1] != '"':
        return coded
    coded = coded[1:-1]
    return _ESCAPE.sub(_unescaped, coded) if "\\" in coded else coded


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character behind one backslash escape."""
    octal, literal = escape.groups()
    return chr(int(octal, 8)) if octal else str(literal)
