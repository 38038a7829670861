"""tools.caching, asked as clients ask it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.request import Request
from cherrypy.http.dates import format_http_date
from cherrypy.lib import caching
from cherrypy.lib.caching import AntiStampedeCache, Cache, MemoryCache
from cherrypy.lib.variants import _plain_uri
from tests.front_door import forget_caches
from tests.lib.apps import Config, mount
from tests.lib.caches import Counting, cached, clock, no_cache_is_left, page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.lib.caches import Clock

__all__ = ["clock", "no_cache_is_left"]


def cache() -> Any:
    """Return the cache of the site."""
    return vars(cherrypy)["_cache"]


def test_a_page_is_called_once() -> None:
    client, root = cached()
    first, second = client.get("/"), client.get("/")
    assert first.text == second.text == "call 1"
    assert "Age" not in first.headers
    assert second.headers["Age"] == "0"
    for name in ("Content-Type", "Date", "Content-Length", "Server"):
        assert first.headers[name] == second.headers[name]
    assert root.calls == 1


def test_age_tells_how_old_an_answer_is(clock: Clock) -> None:
    client, root = cached()
    client.get("/")
    clock.advance(7)
    assert client.get("/").headers["Age"] == "7"
    assert root.calls == 1


def test_a_stale_answer_is_made_anew(clock: Clock) -> None:
    client, root = cached(delay=10)
    client.get("/")
    clock.advance(10)
    assert client.get("/").text == "call 2"
    assert client.get("/").headers["Age"] == "0"
    assert root.calls == 2


def test_each_page_has_a_delay_of_its_own(clock: Clock) -> None:
    class Root:
        calls = 0

        @cherrypy.expose
        @cherrypy.tools.caching(delay=100)
        def slow(self) -> str:
            Root.calls += 1
            return "slow"

        @cherrypy.expose
        @cherrypy.tools.caching(delay=5)
        def quick(self) -> str:
            Root.calls += 1
            return "quick"

    client = mount(Root())
    for path in ("/slow", "/quick") * 2:
        client.get(path)
    assert Root.calls == 2
    clock.advance(6)
    client.get("/slow")
    assert Root.calls == 2
    client.get("/quick")
    assert Root.calls == 3


def test_each_url_has_an_answer_of_its_own() -> None:
    client, root = cached(lambda **kwargs: repr(kwargs))
    for query in ("", "a=1", "a=2", "a=1&b=2"):
        assert client.get(f"/?{query}").text == client.get(f"/?{query}").text
    assert root.calls == 4
    other = client.get("http://other.example/")
    assert other.text == client.get("/").text
    assert root.calls == 5


def test_a_question_mark_in_a_path_is_not_that_of_a_query() -> None:
    class Root:
        @cherrypy.expose
        def default(self, *args: str, **kwargs: str) -> str:
            return f"{args} {kwargs}"

    client = mount(Root(), {"/": {"tools.caching.on": True}})
    plain, escaped = client.get("/a?b=1").text, client.get("/a%3Fb=1").text
    assert plain == "('a',) {'b': '1'}"
    assert escaped == "('a?b=1',) {}"
    assert client.get("/a?b=1").text == plain
    assert client.get("/a%253Fb=1").text == "('a%3Fb=1',) {}"
    assert client.get("/a%2Fb").text == "('a/b',) {}"
    assert client.get("/a/b").text == "('a', 'b') {}"


def test_another_forwarded_host_is_another_url() -> None:
    client, _root = cached()
    client.get("/")
    evil = {"X-Forwarded-Host": "evil.example"}
    assert client.get("/", headers=evil).text == "call 2"
    assert client.get("/").text == "call 1"


def test_answers_vary_as_the_page_says() -> None:
    def greet() -> str:
        cherrypy.response.headers["Vary"] = "Accept-Language"
        return f"in {cherrypy.request.headers.get('Accept-Language')}"

    client, root = cached(greet)
    for language in ("fr", "de", "fr", "de"):
        answer = client.get("/", headers={"Accept-Language": language})
        assert answer.text == f"in {language}"
    assert client.get("/").text == client.get("/").text == "in None"
    assert root.calls == 3
    uri = cache().store["http://localhost/"]
    assert uri.selecting_headers == ("Accept-Language",)
    assert set(uri) == {("fr",), ("de",), ("",)}


def test_a_page_that_comes_to_vary_by_more_is_kept_by_more() -> None:
    names = iter(["Accept-Language", "Cookie", "", "Accept-Language"])

    def greet() -> str:
        cherrypy.response.headers["Vary"] = next(names)
        return "x"

    client, root = cached(greet)
    assert client.get("/").status_code == 200
    client.get("/", headers={"Accept-Language": "fr"})
    assert root.calls == 2
    variants = cache().store["http://localhost/"]
    assert variants.selecting_headers == ("Accept-Language", "Cookie")
    client.get("/", headers={"Accept-Language": "fr"})
    assert root.calls == 2
    client.get("/", headers={"Accept-Language": "de"})
    assert root.calls == 3


def test_the_same_codings_in_another_form_are_the_same() -> None:
    client, root = cached(page(Vary="Accept-Encoding"))
    client.get("/", headers={"Accept-Encoding": "gzip, br"})
    client.get("/", headers={"Accept-Encoding": "GZIP,BR"})
    assert root.calls == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "MOVE"])
def test_unsafe_methods_make_what_is_kept_invalid(method: str) -> None:
    client, _root = cached()
    client.get("/")
    assert client.request(method, "/").text == "call 2"
    assert client.get("/").text == "call 3"
    assert client.get("/").text == "call 3"


def test_a_refused_change_does_not() -> None:
    def refuse() -> str:
        if cherrypy.request.method != "GET":
            raise cherrypy.HTTPError(403)
        return "hello"

    client, root = cached(refuse)
    client.get("/")
    assert client.post("/").status_code == 403
    client.get("/")
    assert root.calls == 2


def test_a_change_that_fails_half_way_does() -> None:
    def fail() -> str:
        if cherrypy.request.method != "GET":
            raise RuntimeError("in the middle")
        return "hello"

    client, root = cached(fail)
    client.get("/")
    assert client.post("/").status_code == 500
    client.get("/")
    assert root.calls == 3


@pytest.mark.parametrize("header", ["Location", "Content-Location"])
@pytest.mark.parametrize(
    ("value", "gone"),
    [
        ("/item?id=1", True),
        ("item?id=1", True),
        ("http://localhost/item?id=1", True),
        ("http://other.example/item?id=1", False),
        ("//other.example/item?id=1", False),
        ("https://localhost/item?id=1", False),
        ("/item", False),
    ],
)
def test_a_change_reaches_the_urls_it_names(
    header: str, value: str, gone: bool
) -> None:
    class Root:
        calls = 0

        @cherrypy.expose
        def item(self, id: str) -> str:
            Root.calls += 1
            return "item"

        @cherrypy.expose
        def change(self) -> str:
            cherrypy.response.headers[header] = value
            return "done"

    client = mount(Root(), {"/": {"tools.caching.on": True}})
    client.get("/item?id=1")
    client.post("/change")
    client.get("/item?id=1")
    assert Root.calls == (2 if gone else 1)


def test_invalid_methods_can_be_named() -> None:
    client, _root = cached(invalid_methods=["GET-LIKE"])
    client.get("/")
    client.request("GET-LIKE", "/")
    assert client.get("/").text == "call 3"
    client.options("/")
    assert client.get("/").text == "call 3"


def test_a_page_that_was_made_before_a_change_is_not_kept_after_it() -> None:
    """The GET reads, the POST changes, and only then the GET's answer is there."""

    def slow() -> str:
        if cherrypy.request.method == "GET" and root.calls == 1:
            assert client.post("/").status_code == 200
        return f"made by {root.calls}"

    client, root = cached(slow)
    client.get("/")
    assert client.get("/").text == "made by 3"


