"""Plans: compiled once, compared before each use, never wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.plan import PlanDraft, Plans, merge_layers
from cherrypy.core.request import Request
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable


class Echo:
    """Says which of its settings are in force."""

    @cherrypy.expose
    def index(self) -> str:
        return repr(cherrypy.request.config.get("echo.word"))

    @cherrypy.expose
    def hooked(self) -> str:
        return "page"


@pytest.fixture
def app() -> cherrypy.Application:
    return cherrypy.Application(Echo(), "")


@pytest.fixture
def client(app: cherrypy.Application) -> Client:
    return Client(app)


def compiled(app: cherrypy.Application) -> int:
    """Return how many plans there are."""
    return len(app.plans)


def test_a_page_is_planned_once(app: cherrypy.Application, client: Client) -> None:
    for _ in range(3):
        client.get("/")
    assert compiled(app) == 1
    client.get("/hooked")
    assert compiled(app) == 2 or compiled(app) == 1


def test_config_changed_at_run_time_is_seen_by_the_next_request(
    app: cherrypy.Application, client: Client
) -> None:
    assert client.get("/").text == "None"
    app.merge({"/": {"echo.word": "one"}})
    assert client.get("/").text == "'one'"
    app.config["/"]["echo.word"] = "two"
    assert client.get("/").text == "'two'"
    app.root._cp_config = {"echo.word": "three"}
    assert client.get("/").text == "'two'"
    del app.config["/"]["echo.word"]
    assert client.get("/").text == "'three'"
    app.root._cp_config["echo.word"] = "four"
    assert client.get("/").text == "'four'"


def test_a_list_changed_in_place_is_seen(
    app: cherrypy.Application, client: Client
) -> None:
    app.merge({"/": {"tools.response_headers.on": True}})
    headers = [("X-One", "1")]
    app.config["/"]["tools.response_headers.headers"] = headers
    assert client.get("/").headers["X-One"] == "1"
    headers.append(("X-Two", "2"))
    assert client.get("/").headers["X-Two"] == "2"


def test_a_tool_exchanged_at_run_time_is_seen(client: Client) -> None:
    calls: list[str] = []

    def tool(name: str) -> Any:
        return cherrypy.Tool("before_handler", lambda: calls.append(name))

    cherrypy.tools.passing = tool("first")
    cherrypy.config.update({"tools.passing.on": True})
    try:
        client.get("/")
        cherrypy.tools.passing = tool("second")
        client.get("/")
        cherrypy.tools.passing.callable = lambda: calls.append("third")
        client.get("/")
        cherrypy.config["tools.passing.on"] = False
        client.get("/")
    finally:
        del cherrypy.config["tools.passing.on"]
        del cherrypy.tools.passing
    assert calls == ["first", "second", "third"]


def test_hooks_of_the_request_class_may_change(
    app: cherrypy.Application, client: Client
) -> None:
    calls: list[str] = []

    class OwnRequest(Request):
        hooks = Request.hooks.copy()

    app.request_class = OwnRequest
    client.get("/")
    OwnRequest.hooks.attach("before_handler", lambda: calls.append("hook"))
    client.get("/")
    OwnRequest.hooks = OwnRequest.hooks.copy()
    client.get("/")
    assert calls == ["hook", "hook"]


def test_values_that_refuse_to_compare_are_planned_each_time(
    app: cherrypy.Application, client: Client
) -> None:
    class Moody:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no comparison")

        __hash__ = None  # type: ignore[assignment]

    app.merge({"/": {"echo.mood": Moody()}})
    assert client.get("/").status_code == 200
    app.config["/"]["echo.mood"] = Moody()
    assert client.get("/").status_code == 200


def test_what_changes_while_a_plan_is_made_is_seen(
    app: cherrypy.Application, client: Client
) -> None:
    class Changing:
        """A namespace that is still reading when somebody changes the config."""

        def __call__(self, key: str, value: Any) -> None: ...

        def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
            app.config["/"]["echo.word"] = "changed"

    namespaces = app.request_class.namespaces
    namespaces["changing"] = Changing()
    try:
        app.merge({"/": {"changing.on": True, "echo.word": "first"}})
        assert client.get("/").text == "'first'"
        assert client.get("/").text == "'changed'"
    finally:
        del namespaces["changing"]


def test_a_plan_that_fails_is_made_again(
    app: cherrypy.Application, client: Client
) -> None:
    app.merge({"/": {"tools.coming.on": True}})
    assert client.get("/").status_code == 500
    assert compiled(app) == 0
    calls: list[str] = []
    cherrypy.tools.coming = cherrypy.Tool(
        "before_handler", lambda: calls.append("coming")
    )
    try:
        assert client.get("/").status_code == 200
    finally:
        del cherrypy.tools.coming
    assert calls == ["coming"]


def test_what_can_be_known_takes_effect_before_a_failure(
    app: cherrypy.Application, client: Client
) -> None:
    app.merge(
        {
            "/": {
                "hooks.nowhere": print,
                "error_page.500": lambda **kwargs: "custom",
                "request.show_tracebacks": True,
            }
        }
    )
    # The namespace of the hooks is the first; what comes behind it is not reached.
    assert "KeyError" not in client.get("/").text
    app.config["/"] = {
        "error_page.nothing": "page.html",
        "request.show_tracebacks": True,
    }
    assert "error_page.nothing" in client.get("/").text


def test_keys_without_a_namespace_are_only_config(
    app: cherrypy.Application, client: Client
) -> None:
    app.merge({"/": {"plain": 1, "echo.word": "word"}})
    assert client.get("/").text == "'word'"


def test_config_that_a_dispatcher_makes_for_each_request_is_not_kept(
    app: cherrypy.Application, client: Client
) -> None:
    def dispatch(path_info: str) -> None:
        cherrypy.request.config = {"echo.word": path_info}
        cherrypy.request.handler = lambda: app.root.index().encode()

    app.merge({"/": {"request.dispatch": dispatch}})
    assert [client.get(path).text for path in ("/a", "/b")] == ["'/a'", "'/b'"]
    assert compiled(app) == 0


def test_the_number_of_plans_is_bounded(
    app: cherrypy.Application, client: Client
) -> None:
    app.plans = Plans(limit=2)
    for word in ("a", "b", "c", "d"):
        app.root._cp_config = {"echo.word": word}
        assert client.get("/").text == repr(word)
        assert compiled(app) <= 2


def test_a_namespace_of_ones_own_is_asked_at_each_request(
    app: cherrypy.Application, client: Client
) -> None:
    asked: list[tuple[str, Any]] = []
    namespaces = app.request_class.namespaces

    def namespace(key: str, value: Any) -> None:
        asked.append((key, value))

    namespaces["mine"] = namespace
    try:
        app.merge({"/": {"mine.key": 1}})
        client.get("/")
        client.get("/")
    finally:
        del namespaces["mine"]
    assert asked == [("key", 1), ("key", 1)]


def test_a_namespace_may_be_a_context_manager(
    app: cherrypy.Application, client: Client
) -> None:
    told: list[Any] = []

    class Box:
        def __enter__(self) -> Callable[[str, Any], None]:
            told.append("enter")
            return lambda key, value: told.append((key, value))

        def __exit__(self, *exc_info: object) -> None:
            told.append("exit")

    app.toolboxes = {**app.toolboxes, "box": Box()}
    app.merge({"/": {"box.tool.on": True}})
    client.get("/")
    assert told == ["enter", ("tool.on", True), "exit"]


def test_attributes_and_headers_come_from_config(
    app: cherrypy.Application, client: Client
) -> None:
    app.merge(
        {
            "/": {
                "response.headers.X-Answer": "42",
                "response.stream": True,
                "request.show_tracebacks": False,
                "request.body.maxbytes": 3,
            }
        }
    )
    seen: dict[str, Any] = {}

    def look() -> None:
        seen["tracebacks"] = cherrypy.request.show_tracebacks
        seen["stream"] = cherrypy.response.stream
        seen["maxbytes"] = cherrypy.request.body.maxbytes

    app.merge({"/": {"hooks.before_handler": look}})
    assert client.get("/").headers["X-Answer"] == "42"
    assert seen == {"tracebacks": False, "stream": True, "maxbytes": 3}


def test_layers_merge_from_weak_to_strong() -> None:
    layers = ({"a": 1, "b": 1}, {"b": 2})
    assert merge_layers(layers, None) == {"a": 1, "b": 2}
    assert merge_layers(layers, "/s")["tools.staticdir.section"] == "/s"


def test_a_dispatcher_of_ones_own_sets_the_config_itself(
    app: cherrypy.Application, client: Client
) -> None:
    def dispatch(path_info: str) -> None:
        request = cherrypy.request
        request.hooks.attach("before_handler", lambda: seen.append("hook"))
        request.config = {"tools.response_headers.on": True, "echo.word": path_info}
        request.config["tools.response_headers.headers"] = [("X-Path", path_info)]
        request.handler = lambda: request.config["echo.word"].encode()

    seen: list[str] = []
    app.merge({"/": {"request.dispatch": dispatch}})
    answer = client.get("/some/where")
    assert (answer.text, answer.headers["X-Path"]) == ("/some/where", "/some/where")
    assert seen == ["hook"]
