"""The configuration of the site: environments, and the namespaces of its objects.

One flat dictionary for all applications. What is set here reaches its object at once:
``server.socket_port`` the server, ``engine.autoreload.on`` the plugin. The objects are
given to the functions at the bottom; `cherrypy.environment.site` joins them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Never, TypeVar

from cherrypy.core import config as configuration
from cherrypy.core.config import NamespaceSet, Parser, merge
from cherrypy.core.wording import meant

if TYPE_CHECKING:
    from cherrypy.core.config import ConfigSource, Handler, NamespaceHandler
    from cherrypy.core.tree import Tree

__all__ = [
    "Config",
    "attribute_namespace",
    "engine_namespace",
    "environments",
    "merge",
    "server_namespace",
    "tree_namespace",
]

T = TypeVar("T")

_OUTSIDE_DEVELOPMENT: dict[str, Any] = {
    "engine.autoreload.on": False,
    "checker.on": False,
    "tools.log_headers.on": False,
    "request.show_tracebacks": False,
    "request.explain_errors": False,
    "request.show_mismatched_params": False,
}

environments: dict[str, dict[str, Any]] = {
    "development": {"request.show_tracebacks": True, "request.explain_errors": True},
    "staging": dict(_OUTSIDE_DEVELOPMENT),
    "production": {**_OUTSIDE_DEVELOPMENT, "log.screen": False},
    # In another process, under another server: that one handles signals.
    "embedded": {
        **_OUTSIDE_DEVELOPMENT,
        "log.screen": False,
        "engine.SIGHUP": None,
        "engine.SIGTERM": None,
    },
    "test_suite": {
        **_OUTSIDE_DEVELOPMENT,
        "log.screen": False,
        "request.show_tracebacks": True,
        "request.show_mismatched_params": True,
    },
}
"""Sets of entries that the key ``environment`` takes over; may be added to."""


def _ignore(*args: object) -> None:
    """Stand for an observer as long as there is none."""


class Config(configuration.Config):
    """The config of the site.

    Calling it gives a decorator that attaches config to a handler or a class of
    handlers::

        @cherrypy.config(**{"response.stream": True})
        def page(self): ...

    Args:
        file: Where to take values from: a mapping, or a file by name or open.
        **kwargs: More values.
    """

    defaults: ClassVar[dict[str, Any]] = {
        "tools.log_tracebacks.on": True,
        "tools.log_headers.on": True,
        "tools.trailing_slash.on": True,
        "tools.encode.on": True,
    }
    """What `reset` returns to."""

    environments: ClassVar[dict[str, dict[str, Any]]] = environments
    """Named sets of values; the key ``environment`` takes one over."""

    namespaces: ClassVar[NamespaceSet] = NamespaceSet()
    """Who acts on which keys; called when a key is set."""

    file_was_read: Callable[[str], object] = staticmethod(_ignore)
    """Told the name of each file that config was taken from."""

    paths_were_ignored: Callable[[], object] = staticmethod(_ignore)
    """Told when a config held sections beside ``global``, which is a mistake if no
    application is given the same."""

    def attach(self, name: str, handler: NamespaceHandler) -> None:
        """Let a handler act on a namespace, and on what is set in it already.

        Args:
            name: What stands before the first dot of the keys.
            handler: See `NamespaceSet`.
        """
        self.namespaces[name] = handler
        NamespaceSet({name: handler})(self)

    def update(self, config: ConfigSource) -> None:  # type: ignore[override]
        """Take over a configuration and hand its keys to their namespaces.

        If there is a section ``global``, nothing else is taken.

        Args:
            config: A mapping, or a file by name or open.

        Raises:
            KeyError: It names an environment that is not there.
            OSError: The file cannot be read.
            ValueError: A value in the file is no Python.
        """
        entries = Parser.load(config)
        if isinstance(config, str | bytes | os.PathLike):
            self.file_was_read(os.fsdecode(config))
        section = entries.get("global")
        if isinstance(section, Mapping):
            if len(entries) > 1:
                self.paths_were_ignored()
            entries = dict(section)
        self._apply(entries)

    def __call__(self, *given: Never, **entries: Any) -> Callable[[T], T]:
        """Return a decorator that adds entries to the `_cp_config` of its target.

        Args:
            *given: Nothing.
            **entries: Keys with dots are given as ``**{"tools.gzip.on": True}``.

        Raises:
            TypeError: Something was given that is no entry.
        """
        if given:
            raise TypeError(
                "cherrypy.config() takes entries by their names. Unpack a dictionary "
                'with two stars: @cherrypy.config(**{"tools.gzip.on": True}).'
            )

        def attach(target: T) -> T:
            own = vars(target).get("_cp_config")
            if own is None:
                # Not the dictionary of a base class: that one has other users.
                own = dict(getattr(target, "_cp_config", {}))
                setattr(target, "_cp_config", own)  # noqa: B010 - T has no attributes
            own.update(entries)
            return target

        return attach


def attribute_namespace(target: object) -> Handler:
    """Return a handler that sets attributes of one object (``log``, ``checker``)."""

    def handle(key: str, value: object) -> None:
        setattr(target, key, value)

    return handle


def server_namespace(
    server: object, servers: dict[str, Any], make_server: Callable[[], Any]
) -> Handler:
    """Return the handler of ``server.X`` and ``server.NAME.X``.

    Args:
        server: The default server, whose attributes are set.
        servers: The further ones by name.
        make_server: Called without arguments for a name that is new.
    """

    def handle(key: str, value: object) -> None:
        name, dot, attribute = key.partition(".")
        if not dot:
            setattr(server, key, value)
            return
        if name not in servers:
            servers[name] = make_server()
            # documented behaviour: a server that is configured is switched on.
            if attribute != "on":
                servers[name].subscribe()
        if attribute == "on":
            _switch(servers[name], value)
        else:
            setattr(servers[name], attribute, value)

    return handle


def engine_namespace(engine: Any) -> Handler:
    """Return the handler of ``engine.X``, ``engine.PLUGIN.X`` and ``engine.SIG...``.

    Args:
        engine: The bus. Its plugins are its attributes.
    """

    def handle(key: str, value: Any) -> None:
        plugin_name, dot, attribute = key.partition(".")
        if dot:
            plugin = _plugin(engine, plugin_name, key)
            if attribute == "on":
                _switch(plugin, value)
            else:
                setattr(plugin, attribute, value)
        elif key in ("SIGHUP", "SIGTERM"):
            _listen(engine, key, value)
        else:
            setattr(engine, key, value)

    return handle


def _plugin(engine: Any, name: str, key: str) -> Any:
    try:
        return getattr(engine, name)
    except AttributeError:
        plugins = [
            each for each, value in vars(engine).items() if hasattr(value, "subscribe")
        ]
        raise AttributeError(
            f"The config key 'engine.{key}' is for a plugin {name!r}, which the engine "
            f"does not have. {meant(name, plugins)}"
        ) from None


def _switch(plugin: Any, on: object) -> None:
    """Subscribe or unsubscribe what can be."""
    switch = getattr(plugin, "subscribe" if on else "unsubscribe", None)
    if switch is not None:
        switch()


def _listen(engine: Any, signal: str, listener: Callable[[], object] | None) -> None:
    """Add a listener to the channel of a signal, or leave the signal alone.

    Args:
        engine: The bus.
        signal: Name of the signal and of its channel.
        listener: None takes all listeners away, and the signal from the handler that
            `quickstart` subscribes.
    """
    if listener is not None:
        engine.subscribe(signal, listener)
        return
    for present in list(engine.listeners.get(signal, ())):
        engine.unsubscribe(signal, present)
    leave_alone = getattr(getattr(engine, "signal_handler", None), "leave_alone", None)
    if leave_alone is not None:
        leave_alone(signal)


def tree_namespace(present_tree: Callable[[], Tree], engine: Any) -> Handler:
    """Return the handler of ``tree.X``, which mounts applications.

    Args:
        present_tree: Returns the tree that is in force.
        engine: The bus, which logs what was mounted.
    """

    def handle(key: str, value: Any) -> None:
        if not isinstance(value, Mapping) and not hasattr(value, "script_name"):
            raise ValueError(
                f"tree.{key} is {value!r}, which is no application. Set it to a "
                "cherrypy.Application, or to a dictionary of WSGI applications by "
                "mount point."
            )
        apps = value if isinstance(value, Mapping) else {value.script_name: value}
        for script_name, app in apps.items():
            present_tree().graft(app, script_name)
            engine.log(f"Mounted: {app} on {script_name or '/'}")

    return handle
