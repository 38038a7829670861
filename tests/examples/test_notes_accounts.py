"""Users of the notes: who they are, what they may do, and what others try."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.testing import Client
from examples.notes.database import Database
from examples.notes.users import Users
from tests.examples.notes_client import PASSWORD, add, log_in

if TYPE_CHECKING:
    from pathlib import Path

    import cherrypy

ADA = {"name": "ada", "password": PASSWORD}


class TestRegistering:
    def test_whoever_registers_is_logged_in_at_once(self, stranger: Client) -> None:
        response = stranger.post("/account/register", data=ADA)
        assert response.history[0].location == "http://localhost/?done=registered"
        assert "Welcome. Now you can write notes." in response.text
        assert '<span id="who">ada</span>' in response.text

    def test_only_a_hash_of_the_password_is_kept(
        self, client: Client, database: Path
    ) -> None:
        users = Users(Database(database))
        assert list(users) == ["ada"]
        assert len(users) == 1
        assert users["ada"].startswith("$scrypt$")
        for file in database.parent.iterdir():
            assert PASSWORD.encode() not in file.read_bytes()

    @pytest.mark.parametrize("name", ["ada", "ADA", " Ada "])
    def test_nobody_can_take_the_name_of_another(
        self, client: Client, application: cherrypy.Application, name: str
    ) -> None:
        other = Client(application)
        form = {"name": name, "password": "another password"}
        response = other.post("/account/register", data=form)
        assert response.status_code == 400
        assert "There is somebody called ada already." in response.text

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "a",
            "x" * 31,
            "<script>alert(1)</script>",
            "\u0430da",
            "1st",
            "a b",
            "a\nb",
        ],
    )
    def test_names_are_plain(self, stranger: Client, name: str) -> None:
        form = {"name": name, "password": PASSWORD}
        response = stranger.post("/account/register", data=form)
        assert response.status_code == 400
        assert 'role="alert"' in response.text
        assert "<script>alert" not in response.text

    @pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
    def test_passwords_have_a_length(self, stranger: Client, password: str) -> None:
        form = {"name": "ada", "password": password}
        response = stranger.post("/account/register", data=form)
        assert response.status_code == 400
        assert "A password has 8 to 200 characters." in response.text


class TestLoggingIn:
    def test_a_user_goes_and_comes_back(self, client: Client) -> None:
        assert "You are logged out." in client.post("/account/logout").text
        assert 'id="who"' not in client.get("/").text
        response = client.post("/account/login", data=ADA | {"name": " ADA "})
        assert "You are logged in." in response.text
        assert '<span id="who">ada</span>' in response.text

    @pytest.mark.parametrize(
        "form", [ADA | {"password": "guess"}, ADA | {"name": "eve"}, {}]
    )
    def test_wrong_passwords_and_unknown_names_look_the_same(
        self, client: Client, application: cherrypy.Application, form: dict[str, str]
    ) -> None:
        response = Client(application).post("/account/login", data=form)
        assert response.status_code == 403
        assert "Name or password are wrong." in response.text
        assert "guess" not in response.text

    def test_what_was_typed_is_text_and_never_markup(self, stranger: Client) -> None:
        evil = "\"'><script>alert(1)</script>"
        form = {"name": evil, "password": evil}
        assert "<script>alert" not in stranger.post("/account/login", data=form).text

    def test_the_session_has_another_id_afterwards(self, client: Client) -> None:
        client.post("/account/logout")
        client.get("/")
        # A session that somebody else has planted, and waits to be logged in.
        planted = client.cookies["session_id"]
        client.post("/account/login", data=ADA)
        assert client.cookies["session_id"] != planted
        cookies = {"session_id": planted}
        assert 'id="who"' not in Client(client.app).get("/", cookies=cookies).text

    def test_a_session_is_dead_after_logging_out(self, client: Client) -> None:
        stolen = {"session_id": client.cookies["session_id"]}
        assert 'id="who"' in Client(client.app).get("/", cookies=stolen).text
        client.post("/account/logout")
        assert 'id="who"' not in Client(client.app).get("/", cookies=stolen).text

    def test_scripts_and_other_sites_do_not_get_the_cookie(
        self, stranger: Client
    ) -> None:
        response = stranger.post("/account/register", data=ADA, follow_redirects=False)
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Cookie" in response.headers["Vary"]

    def test_looking_logs_nobody_out(self, client: Client) -> None:
        assert client.get("/account/logout").status_code == 405
        assert 'id="who"' in client.get("/").text

    @pytest.mark.parametrize("path", ["login", "register", "logout"])
    def test_other_sites_cannot_log_anybody_in_or_out(
        self, client: Client, path: str
    ) -> None:
        headers = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        form = {"name": "eve", "password": PASSWORD}
        response = client.post(f"/account/{path}", data=form, headers=headers)
        assert response.status_code == 403
        assert '<span id="who">ada</span>' in client.get("/").text


class TestWhoMayWrite:
    @pytest.mark.parametrize(
        "path", ["/add", *(f"/note/1/{what}" for what in ("change", "delete"))]
    )
    def test_strangers_are_led_to_the_door(
        self, client: Client, application: cherrypy.Application, path: str
    ) -> None:
        add(client)
        response = Client(application).post(path, data={"title": "x"})
        assert response.location == "http://localhost/account/login"
        assert "Milk" in client.get("/note/1/").text

    def test_nobody_changes_the_notes_of_another(
        self, client: Client, application: cherrypy.Application
    ) -> None:
        here = add(client)
        client.post(f"{here}attach", files={"upload": ("a", b"x")})
        other = log_in(Client(application), "bob")
        for what, sent in {
            "change": {"data": {"title": "mine"}},
            "delete": {},
            "attach": {"files": {"upload": ("b", b"y")}},
            "detach/1": {},
        }.items():
            answer = other.post(f"{here}{what}", **sent)  # type: ignore[arg-type]
            assert answer.status_code == 403, what
        page = other.get(here).text
        assert "<h1>Milk</h1>" in page
        assert "<form class" not in page.partition("<main")[2]
        assert other.get(f"{here}attachment/1").body == b"x"
        assert "None yet" not in page

    def test_the_api_knows_users_by_name_and_password(
        self, stranger: Client, database: Path
    ) -> None:
        Users(Database(database)).register("ada", PASSWORD)
        response = stranger.post("/api/notes", json={"title": "Milk"})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert response.json()["status"] == 401
        for wrong in (("ada", "guess"), ("eve", PASSWORD)):
            response = stranger.post("/api/notes", json={"title": "x"}, auth=wrong)
            assert response.status_code == 401
        right = ("ada", PASSWORD)
        response = stranger.post("/api/notes", json={"title": "Milk"}, auth=right)
        assert response.status_code == 201
        assert response.json()["author"] == "ada"
        assert stranger.get("/api/notes/1").json()["title"] == "Milk"

    def test_the_api_lets_nobody_change_the_notes_of_another(
        self, client: Client, application: cherrypy.Application
    ) -> None:
        add(client)
        other: Any = log_in(Client(application), "bob")
        answer = other.put("/api/notes/1", json={"title": "mine"})
        assert answer.status_code == 403
        assert "Only who has written a note" in answer.json()["error"]
        assert other.delete("/api/notes/1").status_code == 403
        assert client.delete("/api/notes/1").status_code == 204

    def test_pages_do_not_ask_for_a_password_by_header(self, stranger: Client) -> None:
        # Browsers would send it along with whatever other sites make them ask for.
        response = stranger.post(
            "/add",
            data={"title": "x"},
            auth=("ada", PASSWORD),
            follow_redirects=False,
        )
        assert response.location == "http://localhost/account/login"

    def test_other_sites_cannot_use_the_api(self, client: Client) -> None:
        headers = {"Origin": "http://evil.example"}
        response = client.post("/api/notes", json={"title": "x"}, headers=headers)
        assert response.status_code == 403
        assert client.get("/api/notes").json() == []


def test_files_from_before_there_were_users_are_brought_up_to_date(
    database: Path,
) -> None:
    old = sqlite3.connect(database)
    old.executescript(
        """
        CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL,
            text TEXT NOT NULL, changed TEXT NOT NULL);
        CREATE TABLE attachments (id INTEGER PRIMARY KEY AUTOINCREMENT,
            note_id INTEGER NOT NULL REFERENCES notes(id) ON DELETE CASCADE,
            name TEXT NOT NULL, content BLOB NOT NULL);
        INSERT INTO notes (title, text, changed) VALUES ('Old', '', '2020-01-01');
        """
    )
    old.close()
    for _ in range(2):
        with Database(database).open() as db:
            assert db.execute("SELECT title, author FROM notes").fetchall() == [
                ("Old", "")
            ]
