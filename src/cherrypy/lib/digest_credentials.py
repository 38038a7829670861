"""What a client says in Digest Authentication, and how it is calculated (RFC 7616).

Documented in `auth_digest`, which decides; here it is only understood.
"""

from __future__ import annotations

import re
import time
from os import urandom
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from cherrypy.environment.site import log

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DEFAULT_CHARSET",
    "FALLBACK_CHARSET",
    "TRACE",
    "HttpDigestAuthorization",
    "ha1",
    "hash_by_algorithm",
    "hash_of_file",
    "md5_hex",
    "nonce_is_ours",
    "parse_auth_params",
    "qop_auth",
    "qop_auth_int",
    "synthesize_nonce",
    "valid_algorithms",
    "valid_qops",
]

qop_auth = "auth"
"""The digest covers method and URI."""

qop_auth_int = "auth-int"
"""The digest covers the body, too."""

valid_qops: Final[tuple[str, ...]] = (qop_auth, qop_auth_int)
"""What a client may choose from, as far as it is offered."""

valid_algorithms: Final[tuple[str, ...]] = (
    "MD5",
    "MD5-sess",
    "SHA-256",
    "SHA-256-sess",
)
"""What a client may choose from, as far as it is offered."""

FALLBACK_CHARSET = "ISO-8859-1"
"""What a header is taken for that is not in the charset that was asked for."""

DEFAULT_CHARSET = "UTF-8"
"""What clients are asked to encode names and passwords in (RFC 7616 §4)."""


def TRACE(msg: str) -> None:
    """Log what is done, where debugging is switched on."""
    log(msg, context="TOOLS.AUTH_DIGEST")


def md5_hex(s: str | bytes) -> str:
    """Return the MD5 of a text in UTF-8, as 32 hex digits."""
    from hashlib import md5  # lazy: 2 ms of import

    content = s.encode("utf-8") if isinstance(s, str) else s
    # Not what keeps secrets, but what old clients can do.
    return md5(content, usedforsecurity=False).hexdigest()


H = md5_hex
"""The hash of RFC 2617, an old name."""


def _sha256_hex(s: str | bytes) -> str:
    from hashlib import sha256  # lazy: 2 ms of import

    content = s.encode("utf-8") if isinstance(s, str) else s
    return sha256(content).hexdigest()


def hash_by_algorithm(algorithm: str) -> Callable[[str | bytes], str]:
    """Return the hash function of an algorithm, with or without ``-sess``.

    Raises:
        ValueError: The algorithm is not among `valid_algorithms`.
    """
    name = algorithm.upper().removesuffix("-SESS")
    if name == "MD5":
        return md5_hex
    if name == "SHA-256":
        return _sha256_hex
    raise ValueError(
        f"{algorithm!r} is no algorithm of ours; there are: "
        f"{', '.join(valid_algorithms)}."
    )


def hash_of_file(file: IO[bytes], algorithm: str) -> str:
    """Return the hash of what is left of a file.

    Args:
        file: Open for reading bytes.
        algorithm: One of `valid_algorithms`.
    """
    from hashlib import new  # lazy: 2 ms of import

    name = algorithm.upper().removesuffix("-SESS").replace("-", "").lower()
    hashed = new(name, usedforsecurity=False)
    while chunk := file.read(65536):
        hashed.update(chunk)
    return hashed.hexdigest()


def ha1(realm: str, username: str, password: str, algorithm: str = "MD5") -> str:
    """Return what is stored of a user instead of the password.

    Whoever has it can log in to this realm; keep it as secret as the password.

    Args:
        realm: The realm for which it holds.
        username: The user's name.
        password: The user's password.
        algorithm: One of `valid_algorithms`.
    """
    return hash_by_algorithm(algorithm)(f"{username}:{realm}:{password}")


_SALT_DIGITS = 16


