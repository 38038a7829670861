"""The ambient names: whose request is meant, and what happens outside of one."""

from __future__ import annotations

import pydoc
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.context import Serving, _Proxy, current, outside
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.http.hosts import Host
from tests.core.sites import client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert current.get() is outside


def fresh() -> tuple[Request, Response]:
    return Request(Host("127.0.0.1", 80), Host("192.0.2.7", 4711)), Response()


class TestOutsideARequest:
    def test_the_names_stand_for_harmless_defaults(self) -> None:
        request, response = cherrypy.request, cherrypy.response
        assert (request.local.ip, request.local.port) == ("127.0.0.1", 80)
        assert (request.remote.ip, request.remote.port) == ("127.0.0.1", 1111)
        assert (request.app, request.request_line, request.path_info) == (None, "", "/")
        assert (request.login, request.toolmaps) == (None, {})
        # Its type promises a dictionary, because every page has one.
        config: object = request.config
        assert config is None
        assert (request.raw_header("Host"), request.base) == (None, "")
        assert response.headers["Content-Type"] == "text/html"

    def test_what_is_stored_beside_them_stays_in_its_context(self) -> None:
        def store() -> None:
            cherrypy.serving.basket = "mine"
            assert cherrypy.serving.request is outside.request
            assert cherrypy.serving.basket == "mine"

        copy_context().run(store)
        assert not hasattr(cherrypy.serving, "basket")

    def test_ending_a_request_there_is_none_of_ends_nothing(self) -> None:
        cherrypy.Application(None).release_serving()
        assert outside.request.closed is False


class TestServing:
    def test_loading_and_clearing(self) -> None:
        request, response = fresh()
        cherrypy.serving.load(request, response)
        try:
            assert cherrypy.serving.request is request
            assert cherrypy.request.remote.ip == "192.0.2.7"
            cherrypy.serving.user = "peter"
            assert vars(cherrypy.serving) == {
                "request": request,
                "response": response,
                "user": "peter",
            }
            del cherrypy.serving.user
            assert not hasattr(cherrypy.serving, "user")
        finally:
            cherrypy.serving.clear()
        assert cherrypy.request.remote.ip == "127.0.0.1"


class TestProxies:
    def test_attributes_go_to_the_present_object(self) -> None:
        def index() -> str:
            cherrypy.request.mark = "set"
            real = cherrypy.serving.request
            assert vars(real)["mark"] == vars(cherrypy.request)["mark"] == "set"
            assert "mark" in dir(cherrypy.request)
            assert repr(cherrypy.request) == repr(real)
            del cherrypy.request.mark
            return str(hasattr(real, "mark"))

        assert client(index=index).get("/").text == "False"

    def test_a_proxy_of_a_container_is_one(self) -> None:
        def index() -> str:
            basket: Any = _Proxy("basket")
            cherrypy.serving.basket = {}
            assert not basket
            basket["apples"] = 2
            assert (basket["apples"], len(basket), list(basket)) == (2, 1, ["apples"])
            assert "apples" in basket
            del basket["apples"]
            return repr(basket)

        assert client(index=index).get("/").text == "{}"

    def test_help_describes_the_object_that_is_meant(self) -> None:
        plaintext = pydoc.plaintext  # type: ignore[attr-defined]  # it is there
        shown = pydoc.render_doc(cherrypy.request, renderer=plaintext)
        assert "class Request(" in shown
        shown = pydoc.render_doc(cherrypy.response, renderer=plaintext)
        assert "class Response(" in shown

    def test_each_context_has_its_own_request(self) -> None:
        seen: list[str] = []

        def index() -> str:
            thread = threading.Thread(
                target=lambda: seen.append(cherrypy.request.remote.ip)
            )
            thread.start()
            thread.join(10)
            copy_context().run(cherrypy.serving.clear)
            return cherrypy.request.remote.ip

        site = client(index=index)
        site.remote_addr = "192.0.2.9"
        assert site.get("/").text == "192.0.2.9"
        assert seen == ["127.0.0.1"]


class TestThreadData:
    def test_it_is_kept_from_request_to_request_of_a_thread(self) -> None:
        def index() -> str:
            count = getattr(cherrypy.thread_data, "count", 0) + 1
            cherrypy.thread_data.count = count
            return str(count)

        site = client(index=index)
        try:
            assert [site.get("/").text for _ in range(3)] == ["1", "2", "3"]
            others: list[str] = []
            thread = threading.Thread(target=lambda: others.append(site.get("/").text))
            thread.start()
            thread.join(10)
            assert others == ["1"]
        finally:
            cherrypy.thread_data.clear()
        assert not hasattr(cherrypy.thread_data, "count")


def test_an_exchange_holds_what_is_stored_beside_its_request() -> None:
    request, response = fresh()
    serving = Serving(request, response)
    serving.session = {}  # type: ignore[attr-defined]
    assert vars(serving) == {"session": {}}
