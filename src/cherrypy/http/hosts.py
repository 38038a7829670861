"""Who is at the other end: addresses, and what proxies say about them (RFC 7239)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Forwarded", "Host", "parse_address", "parse_forwarded"]


class Host:
    """An internet address: one end of a connection.

    Args:
        ip: The address as text; empty if it is not known.
        port: The TCP port; 0 or -1 if it is not known.
        name: The host name; the address stands in for a missing one.
    """

    ip = "0.0.0.0"
    """The address as text."""

    port = 80
    """The TCP port."""

    name = "unknown.tld"
    """The name of the host, or its address again."""

    def __init__(self, ip: str, port: int, name: str | None = None) -> None:
        self.ip = ip
        self.port = port
        self.name = ip if name is None else name

    def __repr__(self) -> str:
        return f"httputil.Host({self.ip!r}, {self.port!r}, {self.name!r})"


def parse_address(text: str) -> str | None:
    """Return the IP address in a text, in its normal form, without its port.

    Args:
        text: ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1``, ``[2001:db8::1]:80``,
            as proxies write them; quotes and blanks around it do not matter.

    Returns:
        The address, or None if the text is none: a name, ``unknown``, ``_hidden``.
    """
    # Saves two milliseconds of start-up; only sites behind proxies come here.
    from ipaddress import ip_address

    text = text.strip(" \t").strip('"')
    if len(text) > 64:
        return None
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            return None
        if ":" not in text:
            return None
    elif text.count(":") == 1:
        text, colon, port = text.partition(":")
        if not _is_port(colon + port):
            return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A zone ("fe80::1%eth0") is free text and means nothing to anyone else.
    return None if "%" in text else str(address)


def _is_port(text: str) -> bool:
    """Tell whether the text is a colon with a port behind it."""
    digits = text[1:]
    return text[0] == ":" and digits.isascii() and digits.isdigit() and len(digits) < 6


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What one proxy says about the request it passed on (RFC 7239 §4).

    The texts are as the proxy sent them: believe them only of trusted proxies, and
    check addresses with `parse_address`.
    """

    client: str = ""
    """The ``for`` parameter: who sent the request to the proxy."""

    by: str = ""
    """The interface of the proxy that took the request."""

    host: str = ""
    """The ``Host`` field as the proxy received it."""

    proto: str = ""
    """The scheme, in lower case: ``http`` or ``https``."""


def parse_forwarded(value: str) -> list[Forwarded]:
    """Return what the proxies on the way say, the one nearest to the client first.

    Args:
        value: The value of a ``Forwarded`` field.

    Returns:
        One entry for each proxy; empty if the value is malformed anywhere, because
        then nobody can say which part a trusted proxy wrote.
    """
    raise NotImplementedError
