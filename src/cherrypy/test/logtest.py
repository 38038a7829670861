"""Looking into log files, from one mark to the next.

`LogCase` is mixed into a test case; it writes marks into the log, and looks only at
what was written after one::

    class AccessLogTest(helper.CPWebCase, logtest.LogCase):
        logfile = "access.log"

        def test_a_page_is_logged(self):
            self.markLog()
            self.getPage("/")
            self.assertLog(-1, '"GET / HTTP/1.1" 200')
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from cherrypy.test.prompt import choose, getchar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LogCase", "getchar"]

_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()


class LogCase:
    """Assertions about a log file, to be mixed into a `unittest.TestCase`.

    Lines may be given as text or bytes. Where a `marker` may be given, only what was
    logged between it and the next one is looked at; without one, what was logged
    after the last, and if there is none, the whole log.
    """

    interactive: Any = False
    """Whether an assertion that fails asks at the keyboard what to show."""

    logfile: Any = None
    """The path of the log."""

    lastmarker: Any = None
    """The mark that was set last."""

    markerPrefix: Any = b"test suite marker: "
    """What a line with a mark begins with."""

    def exit(self) -> NoReturn:
        """End the test run."""
        sys.exit()

    def emptyLog(self) -> None:
        """Empty the log."""
        Path(self.logfile).write_bytes(b"")

    def markLog(self, key: Any = None) -> None:
        """Write a mark into the log.

        Args:
            key: Its name, unique in the log; by default the time.
        """
        if key is None:
            key = f"{time.time():.6f} {time.perf_counter_ns()}"
        self.lastmarker = key
        with Path(self.logfile).open("ab") as log:
            log.write(b"%s%s\n" % (_bytes(self.markerPrefix), _bytes(key)))

    def _read_marked_region(self, marker: Any = None) -> list[bytes]:
        """Return the lines between a mark and the next one."""
        lines = Path(self.logfile).read_bytes().splitlines(keepends=True)
        if marker is None:
            marker = self.lastmarker
        if marker is None:
            return lines
        prefix = _bytes(self.markerPrefix)
        mark = prefix + _bytes(marker)
        region: list[bytes] = []
        inside = False
        for line in lines:
            if line.startswith(prefix):
                if inside:
                    break
                inside = line.rstrip(b"\r\n") == mark
            elif inside:
                region.append(line)
        return region

    def _handleLogError(
        self, msg: str, data: Iterable[bytes], marker: Any, pattern: Any
    ) -> None:
        """Fail, or ask at the keyboard what to do, if that is wanted."""
        __tracebackhide__ = True
        logged = b"".join(data).decode("utf-8", "backslashreplace")
        if self.interactive and choose(
            msg,
            {
                "L": ("Log", lambda: logged),
                "M": ("Marker", lambda: str(marker or self.lastmarker)),
                "P": ("Pattern", lambda: str(pattern)),
            },
        ):
            return
        raise AssertionError(
            f"{msg}\n\nThe log from {marker or self.lastmarker!r}:"
            f"\n{logged or '(nothing)'}"
        )

    def assertInLog(self, line: str | bytes, marker: Any = None) -> None:
        """Fail unless a line of the log contains this."""
        __tracebackhide__ = True
        data = self._read_marked_region(marker)
        if not any(_bytes(line) in logged for logged in data):
            self._handleLogError(f"{line!r} not found in log", data, marker, line)

    def assertNotInLog(self, line: str | bytes, marker: Any = None) -> None:
        """Fail if a line of the log contains this."""
        __tracebackhide__ = True
        data = self._read_marked_region(marker)
        if any(_bytes(line) in logged for logged in data):
            self._handleLogError(f"{line!r} found in log", data, marker, line)

    def assertValidUUIDv4(self, marker: Any = None) -> None:
        """Fail unless a line of the log contains a random UUID (RFC 9562 §5.4)."""
        __tracebackhide__ = True
        data = self._read_marked_region(marker)
        for found in _UUID.findall(b"".join(data)):
            if UUID(found.decode()).version == 4:
                return
        self._handleLogError("UUIDv4 not found in log", data, marker, _UUID.pattern)

    def assertLog(self, sliceargs: Any, lines: Any, marker: Any = None) -> None:
        """Fail unless lines of the log, by their number, contain these.

        Args:
            sliceargs: The number of a line, from 0, or from the end with -1; or a pair,
                the numbers of a first line and of the one after the last.
            lines: What must be in it, or a list of what must be in each.
            marker: See the class.

        Raises:
            TypeError: There is a pair, but no list.
        """
        __tracebackhide__ = True
        data = self._read_marked_region(marker)
        if isinstance(sliceargs, int):
            where, found = str(sliceargs), data[sliceargs:][:1]
            lines = lines[:1] if isinstance(lines, list | tuple) else [lines]
        else:
            if not isinstance(lines, list | tuple):
                raise TypeError(
                    "The 'lines' arg must be a list when 'sliceargs' is a tuple."
                )
            where, found = repr(tuple(sliceargs)), data[slice(*sliceargs)]
        for number, line in enumerate(lines):
            if number >= len(found) or _bytes(line) not in found[number]:
                self._handleLogError(
                    f"{line!r} not found on log line {where}"
                    if isinstance(sliceargs, int)
                    else f"{line!r} not found in lines {where} of the log",
                    data,
                    marker,
                    line,
                )
                return
