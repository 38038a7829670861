"""The test case that starts a site and asks it for pages.

A class says what is served in `setup_server`, a static or class method; the rest is
done around its tests, under pytest as under unittest. See `CPWebCase`.
"""

from __future__ import annotations

import datetime
import html
import logging
import os
import re
import sys
import unittest
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import cherrypy
from cherrypy.core.error_pages import render
from cherrypy.http.status import valid_status
from cherrypy.http.urls import urljoin
from cherrypy.process.servers import server_url
from cherrypy.process.wspbus import ChannelFailures
from cherrypy.test import sites, webtest
from cherrypy.test.processes import CPProcess, serverpem, thisdir
from cherrypy.test.supervisors import (
    LocalSupervisor,
    LocalWSGISupervisor,
    NativeServerSupervisor,
    Supervisor,
    available_servers,
    get_cpmodpy_supervisor,
    get_modfastcgi_supervisor,
    get_modfcgid_supervisor,
    get_modpygw_supervisor,
    get_modwsgi_supervisor,
    get_wsgi_u_supervisor,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CPProcess",
    "CPWebCase",
    "LocalSupervisor",
    "LocalWSGISupervisor",
    "NativeServerSupervisor",
    "Supervisor",
    "get_cpmodpy_supervisor",
    "get_modfastcgi_supervisor",
    "get_modfcgid_supervisor",
    "get_modpygw_supervisor",
    "get_modwsgi_supervisor",
    "get_wsgi_u_supervisor",
    "log",
    "log_to_stderr",
    "serverpem",
    "setup_client",
    "thisdir",
    "webtest",
]

log: logging.Logger = logging.getLogger(__name__)

_GAP = "... the traceback is here ..."


def log_to_stderr(msg: str, level: int) -> None:
    """Write a message of the bus to stderr; a listener for its channel ``log``."""
    sys.stderr.write(f"{msg}{os.linesep}")


