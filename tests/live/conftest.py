"""Programs in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE_SECONDS = 30.0


def until(condition: Callable[[], object], what: str = "it") -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what} in vain"
        time.sleep(0.01)


@dataclass
class Programs:
    """Programs that write a diary, a line for each event."""

    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def diary(self) -> Path:
        return self.folder / "diary"

    @property
    def lines(self) -> list[str]:
        """What the programs have written so far, whole lines only."""
        with suppress(FileNotFoundError):
            return self.diary.read_text().split("\n")[:-1]
        return []

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(
        self, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start the interpreter with these words, in the folder."""
        environ = {**os.environ, "DIARY": str(self.diary), **(env or {})}
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> str:
        """Wait for the end of a program and return what it printed."""
        output, _ = process.communicate(timeout=DEADLINE_SECONDS)
        return output

    def wait_for(self, line: str, times: int = 1) -> None:
        """Wait until a line stands in the diary so many times."""
        until(lambda: self.lines.count(line) >= times, f"{line!r}: {self.lines}")

    def clean(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for line in self.lines:
            # Daemons are nobody's children: they tell their number themselves.
            word, _, number = line.partition(" ")
            if word == "pid":
                with suppress(ProcessLookupError):
                    os.kill(int(number), signal.SIGKILL)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    made = Programs(tmp_path)
    yield made
    made.clean()
