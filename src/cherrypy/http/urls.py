"""URLs: joining, unquoting, normalising, and the Host that is safe to repeat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote_to_bytes, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Query",
    "SanitizedHost",
    "normalize_path",
    "resolve_url",
    "safe_host",
    "unquote_path",
    "urljoin",
    "urljoin_bytes",
]

if TYPE_CHECKING:
    Query = str | Mapping[str, object] | Sequence[tuple[str, object]]
    """What may be given as a query: text, a mapping, or pairs."""


def urljoin(*atoms: str) -> str:
    """Join atoms of a path by single slashes; never returns empty text."""
    url = "/".join([atom for atom in atoms if atom])
    while "//" in url:
        url = url.replace("//", "/")
    return url or "/"


def urljoin_bytes(*atoms: bytes) -> bytes:
    """Join atoms of a path by single slashes; never returns empty bytes."""
    url = b"/".join([atom for atom in atoms if atom])
    while b"//" in url:
        url = url.replace(b"//", b"/")
    return url or b"/"


_QUOTED_SLASH = re.compile(b"%2[fF]")


def unquote_path(raw: bytes) -> str:
    """Return the path of a request target with its percent-escapes undone.

    An escaped slash stays as ``%2F``: it is no separator, and only the dispatcher may
    make a slash of it. Escapes that are none stay as they are.

    Args:
        raw: The path as it came over the wire.

    Returns:
        The bytes of the path as text in ISO-8859-1, as PEP 3333 has it.
    """
    if b"%" not in raw:
        return raw.decode("latin-1")
    atoms = [unquote_to_bytes(atom) for atom in _QUOTED_SLASH.split(raw)]
    return b"%2F".join(atoms).decode("latin-1")


def normalize_path(path: str) -> str:
    """Resolve ``.`` and ``..`` in a path, never above the root."""
    if "./" not in path and not path.endswith("."):
        return path
    raise NotImplementedError


def resolve_url(
    path: str = "",
    qs: Query = "",
    *,
    base: str,
    script_name: str,
    path_info: str = "/",
    is_index: bool | None = None,
    relative: bool | str | None = None,
) -> str:
    """Return the URL of a path, seen from the page at `path_info`."""
    query = qs if isinstance(qs, str) else urlencode(qs, doseq=True)
    if query:
        query = "?" + query
    if not path.startswith("/"):
        here = path_info
        if is_index and not here.endswith("/"):
            here += "/"
        elif is_index is False and here.endswith("/") and here != "/":
            here = here[:-1]
        path = here if not path else here[: here.rfind("/") + 1] + path
    return base + script_name + path + query


class SanitizedHost(str):
    """The value of a ``Host`` field without CR and LF; `raw` is what was sent."""

    dangerous = re.compile(r"[\n\r]")
    """What is taken out."""

    __slots__ = ("raw",)

    raw: str
    """The value as it was sent."""

    def __new__(cls, raw: str) -> Self | str:  # type: ignore[misc]
        """Return the text itself if there is nothing dangerous in it."""
        sanitized = cls.dangerous.sub("", raw)
        if sanitized == raw:
            return raw
        instance = super().__new__(cls, sanitized)
        instance.raw = raw
        return instance


def safe_host(text: str) -> str | None:
    """Return the host and port in a ``Host`` field, or None if it is no such thing.

    Args:
        text: The value of the field.
    """
    text = text.strip()
    return text if _HOST.fullmatch(text) else None


# RFC 3986 §3.2.2 without percent-escapes: a registered name or IPv4 address, or an
# IPv6 address in brackets; then a port, which may be empty.
_HOST = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?", re.ASCII
)
