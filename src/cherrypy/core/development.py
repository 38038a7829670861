"""The error page for the developer's own eyes: what happened, where, and why.

Shown where ``request.explain_errors`` is on, as ``environment = "development"`` has it:
the traceback with the source and the local variables of each frame, the request, the
tools that were on and the config in force; and for a page that was not found, what
there is instead. It says too much for anybody else: values whose names tell of secrets
are left out, and clients from other networks get the usual page.
"""

from __future__ import annotations

import html
import linecache
import os
import re
import reprlib
import sys
import traceback as tracebacks
from difflib import get_close_matches
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import FrameType, TracebackType

    from cherrypy.core.request import Request

__all__ = ["HEADERS", "may_be_shown", "render"]

HEADERS = {
    # No script, no image, no frame: what a page shows of a request is inert.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What goes with the page."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_AROUND = 4  # lines of source before and after the one that failed
_MOST_FRAMES = 60
_MOST_NAMES = 60  # of variables, headers and settings each

_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|api_?key|private|credential|authorization"
    r"|cookie|session_?id|(^|[._-])key$",
    re.IGNORECASE,
)
_HIDDEN = "(not shown: by its name it is a secret)"

_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-Ip")

_STYLE = """
:root { --paper: #f6f6f3; --card: #fff; --ink: #22262e; --soft: #6a707c;
  --line: #e4e4de; --bad: #b4413a; --bad-soft: #b4413a1a; --main: #2a7f78; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --card: #1d2126;
  --ink: #e3e5e8; --soft: #949ba6; --line: #2d3239; --bad: #e0756d;
  --bad-soft: #e0756d22; --main: #57b8ae; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; font-size: 1.05rem; }
.status { color: var(--bad); font-weight: 600; letter-spacing: .02em; }
.teach { border-left: 4px solid var(--main); padding: .1rem 1rem; margin: 1rem 0;
  background: var(--card); }
pre, code, td, th { font-family: ui-monospace, "DejaVu Sans Mono", monospace;
  font-size: .85rem; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  margin: .4rem 0; padding: .4rem .9rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
summary small, footer { color: var(--soft); }
pre { overflow-x: auto; margin: .5rem 0; line-height: 1.45; }
pre mark { background: var(--bad-soft); color: inherit; display: inline-block;
  min-width: 100%; }
div.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
th { font-weight: 500; color: var(--soft); white-space: nowrap; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; }
"""


def may_be_shown(request: Request) -> bool:
    """Tell whether the client is a developer: in the same network, and no proxy's."""
    if any(request.raw_header(name) is not None for name in _FORWARDED):
        return False
    try:
        address = ip_address(request.remote.ip)
    except ValueError:
        # A Unix socket, or no server at all.
        return True
    return address.is_loopback or address.is_private


