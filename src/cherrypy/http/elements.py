"""The parts of a header value: elements, their parameters, and what is preferred."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, a2b_qp
from functools import total_ordering

__all__ = [
    "LIST_HEADERS",
    "RE_HEADER_SPLIT",
    "AcceptElement",
    "HeaderElement",
    "MalformedHeader",
    "decode_TEXT",
    "decode_TEXT_maybe",
    "header_elements",
    "q_separator",
    "split_quoted",
]

LIST_HEADERS: frozenset[str] = frozenset(
    (
        *("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language"),
        *("Accept-Ranges", "Allow", "Cache-Control", "Connection"),
        *("Content-Encoding", "Content-Language", "Expect", "If-Match"),
        *("If-None-Match", "Pragma", "Proxy-Authenticate", "Te", "Trailer"),
        *("Transfer-Encoding", "Upgrade", "Vary", "Via", "Warning"),
        *("Www-Authenticate", "Forwarded", "X-Forwarded-For"),
    )
)
"""Title-case names of fields that may be repeated; they are joined by ", "."""

q_separator = re.compile("; *q *=")
"""Where the media range of an Accept element ends and its quality begins."""

RE_HEADER_SPLIT = re.compile(',(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A comma outside quotes. Documented; `split_quoted` does the same in linear time."""


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

    def __init__(
        self, value: str, params: dict[str, str | HeaderElement] | None = None
    ) -> None:
        self.value = value
        self.params = {} if params is None else params

    def __lt__(self, other: HeaderElement) -> bool:
        return self.value < other.value

    def __str__(self) -> str:
        return self.value + "".join(f";{k}={v}" for k, v in self.params.items())

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    @staticmethod
    def parse(elementstr: str) -> tuple[str, dict[str, str | HeaderElement]]:
        """Split ``value;name=parameter`` into the value and a dict of parameters.

        Quotes around a parameter are taken off. Parameters without ``=`` are left
        out.

        Args:
            elementstr: One element of a header value.
        """
        value, *rest = split_quoted(elementstr, ";")
        params: dict[str, str | HeaderElement] = {}
        for item in rest:
            name, equals, text = item.partition("=")
            if equals:
                params[name.strip()] = _unquoted(text.strip())
        return value.strip(), params

    @classmethod
    def from_str(cls, elementstr: str) -> HeaderElement:
        """Make an element from ``value;name=parameter``."""
        value, params = cls.parse(elementstr)
        return cls(value, params)


class AcceptElement(HeaderElement):
    """One element of an ``Accept*`` field, ordered by how much it is preferred.

    Of two elements the greater one is preferred: by quality first, then by text, so
    that ``text/html;level=1`` > ``text/html`` > ``text/*`` > ``*/*``.
    """

    @classmethod
    def from_str(cls, elementstr: str) -> AcceptElement:
        """Make an element from ``media/range;level=1;q=0.5;extension=x``.

        What follows ``q`` belongs to the quality, not to the media range
        (RFC 7231 §5.3.2); it is found in ``params["q"].params``.
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
            MalformedHeader: The client sent something that is no quality.
        """
        given = self.params.get("q", "1")
        text = given.value if isinstance(given, HeaderElement) else given
        try:
            quality = float(text)
        except ValueError:
            quality = -1.0
        # Also refuses "nan", which is not greater than anything.
        if not quality >= 0.0:
            raise MalformedHeader(f"Malformed HTTP header: `{self}`")
        return min(quality, 1.0)

    def __lt__(self, other: HeaderElement) -> bool:
        mine, others = self.qvalue, getattr(other, "qvalue", 1.0)
        if mine == others:
            return str(self) < str(other)
        return bool(mine < others)


def header_elements(fieldname: str, fieldvalue: str | None) -> list[HeaderElement]:
    """Return the elements of a header value, the most preferred first.

    Elements of ``Accept*`` and ``TE`` are ordered by their quality, all others by
    their text in descending order.

    Args:
        fieldname: The name of the field, in Title-Case.
        fieldvalue: Its value, or None if there is no such field.

    Raises:
        MalformedHeader: A quality is no number.
    """
    if not fieldvalue:
        return []
    accepts = fieldname.startswith("Accept") or fieldname == "TE"
    kind = AcceptElement if accepts else HeaderElement
    elements = [kind.from_str(text) for text in split_quoted(fieldvalue, ",")]
    elements.sort(reverse=True)
    return elements


def split_quoted(text: str, separator: str) -> list[str]:
    """Split a text at each separator that does not stand within double quotes.

    Args:
        text: A header value or a part of one.
        separator: One character.
    """
    if '"' not in text:
        return text.split(separator)
    pieces = []
    start = 0
    for match in _QUOTED_OR_OTHER.finditer(text):
        if match[0] == separator:
            pieces.append(text[start : match.start()])
            start = match.end()
    pieces.append(text[start:])
    return pieces


# A quoted string, also one that is never closed, or any one character.
_QUOTED_OR_OTHER = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|.', re.DOTALL)


def _unquoted(text: str) -> str:
    """Take the quotes off a quoted string and undo its backslashes."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    text = text[1:-1]
    return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text


_ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)\s+(?==\?)")
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
        if encoding in "bB":
            raw = a2b_base64(text.encode("ascii"))
        else:
            raw = a2b_qp(text.encode("ascii"), header=True)
        decoded = raw.decode(charset)
    except (LookupError, UnicodeError, Base64Error, ValueError):
        return word[0]
    return word[0] if _CONTROLS.search(decoded) else decoded
