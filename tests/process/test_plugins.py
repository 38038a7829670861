from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, NoReturn

import pytest

from cherrypy.process.plugins import (
    Autoreloader,
    BackgroundTask,
    Daemonizer,
    DropPrivileges,
    Monitor,
    PerpetualTimer,
    PIDFile,
    SimplePlugin,
    ThreadManager,
)
from cherrypy.process.wspbus import ChannelFailures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cherrypy.process.wspbus import Bus


# SimplePlugin


class Diary(SimplePlugin):
    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self.pages: list[str] = []

    def start(self) -> None:
        self.pages.append("start")

    def save(self, page: str) -> None:
        self.pages.append(page)


def test_methods_named_like_channels_listen_to_them(bus: Bus) -> None:
    bus.subscribe("save", lambda page: None)
    diary = Diary(bus)
    diary.subscribe()
    bus.start()
    bus.publish("save", "Dear diary")
    assert diary.pages == ["start", "Dear diary"]


def test_an_unsubscribed_plugin_hears_nothing(bus: Bus) -> None:
    diary = Diary(bus)
    diary.subscribe()
    diary.unsubscribe()
    bus.start()
    assert diary.pages == []


# ThreadManager


@pytest.fixture
def threads(bus: Bus) -> list[tuple[str, int]]:
    """Return what happened to threads."""
    ThreadManager(bus).subscribe()
    seen: list[tuple[str, int]] = []
    bus.subscribe("start_thread", lambda number: seen.append(("start", number)))
    bus.subscribe("stop_thread", lambda number: seen.append(("stop", number)))
    return seen


def in_thread(bus: Bus, *channels: str) -> None:
    def publish() -> None:
        for channel in channels:
            bus.publish(channel)

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()


def test_only_the_first_request_of_a_thread_starts_it(
    bus: Bus, threads: list[tuple[str, int]]
) -> None:
    bus.publish("acquire_thread")
    bus.publish("acquire_thread")
    assert threads == [("start", 1)]


def test_numbers_are_used_again_when_they_are_free(
    bus: Bus, threads: list[tuple[str, int]]
) -> None:
    bus.publish("acquire_thread")
    in_thread(bus, "acquire_thread", "release_thread")
    in_thread(bus, "acquire_thread", "release_thread")
    assert threads == [
        ("start", 1),
        ("start", 2),
        ("stop", 2),
        ("start", 2),
        ("stop", 2),
    ]


def test_two_threads_never_have_one_number(
    bus: Bus, threads: list[tuple[str, int]]
) -> None:
    both = threading.Barrier(2)

    def work(number: int) -> None:
        bus.publish("acquire_thread")
        both.wait(10)
        if number == 0:
            bus.publish("release_thread")
            bus.publish("acquire_thread")

    workers = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {number for what, number in threads} == {1, 2}
    bus.graceful()
    assert sorted(number for what, number in threads if what == "stop")[-2:] == [1, 2]


def test_threads_nobody_knows_cannot_be_released(
    bus: Bus, threads: list[tuple[str, int]]
) -> None:
    bus.publish("release_thread")
    assert threads == []


def test_all_threads_stop_with_the_bus(
    bus: Bus, threads: list[tuple[str, int]]
) -> None:
    bus.publish("acquire_thread")
    in_thread(bus, "acquire_thread")
    bus.stop()
    bus.stop()
    assert threads.count(("stop", 1)) == 1
    bus.publish("acquire_thread")
    assert threads[-1] == ("start", 1)


# BackgroundTask, PerpetualTimer, Monitor


def test_a_task_calls_its_function_until_it_is_cancelled() -> None:
    calls: list[tuple[object, ...]] = []
    enough = threading.Event()

    def call(*args: object, **kwargs: object) -> None:
        calls.append((args, kwargs))
        if len(calls) == 3:
            enough.set()

    task = BackgroundTask(0.001, call, args=[1], kwargs={"two": 2})
    assert task.daemon
    assert not task.running
    task.start()
    assert enough.wait(10)
    task.cancel()
    task.join(10)
    assert not task.running
    assert calls[0] == ((1,), {"two": 2})


def fail() -> NoReturn:
    raise ValueError("as expected")


def test_a_task_that_fails_tells_the_bus_and_ends(
    bus: Bus, messages: list[str]
) -> None:
    for task in (
        BackgroundTask(0.001, fail, bus=bus),
        PerpetualTimer(0.001, fail, bus=bus),
    ):
        task.start()
        task.join(10)
        assert not task.is_alive()
    assert messages[0].startswith(f"Error in background task thread function {fail!r}.")
    assert messages[1].startswith(f"Error in perpetual timer thread function {fail!r}.")
    assert "ValueError: as expected" in messages[0]


