"""The page that shows `logging.statistics`, whoever has put what there.

Above, figures and curves of the applications and the server, drawn by a script from
``data`` every second; below, every namespace in full, which needs no script.
"""

from __future__ import annotations

import json
import logging
import math
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.application.expose import expose
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPRedirect
from cherrypy.lib.diagnostic_pages import (
    DiagnosticPages,
    Markup,
    asset,
    escaped,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Namespace = tuple[
        str,
        list[tuple[str, Any]],
        list[tuple[str, list[str], list[list[Any]]]],
    ]

__all__ = [
    "StatsPage",
    "extrapolate_statistics",
    "iso_format",
    "locale_date",
    "missing",
    "pause_resume",
    "thisdir",
]

missing: object = object()
"""Stands for a formatting that was not given; None is one: do not show."""

thisdir: str = str(Path(__file__).parent)
"""The folder of these modules."""


def extrapolate_statistics(scope: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a copy of statistics in which functions are replaced by what they return.

    Args:
        scope: `logging.statistics`, or a namespace or record of it. A function in a
            dictionary is called with that dictionary. If it raises, the name of the
            exception stands in its place, so that one bad figure does not hide all.
    """
    # A copy in one operation: other threads go on counting.
    return {key: _extrapolated(value, scope) for key, value in dict(scope).items()}


def _extrapolated(value: Any, scope: Mapping[Any, Any]) -> Any:
    if isinstance(value, dict):
        return extrapolate_statistics(value)
    if isinstance(value, list | tuple):
        return [_extrapolated(item, scope) for item in list(value)]
    if callable(value):
        try:
            return value(scope)
        except Exception as problem:  # boundary: anybody's function
            return f"{type(problem).__name__}: {problem}"
    return value


def locale_date(v: float) -> str:
    """Return a time as the locale writes it, in UTC.

    Args:
        v: Seconds since the epoch.
    """
    return time.strftime("%c", time.gmtime(v))


def iso_format(v: float) -> str:
    """Return a time as ``2026-01-31 12:00:00``, in UTC.

    Args:
        v: Seconds since the epoch.
    """
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(v))


def pause_resume(ns: str) -> Callable[[Any], str]:
    """Make a format for the ``Enabled`` of a namespace: buttons that switch it.

    Args:
        ns: The name of the namespace.
    """
    name = escaped(ns)

    def button(action: str, text: str, enabled: bool) -> str:
        disabled = "" if enabled else " disabled"
        return (
            f'<form action="{action}" method="POST">'
            f'<input type="hidden" name="namespace" value="{name}">'
            f'<input type="submit" value="{text}"{disabled}></form>'
        )

    def _pause_resume(enabled: Any) -> str:
        pause = button("pause", "Pause", bool(enabled))
        return Markup(f"{pause} {button('resume', 'Resume', not enabled)}")

    return _pause_resume


def _of_server(name: str) -> dict[str, Any]:
    rates = ("Accepts/sec", "Read Throughput", "Write Throughput")
    return {
        "Enabled": pause_resume(name),
        "Run time": "%.3f",
        "Work Time": "%.3f",
        **dict.fromkeys(rates, "%.3f"),
        "Worker Threads": {"Work Time": "%.3f"},
    }


_QUANTILES = dict.fromkeys(("p50", "p90", "p99", "Avg", "Max", "Sum"), "%.6f")


class StatsPage(DiagnosticPages):
    """Pages that show what programs have put into `logging.statistics`."""

    formatting: ClassVar[dict[str, dict[str, Any]]] = {
        "CherryPy Applications": {
            "Enabled": pause_resume("CherryPy Applications"),
            "Bytes Read/Request": "%.3f",
            "Bytes Read/Second": "%.3f",
            "Bytes Written/Request": "%.3f",
            "Bytes Written/Second": "%.3f",
            "Current Time": iso_format,
            "Requests/Second": "%.3f",
            "Start Time": iso_format,
            "Total Time": "%.3f",
            "Uptime": "%.3f",
            "Slow Queries": {
                "End Time": None,
                "Processing Time": "%.3f",
                "Start Time": iso_format,
            },
            "URI Set Tracking": dict.fromkeys(("Avg", "Max", "Min", "Sum"), "%.3f"),
            "Requests": {
                "Bytes Read": "%s",
                "Bytes Written": "%s",
                "End Time": None,
                "Processing Time": "%.3f",
                "Start Time": None,
            },
            "Latency": _QUANTILES,
            "Pages": _QUANTILES,
            "Timeline": None,
        },
        "CherryPy WSGIServer": {
            "Enabled": pause_resume("CherryPy WSGIServer"),
            "Connections/second": "%.3f",
            "Start time": iso_format,
        },
    }
    """How to show values, by namespace and key: None for not at all, a %-format, or a
    function. What is not mentioned is shown as it is. Results are escaped unless they
    have a method ``__html__``."""

    @expose
    def index(self) -> str:
        """Show it all."""
        self._admit()
        figures = "\n".join(map(self._namespace, self.get_namespaces()))
        main = asset("stats.html").replace("$figures", figures)
        links = [("data", "JSON"), (".", "Reload")]
        return self._page(
            "Statistics", main, kind="Diagnostics", links=links, script="stats.js"
        )

    @expose
    def data(self) -> bytes:
        """Return all statistics as JSON, in full."""
        self._admit()
        serving = current.get()
        if serving.request.app is not None:
            serving.response.headers["Content-Type"] = "application/json"
        document = _plain(extrapolate_statistics(_statistics()))
        return json.dumps(document, sort_keys=True, indent=4).encode("utf-8")

    @expose
    def pause(self, namespace: str) -> None:
        """Stop counting in a namespace; what was counted stays."""
        self._switch(namespace, False)

    @expose
    def resume(self, namespace: str) -> None:
        """Go on counting in a namespace."""
        self._switch(namespace, True)

    def _switch(self, name: str, enabled: bool) -> None:
        self._admit_change()
        namespace = _statistics().get(name)
        if isinstance(namespace, dict) and "Enabled" in namespace:
            namespace["Enabled"] = enabled
        raise HTTPRedirect("./")

    def get_namespaces(self) -> Iterator[Namespace]:
        """Yield title, values and collections of each namespace, formatted."""
        everything = extrapolate_statistics(_statistics())
        for title in sorted(everything, key=str):
            namespace = everything[title]
            if not isinstance(namespace, dict):
                continue
            formatting = self._formatting(str(title), namespace)
            values = []
            collections = []
            for key in sorted(namespace, key=str):
                shown = formatting.get(key, missing)
                if shown is None:
                    continue
                value = namespace[key]
                rules = shown if isinstance(shown, dict) else {}
                if isinstance(value, dict):
                    heads, rows = self.get_dict_collection(value, rules)
                    collections.append((str(key), ["ID", *heads], rows))
                elif isinstance(value, list | tuple):
                    heads, rows = self.get_list_collection(value, rules)
                    collections.append((str(key), heads, rows))
                else:
                    values.append((str(key), _formatted(value, shown)))
            yield str(title), values, collections

    def _formatting(self, title: str, namespace: dict[Any, Any]) -> Mapping[Any, Any]:
        known = self.formatting.get(title)
        if known is not None:
            return known
        if "Worker Threads" in namespace:
            return _of_server(title)
        return {"Enabled": pause_resume(title)} if "Enabled" in namespace else {}

    def get_dict_collection(
        self, v: Mapping[Any, Any], formatting: Mapping[Any, Any]
    ) -> tuple[list[str], list[list[Any]]]:
        """Return titles and rows of a collection that is a dictionary of records.

        Args:
            v: The records by name; the name is the first cell of a row, without title.
            formatting: How to show the values, as in `formatting`.
        """
        records = [
            (key, record if isinstance(record, dict) else {"": record})
            for key, record in sorted(v.items(), key=lambda item: str(item[0]))
        ]
        heads = _heads((record for _, record in records), formatting)
        return heads, [
            [key, *_cells(record, heads, formatting)] for key, record in records
        ]

    def get_list_collection(
        self, v: Iterable[Any], formatting: Mapping[Any, Any]
    ) -> tuple[list[str], list[list[Any]]]:
        """Return titles and rows of a collection that is a list of records.

        Args:
            v: The records.
            formatting: How to show the values, as in `formatting`.
        """
        records = [r if isinstance(r, dict) else {"": r} for r in v]
        heads = _heads(records, formatting)
        return heads, [_cells(record, heads, formatting) for record in records]

    def _namespace(self, namespace: Namespace) -> str:
        title, values, collections = namespace
        shown = [f"<h2>{escaped(title)}</h2>"]
        cells = "".join(
            f'<tr><td>{escaped(key)}</td><td id="{escaped(f"{title}-{key}")}">'
            f"{escaped(value)}</td></tr>\n"
            for key, value in values
        )
        if cells:
            shown.append(
                f'<div class="scroll"><table class="values"><tbody>{cells}'
                "</tbody></table></div>"
            )
        for name, heads, rows in collections:
            shown.append(f"<h3>{escaped(name)}</h3>{table(heads, rows)}")
        return "\n".join(shown)


def _statistics() -> dict[Any, Any]:
    statistics: dict[Any, Any] = vars(logging).setdefault("statistics", {})
    return statistics


def _heads(
    records: Iterable[dict[Any, Any]], formatting: Mapping[Any, Any]
) -> list[str]:
    keys = {key for record in records for key in record}
    return [
        key for key in sorted(keys, key=str) if formatting.get(key, missing) is not None
    ]


def _cells(
    record: dict[Any, Any], heads: list[str], formatting: Mapping[Any, Any]
) -> list[Any]:
    return [
        _formatted(record[key], formatting.get(key, missing)) if key in record else ""
        for key in heads
    ]


def _formatted(value: Any, shown: Any) -> Any:
    if callable(shown):
        return shown(value)
    # There is no number yet where somebody expected one.
    if shown is missing or isinstance(shown, dict) or value is None:
        return value
    try:
        return shown % value
    except TypeError:
        return value


def _plain(value: Any) -> Any:
    """Return a value as JSON knows them; what it cannot say becomes text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        # JSON has no infinity, and a browser refuses the whole for one.
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | None) else str(value)
