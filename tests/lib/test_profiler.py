"""Running pages under the profiler, and showing what it found."""

from __future__ import annotations

import cProfile
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import diagnostic_pages, profiler
from cherrypy.lib.flamegraph import draw, duration
from cherrypy.lib.profile_data import Frame, FunctionTimes, Profile
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType


def double(number: int, times: int = 1) -> int:
    return number * 2 * times


def recursive(depth: int) -> int:
    return 0 if depth == 0 else recursive(depth - 1) + len(str(depth))


def work() -> int:
    return sum(sorted(recursive(30) for _ in range(30)))


def test_a_function_runs_as_if_nobody_looked(tmp_path: Path) -> None:
    pages = profiler.Profiler(tmp_path / "new")
    assert pages.run(double, 21) == 42
    assert pages.run(double, 1, times=5) == 10
    assert pages.statfiles() == ["cp_0001.prof", "cp_0002.prof"]
    assert os.stat(pages.path).st_mode & 0o777 == 0o700
    with pytest.raises(ZeroDivisionError):
        pages.run(lambda: 1 / 0)
    assert len(pages.statfiles()) == 3


def test_a_profile_is_text_as_pstats_prints_it(tmp_path: Path) -> None:
    pages = profiler.Profiler(tmp_path)
    pages.run(double, 1)
    text = pages.stats("cp_0001.prof")
    assert "Ordered by: cumulative time" in text
    assert "(double)" in text
    assert "Ordered by: call count" in pages.stats("cp_0001.prof", "calls")


def test_two_profilers_share_a_folder(tmp_path: Path) -> None:
    first, second = profiler.Profiler(tmp_path), profiler.Profiler(tmp_path)
    first.run(double, 1)
    second.run(double, 1)
    assert first.statfiles() == ["cp_0001.prof", "cp_0002.prof"]


def test_the_oldest_files_go_first(tmp_path: Path) -> None:
    pages = profiler.Profiler(tmp_path)
    pages.most_files = 2
    for _ in range(4):
        pages.run(double, 1)
    assert pages.statfiles() == ["cp_0003.prof", "cp_0004.prof"]


def test_another_process_counts_on_from_the_latest_file(tmp_path: Path) -> None:
    before = profiler.Profiler(tmp_path)
    before.most_files = 2
    for _ in range(3):
        before.run(double, 1)
    after = profiler.Profiler(tmp_path)
    after.most_files = 2
    after.run(double, 1)
    assert after.statfiles() == ["cp_0003.prof", "cp_0004.prof"]


def test_without_a_path_the_folder_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert profiler.Profiler().path == str(tmp_path / "profile")


def test_what_runs_within_a_run_is_part_of_it(tmp_path: Path) -> None:
    pages = profiler.Profiler(tmp_path)
    other = profiler.Profiler(tmp_path / "other")
    assert pages.run(other.run, double, 4) == 8
    assert len(pages.statfiles()) == 1
    assert other.statfiles() == []
    assert "(double)" in pages.stats("cp_0001.prof")


def test_threads_are_profiled_each_for_itself(tmp_path: Path) -> None:
    pages = profiler.Profiler(tmp_path)
    meeting = threading.Barrier(4)

    def together() -> None:
        meeting.wait(30)
        work()

    _run_in_threads(4, lambda: pages.run(together))
    # Since Python 3.12 there is one profiler for all.
    assert len(pages.statfiles()) + pages.skipped == 4
    if not profiler._ONE_AT_A_TIME:
        assert pages.skipped == 0
        for name in pages.statfiles():
            assert pages.stats(name).count("(together)") == 1


def test_where_there_is_one_profiler_the_others_just_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiler, "_ONE_AT_A_TIME", True)
    pages = profiler.Profiler(tmp_path)
    results: list[int] = []

    def outer() -> None:
        _run_in_threads(1, lambda: results.append(pages.run(double, 4)))

    pages.run(outer)
    assert results == [8]
    assert pages.skipped == 1
    assert len(pages.statfiles()) == 1
    assert pages.run(double, 1) == 2
    assert "1 runs were not profiled" in pages.index()