def test_without_a_bus_a_failure_goes_to_the_hook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(
        threading, "excepthook", lambda args: seen.append(args.exc_type)
    )
    task = BackgroundTask(0.001, fail)
    task.start()
    task.join(10)
    assert seen == [ValueError]


def test_a_perpetual_timer_starts_again_after_each_call() -> None:
    called = threading.Semaphore(0)
    timer = PerpetualTimer(0.001, called.release)
    timer.start()
    for _ in range(3):
        assert called.acquire(timeout=10)
    timer.cancel()
    timer.join(10)
    assert not timer.is_alive()


def test_a_monitor_works_while_the_bus_runs(bus: Bus, messages: list[str]) -> None:
    called = threading.Semaphore(0)
    monitor = Monitor(bus, called.release, 0.001)
    monitor.subscribe()
    bus.start()
    assert called.acquire(timeout=10)
    thread = monitor.thread
    assert thread is not None
    assert thread.name == "Monitor"
    bus.graceful()
    assert monitor.thread is not thread
    bus.stop()
    assert monitor.thread is None
    assert messages == [
        "Bus STARTING",
        "Started monitor thread 'Monitor'.",
        "Bus STARTED",
        "Bus graceful",
        "Stopped thread 'Monitor'.",
        "Started monitor thread 'Monitor'.",
        "Bus STOPPING",
        "Stopped thread 'Monitor'.",
        "Bus STOPPED",
    ]


def test_a_monitor_without_a_frequency_has_no_thread(
    bus: Bus, messages: list[str]
) -> None:
    monitor = Monitor(bus, fail, 0, name="Idle")
    monitor.start()
    assert monitor.thread is None
    monitor.stop()
    assert messages == ["No thread running for Idle."]


@pytest.mark.parametrize(
    "make",
    [lambda bus: Monitor(bus, int), Autoreloader],
    ids=["Monitor", "Autoreloader"],
)
def test_a_frequency_that_is_no_number_is_told(
    bus: Bus, make: Callable[[Bus], Monitor]
) -> None:
    plugin = make(bus)
    plugin.frequency = "often"  # type: ignore[assignment]
    words = "is a number of seconds, not 'often'; 0 switches it off"
    with pytest.raises(TypeError, match=words):
        plugin.start()
    assert plugin.thread is None


def test_a_monitor_runs_once(bus: Bus, messages: list[str]) -> None:
    monitor = Monitor(bus, int, 1000)
    monitor.start()
    monitor.start()
    monitor.stop()
    assert messages[1] == "Monitor thread 'Monitor' already started."


def test_a_monitor_may_stop_itself(bus: Bus, messages: list[str]) -> None:
    stopped = threading.Event()

    def stop() -> None:
        monitor.stop()
        stopped.set()

    monitor = Monitor(bus, stop, 0.001)
    monitor.start()
    thread = monitor.thread
    assert thread is not None
    assert stopped.wait(10)
    thread.cancel()
    thread.join(10)
    assert monitor.thread is None


def test_a_monitor_joins_a_thread_that_is_no_daemon(
    bus: Bus, messages: list[str]
) -> None:
    class Careful(Monitor):
        def _task(self) -> BackgroundTask:
            task = super()._task()
            task.daemon = False
            return task

    monitor = Careful(bus, int, 0.001)
    monitor.start()
    thread = monitor.thread
    assert thread is not None
    monitor.stop()
    assert not thread.is_alive()
    assert messages[1:] == ["Joining 'Careful'", "Stopped thread 'Careful'."]


# PIDFile


