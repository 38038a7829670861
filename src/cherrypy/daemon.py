"""The program ``cherryd``: a site made of modules and config files.

``python -m cherrypy`` is the same.
"""

from __future__ import annotations

import argparse
import configparser
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from cherrypy._legacy import lender
from cherrypy.core.app import Application
from cherrypy.core.config import as_dict
from cherrypy.core.wording import (
    UnknownName,
    in_brief,
    mistake_in,
    nearest,
    unknown_word,
)
from cherrypy.environment.site import config, engine, present
from cherrypy.process.plugins import Daemonizer, PIDFile
from cherrypy.process.wspbus import ChannelFailures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["run", "start"]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


class _Mistake(Exception):
    """The user asked for something that cannot be; one sentence says what."""


def start(
    configfiles: Iterable[str] | None = None,
    daemonize: bool = False,
    environment: str | None = None,
    fastcgi: bool = False,
    scgi: bool = False,
    pidfile: str | None = None,
    imports: Iterable[str] | None = None,
    cgi: bool = False,
) -> None:
    """Start the site and wait until it ends.

    Args:
        configfiles: Files for ``cherrypy.config``; if one application is mounted, it
            gets their sections as well.
        daemonize: Whether to go into the background; nothing is printed then.
        environment: A set of config entries, such as ``production``.
        fastcgi: Whether to serve FastCGI instead of HTTP.
        scgi: Whether to serve SCGI instead of HTTP.
        pidfile: Where to write the number of the process.
        imports: Modules to import first; they mount the applications.
        cgi: Whether to serve CGI instead of HTTP.

    Raises:
        SystemExit: The site could not start (1), or asked to end.
    """
    if sys.path[:1] != [""]:
        # The directory where it is started comes first, as for `python -m`.
        sys.path.insert(0, "")
    try:
        _refuse_gateways(fastcgi=fastcgi, scgi=scgi, cgi=cgi)
        for name in imports or ():
            _import(name)
        for file in configfiles or ():
            _read(file)
        if environment is not None:
            _apply_environment(environment)
    except _Mistake as mistake:
        _give_up(str(mistake))
    if daemonize:
        # There is no screen any more.
        config.update({"log.screen": False})
        Daemonizer(engine).subscribe()
    if pidfile:
        PIDFile(engine, pidfile).subscribe()
    engine.signals.subscribe()
    try:
        engine.start()
    except ChannelFailures as failures:
        # The bus has logged it and left; but in production nobody sees the log here.
        reasons = " ".join(map(in_brief, failures.get_instances()))
        _give_up(f"the site could not be started. {reasons}")
    except KeyboardInterrupt:
        sys.exit(1)
    engine.block()


def _give_up(message: str) -> NoReturn:
    print(f"cherryd: {message}", file=sys.stderr)
    sys.exit(1)


def _refuse_gateways(**wanted: bool) -> None:
    """Raise a `_Mistake` for protocols other than HTTP."""
    names = {"fastcgi": "FastCGI (-f)", "scgi": "SCGI (-s)", "cgi": "CGI (-x)"}
    asked = [names[name] for name, on in wanted.items() if on]
    if len(asked) > 1:
        raise _Mistake(f"only one of {', '.join(asked)} can be served.")
    if asked:
        raise _Mistake(
            f"{asked[0]} is not there yet and comes with a later release; serve HTTP "
            "behind a proxy instead."
        )


def _import(name: str) -> None:
    """Import a module that was named on the command line."""
    if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
        likely = os.path.basename(name).removesuffix(".py")
        raise _Mistake(
            f"{name!r} is no name of a module; -i takes one such as {likely!r}, and "
            "-P DIRECTORY says where it is."
        )
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as missing:
        # A module that is missing inside the application is its author's to see, with
        # the whole traceback.
        if missing.name is None or not f"{name}.".startswith(f"{missing.name}."):
            raise
        raise _Mistake(
            f"there is no module {name!r} on sys.path; -P DIRECTORY adds to it."
        ) from missing


def _read(file: str) -> None:
    """Read a config file for the site, and for the application if there is one."""
    try:
        sections = as_dict(file)
    except OSError as refusal:
        raise _Mistake(
            f"cannot read the config file {file!r}: {refusal.strerror or refusal}; "
            "check its name and who may read it."
        ) from refusal
    except (ValueError, configparser.Error) as fault:
        raise _Mistake(mistake_in(file, fault)) from fault
    config.file_was_read(file)
    try:
        config.update(sections)
        apps: dict[str, Any] = present.tree().apps
        if len(apps) == 1:
            (app,) = apps.values()
            if isinstance(app, Application):
                app.merge(sections)
    except (AttributeError, OSError, UnknownName, ValueError) as fault:
        # The namespaces act on values, and refuse what makes no sense.
        raise _Mistake(mistake_in(file, fault)) from fault


def _apply_environment(name: str) -> None:
    if name not in config.environments:
        near = nearest(name, config.environments)
        known = ", ".join(sorted(config.environments))
        meant = f"did you mean {near!r}?" if near else f"there are {known}."
        raise _Mistake(f"there is no environment {name!r}; {meant}")
    config.update({"environment": name})


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help lists the options.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="cherryd", description="Start a CherryPy site and serve it over HTTP."
    )
    add = parser.add_argument
    add(
        "-c",
        "--config",
        action="append",
        metavar="FILE",
        help="read this config file (may be repeated)",
    )
    add("-d", dest="daemonize", action="store_true", help="run in the background")
    add(
        "-e",
        "--environment",
        metavar="NAME",
        help="apply a config environment, such as production",
    )
    add("-f", dest="fastcgi", action="store_true", help="serve FastCGI (later)")
    add("-s", dest="scgi", action="store_true", help="serve SCGI (later)")
    add("-x", dest="cgi", action="store_true", help="serve CGI (later)")
    add(
        "-i",
        "--import",
        dest="imports",
        action="append",
        metavar="MODULE",
        help="import this module first (may be repeated)",
    )
    add("-p", "--pidfile", metavar="FILE", help="write the process id to this file")
    add(
        "-P",
        "--Path",
        dest="path",
        action="append",
        metavar="DIR",
        help="look for modules here first (may be repeated)",
    )
    return parser


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the program ``cherryd``.

    Args:
        arguments: The words after its name; by default those of the process.

    Raises:
        SystemExit: An option is wrong (2), the site could not start (1), or help was
            asked for (0).
    """
    parser = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.error(unknown_word(unknown[0], parser.format_help()))
    sys.path[:0] = options.path or ()
    start(
        options.config,
        options.daemonize,
        options.environment,
        options.fastcgi,
        options.scgi,
        options.pidfile,
        options.imports,
        options.cgi,
    )
