"""Request headers as a server received them, understood when they are asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from cherrypy.http.elements import LIST_HEADERS, decode_TEXT_maybe
from cherrypy.http.urls import SanitizedHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = [
    "FORM",
    "FORMS",
    "HeaderPairs",
    "Received",
    "ReceivedHeaders",
    "announced_bytes",
    "fields_of",
    "first_line",
    "in_utf_8",
]

FORM = "application/x-www-form-urlencoded"
"""The media type of forms that have no files."""

_UTF_8 = ("utf-8", "UTF-8")


def in_utf_8(*types: str) -> tuple[str, ...]:
    """Return the Content-Types, as clients write them, of these types in UTF-8.

    The first of them name no charset.
    """
    named = [f";{space}charset={name}" for space in (" ", "") for name in _UTF_8]
    return tuple(kind + charset for charset in ("", *named) for kind in types)


FORMS = in_utf_8(FORM)
"""What a plain form has as its Content-Type."""

# Names under which programs find what the server knows of the client: such a header
# that a client sends is not believed.
_CLAIMS = frozenset({b"remote-addr", b"remote-host"})

# What stands between the values of a repeated field. Cookies are no list, but some
# senders divide them all the same (RFC 9113 §8.2.3).
_SEPARATORS = {**dict.fromkeys(LIST_HEADERS, ", "), "Cookie": "; "}


@lru_cache(maxsize=512)
def _wire_name(name: str) -> bytes:
    return name.lower().encode("latin-1", "replace")


def _title_name(name: bytes) -> str:
    return name.decode("latin-1").title()


_known_title_name = lru_cache(maxsize=512)(_title_name)

# Clients choose the names, so what is kept of them is bounded in size, too.
_LONGEST_KEPT_NAME = 64

# Stands for what nobody has asked for; None for what is not there.
_UNASKED: Any = object()


class Received(Protocol):
    """Headers that can be looked at one by one, without taking in the others."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield name and value of each."""
        ...

    def find(self, name: str, /) -> str | None:
        """Return the value of one header, joined if it is a repeated list."""
        ...


class ReceivedHeaders:
    """Request headers as a server of ours received them, decoded when asked for.

    Args:
        pairs: Lower-case names and values, as bytes.
    """

    __slots__ = ("_announced", "_fields", "_found", "_values", "pairs", "told")

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        self.pairs: Sequence[tuple[bytes, bytes]] = pairs
        self._values: dict[bytes, bytes] | None = None
        # Speed: a head that comes again byte for byte is asked the same again. The
        # names are those that programs ask for, so there is an end to them.
        self._found: dict[str, str | None] = {}
        self._fields: dict[str, Any] | None = None
        self._announced: tuple[object, int] = (None, -1)
        self.told: tuple[object, object, str, str] = (None, None, "", "")
        """What the access log made of these headers, kept for when they come again:
        class and `asked` of the request; the request line in quotes; Referer and
        User-Agent in quotes.
        """

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name, value in self.pairs:
            if name not in _CLAIMS:
                short = len(name) <= _LONGEST_KEPT_NAME
                title = _known_title_name(name) if short else _title_name(name)
                yield title, value.decode("latin-1")

    def find(self, name: str) -> str | None:
        """Return the value of one header, joined if it is a repeated list."""
        found: str | None = self._found.get(name, _UNASKED)
        if found is _UNASKED:
            found = self._found[name] = self._find(name)
        return found

    def last_values(self) -> dict[bytes, bytes]:
        """Return the last value of each header by lower-case name. Not to be changed.

        What looks for one header looks for others, too.
        """
        if self._values is None:
            self._values = dict(self.pairs)
        return self._values

    def fields(self) -> dict[str, Any]:
        """Return all headers by Title-Case name; see `fields_of`. Not to be changed."""
        if self._fields is None:
            self._fields = fields_of(self)
        return self._fields

    def announced_bytes(self, types: tuple[str, ...]) -> int:
        """Return what `announced_bytes` does, worked out once."""
        known, length = self._announced
        if known is not types:
            length = announced_bytes(self.find, types)
            self._announced = (types, length)
        return length

    def _find(self, name: str) -> str | None:
        wanted = _wire_name(name)
        values = self.last_values()
        value = values.get(wanted)
        if value is None or wanted in _CLAIMS:
            return None
        if len(values) < len(self.pairs):
            separator = _SEPARATORS.get(name.title())
            if separator is not None:
                all_values = [value for key, value in self.pairs if key == wanted]
                value = separator.encode().join(all_values)
        return value.decode("latin-1")


class HeaderPairs(list[tuple[str, str]]):
    """Request headers as a list of pairs, from whoever calls `Request.run`."""

    def find(self, name: str) -> str | None:
        """Return the value of one header, joined if it is a repeated list."""
        value: str | None = fields_of(self).get(name.title())
        return value


def announced_bytes(find: Callable[[str], str | None], types: tuple[str, ...]) -> int:
    """Return how many bytes of a body are announced.

    Args:
        find: Returns the value of a header by its name.
        types: What the Content-Type may be, word for word.

    Returns:
        The Content-Length; -1 if it is another kind of body, or has no length that
        can be read.
    """
    if find("Content-Type") not in types or find("Transfer-Encoding") is not None:
        return -1
    said = find("Content-Length") or ""
    # No number of more digits is looked at: to convert it would take its time.
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1


def first_line(asked: tuple[str, str, str, str]) -> str:
    """Return the first line of a request, with the path decoded.

    Args:
        asked: As in `Request.asked`; without a method nothing was asked.
    """
    method, path, query_string, protocol = asked
    if not method:
        return ""
    target = f"{path}?{query_string}" if query_string else path
    return f"{method} {target} {protocol}"


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return headers by Title-Case name; repeated lists are joined, else the last wins.

    Args:
        pairs: Names in any case, and values.
    """
    fields: dict[str, Any] = {}
    for key, raw in pairs:
        name, value = key.title(), raw.strip()
        if "=?" in value:
            value = decode_TEXT_maybe(value)
        if name in fields and name in _SEPARATORS:
            value = f"{fields[name]}{_SEPARATORS[name]}{value}"
        elif name == "Host":
            value = SanitizedHost(value)
        fields[name] = value
    return fields
