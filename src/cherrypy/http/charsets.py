"""Which charsets clients may name."""

from __future__ import annotations

from encodings.aliases import aliases

__all__ = ["known_charset"]

# Not every codec is a charset: some turn bytes into bytes; punycode and idna take
# quadratic time; the escape codecs run a little language; UTF-7 smuggles markup.
_REFUSED = frozenset(
    (
        *("base64_codec", "bz2_codec", "hex_codec", "idna", "mbcs", "punycode"),
        *("quopri_codec", "raw_unicode_escape", "rot_13", "undefined"),
        *("unicode_escape", "utf_7", "uu_codec", "zlib_codec"),
    )
)

# Codecs that have no alias and so are missing from the table.
_WITHOUT_ALIAS = ("koi8_t", "koi8_u", "utf_8_sig")

# The names that Python itself knows. Asking `codecs.lookup` instead would keep every
# name ever asked for, and look for a file of that name.
_KNOWN = {
    name: codec
    for pairs in (
        ((codec, codec) for codec in aliases.values()),
        ((name, codec) for name, codec in aliases.items()),
        ((codec, codec) for codec in _WITHOUT_ALIAS),
    )
    for name, codec in pairs
    if codec not in _REFUSED
}


def known_charset(name: str) -> str:
    """Return the codec for a charset that a client has named.

    Args:
        name: ``utf-8``, ``ISO-8859-1``, ``"windows-1252"``; case does not matter.

    Returns:
        A name to give to `bytes.decode`.

    Raises:
        LookupError: There is no such charset; answer 415.
    """
    folded = name.strip('"').lower().replace("-", "_")
    codec = _KNOWN.get(folded)
    if codec is None:
        raise LookupError(f"unknown charset: {name!r}")
    return codec
