"""Session files: what lies on the disk, what is refused, what is taken over."""

from __future__ import annotations

import os
import pickle
import stat
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.errors import HTTPError
from cherrypy.lib.locking import LockTimeout
from cherrypy.lib.session_base import Session
from cherrypy.lib.session_seals import key_file
from cherrypy.lib.sessions import FileSession
from cherrypy.lib.sessions import StoreSession as Stored
from cherrypy.stores import lifetime
from cherrypy.stores.base import StoreUnavailable
from tests.lib import session_kit
from tests.lib.apps import Config, serve
from tests.lib.session_kit import EXECUTED, Evil, count, nothing_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.testing import Client, Response


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    with nothing_kept():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def settings(folder: Path, **named: Any) -> Config:
    place = {"storage_class": FileSession, "storage_path": str(folder)}
    return session_kit.settings(**{**place, **named})


def client(folder: Path, **named: Any) -> Client:
    return serve(count, settings(folder, **named))


def id_of(response: Response) -> str:
    return str(response.cookies["session_id"].value)


def only_file(folder: Path) -> Path:
    """Return the file of the only session."""
    (path,) = folder.iterdir()
    return path


class TestOnTheDisk:
    def test_there_is_a_file_of_the_documented_name_for_each_session(
        self, folder: Path
    ) -> None:
        browser = client(folder)
        response = browser.get("/")
        path = only_file(folder)
        assert path.name == f"session-{id_of(response)}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_a_lock_file_is_there_only_while_the_session_is_used(
        self, folder: Path
    ) -> None:
        def page() -> str:
            count()
            return " ".join(sorted(os.listdir(folder)))

        browser = serve(page, settings(folder))
        id = id_of(browser.get("/"))
        assert browser.get("/").text == f"session-{id} session-{id}.lock"
        assert os.listdir(folder) == [f"session-{id}"]

    def test_nothing_is_left_of_a_visit_without_data(self, folder: Path) -> None:
        browser = serve(lambda: "", settings(folder))
        browser.get("/")
        assert os.listdir(folder) == []

    def test_names_are_what_a_subclass_says(self, folder: Path) -> None:
        class Mine(FileSession):
            SESSION_PREFIX = "visit-"
            LOCK_SUFFIX = ".locked"

        browser = client(folder, storage_class=Mine)
        assert [browser.get("/").text for _ in range(2)] == ["1", "2"]
        assert only_file(folder).name.startswith("visit-")

    def test_ends_when_the_time_is_over_whatever_the_clock_says(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        browser = client(folder, timeout=1)
        sent = {"session_id": id_of(browser.get("/"))}
        steady = lifetime.boot_clock
        monkeypatch.setattr(lifetime, "boot_clock", lambda: steady() + 59)
        assert browser.get("/", cookies=sent).text == "2"
        monkeypatch.setattr(lifetime, "boot_clock", lambda: steady() + 59 + 61)
        monkeypatch.setattr("time.time", lambda: 0.0)
        assert browser.get("/", cookies=sent).text == "1"

    def test_expired_files_are_swept(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Mine(FileSession):
            """Whose thread nobody else has started."""

        browser = client(folder, storage_class=Mine, timeout=1)
        browser.get("/")
        assert Mine.clean_thread is not None
        assert Mine.clean_thread.frequency == 300
        thread = Mine.clean_thread.thread
        assert thread is not None
        assert thread.name == "Session cleanup"
        Mine.clean_thread.callback()
        assert len(os.listdir(folder)) == 1
        steady = lifetime.boot_clock
        monkeypatch.setattr(lifetime, "boot_clock", lambda: steady() + 61)
        Mine.clean_thread.callback()
        assert os.listdir(folder) == []

    def test_no_thread_sweeps_where_config_says_so(self, folder: Path) -> None:
        class Mine(FileSession):
            """Whose thread nobody else has started."""

        client(folder, storage_class=Mine, clean_freq=0).get("/")
        assert Mine.clean_thread is FileSession.clean_thread
        assert len(Session._cleaners.keys() - {Session}) == len(
            [place for place in Session._cleaners if isinstance(place, type)]
        )

    def test_a_sweep_survives_a_folder_that_cannot_be_read(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        session = FileSession(storage_path=folder)
        folder.rmdir()
        folder.write_text("a file")
        session.clean_up()
        assert "Sessions cannot be stored" in caplog.text


class TestAFileThatIsNotOurs:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"garbage",
            pickle.dumps(({"count": 41}, datetime.max)),
            pickle.dumps((Evil(), datetime.max)),
        ],
        ids=["empty", "garbage", "unsigned", "evil"],
    )
    def test_is_refused_and_nothing_is_executed(
        self, folder: Path, content: bytes
    ) -> None:
        browser = client(folder)
        id = id_of(browser.get("/"))
        (folder / f"session-{id}").write_bytes(content)
        response = browser.get("/")
        assert response.text == "1"
        assert id_of(response) != id
        assert EXECUTED == []

    def test_is_refused_when_somebody_has_forged_it_for_the_store(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        from cherrypy.stores.file import FileStore

        browser = client(folder)
        id = id_of(browser.get("/"))
        forged = pickle.dumps(Evil())
        for sealed in (forged, b"sealed1:" + bytes(32) + forged):
            FileStore(folder, prefix="session-").set(id, sealed, 3600)
            response = browser.get("/", cookies={"session_id": id})
            assert response.text == "1"
            assert id_of(response) != id
        assert EXECUTED == []
        assert "A stored session is refused: it is forged" in caplog.text
        assert id not in caplog.text.replace("GET", "")

    def test_is_refused_under_the_name_of_another(self, folder: Path) -> None:
        browser = client(folder)
        first = id_of(browser.get("/"))
        other = first[::-1]
        (folder / f"session-{first}").rename(folder / f"session-{other}")
        response = browser.get("/", cookies={"session_id": other})
        assert response.text == "1"

    def test_is_refused_when_its_bytes_are_damaged(self, folder: Path) -> None:
        browser = client(folder)
        browser.get("/")
        path = only_file(folder)
        content = bytearray(path.read_bytes())
        content[-3] ^= 1
        path.write_bytes(content)
        assert browser.get("/").text == "1"

    def test_that_cannot_be_unpickled_begins_a_new_session(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken:
            def dumps(self, data: Any) -> str:
                return "é"

            def loads(self, stored: bytes) -> Any:
                assert stored == "é".encode()
                raise RuntimeError("old version")

        browser = client(folder, serializer=Broken())
        ids = {id_of(browser.get("/")) for _ in range(2)}
        assert len(ids) == 2
        assert "A stored session cannot be read" in caplog.text

    @pytest.mark.parametrize(
        "id", ["../secret", "/etc/passwd", "..%2fsecret", "a/../../secret"]
    )
    def test_is_not_reached_by_an_id_with_a_path(self, folder: Path, id: str) -> None:
        browser = client(folder)
        browser.get("/")
        (folder.parent / "secret").write_bytes(pickle.dumps(({}, datetime.max)))
        browser.cookies.clear()
        response = browser.get("/", headers={"Cookie": f"session_id={id}"})
        assert response.text == "1"
        assert id_of(response) != id

    def test_is_told_by_400_where_a_program_asks(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = FileSession(storage_path=folder)
        session.id = "../secret"
        assert Path(session._get_file_path()).parent == folder
        monkeypatch.setattr(session._files, "path_of", lambda id: f"{folder}/{id}")
        with pytest.raises(HTTPError, match="Invalid session id in cookie"):
            session._get_file_path()


class TestTheKey:
    def test_is_made_beside_the_folder(self, folder: Path) -> None:
        client(folder).get("/")
        path = folder.parent / "sessions.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_is_the_same_for_all_who_make_it_at_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unlinkable(*paths: object) -> None:
            raise PermissionError("This file system has no links.")

        monkeypatch.setattr(os, "link", unlinkable)
        keys: set[bytes] = set()
        together = threading.Barrier(8)

        def make() -> None:
            together.wait()
            keys.add(key_file(str(tmp_path / "sessions")))

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert keys == {(tmp_path / "sessions.key").read_bytes()}
        assert [path.name for path in tmp_path.iterdir()] == ["sessions.key"]

    def test_is_the_one_of_config_and_can_be_changed(self, folder: Path) -> None:
        old, new = "the first of my secrets", "the second of my secrets"
        browser = client(folder, key=old)
        sent = {"session_id": id_of(browser.get("/"))}
        assert not (folder.parent / "sessions.key").exists()
        assert client(folder, key=[new, old]).get("/", cookies=sent).text == "2"
        assert client(folder, key=new).get("/", cookies=sent).text == "3"
        assert client(folder, key=old).get("/", cookies=sent).text == "1"

    def test_too_short_is_an_error(self, folder: Path) -> None:
        assert client(folder, key="short").get("/").status_code == 500

    def test_that_cannot_be_made_makes_sessions_unavailable(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("no folder")
        response = client(tmp_path / "file" / "sessions").get("/")
        assert response.status_code == 503
        assert "or set tools.sessions.key" in caplog.text

    def test_may_be_gone_without(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("no folder")
        folder = tmp_path / "file" / "sessions"
        browser = client(folder, on_unavailable="continue")
        response = browser.get("/")
        assert response.text == "1"
        assert response.cookies == {}


class TestSerializers:
    def test_pickle_keeps_objects_of_all_kinds(self, folder: Path) -> None:
        def page() -> str:
            known = cherrypy.session.setdefault("path", Path("/"))
            return str(type(known).__name__)

        browser = serve(page, settings(folder))
        assert {browser.get("/").text for _ in range(2)} == {"PosixPath"}

    def test_what_cannot_be_kept_is_an_error_of_the_program(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        def page() -> str:
            cherrypy.session["lock"] = threading.Lock()
            return ""

        assert serve(page, settings(folder)).get("/").status_code == 500
        assert "NotSerializable" in caplog.text
        assert os.listdir(folder) == []

    def test_json_can_be_chosen(self, folder: Path) -> None:
        browser = client(folder, serializer="json")
        assert [browser.get("/").text for _ in range(2)] == ["1", "2"]
        assert b'{"count":2}' in only_file(folder).read_bytes()


class TestTakingOver:
    """Files as CherryPy 18 has written them."""

    @staticmethod
    def write(folder: Path, id: str, data: Any, expires: datetime) -> Path:
        folder.mkdir(exist_ok=True)
        path = folder / f"session-{id}"
        path.write_bytes(pickle.dumps((data, expires), pickle.HIGHEST_PROTOCOL))
        (folder / f"session-{id}.lock").touch()
        return path

    def test_is_done_when_config_says_so(self, folder: Path) -> None:
        soon = datetime.now() + timedelta(hours=1)
        for id in ("old", "idle", "late"):
            moment = soon if id != "late" else datetime.now() - timedelta(hours=1)
            self.write(folder, id, {"count": 41}, moment)
        browser = client(folder, accept_unsigned=True)
        assert browser.get("/", cookies={"session_id": "late"}).text == "1"
        response = browser.get("/", cookies={"session_id": "old"})
        assert (response.text, id_of(response)) == ("42", "old")
        session = FileSession(storage_path=folder, accept_unsigned=True)
        session.clean_up()
        browser = client(folder)
        assert browser.get("/", cookies={"session_id": "old"}).text == "43"
        assert browser.get("/", cookies={"session_id": "idle"}).text == "42"
        assert not (folder / "session-late").exists()

    def test_leaves_alone_what_cannot_be_read(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = self.write(folder, "odd", {}, datetime.max)
        path.write_bytes(b"\x80\x04garbage")
        browser = client(folder, accept_unsigned=True)
        assert browser.get("/", cookies={"session_id": "odd"}).text == "1"
        assert "An old session cannot be read" in caplog.text

    def test_waits_for_sessions_in_use(self, folder: Path) -> None:
        self.write(folder, "used", {"a": 1}, datetime.now() + timedelta(hours=1))
        session = FileSession("used", storage_path=folder, accept_unsigned=True)
        session.acquire_lock()
        other = FileSession(storage_path=folder, accept_unsigned=True)
        other.clean_up()
        assert dict(session.items()) == {"a": 1}
        session.save()
        assert dict(Opened(folder, "used")) == {"a": 1}

    def test_goes_on_when_the_disk_is_full(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        path = self.write(folder, "old", {}, datetime.now() + timedelta(hours=1))
        session = FileSession(storage_path=folder, accept_unsigned=True)

        def full(*arguments: Any) -> None:
            raise StoreUnavailable("The disk is full.")

        monkeypatch.setattr(session.store, "set", full)
        session.clean_up()
        assert "The disk is full." in caplog.text
        assert path.exists()

    def test_survives_a_folder_that_cannot_be_read(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        session = FileSession(storage_path=folder, accept_unsigned=True)
        session.clean_up()
        folder.rmdir()
        folder.write_text("a file")
        session.clean_up()
        assert "Old sessions cannot be taken over" in caplog.text


def Opened(folder: Path, id: str) -> list[tuple[Any, Any]]:
    """Return what is in a session."""
    session = FileSession(id, storage_path=folder)
    session.acquire_lock()
    try:
        return list(session.items())
    finally:
        session.release_lock()


class TestTheClass:
    def test_demands_that_the_session_is_locked(self, folder: Path) -> None:
        session = FileSession(storage_path=folder)
        for step in (session.load, session.delete, session.regenerate):
            with pytest.raises(AssertionError, match="without being locked"):
                step()
        session.loaded = True
        with pytest.raises(AssertionError, match="without being locked"):
            session.save()

    def test_demands_a_folder(self) -> None:
        with pytest.raises(ValueError, match=r"tools\.sessions\.storage_path"):
            FileSession(storage_path="").load()

    @pytest.mark.parametrize("timeout", [0, 0.01, timedelta(milliseconds=1)])
    def test_waits_as_long_as_it_is_told(self, folder: Path, timeout: Any) -> None:
        holder = FileSession("a", storage_path=folder)
        holder.acquire_lock()
        other = FileSession(storage_path=folder, lock_timeout=timeout)
        other.id = holder.id
        with pytest.raises(LockTimeout):
            other.acquire_lock()
        holder.release_lock()
        other.acquire_lock()
        other.acquire_lock()
        other.release_lock()
        other.release_lock()

    def test_waits_for_ever_only_when_it_is_told(self, folder: Path) -> None:
        assert FileSession.lock_timeout == 30
        session = FileSession(storage_path=folder, lock_timeout=None)
        session.acquire_lock()
        session.release_lock()
        with pytest.raises(ValueError, match="numeric seconds or a timedelta"):
            FileSession(storage_path=folder, lock_timeout="soon")

    def test_lets_another_thread_release_the_lock(self, folder: Path) -> None:
        session = FileSession(storage_path=folder)
        session.acquire_lock()
        thread = threading.Thread(target=session.release_lock)
        thread.start()
        thread.join()
        assert not session.locked
        session.acquire_lock()
        session.release_lock()

    def test_counts_its_sessions(self, folder: Path) -> None:
        browser = serve(lambda: count() + str(len(cherrypy.session)), settings(folder))
        assert [browser.get("/").text for _ in range(2)] == ["10", "21"]

    def test_lets_a_subclass_lock_by_its_own_means(self, folder: Path) -> None:
        closed = []

        class LockFile:
            def __init__(self, path: str) -> None:
                self._path = path
                Path(path).touch()

            def close(self) -> None:
                closed.append(self._path)

        class Mine(FileSession):
            def acquire_lock(self, path: str | None = None) -> None:
                path = path or self._get_file_path()
                self.lock = LockFile(path + self.LOCK_SUFFIX)
                self.locked = True

            def clean_up(self) -> None:
                now = self.now()
                for name in os.listdir(str(self.storage_path)):
                    path = os.path.join(str(self.storage_path), name)
                    self.acquire_lock(path)
                    try:
                        contents = self._load(path)
                        if contents is None or contents[1] < now:
                            os.unlink(path)
                    finally:
                        self.release_lock(path)

        browser = client(folder, storage_class=Mine)
        assert [browser.get("/").text for _ in range(2)] == ["1", "2"]
        name = os.path.join(folder, f"session-{browser.cookies['session_id']}")
        assert closed == [f"{name}.lock"] * 2
        assert [path.name for path in folder.iterdir()] == [os.path.basename(name)]
        session = Mine(storage_path=folder)
        session.clean_up()
        assert folder.joinpath(name).exists()
        folder.joinpath(name).write_bytes(b"damaged")
        session.clean_up()
        assert os.listdir(folder) == []

    def test_locks_another_session_by_its_path(self, folder: Path) -> None:
        session = FileSession(storage_path=folder)
        own = session.id
        session.acquire_lock(str(folder / "session-other"))
        assert os.listdir(folder) == ["session-other.lock"]
        assert session.id == own
        session.release_lock(str(folder / "session-other"))
        assert os.listdir(folder) == []

    def test_is_set_up_once_by_hand_or_by_the_tool(self, folder: Path) -> None:
        class Mine(FileSession):
            """Set up here."""

        Mine.setup(storage_path="relative", accept_unsigned=True)
        assert Mine.storage_path == os.path.abspath("relative")
        assert not Mine.accept_unsigned, "that is for an application to say"
        assert issubclass(Mine, Stored)


def test_the_deprecated_name_still_leads_here(folder: Path) -> None:
    config = settings(folder, storage_type="file")
    del config["tools.sessions.storage_class"]
    with pytest.warns(DeprecationWarning, match="use storage_class"):
        assert serve(count, config).get("/").text == "1"
    assert only_file(folder)
