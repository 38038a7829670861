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
from itertools import islice
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from cherrypy.core.advice import page_of
from cherrypy.core.lessons import lessons
from cherrypy.http.hosts import came_through_proxy, ip_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What goes with the page."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep

_AROUND = 4  # lines of source before and after the one that failed
_MOST_FRAMES = 60
_MOST_NAMES = 60  # of variables, headers and settings each

_MOST_EXCEPTIONS = 12  # that led to one, or are in its groups
_LONGEST = 1000  # characters of a value
_LONGEST_TEXT = 5000  # characters of what an exception says

_SECRET = re.compile(
    r"passw|passphrase|(^|[._-])pass$|secret|token|api_?key|private|credential|csrf"
    r"|authorization|cookie|session_?id|(^|[._-])key$|auth\.users$",
    re.IGNORECASE,
)
_HIDDEN = "(not shown: by its name it is a secret)"

# Secrets within a text: of a query, of the repr of an object, of a URL with a login.
# Not what has been hidden already.
_ASSIGNED = re.compile(
    r"(\b\w{0,40}(?:passw|secret|token|api_?key|credential)\w{0,40}"
    r"['\"]?\s{0,3}[=:]\s{0,3}(?![(\s]))"
    r"('[^']*'|\"[^\"]*\"|[^\s&,;)}'\"]+)",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"(://[^/\s:@]{0,99}:)[^/\s@]{1,99}@")

# Names that no public name server knows. A page of somebody else that gives its own
# name the address of this machine (DNS rebinding) must not read what is shown here.
_NEARBY = ("localhost", ".local", ".test", ".internal", ".lan", ".home.arpa")

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
h1, .said { white-space: pre-wrap; }
h2 { margin: 2rem 0 .5rem; font-size: 1.05rem; }
.status { color: var(--bad); font-weight: 600; letter-spacing: .02em; }
.teach { border-left: 4px solid var(--main); padding: .1rem 1rem; margin: 1rem 0;
  background: var(--card); }
pre, code, td, th { font-family: ui-monospace, "DejaVu Sans Mono", monospace;
  font-size: .85rem; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  margin: .4rem 0; padding: .4rem .9rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
small, footer { color: var(--soft); }
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
    """Tell whether the client is a developer: in the same network, and no proxy's.

    Who comes through a Unix socket is none: behind those are proxies.
    """
    if came_through_proxy(request.raw_header):
        return False
    return _is_near(request.remote.ip) and _is_ours(request.raw_header("Host") or "")


def _is_near(ip: str) -> bool:
    """Tell whether an address belongs to this machine or to a private network."""
    address = ip_of(ip)
    return address is not None and (address.is_loopback or address.is_private)


def _is_ours(host: str) -> bool:
    """Tell whether a Host header is an address or a name that is known only here."""
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]").lower()
    if "." not in name and ":" not in name:
        return True
    return name.endswith(_NEARBY) or _is_near(name)


def render(request: Request, status: str, message: str, version: str) -> bytes:
    """Return the page about the exception that is being handled.

    Args:
        request: The one that went wrong.
        status: Code and reason.
        message: What the usual page would say, as plain text.
        version: Of the framework.
    """
    problem = sys.exc_info()[1]
    failed = problem is not None and status.startswith("5")
    heading = _said(problem) if failed and problem is not None else message
    parts = [
        f'<p class="status">{_text(status)}</p><h1>{_text(heading)}</h1>',
        _place_of(request),
        *[
            f'<div class="teach"><p>{_text(lesson)}</p></div>'
            for lesson in lessons(request, status, problem)
        ],
    ]
    if problem is not None:
        parts += _story_of(problem, open_last=failed)
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


def _place_of(request: Request) -> str:
    """Return where the page is written, if one was found."""
    page = page_of(request)
    code = getattr(getattr(page, "__func__", page), "__code__", None)
    if code is None:
        return ""
    where = f"{code.co_filename}, line {code.co_firstlineno}"
    name = f"<code>{_text(code.co_qualname)}</code>"
    return f"<p>Page: {name} <small>{_text(where)}</small></p>"


# ------------------------------------------------------------------ the traceback


def _said(problem: BaseException) -> str:
    """Return the type and the text of an exception."""
    kind = type(problem)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    try:
        text = str(problem)
    except Exception as another:  # boundary: an exception of the program
        text = f"(its text failed: {type(another).__name__})"
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]} …"
    return f"{name}: {text}" if text else name


