"""URLs: joining, unquoting, normalising, and a Host that is safe to repeat."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeAlias
from urllib.parse import quote, unquote_to_bytes, urlencode

__all__ = [
    "Query",
    "SanitizedHost",
    "normalize_path",
    "quote_path_info",
    "resolve_url",
    "safe_host",
    "unquote_path",
    "urljoin",
    "urljoin_bytes",
]

Query: TypeAlias = str | Mapping[str, Any] | Sequence[tuple[str, Any]]
"""What may be given as a query: text, or fields. Any: `str` is applied to values."""


def urljoin(*atoms: str) -> str:
    """Join the atoms of a path by single slashes; nothing at all becomes ``/``."""
    url = "/".join([atom for atom in atoms if atom])
    return _SLASHES.sub("/", url) or "/"


def urljoin_bytes(*atoms: bytes) -> bytes:
    """Join the atoms of a path by single slashes; nothing at all becomes ``/``."""
    url = b"/".join([atom for atom in atoms if atom])
    return _BYTES_SLASHES.sub(b"/", url) or b"/"


_SLASHES = re.compile("//+")
_BYTES_SLASHES = re.compile(b"//+")
_ESCAPED_SLASH = re.compile(b"%2[fF]")
_PERCENT = ord("%")


def unquote_path(raw: bytes) -> str:
    """Return the path of a request target with its percent-escapes undone.

    An escaped slash stays, as ``%2F``: it does not separate, and only the dispatcher
    may turn it into a slash. What only looks like an escape stays as it is.

    Args:
        raw: The path as it came over the wire.

    Returns:
        The bytes of the path as text in ISO-8859-1, the way of PEP 3333.
    """
    # Performance: as a number, because to look for bytes in bytes takes five times as
    # long: it begins with an error that nobody sees.
    if _PERCENT not in raw:
        return raw.decode("latin-1")
    atoms = [unquote_to_bytes(atom) for atom in _ESCAPED_SLASH.split(raw)]
    return b"%2F".join(atoms).decode("latin-1")


# What has a meaning of its own in a URL, or none at all, must not stand in a path as
# it is. A browser takes a backslash for a slash, so "/\evil" would leave this host.
_NOT_IN_PATH = re.compile(r"[\x00-\x20\x7f\"#<>?\\^`{|}]|%(?!2F)|[^\x00-\x7f]")


def quote_path_info(path_info: str) -> str:
    """Undo `unquote_path`: escape what a path in a URL may not contain.

    Args:
        path_info: A path as pages see it, in which ``%2F`` is an escaped slash.

    Returns:
        The path in ASCII; other characters are escaped as UTF-8.
    """
    return _NOT_IN_PATH.sub(_escape, path_info)


def _escape(match: re.Match[str]) -> str:
    """Return one character as percent-escapes."""
    return quote(match[0].encode("utf-8", "surrogatepass"), safe="")


def normalize_path(path: str) -> str:
    """Resolve ``.`` and ``..`` in a path (RFC 3986 §5.2.4), never above the root.

    Args:
        path: A path without query; its empty parts are kept.
    """
    # Performance: without "/." there is nothing to do, as in almost every path.
    if "/." not in path and not path.startswith("."):
        return path
    rooted = path.startswith("/")
    kept: list[str] = []
    parts = path.removeprefix("/").split("/")
    for part in parts:
        if part == "..":
            if kept:
                kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", "..") and kept:
        kept.append("")
    return "/" + "/".join(kept) if rooted else "/".join(kept)


def resolve_url(
    path: str = "",
    qs: Query = "",
    *,
    base: str,
    script_name: str,
    path_info: str,
    is_index: bool | None = None,
    relative: bool | str | None = None,
    page_script_name: str | None = None,
) -> str:
    """Return the URL of a path as seen from a page.

    Args:
        path: Where to go. With a leading slash it starts at the application,
            otherwise at the page; empty text is the page itself. It may have a query
            and a fragment, and is taken as it is: escape it yourself.
        qs: More for the query: text, a mapping, or pairs.
        base: Scheme and host, ``http://localhost:8080``.
        script_name: Where the application is mounted, without a trailing slash.
        path_info: The path of the page within its application, unescaped.
        is_index: Whether the page is the index of a directory. True and False correct
            a missing or superfluous slash at the end of `path_info`; None does not.
        relative: ``"server"`` for a URL that starts with a slash, anything else that
            is true for one that starts at the page, otherwise with scheme and host.
        page_script_name: Where the application of the page is mounted, if `script_name`
            is that of another one.

    Returns:
        The URL. Unless `base` says so it never leads to another host: slashes and
        backslashes at its beginning are made harmless.
    """
    here = quote_path_info(_corrected(path_info, is_index))
    path, tail = _with_query(path, qs)
    if not path:
        target = here
    elif path.startswith("/"):
        target = path
    else:
        target = (here[: here.rfind("/") + 1] or "/") + path
    target = normalize_path(target).replace("\\", "%5C")
    if base and not relative:
        return base + script_name + target + tail
    root = _path_of(base)
    target = _leading_slash(root + script_name + target)
    if relative and relative != "server":
        if page_script_name is None:
            page_script_name = script_name
        here = _leading_slash(root + page_script_name + normalize_path(here))
        target = _seen_from(here, target)
    return target + tail


def _corrected(path_info: str, is_index: bool | None) -> str:
    """Return the path of a page with the slash at its end put right."""
    if is_index:
        return path_info if path_info.endswith("/") else path_info + "/"
    if is_index is False and path_info.endswith("/"):
        return path_info.rstrip("/") or "/"
    return path_info


def _with_query(path: str, qs: Query) -> tuple[str, str]:
    """Return the bare path, and the query and fragment behind it."""
    path, hash_mark, fragment = path.partition("#")
    path, mark, query = path.partition("?")
    more = qs if isinstance(qs, str) else urlencode(qs, doseq=True)
    if more:
        query = f"{query}&{more}" if query else more
        mark = "?"
    return path, mark + query + hash_mark + fragment


def _path_of(base: str) -> str:
    """Return the path in a base, which proxies may have added: ``http://h/app``."""
    _, scheme, rest = base.partition("://")
    if not scheme:
        return base
    _, slash, path = rest.partition("/")
    return slash + path


