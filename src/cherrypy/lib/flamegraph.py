"""A flame graph as an SVG drawing: who called whom, and for how long.

Each row is called by the row above it, and as wide as it took time. Drawn on the
server, so it needs no script; each frame is a link that looks closer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from cherrypy.lib.diagnostic_pages import Markup, escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cherrypy.lib.profile_data import Frame, FunctionTimes

__all__ = ["draw", "duration"]

_WIDTH = 1040
_ROW = 20
# Of the font at 11 pixels, on average.
_LETTER = 6.7
_COLOURS = 6
_LEAST_WIDTH = 0.7


def duration(seconds: float) -> str:
    """Return a time as people read it."""
    if seconds < 1e-5:
        return f"{seconds * 1e6:.1f} µs"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s"


def draw(frames: Iterable[Frame], link: Callable[[FunctionTimes], str]) -> Markup:
    """Return the drawing of a tree of calls.

    Args:
        frames: The roots.
        link: Returns the address to go to for a function.
    """
    roots = list(frames)
    whole = sum(frame.seconds for frame in roots)
    if not whole:
        return Markup('<p class="note">Nothing took any time.</p>')
    height = _ROW * max(map(_depth, roots))
    scale = _WIDTH / whole
    drawn = "\n".join(_row(roots, 0.0, 0, scale, whole, link))
    return Markup(
        f'<svg class="flame" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="Flame graph">\n{drawn}\n</svg>'
    )


def _depth(frame: Frame) -> int:
    return 1 + max(map(_depth, frame.children), default=0)


def _row(
    frames: Iterable[Frame],
    left: float,
    depth: int,
    scale: float,
    whole: float,
    link: Callable[[FunctionTimes], str],
) -> Iterator[str]:
    for frame in frames:
        width = frame.seconds * scale
        if width >= _LEAST_WIDTH:
            yield _box(frame, left, depth, width, whole, link)
            yield from _row(frame.children, left, depth + 1, scale, whole, link)
        left += width


def _box(
    frame: Frame,
    left: float,
    depth: int,
    width: float,
    whole: float,
    link: Callable[[FunctionTimes], str],
) -> str:
    function = frame.function
    kind = "builtin" if function.is_builtin else f"f{_colour(function)}"
    said = (
        f"{function.name}\n{function.place}\n"
        f"{duration(frame.seconds)}, {frame.seconds / whole:.1%}"
    )
    letters = int((width - 6) / _LETTER)
    name = function.name
    text = name if len(name) <= letters else f"{name[: letters - 1]}…"
    top = depth * _ROW
    label = (
        f'<text x="{left + 4:.1f}" y="{top + 14}">{escaped(text)}</text>'
        if letters >= 3
        else ""
    )
    return (
        f'<a class="{kind}" href="{escaped(link(function))}">'
        f"<title>{escaped(said)}</title>"
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_ROW}"/>'
        f"{label}</a>"
    )


def _colour(function: FunctionTimes) -> int:
    # One colour for each file, and the same one each time.
    return crc32(function.key[0].encode("utf-8", "replace")) % _COLOURS