def test_head_is_answered_from_get() -> None:
    client, root = cached()
    client.get("/")
    answer = client.head("/")
    assert answer.body == b""
    assert answer.headers["Content-Length"] == "6"
    assert answer.headers["Age"] == "0"
    assert root.calls == 1


def test_the_answer_to_head_is_not_kept() -> None:
    client, _root = cached()
    client.head("/")
    assert client.get("/").text == "call 2"


def test_no_cache_makes_the_page_run_and_keeps_what_it_says() -> None:
    for header in ("Cache-Control", "Pragma"):
        client, _root = cached()
        cherrypy.__dict__.pop("_cache", None)
        client.get("/")
        assert client.get("/", headers={header: "no-cache"}).text == "call 2"
        assert client.get("/").text == "call 2"


def test_no_store_keeps_nothing() -> None:
    client, _root = cached()
    client.get("/", headers={"Cache-Control": "no-store"})
    assert client.get("/").text == "call 2"
    assert client.get("/", headers={"Cache-Control": "no-store"}).text == "call 2"


def test_a_client_says_how_old_an_answer_may_be(clock: Clock) -> None:
    client, _root = cached()
    client.get("/")
    clock.advance(20)
    assert client.get("/", headers={"Cache-Control": "max-age=20"}).text == "call 1"
    assert client.get("/", headers={"Cache-Control": "max-age=19"}).text == "call 2"
    assert client.get("/", headers={"Cache-Control": "max-age=0"}).text == "call 2"


def test_a_client_says_how_fresh_an_answer_must_be(clock: Clock) -> None:
    client, root = cached(page("x", Cache_Control="max-age=60"))
    client.get("/")
    clock.advance(20)
    for said, calls in (("min-fresh=39", 1), ("min-fresh=45", 2)):
        client.get("/", headers={"Cache-Control": said})
        assert root.calls == calls