class CPWebCase(webtest.WebCase):
    """A test case with a site of its own.

    Before the first test of a class the site is emptied (config, tree), gets the
    config environment ``test_suite``, and `setup_server` is called, which mounts
    applications and updates config. Then the engine is started, with a server on port
    54583 of 127.0.0.1, or on a free port if that one is not free; HOST and PORT tell.
    After the last test the engine exits and everything is as it was before.

    A class without `setup_server` starts nothing; it may start a `CPProcess`.
    """

    script_name: str = ""
    """Where the application is mounted; `getPage` puts it before each URL."""

    scheme: str = "http"
    """``https`` for a server with the certificate `serverpem`."""

    available_servers: ClassVar[dict[str, Callable[..., Any]]] = available_servers
    """What makes a supervisor, by the name of the server."""

    default_server: str = "wsgi"
    """Which of them to use; ``native`` for the server as it is in production."""

    supervisor: Any = None
    """What has started the server."""

    do_gc_test: bool = False
    """Whether `test_gc` looks for requests that were not forgotten."""

    date_tolerance: float = 2
    """How far apart, in seconds, dates may be for `assertEqualDates`."""

    setup_server: ClassVar[Callable[[], object]]
    """Mounts what is to be tested; a static or class method of the test class."""

    _kept: ClassVar[sites.Kept | None] = None
    _started: ClassVar[bool] = False
    _was: ClassVar[tuple[Any, Any, str]]
    _present: ClassVar[type[CPWebCase] | None] = None

    @classmethod
    def setUpClass(cls) -> None:
        """Start the site under unittest; pytest calls `setup_class` by itself."""
        super().setUpClass()
        if not _called_by_pytest():
            cls.setup_class()

    @classmethod
    def tearDownClass(cls) -> None:
        """Stop the site under unittest."""
        if not _called_by_pytest():
            cls.teardown_class()
        super().tearDownClass()

    @classmethod
    def setup_class(cls) -> None:
        """Make the site ready and start it.

        Raises:
            ChannelFailures: Something could not be started.
        """
        if CPWebCase._present is not None:
            # A subclass has forgotten to call our `teardown_class`.
            CPWebCase._present._end()
        CPWebCase._present = cls
        cls._started = False
        cls._kept = sites.Kept()
        cls._was = (webtest.WebCase.HOST, webtest.WebCase.PORT, CPWebCase.scheme)
        try:
            cls._prepare()
            if hasattr(cls, "setup_server"):
                cls.setup_server()
                cls._mount_gc()
                cls._started = True
                cls._start()
                setup_client()
        except BaseException:
            cls._end()
            raise

    @classmethod
    def _prepare(cls) -> None:
        """Empty the site and tell it where to listen."""
        settings: dict[str, Any] = {"server.protocol_version": cls.PROTOCOL}
        if cls.scheme == "https":
            settings["server.ssl_certificate"] = serverpem
            settings["server.ssl_private_key"] = serverpem
        sites.fresh(settings)
        host = cls._asked("HOST") or "127.0.0.1"
        port = cls._asked("PORT") or sites.usual_port(host)
        cherrypy.config.update({"server.socket_host": host, "server.socket_port": port})
        cls.supervisor = cls.available_servers[cls.default_server](
            scheme=cls.scheme,
            protocol=cls.PROTOCOL,
            host=host,
            port=port,
            validate=False,
            server=cls.default_server,
        )
        # documented behaviour: tests leave out what Apache does differently.
        settings_of_server: Any = cherrypy.server
        settings_of_server.using_apache = cls.supervisor.using_apache
        settings_of_server.using_wsgi = cls.supervisor.using_wsgi
        setup_client()

    @classmethod
    def _asked(cls, name: str) -> Any:
        """Return what a subclass has set HOST or PORT to."""
        ours = (CPWebCase, webtest.WebCase)
        return next(
            (vars(c)[name] for c in cls.__mro__ if c not in ours and name in vars(c)),
            None,
        )

    @classmethod
    def _mount_gc(cls) -> None:
        """Let `test_gc` ask for what was not forgotten."""
        import gc  # lazy, as the next: nobody else needs them

        from cherrypy.lib import gctools

        gc.collect()
        # What other tests hold already, by exceptions that are kept, is no leak here.
        allowed = [
            (kind, least, max(most, len(gctools.get_instances(kind)) + 1), why)
            for kind, least, most, why in gctools.GCRoot.classes
        ]

        class Pages(gctools.GCRoot):
            classes = allowed

        pages = Pages()
        # Tests may come over a Unix socket, or to another address of this machine.
        pages.public = True
        cherrypy.tree.mount(pages, "/gc")
        cls.do_gc_test = True

    @classmethod
    def _start(cls) -> None:
        """Start the server; if somebody took the free port meanwhile, on another."""
        try:
            cls.supervisor.start(cls.__module__)
        except (ChannelFailures, OSError):
            server = cherrypy.server
            ours = server.socket_port == cls.supervisor.port and not cls._asked("PORT")
            if not ours or sites.is_free(cls.HOST, cls.supervisor.port):
                raise
            cls.supervisor.port = server.socket_port = sites.free_port(cls.HOST)
            cls.supervisor.start(cls.__module__)

    @classmethod
    def teardown_class(cls) -> None:
        """Let the engine exit, and put everything back.

        Raises:
            ChannelFailures: Something could not be stopped.
        """
        if CPWebCase._present is cls:
            cls._end()

    @classmethod
    def _end(cls) -> None:
        CPWebCase._present = None
        try:
            if cls._started:
                cls.supervisor.stop()
        finally:
            if cls._kept is not None:
                cls._kept.put_back()
            webtest.WebCase.HOST, webtest.WebCase.PORT, CPWebCase.scheme = cls._was

    def test_gc(self) -> None:
        """Fail if requests were not forgotten, if `do_gc_test` is on."""
        if self.do_gc_test:
            super().getPage("/gc/stats")
            self.assertBody("Statistics:")

    def prefix(self) -> str:
        """Return where the application is mounted, without a slash at the end."""
        return self.script_name.rstrip("/")

    def base(self) -> str:
        """Return the URL of the application, without a slash at the end."""
        return server_url(self.interface(), self.PORT, self.scheme == "https") + (
            self.prefix()
        )

    def exit(self) -> NoReturn:
        """End the test run."""
        sys.exit()

    def getPage(
        self, url: str | bytes, *args: Any, **kwargs: Any
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        """Ask for a page of the application, as `webtest.WebCase.getPage` does.

        Args:
            url: Path and query below `script_name`, or a whole URL.
            *args: headers, method, body, protocol and raise_subcls.
            **kwargs: Likewise.
        """
        if self.script_name:
            path = url.decode("latin-1") if isinstance(url, bytes) else url
            url = urljoin(self.script_name, path)
        return super().getPage(url, *args, **kwargs)

    def skip(self, msg: str = "skipped ") -> NoReturn:
        """Leave the test without a verdict."""
        raise unittest.SkipTest(msg)

    def assertErrorPage(
        self, status: int | str, message: str | None = None, pattern: str | None = ""
    ) -> None:
        """Fail unless the body is the built-in error page.

        Args:
            status: The status that it tells about; what `assertStatus` looks at is
                something else.
            message: The message it must show, by default that of the status.
            pattern: A regular expression that must be found in the traceback; ``""``
                for any traceback or none, None for none.
        """
        __tracebackhide__ = True
        if message is None:
            message = valid_status(status)[2]
        page = render(status, message=html.escape(message, quote=False), traceback=_GAP)
        head, _, tail = page.partition(_GAP.encode())
        body = self.body.strip()
        if not (body.startswith(head) and body.endswith(tail.strip())):
            self._handleWebError(
                f"Error page does not match; expected, with any traceback:\n"
                f"{page.decode()}"
            )
            return
        traceback = body[len(head) : len(body) - len(tail.strip())].decode()
        self._look_at_traceback(traceback, pattern)

    def _look_at_traceback(self, traceback: str, pattern: str | None) -> None:
        __tracebackhide__ = True
        if pattern is None:
            if traceback.strip():
                self._handleWebError("Error page contains traceback")
        elif not any(
            re.search(pattern, text, re.DOTALL)
            for text in (traceback, html.unescape(traceback))
        ):
            self._handleWebError(
                f"Error page does not contain {pattern!r} in its traceback"
            )

    def assertEqualDates(
        self,
        dt1: datetime.datetime,
        dt2: datetime.datetime,
        seconds: float | None = None,
    ) -> None:
        """Fail unless two dates are nearly the same.

        Args:
            dt1: One date.
            dt2: The other one.
            seconds: They must be less than this apart; by default `date_tolerance`.
        """
        __tracebackhide__ = True
        tolerance = self.date_tolerance if seconds is None else seconds
        if not abs(dt1 - dt2) < datetime.timedelta(seconds=tolerance):
            raise self.failureException(
                f"{dt1!r} and {dt2!r} are not within {tolerance!r} seconds."
            )


def setup_client() -> None:
    """Let all test cases ask the default server, where it listens."""
    server = cherrypy.server
    address = server.bound_addr
    if isinstance(address, tuple):
        webtest.WebCase.HOST, webtest.WebCase.PORT = address[:2]
    CPWebCase.scheme = "https" if server.secure else "http"


def _called_by_pytest() -> bool:
    """Return whether pytest, rather than unittest, runs the present test class."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("_pytest.") or module == "unittest.suite":
            return bool(module != "unittest.suite")
        frame = frame.f_back
    return False
