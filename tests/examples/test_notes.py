"""The notes application, asked as a browser and as a program would ask it."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from examples.notes.database import Database
from examples.notes.files import FILE_LENGTH, safe_name
from examples.notes.storage import NAME_LENGTH, Storage
from tests.examples.notes_client import add

if TYPE_CHECKING:
    from pathlib import Path

    from cherrypy.testing import Client


class TestPages:
    def test_an_empty_site_invites_to_write(self, client: Client) -> None:
        response = client.get("/")
        assert response.status_code == 200
        assert response.content_type == "text/html"
        assert "0 notes" in response.text
        assert "Write a note" in response.text

    def test_a_note_that_was_written_is_shown(self, client: Client) -> None:
        response = client.post(
            "/add", data={"title": " Milk ", "text": "two\r\nlitres"}
        )
        assert response.history[0].status_code == 303
        assert response.history[0].location == "http://localhost/note/1/?done=added"
        assert "The note is kept." in response.text
        assert 'value="Milk"' in response.text
        assert "two\nlitres</textarea>" in response.text
        assert 'href="http://localhost/note/1/">Milk</a>' in client.get("/").text

    def test_what_is_written_is_text_and_never_markup(self, client: Client) -> None:
        evil = "\"'><script>alert(1)</script>"
        here = add(client, evil, evil)
        for url in (here, "/", f"{here}?done={evil}"):
            assert "<script>alert" not in client.get(url).text
        assert "<script>alert" not in client.get("/", params={"q": evil}).text
        assert "&lt;script&gt;alert" in client.get("/").text

    @pytest.mark.parametrize("title", ["", "   ", "x" * 201])
    def test_a_note_that_cannot_be_kept_comes_back(
        self, client: Client, title: str
    ) -> None:
        response = client.post("/add", data={"title": title, "text": "my words"})
        assert response.status_code == 400
        assert 'role="alert"' in response.text
        assert "my words</textarea>" in response.text
        assert "0 notes" in response.text

    def test_a_note_can_be_changed(self, client: Client) -> None:
        here = add(client)
        response = client.post(f"{here}change", data={"title": "Bread", "text": ""})
        assert "The change is kept." in response.text
        assert 'value="Bread"' in response.text
        response = client.post(f"{here}change", data={"title": ""})
        assert response.status_code == 400
        assert 'role="alert"' in response.text

    def test_a_note_can_be_thrown_away(self, client: Client) -> None:
        here = add(client)
        response = client.post(f"{here}delete")
        assert "The note is gone." in response.text
        assert client.get(here).status_code == 404

    def test_words_find_the_notes_that_have_them_all(self, client: Client) -> None:
        add(client, "Milk", "two litres")
        add(client, "Bread", "100% rye_flour")
        assert "1 note with “LITRES milk”" in client.get("/?q=LITRES+milk").text
        assert "0 notes" in client.get("/?q=milk+rye").text
        for special in ("0%", "e_f"):
            found = client.get("/", params={"q": special}).text
            assert ("Bread" in found, "Milk" in found) == (True, False)

    @pytest.mark.parametrize(
        "path", ["/note/7/", "/note/x/", "/note/-1/", "/note/1%2F2/", "/nowhere"]
    )
    def test_what_is_not_there_has_a_page_of_its_own(
        self, client: Client, path: str
    ) -> None:
        response = client.get(path)
        assert response.status_code == 404
        assert "To the notes" in response.text

    @pytest.mark.parametrize("path", ["/add", "/note/1/change", "/note/1/delete"])
    def test_looking_changes_nothing(self, client: Client, path: str) -> None:
        add(client)
        assert client.get(path, params={"title": "x"}).status_code == 405
        assert "1 note" in client.get("/").text

    @pytest.mark.parametrize(
        "headers",
        [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
    )
    def test_other_sites_cannot_write(
        self, client: Client, headers: dict[str, str]
    ) -> None:
        response = client.post("/add", data={"title": "x"}, headers=headers)
        assert response.status_code == 403
        assert "0 notes" in client.get("/").text

    def test_the_own_forms_can_write(self, client: Client) -> None:
        headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
        assert client.post("/add", data={"title": "x"}, headers=headers).ok

    @pytest.mark.parametrize(
        "data", [[("title", "a"), ("title", "b")], [("title", "a"), ("upload", "b")]]
    )
    def test_fields_of_the_wrong_kind_are_refused(
        self, client: Client, data: list[tuple[str, str]]
    ) -> None:
        assert client.post("/add", data=data).status_code == 400

    def test_answers_tell_the_browser_to_be_careful(self, client: Client) -> None:
        headers = client.get("/").headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("style.css", "text/css"),
            ("notes.js", "text/javascript"),
            ("icon.svg", "image/svg+xml"),
            ("upload.js", "text/javascript"),
        ],
    )
    def test_static_files_are_there(self, client: Client, name: str, kind: str) -> None:
        response = client.get(f"/static/{name}")
        assert (response.status_code, response.content_type) == (200, kind)


class TestFiles:
    def test_a_file_may_come_with_a_note(self, client: Client) -> None:
        response = client.post(
            "/add",
            data={"title": "Photo"},
            files={"upload": ("C:\\pictures\\mé.png", b"\x89PNG", "image/png")},
        )
        assert ">mé.png</a>" in response.text

    def test_a_file_comes_back_as_it_went(self, client: Client) -> None:
        here = add(client)
        content = bytes(range(256)) * 100
        page = client.post(f"{here}attach", files={"upload": ("a.html", content)})
        assert "The file hangs on the note." in page.text
        assert "26 kB" in page.text
        response = client.get(f"{here}attachment/1")
        assert response.body == content
        assert response.content_type == "application/octet-stream"
        assert (
            response.headers["Content-Disposition"] == 'attachment; filename="a.html"'
        )

    def test_choosing_no_file_is_no_mistake(self, client: Client) -> None:
        here = add(client)
        page = client.post(f"{here}attach", files={"upload": ("", b"")})
        assert page.ok
        assert "None yet." in page.text

    def test_a_file_that_is_too_big_is_refused(self, client: Client) -> None:
        here = add(client)
        big = {"upload": ("big", b"x" * (FILE_LENGTH + 1))}
        assert client.post(f"{here}attach", files=big).status_code == 413
        assert "None yet." in client.get(here).text
        assert client.post("/add", data={"title": "x"}, files=big).status_code == 400
        assert "1 note" in client.get("/").text

    def test_a_file_belongs_to_its_note(self, client: Client) -> None:
        first, second = add(client), add(client)
        client.post(f"{first}attach", files={"upload": ("a", b"x")})
        assert client.get(f"{second}attachment/1").status_code == 404
        assert client.post("/note/9/attach", files={"upload": b"x"}).status_code == 404
        assert client.post(f"{second}detach/1").ok
        assert client.get(f"{first}attachment/1").body == b"x"

    def test_files_go_with_their_note(self, client: Client, database: Path) -> None:
        here = add(client)
        client.post(f"{here}attach", files={"upload": ("a", b"x")})
        client.post(f"{here}delete")
        assert Storage(Database(database)).attachments(1) == []

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\boot\\a.txt", "a.txt"),
            ("..", "file"),
            (".htaccess", "htaccess"),
            ("a\r\nSet-Cookie: b=c", "aSet-Cookie: b=c"),
            ("gpj.\u202eexe.txt", "gpj.exe.txt"),
            ("\x00", "file"),
            ("x" * 200 + ".pdf", "x" * (NAME_LENGTH - 4) + ".pdf"),
            ("x" * 200, "x" * NAME_LENGTH),
        ],
    )
    def test_names_are_no_paths_and_hide_nothing(self, sent: str, kept: str) -> None:
        assert safe_name(sent) == kept

    def test_names_are_text_and_never_markup(self, client: Client) -> None:
        here = add(client)
        name = "<img src=x onerror=alert(1)>.png"
        page = client.post(f"{here}attach", files={"upload": (name, b"x")}).text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
        sent = client.get(f"{here}attachment/1").headers["Content-Disposition"]
        assert sent.startswith("attachment; filename=")

    def test_a_file_can_be_thrown_away(self, client: Client) -> None:
        here = add(client)
        client.post(f"{here}attach", files={"upload": ("a", b"x")})
        page = client.post(f"{here}detach/1").text
        assert "The file is gone." in page
        assert "None yet." in page
        assert client.get(f"{here}attachment/1").status_code == 404


class TestAPI:
    def test_it_shows_the_way(self, client: Client) -> None:
        assert client.get("/api").json() == {"notes": "http://localhost/api/notes"}

    def test_a_note_lives_and_dies(self, client: Client) -> None:
        made = client.post("/api/notes", json={"title": "Milk", "text": "two"})
        assert made.status_code == 201
        assert made.headers["Location"] == "http://localhost/api/notes/1"
        note = made.json()
        assert (note["id"], note["title"], note["text"]) == (1, "Milk", "two")
        assert client.get("/api/notes/1").json() == {**note, "attachments": []}
        assert client.get("/api/notes").json() == [note]

        changed = client.put("/api/notes/1", json={"title": "Bread"})
        assert changed.json()["title"] == "Bread"
        assert client.get("/api/notes?q=milk").json() == []

        gone = client.delete("/api/notes/1")
        assert (gone.status_code, gone.body) == (204, b"")
        assert client.get("/api/notes/1").status_code == 404
        assert client.delete("/api/notes/1").status_code == 404
        assert client.put("/api/notes/1", json={"title": "x"}).status_code == 404

    @pytest.mark.parametrize(
        "document",
        [None, [], {}, {"title": 1}, {"title": ""}, {"title": "a", "text": 2}],
    )
    def test_other_documents_are_refused(self, client: Client, document: Any) -> None:
        response = client.post("/api/notes", json=document)
        assert response.status_code == 400
        assert response.content_type == "application/json"
        assert response.json()["status"] == 400

    def test_halves_of_characters_are_refused(self, client: Client) -> None:
        response = client.post(
            "/api/notes",
            data=rb'{"title": "\ud800"}',
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 400

    def test_errors_are_json_too(self, client: Client) -> None:
        response = client.get("/api/notes/9")
        assert response.status_code == 404
        assert response.json()["status"] == 404
        assert client.delete("/api").status_code == 405

    def test_forms_are_refused(self, client: Client) -> None:
        response = client.post("/api/notes", data={"title": "x"})
        assert response.status_code == 415


class TestExports:
    def test_every_note_is_a_line(self, client: Client) -> None:
        for number in range(3):
            add(client, f"Note {number}", "a\nb")
        with client.get("/export.ndjson", stream=True) as response:
            assert response.content_type == "application/x-ndjson"
            assert "Content-Length" not in response.headers
            titles = [json.loads(line)["title"] for line in response.iter_lines()]
        assert titles == ["Note 0", "Note 1", "Note 2"]

    def test_every_note_is_a_row_and_no_formula(self, client: Client) -> None:
        add(client, "=1+1", "café, nice")
        response = client.get("/export.csv")
        assert response.content_type == "text/csv"
        header, row = csv.reader(response.text.splitlines())
        assert header == ["id", "title", "text", "author", "changed"]
        assert row[:3] == ["1", "'=1+1", "café, nice"]

    def test_a_reader_may_leave_early(self, client: Client) -> None:
        for number in range(3):
            add(client, f"Note {number}")
        with client.get("/export.ndjson", stream=True) as response:
            assert "Note 0" in next(response.iter_lines())
        assert "3 notes" in client.get("/").text
