"""The list of URLs."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.cli.listing import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Program

TREE = """
import cherrypy

class Notes:
    @cherrypy.expose
    def index(self, word: str = "all"): ...
    @cherrypy.expose
    @cherrypy.tools.gzip(compress_level=9)
    def edit(self, number: int, *, title="none"): ...
    @cherrypy.expose
    def default(self, *path, **rest): ...

class Root:
    notes = Notes()
    text = "no page"
    @cherrypy.expose
    def index(self): ...
    @cherrypy.expose(["other", "with.dot"])
    def page(self): ...
    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST", "PUT"])
    async def save(self, text: list[str]): ...
    def hidden(self): ...
    @property
    def trap(self):
        raise AssertionError("properties are left alone")
"""


class Inventive:
    def __getattr__(self, name: str) -> object:
        return Inventive()


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (None, ""),
        (json, "json"),
        (json.dumps, "json.dumps"),
        (Inventive, f"{__name__}.Inventive"),
        (Inventive(), f"{__name__}.Inventive"),
        (functools.partial(print), "functools.partial"),
    ],
)
def test_a_page_is_named_as_it_is_imported(page: object, name: str) -> None:
    assert name_of(page) == name


@pytest.fixture
def listed(cherrypy: Program) -> Callable[..., dict[str, dict[str, Any]]]:
    """Return what lists a program: documents by URL and, if there is one, method."""

    def listed(
        text: str, name: str = "Root", *options: str
    ) -> dict[str, dict[str, Any]]:
        cherrypy.write("app.py", text)
        done = cherrypy("routes", f"app:{name}", "--json", *options)
        assert done.status == 0, done.err
        return {
            " ".join([*each["methods"], each["url"]]): each
            for each in json.loads(done.out)
        }

    return listed


def pages(routes: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {url: each["page"] for url, each in routes.items()}


def test_exposed_methods_are_urls(listed: Any) -> None:
    assert pages(listed(TREE)) == {
        "/": "app.Root.index",
        "/page": "app.Root.page",
        "/other": "app.Root.page",
        "/with_dot": "app.Root.page",
        "POST PUT /save": "app.Root.save",
        "/notes/": "app.Notes.index",
        "/notes/edit": "app.Notes.edit",
        "/notes/{...}": "app.Notes.default",
    }


def test_parameters_have_kinds_types_and_defaults(listed: Any) -> None:
    routes = listed(TREE)
    assert routes["/notes/edit"]["parameters"] == [
        {
            "name": "number",
            "kind": "either",
            "type": "int",
            "required": True,
            "default": None,
        },
        {
            "name": "title",
            "kind": "query",
            "type": None,
            "required": False,
            "default": "'none'",
        },
    ]
    kinds = [each["kind"] for each in routes["/notes/{...}"]["parameters"]]
    assert kinds == ["more path", "more query"]


def test_pages_have_their_place_in_the_program(listed: Any) -> None:
    route = listed(TREE)["/notes/"]
    assert (route["file"], route["line"]) == ("app.py", 5)


def test_tools_come_from_decorators_and_from_config(
    cherrypy: Program, listed: Any
) -> None:
    file = cherrypy.write(
        "app.conf",
        "[/notes]\ntools.expires.on: True\ntools.expires.secs: 9\n"
        "tools.encode.on: False\n",
    )
    routes = listed(TREE, "Root", "--config", str(file))
    assert routes["/notes/edit"]["tools"]["gzip"] == {"compress_level": "9"}
    assert routes["/notes/edit"]["tools"]["expires"] == {"secs": "9"}
    assert "encode" not in routes["/notes/edit"]["tools"]
    assert "expires" not in routes["/page"]["tools"]
    assert "encode" in routes["/page"]["tools"]


def test_the_table_leaves_out_what_is_everywhere(cherrypy: Program) -> None:
    cherrypy.write("app.py", TREE)
    cherrypy.write("app.conf", "[/notes]\ntools.encode.on: False\n")
    done = cherrypy("routes", "app:Root", "--config", "app.conf")
    assert done.lines[0] == ["URL", "METHODS", "PAGE", "PARAMETERS", "TOOLS"]
    assert ["/", "any", "app.Root.index"] in done.lines
    assert next(x for x in done.lines if x[:1] == ["/save"])[1:3] == ["POST", "PUT"]
    edit = next(line for line in done.out.splitlines() if "/notes/edit" in line)
    assert edit.endswith("number: int, title='none'  gzip, no encode")
    save = next(line for line in done.out.splitlines() if "/save" in line)
    assert "text: list[str]" in save
    assert done.out.endswith(
        "Tools that are on everywhere\n"
        "encode, log_headers, log_tracebacks, trailing_slash\n"
    )


def test_popargs_are_parameters_of_the_path(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Chapter:
    @cherrypy.expose
    def index(self): ...

@cherrypy.popargs("year", "month")
class Blog:
    chapter = Chapter()
    @cherrypy.expose
    def index(self, year=None, month=None): ...
    @cherrypy.expose
    @cherrypy.tools.gzip()
    def edit(self, year, month): ...

class Made:
    _cp_config = {"tools.expires.on": True}
    def __init__(self, name):
        raise AssertionError("nothing is made")
    @cherrypy.expose
    def show(self, size: int = 3): ...

@cherrypy.popargs("name", handler=Made)
class Things:
    pass

@cherrypy.popargs("name", handler=lambda name: None)
class Who:
    pass

@cherrypy.popargs("name", handler=Chapter())
class Known:
    pass

class Root:
    blog = Blog()
    things = Things()
    who = Who()
    known = Known()
"""
    )
    assert pages(routes) == {
        "/blog/[{year}/[{month}/]]": "app.Blog.index",
        "/blog/edit": "app.Blog.edit",
        "/blog/chapter/": "app.Chapter.index",
        "/blog/{year}/{month}/edit": "app.Blog.edit",
        "/blog/{year}/{month}/chapter/": "app.Chapter.index",
        "/things/{name}/show": "app.Made.show",
        "/who/{name}/{...}": "app.<lambda>",
        "/known/{name}/": "app.Chapter.index",
    }
    assert "gzip" in routes["/blog/{year}/{month}/edit"]["tools"]
    shown = routes["/things/{name}/show"]
    assert [each["name"] for each in shown["parameters"]] == ["size"]
    assert "expires" in shown["tools"]
    assert routes["/who/{name}/{...}"]["dynamic"]


