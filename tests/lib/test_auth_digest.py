from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib import auth_digest, digest_counts
from cherrypy.lib.auth_digest import (
    HttpDigestAuthorization,
    digest_auth,
    get_ha1_dict,
    get_ha1_dict_plain,
    get_ha1_file_htdigest,
    ha1,
    synthesize_nonce,
    www_authenticate,
)
from cherrypy.lib.digest_credentials import parse_auth_params
from cherrypy.stores.base import StoreUnavailable
from cherrypy.stores.ram import RamStore
from tests.lib.apps import Root, mount, serve
from tests.lib.digest_client import Digester, challenges

if TYPE_CHECKING:
    from pathlib import Path

    from cherrypy.testing import Client

KEY = "a565c27146791cfb"
USERS = {"alice": "4x5istwelve", "günter": "pässword", "empty": ""}


def settings(**more: Any) -> dict[str, Any]:
    config: dict[str, Any] = {
        "on": True,
        "realm": "wonderland",
        "get_ha1": get_ha1_dict_plain(USERS),
        "key": KEY,
        **more,
    }
    return {f"tools.auth_digest.{name}": value for name, value in config.items()}


class Site(Root):
    """Pages that tell who has come."""

    @cherrypy.expose
    def default(self, *path: str, **params: Any) -> str:
        return f"{cherrypy.request.login} at {'/'.join(path)}"

    @cherrypy.expose
    def upload(self, **params: Any) -> bytes:
        unread: bytes = cherrypy.request.body.read()
        return unread or repr(params).encode()


