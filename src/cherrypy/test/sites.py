"""The site of this process, made ready for a test, started, and put back afterwards.

`Kept` remembers what is behind the front door; `fresh` empties it; `LiveSite` starts it
on a free port. There is one site in a process, so there can be one test at a time that
has it; several processes, as of pytest-xdist, do not meet.
"""

from __future__ import annotations

import importlib
import inspect
import os
import socket
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.core.config import Parser
from cherrypy.core.tree import Tree
from cherrypy.process.servers import client_host, server_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Self

    from cherrypy.core.app import Application
    from cherrypy.process.plugins import SimplePlugin

__all__ = [
    "USUAL_PORT",
    "Kept",
    "LiveSite",
    "free_port",
    "fresh",
    "is_free",
    "load",
    "mount",
    "prepared",
    "start_engine",
    "stop_engine",
    "usual_port",
]

USUAL_PORT = 54583
"""documented behaviour: where test suites expect their server, if it is free."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody has at the moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as chooser:
        chooser.bind((host, 0))
        return int(chooser.getsockname()[1])


def usual_port(host: str = "127.0.0.1") -> int:
    """Return `USUAL_PORT`, or a free one if somebody has that or may want it too."""
    # Workers of pytest-xdist would take it from each other.
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    return USUAL_PORT if alone and is_free(host, USUAL_PORT) else free_port(host)


def is_free(host: str, port: int) -> bool:
    """Return whether one could listen on a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        if os.name == "posix":
            # The last test may just have left it; elsewhere the option means more.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen()
        except OSError:
            return False
    return True


class Kept:
    """What is behind the front door at this moment: to be put back later.

    That is the tree, the config, the settings of the servers, and which files the log
    is written to. Listeners of the engine stay: applications subscribe theirs where
    they are imported, once.
    """

    def __init__(self) -> None:
        self._tree = cherrypy.tree
        self._config = dict(cherrypy.config)
        self._server = dict(vars(cherrypy.server))
        self._servers = dict(cherrypy.servers)
        log = cherrypy.log
        self._log = (log.screen, log.error_file, log.access_file)
        self._checks = cherrypy.checker.on
        self._reloads = _is_on(cherrypy.engine.autoreload)

    def put_back(self) -> None:
        """Make everything as it was."""
        cherrypy.tree = self._tree
        # A method of dict, because that of a config tells others what it does.
        dict.clear(cherrypy.config)
        dict.update(cherrypy.config, self._config)
        for name in set(cherrypy.servers) - set(self._servers):
            cherrypy.servers.pop(name).unsubscribe()
        settings = vars(cherrypy.server)
        settings.clear()
        settings.update(self._server)
        log = cherrypy.log
        log.screen, log.error_file, log.access_file = self._log
        cherrypy.checker.on = self._checks
        if self._reloads and not _is_on(cherrypy.engine.autoreload):
            cherrypy.engine.autoreload.subscribe()


def _is_on(plugin: SimplePlugin) -> bool:
    """Return whether a plugin listens to the engine."""
    return any(
        getattr(listener, "__self__", None) is plugin
        for listener in cherrypy.engine.listeners.get("start", ())
    )


def fresh(settings: Mapping[str, Any] | None = None) -> None:
    """Give the site an empty tree and the config of the environment ``test_suite``.

    Args:
        settings: Further config entries.
    """
    cherrypy.config.reset()
    cherrypy.config.update({"environment": "test_suite", **(settings or {})})
    cherrypy.tree = Tree()
    cherrypy.server.httpserver = None


def start_engine() -> None:
    """Start the engine.

    Raises:
        ChannelFailures: Something could not be started; what had been is stopped.
    """
    cherrypy.engine.start()


def stop_engine() -> None:
    """Let the engine exit, unless that has happened already.

    Raises:
        ChannelFailures: Something could not be stopped; everything else is.
    """
    engine = cherrypy.engine
    if engine.state is engine.states.EXITING:
        return
    # Not `engine.exit`: where a listener fails, that one ends the process.
    with ExitStack() as always:
        always.callback(engine.publish, "exit")
        always.callback(setattr, engine, "state", engine.states.EXITING)
        engine.stop()


