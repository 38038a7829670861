"""Ask for a name and a password that is never sent: HTTP Digest Authentication.

RFC 7616, and RFC 2617 for old clients. The client proves that it knows the password by
a hash over the request and a nonce of ours. Example::

    users = {"alice": "4x5istwelve"}
    config = {
        "/private": {
            "tools.auth_digest.on": True,
            "tools.auth_digest.realm": "wonderland",
            "tools.auth_digest.get_ha1": get_ha1_dict_plain(users),
            "tools.auth_digest.key": "a565c27146791cfb",
        }
    }

It protects the password, not what is sent: that is what TLS is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cherrypy._legacy import lender
from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.core.reader import SizedReader
from cherrypy.environment.site import log
from cherrypy.extension.tool import Tool
from cherrypy.http.urls import unquote_path, urljoin
from cherrypy.lib.digest_counts import counts_in
from cherrypy.lib.digest_credentials import (
    DEFAULT_CHARSET,
    FALLBACK_CHARSET,
    TRACE,
    H,
    HttpDigestAuthorization,
    ha1,
    hash_of_file,
    md5_hex,
    qop_auth,
    qop_auth_int,
    synthesize_nonce,
    valid_algorithms,
    valid_qops,
)
from cherrypy.stores.base import LockTimeout, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from typing import TypeAlias

    from cherrypy.core.request import Request
    from cherrypy.stores.base import Store

    Found: TypeAlias = str | Iterable[str] | None
    """The hash of a user, or several, each for another algorithm."""

    GetHA1: TypeAlias = Callable[..., Found | Awaitable[Found]]
    """Called with realm and name."""

__all__ = [
    "DEFAULT_CHARSET",
    "FALLBACK_CHARSET",
    "TRACE",
    "DigestTool",
    "H",
    "HttpDigestAuthorization",
    "digest_auth",
    "get_ha1_dict",
    "get_ha1_dict_plain",
    "get_ha1_file_htdigest",
    "ha1",
    "keep_body",
    "md5_hex",
    "qop_auth",
    "qop_auth_int",
    "synthesize_nonce",
    "valid_algorithms",
    "valid_qops",
    "www_authenticate",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


class _KnowsAlgorithms:
    """A ``get_ha1`` that can be asked for the hash of an algorithm."""

    def __call__(self, realm: str, username: str, algorithm: str = "MD5") -> str | None:
        raise NotImplementedError


class get_ha1_dict_plain(_KnowsAlgorithms):
    """A ``get_ha1`` from a dictionary of plain passwords, for every algorithm.

    Args:
        user_password_dict: Passwords by user name.
    """

    def __init__(self, user_password_dict: Mapping[str, str]) -> None:
        self.user_password_dict = user_password_dict

    def __call__(self, realm: str, username: str, algorithm: str = "MD5") -> str | None:
        """Return the user's hash, None if there is no such user."""
        password = self.user_password_dict.get(username)
        if not password:
            return None
        return ha1(realm, username, password, algorithm)


def get_ha1_dict(
    user_ha1_dict: Mapping[str, str | Iterable[str]],
) -> Callable[[str, str], Found]:
    """Make a ``get_ha1`` from a dictionary of hashes, as `ha1` makes them.

    Args:
        user_ha1_dict: Hashes by user name. For several algorithms, a list of them:
            which is whose tells the length.
    """

    def get_ha1(realm: str, username: str) -> Found:
        return user_ha1_dict.get(username)

    return get_ha1


class get_ha1_file_htdigest(_KnowsAlgorithms):
    """A ``get_ha1`` from a file as Apache's ``htdigest`` makes it.

    Each line is ``user:realm:hash``. There may be one line for each algorithm: the
    length of the hash tells whose it is. The file is read each time, so changes count
    at once.

    Args:
        filename: The path; an absolute one is best.
    """

    def __init__(self, filename: str) -> None:
        self.filename = filename

    def __call__(self, realm: str, username: str, algorithm: str = "MD5") -> str | None:
        """Return the user's hash, None if there is no such user in the realm."""
        digits = _DIGITS[algorithm.upper().removesuffix("-SESS")]
        found = None
        with open(self.filename, encoding="utf-8") as file:
            for line in file:
                user, _, rest = line.rstrip("\r\n").partition(":")
                where, _, hashed = rest.rpartition(":")
                if (user, where, len(hashed)) == (username, realm, digits):
                    found = hashed
        return found


