"""Directives that put the tables of `docs.extensions.settings` into a page.

`settings` takes the name of a group, `tool-settings` the name of a tool or nothing for
all of them, `environments` and `tool-order` take nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from docs.extensions import settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

__all__ = ["setup"]

POINTS = (
    *("on_start_resource", "before_request_body", "before_handler"),
    *("before_finalize", "on_end_resource", "on_end_request"),
    *("before_error_response", "error_response", "after_error_response"),
)


class _Table(SphinxDirective):
    """A directive that writes Markdown."""

    optional_arguments = 1
    kind = "facts"
    """What the style sheet calls the tables."""

    def written(self) -> list[str]:
        """Return the lines of Markdown to put in the place of the directive."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Let the lines be read as if they stood in the page."""
        parent = nodes.container(classes=["generated"])
        lines = StringList(self.written(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, parent, match_titles=True)
        for table in parent.findall(nodes.table):
            table["classes"].append(self.kind)
        return list(parent.children)


def _grid(rows: Iterable[Iterable[str]]) -> list[str]:
    head, *rest = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *rest]
    return ["", *("| " + " | ".join(line) + " |" for line in lines), ""]


def _settings(rows: Iterable[settings.Row]) -> list[str]:
    head = ("key", "default", "meaning")
    return _grid([head, *((f"`{r.key}`", r.default, r.meaning) for r in rows)])


class Settings(_Table):
    """The keys of a group."""

    kind = "settings"

    def written(self) -> list[str]:
        """Return a table of key, default, meaning."""
        return _settings(settings.GROUPS[self.arguments[0]]())


class ToolSettings(_Table):
    """The arguments of tools, each under its name."""

    kind = "settings"

    def written(self) -> list[str]:
        """Return a paragraph and a table for each tool."""
        lines: list[str] = []
        for name in self.arguments or settings.tool_names():
            tool = settings.tool_rows(name)
            rows = [row for row in tool.rows if not row.key.endswith(".debug")]
            lines += ["", f"(tools-{name})=", f"### tools.{name}", "", tool.meaning, ""]
            lines += _settings(rows) if rows else []
        return lines


class ToolOrder(_Table):
    """When each tool steps in."""

    def written(self) -> list[str]:
        """Return a table of tools in the order in which a request meets them."""
        tools = [settings.tool_rows(name) for name in settings.tool_names()]
        tools.sort(key=lambda tool: (POINTS.index(tool.point), tool.priority or 50))
        rows = [
            (
                tool.point,
                str(tool.priority),
                f"[`tools.{tool.name}`](#tools-{tool.name})",
                tool.meaning,
            )
            for tool in tools
        ]
        return _grid([("hook point", "priority", "tool", "what it does"), *rows])


class Environments(_Table):
    """What the environments set."""

    def written(self) -> list[str]:
        """Return a table: keys downwards, environments across."""
        return _grid(settings.environment_table())


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directives known."""
    app.add_directive("settings", Settings)
    app.add_directive("tool-settings", ToolSettings)
    app.add_directive("tool-order", ToolOrder)
    app.add_directive("environments", Environments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
