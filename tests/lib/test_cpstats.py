"""Counting requests, and showing what was counted."""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.extension.tool import can_be_planned
from cherrypy.lib import cpstats
from cherrypy.lib.stats_counting import Histogram, Timeline
from cherrypy.lib.toolbox import default_toolbox
from cherrypy.testing import Client
from tests.front_door import nothing_counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

APPLICATIONS = "CherryPy Applications"

ON: dict[str, Any] = {"/": {"tools.cpstats.on": True}}


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    with nothing_counted():
        yield


class Root:
    stats = cpstats.StatsPage()

    @cherrypy.expose
    def index(self, **fields: str) -> str:
        return "hello"

    @cherrypy.expose
    def broken(self) -> None:
        raise RuntimeError("broken")

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def streamed(self) -> Iterator[bytes]:
        yield b"12345"
        yield b"67890"

    @cherrypy.expose
    async def coming(self) -> str:
        return "soon"


def figures() -> dict[str, Any]:
    return cpstats.extrapolate_statistics(cpstats.appstats)


def test_the_documented_figures_are_there() -> None:
    assert {
        *("Enabled", "Bytes Read/Request", "Bytes Read/Second"),
        *("Bytes Written/Request", "Bytes Written/Second", "Current Time"),
        *("Current Requests", "Requests/Second", "Server Version", "Start Time"),
        *("Total Bytes Read", "Total Bytes Written", "Total Requests", "Total Time"),
        *("Uptime", "Requests"),
    } <= set(figures())
    assert vars(logging)["statistics"][APPLICATIONS] is cpstats.appstats


def test_a_request_is_counted(serve: Callable[..., Client]) -> None:
    client = serve(Root(), ON)
    assert client.get("/?a=1").text == "hello"
    client.post("/", data={"a": "12345"})
    client.get("/nowhere")
    client.get("/broken")
    counted = figures()
    assert counted["Total Requests"] == 4
    assert counted["Current Requests"] == 0
    assert counted["Total Bytes Read"] == len("a=12345")
    assert counted["Total Errors"] == 1
    assert counted["Total Bytes Written"] > 10
    assert counted["Bytes Read/Request"] == len("a=12345") / 4
    assert counted["Total Time"] > 0
    (record,) = counted["Requests"].values()
    assert record["Request-Line"] == "GET /broken HTTP/1.1"
    assert record["Response Status"] == "500 Internal Server Error"
    assert record["Client"].startswith("127.0.0.1:")
    assert record["End Time"] - record["Start Time"] == pytest.approx(
        record["Processing Time"], abs=1e-3
    )


def test_pages_are_told_apart_by_their_code(serve: Callable[..., Client]) -> None:
    client = serve(Root(), {"/": {**ON["/"], "tools.cpstats.slow_queries": 0}}, "/app")
    for path in ("/app/", "/app/a/b", "/app/broken", "/app/coming", "/app/x/y"):
        client.get(path)
    pages = figures()["Pages"]
    assert pages["/app Root.index"]["Requests"] == 1
    assert pages["/app Root.broken"]["Errors"] == 1
    assert pages["/app Root.coming"]["Slow"] == 1
    assert pages["(no page)"]["Requests"] == 2
    page = pages["/app Root.index"]
    assert page["p50"] == pytest.approx(page["Max"], rel=0.06)
    assert page["Avg"] == page["Sum"]


def test_there_is_an_end_to_pages_and_threads(
    serve: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpstats, "_MOST_PAGES", 1)
    monkeypatch.setattr(cpstats, "_MOST_THREADS", 0)
    client = serve(Root(), ON)
    for path in ("/", "/broken", "/coming"):
        client.get(path)
    assert {*figures()["Pages"]} == {"Root.index", "(other pages)"}
    assert len(figures()["Requests"]) == 1


def test_a_streamed_body_is_counted_as_it_goes(serve: Callable[..., Client]) -> None:
    client = serve(Root(), ON)
    assert client.get("/streamed").body == b"1234567890"
    assert figures()["Total Bytes Written"] == 10


def test_a_body_that_a_page_reads_itself_is_counted(
    serve: Callable[..., Client],
) -> None:
    class Reader:
        @cherrypy.expose
        @cherrypy.config(**{"request.process_request_body": False})
        def index(self) -> str:
            file = cherrypy.request.rfile
            return repr([file.readline(), file.read(2), file.readlines(), [*file]])

    client = serve(Reader(), ON)
    answer = client.post("/", data="ab\ncdef\ng", headers={"Content-Type": "a/b"})
    assert answer.text == repr([b"ab\n", b"cd", [b"ef\n", b"g"], []])
    assert figures()["Total Bytes Read"] == 9