def load(target: str) -> Any:
    """Return the object that ``"module:object"`` names; the object may have dots.

    Modules are looked for in the present folder, too, as the program cherrypy does.

    Raises:
        ValueError: There is no colon in it.
        ImportError: There is no such module.
        AttributeError: There is no such object in it.
    """
    module_name, colon, path = target.partition(":")
    if not colon:
        raise ValueError(f"{target!r} is not of the form 'module:object'.")
    folder = os.getcwd()
    if folder not in sys.path and "" not in sys.path:
        sys.path.insert(0, folder)
    found: Any = importlib.import_module(module_name)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def mount(served: Any, config: Any = None, script_name: str = "") -> Any:
    """Put something to serve into the present tree, and return what is to be asked.

    Args:
        served: What a test wants to be served: an `Application`; a tree, which takes
            the place of the present one; a root, or its class; a WSGI application; a
            function without arguments that returns one of these; ``"module:object"``;
            or None for what the tree has already.
        config: For the application, if one is made.
        script_name: Where to mount it.
    """
    if isinstance(served, str):
        served = load(served)
    if inspect.isclass(served) or _is_factory(served):
        served = served()
    if isinstance(served, Tree):
        cherrypy.tree = served
    elif isinstance(served, cherrypy.Application):
        _graft(served, config, script_name)
    elif served is not None and callable(served) and not _has_pages(served):
        cherrypy.tree.graft(served, script_name)
    elif served is not None:
        cherrypy.tree.mount(served, script_name, config)
    return cherrypy.tree


def _graft(app: Application, config: Any, script_name: str) -> None:
    if script_name:
        app.script_name = script_name
    cherrypy.tree.mount(app, app.script_name or "", config or None)


def _is_factory(served: Any) -> bool:
    if not inspect.isfunction(served) or hasattr(served, "exposed"):
        return False
    return not inspect.signature(served).parameters


def _has_pages(served: Any) -> bool:
    members = (getattr(served, name, None) for name in dir(served))
    return hasattr(served, "exposed") or any(
        getattr(member, "exposed", False) for member in members
    )


class LiveSite:
    """The site of this process, serving on a free port; a context manager.

    Args:
        served: See `mount`.
        config: See `prepared`.
        script_name: Where it is mounted.
        host: Where to listen.
        port: Likewise; by default a free port.
    """

    def __init__(
        self,
        served: Any = None,
        config: Any = None,
        *,
        script_name: str = "",
        host: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        self.served = served
        self.config = config
        self.script_name = script_name
        self.host = host
        self.port: int = port or 0
        self._undo = ExitStack()

    def __repr__(self) -> str:
        return f"<LiveSite {self.base_url}>"

    @property
    def base_url(self) -> str:
        """Where the site is: scheme, host and port, without a slash at the end."""
        return server_url(client_host(self.host), self.port, cherrypy.server.secure)

    def start(self) -> None:
        """Make the site ready and start it.

        Raises:
            ChannelFailures: Something could not be started.
        """
        with ExitStack() as undo:
            undo.enter_context(prepared(self.served, self.config, self.script_name))
            cherrypy.server.socket_host = self.host
            cherrypy.server.socket_port = self.port
            start_engine()
            undo.callback(stop_engine)
            self.port = cherrypy.server.bound_addr[1]
            self._undo = undo.pop_all()

    def stop(self) -> None:
        """Stop the site and put back what was there before."""
        self._undo.close()

    def __enter__(self) -> Self:
        """Start the site."""
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop the site."""
        self.stop()


@contextmanager
def prepared(served: Any, config: Any = None, script_name: str = "") -> Iterator[Any]:
    """Serve something in a tree of its own, without starting anything.

    Besides what was configured already, the config environment ``test_suite`` is in
    force. Everything is put back at the end.

    Args:
        served: See `mount`; None keeps the present tree.
        config: A mapping, or a file. Sections, whose names begin with a slash, are for
            the application; what is in ``global`` or in no section is for the site.
        script_name: Where it is mounted.
    """
    entries = dict(Parser.load(config or {}))
    site = dict(entries.pop("global", {}))
    sections = {key: value for key, value in entries.items() if isinstance(value, dict)}
    site.update((key, value) for key, value in entries.items() if key not in sections)
    if isinstance(served, str):
        # Before anything is changed: its module may configure the site.
        served = load(served)
    kept = Kept()
    try:
        cherrypy.config.update({"environment": "test_suite", **site})
        if served is not None:
            cherrypy.tree = Tree()
        yield mount(served, sections, script_name)
    finally:
        kept.put_back()
