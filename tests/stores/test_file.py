"""The store in a folder."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
import time
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores import filelocks, lifetime
from cherrypy.stores.base import LockTimeout, StoreUnavailable
from cherrypy.stores.file import FileStore
from cherrypy.stores.filelocks import safe_name
from cherrypy.stores.locks import Deadline
from tests.stores import clerk
from tests.stores.contract import SharedStoreContract, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class TestFileStore(SharedStoreContract):
    @pytest.fixture
    def where(self, tmp_path: Path) -> str:
        return f"file://{tmp_path}/store"

    @pytest.fixture(autouse=True)
    def nothing_is_left_behind(self, tmp_path: Path) -> Iterator[None]:
        """Look for lock files and unfinished files after each test."""
        yield
        folder = tmp_path / "store"
        FileStore(folder).sweep()
        left = [path.name for path in folder.glob("*")]
        assert [name for name in left if not name.startswith("value-")] == []
        assert [name for name in left if name.endswith(".lock")] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "above" / "store"


@pytest.fixture
def store(folder: Path) -> FileStore:
    return FileStore(folder)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_the_folder_are_only_for_their_owner(
    store: FileStore, folder: Path
) -> None:
    old = os.umask(0)
    try:
        store.set("k", b"value", 60)
        lock = store.lock("k")
    finally:
        os.umask(old)
    assert names(folder) == ["value-k", "value-k.lock"]
    assert mode(folder) == 0o700
    assert {mode(folder / name) for name in names(folder)} == {0o600}
    lock.release()
    assert names(folder) == ["value-k"]


def test_locking_makes_the_folder_too(store: FileStore, folder: Path) -> None:
    store.lock("k").release()
    assert mode(folder) == 0o700
    assert names(folder) == []


def test_a_folder_that_is_there_keeps_its_mode(store: FileStore, folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o750)
    store.set("k", b"value", 60)
    assert mode(folder) == 0o750


def test_reading_makes_nothing(store: FileStore, folder: Path) -> None:
    assert store.get("k") is None
    store.delete("k")
    assert (store.sweep(), len(store)) == (0, 0)
    assert not folder.parent.exists()


def test_the_names_of_the_files_may_be_chosen(tmp_path: Path) -> None:
    sessions = FileStore(tmp_path, prefix="session-", lock_suffix=".locked")
    cache = FileStore(tmp_path, prefix="cache-")
    sessions.set("0123abcd", b"value", 60)
    cache.set("k", b"value", 0)
    lock = sessions.lock("0123abcd")
    assert names(tmp_path) == [
        "cache-k",
        "session-0123abcd",
        "session-0123abcd.locked",
    ]
    assert (sessions.sweep(), len(sessions)) == (0, 1)
    assert (cache.sweep(), len(cache)) == (1, 0)
    lock.release()
    assert names(tmp_path) == ["session-0123abcd"]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("0123-abc_d", "0123-abc_d"),
        ("../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
        ("Ab", "%41b"),
        ("a%2f", "a%252f"),
        ("ü\ud800", "%c3%bc%ed%a0%80"),
        ("\0", "%00"),
        ("", ""),
        ("x" * 180, "x" * 180),
    ],
)
def test_a_key_becomes_a_name_that_leads_nowhere(key: str, name: str) -> None:
    assert safe_name(key) == name


def test_a_long_key_becomes_a_digest() -> None:
    longs = {safe_name("x" * 181), safe_name("x" * 182), safe_name("/" * 61)}
    assert len(longs) == 3
    assert all(len(name) == 66 and name.startswith("%%") for name in longs)


def test_the_folder_stays_when_the_current_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = FileStore("store")
    monkeypatch.chdir("/")
    store.set("k", b"value", 60)
    assert names(tmp_path / "store") == ["value-k"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda content: content[:-1] + b"X",
        lambda content: b"X" + content[1:],
        lambda content: content[:20] + b"X" + content[21:],
        lambda content: content + b"X",
        lambda content: b"\x80\x04cos\nsystem\n(S'true'\ntR." + content,
    ],
)
def test_a_damaged_or_forged_file_is_nothing(
    store: FileStore, folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    store.set("k", b"value", 60)
    path = folder / "value-k"
    path.write_bytes(damage(path.read_bytes()))
    assert store.get("k") is None
    store.set("k", b"new", 60)
    assert store.get("k") == b"new"


def test_a_symbolic_link_is_not_followed(
    store: FileStore, folder: Path, tmp_path: Path
) -> None:
    store.set("k", b"value", 60)
    (folder / "value-k").rename(tmp_path / "outside")
    (folder / "value-k").symlink_to(tmp_path / "outside")
    assert store.get("k") is None
    store.set("k", b"new", 60)
    assert store.get("k") == b"new"
    assert (tmp_path / "outside").read_bytes().endswith(b"value")


def test_a_pipe_keeps_nobody_waiting(store: FileStore, folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / "value-k")
    assert store.get("k") is None


def test_a_folder_in_the_place_of_a_file_is_told(
    store: FileStore, folder: Path
) -> None:
    (folder / "value-k").mkdir(parents=True)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(StoreUnavailable, match="Is a directory"):
        store.get("k")
    with pytest.raises(StoreUnavailable, match="Is a directory"):
        store.set("k", b"value", 60)
    assert names(folder) == ["value-k"]
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_the_system_forbids_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"not a folder")
    store = FileStore(tmp_path / "store")
    what = rf"The file store in '{tmp_path}/store' cannot"
    for action in (
        lambda: store.get("k"),
        lambda: store.set("k", b"", 60),
        lambda: store.delete("k"),
        lambda: store.lock("k"),
        store.sweep,
        lambda: len(store),
    ):
        with pytest.raises(StoreUnavailable, match=what):
            action()


def test_a_folder_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").symlink_to(tmp_path / "missing")
    with pytest.raises(StoreUnavailable, match="No such file"):
        FileStore(tmp_path / "store").set("k", b"", 60)


def test_a_folder_that_cannot_be_written_says_what_to_do(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(StoreUnavailable, match=r"denied\. Let the user this"):
        store.set("k", b"value", 60)


def test_a_full_disk_leaves_the_old_value(store: FileStore, folder: Path) -> None:
    store.set("k", b"old", 60)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(
            StoreUnavailable, match=r"cannot store 1000000 bytes under 'k'.*Make room"
        ):
            store.set("k", b"x" * 1_000_000, 60)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.get("k") == b"old"
    assert names(folder) == ["value-k"]
    store.set("k", b"x" * 1_000_000, 60)
    assert store.get("k") == b"x" * 1_000_000


def test_a_durable_store_writes_through_to_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(stat.S_ISDIR(os.fstat(file).st_mode))
    )
    FileStore(folder).set("k", b"value", 60)
    assert synced == []
    FileStore(folder, durable=True).set("k", b"value", 60)
    assert synced == [False, True]


def test_a_wall_clock_set_back_lets_nothing_live_longer(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("k", b"value", 60)
    wall, boot = time.time(), lifetime.boot_clock()
    monkeypatch.setattr(time, "time", lambda: wall - 7200)
    assert store.get("k") == b"value"
    monkeypatch.setattr(time, "time", lambda: wall - 7200 + 61)
    monkeypatch.setattr(lifetime, "boot_clock", lambda: boot + 61)
    assert store.get("k") is None
    assert len(store) == 0
    assert store.sweep() == 1
    assert names(folder) == []


def test_the_sweep_takes_what_killed_processes_left(
    store: FileStore, folder: Path
) -> None:
    store.set("k", b"value", 60)
    (folder / "value-k.lock").touch()
    (folder / ".value-123-abc.new").write_bytes(b"half a va")
    (folder / "other").touch()
    (folder / ".other.new").touch()
    assert store.sweep() == 0
    assert names(folder) == [".other.new", "other", "value-k"]


def test_the_sweep_leaves_what_no_store_has_written(
    store: FileStore, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "value-old").write_bytes(b"(dp0" + b"x" * 100)
    (folder / "value-empty").touch()
    (folder / "value-half").write_bytes(b"MVF1")
    assert store.sweep() == 1
    assert names(folder) == ["value-empty", "value-old"]


def test_the_sweep_leaves_what_is_being_written(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def swept_before(new: str, path: str) -> None:
        store.sweep()
        replace(new, path)

    monkeypatch.setattr(os, "replace", swept_before)
    store.set("k", b"value", 60)
    assert store.get("k") == b"value"


def test_a_new_file_that_the_sweep_took_is_made_anew(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_lock = filelocks.try_lock
    swept: list[int] = []

    def swept_before(file: int) -> bool:
        if not swept:
            swept.append(file)
            swept.append(store.sweep())
        return try_lock(file)

    store.set("other", b"", 60)
    monkeypatch.setattr(filelocks, "try_lock", swept_before)
    store.set("k", b"value", 60)
    assert store.get("k") == b"value"


def test_the_sweep_leaves_a_value_whose_lock_is_held(
    store: FileStore, folder: Path
) -> None:
    store.set("k", b"value", 0)
    lock = store.lock("k")
    assert store.sweep() == 0
    lock.release()
    assert store.sweep() == 1
    assert names(folder) == []


@pytest.mark.parametrize("renewed", [True, False])
def test_a_value_renewed_or_deleted_during_the_sweep_is_not_swept(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, renewed: bool
) -> None:
    store.set("k", b"old", 0)
    take = filelocks.take

    def changed_before(*place: object) -> object:
        if renewed:
            store.set("k", b"new", 60)
        else:
            store.delete("k")
        return take(*place)  # type: ignore[arg-type]  # What it was called with.

    monkeypatch.setattr(filelocks, "take", changed_before)
    assert store.sweep() == 0
    assert store.get("k") == (b"new" if renewed else None)


def test_a_lock_file_that_was_removed_by_hand_harms_nobody(
    store: FileStore, folder: Path
) -> None:
    first = store.lock("k")
    (folder / "value-k.lock").unlink()
    first.release()
    second = store.lock("k", 0)
    assert names(folder) == ["value-k.lock"]
    second.release()
    assert names(folder) == []


def test_a_lock_file_removed_while_it_was_opened_is_opened_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FileStore(folder).lock("k")
    opened = filelocks._opened

    def released_after(path: str) -> int:
        file = opened(path)
        first.release()
        return file

    monkeypatch.setattr(filelocks, "_opened", released_after)
    second = FileStore(folder).lock("k", 0)
    with pytest.raises(LockTimeout):
        FileStore(folder).lock("k", 0)
    second.release()
    assert names(folder) == []


def test_who_gives_up_while_the_lock_is_let_go_removes_its_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FileStore(folder).lock("k")
    missed = Deadline.missed

    def released_before(deadline: Deadline, key: str) -> LockTimeout:
        first.release()
        assert names(folder) == ["value-k.lock"]
        return missed(deadline, key)

    monkeypatch.setattr(Deadline, "missed", released_before)
    with pytest.raises(LockTimeout):
        FileStore(folder).lock("k", 0.001)
    assert names(folder) == []


def test_two_stores_of_one_process_keep_each_other_out(folder: Path) -> None:
    first, second = FileStore(folder), FileStore(folder)
    lock = first.lock("k")
    with pytest.raises(LockTimeout):
        second.lock("k", 0)
    lock.release()
    second.lock("k", 0).release()
    assert names(folder) == []


def test_a_child_that_inherits_a_lock_does_not_keep_it(
    store: FileStore, folder: Path
) -> None:
    lock = store.lock("k")
    (held,) = (path for path in folder.iterdir() if path.suffix == ".lock")
    files = [
        int(name)
        for name in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{name}")
        and os.path.samefile(f"/proc/self/fd/{name}", held)
    ]
    inherited = os.dup(files[0])
    lock.release()
    store.lock("k", 0).release()
    os.close(inherited)


@pytest.mark.parametrize("missing", ["the constant", "the kernel's part"])
def test_where_bytes_cannot_be_locked_the_file_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def invalid(*_: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    if missing == "the constant":
        monkeypatch.setattr(filelocks, "_OF_THE_OPEN_FILE", None)
    else:
        monkeypatch.setattr(fcntl, "fcntl", invalid)
    first, second = FileStore(folder), FileStore(folder)
    lock = first.lock("k")
    with pytest.raises(LockTimeout):
        second.lock("k", 0)
    lock.release()
    assert names(folder) == []
    second.lock("k", 0).release()
    clerk.count_up(first, "n", 50, 4)
    assert first.get("n") == b"200"


def test_a_lock_that_the_system_cannot_give_is_told(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "fcntl", exhausted)
    with pytest.raises(StoreUnavailable, match="cannot lock 'k': No locks available"):
        store.lock("k")


def test_what_fails_for_want_of_locks_leaves_no_file_open(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def next_descriptor() -> int:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    def exhausted(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    store.set("k", b"v", 60)
    (folder / "value-left.lock").write_bytes(b"")
    before = next_descriptor()
    monkeypatch.setattr(fcntl, "fcntl", exhausted)
    for step in (
        lambda: store.lock("k"),
        lambda: store.set("k", b"v", 60),
        store.sweep,
    ):
        with pytest.raises(StoreUnavailable, match="No locks available"):
            step()
    assert next_descriptor() == before
    assert not [name for name in names(folder) if name.endswith(".new")]


def test_a_writer_that_was_killed_leaves_nothing_after_the_sweep(folder: Path) -> None:
    with clerk.start("kill", f"file:{folder}", "k", 3_000_000, 5) as process:
        process.communicate()
    FileStore(folder).sweep()
    until(lambda: names(folder) == ["value-k"])
