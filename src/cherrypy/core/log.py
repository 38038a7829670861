"""The error log and the access log, of an application and of the site.

Both are loggers of the standard library, so that anything that listens to those
listens here. What the framework adds:

* an access line is built only if somebody listens, and only from the atoms that its
  format names; the format is taken apart once;
* what a client sent cannot start a line, end a quotation or drive a terminal;
* files and the screen are switched on and off by setting attributes, from config or
  by hand, at any time.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from functools import lru_cache, partial
from logging import FileHandler, Handler, Logger, LogRecord, NullHandler, StreamHandler
from string import Formatter
from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.core.wording import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
    from typing import TypeAlias

    from cherrypy.core.app import Application
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

    _Atom: TypeAlias = Callable[["LogManager", Request, Response], str]

__all__ = [
    "Front",
    "GlobalLogManager",
    "LazyRfc3339UtcTime",
    "LogManager",
    "NullHandler",
    "WSGIErrorHandler",
    "front",
    "log_exception",
    "log_of",
    "logfmt",
]

# All but printable ASCII, the quote, and a backslash that could be taken for the
# beginning of an escape. documented behaviour: other backslashes stay as they are.
_UNSAFE = re.compile(r'[^ -~]|"|\\(?=[\\"xnrt]|[^ -~]|\Z)')

# What drives a terminal or starts a line, except for the ends of lines that the
# program wrote itself.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}

# English whatever the locale: log files are read by programs.
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def _escaped(found: re.Match[str]) -> str:
    """Return one unsafe character as an escape that a log may hold."""
    character = found[0]
    return _SHORT_ESCAPES.get(character) or "".join(
        f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass")
    )


class _SafeFormatter(logging.Formatter):
    """The message as it is, but for control characters."""

    def format(self, record: LogRecord) -> str:
        """Return message and traceback, fit for a terminal."""
        return _CONTROLS.sub(_escaped, super().format(record))


logfmt: _SafeFormatter = _SafeFormatter("%(message)s")
"""The formatter of the handlers that are made here: the message, nothing added."""


class WSGIErrorHandler(Handler):
    """Writes to ``wsgi.errors`` of the present request."""

    def _stream(self) -> Any:
        environ = getattr(current.get().request, "wsgi_environ", None)
        return None if environ is None else environ.get("wsgi.errors")

    def flush(self) -> None:
        """Flush the stream, if there is one."""
        stream = self._stream()
        if stream is not None:
            stream.flush()

    def emit(self, record: LogRecord) -> None:
        """Write one record; outside a request it is dropped."""
        try:
            stream = self._stream()
            if stream is not None:
                stream.write(self.format(record) + "\n")
                stream.flush()
        except Exception:  # boundary: a log that fails must not fail the page
            self.handleError(record)


class LazyRfc3339UtcTime:
    """The present time in UTC (RFC 3339 §5.6), formed when it is asked for."""

    def __str__(self) -> str:
        """Return the time, ``2026-11-21T02:41:31.123456Z``."""
        seconds, nanoseconds = divmod(time.time_ns(), 10**9)
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return f"{date}.{nanoseconds // 1000:06d}Z"


_last_time: tuple[int, str] = (0, "")


def _local_time() -> str:
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


# ---------------------------------------------------------------- the access line

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


_USUAL_FORMAT = '{h} {l} {u} {t} "{r}" {s} {b} "{f}" "{a}"'


def _usual_line(log: LogManager, request: Request, response: Response) -> str:
    """Return the line that the usual format makes, in half the time."""
    if request.exchange is not None and request._remote is None:
        host: str = request.exchange.remote[0]
    else:
        host = request.remote.name or request.remote.ip
    user = str(request.login or "-")
    asked = request.request_line
    referer = request.raw_header("Referer") or ""
    agent = request.raw_header("User-Agent") or ""
    # Performance: one look at what clients have a say in; most have nothing to escape.
    said = f"{host}{user}{asked}{referer}{agent}"
    if not (said.isascii() and said.isprintable()) or '"' in said or "\\" in said:
        host, user, asked, referer, agent = (
            _UNSAFE.sub(_escaped, value)
            for value in (host, user, asked, referer, agent)
        )
    return (
        f'{host} - {user} {log.time()} "{asked}" {_status_code(response)} '
        f'{_body_length(response)} "{referer}" "{agent}"'
    )


# ------------------------------------------------------- the handlers made here


class _LineHandler(StreamHandler[Any]):
    """A handler that may be given a finished line, without a record around it.

    Performance: making a record, finding its caller and formatting it costs 5 µs.
    """

    def write_line(self, line: str) -> None:
        """Write a line as `emit` would."""
        with self.lock:  # type: ignore[union-attr]  # None only in a NullHandler
            self.stream.write(line + "\n")
            self.stream.flush()


class _ScreenHandler(_LineHandler):
    """Writes to the standard output or the standard error stream."""


class _LogFileHandler(FileHandler, _LineHandler):
    """Writes to the file that a setting names, in UTF-8.

    Performance: the file has no buffer, because each line is written through at once;
    two layers that only hand it on would cost 0.8 µs.
    """

    def _open(self) -> Any:
        return open(self.baseFilename, "ab", buffering=0)

    def write_line(self, line: str) -> None:
        """Write a line as `emit` would."""
        # What UTF-8 has not (lone surrogates) is no reason to lose a line.
        data = f"{line}\n".encode("utf-8", "backslashreplace")
        with self.lock:  # type: ignore[union-attr]  # as above
            if self.stream is None:
                self.stream = self._open()
            self.stream.write(data)  # type: ignore[arg-type]  # a file of bytes

    def emit(self, record: LogRecord) -> None:
        """Write a record, formatted."""
        try:
            self.write_line(self.format(record))
        except Exception:  # boundary: a log that fails must not fail the page
            self.handleError(record)


def _listeners(logger: Logger) -> list[Handler]:
    """Return the handlers that a record would reach, but for those that do nothing."""
    found = []
    node: Logger | None = logger
    while node is not None:
        for handler in node.handlers:
            if type(handler) is not NullHandler:
                found.append(handler)
        if not node.propagate:
            break
        node = node.parent
    return found


def _deliver(logger: Logger, listeners: list[Handler], line: str) -> None:
    """Hand a finished line to the handlers; a record is made if one wants it."""
    if logger.filters or type(logger) is not Logger:
        logger.info("%s", line)
        return
    record = None
    for handler in listeners:
        if handler.level > logging.INFO:
            continue
        # `logfmt` is the only one who would look at a record.
        if (
            isinstance(handler, _LineHandler)
            and handler.formatter is logfmt
            and not handler.filters
        ):
            try:
                handler.write_line(line)
                continue
            except Exception:  # boundary: the record below tells it as logging does
                pass
        if record is None:
            record = logger.makeRecord(
                logger.name, logging.INFO, __file__, 0, line, (), None
            )
        handler.handle(record)


# ------------------------------------------------------------------ the managers


class LogManager:
    """An error log and an access log, and where they go.

    Calling the manager writes to the error log. The settings below may be set by hand
    or as ``log.<name>`` in config.

    Args:
        appid: Tells the logs of an application from those of the site; it becomes
            the last part of the names of the loggers. None for the site.
        logger_root: The first part of these names.
    """

    appid: object = None
    """What tells these logs from those of other applications; None for the site."""

    error_log: Logger
    """The logger ``cherrypy.error`` or ``cherrypy.error.<appid>``."""

    access_log: Logger
    """The logger ``cherrypy.access`` or ``cherrypy.access.<appid>``."""

    access_log_format: str = _USUAL_FORMAT
    """What stands in a line of the access log, for `str.format`.

    h: name or address of the client; l: always ``-``; u: user; t: local time; r: first
    line of the request; s: status code; b: bytes of the body, if known beforehand;
    f: Referer; a: User-Agent; o: Host; i: a UUID of the request; z: time in UTC as of
    RFC 3339.
    """

    logger_root: str = "cherrypy"
    """The first part of the names of the loggers."""

    def __init__(self, appid: object = None, logger_root: str = "cherrypy") -> None:
        self.appid = appid
        self.logger_root = logger_root
        suffix = "" if appid is None else f".{appid}"
        self.error_log = logging.getLogger(f"{logger_root}.error{suffix}")
        self.access_log = logging.getLogger(f"{logger_root}.access{suffix}")
        for logger in (self.error_log, self.access_log):
            logger.setLevel(logging.INFO)
            if not any(type(handler) is NullHandler for handler in logger.handlers):
                logger.addHandler(NullHandler())

    def reopen_files(self) -> None:
        """Close the log files and open them again, after they have been rotated."""
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                if isinstance(handler, FileHandler):
                    handler.acquire()
                    try:
                        if handler.stream is not None:
                            handler.stream.close()
                        handler.stream = handler._open()
                    finally:
                        handler.release()

    def error(
        self,
        msg: object = "",
        context: str = "",
        severity: int = logging.INFO,
        traceback: bool = False,
    ) -> None:
        """Write to the error log; it is for anything that is worth telling.

        Args:
            msg: What happened.
            context: Who says it, such as ``HTTP`` or ``ENGINE``.
            severity: A level of the `logging` module.
            traceback: Whether to add the exception that is being handled.
        """
        exc_info = sys.exc_info() if traceback else None
        if exc_info is not None and exc_info[0] is None:
            exc_info = None
        text = f"{self.time()} {context} {msg}"
        self.error_log.log(severity, text, exc_info=exc_info)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Write to the error log, see `error`."""
        self.error(*args, **kwargs)

    def access(self) -> None:
        """Write a line about the present request to the access log.

        Nothing is done if nobody listens. The response must be finalized.
        """
        logger = self.access_log
        listeners = _listeners(logger)
        if not listeners or not logger.isEnabledFor(logging.INFO):
            return
        here = current.get()
        try:
            line = self._access_line(here.request, here.response)
        except Exception:  # boundary: a bad format must not fail the page
            self.error(context="HTTP", severity=logging.ERROR, traceback=True)
            return
        _deliver(logger, listeners, line)

    def _access_line(self, request: Request, response: Response) -> str:
        if self.access_log_format == _USUAL_FORMAT:
            return _usual_line(self, request, response)
        template, atoms = _compiled(self.access_log_format)
        values = [atom(self, request, response) for atom in atoms]
        # Performance: one look at all values; most requests have nothing to escape.
        seen = "".join(values)
        if not (seen.isascii() and seen.isprintable()) or '"' in seen or "\\" in seen:
            values = [_UNSAFE.sub(_escaped, value) for value in values]
        return template.format(*values)

    def time(self) -> str:
        """Return the local time, ``[21/Nov/2026:02:41:31]``."""
        return _local_time()

    @property
    def screen(self) -> bool:
        """Whether the error log goes to stderr and the access log to stdout."""
        return any(
            isinstance(handler, _ScreenHandler)
            for logger in (self.error_log, self.access_log)
            for handler in logger.handlers
        )

    @screen.setter
    def screen(self, on: object) -> None:
        for logger, stream in (
            (self.error_log, sys.stderr),
            (self.access_log, sys.stdout),
        ):
            _switch(logger, _ScreenHandler, on and partial(_ScreenHandler, stream))

    @property
    def error_file(self) -> str:
        """The absolute name of the file for the error log; empty for none."""
        return _file_of(self.error_log)

    @error_file.setter
    def error_file(self, filename: str | PathLike[str] | None) -> None:
        _set_file(self.error_log, "log.error_file", filename)

    @property
    def access_file(self) -> str:
        """The absolute name of the file for the access log; empty for none."""
        return _file_of(self.access_log)

    @access_file.setter
    def access_file(self, filename: str | PathLike[str] | None) -> None:
        _set_file(self.access_log, "log.access_file", filename)

    @property
    def wsgi(self) -> bool:
        """Whether the error log also goes to ``wsgi.errors`` of the present request."""
        return any(isinstance(h, WSGIErrorHandler) for h in self.error_log.handlers)

    @wsgi.setter
    def wsgi(self, on: object) -> None:
        _switch(self.error_log, WSGIErrorHandler, on and WSGIErrorHandler)


