from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.body import RequestBody
from cherrypy.core.hooks import Hook
from cherrypy.core.request import Request
from cherrypy.lib import jsontools
from tests.lib.apps import Config, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.testing import Response


def understood_after(change: Callable[[], None], priority: int) -> str:
    """Post a list of 1, and return what was understood after a hook has run."""
    client = serve(
        lambda: repr(cherrypy.request.json),
        {
            "tools.json_in.on": True,
            "hooks.before_request_body.change": Hook(change, priority=priority),
        },
    )
    sent = {"Content-Type": "application/json"}
    return client.post("/", data=b"[1]", headers=sent).text


def send(
    body: bytes, sent_as: str | None = "application/json", **settings: Any
) -> Response:
    """Post a body to a page that shows what was understood."""

    def page(**params: str) -> str:
        return repr(getattr(cherrypy.request, "json", "nothing"))

    config: Config = {f"tools.json_in.{key}": settings[key] for key in settings}
    client = serve(page, {"tools.json_in.on": True, **config})
    headers = {} if sent_as is None else {"Content-Type": sent_as}
    return client.post("/", data=body, headers=headers)


class TestIn:
    @pytest.mark.parametrize(
        ("body", "value"),
        [
            (b'{"a": 1}', "{'a': 1}"),
            (b"[1, null]", "[1, None]"),
            ('"é"'.encode(), "'é'"),
            (b'"\\u00e9"', "'é'"),
            (b" 1.5e3 ", "1500.0"),
        ],
    )
    def test_documents_are_understood(self, body: bytes, value: str) -> None:
        assert send(body).text == value

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"{", b"{]", b"\xff", b"'a'", b"1 2", b"\xef\xbb\xbf1"),
            *('"é"'.encode("utf-16"), b"[" * 100_000, b'{"a":' * 100_000),
            *(b"9" * 10_000, b"[" * 100_000 + b"]" * 100_000),
        ],
        ids=range(12),
    )
    def test_what_is_no_document_is_refused(self, body: bytes) -> None:
        response = send(body)
        assert response.status_code == 400
        assert "Invalid JSON document" in response.text

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "text/javascript", "application/json; charset=utf-8"],
    )
    def test_some_types_are_json(self, content_type: str) -> None:
        assert send(b"1", content_type).text == "1"

    @pytest.mark.parametrize("charset", ["iso-8859-1", '"UTF-16"', "utf-8"])
    def test_another_charset_may_be_named(self, charset: str) -> None:
        body = '"é"'.encode(charset.strip('"'))
        assert send(body, f"application/json; charset={charset}").text == "'é'"

    @pytest.mark.parametrize("charset", ["klingon", "idna", "zlib", "x" * 10_000])
    def test_unknown_charsets_are_refused(self, charset: str) -> None:
        response = send(b"1", f"application/json; charset={charset}")
        assert response.status_code == 415

    def test_what_is_not_in_its_charset_is_refused(self) -> None:
        response = send(b'"\xff"', "application/json; charset=us-ascii")
        assert response.status_code == 400

    @pytest.mark.parametrize(
        "content_type",
        [
            *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"),
            *("application/vnd.a+json", "nonsense", None),
        ],
    )
    def test_other_types_are_refused(self, content_type: str | None) -> None:
        response = send(b"a=1", content_type)
        assert response.status_code == 415
        assert (
            "Expected an entity of content type application/json, text/javascript"
            in response.text
        )

    def test_other_types_are_left_alone_unless_forced(self) -> None:
        assert send(b"1", "text/plain", force=False).text == "'nothing'"
        form = "application/x-www-form-urlencoded"
        assert send(b"a=1", form, force=False).text == "'nothing'"

    @pytest.mark.parametrize("types", ["a/b", ["c/d", "a/b"], ("a/b",)])
    def test_the_types_may_be_chosen(self, types: Any) -> None:
        assert send(b"1", "a/b", content_type=types).text == "1"
        assert send(b"1", content_type=types).status_code == 415

    def test_the_client_must_say_how_long_it_is(self) -> None:
        client = serve(lambda: "x", {"tools.json_in.on": True})
        response = client.post(
            "/", data=iter([b"1"]), headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 411

    def test_without_a_body_there_is_nothing(self) -> None:
        client = serve(
            lambda: repr(hasattr(cherrypy.request, "json")), {"tools.json_in.on": True}
        )
        assert client.get("/").text == "False"

    def test_the_processor_may_be_replaced(self) -> None:
        def process(entity: Any) -> None:
            cherrypy.request.json = entity.fp.read()

        assert send(b"1", processor=process).text == "b'1'"

    @pytest.mark.parametrize("content_type", ["application/json", "text/javascript"])
    @pytest.mark.parametrize("charset", ["", ";charset=utf-8", "; charset=UTF-8"])
    def test_no_entity_is_made_of_a_small_document(
        self, content_type: str, charset: str
    ) -> None:
        def page() -> str:
            request: Any = cherrypy.request
            return f"{request.json} {request.raw_form} {request._body}"

        client = serve(page, {"tools.json_in.on": True})
        sent = {"Content-Type": content_type + charset}
        answer = client.post("/", data=b"[1]", headers=sent)
        assert answer.text == "[1] b'[1]' None"

    @pytest.mark.parametrize("charset", ["", "; charset=utf-8"])
    def test_the_entity_is_there_for_a_page_that_asks(self, charset: str) -> None:
        def page(**params: str) -> str:
            request: Any = cherrypy.request
            before = request.json
            body = request.body
            assert request.json is before
            assert isinstance(body.default_proc, cherrypy.HTTPError)
            return repr(
                (body.read(), body.params, body.charset, body.length, request.params)
            )

        client = serve(page, {"tools.json_in.on": True})
        sent = {"Content-Type": "application/json" + charset}
        answer = client.post("/?a=1", data=b'{"b": 2}', headers=sent)
        named = "utf-8" if charset else None
        assert answer.text == repr((b"", {}, named, 8, {"a": "1"}))

    def test_a_hook_may_change_the_entity_before_it_is_read(self) -> None:
        def change() -> None:
            body = cherrypy.request.body
            assert set(body.processors) == {"application/json", "text/javascript"}
            body.fp = io.BytesIO(b"[2]")

        assert understood_after(change, priority=60) == "[2]"

    def test_so_may_one_before_the_tool(self) -> None:
        def change() -> None:
            cherrypy.request.body.fp = io.BytesIO(b"[2]")

        assert understood_after(change, priority=1) == "[2]"

    def test_after_a_refusal_there_is_nothing_left_to_read(self) -> None:
        left: list[bytes] = []
        client = serve(
            lambda: "never",
            {
                "tools.json_in.on": True,
                "hooks.on_end_resource.look": lambda: left.append(
                    cherrypy.request.body.read()
                ),
            },
        )
        sent = {"Content-Type": "application/json"}
        assert client.post("/", data=b"[", headers=sent).status_code == 400
        assert left == [b""]

    def test_a_limit_on_bodies_is_kept(self) -> None:
        client = serve(
            lambda: repr(cherrypy.request.json),
            {"tools.json_in.on": True, "request.body.maxbytes": 2},
        )
        sent = {"Content-Type": "application/json"}
        assert client.post("/", data=b"[1]", headers=sent).status_code == 413
        assert client.post("/", data=b"[]", headers=sent).text == "[]"

    def test_large_documents_are_understood(self) -> None:
        document = ["x" * 1000] * 100
        client = serve(lambda: repr(cherrypy.request.json), {"tools.json_in.on": True})
        assert client.post("/", json=document).text == repr(document)

    def test_a_document_that_is_cut_off_is_refused(self) -> None:
        client = serve(lambda: "never", {"tools.json_in.on": True})
        sent = {"Content-Type": "application/json", "Content-Length": "10"}
        assert client.post("/", data=b"[1]", headers=sent).status_code == 400

    def test_called_for_twice_it_takes_both_kinds(self) -> None:
        def also() -> None:
            jsontools.json_in("a/b", force=False)

        client = serve(
            lambda: repr(cherrypy.request.json),
            {
                "tools.json_in.on": True,
                "hooks.before_request_body.also": Hook(also, priority=60),
            },
        )
        for kind in ("a/b", "application/json"):
            sent = {"Content-Type": kind}
            assert client.post("/", data=b"[1]", headers=sent).text == "[1]"

    def test_a_request_class_with_a_body_of_its_own_is_asked(self) -> None:
        made: list[RequestBody] = []

        class Own(Request):
            @property
            def body(self) -> RequestBody:  # type: ignore[override]
                if not made:
                    made.append(RequestBody(self.rfile, self.headers))
                return made[0]

        app = serve(lambda: repr(cherrypy.request.json), {"tools.json_in.on": True})
        application: Any = app.app
        application.request_class = Own
        sent = {"Content-Type": "application/json"}
        assert app.post("/", data=b"[1]", headers=sent).text == "[1]"
        assert made

    def test_the_next_request_is_not_affected(self) -> None:
        client = serve(lambda **params: repr(params), {})
        send(b"1")
        assert client.post("/", data={"a": "1"}).text == "{'a': '1'}"

    @pytest.mark.parametrize("force", [False, True])
    def test_debug_tells_what_is_done(
        self, caplog: pytest.LogCaptureFixture, force: bool
    ) -> None:
        send(b"1", debug=True, force=force)
        assert ("Removing the other body processors" in caplog.text) is force
        assert (
            "TOOLS.JSON_IN Adding a body processor for text/javascript" in caplog.text
        )


def show(value: Any, **settings: Any) -> Response:
    """Ask for a page that returns this value."""
    config: Config = {f"tools.json_out.{key}": settings[key] for key in settings}
    return serve(lambda: value, {"tools.json_out.on": True, **config}).get("/")


class TestOut:
    def test_what_a_page_returns_becomes_a_document(self) -> None:
        response = show({"a": 1, "b": [1.5, None, "é"]})
        assert response.body == b'{"a": 1, "b": [1.5, null, "\\u00e9"]}'
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Content-Length"] == str(len(response.body))

    @pytest.mark.parametrize("value", [None, "", "text", 0, [], {}])
    def test_any_value_of_json_will_do(self, value: Any) -> None:
        assert show(value).json() == value

    @pytest.mark.parametrize("value", [object(), iter([1]), b"bytes", {(1, 2): 3}])
    def test_others_are_the_page_authors_mistake(self, value: Any) -> None:
        assert show(value).status_code == 500

    def test_the_type_may_be_chosen(self) -> None:
        assert show(1, content_type="a/b").headers["Content-Type"] == "a/b"
        response = show(1, content_type=None)
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"

    def test_the_handler_may_be_replaced(self) -> None:
        def handler(*args: Any, **kwargs: Any) -> bytes:
            request: Any = cherrypy.request
            return repr(request._json_inner_handler(*args, **kwargs)).encode()

        assert show({1}, handler=handler).text == "{1}"

    def test_a_page_may_be_a_coroutine(self) -> None:
        async def page() -> dict[str, int]:
            return {"a": 1}

        client = serve(page, {"tools.json_out.on": True})
        assert client.get("/").json() == {"a": 1}

    def test_an_answer_that_is_there_already_stays(self) -> None:
        def answer() -> None:
            cherrypy.request.handler = None
            cherrypy.response.body = b"there"

        client = serve(
            lambda: 1,
            {"tools.json_out.on": True, "hooks.on_start_resource.answer": answer},
        )
        response = client.get("/")
        assert response.body == b"there"
        assert response.content_type == "text/html"

    def test_in_and_out_go_together(self) -> None:
        def page() -> Any:
            request: Any = cherrypy.request
            return {"got": request.json}

        config: Config = {"tools.json_in.on": True, "tools.json_out.on": True}
        response = serve(page, config).post("/", json=[1, "é"])
        assert response.json() == {"got": [1, "é"]}

    def test_debug_tells_what_is_done(self, caplog: pytest.LogCaptureFixture) -> None:
        show(1, debug=True)
        assert "TOOLS.JSON_OUT Replacing" in caplog.text


def test_simplejson_is_preferred_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Simple:
        @staticmethod
        def loads(text: str) -> str:
            return "simple"

        @staticmethod
        def dumps(value: Any) -> str:
            return "simple"

    monkeypatch.setitem(sys.modules, "simplejson", Simple)
    jsontools._json.cache_clear()
    try:
        assert show(1).text == "simple"
        assert send(b"1").text == "'simple'"
    finally:
        jsontools._json.cache_clear()
