"""Common mistakes, told when the engine starts.

Every method named ``check_…`` is one check. To leave one out, set it to False::

    [global]
    checker.check_static_paths: False
"""

from __future__ import annotations

import os
import warnings
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.core.app import Application
from cherrypy.extension.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["Checker"]

_SITE_ONLY = ("engine", "server", "tree", "checker")
"""Namespaces that only the config of the site acts on."""

_OF_PATHS = ("tools", "request", "response", "hooks", "error_page")
"""Namespaces that say what is to be done at a path."""

_TYPES_OF_PROPERTIES: dict[str, type | tuple[type, ...]] = {
    "engine.autoreload.frequency": (int, float),
    "engine.autoreload.match": str,
    "engine.timeout_monitor.frequency": (int, float),
    "log.access_file": str,
    "log.error_file": str,
    "log.screen": bool,
    "log.wsgi": bool,
    "server.socket_host": str,
    "tools.caching.delay": int,
    "tools.caching.maxobj_size": int,
    "tools.caching.maxobjects": int,
    "tools.caching.maxsize": int,
    "tools.gzip.compress_level": int,
    "tools.sessions.clean_freq": int,
    "tools.sessions.timeout": int,
}
"""What cannot be read off the defaults that stand in a class."""


class Checker:
    """Looks at the config of the site and of its applications for mistakes.

    It is a listener: calling it runs all checks. What it finds it says as warnings.
    """

    on: bool = True
    """Whether to look at all."""

    global_config_contained_paths: bool = False
    """Whether sections for an application were given to the config of the site."""

    extra_config_namespaces: list[str] = []  # noqa: RUF012 - copied in __init__
    """Namespaces that are no mistake although nobody acts on them."""

    known_config_types: dict[str, type | tuple[type, ...]]
    """What type the value of a config key should have."""

    obsolete: ClassVar[dict[str, str | None]] = {
        "log_access_file": "log.access_file",
        "log_config_options": None,
        "log_file": "log.error_file",
        "log_file_not_found": None,
        "log_request_headers": "tools.log_headers.on",
        "log_to_screen": "log.screen",
        "profiler.on": "cherrypy.tree.mount(profiler.make_app(Application(Root())))",
        "server.default_content_type": "tools.response_headers.headers",
        "show_tracebacks": "request.show_tracebacks",
        "throw_errors": "request.throw_errors",
    }
    """Config keys of earlier versions and what to use now, None if nothing."""

    deprecated: ClassVar[dict[str, str | None]] = {}
    """Config keys that still work, and what to use instead, None if nothing."""

    def __init__(self) -> None:
        self.extra_config_namespaces = list(self.extra_config_namespaces)
        self.known_config_types = {}
        self._tree: Callable[[], Any] = lambda: None
        self._config: Mapping[str, Any] = {}
        self._kinds: Mapping[str, type] = {}

    def look_at(
        self,
        *,
        tree: Callable[[], Any],
        config: Mapping[str, Any],
        kinds: Mapping[str, type],
    ) -> None:
        """Say what is to be looked at.

        Args:
            tree: Returns the tree of applications that is in force.
            config: The config of the site. Its ``namespaces`` are known ones.
            kinds: By namespace, the class whose attributes the keys set; their
                defaults tell which types are right.
        """
        self._tree = tree
        self._config = config
        self._kinds = kinds
        for namespace, kind in kinds.items():
            self.known_config_types.update(_types_of_defaults(namespace, kind))
        self.known_config_types.update(_TYPES_OF_PROPERTIES)

    def __call__(self) -> None:
        """Run all checks."""
        if not self.on:
            return
        before = warnings.formatwarning
        warnings.formatwarning = self.formatwarning
        try:
            for name in dir(self):
                check = getattr(self, name) if name.startswith("check_") else None
                if callable(check):
                    check()
        finally:
            warnings.formatwarning = before

    def formatwarning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        """Return how a warning is shown: what, without where."""
        return f"CherryPy Checker:\n{message}\n\n"

    def _applications(self) -> Iterator[Application]:
        tree = self._tree()
        for app in list(getattr(tree, "apps", {}).values()):
            if isinstance(app, Application):
                yield app

    def _path_sections(self) -> Iterator[tuple[Application, str, dict[str, Any]]]:
        """Yield the sections that the framework reads; the others are free."""
        for app in self._applications():
            for section, entries in app.config.items():
                if section.startswith("/") and isinstance(entries, dict):
                    yield app, section, entries

    # Sections and keys in the wrong place.

    def check_app_config_entries_dont_start_with_script_name(self) -> None:
        """Find sections that repeat where the application is mounted."""
        for app in self._applications():
            mounted = (app.script_name or "").strip("/").split("/")
            for section in app.config:
                if mounted != [""] and _parts(section)[: len(mounted)] == mounted:
                    _warn(
                        f"The application mounted at {app.script_name!r} has config "
                        f"entries that start with its script name: {section!r}. Paths "
                        "in its config are relative to it; remove "
                        f"{app.script_name!r} from the section."
                    )

    def check_site_config_entries_in_app_config(self) -> None:
        """Find keys in the config of an application that only the site acts on."""
        for app in self._applications():
            found = [
                f"[{section}] {key} = {value!r}"
                for other, section, entries in self._path_sections()
                if other is app
                for key, value in entries.items()
                if key.partition(".")[0] in _SITE_ONLY and "." in key
            ]
            if found:
                _warn(
                    f"The application mounted at {app.script_name!r} contains the "
                    "following config entries, which are only allowed in site-wide "
                    "config. Move them to a [global] section and pass them to "
                    "cherrypy.config.update() instead of tree.mount().\n"
                    + "\n".join(found)
                )

    def check_skipped_app_config(self) -> None:
        """Find applications without config."""
        for app in self._applications():
            if app.config:
                continue
            message = (
                f"The Application mounted at {app.script_name!r} has an empty config."
            )
            if self.global_config_contained_paths:
                message += (
                    " It looks like the config you passed to cherrypy.config.update() "
                    "contains application-specific sections. You must explicitly pass "
                    "application config via cherrypy.tree.mount(..., config=app_config)"
                )
            _warn(message)

    def check_app_config_brackets(self) -> None:
        """Find section names with the brackets that only files need."""
        for app in self._applications():
            for section in app.config:
                if section.startswith("[") or section.endswith("]"):
                    _warn(
                        f"The application mounted at {app.script_name!r} has config "
                        f"section names with extraneous brackets: {section!r}. Config "
                        "*files* need brackets; config *dicts* (e.g. passed to "
                        "tree.mount) do not."
                    )

    def check_sections_without_slash(self) -> None:
        """Find sections of applications that look like paths but are none."""
        for app in self._applications():
            for section, entries in app.config.items():
                if section[:1] in ("/", "[") or not isinstance(entries, dict):
                    continue
                if section == "global":  # of a file that the site has read too
                    continue
                # Other sections are free for the program's own use.
                read = [key for key in entries if key.partition(".")[0] in _OF_PATHS]
                if read:
                    _warn(
                        f"The section {section!r} has no slash at its beginning, so "
                        f"nothing reads {read[0]!r} in it. Write {'/' + section!r}."
                        f"\nsection: [{section}]"
                    )

    def check_site_config_sections(self) -> None:
        """Find sections in the config of the site."""
        for key, value in self._config.items():
            if not key.startswith("/") or not isinstance(value, dict):
                continue
            # quickstart gives its config to both: what an application has is not lost.
            if not any(
                value.keys() <= app.config.get(key, {}).keys()
                for app in self._applications()
            ):
                _warn(
                    f"The section {key!r} was given to cherrypy.config.update(), which "
                    "is for settings of the whole site; nothing reads it there. Give "
                    "it to the application: cherrypy.tree.mount(Root(), "
                    f"config={{{key!r}: ...}}), or to cherrypy.quickstart()."
                )

    # Applications that cannot answer.

    def check_pages(self) -> None:
        """Find applications without a page."""
        for app in self._applications():
            own = any("request.dispatch" in each for _, _, each in _paths_of(app))
            fault = None if own else _fault_of_root(app.root)
            if fault:
                _warn(f"The application mounted at {app.script_name!r} {fault}")

    def check_mount_points(self) -> None:
        """Find applications that no URL leads to."""
        tree = self._tree()
        for name in sorted(getattr(tree, "replaced", ())):
            _warn(
                f"Two applications were mounted at {name!r}; only the second one "
                "answers. Mount one of them at another path."
            )
        for name in getattr(tree, "apps", {}):
            if name.endswith((".conf", ".cfg", ".ini")):
                _warn(
                    f"An application is mounted at {name!r}, which looks like a config "
                    "file. That is the argument after the mount point: "
                    f"mount(Root(), '/', {name!r})."
                )
            elif name and not name.startswith("/"):
                _warn(
                    f"The application mounted at {name!r} cannot be reached: a mount "
                    f"point begins with a slash. Mount it at {'/' + name!r}."
                )

    # Keys that do not do what they say.

    def check_error_pages(self) -> None:
        """Find error pages that are not there."""
        for _, section, entries in self._path_sections():
            for key, value in entries.items():
                is_page = key.startswith("error_page.") and isinstance(value, str)
                if is_page and not os.path.isfile(value):
                    _warn(
                        f"{key!r} is {value!r}, but there is no such file: it would be "
                        f"{os.path.abspath(value)!r}. Set it to the absolute path of "
                        f"a file.\nsection: [{section}]"
                    )

    def check_config_keys(self) -> None:
        """Find keys that look much like others, which would be read."""
        self._check_keys(self._config, "cherrypy.config.update()")
        for _, section, entries in self._path_sections():
            self._check_keys(entries, f"[{section}]")

    def _check_keys(self, entries: Mapping[str, Any], where: str) -> None:
        for key in entries:
            namespace, _, name = key.partition(".")
            near = _near(namespace, self._kinds)
            if not name or "." in name or near in (None, "engine"):
                continue
            kind = self._kinds[str(near)]
            names = {*dir(kind), *getattr(kind, "__annotations__", ())}
            meant = name if name in names else _near(name, names)
            # A namespace of one's own may be near; the whole key hardly is.
            if meant and key != f"{near}.{meant}" and name[:1] != "_":
                _warn(
                    f"Nothing reads the config entry {key!r}. Did you mean "
                    f"'{near}.{meant}'?\nsection: {where}"
                )

    def check_tool_arguments(self) -> None:
        """Find settings that a tool does not take."""
        for app, section, entries in self._path_sections():
            for key in entries:
                namespace, _, rest = key.partition(".")
                name, _, argument = rest.partition(".")
                tool = getattr(app.toolboxes.get(namespace), name, None)
                known = _arguments_of(tool)
                if argument and known and argument not in known:
                    near = _near(argument, known)
                    remedy = (
                        f"Did you mean {near!r}?"
                        if near
                        else f"It takes: {', '.join(sorted(known))}."
                    )
                    _warn(
                        f"The tool {name!r} does not take {argument!r}. {remedy}\n"
                        f"{key} = {entries[key]!r}\nsection: [{section}]"
                    )

    def check_static_paths(self) -> None:
        """Find static directories and files that are not there."""
        for app, section, entries in self._path_sections():
            for tool, key in (("staticdir", "dir"), ("staticfile", "filename")):
                if not entries.get(f"tools.{tool}.on"):
                    continue
                name = app.find_config(section, f"tools.{tool}.{key}")
                root = app.find_config(section, f"tools.{tool}.root")
                faults = list(_faults_of_path(f"tools.{tool}.{key}", name, root))
                if faults:
                    where = f"section: [{section}]\nroot: {root!r}\n{key}: {name!r}"
                    _warn("\n".join([*faults, where]))

    def check_compatibility(self) -> None:
        """Find keys of earlier versions."""
        self._check_names(self._config, "cherrypy.config.update()")
        for app in self._applications():
            for section, entries in app.config.items():
                if isinstance(entries, dict):
                    self._check_names(entries, f"[{section}]")

    def _check_names(self, entries: Mapping[str, Any], where: str) -> None:
        for table, fault in (
            (self.obsolete, "is obsolete and has no effect"),
            (self.deprecated, "is deprecated"),
        ):
            for key in entries:
                if key in table:
                    new = table[key]
                    remedy = f"Use {new!r} instead" if new else "Remove it"
                    _warn(f"{key!r} {fault}. {remedy}.\nsection: {where}")

    def check_config_namespaces(self) -> None:
        """Find keys that nobody acts on."""
        for app, section, entries in self._path_sections():
            known = {
                *getattr(self._config, "namespaces", ()),
                *app.namespaces,
                *app.toolboxes,
                *app.request_class.namespaces,
                *self.extra_config_namespaces,
            }
            for key in entries:
                fault = _fault_of_namespace(key, known, app.toolboxes)
                if fault:
                    _warn(f"{fault}\nsection: [{section}]")

    def check_config_types(self) -> None:
        """Find values of a type that the key has no use for."""
        self._check_types(self._config, "cherrypy.config.update()")
        for _, section, entries in self._path_sections():
            self._check_types(entries, f"[{section}]")

    def _check_types(self, entries: Mapping[str, Any], where: str) -> None:
        for key, value in entries.items():
            expected = self.known_config_types.get(key)
            if isinstance(value, str) and _is_switch(key):
                expected = bool  # any text is true, "False" too
            # None is how a setting is switched off.
            if expected is None or value is None or _is_a(value, expected):
                continue
            kinds = expected if isinstance(expected, tuple) else (expected,)
            names = " or ".join(kind.__name__ for kind in kinds)
            _warn(
                f"The config entry {key!r} in {where} is {value!r}, which is of type "
                f"{type(value).__name__!r}; it should be {names}."
            )

    def check_dispatchers(self) -> None:
        """Find dispatchers that cannot be asked."""
        key = "request.dispatch"
        for _, section, entries in self._path_sections():
            dispatcher = entries.get(key)
            if isinstance(dispatcher, type):
                name = dispatcher.__name__
                _warn(
                    f"The config entry {key!r} in [{section}] is the class {name}, "
                    "where an object of it is needed, so that no page is found. Write "
                    f"{name}() instead of {name}."
                )
            elif dispatcher is not None and not callable(dispatcher):
                _warn(
                    f"The config entry {key!r} in [{section}] is {dispatcher!r}, which "
                    "is no dispatcher. Set an object, such as "
                    "cherrypy.dispatch.MethodDispatcher(), without quotes."
                )

    # Settings that invite trouble.

    def check_localhost(self) -> None:
        """Find servers that listen on a name with two meanings."""
        for key, value in self._config.items():
            is_host = key.startswith("server.") and key.endswith("socket_host")
            if is_host and value == "localhost":
                _warn(
                    f"{key!r} is 'localhost', which may be an IPv4 or an IPv6 "
                    "address, so that some clients do not find the server. Use "
                    "'127.0.0.1' or '::1' instead."
                )

    def check_proxy_trusted(self) -> None:
        """Find proxy tools that believe everybody."""
        # A program may have put a tool of its own there, which takes no such thing.
        tool = getattr(Application.toolboxes.get("tools"), "proxy", None)
        known = _arguments_of(tool)
        if known is not None and "trusted" not in known:
            return
        for _, section, entries in self._path_sections():
            self._check_proxy(entries, f"[{section}]")
        self._check_proxy(self._config, "cherrypy.config.update()")

    def _check_proxy(self, entries: Mapping[str, Any], where: str) -> None:
        if entries.get("tools.proxy.on") and not entries.get("tools.proxy.trusted"):
            _warn(
                "tools.proxy is on without tools.proxy.trusted: any client can claim "
                "any address and host by sending X-Forwarded headers. Set "
                "tools.proxy.trusted to the addresses of your proxies.\n"
                f"section: {where}"
            )


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=3)


