"""Config from the command line, and where each of its values came from."""

from __future__ import annotations

import configparser
import os
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.cli.mistakes import Mistake, WrongUse
from cherrypy.core.config import as_dict
from cherrypy.core.wording import mistake_in, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Provenance", "add_settings", "apply", "read"]


class Provenance:
    """Remembers who set the entries of the site's config, and of applications.

    It is told after each step that may have changed something.
    """

    def __init__(self) -> None:
        self.site: dict[str, str] = {}
        """Who set a key of the site's config."""
        self.sections: dict[tuple[str, str], str] = {}
        """Which file set a key of a section."""
        self._seen: dict[str, Any] = {}
        self.note("a default of the framework")

    def note(self, where: str) -> None:
        """Name the one who has set what changed since the last time."""
        for key, value in cherrypy.config.items():
            if key not in self._seen or self._seen[key] is not value:
                self.site[key] = where
        self._seen = dict(cherrypy.config)


def add_settings(parser: Any) -> None:
    """Add the options for config to the parser of a command."""
    parser.add_argument(
        "--config",
        action="append",
        metavar="FILE",
        default=[],
        help="read this config file (may be repeated)",
    )
    parser.add_argument(
        "--environment", metavar="NAME", help="apply a set of config: production, ..."
    )


def apply(
    files: Iterable[str], environment: str | None, provenance: Provenance
) -> None:
    """Give config to the site and, if there is but one, to the application.

    Files are stronger than the environment. One named on the command line takes the
    place of those that files name.

    Raises:
        WrongUse: There is no such environment.
        Mistake: A file cannot be read or makes no sense.
    """
    if environment is not None:
        known = cherrypy.config.environments
        if environment not in known:
            near = nearest(environment, known)
            meant = f"did you mean {near!r}?" if near else f"there are {_list(known)}."
            raise WrongUse(f"there is no environment {environment!r}; {meant}")
        cherrypy.config.update({"environment": environment})
        provenance.note(f"environment {environment!r}")
    for file in files:
        sections = read(file)
        entries = sections.get("global", {})
        if environment is not None and "environment" in entries:
            entries["environment"] = environment
        try:
            _apply_file(sections, provenance, file)
        except KeyError as missing:
            if entries.get("environment") != missing.args[0]:
                raise
            raise Mistake(
                f"the config file {file!r} names the environment {missing.args[0]!r}, "
                f"which is not there; there are {_list(cherrypy.config.environments)}."
            ) from missing
        except (AttributeError, OSError, TypeError, ValueError) as fault:
            # The namespaces act on values, and refuse what makes no sense.
            raise Mistake(mistake_in(file, fault)) from fault
        cherrypy.engine.autoreload.files.add(os.path.abspath(file))


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def read(file: str) -> dict[str, dict[str, Any]]:
    """Return the sections of a config file.

    Raises:
        Mistake: It cannot be read or makes no sense.
    """
    try:
        return as_dict(file)
    except OSError as refusal:
        folder = os.path.dirname(file) or "."
        names = os.listdir(folder) if os.path.isdir(folder) else []
        near = (
            nearest(os.path.basename(file), names) if not os.path.exists(file) else ""
        )
        raise Mistake(
            f"cannot read the config file {file!r}: {refusal.strerror or refusal}"
            + (
                f"; did you mean {os.path.join(os.path.dirname(file), near)!r}?"
                if near
                else "; check its name and who may read it."
            )
        ) from refusal
    except (ValueError, configparser.Error) as fault:
        raise Mistake(mistake_in(file, fault)) from fault


def _apply_file(
    sections: dict[str, dict[str, Any]], provenance: Provenance, file: str
) -> None:
    if "global" in sections:
        cherrypy.config.update(sections["global"])
        provenance.note(f"{file} [global]")
    paths = {name: each for name, each in sections.items() if name != "global"}
    if not paths:
        return
    apps = list(cherrypy.tree.apps.values())
    app = apps[0] if len(apps) == 1 else None
    if not isinstance(app, cherrypy.Application):
        raise Mistake(
            f"the config file {file!r} has sections for an application "
            f"({_list(paths)}), but there are {len(apps)} things mounted; give each "
            "application its config when it is mounted."
        )
    app.merge(paths)
    for section, entries in paths.items():
        for key in entries:
            provenance.sections[section, key] = f"{file} [{section}]"
