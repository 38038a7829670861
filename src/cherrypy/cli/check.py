"""``cherrypy check``: look for mistakes in a config file.

The checker of the engine does most of it. It warns at each start, so it must be sure;
who asks for a check also wants to hear of what is only likely: keys that nobody reads
but that look much like one that is read.
"""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.cli import settings, target
from cherrypy.cli.terminal import Terminal
from cherrypy.core.log import LogManager
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.core.tree import Tree
from cherrypy.core.wording import nearest
from cherrypy.environment.checker import Checker
from cherrypy.environment.server import Server
from cherrypy.extension.tool import Tool

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["FileChecker", "add_arguments", "command"]

_KINDS: dict[str, type] = {
    "checker": Checker,
    "engine": type(cherrypy.engine),
    "log": LogManager,
    "request": Request,
    "response": Response,
    "server": Server,
}
"""By namespace, the class whose attributes the keys set."""

_ELSEWHERE = ("section: ", "root: ", "dir: ", "filename: ")
"""Lines of warnings that only repeat what stands in the file."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", metavar="FILE", help="the config file")
    target.add_target(parser, optional=True)


def command(options: Namespace) -> int:
    """Print what is wrong with a config file; 1 if there is anything.

    Raises:
        Mistake: The file cannot be read, or is none of config.
    """
    cherrypy.config["log.screen"] = False
    sections = settings.read(options.file)
    mounted: Iterable[Any] = ()
    if options.app is not None:
        mounted = target.load(options.app).values()
    apps = [app for app in mounted if isinstance(app, cherrypy.Application)]
    model = apps[0] if len(apps) == 1 else cherrypy.Application(None)
    found = list(FileChecker(sections, model).faults())
    places = _places(options.file)
    terminal = Terminal(colour=not options.no_color)
    for section, key, text in sorted(found, key=lambda each: places.get(each[:2], 0)):
        line = places.get((section, key)) or places.get((section, ""))
        where = f"{options.file}:{line}" if line else options.file
        terminal.say(f"{terminal.bold(where)}: [{section}] {text}")
    if found:
        count = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
        terminal.say(f"{count} in {options.file}.")
        return 1
    terminal.say(f"No mistakes found in {options.file}.")
    return 0


def _places(file: str) -> dict[tuple[str, str], int]:
    """Return the lines of sections (with an empty key) and of their keys."""
    places: dict[tuple[str, str], int] = {}
    section = ""
    with open(file, encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            text = line.rstrip()
            if text.startswith("[") and text.endswith("]"):
                section = text[1:-1]
                places[section, ""] = number
            elif text and not text[0].isspace() and text[0] not in "#;":
                key = text.replace(":", "=", 1).partition("=")[0].strip()
                # As the parser does: the first of "=" and ":" ends the key.
                places.setdefault((section, key), number)
    return places


class _Entries(dict[str, Any]):
    """What the file says of the site, with the namespaces that would act on it."""

    namespaces = cherrypy.config.namespaces


class FileChecker(Checker):
    """Looks at a config file instead of at what is in force.

    Nothing of the file is acted on: no log is opened, no plugin subscribed.

    Args:
        sections: What stands in the file.
        model: An application whose namespaces and tools are known ones.
    """

    def __init__(
        self, sections: Mapping[str, Mapping[str, Any]], model: cherrypy.Application
    ) -> None:
        super().__init__()
        self.sections: dict[str, dict[str, Any]] = {
            name: dict(entries) for name, entries in sections.items()
        }
        self.app: cherrypy.Application = cherrypy.Application(
            model.root, model.script_name
        )
        self.app.request_class = model.request_class
        self.app.toolboxes = model.toolboxes
        self.app.namespaces = model.namespaces
        paths = {name: own for name, own in self.sections.items() if name != "global"}
        self.app.config = paths
        tree = Tree()
        if paths:
            tree.apps[model.script_name] = self.app
        site = _Entries(self.sections.get("global", {}))
        self.look_at(tree=lambda: tree, config=site, kinds=_KINDS)
        extra = site.get("checker.extra_config_namespaces") or ()
        self.extra_config_namespaces: list[str] = list(extra)

    # Told below, with the line and the name that was probably meant.
    check_config_namespaces = False  # type: ignore[assignment]  # documented switch
    check_config_keys = False  # type: ignore[assignment]
    check_tool_arguments = False  # type: ignore[assignment]
    # Of a program and the directory it is started in, not of a file.
    check_pages = False  # type: ignore[assignment]
    check_error_pages = False  # type: ignore[assignment]

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """Yield section, key and text of each mistake; the key may be empty."""
        for section, entries in self.sections.items():
            for key, value in entries.items():
                text = self._fault(section, key, value)
                if text:
                    yield section, key, text
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self()
        for warning in told:
            yield self._located(str(warning.message))

    def _located(self, message: str) -> tuple[str, str, str]:
        """Find the section and the key that a warning of the checker is about."""
        marks = {"global": "cherrypy.config.update()"}
        candidates = [
            (marks.get(section, f"[{section}]") in message, rank, key, section)
            for section, own in self.sections.items()
            for key in ("", *own)
            if (rank := _rank(key, message)) is not None
        ]
        *_, key, section = max(candidates, key=lambda each: (*each[:2], len(each[2])))
        lines = message.split("\n")
        told = [line for line in lines if not line.startswith(_ELSEWHERE)]
        text = " ".join(told).replace(f" in {marks['global']}", "")
        return section, key, text.replace(f" in [{section}]", "")

    def _fault(self, section: str, key: str, value: Any) -> str | None:
        if section != "global" and not section.startswith("/"):
            return None  # the framework does not read it
        if key == "environment" and section == "global":
            return _unless_known("environment", value, cherrypy.config.environments)
        namespace, dot, rest = key.partition(".")
        if key in self.obsolete:
            return None
        if not dot:
            return _misspelt(key, key, ["environment"]) if section == "global" else None
        known = self._known_namespaces()
        if namespace not in known:
            if namespace == "cherrypy" and rest.partition(".")[0] in known:
                return f"{key!r} means nothing; write {rest!r}."
            text = _unless_known("config namespace", namespace, known)
            return f"{text} If it is yours, add it to checker.extra_config_namespaces."
        if namespace == "error_page" and rest != "default" and not rest.isdecimal():
            return f"{key!r} names no status code; use a number, or error_page.default."
        if namespace in self.app.toolboxes:
            return self._fault_of_tool(namespace, rest)
        if namespace == "engine" and "." in rest:
            plugin, _, attribute = rest.partition(".")
            return _misspelt(
                key, attribute, ["on", *dir(getattr(cherrypy.engine, plugin, object))]
            )
        if namespace in ("request", "response") and "." in rest:
            return None  # attributes of the body, headers
        if namespace in _KINDS:
            return _misspelt(key, rest.rpartition(".")[2], self._attributes(namespace))
        return None

    def _known_namespaces(self) -> set[str]:
        return {
            *cherrypy.config.namespaces,
            *self.app.namespaces,
            *self.app.toolboxes,
            *self.app.request_class.namespaces,
            *self.extra_config_namespaces,
        }

    def _attributes(self, namespace: str) -> list[str]:
        kind = _KINDS[namespace]
        names = [*dir(kind), *getattr(kind, "__annotations__", {})]
        if namespace == "engine":
            names += ["SIGHUP", "SIGTERM", *vars(cherrypy.engine)]
        if namespace == "request":
            names += dir(self.app.request_class)
        return names

    def _fault_of_tool(self, box: str, rest: str) -> str | None:
        name, dot, argument = rest.partition(".")
        toolbox = self.app.toolboxes[box]
        tool = getattr(toolbox, name, None)
        if tool is None:
            known = [each for each in vars(toolbox) if not each.startswith("_")]
            near = nearest(name, set(known) - {"namespace"})
            if near:
                return f"there is no tool {name!r}; did you mean {near!r}?"
            return (
                f"there is no tool {name!r}; if it is yours, name your application as "
                "well, such as app:Root, and add the tool where that is imported."
            )
        if not dot:
            return f"{box}.{name} lacks an argument; to turn it on, write .on."
        if not isinstance(tool, Tool):
            return None
        arguments = _arguments(tool)
        if arguments is None or argument in ("on", "priority", *arguments):
            return None
        near = nearest(argument, [*arguments, "on"])
        meant = f"did you mean {near!r}?" if near else f"it takes {_list(arguments)}."
        return f"{box}.{name} takes no argument {argument!r}; {meant}"


def _rank(key: str, message: str) -> int | None:
    """Tell how well a key fits a message; None if not at all."""
    if not key:
        return 0
    if key in message:
        return 2
    prefix = key.rpartition(".")[0]
    return 1 if prefix and prefix in message else None


def _arguments(tool: Tool) -> list[str] | None:
    """Return the names of a tool's arguments, None if it takes any."""
    try:
        parameters = inspect.signature(tool.callable).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return None
    if type(tool)._setup is not Tool._setup:
        return None  # it may know more than its callable
    return [each.name for each in parameters]


def _unless_known(what: str, name: Any, known: Iterable[str]) -> str | None:
    if name in known:
        return None
    near = nearest(str(name), known)
    meant = f"did you mean {near!r}?" if near else f"there are {_list(known)}."
    return f"there is no {what} {name!r}; {meant}"


def _misspelt(key: str, name: str, known: Iterable[str]) -> str | None:
    """Tell whether a name that nobody reads looks like one that is read."""
    names = [each for each in known if not each.startswith("_")]
    if name in names:
        return None
    near = nearest(name, names)
    if near is None:
        return None  # somebody's own
    meant = f"{key[: len(key) - len(name)]}{near}"
    return f"nothing reads {key!r}; did you mean {meant!r}?"


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
