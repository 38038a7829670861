from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from cherrypy.core.errors import HTTPError
from cherrypy.lib import beneath
from cherrypy.lib.beneath import OpenedFile, names_below, open_below, open_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory to serve, with secrets beside it."""
    (tmp_path / "pub/sub/deep").mkdir(parents=True)
    (tmp_path / "pub_private").mkdir()
    (tmp_path / "pub_private/secret.txt").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "pub/a.txt").write_text("a")
    (tmp_path / "pub/sub/deep/b.txt").write_text("b")
    return tmp_path


def content(opened: OpenedFile | None) -> str | None:
    """Read and close what was opened."""
    if opened is None:
        return None
    with open(opened.descriptor) as file:
        return file.read()


def fetch(directory: Path, path: str, *, follow_symlinks: bool = False) -> str | None:
    """Read a file as a client would ask for it."""
    names = names_below(path)
    assert names is not None
    return content(open_below(str(directory), names, follow_symlinks=follow_symlinks))


class TestNames:
    @pytest.mark.parametrize(
        ("path", "names"),
        [
            ("", []),
            ("a.txt", ["a.txt"]),
            ("sub/deep/b.txt", ["sub", "deep", "b.txt"]),
            ("sub//./b.txt", ["sub", "b.txt"]),
            ("sub/../a.txt", ["a.txt"]),
            ("sub%2Fb.txt", ["sub", "b.txt"]),
            ("sub%2fb.txt", ["sub%2fb.txt"]),
            ("100%41", ["100%41"]),
            ("...", ["..."]),
            ("a\\b", ["a\\b"]),
        ],
    )
    def test_lead_from_the_directory_to_the_file(
        self, path: str, names: list[str]
    ) -> None:
        assert names_below(path, windows=False) == names

    @pytest.mark.parametrize(
        "path", ["..", "../x", "a/../../x", "..%2Fx", "%2F..%2F..", "/../x"]
    )
    def test_never_lead_out(self, path: str) -> None:
        with pytest.raises(HTTPError) as refusal:
            names_below(path, windows=False)
        assert refusal.value.code == 403

    @pytest.mark.parametrize("path", ["..\\x", "a\\..\\..\\x", "a/..\\..%2Fx"])
    def test_never_lead_out_on_windows(self, path: str) -> None:
        with pytest.raises(HTTPError) as refusal:
            names_below(path, windows=True)
        assert refusal.value.code == 403

    @pytest.mark.parametrize(
        "path",
        [
            *("nul", "NUL.txt", "con", "com1.log", "LPT9", "aux .txt", "sub/prn/x"),
            *("c:x", "C:/Windows/win.ini", "a.txt::$DATA", "a.txt.", "a.txt "),
        ],
    )
    def test_of_devices_streams_and_drives_lead_nowhere(self, path: str) -> None:
        assert names_below(path, windows=True) is None

    def test_of_ordinary_files_are_ordinary_on_windows(self) -> None:
        assert names_below("sub\\console.txt", windows=True) == ["sub", "console.txt"]


class TestOpening:
    def test_finds_files_at_any_depth(self, site: Path) -> None:
        assert fetch(site / "pub", "a.txt") == "a"
        assert fetch(site / "pub", "sub/deep/b.txt") == "b"

    def test_takes_a_directory_with_a_slash(self, site: Path) -> None:
        assert content(open_below(f"{site}/pub/", ["a.txt"])) == "a"

    @pytest.mark.parametrize(
        "path",
        [
            *("missing.txt", "missing/a.txt", "a.txt/b.txt", "sub", "sub/deep"),
            *("a\0.txt", "sub\0/deep/b.txt", "x" * 5000, "x" * 300, "x/" * 3000 + "y"),
            "\ud800",
        ],
    )
    def test_finds_nothing_where_no_file_is(self, site: Path, path: str) -> None:
        assert fetch(site / "pub", path) is None
        assert fetch(site / "pub", path, follow_symlinks=True) is None

    def test_does_not_wait_for_a_pipe(self, site: Path) -> None:
        os.mkfifo(site / "pub/pipe")
        assert fetch(site / "pub", "pipe") is None

    def test_the_directory_itself_may_be_a_link(self, site: Path) -> None:
        (site / "current").symlink_to("pub", target_is_directory=True)
        assert fetch(site / "current", "a.txt") == "a"
        assert fetch(site / "current", "sub/deep/b.txt") == "b"

    def test_links_within_are_followed(self, site: Path) -> None:
        (site / "pub/link.txt").symlink_to("sub/deep/b.txt")
        (site / "pub/alias").symlink_to("sub", target_is_directory=True)
        (site / "current").symlink_to("pub", target_is_directory=True)
        for directory in (site / "pub", site / "current"):
            assert fetch(directory, "link.txt") == "b"
            assert fetch(directory, "alias/deep/b.txt") == "b"

    @pytest.mark.parametrize("target", ["../secret.txt", "../pub_private/secret.txt"])
    def test_links_out_are_refused(self, site: Path, target: str) -> None:
        (site / "pub/link.txt").symlink_to(target)
        with pytest.raises(HTTPError) as refusal:
            fetch(site / "pub", "link.txt")
        assert refusal.value.code == 403

    def test_linked_directories_out_are_refused(self, site: Path) -> None:
        (site / "pub/sub/out").symlink_to(site / "pub_private")
        with pytest.raises(HTTPError) as refusal:
            fetch(site / "pub", "sub/out/secret.txt")
        assert refusal.value.code == 403

    def test_links_out_are_followed_if_wanted(self, site: Path) -> None:
        (site / "pub/link.txt").symlink_to("../secret.txt")
        assert fetch(site / "pub", "link.txt", follow_symlinks=True) == "secret"

    def test_links_to_nowhere_and_to_themselves_are_nothing(self, site: Path) -> None:
        (site / "pub/broken").symlink_to("missing")
        (site / "pub/loop").symlink_to("loop")
        assert fetch(site / "pub", "broken") is None
        assert fetch(site / "pub", "loop") is None
        assert fetch(site / "pub", "loop/x/y") is None
        assert fetch(site / "pub", "loop", follow_symlinks=True) is None

    def test_a_link_to_a_directory_is_no_file(self, site: Path) -> None:
        (site / "pub/alias").symlink_to("sub", target_is_directory=True)
        assert fetch(site / "pub", "alias") is None


class TestTrouble:
    """What the operating system may say instead of opening a file."""

    def test_a_file_that_must_not_be_read_is_forbidden(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: object) -> int:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("cherrypy.lib.beneath.os.open", refuse)
        with pytest.raises(HTTPError, match="403"):
            open_file(f"{site}/pub/a.txt")
        with pytest.raises(HTTPError, match="403"):
            open_below(f"{site}/pub", ["a.txt"])
        # Windows says so of directories.
        assert open_file(f"{site}/pub") is None

    def test_descriptors_used_up_are_no_missing_file(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: object) -> int:
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr("cherrypy.lib.beneath.os.open", refuse)
        with pytest.raises(OSError, match="Too many"):
            open_below(f"{site}/pub", ["a.txt"])
        with pytest.raises(OSError, match="Too many"):
            open_file(f"{site}/pub/a.txt")

    def test_what_cannot_be_compared_is_nothing(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (site / "pub/link.txt").symlink_to("a.txt")

        def refuse(paths: object) -> str:
            raise ValueError("Paths don't have the same drive")

        monkeypatch.setattr("cherrypy.lib.beneath.os.path.commonpath", refuse)
        assert fetch(site / "pub", "link.txt") is None

    def test_without_nofollow_every_path_is_resolved(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(beneath, "_NOFOLLOW", None)
        (site / "pub/link.txt").symlink_to("../secret.txt")
        assert fetch(site / "pub", "sub/deep/b.txt") == "b"
        with pytest.raises(HTTPError):
            fetch(site / "pub", "link.txt")