def _story_of(problem: BaseException, *, open_last: bool) -> Iterator[str]:
    """Yield an exception, those in its groups, and those that led to it."""
    waiting = [("Traceback, the latest call last", problem)]
    told: set[int] = set()
    while waiting and len(told) < _MOST_EXCEPTIONS:
        title, current = waiting.pop(0)
        if id(current) in told:
            continue
        yield f"<h2>{_text(title)}</h2>"
        if told:
            yield f'<p class="said">{_text(_said(current))}</p>'
        told.add(id(current))
        yield from _frames(current.__traceback__, open_last=open_last)
        more: list[tuple[str, BaseException]] = []
        if isinstance(current, BaseExceptionGroup):
            count = len(current.exceptions)
            more += [
                (f"Number {number} of {count} in the group", each)
                for number, each in enumerate(current.exceptions, 1)
            ]
        if current.__cause__ is not None:
            more.append(("This was caused by", current.__cause__))
        elif current.__context__ is not None and not current.__suppress_context__:
            more.append(("It happened while this was handled", current.__context__))
        waiting[:0] = more


def _frames(trace: TracebackType | None, *, open_last: bool) -> Iterator[str]:
    steps = list(walk_tb(trace))
    if len(steps) > _MOST_FRAMES:
        yield f"<p>{len(steps) - _MOST_FRAMES} earlier calls are left out.</p>"
        del steps[:-_MOST_FRAMES]
    ours = [frame.f_code.co_filename.startswith(_PACKAGE) for frame, _ in steps]
    # Where to look first: the last call in the program's own code, not in a library.
    others = [at for at, framework in enumerate(ours) if not framework]
    own = [at for at in others if _is_own(steps[at][0].f_code.co_filename)]
    first = (own or others or [len(steps) - 1])[-1]
    for at, (frame, line) in enumerate(steps):
        yield _frame(frame, line, opened=open_last and at == first, ours=ours[at])


def _is_own(path: str) -> bool:
    """Tell whether a file is neither a library's nor made up."""
    return not (
        path.startswith(("<", _STANDARD_LIBRARY))
        or f"{os.sep}site-packages{os.sep}" in path
        or f"{os.sep}dist-packages{os.sep}" in path
    )


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
            if settings.get("on")
        }
        yield _folded("Tools that are on", _table(tools))
        yield _folded("Config in force", _table(dict(sorted(plan.config.items()))))


def _facts(request: Request) -> dict[str, Any]:
    return {
        "request line": _scrubbed(request.request_line),
        "path below the application": request.path_info,
        "application at": request.script_name or "/",
        "page": page_of(request),
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

    def repr1(self, x: Any, level: int) -> str:
        """Return any value; subclasses of builtin types are cut like these."""
        kind = type(x)
        if issubclass(kind, dict):
            return self.repr_dict(x, level)
        if issubclass(kind, bytes | bytearray | str) and len(x) > self.maxstring:
            return f"{x[: self.maxstring]!r} … ({len(x)} in all)"
        return super().repr1(x, level)

    def repr_dict(self, x: Any, level: int) -> str:
        """Return a dict, without what looks like a secret."""
        if level <= 0:
            return "{...}" if x else "{}"
        shown = [
            f"{self.repr1(name, level - 1)}: {self._unless_secret(name, value, level)}"
            for name, value in islice(x.items(), self.maxdict)
        ]
        if len(x) > self.maxdict:
            shown.append(f"... ({len(x)} in all)")
        return f"{{{', '.join(shown)}}}"

    def repr_tuple(self, x: Any, level: int) -> str:
        """Return a tuple; a pair of name and value without what looks like a secret."""
        if len(x) == 2 and isinstance(x[0], str | bytes) and level > 0:
            value = self._unless_secret(x[0], x[1], level)
            return f"({self.repr1(x[0], level - 1)}, {value})"
        return super().repr_tuple(x, level)

    def _unless_secret(self, name: object, value: Any, level: int) -> str:
        return _HIDDEN if _is_secret(name) else self.repr1(value, level - 1)


_short = _Short()


def _is_secret(name: object) -> bool:
    return _SECRET.search(str(name)[:200]) is not None


def _shown(name: object, value: object) -> str:
    if _is_secret(name):
        return _HIDDEN
    try:
        text = _short.repr(value)
    except Exception as problem:  # boundary: a repr of the program, which may fail
        return f"(its repr failed: {type(problem).__name__})"
    return _scrubbed(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …")


def _scrubbed(text: str) -> str:
    """Return a text without the secrets that are assigned to names in it."""
    return _LOGIN.sub(r"\1…@", _ASSIGNED.sub(r"\1(not shown)", text))


def _table(values: Mapping[Any, Any], *, plain: bool = False) -> str:
    rows = [
        f"<tr><th>{_text(name)}</th>"
        f"<td>{_text(value if plain else _shown(name, value))}</td></tr>"
        for name, value in islice(values.items(), _MOST_NAMES)
    ]
    if len(values) > _MOST_NAMES:
        rows.append(f"<tr><td>{len(values) - _MOST_NAMES} more</td></tr>")
    if not rows:
        return "<p>none</p>"
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'


def _text(value: object) -> str:
    return html.escape(str(value))