def test_a_profiler_of_somebody_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(cProfile.Profile):
        def enable(self, *args: Any, **flags: Any) -> None:
            raise ValueError("Another profiling tool is already active")

    monkeypatch.setattr(profiler.profile, "Profile", Refused)
    pages = profiler.Profiler(tmp_path)
    assert pages.run(double, 4) == 8
    assert pages.skipped == 1


def _run_in_threads(number: int, target: Callable[[], object]) -> None:
    threads = [threading.Thread(target=target) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_an_aggregator_adds_all_runs_up(tmp_path: Path) -> None:
    pages = profiler.ProfileAggregator(tmp_path)
    assert pages.statfiles() == []
    for _ in range(3):
        assert pages.run(double, 21) == 42
    assert pages.statfiles() == ["cp_0001.prof"]
    (found,) = [
        each
        for each in Profile(f"{pages.path}/cp_0001.prof").table()
        if each.name == "double"
    ]
    assert found.calls == 3


def test_middleware_profiles_each_request(tmp_path: Path) -> None:
    closed: list[bool] = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body([b"a", b"b"])

    wrapped = profiler.make_app(application, tmp_path)
    assert Client(wrapped).get("/").body == b"ab"
    assert Client(wrapped).get("/").body == b"ab"
    assert closed == [True, True]
    assert len(wrapped.profiler.statfiles()) == 2
    aggregated = profiler.make_app(application, tmp_path / "all", aggregate=True)
    Client(aggregated).get("/")
    Client(aggregated).get("/")
    assert aggregated.aggregate
    assert len(aggregated.profiler.statfiles()) == 1


def test_middleware_stands_in_the_pipeline_of_an_application(tmp_path: Path) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return str(work())

    app = cherrypy.Application(Root())
    made: list[profiler.make_app] = []

    def profiled(nextapp: Any) -> profiler.make_app:
        made.append(profiler.make_app(nextapp, tmp_path))
        return made[0]

    app.wsgiapp.pipeline.append(("profile", profiled))
    assert Client(app).get("/").status_code == 200
    assert "(recursive)" in made[0].profiler.stats("cp_0001.prof")


def test_paths_lose_their_folders() -> None:
    strip = profiler.new_func_strip_path
    assert strip(("/a/b/x.py", 1, "f")) == ("x.py", 1, "f")
    assert strip(("/a/b/__init__.py", 1, "f")) == ("b/__init__.py", 1, "f")


def test_serve_shows_a_folder_on_this_machine_only(
    tmp_path: Path, site: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[object] = []
    monkeypatch.setattr(diagnostic_pages, "quickstart", served.append)
    profiler.serve(tmp_path, 9000)
    assert isinstance(served[0], profiler.Profiler)
    assert site.config["server.socket_host"] == "127.0.0.1"
    assert site.config["server.socket_port"] == 9000


# ---- pages ----


@pytest.fixture
def shown(tmp_path: Path) -> Client:
    """Return a client of an application with a profile below /p."""
    pages = profiler.Profiler(tmp_path)
    pages.run(work)

    class Root:
        p = pages

    return Client(cherrypy.Application(Root()))


def test_the_pages_lead_to_each_other(shown: Client) -> None:
    index = shown.get("/p/").text
    assert "report?filename=cp_0001.prof" in index
    assert shown.get("/p/menu").text.count("cp_0001.prof") == index.count(
        "cp_0001.prof"
    )
    report = shown.get("/p/report?filename=cp_0001.prof")
    assert "recursive" in report.text
    assert "flame?filename=cp_0001.prof" in report.text
    assert "Content-Security-Policy" in report.headers
    text = shown.get("/p/text?filename=cp_0001.prof&sortby=percall")
    assert text.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert "Ordered by: cumulative time" in text.text


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ("calls", "calls"),
        ("ncalls", "calls"),
        ("tottime", "time"),
        ("percall", "percall"),
        ("filename", "file"),
        ("name", "name"),
        ("<script>", "cumulative"),
    ],
)
def test_the_table_is_sorted_as_asked(shown: Client, asked: str, order: str) -> None:
    page = shown.get("/p/report", params={"filename": "cp_0001.prof", "sortby": asked})
    assert f'sortby={order}" class="chosen"' in page.text
    assert "<script>" not in page.text


