"""The HTML of an error, and the bare answer when even that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cherrypy.core.response import Response

__all__ = ["bare_error", "clean_headers", "format_exc", "get_error_page"]


def clean_headers(status: int, response: Response | None = None) -> None:
    """Remove the headers that described the page which failed."""


def get_error_page(status: int | str, **kwargs: Any) -> Any:
    """Return the body of an error page."""
    return b""


def format_exc(exc: Any = None) -> str:
    """Return the traceback of `exc`, or of the exception being handled."""
    return ""


def bare_error(
    extrabody: str | bytes | None = None,
) -> tuple[bytes, list[tuple[bytes, bytes]], list[bytes]]:
    """Return status, headers and body of the last line of defence."""
    return b"500 Internal Server Error", [], [b""]
