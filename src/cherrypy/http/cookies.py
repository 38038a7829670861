"""Cookies that come in, read in linear time."""

from __future__ import annotations

from http.cookies import CookieError, Morsel, SimpleCookie

__all__ = ["CookieError", "Morsel", "SimpleCookie", "parse_cookie"]


def parse_cookie(header: str) -> SimpleCookie:
    """Return the cookies in a ``Cookie`` field; illegal ones are dropped.

    Args:
        header: The value of the field.
    """
    cookies = SimpleCookie()
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            try:
                cookies[name.strip()] = cookies.value_decode(value.strip())[0]
            except CookieError:
                continue
    return cookies
