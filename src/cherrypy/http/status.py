"""What stands in start lines: versions, and status codes with their names."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TypeAlias

__all__ = [
    "REASONS",
    "StatusLike",
    "protocol_from_http",
    "status_line",
    "valid_status",
]

StatusLike: TypeAlias = int | str | HTTPStatus | None
"""What page authors may give as a status: 404, ``"404 Gone Fishing"``, None for 200."""

REASONS: dict[int, tuple[str, str]] = {
    int(status): (status.phrase, status.description) for status in HTTPStatus
}
"""Reason phrase and one explaining sentence for each registered code."""

# documented behaviour: these two sentences are what an error page says.
REASONS[500] = (
    "Internal Server Error",
    "The server encountered an unexpected condition which prevented it from "
    "fulfilling the request.",
)
REASONS[503] = (
    "Service Unavailable",
    "The server is currently unable to handle the request due to a temporary "
    "overloading or maintenance of the server.",
)

_LINES = {code: f"{code} {reason}".encode() for code, (reason, _) in REASONS.items()}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


_VERSION = re.compile(r"HTTP/([0-9])\.([0-9])", re.IGNORECASE)


def protocol_from_http(protocol_str: str) -> tuple[int, int]:
    """Return the version in a text like ``HTTP/1.1`` as a pair of numbers.

    Raises:
        ValueError: The text is no version of HTTP (RFC 9112 §2.3).
    """
    match = _VERSION.fullmatch(protocol_str)
    if match is None:
        raise ValueError(f"{protocol_str!r} is no version of HTTP, such as 'HTTP/1.1'.")
    return int(match[1]), int(match[2])


def status_line(code: int) -> bytes:
    """Return code and reason as they stand in a status line, ``b"200 OK"``.

    Args:
        code: A three-digit status code; unregistered ones get an empty reason.
    """
    return _LINES.get(code) or b"%d " % code


def valid_status(status: StatusLike) -> tuple[int, str, str]:
    """Return code, reason and explanation of a status.

    Args:
        status: A code, text that starts with a code and may go on with a reason, a
            member of `http.HTTPStatus`, or None (or empty text) for 200.

    Returns:
        The code, the given or else the registered reason, and a sentence that explains
        the code. Unregistered codes have empty texts. Control characters in the given
        reason are left out: it goes into the status line.

    Raises:
        ValueError: The code is no number, or not within 100..599.
    """
    if not status:
        status = 200
    reason = ""
    if isinstance(status, str):
        number, _, reason = status.partition(" ")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise ValueError(
                f"Illegal response status from server ({number!r} is non-numeric)."
            )
        code = int(number)
        reason = _CONTROLS.sub("", reason).strip()
    else:
        try:
            code = int(status)
        except (TypeError, ValueError):
            raise ValueError(
                f"Illegal response status from server ({status!r} is non-numeric)."
            ) from None
    if not 100 <= code <= 599:
        raise ValueError(
            f"Illegal response status from server ({code!r} is out of range)."
        )
    registered, explanation = REASONS.get(code, ("", ""))
    return code, reason or registered, explanation
