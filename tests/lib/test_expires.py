from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from tests.lib.apps import Config, serve

if TYPE_CHECKING:
    from cherrypy.testing import Client, Response

NEVER = "Sun, 28 Jan 2007 00:00:00 GMT"


def client(headers: dict[str, str], **settings: Any) -> Client:
    """Make a client for a page that sets these headers."""

    def page() -> str:
        cherrypy.response.time = 1_000_000_000
        cherrypy.response.headers.update(headers)
        return "x"

    config = {f"tools.expires.{key}": value for key, value in settings.items()}
    return serve(page, {"tools.expires.on": True, **config})


def said(response: Response) -> dict[str, str]:
    """Return what a response says about its lifetime."""
    names = ("Expires", "Pragma", "Cache-Control")
    return {n: response.headers[n] for n in names if n in response.headers}


@pytest.mark.parametrize(
    ("secs", "expires"),
    [
        (10, "Sun, 09 Sep 2001 01:46:50 GMT"),
        (timedelta(days=1), "Mon, 10 Sep 2001 01:46:40 GMT"),
        (-5, "Sun, 09 Sep 2001 01:46:35 GMT"),
    ],
)
def test_caches_are_told_when(secs: Any, expires: str) -> None:
    response = client({"ETag": '"a"'}, secs=secs).get("/")
    assert said(response) == {"Expires": expires}


def test_nothing_is_good_for_no_time_at_all() -> None:
    asking = client({"Last-Modified": NEVER})
    assert said(asking.get("/")) == {
        "Expires": NEVER,
        "Pragma": "no-cache",
        "Cache-Control": "no-cache, must-revalidate",
    }
    asking.protocol = "HTTP/1.0"
    assert said(asking.get("/")) == {"Expires": NEVER, "Pragma": "no-cache"}


@pytest.mark.parametrize("force", [False, True])
def test_only_what_caches_may_keep_expires_unless_forced(force: bool) -> None:
    assert bool(said(client({}, secs=5, force=force).get("/"))) is force


def test_what_the_page_says_stays_unless_forced() -> None:
    own = {"Expires": "mine", "Pragma": "mine", "Cache-Control": "mine"}
    assert said(client(own).get("/")) == own
    assert "mine" not in said(client(own, force=True).get("/")).values()


def test_debug_tells_what_is_done(caplog: pytest.LogCaptureFixture) -> None:
    client({}, debug=True).get("/")
    client({"Age": "1"}, debug=True).get("/")
    assert "The response is not for caches" in caplog.text
    assert f"'Expires': '{NEVER}'" in caplog.text


@pytest.mark.parametrize(
    ("status", "good"), [(404, True), (410, True), (400, False), (403, False)]
)
def test_an_error_that_may_be_the_client_s_own_is_good_for_no_time(
    status: int, good: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def page() -> str:
        raise cherrypy.HTTPError(status)

    config: Config = {
        "tools.expires.on": True,
        "tools.expires.secs": 60,
        "tools.expires.force": True,
        "tools.expires.debug": True,
    }
    answer = serve(page, config).get("/")
    assert ("Expires" in answer.headers) is good
    assert ("An error is good for nobody else" in caplog.text) is not good
    config["tools.expires.secs"] = 0
    assert said(serve(page, config).get("/"))["Expires"] == NEVER
