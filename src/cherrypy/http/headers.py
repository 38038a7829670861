"""Header fields: a case-blind mapping, and its way to bytes."""

from __future__ import annotations

from binascii import b2a_base64
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from cherrypy.http.elements import HeaderElement, header_elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cherrypy.http.types import HeaderList

__all__ = ["CONTROLS", "CaseInsensitiveDict", "HeaderMap"]

_V = TypeVar("_V")

_COMMON = (
    *("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language"),
    *("Accept-Ranges", "Access-Control-Allow-Origin", "Age", "Allow"),
    *("Authorization", "Cache-Control", "Connection", "Content-Disposition"),
    *("Content-Encoding", "Content-Language", "Content-Length"),
    *("Content-Location", "Content-Range", "Content-Security-Policy"),
    *("Content-Type", "Cookie", "Date", "Etag", "Expect", "Expires", "Forwarded"),
    *("Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range"),
    *("If-Unmodified-Since", "Keep-Alive", "Last-Modified", "Link", "Location"),
    *("Origin", "Pragma", "Range", "Referer", "Referrer-Policy", "Remote-Addr"),
    *("Remote-Host", "Retry-After", "Sec-Fetch-Dest", "Sec-Fetch-Mode"),
    *("Sec-Fetch-Site", "Sec-Fetch-User", "Server", "Set-Cookie"),
    *("Strict-Transport-Security", "Te", "Trailer", "Transfer-Encoding"),
    *("Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "Vary", "Via"),
    *("Warning", "Www-Authenticate", "X-Content-Type-Options"),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"),
    *("X-Frame-Options", "X-Requested-With", "X-Xss-Protection"),
)

# Performance: looking a name up takes a quarter of the time of folding or encoding
# it. A fixed table and no cache, for clients could fill a cache with rubbish.
_TITLES: dict[object, str] = {
    spelling: name for name in _COMMON for spelling in (name, name.lower())
}
_TITLES |= {"ETag": "Etag", "TE": "Te", "WWW-Authenticate": "Www-Authenticate"}
_NAMES: dict[object, bytes] = {name: str(name).encode() for name in _TITLES}

# The latest value of each of these names, and how it is sent. A pair is replaced whole,
# so that threads need no lock; nothing is kept of names that are not in the table.
_latest: dict[object, tuple[str, tuple[bytes, bytes]]] = {}

CONTROLS = bytes((*range(32), 127))
"""The bytes that are deleted from names and values: 0 to 31 and 127."""


class CaseInsensitiveDict(dict[str, _V]):
    """A dict whose keys are header names, kept as ``str(key).title()``.

    Every method finds a key whatever the case it is written in. Iteration gives the
    names in Title-Case and in the order in which they were set first.
    """

    def __init__(
        self, other: Mapping[str, _V] | Iterable[tuple[str, _V]] = (), /, **named: _V
    ) -> None:
        super().__init__()
        if other or named:
            self.update(other, **named)

    @staticmethod
    def transform_key(key: object) -> str:
        """Return the name under which a key is kept, such as ``Content-Type``."""
        return _TITLES.get(key) or str(key).title()

    def __getitem__(self, key: str) -> _V:
        return dict.__getitem__(self, _TITLES.get(key) or str(key).title())

    def __setitem__(self, key: str, value: _V) -> None:
        dict.__setitem__(self, _TITLES.get(key) or str(key).title(), value)

    def __delitem__(self, key: str) -> None:
        dict.__delitem__(self, _TITLES.get(key) or str(key).title())

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, _TITLES.get(key) or str(key).title())

    def __or__(self, other: Any) -> Any:  # Any: dict has overloads for every mixture.
        return self.copy().__ior__(other)

    def __ror__(self, other: Any) -> Any:  # Any: as above.
        return type(self)(other).__ior__(self)

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]  # Any: as above.
        self.update(other)
        return self

    def get(self, key: str, default: Any = None) -> Any:  # Any: as dict.get has it.
        """Return the value for the key, else the default."""
        return dict.get(self, _TITLES.get(key) or str(key).title(), default)

    def has_key(self, key: str) -> bool:
        """Tell whether there is such a key; ``key in headers`` says the same."""
        return key in self

    def pop(self, key: str, *default: Any) -> Any:  # Any: as dict.pop has it.
        """Remove the key and return its value, else the default.

        Raises:
            KeyError: There is no such key, and no default was given.
        """
        return dict.pop(self, self.transform_key(key), *default)

    def setdefault(self, key: str, default: Any = None) -> Any:  # Any: as dict has it.
        """Return the value for the key; set it to the default if it is missing."""
        return dict.setdefault(self, self.transform_key(key), default)

    def update(  # type: ignore[override]  # dict's overloads cannot be repeated here
        self, other: Mapping[str, _V] | Iterable[tuple[str, _V]] = (), /, **named: _V
    ) -> None:
        """Take over the items of a mapping, or pairs, and the named values."""
        if isinstance(other, CaseInsensitiveDict):
            dict.update(self, other)
        else:
            for key, value in dict(other).items():
                self[key] = value
        for key, value in named.items():
            self[key] = value

    def copy(self) -> Self:
        """Return a copy of the same class."""
        return self.from_titled(self)

    @classmethod
    def fromkeys(cls, seq: Iterable[str], value: Any = None) -> Self:  # type: ignore[override]  # as above
        """Make a mapping in which all these keys have the same value."""
        return cls((key, value) for key in seq)

    @classmethod
    def from_titled(cls, mapping: Mapping[str, _V]) -> Self:
        """Make a mapping out of one whose keys are in Title-Case already.

        Performance: copies without folding; every response is born this way.
        """
        made = cls.__new__(cls)
        dict.update(made, mapping)
        return made