_DIGITS = {"MD5": 32, "SHA-256": 64}


def www_authenticate(
    realm: str,
    key: str,
    algorithm: str = "MD5",
    nonce: str | None = None,
    qop: str = qop_auth,
    stale: bool = False,
    accept_charset: str = DEFAULT_CHARSET,
) -> str:
    """Return a challenge, the value of a ``WWW-Authenticate`` field.

    Args:
        realm: What the browser tells the user that name and password are for.
        key: A secret of the server, for the nonce.
        algorithm: One of `valid_algorithms`.
        nonce: What the client is to hash; a new one if None.
        qop: What the digest is to cover; several with commas in between.
        stale: Whether only the nonce was wrong, so that the user need not be asked.
        accept_charset: What the client is to encode names and passwords in; told
            only if it is UTF-8 (RFC 7616 §3.3).

    Raises:
        ValueError: There is no such algorithm or qop.
    """
    if algorithm not in valid_algorithms:
        raise ValueError(f"Unsupported value for algorithm: {algorithm!r}")
    if not set(_listed(qop)) <= set(valid_qops):
        raise ValueError(f"Unsupported value for qop: {qop!r}")
    if nonce is None:
        nonce = synthesize_nonce(realm, key)
    # documented behaviour: algorithm and stale in quotes, as RFC 2069 had them.
    challenge = (
        f'Digest realm="{realm}", nonce="{nonce}", algorithm="{algorithm}", qop="{qop}"'
    )
    if stale:
        challenge += ', stale="true"'
    if accept_charset.upper() == DEFAULT_CHARSET:
        challenge += f', charset="{DEFAULT_CHARSET}"'
    return challenge


class DigestTool(Tool):
    """The tool for `digest_auth`; keeps the body where the digest covers it."""

    def _join(self, hooks: Any, settings: dict[str, Any]) -> None:
        if qop_auth_int in _listed(settings.get("qop", qop_auth)):
            # Before anybody reads the body.
            hooks.attach("before_request_body", keep_body, priority=0)
        super()._join(hooks, settings)


def digest_auth(
    realm: str,
    get_ha1: GetHA1,
    key: str,
    debug: bool = False,
    accept_charset: str = "utf-8",
    algorithms: str | Iterable[str] = ("MD5",),
    qop: str | Iterable[str] = qop_auth,
    nonce_seconds: float = 600,
    check_count: bool = True,
    check_uri: bool = True,
    store: str | Store | None = None,
) -> Any:
    """Let the request pass only if the client proves that it knows a password.

    Sets ``request.login`` to the name. Asks for a proof otherwise.

    Args:
        realm: What the browser tells the user that name and password are for.
        get_ha1: Called with realm and name; returns the hash of the user as `ha1`
            makes it, a list of them for several algorithms, None if there is no such
            user. May be a coroutine function.
        key: A secret of the server, in which nonces are sealed. All processes of a
            site must have the same.
        debug: Log what is done.
        accept_charset: The charset of the name; what it cannot decode is taken for
            ISO-8859-1.
        algorithms: What clients may use, the best first.
        qop: What the digest may cover: ``auth``, ``auth-int``, or both.
        nonce_seconds: How long a client may use a nonce before it is given another.
        check_count: Refuse what was sent before, and what has no ``qop`` to tell.
        check_uri: Refuse a digest that was made for another URI than the request's.
        store: Where uses of nonces are counted: a store or its URL, such as
            ``redis://...``; None for the memory of this process.

    Raises:
        ValueError: The realm contains a double quote; there is no such algorithm.
        HTTPError: 401, there is no proof, or a wrong one; 400, it cannot be
            understood; 503, the store cannot be reached.
    """
    if '"' in realm:
        raise ValueError('Realm cannot contain the " (quote) character.')
    request = current.get().request
    guard = _Guard(
        request, realm, key, debug, accept_charset, _listed(algorithms), _listed(qop)
    )
    header = request.raw_header("Authorization")
    if header is None or not HttpDigestAuthorization.matches(header):
        guard.ask()
    auth = guard.understood(header)
    if not guard.offered(auth, without_qop=not check_count):
        guard.ask()
    if not auth.validate_nonce(realm, key):
        guard.ask()
    if check_uri and not _is_target(request, str(auth.uri)):
        guard.trace(f"{auth.uri!r} is not what was asked for")
        # Not 401: the client would only send it again.
        raise HTTPError(400, "The uri in the Authorization header is another one.")

    def settle(found: Found) -> None:
        if not guard.proven(auth, found):
            guard.ask()
        # Whether the nonce is stale is told only to those who know the password.
        stale = auth.is_nonce_stale(nonce_seconds)
        if not stale and check_count:
            stale = not _is_first_use(request, auth, store, nonce_seconds)
        if stale:
            guard.ask(stale=True)
        request.login = auth.username
        guard.trace(f"{auth.username!r} may pass")

    if isinstance(get_ha1, _KnowsAlgorithms):
        return settle(get_ha1(realm, str(auth.username), auth.algorithm))
    return bridge.chain(get_ha1(realm, str(auth.username)), settle)


