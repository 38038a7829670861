"""The walk along the object tree: what it finds, and what it collects on the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.core.errors import CherryPyException
from cherrypy.extension.dispatch.trail import (
    MAX_DEPTH,
    Trail,
    find_member,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SITE = {"from": "site"}


def page(config: dict[str, Any] | None = None, **attributes: Any) -> Callable[..., str]:
    """Make an exposed page."""

    def function(self: object, *args: str) -> str:
        return ""

    function.exposed = True  # type: ignore[attr-defined]
    if config is not None:
        function._cp_config = config  # type: ignore[attr-defined]
    vars(function).update(attributes)
    return function


class Node:
    """A node of a tree; its children are given as keyword arguments."""

    def __init__(self, _cp_config: dict[str, Any] | None = None, **children: Any):
        if _cp_config is not None:
            self._cp_config = _cp_config
        vars(self).update(children)


class Shelf(Node):
    """A directory with pages that are methods."""

    index = page({"from": "index"})
    book = page({"from": "book"})
    plain = page()


class Hall(Node):
    """A node that answers whatever is asked below it."""

    default = page({"from": "default"})


def walking(
    root: Any,
    path: str,
    sections: Mapping[str, Mapping[str, Any]] | None = None,
    **options: Any,
) -> Trail:
    return walk(root, path, site=SITE, sections=sections or {}, **options)


def origins(trail: Trail) -> list[str]:
    """Return where the layers of a trail come from."""
    return [layer["from"] for layer in trail.layers]


def sections(*paths: str) -> dict[str, dict[str, Any]]:
    """Make config sections that say where they come from."""
    return {path: {"from": path} for path in paths}


@pytest.mark.parametrize(
    ("path", "name", "atoms", "is_index"),
    [
        ("/", "index", [], True),
        ("", "index", [], True),
        ("/index", "index", [], False),
        ("/index/x", "index", ["x"], False),
        ("/book", "book", [], False),
        ("/book/", "book", [], False),
        ("//book", "book", [], False),
        ("/book/x//y/", "book", ["x", "y"], False),
        ("/book/index", "book", ["index"], False),
        ("/book/book", "book", ["book"], False),
    ],
)
def test_a_path_leads_to_a_page_and_the_rest_is_its_arguments(
    path: str, name: str, atoms: list[str], is_index: bool
) -> None:
    root = Shelf()
    trail = walking(root, path)
    assert trail.handler == getattr(root, name)
    assert (trail.atoms, trail.is_index) == (atoms, is_index)


@pytest.mark.parametrize("path", ["/none", "/none/index", "/shelf/none", "/Shelf/"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    trail = walking(Node(shelf=Shelf()), path)
    assert trail.handler is None
    assert trail.is_index is None


def test_a_directory_is_its_index_with_and_without_the_slash() -> None:
    root = Node(shelf=Shelf())
    for path in ("/shelf", "/shelf/"):
        assert walking(root, path)[:3] == (root.shelf.index, [], True)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "atoms", "is_index"),
    [
        ("/", [], True),
        ("/hall", [], False),
        ("/hall/", [], True),
        ("/hall/x/y", ["x", "y"], False),
        ("/hall/x/", ["x"], True),
    ],
)
def test_a_default_answers_what_nothing_deeper_answers(
    path: str, atoms: list[str], is_index: bool
) -> None:
    root = Hall(hall=Hall())
    trail = walking(root, path)
    expected = root if path == "/" else root.hall  # type: ignore[attr-defined]
    assert trail[:3] == (expected.default, atoms, is_index)


def test_a_default_comes_before_the_object_it_belongs_to() -> None:
    both = Hall(exposed=True)
    assert walking(Node(both=both), "/both/x").handler == both.default


def test_a_default_that_is_not_exposed_is_no_page() -> None:
    trail = walking(Node(exposed=True, default=5), "/x")
    assert isinstance(trail.handler, Node)
    assert walking(Node(default=lambda: ""), "/x").handler is None


def test_an_exposed_object_is_a_page() -> None:
    child = Node(exposed=True)
    assert walking(Node(child=child), "/child/x")[:3] == (child, ["x"], False)


def test_punctuation_becomes_underscores_in_names_but_not_in_arguments() -> None:
    root = Node(my_page=page(), _2007=page())
    assert walking(root, "/my-page/a-b.c").atoms == ["a-b.c"]
    assert walking(root, "/my.page").handler is root.my_page  # type: ignore[attr-defined]
    assert walking(root, "/-2007").handler is not None


def test_names_need_not_be_identifiers() -> None:
    root = Node()
    for name in ("2007", "a b", "été", "_x_"):
        setattr(root, name, page())
        assert walking(root, f"/{name}").handler is not None


def test_the_translation_can_be_chosen() -> None:
    root = Node(book=page())
    assert walking(root, "/look", translate={ord("l"): "b"}).handler is not None
    assert walking(root, "/b-ook", translate={ord("-"): None}).handler is not None
    assert walking(root, "/b_ook", translate={}).handler is None


@pytest.mark.parametrize(
    "path",
    [
        "/book/__self__/admin",
        "/book/__func__/x",
        "/book/__wrapped__/x",
        "/book/--wrapped--/x",
    ],
)
def test_the_attributes_of_the_language_are_no_pages(path: str) -> None:
    inner = page()

    class Root:
        admin = page()
        book = page(__wrapped__=inner)

    root = Root()
    trail = walking(root, path)
    assert trail.handler == root.book
    assert trail.atoms == path.split("/")[2:]


def test_the_class_of_an_exposed_object_is_no_page() -> None:
    assert walking(Node(child=Node(exposed=True)), "/child/__class__").atoms


def test_members_are_found_as_on_the_walk() -> None:
    node = Shelf()
    assert find_member(node, "book") == node.book
    assert find_member(node, "no-book") is None
    assert find_member(node, "__class__") is None
    assert find_member(node.book, "exposed") is True
    assert find_member(print, "__name__") is None
    assert find_member("".join, "nothing") is None


# What is collected.


def test_the_layers_go_from_the_site_to_the_page() -> None:
    root = Node({"from": "root"}, shelf=Shelf({"from": "shelf"}))
    config = sections("/", "/shelf", "/shelf/book", "/shelf/book/x", "/other")
    assert origins(walking(root, "/shelf/book/x/y", config)) == [
        "site",
        "root",
        "/",
        "shelf",
        "/shelf",
        "book",
        "/shelf/book",
        "/shelf/book/x",
    ]


def test_the_layers_are_the_mappings_themselves() -> None:
    config = {"from": "root"}
    trail = walking(Node(config, index=page()), "/")
    assert trail.layers[0] is SITE
    assert trail.layers[1] is config


def test_an_index_has_a_section_of_its_own() -> None:
    config = sections("/", "/index", "/book/index")
    assert origins(walking(Shelf(), "/", config)) == ["site", "/", "index", "/index"]
    assert origins(walking(Shelf(), "/book", config))[-1] == "/book/index"


def test_the_config_of_a_default_follows_that_of_its_object() -> None:
    root = Node(hall=Hall({"from": "hall"}))
    config = sections("/hall", "/hall/x")
    assert origins(walking(root, "/hall/x", config)) == [
        "site",
        "hall",
        "/hall",
        "default",
        "/hall/x",
    ]


def test_objects_that_do_not_answer_still_say_their_config() -> None:
    root = Hall(deep=Node({"from": "deep"}))
    assert origins(walking(root, "/deep/x")) == ["site", "default", "deep"]


def test_sections_count_where_there_is_no_object() -> None:
    config = sections("/none/deep", "/none")
    trail = walking(Node(), "/none/deep/er", config)
    assert trail.handler is None
    assert origins(trail) == ["site", "/none", "/none/deep"]


def test_an_empty_mapping_is_no_layer() -> None:
    assert walking(Node({}, index=page({})), "/", {"/": {}}).layers == (SITE,)


STATIC = {"tools.staticdir.dir": "files", "from": ""}


@pytest.mark.parametrize(
    ("root", "path", "config", "section"),
    [
        (Shelf(), "/", {}, None),
        (Shelf(STATIC), "/book", {}, "/"),
        (Shelf(), "/book/x", {"/book": STATIC}, "/book"),
        (Shelf(), "/book/x/y", {"/book/x": STATIC}, "/book/x"),
        (Node(shelf=Shelf(STATIC)), "/shelf/book", {"/": STATIC}, "/shelf"),
        (Node(index=page(STATIC)), "/", {}, "/index"),
        (Node(hall=Node(default=page(STATIC))), "/hall/x", {}, "/hall"),
        (
            Node(hall=Node(default=page(STATIC))),
            "/hall/x",
            {"/hall/x": STATIC},
            "/hall/x",
        ),
        (Hall(), "/x/y", {"/x": STATIC}, "/x"),
    ],
)
def test_the_place_of_a_static_directory_is_that_of_the_last_layer_to_name_one(
    root: Any, path: str, config: dict[str, Any], section: str | None
) -> None:
    assert walking(root, path, config).section == section


# Nodes that find their children themselves.


class Finder(Node):
    """Does with `vpath` what `work` says."""

    index = page()
    work: Callable[[list[str]], Any]

    def _cp_dispatch(self, vpath: list[str]) -> Any:
        self.seen = list(vpath)
        return type(self).work(vpath)


def finder(work: Callable[[list[str]], Any], **children: Any) -> Finder:
    root: Finder = type("Finder", (Finder,), {"work": staticmethod(work)})(**children)
    return root


def taking(count: int, child: Any) -> Callable[[list[str]], Any]:
    def take(vpath: list[str]) -> Any:
        del vpath[:count]
        return child

    return take


def test_a_node_is_asked_with_what_is_left_of_the_path_and_no_index() -> None:
    root = finder(taking(1, None))
    walking(root, "/a/b/index/")
    assert root.seen == ["a", "b", "index"]


def test_a_node_is_asked_only_where_there_is_no_attribute() -> None:
    root = finder(taking(1, None), book=page())
    walking(root, "/")
    walking(root, "/book")
    assert not hasattr(root, "seen")


@pytest.mark.parametrize(("count", "used"), [(0, 1), (1, 1), (2, 2)])
def test_what_a_node_takes_from_the_path_is_used_and_nothing_means_one(
    count: int, used: int
) -> None:
    child = Shelf()
    trail = walking(finder(taking(count, child)), "/" + "x/" * used + "book/y")
    assert trail[:3] == (child.book, ["y"], False)


def test_a_node_may_take_the_whole_path() -> None:
    child = Shelf()
    trail = walking(finder(taking(3, child)), "/a/b/c")
    assert trail[:3] == (child.index, [], True)


def test_a_node_that_finds_nothing_leaves_the_answer_to_others() -> None:
    root = finder(taking(1, None), default=page({"from": "default"}))
    trail = walking(root, "/a/b")
    assert trail[:3] == (root.default, ["a", "b"], False)  # type: ignore[attr-defined]


def test_arguments_are_cut_from_the_path_as_it_was_asked() -> None:
    child = Node(shelf=page())

    def rewrite(vpath: list[str]) -> Any:
        vpath[:] = ["shelf", "changed"]
        return child

    assert walking(finder(rewrite), "/a/b/c").atoms == ["c"]


def test_sections_go_by_the_path_as_it_was_asked() -> None:
    child = Shelf({"from": "child"})
    config = sections("/", "/a", "/a/b", "/a/b/book")
    trail = walking(finder(taking(2, child)), "/a/b/book", config)
    assert origins(trail) == [
        "site",
        "/",
        "child",
        "/a",
        "/a/b",
        "book",
        "/a/b/book",
    ]


def test_a_node_that_adds_to_the_path_is_told_so() -> None:
    def add(vpath: list[str]) -> Any:
        vpath.append("more")
        return Node()

    with pytest.raises(CherryPyException, match=r"\['a'\].*\['a', 'more'\]"):
        walking(finder(add), "/a")


def test_an_exposed_dispatch_method_is_a_page_and_not_asked() -> None:
    root = Node(_cp_dispatch=page())
    assert walking(root, "/x").handler is None
    assert walking(root, "/_cp_dispatch").handler is not None


def test_the_dispatch_method_can_have_another_name() -> None:
    root = Node(find=lambda vpath: Shelf())
    trail = walking(root, "/x/book", dispatch_method_name="find")
    assert trail.handler is not None


# Hostile paths.


def test_a_tree_that_leads_back_to_itself_is_followed_so_far_and_no_further() -> None:
    root = Hall()
    root.again = root  # type: ignore[attr-defined]
    atoms = ["again"] * (MAX_DEPTH * 2)
    trail = walking(root, "/" + "/".join(atoms))
    assert trail.handler == root.default
    assert len(trail.atoms) == len(atoms) - MAX_DEPTH + 1


@pytest.mark.parametrize("config", [{}, sections("/", "/a/a", "/b")])
def test_the_work_is_linear_in_the_length_of_the_path(config: dict[str, Any]) -> None:
    def seconds(length: int) -> float:
        path = "/a" * length
        begun = time.perf_counter()
        trail = walking(Hall(), path, config)
        assert len(trail.atoms) == length
        return time.perf_counter() - begun

    # Forty times the path: linear takes 40 times as long, quadratic 1600 times.
    short = min(seconds(5_000) for _ in range(5))
    assert min(seconds(200_000) for _ in range(2)) < 400 * short


def test_sections_are_found_on_long_paths_too() -> None:
    long = "/a" * 50
    config = sections("/", "/a/a", long, long + "/index", long + "/b")
    trail = walking(Hall(), long, config)
    assert origins(trail) == [
        "site",
        "/",
        "default",
        "/a/a",
        long,
        long + "/index",
    ]
