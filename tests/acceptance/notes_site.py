"""The demonstration with a database that knows nothing yet."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from examples.notes.app import make_application

if TYPE_CHECKING:
    import cherrypy


def make() -> cherrypy.Application:
    """Return the application, with a new and empty database."""
    folder = tempfile.mkdtemp(prefix="notes-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_application(Path(folder, "notes.sqlite"))
