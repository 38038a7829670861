"""Multipart bodies: bytes in, events out (RFC 2046 §5.1, RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Event",
    "MalformedMultipart",
    "MultipartDecoder",
    "MultipartTooLarge",
    "PartBegins",
    "PartData",
    "PartEnds",
    "boundary_of",
    "disposition_of",
]


class MalformedMultipart(ValueError):
    """The body is no multipart body; the client's mistake, answer 400."""


class MultipartTooLarge(ValueError):
    """The body has too many parts or headers; answer 413."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """The head of a part is complete."""

    headers: list[tuple[str, str]]
    """Its header fields, names in Title-Case."""


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The part that began last is complete."""


Event: TypeAlias = PartBegins | PartData | PartEnds


class MultipartDecoder:
    """Decodes one multipart body.

    Args:
        boundary: The boundary between the parts, see `boundary_of`.
        max_parts: How many parts are taken at most.
        max_header_bytes: Bytes in one header line of a part at most.
        max_headers: Header lines of a part at most.
    """

    def __init__(
        self,
        boundary: str,
        *,
        max_parts: int = 1000,
        max_header_bytes: int = 4096,
        max_headers: int = 16,
    ) -> None:
        raise NotImplementedError

    def receive(self, data: bytes) -> Iterator[Event]:
        """Yield the events in these bytes; use up all of them before the next call.

        Raises:
            MalformedMultipart: The body is no multipart body.
            MultipartTooLarge: A limit is exceeded.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Say that there is no more data.

        Raises:
            MalformedMultipart: The last boundary is missing.
        """
        raise NotImplementedError


def boundary_of(content_type: str) -> str:
    """Return the boundary that a ``Content-Type`` names; quotes are taken off.

    Raises:
        MalformedMultipart: There is none, or it is none as RFC 2046 §5.1.1 has it.
    """
    raise NotImplementedError


def disposition_of(value: str) -> tuple[str | None, str | None]:
    """Return the name and the file name in a ``Content-Disposition``.

    ``filename*`` (RFC 5987) goes before ``filename``. The file name loses its path.

    Args:
        value: The value of the field.

    Returns:
        Field name and file name; None for each that is not there. A file name that
        is there but empty is empty text.
    """
    raise NotImplementedError
