"""The names of authentication in CherryPy 3 to 10."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import auth, httpauth
from cherrypy.lib.auth_digest import md5_hex
from tests.lib.apps import Root, mount, serve
from tests.lib.digest_client import Digester, challenges

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.testing import Client, Response

pytestmark = [
    pytest.mark.filterwarnings("ignore:cherrypy.lib.auth:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:cherrypy.lib.httpauth:DeprecationWarning"),
]

PLAIN = {"alice": "4x5istwelve"}
NOBODY: Any = None
"""A client that is not asked."""

HASHED = {"alice": md5_hex("4x5istwelve")}


class Site(Root):
    @cherrypy.expose
    def default(self, *path: str) -> str:
        return repr(cherrypy.request.login)


def basic(**settings: Any) -> Client:
    config = {"on": True, "realm": "R", "users": HASHED, **settings}
    return mount(Site(), {"/": {f"tools.basic_auth.{n}": v for n, v in config.items()}})


def digest(**settings: Any) -> Client:
    config = {"on": True, "realm": "R", "users": PLAIN, **settings}
    return mount(
        Site(), {"/": {f"tools.digest_auth.{n}": v for n, v in config.items()}}
    )


def ask(client: Client, said: str) -> Response:
    encoded = b64encode(said.encode()).decode()
    return client.get("/", headers={"Authorization": f"Basic {encoded}"})


class TestBasic:
    def test_lets_in_who_knows_the_password(self) -> None:
        assert ask(basic(), "alice:4x5istwelve").text == "'alice'"
        for said in ("alice:wrong", "bob:4x5istwelve", "alice:"):
            response = ask(basic(), said)
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == 'Basic realm="R"'

    def test_asks_who_says_nothing(self) -> None:
        assert basic().get("/").status_code == 401

    def test_refuses_what_it_does_not_understand(self) -> None:
        for header in ("Basic", "Basic *", "Bearer x", "Digest x"):
            response = basic().get("/", headers={"Authorization": header})
            assert response.status_code == 400

    @pytest.mark.parametrize(
        "users",
        [
            lambda: HASHED,
            lambda name: HASHED.get(name),
            lambda name: HASHED[name] if name == "alice" else None,
        ],
    )
    def test_may_ask_a_function(self, users: Callable[..., Any]) -> None:
        client = basic(users=users)
        assert ask(client, "alice:4x5istwelve").text == "'alice'"
        assert ask(client, "bob:4x5istwelve").status_code == 401

    def test_wants_a_dictionary(self) -> None:
        assert ask(basic(users=lambda: 1), "a:b").status_code == 500

    def test_may_encrypt_in_another_way(self) -> None:
        users = {"alice": "ECILA"}
        client = basic(users=users, encrypt=lambda password: password[::-1].upper())
        assert ask(client, "alice:alice").status_code == 200

        def with_name(password: str, username: str) -> str:
            return f"{username}/{password}"

        client = basic(users={"alice": "alice/x"}, encrypt=with_name)
        assert ask(client, "alice:x").status_code == 200

    def test_says_that_it_is_old(self) -> None:
        def page() -> None:
            auth.basic_auth("R", HASHED)

        with pytest.warns(DeprecationWarning, match=r"use tools.auth_basic"):
            serve(page).get("/")


class TestDigest:
    def test_lets_in_who_knows_the_password(self) -> None:
        client = digest()
        assert Digester(client).get().text == "'alice'"
        assert Digester(client, password="wrong").get().status_code == 401
        assert Digester(client, username="bob").get().status_code == 401

    def test_asks_who_says_nothing(self) -> None:
        response = digest().get("/")
        assert response.status_code == 401
        [asked] = challenges(response)
        assert (asked["realm"], asked["algorithm"], asked["qop"]) == (
            *("R", "MD5", "auth"),
        )

    def test_takes_no_request_twice(self) -> None:
        client = digest(users=lambda name: PLAIN.get(name))
        somebody = Digester(client)
        somebody.challenge()
        headers = {"Authorization": somebody.authorization("GET", "/")}
        assert client.get("/", headers=headers).status_code == 200
        assert client.get("/", headers=headers).status_code == 401

    def test_takes_no_forged_nonce(self) -> None:
        somebody = Digester(digest())
        somebody.realm, somebody.nonce = "R", httpauth.calculateNonce("R")
        assert somebody.get().status_code == 401

    def test_says_that_it_is_old(self) -> None:
        def page() -> None:
            auth.digest_auth("R", PLAIN)

        with pytest.warns(DeprecationWarning, match=r"use tools.auth_digest"):
            serve(page).get("/")


class TestCheck:
    def checked(self, *args: Any) -> Client:
        class Checked(Root):
            @cherrypy.expose
            def index(self) -> str:
                return f"{auth.check_auth(*args)} {cherrypy.request.login!r}"

        return mount(Checked())

    def test_tells_who_has_come(self) -> None:
        client = self.checked(PLAIN)
        assert client.get("/").text == "False False"
        assert ask(client, "alice:4x5istwelve").text == "True 'alice'"
        assert ask(client, "alice:x").text == "False False"

    @pytest.mark.parametrize("realm", [(), (None, "R")])
    def test_understands_digest_too(self, realm: tuple[Any, ...]) -> None:
        client = self.checked(PLAIN, *realm)
        somebody = Digester(client)
        asking = Digester(digest())
        asking.challenge()
        somebody.realm, somebody.nonce = "R", asking.nonce
        assert somebody.get().text == "True 'alice'"
        # For the second time with one count.
        somebody.count = 0
        response = somebody.get()
        assert response.text == "False False"
        assert "WWW-Authenticate" not in response.headers

    def test_refuses_what_it_does_not_understand(self) -> None:
        for header in ("Bearer x", "Digest x"):
            for client in (self.checked(PLAIN), self.checked(PLAIN, None, "R")):
                response = client.get("/", headers={"Authorization": header})
                assert response.status_code == 400


class TestFunctions:
    def test_make_challenges(self) -> None:
        assert httpauth.basicAuth("R") == 'Basic realm="R"'
        assert httpauth.digestAuth("R", nonce="n") == (
            'Digest realm="R", nonce="n", algorithm="MD5", qop="auth"'
        )
        both = httpauth.doAuth("R")
        assert both.startswith('Digest realm="R", nonce="')
        assert both.endswith('qop="auth" Basic realm="R"')
        assert len(httpauth.calculateNonce("R")) == 32
        with pytest.raises(NotImplementedError, match="MD4"):
            httpauth.calculateNonce("R", "MD4")

    def test_understand_basic(self) -> None:
        said = httpauth.parseAuthorization("Basic YTpi")
        assert said == {"auth_scheme": "basic", "username": "a", "password": "b"}
        assert httpauth.checkResponse(said, "b")
        assert not httpauth.checkResponse(said, "c")
        assert httpauth.checkResponse(said, "B", encrypt=str.upper)
        assert httpauth.checkResponse(said, "b/a", encrypt=lambda p, u: f"{p}/{u}")

    @pytest.mark.parametrize(
        ("algorithm", "qop"),
        [
            *(("MD5", "auth"), ("MD5", "auth-int"), ("MD5", None)),
            *(("MD5-sess", "auth"), ("MD5-sess", "auth-int")),
        ],
    )
    def test_understand_digest(self, algorithm: str, qop: str | None) -> None:
        somebody = Digester(NOBODY, algorithm=algorithm, qop=qop)
        somebody.realm, somebody.nonce = "R", "n"
        header = somebody.authorization("PUT", "/x", b"body")
        said = httpauth.parseAuthorization(header)
        assert said is not None
        assert said["auth_scheme"] == "digest"
        assert said["username"] == "alice"
        more: dict[str, Any] = {"method": "PUT", "entity_body": b"body"}
        assert httpauth.checkResponse(said, "4x5istwelve", **more, realm="R")
        assert not httpauth.checkResponse(said, "4x5istwelve", **more, realm="S")
        assert not httpauth.checkResponse(said, "wrong", **more)
        assert not httpauth.checkResponse(said, "4x5istwelve", entity_body=b"body")
        if algorithm == "MD5-sess":
            key = httpauth.md5SessionKey(said, "4x5istwelve")
            assert httpauth.checkResponse(said, "", **more, A1=key)
        said["algorithm"] = "SHA-256"
        assert not httpauth.checkResponse(said, "4x5istwelve", **more)

    @pytest.mark.parametrize("header", ["", "Bearer x", "Basic *", "Digest x"])
    def test_understand_nothing_else(self, header: str) -> None:
        assert httpauth.parseAuthorization(header) is None

    def test_are_documented_with_these_names(self) -> None:
        assert httpauth.SUPPORTED_ALGORITHM == ("MD5", "MD5-sess")
        assert httpauth.SUPPORTED_QOP == ("auth", "auth-int")
        assert httpauth.DIGEST_AUTH_ENCODERS["MD5"]("x") == md5_hex("x")
        assert set(httpauth.AUTH_SCHEMES) == set(httpauth.AUTH_RESPONSES)

    def test_say_that_they_are_old(self) -> None:
        with pytest.warns(DeprecationWarning, match=r"httpauth\.doAuth is deprecated"):
            httpauth.doAuth("R")
