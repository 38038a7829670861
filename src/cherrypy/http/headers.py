"""Header fields: a case-blind mapping, and its way to bytes."""

from __future__ import annotations

from binascii import b2a_base64
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from cherrypy.http.elements import HeaderElement, header_elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cherrypy.http.types import HeaderList

__all__ = ["CaseInsensitiveDict", "HeaderMap"]

V = TypeVar("V")

_COMMON = (
    *("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language"),
    *("Accept-Ranges", "Age", "Allow", "Authorization", "Cache-Control"),
    *("Connection", "Content-Disposition", "Content-Encoding"),
    *("Content-Language", "Content-Length", "Content-Location", "Content-Range"),
    *("Content-Security-Policy", "Content-Type", "Cookie", "Date", "Etag", "Expect"),
    *("Expires", "Forwarded", "Host", "If-Match", "If-Modified-Since"),
    *("If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive"),
    *("Last-Modified", "Link", "Location", "Origin", "Pragma", "Range", "Referer"),
    *("Referrer-Policy", "Remote-Addr", "Retry-After", "Sec-Fetch-Dest"),
    *("Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Server", "Set-Cookie"),
    *("Strict-Transport-Security", "Te", "Trailer", "Transfer-Encoding", "Upgrade"),
    *("Upgrade-Insecure-Requests", "User-Agent", "Vary", "Via", "Warning"),
    *("Www-Authenticate", "X-Content-Type-Options", "X-Forwarded-For"),
    *("X-Forwarded-Host", "X-Forwarded-Proto", "X-Frame-Options"),
    *("X-Requested-With",),
)

# Names that almost every message carries, in the spellings that are in use. A fixed
# table and not a cache: names come from clients, who could fill a cache with rubbish.
_TITLES = {
    spelling: name for name in _COMMON for spelling in (name, name.lower(), f"{name}")
}
_TITLES.update({"ETag": "Etag", "TE": "Te", "WWW-Authenticate": "Www-Authenticate"})
_NAMES = {spelling: spelling.encode() for spelling in _TITLES}

CONTROLS = bytes((*range(32), 127))
"""The bytes that are deleted from names and values: 0 to 31 and 127."""


class CaseInsensitiveDict(dict[str, V]):
    """A dict whose keys are header names: ``str(key).title()``, in any case."""

    def __init__(
        self, other: Mapping[str, V] | Iterable[tuple[str, V]] = (), /, **named: V
    ) -> None:
        super().__init__()
        if other or named:
            self.update(other, **named)

    @staticmethod
    def transform_key(key: object) -> str:
        """Return the name under which a key is kept, ``Content-Type``."""
        return str(key).title()

    def __getitem__(self, key: str) -> V:
        return dict.__getitem__(self, _TITLES.get(key) or str(key).title())

    def __setitem__(self, key: str, value: V) -> None:
        dict.__setitem__(self, _TITLES.get(key) or str(key).title(), value)

    def __delitem__(self, key: str) -> None:
        dict.__delitem__(self, _TITLES.get(key) or str(key).title())

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, _title(key))

    def get(self, key: str, default: Any = None) -> Any:  # Any: as dict.get has it.
        """Return the value for the key, else the default."""
        return dict.get(self, _TITLES.get(key) or str(key).title(), default)

    def pop(self, key: str, *default: Any) -> Any:  # Any: as dict.pop has it.
        """Remove the key and return its value, else the default.

        Raises:
            KeyError: There is no such key, and no default was given.
        """
        return dict.pop(self, _title(key), *default)

    def setdefault(self, key: str, default: Any = None) -> Any:  # Any: as in dict.
        """Return the value for the key; set it to the default if it is missing."""
        return dict.setdefault(self, _title(key), default)

    def update(  # type: ignore[override]  # the overloads of dict allow no more
        self, other: Mapping[str, V] | Iterable[tuple[str, V]] = (), /, **named: V
    ) -> None:
        """Take over the items of another mapping or of pairs, and the named ones."""
        for source in (other, named):
            pairs = source.items() if hasattr(source, "items") else source
            for key, value in pairs:
                self[key] = value

    def copy(self) -> Self:
        """Return a copy of the same class."""
        return self.from_titled(self)

    @classmethod
    def fromkeys(cls, seq: Iterable[str], value: Any = None) -> Self:
        """Make a mapping with these keys, all with the same value."""
        made = cls()
        for key in seq:
            made[key] = value
        return made

    @classmethod
    def from_titled(cls, mapping: Mapping[str, V]) -> Self:
        """Make a mapping from one whose keys are in Title-Case already.

        Performance: skips the folding of keys; every response is born this way.
        """
        made = cls.__new__(cls)
        dict.update(made, mapping)
        return made


def _title(key: object) -> str:
    """Fold a key of any kind."""
    return str(key).title()


class HeaderMap(CaseInsensitiveDict[Any]):  # Any: programs put numbers in, too.
    """The header fields of a message: text in, bytes out."""

    protocol: tuple[int, int] = (1, 1)
    """The version of HTTP that is spoken; RFC 2047 is used from 1.1 on."""

    encodings: ClassVar[list[str]] = ["ISO-8859-1"]
    """The charsets that are tried, in this order, to encode names and values."""

    use_rfc_2047: ClassVar[bool] = True
    """Whether text outside these charsets becomes an encoded word of RFC 2047."""

    def elements(self, key: str) -> list[HeaderElement]:
        """Return the elements of a field, the most preferred first."""
        return header_elements(self.transform_key(key), self.get(key))

    def values(self, key: str | None = None) -> Any:  # type: ignore[override]
        """Return the values of a field's elements, without parameters.

        Args:
            key: The name of the field; without it, what `dict.values` returns.
        """
        if key is None:
            return super().values()
        return [element.value for element in self.elements(key)]

    def output(self) -> HeaderList:
        """Return names and values as bytes, fit for the wire."""
        return self.encode_header_items(self.items())

    @classmethod
    def encode_header_items(
        cls, header_items: Iterable[tuple[str | bytes, object]]
    ) -> HeaderList:
        """Return pairs of name and value as bytes, fit for the wire.

        Args:
            header_items: Names and values; text, bytes, or anything with a `str`.

        Raises:
            ValueError: `use_rfc_2047` is off and a text fits none of `encodings`.
        """
        encode = cls.encode_header_item
        return [
            (
                encode(name),
                encode(value if isinstance(value, (str, bytes)) else str(value)),
            )
            for name, value in header_items
        ]

    @classmethod
    def encode_header_item(cls, item: str | bytes) -> bytes:
        """Return a name or value as bytes, without control characters.

        Raises:
            ValueError: `use_rfc_2047` is off and the text fits none of `encodings`.
        """
        if isinstance(item, str):
            item = cls.encode(item)
        return item.translate(None, CONTROLS)

    @classmethod
    def encode(cls, v: str) -> bytes:
        """Return a text as bytes in the first of `encodings` that has its characters.

        Otherwise an encoded word of RFC 2047 is made of it, in UTF-8 and base64. It
        is not folded: 75 characters is a limit of mail, not of HTTP.

        Raises:
            ValueError: `use_rfc_2047` is off, or the message is older than HTTP/1.1.
        """
        for charset in cls.encodings:
            try:
                return v.encode(charset)
            except UnicodeEncodeError:
                continue
        if cls.protocol >= (1, 1) and cls.use_rfc_2047:
            word = b2a_base64(v.encode("utf-8"), newline=False)
            return b"=?utf-8?b?" + word + b"?="
        raise ValueError(
            f"Could not encode header part {v!r} using any of the encodings "
            f"{cls.encodings!r}."
        )
