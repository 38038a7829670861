"""What a page sees of its session, and a client of its cookie."""

from __future__ import annotations

import asyncio
import copy
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

import cherrypy
from cherrypy.http.dates import parse_http_date
from cherrypy.lib import session_cookies, session_ram, sessions
from cherrypy.lib.sessions import FileSession, RamSession, Session, SessionsAreOff
from tests.lib.apps import Config, mount, serve
from tests.lib.session_kit import count, nothing_kept, settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from cherrypy.testing import Response

ON = settings()
YEAR_SECONDS = 365 * 24 * 3600


@pytest.fixture(autouse=True)
def own_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(RamSession, "cache", {})
    with nothing_kept():
        yield


def set_cookies(response: Response) -> list[str]:
    return response.headers.get_all("Set-Cookie")


def id_of(response: Response, name: str = "session_id") -> str:
    """Return the id in the only cookie of a response."""
    (line,) = set_cookies(response)
    assert line.startswith(f"{name}=")
    return line.split(";")[0].removeprefix(f"{name}=")


def attributes_of(response: Response) -> list[str]:
    (line,) = set_cookies(response)
    return [part.strip() for part in line.split(";")[1:]]


class TestThePageSees:
    def test_what_it_has_kept_at_the_next_request(self) -> None:
        client = serve(count, ON)
        assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]

    def test_another_session_for_another_visitor(self) -> None:
        client = serve(count, ON)
        client.get("/")
        client.cookies.clear()
        assert client.get("/").text == "1"

    def test_a_mapping(self) -> None:
        def page() -> str:
            session = cherrypy.session
            session["a"], session["b"] = 1, [2]
            assert session["a"] == 1
            assert "a" in session
            assert session.has_key("b")
            assert session.get("c", 3) == 3
            assert session.setdefault("c", 4) == 4
            session.update({"d": 5})
            assert list(session.keys()) == list(session) == ["a", "b", "c", "d"]
            assert list(session.values()) == [1, [2], 4, 5]
            assert session.pop("d") == 5
            assert session.pop("d", None) is None
            with pytest.raises(KeyError):
                session.pop("d")
            del session["c"]
            assert dict(session.items()) == {"a": 1, "b": [2]}
            session.clear()
            assert dict(session.items()) == {}
            return "good"

        assert serve(page, ON).get("/").text == "good"

    def test_how_many_sessions_there_are_and_not_that_there_are_none(self) -> None:
        def page() -> str:
            return f"{len(cherrypy.session)} {bool(cherrypy.session)}"

        client = serve(page, ON)
        assert client.get("/").text == "0 True"

    def test_the_documented_attributes(self) -> None:
        def page() -> str:
            session = cherrypy.session
            serving: Any = cherrypy.serving
            assert (session.timeout, session.clean_freq) == (7, 2)
            session.timeout = 5
            assert serving.session.timeout == 5
            assert (session.locked, session.loaded) == (True, False)
            assert serving.session.foo == "bar"
            assert not session.missing
            assert not session.regenerated
            assert session.originalid is None
            assert "foo" in vars(cherrypy.session)
            assert "regenerate" in dir(cherrypy.session)
            assert str(session.id) not in repr(session)
            return "good"

        config = settings(timeout=7, clean_freq=2, foo="bar")
        assert serve(page, config).get("/").text == "good"

    def test_no_session_and_why_where_the_tool_is_off(self) -> None:
        def page() -> str:
            assert not cherrypy.session
            assert "no session here" in repr(cherrypy.session)
            with pytest.raises(SessionsAreOff, match=r"'tools\.sessions\.on': True"):
                cherrypy.session["a"] = 1
            assert not hasattr(cherrypy.session, "id")
            return "good"

        assert serve(page).get("/").text == "good"
        with pytest.raises(AttributeError, match="outside of a request"):
            cherrypy.session.get("a")

    def test_why_an_id_cannot_be_renewed_where_the_tool_is_off(self) -> None:
        def page() -> str:
            for step in (
                cherrypy.tools.sessions.regenerate,
                sessions.set_response_cookie,
            ):
                with pytest.raises(SessionsAreOff):
                    step()
            return "good"

        assert serve(page).get("/").text == "good"

    def test_data_that_nobody_has_looked_at_before(self) -> None:
        def page() -> str:
            steps: list[Any] = [
                lambda session: session.setdefault("a", 1),
                lambda session: session.update({"b": 2}),
                lambda session: session.pop("b"),
                lambda session: sorted(session.items()),
                lambda session: sorted(session.keys()),
                lambda session: list(session.values()),
                lambda session: "a" in session,
                lambda session: session.__delitem__("a"),
                lambda session: session.clear(),
                lambda session: len(session.items()),
            ]
            step = cherrypy.session.get("step", 0)
            cherrypy.session["step"] = step + 1
            cherrypy.session.save()
            cherrypy.session.loaded = False
            result = steps[step](cherrypy.session)
            return str(result)

        client = serve(page, settings(locking="explicit"))
        found = [client.get("/").text for _ in range(9)]
        assert found[:4] == ["1", "None", "2", "[('a', 1), ('step', 4)]"]
        assert found[4:] == ["['a', 'step']", "[6, 1]", "True", "None", "None"]

    def test_one_session_from_the_beginning_of_an_internal_redirect(self) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return count()

            @cherrypy.expose
            def elsewhere(self) -> None:
                raise cherrypy.InternalRedirect("/")

        client = mount(Root(), {"/": ON})
        assert client.get("/").text == "1"
        assert client.get("/elsewhere").text == "2"

    @pytest.mark.parametrize("storage", [RamSession, FileSession])
    def test_what_was_kept_before_an_internal_redirect(
        self, storage: type[Session], tmp_path: Path
    ) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return f"{cherrypy.session.missing} {cherrypy.session.get('name')}"

            @cherrypy.expose
            def login(self, name: str) -> None:
                cherrypy.session.regenerate()
                cherrypy.session["name"] = name
                raise cherrypy.InternalRedirect("/by")

            @cherrypy.expose
            @cherrypy.tools.sessions(on=False)
            def by(self) -> None:
                raise cherrypy.InternalRedirect("/")

            @cherrypy.expose
            def look(self) -> None:
                assert not cherrypy.session.loaded
                raise cherrypy.InternalRedirect("/")

            @cherrypy.expose
            def fail(self) -> None:
                cherrypy.session["name"] = "nobody"
                raise LookupError("as expected")

        def go_on() -> None:
            raise cherrypy.InternalRedirect("/")

        config = settings(storage_class=storage, storage_path=str(tmp_path))
        config["hooks.before_error_response"] = go_on
        client = mount(Root(), {"/": config})
        answers = [client.get("/look"), client.get("/login?name=Ada")]
        assert [one.text for one in answers] == ["False None", "False Ada"]
        # The id is new, and sent once.
        assert id_of(answers[0]) != id_of(answers[1])
        assert client.get("/").text == "False Ada"
        assert client.get("/login?name=Bob").text == "False Bob"
        assert client.get("/look").text == client.get("/").text == "False Bob"
        client.cookies.clear()
        assert client.get("/fail").text.endswith(" None")

    def test_the_session_in_an_async_page(self) -> None:
        async def page() -> str:
            await asyncio.sleep(0)
            assert cherrypy.session.locked
            return count()

        client = serve(page, ON)
        assert [client.get("/").text for _ in range(2)] == ["1", "2"]

    def test_the_session_in_an_async_generator(self) -> None:
        async def chunks() -> AsyncIterator[str]:
            for _ in range(2):
                await asyncio.sleep(0)
                yield count()

        client = serve(chunks, ON)
        assert client.get("/").text == "12"
        assert client.get("/").text == "34"


