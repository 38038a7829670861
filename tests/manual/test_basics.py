"""The chapter "Basics": hosting, logging, configuring, cookies, files, JSON."""

from __future__ import annotations

import gzip
import signal
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy.testing import Client
from tests.manual.running import load, running

if TYPE_CHECKING:
    from pathlib import Path

CHECKER = "CherryPy Checker:\nThe Application mounted at '' has an empty config.\n\n"
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make the folder that the manual calls /home/site."""
    site = tmp_path / "home"
    (site / "static" / "js").mkdir(parents=True)
    (site / "style.css").write_text("body { background-color: blue; }")
    (site / "static" / "js" / "my.js").write_text("alert(1)")
    (site / "static" / "index.html").write_text("<html>index</html>")
    (site / "static" / "table.csv").write_text("a,b\n")
    return site


class TestHosting:
    @pytest.mark.live
    def test_one_minute_is_enough_for_a_first_page(self, tmp_path: Path) -> None:
        with running("basics/one_minute", tmp_path) as program:
            assert program.ask("/").text == "Hello World!"

    @pytest.mark.live
    def test_a_single_application_has_a_path_and_settings(self, tmp_path: Path) -> None:
        with running("basics/single_application", tmp_path) as program:
            assert program.ask("/").status == 404
            plain = program.ask("/blog/")
            assert plain.text == "My blog" * 100
            assert plain.headers["Vary"] == "Accept-Encoding"
            zipped = program.ask("/blog/", headers=GZIP)
            assert zipped.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(zipped.body) == plain.body

    @pytest.mark.live
    def test_the_root_of_an_application_gets_its_slash(self, tmp_path: Path) -> None:
        with running("basics/single_application_at_blog", tmp_path) as program:
            moved = program.ask("/blog")
            assert moved.status == 301
            host, port = program.addresses[0]
            assert moved.headers["Location"] == f"http://{host}:{port}/blog/"
            assert program.ask("/blog/").text == "My blog"

    @pytest.mark.live
    def test_several_applications_live_side_by_side(self, tmp_path: Path) -> None:
        # No signal handler here: the manual adds it in "Deal with signals".
        with running(
            "basics/multiple_applications", tmp_path, ends_with=signal.SIGINT
        ) as program:
            blog, forum = program.ask("/blog/"), program.ask("/forum/")
            assert (blog.text, blog.headers["X-App"]) == ("My blog", "blog")
            assert (forum.text, forum.headers["X-App"]) == ("My forum", "forum")
            assert program.ask("/forum/where").text.endswith("/forum/threads")
            assert program.ask("/forums/").status == 404
        assert "ENGINE Keyboard Interrupt: shutting down bus" in program.log

    @pytest.mark.live
    def test_quickstart_goes_along_with_mounted_applications(
        self, tmp_path: Path
    ) -> None:
        with running("basics/multiple_applications_quickstart", tmp_path) as program:
            assert program.ask("/blog/").text == "My blog"
            assert program.ask("/forum/").text == "My forum"


@pytest.mark.live
class TestLogging:
    def test_messages_and_tracebacks_go_to_the_error_log(self, tmp_path: Path) -> None:
        with running("basics/logging_calls", tmp_path, complains=True) as program:
            assert program.ask("/").text == "logged"
            assert program.ask("/kaboom").text == "survived"
        error_log = (tmp_path / "error.log").read_text()
        for log in (error_log, program.log):
            assert "]  hello there\n" in log
            assert "]  kaboom!\nTraceback (most recent call last):" in log
            assert "ZeroDivisionError: division by zero" in log
        access_log = (tmp_path / "access.log").read_text()
        assert access_log == program.output
        assert [line.split('"')[1] for line in access_log.splitlines()] == [
            "GET / HTTP/1.1",
            "GET /kaboom HTTP/1.1",
        ]

    def test_logging_can_be_switched_off(self, tmp_path: Path) -> None:
        with running("basics/logging_disabled", tmp_path) as program:
            assert program.ask("/").text == "not logged"
        # The checker warns as modules do, not through the logs.
        assert (program.output, program.log) == ("", CHECKER)

    def test_logging_plays_along_with_other_loggers(self, tmp_path: Path) -> None:
        with running("basics/logging_with_others", tmp_path) as program:
            assert program.ask("/").text == "hello world"
        assert program.log == CHECKER
        assert "[INFO] root: boom" in program.output
        assert program.output.count("[INFO] db: bam") == 1
        errors = (tmp_path / "errors.log").read_text()
        for log in (errors, program.output):
            assert "]  bang\n" in log
            assert "ENGINE Bus STARTED" in log
        access = (tmp_path / "access.log").read_text()
        assert access.count('"GET / HTTP/1.1" 200 11') == 1
        assert "GET /" not in program.output


class TestConfiguring:
    @pytest.mark.live
    def test_the_site_takes_a_dictionary_and_a_file(self, tmp_path: Path) -> None:
        with running("basics/global_config", tmp_path) as program:
            assert program.ask("/").text == "9091 9090"
        assert "ports: 9090 9091" in program.output

    @pytest.mark.live
    def test_an_application_takes_a_dictionary(self, tmp_path: Path) -> None:
        with running("basics/app_config", tmp_path) as program:
            answer = program.ask("/", headers=GZIP)
            assert gzip.decompress(answer.body) == b"hello world!" * 100

    @pytest.mark.live
    def test_an_application_takes_a_file_with_sections_of_its_own(
        self, tmp_path: Path
    ) -> None:
        with running("basics/app_config_file", tmp_path) as program:
            answer = program.ask("/", headers=GZIP)
            assert answer.headers["X-Appid"] == "..."
            assert gzip.decompress(answer.body) == b"hello world!"

    @pytest.mark.parametrize("name", ["gzip_decorator", "gzip_attribute"])
    def test_settings_can_stand_where_they_apply(self, name: str) -> None:
        client = Client(cherrypy.Application(load(f"basics/{name}").Root()))
        answer = client.get("/", headers=GZIP)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.body) == b"hello world!"
        assert "Content-Encoding" not in client.get("/").headers


def test_cookies_are_sent_read_and_deleted() -> None:
    app = cherrypy.Application(load("basics/cookies").MyCookieApp(), "/cookie")
    client = Client(app)
    sent = client.get("/cookie/set")
    assert "I just sent you a cookie" in sent.text
    (cookie,) = sent.headers.get_all("Set-Cookie")
    assert cookie.startswith("cookieName=cookieValue; ")
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "Max-Age=3600",
        "Path=/",
        "Version=1",
    }
    read = client.get("/cookie/read")
    assert "you sent me 1 cookies" in read.text
    assert "name: cookieName, value: cookieValue<br>" in read.text
    assert "Set-Cookie" not in read.headers
    client.get("/cookie/delete")
    assert "you sent me 0 cookies" in client.get("/cookie/read").text


@pytest.mark.live
class TestStaticContent:
    def test_files_and_folders_are_served(self, tmp_path: Path, site: Path) -> None:
        put = {"/home/site": str(site)}
        with running("basics/static", tmp_path / "run", put=put) as program:
            style = program.ask("/file/style.css")
            assert style.body == (site / "style.css").read_bytes()
            assert style.media_type == "text/css"
            assert program.ask("/directory/static/js/my.js").text == "alert(1)"
            assert program.ask("/root/static/js/my.js").text == "alert(1)"
            assert program.ask("/root/static/table.csv").media_type == "text/csv"
            assert program.ask("/directory/static/").status == 404
            index = program.ask("/index/static/")
            assert index.text == "<html>index</html>"
            assert program.ask("/index/static").status == 301
            assert program.ask("/root/static/../style.css").status in (403, 404)
            assert program.ask("/root/static/none.js").status == 404

    def test_a_page_can_offer_a_download(self, tmp_path: Path, site: Path) -> None:
        put = {"/home/site": str(site)}
        with running("basics/static", tmp_path / "run", put=put) as program:
            path = site / "static" / "js" / "my.js"
            answer = program.ask(f"/file/download?filepath={path}")
            assert answer.text == "alert(1)"
            assert answer.media_type == "application/x-download"
            disposition = answer.headers["Content-Disposition"]
            assert disposition == 'attachment; filename="my.js"'
            assert program.ask("/file/download?filepath=/no/such/file").status == 404

    def test_a_site_has_the_cherry_as_its_icon(self, tmp_path: Path) -> None:
        with running("basics/one_minute", tmp_path) as program:
            answer = program.ask("/favicon.ico")
            assert answer.status == 200
            assert answer.media_type == "image/x-icon"
            assert answer.body[:4] == b"\0\0\1\0"

    @pytest.mark.parametrize("name", ["favicon", "favicon_config_file"])
    def test_a_site_may_have_its_own_icon(self, tmp_path: Path, name: str) -> None:
        icon = tmp_path / "icons" / "myfavicon.ico"
        icon.parent.mkdir()
        icon.write_bytes(b"an icon")
        put = {"/path/to": str(icon.parent)}
        with running(f"basics/{name}", tmp_path / "run", put=put) as program:
            answer = program.ask("/favicon.ico")
            assert (answer.body, answer.media_type) == (b"an icon", "image/x-icon")
            assert program.ask("/").text == "Hello World!"


class TestJSON:
    def test_a_document_is_decoded(self) -> None:
        client = Client(cherrypy.Application(load("basics/json_in").Root()))
        assert client.post("/", json={"a": [1, None]}).text == "{'a': [1, None]}"
        other = client.post("/", data={"a": "1"})
        assert other.status_code == 415
        broken = client.post(
            "/", data=b"{", headers={"Content-Type": "application/json"}
        )
        assert broken.status_code == 400
        assert "Invalid JSON document" in broken.text

    def test_a_page_may_return_a_document(self) -> None:
        client = Client(cherrypy.Application(load("basics/json_out").Root()))
        answer = client.get("/")
        assert answer.json() == {"key": "value"}
        assert answer.headers["Content-Type"] == "application/json"