def _leading_slash(path: str) -> str:
    """Return the path with exactly one slash at its beginning.

    With two, a browser would take what follows for the name of a host.
    """
    return "/" + path.lstrip("/")


def _seen_from(here: str, target: str) -> str:
    """Return the relative reference that leads from one path to another."""
    here_parts, target_parts = here.split("/"), target.split("/")
    leaf = target_parts.pop()
    page = here_parts.pop()
    common = 0
    for ours, theirs in zip(here_parts, target_parts, strict=False):
        if ours != theirs:
            break
        common += 1
    steps = [".."] * (len(here_parts) - common) + target_parts[common:]
    reference = "/".join([*steps, leaf])
    first = reference.partition("/")[0]
    # Empty text is the page itself, an empty part the root of the server, and what
    # stands before a colon would be taken for a scheme (RFC 3986 §4.2).
    if ":" in first or (not first and (page or reference)):
        return "./" + reference
    return reference


class SanitizedHost(str):
    """The value of a ``Host`` field without CR and LF; `raw` is what was sent."""

    dangerous: ClassVar[re.Pattern[str]] = re.compile(r"[\n\r]")
    """What is taken out."""

    raw: str
    """The value as it was sent."""

    def __new__(cls, raw: str) -> Self | str:  # type: ignore[misc]  # documented
        """Return plain text if there is nothing dangerous in it."""
        sanitized = cls.dangerous.sub("", raw)
        if sanitized == raw:
            return raw
        instance = super().__new__(cls, sanitized)
        instance.raw = raw
        return instance


# RFC 3986 §3.2.2, but without escapes and punctuation: no host has such a name, and
# the text ends up in pages. An IPv6 address stands in brackets.
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")


def safe_host(text: str) -> str | None:
    """Return host and port of a ``Host`` field, or None if it is no such thing.

    Args:
        text: The value of the field: ``example.com``, ``[::1]:8080``. A path, a user,
            a list or anything else that is not a host is refused.
    """
    text = text.strip(" \t")
    match = _HOST.fullmatch(text)
    if match is None or int(match[1] or 0) > 65535:
        return None
    return text
