"""What pages of other sites may do here."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy.lib.cors import allowed_origin
from tests.lib.apps import Root, mount

APP = "https://app.example.org"


class Site(Root):
    @cherrypy.expose
    def index(self) -> str:
        return "x"

    @cherrypy.expose
    def fails(self) -> str:
        raise RuntimeError("no")

    @cherrypy.expose
    async def later(self) -> str:
        return "x"


def at(tool: str, **settings: Any) -> Any:
    entries = {f"tools.{tool}.{name}": value for name, value in settings.items()}
    return mount(Site(), {"/": {f"tools.{tool}.on": True, **entries}})


class TestCors:
    @pytest.mark.parametrize("path", ["/", "/later", "/fails", "/nothing"])
    def test_who_is_listed_may_read_every_answer(self, path: str) -> None:
        answer = at("cors", origins=[APP]).get(path, headers={"Origin": APP})
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers

    @pytest.mark.parametrize(
        "stranger",
        [
            "null",
            "",
            "https://app.example.org.evil.net",
            "https://evil.net/https://app.example.org",
            "https://evilapp.example.org",
            "http://app.example.org",
            "https://app.example.org:8443",
            "https://app.example.org\u00e9",
        ],
    )
    @pytest.mark.parametrize("credentials", [True, False])
    def test_who_is_not_listed_may_not(self, stranger: str, credentials: bool) -> None:
        client = at("cors", origins=[APP], credentials=credentials)
        answer = client.get(
            "/", headers={"Origin": stranger.encode().decode("latin-1")}
        )
        assert answer.status_code == 200
        assert not [name for name in answer.headers if "Access" in name]
        # Else a cache would give the one's answer to the other.
        assert answer.headers["Vary"] == "Origin"

    def test_without_the_tool_nobody_may(self) -> None:
        answer = mount(Site()).get("/", headers={"Origin": "null"})
        assert not [name for name in answer.headers if "Access" in name]

    def test_anybody_may_if_that_is_said(self) -> None:
        answer = at("cors", origins="*").get("/", headers={"Origin": "null"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Vary" not in answer.headers

    def test_credentials_go_to_those_who_are_named(self) -> None:
        client = at("cors", origins=[APP], credentials=True, expose=["X-Total"])
        answer = client.get(
            "/", headers={"Origin": APP.upper().replace("HTTPS", "https")}
        )
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Access-Control-Expose-Headers"] == "X-Total"

    def test_browsers_are_answered_before_they_ask(self) -> None:
        client = at("cors", origins=[APP], methods=["put", "DELETE"], headers=["X-A"])
        asked = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
        answer = client.request("OPTIONS", "/", headers=asked)
        assert answer.status_code == 204
        assert answer.body == b""
        assert answer.headers["Access-Control-Allow-Methods"] == "PUT, DELETE"
        assert answer.headers["Access-Control-Allow-Headers"] == "X-A"
        assert answer.headers["Access-Control-Max-Age"] == "600"

    def test_who_may_not_hears_nothing(self) -> None:
        asked = {"Origin": "null", "Access-Control-Request-Method": "PUT"}
        answer = at("cors", origins=[APP]).request("OPTIONS", "/", headers=asked)
        assert answer.status_code == 204
        assert not [name for name in answer.headers if "Access" in name]

    def test_other_questions_about_options_go_to_the_page(self) -> None:
        answer = at("cors", origins=[APP]).request("OPTIONS", "/")
        assert answer.text == "x"

    def test_methods_may_be_one(self) -> None:
        asked = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
        client = at("cors", origins=APP, methods="PUT")
        answer = client.request("OPTIONS", "/", headers=asked)
        assert answer.headers["Access-Control-Allow-Methods"] == "PUT"

    @pytest.mark.parametrize(
        ("origins", "credentials"),
        [
            ("*", True),
            (["*"], True),
            (["app.example.org"], False),
            ([APP + "/"], False),
        ],
    )
    def test_settings_that_make_no_sense_are_told(
        self, origins: Any, credentials: bool
    ) -> None:
        with pytest.raises(ValueError, match=r"tools\.cors\.origins"):
            allowed_origin(None, origins, credentials=credentials)
        client = at("cors", origins=origins, credentials=credentials)
        assert client.get("/").status_code == 500

    def test_what_is_done_can_be_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        at("cors", origins=[APP], debug=True).get("/", headers={"Origin": APP})
        assert f"Origin {APP!r}" in caplog.text


class TestCsrf:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "http://localhost"},
            {"Origin": "https://localhost"},
            {"Referer": "http://localhost/form"},
            {"Sec-Fetch-Site": "cross-site", "Origin": APP},
            {"Referer": f"{APP}/form"},
        ],
    )
    def test_what_comes_from_here_is_done(self, headers: dict[str, str]) -> None:
        answer = at("csrf", origins=[APP]).post("/", headers=headers)
        assert answer.text == "x"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "SAME-ORIGIN"},
            {"Sec-Fetch-Site": ""},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
            {"Origin": "null"},
            {"Origin": "http://localhost.evil.net"},
            {"Origin": "http://localhost:8080"},
            {"Origin": "localhost"},
            {"Origin": "http://[evil"},
            {"Referer": "https://evil.net/localhost"},
            {"Referer": "http://[evil"},
            {"Referer": "javascript:1"},
        ],
    )
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    def test_what_another_site_wants_is_refused(
        self, headers: dict[str, str], method: str
    ) -> None:
        answer = at("csrf").request(method, "/", headers=headers, data="")
        assert answer.status_code == 403
        assert "another site" in answer.text

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_looking_is_allowed_from_anywhere(self, method: str) -> None:
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.net"}
        assert at("csrf").request(method, "/", headers=headers).status_code == 200

    def test_hosts_of_one_domain_may_if_that_is_said(self) -> None:
        client = at("csrf", same_site=True)
        assert client.post("/", headers={"Sec-Fetch-Site": "same-site"}).text == "x"
        answer = client.post("/", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403

    def test_behind_a_proxy_the_host_that_was_asked_counts(self) -> None:
        config = {
            "tools.csrf.on": True,
            "tools.proxy.on": True,
            "tools.proxy.base": "https://shop.example",
        }
        client = mount(Site(), {"/": config})
        assert client.post("/", headers={"Origin": "https://shop.example"}).text == "x"
        answer = client.post("/", headers={"Origin": "http://localhost"})
        assert answer.status_code == 403

    def test_what_is_done_can_be_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        at("csrf", debug=True).post("/", headers={"Origin": "null"})
        assert "Refused" in caplog.text
