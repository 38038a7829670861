"""Tools: how they are made, turned on, and what they do to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.extension.tool import (
    DeprecatedTool,
    ErrorTool,
    HandlerTool,
    HandlerWrapperTool,
    Tool,
    can_be_planned,
    configure,
    revision,
)
from cherrypy.extension.toolbox import Toolbox
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.core.hooks import Hook


@pytest.fixture
def kit() -> Toolbox:
    return Toolbox("kit")


@pytest.fixture
def calls() -> list[Any]:
    """What the tools of a test have noted."""
    return []


def noting(calls: list[Any], name: str) -> Callable[..., None]:
    def note(**settings: Any) -> None:
        calls.append((name, settings) if settings else name)

    return note


def application(
    kit: Toolbox, root: Any, config: dict[str, dict[str, Any]] | None = None
) -> Client:
    app = cherrypy.Application(root, "", config)
    app.toolboxes["kit"] = kit
    return Client(app)


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "index"

    @cherrypy.expose
    def page(self, **kwargs: Any) -> str:
        return "page"

    @cherrypy.expose
    def broken(self) -> str:
        raise ValueError("broken")

    @cherrypy.expose
    async def later(self) -> str:
        return "later"


# Making.


def example(a: int, b: int = 1, *args: int, c: int = 2, **kwargs: int) -> None:
    """Be an example."""


class Example:
    """Has methods that serve as tools."""

    def method(self, x: int, y: int = 1) -> None:
        pass

    def __call__(self, z: int) -> None:
        pass


def test_a_tool_has_the_arguments_of_its_callable_as_attributes() -> None:
    tool = Tool("before_handler", example)
    assert (tool.a, tool.b, tool.c) == (None, None, None)  # type: ignore[attr-defined]
    assert not hasattr(tool, "args")
    assert tool.__doc__ == "Be an example."
    method = Tool("before_handler", Example().method)
    assert vars(method).keys() >= {"x", "y"}
    assert "self" not in vars(method)
    assert "z" in vars(Tool("before_handler", Example()))


def test_a_callable_without_python_code_makes_a_tool_too() -> None:
    assert Tool("before_handler", len).callable is len


def test_arguments_do_not_hide_what_a_tool_is_made_of() -> None:
    def clumsy(on: int, callable: int, namespace: int, _setup: int) -> None:
        pass

    tool = Tool("before_handler", clumsy)
    assert tool.callable is clumsy
    assert tool.namespace == "tools"


def test_a_tool_cannot_be_turned_on_by_itself() -> None:
    tool = Tool("before_handler", example)
    with pytest.raises(AttributeError, match="turn them on via config"):
        tool.on  # noqa: B018
    with pytest.raises(AttributeError, match="turn them on via config"):
        tool.on = True


def test_a_tool_is_named_by_its_toolbox(kit: Toolbox) -> None:
    tool = kit.first = Tool("before_handler", example)
    kit.second = tool
    assert (tool._name, tool.namespace) == ("first", "kit")
    named = kit.third = Tool("before_handler", example, name="own")
    assert named._name == "own"


# Turning on.


def test_a_decorator_writes_config_and_returns_the_page(kit: Toolbox) -> None:
    kit.example = Tool("before_handler", example)

    def page() -> None:
        pass

    assert kit.example(a=1)(page) is page
    assert page._cp_config == {"kit.example.on": True, "kit.example.a": 1}
    kit.example(on=False)(page)
    assert page._cp_config["kit.example.on"] is False


def test_a_decorator_never_writes_into_the_config_of_a_parent(kit: Toolbox) -> None:
    kit.example = Tool("before_handler", example)

    class Parent:
        _cp_config = {"a": 1}  # noqa: RUF012

    @kit.example()
    class Child(Parent):
        pass

    assert Parent._cp_config == {"a": 1}
    assert Child._cp_config == {"a": 1, "kit.example.on": True}


def test_config_is_merged_into_objects_too() -> None:
    root = configure(Root(), {"a": 1})
    assert configure(root, {"b": 2})._cp_config == {"a": 1, "b": 2}  # type: ignore[attr-defined]


def test_a_decorator_takes_keywords_only(kit: Toolbox) -> None:
    kit.example = Tool("before_handler", example)
    with pytest.raises(TypeError, match="'example' Tool does not accept positional"):
        kit.example(1)


def test_a_tool_without_a_name_is_no_decorator() -> None:
    with pytest.raises(TypeError, match="has no name yet"):
        Tool("before_handler", example)()


def test_a_tool_runs_where_it_is_turned_on(kit: Toolbox, calls: list[Any]) -> None:
    kit.note = Tool("before_handler", noting(calls, "note"))
    client = application(
        kit, Root(), {"/page": {"kit.note.on": True, "kit.note.word": "w"}}
    )
    client.get("/")
    assert calls == []
    client.get("/page")
    assert calls == [("note", {"word": "w"})]


def test_tools_run_by_priority_and_then_in_the_order_of_the_config(
    kit: Toolbox, calls: list[Any]
) -> None:
    for name in "abcd":
        setattr(kit, name, Tool("before_handler", noting(calls, name)))
    early = noting(calls, "early")
    early.priority = 5  # type: ignore[attr-defined]
    kit.early = Tool("before_handler", early, priority=90)
    kit.late = Tool("before_handler", noting(calls, "late"), priority=60)
    on = {f"kit.{name}.on": True for name in ("late", "d", "a", "early", "c", "b")}
    application(kit, Root(), {"/": {**on, "kit.b.priority": 7}}).get("/")
    assert calls == ["early", "b", "d", "a", "c", "late"]


def test_a_tool_can_be_called_directly(calls: list[Any]) -> None:
    tool = Tool("before_handler", noting(calls, "direct"))
    tool.callable(x=1)
    assert calls == [("direct", {"x": 1})]


# Setting up by oneself.


class TimingTool(Tool):
    """The stateful tool of the manual."""

    def __init__(self, calls: list[Any]) -> None:
        super().__init__("before_handler", self.begin, priority=95)
        self.calls = calls

    def _setup(self) -> None:
        super()._setup()
        cherrypy.request.hooks.attach("before_finalize", self.end, priority=5)

    def begin(self, word: str = "begin") -> None:
        self.calls.append(word)

    def end(self) -> None:
        self.calls.append("end")


def test_a_tool_may_set_itself_up_at_each_request(
    kit: Toolbox, calls: list[Any]
) -> None:
    kit.timing = TimingTool(calls)
    config = {"/": {"kit.timing.on": True, "kit.timing.word": "w"}}
    client = application(kit, Root(), config)
    for _ in range(2):
        client.get("/")
    assert calls == ["w", "end", "w", "end"]


def test_tools_that_set_themselves_up_keep_their_place(
    kit: Toolbox, calls: list[Any]
) -> None:
    class Asked(Tool):
        def _setup(self) -> None:
            calls.append("setup")
            super()._setup()

    kit.a = Tool("before_handler", noting(calls, "a"))
    kit.asked = Asked("before_handler", noting(calls, "asked"))
    kit.b = Tool("before_handler", noting(calls, "b"))
    on = {"kit.a.on": True, "kit.asked.on": True, "kit.b.on": True}
    application(kit, Root(), {"/": on}).get("/")
    assert calls == ["setup", "a", "asked", "b"]


def test_any_object_that_sets_itself_up_is_a_tool(
    kit: Toolbox, calls: list[Any]
) -> None:
    class Anything:
        def _setup(self) -> None:
            calls.append(cherrypy.request.path_info)

    kit.anything = Anything()
    client = application(kit, Root(), {"/": {"kit.anything.on": True}})
    client.get("/")
    client.get("/page")
    assert calls == ["/", "/page"]


def test_a_subclass_may_plan_what_it_sets_up(kit: Toolbox, calls: list[Any]) -> None:
    class Planned(TimingTool):
        def _setup(self) -> None:
            raise AssertionError("never asked")

        def _plan(self, draft: Any, settings: dict[str, Any]) -> None:
            super()._plan(draft, settings)
            draft.hooks.attach("before_finalize", self.end)

    kit.planned = Planned(calls)
    application(kit, Root(), {"/": {"kit.planned.on": True}}).get("/")
    assert calls == ["begin", "end"]


def test_what_can_be_planned() -> None:
    class Overriding(Tool):
        def _merged_args(self, d: Any = None) -> dict[str, Any]:
            return {}

    class Below(Overriding):
        pass

    plain = Tool("before_handler", example)
    assert can_be_planned(plain)
    assert can_be_planned(HandlerTool(example))
    assert can_be_planned(ErrorTool(example))
    assert not can_be_planned(DeprecatedTool("before_handler"))
    assert not can_be_planned(TimingTool([]))
    assert not can_be_planned(Overriding("before_handler", example))
    assert not can_be_planned(Below("before_handler", example))
    assert not can_be_planned(Root())
    plain._setup = lambda: None  # type: ignore[method-assign]
    assert not can_be_planned(plain)


# Changes at run time.


def test_a_tool_changed_at_run_time_is_seen_by_the_next_request(
    kit: Toolbox, calls: list[Any]
) -> None:
    kit.note = Tool("before_handler", noting(calls, "one"))
    client = application(kit, Root(), {"/": {"kit.note.on": True}})
    client.get("/")
    kit.note.callable = noting(calls, "two")
    client.get("/")
    kit.note._point = "on_end_resource"
    kit.note._setup = lambda: calls.append("setup")
    client.get("/")
    del kit.note._setup
    client.get("/")
    assert calls == ["one", "two", "setup", "two"]


def test_a_tool_that_keeps_state_does_not_count_as_changed() -> None:
    tool = Tool("before_handler", example)
    before = dict(revision)
    tool.seen = 1
    assert revision == before
    tool._priority = 5
    assert revision != before


# Answering in the place of the page.


def answering(text: str = "tool", decline: bool = False, **settings: Any) -> bool:
    cherrypy.response.body = f"{text} {settings}".encode()
    return not decline


async def answering_later(text: str = "later") -> bool:
    cherrypy.response.body = text.encode()
    return True


def test_a_handler_tool_answers_or_leaves_it_to_the_page(kit: Toolbox) -> None:
    kit.answer = HandlerTool(answering)
    on = {"kit.answer.on": True, "kit.answer.x": 1, "kit.answer.priority": 10}
    declining = {"kit.answer.decline": True}
    client = application(kit, Root(), {"/": on, "/page": declining})
    assert client.get("/").text == "tool {'x': 1}"
    assert client.get("/page").text == "page"


def test_a_handler_tool_may_have_to_be_awaited(kit: Toolbox) -> None:
    kit.later = HandlerTool(answering_later)
    root: Any = Root()
    root.own = kit.later.handler(text="own")
    client = application(kit, root, {"/page": {"kit.later.on": True}})
    assert client.get("/page").text == "later"
    assert client.get("/own").text == "own"


def test_a_handler_tool_serves_as_a_page(kit: Toolbox) -> None:
    kit.answer = HandlerTool(answering)
    root: Any = Root()
    root.own = kit.answer.handler("first", x=1, y=1)
    root.none = kit.answer.handler(decline=True)
    config = {"/own": {"kit.answer.y": 2, "kit.answer.priority": 1}}
    client = application(kit, root, config)
    assert client.get("/own").text == "first {'x': 1, 'y': 2}"
    assert client.get("/own/x?z=1").text == "first {'x': 1, 'y': 2}"
    assert client.get("/none").status_code == 404


# Wrapping the page.


def shouting(next_handler: Callable[..., str], *args: Any, **kwargs: Any) -> str:
    return next_handler(*args, **kwargs).upper()


async def whispering(next_handler: Callable[..., Any], *args: Any) -> str:
    return f"({await next_handler(*args)})"


@pytest.mark.parametrize("path", ["/page", "/later"])
def test_a_wrapper_takes_what_the_page_returns(kit: Toolbox, path: str) -> None:
    kit.shout = HandlerWrapperTool(shouting)
    client = application(kit, Root(), {"/": {"kit.shout.on": True, "kit.shout.x": 1}})
    assert client.get(path).text == path[1:].upper()


@pytest.mark.parametrize("path", ["/page", "/later"])
def test_a_wrapper_may_have_to_be_awaited(kit: Toolbox, path: str) -> None:
    kit.whisper = HandlerWrapperTool(whispering)
    client = application(kit, Root(), {"/": {"kit.whisper.on": True}})
    assert client.get(path).text == f"({path[1:]})"


def test_wrappers_wrap_each_other_by_priority(kit: Toolbox) -> None:
    kit.whisper = HandlerWrapperTool(whispering, priority=20)
    kit.shout = HandlerWrapperTool(shouting, "before_handler", "shout", 40)
    client = application(kit, Root(), {"/": {"kit.whisper.on": 1, "kit.shout.on": 1}})
    assert client.get("/page").text == "(PAGE)"


# Answering errors.


def apologizing(word: str = "sorry") -> None:
    cherrypy.response.status = 500
    cherrypy.response.body = word.encode()


def test_an_error_tool_answers_unexpected_errors(kit: Toolbox) -> None:
    kit.sorry = ErrorTool(apologizing)
    config = {
        "/": {"kit.sorry.on": True, "kit.sorry.word": "oh", "kit.sorry.priority": 1}
    }
    client = application(kit, Root(), config)
    response = client.get("/broken")
    assert (response.status_code, response.text) == (500, "oh")
    assert client.get("/page").text == "page"


def test_an_error_tool_can_be_set_up_by_a_subclass(kit: Toolbox) -> None:
    class Sorry(ErrorTool):
        def _setup(self) -> None:
            super()._setup()

    kit.sorry = Sorry(apologizing)
    client = application(kit, Root(), {"/": {"kit.sorry.on": True}})
    assert client.get("/broken").text == "sorry"


# Tools of the past.


@pytest.fixture
def old() -> DeprecatedTool:
    return DeprecatedTool("before_finalize", "It was better once.")


def test_a_tool_of_the_past_only_warns(kit: Toolbox, old: DeprecatedTool) -> None:
    kit.old = old

    def page() -> None:
        pass

    with pytest.warns(DeprecationWarning, match="better once"):
        assert kit.old(any=1)(page) is page
    client = application(kit, Root(), {"/": {"kit.old.on": True}})
    with pytest.warns(DeprecationWarning, match="better once"):
        assert client.get("/").text == "index"
    assert DeprecatedTool("before_finalize").warnmsg == "This Tool is deprecated."


def test_a_failsafe_callable_runs_after_others_have_failed(
    kit: Toolbox, calls: list[Any]
) -> None:
    def failing() -> None:
        raise cherrypy.HTTPError(403)

    late = noting(calls, "late")
    late.failsafe = True  # type: ignore[attr-defined]
    kit.failing = Tool("before_handler", failing, priority=1)
    kit.late = Tool("before_handler", late)
    kit.skipped = Tool("before_handler", noting(calls, "skipped"))
    on = {f"kit.{name}.on": True for name in ("failing", "late", "skipped")}
    assert application(kit, Root(), {"/": on}).get("/").status_code == 403
    assert calls == ["late"]


def test_hooks_of_a_tool_can_be_seen_on_the_request(kit: Toolbox) -> None:
    seen: list[Hook] = []

    class Looking(Root):
        @cherrypy.expose
        def index(self) -> str:
            seen.extend(cherrypy.request.hooks["on_end_resource"])
            return str(cherrypy.request.toolmaps["kit"])

    kit.example = Tool("on_end_resource", noting([], "x"))
    config = {"/": {"kit.example.on": True, "kit.example.a": 1}}
    client = application(kit, Looking(), config)
    assert client.get("/").text == "{'example': {'on': True, 'a': 1}}"
    assert kit.example.callable in [hook.callback for hook in seen]
