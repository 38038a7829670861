"""What a line of the access log says.

It is made from no more atoms than its format names; the format is taken apart once.
What a client sent cannot start a line, end a quotation or drive a terminal.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from operator import attrgetter
from string import Formatter
from typing import TYPE_CHECKING, Final

from cherrypy.core.received import ReceivedHeaders, first_line
from cherrypy.http.status import REASONS, status_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from cherrypy.core.log import LogManager
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

    _Atom: TypeAlias = Callable[[LogManager, Request, Response], str]

__all__ = [
    "USUAL_FORMAT",
    "LazyRfc3339UtcTime",
    "access_line",
    "escaped",
    "local_time",
]

USUAL_FORMAT: Final = '{h} {l} {u} {t} "{r}" {s} {b} "{f}" "{a}"'
"""The format that is called "combined"."""

# All but printable ASCII, the quote, and a backslash that could be taken for the
# beginning of an escape. documented behaviour: other backslashes stay as they are.
_UNSAFE = re.compile(r'[^ -~]|"|\\(?=[\\"xnrt]|[^ -~]|\Z)')

_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}

# English whatever the locale: log files are read by programs.
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

# Performance: codes that need no decoding.
_CODES = {status_line(code): str(code) for code in REASONS}


def escaped(found: re.Match[str]) -> str:
    """Return one unsafe character as an escape that a log may hold."""
    character = found[0]
    return _SHORT_ESCAPES.get(character) or "".join(
        f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass")
    )


class LazyRfc3339UtcTime:
    """The present time in UTC (RFC 3339 §5.6), formed when it is asked for."""

    def __str__(self) -> str:
        """Return the time, ``2026-11-21T02:41:31.123456Z``."""
        seconds, nanoseconds = divmod(time.time_ns(), 10**9)
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return f"{date}.{nanoseconds // 1000:06d}Z"


_last_time: tuple[int, str] = (0, "")


def local_time() -> str:
    """Return ``[21/Nov/2026:02:41:31]``, made at most once a second."""
    global _last_time
    now = int(time.time())
    second, text = _last_time
    if second != now:
        t = time.localtime(now)
        text = (
            f"[{t.tm_mday:02d}/{_MONTHS[t.tm_mon - 1]}/{t.tm_year:04d}:"
            f"{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}]"
        )
        # One assignment of one tuple: threads may race, but never see half of it.
        _last_time = (now, text)
    return text


def access_line(log: LogManager, request: Request, response: Response) -> str:
    """Return the line about a request and its response, which is finalized.

    Args:
        log: Says in which format, and what time it is.
        request: What was asked, and who asked.
        response: What is answered.

    Raises:
        KeyError: The format names an atom that is none.
        ValueError: It is no format.
    """
    if log.access_log_format != USUAL_FORMAT:
        template, atoms = _compiled(log.access_log_format)
        values = [atom(log, request, response) for atom in atoms]
        return template.format(*_safe(values))
    exchange, received = request.exchange, request.received
    if (
        exchange is None
        or type(received) is not ReceivedHeaders
        or _touched(request) != _NOTHING
        or (connection := exchange.connection).server.identifies
    ):
        host, user, quoted, ending = _said(request)
    else:
        host, user = connection.remote[0], " - - "
        if "%" in host:
            # The zone of an address (RFC 4007 §11) is a name that somebody gave.
            host = _UNSAFE.sub(escaped, host)
        # Performance: a head that comes again byte for byte says the same again, and
        # to find and quote that takes 2 µs.
        kind, asked, quoted, ending = received.told
        if kind is not type(request) or asked != request.asked:
            if _is_usual(type(request)):  # type: ignore[arg-type]  # it has a hash
                quoted, ending = _told(request, received)
            else:
                host, user, quoted, ending = _said(request)
    # Performance: as `_status_code` and `_body_length`, whose calls take 0.3 µs.
    code = _CODES.get(response.output_status) or _status_code(response)
    length = dict.get(response.headers, "Content-Length")
    if not length or length == "0":
        length = "-"
    return f"{host}{user}{log.time()}{quoted}{code} {length!s}{ending}"


def _safe(values: list[str]) -> list[str]:
    """Return texts, in which clients have a say, fit for a log."""
    # Performance: one look at all of them; most have nothing to escape.
    seen = "".join(values)
    if not (seen.isascii() and seen.isprintable()) or '"' in seen or "\\" in seen:
        return [_UNSAFE.sub(escaped, value) for value in values]
    return values


# Everything an access line may name, by the letter that names it.
_ATOMS: dict[str, _Atom] = {
    "h": lambda log, request, response: request.remote.name or request.remote.ip,
    "l": lambda log, request, response: "-",
    "u": lambda log, request, response: str(request.login or "-"),
    "t": lambda log, request, response: log.time(),
    "r": lambda log, request, response: request.request_line,
    "s": lambda log, request, response: _status_code(response),
    "b": lambda log, request, response: _body_length(response),
    "f": lambda log, request, response: request.raw_header("Referer") or "",
    "a": lambda log, request, response: request.raw_header("User-Agent") or "",
    "o": lambda log, request, response: request.raw_header("Host") or "-",
    "i": lambda log, request, response: str(request.unique_id),
    "z": lambda log, request, response: str(LazyRfc3339UtcTime()),
}


def _status_code(response: Response) -> str:
    """Return the code that goes over the wire, or a dash if there is none."""
    return response.output_status[:3].decode("ascii", "replace") or "-"


def _body_length(response: Response) -> str:
    """Return the Content-Length, or a dash if there is none or nothing to count."""
    length = dict.get(response.headers, "Content-Length")
    return "-" if not length or length == "0" else str(length)


@lru_cache(maxsize=64)
def _compiled(line_format: str) -> tuple[str, tuple[_Atom, ...]]:
    """Take a format apart, so that no atom is worked out that it does not name.

    Returns:
        The format with numbers for names, and the atoms in the order of the numbers.

    Raises:
        KeyError: The format names an atom that is none.
        ValueError: It is no format.
    """
    template = ""
    atoms: list[_Atom] = []
    for literal, field, spec, conversion in Formatter().parse(line_format):
        template += literal.replace("{", "{{").replace("}", "}}")
        if field is not None:
            name = re.split(r"[.\[]", field)[0]
            template += f"{{{len(atoms)}{field[len(name) :]}"
            template += f"!{conversion}" if conversion else ""
            template += f":{spec}}}" if spec else "}"
            atoms.append(_ATOMS[name])
    return template, tuple(atoms)


# -------------------------------------------------------------- the usual format


def _said(request: Request) -> tuple[str, str, str, str]:
    """Return what a request says for the line.

    Returns:
        The host, the user, the request line in quotes, and Referer and User-Agent,
        each with the spaces between them and what stands before and behind.
    """
    host, user, asked, referer, agent = _safe(
        [
            request.remote.name or request.remote.ip,
            str(request.login or "-"),
            request.request_line,
            request.raw_header("Referer") or "",
            request.raw_header("User-Agent") or "",
        ]
    )
    return host, f" - {user} ", f' "{asked}" ', f' "{referer}" "{agent}"'


def _told(request: Request, received: ReceivedHeaders) -> tuple[str, str]:
    """Return the last two of these, and keep them with the head."""
    # Performance: these two stand for themselves, so nothing has to be joined; to
    # find them in the usual way takes 1 µs longer.
    values = received.last_values()
    line, referer, agent = _safe(
        [
            first_line(request.asked),
            values.get(b"referer", b"").decode("latin-1"),
            values.get(b"user-agent", b"").decode("latin-1"),
        ]
    )
    quoted, ending = f' "{line}" ', f' "{referer}" "{agent}"'
    received.told = (type(request), request.asked, quoted, ending)
    return quoted, ending


# What the line is made of.
_SOURCES = frozenset(
    {
        *("asked", "exchange", "header_list", "headers", "login", "raw_header"),
        *("received", "remote", "request_line", "__getattribute__"),
    }
)


@lru_cache(maxsize=64)
def _is_usual(kind: type) -> bool:
    """Tell whether a class of requests has no other sources than `Request` has."""
    return not any(_SOURCES & vars(each).keys() for each in kind.__mro__[:-2])


# What a program may have set on a request, or changed. Performance: looked up in one
# go, as none of it is there; one by one takes 0.5 µs longer.
_touched = attrgetter("_headers", "_header_list", "_login", "_remote", "_request_line")
_NOTHING = (None, None, None, None, None)
