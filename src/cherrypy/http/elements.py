"""The parts of a header value: elements, their parameters, and what is preferred."""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp
from functools import total_ordering
from typing import Final, TypeAlias

from cherrypy.http.charsets import known_charset

__all__ = [
    "LIST_HEADERS",
    "RE_HEADER_SPLIT",
    "AcceptElement",
    "HeaderElement",
    "MalformedHeader",
    "Params",
    "decode_TEXT",
    "decode_TEXT_maybe",
    "header_elements",
    "q_separator",
    "split_quoted",
    "unquoted",
]

LIST_HEADERS: frozenset[str] = frozenset(
    (
        *("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language"),
        *("Accept-Ranges", "Allow", "Cache-Control", "Connection"),
        *("Content-Encoding", "Content-Language", "Expect", "Forwarded"),
        *("If-Match", "If-None-Match", "Pragma", "Proxy-Authenticate", "Te"),
        *("Trailer", "Transfer-Encoding", "Upgrade", "Vary", "Via", "Warning"),
        *("Www-Authenticate", "X-Forwarded-For"),
    )
)
"""Title-case names of the fields that may be repeated; they are joined by ``", "``."""

q_separator: Final[re.Pattern[str]] = re.compile("; *q *=")
"""Where the media range of an Accept element ends and its quality begins."""

RE_HEADER_SPLIT = re.compile(',(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A comma outside quotes. For old programs: `split_quoted` takes linear time."""


class MalformedHeader(ValueError):
    """A header value that cannot be understood; the client's mistake, answer 400."""


@total_ordering
class HeaderElement:
    """One element of a header value: a value and its parameters.

    ``str()`` of it is the element again, ``value;name=parameter``.

    Args:
        value: What stands before the first semicolon.
        params: The parameters by name.
    """

    def __init__(self, value: str, params: Params | None = None) -> None:
        self.value = value
        self.params: Params = {} if params is None else params

    def __lt__(self, other: HeaderElement) -> bool:
        return self.value < other.value

    def __str__(self) -> str:
        return self.value + "".join([f";{k}={v}" for k, v in self.params.items()])

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    @staticmethod
    def parse(elementstr: str) -> tuple[str, Params]:
        """Split ``value;name=parameter`` into the value and a dict of parameters.

        Quotes around a parameter are taken off. A parameter without ``=`` is left
        out.

        Args:
            elementstr: One element of a header value.
        """
        value, *rest = split_quoted(elementstr, ";")
        params: Params = {}
        for item in rest:
            name, equals, text = item.partition("=")
            if equals:
                params[name.strip()] = unquoted(text.strip())
        return value.strip(), params

    @classmethod
    def from_str(cls, elementstr: str) -> HeaderElement:
        """Make an element from ``value;name=parameter``."""
        value, params = cls.parse(elementstr)
        return cls(value, params)


Params: TypeAlias = dict[str, str | HeaderElement]
"""Parameters by name. Only the ``q`` of an Accept element has parameters itself."""


class AcceptElement(HeaderElement):
    """One element of an ``Accept*`` field, ordered by how much it is preferred.

    Of two elements the greater one is preferred: by quality first, then by text, so
    that ``text/html;level=1`` > ``text/html`` > ``text/*`` > ``*/*``.
    """

    @classmethod
    def from_str(cls, elementstr: str) -> AcceptElement:
        """Make an element from ``media/range;level=1;q=0.5;extension=x``.

        What follows ``q`` belongs to the quality, not to the media range; it is kept
        in ``params["q"].params``.
        """
        separator = q_separator.search(elementstr)
        if separator is None:
            return cls(*cls.parse(elementstr))
        value, params = cls.parse(elementstr[: separator.start()])
        params["q"] = HeaderElement.from_str(elementstr[separator.end() :])
        return cls(value, params)

    @property
    def qvalue(self) -> float:
        """The quality, from 0.0 for "not at all" to 1.0.

        Raises:
            MalformedHeader: What the client sent is no quality.
        """
        given = self.params.get("q")
        if given is None:
            return 1.0
        try:
            quality = float(given.value if isinstance(given, HeaderElement) else given)
        except ValueError:
            quality = -1.0
        # So written, it also refuses "nan", which is not greater than anything.
        if not quality >= 0.0:
            raise MalformedHeader(f"Malformed HTTP header: `{self}`")
        return min(quality, 1.0)

    def __lt__(self, other: HeaderElement) -> bool:
        return _preference(self) < _preference(other)


def header_elements(fieldname: str, fieldvalue: str | None) -> list[HeaderElement]:
    """Return the elements of a header value, the most preferred first.

    Elements of ``Accept*`` and ``TE`` are ordered by their quality, all others by
    their text in descending order. Empty elements are left out.

    Args:
        fieldname: The name of the field, in Title-Case.
        fieldvalue: Its value, or None if there is no such field.

    Raises:
        MalformedHeader: A quality is no number.
    """
    if not fieldvalue:
        return []
    texts = [text for text in split_quoted(fieldvalue, ",") if text.strip()]
    if fieldname.startswith("Accept") or fieldname in ("TE", "Te"):
        ranges = [AcceptElement.from_str(text) for text in texts]
        return sorted(ranges, key=_preference, reverse=True)
    return sorted(map(HeaderElement.from_str, texts), key=_value, reverse=True)


def _preference(element: HeaderElement) -> tuple[float, str]:
    """Return what Accept elements are compared by."""
    quality = element.qvalue if isinstance(element, AcceptElement) else 1.0
    return quality, str(element)


def _value(element: HeaderElement) -> str:
    """Return what other elements are compared by."""
    return element.value


# A quoted string, which may lack its end, or the separator.
_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)'
_SPLITTERS = {x: re.compile(f"{_QUOTED}|{x}", re.DOTALL) for x in (",", ";")}


def split_quoted(text: str, separator: str) -> list[str]:
    """Split a text at each separator that does not stand within double quotes.

    Args:
        text: A header value or a part of one.
        separator: A comma or a semicolon.
    """
    if '"' not in text:
        return text.split(separator)
    pieces = []
    start = 0
    for match in _SPLITTERS[separator].finditer(text):
        if match[0] == separator:
            pieces.append(text[start : match.start()])
            start = match.end()
    pieces.append(text[start:])
    return pieces


_BACKSLASHED = re.compile(r"\\(.)", re.DOTALL)


def unquoted(text: str) -> str:
    """Return the text in a quoted string; other text is returned as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    text = text[1:-1]
    return _BACKSLASHED.sub(r"\1", text) if "\\" in text else text


_ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)[ \t]+(?==\?)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def decode_TEXT(value: str) -> str:
    """Decode the encoded words of RFC 2047 in a header value.

    A word that cannot be decoded, or that hides control characters, stays as it is.

    Args:
        value: The value of a header field.
    """
    return _ENCODED_WORD.sub(_decoded_word, _BETWEEN_WORDS.sub(r"\1", value))


def decode_TEXT_maybe(value: str) -> str:
    """Decode the encoded words of RFC 2047 if the value looks as if it had any."""
    return decode_TEXT(value) if "=?" in value else value


def _decoded_word(word: re.Match[str]) -> str:
    """Return the text of one encoded word, or the word itself."""
    charset, encoding, text = word.groups()
    try:
        # A language may follow the charset (RFC 2231 §5).
        codec = known_charset(charset.partition("*")[0])
        raw = text.encode("ascii")
        raw = a2b_base64(raw) if encoding in "bB" else a2b_qp(raw, header=True)
        decoded = raw.decode(codec)
    except (LookupError, ValueError):
        return word[0]
    return word[0] if _CONTROLS.search(decoded) else decoded
