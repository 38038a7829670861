"""Ask for a name and a password: HTTP Basic Authentication (RFC 7617).

The password goes over the wire readable by everybody in between, so this is for sites
with TLS. Example::

    users = {"bird": "bebop", "ornette": "wayout"}
    config = {
        "/private": {
            "tools.auth_basic.on": True,
            "tools.auth_basic.realm": "earth",
            "tools.auth_basic.checkpassword": checkpassword_dict(users),
        }
    }

`cherrypy.lib.passwords` checks against salted hashes instead.
"""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from cherrypy._legacy import lender
from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import log
from cherrypy.lib.passwords import equal_secrets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

__all__ = ["basic_auth", "checkpassword_dict", "credentials"]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


def checkpassword_dict(
    user_password_dict: Mapping[str, str],
) -> Callable[[str, str, str], bool]:
    """Make a ``checkpassword`` that looks into a dictionary of plain passwords.

    An empty password lets nobody in. An unknown user takes as long as a known one.
    """

    def checkpassword(realm: str, user: str, password: str) -> bool:
        expected = user_password_dict.get(user)
        same = equal_secrets(expected or "", password)
        return bool(expected) and same

    return checkpassword


def basic_auth(
    realm: str,
    checkpassword: Callable[[str, str, str], bool | Awaitable[bool]],
    debug: bool = False,
    accept_charset: str = "utf-8",
) -> Any:
    """Let the request pass only with a name and password that are right.

    Sets ``request.login`` to the name. Asks for them otherwise.

    Args:
        realm: What the browser tells the user they are for.
        checkpassword: Called with realm, name and password; returns true if they are
            right. May be a coroutine function.
        debug: Log what is done.
        accept_charset: The charset of name and password; what it cannot decode is
            taken for ISO-8859-1.

    Raises:
        ValueError: The realm contains a double quote.
        HTTPError: 401, there are no credentials, or wrong ones; 400, they cannot be
            understood.
    """
    if '"' in realm:
        raise ValueError('Realm cannot contain the " (quote) character.')
    serving = current.get()
    header = serving.request.raw_header("Authorization")
    user = password = None
    if header is not None:
        try:
            said = credentials(header, accept_charset)
        except ValueError as problem:
            raise HTTPError(400, "Bad Request") from problem
        if said is not None:
            user, password = said

    def settle(right: object) -> None:
        if right:
            serving.request.login = user
            if debug:
                log("Auth succeeded", "TOOLS.AUTH_BASIC")
            return
        charset = ', charset="UTF-8"' if _is_utf8(accept_charset) else ""
        challenge = f'Basic realm="{realm}"{charset}'
        serving.response.headers["WWW-Authenticate"] = challenge
        if debug:
            log(f"Asking for credentials: {challenge}", "TOOLS.AUTH_BASIC")
        raise HTTPError(401, "You are not authorized to access that resource")

    if user is None or password is None:
        return settle(False)
    return bridge.chain(checkpassword(realm, user, password), settle)


def credentials(header: str, charset: str = "utf-8") -> tuple[str, str] | None:
    """Return the name and the password in an ``Authorization`` header.

    Args:
        header: The header's value, as it came in ISO-8859-1.
        charset: What they are encoded in; otherwise taken for ISO-8859-1.

    Returns:
        Both in composed form (NFC, RFC 7617 §2.1); None if the header is of another
        scheme.

    Raises:
        ValueError: There is no scheme, no base64, no colon, or there are control
            characters, which must not occur (RFC 7617 §2).
    """
    scheme, space, encoded = header.partition(" ")
    if not space:
        raise ValueError("The Authorization header has no credentials.")
    if scheme.lower() != "basic":
        return None
    encoded = encoded.strip()
    if len(encoded) % 4:
        # Too much padding is not noticed below.
        raise ValueError("The credentials are not in base64.")
    try:
        content = a2b_base64(encoded.encode("ascii"), strict_mode=True)
    except (NotBase64, UnicodeEncodeError) as problem:
        raise ValueError("The credentials are not in base64.") from problem
    try:
        text = content.decode(charset)
    except UnicodeDecodeError:
        text = content.decode("iso-8859-1")
    if not text.isascii():
        import unicodedata  # lazy: a megabyte that only some names need

        text = unicodedata.normalize("NFC", text)
    user, colon, password = text.partition(":")
    if not colon:
        raise ValueError("There is no colon between name and password.")
    if any(c < " " or c == "\x7f" for c in text):
        raise ValueError("There are control characters in name or password.")
    return user, password


def _is_utf8(charset: str) -> bool:
    # RFC 7617 §2.1: no other may be named.
    return charset.lower().replace("_", "-") in ("utf-8", "utf8")