def synthesize_nonce(s: str, key: str, timestamp: int | None = None) -> str:
    """Make a nonce that nobody can forge, and that tells its age.

    Args:
        s: What it is for: the realm.
        key: A secret of the server.
        timestamp: Seconds since the epoch. Without it, now, and the nonce is another
            one each time, so that each client has its own.
    """
    if timestamp is not None:
        # documented behaviour: time and hash.
        return f"{timestamp}:{md5_hex(f'{timestamp}:{s}:{key}')}"
    now = str(int(time.time()))
    salt = urandom(_SALT_DIGITS // 2).hex()
    return f"{now}:{salt}{_seal(now, salt, s, key)}"


def _seal(timestamp: str, salt: str, s: str, key: str) -> str:
    from hmac import new  # lazy: 3 ms of import

    return new(
        key.encode("utf-8"), f"{timestamp}:{salt}:{s}".encode(), "sha256"
    ).hexdigest()


def nonce_is_ours(nonce: str, s: str, key: str) -> bool:
    """Tell whether `synthesize_nonce` has made a nonce, for the same `s` and `key`."""
    from hmac import compare_digest  # lazy: 3 ms of import

    timestamp, _, rest = nonce.partition(":")
    # Bounded: a number of thousands of digits takes quadratic time.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20):
        return False
    if len(rest) == 32:
        expected = md5_hex(f"{timestamp}:{s}:{key}")
    else:
        salt = rest[:_SALT_DIGITS]
        expected = salt + _seal(timestamp, salt, s, key)
    return compare_digest(rest.encode("utf-8"), expected.encode("utf-8"))


_PARAM = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*"
    r'(?:"((?:[^"\\]|\\.)*+)"|([^\s",=]+))[ \t]*(?:,|\Z)'
)
_EMPTY = re.compile(r"[ \t]*(?:,|\Z)")
_BACKSLASHED = re.compile(r"\\(.)")


def parse_auth_params(text: str) -> dict[str, str]:
    """Return the parameters of an ``Authorization`` field (RFC 9110 §11.2).

    Args:
        text: What follows the scheme: ``realm="x", nonce=y``.

    Returns:
        The values by name in lower case, without quotes.

    Raises:
        ValueError: It is no list of parameters, or one is there twice.
    """
    params: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAM.match(text, position)
        if match is None:
            # Lists may have empty elements (RFC 9110 §5.6.1).
            empty = _EMPTY.match(text, position)
            if empty is None:
                raise ValueError(f"{text[position : position + 40]!r} is no parameter.")
            position = empty.end()
            continue
        name, quoted, token = match.groups()
        name = name.lower()
        if name in params:
            raise ValueError(f"The parameter {name!r} is there twice.")
        if quoted is None:
            params[name] = token
        else:
            params[name] = _BACKSLASHED.sub(r"\1", quoted) if "\\" in quoted else quoted
        position = match.end()
    return params