def test_a_client_takes_what_is_stale_unless_the_page_minds(clock: Clock) -> None:
    for said, calls in (("max-age=5", 1), ("max-age=5, must-revalidate", 2)):
        client, root = cached(page("x", Cache_Control=said))
        cherrypy.__dict__.pop("_cache", None)
        client.get("/")
        clock.advance(8)
        answer = client.get("/", headers={"Cache-Control": "max-stale=10"})
        assert root.calls == calls
        assert answer.headers.get("Age") == ("8" if calls == 1 else None)
    client, root = cached(page("x", Cache_Control="max-age=5"))
    cherrypy.__dict__.pop("_cache", None)
    client.get("/")
    clock.advance(30)
    client.get("/", headers={"Cache-Control": "max-stale=10"})
    assert root.calls == 2
    clock.advance(30)
    client.get("/", headers={"Cache-Control": "max-stale"})
    assert root.calls == 2


def test_only_if_cached_is_a_504_where_there_is_nothing() -> None:
    client, root = cached()
    wish = {"Cache-Control": "only-if-cached"}
    assert client.get("/", headers=wish).status_code == 504
    assert root.calls == 0
    client.get("/")
    assert client.get("/", headers=wish).text == "call 1"


@pytest.mark.parametrize(
    "said", ["max-age=x", "max-age", "min-fresh=", "max-stale=1.5", "max-age=-1"]
)
def test_nonsense_from_a_client_is_a_400(said: str) -> None:
    client, _root = cached()
    for _ in range(2):
        answer = client.get("/", headers={"Cache-Control": said})
        assert answer.status_code == 400
        assert "Invalid Cache-Control header" in answer.text
        client.get("/")


@pytest.mark.parametrize(
    "said",
    [
        *(",", "=", "max-age==", '"', "max-age=" + "9" * 9999, "a" * 9999),
        *("no-cache=x", "\xff", ",,,no-store", "max-age=1,max-age=x"),
    ],
)
def test_hostile_cache_control_is_never_a_500(said: str) -> None:
    client, _ = cached()
    for _ in range(2):
        status = client.get("/", headers={"Cache-Control": said}).status_code
        assert status in (200, 400)


@pytest.mark.parametrize("said", ["private", "no-store", "no-cache", "max-age=0"])
def test_a_page_can_say_no(said: str) -> None:
    client, root = cached(page(Cache_Control=said))
    client.get("/")
    client.get("/")
    assert root.calls == 2
    assert not cache().store


def test_a_page_can_say_no_in_python() -> None:
    def answer() -> str:
        cherrypy.request.cacheable = False
        return "mine"

    client, root = cached(answer)
    client.get("/")
    client.get("/")
    assert root.calls == 2


def test_tools_expires_says_it_for_a_page() -> None:
    for secs, calls in ((0, 2), (60, 1)):
        root = Counting()
        settings: Config = {
            "tools.caching.on": True,
            "tools.expires.on": True,
            "tools.expires.secs": secs,
            "tools.expires.force": True,
        }
        cherrypy.__dict__.pop("_cache", None)
        client = mount(root, {"/": settings})
        client.get("/")
        client.get("/")
        assert root.calls == calls


def test_cookies_are_given_to_nobody_else() -> None:
    def personal() -> str:
        cherrypy.response.cookie["id"] = str(root.calls)
        return "yours"

    client, root = cached(personal)
    first, second = client.get("/"), client.get("/")
    assert first.headers["Set-Cookie"] == "id=1"
    assert second.headers["Set-Cookie"] == "id=2"


def test_a_public_page_is_kept_without_its_cookies() -> None:
    def personal() -> str:
        cherrypy.response.cookie["id"] = str(root.calls)
        cherrypy.response.headers["Cache-Control"] = "public"
        return "everybody's"

    client, root = cached(personal)
    assert "Set-Cookie" in client.get("/").headers
    assert "Set-Cookie" not in client.get("/").headers
    assert root.calls == 1


def test_a_cookie_set_as_a_header_is_one() -> None:
    client, root = cached(page(Set_Cookie="a=b"))
    client.get("/")
    client.get("/")
    assert root.calls == 2


@pytest.mark.parametrize(("said", "calls"), [("", 2), ("max-age=9", 2), ("public", 1)])
def test_what_was_made_from_a_session_is_not_shared(said: str, calls: int) -> None:
    def answer() -> str:
        cherrypy.request.touched_session = True
        cherrypy.response.headers["Cache-Control"] = said
        return "hello"

    client, root = cached(answer)
    client.get("/")
    client.get("/")
    assert root.calls == calls


def test_authorized_answers_are_not_shared_unless_the_page_says_so() -> None:
    for said, calls in (("", 2), ("public", 1), ("s-maxage=5", 1)):
        client, root = cached(page(Cache_Control=said))
        cherrypy.__dict__.pop("_cache", None)
        for _ in range(2):
            client.get("/", auth=("me", "secret"))
        assert root.calls == calls


@pytest.mark.parametrize(
    ("status", "calls"), [(404, 1), (410, 1), (400, 2), (403, 2), (500, 2), (503, 2)]
)
def test_some_errors_are_kept(status: int, calls: int) -> None:
    def fail() -> str:
        raise cherrypy.HTTPError(status, "no")

    client, root = cached(fail)
    for _ in range(2):
        answer = client.get("/")
        assert answer.status_code == status
        assert "no" in answer.text
    assert root.calls == calls


