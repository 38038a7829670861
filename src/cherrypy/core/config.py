"""Configuration: files, layers, and the namespaces that act on keys."""

from __future__ import annotations

import configparser
from collections.abc import Callable, Mapping
from typing import IO, Any

__all__ = ["Config", "NamespaceSet", "Parser", "as_dict", "merge"]

ConfigSource = str | Mapping[str, Any] | IO[str]


class Parser(configparser.ConfigParser):
    """A ConfigParser whose values are Python."""


class NamespaceSet(dict[str, Callable[..., Any]]):
    """Handlers of configuration keys, by the part before the first dot."""

    def __call__(self, config: Mapping[str, Any]) -> None:
        """Hand every key of `config` to the handler of its namespace."""


class Config(dict[str, Any]):
    """A flat configuration, reusable outside the framework."""

    defaults: dict[str, Any] = {}
    environments: dict[str, dict[str, Any]] = {}
    namespaces: NamespaceSet = NamespaceSet()


def as_dict(config: Any) -> dict[str, Any]:
    """Return a plain dict for a dict, a file name or an open file."""
    return dict(config)


def merge(base: dict[str, dict[str, Any]], other: Any) -> None:
    """Merge an application config into `base`, section by section."""
