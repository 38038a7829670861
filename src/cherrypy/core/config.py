"""Configuration: files, layers, and the namespaces that act on keys.

A key is a dotted name; what stands before its first dot is its namespace, and a
`NamespaceSet` knows who acts on the keys of which namespace. The values of a file are
Python expressions (`cherrypy.core.unrepr`), read by `Parser`.

`Config` is a flat configuration that any program may use by itself. An application's
is two-level, a dictionary of sections by path, and is put together by `merge`.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import (
    ConfigParser,
    DuplicateOptionError,
    DuplicateSectionError,
    Error,
    InterpolationError,
    MissingSectionHeaderError,
    ParsingError,
)
from contextlib import AbstractContextManager, contextmanager, nullcontext
from traceback import walk_tb
from typing import IO, TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from cherrypy.core.unrepr import unrepr
from cherrypy.core.wording import UnknownName, explain, meant

__all__ = ["Config", "ConfigSource", "NamespaceSet", "Parser", "as_dict", "merge"]

ConfigSource: TypeAlias = str | bytes | os.PathLike[str] | IO[str] | Mapping[str, Any]
"""Where configuration may come from: the name of a file, an open file, a mapping."""

if TYPE_CHECKING:
    Handler: TypeAlias = Callable[[str, Any], object]
    NamespaceHandler: TypeAlias = Handler | AbstractContextManager[Handler]
    """What acts on the keys of a namespace; a context manager is entered once for
    all of them and yields the callable."""


class Parser(ConfigParser):
    """A `ConfigParser` that keeps the case of options and whose values are Python.

    Programs subclass and patch it: all that reads a file here goes through `as_dict`.
    """

    def optionxform(self, optionstr: str) -> str:
        """Return the option as it is, in its own case."""
        return optionstr

    def read(  # type: ignore[override]  # documented: returns nothing
        self,
        filenames: str | bytes | os.PathLike[str] | Iterable[str],
        encoding: str | None = None,
    ) -> None:
        """Read one or several files; unlike that of the base, misses none.

        Args:
            filenames: One name, or several.
            encoding: Of the files; by default UTF-8.

        Raises:
            OSError: A file cannot be read.
        """
        if isinstance(filenames, str | bytes | os.PathLike):
            filenames = [os.fsdecode(filenames)]
        for filename in filenames:
            # Editors on Windows begin a file with a byte order mark.
            with (
                _mistakes_explained(filename),
                open(filename, encoding=encoding or "utf-8-sig") as file,
            ):
                self.read_file(file, source=filename)

    def as_dict(
        self, raw: bool = False, vars: Mapping[str, str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return the sections as dictionaries, their values as Python objects.

        Args:
            raw: Whether to leave ``%(name)s`` alone.
            vars: More names for ``%(name)s``.

        Raises:
            ValueError: A value is no Python; the arguments are a text with section,
                option and value, and name and arguments of the original error.
        """
        result: dict[str, dict[str, Any]] = {}
        for section in self.sections():
            result[section] = values = {}
            for option in self.options(section):
                with _mistakes_explained(section):
                    text = self.get(section, option, raw=raw, vars=vars)
                try:
                    values[option] = unrepr(text)
                except Exception as problem:
                    # The boundary to calls that a config file makes.
                    error = ValueError(
                        f"Config error in section: {section!r}, option: {option!r}, "
                        f"value: {text!r}. Config values must be valid Python.",
                        type(problem).__name__,
                        problem.args,
                    )
                    _explain_value(error, option, text, problem)
                    raise error from problem
        return result

    def dict_from_file(
        self, file: str | bytes | os.PathLike[str] | IO[str]
    ) -> dict[str, dict[str, Any]]:
        """Read a file, by name or open, and return its sections, see `as_dict`."""
        if isinstance(file, str | bytes | os.PathLike):
            self.read(file)
        else:
            with _mistakes_explained(str(getattr(file, "name", "the file"))):
                self.read_file(file)
        return self.as_dict()

    @classmethod
    def load(cls, input: ConfigSource) -> dict[str, Any]:
        """Return the configuration in a file, or a copy of a mapping."""
        if isinstance(input, Mapping):
            return dict(input)
        if isinstance(input, str | bytes | os.PathLike) or hasattr(input, "read"):
            return cls().dict_from_file(input)
        raise TypeError(
            "Configuration is a dict, the name of a file or an open file, not "
            f"{type(input).__name__!r} ({input!r})."
        )


def as_dict(config: ConfigSource) -> dict[str, Any]:
    """Return the configuration in a file, or a copy of a mapping."""
    return Parser.load(config)


class NamespaceSet(dict[str, "NamespaceHandler"]):
    """Who acts on the keys of a configuration, by the name before the first dot.

    A handler is called with the rest of the key, and the value. If it is a context
    manager, it is entered before its first key, what it returns is called for each
    key, and it is left after the last one.
    """

    def __call__(self, config: Mapping[str, Any]) -> None:
        """Hand each key of a flat configuration to the handler of its namespace.

        Args:
            config: Keys without a dot, and those of unknown namespaces, are left
                alone.
        """
        buckets: dict[str, dict[str, Any]] = {}
        for key, value in config.items():
            namespace, dot, rest = str(key).partition(".")
            if dot and namespace in self:
                buckets.setdefault(namespace, {})[rest] = value
        # In the order in which the handlers were added, not in that of the keys.
        for namespace, handler in list(self.items()):
            if namespace in buckets:
                _handle(handler, buckets[namespace])

    def copy(self) -> Self:
        """Return a set with the same handlers."""
        return type(self)(self)

    __copy__ = copy

    def __repr__(self) -> str:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}({super().__repr__()})"
        )