class _Guard:
    """What is asked of the clients of one realm."""

    def __init__(
        self,
        request: Request,
        realm: str,
        key: str,
        debug: bool,
        charset: str,
        algorithms: tuple[str, ...],
        qops: tuple[str, ...],
    ) -> None:
        self.request = request
        self.realm = realm
        self.key = key
        self.debug = debug
        self.charset = charset
        self.algorithms = algorithms
        self.qops = qops

    def trace(self, message: str) -> None:
        """Log what is done, if that is wanted."""
        if self.debug:
            TRACE(message)

    def ask(self, stale: bool = False) -> NoReturn:
        """Ask for a proof, by each algorithm.

        Raises:
            HTTPError: 401, always.
        """
        nonce = synthesize_nonce(self.realm, self.key)
        first, *others = (
            www_authenticate(
                self.realm,
                self.key,
                algorithm,
                nonce,
                ", ".join(self.qops),
                stale,
                self.charset,
            )
            for algorithm in self.algorithms
        )
        current.get().response.headers["WWW-Authenticate"] = first
        if others:
            # One field for each: not all clients understand a list of challenges.
            self.request.hooks.attach("on_end_resource", _add_fields, fields=others)
        self.trace(f"asking for a proof: {first}")
        raise HTTPError(401, "You are not authorized to access that resource")

    def understood(self, header: str) -> HttpDigestAuthorization:
        """Return what the client says in its ``Authorization`` field.

        Raises:
            HTTPError: 400, it cannot be understood.
        """
        method = _as_asked(self.request).asked[0] or self.request.method
        with HTTPError.handle(
            ValueError, 400, "The Authorization header could not be parsed."
        ):
            return HttpDigestAuthorization(header, method, self.debug, self.charset)

    def offered(self, auth: HttpDigestAuthorization, without_qop: bool) -> bool:
        """Tell whether the client has chosen from what was offered."""
        if auth.realm != self.realm or auth.algorithm not in self.algorithms:
            return False
        return auth.qop in self.qops or (without_qop and auth.qop is None)

    def proven(self, auth: HttpDigestAuthorization, found: Found) -> bool:
        """Tell whether the client knows the hash that was found."""
        from hmac import compare_digest  # lazy: 3 ms of import

        known = _fitting(found, auth.algorithm)
        body_hash = None
        if auth.qop == qop_auth_int:
            body_hash = _hash_of_body(self.request, auth.algorithm)
        # An unknown user takes as long as a known one.
        expected = auth.request_digest(known or "0" * 32, body_hash=body_hash)
        same = compare_digest(
            expected.encode(), str(auth.response).lower().encode("utf-8")
        )
        return same and known is not None


