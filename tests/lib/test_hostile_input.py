"""Whatever a stranger sends: an answer or a 4xx, nothing from outside, never a 500."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cherrypy
from cherrypy.core.errors import HTTPError
from cherrypy.lib.beneath import names_below
from tests.lib.apps import Config, mount, serve

if TYPE_CHECKING:
    from cherrypy.testing import Client, Response

PIECES = [
    *("..", ".", "/", "//", "\\", "%2F", "%2f", "%2e%2e", "a.txt", "sub", "link"),
    *("out", "secret.txt", "\0", "\x7f", "é", "\xff", "~", ":", "C:", "nul", "x" * 300),
]

paths = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(
    st.characters(max_codepoint=255), max_size=40
)

values = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)


SECRET = b"31415926535"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A directory with links in it, served at /s, with a secret beside it."""
    home = tmp_path_factory.mktemp("site")
    (home / "pub/sub").mkdir(parents=True)
    (home / "secret.txt").write_bytes(SECRET)
    (home / "pub/a.txt").write_text("public")
    (home / "pub/sub/a.txt").write_text("public")
    (home / "pub/link").symlink_to("sub")
    (home / "pub/out").symlink_to("..")
    config: Config = {
        "tools.staticdir.on": True,
        "tools.staticdir.dir": str(home / "pub"),
        "tools.staticdir.index": "a.txt",
        "tools.staticdir.etag": True,
        "tools.staticdir.precompressed": True,
        "tools.gzip.on": True,
    }
    return mount(object(), {"/s": config})


def assert_is_public(response: Response) -> None:
    assert response.status_code < 500
    assert SECRET not in response.body


@given(path=paths, windows=st.booleans())
def test_names_never_lead_up(path: str, windows: bool) -> None:
    try:
        names = names_below(path, windows=windows)
    except HTTPError:
        return
    for name in names or ():
        assert name not in ("", ".", "..")
        assert "/" not in name
        assert not (windows and ("\\" in name or ":" in name))


@settings(max_examples=200, deadline=None)
@given(path=paths)
def test_no_path_leads_out_of_a_static_directory(site: Client, path: str) -> None:
    response = site.get("/s/", environ={"PATH_INFO": f"/s/{path}"})
    assert response.status_code in (200, 301, 403, 404)
    assert_is_public(response)


@settings(max_examples=200, deadline=None)
@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("Range", "If-Range", "If-Match", "If-None-Match", "Accept-Encoding"),
                *("If-Modified-Since", "If-Unmodified-Since"),
            ]
        ),
        values
        | st.lists(
            st.sampled_from(
                [*("bytes=", "0", "5", "-", ",", "9" * 30, "*", '"a"', "W/", ";q=")]
            )
        ).map("".join),
    )
)
def test_no_condition_or_range_breaks_a_file(
    site: Client, headers: dict[str, str]
) -> None:
    response = site.get("/s/a.txt", headers=headers)
    assert response.status_code in (200, 206, 304, 400, 406, 412, 416)
    assert_is_public(response)


@cache
def page() -> Client:
    """A page that negotiates everything there is."""

    def choose() -> str:
        cherrypy.tools.accept.callable(["text/html", "text/plain"])
        return "é"

    return serve(
        choose,
        {"tools.gzip.on": True, "tools.proxy.on": True, "tools.etags.on": True},
    )


@settings(max_examples=200, deadline=None)
@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("Accept", "Accept-Charset", "Accept-Encoding", "If-None-Match"),
                *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"),
            ]
        ),
        values,
    )
)
def test_no_wish_or_claim_breaks_a_page(headers: dict[str, str]) -> None:
    assert page().get("/", headers=headers).status_code in (200, 304, 400, 406)


@cache
def reader() -> Client:
    """A page that reads JSON."""
    return serve(lambda: "x", {"tools.json_in.on": True})


@settings(max_examples=200, deadline=None)
@given(
    body=st.binary(max_size=60)
    | st.text('{}[]",:0123456789.eE+-nultrfas \\u', max_size=60).map(str.encode)
)
def test_no_document_breaks_a_page(body: bytes) -> None:
    response = reader().post(
        "/", data=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in (200, 400)


@cache
def guarded(tool: str) -> Client:
    """A page that nobody gets to see."""
    own: dict[str, Config] = {
        "auth_basic": {"checkpassword": lambda realm, user, password: False},
        "auth_digest": {
            "get_ha1": lambda realm, user: None,
            "key": "k",
            "qop": "auth, auth-int",
            "algorithms": "SHA-256, MD5-sess, MD5",
        },
    }
    config: Config = {"on": True, "realm": "R", **own[tool]}
    return serve(lambda: "x", {f"tools.{tool}.{n}": v for n, v in config.items()})


parameters = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("username", "username*", "realm", "nonce", "uri", "response", "nc"),
                *("cnonce", "qop", "algorithm", "userhash", "opaque", "x"),
            ]
        ),
        values
        | st.sampled_from(
            [
                *('"R"', '"/"', "auth", "auth-int", "00000001", "MD5-sess", "SHA-256"),
                *('"0:0123456789abcdef0123456789abcdef"', "UTF-8''%C3%BC", '"'),
            ]
        ),
    )
).map(lambda pairs: ", ".join(f"{name}={value}" for name, value in pairs))


@pytest.mark.parametrize("tool", ["auth_basic", "auth_digest"])
@settings(max_examples=200, deadline=None)
@given(
    scheme=st.sampled_from(["Basic ", "Digest ", "basic", "Digest", "", "Bearer "]),
    said=values | parameters | st.binary().map(lambda b: b64encode(b).decode()),
)
def test_no_credentials_break_a_page(tool: str, scheme: str, said: str) -> None:
    response = guarded(tool).post(
        "/", headers={"Authorization": scheme + said}, data=b"x"
    )
    assert response.status_code in (400, 401)