def test_redirects_are_kept_where_they_are_permanent() -> None:
    for status, calls in ((301, 1), (308, 1), (303, 2), (307, 2)):

        def go(status: int = status) -> str:
            raise cherrypy.HTTPRedirect("/x", status)

        client, root = cached(go)
        cherrypy.__dict__.pop("_cache", None)
        for _ in range(2):
            answer = client.get("/")
            assert answer.status_code == status
            assert answer.location.endswith("/x")
        assert root.calls == calls


def test_a_page_that_fails_is_not_kept_and_lets_nobody_wait() -> None:
    def fail() -> str:
        raise RuntimeError("now")

    client, root = cached(fail)
    assert client.get("/").status_code == 500
    assert client.get("/").status_code == 500
    assert root.calls == 2
    assert not cache().store


def test_an_empty_answer_removes_what_was_kept() -> None:
    bodies = iter(["hello", "", "again"])
    client, _root = cached(lambda: next(bodies))
    client.get("/")
    assert cache().cursize == 5
    client.get("/", headers={"Cache-Control": "no-cache"})
    assert cache().cursize == 0
    assert client.get("/").text == "again"


def test_conditions_are_compared_with_what_is_kept() -> None:
    long_ago = time.time() - 9999
    modified = format_http_date(long_ago)
    client, root = cached(page(ETag='"a"', Last_Modified=modified))
    client.get("/")
    for name, value, status in (
        ("If-None-Match", '"a"', 304),
        ("If-None-Match", 'W/"a"', 304),
        ("If-None-Match", '"b"', 200),
        ("If-None-Match", "*", 304),
        ("If-Modified-Since", modified, 304),
        ("If-Modified-Since", format_http_date(long_ago + 9), 304),
        ("If-Modified-Since", format_http_date(long_ago - 9), 200),
        ("If-Modified-Since", "nonsense", 200),
        ("If-Match", '"a"', 200),
        ("If-Match", '"b"', 412),
        ("If-Unmodified-Since", format_http_date(long_ago - 9), 412),
    ):
        answer = client.get("/", headers={name: value})
        assert answer.status_code == status, (name, value)
        assert answer.headers.get("Age") == ("0" if status != 412 else None)
        if status == 304:
            assert answer.body == b""
            assert answer.headers["ETag"] == '"a"'
    assert root.calls == 1
    assert cache().tot_non_modified == 5


def test_a_304_of_the_page_removes_nothing() -> None:
    client, root = cached(page(ETag='"a"'))
    client.get("/")
    fresh = {"Cache-Control": "no-cache", "If-None-Match": '"a"'}

    def confirm(**kwargs: Any) -> Any:
        raise cherrypy.HTTPRedirect([], 304)

    root.answer = confirm
    assert client.get("/", headers=fresh).status_code == 304
    assert client.get("/").text == "hello"


def test_one_range_is_cut_from_what_is_kept() -> None:
    client, root = cached(page("0123456789", ETag='"a"'))
    assert client.get("/", headers={"Range": "bytes=2-4"}).status_code == 200
    part = client.get("/", headers={"Range": "bytes=2-4"})
    assert part.status_code == 206
    assert part.text == "234"
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert part.headers["Content-Length"] == "3"
    for said in ("bytes=1-2,5-6", "bytes=99-", "bytes=x", "lines=1-2"):
        whole = client.get("/", headers={"Range": said})
        assert whole.status_code == 200
        assert whole.text == "0123456789"
    other = {"Range": "bytes=2-4", "If-Range": '"b"'}
    assert client.get("/", headers=other).status_code == 200
    same = {"Range": "bytes=2-4", "If-Range": '"a"'}
    assert client.get("/", headers=same).status_code == 206
    assert client.head("/", headers=same).status_code == 200
    assert root.calls == 1


def test_a_page_that_accepts_no_ranges_is_given_whole() -> None:
    client, _root = cached(page("0123456789", Accept_Ranges="none"))
    client.get("/")
    assert client.get("/", headers={"Range": "bytes=2-4"}).status_code == 200


def test_a_part_is_never_kept() -> None:
    client, root = cached(page("234", 206, Content_Range="bytes 2-4/10"))
    client.get("/")
    client.get("/")
    assert root.calls == 2


def test_who_has_answered_before_the_page_keeps_the_word() -> None:
    """A login form stands where a cached page would be given to a stranger."""

    def gate() -> bool:
        if "key" in cherrypy.request.params:
            return False
        cherrypy.response.body = b"who are you?"
        return True

    client, _root = cached(page("secret"))
    cherrypy.tools.gate = cherrypy._cptools.HandlerTool(gate)
    try:
        client.app.merge({"/": {"tools.gate.on": True}})  # type: ignore[attr-defined]
        assert client.get("/?key=1").text == "secret"
        assert client.get("/").text == "who are you?"
        client.app.merge({"/": {"tools.gate.on": False}})  # type: ignore[attr-defined]
        assert client.get("/").text == "secret"
        client.app.merge({"/": {"tools.gate.on": True}})  # type: ignore[attr-defined]
        assert client.get("/").text == "who are you?"
    finally:
        del cherrypy.tools.gate


