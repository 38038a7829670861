"""The error page for developers: what it shows, what it hides, and from whom."""

from __future__ import annotations

import html
import json
import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import cherrypy
from cherrypy.core import development, lessons
from cherrypy.core.context import current
from cherrypy.core.tree import Tree
from cherrypy.environment.config import environments
from cherrypy.http.hosts import PROXY_HEADERS
from cherrypy.testing import Client
from tests.core import sites

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from cherrypy.core.request import Request
    from cherrypy.testing import Response

ON = {"request.explain_errors": True}
MARK = "This page is shown because"


def ask(
    page: Callable[..., Any],
    url: str = "/page",
    config: Mapping[str, Any] | None = None,
    /,
    **options: Any,
) -> Response:
    """Ask for a page of a site under development."""
    client = sites.client({**ON, **(config or {})}, page=page)
    client.remote_addr = options.pop("remote", "127.0.0.1")
    return client.request(options.pop("method", "GET"), url, **options)


def fail(*args: object, **kwargs: object) -> NoReturn:
    """Be a page that fails."""
    raise LookupError("as expected")


def shown(answer: Response) -> str:
    """Return the text of an error page, which must be the one for developers."""
    assert MARK in answer.text
    # Without the source: that is this file, in which everything can be found.
    text = re.sub("<(style|pre)>.*?</(style|pre)>", "", answer.text, flags=re.DOTALL)
    return html.unescape(re.sub("<[^>]*>", " ", text))


