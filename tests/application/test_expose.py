"""Marking pages: expose and popargs."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy import expose, popargs
from cherrypy.testing import Client


def asking(root: Any, config: dict[str, Any] | None = None) -> Client:
    untouched = {"/": {"tools.trailing_slash.on": False, **(config or {})}}
    return Client(cherrypy.Application(root, "", untouched))


# expose


def test_a_page_is_exposed_by_a_bare_decorator_or_a_call() -> None:
    class Root:
        @expose
        def bare(self) -> None:
            pass

        @expose()
        def called(self) -> None:
            pass

        def later(self) -> None:
            pass

        expose(later)

        def hidden(self) -> None:
            pass

    assert [name for name in vars(Root) if hasattr(vars(Root)[name], "exposed")] == [
        "bare",
        "called",
        "later",
    ]


def test_aliases_appear_in_the_class_that_is_being_defined() -> None:
    class Root:
        @expose("one.html")
        def first(self) -> None:
            pass

        @expose(["two", "deux"])
        def second(self) -> None:
            pass

        @expose(alias="three")
        def third(self) -> None:
            pass

        @expose(alias=("four", "quatre"))
        def fourth(self) -> None:
            pass

        def fifth(self) -> None:
            pass

        expose(fifth, "five")
        sixth = expose(fifth, alias=["six"])

    places = vars(Root)
    assert places["one_html"] is Root.first
    assert places["two"] is places["deux"] is Root.second
    assert places["three"] is Root.third
    assert places["four"] is places["quatre"] is Root.fourth
    assert places["five"] is places["six"] is places["sixth"] is Root.fifth


def test_an_alias_is_found_by_its_path() -> None:
    class Root:
        @expose(["index.html", "home"])
        def index(self) -> str:
            return "index"

    client = asking(Root())
    for path in ("/", "/index.html", "/home", "/index_html"):
        assert client.get(path).text == "index"


def test_classes_are_exposed_and_their_objects_with_them() -> None:
    @expose
    class Page:
        def __call__(self) -> str:
            return "page"

    @expose("alias_of_a_class")
    class Other:
        pass

    class Root:
        page = Page()

    assert expose(Page) is Page
    assert asking(Root()).get("/page").text == "page"
    assert Other.exposed is True  # type: ignore[attr-defined]


def test_objects_are_exposed() -> None:
    class Page:
        def __call__(self) -> str:
            return "page"

    page, other = Page(), Page()
    assert expose(page) is page
    assert expose(other, "name_of_other") is other

    class Root:
        def __init__(self) -> None:
            self.page = page

    assert asking(Root()).get("/page").text == "page"
    assert not hasattr(Page, "exposed")


def test_static_and_class_methods_are_exposed() -> None:
    class Root:
        @expose
        @staticmethod
        def static(a: str) -> str:
            return a

        @expose
        @classmethod
        def of_class(cls, a: str) -> str:
            return f"{cls.__name__} {a}"

    client = asking(Root())
    assert client.get("/static/x").text == "x"
    assert client.get("/of_class/x").text == "Root x"


@pytest.mark.parametrize("what", [5, print, object()])
def test_what_takes_no_attributes_cannot_be_exposed(what: object) -> None:
    with pytest.raises(TypeError, match="cannot be exposed"):
        expose(what)


# popargs


class Echo:
    """Says what it was called with."""

    def __init__(self, **made_with: str) -> None:
        self.made_with = made_with

    @expose
    def index(self, **kwargs: str) -> str:
        return f"index {self.made_with} {kwargs}"

    @expose
    def page(self, *args: str, **kwargs: str) -> str:
        return f"page {self.made_with} {args} {kwargs}"

    @expose
    def a_b(self, **kwargs: str) -> str:
        return f"a_b {kwargs}"


@popargs("year", "month", "day")
class Blog(Echo):
    pass


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "index {} {}"),
        ("/2009", "index {} {'year': '2009'}"),
        ("/2009/", "index {} {'year': '2009'}"),
        ("/2009/12/10", "index {} {'year': '2009', 'month': '12', 'day': '10'}"),
        ("/page/x", "page {} ('x',) {}"),
        ("/2009/page", "index {} {'year': '2009', 'month': 'page'}"),
        ("/1/2/3/page/x", "page {} ('x',) {'year': '1', 'month': '2', 'day': '3'}"),
        ("/1/2/3/a-b", "a_b {'year': '1', 'month': '2', 'day': '3'}"),
        ("/2009?year=5", "index {} {'year': '5'}"),
    ],
)
def test_parts_of_the_path_become_parameters(path: str, text: str) -> None:
    assert asking(Blog()).get(path).text == text


@pytest.mark.parametrize("path", ["/1/2/3/4", "/1/2/3/__class__", "/1/2/3/none/x"])
def test_no_more_parts_are_taken_than_there_are_names(path: str) -> None:
    assert asking(Blog()).get(path).status_code == 404


def test_subclasses_inherit_the_parameters() -> None:
    class Own(Blog):
        pass

    assert asking(Own()).get("/1/2").text == "index {} {'year': '1', 'month': '2'}"


def test_the_parameters_of_a_whole_path_come_together() -> None:
    @popargs("album")
    class Album:
        @expose
        def index(self, band: str, album: str) -> str:
            return f"{album} by {band}"

    @popargs("band")
    class Band:
        def __init__(self) -> None:
            self.albums = Album()

        @expose
        def index(self, band: str) -> str:
            return band

    client = asking(Band())
    assert client.get("/nirvana/").text == "nirvana"
    assert client.get("/nirvana/albums/nevermind").text == "nevermind by nirvana"


def test_no_names_take_nothing() -> None:
    @popargs()
    class Empty(Echo):
        pass

    client = asking(Empty())
    assert client.get("/").text == "index {} {}"
    assert client.get("/x").status_code == 404


def test_a_handler_object_goes_on_with_the_parameters() -> None:
    @popargs("x", "y", handler=Echo())
    class Root(Echo):
        pass

    client = asking(Root(own="own"))
    assert client.get("/").text == "index {'own': 'own'} {}"
    assert client.get("/1").text == "index {} {'x': '1'}"
    assert client.get("/1/2/page/z").text == "page {} ('z',) {'x': '1', 'y': '2'}"
    assert client.get("/1/2/none").status_code == 404


def make_echo(**kwargs: str) -> Echo:
    return Echo(made="here", **kwargs)


@pytest.mark.parametrize(
    ("handler", "made_with"),
    [
        (Echo, "{'x': '1', 'y': '2'}"),
        (make_echo, "{'made': 'here', 'x': '1', 'y': '2'}"),
    ],
)
def test_a_handler_that_can_be_called_is_given_the_parameters(
    handler: Any, made_with: str
) -> None:
    @popargs("x", "y", handler=handler)
    class Root(Echo):
        pass

    client = asking(Root())
    assert client.get("/1/2/").text == f"index {made_with} {{}}"
    assert client.get("/1/2/page").text == f"page {made_with} () {{}}"


def test_popargs_may_be_a_dispatch_method() -> None:
    class Root(Echo):
        _cp_dispatch = popargs("p", "q")

        @expose
        def default(self, *args: str, **kwargs: str) -> str:
            return f"default {args} {kwargs}"

    client = asking(Root())
    assert client.get("/1/2").text == "index {} {'p': '1', 'q': '2'}"
    assert client.get("/1/2/3").text == ("default ('1', '2', '3') {'p': '1', 'q': '2'}")


def test_popargs_may_be_given_to_one_object() -> None:
    one, other = Echo(), Echo()
    assert popargs("p")(one) is one
    assert asking(one).get("/1").text == "index {} {'p': '1'}"
    assert asking(other).get("/1").status_code == 404


def test_popargs_takes_the_place_of_a_dispatch_method() -> None:
    @popargs("a")
    class Root(Echo):
        def _cp_dispatch(self, vpath: list[str]) -> Any:
            raise AssertionError("replaced")

    assert asking(Root()).get("/1").text == "index {} {'a': '1'}"


def test_popargs_knows_one_keyword() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'handle'"):
        popargs("a", handle=Echo)