def render(request: Request, status: str, message: str, version: str) -> bytes:
    """Return the page about the exception that is being handled.

    Args:
        request: The one that went wrong.
        status: Code and reason.
        message: What the usual page would say, as plain text.
        version: Of the framework.
    """
    problem = sys.exc_info()[1]
    lessons = _lessons(request, status, problem)
    failed = problem is not None and status.startswith("5")
    heading = message
    if failed and problem is not None:
        heading = "".join(tracebacks.format_exception_only(problem)).strip()
    parts = [
        f'<p class="status">{_text(status)}</p><h1>{_text(heading)}</h1>',
        *[f'<div class="teach"><p>{_text(lesson)}</p></div>' for lesson in lessons],
    ]
    if problem is not None:
        parts += _chain_of(problem, open_last=failed)
    parts += _about(request)
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(status)}</title><style>{_STYLE}</style></head>
<body>{"".join(parts)}
<footer>CherryPy {_text(version)}. This page is shown because the environment is
"development" (<code>request.explain_errors</code>), and only to clients nearby.
</footer></body></html>"""
    return page.encode("utf-8", "xmlcharrefreplace")


# ------------------------------------------------------------------ the traceback


def _chain_of(problem: BaseException, *, open_last: bool) -> Iterator[str]:
    """Yield an exception and those that led to it, the latest first."""
    seen: list[BaseException] = []
    current: BaseException | None = problem
    title = "Traceback, the latest call last"
    while current is not None and current not in seen and len(seen) < 5:
        seen.append(current)
        yield f"<h2>{title}</h2>"
        if len(seen) > 1:
            said = "".join(tracebacks.format_exception_only(current)).strip()
            yield f"<p>{_text(said)}</p>"
        yield from _frames(current.__traceback__, open_last=open_last)
        if current.__cause__ is not None:
            title, current = "This was caused by", current.__cause__
        elif current.__suppress_context__:
            current = None
        else:
            title, current = "It happened while this was handled", current.__context__


def _frames(trace: TracebackType | None, *, open_last: bool) -> Iterator[str]:
    steps = list(tracebacks.walk_tb(trace))
    if len(steps) > _MOST_FRAMES:
        yield f"<p>{len(steps) - _MOST_FRAMES} earlier calls are left out.</p>"
        del steps[:-_MOST_FRAMES]
    ours = [frame.f_code.co_filename.startswith(_PACKAGE) for frame, _ in steps]
    # Where to look first: the last call in the program's own code.
    own = [at for at, framework in enumerate(ours) if not framework]
    first = own[-1] if own else len(steps) - 1
    for at, (frame, line) in enumerate(steps):
        yield _frame(frame, line, opened=open_last and at == first, ours=ours[at])


def _frame(frame: FrameType, line: int, *, opened: bool, ours: bool) -> str:
    code = frame.f_code
    name = f"cherrypy/{code.co_filename[len(_PACKAGE) :]}" if ours else code.co_filename
    source = _source(code.co_filename, line)
    table = _table(frame.f_locals)
    return (
        f"<details{' open' if opened else ''}><summary><code>{_text(code.co_qualname)}"
        f"</code> <small>{_text(name)}, line {line}</small></summary>"
        f"<pre>{source}</pre>"
        f"<details{' open' if opened else ''}><summary><small>local variables</small>"
        f"</summary>{table}</details></details>"
    )


def _source(path: str, line: int) -> str:
    lines = []
    for number in range(max(1, line - _AROUND), line + _AROUND + 1):
        text = linecache.getline(path, number)
        if not text:
            continue
        shown = _text(f"{number:5}  {text.rstrip()}")
        lines.append(f"<mark>{shown}</mark>" if number == line else shown)
    return "\n".join(lines)


# ------------------------------------------------------------- what was asked of whom


def _about(request: Request) -> Iterator[str]:
    """Yield what is known of the request, folded."""
    yield "<h2>The request</h2>"
    yield _folded("Request", _table(_facts(request)))
    yield _folded("Headers", _table(dict(request.headers)))
    if request.params:
        yield _folded("Parameters", _table(request.params))
    plan = request.plan
    if plan is not None:
        hooks = {
            point: ", ".join(f"{_name_of(h.callback)} ({h.priority:g})" for h in found)
            for point in plan.hooks
            if (found := request.hooks_at(point))
        }
        yield _folded(
            "Hooks, by point, with their priorities", _table(hooks, plain=True)
        )
        tools = {
            f"{box}.{tool}": {key: settings[key] for key in settings if key != "on"}
            for box, tools in plan.toolmaps.items()
            for tool, settings in tools.items()
        }
        yield _folded("Tools that are on", _table(tools))
        yield _folded("Config in force", _table(dict(sorted(plan.config.items()))))


def _facts(request: Request) -> dict[str, Any]:
    page = getattr(request.handler, "callable", request.handler)
    return {
        "request line": request.request_line,
        "path below the application": request.path_info,
        "application at": request.script_name or "/",
        "page": page,
        "arguments from the path": getattr(request, "args", ()),
        "stage": request.stage,
        "client": request.remote.ip,
        "login": request.login,
    }


def _name_of(callback: Any) -> str:
    owner = getattr(callback, "__self__", None)
    tool = getattr(owner, "_name", None)
    return str(tool or getattr(callback, "__qualname__", repr(callback)))


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{_text(title)}</summary>{content}</details>"


class _Short(reprlib.Repr):
    """Values in a few words: nobody looks for a megabyte on an error page."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 300
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = 20
        self.maxlevel = 3

    def repr_dict(self, x: Any, level: int) -> str:
        """Return a dict, without what looks like a secret."""
        safe = {k: _HIDDEN if _SECRET.search(str(k)) else v for k, v in x.items()}
        return super().repr_dict(safe, level)