def test_objects_that_find_their_children_are_dynamic(listed: Any) -> None:
    routes = listed(
        """
class Users:
    def _cp_dispatch(self, vpath):
        raise AssertionError("nothing is called")

class Root:
    users = Users()
"""
    )
    route = routes["/users/{...}"]
    assert route["page"] == "app.Users._cp_dispatch"
    assert route["dynamic"]
    assert route["parameters"] == []


def test_a_method_dispatcher_has_a_route_for_each_method(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

@cherrypy.expose
class Notes:
    def GET(self, number: int | None = None): ...
    @cherrypy.tools.json_in()
    def POST(self): ...
    def helper(self): ...

class Hidden:
    def GET(self): ...

class Api:
    notes = Notes()
    hidden = Hidden()

class Root:
    api = Api()
    @cherrypy.expose
    def index(self): ...

def make():
    dispatcher = cherrypy.dispatch.MethodDispatcher()
    config = {"/api": {"request.dispatch": dispatcher, "tools.json_out.on": True}}
    return cherrypy.Application(Root(), "/v1", config)
""",
        "make",
    )
    assert pages(routes) == {
        "/v1/": "app.Root.index",
        "GET /v1/api/notes": "app.Notes.GET",
        "POST /v1/api/notes": "app.Notes.POST",
    }
    assert {"json_in", "json_out"} <= set(routes["POST /v1/api/notes"]["tools"])
    assert "json_in" not in routes["GET /v1/api/notes"]["tools"]


def test_routes_of_the_routes_dispatcher_are_its_patterns(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Books:
    _cp_config = {"tools.gzip.on": True}
    def show(self, number): ...
    def remove(self, number): ...

def make():
    dispatcher = cherrypy.dispatch.RoutesDispatcher()
    dispatcher.connect("show", "/books/{number}", Books(), action="show")
    dispatcher.connect("remove", "/books/{number}/remove", Books, action="remove",
                       conditions={"method": ["POST"]})
    dispatcher.connect("any", "/any/{action}", Books())
    config = {"/": {"request.dispatch": dispatcher}}
    return cherrypy.Application(None, "", config)
""",
        "make",
    )
    assert pages(routes) == {
        "/books/{number}": "app.Books.show",
        "POST /books/{number}/remove": "app.Books.remove",
        "/any/{action}": "app.Books",
    }
    assert "gzip" in routes["/books/{number}"]["tools"]
    removing = routes["POST /books/{number}/remove"]["parameters"]
    assert [each["name"] for each in removing] == ["number"]
    assert routes["/any/{action}"]["dynamic"]