def test_a_streamed_answer_is_kept_when_it_has_come_to_its_end() -> None:
    def stream() -> Iterator[bytes]:
        root.calls += 1
        yield b"one "
        yield b"two"

    client, root = cached(lambda: stream())
    client.app.merge({"/": {"response.stream": True}})  # type: ignore[attr-defined]
    root.calls = 0
    first = client.get("/")
    assert first.body == b"one two"
    assert "Content-Length" not in first.headers
    second = client.get("/")
    assert second.body == b"one two"
    assert second.headers["Content-Length"] == "7"
    assert second.headers["Age"] == "0"


def test_a_stream_that_breaks_off_is_not_kept() -> None:
    closed = []

    def stream() -> Iterator[bytes]:
        try:
            yield b"one "
            yield b"two"
        finally:
            closed.append(True)

    client, root = cached(lambda: stream())
    client.app.merge({"/": {"response.stream": True}})  # type: ignore[attr-defined]
    with client.get("/", stream=True) as answer:
        assert next(iter(answer.iter_bytes())) == b"one "
    assert closed == [True]
    assert client.get("/").body == b"one two"
    assert root.calls == 2
    assert client.get("/").body == b"one two"
    assert root.calls == 2


def test_a_stream_that_is_too_large_or_endless_is_not_collected() -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(30):
            yield b"0123456789"

    client, root = cached(lambda: stream(), maxobj_size=100)
    client.app.merge({"/": {"response.stream": True}})  # type: ignore[attr-defined]
    assert len(client.get("/").body) == 300
    assert not cache().store

    def events() -> Iterator[bytes]:
        cherrypy.response.headers["Content-Type"] = "text/event-stream"
        return stream()

    root.answer = events
    client.get("/")
    client.get("/")
    assert root.calls == 3


def test_a_generator_is_joined_and_kept() -> None:
    def pieces() -> Iterator[str]:
        yield "one "
        yield "two"

    client, root = cached(lambda: pieces())
    assert client.get("/").text == client.get("/").text == "one two"
    assert root.calls == 1


def test_limits_hold() -> None:
    client, root = cached(
        lambda n: "x" * int(n), maxobjects=3, maxobj_size=100, maxsize=200
    )
    client.get("/?n=101")
    assert cache().cursize == 0
    for n in (10, 11, 12, 13):
        client.get(f"/?n={n}")
    assert len(cache().store) == 3
    assert cache().cursize == 11 + 12 + 13
    client.get("/?n=100")
    client.get("/?n=99")
    assert cache().cursize <= 200
    assert len(cache().store) <= 3
    # The last ones are there.
    calls = root.calls
    client.get("/?n=99")
    assert root.calls == calls


def test_what_is_asked_for_stays_while_others_come_and_go() -> None:
    client, root = cached(lambda n: f"page {n}", maxobjects=5)
    client.get("/?n=popular")
    for number in range(50):
        client.get(f"/?n={number}")
        client.get("/?n=popular")
    assert root.calls == 51


def test_a_cache_without_room_keeps_nothing() -> None:
    client, _ = cached(maxobjects=0)
    client.get("/")
    assert client.get("/").text == "call 2"
    client, _root = cached(maxsize=1)
    cherrypy.__dict__.pop("_cache", None)
    client.get("/")
    assert client.get("/").text == "call 2"


def test_clear_forgets_everything() -> None:
    client, _root = cached()
    client.get("/")
    cache().clear()
    assert client.get("/").text == "call 2"
    assert cache().tot_gets == cache().tot_puts == 1


def test_stale_answers_are_removed_in_the_background() -> None:
    client, _root = cached(delay=0.05, expire_freq=0.01)
    client.get("/")
    thread = cache().expiration_thread
    assert thread.daemon
    assert thread.name == "expire_cache"
    # It ends when there is nothing left to be removed.
    thread.join(10)
    assert not thread.is_alive()
    assert not cache().store
    assert cache().cursize == 0
    assert cache().tot_expires == 1
    client.get("/")
    assert cache().expiration_thread is not thread


def test_what_was_replaced_is_not_removed_in_the_place_of_the_new(
    clock: Clock,
) -> None:
    client, _root = cached(delay=30)
    client.get("/")
    clock.advance(20)
    client.get("/", headers={"Cache-Control": "no-cache"})
    clock.advance(15)
    found = cache()
    with found._lock:
        assert found._at_end(found._ends[0]) is None
    assert client.get("/").text == "call 2"


def test_the_list_of_ends_does_not_grow_with_each_change() -> None:
    client, _root = cached()
    for _ in range(300):
        client.get("/")
        client.post("/")
    assert len(cache()._ends) < 100


