"""Page handlers: what is called, and what is answered when the call does not fit."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.core.handler import (
    LateParamPageHandler,
    PageHandler,
    test_callable_spec,
)
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable


def passing_on(page: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a page as most decorators do."""

    @functools.wraps(page)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return page(*args, **kwargs)

    return wrapper


class Called:
    exposed = True

    def __call__(self, a: str, b: str = "b") -> str:
        return f"{a} {b}"


class Pages:
    """Pages with all kinds of parameters."""

    called = Called()

    @cherrypy.expose
    def two(self, a: str, b: str) -> str:
        return f"{a} {b}"

    @cherrypy.expose
    def optional(self, a: str = "a", b: str = "b") -> str:
        return f"{a} {b}"

    @cherrypy.expose
    def rest(self, a: str, *others: str) -> str:
        return f"{a} {others}"

    @cherrypy.expose
    def anything(self, **kwargs: str) -> str:
        return repr(kwargs)

    @cherrypy.expose
    def hiding(self, /, **kwargs: str) -> str:
        return repr(kwargs)

    @cherrypy.expose
    def by_name(self, *, a: str, b: str = "b") -> str:
        return f"{a} {b}"

    @cherrypy.expose
    def by_position(self, a: str, /, b: str = "b") -> str:
        return f"{a} {b}"

    @cherrypy.expose
    def broken(self, *args: str, **kwargs: str) -> str:
        raise TypeError("Client Error")

    @cherrypy.expose
    def broken_inside(self, a: str = "a") -> str:
        return str(len(5))  # type: ignore[arg-type]

    @cherrypy.expose
    @passing_on
    def decorated(self, a: str) -> str:
        return a

    @cherrypy.expose
    @passing_on
    def decorated_and_broken(self, a: str = "a") -> str:
        raise TypeError("Client Error")

    @cherrypy.expose
    @passing_on
    def calls_itself_wrongly(self, a: str = "a") -> Any:
        return self.calls_itself_wrongly(b=a)

    @cherrypy.expose
    def no_self() -> str:  # type: ignore[misc]
        return ""

    @cherrypy.expose
    async def later(self, a: str) -> str:
        return a


@passing_on
def decorated_function(a: str) -> str:
    return a


decorated_function.exposed = True  # type: ignore[attr-defined]


@pytest.fixture
def client() -> Client:
    root = Pages()
    root.function = decorated_function  # type: ignore[attr-defined]
    return Client(cherrypy.Application(root, ""))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/two/x/y", "x y"),
        ("/two/x?b=y", "x y"),
        ("/two?b=y&a=x", "x y"),
        ("/optional", "a b"),
        ("/rest/x/y/z", "x ('y', 'z')"),
        ("/anything?q=1", "{'q': '1'}"),
        ("/hiding?self=1", "{'self': '1'}"),
        ("/by_name?a=x", "x b"),
        ("/by_position/x?b=y", "x y"),
        ("/called/x", "x b"),
        ("/decorated/x", "x"),
        ("/function?a=x", "x"),
        ("/later/x", "x"),
        ("/two/x%2Fy/z", "x/y z"),
    ],
)
def test_path_and_query_become_arguments(client: Client, path: str, body: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.text) == (200, body)


MISFITS = [
    ("/two", 404, "Missing parameters: a,b"),
    ("/two/x", 404, "Missing parameters: b"),
    ("/two?b=1&q=3", 404, "Missing parameters: a"),
    ("/two/x?a=1", 404, "Missing parameters: b"),
    ("/by_name", 404, "Missing parameters: a"),
    ("/by_position?a=1", 404, "Missing parameters: a"),
    ("/called", 404, "Missing parameters: a"),
    ("/later", 404, "Missing parameters: a"),
    ("/two/x/y/z", 404, "Nothing matches the given URI"),
    ("/two/x/y/z?q=1", 404, "Nothing matches the given URI"),
    ("/anything/x", 404, "Nothing matches the given URI"),
    ("/two/x?a=1&b=2", 404, "Multiple values for parameters: a"),
    ("/two/x/y?a=1&b=2", 404, "Multiple values for parameters: a,b"),
    ("/optional/x?a=1&z=2", 404, "Multiple values for parameters: a"),
    ("/rest/1/2?a=3", 404, "Multiple values for parameters: a"),
    ("/anything?self=1", 404, "Multiple values for parameters: self"),
    ("/optional?z=1&y=2", 404, "Unexpected query string parameters: z, y"),
    ("/optional?self=1", 404, "Unexpected query string parameters: self"),
    ("/rest/1?z=3", 404, "Unexpected query string parameters: z"),
    ("/by_position/1?a=1", 404, "Unexpected query string parameters: a"),
    ("/decorated", 404, "Missing parameters: a"),
    ("/decorated/1?b=1", 404, "Unexpected query string parameters: b"),
    ("/function/1/2", 404, "Nothing matches the given URI"),
]


