"""The dispatcher that finds pages by patterns."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import routes

import cherrypy
from cherrypy.testing import Client


class City:
    _cp_config = {"own.word": "city"}  # noqa: RUF012

    def __init__(self, name: str = "fresh") -> None:
        self.name = name
        self.population = 5

    def index(self, **kwargs: str) -> str:
        return f"{self.name} {kwargs} {cherrypy.request.config.get('own.word')}"

    @cherrypy.config(**{"own.word": "update"})
    def update(self, **kwargs: str) -> str:
        return f"update {kwargs}"

    def word(self, **kwargs: str) -> str:
        return str(cherrypy.request.config.get("own.word"))

    def section(self, **kwargs: str) -> str:
        return str(cherrypy.request.config.get("tools.staticdir.section"))

    def links(self) -> str:
        return f"{routes.url_for('city', name='x')} {routes.request_config().host}"

    def away(self) -> None:
        routes.redirect_to("city", name="x")

    def _secret(self, **kwargs: str) -> str:
        return "secret"


class Caller:
    def __call__(self) -> str:
        return "called"


def function(**kwargs: str) -> str:
    return f"function {kwargs}"


@pytest.fixture
def dispatcher() -> cherrypy.dispatch.RoutesDispatcher:
    dispatcher = cherrypy.dispatch.RoutesDispatcher()
    city = City("city")
    dispatcher.connect("home", "/", city, action="index")
    dispatcher.connect("city", "/city/{name}", city)
    post = {"method": ["POST"]}
    dispatcher.connect("post", "/post", city, action="update", conditions=post)
    dispatcher.connect("class", "/class", City, action="index")
    dispatcher.connect("any", "/any/{action}", city)
    dispatcher.connect("secret", "/secret", city, action="_secret")
    dispatcher.connect("function", "/function/{x}", function)
    dispatcher.connect("caller", "/caller", Caller())
    dispatcher.connect("pageless", "/pageless", object())
    dispatcher.connect("two", "/two/{a}/{b}", city, action="index", extra="e")
    return dispatcher


def application(dispatcher: Any, root: Any = None, **sections: Any) -> Client:
    config = {"/": {"request.dispatch": dispatcher}, **sections}
    return Client(cherrypy.Application(root, "", config))


@pytest.fixture
def client(dispatcher: cherrypy.dispatch.RoutesDispatcher) -> Client:
    return application(dispatcher)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "city {} city"),
        ("/city/Rome", "city {'name': 'Rome'} city"),
        ("/city/a%2Fb", "city {'name': 'a/b'} city"),
        ("/city/Rome?name=Paris&z=1", "city {'name': 'Paris', 'z': '1'} city"),
        ("/class", "fresh {} city"),
        ("/any/update", "update {}"),
        ("/secret", "secret"),
        ("/function/1", "function {'x': '1'}"),
        ("/caller", "called"),
        ("/two/1/2", "city {'a': '1', 'b': '2', 'extra': 'e'} city"),
    ],
)
def test_a_pattern_leads_to_a_page(client: Client, path: str, text: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.text) == (200, text)


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/city/Rome/",
        "/any/none",
        "/any/population",
        "/any/_secret",
        "/any/__init__",
        "/post",
        "/pageless",
    ],
)
def test_what_no_pattern_leads_to_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_conditions_are_kept(client: Client) -> None:
    assert client.post("/post", data={"a": "1"}).text == "update {'a': '1'}"


def test_the_full_result_can_be_had() -> None:
    dispatcher = cherrypy.dispatch.RoutesDispatcher(full_result=True)
    dispatcher.connect("city", "/{name}", City("city"), action="index")
    text = application(dispatcher).get("/x").text
    assert "'controller': 'city'" in text
    assert "'action': 'index'" in text


def test_patterns_may_be_added_between_requests(
    dispatcher: cherrypy.dispatch.RoutesDispatcher, client: Client
) -> None:
    assert client.get("/new").status_code == 404
    dispatcher.connect("new", "/new", City("new"), action="index")
    assert client.get("/new").status_code == 200


def test_routes_can_make_links_and_redirect(
    dispatcher: cherrypy.dispatch.RoutesDispatcher, client: Client
) -> None:
    dispatcher.connect("links", "/links", City(), action="links")
    dispatcher.connect("away", "/away", City(), action="away")
    headers = {"Host": "example.net"}
    assert client.get("/links", headers=headers).text == "/city/x example.net"
    response = client.get("/away", headers=headers, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["Location"] == "http://example.net/city/x"


class Root:
    _cp_config = {"own.word": "root", "tools.staticdir.dir": "files"}  # noqa: RUF012


def test_config_goes_from_the_root_to_the_very_path(
    dispatcher: cherrypy.dispatch.RoutesDispatcher,
) -> None:
    def asked(path: str, **sections: Any) -> str:
        given = {place: {"own.word": place} for place in sections["places"]}
        return application(dispatcher, Root(), **given).get(path).text

    dispatcher.connect("plain", "/w/{x}", plain_word)
    dispatcher.connect("word", "/c/{x}", City(), action="word")
    assert asked("/w/x", places=[]) == "root"
    assert asked("/w/x", places=["/w"]) == "/w"
    assert asked("/c/x", places=["/c"]) == "city"
    assert asked("/c/x", places=["/c", "/c/x"]) == "/c/x"
    assert asked("/c/x", places=["/c/x/index"]) == "city"


def plain_word(**kwargs: str) -> str:
    return str(cherrypy.request.config.get("own.word"))


def test_the_static_directory_is_that_of_the_last_section(
    dispatcher: cherrypy.dispatch.RoutesDispatcher,
) -> None:
    dispatcher.connect("section", "/s/{x}", City(), action="section")
    static = {"tools.staticdir.dir": "files"}
    assert application(dispatcher, Root()).get("/s/x").text == "/"
    assert application(dispatcher, Root(), **{"/s": static}).get("/s/x").text == "/s"
    assert application(dispatcher).get("/s/x").text == "None"


def test_a_missing_library_is_told_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "routes", None)
    with pytest.raises(ImportError, match=r"morello\[routes\]"):
        cherrypy.dispatch.RoutesDispatcher()