def test_the_cache_counts() -> None:
    client, _root = cached()
    for path in ("/", "/", "/?a=1", "/"):
        client.get(path)
    found = cache()
    assert (found.tot_puts, found.tot_gets, found.tot_hist) == (2, 4, 2)
    assert found.cursize == 12
    figures = vars(logging)["statistics"]["CherryPy Cache"]
    shown = {
        name: figure(figures) for name, figure in figures.items() if name != "Enabled"
    }
    assert shown["Gets"] == 4
    assert shown["Hits"] == 2
    assert shown["Current Size"] == 12


def test_the_first_request_makes_the_cache() -> None:
    assert not hasattr(cherrypy, "_cache")
    client, _ = cached(maxobjects=7)
    client.get("/")
    assert isinstance(cherrypy._cache, MemoryCache)
    assert cherrypy._cache.maxobjects == 7
    other, _ = cached(maxobjects=8)
    other.get("/")
    assert cherrypy._cache.maxobjects == 7


class Shelf(Cache):
    """A cache as programs write it: four methods and tuples of four."""

    delay = 600

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self) -> Any:
        """Return what is under the URL."""
        return self.kept.get(cherrypy.url())

    def put(self, obj: Any, size: int) -> None:
        """Keep it, as a plain tuple."""
        status, headers, body, created = obj
        self.kept[cherrypy.url()] = (status, dict(headers), body, created)

    def delete(self) -> None:
        """Forget it."""
        self.kept.pop(cherrypy.url(), None)

    def clear(self) -> None:
        """Forget all."""
        self.kept.clear()


@pytest.mark.parametrize("kind", [Shelf, f"{__name__}.Shelf"])
def test_a_cache_of_ones_own_can_be_used(kind: Any, request: Any) -> None:
    import sys

    sys.modules.setdefault(__name__, sys.modules[Shelf.__module__])
    client, _root = cached(cache_class=kind, delay=60)
    assert client.get("/").text == client.get("/").text == "call 1"
    assert type(cache()).__name__ == "Shelf"
    assert cache().delay == 60
    status, headers, body, created = next(iter(cache().kept.values()))
    assert (status, body) == ("200 OK", b"call 1")
    assert headers["Content-Length"] == "6"
    assert abs(time.time() - created) < 60
    client.get("/", headers={"Cache-Control": "no-cache"})
    assert client.get("/").text == "call 2"
    client.post("/")
    assert client.get("/").text == "call 4"
    fresh = {"Cache-Control": "min-fresh=61"}
    assert client.get("/", headers=fresh).text == "call 5"
    # What such a cache holds on to for too long is not given out.
    kept = cache().kept
    for url, (status, headers, body, created) in list(kept.items()):
        kept[url] = (status, headers, body, created - 61)
    assert client.get("/").text == "call 6"


def test_programs_may_put_and_delete_themselves() -> None:
    def keep() -> str:
        answer = ("200 OK", {"Content-Type": "text/plain"}, b"put", time.time())
        cherrypy.request.cacheable = False
        cherrypy._cache.put(answer, 3)
        return "page"

    client, root = cached(keep)
    assert client.get("/").text == "page"
    assert client.get("/").text == "put"

    def delete() -> str:
        cherrypy._cache.delete()
        return "deleted"

    root.answer = delete
    client.get("/", headers={"Cache-Control": "no-store, no-cache"})
    assert not cache().store


def test_the_documented_wait_is_there() -> None:
    variants = AntiStampedeCache()
    assert variants.wait((), timeout=None) is None
    assert not variants
    assert variants.wait(()) is None
    assert variants.wait((), timeout=0, debug=True) is None
    variants[()] = "made"
    assert variants.wait(()) == variants.wait((), timeout=None) == "made"


def test_async_pages_are_kept() -> None:
    class Root:
        calls = 0

        @cherrypy.expose
        async def index(self) -> str:
            Root.calls += 1
            return "hello"

    client = mount(Root(), {"/": {"tools.caching.on": True}})
    assert client.get("/").text == client.get("/").text == "hello"
    assert Root.calls == 1


def test_async_generators_are_kept_streamed_or_not() -> None:
    class Root:
        calls = 0

        @cherrypy.expose
        async def index(self) -> AsyncIterator[bytes]:
            Root.calls += 1
            yield b"one "
            yield b"two"

    for stream in (False, True):
        Root.calls = 0
        forget_caches()
        config = {"tools.caching.on": True, "response.stream": stream}
        client = mount(Root(), {"/": {**config, "tools.compress.on": True}})
        for _ in range(2):
            assert client.get("/").body == b"one two"
        assert Root.calls == 1


class Behind(Request):
    """A request that knows its base from elsewhere."""

    base = property(lambda self: "https://public.example")


def test_a_request_of_ones_own_may_know_its_base() -> None:
    client, root = cached()
    client.app.request_class = Behind  # type: ignore[attr-defined]
    client.get("/")
    client.get("/", headers={"Cache-Control": "max-age=5"})
    assert root.calls == 1
    assert list(cache().store) == ["https://public.example/"]
    client.post("/")
    assert not cache().store


