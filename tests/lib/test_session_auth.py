from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.cptools import SessionAuth
from cherrypy.lib.sessions import FileSession
from tests.lib.apps import Config, mount

if TYPE_CHECKING:
    from pathlib import Path

    from cherrypy.testing import Client, Response


class Site:
    """Pages for those who are logged in."""

    @cherrypy.expose
    def index(self, **params: Any) -> str:
        return f"hello {cherrypy.request.login}"

    @cherrypy.expose
    def other(self, **params: Any) -> str:
        return f"other {cherrypy.request.login}"


def check(username: str, password: str) -> str | None:
    """Let one user in."""
    return None if (username, password) == ("jon", "secret") else "Wrong <password>"


class Visit:
    """A client with a session, which the test may look into."""

    def __init__(self, **settings: Any) -> None:
        self.session: dict[str, Any] = {}
        self.events: list[tuple[str, str]] = []
        settings.setdefault("check_username_and_password", check)
        for event in ("on_login", "on_logout", "on_check"):
            settings.setdefault(event, self.listener(event))
        config: Config = {
            f"tools.session_auth.{key}": settings[key] for key in settings
        }
        config |= {
            "tools.session_auth.on": True,
            "hooks.on_start_resource.session": self.open_session,
        }
        self.client: Client = mount(Site(), {"/": config})

    def listener(self, event: str) -> Any:
        return lambda username: self.events.append((event, username))

    def open_session(self) -> None:
        serving: Any = cherrypy.serving
        serving.session = self.session

    def get(self, url: str) -> Response:
        return self.client.get(url)

    def log_in(self, **fields: str) -> Response:
        fields = {"username": "jon", "password": "secret", **fields}
        return self.client.post("/do_login", data=fields)


def is_form(response: Response) -> bool:
    """Tell whether a response is the login form."""
    return response.status_code == 200 and 'action="do_login"' in response.text


class TestStrangers:
    def test_get_the_form_instead_of_the_page(self) -> None:
        response = Visit().get('/other?a=1&b="')
        assert is_form(response)
        assert "http://localhost/other?a=1&amp;b=%22" in response.text
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"

    def test_may_ask_for_the_form(self) -> None:
        assert is_form(Visit().get("/login_screen"))
        assert is_form(Visit().get("/sub/login_screen"))

    def test_may_be_let_in_by_another_name(self) -> None:
        assert Visit(anonymous=lambda: "guest").get("/").text == "hello guest"

    def test_cannot_log_in_before_somebody_checks_them(self) -> None:
        visit = Visit(
            check_username_and_password=SessionAuth().check_username_and_password
        )
        assert is_form(visit.log_in())
        assert is_form(visit.get("/"))


