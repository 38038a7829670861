"""Ways that are remembered lead where a walk would lead, whatever changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cherrypy
from cherrypy.core.errors import CherryPyException
from cherrypy.core.plan import Layers
from cherrypy.extension.dispatch import ways
from cherrypy.extension.dispatch.trail import (
    STATIC_DIRECTORY,
    Trail,
    punctuation_to_underscores,
    walk,
)
from cherrypy.extension.dispatch.ways import Way, follow
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable


def page(**config: Any) -> Any:
    """Make a page, with config if it is given."""

    def method(self: object, *args: str, **more: Any) -> str:
        return ",".join(args)

    method.exposed = True  # type: ignore[attr-defined]
    if config:
        method._cp_config = config  # type: ignore[attr-defined]
    return method


class Shelf:
    index = page()
    book = page(a=1)


class Root:
    index = page()
    item = page(b=2)

    def __init__(self) -> None:
        self.shelf = Shelf()


def mounted(root: Any = None, **sections: dict[str, Any]) -> Any:
    """Return an application with sections for places of these names."""
    config = {"/" + place.replace("_", "/"): each for place, each in sections.items()}
    return cherrypy.Application(root or Root(), "", config)


def go(app: Any, path: str, **options: Any) -> Trail:
    """Follow a path, and check that a walk comes to the same."""
    name = options.get("name", "_cp_dispatch")
    table = options.get("table", punctuation_to_underscores)
    trail = follow(app, path, name, table)
    walked = walk(
        app.root,
        path,
        site=app.site_config,
        sections=app.config,
        dispatch_method_name=name,
        translate=table,
    )
    assert trail == walked
    return trail


def learnt(app: Any, path: str) -> Trail:
    """Go a path until it is remembered."""
    for _ in range(2):
        go(app, path)
    assert type(app.ways[path]) is Way
    way: Way = app.ways[path]
    assert go(app, path) is way.trail
    return way.trail


PATHS = ["/", "/item", "/item/42/x", "/shelf", "/shelf/", "/shelf/book/a-b", "/none/x"]


@pytest.mark.parametrize("path", PATHS)
def test_a_way_that_is_asked_for_again_is_remembered(path: str) -> None:
    app = mounted()
    assert go(app, path).layers.__class__ is tuple
    assert app.ways == {path: 0}
    assert type(learnt(app, path).layers) is Layers


def set_page(app: Any) -> None:
    app.root.item = Shelf().book


def set_default(app: Any) -> None:
    app.root.shelf.default = Shelf().book


def hide(app: Any) -> None:
    Root.item.exposed = False


def configure_page(app: Any) -> None:
    Root.item._cp_config = {"b": 3}


def configure_default(app: Any) -> None:
    Shelf.index._cp_config = {"c": 3}


def configure_node(app: Any) -> None:
    app.root._cp_config = {"c": 3}


def configure_place(app: Any) -> None:
    app.config["/item"] = {"d": 4}


def configure_beyond(app: Any) -> None:
    app.config["/none/x"] = {"d": 4}


def change_root(app: Any) -> None:
    app.root = Shelf()


def change_site(app: Any) -> None:
    app.site_config = {"e": 5}


def empty_a_layer(app: Any) -> None:
    Root.item._cp_config.clear()


CHANGES = [
    set_page,
    set_default,
    hide,
    configure_page,
    configure_default,
    configure_node,
    configure_place,
    configure_beyond,
    change_root,
    change_site,
    empty_a_layer,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("sections", [{}, {"item": {"x": 1}, "shelf": {"y": 1}}])
def test_whatever_changes_is_seen_the_next_time(
    change: Callable[[Any], None],
    sections: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Methods of their own, because changes stay with them.
    monkeypatch.setattr(Root, "item", page(b=2))
    monkeypatch.setattr(Shelf, "index", page())
    app = mounted(**sections)
    for path in PATHS:
        learnt(app, path)
    change(app)
    for path in PATHS:
        go(app, path)
        go(app, path)


def test_a_layer_that_becomes_a_static_directory_is_noticed() -> None:
    app = mounted(shelf={"x": 1})
    assert learnt(app, "/shelf/book").section is None
    app.config["/shelf"][STATIC_DIRECTORY] = "/srv"
    assert go(app, "/shelf/book").section == "/shelf"


def test_sections_that_were_added_to_none_are_noticed() -> None:
    app = mounted()
    learnt(app, "/item")
    app.merge({"/item": {"x": 1}})
    assert {"x": 1} in go(app, "/item").layers


def test_sections_that_were_all_taken_away_are_noticed() -> None:
    app = mounted(item={"x": 1})
    assert {"x": 1} in learnt(app, "/item").layers
    app.config.clear()
    assert {"x": 1} not in go(app, "/item").layers


@pytest.mark.parametrize(
    "prepare",
    [
        lambda app: app.config.update({"/item": {}}),
        lambda app: setattr(app.root, "_cp_config", {}),
        lambda app: app.root.item.__func__.__dict__.update(_cp_config={}),
    ],
)
def test_an_empty_config_is_watched_until_it_is_a_layer(
    prepare: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Root, "item", page())
    app = mounted()
    prepare(app)
    for _ in range(3):
        assert type(go(app, "/item").layers) is tuple


def test_children_that_are_invented_are_asked_for_each_time() -> None:
    class Inventor:
        def __getattr__(self, name: str) -> Any:
            if name == "book":
                return Shelf()
            raise AttributeError(name)

    app = mounted(Inventor())
    shelves = set()
    for _ in range(20):
        trail = follow(app, "/book/", "_cp_dispatch", punctuation_to_underscores)
        shelves.add(trail.handler.__self__)
    assert len(shelves) == 20
    assert type(app.ways["/book/"]) is int


def test_a_dispatch_method_is_called_each_time() -> None:
    calls = []

    class Chooser:
        def _cp_dispatch(self, vpath: list[str]) -> Any:
            calls.append(vpath.pop(0))
            return Shelf()

    app = mounted(Chooser())
    for _ in range(3):
        follow(app, "/any/book", "_cp_dispatch", punctuation_to_underscores)
    assert calls == ["any"] * 3


def test_what_is_exposed_is_no_dispatch_method_and_may_be_remembered() -> None:
    class Exposing:
        index = page()
        find = page()

    app = mounted(Exposing())
    for _ in range(3):
        trail = go(app, "/any", name="find")
    assert trail is app.ways["/any"].trail


def test_two_dispatchers_may_differ_about_a_path() -> None:
    app = mounted()
    table = {ord("b"): "i", ord("o"): "t", ord("k"): "m"}
    for _ in range(8):
        plain = go(app, "/item")
        other = go(app, "/item", table=table)
    assert plain.handler == other.handler == app.root.item
    assert other is not plain


def test_a_path_that_changes_all_the_time_is_not_tried_forever() -> None:
    app = mounted()
    for number in range(20):
        app.root.item = SimpleNamespace(exposed=True, number=number)
        assert go(app, "/item").handler.number == number
        assert go(app, "/item").handler.number == number
    assert type(app.ways["/item"]) is int


def test_long_and_deep_paths_are_not_remembered() -> None:
    app = mounted()
    go(app, "/item/" + "x" * 200)
    go(app, "/item/" + "x/" * 20)
    assert app.ways == {}


def test_no_more_than_so_many_paths_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ways, "_MOST", 3)
    app = mounted()
    for number in range(10):
        go(app, f"/item/{number}")
        assert len(app.ways) <= 3


def test_a_handler_cannot_spoil_the_arguments_of_the_next() -> None:
    class Taking(cherrypy.dispatch.Dispatcher):
        def find_handler(self, path: str) -> Any:
            handler, atoms = super().find_handler(path)
            kept, atoms[:] = atoms[:], ["spoilt"]
            return handler, kept

    app = mounted()
    app.merge({"/": {"request.dispatch": Taking()}})
    client = Client(app)
    for _ in range(4):
        assert client.get("/item/a/b").text == "a,b"


def test_a_remembered_page_is_answered_by_the_config_in_force() -> None:
    app = mounted()
    client = Client(app)
    for _ in range(3):
        client.get("/item/a")
    header = {"tools.response_headers.headers": [("X-Mark", "1")]}
    app.merge({"/item": {"tools.response_headers.on": True, **header}})
    assert client.get("/item/a").headers["X-Mark"] == "1"
    app.config["/item"]["tools.response_headers.on"] = False
    assert "X-Mark" not in client.get("/item/a").headers


NAMES = ["index", "default", "item", "book", "find", "_cp_dispatch", "a_b"]
VALUES = ["page", "hidden", "node", "none", "configured", "static", "empty"]
PLACES = ["/", "/item", "/book", "/item/book", "/item/index", "/index", "/none"]
TRIED = ["/", "/item", "/item/", "/item/book", "/item/a-b", "/book/item/x", "/none/y"]


def made(value: str) -> Any:
    """Make something to hang into a tree, or nothing."""
    config: dict[str, Any] | None = None
    if value == "none":
        return None
    if value in ("configured", "static", "empty"):
        config = {"configured": {"k": value}, "static": {STATIC_DIRECTORY: "/"}}.get(
            value, {}
        )
    thing: Any = Tree() if value == "node" else page().__get__(Tree())
    owner = thing if value == "node" else thing.__func__
    owner.exposed = value != "hidden"
    if config is not None:
        owner._cp_config = config
    return thing


class Tree:
    """An object to which anything may be added."""


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "below", "section", "fill", "drop", "config"]),
            st.sampled_from(NAMES),
            st.sampled_from(VALUES),
            st.sampled_from(PLACES),
        ),
        max_size=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_a_remembered_way_and_a_walk_never_differ(
    changes: list[tuple[str, str, str, str]],
) -> None:
    app = mounted(Tree())
    app.root.item = made("node")
    app.root.item.index = app.root.item.book = made("page")
    for what, name, value, place in changes:
        for path in TRIED * 2:
            agree(app, path)
        if what == "set":
            setattr(app.root, name, made(value))
        elif what == "below":
            item = app.root.item
            # What belongs to a method lies in its function.
            setattr(getattr(item, "__func__", item) or app.root, name, made(value))
        elif what == "section":
            app.config[place] = {"from": place} if value != "empty" else {}
        elif what == "fill":
            app.config.get(place, {})[STATIC_DIRECTORY] = "/srv"
        elif what == "drop":
            app.config.pop(place, None)
        else:
            app.root._cp_config = {"from": "root"} if value != "empty" else {}
    for path in TRIED * 3:
        agree(app, path)


def agree(app: Any, path: str) -> None:
    """Check that both ways lead to the same, a refusal among it."""
    try:
        expected: Any = walk(app.root, path, site=app.site_config, sections=app.config)
    except CherryPyException as refusal:
        expected = str(refusal)
    try:
        found: Any = follow(app, path, "_cp_dispatch", punctuation_to_underscores)
    except CherryPyException as refusal:
        found = str(refusal)
    assert found == expected
