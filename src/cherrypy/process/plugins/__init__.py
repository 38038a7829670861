"""Services for a site on the bus: signals, daemons, background threads, reloading."""

from __future__ import annotations

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
