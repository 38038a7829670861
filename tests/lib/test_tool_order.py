"""Tools that change a body: right in whatever order they are switched on.

Each of these adds or takes something from the one page: JSON makes the body, encode
its bytes, etags its tag, compress another form of it, caching keeps what comes out.
Their order is fixed by their priorities, so it must not matter who was named first.
"""

from __future__ import annotations

import gzip
import json
from itertools import permutations
from typing import TYPE_CHECKING, Any

import brotli
import pytest

import cherrypy
from tests.front_door import forget_caches
from tests.lib.apps import Config, mount
from tests.lib.caches import no_cache_is_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cherrypy.testing import Client, Response

__all__ = ["no_cache_is_left"]

DOCUMENT = {"words": ["All work and no play makes Jack a dull boy."] * 50}

SETTINGS: dict[str, Config] = {
    "caching": {},
    "compress": {},
    "encode": {"encoding": "utf-8"},
    "etags": {"autotags": True},
    "json_out": {},
}

FEWER = ("caching", "etags", "json_out", "gzip")


def by_config(names: Sequence[str], page: Any) -> Client:
    """Switch tools on in this order by config."""
    config: Config = {}
    for name in names:
        config[f"tools.{name}.on"] = True
        for key, value in SETTINGS.get(name, {}).items():
            config[f"tools.{name}.{key}"] = value
        if name == "gzip":
            config["tools.gzip.mime_types"] = ["application/json", "text/*"]
    root = type("Root", (), {"index": cherrypy.expose(page)})()
    return mount(root, {"/": config})


def by_decorators(names: Sequence[str], page: Any) -> Client:
    """Switch tools on by decorators, the first one innermost."""
    for name in names:
        settings = dict(SETTINGS.get(name, {}))
        if name == "gzip":
            settings["mime_types"] = ["application/json", "text/*"]
        page = getattr(cherrypy.tools, name)(**settings)(page)
    root = type("Root", (), {"index": cherrypy.expose(page)})()
    return mount(root)


def counted() -> tuple[Any, list[int]]:
    """Return a page that returns a document, and a list of its calls."""
    calls: list[int] = []

    def index(self: Any) -> Any:
        calls.append(1)
        return DOCUMENT

    return index, calls


def document(response: Response) -> Any:
    """Return the JSON document in a response."""
    undo: dict[str | None, Any] = {
        None: bytes,
        "gzip": gzip.decompress,
        "br": brotli.decompress,
    }
    return json.loads(undo[response.headers.get("Content-Encoding")](response.body))


def check(client: Client, calls: list[int], coding: str) -> None:
    """Ask for the page in all ways that touch these tools."""
    packed, unpacked = {"Accept-Encoding": coding}, {"Accept-Encoding": "identity"}
    for headers, expected, mark in (
        (packed, coding, 'W/"'),
        (unpacked, None, '"'),
    ):
        first, second = (
            client.get("/", headers=headers),
            client.get("/", headers=headers),
        )
        for answer in (first, second):
            assert answer.status_code == 200
            assert answer.headers.get("Content-Encoding") == expected
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert int(answer.headers["Content-Length"]) == len(answer.body)
            assert document(answer) == DOCUMENT
        assert "Age" not in first.headers
        assert second.headers["Age"] == "0"
        tag = first.headers["ETag"]
        assert tag.startswith(mark)
        assert second.headers["ETag"] == tag
        confirmed = client.get("/", headers={**headers, "If-None-Match": tag})
        assert confirmed.status_code == 304
        assert confirmed.body == b""
        assert confirmed.headers["ETag"] == tag
        assert confirmed.headers["Vary"] == "Accept-Encoding"
        fresh = {**headers, "If-None-Match": tag, "Cache-Control": "no-cache"}
        remade = client.get("/", headers=fresh)
        assert remade.status_code == 304
        assert remade.headers["ETag"] == tag
        again = client.get("/", headers=headers)
        assert again.headers["Age"] == "0"
        assert document(again) == DOCUMENT
    # Once for each coding, and once for each that wanted it made anew.
    assert len(calls) == 4


@pytest.mark.parametrize("names", list(permutations(FEWER)), ids="-".join)
def test_config_in_any_order(names: Sequence[str]) -> None:
    page, calls = counted()
    check(by_config(names, page), calls, "gzip")


@pytest.mark.parametrize("names", list(permutations(FEWER)), ids="-".join)
def test_decorators_in_any_order(names: Sequence[str]) -> None:
    page, calls = counted()
    check(by_decorators(names, page), calls, "gzip")


def test_all_of_them_in_any_order_of_config_and_decorators() -> None:
    orders = list(permutations(SETTINGS))
    for names in orders[:: max(len(orders) // 24, 1)]:
        for switch in (by_config, by_decorators):
            forget_caches()
            page, calls = counted()
            check(switch(names, page), calls, "br")


def test_text_is_encoded_before_it_is_compressed_and_kept() -> None:
    for names in permutations(("caching", "compress", "encode")):
        forget_caches()
        calls: list[int] = []

        def index(self: Any, calls: list[int] = calls) -> str:
            calls.append(1)
            return "żółw " * 500

        client = by_config(names, index)
        for _ in range(2):
            answer = client.get("/", headers={"Accept-Encoding": "br"})
            assert answer.headers["Content-Type"] == "text/html;charset=utf-8"
            assert brotli.decompress(answer.body).decode() == "żółw " * 500
        assert len(calls) == 1


def test_nothing_of_a_session_is_shared() -> None:
    for names in permutations(("caching", "compress", "etags", "sessions")):
        for switch in (by_config, by_decorators):
            forget_caches()

            def index(self: Any) -> str:
                seen = cherrypy.session.get("seen", 0) + 1
                cherrypy.session["seen"] = seen
                return f"{seen:600}"

            client = switch(names, index)
            for seen in (1, 2, 3):
                answer = client.get("/", headers={"Accept-Encoding": "br"})
                assert int(brotli.decompress(answer.body)) == seen
                assert "Age" not in answer.headers
                assert answer.headers["Vary"] == "Cookie, Accept-Encoding"
            client.cookies.clear()
            answer = client.get("/", headers={"Accept-Encoding": "br"})
            assert int(brotli.decompress(answer.body)) == 1
