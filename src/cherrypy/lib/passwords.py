"""Keep passwords as salted hashes, and check them.

What is stored does not tell the password: a random salt, and a hash that takes memory
and time on purpose, so that whoever gets hold of it cannot try many::

    stored = hash_password("correct horse")
    check_password("correct horse", stored)  # True

The hashes are strings that say how they were made: ``$scrypt$ln=15,r=8,p=3$SALT$HASH``
by default, ``$argon2id$...`` with the extra ``argon2``. So the cost may be raised
later; `needs_rehash` tells which hashes are of the old kind.
"""

from __future__ import annotations

import os
import threading
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Scheme = Literal["scrypt", "argon2"]

__all__ = [
    "MalformedHash",
    "PasswordChecker",
    "check_password",
    "checkpassword_hashes",
    "equal_secrets",
    "hash_password",
    "needs_rehash",
]

_KEY = os.urandom(32)
"""Of this process only: what is compared under it means nothing elsewhere."""


class MalformedHash(ValueError):
    """What is stored for a user is no hash that `hash_password` makes."""


class _Scrypt(NamedTuple):
    """The cost of scrypt (RFC 7914): 128 · r · 2**log_n bytes of memory, p times."""

    log_n: int
    r: int
    p: int

    def hash(self, password: str, salt: bytes, length: int) -> bytes:
        from hashlib import scrypt  # lazy: 2 ms of import

        memory = 128 * self.r * ((1 << self.log_n) + self.p + 2)
        return scrypt(
            _as_bytes(password),
            salt=salt,
            n=1 << self.log_n,
            r=self.r,
            p=self.p,
            maxmem=memory + 65536,
            dklen=length,
        )


# 32 MiB and about a tenth of a second: what OWASP's password storage cheat sheet
# recommends, in the variant with the least memory that a busy server should spend.
_COST = _Scrypt(15, 8, 3)

# More than 1 GiB, or more than a minute, is a slip of the pen.
_MOST = _Scrypt(20, 32, 64)
_SALT_BYTES = 16
_HASH_BYTES = 32


def hash_password(password: str, *, scheme: Scheme = "scrypt") -> str:
    """Return a salted hash of a password, another one each time.

    Takes about a tenth of a second and 32 MiB of memory, on purpose.

    Args:
        password: Any text. Forms of Unicode that look the same count as the same.
        scheme: ``argon2`` needs the extra: ``pip install morello[argon2]``.

    Raises:
        ImportError: `scheme` is ``argon2``, and its package is not installed.
    """
    if scheme == "argon2":
        made: str = _argon2().hash(_as_bytes(password))
        return made
    salt = os.urandom(_SALT_BYTES)
    return _written(_COST, salt, _COST.hash(password, salt, _HASH_BYTES))


def check_password(password: str, hashed: str) -> bool:
    """Tell whether a password is the one that was hashed, in constant time.

    Args:
        password: What the user has typed.
        hashed: What `hash_password` returned, with any cost.

    Raises:
        MalformedHash: `hashed` is no such thing.
        ImportError: It is of argon2, whose package is not installed.
    """
    if hashed.startswith("$argon2"):
        return _check_argon2(password, hashed)
    cost, salt, expected = _understood(hashed)
    from hmac import compare_digest  # lazy: 3 ms of import

    return compare_digest(cost.hash(password, salt, len(expected)), expected)


def needs_rehash(hashed: str, *, scheme: Scheme = "scrypt") -> bool:
    """Tell whether a hash should be replaced, when next the password is at hand.

    Args:
        hashed: What `hash_password` returned once.
        scheme: What new hashes are made with.

    Returns:
        True if it was made by another scheme, or with less or more cost than today.

    Raises:
        MalformedHash: It is no hash.
        ImportError: `scheme` is ``argon2``, and its package is not installed.
    """
    is_argon2 = hashed.startswith("$argon2")
    if is_argon2 != (scheme == "argon2"):
        return True
    if is_argon2:
        try:
            old: bool = _argon2().check_needs_rehash(hashed)
        except Exception as problem:  # boundary: the library has its own errors
            raise _malformed(hashed) from problem
        return old
    cost, salt, expected = _understood(hashed)
    return (cost, len(salt), len(expected)) != (_COST, _SALT_BYTES, _HASH_BYTES)


def equal_secrets(one: str | bytes, other: str | bytes) -> bool:
    """Compare two secrets in a time that tells nothing of either, nor of lengths."""
    from hashlib import blake2b  # lazy: 2 ms of import
    from hmac import compare_digest

    return compare_digest(
        blake2b(_as_bytes(one), key=_KEY).digest(),
        blake2b(_as_bytes(other), key=_KEY).digest(),
    )


