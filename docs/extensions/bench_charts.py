"""Bar charts of the last measurements, bench/results.json, drawn at each build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from docs.extensions.pictures import figure, svg, text

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["bars", "setup"]

RESULTS = Path(__file__).parents[2] / "bench" / "results.json"
OURS = "Morello"

FIGURES = {
    "rate": ("requests per second", "{:,.0f}"),
    "p99": ("99th percentile in ms, shorter is better", "{:,.1f}"),
}


def figures(work: str, name: str) -> dict[str, float]:
    """Return what was measured, by server: for a work, or a cost of its own.

    Args:
        work: A kind of request, or the name of a single figure.
        name: Which figure of the work.
    """
    results = json.loads(RESULTS.read_text(encoding="utf-8"))["results"]
    found: dict[str, float] = {}
    for server, measured in results.items():
        value = measured.get(work)
        if isinstance(value, dict):
            value = value.get(name)
        if value is not None:
            found[server] = float(value)
    return found


def bars(
    title: str, values: dict[str, float], form: str, unit: str, *, most: bool
) -> str:
    """Draw one bar for each server, the best first.

    Args:
        title: What was done.
        values: The figures by server.
        form: How to write a figure.
        unit: What the figures are.
        most: Whether the highest figure is the best.
    """
    step, left, width = 26, 172, 720
    longest = max(values.values())
    parts = [text(0, 16, title, size=15), text(width, 16, unit, "quiet", anchor="end")]
    ordered = sorted(values.items(), key=lambda item: item[1], reverse=most)
    for row, (server, value) in enumerate(ordered):
        y = 30 + row * step
        length = value / longest * (width - left - 80)
        kind = "ours" if server == OURS else "bar"
        parts += [
            text(left - 10, y + 14, server, anchor="end"),
            f'<rect class="{kind}" x="{left}" y="{y}" width="{length:.1f}" '
            f'height="{step - 8}" rx="2"/>',
            text(left + length + 8, y + 14, form.format(value)),
        ]
    return svg(width, 30 + len(values) * step, f"{title}: {unit}", parts)


class BenchChart(SphinxDirective):
    """A chart of one kind of request: ``{bench-chart} hello``."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "figure": directives.unchanged,
        "title": directives.unchanged,
        "unit": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Draw it, or say that it was not measured the last time."""
        self.env.note_dependency(str(RESULTS))
        work = self.arguments[0]
        name = self.options.get("figure", "rate")
        unit, form = FIGURES[name]
        values = figures(work, name)
        if not values:
            missing = f"“{work}” was not measured the last time."
            return [nodes.paragraph("", missing)]
        if "unit" in self.options:
            unit, form = self.options["unit"], "{:,.2f}"
        title = self.options.get("title", work)
        most = name == "rate" and "unit" not in self.options
        return [figure(bars(title, values, form, unit, most=most))]


class BenchFacts(SphinxDirective):
    """When, where and how the figures were measured."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph."""
        facts = json.loads(RESULTS.read_text(encoding="utf-8"))["facts"]
        versions = ", ".join(f"{n} {v}" for n, v in facts["versions"].items())
        said = (
            f"Measured on {facts['date']} with CPython {facts['python']} on "
            f"{facts['machine']}: the server on one core, the load generator (wrk, 32 "
            f"connections) on another, {facts['rounds']} interleaved round(s) of "
            f"{facts['seconds']} s, medians; ten threads where a server has threads. "
            f"Beside Morello: {versions}."
        )
        return [nodes.paragraph("", said)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directives known."""
    app.add_directive("bench-chart", BenchChart)
    app.add_directive("bench-facts", BenchFacts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