class HeaderMap(CaseInsensitiveDict[Any]):  # Any: programs put numbers in, too.
    """The header fields of a message: text in, bytes out."""

    protocol: tuple[int, int] = (1, 1)
    """The version of HTTP that is spoken; before 1.1 there are no encoded words."""

    encodings: ClassVar[list[str]] = ["ISO-8859-1"]
    """The charsets that are tried, in this order, to encode a text.

    Each must have ASCII in it. What is ASCII only is not tried at all.
    """

    use_rfc_2047: ClassVar[bool] = True
    """Whether text outside these charsets becomes an encoded word of RFC 2047."""

    def elements(self, key: str) -> list[HeaderElement]:
        """Return the elements of a field, the most preferred first.

        Raises:
            MalformedHeader: A quality in the field is no number.
        """
        return header_elements(self.transform_key(key), self.get(key))

    def values(self, key: str | None = None) -> Any:  # Any: a list, or dict_values.
        """Return the values of a field's elements, without their parameters.

        Args:
            key: The name of the field; without it, what `dict.values` returns.

        Raises:
            MalformedHeader: A quality in the field is no number.
        """
        if key is None:
            return super().values()
        return [element.value for element in self.elements(key)]

    def output(self) -> HeaderList:
        """Return names and values as bytes that are fit for the wire.

        Raises:
            ValueError: `use_rfc_2047` is off and a text fits none of `encodings`.
        """
        return self.encode_header_items(self.items())

    @classmethod
    def encode_header_items(
        cls, header_items: Iterable[tuple[str | bytes, object]]
    ) -> HeaderList:
        """Return pairs of name and value as bytes that are fit for the wire.

        Args:
            header_items: Names and values; text, bytes, or anything that has a `str`.

        Raises:
            ValueError: `use_rfc_2047` is off and a text fits none of `encodings`.
        """
        encoded = []
        latest = _latest
        for name, value in header_items:
            # Performance: most values are the very objects they were last time.
            if name in latest:
                known, pair = latest[name]
                if known is value:
                    encoded.append(pair)
                    continue
            wire = _NAMES.get(name)
            # Performance: most others are printable ASCII; a third of the time saved.
            if wire and type(value) is str and value.isascii() and value.isprintable():
                pair = wire, value.encode()
                _latest[name] = value, pair
                encoded.append(pair)
                continue
            text = value if isinstance(value, (str, bytes)) else str(value)
            encoded.append(
                (wire or cls.encode_header_item(name), cls.encode_header_item(text))
            )
        return encoded

    @classmethod
    def encode_header_item(cls, item: str | bytes) -> bytes:
        """Return a name or value as bytes, without control characters.

        A line end within a value would begin another field, or the body.

        Raises:
            ValueError: `use_rfc_2047` is off and the text fits none of `encodings`.
        """
        if isinstance(item, str):
            item = cls.encode(item)
        return item.translate(None, CONTROLS)

    @classmethod
    def encode(cls, v: str) -> bytes:
        """Return a text as bytes, in the first of `encodings` that can hold it.

        If none can, an encoded word of RFC 2047 is made of it, in UTF-8 and base64.
        It is not folded: 75 characters is a limit of mail, not of HTTP.

        Raises:
            ValueError: `use_rfc_2047` is off, or `protocol` is older than 1.1.
        """
        for charset in cls.encodings:
            try:
                return v.encode(charset)
            except UnicodeEncodeError:
                continue
        if cls.use_rfc_2047 and cls.protocol >= (1, 1):
            raw = v.encode("utf-8", "replace").translate(None, CONTROLS)
            return b"=?utf-8?b?" + b2a_base64(raw, newline=False) + b"?="
        raise ValueError(
            f"Could not encode header part {v!r} using any of the encodings "
            f"{cls.encodings!r}."
        )
