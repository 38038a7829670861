"""Who may see the diagnostic pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.diagnostic_pages import DiagnosticPages, Markup, escaped, table, tiles
from cherrypy.testing import Client

if TYPE_CHECKING:
    from types import ModuleType


class Pages(DiagnosticPages):
    @cherrypy.expose
    def index(self) -> str:
        self._admit()
        return "secrets"


class PublicPages(Pages):
    public = True


def status(
    root: object = None,
    *,
    peer: str = "127.0.0.1",
    config: Any = None,
    headers: dict[str, str] | None = None,
    base_url: str = "http://localhost:8080",
) -> int:
    app = cherrypy.Application(root or Pages(), config=config)
    client = Client(app, remote_addr=peer, base_url=base_url)
    return client.get("/", headers=headers or {}).status_code


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_a_browser_on_the_machine_itself_may_see_them(peer: str) -> None:
    assert status(peer=peer) == 200


@pytest.mark.parametrize(
    "peer", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "", "unix:"]
)
def test_nobody_else_may(peer: str) -> None:
    assert status(peer=peer) == 403


@pytest.mark.parametrize(
    "header",
    [
        *("Forwarded", "Via", "X-Forwarded-For", "x-forwarded-host"),
        *("X-Forwarded-Proto", "X-Forwarded-Server", "X-Real-IP", "X-Client-IP"),
        *("True-Client-IP", "CF-Connecting-IP", "X-Original-Host"),
    ],
)
@pytest.mark.parametrize("value", ["192.0.2.1", "127.0.0.1", ""])
def test_nobody_behind_a_proxy_may(header: str, value: str) -> None:
    assert status(headers={header: value}) == 403


def test_the_proxy_tool_does_not_change_that() -> None:
    config = {"/": {"tools.proxy.on": True}}
    headers = {"X-Forwarded-For": "127.0.0.1"}
    assert status(config=config, headers=headers) == 403


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]"),
        *("127.0.0.2", "app.localhost:1"),
    ],
)
def test_the_machine_has_several_names(host: str) -> None:
    assert status(headers={"Host": host}) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]
)
def test_a_name_that_was_made_to_point_here_is_not_believed(host: str) -> None:
    assert status(headers={"Host": host}) == 403


def test_whoever_speaks_an_old_protocol_may_be_a_proxy() -> None:
    app = cherrypy.Application(Pages())
    client = Client(app)
    answer = client.get("/", environ={"SERVER_PROTOCOL": "HTTP/1.0"})
    assert answer.status_code == 403


def test_one_line_opens_them() -> None:
    stranger = {"X-Forwarded-For": "192.0.2.1"}
    assert status(PublicPages(), peer="192.0.2.1", headers=stranger) == 200
    opened = Pages()
    opened.public = True
    assert status(opened, peer="192.0.2.1") == 200
    config = {"/": {"diagnostics.public": True}}
    assert status(peer="192.0.2.1", config=config) == 200


def test_the_setting_is_no_mistake(site: ModuleType) -> None:
    site.tree.mount(Pages(), "/pages", {"/": {"diagnostics.public": True}})
    site.checker.check_config_namespaces()


def test_a_refusal_says_little_but_the_log_says_how_to_open_them() -> None:
    heard: list[str] = []
    app = cherrypy.Application(Pages())
    app.log.error = lambda msg="", *a, **k: heard.append(msg)  # type: ignore[method-assign]
    answer = Client(app, remote_addr="192.0.2.1").get("/")
    assert "public" not in answer.text
    assert "diagnostics.public" in "".join(heard)


def test_what_is_html_already_stays_as_it_is() -> None:
    assert escaped("<a>") == "&lt;a&gt;"
    assert escaped(Markup("<a>")) == "<a>"
    assert escaped(None) == "None"


def test_numbers_stand_to_the_right() -> None:
    shown = table(["name", "size", "<"], [["<", 1, "2.5 %"], ["x", 20, ""]], name="'")
    assert "<td>&lt;</td><td class=n>1</td><td class=n>2.5 %</td>" in shown
    assert '<table id="&#x27;">' in shown
    assert "<small>&lt;</small>" in tiles([("a", 1, "<")])
