"""Profiles of pages: where the time goes, function by function.

Any of your pages may run under the profiler::

    from cherrypy.lib import profiler

    class Root:
        p = profiler.Profiler("/path/to/profile/dir")

        @cherrypy.expose
        def index(self):
            return self.p.run(self._index)

        def _index(self):
            return "Hello, world!"

    cherrypy.tree.mount(Root())

or all of them: `make_app` is WSGI middleware. The pages of a `Profiler` (here below
``/p``) show the results, and so does `serve` in a program of its own, or
``python -m cherrypy.lib.profiler DIRECTORY PORT``.
"""

from __future__ import annotations

import cProfile as profile
import itertools
import os
import pstats
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from cherrypy._legacy import lender
from cherrypy.lib.bodies import close_body
from cherrypy.lib.diagnostic_pages import serve_alone
from cherrypy.lib.profile_pages import ProfilePages, name_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.http.types import WSGIApplication

    Result = TypeVar("Result")

__all__ = [
    "ProfileAggregator",
    "Profiler",
    "make_app",
    "new_func_strip_path",
    "profile",
    "pstats",
    "serve",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

_ONE_AT_A_TIME = sys.version_info >= (3, 12)
"""Since then there is one profiler for all threads of a process (sys.monitoring);
before, each thread had its own."""

_turn = threading.Lock()
"""Held by whoever profiles, if there is only one profiler."""

_here = threading.local()
"""Knows whether this thread is being profiled already."""


def new_func_strip_path(func_name: tuple[str, int, str]) -> tuple[str, int, str]:
    """Return a function's key with the last part of its file's path only.

    ``__init__.py`` keeps the folder in front of it, without which it says nothing.

    Args:
        func_name: File, line and name.
    """
    filename, line, name = func_name
    folder, base = os.path.split(filename)
    if base == "__init__.py":
        base = os.path.join(os.path.basename(folder), base)
    return base, line, name


class Profiler(ProfilePages):
    """Runs functions under the profiler, keeps a file for each run, and shows them.

    Args:
        path: The folder for the files; ``profile`` in the current folder if None.
            Files there are read as `marshal` reads them, so nobody else should be
            able to write to it.
    """

    most_files: int = 1000
    """How many files to keep; the oldest go first."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        super().__init__(os.path.abspath(path or "profile"))
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        # A number that has become free would make the latest file the oldest.
        latest = max(map(number_of, self.statfiles()), default=0)
        self._numbers = itertools.count(latest + 1)
        self._counting = threading.Lock()
        """Guards `skipped`; every thread whose run is not profiled comes here."""

    def run(self, func: Callable[..., Result], *args: Any, **params: Any) -> Result:
        """Call a function under the profiler, and return what it returns.

        A function that is called by one that is being profiled already is part of
        that profile. Since Python 3.12 one function at a time can be profiled in a
        process; meanwhile others just run, see `skipped`.

        Args:
            func: The function.
            *args: Its arguments.
            **params: Those by name.
        """
        return self._run(self._keep, func, args, params)

    def _run(
        self,
        keep: Callable[[profile.Profile], None],
        func: Callable[..., Result],
        args: tuple[Any, ...],
        params: dict[str, Any],
    ) -> Result:
        if getattr(_here, "profiled", False):
            return func(*args, **params)
        alone = _ONE_AT_A_TIME
        if alone and not _turn.acquire(blocking=False):
            self._count_skipped()
            return func(*args, **params)
        try:
            measured = profile.Profile()
            try:
                measured.enable()
            except ValueError:
                # A profiler of somebody else's is at work.
                self._count_skipped()
                return func(*args, **params)
            _here.profiled = True
            try:
                return func(*args, **params)
            finally:
                measured.disable()
                _here.profiled = False
                keep(measured)
        finally:
            if alone:
                _turn.release()

    def _count_skipped(self) -> None:
        with self._counting:
            self.skipped += 1

    def _keep(self, measured: profile.Profile) -> None:
        path = self._new_file()
        measured.dump_stats(f"{path}.new")
        # Whoever looks meanwhile finds the whole file or none.
        os.replace(f"{path}.new", path)
        for name in self.statfiles()[: -self.most_files or None]:
            with suppress(FileNotFoundError):
                os.remove(os.path.join(self.path, name))

    def _new_file(self) -> str:
        """Make a file that no other thread or process has made, and return its path."""
        while True:
            path = os.path.join(self.path, name_of(next(self._numbers)))
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                return path


class ProfileAggregator(Profiler):
    """Adds up all runs in one file.

    Args:
        path: As for `Profiler`.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        super().__init__(path)
        self._file_path = self._new_file()
        # Nothing was measured yet, and an empty file is no profile.
        os.remove(self._file_path)
        self._together: pstats.Stats | None = None
        self._lock = threading.Lock()
        """Guards the sum; every thread that ends a run comes here."""

    def run(self, func: Callable[..., Result], *args: Any, **params: Any) -> Result:
        """Call a function under the profiler and add the times to all the others.

        See `Profiler.run`.
        """
        return self._run(self._add, func, args, params)

    def _add(self, measured: profile.Profile) -> None:
        with self._lock:
            if self._together is None:
                self._together = pstats.Stats(measured)
            else:
                self._together.add(measured)
            self._together.dump_stats(f"{self._file_path}.new")
            os.replace(f"{self._file_path}.new", self._file_path)


class make_app:
    """WSGI middleware that runs every request under the profiler.

    An answer is collected before it is sent, so this is nothing for endless ones. What
    pages do in other threads, as ``async def`` pages do, is not seen.

    Args:
        nextapp: The application.
        path: The folder for the files, as for `Profiler`.
        aggregate: Add all requests up in one file; otherwise each has its own.
    """

    def __init__(
        self,
        nextapp: WSGIApplication,
        path: str | os.PathLike[str] | None = None,
        aggregate: bool = False,
    ) -> None:
        self.nextapp = nextapp
        self.aggregate = aggregate
        self.profiler: ProfileAggregator | Profiler = (
            ProfileAggregator(path) if aggregate else Profiler(path)
        )

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        """Answer one request."""

        def gather() -> list[bytes]:
            body: Iterable[bytes] = self.nextapp(environ, start_response)
            try:
                return list(body)
            finally:
                close_body(body)

        return self.profiler.run(gather)


def serve(path: str | os.PathLike[str] | None = None, port: int = 8080) -> None:
    """Show profiles in a server of their own, until it is interrupted.

    Args:
        path: The folder with the files, as for `Profiler`.
        port: Where to listen, on this machine only.
    """
    serve_alone(Profiler(path), int(port))


if __name__ == "__main__":
    serve(*sys.argv[1:])  # type: ignore[arg-type]
