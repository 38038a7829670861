"""The whole programs of the how-to pages, as processes."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.validate import validator

import pytest
import trustme

from cherrypy.testing import Client
from tests.browser import browser  # noqa: F401  a fixture
from tests.manual.running import Program, ask, living, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser import Browser

PROGRAMS = Path(__file__).parents[2] / "docs" / "programs"

pytestmark = pytest.mark.live


@contextmanager
def running(name: str, folder: Path) -> Iterator[Program]:
    """Run a copy of a program; it ends cleanly."""
    shutil.copy(PROGRAMS / f"{name}.py", folder)
    with living(start(name, folder)) as program:
        yield program


def test_two_applications_share_a_server(tmp_path: Path) -> None:
    with running("several_applications", tmp_path) as program:
        assert program.ask("/blog/").text == "The blog, at /blog"
        assert program.ask("/forum/").text == "The forum, at /forum"
        assert program.ask("/").status == 404


def test_a_foreign_application_is_served_beside_our_own(tmp_path: Path) -> None:
    with running("host_wsgi", tmp_path) as program:
        assert program.ask("/").text == "The site"
        assert program.ask("/foreign/a/b").text == "At /foreign: /a/b"


def test_an_application_is_served_at_two_ports(tmp_path: Path) -> None:
    with running("several_servers", tmp_path) as program:
        for number, (_, port) in enumerate(program.addresses):
            assert program.ask("/", server=number).text == f"You came by {port}"
        assert len(program.addresses) == 2


def test_a_unix_socket_is_served(tmp_path: Path) -> None:
    with running("unix_socket", tmp_path):
        connection = http.client.HTTPConnection("localhost", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        with closing(connection):
            connection.sock.connect(str(tmp_path / "site.sock"))
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"By a path"


def test_https_is_served(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with running("tls", tmp_path) as program:
        assert ask(program.addresses[0], "/", tls=context).text == "By https"


def test_a_server_of_ones_own_has_its_own_limits(tmp_path: Path) -> None:
    with running("own_server", tmp_path) as program:
        assert program.ask("/").text == "Carefully"
        assert program.ask("/", headers={"X": "x" * 9000}).status in (413, 431)
        big = program.ask(
            "/", method="POST", body=b"", headers={"Content-Length": "99999"}
        )
        assert big.status == 413


def test_a_worker_does_what_pages_leave_to_it(tmp_path: Path) -> None:
    with running("worker", tmp_path) as program:
        assert program.ask("/order?thing=tea").text == "Ordered."
        while not (done := json.loads(program.ask("/done").text)):
            pass
        assert done == ["send tea"]
    assert "Done: send tea" in program.log


def test_news_arrive_in_the_browser_as_they_happen(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    with running("events", tmp_path) as program:
        host, port = program.addresses[0]
        with browser.page(f"http://{host}:{port}") as page:
            with page.expect_response("**/events"):
                page.goto("/")
            program.ask("/tell?text=rain")
            program.ask("/tell?text=sunshine")
            page.get_by_text("sunshine").wait_for()
            assert page.locator("li").all_inner_texts() == ["rain", "sunshine"]


def test_the_application_is_a_wsgi_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(PROGRAMS)
    from tests.front_door import untouched

    with untouched():
        import as_wsgi  # type: ignore[import-not-found]

        answer = Client(validator(as_wsgi.application)).get("/")
    del sys.modules["as_wsgi"]
    assert answer.text == "Hello from another server"
