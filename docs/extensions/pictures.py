"""Drawings as SVG text; the style sheet of the site gives them their colours."""

from __future__ import annotations

from html import escape

from docutils import nodes

__all__ = ["figure", "svg", "text"]


def text(
    x: float,
    y: float,
    words: object,
    *classes: str,
    anchor: str = "start",
    size: float = 13,
) -> str:
    """Return words at a place."""
    kind = f' class="{" ".join(classes)}"' if classes else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}"{kind}>'
        f"{escape(str(words))}</text>"
    )


def svg(width: float, height: float, title: str, parts: list[str]) -> str:
    """Return a drawing that tells its title to those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>'
        + "".join(parts)
        + "</svg>"
    )


def figure(drawing: str) -> nodes.Node:
    """Return a drawing as a part of a page."""
    return nodes.raw("", f'<div class="picture">{drawing}</div>', format="html")