def _near(name: str, known: Iterable[str]) -> str | None:
    """Return the name itself, or one that somebody very probably meant by it."""
    from difflib import get_close_matches  # lazy: needed at the start only

    known = list(known)
    if name in known:
        return name
    return next(iter(get_close_matches(name, known, 1, 0.8)), None)


def _paths_of(app: Application) -> Iterator[tuple[Application, str, dict[str, Any]]]:
    for section, entries in app.config.items():
        if isinstance(entries, dict):
            yield app, section, entries


def _fault_of_root(root: object) -> str | None:
    """Return what is wrong with the object at the top of a tree of pages."""
    if root is None:
        return None  # tools may answer in the place of pages
    kind = root if isinstance(root, type) else type(root)
    members: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        members.update(vars(each))
    pages = {name: each for name, each in members.items() if name[:1] != "_"}
    functions = [name for name, each in pages.items() if isinstance(each, FunctionType)]
    exposed = [name for name in functions if getattr(pages[name], "exposed", False)]
    if root is kind:
        if not exposed:
            return None
        name = kind.__name__
        return (
            f"has the class {name} for its root, where an object of it is needed. "
            f"Write {name}() instead of {name}."
        )
    if not functions or exposed or getattr(root, "exposed", False):
        return None
    # Objects may lead on to pages, and those who look for pages themselves know more.
    own = {**pages, **getattr(root, "__dict__", {})}
    leads_on = own.keys() - set(functions) - {"favicon_ico"}
    if leads_on or {"_cp_dispatch", "__getattr__"} & members.keys():
        return None
    return (
        f"has no page: nothing of {kind.__name__} is exposed. Put @cherrypy.expose "
        f"above those that are meant to be pages: {', '.join(functions)}."
    )


