"""What a WSGI environ says of a request: its headers, its path, and who sent it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cherrypy.http.hosts import Host
from cherrypy.http.urls import urljoin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["EnvironHeaders", "local_end", "remote_end", "whole_path"]


class EnvironHeaders:
    """The headers in an environ, translated when asked for.

    Args:
        environ: As in PEP 3333.
        names: Environ keys that are headers, beside those that start with ``HTTP_``.
    """

    __slots__ = ("environ", "names")

    def __init__(self, environ: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self.environ: Mapping[str, Any] = environ
        self.names: Mapping[str, str] = names

    def __iter__(self) -> Iterator[tuple[str, str]]:
        names = self.names
        for key, value in self.environ.items():
            if key in names:
                yield names[key], value or _EMPTY.get(key, "")
            elif key[:5] == "HTTP_" and key[5:] not in names:
                # A header REMOTE-ADDR is not what the server knows of the client.
                yield key[5:].replace("_", "-").title(), value

    def find(self, name: str) -> str | None:
        """Return the value of one header; the server has joined repeated ones."""
        key, title = _environ_key(name)
        value: str | None = self.environ.get(key)
        if value is not None and key[5:] not in self.names:
            return value
        if title not in self.names.values():
            return None
        key = next(key for key, usual in self.names.items() if usual == title)
        value = self.environ.get(key)
        return _EMPTY.get(key, "") if value == "" else value


# PEP 3333: what is empty might as well be missing. There is no body then, while a
# header that is missing would leave its length open.
_EMPTY = {"CONTENT_LENGTH": "0"}


@lru_cache(maxsize=512)
def _environ_key(name: str) -> tuple[str, str]:
    return "HTTP_" + name.upper().replace("-", "_"), name.title()


def whole_path(environ: Mapping[str, Any]) -> str:
    """Return SCRIPT_NAME and PATH_INFO as one path, without doubled slashes."""
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if path[:1] == "/" and "//" not in path:
        return path
    return urljoin(path)


def local_end(environ: Mapping[str, Any]) -> Host:
    """Return where a request came in, as far as a WSGI server tells."""
    port = _number(environ.get("SERVER_PORT"), 80)
    return Host("", port, environ.get("SERVER_NAME") or "")


def remote_end(environ: Mapping[str, Any]) -> Host:
    """Return who sent a request, as far as a WSGI server tells."""
    get = environ.get
    port = _number(get("REMOTE_PORT"), -1)
    return Host(get("REMOTE_ADDR") or "", port, get("REMOTE_HOST") or "")


def _number(text: str | None, default: int) -> int:
    """Return a port, or the default where a server gives none or nonsense."""
    try:
        return int(text) if text else default
    except ValueError:
        return default
