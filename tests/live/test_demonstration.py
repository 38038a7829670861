"""The demonstration as a process, as scripts/run starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

PROJECT = Path(__file__).parents[2]

pytestmark = pytest.mark.live


def test_it_greets_serves_and_ends_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.notes", "--port=0", f"--data={tmp_path}"]
    # Not to be restarted when somebody edits a file meanwhile.
    command += ["--environment=staging"]
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.search(
                    r"in a browser +(http://127\.0\.0\.1:\d+/)", line
                ):
                    break
            else:
                pytest.fail("no greeting")
            with urlopen(found[1], timeout=30) as page:
                assert page.status == 200
                assert b"3 notes" in page.read()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    assert process.returncode == 0
