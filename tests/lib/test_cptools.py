"""The small tools; the larger ones have files of their own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Optional

import pytest

import cherrypy
from cherrypy.core.errors import HTTPRedirect, InternalRedirect
from cherrypy.lib import cptools
from tests.front_door import forget_caches
from tests.lib.apps import Config, Root, mount, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from cherrypy.testing import Client


def tooled(
    name: str, page: Callable[..., Any] = lambda: "x", **settings: Any
) -> Client:
    """Make a client for a page with one tool switched on."""
    config: Config = {f"tools.{name}.{key}": settings[key] for key in settings}
    return serve(page, {f"tools.{name}.on": True, **config})


class TestAllow:
    @pytest.mark.parametrize(
        ("methods", "header"),
        [
            (None, "GET, HEAD"),
            ([], "GET, HEAD"),
            ("post", "POST"),
            (["GET", "put"], "GET, PUT, HEAD"),
            (("post", "head", "get"), "POST, HEAD, GET"),
        ],
    )
    def test_only_these_methods_may_pass(self, methods: Any, header: str) -> None:
        client = tooled("allow", methods=methods)
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            response = client.request(method, "/")
            assert response.headers["Allow"] == header
            allowed = method in header.split(", ")
            assert response.status_code == (200 if allowed else 405)

    def test_debug_tells_the_decision(self, caplog: pytest.LogCaptureFixture) -> None:
        tooled("allow", debug=True).get("/")
        assert "TOOLS.ALLOW 'GET' among ['GET', 'HEAD']: True" in caplog.text


class TestIgnoreHeaders:
    def seen(self, **settings: Any) -> str:
        def page() -> str:
            headers = cherrypy.request.headers
            return f"{headers.get('Range')} {headers.get('X-Other')}"

        client = tooled("ignore_headers", page, **settings)
        return client.get("/", headers={"Range": "r", "X-Other": "o"}).text

    def test_the_range_is_forgotten_by_default(self) -> None:
        assert self.seen() == "None o"

    def test_others_may_be(self) -> None:
        assert self.seen(headers=("x-other", "missing")) == "r None"
        assert self.seen(headers="X-Other") == "r None"

    def test_debug_tells_which(self, caplog: pytest.LogCaptureFixture) -> None:
        self.seen(debug=True)
        assert "TOOLS.IGNORE_HEADERS Ignoring Range: 'r'" in caplog.text


class TestResponseHeaders:
    headers = (("X-One", "1"), ("Content-Type", "text/plain"))

    def test_are_set_before_the_page_runs(self) -> None:
        client = tooled("response_headers", headers=list(self.headers))
        response = client.get("/")
        assert response.headers["X-One"] == "1"
        assert response.headers["Content-Type"] == "text/plain;charset=utf-8"

    def test_leave_in_vary_what_other_tools_have_named(self) -> None:
        config: Config = {
            "tools.cors.on": True,
            "tools.cors.origins": ["https://a.example"],
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [("vary", "X-A, X-B")],
        }
        vary = serve(lambda: "x", config).get("/").headers["Vary"]
        assert vary == "Origin, X-A, X-B"

    def test_may_be_replaced_by_the_page(self) -> None:
        def page() -> str:
            cherrypy.response.headers["X-One"] = "mine"
            return "x"

        client = tooled("response_headers", page, headers=self.headers)
        assert client.get("/").headers["X-One"] == "mine"

    def test_stand_on_error_pages_too(self) -> None:
        def refuse() -> None:
            raise cherrypy.HTTPError(403)

        config: Config = {
            "tools.response_headers.on": True,
            "tools.response_headers.headers": self.headers,
            "hooks.on_start_resource.refuse": refuse,
        }
        response = serve(lambda: "x", config).get("/")
        assert response.status_code == 403
        assert response.headers["X-One"] == "1"

    def test_may_be_none(self, caplog: pytest.LogCaptureFixture) -> None:
        assert tooled("response_headers").get("/").ok
        tooled("response_headers", headers=self.headers, debug=True).get("/")
        assert "TOOLS.RESPONSE_HEADERS Setting X-One: '1'" in caplog.text


class TestReferer:
    @pytest.mark.parametrize(
        ("sent", "settings", "status"),
        [
            ("http://a.com/x", {}, 200),
            ("http://evil/", {}, 403),
            ("", {}, 403),
            (None, {}, 403),
            (None, {"accept_missing": True}, 200),
            ("http://evil/", {"accept_missing": True}, 403),
            ("http://a.com/x", {"accept": False}, 403),
            ("http://evil/", {"accept": False}, 200),
            (None, {"accept": False}, 403),
            ("http://evil/", {"error": 404}, 404),
        ],
    )
    def test_decides(
        self, sent: str | None, settings: dict[str, Any], status: int
    ) -> None:
        client = tooled("referer", pattern=r"http://a\.com/", **settings)
        headers = {} if sent is None else {"Referer": sent}
        assert client.get("/", headers=headers).status_code == status

    def test_tells_why(self, caplog: pytest.LogCaptureFixture) -> None:
        client = tooled("referer", pattern="x", message="Not from there.", debug=True)
        assert "Not from there." in client.get("/").text
        assert "TOOLS.REFERER None may pass: False" in caplog.text


def fail() -> str:
    raise ValueError("a page that fails")


class TestLogging:
    def test_failures_and_what_led_to_them_are_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        serve(fail).get("/", headers={"X-Odd": "a"})
        error = next(r for r in caplog.records if r.levelno == logging.ERROR)
        assert "HTTP" in error.getMessage()
        assert "ValueError: a page that fails" in caplog.text
        assert "\nRequest Headers:\n" in caplog.text
        assert "  X-ODD: a" in caplog.text or "  X-Odd: a" in caplog.text

    def test_they_may_be_switched_off(self, caplog: pytest.LogCaptureFixture) -> None:
        config: Config = {
            "tools.log_tracebacks.on": False,
            "tools.log_headers.on": False,
        }
        serve(fail, config).get("/")
        assert "ValueError" not in caplog.text
        assert "Request Headers" not in caplog.text

    def test_the_severity_may_be_chosen(self, caplog: pytest.LogCaptureFixture) -> None:
        serve(fail, {"tools.log_tracebacks.severity": logging.WARNING}).get("/")
        assert logging.WARNING in {record.levelno for record in caplog.records}

    def test_clients_cannot_write_to_the_terminal(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        serve(fail).get("/", environ={"HTTP_X_ODD": "\x1b[2J\rforged\xe9"})
        assert "\\x1b[2J\\rforged\\xe9" in caplog.text
        assert "\x1b" not in caplog.text

    def test_hooks_are_logged_in_order(self, caplog: pytest.LogCaptureFixture) -> None:
        tooled("log_hooks").get("/")
        text = caplog.text
        assert "Request Hooks for http://localhost/:" in text
        before_handler = text[text.index("    before_handler:") :]
        assert before_handler.index("trailing_slash") < before_handler.index("Encoder")
        assert "    on_end_request:\n        Hook(" in text


class TestRedirects:
    def test_a_page_may_be_moved(self) -> None:
        response = tooled("redirect", url="/there", internal=False).get("/")
        assert (response.status_code, response.location) == (
            303,
            "http://localhost/there",
        )

    def test_a_page_may_be_another_page(self) -> None:
        class Site:
            @cherrypy.expose
            @cherrypy.tools.redirect(url="/other")
            def index(self) -> str:
                return "index"

            @cherrypy.expose
            def other(self) -> str:
                return "other"

        assert mount(Site()).get("/").text == "other"

    def test_an_error_may_lead_elsewhere(self) -> None:
        client = tooled("err_redirect", fail, url="/sorry?a=1", internal=False)
        assert client.get("/").location == "http://localhost/sorry?a=1"

    def test_they_are_exceptions(self, caplog: pytest.LogCaptureFixture) -> None:
        with pytest.raises(InternalRedirect):
            cptools.redirect("/x", debug=True)
        with pytest.raises(HTTPRedirect):
            cptools.redirect("/x", internal=False)
        assert "TOOLS.REDIRECT Redirecting to '/x', internal: True" in caplog.text


class Site:
    """An index, a leaf and another index."""

    @cherrypy.expose
    def index(self) -> str:
        return "index"

    @cherrypy.expose
    def leaf(self) -> str:
        return "leaf"


class TestTrailingSlash:
    def at(self, script_name: str = "", **settings: Any) -> Client:
        config = {f"tools.trailing_slash.{k}": v for k, v in settings.items()}
        site: Any = Site()
        site.sub = Site()
        return mount(site, {"/": config}, script_name)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    def test_an_index_has_one(self, method: str) -> None:
        response = self.at().request(method, "/sub?a=1&b=/")
        assert response.status_code == 301
        assert response.location == "http://localhost/sub/?a=1&b=/"
        assert self.at().get("/sub/").text == "index"

    def test_below_a_mount_point_too(self) -> None:
        assert self.at("/app").get("/app").location == "http://localhost/app/"
        assert self.at("/app").get("/app/sub").location == "http://localhost/app/sub/"

    def test_a_leaf_may_have_one(self) -> None:
        assert self.at().get("/leaf/").text == "leaf"

    def test_a_leaf_has_none_if_so_wanted(self) -> None:
        client = self.at(extra=True)
        assert client.get("/leaf/?a=1").location == "http://localhost/leaf?a=1"
        assert client.get("/leaf").text == "leaf"
        assert client.get("/").text == "index"
        assert client.get("/nowhere/").status_code == 404

    def test_nobody_is_redirected_if_it_is_off(self) -> None:
        assert self.at(on=False).get("/sub").text == "index"
        assert self.at(missing=False).get("/sub").text == "index"

    def test_the_status_may_be_chosen(self) -> None:
        assert self.at(status=307).get("/sub").status_code == 307
        assert self.at(status=308, extra=True).get("/leaf/").status_code == 308

    @pytest.mark.parametrize("path", ["//evil.example/sub", "/\\evil.example/sub"])
    @pytest.mark.parametrize("relative", [False, True, "server"])
    def test_the_way_never_leads_to_another_host(
        self, path: str, relative: bool | str
    ) -> None:
        class Everything:
            @cherrypy.expose
            def index(self, *args: str) -> str:
                return "index"

            def __getattr__(self, name: str) -> Any:
                if name.startswith("_"):
                    raise AttributeError(name)
                return Everything()

        client = mount(Everything())
        client.app.relative_urls = relative  # type: ignore[attr-defined]
        response = client.get("/", environ={"PATH_INFO": path})
        location = response.headers.get("Location", "/")
        assert not location.startswith(("//", "/\\"))
        assert "://evil" not in location

    def test_debug_tells_the_facts(self, caplog: pytest.LogCaptureFixture) -> None:
        self.at(debug=True).get("/leaf")
        assert (
            "TOOLS.TRAILING_SLASH is_index: False, missing: True, extra: False, "
            "path_info: '/leaf'" in caplog.text
        )


class TestFlatten:
    def test_generators_may_yield_generators(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def inner() -> Iterator[Any]:
            yield b"b"
            yield iter([b"c", (chunk for chunk in [b"d"])])

        def page() -> Iterator[Any]:
            yield b"a"
            yield inner()
            yield b"e"

        client = tooled("flatten", page, debug=True)
        assert client.get("/").text == "abcde"
        assert "TOOLS.FLATTEN Flattened 5 chunks" in caplog.text

    def test_an_ordinary_body_stays_as_it_is(self) -> None:
        assert tooled("flatten", lambda: "abc").get("/").text == "abc"
        assert list(cptools._flat(iter([b"a"]))) == [b"a"]

    def test_no_body_stays_none(self) -> None:
        config: Config = {
            "tools.flatten.on": True,
            "tools.etags.on": True,
            "tools.etags.autotags": True,
            "tools.gzip.on": True,
        }
        client = serve(lambda: "abc", config)
        asked = {"Accept-Encoding": "gzip"}
        tag = client.get("/", headers=asked).headers["ETag"]
        answer = client.get("/", headers={**asked, "If-None-Match": tag})
        assert answer.status_code == 304
        assert answer.headers["ETag"] == tag
        assert "Content-Encoding" not in answer.headers

    def test_what_is_left_unread_is_closed(self) -> None:
        closed: list[bool] = []

        def page() -> Iterator[bytes]:
            try:
                yield b"a"
                yield b"b"
            finally:
                closed.append(True)

        config: Config = {
            "tools.flatten.on": True,
            "response.stream": True,
            "tools.encode.on": False,
        }
        response = serve(page, config).get("/", stream=True)
        assert next(iter(response.iter_bytes())) == b"a"
        response.close()
        assert closed == [True]

    def test_what_was_never_read_is_closed(self) -> None:
        class Pieces:
            closed = 0

            def __iter__(self) -> Iterator[bytes]:
                return iter([b"a"])

            def close(self) -> None:
                Pieces.closed += 1

        config: Config = {
            "tools.flatten.on": True,
            "response.stream": True,
            "tools.encode.on": False,
        }
        client = serve(Pieces, config)
        assert client.head("/").text == ""
        assert Pieces.closed == 1
        assert client.get("/").text == "a"
        assert Pieces.closed == 2


class TestAutovary:
    def ask(self, own: str | None = None, **settings: Any) -> str | None:
        def page() -> str:
            headers = cherrypy.request.headers
            headers.get("x-asked")
            _ = "X-Tested" in headers and headers["X-Tested"]
            headers.get("Content-Type")
            if own:
                cherrypy.response.headers["Vary"] = own
            return "x"

        config: Config = {f"tools.autovary.{key}": settings[key] for key in settings}
        config |= {"tools.autovary.on": True, "tools.encode.on": False}
        client = serve(lambda: page().encode(), config)
        vary = client.get("/", headers={"X-Tested": "1"}).headers.get("Vary")
        if vary is None:
            return None
        return ", ".join(n for n in vary.split(", ") if n.startswith(("X-", "C", "A")))

    def test_what_was_asked_for_is_named(self) -> None:
        assert self.ask() == "X-Asked, X-Tested"

    def test_what_the_page_names_stays(self) -> None:
        assert self.ask(own="X-Mine, A") == "A, X-Asked, X-Mine, X-Tested"

    def test_some_may_be_left_out(self, caplog: pytest.LogCaptureFixture) -> None:
        assert self.ask(ignore={"x-asked"}, debug=True) == "X-Tested"
        assert "TOOLS.AUTOVARY Vary: [" in caplog.text

    def test_what_is_said_to_caches_is_not_among_them(self) -> None:
        config: Config = {"tools.autovary.on": True, "tools.caching.on": True}
        config |= {"tools.etags.on": True, "tools.etags.autotags": True}
        client = serve(lambda: "x", config)
        forget_caches()
        vary = client.get("/").headers["Vary"]
        unwanted = ("Cache-Control", "Pragma", "If-", "Range")
        assert not any(name.startswith(unwanted) for name in vary.split(", "))
        # Else what is asked for anew would be kept beside, not in the place of the old.
        client.get("/", headers={"Cache-Control": "no-cache"})
        assert client.get("/").headers["Vary"] == vary
        forget_caches()

    def test_the_charset_of_text_is_among_them(self) -> None:
        vary = tooled("autovary", lambda: "x").get("/").headers["Vary"]
        assert "Accept-Charset" in vary.split(", ")

    def test_a_map_remembers_what_it_was_asked_for(self) -> None:
        headers = cptools.MonitoredHeaderMap({"a-b": "1"})
        assert headers.accessed_headers == set()
        assert headers["A-B"] == "1"
        assert headers.elements("c") == []
        assert "d" not in headers
        assert headers.accessed_headers == {"A-B", "C", "D"}


class Fruit:
    """A type that says what it does not take."""

    def __init__(self, name: str) -> None:
        if name != "cherry":
            raise KeyError(name)

    def __str__(self) -> str:
        return "a cherry"


class TestParams:
    def ask(self, page: Callable[..., Any], **settings: Any) -> Client:
        class Shop(Root):
            index = staticmethod(page)

        page.exposed = True  # type: ignore[attr-defined]
        config: Config = {f"tools.params.{key}": settings[key] for key in settings}
        return mount(Shop(), {"/": {"tools.params.on": True, **config}})

    def test_become_what_they_are_annotated_with(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def page(count: int, price: float = 0.0, name: str = "") -> str:
            return repr((count, price, name))

        client = self.ask(page, debug=True)
        response = client.get("/?count=3&price=1.5&name=x")
        assert response.text == "(3, 1.5, 'x')"
        assert "TOOLS.PARAMS count: '3' is 3" in caplog.text

    @pytest.mark.parametrize(
        "query", ["count=x", "count=", "count=1.5", "count=1&count=2"]
    )
    def test_that_do_not_fit_are_refused(self, query: str) -> None:
        def page(count: int) -> str:
            return repr(count)

        assert self.ask(page).get(f"/?{query}").status_code == 400
        assert self.ask(page, error=422).get(f"/?{query}").status_code == 422

    def test_may_be_of_own_types_with_own_exceptions(self) -> None:
        def page(fruit: Fruit) -> str:
            return str(fruit)

        client = self.ask(page, exception=KeyError, error=404)
        assert client.get("/?fruit=cherry").text == "a cherry"
        assert client.get("/?fruit=nut").status_code == 404
        assert self.ask(page).get("/?fruit=nut").status_code == 500

    def test_of_own_types_are_wanted_once_if_the_type_says_so(self) -> None:
        def wants_text(value: str) -> str:
            return "x" + value

        def page(a: Any) -> str:
            return repr(a)

        page.__annotations__["a"] = wants_text
        client = self.ask(page)
        assert client.get("/?a=1").text == "'x1'"
        response = client.get("/?a=1&a=2")
        assert response.status_code == 400
        assert "'a' was sent more than once" in response.text

    def test_may_be_optional(self) -> None:
        def page(a: int | None = None, b: Optional[int] = None) -> str:  # noqa: UP045
            return repr((a, b))

        client = self.ask(page)
        assert client.get("/").text == "(None, None)"
        assert client.get("/?a=1&b=2").text == "(1, 2)"
        assert client.get("/?a=x").status_code == 400

    def test_stay_text_where_nothing_can_be_done(self) -> None:
        def page(a: Any = None, b: int = 0, c: Decimal | None = None) -> str:
            return repr((a, b, c))

        # The type checker alone knows what a Decimal is.
        assert self.ask(page).get("/?a=1&b=2&c=3").text == "('1', 2, '3')"

    def test_stay_text_where_anything_will_do(self) -> None:
        def page(a: Any) -> str:
            return repr(a)

        assert self.ask(page).get("/?a=1").text == "'1'"

    def test_of_a_broken_type_are_the_page_authors_mistake(self) -> None:
        def broken(value: str) -> int:
            raise TypeError("broken")

        def page(a: Any) -> str:
            return "x"

        page.__annotations__["a"] = broken
        assert self.ask(page).get("/?a=1").status_code == 500

    def test_are_no_matter_where_there_is_no_page(self) -> None:
        assert tooled("params").get("/missing").status_code == 404
        config: Config = {
            "tools.params.on": True,
            "request.dispatch": _dispatch_nothing,
        }
        assert serve(lambda: "x", config).get("/").status_code == 200

    def test_named_return_are_no_annotation(self) -> None:
        def page(**params: str) -> int:
            return repr(params)  # type: ignore[return-value]

        assert self.ask(page).get("/?return=x").text == "{'return': 'x'}"


def _dispatch_nothing(path: str) -> None:
    cherrypy.request.handler = None
    cherrypy.request.config = {"tools.params.on": True}
