"""The documentation is executed: every Python block of every page, top to bottom.

The blocks of a page share their names, as if they were one program. What a reader
should see is asserted in the block itself, mostly through `cherrypy.testing.Client`.
`cherrypy.quickstart` does not start a server here, it notes what it was given.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from tests.front_door import nothing_counted, untouched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Let the programs of a page run in a folder of their own, and leave no trace."""
    # In this order: the first imports a tool, which the second would remove again.
    with nothing_counted(), untouched() as site, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        patch.setattr(site, "quickstart", lambda *args, **settings: None)
        with mock.patch.dict(os.environ):
            yield site


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["*.md"],
    fixtures=["page"],
).pytest()
