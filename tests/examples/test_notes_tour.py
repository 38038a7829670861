"""The tour of the notes, and the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cherrypy.testing import Client
from examples.notes.stops import STOPS, Stop
from examples.notes.tour import HERE, files, place
from tests.examples.notes_client import add

if TYPE_CHECKING:
    import cherrypy

ODD = {"/nowhere": 404, "/tour/source/tour.py?first=x": 400}
"""What can be seen at work where something is wrong."""


class TestTheTour:
    @pytest.mark.parametrize("stop", STOPS, ids=[stop.title for stop in STOPS])
    def test_every_stop_leads_to_its_code(self, stop: Stop) -> None:
        lines = files()[stop.file].read_text("utf-8").splitlines()
        begins = [line for line in lines if line.lstrip().startswith(stop.line)]
        assert len(begins) == 1
        first, last = place(lines, stop.line)
        assert begins[0] in lines[first - 1 : last]

    def test_every_stop_can_be_seen(self, client: Client) -> None:
        add(client)
        page = client.get("/tour/").text
        for stop in STOPS:
            assert f"<h2>{stop.title}</h2>" in page
            if stop.path and stop.path != "/stats/":
                answer = client.get(stop.path, stream=True)
                assert answer.status_code == ODD.get(stop.path, 200)
                answer.close()

    def test_decorators_belong_to_the_code(self) -> None:
        lines = ["class A:", "    x = 1", "", "    @b", "    def c():", "        pass"]
        assert place([*lines, "", "d = 2"], "def c") == (4, 6)
        with pytest.raises(LookupError):
            place(lines, "def d")

    def test_a_file_is_shown_as_text(self, stranger: Client) -> None:
        page = stranger.get("/tour/source/templates/page.html?first=1&last=2").text
        assert '<span id="L1" class="marked">&lt;!doctype html&gt;' in page
        assert '<span id="L3" class="">' in page

    @pytest.mark.parametrize(
        "name",
        ["", "nothing.py", "../../README.md", "..%2F..%2FREADME.md", "%2Fetc%2Fpasswd"],
    )
    def test_no_other_file_is_shown(self, stranger: Client, name: str) -> None:
        assert stranger.get(f"/tour/source/{name}").status_code == 404

    def test_what_is_no_number_is_refused_by_name(self, stranger: Client) -> None:
        answer = stranger.get("/tour/source/tour.py?first=x")
        assert answer.status_code == 400
        assert "&#x27;first&#x27;" in answer.text or "'first'" in answer.text

    def test_the_tour_leaves_no_module_out(self) -> None:
        names = set(files())
        assert {path.name for path in HERE.glob("*.py")} <= names
        assert "notes.conf" in names


class TestTheFigures:
    def test_pages_are_counted(self, stranger: Client) -> None:
        stranger.get("/tour/")
        figures = stranger.get("/stats/data").json()["CherryPy Applications"]
        assert figures["Pages"]["Tour.index"]["Requests"] >= 1

    def test_others_do_not_see_them(self, application: cherrypy.Application) -> None:
        other = Client(application, remote_addr="192.0.2.1")
        assert other.get("/stats/").status_code == 403

    def test_they_bring_a_policy_of_their_own(self, stranger: Client) -> None:
        policy = stranger.get("/stats/").headers["Content-Security-Policy"]
        assert "nonce-" in policy


def test_the_api_is_explained(stranger: Client) -> None:
    page = stranger.get("/api-guide").text
    assert "http://localhost/api/notes" in page
    assert "$" not in page
