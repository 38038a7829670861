from __future__ import annotations

import importlib.machinery
import os
import sys
import threading
import zipimport
from types import ModuleType
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from cherrypy.process.plugins import Autoreloader
from cherrypy.process.plugins import autoreload as room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cherrypy.process.wspbus import Bus


@pytest.fixture
def reloader(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> Autoreloader:
    """Return one that looks at no module and is never run by a thread."""
    monkeypatch.setattr(room, "_SAVING_SECONDS", 0)
    return Autoreloader(bus, match="no module is called like this")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("one")
    return path


def grow(path: Path) -> None:
    path.write_text(path.read_text() + "more")


def test_a_changed_file_restarts_the_process(
    bus: Bus, messages: list[str], reloader: Autoreloader, file: Path
) -> None:
    reloader.files.add(str(file))
    reloader.run()
    assert messages == []
    grow(file)
    reloader.run()
    assert bus.execv
    assert messages[0] == f"Restarting because {file} changed."


def test_an_older_file_is_a_change_too(
    bus: Bus, reloader: Autoreloader, file: Path
) -> None:
    reloader.files.add(str(file))
    reloader.run()
    os.utime(file, (1, 1))
    reloader.run()
    assert bus.execv


def test_a_deleted_file_restarts_the_process(
    bus: Bus, reloader: Autoreloader, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloader.files.add(str(file))
    reloader.run()
    file.unlink()
    monkeypatch.setattr(room, "_SAVING_SECONDS", 0.02)
    reloader.run()
    assert bus.execv


def test_a_file_may_be_away_for_the_blink_of_an_eye(
    bus: Bus, reloader: Autoreloader, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[bool] = []
    bus.subscribe("stop", lambda: there.append(file.exists()))
    reloader.files.add(str(file))
    reloader.run()
    file.unlink()
    monkeypatch.setattr(room, "_SAVING_SECONDS", 10)
    monkeypatch.setattr("time.sleep", lambda seconds: file.write_text("two"))
    reloader.run()
    assert there == [True]


def test_files_that_are_not_there_are_not_waited_for(
    bus: Bus, reloader: Autoreloader, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    reloader.files.add(str(missing))
    reloader.files.add("impossible\0name")
    reloader.run()
    missing.write_text("here")
    reloader.run()
    assert not bus.execv


def test_compiled_files_stand_for_their_source(
    bus: Bus, reloader: Autoreloader, file: Path
) -> None:
    reloader.files.add(f"{file.with_suffix('.pyc')}")
    source = file.with_suffix(".py")
    source.write_text("one")
    reloader.run()
    grow(source)
    reloader.run()
    assert bus.execv


def test_starting_forgets_earlier_changes(
    bus: Bus, reloader: Autoreloader, file: Path
) -> None:
    reloader.files.add(str(file))
    reloader.frequency = 1000
    reloader.run()
    grow(file)
    reloader.start()
    reloader.run()
    assert not bus.execv
    reloader.stop()


def test_a_restart_ends_the_thread(
    bus: Bus, messages: list[str], reloader: Autoreloader, file: Path
) -> None:
    left = threading.Event()
    bus.subscribe("exit", left.set)
    reloader.files.add(str(file))
    reloader.frequency = 0.001
    reloader.subscribe()
    bus.start()
    thread = reloader.thread
    assert thread is not None
    grow(file)
    assert left.wait(10)
    thread.join(10)
    assert messages.count("Stopped thread 'Autoreloader'.") == 1


# Which files


@pytest.fixture
def modules() -> Iterator[dict[str, ModuleType]]:
    before = sys.modules.copy()
    yield sys.modules
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


def test_all_imported_modules_are_looked_at(bus: Bus) -> None:
    assert os.path.realpath(room.__file__) in map(
        os.path.realpath, Autoreloader(bus).sysfiles()
    )


def test_modules_can_be_left_out_by_name(bus: Bus) -> None:
    without = Autoreloader(bus, match=r"^(?!cherrypy).+").sysfiles()
    assert not [name for name in without if "/cherrypy/" in name]
    assert without


def test_relative_names_are_meant_from_the_start_directory(
    bus: Bus, modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cherrypy.process.respawn.startup_directory", "/start")
    modules["relative_one"] = module = ModuleType("relative_one")
    module.__file__ = "here.py"
    assert Autoreloader(bus, match="relative_one").sysfiles() == {"/start/here.py"}


def test_lazy_modules_stay_lazy(bus: Bus, modules: dict[str, Any]) -> None:
    class Lazy(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"woken by {name}")

    modules["lazy_one"] = Lazy("lazy_one")
    modules["no_module_one"] = None
    assert Autoreloader(bus, match=".*_one$").sysfiles() == set()


def test_an_archive_stands_for_the_modules_in_it(
    bus: Bus, modules: dict[str, ModuleType], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.zip"
    with ZipFile(archive, "w") as zipped:
        zipped.writestr("zipped_one.py", "")
    importer = zipimport.zipimporter(str(archive))
    spec = importer.find_spec("zipped_one")
    assert isinstance(spec, importlib.machinery.ModuleSpec)
    module = importlib.util.module_from_spec(spec)
    modules["zipped_one"] = module
    assert Autoreloader(bus, match="zipped_one").sysfiles() == {str(archive)}


# With watchfiles


class FakeWatch:
    """In the place of `watchfiles.watch`: changes come when the test says so."""

    def __init__(self) -> None:
        self.calls: list[tuple[set[str], dict[str, Any]]] = []
        self.change = threading.Semaphore(0)
        self.waiting = threading.Semaphore(0)

    def __call__(self, *folders: str, **options: Any) -> Iterator[set[str]]:
        self.calls.append((set(folders), options))
        while not options["stop_event"].is_set():
            self.waiting.release()
            if self.change.acquire(timeout=10):
                yield set()


@pytest.fixture
def watch(modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> FakeWatch:
    fake = FakeWatch()
    module = ModuleType("watchfiles")
    vars(module)["watch"] = fake
    monkeypatch.setattr(room, "find_spec", lambda name: True)
    modules["watchfiles"] = module
    return fake


def test_watchfiles_wakes_the_reloader(
    bus: Bus, watch: FakeWatch, reloader: Autoreloader, file: Path
) -> None:
    left = threading.Event()
    bus.subscribe("exit", left.set)
    reloader.files.add(str(file))
    reloader.frequency = 1000
    reloader.subscribe()
    bus.start()
    thread = reloader.thread
    assert thread is not None
    assert watch.waiting.acquire(timeout=10)
    grow(file)
    watch.change.release()
    assert left.wait(10)
    thread.join(10)
    folders, options = watch.calls[0]
    assert folders == {str(file.parent)}
    assert options["rust_timeout"] == 1_000_000
    assert not thread.is_alive()


def test_folders_of_new_files_are_watched_from_the_next_look(
    bus: Bus, watch: FakeWatch, reloader: Autoreloader, file: Path
) -> None:
    reloader.files.add(str(file))
    reloader.start()
    thread = reloader.thread
    assert thread is not None
    assert watch.waiting.acquire(timeout=10)
    other = file.parent / "templates" / "new.html"
    other.parent.mkdir()
    other.write_text("new")
    reloader.files.add(str(other))
    watch.change.release()
    assert watch.waiting.acquire(timeout=10)
    assert [folders for folders, _ in watch.calls] == [
        {str(file.parent)},
        {str(file.parent), str(other.parent)},
    ]
    reloader.stop()
    watch.change.release()
    thread.join(10)
    assert not thread.is_alive()


def test_nothing_to_watch_is_looked_for_again(
    bus: Bus, watch: FakeWatch, reloader: Autoreloader, file: Path
) -> None:
    reloader.frequency = 0.001
    reloader.start()
    thread = reloader.thread
    assert thread is not None
    reloader.files.add(str(file))
    assert watch.waiting.acquire(timeout=10)
    reloader.stop()
    watch.change.release()
    thread.join(10)
    assert not thread.is_alive()


def test_a_failing_look_ends_the_watch(
    bus: Bus,
    messages: list[str],
    watch: FakeWatch,
    reloader: Autoreloader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter([None])
    monkeypatch.setattr(reloader, "run", lambda: next(looks))
    reloader.start()
    thread = reloader.thread
    assert thread is not None
    thread.join(10)
    # The thread may be over before its start is told.
    (told,) = (message for message in messages if message.startswith("Error"))
    assert told.startswith("Error in background task thread function ")


def test_a_failing_look_after_a_change_ends_the_watch(
    bus: Bus, messages: list[str], watch: FakeWatch, reloader: Autoreloader, file: Path
) -> None:
    reloader.files.add(str(file))
    reloader.start()
    thread = reloader.thread
    assert thread is not None
    assert watch.waiting.acquire(timeout=10)
    reloader.match = "("  # no regular expression
    watch.change.release()
    thread.join(10)
    assert messages[-1].startswith("Error in background task thread function ")
