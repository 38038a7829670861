"""The functions under Basic and Digest of CherryPy 3 to 10; deprecated.

Use `cherrypy.lib.auth_basic` and `cherrypy.lib.auth_digest`. First `doAuth` makes the
challenge of a 401; then `parseAuthorization` understands the answer, and
`checkResponse` compares it with a password. They do not look at the age of a nonce,
nor whether it was used before.
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

from cherrypy.lib.auth_basic import credentials as _basic_credentials
from cherrypy.lib.digest_credentials import (
    HttpDigestAuthorization,
    md5_hex,
    parse_auth_params,
)
from cherrypy.lib.passwords import equal_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "AUTH",
    "AUTH_INT",
    "AUTH_RESPONSES",
    "AUTH_SCHEMES",
    "DIGEST_AUTH_ENCODERS",
    "MD5",
    "MD5_SESS",
    "SUPPORTED_ALGORITHM",
    "SUPPORTED_QOP",
    "basicAuth",
    "calculateNonce",
    "checkResponse",
    "digestAuth",
    "doAuth",
    "md5SessionKey",
    "parseAuthorization",
]

MD5 = "MD5"
MD5_SESS = "MD5-sess"
AUTH = "auth"
AUTH_INT = "auth-int"

SUPPORTED_ALGORITHM = (MD5, MD5_SESS)
"""The algorithms of Digest that are understood here."""

SUPPORTED_QOP = (AUTH, AUTH_INT)
"""What a digest may cover."""

DIGEST_AUTH_ENCODERS: dict[str, Callable[[str | bytes], str]] = {
    MD5: md5_hex,
    MD5_SESS: md5_hex,
}
"""The hash function of each algorithm: text to hex digits."""


def calculateNonce(realm: str, algorithm: str = MD5) -> str:
    """Return a nonce: the hash of time and realm.

    Raises:
        NotImplementedError: There is no such algorithm.
    """
    _warn("calculateNonce")
    return _nonce(realm, algorithm)


def digestAuth(
    realm: str, algorithm: str = MD5, nonce: str | None = None, qop: str = AUTH
) -> str:
    """Return a challenge of Digest, for ``WWW-Authenticate`` (RFC 2617 §3.2.1).

    Args:
        realm: What the browser tells the user that name and password are for.
        algorithm: One of `SUPPORTED_ALGORITHM`.
        nonce: What the client is to hash; by default `calculateNonce`.
        qop: One of `SUPPORTED_QOP`.

    Raises:
        NotImplementedError: There is no such algorithm.
    """
    _warn("digestAuth")
    return _digest_challenge(realm, algorithm, nonce, qop)


def basicAuth(realm: str) -> str:
    """Return a challenge of Basic, for ``WWW-Authenticate`` (RFC 7617 §2)."""
    _warn("basicAuth")
    return _basic_challenge(realm)


def doAuth(realm: str) -> str:
    """Return a challenge of both: Digest, and Basic for clients that cannot do that."""
    _warn("doAuth")
    return f"{_digest_challenge(realm)} {_basic_challenge(realm)}"


def parseAuthorization(credentials: str) -> dict[str, Any] | None:
    """Return what an ``Authorization`` field says; None if it cannot be understood.

    Returns:
        The parameters by name, those of Basic as ``username`` and ``password``;
        ``auth_scheme`` is ``basic`` or ``digest``.
    """
    _warn("parseAuthorization")
    scheme, _, said = credentials.partition(" ")
    parse = AUTH_SCHEMES.get(scheme.lower())
    params = parse(said) if parse is not None else None
    return None if params is None else {"auth_scheme": scheme.lower(), **params}


def md5SessionKey(params: Mapping[str, str], password: str) -> str:
    """Return the session key of MD5-sess, to be kept for later requests.

    Args:
        params: What `parseAuthorization` returned for the first request.
        password: The user's password.
    """
    _warn("md5SessionKey")
    return _session_key(params, password)


def checkResponse(
    auth_map: Mapping[str, Any],
    password: str,
    method: str = "GET",
    encrypt: Callable[..., str] | None = None,
    **kwargs: Any,
) -> bool:
    """Tell whether what a client says fits the password.

    Args:
        auth_map: What `parseAuthorization` returned.
        password: The user's password; for Basic as `encrypt` makes it.
        method: The method of the request.
        encrypt: For Basic: what makes of the password that was sent what is kept.
        **kwargs: For Digest: ``A1``, what `md5SessionKey` returned; ``entity_body``;
            ``realm``, which the client must have named.
    """
    _warn("checkResponse")
    checked = AUTH_RESPONSES[auth_map["auth_scheme"]]
    return checked(auth_map, password, method=method, encrypt=encrypt, **kwargs)


def _nonce(realm: str, algorithm: str) -> str:
    try:
        hashed = DIGEST_AUTH_ENCODERS[algorithm]
    except KeyError:
        raise NotImplementedError(
            f"The chosen algorithm ({algorithm}) does not have an implementation yet"
        ) from None
    return hashed(f"{int(time.time())}:{realm}")


def _digest_challenge(
    realm: str, algorithm: str = MD5, nonce: str | None = None, qop: str = AUTH
) -> str:
    nonce = nonce or _nonce(realm, algorithm)
    return (
        f'Digest realm="{realm}", nonce="{nonce}", algorithm="{algorithm}", qop="{qop}"'
    )


def _basic_challenge(realm: str) -> str:
    return f'Basic realm="{realm}"'


def _parse_digest(text: str) -> dict[str, str] | None:
    try:
        # Understood as a whole, so that only what is complete gets through.
        HttpDigestAuthorization(f"Digest {text}", "GET")
        return parse_auth_params(text)
    except ValueError:
        return None


def _parse_basic(text: str) -> dict[str, str] | None:
    try:
        said = _basic_credentials(f"Basic {text}")
    except ValueError:
        return None
    return None if said is None else {"username": said[0], "password": said[1]}


AUTH_SCHEMES: dict[str, Callable[[str], dict[str, str] | None]] = {
    "basic": _parse_basic,
    "digest": _parse_digest,
}
"""What understands the credentials of each scheme."""


def _session_key(params: Mapping[str, str], password: str) -> str:
    user = f"{params['username']}:{params['realm']}:{password}"
    return md5_hex(f"{md5_hex(user)}:{params['nonce']}:{params['cnonce']}")


def _check_digest(
    auth_map: Mapping[str, str],
    password: str,
    method: str = "GET",
    A1: str | None = None,
    entity_body: str | bytes = "",
    realm: str | None = None,
    **others: Any,
) -> bool:
    if realm is not None and auth_map["realm"] != realm:
        return False
    session = auth_map.get("algorithm", MD5).lower() == MD5_SESS.lower()
    if auth_map.get("algorithm", MD5).upper() not in ("MD5", "MD5-SESS"):
        return False
    if session:
        ha1 = A1 or _session_key(auth_map, password)
    else:
        ha1 = md5_hex(f"{auth_map['username']}:{auth_map['realm']}:{password}")
    qop = auth_map.get("qop")
    asked = f"{method}:{auth_map['uri']}"
    if qop == AUTH_INT:
        asked += f":{md5_hex(entity_body)}"
    middle = auth_map["nonce"]
    if qop:
        middle += f":{auth_map['nc']}:{auth_map['cnonce']}:{qop}"
    expected = md5_hex(f"{ha1}:{middle}:{md5_hex(asked)}")
    return equal_secrets(expected, auth_map["response"])


def _check_basic(
    auth_map: Mapping[str, str],
    password: str,
    method: str = "GET",
    encrypt: Callable[..., str] | None = None,
    **others: Any,
) -> bool:
    sent = auth_map["password"]
    if encrypt is not None:
        try:
            sent = encrypt(sent, auth_map["username"])
        except TypeError:
            sent = encrypt(sent)
    return equal_secrets(sent, password)


AUTH_RESPONSES: dict[str, Callable[..., bool]] = {
    "basic": _check_basic,
    "digest": _check_digest,
}
"""What compares the credentials of each scheme with a password."""


def _warn(name: str) -> None:
    warnings.warn(
        f"cherrypy.lib.httpauth.{name} is deprecated since CherryPy 3.2: use "
        "cherrypy.lib.auth_basic or cherrypy.lib.auth_digest (docs/tools/auth.md).",
        DeprecationWarning,
        stacklevel=3,
    )