_short = _Short()


def _shown(name: object, value: object) -> str:
    if _SECRET.search(str(name)):
        return _HIDDEN
    try:
        return _short.repr(value)
    except Exception as problem:  # boundary: a repr of the program, which may fail
        return f"(its repr failed: {type(problem).__name__})"


def _table(values: Mapping[Any, Any], *, plain: bool = False) -> str:
    rows = [
        f"<tr><th>{_text(name)}</th>"
        f"<td>{_text(value if plain else _shown(name, value))}</td></tr>"
        for name, value in list(values.items())[:_MOST_NAMES]
    ]
    if len(values) > _MOST_NAMES:
        rows.append(f"<tr><td>{len(values) - _MOST_NAMES} more</td></tr>")
    if not rows:
        return "<p>none</p>"
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'


def _text(value: object) -> str:
    return html.escape(str(value))


# --------------------------------------------------------------------- the lessons


def _lessons(
    request: Request, status: str, problem: BaseException | None
) -> Iterable[str]:
    """Return what to do about it, where that can be told."""
    notes = getattr(problem, "__notes__", [])
    if status.startswith("404") and request.app is not None:
        return chain(notes, _why_not_found(request))
    return list(notes)


def _why_not_found(request: Request) -> Iterator[str]:
    """Follow the path along the tree and tell where it ends."""
    node, where = request.app.root, type(request.app.root).__name__
    if node is None:
        yield "The application has no root object, so there is nothing to find."
        return
    for atom in [atom for atom in request.path_info.split("/") if atom] or ["index"]:
        child = getattr(node, atom, None)
        if child is None:
            yield from _nearest(node, where, atom)
            return
        exposed = getattr(child, "exposed", False)
        if callable(child) and not exposed and not _pages_of(child):
            yield (
                f"{where}.{atom} is there, but it is not exposed. Put "
                "@cherrypy.expose above it if it is meant to be a page."
            )
            return
        node, where = child, f"{where}.{atom}"
    index = getattr(node, "index", None)
    if index is not None and not getattr(index, "exposed", False):
        yield f"{where}.index is not exposed. Put @cherrypy.expose above it."
    elif index is None and not getattr(node, "exposed", False):
        yield f"{where} has no index page. Pages below it: {_listed(node)}."


def _nearest(node: Any, where: str, atom: str) -> Iterator[str]:
    pages = _pages_of(node)
    near = get_close_matches(atom, pages, 1)
    if near:
        yield f"{where} has no {atom!r}. Did you mean {near[0]!r}?"
    elif callable(node) and getattr(node, "exposed", False):
        yield (
            f"{where} is a page that takes no argument for {atom!r} from the path. "
            "Give it another parameter, or *args."
        )
    else:
        yield f"{where} has no {atom!r}. Pages there: {_listed(node)}."


def _pages_of(node: Any) -> list[str]:
    """Return the names below a node that lead somewhere."""
    names = []
    for name in dir(node):
        if name.startswith("_"):
            continue
        try:
            child = getattr(node, name)
        except Exception:  # boundary: a property of the program
            continue
        inside = vars(type(child)).values() if not callable(child) else ()
        if getattr(child, "exposed", False) or any(
            getattr(each, "exposed", False) for each in inside
        ):
            names.append(name)
    return names


def _listed(node: Any) -> str:
    return ", ".join(_pages_of(node)) or "none (is @cherrypy.expose missing?)"
