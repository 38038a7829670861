"""Every bound the server keeps, as one value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds, the rest counts; the unit is in the name.

    The defaults are those of the documented server settings where there is one.
    0 means no limit only where it says so.
    """

    header_bytes: int = 512_000
    """A whole request head: request line and fields; 413 beyond. 0: no limit."""

    request_line_bytes: int = 65_536
    """The request line; 414 beyond. Never more than `header_bytes`. 0: no limit."""

    header_count: int = 200
    """Field lines in one head or trailer; 413 beyond."""

    body_bytes: int = 104_857_600
    """A request body, after chunks are decoded; 413 beyond. 0: no limit."""

    chunk_line_bytes: int = 1_024
    """One chunk-size line with its extensions; 413 beyond."""

    trailer_bytes: int = 16_384
    """The whole trailer section; 413 beyond."""

    chunk_overhead_bytes: int = 65_536
    """Chunk extensions of a whole body; 413 beyond."""

    pipeline_bytes: int = 65_536
    """Bytes kept of requests that wait for the present one; reading pauses beyond."""

    inline_body_bytes: int = 65_536
    """A body up to this size is read before the application is called."""

    drain_bytes: int = 65_536
    """An unread request body is read and dropped up to this; beyond, close."""

    header_deadline_seconds: float = 10.0
    """A request head must be complete this long after its first byte."""

    idle_seconds: float = 10.0
    """A kept connection is closed after this long without a request."""

    read_seconds: float = 10.0
    """The longest wait for the next bytes of a request body."""

    body_minimum_rate_bytes_per_second: float = 100.0
    """A request body slower than this, once `read_seconds` are over, is refused."""

    write_deadline_seconds: float = 10.0
    """A reader that takes no byte for this long is dropped."""

    handshake_seconds: float = 10.0
    """A TLS handshake must be done after this long."""

    connections: int = 10_000
    """Open connections; accepting pauses beyond."""

    queue_length: int = -1
    """Requests waiting for a worker; 503 beyond. -1: no limit."""

    queue_seconds: float = 10.0
    """The longest a request may wait for a place in the queue."""