def _arguments_of(tool: object) -> set[str] | None:
    """Return what may be set for a tool; None if that cannot be known."""
    if not isinstance(tool, Tool) or type(tool)._setup is not Tool._setup:
        return None
    code = getattr(tool.callable, "__code__", None)
    if code is None or code.co_flags & 0x08:  # inspect.CO_VARKEYWORDS
        return None
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return {"on", "priority", *names}


def _parts(section: str) -> list[str]:
    return section.strip("/").split("/")


def _faults_of_path(key: str, name: Any, root: Any) -> Iterator[str]:
    """Yield what is wrong with a static directory or file."""
    if not name:
        yield f"{key} is not set. Set it to an absolute path."
        return
    name = os.fspath(name)
    path = os.path.join(os.fspath(root), name) if root else name
    if root and os.path.isabs(name):
        yield f"{key} is an absolute path, even though a root is provided."
        stripped = os.path.join(os.fspath(root), name.lstrip("/\\"))
        if os.path.exists(stripped):
            yield f"If you meant {stripped!r}, remove the slash at its beginning."
    elif not root and not os.path.isabs(name):
        yield (
            f"{key} is a relative path and no root is provided. Make it absolute, or "
            f"set {key.rpartition('.')[0]}.root."
        )
        return
    if not os.path.isabs(path):
        yield f"{path!r} is not an absolute path."
    if not os.path.exists(path):
        yield f"{path!r} (root + {key.rpartition('.')[2]}) is not an existing path."


