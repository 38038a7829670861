"""Small forms: the same to every page, whichever way they were read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.body import Entity, RequestBody
from cherrypy.core.bridge import Kinds
from cherrypy.core.handler import PageHandler
from cherrypy.core.request import Request
from cherrypy.testing import Client
from tests.core.sites import application, client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Dripping(io.RawIOBase):
    """A stream that gives a byte at a time, as some servers' do."""

    def __init__(self, content: bytes) -> None:
        self.rest = content

    def read(self, size: int = -1) -> bytes:
        piece, self.rest = self.rest[:1], self.rest[1:]
        return piece if size else b""


def shown(**fields: Any) -> str:
    return repr(sorted(fields.items()))


def read_quickly(**fields: Any) -> str:
    """Tell whether the form was read without making an entity of it."""
    return str(cherrypy.request.raw_form is not None)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a=1&a=2&a=3", [("a", ["1", "2", "3"])]),
        ("name=J%C3%BCrgen+M.", [("name", "Jürgen M.")]),
        ("a=&b", [("a", ""), ("b", "")]),
        ("", []),
    ],
)
def test_fields_become_arguments(body: str, fields: object) -> None:
    assert client(page=shown).post("/page", data=body, headers=FORM).text == repr(
        fields
    )


def test_no_entity_is_made_of_a_small_form() -> None:
    answers = client(page=read_quickly)
    assert answers.post("/page", data="a=1", headers=FORM).text == "True"


@pytest.mark.parametrize("space", ["", " "])
@pytest.mark.parametrize("name", ["utf-8", "UTF-8"])
def test_nor_of_one_that_says_what_is_usual(space: str, name: str) -> None:
    sent = {"Content-Type": f"{FORM['Content-Type']};{space}charset={name}"}
    page = {"page": read_quickly, "shown": shown}
    assert client(**page).post("/page", data="a=1", headers=sent).text == "True"
    answer = client(**page).post("/shown", data="a=%C3%A9", headers=sent)
    assert answer.text == "[('a', 'é')]"
    assert client(**page).post("/page", data="a=%ff", headers=sent).status_code == 400

    def charset(a: str) -> str:
        return str(cherrypy.request.body.charset)

    answer = client(charset=charset).post("/charset", data="a=1", headers=sent)
    assert answer.text == name


def test_fields_join_those_of_the_query() -> None:
    answer = client(page=shown).post("/page?a=0&c=3", data="a=1&b=2", headers=FORM)
    assert answer.text == repr([("a", ["0", "1"]), ("b", "2"), ("c", "3")])


def test_whoever_holds_the_parameters_sees_the_fields() -> None:
    held: list[dict[str, Any]] = []

    def page(**fields: Any) -> str:
        assert cherrypy.request.params is held[0]
        return repr(held[0])

    def hold() -> None:
        held.append(cherrypy.request.params)

    site = client({"hooks.on_start_resource": hold}, page=page)
    assert site.post("/page", data="a=1", headers=FORM).text == "{'a': '1'}"


def test_the_entity_is_there_for_a_page_that_asks() -> None:
    def page(**fields: str) -> str:
        body = cherrypy.request.body
        assert body.params == {"a": "1", "b": "é"}
        assert body.charset == "utf-8"
        assert body.length == 10
        assert body.read() == b""
        return repr(cherrypy.request.params == fields)

    assert client(page=page).post("/page", data="a=1&b=%C3%A9", headers=FORM).text


def test_a_stream_that_gives_little_at_a_time_is_read_to_the_end() -> None:
    app = application(page=shown)
    environ = {"wsgi.input": Dripping(b"a=1&b=2")}
    answer = Client(app).post("/page", data="a=1&b=2", headers=FORM, environ=environ)
    assert answer.text == repr([("a", "1"), ("b", "2")])


def test_a_body_that_ends_early_is_a_bad_request() -> None:
    app = application(page=shown)
    environ = {"wsgi.input": io.BytesIO(b"a=1")}
    answer = Client(app).post("/page", data="a=1&b=2", headers=FORM, environ=environ)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "status"), [("a=%FF", 400), ("&".join("abcde" * 300), 413)]
)
def test_what_cannot_be_taken_is_refused_as_ever(body: str, status: int) -> None:
    answer = client(page=shown).post("/page", data=body, headers=FORM)
    assert answer.status_code == status


