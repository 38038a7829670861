"""The program: which commands there are, and what becomes of mistakes."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from cherrypy.cli.mistakes import Mistake
from cherrypy.core.wording import nearest, unknown_word

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "run": "serve an application",
    "routes": "list the URLs of an application",
    "explain": "tell who answers a request, with which tools and config",
    "new": "begin a project",
    "bench": "measure how fast a URL is answered",
    "check": "look for mistakes in a config file",
}
"""The commands in the order of the help. Each is a module of its name in this room,
with ``add_arguments(parser)`` and ``command(options)``, which returns the status."""

_EPILOG = """\
APP is module:name (app:Root, shop.pages:make_root), a file (app.py:Root), or either
without a name, if there is but one application in it. The name is of a class, an
object, a function that returns one, an Application, or a WSGI application.
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        remedy = f"{self.prog} --help lists the options"
        self.exit(2, f"{self.prog}: {message}; {remedy}.\n")


class _Version(argparse.Action):
    """Looks up the version when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *args: Any) -> None:
        import cherrypy  # the front door knows it

        python = ".".join(map(str, sys.version_info[:3]))
        print(f"Morello {cherrypy.__version__} (Python {python})")
        parser.exit()


def _parser(words: Sequence[str]) -> tuple[argparse.ArgumentParser, Any]:
    """Make the parser; only the commands that are among the words get arguments.

    Returns:
        The parser, and what knows those of the commands.
    """
    parser = _Parser(
        prog="cherrypy",
        description="Serve and understand CherryPy applications.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=_Version, help="say which version this is, and leave"
    )
    commands = parser.add_subparsers(
        metavar="COMMAND", title="commands", dest="command", parser_class=_Parser
    )
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=f"{summary.capitalize()}.", epilog=None
        )
        command.add_argument(
            "--no-color", action="store_true", help="print without emphasis"
        )
        if name in words:
            # Only what is wanted is loaded.
            import_module(f"cherrypy.cli.{name}").add_arguments(command)
    return parser, commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program ``cherrypy``.

    Args:
        arguments: The words after its name; by default those of the process.

    Returns:
        The status to end with: 0 all is well, 1 it is not, 2 wrong words.

    Raises:
        SystemExit: Options are wrong (2), or help was asked for (0).
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    _refuse_unknown(words)
    parser, commands = _parser(words)
    options, unknown = parser.parse_known_args(words)
    if unknown:
        asked = commands.choices.get(options.command, parser)
        asked.error(unknown_word(unknown[0], asked.format_help()))
    if options.command is None:
        parser.print_help()
        return 0
    try:
        command = import_module(f"cherrypy.cli.{options.command}").command
        status: int = command(options)
        sys.stdout.flush()
        return status
    except Mistake as mistake:
        print(f"cherrypy {options.command}: {mistake}", file=sys.stderr)
        return mistake.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        _drop_output()
        return 1
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        print(f"cherrypy {options.command}: {problem.strerror}", file=sys.stderr)
        _drop_output()
        return 1


def _drop_output() -> None:
    """See to it that nothing more is flushed when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse_unknown(words: Sequence[str]) -> None:
    """End the program if the first word is no command.

    Raises:
        SystemExit: It is not.
    """
    if not words or words[0].startswith("-") or words[0] in COMMANDS:
        return
    near = nearest(words[0], COMMANDS)
    meant = f"did you mean {near!r}?" if near else f"there are {', '.join(COMMANDS)}."
    print(f"cherrypy: there is no command {words[0]!r}; {meant}", file=sys.stderr)
    raise SystemExit(2)