def test_a_wrapped_file_counts_what_is_read() -> None:
    import io

    wrapped = cpstats.ByteCountWrapper(io.BytesIO(b"a\nbc\nd"))
    assert next(wrapped) == b"a\n"
    assert wrapped.next() == b"bc\n"
    assert [*wrapped] == [b"d"]
    assert wrapped.bytes_read == 6
    assert wrapped.getvalue() == b"a\nbc\nd"
    wrapped.close()
    assert wrapped.rfile.closed


def test_slow_requests_are_remembered_up_to_a_number(
    serve: Callable[..., Client],
) -> None:
    settings = {
        "tools.cpstats.slow_queries": 0,
        "tools.cpstats.slow_queries_count": 2,
        "tools.cpstats.debug": True,
    }
    client = serve(Root(), {"/": {**ON["/"], **settings}})
    for number in range(4):
        client.get(f"/?number={number}")
    lines = [record["Request-Line"] for record in figures()["Slow Queries"]]
    assert lines == ["GET /?number=2 HTTP/1.1", "GET /?number=3 HTTP/1.1"]
    assert figures()["Total Slow"] == 4


def test_nothing_is_slow_where_nothing_should_be(
    serve: Callable[..., Client],
) -> None:
    serve(Root(), {"/": {**ON["/"], "tools.cpstats.slow_queries": None}}).get("/")
    assert "Slow Queries" not in figures()


def test_sets_of_addresses_are_added_up(serve: Callable[..., Client]) -> None:
    client = serve(Root(), {"/": {**ON["/"], "tools.cpstats.uriset": "front"}})
    client.get("/")
    client.get("/")
    front = figures()["URI Set Tracking"]["front"]
    assert front["Count"] == 2
    assert front["Min"] <= front["Avg"] <= front["Max"]
    assert front["Sum"] == pytest.approx(2 * front["Avg"])


def test_nothing_is_counted_while_paused_or_switched_off(
    serve: Callable[..., Client],
) -> None:
    client = serve(Root(), ON)
    cpstats.appstats["Enabled"] = False
    client.get("/")
    assert figures()["Total Requests"] == 0
    cpstats.appstats["Enabled"] = True
    client.get("/")
    assert figures()["Total Requests"] == 1


def test_the_tool_is_planned_and_attaches_nothing_where_it_is_off() -> None:
    assert can_be_planned(default_toolbox.cpstats)
    app = cherrypy.Application(Root(), config={"/broken": ON["/"]})
    assert Client(app).get("/").status_code == 200
    assert figures()["Total Requests"] == 0
    Client(app).get("/broken")
    assert figures()["Total Requests"] == 1


def test_many_threads_count_exactly() -> None:
    app = cherrypy.Application(Root(), config=ON)

    def visit() -> None:
        client = Client(app)
        for _ in range(50):
            client.get("/")

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figures()["Total Requests"] == 400
    assert figures()["Current Requests"] == 0
    assert figures()["Pages"]["Root.index"]["Requests"] == 400
    assert figures()["Latency"]["Last minute"]["Requests"] == 400
    assert sum(second["Requests"] for second in figures()["Timeline"]) == 400


# ---- extrapolation ----


def test_functions_are_called_with_what_surrounds_them() -> None:
    scope = {
        "total": 6,
        "half": lambda s: s["total"] / 2,
        "record": {"a": 1, "b": lambda s: s["a"] + 1},
        "list": [{"z": lambda s: 5}, 7],
        3: "three",
    }
    found = cpstats.extrapolate_statistics(scope)
    assert found["half"] == 3
    assert found["record"] == {"a": 1, "b": 2}
    assert found["list"] == [{"z": 5}, 7]
    assert found[3] == "three"
    assert found is not scope
    assert callable(scope["half"])


def test_a_function_that_fails_hides_nothing_else() -> None:
    found = cpstats.extrapolate_statistics({"bad": lambda s: 1 / 0, "good": 1})
    assert found == {"bad": "ZeroDivisionError: division by zero", "good": 1}


def test_times_of_records() -> None:
    assert cpstats.proc_time({"Start Time": 1.0, "End Time": 3.0}) == 2
    began = time.time() - 5
    assert cpstats.proc_time({"Start Time": began, "End Time": None}) >= 5
    assert cpstats.average_uriset_time({"Count": 0, "Sum": 0}) == 0
    assert cpstats.average_uriset_time({"Count": 2, "Sum": 3}) == 1.5
    assert cpstats.iso_format(0) == "1970-01-01 00:00:00"
    assert "1970" in cpstats.locale_date(0)


