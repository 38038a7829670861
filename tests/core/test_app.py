"""Applications: their config, their place, and the requests they begin and end."""

from __future__ import annotations

from threading import get_ident
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.app import Application, active, reopen_logs, shortened
from cherrypy.core.context import current, outside
from cherrypy.core.request import Request
from cherrypy.core.wsgi import AppResponse, CPWSGIApp
from cherrypy.http.hosts import Host
from cherrypy.testing import Client
from tests.core.sites import application, client

if TYPE_CHECKING:
    from pathlib import Path

HERE = Host("127.0.0.1", 80)


class TestPlace:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [("", ""), ("/", ""), ("/blog", "/blog"), ("/blog/", "/blog")],
    )
    def test_ends_without_a_slash(self, given: str, kept: str) -> None:
        assert Application(None, given).script_name == kept

    def test_may_be_left_to_the_server(self) -> None:
        app = Application(None, None)
        assert app.script_name == ""
        assert not app.plain

    def test_is_part_of_the_description(self) -> None:
        app = Application(None, "/blog")
        assert repr(app) == "cherrypy.core.app.Application(None, '/blog')"
        assert repr(Application(None, None)).endswith("(None, None)")


class TestConfig:
    def test_comes_from_dictionaries_and_files(self, tmp_path: Path) -> None:
        path = tmp_path / "app.conf"
        path.write_text("[/]\na: 1\nb: 1\n")
        app = Application(None, "", str(path))
        app.merge({"/": {"b": 2}, "/deep": {"c": 3}})
        assert app.config == {"/": {"a": 1, "b": 2}, "/deep": {"c": 3}}

    def test_is_each_application_s_own(self) -> None:
        one, other = Application(None), Application(None)
        one.namespaces["box"] = SimpleNamespace()
        assert "box" not in other.namespaces
        assert one.config is not other.config

    def test_of_tools_is_known_to_all_once_a_box_is_added_to_one(self) -> None:
        one, other = Application(None), Application(None)
        one.toolboxes["box"] = box = SimpleNamespace()
        assert other.toolboxes["box"] is box
        assert Application(None).toolboxes["box"] is box
        one.toolboxes = {}
        assert "box" in other.toolboxes

    def test_of_log_files_survives_that_they_are_rotated(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log"
        app = Application(None, "", {"/": {"log.access_file": str(path)}})
        path.rename(tmp_path / "access.log.1")
        assert reopen_logs in cherrypy.engine.listeners["graceful"]
        reopen_logs()
        Client(app).get("/")
        assert "GET / HTTP/1.1" in path.read_text()
        app.log.access_file = ""

    def test_reaches_the_log(self) -> None:
        app = Application(None, "", {"/": {"log.access_log_format": "{s}"}})
        assert app.log.access_log_format == "{s}"

    def test_reaches_namespaces_of_ones_own(self) -> None:
        told: dict[str, Any] = {}
        app = Application(None)
        app.namespaces["mine"] = told.__setitem__
        app.merge({"/": {"mine.key": 1}, "/elsewhere": {"mine.other": 2}})
        assert told == {"key": 1}

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("/", 1),
            ("", 1),
            ("/a", 1),
            ("/a/b", 2),
            ("/a/b/", 2),
            ("/a/b/c/d", 3),
            ("/a/bc", 1),
            ("a", 1),
            ("/a/b" + "/x" * 1000, 2),
            ("/x" * 1000, 1),
            ("x" * 1000, 1),
        ],
    )
    def test_is_found_by_the_most_specific_path(self, path: str, found: int) -> None:
        config = {"/": {"key": 1}, "/a/b": {"key": 2}, "/a/b/c/d": {"key": 3}}
        app = Application(None, "", config)
        assert app.find_config(path, "key") == found
        assert app.find_config(path, "missing", "default") == "default"

    def test_need_not_be_there(self) -> None:
        assert Application(None).find_config("/a", "key") is None


