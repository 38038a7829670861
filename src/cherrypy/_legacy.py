"""Old private names, and the rooms their contents moved to.

Programs, manuals and test suites name modules such as ``cherrypy._cprequest``. For
each of them `install` registers a module object that holds nothing itself: reading an
attribute looks in the new homes, in order, and writing one writes to the home, so
that patching ``cherrypy._cprequest.Request`` changes the class that is used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = [
    "BORROWED",
    "FRONT_DOOR",
    "HOMES",
    "at_front_door",
    "borrowed",
    "install",
    "lender",
]

HOMES: dict[str, tuple[str, ...]] = {
    "_cprequest": (
        "core.request",
        "core.response",
        "core.hooks",
        "extension.namespaces",
    ),
    "_cpreqbody": ("core.body", "core.reader", "core.processors"),
    "_cperror": ("core.errors", "core.error_pages"),
    "_cpdispatch": (
        "extension.dispatch",
        "core.handler",
        "extension.signature",
        "_legacy",
    ),
    "_cptools": (
        "extension.tool",
        "extension.toolbox",
        "lib.toolbox",
        "lib.xmlrpcutil",
    ),
    "_cptree": ("core.tree", "core.app"),
    "_cpwsgi": ("core.wsgi", "_legacy"),
    "_cpconfig": ("environment.config", "core.config"),
    "_cpserver": ("environment.server",),
    "_cpwsgi_server": ("environment.gateways",),
    "_cpnative_server": ("environment.gateways",),
    "_cplogging": ("core.log",),
    "_cpchecker": ("environment.checker",),
    "_helper": ("application.expose", "application.links", "_legacy"),
    "_cpcompat": ("_legacy",),
    "_json": ("_legacy",),
}
"""Where to look for the names of each old module, first home first."""

FRONT_DOOR: dict[str, tuple[str, str]] = {
    "_GlobalLogManager": ("core.log", "GlobalLogManager"),
    "_Serving": ("core.context", "_ServingView"),
    "_ThreadData": ("core.context", "_ThreadData"),
    "_ThreadLocalProxy": ("core.context", "_Proxy"),
    "_TimeoutMonitor": ("environment.timeouts", "TimeoutMonitor"),
}
"""Private names of the package itself, with their homes and names there."""


def at_front_door(name: str) -> Any:
    """Return what was a private name of the package itself.

    Raises:
        KeyError: There was no such name.
    """
    home, name_there = FRONT_DOOR[name]
    return _fetched(f"cherrypy.{home}", name_there)


_MODULES = """
    _thread base64 binascii builtins cherrypy collections configparser contextlib ctypes
    datetime email fcntl functools grp html http inspect io json locale logging
    mimetypes operator os pickle platform pwd random re socket stat string struct
    subprocess sys tempfile threading time types unicodedata urllib uuid warnings
    xmlrpc zlib
"""

BORROWED: dict[str, tuple[str, str]] = {
    **{name: (name, "") for name in _MODULES.split()},
    **{
        name: ("cherrypy._legacy", name)
        for name in ("ntob", "ntou", "text_or_bytes", "tonative")
    },
    **{
        name: ("cherrypy.lib", name)
        for name in ("file_generator", "file_generator_limited", "is_closable_iterator")
    },
    **{
        name: (f"cherrypy.lib.{name}", "")
        for name in ("cptools", "encoding", "httputil", "locking", "reprconf")
    },
    **{
        name: ("cherrypy", name)
        for name in ("_cpconfig", "_cperror", "_cplogging", "_cpreqbody", "_cprequest")
    },
    "BaseHTTPRequestHandler": ("http.server", "BaseHTTPRequestHandler"),
    "CookieError": ("http.cookies", "CookieError"),
    "SimpleCookie": ("http.cookies", "SimpleCookie"),
    "XMLRPCFault": ("xmlrpc.client", "Fault"),
    "_caching": ("cherrypy.lib.caching", ""),
    "_cpwsgi": ("cherrypy", "_cpwsgi"),
    "_exc_info": ("sys", "exc_info"),
    "_httputil": ("cherrypy.lib.httputil", ""),
    "_sessions": ("cherrypy.lib.sessions", ""),
    "_xmlrpc": ("cherrypy.lib.xmlrpcutil", ""),
    "b2a_base64": ("binascii", "b2a_base64"),
    "bare_error": ("cherrypy.core.error_pages", "bare_error"),
    "classproperty": ("cherrypy._legacy", "classproperty"),
    "decode_header": ("email.header", "decode_header"),
    "format_exc": ("cherrypy.core.error_pages", "format_exc"),
    "md5": ("hashlib", "md5"),
    "parse_http_list": ("urllib.request", "parse_http_list"),
    "parse_keqv_list": ("urllib.request", "parse_keqv_list"),
    "plugins": ("cherrypy.process.plugins", ""),
    "saxutils": ("xml.sax.saxutils", ""),
    "servers": ("cherrypy.process.servers", ""),
    "tools": ("cherrypy", "tools"),
    "unquote": ("urllib.parse", "unquote"),
    "unquote_plus": ("urllib.parse", "unquote_plus"),
    "xmlrpc_dumps": ("xmlrpc.client", "dumps"),
    "xmlrpc_loads": ("xmlrpc.client", "loads"),
}
"""What one old module or another had imported, with its true place.

