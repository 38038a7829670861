"""Services for a site on the bus: signals, daemons, background threads, reloading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cherrypy._legacy import lender
from cherrypy.process.plugins.autoreload import Autoreloader
from cherrypy.process.plugins.base import SimplePlugin
from cherrypy.process.plugins.daemon import Daemonizer, DropPrivileges, PIDFile
from cherrypy.process.plugins.signals import SignalHandler
from cherrypy.process.plugins.tasks import BackgroundTask, Monitor, PerpetualTimer
from cherrypy.process.plugins.threads import ThreadManager

__all__ = [
    "Autoreloader",
    "BackgroundTask",
    "Daemonizer",
    "DropPrivileges",
    "Monitor",
    "PIDFile",
    "PerpetualTimer",
    "SignalHandler",
    "SimplePlugin",
    "ThreadManager",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)
