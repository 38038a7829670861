"""The story of a request: its steps, their order, and every way in which it may end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core import bridge
from cherrypy.core.hooks import hookpoints
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.http.elements import MalformedHeader
from cherrypy.httpd.protocols.events import RequestRefused
from cherrypy.testing import Client
from tests.core.sites import Closing, application, client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

ON_THE_WAY = hookpoints[:4]
AFTER_IT = ["on_end_resource", "on_end_request"]


@pytest.fixture(autouse=True)
def _no_loop_left() -> Iterator[None]:
    yield
    bridge.stop_loop()


class Steps(list[str]):
    """What happened, in order."""

    def config(self, **more: Any) -> dict[str, Any]:
        """Return config with a hook at every point, which takes note."""
        hooks = {f"hooks.{point}": self.note(point) for point in hookpoints}
        return {**hooks, **{f"hooks.{key}": hook for key, hook in more.items()}}

    def note(self, step: str) -> Callable[[], None]:
        return lambda: self.append(step)


@pytest.fixture
def steps() -> Steps:
    return Steps()


class TestOrder:
    def test_of_a_page(self, steps: Steps) -> None:
        def index(**form: str) -> str:
            steps.append(f"page at stage {cherrypy.request.stage}")
            return "page"

        assert client(steps.config(), index=index).get("/").text == "page"
        assert steps == [*ON_THE_WAY[:3], "page at stage handler", *hookpoints[3:6]]

    def test_the_query_is_read_after_the_start_and_the_body_before_the_page(
        self,
    ) -> None:
        seen: list[tuple[str, dict[str, Any]]] = []

        def look() -> None:
            seen.append((cherrypy.request.stage or "", dict(cherrypy.request.params)))

        config = {f"hooks.{point}": look for point in ON_THE_WAY}
        site = client(config, index=lambda **form: repr(form))
        site.post("/?a=1", data={"b": "2"})
        assert seen == [
            ("on_start_resource", {}),
            ("before_request_body", {"a": "1"}),
            ("before_handler", {"a": "1", "b": "2"}),
            ("before_finalize", {"a": "1", "b": "2"}),
        ]

    def test_hooks_run_by_priority(self) -> None:
        calls: list[str] = []

        def hook(name: str, priority: int) -> Callable[[], None]:
            def call() -> None:
                calls.append(name)

            call.priority = priority  # type: ignore[attr-defined]
            return call

        config = {
            "hooks.before_handler.late": hook("late", 90),
            "hooks.before_handler.early": hook("early", 10),
        }
        client(config, index=lambda: "page").get("/")
        assert calls == ["early", "late"]

    @pytest.mark.parametrize("point", hookpoints[:6])
    def test_a_hook_that_is_attached_on_the_way_counts_for_later_points(
        self, point: str
    ) -> None:
        calls: list[str] = []
        earlier = ["dispatch", *hookpoints]
        before = earlier[earlier.index(point) - 1]

        def attach() -> None:
            cherrypy.request.hooks.attach(point, lambda: calls.append(point))

        config: dict[str, Any]
        if before == "dispatch":

            def dispatch(path: str) -> None:
                attach()
                cherrypy.request.handler = lambda: b"page"

            config = {"request.dispatch": dispatch}
        else:
            config = {f"hooks.{before}": attach}
        assert client(config, index=lambda: "page").get("/").status_code == 200
        assert calls == [point]

    def test_a_hook_that_is_attached_at_its_own_point_is_too_late(self) -> None:
        calls: list[str] = []

        def attach() -> None:
            hooks = cherrypy.request.hooks
            hooks.attach("before_handler", lambda: calls.append("late"))

        client({"hooks.before_handler": attach}, index=lambda: "page").get("/")
        assert calls == []

    def test_hooks_of_one_request_are_not_those_of_the_next(self) -> None:
        calls: list[str] = []

        def index() -> str:
            hooks = cherrypy.request.hooks
            hooks.attach("before_finalize", lambda: calls.append("hook"))
            return "page"

        site = client(index=index)
        site.get("/")
        site.get("/")
        assert calls == ["hook", "hook"]

    def test_a_hook_may_take_the_page_away(self) -> None:
        def skip() -> None:
            cherrypy.request.handler = None
            cherrypy.response.body = b"from the hook"

        site = client({"hooks.before_handler": skip}, index=lambda: "page")
        assert site.get("/").text == "from the hook"

    def test_a_body_is_left_alone_if_the_method_has_none_or_nobody_wants_it(
        self,
    ) -> None:
        def index(**form: str) -> str:
            wanted = cherrypy.request.process_request_body
            return f"{wanted} {form} {cherrypy.request.rfile.read()!r}"

        site = client(index=index)
        assert site.delete("/", data=b"a=1").text == "False {} b'a=1'"
        site = client({"request.process_request_body": False}, index=index)
        assert site.post("/", data=b"a=1").text == "False {} b'a=1'"
        site = client({"request.methods_with_bodies": ("DELETE",)}, index=index)
        assert site.delete("/", data={"a": "1"}).text == "True {'a': '1'} b''"


class TestAnswersThatAreRaised:
    @pytest.mark.parametrize("point", ON_THE_WAY)
    @pytest.mark.parametrize(
        ("raised", "status"),
        [
            (cherrypy.HTTPError(403), 403),
            (cherrypy.HTTPRedirect("/there", 307), 307),
            (cherrypy.NotFound("/"), 404),
            (MalformedHeader("no such header"), 400),
            (RequestRefused(413, "too much"), 413),
        ],
    )
    def test_are_given_wherever_they_come_from(
        self, steps: Steps, point: str, raised: Exception, status: int
    ) -> None:
        def fail() -> None:
            # The second time it would be raised by what finishes the answer.
            if point not in steps:
                steps.append(point)
                raise raised

        def index() -> str:
            return "page"

        site = client({**steps.config(), f"hooks.{point}": fail}, index=index)
        answer = site.get("/")
        assert answer.status_code == status
        on_the_way = ON_THE_WAY[: ON_THE_WAY.index(point) + 1]
        finishing = [] if point == "before_finalize" else ["before_finalize"]
        assert steps == [*on_the_way, *finishing, *AFTER_IT]

    @pytest.mark.parametrize(
        "point", ["", "before_handler", "before_finalize", "before_error_response"]
    )
    def test_may_write_themselves_in_their_own_way(self, point: str) -> None:
        class Gone(cherrypy.HTTPRedirect):
            def set_response(self) -> None:  # type: ignore[override]  # as documented
                super().set_response()
                cherrypy.response.headers["X-Gone"] = "yes"

        def leave() -> None:
            raise Gone("/elsewhere")

        def index() -> str:
            if not point:
                leave()
            if point == "before_error_response":
                raise ZeroDivisionError
            return "page"

        hooks = {f"hooks.{point}": leave} if point else {}
        answer = client(hooks, index=index).get("/")
        assert (answer.status_code, answer.headers["X-Gone"]) == (303, "yes")

    def test_by_a_page_are_not_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        site = client(index=cherrypy.HTTPError(409, "already there"))
        answer = site.get("/")
        assert answer.status_code == 409
        assert "already there" in answer.text
        assert not [r for r in caplog.records if r.levelno >= logging.ERROR]

    def test_show_a_traceback_only_where_it_is_switched_on(self) -> None:
        def index() -> str:
            raise cherrypy.HTTPError(404)

        assert "Traceback" not in client(index=index).get("/").text
        shown = client({"request.show_tracebacks": True}, index=index).get("/")
        assert "Traceback" in shown.text

    def test_twice_by_the_same_hook_are_answered_all_the_same(self) -> None:
        def refuse() -> None:
            raise cherrypy.HTTPError(403)

        site = client({"hooks.before_finalize": refuse}, index=lambda: "page")
        assert site.get("/").status_code == 403


class TestUnexpectedExceptions:
    @pytest.mark.parametrize("point", [*ON_THE_WAY, "page"])
    def test_are_answered_with_500(
        self, steps: Steps, point: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> str:
            raise LookupError("what went wrong")

        config = steps.config()
        pages: dict[str, Any] = {"index": lambda: "page"}
        if point == "page":
            pages["index"] = fail
        else:
            config[f"hooks.{point}"] = fail
        answer = client(config, **pages).get("/")
        assert answer.status_code == 500
        assert "what went wrong" not in answer.text
        assert steps[-4:] == [
            "on_end_resource",
            "before_error_response",
            "after_error_response",
            "on_end_request",
        ]
        assert "LookupError: what went wrong" in caplog.text

    def test_show_a_traceback_where_it_is_switched_on(self) -> None:
        def index() -> str:
            raise LookupError("what went wrong")

        shown = client({"request.show_tracebacks": True}, index=index).get("/")
        assert "LookupError: what went wrong" in shown.text

    def test_may_have_an_answer_of_their_own(self) -> None:
        def answer() -> None:
            cherrypy.response.status = "500 Oops"
            cherrypy.response.body = b"sorry"

        site = client({"request.error_response": answer}, index=lambda: 1 // 0)
        assert (site.get("/").status, site.get("/").text) == ("500 Oops", "sorry")

    def test_may_have_an_answer_that_must_be_awaited(self) -> None:
        async def answer() -> None:
            await asyncio.sleep(0)
            cherrypy.response.status = 503
            cherrypy.response.body = b"sorry"

        site = client({"request.error_response": answer}, index=lambda: 1 // 0)
        assert (site.get("/").status_code, site.get("/").text) == (503, "sorry")

    def test_may_have_no_answer_at_all(self) -> None:
        site = client({"request.error_response": None}, index=lambda: 1 // 0)
        assert (site.get("/").status_code, site.get("/").text) == (200, "")

    @pytest.mark.parametrize("point", ["before_error_response", "after_error_response"])
    def test_may_be_answered_with_a_redirect(self, point: str) -> None:
        redirect = cherrypy.HTTPRedirect("/sorry")
        site = client({f"hooks.{point}": redirect}, index=lambda: 1 // 0)
        answer = site.get("/")
        assert (answer.status_code, answer.headers["Location"][-6:]) == (303, "/sorry")

    @pytest.mark.parametrize("shown", [False, True])
    def test_while_one_is_answered_get_the_bare_answer(
        self, shown: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        body = Closing(b"never sent")

        def fail() -> None:
            cherrypy.response.body = body
            raise LookupError("again")

        config = {
            "hooks.before_error_response": fail,
            "request.show_tracebacks": shown,
        }
        answer = client(config, index=lambda: 1 // 0).get("/")
        assert answer.status == "500 Internal Server Error"
        assert answer.headers["Content-Type"] == "text/plain"
        assert answer.text.startswith("Unrecoverable error in the server.\n")
        assert ("LookupError: again" in answer.text) is shown
        assert "LookupError: again" in caplog.text
        assert body.closed == 1

    def test_before_there_is_config_are_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def dispatch(path: str) -> None:
            raise LookupError("lost")

        site = client({"request.dispatch": dispatch})
        assert site.get("/").status_code == 500
        assert "LookupError: lost" in caplog.text

    def test_in_the_config_are_logged_and_shown_as_the_config_wants(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        config = {"request.show_tracebacks": True, "tools.missing.on": True}
        site = client(config, index=lambda: "page")
        for _ in range(2):
            answer = site.get("/")
            assert answer.status_code == 500
            assert "no tool &#x27;missing&#x27;" in answer.text or (
                "no tool 'missing'" in answer.text
            )
        assert "no tool 'missing'" in caplog.text

    def test_pass_through_where_they_are_thrown(self, steps: Steps) -> None:
        def index() -> str:
            raise LookupError("for the caller")

        app = application({**steps.config(), "request.throw_errors": True}, index=index)
        app.wsgiapp.pipeline = []
        with pytest.raises(LookupError, match="for the caller"):
            Client(app).get("/")
        assert steps[-2:] == AFTER_IT
        bare = client({"request.throw_errors": True}, index=index).get("/")
        assert bare.text == "Unrecoverable error in the server.\n"

    def test_of_the_last_defence_pass_through_too(self) -> None:
        class Failing(Request):
            throw_errors = True

            def respond(self, path_info: str) -> None:
                raise LookupError("for the caller")

        app = application(index=lambda: "page")
        app.request_class = Failing
        app.wsgiapp.pipeline = []
        with pytest.raises(LookupError):
            Client(app).get("/")

    def test_answers_are_given_even_where_errors_are_thrown(self) -> None:
        site = client({"request.throw_errors": True}, index=cherrypy.HTTPError(403))
        assert site.get("/").status_code == 403

    @pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
    def test_that_end_the_process_do(
        self, steps: Steps, end: type[BaseException]
    ) -> None:
        def index() -> str:
            raise end

        with pytest.raises(end):
            client(steps.config(), index=index).get("/")
        assert steps[-2:] == AFTER_IT


class TestAwaiting:
    def test_pages_may_be_asynchronous(self) -> None:
        async def index(name: str) -> str:
            await asyncio.sleep(0)
            return f"hello {name}"

        site = client(index=index)
        assert site.get("/?name=Ada").text == "hello Ada"
        assert site.get("/").status_code == 404

    def test_hooks_may_be_asynchronous_at_every_point(self, steps: Steps) -> None:
        def note(point: str) -> Callable[[], Any]:
            async def call() -> None:
                await asyncio.sleep(0)
                steps.append(point)

            return call

        config = {f"hooks.{point}": note(point) for point in hookpoints}
        client(config, index=lambda: "page").get("/")
        assert steps == hookpoints[:6]
        steps.clear()
        client(config, index=lambda: 1 // 0).get("/")
        assert sorted(steps) == sorted({*hookpoints} - {"before_finalize"})

    def test_pages_may_yield_asynchronously(self) -> None:
        async def index() -> AsyncIterator[str]:
            yield "hello, "
            await asyncio.sleep(0)
            yield "world"

        assert client(index=index).get("/").text == "hello, world"
        assert client({"response.stream": True}, index=index).get("/").text == (
            "hello, world"
        )

    def test_a_page_sees_the_request_while_it_awaits(self) -> None:
        async def index() -> str:
            await asyncio.sleep(0)
            cherrypy.response.headers["X-Path"] = cherrypy.request.path_info
            return "page"

        assert client(index=index).get("/index").headers["X-Path"] == "/index"

    @pytest.mark.parametrize(
        ("raised", "status"),
        [(cherrypy.HTTPError(410), 410), (LookupError("x"), 500)],
    )
    def test_exceptions_are_answered_as_those_of_other_pages(
        self, raised: Exception, status: int
    ) -> None:
        async def index() -> str:
            await asyncio.sleep(0)
            raise raised

        assert client(index=index).get("/").status_code == status

    def test_an_ended_task_is_an_error(self) -> None:
        async def index() -> str:
            raise asyncio.CancelledError

        assert client(index=index).get("/").status_code == 500


class TestStreaming:
    def test_status_and_headers_are_out_before_the_first_chunk(self) -> None:
        def index() -> Iterator[str]:
            cherrypy.response.status = 404
            yield "page"

        answer = client({"response.stream": True}, index=index).get("/")
        assert answer.status_code == 200
        assert "Content-Length" not in answer.headers

    def test_each_chunk_leaves_when_it_is_made(self) -> None:
        made: list[str] = []

        def index() -> Iterator[str]:
            for chunk in ("a", "b"):
                made.append(chunk)
                yield chunk

        site = client({"response.stream": True}, index=index)
        with site.get("/", stream=True) as answer:
            chunks = answer.iter_bytes()
            assert (next(chunks), made) == (b"a", ["a"])
            assert (next(chunks), made) == (b"b", ["a", "b"])

    def test_an_exception_after_the_start_reaches_the_server(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def index() -> Iterator[str]:
            yield "begun"
            raise LookupError("too late")

        site = client({"response.stream": True}, index=index)
        with (
            site.get("/", stream=True) as answer,
            pytest.raises(LookupError, match="too late"),
        ):
            list(answer.iter_bytes())
        assert "LookupError: too late" in caplog.text

    def test_an_exception_before_the_first_chunk_is_answered_barely(self) -> None:
        def index() -> Iterator[str]:
            if cherrypy.request.path_info == "/":
                raise LookupError("at once")
            yield ""

        answer = client({"response.stream": True}, index=index).get("/")
        assert answer.status_code == 500
        assert answer.text == "Unrecoverable error in the server.\n"


class TestEnding:
    def test_the_end_comes_once_after_the_last_byte(self, steps: Steps) -> None:
        def index() -> Iterator[str]:
            yield "a"
            steps.append("last chunk")

        site = client({**steps.config(), "response.stream": True}, index=index)
        site.get("/")
        assert steps[-3:] == ["on_end_resource", "last chunk", "on_end_request"]

    def test_the_end_comes_even_if_the_client_goes_away(self, steps: Steps) -> None:
        body = Closing(b"a", b"b")
        config = {**steps.config(), "response.stream": True}
        site = client(config, index=lambda: body)
        with site.get("/", stream=True) as answer:
            next(answer.iter_bytes())
            assert steps[-1] == "on_end_resource"
        assert steps.count("on_end_request") == 1
        assert body.closed == 1

    def test_a_hook_that_fails_at_the_end_is_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise LookupError("at the end")

        site = client({"hooks.on_end_request": fail}, index=lambda: "page")
        assert site.get("/").text == "page"
        assert "LookupError: at the end" in caplog.text

    def test_head_gets_the_headers_and_closes_the_body(self) -> None:
        body = Closing(b"page")
        site = client({"response.stream": True}, index=lambda: body)
        assert site.head("/").body == b""
        assert body.closed == 1
        answer = client(index=lambda: "page").head("/")
        assert (answer.headers["Content-Length"], answer.body) == ("4", b"")

    def test_a_mistake_that_is_found_while_redirecting_is_answered(self) -> None:
        def index() -> None:
            raise cherrypy.HTTPRedirect("/elsewhere")

        browser = client({"tools.gzip.on": True}, index=index)
        answer = browser.get("/", headers={"Accept-Encoding": "gzip;q=x"})
        assert answer.status_code == 400

    def test_an_error_at_the_end_of_the_resource_is_answered(self) -> None:
        def fail() -> None:
            raise LookupError

        site = client({"hooks.on_end_resource": fail}, index=lambda: "page")
        assert site.get("/").status_code == 500

    def test_headers_may_be_appended_at_the_end_of_the_resource(self) -> None:
        def append() -> None:
            cherrypy.response.header_list.append((b"X-Late", b"yes"))

        site = client({"hooks.on_end_resource": append}, index=lambda: "page")
        assert site.get("/").headers["X-Late"] == "yes"


class TestOwnClasses:
    def test_a_request_class_may_replace_a_step(self) -> None:
        class Polite(Request):
            def process_headers(self) -> None:
                super().process_headers()
                self.greeting = f"hello {self.headers['X-Name']}"

            def handle_error(self) -> None:
                response = cherrypy.serving.response
                response.status, response.body = 500, b"sorry"
                response.finalize()

        class Loud(Response):
            def finalize(self) -> None:
                self.headers["X-Loud"] = "yes"
                super().finalize()

        app = application(
            index=lambda: cherrypy.request.greeting,
            fail=lambda: 1 // 0,
        )
        app.request_class, app.response_class = Polite, Loud
        answer = Client(app).get("/", headers={"X-Name": "Ada"})
        assert (answer.text, answer.headers["X-Loud"]) == ("hello Ada", "yes")
        assert Client(app).get("/fail", headers={"X-Name": "Ada"}).text == "sorry"

    def test_their_steps_are_called_even_where_there_is_nothing_to_do(self) -> None:
        class Adding(Request):
            def process_query_string(self) -> None:
                super().process_query_string()
                self.params["added"] = "yes"

        class Measuring(Response):
            def collapse_body(self) -> bytes:
                whole = super().collapse_body()
                self.headers["X-Size"] = str(len(whole))
                return whole

        app = application(index=lambda **fields: repr(fields))
        app.request_class, app.response_class = Adding, Measuring
        answer = Client(app).get("/")
        assert (answer.text, answer.headers["X-Size"]) == ("{'added': 'yes'}", "16")
