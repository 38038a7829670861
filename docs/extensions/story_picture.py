"""The way of a request as a line: its steps, its hook points, the tools at each.

The tools and their order are those of the default toolbox, read at each build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from docs.extensions import settings
from docs.extensions.pictures import figure, svg, text

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = ["draw", "setup"]

# Steps are told in words, hook points by their name.
WAY = (
    ("step", "a whole head has come; an application, then a page is found"),
    ("hook", "on_start_resource"),
    ("step", "the query is read"),
    ("hook", "before_request_body"),
    ("step", "the body is read and understood"),
    ("hook", "before_handler"),
    ("page", "your page"),
    ("hook", "before_finalize"),
    ("step", "status, length, headers, cookies are settled"),
    ("hook", "on_end_resource"),
    ("step", "the access log is written, the answer is sent"),
    ("hook", "on_end_request"),
)

WIDTH, LINE, LEFT, LETTERS = 720, 20, 16, 66


def tools_at(point: str) -> list[str]:
    """Return the tools at a hook point, in the order in which they run."""
    tools = [settings.tool_rows(name) for name in settings.tool_names()]
    here = [tool for tool in tools if tool.point == point]
    here.sort(key=lambda tool: 50 if tool.priority is None else tool.priority)
    return [tool.name for tool in here]


def wrapped(words: list[str]) -> list[str]:
    """Break words into lines."""
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > LETTERS:
            lines.append("")
        lines[-1] += f"{', ' if lines[-1] else ''}{word}"
    return [line for line in lines if line]


def draw() -> str:
    """Return the picture as SVG."""
    parts: list[str] = []
    y = 14.0
    for kind, words in WAY:
        beside = LEFT + 22
        if kind == "hook":
            parts += [
                f'<circle class="ours" cx="{LEFT}" cy="{y:g}" r="6"/>',
                text(beside, y + 5, words, size=14),
            ]
            for line in wrapped(tools_at(words)):
                y += LINE
                parts.append(text(beside, y + 4, line, "quiet", size=12))
        elif kind == "page":
            parts += [
                f'<rect class="room novel" x="{LEFT - 8}" y="{y - 15:g}" width="150" '
                f'height="30" rx="6"/>',
                text(beside, y + 5, words, size=15),
            ]
        else:
            parts += [
                f'<circle class="bar" cx="{LEFT}" cy="{y:g}" r="3"/>',
                text(beside, y + 4, words, size=13),
            ]
        y += 34
    height = y - 20
    line = f'<path class="line" d="M{LEFT} 14 V{height - 14:g}" stroke-width="2"/>'
    return svg(WIDTH, height, "The way of a request", [line, *parts])


class StoryPicture(SphinxDirective):
    """The picture; it takes no argument."""

    def run(self) -> list[nodes.Node]:
        """Draw it from the toolbox as it is now."""
        return [figure(draw())]


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directive known."""
    app.add_directive("story-picture", StoryPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