def test_virtual_hosts_have_urls_of_their_own(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Shop:
    @cherrypy.expose
    def index(self): ...

class Root:
    shop = Shop()
    @cherrypy.expose
    def index(self): ...

def make():
    hosts = cherrypy.dispatch.VirtualHost(**{"shop.example": "/shop"})
    return cherrypy.Application(Root(), "", {"/": {"request.dispatch": hosts}})
""",
        "make",
    )
    assert pages(routes) == {
        "/": "app.Root.index",
        "/shop/": "app.Shop.index",
        "//shop.example/": "app.Shop.index",
    }


def test_dispatchers_of_ones_own_are_dynamic(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

def mine(path_info): ...

def make():
    dispatch = cherrypy.dispatch.XMLRPCDispatcher(mine)
    return cherrypy.Application(None, "", {"/rpc": {"request.dispatch": dispatch}})
""",
        "make",
    )
    assert routes["/rpc/{...}"]["page"] == "app.mine"
    assert routes["/rpc/{...}"]["dynamic"]


def test_files_are_routes_too(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

def make():
    return cherrypy.Application(None, "", {
        "/static": {"tools.staticdir.on": True, "tools.staticdir.dir": "/srv/static"},
        "/style.css": {"tools.staticfile.on": True,
                       "tools.staticfile.filename": "/srv/style.css"},
    })
""",
        "make",
    )
    assert routes["/static/{...}"]["note"] == "answered by tools.staticdir /srv/static"
    assert routes["/style.css"]["note"] == "answered by tools.staticfile /srv/style.css"
    assert routes["/style.css"]["page"] is None


def test_every_mounted_application_is_listed(cherrypy: Program) -> None:
    cherrypy.write(
        "app.py",
        f"""{TREE}
def wsgi(environ, start_response): ...
cherrypy.tree.graft(wsgi, "/wsgi")
cherrypy.tree.mount(Notes(), "/more")
cherrypy.tree.mount(Root())
""",
    )
    done = cherrypy("routes", "app")
    assert ["/wsgi/{...}", "any", "app.wsgi", "a", "WSGI", "application"] in done.lines
    assert ["/more/edit", "any", "app.Notes.edit"] in [x[:3] for x in done.lines]
    # The icon of the framework is no page of the program.
    assert "favicon" not in done.out


def test_config_that_no_request_survives_is_named(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Root:
    @cherrypy.expose
    @cherrypy.config(**{"tools.gzp.on": True})
    def index(self): ...
"""
    )
    assert routes["/"]["note"].startswith("broken config: There is no tool 'gzp'")


def test_a_tree_may_lead_in_circles_and_anywhere(listed: Any) -> None:
    routes = listed(
        """
import cherrypy, json, logging, threading

class Root:
    log = logging.getLogger()
    lock = threading.Lock()
    library = json
    front = cherrypy
    @cherrypy.expose
    def index(self): ...
    def __getattribute__(self, name):
        if name == "rude":
            raise ZeroDivisionError
        return super().__getattribute__(name)
    rude = 3

root = Root()
root.self = root
root.again = Root()
root.again.above = root
""",
        "root",
    )
    assert set(routes) == {"/", "/again/"}


def test_functions_and_callable_objects_are_pages(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Calculator:
    exposed = True
    def __call__(self, a: int, b: int = 2): ...

@cherrypy.expose
def root(): ...

@cherrypy.expose
def sub(x): ...

root.sub = sub
root.calculator = Calculator()
""",
        "root",
    )
    assert pages(routes) == {
        "/": "app.root",
        "/sub": "app.sub",
        "/calculator": "app.Calculator",
    }
    names = [each["name"] for each in routes["/calculator"]["parameters"]]
    assert names == ["a", "b"]


def test_a_method_dispatcher_may_have_dynamic_children(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Api:
    exposed = True
    _cp_config = {"tools.json_out.on": True}
    def GET(self): ...
    def _cp_dispatch(self, vpath): ...

def make():
    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    return cherrypy.Application(Api(), "", config)
""",
        "make",
    )
    assert pages(routes) == {"GET /": "app.Api.GET", "/{...}": "app.Api._cp_dispatch"}
    assert "json_out" in routes["/{...}"]["tools"]


def test_one_allowed_method_may_be_a_text(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Root:
    @cherrypy.expose
    @cherrypy.tools.allow(methods="POST")
    def save(self): ...
"""
    )
    assert set(routes) == {"POST /save"}


def test_an_object_that_is_called_is_where_its_class_is(listed: Any) -> None:
    routes = listed(
        """
import cherrypy

class Page:
    exposed = True
    __call__ = dict.fromkeys

class Root:
    page = Page()
"""
    )
    assert routes["/page"]["page"] == "app.Page"
    assert routes["/page"]["file"] == "app.py"