class PasswordChecker:
    """Checks names and passwords against stored hashes; for ``tools.auth_basic``.

    Browsers send the password with every request, and a hash takes a tenth of a
    second. So a password that was right is remembered for a while, as a keyed hash
    that means nothing outside this process. One that was wrong is not. A user whom
    nobody knows takes as long as one with a wrong password.

    Args:
        hashes: By user name what `hash_password` returned. A mapping of your own may
            look elsewhere; only its ``get`` is used.
        remember_seconds: How long a right password need not be hashed again; it is
            hashed again at once when the stored hash has changed. 0 for never.
        at_once: How many passwords are hashed at the same time at most; the others
            wait. Bounds the memory and the processors that strangers can occupy.
        scheme: As what unknown users are hashed; say what most of `hashes` are.
    """

    def __init__(
        self,
        hashes: Mapping[str, str],
        *,
        remember_seconds: float = 300,
        at_once: int = 2,
        scheme: Scheme = "scrypt",
    ) -> None:
        self.hashes = hashes
        self.remember_seconds = remember_seconds
        self._turn = threading.BoundedSemaphore(at_once)
        # Guarded by the lock, to which all threads that answer requests come.
        self._lock = threading.Lock()
        self._right: OrderedDict[bytes, float] = OrderedDict()
        self._nobody = _hash_of_nobody(scheme)

    def __call__(self, realm: str, username: str, password: str) -> bool:
        """Tell whether this is the user's password.

        Raises:
            MalformedHash: What is stored for the user is no hash.
        """
        hashed = self.hashes.get(username)
        if hashed is None:
            with self._turn:
                check_password(password, self._nobody)
            return False
        if not self.remember_seconds:
            with self._turn:
                return check_password(password, hashed)
        mark = _mark(username, password, hashed)
        now = monotonic()
        with self._lock:
            if self._right.get(mark, 0.0) > now:
                return True
        with self._turn:
            right = check_password(password, hashed)
        if right:
            with self._lock:
                self._right[mark] = now + self.remember_seconds
                self._right.move_to_end(mark)
                while len(self._right) > _REMEMBERED:
                    self._right.popitem(last=False)
        return right


# Passwords remembered at most; 64 bytes each, and what Python puts around them.
_REMEMBERED = 10_000


def checkpassword_hashes(
    hashes: Mapping[str, str], **options: Any
) -> Callable[[str, str, str], bool]:
    """Make a ``checkpassword`` for ``tools.auth_basic`` from stored hashes.

    Example::

        USERS = {"alice": "$scrypt$ln=15,r=8,p=3$..."}
        config = {
            "tools.auth_basic.on": True,
            "tools.auth_basic.realm": "home",
            "tools.auth_basic.checkpassword": checkpassword_hashes(USERS),
        }

    Args:
        hashes: By user name what `hash_password` returned.
        **options: Those of `PasswordChecker`.

    Raises:
        MalformedHash: One of the hashes is none; better now than at its user's login.
    """
    if isinstance(hashes, dict):
        for hashed in hashes.values():
            if not hashed.startswith("$argon2"):
                _understood(hashed)
    return PasswordChecker(hashes, **options)


def _hash_of_nobody(scheme: Scheme) -> str:
    """Return a hash to compare with where there is none."""
    if scheme == "argon2":
        return hash_password(os.urandom(16).hex(), scheme=scheme)
    # Of nothing at all, which saves making one.
    return _written(_COST, os.urandom(_SALT_BYTES), os.urandom(_HASH_BYTES))


def _mark(*secrets: str) -> bytes:
    from hashlib import blake2b  # lazy: 2 ms of import

    mark = blake2b(key=_KEY)
    for secret in secrets:
        content = _as_bytes(secret)
        mark.update(len(content).to_bytes(8, "big") + content)
    return mark.digest()


def _as_bytes(secret: str | bytes) -> bytes:
    if isinstance(secret, bytes):
        return secret
    if not secret.isascii():
        import unicodedata  # lazy: a megabyte that only some passwords need

        # RFC 8265 §4.2: keyboards differ in how they compose an é.
        secret = unicodedata.normalize("NFC", secret)
    return secret.encode("utf-8", "surrogatepass")


def _written(cost: _Scrypt, salt: bytes, hashed: bytes) -> str:
    log_n, r, p = cost
    return f"$scrypt$ln={log_n},r={r},p={p}${_base64(salt)}${_base64(hashed)}"


def _understood(hashed: str) -> tuple[_Scrypt, bytes, bytes]:
    """Return cost, salt and hash of a string that scrypt's hashes are kept in."""
    try:
        empty, name, parameters, salt, expected = hashed.split("$")
        values = dict(pair.split("=") for pair in parameters.split(","))
        cost = _Scrypt(int(values["ln"]), int(values["r"]), int(values["p"]))
        content = _from_base64(salt), _from_base64(expected)
    except (ValueError, KeyError, NotBase64) as problem:
        raise _malformed(hashed) from problem
    if (
        (empty, name) != ("", "scrypt")
        or len(values) != 3
        or not all(1 <= value <= most for value, most in zip(cost, _MOST, strict=True))
        or len(content[1]) < 16
    ):
        raise _malformed(hashed)
    return cost, *content


def _malformed(hashed: str) -> MalformedHash:
    # Not the whole: hashes should not get into logs.
    return MalformedHash(
        f"{hashed[:8]!r}... is no hash of a password. Store what "
        "cherrypy.lib.passwords.hash_password returns."
    )


def _base64(content: bytes) -> str:
    return b2a_base64(content, newline=False).rstrip(b"=").decode("ascii")


def _from_base64(text: str) -> bytes:
    return a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)


def _argon2() -> Any:
    """Return the hasher of the extra, with the parameters that it recommends."""
    try:
        from argon2 import PasswordHasher  # an extra
    except ImportError as problem:
        raise ImportError(
            "Hashes of argon2 need a package: pip install morello[argon2]"
        ) from problem
    return PasswordHasher()


def _check_argon2(password: str, hashed: str) -> bool:
    hasher = _argon2()
    from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

    try:
        hasher.verify(hashed, _as_bytes(password))
    except VerifyMismatchError:
        return False
    except (Argon2Error, InvalidHashError) as problem:
        raise _malformed(hashed) from problem
    return True