class TestWhatIsShown:
    def test_the_exception_is_the_heading_and_its_code_the_status(self) -> None:
        answer = ask(fail)
        assert answer.status_code == 500
        assert "<h1>LookupError: as expected</h1>" in answer.text
        assert "500 Internal Server Error" in shown(answer)

    def test_the_source_is_shown_and_the_line_is_marked(self) -> None:
        marked = re.findall("<mark>(.*?)</mark>", ask(fail).text)
        assert any("raise LookupError" in line for line in marked)

    def test_the_place_of_the_page_is_shown(self) -> None:
        assert re.search(rf"Page: +fail +{__file__}, line \d+", shown(ask(fail)))

    def test_local_variables_are_shown(self) -> None:
        def page() -> None:
            colour = "reddish"
            raise LookupError(colour.upper())

        assert "'reddish'" in shown(ask(page))

    def test_the_frame_of_the_program_is_open_and_those_of_ours_are_folded(
        self,
    ) -> None:
        text = ask(fail).text
        assert re.search(r"<details open><summary><code>fail</code>", text)
        assert re.search(r"<details><summary><code>respond</code>", text)

    def test_the_frame_of_the_program_goes_before_those_of_libraries(self) -> None:
        def page() -> None:
            json.loads("{")

        assert re.search(
            r"<details open><summary><code>[^<]*page</code>", ask(page).text
        )

    def test_where_only_we_are_to_be_seen_the_last_frame_is_open(self) -> None:
        text = ask(lambda: 42).text
        assert re.search(r"<details open><summary><code>prepare_iter</code>", text)

    def test_request_headers_parameters_tools_and_config_are_shown(self) -> None:
        text = shown(
            ask(
                fail,
                "/page?colour=red",
                {"tools.gzip.on": True, "tools.etags.on": False, "own.thing": 7},
                headers={"X-Note": "noted"},
            )
        )
        for piece in (
            *("GET /page?colour=red HTTP/1.1", "X-Note", "'noted'", "colour"),
            *("tools.gzip", "own.thing", "log_traceback (50)", "arguments from"),
        ):
            assert piece in text
        on = text.partition("Tools that are on")[2].partition("Config in force")[0]
        assert "tools.gzip" in on
        assert "tools.etags" not in on

    def test_a_tool_without_settings_is_shown_by_its_name(self) -> None:
        assert "tools.encode" in shown(ask(fail, "/page", {"tools.encode.on": True}))

    def test_causes_are_shown_after_what_they_caused(self) -> None:
        def page() -> None:
            try:
                fail()
            except LookupError as problem:
                raise ValueError("no such thing") from problem

        text = ask(page).text
        cause = text.index("<h2>This was caused by")
        assert text.index("<h1>ValueError: no such thing") < cause
        assert cause < text.index('<p class="said">LookupError: as expected')

    def test_what_was_being_handled_is_shown_unless_suppressed(self) -> None:
        def page(quietly: str = "") -> None:
            try:
                fail()
            except LookupError:
                if quietly:
                    raise ValueError("no such thing") from None
                raise ValueError("no such thing")  # noqa: B904 - what is tested

        handled = "<h2>It happened while this was handled"
        assert handled in ask(page).text
        assert handled not in ask(page, "/page?quietly=1").text

    def test_a_circle_of_exceptions_is_gone_round_once(self) -> None:
        def page() -> None:
            first, second = ValueError("first"), ValueError("second")
            first.__cause__, second.__cause__ = second, first
            raise first

        assert ask(page).text.count("<h2>This was caused by") == 1

    def test_all_exceptions_of_a_group_are_shown(self) -> None:
        def page() -> None:
            raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

        text = shown(ask(page))
        assert "Number 1 of 2 in the group" in text
        assert "ValueError: one" in text
        assert "KeyError: 'two'" in text

    def test_only_so_many_exceptions_are_shown(self) -> None:
        def page() -> None:
            raise ExceptionGroup("many", [ValueError(str(each)) for each in range(99)])

        text = ask(page).text
        assert "<h2>Number 11 of 99" in text
        assert "<h2>Number 12 of 99" not in text

    def test_deep_recursion_leaves_out_the_earlier_calls(self) -> None:
        def page(depth: int = 200) -> None:
            if not depth:
                fail()
            page(depth - 1)

        answer = ask(page)
        assert re.search(r"\d+ earlier calls are left out", answer.text)
        assert len(answer.body) < 1_000_000

    def test_code_without_source_is_shown_without_it(self) -> None:
        made: dict[str, Any] = {}
        exec("def page():\n    raise LookupError('made up')", made)
        assert "LookupError: made up" in shown(ask(made["page"]))

    def test_more_variables_than_a_page_can_hold_are_counted(self) -> None:
        names = {f"name_{number}": "1" for number in range(100)}
        text = shown(ask(fail, "/page", None, params=names))
        assert "40 more" in text

    def test_an_asynchronous_page_is_explained_as_well(self) -> None:
        async def page() -> str:
            mood = "quite happy"
            raise LookupError(mood)

        text = shown(ask(page))
        assert "LookupError: quite happy" in text
        assert "mood" in text

    def test_an_asynchronous_generator_is_explained_as_well(self) -> None:
        async def page() -> AsyncIterator[str]:
            yield "one"
            raise LookupError("too late")

        assert "LookupError: too late" in shown(ask(page))

    def test_expected_errors_show_their_message(self) -> None:
        def page() -> None:
            raise cherrypy.HTTPError(403, "Members only.")

        answer = ask(page)
        assert answer.status_code == 403
        assert "<h1>Members only.</h1>" in answer.text
        assert "<details open>" not in answer.text

    def test_a_head_request_gets_the_headers_only(self) -> None:
        answer = ask(fail, method="HEAD")
        assert answer.status_code == 500
        assert answer.body == b""
        assert "Content-Security-Policy" in answer.headers

    def test_nothing_keeps_or_frames_the_page_and_nothing_in_it_runs(self) -> None:
        headers = ask(fail).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert headers["Content-Type"] == "text/html;charset=utf-8"

    def test_an_error_before_the_page_was_found_is_explained(self) -> None:
        def dispatch(path: str) -> None:
            raise LookupError("lost")

        assert "LookupError: lost" in shown(
            ask(fail, "/page", {"request.dispatch": dispatch})
        )

    def test_without_an_exception_there_is_no_traceback(self, serving: Any) -> None:
        page = development.render(serving.request, "500 Oh", "message", "1").decode()
        assert "<h1>message</h1>" in page
        assert "Traceback" not in page
        assert "none" in page