def test_a_pid_file_lives_as_long_as_the_bus(
    bus: Bus, messages: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "pid"
    PIDFile(bus, str(path)).subscribe()

    bus.start()
    assert path.read_text() == f"{os.getpid()}\n"
    bus.stop()
    bus.start()
    bus.exit()

    assert not path.exists()
    told = [message for message in messages if "PID" in message]
    assert told == [
        f"PID {os.getpid()} written to {str(path)!r}.",
        f"PID {os.getpid()} already written to {str(path)!r}.",
        f"PID file removed: {str(path)!r}.",
    ]


def test_a_pid_file_is_written_again_after_an_exit(bus: Bus, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    PIDFile(bus, str(path)).subscribe()
    bus.start()
    bus.exit()
    bus.start()
    assert path.exists()


def test_a_pid_file_that_is_gone_is_not_missed(
    bus: Bus, messages: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "pid"
    PIDFile(bus, str(path)).subscribe()
    bus.start()
    path.unlink()
    bus.exit()
    assert messages[-1] == "Bus EXITED"


def test_a_pid_file_that_cannot_be_written_is_told_with_what_to_do(
    bus: Bus, messages: list[str], tmp_path: Path
) -> None:
    path = str(tmp_path / "none" / "pid")
    PIDFile(bus, path).subscribe()
    with pytest.raises(ChannelFailures) as told:
        bus.start()
    assert told.value.explained
    (said,) = [message for message in messages if "PID file" in message]
    assert said.startswith(f"The PID file {path!r} cannot be written: No such file or ")
    assert said.endswith("that the user who runs the program may write to.")


def test_nobody_else_can_change_a_pid_file(bus: Bus, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    before = os.umask(0)
    try:
        PIDFile(bus, str(path)).start()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644


# DropPrivileges


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """Return which identity was asked for, without taking it on."""
    made: list[tuple[str, object]] = []
    for name in ("setgroups", "setgid", "setuid"):

        def call(value: object, name: str = name) -> None:
            made.append((name, value))

        monkeypatch.setattr(os, name, call)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(os, "getgid", lambda: 0)
    return made


def test_the_user_steps_down_last(bus: Bus, calls: list[tuple[str, object]]) -> None:
    DropPrivileges(bus, uid=1000, gid=1001).subscribe()
    bus.start()
    assert calls == [("setgroups", []), ("setgid", 1001), ("setuid", 1000)]


def test_who_is_not_root_keeps_the_groups(
    bus: Bus, calls: list[tuple[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    DropPrivileges(bus, uid=1000).start()
    assert calls == [("setuid", 1000)]


def test_names_become_numbers(bus: Bus) -> None:
    plugin = DropPrivileges(bus, uid="root", gid="root")
    assert (plugin.uid, plugin.gid) == (0, 0)
    with pytest.raises(KeyError, match="nobody of that name"):
        plugin.uid = "nobody of that name"


def test_dropping_privileges_is_told(
    bus: Bus, messages: list[str], calls: list[tuple[str, object]]
) -> None:
    before = os.umask(0o022)
    try:
        plugin = DropPrivileges(bus, umask=0o027, gid=0)
        assert plugin.umask == 0o027
        plugin.start()
        plugin.start()
    finally:
        os.umask(before)
    assert calls == [("setgroups", []), ("setgid", 0)]
    assert messages == [
        "Started as uid: 'root' gid: 'root'",
        "Running as uid: 'root' gid: 'root'",
        "umask old: 022, new: 027",
        "Already running as uid: 'root' gid: 'root'",
        "umask already set to: 027",
    ]


def test_nothing_to_drop_is_told_once(bus: Bus, messages: list[str]) -> None:
    plugin = DropPrivileges(bus)
    plugin.start()
    plugin.start()
    assert messages == ["uid/gid not set", "umask not set"]


def test_identities_without_a_name_are_told_by_number(
    bus: Bus,
    messages: list[str],
    calls: list[tuple[str, object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 987654)
    monkeypatch.setattr(os, "getgid", lambda: 987655)
    DropPrivileges(bus, uid=0).start()
    assert messages[0] == "Started as uid: 987654 gid: 987655"


def test_platforms_without_users_ignore_them(
    bus: Bus, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "setuid")
    assert DropPrivileges(bus, uid=1000).uid is None
    assert messages == ["This platform has no os.setuid; ignoring uid."]


# Daemonizer; the real thing is in tests/live


def test_a_daemon_is_not_made_twice(bus: Bus, messages: list[str]) -> None:
    plugin = Daemonizer(bus)
    plugin.finalized = True
    plugin.start()
    assert messages == ["Already daemonized."]


def test_threads_that_a_daemon_would_lose_are_named(
    bus: Bus, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forked: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        Daemonizer, "daemonize", staticmethod(lambda *args: forked.append(args))
    )
    plugin = Daemonizer(bus, stdout="out", stderr="err")
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="early bird")
    thread.start()
    try:
        plugin.start()
    finally:
        end.set()
        thread.join()
    assert "early bird" in messages[0]
    assert "priority above 65" in messages[0]
    assert forked[0][:3] == ("/dev/null", "out", "err")
    assert plugin.finalized
