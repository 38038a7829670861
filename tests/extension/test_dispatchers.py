"""Dispatchers on the object tree, asked through an application."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy.extension.dispatch import validate_translator
from cherrypy.testing import Client


def application(root: Any, config: dict[str, dict[str, Any]] | None = None) -> Client:
    return Client(cherrypy.Application(root, "", config))


class Told:
    """Tells what it was asked and with what config."""

    @cherrypy.expose
    def index(self) -> str:
        return f"index {cherrypy.request.is_index}"

    @cherrypy.expose
    def page(self, *args: str, **kwargs: str) -> str:
        return f"page {args} {kwargs} {cherrypy.request.is_index}"

    @cherrypy.expose
    def word(self, *args: str) -> str:
        return str(cherrypy.request.config.get("own.word"))


class Root(Told):
    def __init__(self) -> None:
        self.sub = Told()


def test_a_path_finds_a_method_and_its_arguments() -> None:
    client = application(Root())
    assert client.get("/").text == "index True"
    assert client.get("/sub/").text == "index True"
    assert client.get("/page/x/y?z=1").text == "page ('x', 'y') {'z': '1'} False"


def test_an_escaped_slash_is_no_separator() -> None:
    client = application(Root())
    assert client.get("/page/a%2Fb/c").text == "page ('a/b', 'c') {} False"


def test_what_is_not_found_is_told_with_its_path() -> None:
    response = application(Root()).get("/none/x")
    assert response.status_code == 404
    assert "The path '/none/x' was not found." in response.text


def test_an_exposed_object_without_a_call_is_there_for_its_index_only() -> None:
    @cherrypy.expose
    class Resource:
        @cherrypy.expose
        def index(self) -> str:
            return "index"

    root = Root()
    root.resource = Resource()  # type: ignore[attr-defined]
    client = application(root)
    assert client.get("/resource/").text == "index"
    assert client.get("/resource/x").status_code == 404


def test_the_tree_may_change_between_requests() -> None:
    root = Root()
    client = application(root)
    assert client.get("/late/page").status_code == 404
    root.late = Told()  # type: ignore[attr-defined]
    assert client.get("/late/page").status_code == 200
    del root.late  # type: ignore[attr-defined]
    assert client.get("/late/page").status_code == 404


def test_config_may_change_between_requests() -> None:
    root = Root()
    app = cherrypy.Application(root, "")
    client = Client(app)
    assert client.get("/sub/word").text == "None"
    root.sub._cp_config = {"own.word": "node"}  # type: ignore[attr-defined]
    assert client.get("/sub/word").text == "node"
    app.merge({"/sub/word": {"own.word": "section"}})
    assert client.get("/sub/word").text == "section"
    app.config["/sub/word/deep"] = {"own.word": "deep"}
    assert client.get("/sub/word/deep").text == "deep"
    assert client.get("/sub/word").text == "section"


def test_a_dispatcher_can_be_made_of_another() -> None:
    class Lower(cherrypy.dispatch.Dispatcher):
        def __call__(self, path_info: str) -> None:
            super().__call__(path_info.lower())

    config = {"/": {"request.dispatch": Lower()}}
    assert application(Root(), config).get("/PAGE/X").text == "page ('x',) {} False"


def test_a_dispatcher_can_find_the_handler_otherwise() -> None:
    class Fixed(cherrypy.dispatch.Dispatcher):
        def find_handler(self, path: str) -> tuple[Any, list[str]]:
            cherrypy.request.config = {"own.word": "fixed"}
            return self.page, [path, "x"]

        def page(self, *args: str) -> bytes:
            return f"{cherrypy.request.config['own.word']} {args}".encode()

    config = {"/": {"request.dispatch": Fixed()}}
    client = application(Root(), config)
    assert client.get("/any").text == "fixed ('/any', 'x')"


def test_a_dispatcher_may_be_any_callable() -> None:
    def dispatch(path_info: str) -> None:
        cherrypy.request.config = {"own.word": "mine"}
        cherrypy.request.handler = lambda: (
            cherrypy.request.config["own.word"] + path_info
        ).encode()

    assert application(None, {"/": {"request.dispatch": dispatch}}).get("/x").text == (
        "mine/x"
    )


def test_a_dispatcher_takes_another_method_name_and_translation() -> None:
    class Finding:
        def find(self, vpath: list[str]) -> Any:
            vpath.pop(0)
            return Told()

    dispatcher = cherrypy.dispatch.Dispatcher("find", {ord("P"): "p"})
    config = {"/": {"request.dispatch": dispatcher}}
    assert application(Finding(), config).get("/x/Page").text == "page () {} False"


@pytest.mark.parametrize("table", [None, "abc", 5, ["a"]])
def test_a_translation_is_a_dictionary(table: object) -> None:
    with pytest.raises(ValueError, match="translate argument must be a dict"):
        validate_translator(table)
    with pytest.raises(ValueError, match="translate argument must be a dict"):
        cherrypy.dispatch.Dispatcher(translate=table)  # type: ignore[arg-type]


# The request method as the name of a method.


class Resource:
    exposed = True
    NOTE = "no method"

    def GET(self, *args: str) -> str:
        return f"GET {args} {cherrypy.request.config.get('own.word')}"

    def PROPFIND(self) -> str:
        return "PROPFIND"

    def Mixed(self) -> str:
        return "never"


class Configured(Resource):
    _cp_config = {"own.word": "class"}  # noqa: RUF012

    @cherrypy.config(**{"own.word": "method"})
    def GET(self, *args: str) -> str:
        return Resource.GET(self, *args)


class Dynamic(Resource):
    """Says by `__dir__` what it has."""

    def __dir__(self) -> list[str]:
        return ["GET", "MAKE", "exposed"]

    def __getattr__(self, name: str) -> Any:
        if name == "MAKE":
            return lambda: "made"
        raise AttributeError(name)


class Slotted(Resource):
    __slots__ = ()


class Full(Resource):
    def HEAD(self) -> str:
        cherrypy.response.headers["X-Own"] = "yes"
        return ""


class Resources:
    def __init__(self) -> None:
        self.res = Resource()
        self.configured = Configured()
        self.dynamic = Dynamic()
        self.slotted = Slotted()
        self.full = Full()
        self.hidden = object()
        self.res.sub = Told()  # type: ignore[attr-defined]
        self.cls = Resource


@pytest.fixture
def resources() -> Client:
    dispatcher = cherrypy.dispatch.MethodDispatcher()
    return application(Resources(), {"/": {"request.dispatch": dispatcher}})


def test_the_request_method_chooses_the_page(resources: Client) -> None:
    assert resources.get("/res").text == "GET () None"
    assert resources.get("/res/x/a%2Fb").text == "GET ('x', 'a/b') None"
    assert resources.request("PROPFIND", "/res").text == "PROPFIND"


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/res", "GET, HEAD, PROPFIND"),
        ("/slotted", "GET, HEAD, PROPFIND"),
        ("/dynamic", "GET, HEAD, MAKE"),
        ("/cls", "GET, HEAD, PROPFIND"),
    ],
)
def test_the_answer_says_what_is_allowed(
    resources: Client, path: str, allow: str
) -> None:
    response = resources.request("DELETE", path)
    assert (response.status_code, response.headers["Allow"]) == (405, allow)
    if path != "/cls":
        assert resources.get(path).headers["Allow"] == allow


@pytest.mark.parametrize("method", ["NOTE", "MIXED", "EXPOSED", "__CLASS__"])
def test_only_methods_in_capitals_are_pages(resources: Client, method: str) -> None:
    assert resources.request(method, "/res").status_code == 405


def test_a_method_made_on_the_fly_is_found(resources: Client) -> None:
    assert resources.request("MAKE", "/dynamic").text == "made"


def test_head_is_get_unless_there_is_a_head(resources: Client) -> None:
    response = resources.request("HEAD", "/res")
    assert (response.status_code, response.body) == (200, b"")
    assert resources.request("HEAD", "/full").headers["X-Own"] == "yes"


def test_the_config_of_the_method_is_the_strongest(resources: Client) -> None:
    assert resources.get("/configured").text == "GET () method"


def test_a_resource_must_be_exposed(resources: Client) -> None:
    assert resources.get("/hidden").status_code == 404
    assert resources.get("/res/sub/x").text == "GET ('sub', 'x') None"
    assert resources.get("/res/sub/page").status_code == 405


def test_a_method_dispatcher_on_merged_config_adds_to_it() -> None:
    class Merged(cherrypy.dispatch.MethodDispatcher):
        def find_handler(self, path: str) -> tuple[Any, list[str]]:
            cherrypy.request.config = dict(cherrypy.config)
            return Configured(), []

    client = application(None, {"/": {"request.dispatch": Merged()}})
    assert client.get("/").text == "GET () method"