def test_the_tool_needs_no_look_at_each_request() -> None:
    client, _ = cached()
    client.get("/")
    app: Any = client.app
    assert all(not plan.live for plan in app.plans._plans.values())


def test_a_redirect_within_keeps_the_page_it_leads_to() -> None:
    class Root:
        calls = 0

        @cherrypy.expose
        def there(self) -> str:
            Root.calls += 1
            return "there"

        @cherrypy.expose
        def here(self) -> str:
            raise cherrypy.InternalRedirect("/there")

    client = mount(Root(), {"/": {"tools.caching.on": True}})
    assert client.get("/here").text == client.get("/here").text == "there"
    assert client.get("/there").text == "there"
    assert Root.calls == 1


def test_debug_tells_what_happens(caplog: pytest.LogCaptureFixture) -> None:
    client, root = cached(debug=True)
    with caplog.at_level(logging.INFO):
        client.get("/")
        client.get("/")
        client.post("/")
    assert "Not in the cache" in caplog.text
    assert "Kept for 600 s" in caplog.text
    assert "Answering from the cache" in caplog.text
    assert "forgetting http://localhost/" in caplog.text
    root.answer = page(Cache_Control="private")
    client.get("/")
    assert "Not kept: Cache-Control: private" in caplog.text


def test_long_urls_and_headers_do_not_fill_the_memory() -> None:
    client, root = cached(page("x", Vary="Accept-Language, Accept-Encoding"))
    long = {"Accept-Language": "x" * 9999, "Accept-Encoding": "y" * 9999}
    for _ in range(2):
        client.get("/?a=" + "x" * 9999, headers=long)
        client.get("/?a=" + "x" * 9998 + "y", headers=long)
        client.get("/?a=" + "x" * 9999, headers={**long, "Accept-Language": "x" * 9998})
    assert root.calls == 3
    for uri, variants in cache().store.items():
        assert len(uri) < 300
        assert all(len(value) < 300 for key in variants for value in key)


@pytest.mark.parametrize(
    ("host", "path"), [("a" * 240, "/?a=" + "x" * 20), ("a.example", "/?" + "x" * 999)]
)
def test_long_hosts_and_urls_are_answered_but_not_remembered(
    host: str, path: str
) -> None:
    client, root = cached(page("x"))
    remembered = _plain_uri.cache_info
    before = remembered().misses
    for _ in range(2):
        assert client.get(path, headers={"Host": host}).text == "x"
    assert root.calls == 1
    assert remembered().misses == before


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Accept", True), ("Cache-Control", False), ("Range", False), ("If-Match", False)],
)
def test_both_faces_know_whether_a_request_says_something(
    name: str, plain: bool
) -> None:
    from cherrypy.core.environ import EnvironHeaders
    from cherrypy.core.received import HeaderPairs, ReceivedHeaders

    key = "HTTP_" + name.upper().replace("-", "_")
    for received in (
        ReceivedHeaders([(b"host", b"x"), (name.lower().encode(), b"y")]),
        EnvironHeaders({"HTTP_HOST": "x", key: "y"}, {}),
    ):
        request = cherrypy.Application.request_class(None, None)
        request.received = received
        assert caching._says_nothing(request) is plain
        assert request.headers
        # Somebody may have changed them.
        assert not caching._says_nothing(request)
    del request.headers
    request.received = HeaderPairs([("Host", "x")])
    assert not caching._says_nothing(request)


def test_a_location_may_be_in_utf_8() -> None:
    class Root:
        calls = 0

        @cherrypy.expose
        def default(self, name: str) -> str:
            if cherrypy.request.method == "POST":
                cherrypy.response.headers["Location"] = "/z%C3%B6"
            else:
                Root.calls += 1
            return name

    client = mount(Root(), {"/": {"tools.caching.on": True}})
    client.get("/z%C3%B6")
    client.post("/other")
    assert client.get("/z%C3%B6").text == "zö"
    assert Root.calls == 2


def test_another_application_at_the_same_url_begins_anew() -> None:
    one, _ = cached(lambda: "one")
    two, _ = cached(lambda: "two")
    for _ in range(2):
        assert one.get("/").text == "one"
    for _ in range(2):
        assert two.get("/").text == "two"
    assert cache().cursize == 3
    both = {"Cache-Control": "max-stale=9"}
    assert one.get("/", headers=both).text == "one"


def test_a_page_that_looks_at_cookies_is_kept_for_each_of_them() -> None:
    def greet() -> str:
        name = cherrypy.request.cookie.get("name")
        return name.value if name else "nobody"

    client, root = cached(greet)
    for name in ("me", "you", "me", "you"):
        answer = client.get("/", headers={"Cookie": f"name={name}"})
        assert answer.text == name
        assert answer.headers["Vary"] == "Cookie"
    assert client.get("/").text == "nobody"
    assert root.calls == 3


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "cp037"])
def test_a_charset_is_only_for_those_who_ask_for_it(charset: str) -> None:
    client, _ = cached(lambda: "Grüße")
    odd = {"Accept-Charset": charset}
    for _ in range(2):
        assert client.get("/", headers=odd).body == "Grüße".encode(charset)
        assert client.get("/").body == "Grüße".encode()


