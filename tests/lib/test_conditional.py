"""Conditions on pages; those on files are in test_static."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import cptools
from tests.lib.apps import Config, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.testing import Response

MD5_OF_ABC = '"900150983cd24fb0d6963f7d28e17f72"'
DATE = "Sun, 09 Sep 2001 01:46:40 GMT"
EARLIER = "Sunday, 09-Sep-01 01:46:39 GMT"


def ask(
    tag: str | None,
    conditions: dict[str, str],
    method: str = "GET",
    status: Any = None,
    **settings: Any,
) -> Response:
    """Ask, on conditions, for a page that has this tag and status."""

    def page() -> str:
        if tag is not None:
            cherrypy.response.headers["ETag"] = tag
        if status is not None:
            cherrypy.response.status = status
        return "abc"

    config: Config = {f"tools.etags.{key}": settings[key] for key in settings}
    client = serve(page, {"tools.etags.on": True, **config})
    return client.request(method, "/", headers=conditions)


@pytest.mark.parametrize(
    ("tag", "if_match", "status"),
    [
        ('"a"', '"a"', 200),
        ('"a"', '"b", "a"', 200),
        ('"a"', "*", 200),
        (None, "*", 200),
        ('"a"', '"b", "c"', 412),
        ('"a"', "a", 412),
        ('"a"', 'W/"a"', 412),
        ('W/"a"', 'W/"a"', 412),
        ('"a"', '"a,b"', 412),
        (None, '"a"', 412),
    ],
)
def test_if_match_wants_this_very_version(
    tag: str | None, if_match: str, status: int
) -> None:
    assert ask(tag, {"If-Match": if_match}).status_code == status


@pytest.mark.parametrize(
    ("tag", "if_none_match", "status"),
    [
        ('"a"', '"a"', 304),
        ('"a"', '"b", "a"', 304),
        ('"a"', "*", 304),
        ('"a"', 'W/"a"', 304),
        ('W/"a"', '"a"', 304),
        ('"a"', '"a,b", "a"', 304),
        ('"a,b"', '"a,b"', 304),
        ('"a"', '"x"', 200),
        ('"a"', "a", 200),
        (None, '"a"', 200),
    ],
)
def test_if_none_match_wants_any_other_version(
    tag: str | None, if_none_match: str, status: int
) -> None:
    for method in ("GET", "HEAD"):
        response = ask(tag, {"If-None-Match": if_none_match}, method)
        assert response.status_code == status
        if status == 304:
            assert response.body == b""
            assert response.headers.get("ETag") == tag


def test_if_none_match_protects_what_is_to_be_changed() -> None:
    response = ask('"a"', {"If-None-Match": '"a"'}, "PUT")
    assert response.status_code == 412
    assert "If-None-Match failed: ETag" in response.text


def test_only_success_is_conditional() -> None:
    assert ask('"a"', {"If-Match": '"b"'}, status=404).status_code == 404
    assert ask('"a"', {"If-Match": '"b"'}, status="201 Made").status_code == 412


class TestAutotags:
    def test_are_made_of_the_body(self) -> None:
        assert ask(None, {}, autotags=True).headers["ETag"] == MD5_OF_ABC

    def test_can_be_asked_for(self) -> None:
        response = ask(None, {"If-None-Match": MD5_OF_ABC}, autotags=True)
        assert response.status_code == 304

    def test_leave_other_tags_and_statuses_alone(self) -> None:
        assert ask('"a"', {}, autotags=True).headers["ETag"] == '"a"'
        assert "ETag" not in ask(None, {}, status=201, autotags=True).headers
        assert "ETag" not in ask(None, {}).headers

    def test_are_made_of_generators_too(self) -> None:
        client = serve(
            lambda: iter(["a", "bc"]),
            {"tools.etags.on": True, "tools.etags.autotags": True},
        )
        response = client.get("/")
        assert response.headers["ETag"] == MD5_OF_ABC
        assert response.text == "abc"

    def test_leave_streams_alone(self) -> None:
        def page() -> Iterator[str]:
            while True:
                yield "for ever"

        config: Config = {
            "tools.etags.on": True,
            "tools.etags.autotags": True,
            "response.stream": True,
        }
        with serve(page, config).get("/", stream=True) as response:
            assert next(response.iter_bytes()) == b"for ever"
            assert "ETag" not in response.headers

    def test_debug_tells_the_tag(self, caplog: pytest.LogCaptureFixture) -> None:
        ask(None, {}, autotags=True, debug=True)
        assert f"TOOLS.ETAGS ETag: {MD5_OF_ABC}, status: 200" in caplog.text


class TestDates:
    def ask(
        self,
        conditions: dict[str, str],
        method: str = "GET",
        modified: str | None = DATE,
        status: int | None = None,
    ) -> int:
        def page() -> str:
            if modified is not None:
                cherrypy.response.headers["Last-Modified"] = modified
            cherrypy.response.status = status
            cptools.validate_since()
            return "abc"

        return serve(page).request(method, "/", headers=conditions).status_code

    def test_decide_what_is_sent(self) -> None:
        assert self.ask({}) == 200
        assert self.ask({"If-Modified-Since": DATE}) == 304
        assert self.ask({"If-Modified-Since": EARLIER}) == 200
        assert self.ask({"If-Unmodified-Since": DATE}) == 200
        assert self.ask({"If-Unmodified-Since": EARLIER}) == 412

    def test_give_way_to_tags(self) -> None:
        assert self.ask({"If-Modified-Since": DATE, "If-None-Match": '"a"'}) == 200
        assert self.ask({"If-Unmodified-Since": EARLIER, "If-Match": '"a"'}) == 200

    def test_are_about_reading_and_success(self) -> None:
        assert self.ask({"If-Modified-Since": DATE}, "POST") == 200
        assert self.ask({"If-Unmodified-Since": EARLIER}, "POST") == 412
        assert self.ask({"If-Modified-Since": DATE}, status=404) == 404

    def test_that_are_none_are_ignored(self) -> None:
        assert self.ask({"If-Modified-Since": "yesterday"}) == 200
        assert self.ask({"If-Unmodified-Since": "yesterday"}) == 200
        assert self.ask({"If-Modified-Since": DATE}, modified="yesterday") == 200
        assert self.ask({"If-Modified-Since": DATE}, modified=None) == 200
