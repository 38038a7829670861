"""What is joined together when the package is imported."""

from __future__ import annotations

import logging
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cherrypy
from cherrypy.core.native import NativeGateway
from cherrypy.core.tree import Tree
from cherrypy.environment.gateways import SettingsServer
from cherrypy.environment.site import Present, present
from cherrypy.process.plugins import SimplePlugin
from cherrypy.testing import Client
from tests.httpd.serving import serving

if TYPE_CHECKING:
    from types import ModuleType

    import pytest


def test_plugins_may_listen_to_requests() -> None:
    class Counter(SimplePlugin):
        begun = ended = 0

        def before_request(self) -> None:
            self.begun += 1

        def after_request(self) -> None:
            self.ended += 1

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "page"

    counter = Counter(cherrypy.engine)
    client = Client(cherrypy.Application(Root()))
    counter.subscribe()
    client.get("/")
    assert (counter.begun, counter.ended) == (1, 1)
    counter.unsubscribe()
    client.get("/")
    assert (counter.begun, counter.ended) == (1, 1)


def test_a_redirect_made_outside_a_request_leads_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cherrypy.server, "socket_port", 8081)
    redirect = cherrypy.HTTPRedirect(["/x", "y", "http://example.com/z"])
    assert redirect.urls == [
        "http://127.0.0.1:8081/x",
        "http://127.0.0.1:8081/y",
        "http://example.com/z",
    ]


class TestTheTree:
    def test_is_whatever_bears_its_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert present.tree() is cherrypy.tree
        other = Tree()
        other.mount(Root())
        monkeypatch.setattr(cherrypy, "tree", other)
        assert present.tree() is other
        with serving(NativeGateway(SettingsServer.present_tree)) as running:
            assert running.get().text == "page"
            monkeypatch.setattr(cherrypy, "tree", Tree())
            assert running.get().status == 404

    def test_takes_applications_from_config(
        self, site: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Tree()
        monkeypatch.setattr(site, "tree", other)
        app = cherrypy.Application(Root(), "/blog")
        site.config.update({"tree.blog": app})
        assert other.apps == {"/blog": app}

    def test_before_the_front_door_there_is_one_too(self) -> None:
        assert Present().tree() is cherrypy.tree


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "page"


class TestTheBus:
    def test_writes_to_the_log_of_the_site(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        cherrypy.engine.log("something happened", level=logging.WARNING)
        assert caplog.records[-1].levelno == logging.WARNING
        assert caplog.records[-1].getMessage().endswith("ENGINE something happened")

    def test_has_the_documented_plugins(self) -> None:
        engine = cherrypy.engine
        for name in (
            "autoreload",
            "thread_manager",
            "timeout_monitor",
            "signal_handler",
            "signals",
        ):
            assert hasattr(engine, name)
        assert {
            "acquire_thread",
            "start_thread",
            "release_thread",
            "stop_thread",
            "before_request",
            "after_request",
        } <= set(engine.listeners)

    def test_listens_to_signals_only_if_it_is_asked_to(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        subscribed: list[str] = []

        def plugin(name: str) -> SimpleNamespace:
            return SimpleNamespace(subscribe=lambda: subscribed.append(name))

        engine = cherrypy.engine
        monkeypatch.setattr(engine, "signal_handler", plugin("signals"))
        monkeypatch.setattr(engine, "console_control_handler", None, raising=False)
        engine.signals.subscribe()
        assert subscribed == ["signals"]
        monkeypatch.setattr(engine, "console_control_handler", plugin("console"))
        engine.signals.subscribe()
        assert subscribed == ["signals", "signals", "console"]

    def test_is_told_of_a_thread_once(self) -> None:
        client = Client(cherrypy.Application(Root()))
        threads = cherrypy.engine.thread_manager.threads
        threads.clear()
        started: list[int] = []
        cherrypy.engine.subscribe("start_thread", started.append)
        try:
            client.get("/")
            client.get("/")
        finally:
            cherrypy.engine.unsubscribe("start_thread", started.append)
        assert len(started) == 1
        assert list(threads) == [threading.get_ident()]


class TestConfig:
    def test_reaches_the_objects_it_speaks_of(self, site: ModuleType) -> None:
        handler = site.engine.timeout_monitor.frequency
        site.config.update(
            {
                "server.socket_port": 8099,
                "log.access_log_format": "{s}",
                "engine.timeout_monitor.frequency": 5,
                "checker.on": False,
            }
        )
        try:
            assert site.server.socket_port == 8099
            assert site.log.access_log_format == "{s}"
            assert site.engine.timeout_monitor.frequency == 5
            assert site.checker.on is False
        finally:
            site.engine.timeout_monitor.frequency = handler
            del site.log.access_log_format
            site.checker.on = True

    def test_makes_further_servers(self, site: ModuleType) -> None:
        site.config.update({"server.admin.socket_port": 8098})
        admin = site.servers["admin"]
        try:
            assert (admin.socket_port, admin.bus) == (8098, site.engine)
        finally:
            admin.unsubscribe()

    def test_in_sections_is_noted_for_the_checker(self, site: ModuleType) -> None:
        before = site.checker.global_config_contained_paths
        try:
            site.config.update({"global": {"a": 1}, "/": {"b": 2}})
            assert site.checker.global_config_contained_paths is True
        finally:
            site.checker.global_config_contained_paths = before

    def test_switches_tracebacks_on_for_developers(self, site: ModuleType) -> None:
        class Failing:
            @cherrypy.expose
            def index(self) -> str:
                raise LookupError("what went wrong")

        site.tree.mount(Failing())
        client = Client(site.tree)
        assert "LookupError" not in client.get("/").text
        site.config.update({"environment": "development"})
        assert "LookupError: what went wrong" in client.get("/").text


def test_a_site_without_an_icon_shows_ours(site: ModuleType) -> None:
    site.tree.mount(Root())
    answer = Client(site.tree).get("/favicon.ico")
    assert (answer.status_code, answer.content_type) == (200, "image/x-icon")
