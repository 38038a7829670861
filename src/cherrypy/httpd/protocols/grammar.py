"""The grammar of RFC 9110 and RFC 9112 as compiled patterns.

Every repetition is possessive: what was taken is not given back, so that a pattern
looks at each byte a bounded number of times, whatever the bytes are.
"""

from __future__ import annotations

import re

__all__ = [
    "ABSOLUTE_FORM",
    "AUTHORITY",
    "AUTHORITY_FORM",
    "BARE_CR_OR_LF",
    "CHUNK_LINE",
    "FIELD",
    "FIELDS",
    "HEAD",
    "METHOD",
    "STATUS",
    "TARGET",
    "TOKEN",
    "TOKEN_LIST",
    "TRAILING_BLANKS",
    "VERSION",
]

# RFC 9110 §5.6.2: token
_TCHAR = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"

# Methods are tokens, but ours have no lower-case letters: # documented behaviour:
# "get" is refused with 400. The longest registered method has 17 letters.
_METHOD = rb"[!#$%&'*+\-.^_`|~0-9A-Z]{1,64}+"

# RFC 9112 §3.2: no blank, no control, nothing above ASCII. Browsers send characters
# such as "|" unescaped, against RFC 3986, and are understood.
_TARGET = rb"[!-~]++"

# RFC 9110 §5.5 with RFC 9112 §5: visible characters, blanks, tabs and obs-text, on
# one line; obs-fold is refused (§5.2), and so is everything bare.
_VALUE = rb"[\t -~\x80-\xff]*+"

_FIELD = _TCHAR + rb"++:" + _VALUE + rb"(?<![\t ])"

HEAD = re.compile(
    rb"(%b) (%b) HTTP/1\.([0-9])((?:\r\n%b)*+)\r\n\r\n" % (_METHOD, _TARGET, _FIELD)
)
"""A request head to its end: method, target, minor version, all field lines.

Takes no blanks at the end of a line; where there are some, `TRAILING_BLANKS` helps.
"""

TRAILING_BLANKS = re.compile(rb"(?<=[^\t\n ])[\t ]++(?=\r\n)")
"""Blanks at the end of a line that is not blank."""

FIELDS = re.compile(rb"\r\n([^:_]++):[ \t]*+([^\r]*+)")
"""Takes the field lines of a valid head apart: name, value.

Passes over names with an underscore: CGI spells X_Auth and X-Auth alike, and nobody
may pose as the other.
"""

FIELD = re.compile(rb"(%b++):[ \t]*+(%b)" % (_TCHAR, _VALUE))
"""One field line without its CRLF: name, value (blanks at its end)."""

METHOD = re.compile(_METHOD)
"""A method."""

TARGET = re.compile(_TARGET)
"""A request-target of any form."""

TOKEN = re.compile(_TCHAR + rb"++")
"""A token (RFC 9110 §5.6.2)."""

TOKEN_LIST = re.compile(rb"%b++(?:[ \t]*+,[ \t]*+%b++)*+" % (_TCHAR, _TCHAR))
"""Tokens with commas between them."""

VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
"""HTTP-version (RFC 9112 §2.3): case-sensitive, one digit each."""

# RFC 3986 §3.2 without user information (RFC 9110 §4.2.4) and, in names, without
# percent-encoding and sub-delims, which no name in use has and attackers like. Names
# have 255 bytes at most (RFC 1035 §2.3.4), and addresses 45.
_HOST = rb"(?:[0-9A-Za-z._~\-]{1,255}+|\[[0-9A-Fa-f:.]{1,45}+\])"

AUTHORITY = re.compile(_HOST + rb"(?::([0-9]{0,5}+))?+")
"""A name or address and perhaps a port (RFC 9110 §7.2)."""

AUTHORITY_FORM = re.compile(_HOST + rb":([0-9]{1,5}+)")
"""The target of CONNECT (RFC 9112 §3.2.3); the port has to be there."""

ABSOLUTE_FORM = re.compile(
    rb"[Hh][Tt][Tt][Pp][Ss]?+://([^/?]++)(/[^?]*+)?+(?:\?(.*+))?+"
)
"""An absolute target (RFC 9112 §3.2.2): authority, path, query."""

# RFC 9112 §7.1.1, without BWS, which no client in use sends.
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"'
_EXTENSION = rb";%b++(?:=(?:%b++|%b))?+" % (_TCHAR, _TCHAR, _QUOTED)

BARE_CR_OR_LF = re.compile(rb"\r(?!\n)|(?<!\r)\n")
"""A CR or LF that is no part of a CRLF."""

CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]++)((?:%b)*+)" % _EXTENSION)
"""One chunk-size line without its CRLF: size, extensions."""

STATUS = re.compile(rb"([1-5][0-9]{2})(?: [\t -~\x80-\xff]*+)?+")
"""Code and reason of an answer (RFC 9112 §4)."""
