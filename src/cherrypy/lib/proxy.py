"""Behind a proxy: who asked, for which host, and whether to believe it.

A proxy tells in headers what it was asked. Anybody can send such headers, so name the
proxies that are believed::

    tools.proxy.on: True
    tools.proxy.trusted: ["10.0.0.0/8", "2001:db8::7"]

Documented in `cptools`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cherrypy.core.context import current
from cherrypy.environment.site import log
from cherrypy.http.hosts import Host, ip_of, parse_address, parse_forwarded
from cherrypy.http.urls import safe_host

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network

    from cherrypy.core.request import Request

__all__ = ["proxy"]


def proxy(
    base: str | None = None,
    local: str = "X-Forwarded-Host",
    remote: str = "X-Forwarded-For",
    scheme: str = "X-Forwarded-Proto",
    debug: bool = False,
    trusted: str | Iterable[str] | None = None,
) -> None:
    """Set ``request.base`` and ``request.remote`` to what the client saw and was.

    Each header may also be ``Forwarded`` (RFC 7239). Values that are no host, scheme
    or address are ignored.

    Args:
        base: The URL in front, such as ``https://www.example.com``, without a slash
            at the end; used if no header names the host. To have a path in it, set
            `local` to the empty string, too.
        local: The header that names the host that was asked for. Empty for none.
        remote: The header that names the client's address. Empty for none.
        scheme: The header that names the scheme, or says ``on`` for https and ``off``
            for http, as ``X-Forwarded-Ssl`` does. Empty for none.
        debug: Log what is done.
        trusted: Addresses and networks of the proxies whose headers are believed;
            ``unix`` for a peer on a Unix socket. The client is then the last in the
            list that is none of them, and host and scheme are what the proxy says
            that it has asked. None believes everybody, and the first in each list,
            which only a server that nobody else can reach may do.
    """
    request = current.get().request
    proxies = _as_tuple(trusted)
    if proxies is not None and not _is_trusted(request.remote.ip, proxies):
        if debug:
            log(f"{request.remote.ip!r} is not trusted", "TOOLS.PROXY")
        local = remote = scheme = ""
    address, steps = _client_address(request, remote, proxies)
    protocol = _forwarded_scheme(request, scheme, steps) if scheme else None
    host = _forwarded_host(request, local, steps) if local else None
    front = host or base or _own_host(request)
    if "://" not in front:
        front = f"{protocol or request.scheme}://{front}"
    if host or base or protocol:
        request.base = front
    if address:
        # A new one: the old one may be the connection's.
        request.remote = Host(address, request.remote.port)
    if debug:
        log(f"base: {request.base}, remote: {request.remote.ip}", "TOOLS.PROXY")


def _as_tuple(trusted: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if trusted is None:
        return None
    if isinstance(trusted, str):
        trusted = trusted.replace(",", " ").split()
    return tuple(trusted)


def _own_host(request: Request) -> str:
    """Return what the base says now, without the scheme."""
    return request.base.partition("://")[2]


def _client_address(
    request: Request, header: str, proxies: tuple[str, ...] | None
) -> tuple[str | None, int | None]:
    """Return the address of the client as the proxies tell it, or None.

    And how many proxies that are believed stand in a row before us; None for all that
    there may be.
    """
    said = _told(request, header, "client") if header else []
    if proxies is None:
        return parse_address(said[0]) if said else None, None
    # From the nearest to the farthest, as long as a trusted one speaks.
    nearest, steps = None, 1
    for text in reversed(said):
        address = parse_address(text)
        if address is None:
            break
        nearest = address
        if not _is_trusted(address, proxies):
            break
        steps += 1
    return nearest, steps


def _told(request: Request, header: str, parameter: str) -> list[str]:
    """Return what the proxies tell, the one nearest to the client first.

    Args:
        request: The request.
        header: The name of the header.
        parameter: Which `Forwarded` to return, if that is the header.
    """
    value = request.raw_header(header)
    if not value:
        return []
    if header.lower() == "forwarded":
        return [getattr(step, parameter) for step in parse_forwarded(value)]
    # Others that tell the client, such as X-Real-IP, are no lists.
    if parameter == "client" and header.lower() != "x-forwarded-for":
        return [value]
    return value.split(",")


def _farthest(told: list[str], steps: int | None) -> str:
    """Return what the farthest of the proxies that are believed has told.

    What stands before it the client may have sent.
    """
    if not told:
        return ""
    return told[0 if steps is None else -min(steps, len(told))].strip()


def _forwarded_scheme(request: Request, header: str, steps: int | None) -> str | None:
    value = _farthest(_told(request, header, "proto"), steps).lower()
    # As X-Forwarded-Ssl and Front-End-Https say it.
    value = {"on": "https", "off": "http"}.get(value, value)
    return value if value in ("http", "https") else None


def _forwarded_host(request: Request, header: str, steps: int | None) -> str | None:
    value = _farthest(_told(request, header, "host"), steps)
    protocol, separator, host = value.rpartition("://")
    if separator and protocol.lower() not in ("http", "https"):
        return None
    safe = safe_host(host)
    return f"{protocol.lower()}{separator}{safe}" if safe else None


@lru_cache(maxsize=1024)
def _is_trusted(address: str, proxies: tuple[str, ...]) -> bool:
    """Tell whether an address is one of the proxies or in one of their networks."""
    if not address:
        return "unix" in proxies
    peer = ip_of(address)
    return peer is not None and any(peer in network for network in _networks(proxies))


@lru_cache(maxsize=16)
def _networks(proxies: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    """Return the networks among the proxies.

    Raises:
        ValueError: An entry is neither address nor network.
    """
    from ipaddress import ip_network  # lazy: 2 ms that few sites need

    return [ip_network(entry) for entry in proxies if entry != "unix"]
