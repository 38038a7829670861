"""Looking for what leaks."""

from __future__ import annotations

import gc
import inspect
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.core.wsgi import AppResponse
from cherrypy.lib import gctools
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Thing:
    """Something to find."""


class Unspeakable:
    def __repr__(self) -> str:
        raise ValueError("no words for it")


class Root:
    gc = gctools.GCRoot()


@pytest.fixture(autouse=True)
def _others_are_gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing count that other tests have left behind.

    The collector does not look at what is frozen, which makes these tests quick, too.
    """
    real = gctools.get_instances
    standing = (cherrypy.serving.request, cherrypy.serving.response)

    def get_instances(cls: type) -> list[Any]:
        return [obj for obj in standing if issubclass(type(obj), cls)] + real(cls)

    monkeypatch.setattr(gctools, "get_instances", get_instances)
    monkeypatch.setattr(gctools, "_PATIENCE_SECONDS", 0.0)
    gctools.request_counter.unsubscribe()
    gctools.request_counter.subscribe()
    gctools.request_counter.count = 0
    gc.freeze()
    yield
    gc.unfreeze()


def test_if_nothing_leaks_there_is_nothing_to_say(
    serve: Callable[..., Client],
) -> None:
    client = serve(Root())
    for _ in range(3):
        answer = client.get("/gc/stats")
        assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert answer.text == "Statistics:"


def test_what_leaks_is_shown_with_what_holds_it(
    serve: Callable[..., Client],
) -> None:
    kept = [Request(None, None)]
    text = serve(Root()).get("/gc/stats").text
    assert text.startswith("Statistics:\n")
    assert "3 of cherrypy.core.request.Request, not 2 to 2" in text
    assert "(path=/;stage=None)" in text
    kept.clear()


def test_requests_that_did_not_end_are_told(serve: Callable[..., Client]) -> None:
    gctools.request_counter.before_request()
    assert "Not all requests closed" in serve(Root()).get("/gc/stats").text


def test_garbage_is_counted(
    serve: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "collect", lambda: 7)
    monkeypatch.setattr(gc, "garbage", [Thing(), Thing()])
    text = serve(Root()).get("/gc/stats").text
    assert "7 unreachable objects" in text
    assert "2 uncollectable objects" in text
    assert "test_gctools.Thing: 2" in text


def test_garbage_of_others_may_come_late(
    serve: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([900, 7, 3, 0])
    monkeypatch.setattr(gc, "collect", lambda: next(found))
    assert "unreachable" not in serve(Root()).get("/gc/stats").text


def test_running_requests_are_counted() -> None:
    counter = gctools.RequestCounter(cherrypy.engine)
    counter.before_request()
    counter.before_request()
    counter.after_request()
    assert counter.count == 1
    counter.start()
    assert counter.count == 0


def test_the_page_shows_what_becomes_more(serve: Callable[..., Client]) -> None:
    client = serve(Root())
    first = client.get("/gc/")
    assert "Content-Security-Policy" in first.headers
    more = [Thing() for _ in range(1234)]
    second = client.get("/gc/").text
    assert "<td class=n>+1234</td>" in second
    assert "since the page was shown before" in second
    more.clear()


def test_referrers_lead_to_who_holds_an_object(serve: Callable[..., Client]) -> None:
    holder = {"<held>": Thing()}
    kind = f"{Thing.__module__}.Thing"
    page = serve(Root()).get("/gc/referrers", params={"kind": kind})
    assert page.status_code == 200
    assert "&lt;held&gt;" in page.text
    assert "<held>" not in page.text
    holder.clear()


@pytest.mark.parametrize("kind", ["", "no.such", "<script>"])
def test_unknown_types_are_not_found(serve: Callable[..., Client], kind: str) -> None:
    answer = serve(Root()).get("/gc/referrers", params={"kind": kind})
    assert answer.status_code == 404


def test_garbage_is_collected_by_a_form_only(serve: Callable[..., Client]) -> None:
    client = serve(Root())
    assert client.get("/gc/collect").status_code == 405
    assert client.post("/gc/collect").status_code == 303
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/gc/collect", headers=foreign).status_code == 403


def test_strangers_see_nothing() -> None:
    client = Client(cherrypy.Application(Root()), remote_addr="192.0.2.1")
    for page in ("", "stats", "referrers?kind=x"):
        assert client.get(f"/gc/{page}").status_code == 403
    assert client.post("/gc/collect").status_code == 403


def test_a_program_may_ask_without_a_request() -> None:
    assert gctools.GCRoot().stats().startswith("Statistics:")


# ---- the tree ----


def test_a_tree_of_referrers_has_an_end() -> None:
    thing = Thing()
    holder: dict[str, Any] = {"thing": thing}
    holder["itself"] = holder
    outer = [holder]
    tree = gctools.ReferrerTree(maxdepth=2, ignore=[inspect.currentframe()])
    found = tree.ascend(thing)
    parents = [parent for parent, _ in found]
    assert any(parent is holder for parent in parents)
    lines = tree.format(found)
    assert all(line.startswith("    ") for line in lines)
    assert any(line.startswith("        [") for line in lines)
    outer.clear()


def test_of_many_referrers_only_the_number_is_told() -> None:
    thing = Thing()
    many = [[thing] for _ in range(20)]
    tree = gctools.ReferrerTree(maxparents=5)
    ((text, above),) = tree.ascend(thing)
    assert "referrers]" in text
    assert above == []
    many.clear()


def test_an_object_without_words_is_shown_all_the_same() -> None:
    tree = gctools.ReferrerTree()
    tree.peek_length = 200
    (line,) = tree.format([(Unspeakable(), [])])
    assert "Unspeakable" in line
    frame = inspect.currentframe()
    (line,) = tree.format([(frame, [])])
    assert "test_an_object_without_words" in line


def test_a_search_leaves_nothing_behind() -> None:
    thing = Thing()
    gc.collect()
    gc.disable()
    try:
        tree = gctools.ReferrerTree(maxdepth=3)
        first = tree.format(tree.ascend(thing))
        tree = gctools.ReferrerTree(maxdepth=3)
        assert len(tree.format(tree.ascend(thing))) == len(first)
    finally:
        gc.enable()


def test_modules_are_called_by_their_names() -> None:
    tree = gctools.ReferrerTree()
    tree.peek_length = 100
    (line,) = tree.format([(globals(), [])])
    assert line == f"    <globals of {__name__}>"


def test_long_texts_lose_their_middle() -> None:
    tree = gctools.ReferrerTree()
    assert tree.peek("short") == "short"
    assert tree.peek("x" * 100) == "x" * 20 + "..." + "x" * 20


def test_objects_of_the_framework_tell_where_they_are() -> None:
    request = Request(None, None)
    assert gctools.get_context(request) == "path=/;stage=None"
    assert gctools.get_context(Response()) == "status=None"
    assert gctools.get_context(object()) == ""
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert gctools.get_context(caught.tb).startswith("tb_lineno=")
    assert gctools.get_instances(Thing) == []
    assert [each for each, *_ in gctools.GCRoot.classes] == [
        *(Request, Response, AppResponse),
    ]
    assert gctools.objgraph is None
