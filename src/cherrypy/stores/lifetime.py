"""When a value ends, told so that setting the computer's clock changes nothing.

A process could count on `time.monotonic`. What is stored outlives the process, and
then two clocks are noted: the one that runs since the computer was started and that
nobody sets, together with the name of that start; and the wall clock. As long as the
computer has not been started again the first decides. After that, or on another
computer, the wall clock does.
"""

from __future__ import annotations

import contextlib
import functools
import os
import struct
import time
from pathlib import Path
from typing import NamedTuple

__all__ = ["STAMP_BYTES", "Expiry", "boot_clock", "boot_name", "unwrap", "wrap"]

_STAMP = struct.Struct(">16sdd")

STAMP_BYTES = _STAMP.size
"""How much longer a value gets by its stamp."""


def boot_clock() -> float:
    """Return the seconds since the computer was started, those it slept included.

    Where the system does not tell (outside of Linux), a clock that is at least never
    set; see `boot_name`.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@functools.cache
def boot_name() -> bytes:
    """Return 16 bytes that name the present run of the computer.

    Where the system has no such name, they name this process, which is as much as
    `boot_clock` can be compared for there: other processes go by the wall clock.
    """
    # Saves 2 ms for the programs that store nothing.
    import hashlib

    try:
        name = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        return os.urandom(16)
    with contextlib.suppress(OSError):
        # Containers may have a boot clock of their own: time_namespaces(7).
        name += Path("/proc/self/timens_offsets").read_bytes()
    return hashlib.blake2b(name, digest_size=16).digest()


class Expiry(NamedTuple):
    """The moment when a value ends, by both clocks."""

    boot: bytes
    """Which run of the computer `boot_moment` belongs to."""
    boot_moment: float
    """Seconds on `boot_clock`."""
    wall_moment: float
    """Seconds on the wall clock, since 1970."""

    @classmethod
    def after(cls, seconds: float) -> Expiry:
        """Return the moment that comes so many seconds from now."""
        return cls(boot_name(), boot_clock() + seconds, time.time() + seconds)

    @classmethod
    def unpacked(cls, stamp: bytes) -> Expiry:
        """Return the moment that a stamp (or what begins with one) tells."""
        return cls._make(_STAMP.unpack_from(stamp))

    def packed(self) -> bytes:
        """Return the moment as a stamp, `STAMP_BYTES` long."""
        return _STAMP.pack(*self)

    def left(self) -> float:
        """Return the seconds until then; 0 or less when it is over."""
        if self.boot == boot_name():
            return self.boot_moment - boot_clock()
        return self.wall_moment - time.time()


def wrap(value: bytes, seconds: float) -> bytes:
    """Return a value with the stamp in front that lets it live so many seconds."""
    return Expiry.after(seconds).packed() + value


def unwrap(stored: bytes) -> bytes | None:
    """Return the value behind its stamp; None if it has ended, or has no stamp."""
    if len(stored) < STAMP_BYTES or not Expiry.unpacked(stored).left() > 0:
        return None
    return stored[STAMP_BYTES:]
