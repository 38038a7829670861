"""Where the defaults are made and joined together.

The rooms below declare seams; here they are filled: which namespaces config has,
which dispatcher finds pages, who listens on the bus. The objects made here are the
only global state of the framework.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from cherrypy.core import app, bridge
from cherrypy.core.app import Application
from cherrypy.core.errors import HTTPRedirect
from cherrypy.core.log import GlobalLogManager, LogManager, front
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.core.tree import Tree
from cherrypy.environment.checker import Checker
from cherrypy.environment.config import (
    Config,
    attribute_namespace,
    engine_namespace,
    server_namespace,
    tree_namespace,
)
from cherrypy.environment.gateways import SettingsServer
from cherrypy.environment.server import Server
from cherrypy.environment.timeouts import TimeoutMonitor
from cherrypy.extension.dispatch import Dispatcher
from cherrypy.extension.namespaces import (
    error_page_namespace,
    hooks_namespace,
    request_namespace,
    response_namespace,
)
from cherrypy.process import bus as engine
from cherrypy.process import plugins

__all__ = [
    "Present",
    "Signals",
    "checker",
    "config",
    "engine",
    "log",
    "present",
    "server",
    "servers",
    "tree",
]

tree: Tree = Tree()
"""The applications of this process by mount point."""

log: GlobalLogManager = GlobalLogManager()
"""The log of the site; inside a request, that of its application."""
front.site = log
front.bearer = sys.modules[__name__]

server: Server = Server()
"""The settings of the default server."""

servers: dict[str, Server] = {}
"""Further servers, made by config keys such as ``server.admin.socket_port``."""

checker: Checker = Checker()
"""Looks for common mistakes when the engine starts."""

config: Config = Config()
"""The config of the site."""


class Present:
    """Hands out the tree that is in force.

    documented behaviour: programs, and the test helper, put another tree in the
    place of ``cherrypy.tree``. The front door tells here who bears that name.
    """

    def __init__(self) -> None:
        self.bearer: Any = sys.modules[__name__]

    def tree(self) -> Any:
        """Return what is called `tree` now."""
        return self.bearer.tree


present: Present = Present()
"""What the server asks for the tree at each request."""


def _join_bus() -> None:
    """Give the engine its plugins and let requests be heard on it."""
    engine.autoreload = plugins.Autoreloader(engine)
    engine.autoreload.subscribe()
    engine.thread_manager = plugins.ThreadManager(engine)
    engine.thread_manager.subscribe()
    engine.timeout_monitor = TimeoutMonitor(engine, app.active.copy)
    engine.timeout_monitor.subscribe()
    engine.signal_handler = plugins.SignalHandler(engine)
    engine.signals = Signals()
    # documented behaviour: a plug-in subscribes its methods to the channels that are
    # there, so those of requests must be there although nobody listens yet.
    for channel in ("before_request", "after_request"):
        engine.listeners.setdefault(channel, set())
    engine.subscribe("log", _log_bus)
    engine.subscribe("graceful", log.reopen_files)
    engine.subscribe("graceful", app.reopen_logs)
    engine.subscribe("start", checker)
    # After the servers have stopped (25) nobody awaits anything any more.
    engine.subscribe("stop", bridge.stop_loop, 90)
    server.bus = engine
    server.subscribe()


def _join_config() -> None:
    """Let config reach the objects it speaks of; only then put in the defaults."""
    config.attach("log", attribute_namespace(log))
    config.attach("checker", attribute_namespace(checker))
    config.attach("engine", engine_namespace(engine))
    config.attach("server", server_namespace(server, servers, _another_server))
    config.attach("tree", tree_namespace(present.tree, engine))
    config.file_was_read = engine.autoreload.files.add
    config.paths_were_ignored = _note_paths
    checker.look_at(
        tree=present.tree,
        config=config,
        kinds={
            "engine": type(engine),
            "log": LogManager,
            "request": Request,
            "response": Response,
            "server": Server,
        },
    )
    config.reset()
    log.screen = True


def _note_paths() -> None:
    checker.global_config_contained_paths = True


def _another_server() -> Server:
    another = Server()
    another.bus = engine
    return another


class Signals:
    """All that listens to the operating system, subscribed in one call."""

    def subscribe(self) -> None:
        """Listen to signals, and on Windows to console events."""
        engine.signal_handler.subscribe()
        console = getattr(engine, "console_control_handler", None)
        if console is not None:
            console.subscribe()


def _log_bus(msg: str, level: int = logging.INFO) -> None:
    front.bearer.log.error(msg, "ENGINE", severity=level)


def _join_server() -> None:
    """Let servers find what they serve."""
    SettingsServer.present_tree = staticmethod(present.tree)
    SettingsServer.present_server = staticmethod(lambda: server)


def _join_core() -> None:
    """Fill the seams of the core."""
    Application.bus = engine
    Application.known_threads = engine.thread_manager.threads
    Application.thread_listeners = {engine.thread_manager.acquire_thread}
    Application.site_config = config
    HTTPRedirect.site_base = staticmethod(server.base)
    Request.dispatch = Dispatcher()
    Request.namespaces.update(
        hooks=hooks_namespace,
        request=request_namespace,
        response=response_namespace,
        error_page=error_page_namespace,
    )


_join_bus()
_join_core()
_join_server()
_join_config()