def _fault_of_namespace(
    key: str, known: set[str], toolboxes: Mapping[str, Any]
) -> str | None:
    """Return what is wrong with the beginning of a config key."""
    namespace, dot, rest = key.partition(".")
    if not dot:
        return None
    if namespace not in known:
        if namespace == "cherrypy" and rest.partition(".")[0] in known:
            return f"The config entry {key!r} is invalid; try {rest!r} instead."
        return (
            f"The config entry {key!r} is invalid, because the {namespace!r} config "
            "namespace is unknown. If it is yours, add it to "
            "checker.extra_config_namespaces."
        )
    tool = rest.partition(".")[0]
    if namespace in toolboxes and not hasattr(toolboxes[namespace], tool):
        near = _near(tool, vars(toolboxes[namespace]))
        return (
            f"The config entry {key!r} may be invalid, because the {tool!r} tool was "
            "not found." + (f" Did you mean {near!r}?" if near else "")
        )
    return None


def _is_switch(key: str) -> bool:
    """Tell whether a key turns a tool or a plugin on."""
    return key.startswith(("tools.", "engine.")) and key.endswith(".on")


def _types_of_defaults(namespace: str, kind: type) -> dict[str, type]:
    """Return the types of the defaults that stand in a class, by config key."""
    found: dict[str, type] = {}
    for base in reversed(kind.__mro__):
        for name, value in vars(base).items():
            plain = isinstance(value, str | int | float | tuple | list | dict)
            if plain and not name.startswith("_"):
                found[f"{namespace}.{name}"] = type(value)
    return found


def _is_a(value: Any, expected: type | tuple[type, ...]) -> bool:
    """Tell whether a value will do; a number with a point for one without will."""
    if isinstance(value, bool):
        return expected is bool
    if expected is int:
        return isinstance(value, int | float)
    if expected in (list, tuple):
        return isinstance(value, list | tuple)
    return isinstance(value, expected)