Programs take such names from there: ``from cherrypy.lib.static import mimetypes``.
"""

# Modules whose submodules came with them.
_WITH_PARTS = {"email": "email.utils", "http": "http.client", "urllib": "urllib.parse"}


def borrowed(name: str) -> Any:
    """Return what old modules had imported under this name.

    Raises:
        KeyError: None of them had.
    """
    return _fetched(*BORROWED[name])


def _fetched(module: str, attribute: str) -> Any:
    """Return an attribute of a module, or the module if there is none to be found."""
    import_module(_WITH_PARTS.get(module, module))
    found = sys.modules[module]
    return getattr(found, attribute) if attribute else found


def lender(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module that lends what it once had imported.

    Args:
        module: Its full name.
    """

    def __getattr__(name: str) -> Any:
        try:
            return borrowed(name)
        except KeyError:
            raise AttributeError(
                f"module {module!r} has no attribute {name!r}"
            ) from None

    return __getattr__


class _Moved(ModuleType):
    """An old module: a view of the rooms its names moved to."""

    def __init__(self, name: str, homes: tuple[str, ...]) -> None:
        super().__init__(
            f"cherrypy.{name}", f"Moved to {', '.join(f'cherrypy.{h}' for h in homes)}."
        )
        self.__spec__ = ModuleSpec(self.__name__, None)
        vars(self)["_homes"] = homes
        vars(self)["_found"] = {}
        vars(self)["_replaced"] = {}

    def _rooms(self) -> Iterator[ModuleType]:
        for home in vars(self)["_homes"]:
            yield import_module(f"cherrypy.{home}")

    def _home_of(self, name: str) -> ModuleType:
        # Once found, always the same: several homes may have the name.
        found: dict[str, ModuleType] = vars(self)["_found"]
        if name in found:
            return found[name]
        for room in self._rooms():
            if hasattr(room, name):
                found[name] = room
                return room
        raise AttributeError(
            f"module {self.__name__!r} has no attribute {name!r}. {self.__doc__}"
        )

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [public for public in dir(self) if not public.startswith("_")]
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return getattr(self._home_of(name), name)
        except AttributeError:
            if name in BORROWED:
                return borrowed(name)
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__"):
            super().__setattr__(name, value)
            return
        try:
            room = self._home_of(name)
        except AttributeError:
            room = next(self._rooms())
        if hasattr(room, name):
            vars(self)["_replaced"].setdefault(name, getattr(room, name))
        setattr(room, name, value)

    def __delattr__(self, name: str) -> None:
        room = self._home_of(name)
        # Those who patch see that the name does not lie here, and undo what they did
        # by deleting it.
        if name in vars(self)["_replaced"]:
            setattr(room, name, vars(self)["_replaced"].pop(name))
        else:
            delattr(room, name)
            del vars(self)["_found"][name]

    def __dir__(self) -> list[str]:
        return sorted({name for room in self._rooms() for name in dir(room)})


class _Gone(ModuleType):
    """An old module for a platform that no longer exists."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"cherrypy._cpmodpy.{name}: mod_python has not been maintained since 2013. "
            "Run the application on its own server behind a proxy, or under "
            "mod_wsgi with cherrypy.tree as the WSGI application."
        )


def install(package: ModuleType) -> None:
    """Register the old modules below the package."""
    for name, homes in HOMES.items():
        _register(package, _Moved(name, homes), name)
    _register(package, _Gone("cherrypy._cpmodpy"), "_cpmodpy")


def _register(package: ModuleType, module: ModuleType, name: str) -> None:
    module.__package__ = "cherrypy"
    sys.modules[f"cherrypy.{name}"] = module
    setattr(package, name, module)


# What is left of _cpcompat and others: names that old programs import. Most meant
# one thing in Python 2 and another in Python 3.

text_or_bytes = (str, bytes)
basestring = unicodestr = nativestr = str
bytestr = bytes
classtype = type
py3k = True
sorted, reversed, next, xrange = sorted, reversed, next, range


def iteritems(d: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Iterate over the items of a mapping."""
    return iter(d.items())


