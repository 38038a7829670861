"""Which lines of a program have run: coverage.py, looked at while it runs.

::

    from cherrypy.lib import covercp

    cherrypy.engine.subscribe("start", covercp.start)
    root.coverage = covercp.CoverStats(covercp.the_coverage)

Lines that run before the engine starts, as ``def`` and ``import`` do when a module is
imported, are not seen; to see them, call `start` before you import your modules. The
data are saved when the engine exits; `serve` shows them later, and so does
``python -m cherrypy.lib.covercp FILE PORT FOLDER``.

Needs coverage.py: ``pip install morello[coverage]``.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from cherrypy._legacy import lender
from cherrypy.environment.site import engine
from cherrypy.lib.coverage_pages import (
    MISSING,
    TEMPLATE_COVERAGE,
    TEMPLATE_FORM,
    TEMPLATE_FRAMESET,
    TEMPLATE_ITEM,
    TEMPLATE_LOC_COVERED,
    TEMPLATE_LOC_EXCLUDED,
    TEMPLATE_LOC_NOT_COVERED,
    TEMPLATE_MENU,
    CoverStats,
    files_inside,
)
from cherrypy.lib.diagnostic_pages import serve_alone

if TYPE_CHECKING:
    from coverage import Coverage

__all__ = [
    "TEMPLATE_COVERAGE",
    "TEMPLATE_FORM",
    "TEMPLATE_FRAMESET",
    "TEMPLATE_ITEM",
    "TEMPLATE_LOC_COVERED",
    "TEMPLATE_LOC_EXCLUDED",
    "TEMPLATE_LOC_NOT_COVERED",
    "TEMPLATE_MENU",
    "CoverStats",
    "get_tree",
    "localFile",
    "serve",
    "start",
    "the_coverage",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

localFile: str = os.path.abspath("coverage.cache")
"""The file for the data: ``coverage.cache`` where the program was started."""


def _coverage_class() -> type[Coverage] | None:
    try:
        from coverage import Coverage  # an extra
    except ImportError:
        return None
    return Coverage


def _measuring(data_file: str) -> Coverage | None:
    coverage_class = _coverage_class()
    if coverage_class is None:
        return None
    # Your program, not this framework; and not what a config file says about tests.
    framework = os.path.join(os.path.dirname(os.path.dirname(__file__)), "*")
    return coverage_class(data_file, branch=True, config_file=False, omit=[framework])


def _measuring_now() -> Coverage | None:
    """Return what measures this process already, as in a test run.

    A second one beside it would put an end to what it keeps.
    """
    coverage_class = _coverage_class()
    return None if coverage_class is None else coverage_class.current()


the_coverage: Coverage | None = _measuring_now() or _measuring(localFile)
"""What `start` starts; None without coverage.py. You may put your own here.

Where the process is being measured already, by ``coverage run`` for example, this is
what measures it.
"""


def start() -> None:
    """Begin to note which lines run, in this thread and all that begin after it.

    Raises:
        RuntimeError: coverage.py is not installed.
    """
    if the_coverage is None:
        raise RuntimeError(MISSING)
    if type(the_coverage).current() is the_coverage:
        return
    # What another run has left may belong to another state of the source.
    the_coverage.erase()
    the_coverage.start()
    engine.subscribe("exit", _save)


# documented behaviour: before the server starts, so that its threads are seen too.
start.priority = 20  # type: ignore[attr-defined]


def _save() -> None:
    if the_coverage is not None:
        the_coverage.save()


def get_tree(
    base: str, exclude: str, coverage: Coverage | None = the_coverage
) -> dict[str, Any]:
    """Return the files of which lines have run, as nested dictionaries.

    Args:
        base: The folder in which they lie; `/` for all.
        exclude: A regular expression; files whose path it matches are left out.
        coverage: What has measured them.

    Returns:
        Names of folders to what they contain, of files to None, from the root on.
    """
    tree: dict[str, Any] = {}
    if coverage is None:
        return tree
    for path in files_inside(coverage.get_data().measured_files(), base, exclude):
        *folders, name = _parts(path)
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = None
    return tree


def _parts(path: str) -> list[str]:
    drive, rest = os.path.splitdrive(path)
    return [drive + os.sep, *rest.strip(os.sep).split(os.sep)]


def serve(path: str = localFile, port: int = 8080, root: str | None = None) -> None:
    """Show saved data in a server of their own, until it is interrupted.

    Args:
        path: The file with the data.
        port: Where to listen, on this machine only.
        root: The folder to begin with.

    Raises:
        RuntimeError: coverage.py is not installed.
    """
    measured = _measuring(path)
    if measured is None:
        raise RuntimeError(MISSING)
    measured.load()
    serve_alone(CoverStats(measured, root), int(port))


if __name__ == "__main__":
    serve(*sys.argv[1:])  # type: ignore[arg-type]
