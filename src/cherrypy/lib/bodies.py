"""Bodies that are made from other bodies, and are closed with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["MadeFrom", "close_body"]


class MadeFrom:
    """Chunks that are made from those of a body, which is closed with them.

    A generator alone would not do: one that was never begun, as in the answer to a
    HEAD request, runs nothing when it is closed.

    Args:
        source: The body.
        chunks: What is made from it.
    """

    def __init__(self, source: Iterable[Any], chunks: Iterator[Any]) -> None:
        self._source = source
        self._chunks = chunks

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._chunks)

    def close(self) -> None:
        """Close the chunks, and what they are made from."""
        try:
            close_body(self._chunks)
        finally:
            close_body(self._source)


def close_body(body: Iterable[Any]) -> None:
    """Close a body, if it can be closed."""
    close = getattr(body, "close", None)
    if close is not None:
        close()
