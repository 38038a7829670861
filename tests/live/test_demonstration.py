"""The demonstration: it greets, serves many, and ends when told."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from examples.notes.__main__ import main
from examples.notes.live import PLACES
from tests.live.demonstration import running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


def test_it_greets_serves_and_ends_when_told(tmp_path: Path) -> None:
    for _ in range(2):
        with running(tmp_path) as base, urlopen(f"{base}/", timeout=30) as page:
            assert page.status == 200
            assert b"3 notes" in page.read()


def test_a_folder_that_cannot_be_used_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setattr("sys.argv", ["notes", "--data", str(file)])
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 2
    assert (
        f"cannot use {str(file)!r}: [Errno 17] File exists" in capsys.readouterr().err
    )


def test_listeners_leave_threads_for_others_and_go_when_it_ends(tmp_path: Path) -> None:
    with ExitStack() as listening:
        with running(tmp_path) as base:
            # More than the server has threads.
            listeners = []
            for _ in range(15):
                stream = listening.enter_context(urlopen(f"{base}/live/", timeout=30))
                while not stream.readline().startswith(b"data: "):
                    pass
                listeners.append(stream)
            for each in listeners[:-PLACES]:
                # Sent home in favour of those who came after them.
                assert each.read().startswith(b"\n")
            with urlopen(f"{base}/stats/data", timeout=30) as answer:
                server = json.load(answer)
            assert "CherryPy Applications" in server
            with urlopen(f"{base}/", timeout=30) as page:
                assert page.status == 200
        for each in listeners[-PLACES:]:
            # Told to go, and not waited for.
            each.read()
