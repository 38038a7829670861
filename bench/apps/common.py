"""What every application of the benchmark shares."""

from __future__ import annotations

import pathlib
import time

HELLO = "Hello, world!"
LARGE = b"0123456789abcdef" * 65536
STATIC = pathlib.Path(__file__).parent.parent / ".data"
SLEEP_SECONDS = 0.010
BURN_SECONDS = 0.050


def burn() -> str:
    """Keep the processor busy for 50 ms of its own time."""
    end = time.thread_time() + BURN_SECONDS
    while time.thread_time() < end:
        pass
    return "burnt"


def sleep() -> str:
    """Block for 10 ms, as a page does that asks a database."""
    time.sleep(SLEEP_SECONDS)
    return "slept"
