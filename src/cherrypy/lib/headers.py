"""Parse header values; a door to `cherrypy.http.elements`."""

from __future__ import annotations

from cherrypy.http.elements import split_quoted, unquoted

__all__ = ["parse_header"]


def parse_header(line: str) -> tuple[str, dict[str, str]]:
    """Return the value of a header such as Content-Type, and its parameters.

    Example::

        >>> parse_header('form-data; name="a;b"; filename=x')
        ('form-data', {'name': 'a;b', 'filename': 'x'})

    Args:
        line: The value, without the name.

    Returns:
        The value, and the parameters by name in lower case, without their quotes.
    """
    value, *rest = split_quoted(line, ";")
    params = {}
    for item in rest:
        name, equals, content = item.partition("=")
        if equals:
            params[name.strip().lower()] = unquoted(content.strip())
    return value.strip(), params