def test_other_charsets_are_decoded_as_ever() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=latin-1"}
    answer = client(page=shown).post("/page", data="a=%E9", headers=headers)
    assert answer.text == repr([("a", "é")])


def test_large_forms_are_read_as_ever() -> None:
    def page(**fields: str) -> str:
        return f"{len(fields['a'])} {cherrypy.request.raw_form is None}"

    answer = client(page=page).post("/page", data="a=" + "x" * 70_000, headers=FORM)
    assert answer.text == "70000 True"


def test_a_form_in_chunks_is_read_as_ever() -> None:
    headers = {**FORM, "Transfer-Encoding": "chunked"}
    app = application(page=read_quickly)
    answer = Client(app).post("/page", data=iter([b"a=1"]), headers=headers)
    assert answer.text == "False"


@pytest.fixture
def set_on_a_class() -> Iterator[Callable[[type, str, Any], None]]:
    changed: list[tuple[type, str, Any]] = []

    def set_on(owner: type, name: str, value: Any) -> None:
        changed.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    yield set_on
    for owner, name, value in changed:
        setattr(owner, name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maxbytes", 100),
        ("attempt_charsets", ["latin-1"]),
        ("processors", {FORM["Content-Type"]: lambda entity: None}),
    ],
)
def test_whoever_changes_how_bodies_are_read_is_obeyed(
    name: str, value: Any, set_on_a_class: Callable[[type, str, Any], None]
) -> None:
    set_on_a_class(RequestBody, name, value)
    answers = client(page=read_quickly)
    assert answers.post("/page", data="a=1", headers=FORM).text == "False"


def test_so_is_whoever_changes_the_processors_in_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(Entity.processors, FORM["Content-Type"], lambda entity: None)
    assert client(page=shown).post("/page", data="a=1", headers=FORM).text == "[]"


def test_config_for_the_body_is_obeyed() -> None:
    answers = client({"request.body.maxbytes": 2}, page=shown)
    assert answers.post("/page", data="a=1", headers=FORM).status_code == 413


def test_a_request_class_with_a_body_of_its_own_is_asked() -> None:
    class Empty(RequestBody):
        def process(self) -> None:
            pass

    class OwnRequest(Request):
        @property
        def body(self) -> RequestBody:  # type: ignore[override]
            return Empty(self.rfile, self.headers)

    app = application(page=shown)
    app.request_class = OwnRequest
    assert Client(app).post("/page", data="a=1", headers=FORM).text == "[]"


def test_a_length_that_is_none_is_refused_as_ever() -> None:
    answer = client(page=shown).post(
        "/page", data="a=1", headers=FORM, environ={"CONTENT_LENGTH": "1x"}
    )
    assert answer.status_code == 400


def test_a_handler_with_arguments_of_its_own_that_do_not_fit_finds_nothing() -> None:
    def replace() -> None:
        cherrypy.request.handler = PageHandler(lambda only: only, "one", "two")

    def page() -> str:
        return "never"

    asked = client({"hooks.before_handler": replace}, page=page)
    assert asked.get("/page").status_code == 404


def test_a_request_class_that_watches_its_attributes_sees_those_of_config() -> None:
    seen: list[str] = []

    class Watching(Request):
        def __setattr__(self, name: str, value: object) -> None:
            seen.append(name)
            super().__setattr__(name, value)

    app = application({"request.show_tracebacks": True}, page=shown)
    app.request_class = Watching
    assert Client(app).get("/page").text == "[]"
    assert "show_tracebacks" in seen


def test_types_without_end_are_not_remembered() -> None:
    kinds = Kinds()
    assert {kinds[type(f"T{number}", (), {})] for number in range(1100)} == {"use"}
    assert len(kinds) == 1024


def test_an_error_inside_such_a_page_is_no_mistake_of_the_client() -> None:
    def broken(only: str) -> object:
        return len(1)  # type: ignore[arg-type]

    def replace() -> None:
        cherrypy.request.handler = PageHandler(broken, "one")

    asked = client({"hooks.before_handler": replace}, page=shown)
    assert asked.get("/page").status_code == 500