class TestTheData:
    def test_is_saved_after_a_generator_has_run(self) -> None:
        def page() -> Iterator[str]:
            yield count()
            yield count()

        client = serve(page, ON)
        assert [client.get("/").text for _ in range(2)] == ["12", "34"]

    @pytest.mark.parametrize("page_is", ["generator", "list"])
    def test_is_saved_at_the_end_of_a_stream(self, page_is: str) -> None:
        def generator() -> Iterator[str]:
            yield count()
            yield count()

        def page() -> list[str]:
            return [count(), count()]

        config = ON | {"response.stream": True}
        client = serve(generator if page_is == "generator" else page, config)
        assert [client.get("/").text for _ in range(2)] == ["12", "34"]
        assert len(RamSession.locks) == 0

    def test_is_saved_once_in_a_request(self) -> None:
        saved = []

        class Counted(RamSession):
            def _save(self, expiration_time: Any) -> None:
                saved.append(self.id)
                super()._save(expiration_time)

        def page() -> str:
            cherrypy.response.headers["ETag"] = '"1"'
            return count()

        config = settings(storage_class=Counted) | {"tools.etags.on": True}
        client = serve(page, config)
        response = client.get("/", headers={"If-None-Match": '"1"'})
        assert response.status_code == 304
        assert len(saved) == 1

    def test_is_saved_when_the_page_raises_an_http_error(self) -> None:
        def page() -> None:
            count()
            raise cherrypy.HTTPError(404)

        client = serve(page, ON)
        client.get("/")
        client.get("/")
        ((data, _),) = RamSession.cache.values()
        assert data == {"count": 2}

    def test_is_not_saved_when_the_page_fails(self) -> None:
        def page() -> None:
            count()
            raise RuntimeError

        client = serve(page, ON)
        assert client.get("/").status_code == 500
        assert RamSession.cache == {}
        assert len(RamSession.locks) == 0

    def test_is_not_loaded_or_saved_when_nobody_looks(self) -> None:
        client = serve(lambda: "", ON)
        ids = {id_of(client.get("/")) for _ in range(3)}
        assert len(ids) == 3
        assert RamSession.cache == {}

    def test_in_memory_is_shared_between_requests(self) -> None:
        def page() -> str:
            stack = cherrypy.session.setdefault("stack", [])
            stack.append(len(stack))
            return str(stack)

        client = serve(page, ON)
        client.get("/")
        assert client.get("/").text == "[0, 1]"

    def test_of_a_deleted_session_is_gone(self) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return count()

            @cherrypy.expose
            def leave(self) -> str:
                count()
                cherrypy.session.delete()
                return ""

            @cherrypy.expose
            def return_(self) -> str:
                cherrypy.session.delete()
                return count()

        client = mount(Root(), {"/": ON})
        client.get("/")
        client.get("/leave")
        assert RamSession.cache == {}
        assert client.get("/").text == "1"
        assert client.get("/return_").text == "1"
        assert client.get("/").text == "2"

    def test_expires_when_the_clock_has_moved_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = serve(count, settings(timeout=0.5))
        first = id_of(client.get("/"))
        before = session_ram._clock
        monkeypatch.setattr(session_ram, "_clock", lambda: before() + 31)
        response = client.get("/")
        assert response.text == "1"
        assert id_of(response) != first

    def test_expires_although_the_wall_clock_was_set_back(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = serve(count, settings(timeout=0.5))
        client.get("/")
        now, steady = time.time(), session_ram._clock
        monkeypatch.setattr(time, "time", lambda: now - 7200)
        monkeypatch.setattr(session_ram, "_clock", lambda: steady() + 31)
        assert client.get("/").text == "1"

    def test_survives_a_wall_clock_set_forward(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = serve(count, ON)
        sent = {"session_id": id_of(client.get("/"))}
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 7200)
        assert client.get("/", cookies=sent).text == "2"


class TestTheCookie:
    def test_has_the_documented_attributes_and_the_safe_ones(self) -> None:
        response = serve(count, ON).get("/")
        assert len(id_of(response)) == 40
        assert int(id_of(response), 16) >= 0
        expires, *others = attributes_of(response)
        assert expires.startswith("expires=")
        assert others == ["HttpOnly", "Max-Age=3600", "Path=/", "SameSite=Lax"]
        moment = parse_http_date(expires[8:])
        assert moment is not None
        assert 3595 < moment - time.time() < 3605

    def test_comes_with_every_answer(self) -> None:
        client = serve(count, ON)
        first = client.get("/")
        assert id_of(client.get("/")) == id_of(first)

    @pytest.mark.parametrize(
        ("config", "attributes"),
        [
            ({"path": "/a"}, {"Path=/a"}),
            ({"domain": "localhost"}, {"Domain=localhost"}),
            ({"secure": True}, {"Secure"}),
            ({"timeout": 0.5}, {"Max-Age=30"}),
            ({"samesite": "strict"}, {"SameSite=Strict"}),
            ({"samesite": "None", "secure": True}, {"SameSite=None", "Secure"}),
        ],
    )
    def test_has_what_config_says(
        self, config: dict[str, Any], attributes: set[str]
    ) -> None:
        response = serve(count, settings(**config)).get("/")
        assert attributes <= set(attributes_of(response))

    @pytest.mark.parametrize(
        ("config", "attribute"),
        [
            ({"httponly": False}, "HttpOnly"),
            ({"samesite": None}, "SameSite"),
            ({"samesite": False}, "SameSite"),
            ({"persistent": False}, "Max-Age"),
            ({"persistent": False}, "expires"),
            ({}, "Secure"),
            ({}, "Domain"),
        ],
    )
    def test_lacks_what_config_says(
        self, config: dict[str, Any], attribute: str
    ) -> None:
        response = serve(count, settings(**config)).get("/")
        assert attribute not in {a.split("=")[0] for a in attributes_of(response)}

    def test_is_secure_on_tls_unless_config_says_otherwise(self) -> None:
        response = serve(count, ON).get("https://localhost/")
        assert "Secure" in attributes_of(response)
        response = serve(count, settings(secure=False)).get("https://localhost/")
        assert "Secure" not in attributes_of(response)

    def test_is_secure_behind_a_proxy_that_speaks_tls(self) -> None:
        config = ON | {"tools.proxy.on": True}
        headers = {"X-Forwarded-Proto": "https"}
        response = serve(count, config).get("/", headers=headers)
        assert "Secure" in attributes_of(response)

    def test_has_the_name_that_config_says(self) -> None:
        client = serve(count, settings(name="sid"))
        assert len(id_of(client.get("/"), "sid")) == 40
        assert client.get("/").text == "2"

    def test_takes_its_path_from_a_header(self) -> None:
        client = serve(count, settings(path_header="X-Prefix"))
        response = client.get("/", headers={"X-Prefix": "/here"})
        assert "Path=/here" in attributes_of(response)
        for wrong in ("x", "/a; Domain=evil", "/a\x7f"):
            response = client.get("/", headers={"X-Prefix": wrong})
            assert "Path=/" in attributes_of(response)
            assert not any("evil" in part for part in attributes_of(response))

    @pytest.mark.parametrize(
        "config",
        [
            {"path": "/a;b"},
            {"domain": "a\r\nSet-Cookie: b=c"},
            {"name": "a b"},
            {"samesite": "sometimes"},
            {"on_unavailable": "panic"},
            {"lock_timeout": "soon", "storage_class": sessions.FileSession},
        ],
    )
    def test_is_not_made_from_what_makes_none(self, config: dict[str, Any]) -> None:
        response = serve(count, settings(**config)).get("/")
        assert response.status_code == 500
        assert set_cookies(response) == []

    def test_can_be_changed_by_the_page(self) -> None:
        def page() -> str:
            cherrypy.response.cookie["session_id"]["path"] = "/changed"
            cherrypy.response.cookie["other"] = "value"
            return ""

        lines = set_cookies(serve(page, ON).get("/"))
        assert lines[0] == "other=value"
        assert "Path=/changed" in lines[1]

    @pytest.mark.parametrize(
        "look",
        [
            lambda cookie: cookie["path"],
            lambda cookie: copy.deepcopy(cookie)["path"],
            lambda cookie: cookie.copy()["path"],
            lambda cookie: {**cookie}["path"],
            lambda cookie: "/" if "Path=/" in repr(cookie) else "",
            lambda cookie: "/" if "Path=/" in cookie.OutputString(["path"]) else "",
        ],
    )
    def test_looks_as_any_cookie(self, look: Callable[[Any], str]) -> None:
        def page() -> str:
            return look(cherrypy.response.cookie["session_id"])

        response = serve(page, ON).get("/")
        assert response.text == "/"
        assert {"HttpOnly", "Max-Age=3600"} <= set(attributes_of(response))

    def test_expires_when_the_page_wants_it(self) -> None:
        def page() -> str:
            sessions.expire()
            return ""

        response = serve(page, ON).get("/")
        expires, *others = attributes_of(response)
        assert others == ["HttpOnly", "Path=/", "SameSite=Lax"]
        moment = parse_http_date(expires[8:])
        assert moment is not None
        assert abs(time.time() - YEAR_SECONDS - moment) < 5

    def test_expires_where_the_tool_is_off(self) -> None:
        def page() -> str:
            sessions.expire()
            return ""

        assert id_of(serve(page).get("/")) == '""'

    def test_expires_with_its_attributes_where_the_tool_is_off(self) -> None:
        def page() -> str:
            sessions.expire()
            return ""

        # Without them it is another cookie, or none that a browser takes.
        named = {"name": "__Secure-id", "domain": "a.example", "path": "/b"}
        config: Config = {f"tools.sessions.{key}": named[key] for key in named}
        config["tools.sessions.secure"] = True
        response = serve(page, config).get("/")
        domain, expires, *others = attributes_of(response)
        assert domain == "Domain=a.example"
        assert expires.startswith("expires=")
        assert others == ["HttpOnly", "Path=/b", "SameSite=Lax", "Secure"]

    def test_with_an_id_that_must_be_quoted_comes_back(self) -> None:
        class Odd(RamSession):
            def generate_id(self) -> str:
                return 'a "b", c'

        client = serve(count, settings(storage_class=Odd))
        assert [client.get("/").text for _ in range(2)] == ["1", "2"]

    def test_is_found_among_others(self) -> None:
        client = serve(count, ON)
        sent = id_of(client.get("/"))
        client.cookies.clear()
        for header in (
            f"a=b; session_id={sent}",
            f"xsession_id=1;session_id={sent} ; b=c",
            f"session_id=old; session_id={sent}",
            f'session_id="{sent}"',
            f"$Version=1; session_id={sent}; $Path=/; session_id",
        ):
            before = client.get("/", headers={"Cookie": header})
            assert id_of(before) == sent, header
            client.cookies.clear()

    def test_is_found_in_long_headers_which_are_not_kept(self) -> None:
        client = serve(count, ON)
        sent = id_of(client.get("/"))
        client.cookies.clear()
        kept = session_cookies._known_value_in.cache_info
        before = kept().misses
        header = f"a={'x' * 1000}; session_id={sent}"
        assert id_of(client.get("/", headers={"Cookie": header})) == sent
        assert kept().misses == before

    def test_may_be_put_into_the_request_by_a_tool(self) -> None:
        client = serve(count, ON)
        token = id_of(client.get("/"))
        client.cookies.clear()

        def from_header() -> None:
            token = cherrypy.request.headers.get("X-Auth-Token")
            if token:
                cherrypy.request.cookie["session_id"] = token

        config = ON | {"hooks.on_start_resource": from_header}
        client = serve(count, config)
        assert client.get("/", headers={"X-Auth-Token": token}).text == "2"


class TestTheId:
    @pytest.mark.parametrize(
        "invented",
        [
            "f" * 40,
            "../../etc/passwd",
            "/etc/passwd",
            "a" * 5000,
            "é",
            "a b",
            "%00",
            "",
        ],
    )
    def test_of_the_client_is_refused(self, invented: str) -> None:
        seen = []

        def page() -> str:
            seen.append((cherrypy.session.originalid, cherrypy.session.missing))
            return count()

        client = serve(page, ON)
        response = client.get("/", headers={"Cookie": f"session_id={invented}"})
        assert response.text == "1"
        assert id_of(response) != invented
        assert [missing for _, missing in seen] == [True]
        assert set(RamSession.cache) == {id_of(response)}

    @pytest.mark.parametrize("by", ["tool", "session"])
    def test_is_renewed_and_the_old_one_dead(self, by: str) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return count()

            @cherrypy.expose
            def login(self) -> str:
                if by == "tool":
                    cherrypy.tools.sessions.regenerate()
                else:
                    cherrypy.session.regenerate()
                assert cherrypy.session.regenerated
                assert cherrypy.session.locked
                return count()

        config = settings(secure=True, httponly=True, path="/x", persistent=False)
        client = mount(Root(), {"/": config})
        old = id_of(client.get("/"))
        response = client.get("/login", headers={"Cookie": f"session_id={old}"})
        assert response.text == "2", "what was kept goes on"
        assert id_of(response) != old
        attributes = ["HttpOnly", "Path=/x", "SameSite=Lax", "Secure"]
        assert attributes_of(response) == attributes
        assert set(RamSession.cache) == {id_of(response)}
        response = client.get("/", headers={"Cookie": f"session_id={old}"})
        assert response.text == "1"
        assert id_of(response) != old

    def test_is_told_to_observers(self) -> None:
        def page() -> str:
            seen: list[str] = []
            cherrypy.session.id_observers.append(seen.append)
            cherrypy.session.regenerate()
            assert seen == [cherrypy.session.id]
            return "good"

        assert serve(page, ON).get("/").text == "good"

    def test_is_none_that_is_taken(self) -> None:
        ids = iter(["a", "a", "b", "c"])

        class Few(RamSession):
            def generate_id(self) -> str:
                return next(ids)

        client = serve(count, settings(storage_class=Few))
        assert id_of(client.get("/")) == "a"
        client.cookies.clear()
        assert id_of(client.get("/")) == "b"


class TestTheAnswer:
    def test_varies_by_cookie(self) -> None:
        assert serve(count, ON).get("/").headers["Vary"] == "Cookie"

        def page() -> str:
            cherrypy.response.headers["Vary"] = "Accept"
            return count()

        assert serve(page, ON).get("/").headers["Vary"] == "Accept, Cookie"

    @pytest.mark.parametrize("error", [RuntimeError(), cherrypy.HTTPError(404)])
    def test_varies_by_cookie_when_it_is_an_error(self, error: Exception) -> None:
        def page() -> None:
            raise error

        assert serve(page, ON).get("/").headers["Vary"] == "Cookie"

    def test_tells_the_cache_that_it_carries_a_session(self) -> None:
        seen: list[Any] = []

        def page() -> str:
            seen.append(vars(cherrypy.request).get("touched_session"))
            return ""

        serve(page, ON).get("/")
        serve(page).get("/")
        assert seen == [True, None]

    def test_is_not_cached(self) -> None:
        config = ON | {"tools.caching.on": True}
        client = serve(count, config)
        assert [client.get("/").text for _ in range(2)] == ["1", "2"]
        client.cookies.clear()
        assert client.get("/").text == "1"

    def test_is_the_same_for_all_where_the_page_says_so(self) -> None:
        calls = []

        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return count()

            @cherrypy.expose
            def news(self, look: str = "") -> str:
                calls.append(look)
                cherrypy.response.headers["Cache-Control"] = "max-age=60, Public"
                if look == "renew":
                    cherrypy.session.regenerate()
                return count() if look == "data" else "news"

        client = mount(Root(), {"/": ON | {"tools.caching.on": True}})
        for _ in range(2):
            client.cookies.clear()
            client.get("/")
            response = client.get("/news")
            assert response.text == "news"
            assert "Vary" not in response.headers
            assert set_cookies(response) == []
        assert calls == [""], "one answer for all"
        for look in ("data", "renew"):
            response = client.get(f"/news?look={look}")
            assert response.headers["Vary"] == "Cookie"
            assert len(set_cookies(response)) == 1
        assert client.get("/").text == "3"


class TestTheTool:
    def test_survives_hooks_that_fail_before_it(self) -> None:
        def fail() -> None:
            raise cherrypy.HTTPError(403)

        for point in ("on_start_resource", "before_request_body"):
            config = ON | {f"hooks.{point}": fail}
            response = serve(count, config).get("/")
            assert response.status_code == 403
        assert len(RamSession.locks) == 0

    def test_is_planned_and_not_asked_at_each_request(self) -> None:
        def page() -> str:
            plan = cherrypy.request.plan
            assert plan is not None
            return str(len(plan.live))

        assert serve(page, ON).get("/").text == "0"

    def test_may_be_attached_by_hand(self) -> None:
        def attach() -> None:
            hooks = cherrypy.request.hooks
            hooks.attach("before_request_body", sessions.init, name="other")
            hooks.attach("before_finalize", sessions.save)
            hooks.attach("on_end_request", sessions.close)

        client = serve(count, {"hooks.on_start_resource": attach})
        assert len(id_of(client.get("/"), "other")) == 40
        assert client.get("/").text == "2"

    def test_may_be_subclassed(self, site: Any) -> None:
        class Mine(type(cherrypy.tools.sessions)):  # type: ignore[misc]
            def _setup(self) -> None:
                super()._setup()
                cherrypy.request.hooks.attach("before_handler", self.note)

            def note(self) -> None:
                cherrypy.session["noted"] = True

        cherrypy.tools.mine = Mine()
        client = serve(lambda: str(cherrypy.session["noted"]), {"tools.mine.on": True})
        assert client.get("/").text == "True"

    def test_takes_the_class_by_its_dotted_name(self) -> None:
        name = "cherrypy.lib.sessions.RamSession"
        client = serve(count, settings(storage_class=name))
        client.get("/")
        assert len(RamSession.cache) == 1

    def test_takes_the_deprecated_name_of_a_kind(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.warns(DeprecationWarning, match="use storage_class"):
            assert serve(count, settings(storage_type="ram")).get("/").text == "1"

        class LocalSession(RamSession):
            cache: ClassVar[dict[str, Any]] = {}

        monkeypatch.setattr(sessions, "LocalSession", LocalSession, raising=False)
        with pytest.warns(DeprecationWarning, match="use storage_class"):
            serve(count, settings(storage_type="local")).get("/")
        assert len(LocalSession.cache) == 1
        with pytest.warns(DeprecationWarning, match="use storage_class"):
            response = serve(count, settings(storage_type="lost")).get("/")
        assert response.status_code == 500
        assert "it can be 'ram', 'file' or 'memcached'" in caplog.text

    def test_logs_what_it_does(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("INFO"):
            client = serve(count, settings(debug=True))
            client.get("/", headers={"Cookie": "session_id=x"})
        for word in ("'x' is no session", "locked", "saved for 60", "released"):
            assert f"TOOLS.SESSIONS {word}" in caplog.text

    def test_has_the_documented_arguments(self) -> None:
        assert cherrypy.tools.sessions.callable is sessions.init
        assert {"storage_class", "timeout", "locking"} <= set(
            vars(cherrypy.tools.sessions)
        )


class OwnSession(Session):
    """As a program would write one, in a dictionary."""

    kept: dict[str | None, Any] = {}  # noqa: RUF012 - as a program would
    set_up: list[dict[str, Any]] = []  # noqa: RUF012

    @classmethod
    def setup(cls, **kwargs: Any) -> None:
        cls.set_up.append(kwargs)

    def _exists(self) -> bool:
        return self.id in self.kept

    def _load(self) -> Any:
        return self.kept.get(self.id)

    def _save(self, expiration_time: Any) -> None:
        self.kept[self.id] = (dict(self._data), expiration_time)

    def _delete(self) -> None:
        self.kept.pop(self.id, None)


class TestAClassOfOnesOwn:
    @pytest.fixture
    def own(self) -> type[OwnSession]:
        """Return a class that no test has used, for it is set up once."""

        class FreshSession(OwnSession):
            kept: dict[str | None, Any] = {}  # noqa: RUF012
            set_up: list[dict[str, Any]] = []  # noqa: RUF012

        return FreshSession

    def test_keeps_sessions(self, own: type[OwnSession]) -> None:
        client = serve(count, settings(storage_class=own, place="here"))
        assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
        (setup,) = own.set_up
        assert setup == {"place": "here"}
        (data, expires) = own.kept.popitem()[1]
        assert data == {"count": 3}
        assert expires > sessions.Session(without_storage=True).now()

    def test_is_told_how_it_is_locked_if_config_says_so(self) -> None:
        def page() -> str:
            return str(getattr(cherrypy.serving.session, "locking", None))

        for locking in ("explicit", "early"):
            chosen = settings(storage_class=OwnSession, locking=locking)
            assert serve(page, chosen).get("/").text == locking
        assert serve(page, settings(storage_class=OwnSession)).get("/").text == "None"

    def test_may_ask_its_lock_whether_it_is_locked(self) -> None:
        class AskingSession(OwnSession):
            kept: dict[str | None, Any] = {}  # noqa: RUF012
            locks: ClassVar[dict[str | None, threading.Lock]] = defaultdict(
                threading.Lock
            )

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self.lock = None
                super().__init__(*args, **kwargs)

            @property
            def locked(self) -> bool:  # type: ignore[override]
                return self.lock is not None and self.lock.locked()

            def acquire_lock(self) -> None:
                self.lock = self.locks[self.id]
                assert self.lock.acquire(timeout=10)

            def release_lock(self) -> None:
                if self.lock is not None:
                    self.lock.release()
                self.lock = None

        def page(renew: str = "") -> str:
            if renew:
                cherrypy.session.regenerate()
            return count()

        client = serve(page, settings(storage_class=AskingSession))
        with nothing_kept():
            told = [client.get(f"/?renew={renew}").text for renew in ("", "", "1", "")]
        assert told == ["1", "2", "3", "4"]
        assert len(AskingSession.kept) == 1
        assert not any(lock.locked() for lock in AskingSession.locks.values())

    def test_must_say_how(self) -> None:
        session = Session(without_storage=True)
        for step in (session._exists, session._load, session._delete):
            with pytest.raises(NotImplementedError):
                step()
        with pytest.raises(NotImplementedError):
            session._save(session.now())
        with pytest.raises(NotImplementedError):
            len(session)
        session.clean_up()

    def test_ends_by_its_own_clock(self, own: type[OwnSession]) -> None:
        client = serve(count, settings(storage_class=own, timeout=-1))
        assert [client.get("/").text for _ in range(2)] == ["1", "1"]
