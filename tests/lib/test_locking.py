from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cherrypy.lib.headers import parse_header
from cherrypy.lib.lockfile import LockError, LockFile, SystemLockFile, UnlockError
from cherrypy.lib.locking import LockChecker, LockTimeout, NeverExpires, Timer
from cherrypy.stores import base

if TYPE_CHECKING:
    from pathlib import Path


class TestTimer:
    def test_ends_at_a_moment(self) -> None:
        assert Timer(datetime(2001, 1, 1)).expired()
        assert Timer(datetime(2001, 1, 1, tzinfo=UTC)).expired()
        assert not Timer(datetime(9001, 1, 1)).expired()
        assert not Timer(datetime.now(UTC) + timedelta(hours=1)).expired()

    def test_ends_after_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for length in (timedelta(seconds=10), 10):
            timer = Timer.after(length)
            assert not timer.expired()
            assert timer.expiration > datetime.now(UTC)
            now = time.monotonic()
            with monkeypatch.context() as patch:
                patch.setattr(time, "monotonic", lambda now=now: now + 11)
                assert timer.expired()

    def test_may_have_no_end(self) -> None:
        assert not NeverExpires().expired()


class TestLockChecker:
    def test_has_time(self) -> None:
        assert LockChecker("abc", 10).expired() is False
        assert LockChecker("abc", timedelta(seconds=10)).expired() is False

    @pytest.mark.parametrize("timeout", [None, 0, timedelta(0)])
    def test_may_have_any_time(self, timeout: timedelta | None) -> None:
        assert LockChecker("abc", timeout).expired() is False

    def test_says_whose_lock_it_was(self) -> None:
        checker = LockChecker("abc", timedelta(seconds=-1))
        with pytest.raises(LockTimeout, match="Timeout acquiring lock for abc"):
            checker.expired()

    def test_raises_what_stores_raise(self) -> None:
        assert LockTimeout is base.LockTimeout


class TestLockFile:
    def test_is_held_by_one(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        lock = LockFile(path)
        with pytest.raises(LockError, match=r"Unable to lock '.*lock'"):
            LockFile(path)
        lock.release()
        lock.release()
        LockFile(path).release()

    def test_is_held_among_processes(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        lock = LockFile(path)
        program = (
            "import sys; from cherrypy.lib.lockfile import LockFile, LockError\n"
            "try: LockFile(sys.argv[1])\n"
            "except LockError: print('held')\n"
            "else: print('free')"
        )

        def other() -> str:
            done = subprocess.run(
                [sys.executable, "-c", program, str(path)],
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout.strip()

        assert other() == "held"
        lock.release()
        assert other() == "free"
        # It died with the lock in its hands.
        LockFile(path).release()

    def test_may_remove_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        lock = LockFile(path)
        lock.release()
        assert path.exists()
        lock.remove()
        assert not path.exists()
        lock.remove()

    def test_needs_a_file(self, tmp_path: Path) -> None:
        for path in (tmp_path / "missing" / "lock", tmp_path):
            with pytest.raises(LockError):
                LockFile(path)

    def test_says_if_it_cannot_be_released(self, tmp_path: Path) -> None:
        lock = LockFile(tmp_path / "lock")

        def refuse(descriptor: int) -> None:
            raise OSError("no")

        lock._unlock = refuse  # type: ignore[method-assign]
        with pytest.raises(UnlockError, match="Unable to unlock"):
            lock.release()
        assert issubclass(UnlockError, LockError)

    def test_leaves_no_file_open(self, tmp_path: Path) -> None:
        before = len(os.listdir("/dev/fd"))
        lock = LockFile(tmp_path / "lock")
        with pytest.raises(LockError):
            LockFile(tmp_path / "lock")
        lock.release()
        assert len(os.listdir("/dev/fd")) == before

    def test_is_of_a_system(self, tmp_path: Path) -> None:
        assert issubclass(LockFile, SystemLockFile)
        with pytest.raises(NotImplementedError):
            SystemLockFile(tmp_path / "lock")


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("text/html; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        (
            'form-data; name="a;b"; filename="x\\"y"',
            ("form-data", {"name": "a;b", "filename": 'x"y'}),
        ),
        ("a; b", ("a", {})),
        ("a; B=c ; d = e", ("a", {"b": "c", "d": "e"})),
        ("", ("", {})),
        ('x; a="b', ("x", {"a": '"b'})),
    ],
)
def test_header_values_are_parsed(
    line: str, parsed: tuple[str, dict[str, str]]
) -> None:
    assert parse_header(line) == parsed