def test_a_media_type_is_only_for_those_who_ask_for_it() -> None:
    def choose() -> str:
        return str(cherrypy.lib.cptools.accept(["text/html", "application/json"]))

    client, _ = cached(choose)
    for _ in range(2):
        for media in ("application/json", "text/html"):
            assert client.get("/", headers={"Accept": media}).text == media


def test_large_files_are_left_to_the_disk(tmp_path: Any) -> None:
    (tmp_path / "a.txt").write_text("0123456789" * 9000)

    def serve() -> Any:
        return cherrypy.lib.static.serve_file(str(tmp_path / "a.txt"))

    client, root = cached(serve)
    for _ in range(2):
        answer = client.get("/", headers={"Range": "bytes=1-2"})
        assert (answer.status_code, answer.text) == (206, "12")
        assert len(client.get("/").text) == 90_000
    assert root.calls == 4


def test_urls_nobody_waits_for_are_not_remembered_without_end() -> None:
    client, _ = cached(page(Cache_Control="private"), maxobjects=3)
    for number in range(9):
        client.get(f"/?{number}")
    assert len(cache()._passing) <= 3
    assert not cache().store


def test_a_program_may_keep_something_too_large(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client, _ = cached(maxobj_size=3, debug=True)
    client.get("/")
    assert client.get("/").text == "call 2"
    assert "Too large to be kept: 6 bytes" in caplog.text


def test_a_tool_may_be_called_without_the_other_half() -> None:
    """`tee_output` alone keeps nothing, for it was not asked who may have it."""

    def answer() -> str:
        hooks = cherrypy.request.hooks
        hooks.attach("before_finalize", caching.tee_output)
        return "hello"

    class Root:
        index = cherrypy.expose(lambda self: answer())

    assert mount(Root()).get("/").text == "hello"
    assert not hasattr(cherrypy, "_cache")


def test_a_stale_answer_is_found_while_it_is_made_anew(clock: Clock) -> None:
    said = "max-age=5, stale-while-revalidate=60"

    def again() -> str:
        cherrypy.response.headers["Cache-Control"] = said
        if root.calls == 2:
            stale = client.get("/", headers={"Cache-Control": "max-stale=20"})
            assert stale.text == "call 1"
        return f"call {root.calls}"

    client, root = cached(again)
    client.get("/")
    clock.advance(10)
    assert client.get("/").text == "call 2"


def test_another_put_by_a_program_ends_the_first() -> None:
    def keep() -> str:
        one = ("200 OK", {"Content-Type": "text/plain"}, b"one", time.time())
        cherrypy._cache.put(one, 3)
        cherrypy._cache.put((*one[:2], b"second", one[3]), 6)
        cherrypy.request.cacheable = False
        return "page"

    client, _ = cached(keep)
    client.get("/")
    assert client.get("/").text == "second"
    assert cache().cursize == 6


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": '"other"'},
        {"Accept-Charset": "no-such-charset, iso-8859-1;q=0"},
        {"Accept-Charset": "utf-8;q=nonsense"},
        {"Accept-Encoding": "identity;q=0, gzip;q=0"},
        {"Accept-Encoding": "gzip;q=nonsense"},
    ],
)
def test_nobody_can_shut_the_others_out_by_an_error_of_their_own(
    headers: dict[str, str],
) -> None:
    root = Counting()
    config: Config = {
        "tools.caching.on": True,
        "tools.etags.on": True,
        "tools.etags.autotags": True,
        "tools.expires.on": True,
        "tools.expires.secs": 60,
        "tools.expires.force": True,
        "tools.gzip.on": True,
    }
    client = mount(root, {"/": config})
    refused = client.get("/", headers=headers)
    assert 400 <= refused.status_code < 500
    assert "Expires" not in refused.headers
    assert client.get("/").status_code == 200


def test_an_error_is_kept_for_those_only_who_asked_for_the_same() -> None:
    def answer() -> str:
        cherrypy.response.headers["Vary"] = "Accept-Language"
        if cherrypy.request.headers.get("Accept-Language") == "la":
            raise cherrypy.NotFound()
        return "hello"

    client, root = cached(answer)
    for _ in range(2):
        latin = client.get("/", headers={"Accept-Language": "la"})
        assert latin.status_code == 404
        assert client.get("/", headers={"Accept-Language": "en"}).text == "hello"
    assert root.calls == 2


def test_the_time_of_an_answer_does_not_begin_anew() -> None:
    def answer() -> str:
        # Made a while ago, so that the test need not wait.
        cherrypy.response.time -= 100
        return "hello"

    config: Config = {
        "tools.caching.on": True,
        "tools.expires.on": True,
        "tools.expires.secs": 600,
        "tools.expires.force": True,
    }
    client = mount(Counting(answer), {"/": config})
    made, kept = client.get("/"), client.get("/")
    assert int(kept.headers["Age"]) >= 100
    assert kept.headers["Expires"] == made.headers["Expires"]
