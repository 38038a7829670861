"""``cherrypy new``: begin a project."""

from __future__ import annotations

import importlib.util
import keyword
import re
import shlex
import shutil
import sys
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import cherrypy
from cherrypy.cli.mistakes import Mistake, WrongUse

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

__all__ = ["add_arguments", "command"]

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.ASCII | re.IGNORECASE)

_SUFFIX = ".template"
"""Of the files in the template, which are no programs before the name is known."""

_FOLDERS = ("config", "deploy", "tests")


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "name", metavar="NAME", help="of the project, and of the folder to make"
    )


def command(options: Namespace) -> int:
    """Make the folder of a project.

    Raises:
        WrongUse: The name cannot be one.
        Mistake: The folder is there already, or cannot be made.
    """
    package = _package(options.name)
    folder = Path(options.name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Mistake(
            f"there is something at {str(folder.resolve())!r} already, and nothing is "
            "overwritten; choose another name, or move it away."
        )
    version = cherrypy.__version__.partition(".")[0]
    names = {
        "name": options.name,
        "package": package,
        "version": f">={version}" if version.isdecimal() else "",
    }
    try:
        for path, text in _files(resources.files("cherrypy.cli") / "template"):
            place = path.replace("PACKAGE", package).replace("NAME", options.name)
            made = folder / place
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(Template(text).substitute(names), encoding="utf-8")
            print(made)
    except OSError as refusal:
        raise Mistake(
            f"cannot write {refusal.filename!r}: {refusal.strerror}; choose a folder "
            "that you may write to."
        ) from refusal
    _say_what_next(options.name, package)
    return 0


def _package(name: str) -> str:
    """Return the name of the package of a project.

    Raises:
        WrongUse: It cannot be one.
    """
    package = name.replace("-", "_").lower()
    if not _NAME.fullmatch(name):
        raise WrongUse(
            f"{name!r} cannot be the name of a project; use letters, digits and single "
            "hyphens, such as my-shop."
        )
    taken = (*sys.stdlib_module_names, *_FOLDERS, "cherrypy", "test")
    if keyword.iskeyword(package) or package in taken:
        raise WrongUse(
            f"{name!r} cannot be the name of a project, because {package!r} means "
            "something else in Python or in the project; choose another one."
        )
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.origin is not None:
        raise WrongUse(
            f"{name!r} cannot be the name of a project, because there is a module "
            f"{package!r} already ({spec.origin}); choose another one."
        )
    return package


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of all files of the template."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = entry.name.removesuffix(_SUFFIX).replace("dot-", ".")
        if entry.is_dir():
            yield from _files(entry, f"{above}{name}/")
        elif entry.name.endswith(_SUFFIX):
            yield above + name, entry.read_text(encoding="utf-8")


def _say_what_next(name: str, package: str) -> None:
    # It may have been called by its path, in an environment that is not active.
    here = f"{shlex.quote(sys.executable)} -m cherrypy.cli"
    program = "cherrypy" if shutil.which("cherrypy") else here
    print(
        f"\nThe project {name} is ready. Go on with:\n\n"
        f"  cd {name}\n"
        f"  {program} run {package}.app:make_application "
        "--config config/development.conf --reload\n\n"
        "README.md says the rest."
    )
