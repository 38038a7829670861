"""Basic and Digest Authentication as CherryPy 3 to 10 had it; deprecated.

Use `cherrypy.lib.auth_basic` and `cherrypy.lib.auth_digest`, which are safer and do
more. These functions are built on them, for programs that have not moved yet.
"""

from __future__ import annotations

import warnings
from os import urandom
from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.lib import auth_basic, auth_digest
from cherrypy.lib.passwords import equal_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Users = Mapping[str, str] | Callable[..., Any]
    """Passwords by user name; or a function that returns them, or that returns the
    password of the user whose name it is given."""

__all__ = ["basic_auth", "check_auth", "digest_auth"]

_KEY = urandom(32).hex()
"""What nonces are sealed with. Another process does not know it and asks again."""


def check_auth(
    users: Users, encrypt: Callable[..., str] | None = None, realm: str | None = None
) -> bool:
    """Tell whether the request has valid credentials, of Basic or Digest.

    Sets ``request.login`` to the user's name, or to False.

    Args:
        users: The passwords: by name, or a function without arguments that returns
            them by name, or one that is given a name and returns the password.
        encrypt: What makes of the password that was sent what `users` has.
        realm: The realm that Digest credentials must be for.

    Raises:
        ValueError: `users` gives something else.
        HTTPError: 400, the credentials cannot be understood.
    """
    _warn("check_auth", "auth_basic.basic_auth or auth_digest.digest_auth")
    return _check(users, encrypt, realm)


def basic_auth(
    realm: str,
    users: Users,
    encrypt: Callable[..., str] | None = None,
    debug: bool = False,
) -> None:
    """Let the request pass only with a name and password that are right.

    Args:
        realm: What the browser tells the user they are for.
        users: See `check_auth`.
        encrypt: See `check_auth`; by default the MD5 in hex digits.
        debug: Accepted as by all tools; there is nothing to add.

    Raises:
        HTTPError: 401, there are no credentials, or wrong ones; 400, they cannot be
            understood.
    """
    _warn("basic_auth", "tools.auth_basic with lib.passwords")
    if _check(users, encrypt or auth_digest.md5_hex, realm):
        return
    _ask(f'Basic realm="{_quotable(realm)}"')


def digest_auth(realm: str, users: Users, debug: bool = False) -> None:
    """Let the request pass only if the client proves that it knows a password.

    Args:
        realm: What the browser tells the user that name and password are for.
        users: See `check_auth`; the passwords themselves.
        debug: Accepted as by all tools; there is nothing to add.

    Raises:
        HTTPError: 401, there is no proof, or a wrong one; 400, it cannot be
            understood.
    """
    _warn("digest_auth", "tools.auth_digest")
    request = current.get().request
    request.login = False
    auth_digest.digest_auth(realm, _ha1_of(users), _KEY, debug=debug)


def _check(users: Users, encrypt: Callable[..., str] | None, realm: str | None) -> bool:
    request = current.get().request
    request.login = False
    header = request.raw_header("Authorization")
    if header is None:
        return False
    if auth_digest.HttpDigestAuthorization.matches(header):
        return _check_digest(users, realm)
    try:
        said = auth_basic.credentials(header)
    except ValueError as problem:
        raise HTTPError(400, "Bad Request") from problem
    if said is None:
        raise HTTPError(400, "Bad Request")
    name, password = said
    if encrypt is not None:
        password = _encrypted(encrypt, password, name)
    expected = _password(users, name)
    same = equal_secrets(expected or "", password)
    if not (expected and same):
        return False
    request.login = name
    return True


def _check_digest(users: Users, realm: str | None) -> bool:
    serving = current.get()
    if realm is None:
        header = serving.request.raw_header("Authorization") or ""
        try:
            auth = auth_digest.HttpDigestAuthorization(header, serving.request.method)
        except ValueError as problem:
            raise HTTPError(400, "Bad Request") from problem
        realm = str(auth.realm)
    try:
        auth_digest.digest_auth(_quotable(realm), _ha1_of(users), _KEY)
    except HTTPError as refusal:
        if refusal.code != 401:
            raise
        serving.response.headers.pop("WWW-Authenticate", None)
        return False
    return True


def _ha1_of(users: Users) -> Callable[[str, str], str | None]:
    def get_ha1(realm: str, username: str) -> str | None:
        password = _password(users, username)
        if not password:
            return None
        return auth_digest.ha1(realm, username, password)

    return get_ha1


def _password(users: Users, name: str) -> str | None:
    """Return a user's password, however `users` tells it."""
    if callable(users):
        try:
            found = users()
        except TypeError:
            # It wants the name.
            password: str | None = users(name)
            return password
    else:
        found = users
    if not isinstance(found, dict):
        raise ValueError("Authentication users must be a dictionary")
    return found.get(name)


def _encrypted(encrypt: Callable[..., str], password: str, name: str) -> str:
    try:
        return encrypt(password, name)
    except TypeError:
        return encrypt(password)


def _ask(challenge: str) -> None:
    current.get().response.headers["WWW-Authenticate"] = challenge
    raise HTTPError(401, "You are not authorized to access that resource")


def _quotable(realm: str) -> str:
    return realm.replace('"', "'")


def _warn(name: str, instead: str) -> None:
    warnings.warn(
        f"cherrypy.lib.auth.{name} is deprecated since CherryPy 3.2: use {instead} "
        "(docs/tools/auth.md).",
        DeprecationWarning,
        stacklevel=3,
    )