def test_the_table_begins_with_the_most(tmp_path: Path) -> None:
    pages = profiler.Profiler(tmp_path)
    pages.run(work)
    found = Profile(f"{pages.path}/cp_0001.prof")
    calls = [each.calls for each in found.table("calls")]
    assert calls == sorted(calls, reverse=True)
    own = [each.own_seconds for each in found.table("time")]
    assert own == sorted(own, reverse=True)
    assert found.table()[0].name == "work"


def test_a_flame_graph_shows_who_called_whom(shown: Client) -> None:
    page = shown.get("/p/flame?filename=cp_0001.prof").text
    assert "<svg" in page
    assert ">work</text>" in page
    assert "style=" not in page
    link = page.split('href="flame?', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    closer = shown.get(f"/p/flame?{link}").text
    assert "Show the whole" in closer
    assert "Show the whole" not in page
    nowhere = shown.get("/p/flame?filename=cp_0001.prof&focus=nothing").text
    assert "Show the whole" not in nowhere


@pytest.mark.parametrize("page", ["report", "flame", "text"])
@pytest.mark.parametrize(
    "name",
    ["../cp_0001.prof", "/etc/passwd", "cp_0002.prof", "", "cp_1.txt", "a\x00b", "<b>"],
)
def test_no_other_file_is_shown(shown: Client, page: str, name: str) -> None:
    answer = shown.get(f"/p/{page}", params={"filename": name})
    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_a_file_that_is_no_profile_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "cp_0001.prof").write_bytes(b"")
    (tmp_path / "cp_0002.prof").write_bytes(b"what is this")
    (tmp_path / "notes.txt").write_bytes(b"")

    class Root:
        p = profiler.Profiler(tmp_path)

    client = Client(cherrypy.Application(Root()))
    assert "cp_0002.prof" in client.get("/p/").text
    assert "notes.txt" not in client.get("/p/").text
    for name in ("cp_0001.prof", "cp_0002.prof"):
        assert client.get(f"/p/report?filename={name}").status_code == 404


def test_strangers_see_no_profile(tmp_path: Path) -> None:
    class Root:
        p = profiler.Profiler(tmp_path)

    client = Client(cherrypy.Application(Root()), remote_addr="192.0.2.1")
    for page in (
        "",
        "menu",
        "report?filename=a",
        "flame?filename=a",
        "text?filename=a",
    ):
        assert client.get(f"/p/{page}").status_code == 403
    assert client.get("/p/run").status_code == 404


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert "No page has run" in profiler.Profiler(tmp_path).index()


# ---- the tree ----


def test_recursion_ends(tmp_path: Path) -> None:
    pages = profiler.Profiler(tmp_path)
    pages.run(work)
    tree = Profile(f"{pages.path}/cp_0001.prof").tree()

    def names(frames: list[Frame], above: tuple[str, ...] = ()) -> Iterator[Any]:
        for frame in frames:
            path = (*above, frame.function.name)
            yield path
            assert sum(c.seconds for c in frame.children) <= frame.seconds * 1.0001
            yield from names(frame.children, path)

    paths = [*names(tree)]
    assert all(len(set(path)) == len(path) for path in paths)
    assert any(path[0] == "work" and path[-1] == "recursive" for path in paths)


def test_the_drawing_is_escaped_and_needs_time() -> None:
    evil = '<script>"&'
    function = FunctionTimes((evil, 1, f"<{evil}>"), 1, 1, 0.5, 0.5)
    drawn = draw([Frame(function, 0.5)], lambda each: evil)
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") >= 2
    assert "Nothing took any time" in draw([], lambda each: "")


def test_times_are_written_for_people() -> None:
    assert [duration(t) for t in (0.0000123, 0.0123, 2.5)] == [
        "12 µs",
        "12.3 ms",
        "2.50 s",
    ]