def _handle(handler: NamespaceHandler, entries: Mapping[str, Any]) -> None:
    if not isinstance(handler, AbstractContextManager):
        handler = nullcontext(handler)
    with handler as handle:
        for key, value in entries.items():
            handle(key, value)


class Config(dict[str, Any]):
    """A flat configuration with defaults, environments and namespaces.

    Args:
        file: Where to take values from: a mapping, or a file by name or open.
        **kwargs: More values.
    """

    defaults: ClassVar[dict[str, Any]] = {}
    """What `reset` returns to."""

    environments: ClassVar[dict[str, dict[str, Any]]] = {}
    """Named sets of values; the key ``environment`` takes one over."""

    namespaces: ClassVar[NamespaceSet] = NamespaceSet()
    """Who acts on which keys."""

    def __init__(self, file: ConfigSource | None = None, **kwargs: Any) -> None:
        super().__init__()
        self.reset()
        if file is not None:
            self.update(file)
        if kwargs:
            self.update(kwargs)

    def reset(self) -> None:
        """Go back to the defaults."""
        self.clear()
        dict.update(self, self.defaults)

    def update(self, config: ConfigSource) -> None:  # type: ignore[override]
        """Take over a configuration and hand its keys to their namespaces.

        Args:
            config: A mapping, or a file by name or open.

        Raises:
            KeyError: It names an environment that is not there.
            OSError: The file cannot be read.
            ValueError: A value in the file is no Python.
        """
        self._apply(Parser.load(config))

    def _apply(self, config: dict[str, Any]) -> None:
        environment = config.get("environment")
        if environment:
            if environment not in self.environments:
                raise UnknownName(
                    environment,
                    f"There is no environment {environment!r}. "
                    f"{meant(str(environment), self.environments)}",
                )
            for key, value in self.environments[environment].items():
                config.setdefault(key, value)
        dict.update(self, config)
        self.namespaces(config)

    def __setitem__(self, key: str, value: Any) -> None:
        dict.__setitem__(self, key, value)
        self.namespaces({key: value})


def merge(base: dict[str, dict[str, Any]], other: ConfigSource) -> None:
    """Add the sections of a configuration to those of an application.

    Args:
        base: Sections by path; changed in place.
        other: A mapping of mappings, or a file by name or open.

    Raises:
        ValueError: Something in `other` is no section.
    """
    sections = Parser.load(other)
    for name, section in sections.items():
        if not isinstance(section, Mapping):
            raise ValueError(
                "Application config must include section headers, but the config you "
                f"tried to merge has an entry {name!r} that is in no section. Wrap "
                "your config in another dict with paths as section headers, for "
                f"example: {{{_section_of(name)!r}: config}}."
            )
    for name, section in sections.items():
        base.setdefault(name, {}).update(section)


def _section_of(key: object) -> str:
    """Return the section in which a key of the site, or of a path, is read."""
    of_the_site = ("server.", "engine.", "log.", "checker.", "environment")
    return "global" if str(key).startswith(of_the_site) else "/"


@contextmanager
def _mistakes_explained(source: str) -> Iterator[None]:
    """Add to what is wrong with a config file what to do about it."""
    try:
        yield
    except (OSError, UnicodeDecodeError, Error) as problem:
        explain(problem, _advice(source, problem))
        raise


def _advice(source: str, problem: Exception) -> str:
    """Return what to do about a file that cannot be read."""
    for kinds, advice in _ADVICE:
        if isinstance(problem, kinds):
            return advice.format(source)
    return (
        f"The config file was looked for at {os.path.abspath(source)!r}: relative "
        "names start at the directory in which the program was started. Give an "
        "absolute path, such as os.path.join(os.path.dirname(__file__), "
        f"{os.path.basename(source)!r})."
    )


# The first that fits.
_ADVICE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (IsADirectoryError, "Name the config file in it."),
    (PermissionError, "Let the user who runs the program read {!r}."),
    (UnicodeDecodeError, "Save {!r} as UTF-8; config files are read as that."),
    (
        MissingSectionHeaderError,
        "Begin the file with the line [global] for settings of the whole site, or "
        "[/] for those of an application.",
    ),
    (
        ParsingError,
        "A line is a section such as [global], an entry such as log.screen = False, or "
        "a comment that begins with #.",
    ),
    ((DuplicateSectionError, DuplicateOptionError), "Keep one of the two."),
    (InterpolationError, "Write %% for a percent sign."),
)


def _explain_value(
    error: ValueError, option: str, text: str, problem: Exception
) -> None:
    """Add to a value that cannot be understood what to do about it."""
    *_, (frame, _line) = walk_tb(problem.__traceback__)
    if frame.f_globals.get("__name__") not in (unrepr.__module__, ast.__name__):
        # A module or a call that the value names: only its traceback says more.
        error.add_note(f"{type(problem).__name__}: {problem}")
    elif "(" in text:
        explain(error, f"{type(problem).__name__}: {problem}")
    else:
        explain(error, f"Write {option} = {_as_python(text)}")


# How other languages, and old config files, write these.
_AS_PYTHON = {
    **dict.fromkeys(("true", "yes", "on"), "True"),
    **dict.fromkeys(("false", "no", "off"), "False"),
    **dict.fromkeys(("null", "nil", "none"), "None"),
}


def _as_python(text: str) -> str:
    """Return what somebody probably meant by a value that is no Python: text."""
    return _AS_PYTHON.get(text.lower()) or f"{text!r}, with quotes, if it is text."
