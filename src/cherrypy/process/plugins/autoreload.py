"""Starting the program again when its files change."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import closing
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cherrypy.process import respawn
from cherrypy.process.plugins.tasks import BackgroundTask, Monitor
from cherrypy.process.wspbus import at_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.process.wspbus import Bus

__all__ = ["Autoreloader"]

_SAVING_SECONDS = 0.2
"""Editors that save by renaming leave the name empty for less than this."""


class Autoreloader(Monitor):
    """Restarts the process when a file changes or disappears.

    The files of all imported modules are looked at, and those in `files`.

    With the package ``watchfiles`` (extra ``reload``) a change is noticed at once,
    otherwise at the next look.

    Args:
        bus: The bus to live on.
        frequency: Seconds between two looks; 0 or less for never.
        match: A regular expression for the names of the modules to look at.
    """

    files: set[str]
    """Further files to look at: templates, configuration."""

    frequency: float = 1
    """Seconds between two looks; 0 or less for never."""

    match: str = ".*"
    """A regular expression for the names of the modules to look at, matched at the
    beginning. To leave out a package: ``r"^(?!cherrypy).+"``."""

    def __init__(self, bus: Bus, frequency: float = 1, match: str = ".*") -> None:
        super().__init__(bus, self.run, frequency)
        self.files = set()
        self.match = match
        # What each file was like when first seen; None if it was not there.
        self._seen: dict[str, tuple[int, int] | None] = {}

    @at_priority(70)
    def start(self) -> None:
        """Begin to look; what has changed until now counts no more."""
        if self.thread is None and self._wanted():
            self._seen = {}
            self.run()
        super().start()

    def _task(self) -> BackgroundTask:
        if find_spec("watchfiles") is None:
            return super()._task()
        return _Watch(
            self.frequency, self.run, bus=self.bus, files=lambda: self._seen.keys()
        )

    def sysfiles(self) -> set[str]:
        """Return the files of the imported modules whose names match."""
        matches = re.compile(self.match).match
        found = set()
        for name, module in list(sys.modules.items()):
            if matches(name):
                file = _file_of(module)
                if file:
                    found.add(file)
        return found

    def run(self) -> None:
        """Look once, and restart if something has changed."""
        for file in self.sysfiles() | {os.fspath(file) for file in self.files}:
            if file.endswith(".pyc"):
                file = file[:-1]
            now = _state_of(file)
            if file not in self._seen:
                self._seen[file] = now
                continue
            before = self._seen[file]
            # A file that was not there from the beginning is not waited for.
            if before is not None and now != before:
                if now is None:
                    _wait_for_rename(file)
                self._restart(file)
                return

    def _restart(self, file: str) -> None:
        self.bus.log(f"Restarting because {file} changed.")
        if self.thread is not None:
            self.thread.cancel()
            self.bus.log(f"Stopped thread {self.thread.name!r}.")
        self.bus.restart()


class _Watch(BackgroundTask):
    """Calls the function when a file changes, and besides at intervals."""

    def __init__(self, *args: Any, files: Callable[[], Iterable[str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.files = files

    def run(self) -> None:
        from watchfiles import watch  # lazy: an extra, and written in Rust

        while not self.cancelled.is_set():
            if not self._call():
                return
            folders = self._folders()
            if not folders:
                self.cancelled.wait(self.interval)
                continue
            looks = watch(
                *folders,
                watch_filter=None,
                debounce=int(_SAVING_SECONDS * 1000),
                stop_event=self.cancelled,
                rust_timeout=max(1, int(self.interval * 1000)),
                yield_on_timeout=True,
                recursive=False,
                raise_interrupt=False,
            )
            with closing(looks):
                for _ in looks:
                    if self.cancelled.is_set() or not self._call():
                        return
                    if self._folders() != folders:
                        break  # more was imported in the meantime

    def _folders(self) -> set[str]:
        folders = {os.path.dirname(file) for file in list(self.files())}
        return {folder for folder in folders if os.path.isdir(folder)}


def _file_of(module: object) -> str | None:
    """Return the file that a module was read from, an archive as the case may be.

    The attributes are read past ``getattr``, which makes lazy modules import things.
    """
    attributes: dict[str, Any] = getattr(module, "__dict__", {})
    archive = getattr(attributes.get("__loader__"), "archive", None)
    file = archive or attributes.get("__file__")
    if not isinstance(file, str) or not file:
        return None
    return os.path.normpath(os.path.join(respawn.startup_directory or os.sep, file))


def _state_of(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except (OSError, ValueError):  # not there, or no name of a file at all
        return None
    return found.st_mtime_ns, found.st_size


def _wait_for_rename(file: str) -> None:
    """Give an editor the time to put the new file in the place of the old one."""
    deadline = time.monotonic() + _SAVING_SECONDS
    while _state_of(file) is None and time.monotonic() < deadline:
        time.sleep(_SAVING_SECONDS / 10)