# ---- the page ----


def test_data_is_json_of_everything(serve: Callable[..., Client]) -> None:
    statistics: Any = vars(logging)["statistics"]
    statistics["Mine"] = {
        "Infinite": float("inf"),
        "Day": date(2026, 1, 31),
        "Bytes": b"x",
        7: lambda s: (1, None, True),
    }
    client = serve(Root(), ON)
    client.get("/")
    answer = client.get("/stats/data")
    assert answer.headers["Content-Type"] == "application/json"
    document = json.loads(answer.body, parse_constant=pytest.fail)
    assert document[APPLICATIONS]["Total Requests"] == 1
    assert document["Mine"] == {
        "Infinite": None,
        "Day": "2026-01-31",
        "Bytes": "b'x'",
        "7": [1, None, True],
    }


def test_whoever_looks_is_not_counted(serve: Callable[..., Client]) -> None:
    client = serve(Root(), ON)
    client.get("/stats/")
    client.get("/stats/data")
    assert figures()["Total Requests"] == 0


def test_counting_is_paused_and_resumed_by_forms(
    serve: Callable[..., Client],
) -> None:
    client = serve(Root(), ON)
    answer = client.post("/stats/pause", data={"namespace": APPLICATIONS})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "http://localhost/stats/"
    assert not figures()["Enabled"]
    client.post("/stats/resume", data={"namespace": APPLICATIONS})
    assert figures()["Enabled"]
    assert client.post("/stats/pause", data={"namespace": "?"}).status_code == 303


def test_a_link_or_another_site_pauses_nothing(
    serve: Callable[..., Client],
) -> None:
    client = serve(Root(), ON)
    answer = client.get("/stats/pause?namespace=CherryPy+Applications")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    for header in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ):
        answer = client.post(
            "/stats/pause", data={"namespace": APPLICATIONS}, headers=header
        )
        assert answer.status_code == 403, header
    assert cpstats.appstats["Enabled"] is True
    answer = client.post(
        "/stats/pause",
        data={"namespace": APPLICATIONS},
        headers={"Origin": "http://localhost"},
    )
    assert answer.status_code == 303


EVIL = "<script>alert(1)</script>\"'&"


def test_everything_hostile_is_escaped(serve: Callable[..., Client]) -> None:
    statistics: Any = vars(logging)["statistics"]
    statistics[EVIL] = {
        "Enabled": True,
        EVIL: EVIL,
        f"dict {EVIL}": {EVIL: {EVIL: EVIL}, "odd": EVIL},
        f"list {EVIL}": [{EVIL: EVIL}, EVIL],
        "fails": lambda s: s[EVIL + EVIL],
    }
    client = serve(Root(), {"/": {**ON["/"], "tools.cpstats.slow_queries": 0}})
    client.get("/%3Cscript%3Ealert(1)?%3Cscript%3Ealert(1)")
    client.get("/?<script>alert(1)</script>")
    page = client.get("/stats/").text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") > 12
    assert "'&" not in page.split("<main>")[1].split("</main>")[0]


