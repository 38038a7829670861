"""The demonstration as a process, as scripts/run starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["running"]

PROJECT = Path(__file__).parents[2]


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start it with its data in a folder, and give its URL; it must end in peace."""
    command = [sys.executable, "-m", "examples.notes", "--port=0", f"--data={folder}"]
    # Not to be restarted when somebody edits a file meanwhile.
    command += ["--environment=staging"]
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            greeting = ""
            for line in process.stdout:
                greeting += line
                if found := re.search(r"the notes +(http://127\.0\.0\.1:\d+)/$", line):
                    yield found[1]
                    break
            else:
                raise AssertionError(f"no greeting, but {greeting!r}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    assert process.returncode == 0