def iterkeys(d: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the keys of a mapping."""
    return iter(d)


def itervalues(d: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the values of a mapping."""
    return iter(d.values())


def copyitems(d: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Return the items of a mapping, as they are now."""
    return list(d.items())


def copykeys(d: Mapping[Any, Any]) -> list[Any]:
    """Return the keys of a mapping, as they are now."""
    return list(d)


def copyvalues(d: Mapping[Any, Any]) -> list[Any]:
    """Return the values of a mapping, as they are now."""
    return list(d.values())


class classproperty:
    """A property that is read on the class.

    Args:
        func: Takes the class.
    """

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self.fget = func

    def __get__(self, instance: object, owner: type) -> Any:
        return self.fget(owner)


def downgrade_wsgi_ux_to_1x(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return an environ of WSGI 1 (PEP 3333) for one of the draft "u.0"."""
    encoding = environ["wsgi.url_encoding"]
    downgraded = dict(environ)
    for key in ("PATH_INFO", "SCRIPT_NAME", "QUERY_STRING"):
        downgraded[key] = environ[key].encode(encoding).decode("latin-1")
    return downgraded


def assert_native(n: object) -> None:
    """Raise `TypeError` unless `n` is a str."""
    if not isinstance(n, str):
        raise TypeError(f"n must be a native str (got {type(n).__name__})")


def ntob(n: str, encoding: str = "ISO-8859-1") -> bytes:
    """Return a native string as bytes."""
    assert_native(n)
    return n.encode(encoding)


def ntou(n: str, encoding: str = "ISO-8859-1") -> str:
    """Return a native string as text, which it is."""
    assert_native(n)
    return n


def tonative(n: str | bytes, encoding: str = "ISO-8859-1") -> str:
    """Return text or bytes as a native string."""
    return n.decode(encoding) if isinstance(n, bytes) else n


def unquote_qs(atom: str | bytes, encoding: str, errors: str = "strict") -> str:
    """Decode a ``+`` and %-encoded part of a query string."""
    from urllib.parse import unquote_plus  # lazy: for old programs only

    return unquote_plus(tonative(atom), encoding, errors)


def base64_decode(n: str | bytes, encoding: str = "ISO-8859-1") -> str:
    """Return the text that a base64 string stands for."""
    from base64 import b64decode  # lazy: for old programs only

    return b64decode(n).decode(encoding)


def escape_html(s: str, escape_quote: bool = False) -> str:
    """Replace the characters that mean something in HTML."""
    from html import escape  # lazy: for old programs only

    return escape(s, quote=escape_quote)


def random20() -> str:
    """Return 40 random hex digits."""
    from secrets import token_hex  # lazy: for old programs only

    return token_hex(20)


def encode(value: Any) -> Iterator[bytes]:
    """Yield a value as pieces of JSON in UTF-8."""
    import json  # lazy: for old programs only

    for chunk in json.JSONEncoder().iterencode(value):
        yield chunk.encode()


def decode(text: str) -> Any:
    """Return the value that a JSON document says."""
    import json  # lazy: for old programs only

    return json.loads(text)


json_decode = decode
json_encode = encode

_ELSEWHERE = {
    "HTTPSConnection": ("http.client", "HTTPSConnection"),
    "HTTPConnection": ("http.client", "HTTPConnection"),
    "BadStatusLine": ("http.client", "BadStatusLine"),
    "IncompleteRead": ("http.client", "IncompleteRead"),
    "NotConnected": ("http.client", "NotConnected"),
    "SimpleCookie": ("http.cookies", "SimpleCookie"),
    "urlopen": ("urllib.request", "urlopen"),
    "quote": ("urllib.parse", "quote"),
    "unquote": ("urllib.parse", "unquote"),
    "unquote_to_bytes": ("urllib.parse", "unquote_to_bytes"),
    "urlencode": ("urllib.parse", "urlencode"),
    "urljoin": ("urllib.parse", "urljoin"),
    "json": ("json", ""),
    "parse_http_list": ("urllib.request", "parse_http_list"),
    "parse_keqv_list": ("urllib.request", "parse_keqv_list"),
    "Timer": ("threading", "Timer"),
    "Event": ("threading", "Event"),
}


def __getattr__(name: str) -> Any:
    """Find the names that `_cpcompat` took from the standard library."""
    try:
        place = _ELSEWHERE[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = globals()[name] = _fetched(*place)
    return value


def __dir__() -> Iterable[str]:
    return [*globals(), *_ELSEWHERE]
