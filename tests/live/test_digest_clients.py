"""Digest Authentication with the clients of others, over the wire."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.native import NativeGateway
from cherrypy.core.tree import Tree
from cherrypy.httpd.wsgi import WSGIHandler
from cherrypy.lib.auth_digest import HttpDigestAuthorization, get_ha1_dict_plain
from tests.browser import browser  # noqa: F401  a fixture
from tests.httpd.serving import serving
from tests.servers import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser import Browser

pytestmark = pytest.mark.live

USERS = {"alice": "4x5istwelve", "günter": "pässword"}


class Site:
    @cherrypy.expose
    def default(self, *path: str, **params: str) -> str:
        return f"{cherrypy.request.login}: {sorted(params.items())}"


@contextmanager
def site(face: str = "native", **settings: Any) -> Iterator[str]:
    """Run a server for pages behind Digest; tell its URL."""
    config: dict[str, Any] = {
        "on": True,
        "realm": "wonderland",
        "get_ha1": get_ha1_dict_plain(USERS),
        "key": "a565c27146791cfb",
        **settings,
    }
    tree = Tree()
    tree.mount(
        Site(), "", {"/": {f"tools.auth_digest.{n}": v for n, v in config.items()}}
    )
    handler = NativeGateway(lambda: tree) if face == "native" else WSGIHandler(tree)
    with serving(handler) as running:
        host, port = running.address
        yield f"http://{host}:{port}"


def curl(*words: str) -> str:
    done = subprocess.run(
        [program("curl", "curl"), "-sS", "--max-time", "20", *words],
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


@pytest.mark.parametrize("face", ["native", "wsgi"])
@pytest.mark.parametrize(
    "algorithms", ["MD5", "SHA-256", "MD5-sess", "SHA-256-sess", ["SHA-256", "MD5"]]
)
def test_curl_gets_in(face: str, algorithms: Any) -> None:
    with site(face, algorithms=algorithms) as url:
        said = ("--digest", "--user", "alice:4x5istwelve")
        assert curl(*said, f"{url}/a%20b?x=y&z=%C3%BC") == (
            "alice: [('x', 'y'), ('z', 'ü')]"
        )
        assert curl(*said, "--data", "a=b", f"{url}/form") == "alice: [('a', 'b')]"
        # Over one connection, counting on with one nonce.
        assert curl(*said, *[f"{url}/{n}" for n in range(5)]) == "alice: []" * 5


def test_curl_gets_in_with_any_name() -> None:
    with site() as url:
        assert curl("--digest", "--user", "günter:pässword", url) == "günter: []"


def test_clients_choose_what_the_proof_covers(browser: Browser) -> None:  # noqa: F811
    with site(qop="auth, auth-int") as url:
        said = ("--digest", "--user", "alice:4x5istwelve")
        assert curl(*said, "--data", "a=b", url) == "alice: [('a', 'b')]"
        assert opened(url, "alice", "4x5istwelve") == "alice: []"
        assert browsed(browser, "alice", "4x5istwelve", url) == ["alice: []"]


def test_curl_stays_out_with_a_wrong_password() -> None:
    with site() as url:
        said = ("--digest", "--user", "alice:wrong", "--output", "/dev/null")
        assert curl(*said, "--write-out", "%{http_code}", url) == "401"


def test_curl_comes_again_if_the_nonce_is_stale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old: list[str] = []

    def is_old(auth: HttpDigestAuthorization, seconds: float) -> bool:
        """Take each nonce once only."""
        old.append(str(auth.nonce))
        return old.count(str(auth.nonce)) > 1

    monkeypatch.setattr(HttpDigestAuthorization, "is_nonce_stale", is_old)
    with site() as url:
        pages = [f"{url}/{n}" for n in range(3)]
        said = ("--digest", "--user", "alice:4x5istwelve")
        assert curl(*said, *pages) == "alice: []" * 3
    assert len(set(old)) == 3


URLLIB = """
import sys
from urllib.error import HTTPError
from urllib.request import (
    HTTPDigestAuthHandler, HTTPPasswordMgrWithDefaultRealm, build_opener
)
url, user, password = sys.argv[1:]
passwords = HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, url, user, password)
opener = build_opener(HTTPDigestAuthHandler(passwords))
try:
    print(opener.open(url, timeout=20).read().decode())
except HTTPError as error:
    print(error.code)
"""


def opened(*words: str) -> str:
    # In a process of its own: urllib leaves the refused answer open.
    done = subprocess.run(
        [sys.executable, "-c", URLLIB, *words],
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("face", ["native", "wsgi"])
def test_the_standard_library_gets_in(face: str) -> None:
    with site(face) as url:
        assert opened(f"{url}/a?x=y", "alice", "4x5istwelve") == "alice: [('x', 'y')]"
        assert opened(url, "alice", "4x5istwelve") == "alice: []"
        assert opened(url, "alice", "wrong") == "401"


@pytest.mark.parametrize(
    "algorithms", ["MD5", "SHA-256", "MD5-sess", "SHA-256-sess", ["SHA-256", "MD5"]]
)
def test_a_browser_gets_in(
    browser: Browser,  # noqa: F811  the fixture
    algorithms: Any,
) -> None:
    with site(algorithms=algorithms) as url:
        seen = browsed(browser, "günter", "pässword", f"{url}/a%20b?x=y", f"{url}/c")
    assert seen == ["günter: [('x', 'y')]", "günter: []"]


def browsed(
    browser: Browser,  # noqa: F811  the fixture
    user: str,
    password: str,
    *urls: str,
) -> list[str]:
    """Return what a browser shows at these URLs, one after the other."""
    context = browser._chromium.new_context(
        http_credentials={"username": user, "password": password}
    )
    try:
        page = context.new_page()
        seen = []
        for url in urls:
            page.goto(url)
            seen.append(page.inner_text("body"))
        return seen
    finally:
        context.close()