@pytest.mark.parametrize(("path", "status", "message"), MISFITS)
def test_a_request_that_does_not_fit_the_page_is_told_why(
    client: Client, path: str, status: int, message: str
) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert f"<p>{message}</p>" in response.text


@pytest.mark.parametrize(
    ("path", "data", "status", "message"),
    [
        ("/two", {"a": "1"}, 404, "Missing parameters: b"),
        ("/two", {"a": "1", "b": "2", "c": "3"}, 400, "Unexpected body parameters: c"),
        ("/two/x", {"a": "1", "b": "2"}, 400, "Multiple values for parameters: a"),
        ("/optional?q=1", {"r": "2"}, 404, "Unexpected query string parameters: q"),
        ("/optional?q=1", {"q": "2"}, 400, "Unexpected body parameters: q"),
        ("/optional/1/2?a=1", {"b": "2"}, 404, "Multiple values for parameters: a,b"),
        ("/optional/1/2?a=1", {"a": "2"}, 400, "Multiple values for parameters: a"),
        ("/optional/1/2/3", {"a": "2"}, 404, "Nothing matches the given URI"),
    ],
)
def test_what_does_not_fit_in_a_body_is_a_bad_request(
    client: Client, path: str, data: dict[str, str], status: int, message: str
) -> None:
    response = client.post(path, data=data)
    assert response.status_code == status
    assert f"<p>{message}</p>" in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/broken",
        "/broken?x=1",
        "/broken_inside",
        "/decorated_and_broken",
        "/calls_itself_wrongly",
        "/no_self",
        "/no_self/1",
    ],
)
def test_a_type_error_inside_the_page_is_an_error_of_the_page(
    client: Client, path: str
) -> None:
    assert client.get(path).status_code == 500


def test_the_names_of_parameters_can_be_kept_secret() -> None:
    app = cherrypy.Application(
        Pages(), "", {"/": {"request.show_mismatched_params": False}}
    )
    client = Client(app)
    assert "<p>Nothing matches the given URI</p>" in client.get("/two").text
    response = client.post("/optional", data={"q": "1"})
    assert response.status_code == 400
    assert "Unexpected" not in response.text


def test_a_body_that_was_not_read_has_no_parameters() -> None:
    app = cherrypy.Application(
        Pages(), "", {"/": {"request.process_request_body": False}}
    )
    response = Client(app).post("/optional?q=1", data={"q": "1"})
    assert response.status_code == 404


def test_a_handler_takes_its_parameters_late_and_its_own_come_last() -> None:
    serving = current.get()
    page = LateParamPageHandler(lambda *args, **kwargs: (args, kwargs), "x", own="o")
    serving.request.params = {"own": "p", "late": "l"}
    try:
        assert page() == (("x",), {"own": "o", "late": "l"})
        page.kwargs = {}
        assert page() == (("x",), {"own": "p", "late": "l"})
        assert page.kwargs is not serving.request.params
    finally:
        del serving.request.params


def test_arguments_of_a_handler_are_those_of_the_request() -> None:
    request = current.get().request
    page = PageHandler(lambda *args, **kwargs: (args, kwargs), 1, a=2)
    assert (request.args, request.kwargs) == ((1,), {"a": 2})
    page.args = (3,)
    request.kwargs = {"b": 4}
    assert page() == ((3,), {"b": 4})
    assert request.args == (3,)
    assert page.kwargs == {"b": 4}


def test_the_check_can_be_made_without_a_call() -> None:
    test_callable_spec(Pages().two, ("x",), {"b": "y"})
    test_callable_spec(Called(), ("x",), {})
    # Nothing is known of these, so nothing is wrong with the call.
    test_callable_spec(type, (1, 2, 3, 4), {})
    with pytest.raises(HTTPError) as caught:
        test_callable_spec(Pages().two, ("x",), {})
    assert caught.value.code == 404
