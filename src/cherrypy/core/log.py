"""The error log and the access log, of an application and of the site.

Both are loggers of the standard library, so that anything that listens to those
listens here. What the framework adds:

* an access line is built only if somebody listens (`cherrypy.core.access_line`);
* what a client sent cannot start a line, end a quotation or drive a terminal;
* files and the screen are switched on and off by setting attributes, from config or
  by hand, at any time.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from functools import partial
from logging import (
    INFO,
    FileHandler,
    Handler,
    Logger,
    LogRecord,
    NullHandler,
    StreamHandler,
)
from typing import TYPE_CHECKING, Any

from cherrypy.core.access_line import (
    USUAL_FORMAT,
    LazyRfc3339UtcTime,
    access_line,
    escaped,
    local_time,
)
from cherrypy.core.context import current
from cherrypy.core.wording import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from cherrypy.core.app import Application
    from cherrypy.core.request import Request

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

# What drives a terminal or starts a line, except for the ends of lines that the
# program wrote itself.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _SafeFormatter(logging.Formatter):
    """The message as it is, but for control characters."""

    def format(self, record: LogRecord) -> str:
        """Return message and traceback, fit for a terminal."""
        return _CONTROLS.sub(escaped, super().format(record))


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
        # Performance: with a `with` it would take 0.1 µs longer.
        self.lock.acquire()  # type: ignore[union-attr]  # as above
        try:
            if self.stream is None:
                self.stream = self._open()
            self.stream.write(data)  # type: ignore[arg-type]  # a file of bytes
        finally:
            self.lock.release()  # type: ignore[union-attr]  # as above

    def emit(self, record: LogRecord) -> None:
        """Write a record, formatted."""
        try:
            self.write_line(self.format(record))
        except Exception:  # boundary: a log that fails must not fail the page
            self.handleError(record)


class _Audience:
    """The handlers that hear a logger, and how to tell that it is still those.

    Performance: to walk up the tree of loggers and to look at each handler takes
    0.3 µs, to compare the tree with what it was takes 0.1.

    Args:
        logger: The logger; None before there is one.
    """

    __slots__ = ("_next", "_state", "_third", "listeners", "logger", "only")

    def __init__(self, logger: Logger | None) -> None:
        self.logger = logger
        steps: list[tuple[Logger, list[Handler], bool, Logger | None]] = []
        node = logger
        while node is not None:
            steps.append((node, node.handlers[:], node.propagate, node.parent))
            _, _, propagates, parent = steps[-1]
            node = parent if propagates else None
        self.listeners: list[Handler] = [
            handler
            for _, handlers, _, _ in steps
            for handler in handlers
            if type(handler) is not NullHandler
        ]
        """The handlers that a record would reach, but for those that do nothing."""
        self.only: _LineHandler | None = None
        """The one of them, if it is the only one and may be given a finished line."""
        if len(self.listeners) == 1 and type(logger) is Logger:
            (handler,) = self.listeners
            self.only = handler if isinstance(handler, _LineHandler) else None
        # There are three as a rule: of the application, of the site, and the root. The
        # last stands for what is missing; with more of them nothing is remembered.
        self._state: object = None
        if 1 <= len(steps) <= 3:
            first, second, third = (*steps, *steps[-1:] * 2)[:3]
            self._next, self._third = second[0], third[0]
            self._state = (*first[1:], *second[1:], *third[1:])

    def hears(self, logger: Logger) -> bool:
        """Tell whether these are still the handlers, and the logger is this one."""
        if logger is not self.logger or self._state is None:
            return False
        second, third = self._next, self._third
        return self._state == (
            logger.handlers,
            logger.propagate,
            logger.parent,
            second.handlers,
            second.propagate,
            second.parent,
            third.handlers,
            third.propagate,
            third.parent,
        )


def _deliver(logger: Logger, listeners: list[Handler], line: str) -> None:
    """Hand a finished line to the handlers; a record is made if one wants it."""
    if logger.filters or type(logger) is not Logger:
        logger.info("%s", line)
        return
    record = None
    for handler in listeners:
        if handler.level > INFO:
            continue
        # `logfmt` is the only one who would look at a record.
        if (
            handler.formatter is logfmt
            and isinstance(handler, _LineHandler)
            and not handler.filters
        ):
            try:
                handler.write_line(line)
                continue
            except Exception:  # boundary: the record below tells it as logging does
                pass
        if record is None:
            record = logger.makeRecord(logger.name, INFO, __file__, 0, line, (), None)
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

    access_log_format: str = USUAL_FORMAT
    """What stands in a line of the access log, for `str.format`.

    h: name or address of the client; l: always ``-``; u: user; t: local time; r: first
    line of the request; s: status code; b: bytes of the body, if known beforehand;
    f: Referer; a: User-Agent; o: Host; i: a UUID of the request; z: time in UTC as of
    RFC 3339.
    """

    logger_root: str = "cherrypy"
    """The first part of the names of the loggers."""

    _audience: _Audience = _Audience(None)

    def __init__(self, appid: object = None, logger_root: str = "cherrypy") -> None:
        self.appid = appid
        self.logger_root = logger_root
        suffix = "" if appid is None else f".{appid}"
        self.error_log = logging.getLogger(f"{logger_root}.error{suffix}")
        self.access_log = logging.getLogger(f"{logger_root}.access{suffix}")
        for logger in (self.error_log, self.access_log):
            logger.setLevel(INFO)
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
        severity: int = INFO,
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
        logger, audience = self.access_log, self._audience
        if not audience.hears(logger):
            audience = self._audience = _Audience(logger)
        listeners = audience.listeners
        if not listeners or not logger.isEnabledFor(INFO):
            return
        here = current.get()
        try:
            line = access_line(self, here.request, here.response)
        except Exception:  # boundary: a bad format must not fail the page
            self.error(context="HTTP", severity=logging.ERROR, traceback=True)
            return
        only = audience.only
        if (
            only is not None
            and only.formatter is logfmt
            and only.level <= INFO
            and not (only.filters or logger.filters)
        ):
            # Performance: as `_deliver` would, which takes 0.4 µs to look around.
            try:
                only.write_line(line)
            except Exception:  # boundary: what is wrong is told below
                pass
            else:
                return
        _deliver(logger, listeners, line)

    def time(self) -> str:
        """Return the local time, ``[21/Nov/2026:02:41:31]``."""
        return local_time()

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
        logger.error(f"{local_time()}  ", exc_info=True)
