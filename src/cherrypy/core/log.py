"""The logs of an application, and of the site."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["GlobalLogManager", "LogManager"]


class LogManager:
    """An error log and an access log."""

    appid: Any = None
    access_log_format: str = '{h} {l} {u} {t} "{r}" {s} {b} "{f}" "{a}"'
    logger_root: str = "cherrypy"

    def __init__(self, appid: Any = None, logger_root: str = "cherrypy") -> None:
        self.appid = appid
        self.logger_root = logger_root
        suffix = "" if appid is None else f".{appid}"
        self.error_log = logging.getLogger(f"{logger_root}.error{suffix}")
        self.access_log = logging.getLogger(f"{logger_root}.access{suffix}")

    def error(
        self,
        msg: str = "",
        context: str = "",
        severity: int = logging.INFO,
        traceback: bool = False,
    ) -> None:
        """Write to the error log."""

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Write to the error log."""
        self.error(*args, **kwargs)

    def access(self, request: Any = None, response: Any = None) -> None:
        """Write one line about the request to the access log."""

    def reopen_files(self) -> None:
        """Close and open the files again, for log rotation."""


class GlobalLogManager(LogManager):
    """The log that finds the application of the present request."""
