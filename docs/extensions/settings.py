"""Every config key with its default and meaning, read from the code itself."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.core.body import RequestBody
from cherrypy.core.log import LogManager
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.environment.checker import Checker
from cherrypy.environment.config import environments
from cherrypy.environment.server import Server
from cherrypy.environment.timeouts import TimeoutMonitor
from cherrypy.extension.tool import DeprecatedTool
from cherrypy.httpd.limits import Limits
from cherrypy.lib import cpstats, sessions
from cherrypy.lib.encoding import ResponseEncoder
from cherrypy.lib.memory_cache import MemoryCache
from cherrypy.lib.session_auth import SessionAuth
from cherrypy.lib.session_base import Session
from cherrypy.lib.store_cache import StoreCache
from cherrypy.lib.toolbox import DefaultToolbox
from cherrypy.process.plugins import Autoreloader, ThreadManager
from cherrypy.process.wspbus import Bus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["GROUPS", "Row", "environment_table", "tool_names", "tool_rows"]


@dataclass(frozen=True)
class Row:
    """One key: what it is without setting it, and what it is for."""

    key: str
    default: str
    meaning: str


@cache
def attribute_docs(kind: type) -> dict[str, str]:
    """Return what stands under the attributes of a class, its bases included."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not base.__module__.startswith("cherrypy"):
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        (definition,) = tree.body
        assert isinstance(definition, ast.ClassDef)
        for before, after in zip(definition.body, definition.body[1:], strict=False):
            match before, after:
                case (
                    (
                        ast.AnnAssign(target=ast.Name(id=name))
                        | ast.Assign(targets=[ast.Name(id=name)])
                    ),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = text
        for name, value in vars(base).items():
            if isinstance(value, property) and value.__doc__:
                found[name] = value.__doc__
    return {name: first_paragraph(text) for name, text in found.items()}


def first_paragraph(text: str) -> str:
    """Return the first paragraph as one line of Markdown."""
    paragraph = inspect.cleandoc(text).split("\n\n")[0]
    return " ".join(paragraph.replace("``", "`").split())


def argument_docs(function: Callable[..., Any]) -> dict[str, str]:
    """Return what the section "Args:" of a docstring says."""
    text = inspect.getdoc(function) or ""
    section = re.search(r"^Args:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    if section is None:
        return {}
    entries = re.findall(
        r"^\*{0,2}(\w+): (.*(?:\n +.*)*)", textwrap.dedent(section[1]), re.MULTILINE
    )
    return {name: first_paragraph(meaning) for name, meaning in entries}


def shown(value: object) -> str:
    """Return a default as it would be written in a config file."""
    if value is inspect.Parameter.empty:
        return "must be set"
    if isinstance(value, type) or inspect.isroutine(value):
        name = value.__qualname__
        outside = value.__module__.removeprefix("builtins")
        return f"`{outside}.{name}`" if outside else f"`{name}`"
    if isinstance(value, frozenset):
        value = tuple(sorted(value))
    if isinstance(value, dict) and any(callable(v) for v in value.values()):
        return "see there"
    text = repr(value)
    return f"`{text}`" if "`" not in text else text


def attributes(
    prefix: str, kind: type, *, names: Iterable[str] = (), instance: object = None
) -> list[Row]:
    """Return a row for each documented attribute, or for those with these names."""
    docs = attribute_docs(kind)
    source = kind if instance is None else instance
    rows = []
    for name in names or docs:
        value = getattr(source, name, None)
        rows.append(Row(f"{prefix}{name}", shown(value), docs[name]))
    return rows


def arguments(
    prefix: str, function: Callable[..., Any], meanings: dict[str, str] | None = None
) -> list[Row]:
    """Return a row for each argument of a function that may be named."""
    docs = {**argument_docs(function), **(meanings or {})}
    return [
        Row(f"{prefix}{name}", shown(p.default), docs.get(name, ""))
        for name, p in inspect.signature(function).parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]


# --------------------------------------------------------------------------- site


def server_rows() -> list[Row]:
    docs = attribute_docs(Server)
    names = ["socket_host"]
    for name, value in vars(Server).items():
        settable = not isinstance(value, property) or value.fset is not None
        known = name in docs and not callable(value)
        if known and settable and name not in ("bind_addr", *names):
            names.append(name)
    return attributes("server.", Server, names=names, instance=Server())


def engine_rows() -> list[Row]:
    on = "whether it runs with the engine"
    found = argument_docs(Autoreloader)
    docs = attribute_docs(Autoreloader)
    return [
        Row("engine.autoreload.on", "`True`", f"Restart when a file changes: {on}."),
        Row("engine.autoreload.frequency", "`1`", found["frequency"]),
        Row("engine.autoreload.match", "`'.*'`", found.get("match") or docs["match"]),
        Row("engine.autoreload.files", "`set()`", "More files to watch."),
        Row("engine.thread_manager.on", "`True`", _first(ThreadManager)),
        Row("engine.timeout_monitor.on", "`True`", _first(TimeoutMonitor)),
        Row("engine.timeout_monitor.frequency", "`60`", "Seconds between two looks."),
        Row(
            "engine.SIGHUP",
            "the engine's own",
            "What listens to the signal; `None` leaves the signal alone.",
        ),
        Row("engine.SIGTERM", "the engine's own", "Likewise."),
        Row(
            "engine.max_cloexec_files",
            shown(getattr(Bus, "max_cloexec_files", None)),
            attribute_docs(Bus).get("max_cloexec_files", ""),
        ),
        Row(
            "engine.PLUGIN.on",
            "",
            "Subscribes or unsubscribes a plug-in that is an attribute of the engine.",
        ),
        Row("engine.PLUGIN.X", "", "Sets the attribute X of that plug-in."),
    ]


def log_rows() -> list[Row]:
    names = ("screen", "access_file", "error_file", "access_log_format", "wsgi")
    rows = attributes("log.", LogManager, names=names, instance=LogManager("docs"))
    # The log of the site begins with it; one made by hand does not.
    return [
        Row(r.key, "`True`", r.meaning) if r.key == "log.screen" else r for r in rows
    ]


def checker_rows() -> list[Row]:
    checks = sorted(name for name in dir(Checker) if name.startswith("check_"))
    return [
        *attributes("checker.", Checker, names=("on", "extra_config_namespaces")),
        *(
            Row(f"checker.{name}", "`True`", _first(vars(Checker)[name]))
            for name in checks
        ),
    ]


def request_rows() -> list[Row]:
    names = (
        *("dispatch", "methods_with_bodies", "process_request_body"),
        *("query_string_encoding", "show_tracebacks", "show_mismatched_params"),
        *("throw_errors", "throws", "error_response", "namespaces"),
    )
    rows = attributes("request.", Request, names=names)
    known = {
        "request.dispatch": "`cherrypy.dispatch.Dispatcher()`",
        "request.error_response": "`cherrypy.HTTPError(500).set_response`",
        "request.namespaces": "see there",
        "request.throws": "see there",
    }
    return [Row(row.key, known.get(row.key, row.default), row.meaning) for row in rows]


def body_rows() -> list[Row]:
    names = (
        *("maxbytes", "bufsize", "attempt_charsets", "default_content_type"),
        *("processors", "part_class"),
    )
    return attributes("request.body.", RequestBody, names=names)


def response_rows() -> list[Row]:
    names = ("stream", "timeout", "status", "body")
    rows = attributes("response.", Response, names=names)
    rows = [Row(r.key, "", r.meaning) if r.key.endswith("body") else r for r in rows]
    meaning = "Sets a header of every answer; a page may set it again."
    return [*rows, Row("response.headers.NAME", "", meaning)]


def other_rows() -> list[Row]:
    return [
        Row(
            "environment",
            "",
            "Takes over a set of entries: " + ", ".join(f"`{n}`" for n in environments),
        ),
        Row(
            "hooks.POINT",
            "",
            "Attaches a function, or a `Hook`, to a hook point of the request. What "
            "follows after another dot tells several apart.",
        ),
        Row(
            "error_page.CODE",
            "",
            "What to show for that status: a file, or a function called with `status`, "
            "`message`, `traceback` and `version`.",
        ),
        Row("error_page.default", "", "The same for every status without its own."),
        Row(
            "tree.NAME",
            "",
            "Mounts an `Application` at its `script_name`, or each of a dictionary of "
            "applications by mount point. The name tells several apart.",
        ),
        Row(
            "wsgi.pipeline",
            "`[]`",
            "WSGI middleware: pairs of name and class; the first is the outermost.",
        ),
        Row("wsgi.response_class", "", "Makes the answer at the inner end."),
        Row("wsgi.NAME.ARG", "", "An argument for the middleware with that name."),
        Row("server.NAME.X", "", "`X` of a further server, `cherrypy.servers[NAME]`."),
    ]


def limits_rows() -> list[Row]:
    docs = attribute_docs(Limits)
    return [
        Row(f.name, shown(None if f.default is MISSING else f.default), docs[f.name])
        for f in fields(Limits)
    ]


def _first(thing: Any) -> str:
    return first_paragraph(inspect.getdoc(thing) or "")


GROUPS: dict[str, Callable[[], list[Row]]] = {
    "server": server_rows,
    "engine": engine_rows,
    "log": log_rows,
    "checker": checker_rows,
    "request": request_rows,
    "body": body_rows,
    "response": response_rows,
    "other": other_rows,
    "limits": limits_rows,
}
"""The tables of the configuration reference, by name."""


def environment_table() -> Iterator[list[str]]:
    """Yield the rows of a table: a key, and what each environment makes of it."""
    keys = sorted({key for entries in environments.values() for key in entries})
    yield ["key", *environments]
    for key in keys:
        yield [
            f"`{key}`",
            *(shown(e[key]) if key in e else "" for e in environments.values()),
        ]


# -------------------------------------------------------------------------- tools


def toolbox() -> dict[str, Any]:
    """Return the tools by name, and those that come by importing their module."""
    # Not cherrypy.tools: programs put tools of their own there.
    named = vars(DefaultToolbox())
    found = {name: tool for name, tool in named.items() if hasattr(tool, "_setup")}
    return {**found, "cpstats": getattr(cherrypy.tools, "cpstats", cpstats)}


def tool_names() -> list[str]:
    """Return the names of all tools that do something."""
    return sorted(
        name for name, tool in toolbox().items() if not isinstance(tool, DeprecatedTool)
    )


def session_rows() -> list[Row]:
    prefix = "tools.sessions."
    meanings = {
        "path": "The path that the cookie is for; None for the whole site.",
        "path_header": "A request header that names that path.",
        "name": "The name of the cookie.",
        "domain": "The domain that the cookie is for; None for this host only.",
        "secure": "Whether the cookie goes over https only; None: as the request came.",
        "httponly": "Whether scripts in the page cannot read the cookie.",
        "samesite": "`Lax`, `Strict`, `None`, or False to leave it out.",
    }
    rows = arguments(prefix, sessions.SessionOpener, meanings)
    for kind, names in STORAGES.items():
        for row in attributes(prefix, getattr(sessions, kind), names=names):
            rows.append(Row(row.key, row.default, f"`{kind}`: {row.meaning}"))
    locking = Row(
        f"{prefix}locking",
        "`'implicit'`",
        "When the session is locked: `implicit` before the page, `early` before the "
        "body is read, `explicit` by `cherrypy.session.acquire_lock()`.",
    )
    own = ("lock_timeout", "on_unavailable")
    return [locking, *rows, *attributes(prefix, Session, names=own)]


STORAGES = {
    "StoreSession": ("storage", "serializer", "key"),
    "FileSession": ("storage_path", "pickle_protocol", "accept_unsigned"),
    "MemcachedSession": ("servers",),
}


def caching_rows() -> list[Row]:
    prefix = "tools.caching."
    tool = cherrypy.tools.caching
    rows = [r for r in arguments(prefix, tool.callable) if not r.key.endswith("debug")]
    rows += [
        Row(f"{prefix}cache_class", shown(MemoryCache), _first(MemoryCache)),
        Row(f"{prefix}store", "`None`", _first(StoreCache)),
    ]
    names = (
        *("delay", "maxobjects", "maxobj_size", "maxsize"),
        *("antistampede_timeout", "expire_freq", "debug"),
    )
    return rows + attributes(prefix, MemoryCache, names=names)


def session_auth_rows() -> list[Row]:
    prefix = "tools.session_auth."
    rows = attributes(prefix, SessionAuth, names=("session_key", "debug"))
    steps = (
        *("check_username_and_password", "anonymous", "on_login", "on_logout"),
        *("on_check", "login_screen", "do_login", "do_logout", "do_check"),
    )
    return rows + [
        Row(f"{prefix}{step}", "its own", _first(vars(SessionAuth)[step]))
        for step in steps
    ]


def encode_rows() -> list[Row]:
    names = (
        *("encoding", "default_encoding", "errors", "text_only", "add_charset"),
        "debug",
    )
    return attributes("tools.encode.", ResponseEncoder, names=names)


def xmlrpc_rows() -> list[Row]:
    return [
        Row("tools.xmlrpc.encoding", "`'utf-8'`", "The charset of the answer."),
        Row("tools.xmlrpc.allow_none", "`0`", "Whether None may be sent, as `nil`."),
    ]


def cpstats_rows() -> list[Row]:
    return arguments("tools.cpstats.", cpstats.StatsTool.record_stop)[1:]


SPECIAL: dict[str, Callable[[], list[Row]]] = {
    "caching": caching_rows,
    "cpstats": cpstats_rows,
    "encode": encode_rows,
    "session_auth": session_auth_rows,
    "sessions": session_rows,
    "xmlrpc": xmlrpc_rows,
}


@dataclass(frozen=True)
class ToolEntry:
    """A tool: when it steps in, what it does, and what it may be told."""

    name: str
    point: str
    priority: int | None
    meaning: str
    rows: list[Row]


def tool_rows(name: str) -> ToolEntry:
    """Describe a tool by its name in the box."""
    tool = toolbox()[name]
    function = getattr(tool, "callable", None)
    if name in SPECIAL:
        rows = SPECIAL[name]()
    else:
        rows = arguments(f"tools.{name}.", function) if function else []
    source = MEANINGS.get(name, function)
    return ToolEntry(
        name,
        getattr(tool, "_point", "") or "error_response",
        getattr(tool, "_priority", None),
        source if isinstance(source, str) else _first(source).split("; tools.")[0],
        rows,
    )


MEANINGS: dict[str, str] = {
    "caching": "Keep answers, and give them again without calling the page.",
    "cpstats": "Count what requests do, for the statistics page.",
    "sessions": "Give each visitor a session, `cherrypy.session`.",
}