class _Nasty:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class _Login:
    def __repr__(self) -> str:
        return "Login(name='ada', password='hunter2', token=hunter2)"


class _Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class TestHostileValues:
    SCRIPT = "<script>alert('x')</script>"

    def test_nothing_from_outside_is_markup(self) -> None:
        def page(**kwargs: str) -> None:
            raise LookupError(self.SCRIPT)

        answer = ask(
            page,
            "/page",
            {"own.<script>": self.SCRIPT},
            params={self.SCRIPT: self.SCRIPT},
            headers={"Referer": self.SCRIPT, "User-Agent": '"><img src=x>'},
        )
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "<h1>LookupError: &lt;script&gt;" in answer.text

    def test_a_path_is_no_markup(self) -> None:
        answer = ask(fail, "/%3Cscript%3Ealert(1)%3C/script%3E")
        assert answer.status_code == 404
        assert MARK in answer.text
        assert "<script" not in answer.text

    def test_secrets_are_hidden_wherever_their_name_says_so(self) -> None:
        def page(**kwargs: str) -> None:
            password = "hunter2"
            settings = {"api_key": "hunter2", "inner": {"db_passwd": "hunter2"}}
            pairs = [("Authorization", "hunter2"), (b"cookie", b"hunter2")]
            login = _Login()
            address = "postgresql://ada:hunter2@db/notes"
            raise LookupError(str(len((password, settings, pairs, login, address))))

        answer = ask(
            page,
            "/page?password=hunter2&name=ada",
            {"own.secret": "hunter2", "tools.sessions.secret": "hunter2"},
            headers={"Authorization": "Basic hunter2", "Cookie": "session_id=hunter2"},
        )
        text = shown(answer)
        # The source of the program is its own affair.
        values = re.sub(r"<pre>.*?</pre>", "", answer.text, flags=re.DOTALL)
        assert "hunter2" not in values
        for name in ("Authorization", "Cookie", "own.secret", "api_key", "db_passwd"):
            assert name in text
        assert "postgresql://ada:…@db/notes" in text

    def test_reprs_may_fail(self) -> None:
        def page() -> None:
            nasty, by_nasty = _Nasty(), {_Nasty(): 1}
            raise LookupError(str(len((nasty, by_nasty))))

        text = shown(ask(page))
        assert "<_Nasty instance at" in text
        assert "(its repr failed: RuntimeError)" in text

    def test_texts_of_exceptions_may_fail(self) -> None:
        def page() -> None:
            raise _Mute

        assert "_Mute: (its text failed: RuntimeError)" in shown(ask(page))

    def test_enormous_values_are_cut(self) -> None:
        def page() -> None:
            text = "t" * 10**6
            data = b"d" * 10**6
            items = dict.fromkeys(range(10**5), 1)
            many = ["x" * 400] * 20
            deep: Any = {"deepest": 1}
            for _ in range(10):
                deep = {"deep": deep}
            raise LookupError("e" * 10**6 + str(len((text, data, items, many, deep))))

        answer = ask(page)
        assert len(answer.body) < 100_000
        text = shown(answer)
        assert "(1000000 in all)" in text
        assert "(100000 in all)" in text
        assert "{...}" in text

    def test_text_that_no_charset_has_is_shown(self) -> None:
        def page() -> None:
            raise LookupError("\udc00")

        assert "&#56320;" in ask(page).text

    def test_an_error_in_the_page_itself_gives_the_usual_page(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(development, "render", fail)
        answer = ask(fail)
        assert answer.status_code == 500
        assert "Powered by CherryPy" in answer.text
        assert MARK not in answer.text
        assert "Content-Security-Policy" not in answer.headers
        assert "as expected" in caplog.text


class TestWhoSeesIt:
    @pytest.mark.parametrize(
        "remote",
        [
            *("127.0.0.1", "127.9.9.9", "::1", "192.168.1.7", "10.0.0.1", "fd00::1"),
            "::ffff:192.168.1.7",
        ],
    )
    def test_clients_nearby_see_it(self, remote: str) -> None:
        assert MARK in ask(fail, remote=remote).text

    @pytest.mark.parametrize(
        "remote", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "", "nonsense"]
    )
    def test_others_get_the_usual_page(self, remote: str) -> None:
        text = ask(fail, remote=remote).text
        assert MARK not in text
        assert "LookupError" not in text

    @pytest.mark.parametrize("name", PROXY_HEADERS)
    def test_who_comes_through_a_proxy_gets_the_usual_page(self, name: str) -> None:
        assert MARK not in ask(fail, headers={name: "127.0.0.1"}).text

    @pytest.mark.parametrize(
        "host",
        [
            *("localhost", "localhost:8080", "127.0.0.1", "192.168.1.2:80", "[::1]"),
            *("[::1]:8080", "box", "box.local", "shop.test:8080", "a.localhost"),
        ],
    )
    def test_hosts_of_this_network_show_it(self, host: str) -> None:
        assert MARK in ask(fail, headers={"Host": host}).text

    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:8080", "8.8.8.8", "[2001:4860::8]:80"]
    )
    def test_a_name_that_others_may_give_does_not(self, host: str) -> None:
        assert MARK not in ask(fail, headers={"Host": host}).text

    @pytest.mark.parametrize(
        "environment", ["staging", "production", "embedded", "test_suite", ""]
    )
    def test_no_other_environment_shows_it(self, environment: str) -> None:
        config = environments.get(environment, {})
        answer = sites.client(config, page=fail).get("/page")
        assert MARK not in answer.text

    def test_the_environment_of_development_shows_it(self) -> None:
        answer = sites.client(environments["development"], page=fail).get("/page")
        assert MARK in answer.text

    def test_where_nothing_is_mounted_it_tells_what_is(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(cherrypy.config, "request.explain_errors", True)
        tree = Tree()
        tree.mount(None, "/shop")
        client = Client(tree)
        assert "No application is mounted at '/shp'. Did you mean '/shop'? Mount" in (
            shown(client.get("/shp"))
        )

    def test_a_custom_error_page_wins(self) -> None:
        def own(status: str, message: str, traceback: str, version: str) -> str:
            return "own page"

        answer = ask(fail, "/page", {"error_page.default": own})
        assert answer.text.strip() == "own page"

    def test_a_custom_error_page_that_fails_is_told(self) -> None:
        answer = ask(fail, "/page", {"error_page.500": "/nowhere/page.html"})
        assert "LookupError: as expected" in shown(answer)
        answer = ask(fail, "/nix", {"error_page.404": "/nowhere/page.html"})
        assert "the custom error page failed" in shown(answer)


def advice(answer: Response) -> str:
    """Return what an error page advises to do."""
    assert MARK in answer.text
    found = re.findall(r'<div class="teach">(.*?)</div>', answer.text, re.DOTALL)
    return html.unescape(re.sub("<[^>]*>", "", "\n".join(found)))


def visit(root: Any, path: str, config: dict[str, Any] | None = None) -> str:
    """Return the advice on a page of a root object."""
    app = cherrypy.Application(root, "", {"/": {**ON, **(config or {})}})
    return advice(Client(app).get(path))


class TestAdvice:
    """What `tests/teaching` does not come to."""

    def test_an_error_of_the_program_that_is_none_of_the_common_ones(self) -> None:
        assert advice(ask(fail)) == ""

    def test_an_exception_without_a_text(self) -> None:
        def page() -> None:
            raise _Mute

        assert advice(ask(page)) == ""

    def test_a_note_of_an_exception_is_advice(self) -> None:
        def page() -> None:
            problem = LookupError("x")
            problem.add_note("Look elsewhere.")
            raise problem

        assert advice(ask(page)) == "Look elsewhere."

    def test_a_page_that_says_not_found_itself_knows_why(self) -> None:
        def page() -> None:
            raise cherrypy.NotFound

        assert advice(ask(page)) == ""

    def test_numbers_and_text_without_parameters_are_the_programs_own(self) -> None:
        assert advice(ask(lambda: "a" + 1)) == ""  # type: ignore[operator]

    def test_a_callable_whose_signature_is_unknown(self) -> None:
        assert lessons._signature(type("Odd", (), {"__signature__": 1})()) == "(...)"

    def test_a_page_that_takes_no_more_of_the_path(self) -> None:
        class Root:
            @cherrypy.expose
            def page(self) -> str:
                return ""

        assert "Root.page()" in visit(Root(), "/page/more")

    def test_an_exposed_object_that_takes_nothing_of_the_path(self) -> None:
        class Page:
            exposed = True

            def __call__(self) -> str:
                return ""

        class Root:
            page = Page()

        assert "object at" in visit(Root(), "/page/more")

    def test_a_callable_object_is_told_from_its_pages(self) -> None:
        class Node:
            def __call__(self) -> str:
                return ""

            @cherrypy.expose
            def page(self) -> str:
                return ""

        class Root:
            node = Node()

        assert "Did you mean 'page'?" in visit(Root(), "/node/pag")

    def test_properties_that_fail_are_passed_over(self) -> None:
        class Root:
            @property
            def broken(self) -> str:
                raise RuntimeError

            @cherrypy.expose
            def page(self) -> str:
                return ""

        assert "Pages there: page" in visit(Root(), "/nix")

    def test_an_index_that_is_not_exposed(self) -> None:
        class Root:
            def index(self) -> str:
                return ""

        assert "Root.index is there" in visit(Root(), "/")

    def test_a_wrapper_around_something_that_was_not_exposed_either(self) -> None:
        def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
            gone = 1

            def wrapper(self: object) -> Any:
                return function(self), gone  # noqa: F821 - it is, by then

            del gone
            return wrapper

        class Root:
            @wrap
            def page(self) -> str:
                return ""

        assert "it is not exposed" in visit(Root(), "/page")

    def test_folders_that_are_there_may_lack_the_file(self, tmp_path: Any) -> None:
        config = {"tools.staticdir.on": True, "tools.staticdir.dir": str(tmp_path)}
        assert "asks for something that is not in it" in visit(None, "/x", config)

    def test_a_relative_root_of_static_files_is_told(self) -> None:
        config = {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": "a",
            "tools.staticdir.root": "b",
        }
        assert "a relative path" in visit(None, "/x", config)

    def test_another_dispatcher_finds_other_pages(self) -> None:
        config = {"request.dispatch": cherrypy.dispatch.RoutesDispatcher()}
        assert "RoutesDispatcher" in visit(None, "/x", config)

    def test_a_path_that_leads_to_an_object_without_an_index(self) -> None:
        class Node:
            @cherrypy.expose
            def page(self) -> str:
                return ""

        class Root:
            node = Node()

        assert "Root.node has no page named index" in visit(Root(), "/node/")

    def test_resources_are_exposed_as_a_whole(self) -> None:
        class Root:
            def GET(self) -> str:
                return ""

        config = {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}
        assert "Put @cherrypy.expose above its class" in visit(Root(), "/", config)

    def test_a_path_that_leads_to_an_index_is_left_alone(self) -> None:
        class Dispatcher(cherrypy.dispatch.Dispatcher):
            def find_handler(self, path: str) -> tuple[Any, list[str]]:
                super().find_handler(path)
                return None, []

        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return ""

        assert visit(Root(), "/", {"request.dispatch": Dispatcher()}) == ""

    def test_a_method_that_is_not_allowed(self) -> None:
        answer = ask(
            fail, "/page", {"tools.allow.on": True, "tools.allow.methods": ["POST"]}
        )
        assert answer.status_code == 405
        assert "The method GET is not for this page, but: POST." in advice(answer)

    def test_without_an_exception_there_is_no_advice(self, serving: Any) -> None:
        assert list(lessons.lessons(serving.request, "404 Not Found", None)) == []
        assert list(lessons.lessons(serving.request, "500 Oh", None)) == []
        assert sys.exc_info()[0] is None

    def test_what_was_never_raised_was_raised_by_nobody(self) -> None:
        request: Request = current.get().request
        found = lessons.lessons(request, "404 Not Found", cherrypy.NotFound("/x"))
        assert list(found) == []