class TestLogin:
    def test_opens_the_pages(self) -> None:
        visit = Visit()
        assert visit.log_in().location == "http://localhost/"
        assert visit.session == {"username": "jon"}
        assert visit.get("/").text == "hello jon"
        assert visit.events == [("on_login", "jon"), ("on_check", "jon")]

    def test_holds_the_lock_whichever_tool_was_switched_on_first(
        self, tmp_path: Path
    ) -> None:
        held: list[bool] = []

        def note(username: str, password: str) -> None:
            held.append(cherrypy.session.locked)

        # In this order: sessions come last.
        config: Config = {
            "tools.session_auth.on": True,
            "tools.session_auth.check_username_and_password": note,
            "tools.sessions.on": True,
            "tools.sessions.storage_class": FileSession,
            "tools.sessions.storage_path": str(tmp_path / "sessions"),
        }
        client = mount(Site(), {"/": config})
        data = {"username": "jon", "password": "secret"}
        assert client.post("/do_login", data=data).status_code == 303
        assert client.get("/").text == "hello jon"
        assert held == [True]

    def test_fails_with_the_wrong_password(self) -> None:
        visit = Visit()
        response = visit.log_in(password="wrong", from_page="/other")
        assert is_form(response)
        assert "Wrong &lt;password&gt;" in response.text
        assert 'value="jon"' in response.text
        assert 'value="/other"' in response.text
        assert visit.session == {}
        assert visit.events == []

    def test_shows_what_was_typed_as_text(self) -> None:
        evil = "\"><script>'é"
        response = Visit().log_in(username=evil, from_page=evil)
        assert "<script>" not in response.text
        assert "&quot;&gt;&lt;script&gt;&#x27;é" in response.text

    @pytest.mark.parametrize(
        ("from_page", "location"),
        [
            ("/other", "http://localhost/other"),
            ("other?a=1", "http://localhost/other?a=1"),
            ("http://localhost/other?a=1", "http://localhost/other?a=1"),
            ("", "http://localhost/"),
            ("..", "http://localhost/"),
        ],
    )
    def test_leads_back(self, from_page: str, location: str) -> None:
        assert Visit().log_in(from_page=from_page).location == location

    @pytest.mark.parametrize(
        "from_page",
        [
            *("http://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil"),
            *("https://localhost/", "http://localhost:81/", "http://localhost@evil/"),
            *("javascript:alert(1)", " //evil", "/\t/evil", "http:///evil", "http://["),
            *("//[", "\x0c//evil", "///evil.example", "/%0d/../\\/evil"),
        ],
    )
    def test_never_leads_to_another_site(self, from_page: str) -> None:
        location = Visit().log_in(from_page=from_page).headers["Location"]
        assert location.startswith("http://localhost/")
        assert "\\" not in location

    def test_gives_the_session_a_new_identity_and_ends_the_old_one(self) -> None:
        config: Config = {
            "tools.sessions.on": True,
            "tools.session_auth.on": True,
            "tools.session_auth.check_username_and_password": check,
        }
        client = mount(Site(), {"/": config})
        client.get("/")
        planted = client.cookies["session_id"]
        fields = {"username": "jon", "password": "wrong"}
        client.post("/do_login", data=fields)
        assert client.cookies["session_id"] == planted
        client.post("/do_login", data={**fields, "password": "secret"})
        assert client.cookies["session_id"] != planted
        assert client.get("/").text == "hello jon"
        client.cookies.clear()
        assert is_form(client.get("/", cookies={"session_id": planted}))
        assert client.cookies["session_id"] != planted

    def test_is_a_post(self) -> None:
        for path in ("/do_login", "/do_logout"):
            response = Visit().get(path)
            assert response.status_code == 405
            assert response.headers["Allow"] == "POST"

    @pytest.mark.parametrize(
        "fields",
        [
            {"username": "jon"},
            {},
            [("username", "jon"), ("username", "x"), ("password", "secret")],
            [
                ("from_page", "a"),
                ("from_page", "b"),
                ("username", "j"),
                ("password", ""),
            ],
        ],
    )
    def test_needs_each_field_once(self, fields: Any) -> None:
        assert Visit().client.post("/do_login", data=fields).status_code == 400

    def test_may_have_more_fields(self) -> None:
        assert Visit().log_in(more="x").location == "http://localhost/"


class TestLogout:
    def test_closes_the_pages(self) -> None:
        visit = Visit()
        visit.log_in()
        response = visit.client.post("/do_logout", data={"from_page": "/other"})
        assert response.location == "http://localhost/other"
        assert visit.events == [("on_login", "jon"), ("on_logout", "jon")]
        assert is_form(visit.get("/"))

    def test_of_a_stranger_is_nothing(self) -> None:
        visit = Visit()
        response = visit.client.post("/sub/do_logout", data={"from_page": "//evil"})
        assert response.location == "http://localhost/"
        assert visit.events == []


def test_a_form_of_ones_own_may_be_text() -> None:
    visit = Visit(login_screen=lambda *args, **kwargs: "Who é?")
    assert visit.get("/").text == "Who é?"


def test_the_key_in_the_session_may_be_chosen() -> None:
    visit = Visit(session_key="user")
    visit.log_in()
    assert visit.session == {"user": "jon"}


def test_without_a_session_the_error_says_what_to_do() -> None:
    config: Config = {"tools.session_auth.on": True, "request.show_tracebacks": True}
    response = mount(Site(), {"/": config}).get("/")
    assert response.status_code == 500
    assert "turn on tools.sessions, too." in response.text


def test_debug_tells_the_story(caplog: pytest.LogCaptureFixture) -> None:
    visit = Visit(debug=True)
    visit.get("/login_screen")
    visit.get("/")
    visit.log_in()
    visit.get("/")
    for told in (
        "showing the login screen",
        "nobody is logged in",
        "'jon' is logged in",
    ):
        assert f"TOOLS.SESSAUTH {told}" in caplog.text


def test_nothing_needs_to_be_replaced() -> None:
    guard = SessionAuth()
    assert guard.anonymous() is None
    guard.on_login("jon")
    guard.on_logout("jon")
    guard.on_check("jon")