def _listed(value: str | Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    return tuple(value)


def _fitting(found: Found, algorithm: str) -> str | None:
    """Return the hash that is as long as those of the algorithm."""
    digits = _DIGITS[algorithm.upper().removesuffix("-SESS")]
    for hashed in [found] if isinstance(found, str) else found or ():
        if len(hashed) == digits:
            return hashed
    return None


def _add_fields(fields: Iterable[str]) -> None:
    response = current.get().response
    response.header_list += [
        (b"WWW-Authenticate", field.encode("iso-8859-1", "replace")) for field in fields
    ]


def _as_asked(request: Request) -> Request:
    """Return the request as the client made it, before it was led elsewhere."""
    while request.prev is not None:
        request = request.prev
    return request


def _is_first_use(
    request: Any,  # Any: is given an attribute of ours.
    auth: HttpDigestAuthorization,
    store: str | Store | None,
    seconds: float,
) -> bool:
    """Note that the nonce was used; tell whether its count is a new one.

    Raises:
        HTTPError: 503, the store of the counts cannot be reached.
    """
    first: Any = _as_asked(request)
    use = auth.nonce, auth.count
    if getattr(first, "_counted_use", None) == use:
        # Led within from one page to another; the client has asked only once.
        return True
    try:
        is_new = counts_in(store).use(
            str(auth.nonce), auth.nonce_time(), auth.count or 0, seconds
        )
        if is_new:
            first._counted_use = use
        return is_new
    except (StoreUnavailable, LockTimeout) as problem:
        log(f"Nonces cannot be counted: {problem}", "TOOLS.AUTH_DIGEST", 40)
        raise HTTPError(503) from problem


def _is_target(request: Request, uri: str) -> bool:
    """Tell whether the client has signed what it asks for (RFC 7616 §3.4.6)."""
    first = _as_asked(request)
    if first.exchange is not None:
        raw_target = first.exchange.head.target.decode("iso-8859-1")
    else:
        # As servers tell it, so that an escaped slash is not lost.
        environ = first.wsgi_environ or {}
        raw_target = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if raw_target == uri:
        return True
    _, path, query, _ = first.asked
    if "://" in uri.partition("?")[0]:
        # Absolute, as proxies are asked; the host was looked at by others.
        uri = "/" + uri.partition("://")[2].partition("/")[2]
    signed, _, signed_query = uri.partition("?")
    # Without a path the root is meant (RFC 9112 §3.2.1).
    raw = unquote_path(signed.encode("utf-8")) or "/"
    if "//" in raw:
        raw = urljoin(raw)
    # The path of the request is text by now, unless it was in no charset we know.
    text = raw.encode("iso-8859-1").decode("utf-8", "replace")
    return path in (raw, text) and signed_query == query


def keep_body() -> None:
    """Read the body into a file of our own, if the digest of the client covers it.

    Raises:
        HTTPError: 413, it is too long; 400, it ends too early.
    """
    request: Any = current.get().request  # Any: is given an attribute of ours.
    header = request.raw_header("Authorization") or ""
    if "auth-int" not in header or not HttpDigestAuthorization.matches(header):
        return
    from tempfile import SpooledTemporaryFile  # lazy: 10 ms that few sites need

    body = request.body
    file = SpooledTemporaryFile(max_size=65536)  # noqa: SIM115 - see the next line
    request.hooks.attach("on_end_request", file.close)
    body.fp.maxbytes = body.maxbytes
    body.read(fp_out=file)
    length = file.tell()
    file.seek(0)
    body.fp = SizedReader(file, length, None, body.bufsize)
    request.rfile = request._signed_body = file


def _hash_of_body(request: Request, algorithm: str) -> str:
    """Return the hash of the body that `keep_body` has kept.

    Raises:
        RuntimeError: It was not called.
    """
    file = getattr(request, "_signed_body", None)
    if file is None:
        raise RuntimeError(
            "The digest covers the body, which is gone. Call "
            "cherrypy.lib.auth_digest.keep_body at before_request_body, as "
            "tools.auth_digest does."
        )
    position = file.tell()
    file.seek(0)
    hashed = hash_of_file(file, algorithm)
    file.seek(position)
    return hashed