class GlobalLogManager(LogManager):
    """The log of the site; during a request it speaks for the request's application."""

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Write to the error log of the present application, else of the site."""
        app = current.get().request.app
        log: LogManager = self if app is None else app.log
        log.error(*args, **kwargs)

    def access(self) -> None:
        """Write to the access log of the request's application, else of the site."""
        app = current.get().request.app
        if app is None:
            super().access()
        else:
            app.log.access()


class Front:
    """Holds the log of the site under its public name, ``log``.

    documented behaviour: a program may put a manager of its own in the place of
    ``cherrypy.log``, and it is told of each request and error from then on.
    """

    def __init__(self) -> None:
        self.bearer: Any = self
        self.site: Any = None
        self.log: Any = None


front: Front = Front()
"""Who bears the name ``log``, and what has it from the beginning."""


def log_of(app: Application) -> Any:
    """Return the log for what happens to an application.

    Args:
        app: Its own log is what the log of the site would pass everything on to, so
            it is returned, unless something else is called ``cherrypy.log`` now.
    """
    bound = front.bearer.log
    return app.log if bound is front.site else bound


def _switch(
    logger: Logger, kind: type[Handler], make: Callable[[], Handler] | object
) -> None:
    """Replace the handler of this kind by another, or by none."""
    made = make() if callable(make) else None
    for handler in logger.handlers[:]:
        if isinstance(handler, kind):
            logger.removeHandler(handler)
            handler.close()
    if made is not None:
        made.setFormatter(logfmt)
        logger.addHandler(made)


def _file_of(logger: Logger) -> str:
    for handler in logger.handlers:
        if isinstance(handler, _LogFileHandler):
            return handler.baseFilename
    return ""


def _set_file(
    logger: Logger, setting: str, filename: str | PathLike[str] | None
) -> None:
    name = filename and os.path.abspath(filename)
    if name == _file_of(logger):
        return
    try:
        _switch(logger, _LogFileHandler, name and partial(_LogFileHandler, name))
    except OSError as problem:
        explain(
            problem,
            f"{setting} names it: its folder must exist, and the user who runs the "
            "program must be allowed to write there.",
        )
        raise


def log_exception(request: Request) -> None:
    """Write the exception that is being handled to the log of the application.

    Args:
        request: Tells the application; outside a request it is that of nobody, and
            the log of the site is used.
    """
    if request.app is not None:
        log_of(request.app)(severity=logging.ERROR, traceback=True)
    else:
        # Not a new manager: making one sets the levels of the loggers.
        logger = logging.getLogger(f"{LogManager.logger_root}.error")
        logger.error(f"{_local_time()}  ", exc_info=True)
