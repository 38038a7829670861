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
    """A whole request head; 413 beyond, 414 within the request line. 0: no limit."""

    request_line_bytes: int = 0
    """The request line, if it shall be bounded more closely; 414 beyond. 0: no."""

    field_bytes: int = 262_144
    """One header line; 431 beyond (RFC 6585 §5). 0: bounded by `header_bytes` only."""

    header_count: int = 100
    """Header lines in one head or trailer; 413 beyond. Apache, gunicorn: 100."""

    body_bytes: int = 104_857_600
    """A request body, after chunks are decoded; 413 beyond. 0: no limit."""

    chunk_line_bytes: int = 1_024
    """One chunk-size line with its extensions; 413 beyond."""

    chunk_extension_bytes: int = 16_384
    """All chunk extensions of one body; 413 beyond. Go's net/http: 16 kB."""

    trailer_bytes: int = 16_384
    """The whole trailer section; 413 beyond."""

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

    linger_seconds: float = 5.0
    """What a refused client still sends is dropped for this long, then cut."""

    connections: int = 0
    """Open connections; accepting pauses beyond. 0: as many as descriptors."""

    queue_length: int = -1
    """Requests waiting for a worker; 503 beyond. -1: no limit."""

    queue_seconds: float = 10.0
    """The longest a request may wait for a place in the queue."""

    refused_methods: frozenset[str] = frozenset({"CONNECT", "TRACE"})
    """Methods that are answered 501 without asking the application.

    Few applications know that a 2xx to CONNECT opens a tunnel, or what a TRACE may
    reveal (RFC 9110 §9.3.6, §9.3.8).
    """