class TestLongPaths:
    @pytest.mark.parametrize(
        ("path", "places", "cut"),
        [
            ("/a/b/c", ["/a/b"], "/a/b"),
            ("/a/b/c", ["/a/b/"], "/a/b"),
            ("/a/bc", ["/a/b"], "/a"),
            ("/a/b", ["/a/b"], "/a/b"),
            ("/a", ["/a/b"], "/a"),
            ("/abc", ["/a"], ""),
            ("/abc", [""], ""),
            ("/abc", [], ""),
            ("abc", ["/a"], ""),
        ],
    )
    def test_are_cut_to_what_can_be_a_place(
        self, path: str, places: list[str], cut: str
    ) -> None:
        assert shortened(path, places) == cut

    def test_are_answered_with_little_work(self) -> None:
        app = Application(None, "", {"/": {"a": 1}})
        looked: list[str] = []

        class Counting(dict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                looked.append(key)
                return super().get(key, default)

        app.config = Counting(app.config)
        app.find_config("/a" * 10_000, "key")
        assert looked == ["/"]


class TestPlainness:
    """Whether our own server may call an application without WSGI."""

    def test_is_the_rule(self) -> None:
        assert Application(None).plain

    def test_ends_where_the_pipeline_begins(self) -> None:
        def changed(change: Any) -> bool:
            app = Application(None)
            change(app)
            return app.plain

        class OtherWSGIApp(CPWSGIApp):
            pass

        class OtherResponse(AppResponse):
            pass

        assert not changed(lambda app: app.wsgiapp.pipeline.append(("x", object)))
        assert not changed(lambda app: app.wsgiapp.pipeline.clear())
        assert not changed(lambda app: app.wsgiapp.config.update(x={}))
        assert not changed(lambda app: setattr(app.wsgiapp, "head", object()))
        assert not changed(
            lambda app: setattr(app.wsgiapp, "response_class", OtherResponse)
        )
        assert not changed(lambda app: setattr(app, "wsgiapp", OtherWSGIApp(app)))

    def test_is_kept_by_a_subclass_that_answers_in_the_same_way(self) -> None:
        class Same(Application):
            root = None

        class Calling(Application):
            def __call__(self, *call: Any) -> Any:
                return super().__call__(*call)

        class Serving(Application):
            def get_serving(self, *facts: Any) -> Any:
                return super().get_serving(*facts)

        assert Same(None).plain
        assert not Calling(None).plain
        assert not Serving(None).plain

    def test_need_not_be_for_a_subclass_that_begins_requests_in_its_own_way(
        self,
    ) -> None:
        class Own(Application):
            def get_serving(self, local: Any, remote: Any, *facts: Any) -> Any:
                request, response = super().get_serving(local, remote, *facts)
                vars(request)["database"] = f"database for {remote.ip}"
                return request, response

        app = application(index=lambda: cherrypy.request.database)
        own = Own(app.root)
        assert Client(own).get("/").text == "database for 127.0.0.1"


class TestServing:
    def test_is_what_the_context_serves_until_it_is_released(self) -> None:
        app = Application(None)
        request, response = app.get_serving(HERE, HERE, "https", "HTTP/1.0")
        assert (request.scheme, request.server_protocol) == ("https", "HTTP/1.0")
        assert (request.app, request.local, request.exchange) == (app, HERE, None)
        here = current.get()
        assert (here.request, here.response) == (request, response)
        assert here in active
        app.release_serving()
        assert request.closed
        assert current.get() is outside
        assert here not in active

    def test_tells_the_bus(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[str] = []
        bus = SimpleNamespace(
            listeners={
                "acquire_thread": {print},
                "before_request": {print},
                "after_request": {print},
            },
            publish=told.append,
        )
        monkeypatch.setattr(Application, "bus", bus)
        app = Application(None)
        app.get_serving(HERE, HERE, "http")
        app.release_serving()
        assert told == ["acquire_thread", "before_request", "after_request"]

    def test_is_not_yet_what_listeners_may_look_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        early: list[Any] = []

        def look(channel: str) -> None:
            request = cherrypy.request
            early.append((dict(request.headers), request.params, request.request_line))

        bus = SimpleNamespace(listeners={"before_request": {print}}, publish=look)
        monkeypatch.setattr(Application, "bus", bus)
        app = application(
            index=lambda **form: f"{cherrypy.request.headers['X-One']} {form}"
        )
        answer = Client(app).get("/?a=1", headers={"X-One": "1"})
        assert answer.text == "1 {'a': '1'}"
        assert early == [({}, {}, "")]

    def test_tells_a_known_thread_s_listeners_nothing_new(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        listeners: dict[str, Any] = {"acquire_thread": {print}}
        bus = SimpleNamespace(listeners=listeners, publish=told.append)
        monkeypatch.setattr(Application, "bus", bus)
        monkeypatch.setattr(Application, "known_threads", {get_ident()})
        monkeypatch.setattr(Application, "thread_listeners", {print})
        app = Application(None)
        app.get_serving(HERE, HERE, "http")
        app.release_serving()
        assert told == []
        # Somebody else wants to know of each request.
        listeners["acquire_thread"] = {print, repr}
        app.get_serving(HERE, HERE, "http")
        app.release_serving()
        assert told == ["acquire_thread"]

    def test_needs_no_bus(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Application, "bus", None)
        assert Client(application(index=lambda: "page")).get("/").text == "page"

    def test_ends_even_if_a_listener_fails(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(channel: str) -> None:
            raise LookupError(channel)

        ended: list[str] = []
        bus = SimpleNamespace(listeners={"after_request": {print}}, publish=fail)
        monkeypatch.setattr(Application, "bus", bus)
        app = application(
            {"hooks.on_end_request": lambda: ended.append("end")}, index=lambda: "page"
        )
        assert Client(app).get("/").text == "page"
        assert ended == ["end"]
        assert "LookupError: after_request" in caplog.text
        assert current.get() is outside

    def test_ends_even_if_the_process_does(self) -> None:
        def leave() -> None:
            raise SystemExit

        app = application({"hooks.on_end_request": leave}, index=lambda: "page")
        with pytest.raises(SystemExit):
            Client(app).get("/")
        assert current.get() is outside
        assert not active

    def test_may_fail_to_begin(self, caplog: pytest.LogCaptureFixture) -> None:
        class Failing(Request):
            def __init__(self, *facts: Any) -> None:
                raise LookupError("no request")

        app = application(index=lambda: "page")
        app.request_class = Failing
        assert Client(app).get("/").status_code == 500
        assert "LookupError: no request" in caplog.text


def test_hooks_attached_outside_a_request_run_for_all_requests() -> None:
    called: list[str] = []

    def note() -> None:
        called.append(cherrypy.request.path_info)

    asked = client(page=lambda: "x")
    asked.get("/page")
    cherrypy.request.hooks.attach("before_handler", note)
    try:
        asked.get("/page")
    finally:
        cherrypy.request.hooks["before_handler"].pop()
    asked.get("/page")
    assert called == ["/page"]