def guarded(**more: Any) -> Client:
    return mount(Site(), {"/": settings(**more)})


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test count for itself."""
    counts = digest_counts.ProcessCounts()
    monkeypatch.setattr(digest_counts, "_counts_at", lambda where: counts)


class TestChallenge:
    def test_is_as_documented(self) -> None:
        response = guarded().get("/")
        assert response.status_code == 401
        assert "You are not authorized to access that resource" in response.text
        [asked] = challenges(response)
        nonce = asked.pop("nonce")
        assert asked == {
            "realm": "wonderland",
            "algorithm": "MD5",
            "qop": "auth",
            "charset": "UTF-8",
        }
        assert abs(int(nonce.partition(":")[0]) - time.time()) < 5

    def test_is_another_one_for_each_client(self) -> None:
        client = guarded()
        nonces = {challenges(client.get("/"))[0]["nonce"] for _ in range(5)}
        assert len(nonces) == 5

    def test_comes_once_for_each_algorithm(self) -> None:
        response = guarded(algorithms=["SHA-256", "MD5-sess", "MD5"]).get("/")
        asked = challenges(response)
        assert [each["algorithm"] for each in asked] == ["SHA-256", "MD5-sess", "MD5"]
        assert len({each["nonce"] for each in asked}) == 1

    def test_may_be_made_by_hand(self) -> None:
        assert www_authenticate("R", "k", nonce="n") == (
            'Digest realm="R", nonce="n", algorithm="MD5", qop="auth", charset="UTF-8"'
        )
        assert www_authenticate(
            "R", "k", "SHA-256", "n", "auth, auth-int", True, "ISO-8859-1"
        ) == (
            'Digest realm="R", nonce="n", algorithm="SHA-256", qop="auth, auth-int", '
            'stale="true"'
        )
        assert 'nonce="' in www_authenticate("R", "k")
        with pytest.raises(ValueError, match="algorithm"):
            www_authenticate("R", "k", "MD4")
        with pytest.raises(ValueError, match="qop"):
            www_authenticate("R", "k", qop="quality")

    def test_must_not_have_quotes_in_the_realm(self) -> None:
        with pytest.raises(ValueError, match="Realm cannot contain"):
            digest_auth('a"b', get_ha1_dict({}), KEY)

    def test_answers_other_schemes(self) -> None:
        client = guarded()
        for header in ("Basic YTpi", "Digestive x", "x"):
            response = client.get("/", headers={"Authorization": header})
            assert response.status_code == 401


class TestProof:
    @pytest.mark.parametrize("algorithm", auth_digest.valid_algorithms)
    @pytest.mark.parametrize("qop", ["auth", "auth-int"])
    def test_opens_the_page(self, algorithm: str, qop: str) -> None:
        client = guarded(algorithms=algorithm, qop="auth, auth-int")
        somebody = Digester(client, algorithm=algorithm, qop=qop)
        for path in ("/a", "/b?c=d", "/"):
            assert somebody.get(path).status_code == 200
        assert somebody.get("/x").text == "alice at x"

    def test_is_that_of_the_rfc(self) -> None:
        """RFC 7616 §3.9.1."""
        stored = {
            "MD5": "8ca523f5e9506fed4657c9700eebdbec",
            "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6"
            "c1",
        }
        for algorithm, expected in stored.items():
            header = (
                'Digest username="Mufasa", realm="http-auth@example.org", '
                'uri="/dir/index.html", algorithm=' + algorithm + ", "
                'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
                'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
                f'response="{expected}", '
                'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
            )
            auth = HttpDigestAuthorization(header, "GET")
            hashed = ha1("http-auth@example.org", "Mufasa", "Circle of Life", algorithm)
            assert auth.request_digest(hashed) == expected

    def test_may_be_of_a_user_in_any_language(self) -> None:
        client = guarded()
        somebody = Digester(client, "günter", "pässword")
        assert somebody.get("/x").text == "günter at x"
        extended = {"username": None, "username*": "UTF-8''g%C3%BCnter"}
        somebody = Digester(client, "günter", "pässword", forged=extended)
        assert somebody.get("/x").text == "günter at x"

    def test_may_come_in_an_old_charset(self) -> None:
        client = guarded(get_ha1=lambda realm, username: ha1(realm, username, "x"))
        somebody = Digester(client, "günter", "x")
        somebody.challenge()
        header = somebody.authorization("GET", "/").encode("latin-1").decode()
        headers = {"Authorization": header.encode("latin-1").decode("latin-1")}
        assert client.get("/", headers=headers).status_code == 200

    @pytest.mark.parametrize(
        "path", ["/a%20b", "/%C3%BC", "/a%2Fb", "/a;b=c", "/?x=%41", "/a//b", "/%FF"]
    )
    def test_may_be_for_any_uri(self, path: str) -> None:
        assert Digester(guarded()).get(path).status_code == 200

    @pytest.mark.parametrize("name", ["REQUEST_URI", "RAW_URI"])
    def test_is_compared_with_what_the_server_was_asked(self, name: str) -> None:
        somebody = Digester(guarded())
        # A server that undoes the escapes of a slash.
        asked = {"PATH_INFO": "/a/b", "REQUEST_URI": "", name: "/a%2Fb"}
        assert somebody.get("/a%2Fb", environ=asked).status_code == 200
        asked = {"PATH_INFO": "/a/b", "REQUEST_URI": ""}
        somebody = Digester(guarded(), nonce=somebody.nonce, realm="wonderland")
        somebody.count = 10
        assert somebody.get("/a%2Fb", environ=asked).status_code == 400

    def test_may_name_an_absolute_uri(self) -> None:
        somebody = Digester(guarded())
        response = somebody.get("/x?y=z", signed="http://localhost/x?y=z")
        assert response.status_code == 200

    def test_may_leave_out_the_path_of_the_root(self) -> None:
        """As urllib does."""
        assert Digester(guarded()).get("/", signed="").status_code == 200
        assert Digester(guarded()).get("/?x=y", signed="?x=y").status_code == 200

    def test_may_count_in_another_order(self) -> None:
        somebody = Digester(guarded())
        somebody.challenge()
        for count in (5, 3, 4, 1, 200, 2 + 128, 100):
            somebody.count = count - 1
            assert somebody.get().status_code == 200

    def test_may_be_found_by_a_coroutine(self) -> None:
        async def get_ha1(realm: str, username: str) -> str | None:
            await asyncio.sleep(0)
            return ha1(realm, username, "x") if username == "bob" else None

        client = guarded(get_ha1=get_ha1)
        assert Digester(client, "bob", "x").get().status_code == 200
        assert Digester(client, "bob", "y").get().status_code == 401
        assert Digester(client, "eve", "x").get().status_code == 401

    def test_holds_for_where_the_request_is_led_within(self) -> None:
        class Inner(Root):
            @cherrypy.expose
            def old(self) -> None:
                raise cherrypy.InternalRedirect("/new?a=b")

            @cherrypy.expose
            def new(self, a: str) -> str:
                return f"{cherrypy.request.login} {a}"

        for protected in ("/new", "/"):
            somebody = Digester(mount(Inner(), {protected: settings()}))
            for method in ("GET", "POST"):
                somebody.challenge("/new")
                response = somebody.request(method, "/old")
                assert response.text == "alice b"

    def test_works_below_a_mount_point(self) -> None:
        client = mount(Site(), {"/": settings()}, "/app")
        assert Digester(client).get("/app/x").text == "alice at x"


class TestWrong:
    @pytest.mark.parametrize(
        "change",
        [
            {"password": "wrong"},
            {"username": "nobody"},
            {"username": "empty", "password": ""},
            {"forged": {"response": '"0"'}},
            {"forged": {"response": '"é"'}},
            {"forged": {"realm": '"elsewhere"'}},
            {"forged": {"nonce": '"forged"'}},
            {"forged": {"nonce": f'"{"9" * 5000}:x"'}},
            {"forged": {"nonce": '"²:x"'}},
            {"forged": {"cnonce": '"other"'}},
            {"forged": {"nc": "0000000a"}},
            {"forged": {"algorithm": "SHA-256"}},
            {"forged": {"algorithm": "MD5-sess"}},
            {"forged": {"qop": "auth-int"}},
            {"forged": {"qop": None, "nc": None, "cnonce": None}},
        ],
    )
    def test_proof_is_asked_for_again(self, change: dict[str, Any]) -> None:
        client = guarded()
        response = Digester(client, **change).get()
        assert response.status_code == 401
        assert "stale" not in challenges(response)[0]

    @pytest.mark.parametrize(
        "header",
        [
            *("Digest", "Digest ", "Digest x", 'Digest username="a"', "Digest ,,,,"),
            *('Digest username="a', 'Digest username="a\\', "Digest =", 'Digest "'),
        ],
    )
    def test_header_is_the_clients_mistake(self, header: str) -> None:
        response = guarded().get("/", headers={"Authorization": header})
        assert response.status_code == 400
        assert "The Authorization header could not be parsed." in response.text

    @pytest.mark.parametrize(
        "forged",
        [
            {"username": None},
            {"realm": None},
            {"nonce": None},
            {"uri": None},
            {"response": None},
            {"response": '""'},
            {"nc": None},
            {"cnonce": None},
            {"qop": None},
            {"qop": "quality"},
            {"nc": "1"},
            {"nc": "0000000g"},
            {"nc": "-0000001"},
            {"nc": "000000001"},
            {"algorithm": "MD4"},
            {"algorithm": "MD5-sess", "qop": None, "nc": None, "cnonce": None},
            {"userhash": "true"},
            {"username*": "UTF-8''alice"},
            {"username": None, "username*": "latin1''alice"},
            {"username": None, "username*": "UTF-8''%FF"},
            {"username": None, "username*": "UTF-8''a%0Ab"},
            {"username": None, "username*": "alice"},
            {"nonce ": '"twice"'},
        ],
    )
    def test_parameters_are_the_clients_mistake(
        self, forged: dict[str, str | None]
    ) -> None:
        assert Digester(guarded(), forged=forged).get().status_code == 400

    @pytest.mark.parametrize(
        "signed", ["/b", "/a?b=c", "/a/", "/A", "a", "http://localhost/b", "*"]
    )
    def test_uri_is_another_one(self, signed: str) -> None:
        somebody = Digester(guarded())
        assert somebody.get("/a", signed=signed).status_code == 400

    def test_uri_is_not_looked_at_if_a_proxy_changes_it(self) -> None:
        somebody = Digester(guarded(check_uri=False))
        assert somebody.get("/a", signed="/prefix/a").status_code == 200

    def test_method_is_another_one(self) -> None:
        client = guarded()
        somebody = Digester(client)
        somebody.challenge()
        headers = {"Authorization": somebody.authorization("GET", "/a")}
        assert client.delete("/a", headers=headers).status_code == 401


class TestNonce:
    def test_is_good_for_some_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        somebody = Digester(guarded())
        assert somebody.get().status_code == 200
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 590)
        assert somebody.get().status_code == 200
        monkeypatch.setattr(time, "time", lambda: now + 602)
        response = somebody.get()
        assert response.status_code == 401
        [asked] = challenges(response)
        assert asked["stale"] == "true"
        somebody.nonce, somebody.count = asked["nonce"], 0
        assert somebody.get().status_code == 200

    def test_is_told_to_be_old_only_to_those_who_know_the_password(self) -> None:
        client = guarded(nonce_seconds=0)
        assert "stale" in challenges(Digester(client).get())[0]
        assert "stale" not in challenges(Digester(client, password="x").get())[0]

    def test_cannot_be_used_twice_with_one_number(self) -> None:
        client = guarded()
        somebody = Digester(client)
        somebody.challenge()
        headers = {"Authorization": somebody.authorization("GET", "/a")}
        assert client.get("/a", headers=headers).status_code == 200
        response = client.get("/a", headers=headers)
        assert response.status_code == 401
        assert challenges(response)[0]["stale"] == "true"
        assert somebody.get().status_code == 200

    def test_may_be_used_twice_if_nobody_counts(self) -> None:
        client = guarded(check_count=False)
        somebody = Digester(client)
        somebody.challenge()
        headers = {"Authorization": somebody.authorization("GET", "/a")}
        assert client.get("/a", headers=headers).status_code == 200
        assert client.get("/a", headers=headers).status_code == 200
        # Nor need a client of RFC 2069 count at all.
        assert Digester(client, qop=None).get().status_code == 200

    def test_may_be_counted_in_a_store(self) -> None:
        store = RamStore()
        one, other = guarded(store=store), guarded(store=store)
        somebody = Digester(one)
        somebody.challenge()
        headers = {"Authorization": somebody.authorization("GET", "/")}
        assert one.get("/", headers=headers).status_code == 200
        assert other.get("/", headers=headers).status_code == 401
        assert len(store) == 1

    def test_cannot_be_counted_where_the_store_is_away(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = RamStore()

        def away(key: str) -> bytes:
            raise StoreUnavailable("it is away")

        monkeypatch.setattr(store, "get", away)
        assert Digester(guarded(store=store)).get().status_code == 503
        assert "Nonces cannot be counted: it is away" in caplog.text

    def test_is_of_one_realm_and_key(self) -> None:
        for other in (guarded(realm="elsewhere"), guarded(key="another")):
            somebody = Digester(other)
            somebody.challenge()
            somebody.client = guarded()
            somebody.realm = "wonderland"
            assert somebody.get().status_code == 401

    def test_is_not_used_up_by_strangers(self) -> None:
        somebody = Digester(guarded())
        somebody.challenge()
        stranger = Digester(somebody.client, password="x", nonce=somebody.nonce)
        stranger.realm = somebody.realm
        assert stranger.get().status_code == 401
        assert somebody.get().status_code == 200

    def test_tells_its_time(self) -> None:
        assert synthesize_nonce("R", "k", 5) == "5:e9c11e656aaf53ceb2d6f15ed67e6f15"
        header = (
            'Digest username="a", realm="R", uri="/", response="x", '
            'nonce="5:e9c11e656aaf53ceb2d6f15ed67e6f15"'
        )
        auth = HttpDigestAuthorization(header, "GET", debug=True)
        assert auth.validate_nonce("R", "k")
        assert not auth.validate_nonce("R", "K")
        assert auth.is_nonce_stale()
        assert not auth.is_nonce_stale(10**12)


class TestBody:
    BODY = b"a=b&c=d"
    FORM = {"Content-Type": "application/x-www-form-urlencoded"}  # noqa: RUF012

    def test_may_be_covered(self) -> None:
        somebody = Digester(guarded(qop="auth-int"), qop="auth-int")
        response = somebody.request(
            "POST", "/upload", data=self.BODY, headers=self.FORM
        )
        assert response.text == "{'a': 'b', 'c': 'd'}"

    def test_that_was_changed_is_refused(self) -> None:
        somebody = Digester(guarded(qop="auth-int"), qop="auth-int")
        response = somebody.request(
            "POST",
            "/upload",
            data=self.BODY,
            headers=self.FORM,
            signed_body=b"a=b&c=e",
        )
        assert response.status_code == 401

    @pytest.mark.parametrize("size", [0, 1, 65536, 300_000])
    def test_may_be_left_to_the_page(self, size: int) -> None:
        somebody = Digester(guarded(qop=["auth-int"]), qop="auth-int")
        body = b"x" * size
        headers = {"Content-Type": "application/octet-stream"}
        response = somebody.request("PUT", "/upload", data=body, headers=headers)
        assert response.body == body or (size == 0 and response.body == b"{}")

    def test_may_be_of_unknown_length(self) -> None:
        somebody = Digester(guarded(qop="auth-int"), qop="auth-int")
        somebody.challenge()
        header = somebody.authorization("PUT", "/upload", b"x" * 100_000)
        response = somebody.client.put(
            "/upload",
            data=iter([b"x" * 50_000, b"x" * 50_000]),
            headers={"Authorization": header, "Content-Type": "image/x"},
        )
        assert response.body == b"x" * 100_000

    def test_must_not_be_too_long(self) -> None:
        config = settings(qop="auth-int") | {"request.body.maxbytes": 100}
        somebody = Digester(mount(Site(), {"/": config}), qop="auth-int")
        response = somebody.request("PUT", "/upload", data=b"x" * 101)
        assert response.status_code == 413

    def test_is_not_kept_for_others(self) -> None:
        somebody = Digester(guarded(qop="auth, auth-int"))
        response = somebody.request(
            "POST", "/upload", data=self.BODY, headers=self.FORM
        )
        assert response.text == "{'a': 'b', 'c': 'd'}"

    def test_must_have_been_kept(self) -> None:
        def page() -> None:
            digest_auth("wonderland", get_ha1_dict_plain(USERS), KEY, qop="auth-int")

        somebody = Digester(serve(page), qop="auth-int")
        assert somebody.get().status_code == 500


class TestHashes:
    MD5 = ha1("wonderland", "alice", "4x5istwelve")
    SHA_256 = ha1("wonderland", "alice", "4x5istwelve", "SHA-256")

    def test_are_those_of_htdigest(self) -> None:
        assert self.MD5 == "3238cdfe91a8b2ed8e39646921a02d4c"

    def test_may_be_in_a_dictionary(self) -> None:
        get_ha1 = get_ha1_dict({"alice": self.MD5})
        assert get_ha1("wonderland", "alice") == self.MD5
        assert get_ha1("wonderland", "bob") is None
        client = guarded(get_ha1=get_ha1, algorithms="SHA-256, MD5")
        assert Digester(client).get().status_code == 200
        assert Digester(client, algorithm="SHA-256").get().status_code == 401

    def test_may_be_there_for_several_algorithms(self) -> None:
        get_ha1 = get_ha1_dict({"alice": [self.MD5, self.SHA_256]})
        client = guarded(get_ha1=get_ha1, algorithms=["SHA-256", "MD5"])
        assert Digester(client).get().status_code == 200
        assert Digester(client, algorithm="SHA-256").get().status_code == 200

    def test_may_be_in_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "htdigest"
        file.write_text(
            f"alice:elsewhere:{'0' * 32}\n\nbroken\n"
            f"alice:wonderland:{self.MD5}\r\nalice:wonderland:{self.SHA_256}\n"
            f"bob:a:b:{'1' * 32}"
        )
        get_ha1 = get_ha1_file_htdigest(str(file))
        assert get_ha1("wonderland", "alice") == self.MD5
        assert get_ha1("wonderland", "alice", "SHA-256-sess") == self.SHA_256
        assert get_ha1("wonderland", "bob") is None
        assert get_ha1("a:b", "bob") == "1" * 32
        client = guarded(get_ha1=get_ha1, algorithms=["SHA-256", "MD5"])
        assert Digester(client).get().status_code == 200
        assert Digester(client, algorithm="SHA-256").get().status_code == 200

    def test_may_be_made_of_passwords(self) -> None:
        get_ha1 = get_ha1_dict_plain(USERS)
        assert get_ha1("wonderland", "alice") == self.MD5
        assert get_ha1("wonderland", "alice", "SHA-256") == self.SHA_256
        assert get_ha1("wonderland", "empty") is None

    def test_are_of_known_algorithms(self) -> None:
        with pytest.raises(ValueError, match="MD4"):
            ha1("r", "u", "p", "MD4")

    def test_are_compared_for_nobody_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []
        original = HttpDigestAuthorization.request_digest

        def noting(self: Any, *args: Any, **more: Any) -> str:
            asked.append(self.username)
            return original(self, *args, **more)

        monkeypatch.setattr(HttpDigestAuthorization, "request_digest", noting)
        Digester(guarded(), "nobody").get()
        assert asked == ["nobody"]


def test_the_tool_is_off_where_a_deeper_section_says_so() -> None:
    off = {"tools.auth_digest.on": False}
    client = mount(Site(), {"/": settings(), "/api": off})
    assert client.get("/x").status_code == 401
    assert client.get("/api").text == "None at api"


def test_debug_tells_the_decision(caplog: pytest.LogCaptureFixture) -> None:
    somebody = Digester(guarded(debug=True))
    somebody.get("/x", signed="/y")
    somebody.get("/x")
    for text in ("asking for a proof", "is not what was asked for", "may pass"):
        assert text in caplog.text


def test_old_names_are_there() -> None:
    assert auth_digest.H is auth_digest.md5_hex
    assert auth_digest.md5_hex("é") == auth_digest.md5_hex("é".encode())
    assert auth_digest.valid_qops == ("auth", "auth-int")
    assert auth_digest.DEFAULT_CHARSET == "UTF-8"
    assert auth_digest.FALLBACK_CHARSET == "ISO-8859-1"
    header = (
        'Digest username="a", realm="R", nonce="n", uri="/", response="x", '
        'qop=auth-int, nc=00000001, cnonce="c"'
    )
    auth = HttpDigestAuthorization(header, "GET")
    assert auth.HA2("abc") == "05234fcdcee8df071bdc7c9b2d02ec18"
    assert auth.request_digest("h", "abc") == "40e09d0426aba411bfc1cc5c9289cdc0"
    assert auth.nonce_time() == 0
    with pytest.raises(ValueError, match="not"):
        HttpDigestAuthorization("Basic x", "GET")
    # What a program has set need not be in ISO-8859-1.
    header = header.replace('"a"', '"я"')
    assert HttpDigestAuthorization(header, "GET").username == "я"


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("a=b", {"a": "b"}),
        (' a = "b" , C=d,', {"a": "b", "c": "d"}),
        (r'a="b, \"c\" \\ d=e", f=""', {"a": r'b, "c" \ d=e', "f": ""}),
        (",,", {}),
        ("", {}),
        ("  ", {}),
    ],
)
def test_parameters_are_understood(text: str, params: dict[str, str]) -> None:
    assert parse_auth_params(text) == params


@pytest.mark.parametrize(
    "text", ["a", "a=", "a=b c=d", "a=b, a=c", 'a="b', "é=b", "\n"]
)
def test_what_are_no_parameters_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"parameter"):
        parse_auth_params(text)


@given(st.text(st.sampled_from('a="\\, \t\n')) | st.text())
def test_parameters_are_a_value_or_an_error(text: str) -> None:
    with suppress(ValueError):
        parse_auth_params(text)


@pytest.mark.parametrize("text", ['a="' + "\\" * 200_000, "," * 200_000, " " * 200_000])
def test_long_headers_take_linear_time(text: str) -> None:
    with suppress(ValueError):
        parse_auth_params(text)
