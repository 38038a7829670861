from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.auth_basic import basic_auth, checkpassword_dict, credentials
from cherrypy.lib.passwords import checkpassword_hashes, hash_password
from tests.lib.apps import Root, mount, serve

if TYPE_CHECKING:
    from cherrypy.testing import Client, Response

USERS = {"alice": "4x5istwelve", "günter": "pässword", "empty": ""}


def guarded(**settings: Any) -> Client:
    """Make a client for a page that tells who has come to see it."""
    config: dict[str, Any] = {
        "tools.auth_basic.on": True,
        "tools.auth_basic.realm": "wonderland",
        "tools.auth_basic.checkpassword": checkpassword_dict(USERS),
    }
    config |= {f"tools.auth_basic.{name}": value for name, value in settings.items()}
    return serve(lambda: cherrypy.request.login, config)


def ask(client: Client, credentials: bytes, scheme: str = "Basic") -> Response:
    encoded = b64encode(credentials).decode()
    return client.get("/", headers={"Authorization": f"{scheme} {encoded}"})


class TestRight:
    def test_credentials_open_the_page(self) -> None:
        response = guarded().get("/", auth=("alice", "4x5istwelve"))
        assert response.status_code == 200
        assert response.text == "alice"

    def test_credentials_may_be_in_any_language(self) -> None:
        client = guarded()
        for form in ("günter:pässword", "gu\u0308nter:pa\u0308ssword"):
            assert ask(client, form.encode()).text == "günter"
        assert ask(client, "günter:pässword".encode("latin-1")).text == "günter"

    def test_scheme_may_be_in_any_case(self) -> None:
        assert ask(guarded(), b"alice:4x5istwelve", "bAsIc").status_code == 200

    def test_password_may_have_colons(self) -> None:
        client = guarded(checkpassword=checkpassword_dict({"a": "b:c"}))
        assert ask(client, b"a:b:c").status_code == 200

    def test_password_may_be_found_by_a_coroutine(self) -> None:
        async def checkpassword(realm: str, user: str, password: str) -> bool:
            await asyncio.sleep(0)
            return (realm, user, password) == ("wonderland", "bob", "x")

        client = guarded(checkpassword=checkpassword)
        assert ask(client, b"bob:x").text == "bob"
        assert ask(client, b"bob:y").status_code == 401

    def test_password_may_be_kept_as_a_hash(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from cherrypy.lib import passwords

        monkeypatch.setattr(passwords, "_COST", passwords._Scrypt(4, 8, 1))
        check = checkpassword_hashes({"alice": hash_password("secret")})
        client = guarded(checkpassword=check)
        assert ask(client, b"alice:secret").text == "alice"
        assert ask(client, b"alice:wrong").status_code == 401
        assert ask(client, b"bob:secret").status_code == 401

    def test_name_may_be_empty_if_the_check_says_so(self) -> None:
        client = guarded(checkpassword=lambda realm, user, password: True)
        assert ask(client, b":").status_code == 200


class TestWrong:
    @pytest.mark.parametrize(
        "said",
        [b"alice:wrong", b"bob:4x5istwelve", b":", b"alice:", b"empty:", b"alice:4x5"],
    )
    def test_credentials_are_asked_for_again(self, said: bytes) -> None:
        response = ask(guarded(), said)
        assert response.status_code == 401
        challenge = 'Basic realm="wonderland", charset="UTF-8"'
        assert response.headers["WWW-Authenticate"] == challenge
        assert "You are not authorized to access that resource" in response.text

    @pytest.mark.parametrize("header", [None, "Bearer x", "Digest x", "Basi YTpi"])
    def test_scheme_is_no_scheme_of_ours(self, header: str | None) -> None:
        headers = {} if header is None else {"Authorization": header}
        response = guarded().get("/", headers=headers)
        assert response.status_code == 401

    @pytest.mark.parametrize(
        "header",
        [
            *("Basic", "Basic ", "x", "Basic YWxpY2U=", "Basic YWxpY2U", "Basic *"),
            *(
                "Basic ****",
                "Basic YTpi=",
                "Basic YTp",
                "Basic é",
                "Basic YTpi YTpi",
                "Basic Y\tTpi",
            ),
            "Basic " + b64encode(b"al\nice:x").decode(),
            "Basic " + b64encode(b"alice:\x00").decode(),
            "Basic " + b64encode(b"\xff\xfe").decode(),
        ],
    )
    def test_header_is_the_clients_mistake(self, header: str) -> None:
        response = guarded().get("/", headers={"Authorization": header})
        assert response.status_code == 400
        assert "Bad Request" in response.text


class TestSettings:
    def test_charset_is_named_only_if_it_is_utf_8(self) -> None:
        response = guarded(accept_charset="iso-8859-1").get("/")
        assert response.headers["WWW-Authenticate"] == 'Basic realm="wonderland"'

    def test_charset_is_used(self) -> None:
        client = guarded(accept_charset="koi8-r", checkpassword=lambda *said: True)
        assert ask(client, "юзер:x".encode("koi8-r")).text == "юзер"

    def test_realm_must_not_have_quotes(self) -> None:
        with pytest.raises(ValueError, match="Realm cannot contain"):
            basic_auth('a"b', lambda *said: True)

    def test_tool_is_off_where_a_deeper_section_says_so(self) -> None:
        class Site(Root):
            @cherrypy.expose
            def index(self) -> str:
                return "index"

            @cherrypy.expose
            def api(self) -> str:
                return f"api for {cherrypy.request.login}"

        on = {
            "tools.auth_basic.on": True,
            "tools.auth_basic.realm": "wonderland",
            "tools.auth_basic.checkpassword": checkpassword_dict(USERS),
        }
        client = mount(Site(), {"/": on, "/api": {"tools.auth_basic.on": False}})
        assert client.get("/").status_code == 401
        assert client.get("/api").text == "api for None"
        assert client.get("/api", auth=("alice", "wrong")).text == "api for None"

    def test_debug_tells_the_decision(self, caplog: pytest.LogCaptureFixture) -> None:
        client = guarded(debug=True)
        ask(client, b"alice:wrong")
        ask(client, b"alice:4x5istwelve")
        assert "Asking for credentials" in caplog.text
        assert "Auth succeeded" in caplog.text
        assert "wrong" not in caplog.text


def test_pages_may_be_decorated_and_coroutines() -> None:
    class Decorated(Root):
        @cherrypy.expose
        @cherrypy.tools.auth_basic(
            realm="R", checkpassword=checkpassword_dict(USERS), priority=5
        )
        async def index(self) -> str:
            await asyncio.sleep(0)
            return f"hello {cherrypy.request.login}"

    client = mount(Decorated())
    assert client.get("/").status_code == 401
    assert ask(client, b"alice:4x5istwelve").text == "hello alice"


def test_failing_checks_are_failures() -> None:
    def broken(realm: str, user: str, password: str) -> bool:
        raise KeyError("database")

    assert ask(guarded(checkpassword=broken), b"a:b").status_code == 500


def test_an_empty_password_opens_nothing() -> None:
    check = checkpassword_dict(USERS)
    assert not check("realm", "empty", "")
    assert not check("realm", "nobody", "")
    assert check("realm", "alice", "4x5istwelve")


def test_credentials_may_be_read_by_hand() -> None:
    assert credentials("Basic YTpi") == ("a", "b")
    assert credentials("Basic   YTpi ") == ("a", "b")
    assert credentials("Bearer x") is None
