"""What a server process does once in its life: detach, step down, write its number."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cherrypy.process.plugins.base import SimplePlugin
from cherrypy.process.respawn import flush_output
from cherrypy.process.wspbus import Explained, at_priority

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.process.wspbus import Bus

__all__ = ["Daemonizer", "DropPrivileges", "PIDFile"]


class Daemonizer(SimplePlugin):
    """Detaches the process from the terminal and session it was started in.

    The process that the shell waits for ends with status 0 as soon as it has forked:
    it cannot tell what becomes of its child. POSIX only.

    Args:
        bus: The bus to live on.
        stdin: The file that standard input is read from.
        stdout: The file that standard output is appended to.
        stderr: The file that standard error is appended to.
    """

    def __init__(
        self,
        bus: Bus,
        stdin: str = "/dev/null",
        stdout: str = "/dev/null",
        stderr: str = "/dev/null",
    ) -> None:
        super().__init__(bus)
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.finalized: bool = False

    @at_priority(65)
    def start(self) -> None:
        """Detach, unless that was done before."""
        if self.finalized:
            self.bus.log("Already daemonized.")
            return
        # A fork copies the calling thread only; what the others held stays held.
        if threading.active_count() != 1:
            self.bus.log(
                f"There are {threading.active_count()} active threads: "
                f"{threading.enumerate()!r}. They will not be in the daemon. Start "
                "them from a start listener with a priority above 65.",
                logging.WARNING,
            )
        self.daemonize(self.stdin, self.stdout, self.stderr, self.bus.log)
        self.finalized = True

    @staticmethod
    def daemonize(
        stdin: str = "/dev/null",
        stdout: str = "/dev/null",
        stderr: str = "/dev/null",
        logger: Callable[[str], Any] = lambda msg: None,
    ) -> None:
        """Go on in a child of a child, in a session without a terminal.

        The umask becomes 0; the working directory stays.

        Args:
            stdin: The file that standard input is read from.
            stdout: The file that standard output is appended to.
            stderr: The file that standard error is appended to.
            logger: Is told what happens.

        Raises:
            OSError: A fork failed, or a file could not be opened.
        """
        flush_output()
        _go_on_in_child("Forking once.", logger)
        os.setsid()
        # No longer the leader of its session, the grandchild cannot get a terminal.
        _go_on_in_child("Forking twice.", logger)
        os.umask(0)
        _redirect(stdin, os.O_RDONLY, 0)
        _redirect(stdout, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 1)
        _redirect(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 2)
        logger(f"Daemonized to PID: {os.getpid()}")


def _go_on_in_child(message: str, logger: Callable[[str], Any]) -> None:
    if os.fork() > 0:
        # Nothing of ours may run twice: no atexit functions, no buffers.
        os._exit(0)
    logger(message)


def _redirect(name: str, flags: int, number: int) -> None:
    """Let a standard stream be a file, readable and writable by its owner."""
    opened = os.open(name, flags, 0o600)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


class DropPrivileges(SimplePlugin):
    """Goes on as another user once the server has its port.

    Args:
        bus: The bus to live on.
        umask: The mode bits that new files do not get.
        uid: The user, by number or name. POSIX only.
        gid: The group, by number or name. POSIX only.
    """

    def __init__(
        self,
        bus: Bus,
        umask: int | None = None,
        uid: int | str | None = None,
        gid: int | str | None = None,
    ) -> None:
        super().__init__(bus)
        self.finalized: bool = False
        self.uid = uid
        self.gid = gid
        self.umask = umask

    @property
    def uid(self) -> int | None:
        """The number of the user to run as; may be set to a name.

        Raises:
            KeyError: There is no user of that name.
        """
        return self._uid

    @uid.setter
    def uid(self, value: int | str | None) -> None:
        if isinstance(value, str):
            import pwd  # lazy: does not exist everywhere

            value = pwd.getpwnam(value).pw_uid
        self._uid = self._if_there(value, "setuid", "uid")

    @property
    def gid(self) -> int | None:
        """The number of the group to run as; may be set to a name.

        Raises:
            KeyError: There is no group of that name.
        """
        return self._gid

    @gid.setter
    def gid(self, value: int | str | None) -> None:
        if isinstance(value, str):
            import grp  # lazy: does not exist everywhere

            value = grp.getgrnam(value).gr_gid
        self._gid = self._if_there(value, "setgid", "gid")

    @property
    def umask(self) -> int | None:
        """The mode bits that new files do not get, such as ``0o027``."""
        return self._umask

    @umask.setter
    def umask(self, value: int | None) -> None:
        self._umask = value

    def _if_there(self, value: int | None, function: str, name: str) -> int | None:
        if value is not None and not hasattr(os, function):
            self.bus.log(
                f"This platform has no os.{function}; ignoring {name}.", logging.WARNING
            )
            return None
        return value

    @at_priority(77)
    def start(self) -> None:
        """Become the user; a little later than the server opens its port (75)."""
        if self.finalized:
            self._repeat()
            return
        self.finalized = True
        if self.uid is None and self.gid is None:
            self.bus.log("uid/gid not set", logging.WARNING)
        else:
            self.bus.log(f"Started as {_who_am_i()}")
            self._step_down()
            self.bus.log(f"Running as {_who_am_i()}")
        if self.umask is None:
            self.bus.log("umask not set", logging.WARNING)
        else:
            before = os.umask(self.umask)
            self.bus.log(f"umask old: {before:03o}, new: {self.umask:03o}")

    def _repeat(self) -> None:
        """Say what was done when the bus started before."""
        if not (self.uid is None and self.gid is None):
            self.bus.log(f"Already running as {_who_am_i()}")
        if self.umask is not None:
            self.bus.log(f"umask already set to: {self.umask:03o}")

    def _step_down(self) -> None:
        # In this order: the user who could change groups is given up last.
        if os.geteuid() == 0:
            os.setgroups([])
        if self.gid is not None:
            os.setgid(self.gid)
        if self.uid is not None:
            os.setuid(self.uid)


def _who_am_i() -> str:
    """Return the names of the present user and group, or their numbers."""
    import grp  # lazy: these two do not exist everywhere
    import pwd

    user: str | int = os.getuid()
    group: str | int = os.getgid()
    with suppress(KeyError):
        user = pwd.getpwuid(os.getuid()).pw_name
    with suppress(KeyError):
        group = grp.getgrgid(os.getgid()).gr_name
    return f"uid: {user!r} gid: {group!r}"


class PIDFile(SimplePlugin):
    """Keeps the number of the process in a file while it runs.

    Args:
        bus: The bus to live on.
        pidfile: The file, by its absolute path.
    """

    def __init__(self, bus: Bus, pidfile: str) -> None:
        super().__init__(bus)
        self.pidfile = pidfile
        self.finalized: bool = False

    @at_priority(70)
    def start(self) -> None:
        """Write the number; later than a `Daemonizer` changes it (65).

        Raises:
            OSError: The file cannot be written.
        """
        pid = os.getpid()
        if self.finalized:
            self.bus.log(f"PID {pid!r} already written to {self.pidfile!r}.")
            return
        # A daemon has a umask of 0; a file whose number others can change lets them
        # choose what a script kills.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            opened = os.open(self.pidfile, flags, 0o644)
        except OSError as refusal:
            raise Explained(
                refusal.errno,
                f"The PID file {self.pidfile!r} cannot be written: {refusal.strerror}. "
                "Name a file in a folder that exists and that the user who runs the "
                "program may write to.",
            ) from refusal
        with open(opened, "w", encoding="ascii") as file:
            file.write(f"{pid}\n")
        self.bus.log(f"PID {pid!r} written to {self.pidfile!r}.")
        self.finalized = True

    def exit(self) -> None:
        """Remove the file."""
        with suppress(OSError):  # somebody was quicker, or we may not
            os.remove(self.pidfile)
            self.bus.log(f"PID file removed: {self.pidfile!r}.")
        self.finalized = False