class HttpDigestAuthorization:
    """The credentials in an ``Authorization`` field of the scheme Digest.

    Args:
        auth_header: The value of the field, as it came in ISO-8859-1.
        http_method: The method of the request.
        debug: Log what is done.
        accept_charset: What the client was asked to encode it in; what does not fit
            is taken for ISO-8859-1.

    Raises:
        ValueError: The field cannot be understood, lacks parameters, or asks for an
            algorithm or protection that we do not have.
    """

    scheme: str = "digest"
    """The name of the scheme."""

    def __init__(
        self,
        auth_header: str,
        http_method: str,
        debug: bool = False,
        accept_charset: str = DEFAULT_CHARSET,
    ) -> None:
        self.http_method = http_method
        self.debug = debug
        if not self.matches(auth_header):
            raise ValueError('Authorization scheme is not "Digest"')
        self.auth_header: str = _decoded(auth_header, accept_charset)
        try:
            params = parse_auth_params(self.auth_header.partition(" ")[2])
        except ValueError as problem:
            raise ValueError(self.errmsg(str(problem))) from problem
        self.realm: str | None = params.get("realm")
        self.username: str | None = self._username(params)
        self.nonce: str | None = params.get("nonce")
        self.uri: str | None = params.get("uri")
        self.method: str | None = params.get("method")
        self.response: str | None = params.get("response")
        self.algorithm: str = _spelled(params.get("algorithm", "MD5"))
        self.cnonce: str | None = params.get("cnonce")
        self.opaque: str | None = params.get("opaque")
        self.qop: str | None = params.get("qop")
        self.nc: str | None = params.get("nc")
        self._check(params)

    def _username(self, params: dict[str, str]) -> str | None:
        extended = params.get("username*")
        if extended is None:
            return params.get("username")
        # RFC 7616 §3.4: for names that do not fit into a quoted string.
        charset, _, rest = extended.partition("'")
        encoded = rest.partition("'")[2]
        if "username" in params or charset.lower() != "utf-8":
            raise ValueError(self.errmsg("username* is malformed."))
        try:
            return unquote_to_bytes(encoded).decode("utf-8")
        except UnicodeDecodeError as problem:
            raise ValueError(self.errmsg("username* is not in UTF-8.")) from problem

    def _check(self, params: dict[str, str]) -> None:
        required = self.username, self.realm, self.nonce, self.response
        # An empty uri is what urllib says of a URL without a path.
        if not all(required) or self.uri is None:
            raise ValueError(self.errmsg("Not all required parameters are present."))
        if self.algorithm not in valid_algorithms:
            raise ValueError(
                self.errmsg(f"Unsupported value for algorithm: {self.algorithm!r}")
            )
        if any(c < " " or c == "\x7f" for c in str(self.username)):
            raise ValueError(self.errmsg("username has control characters."))
        if params.get("userhash", "false").lower() != "false":
            raise ValueError(self.errmsg("userhash was not offered."))
        if not self.qop:
            if self.cnonce or self.nc:
                raise ValueError(
                    self.errmsg("If qop is not sent, neither cnonce nor nc can be.")
                )
            if self.algorithm.endswith("-sess"):
                raise ValueError(self.errmsg("A session needs qop and cnonce."))
            return
        if self.qop not in valid_qops:
            raise ValueError(self.errmsg(f"Unsupported value for qop: {self.qop!r}"))
        if not self.cnonce or not self.nc:
            raise ValueError(
                self.errmsg("If qop is sent then cnonce and nc MUST be present")
            )
        if _HEX_8.fullmatch(self.nc) is None:
            raise ValueError(self.errmsg("nc is no number of 8 hex digits."))

    @classmethod
    def matches(cls, header: str) -> bool:
        """Tell whether a field is of this scheme."""
        return header.partition(" ")[0].lower() == cls.scheme

    def errmsg(self, s: str) -> str:
        """Return an error text that names the field."""
        return f"Digest Authorization header: {s}"

    @property
    def count(self) -> int | None:
        """How often the client has used the nonce by now; None if it does not say."""
        return None if self.nc is None else int(self.nc, 16)

    def validate_nonce(self, s: str, key: str) -> bool:
        """Tell whether the nonce is one of ours, whatever its age.

        Args:
            s: What it was made for: the realm.
            key: The secret it was made with.
        """
        valid = nonce_is_ours(self.nonce or "", s, key)
        if self.debug:
            TRACE(f"validate_nonce: {valid}")
        return valid

    def is_nonce_stale(self, max_age_seconds: float = 600) -> bool:
        """Tell whether the nonce is too old; ask `validate_nonce` first.

        Args:
            max_age_seconds: How old a nonce may be.
        """
        stale = self.nonce_time() + max_age_seconds <= int(time.time())
        if self.debug:
            TRACE(f"nonce is stale: {stale}")
        return stale

    def nonce_time(self) -> int:
        """Return when the nonce was made, in seconds since the epoch; 0 if unknown."""
        timestamp = (self.nonce or "").partition(":")[0]
        if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20:
            return int(timestamp)
        return 0

    def HA2(self, entity_body: str | bytes = "") -> str:
        """Return the hash over what is asked for (RFC 7616 §3.4.3).

        Args:
            entity_body: What was sent; counts only where ``qop`` is ``auth-int``.
        """
        hashed = hash_by_algorithm(self.algorithm)
        if self.qop == qop_auth_int:
            return self._ha2_of(hashed(entity_body))
        return hashed(f"{self.http_method}:{self.uri}")

    def _ha2_of(self, body_hash: str) -> str:
        hashed = hash_by_algorithm(self.algorithm)
        return hashed(f"{self.http_method}:{self.uri}:{body_hash}")

    def request_digest(
        self,
        ha1: str,
        entity_body: str | bytes = "",
        *,
        body_hash: str | None = None,
    ) -> str:
        """Return what ``response`` must be (RFC 7616 §3.4.1).

        Args:
            ha1: What is stored of the user, see the function `ha1`.
            entity_body: What was sent; counts only where ``qop`` is ``auth-int``.
            body_hash: The hash of what was sent, if that is known already.
        """
        hashed = hash_by_algorithm(self.algorithm)
        if self.qop == qop_auth_int and body_hash is not None:
            ha2 = self._ha2_of(body_hash)
        else:
            ha2 = self.HA2(entity_body)
        if self.algorithm.endswith("-sess"):
            ha1 = hashed(f"{ha1}:{self.nonce}:{self.cnonce or ''}")
        if self.qop:
            middle = f"{self.nonce}:{self.nc}:{self.cnonce}:{self.qop}"
        else:
            middle = str(self.nonce)
        return hashed(f"{ha1}:{middle}:{ha2}")


_HEX_8 = re.compile(r"[0-9A-Fa-f]{8}")


def _spelled(algorithm: str) -> str:
    """Return an algorithm's name as we spell it; unknown ones as they are."""
    for known in valid_algorithms:
        if known.lower() == algorithm.lower():
            return known
    return algorithm


def _decoded(header: str, charset: str) -> str:
    try:
        raw = header.encode("iso-8859-1")
    except UnicodeEncodeError:
        return header  # Set by a program, or decoded by somebody else.
    try:
        return raw.decode(charset)
    except UnicodeDecodeError:
        return raw.decode(FALLBACK_CHARSET)
