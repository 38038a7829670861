"""The configuration of the site, and what its keys do to the site's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.core.config import NamespaceSet
from cherrypy.environment import config as module
from cherrypy.environment.config import (
    attribute_namespace,
    engine_namespace,
    environments,
    server_namespace,
    tree_namespace,
)

if TYPE_CHECKING:
    from pathlib import Path


class Config(module.Config):
    """A configuration that shares its namespaces with nobody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.namespaces = NamespaceSet()  # type: ignore[misc]  # instead of the class's
        super().__init__(*args, **kwargs)


class Plugin:
    """Anything that may be switched on and off."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def subscribe(self) -> None:
        self.log.append("on")

    def unsubscribe(self) -> None:
        self.log.append("off")


class Engine:
    """As much of a bus as configuration touches."""

    def __init__(self) -> None:
        self.listeners: dict[str, set[Any]] = {}
        self.logged: list[str] = []
        self.autoreload = Plugin()

    def subscribe(self, channel: str, listener: Any) -> None:
        self.listeners.setdefault(channel, set()).add(listener)

    def unsubscribe(self, channel: str, listener: Any) -> None:
        self.listeners[channel].discard(listener)

    def log(self, message: str) -> None:
        self.logged.append(message)


DEFAULTS = {
    "tools.log_tracebacks.on": True,
    "tools.log_headers.on": True,
    "tools.trailing_slash.on": True,
    "tools.encode.on": True,
}


class TestUpdate:
    def test_the_defaults_switch_four_tools_on(self) -> None:
        config = Config()
        assert config == DEFAULTS
        config.update({"x": 1})
        config.reset()
        assert config == DEFAULTS

    def test_of_a_file_with_a_global_section_nothing_else_is_taken(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "site.conf"
        path.write_text("[global]\na = 1\n[/]\nb = 2\n")
        config = Config()
        told: list[str] = []
        config.file_was_read = told.append
        config.paths_were_ignored = lambda: told.append("paths")
        config.update(str(path))
        assert config == {**DEFAULTS, "a": 1}
        assert told == [str(path), "paths"]

    def test_names_of_files_are_told_but_not_open_files(self, tmp_path: Path) -> None:
        path = tmp_path / "site.conf"
        path.write_text("[global]\na = 1\n")
        config = Config()
        told: list[str] = []
        config.file_was_read = told.append
        config.paths_were_ignored = lambda: told.append("paths")
        with path.open() as file:
            config.update(file)
        config.update(path)
        assert told == [str(path)]

    def test_without_observers_nobody_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "site.conf"
        path.write_text("[global]\na = 1\n[/]\nb = 2\n")
        assert Config(path)["a"] == 1

    def test_without_a_global_section_sections_become_values(self) -> None:
        config = Config()
        config.update({"/": {"a": 1}, "global": "no section", "b": 2})
        assert config == {
            **DEFAULTS,
            "/": {"a": 1},
            "global": "no section",
            "b": 2,
        }

    def test_the_mapping_that_was_given_stays_as_it_was(self) -> None:
        given = {"global": {"environment": "staging"}}
        Config().update(given)
        assert given == {"global": {"environment": "staging"}}


class TestEnvironments:
    def test_those_of_a_site_hide_what_only_developers_may_see(self) -> None:
        for name, entries in environments.items():
            if name == "development":
                assert entries == {
                    "request.show_tracebacks": True,
                    "request.explain_errors": True,
                }
                continue
            assert entries["engine.autoreload.on"] is False
            assert entries["checker.on"] is False
            assert entries["tools.log_headers.on"] is False
            assert entries["request.explain_errors"] is False
            shown = name == "test_suite"
            assert entries["request.show_tracebacks"] is shown
            assert entries["request.show_mismatched_params"] is shown
            assert ("log.screen" in entries) is (name != "staging")

    def test_an_embedded_site_leaves_signals_alone(self) -> None:
        assert environments["embedded"]["engine.SIGTERM"] is None
        assert environments["embedded"]["engine.SIGHUP"] is None

    def test_more_may_be_added(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(environments, "Greek", {"tools.encode.encoding": "cp737"})
        assert Config({"environment": "Greek"})["tools.encode.encoding"] == "cp737"


class TestAttach:
    def test_a_handler_is_given_what_is_set_already_and_what_follows(self) -> None:
        class Target:
            screen: bool

        config = Config({"log.screen": True, "other.x": 1})
        target = Target()
        config.attach("log", attribute_namespace(target))
        assert target.screen
        config["log.screen"] = False
        assert not target.screen


class TestDecorator:
    def test_it_adds_to_the_config_of_a_function(self) -> None:
        config = Config()

        def page() -> None: ...

        page._cp_config = {"a": 1, "b": 1}  # type: ignore[attr-defined]
        assert config(**{"b": 2, "tools.x.on": True})(page) is page
        assert page._cp_config == {  # type: ignore[attr-defined]
            "a": 1,
            "b": 2,
            "tools.x.on": True,
        }

    def test_it_gives_a_class_a_config_that_subclasses_inherit(self) -> None:
        config = Config()

        @config(a=1)
        class Base:
            _cp_config: dict[str, Any]

        @config(b=2)
        class Derived(Base): ...

        assert Base._cp_config == {"a": 1}
        assert Derived._cp_config == {"a": 1, "b": 2}


class TestServerNamespace:
    def test_one_dot_is_the_default_server(self) -> None:
        server = Plugin()
        server_namespace(server, {}, Plugin)("socket_port", 80)
        assert vars(server) == {"log": [], "socket_port": 80}

    def test_two_dots_make_another_server_and_switch_it_on(self) -> None:
        servers: dict[str, Any] = {}
        handle = server_namespace(Plugin(), servers, Plugin)
        handle("admin.socket_port", 81)
        handle("admin.socket_host", "::1")
        assert vars(servers["admin"]) == {
            "log": ["on"],
            "socket_port": 81,
            "socket_host": "::1",
        }

    def test_it_may_be_switched_off_and_on(self) -> None:
        servers: dict[str, Any] = {}
        handle = server_namespace(Plugin(), servers, Plugin)
        handle("admin.on", False)
        assert servers["admin"].log == ["off"]
        handle("admin.on", True)
        assert servers["admin"].log == ["off", "on"]


class TestEngineNamespace:
    def test_an_attribute_of_the_engine_is_set(self) -> None:
        engine = Engine()
        engine_namespace(engine)("max_files", 3)
        assert vars(engine)["max_files"] == 3

    def test_a_plugin_is_switched_and_its_attributes_are_set(self) -> None:
        engine = Engine()
        handle = engine_namespace(engine)
        handle("autoreload.on", False)
        handle("autoreload.on", True)
        handle("autoreload.frequency", 60)
        assert engine.autoreload.log == ["off", "on"]
        assert vars(engine.autoreload)["frequency"] == 60

    def test_what_cannot_be_switched_is_left_alone(self) -> None:
        engine = Engine()
        handle = engine_namespace(engine)
        handle("logged.on", True)
        handle("logged.on", False)
        assert engine.logged == []

    def test_a_plugin_that_is_not_there_is_an_error(self) -> None:
        with pytest.raises(AttributeError, match="nothing"):
            engine_namespace(Engine())("nothing.on", True)

    def test_a_signal_is_given_another_listener(self) -> None:
        engine = Engine()
        engine_namespace(engine)("SIGTERM", print)
        assert engine.listeners == {"SIGTERM": {print}}

    def test_none_leaves_a_signal_alone(self) -> None:
        class Signals:
            left: list[str] = []  # noqa: RUF012

            def leave_alone(self, signal: str) -> None:
                self.left.append(signal)

        engine = Engine()
        engine.subscribe("SIGTERM", print)
        handle = engine_namespace(engine)
        handle("SIGTERM", None)
        assert engine.listeners == {"SIGTERM": set()}
        engine.signal_handler = Signals()  # type: ignore[attr-defined]
        handle("SIGTERM", None)
        assert Signals.left == ["SIGTERM"]


class TestTreeNamespace:
    def test_an_application_is_mounted_where_it_says(self) -> None:
        class Tree:
            def __init__(self) -> None:
                self.apps: dict[str, Any] = {}

            def graft(self, app: Any, script_name: str) -> None:
                self.apps[script_name] = app

        class App:
            script_name = ""

            def __str__(self) -> str:
                return "App"

        tree, engine, app = Tree(), Engine(), App()
        handle = tree_namespace(lambda: tree, engine)  # type: ignore[arg-type, return-value]
        handle("x", app)
        handle("y", {"/y": app, "/z": app})
        assert tree.apps == {"": app, "/y": app, "/z": app}
        assert engine.logged == [
            "Mounted: App on /",
            "Mounted: App on /y",
            "Mounted: App on /z",
        ]
        with pytest.raises(ValueError, match=r"tree\.x is 5, which is no application"):
            handle("x", 5)


def test_the_documented_door_offers_the_same_names() -> None:
    from cherrypy.core import config, unrepr
    from cherrypy.lib import reprconf

    assert reprconf.Parser is config.Parser
    assert reprconf.unrepr is unrepr.unrepr
    assert isinstance("name", reprconf.text_or_bytes)
