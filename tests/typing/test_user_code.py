"""The program that type checkers read does what its types say.

`scripts/check` has mypy and pyright look at it; see `user_code` and `user_mistakes`.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

PROGRAM = Path(__file__).with_name("user_code.py")


def test_what_type_checkers_read_runs(site: ModuleType) -> None:
    program = runpy.run_path(str(PROGRAM))
    told = program["look"](program["mounted"]())
    assert json.loads(told.pop(2)) == {"id": 1, "title": "Milk"}
    assert told == [
        "Hello, Ada!",
        "one two",
        "3",
        "3",
        "1",
        "http://localhost/?name=you",
        "1",
        "a.txt: 5",
        "text/plain",
        "all of it",
    ]