def test_the_page_allows_its_own_script_and_nothing_else(
    serve: Callable[..., Client],
) -> None:
    client = serve(Root(), ON)
    first, second = client.get("/stats/"), client.get("/stats/")
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert "http" not in first.text.split("<main>")[0]
    assert first.headers["Cache-Control"] == "no-store"
    nonce = policy.partition("nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">' in first.text


def test_formatting_decides_what_is_shown(
    serve: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    vars(logging)["statistics"]["Mine"] = {
        "Shown": 1.23456,
        "Hidden": "secret",
        "Called": 2,
        "Odd": "no number",
        "Pairs": {"b": {"x": 1.5, "y": 2}, "a": {"y": 3, "z": None}},
        "Rows": [{"x": 1.5}, {"y": 2}],
        "Gone": [],
    }
    monkeypatch.setitem(
        cpstats.StatsPage.formatting,
        "Mine",
        {
            "Shown": "%.2f",
            "Hidden": None,
            "Called": lambda value: value * 2,
            "Odd": "%.2f",
            "Pairs": {"x": "%.3f", "y": None, "z": "%d"},
            "Gone": None,
        },
    )
    namespaces = {found[0]: found for found in cpstats.StatsPage().get_namespaces()}
    _, values, collections = namespaces["Mine"]
    assert values == [("Called", 4), ("Odd", "no number"), ("Shown", "1.23")]
    assert collections == [
        ("Pairs", ["ID", "x", "z"], [["a", "", None], ["b", "1.500", ""]]),
        ("Rows", ["x", "y"], [[1.5, ""], ["", 2]]),
    ]
    page = serve(Root()).get("/stats/").text
    assert '<td id="Mine-Shown">1.23</td>' in page
    assert "secret" not in page


def test_collections_as_they_were_documented() -> None:
    page = cpstats.StatsPage()
    records = {"r1": {"a": 1.23456, "b": 2}, "r2": {"a": 2}}
    rows = [["r1", "1.23", 2], ["r2", "2.00", ""]]
    assert page.get_dict_collection(records, {"a": "%.2f"})[1] == rows
    rows = [["1.23", 2], ["2.00", ""]]
    assert page.get_list_collection(records.values(), {"a": "%.2f"}) == (
        ["a", "b"],
        rows,
    )


def test_a_namespace_that_can_be_paused_has_buttons() -> None:
    vars(logging)["statistics"]["Mine"] = {"Enabled": False}
    vars(logging)["statistics"]["No namespace"] = 7
    namespaces = {found[0]: found for found in cpstats.StatsPage().get_namespaces()}
    ((key, buttons),) = namespaces["Mine"][1]
    assert key == "Enabled"
    assert buttons.count('value="Mine"') == 2
    assert 'value="Pause" disabled' in buttons
    assert "No namespace" not in namespaces


def test_a_program_may_ask_the_pages_without_a_request() -> None:
    assert "<h1>Statistics</h1>" in cpstats.StatsPage().index()
    assert APPLICATIONS in json.loads(cpstats.StatsPage().data())


# ---- counting ----


def test_quantiles_are_right_to_a_few_per_cent() -> None:
    histogram = Histogram()
    assert histogram.quantile(0.5) is None
    for number in range(1, 1001):
        histogram.add(Histogram.bucket(number / 1000))
    found = histogram.quantiles()
    assert found["p50"] == pytest.approx(0.5, rel=0.06)
    assert found["p90"] == pytest.approx(0.9, rel=0.06)
    assert found["p99"] == pytest.approx(0.99, rel=0.06)
    assert histogram.quantile(1) == pytest.approx(1, rel=0.06)


def test_durations_beyond_all_bounds_are_counted() -> None:
    histogram = Histogram()
    for seconds in (0, -1, 1e-9, 1e9):
        histogram.add(Histogram.bucket(seconds))
    assert histogram.count == 4
    assert (histogram.quantile(0.5) or 0) < 2e-6


def test_the_timeline_knows_each_of_the_last_seconds() -> None:
    timeline = Timeline(3)
    bucket = Histogram.bucket(0.5)
    timeline.add(100.2, bucket, False, False)
    timeline.add(101.1, bucket, True, False)
    timeline.add(101.9, bucket, False, True)
    timeline.add(103.0, bucket, False, False)
    records = timeline.records(103.9)
    assert [(r["Age"], r["Requests"], r["Errors"], r["Slow"]) for r in records] == [
        (2, 2, 1, 1),
        (1, 0, 0, 0),
        (0, 1, 0, 0),
    ]
    assert records[1]["p50"] is None
    assert timeline.recent(103.9, 1).count == 1
    assert timeline.recent(103.9, 60).count == 4


def test_a_server_is_shown_as_one() -> None:
    from cherrypy.httpd.server import HTTPServer

    server = HTTPServer(lambda exchange: None, bind_addr=("127.0.0.1", 0))
    server.stats.publish()
    try:
        namespaces = {found[0]: found for found in cpstats.StatsPage().get_namespaces()}
        (name,) = [title for title in namespaces if "HTTPServer" in title]
        values = dict(namespaces[name][1])
        assert values["Work Time"] == "0.000"
        assert 'value="Resume">' in values["Enabled"]
        assert namespaces[name][2] == [("Worker Threads", ["ID"], [])]
    finally:
        server.stats.withdraw()


def test_a_body_that_was_looked_at_before_is_counted(
    serve: Callable[..., Client],
) -> None:
    class Early:
        @cherrypy.expose
        def index(self, **fields: str) -> str:
            return "read"

    def look() -> None:
        assert cherrypy.request.body.length == 7

    hooks = {"hooks.on_start_resource.look": look}
    look.priority = -1  # type: ignore[attr-defined]
    client = serve(Early(), {"/": {**ON["/"], **hooks}})
    assert client.post("/", data={"a": "12345"}).text == "read"
    assert figures()["Total Bytes Read"] == 7
