"""Which charsets clients may name."""

from __future__ import annotations

import codecs

import pytest

from cherrypy.http.charsets import known_charset


@pytest.mark.parametrize(
    "name",
    [
        *("utf-8", "UTF-8", "utf8", '"utf-8"', "ISO-8859-1", "latin-1", "us-ascii"),
        *("windows-1252", "cp1252", "koi8-r", "KOI8-U", "Shift_JIS", "gb18030"),
        *("Big5", "iso-8859-15", "euc-kr", "utf-16", "utf-8-sig"),
    ],
)
def test_common_charsets_are_known(name: str) -> None:
    assert (
        codecs.lookup(known_charset(name)).name == codecs.lookup(name.strip('"')).name
    )


@pytest.mark.parametrize(
    "name",
    [
        *("", "nope", "punycode", "idna", "unicode_escape", "raw-unicode-escape"),
        *("utf-7", "base64", "bz2", "zip", "rot13", "hex", "quopri", "uu", "mbcs"),
        *("../x", "a" * 9),
    ],
)
def test_others_and_codecs_that_are_no_charsets_are_not(name: str) -> None:
    with pytest.raises(LookupError, match="unknown charset"):
        known_charset(name)
