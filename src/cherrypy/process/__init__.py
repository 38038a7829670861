"""The process of a site: a bus, and the services that live on it.

`wspbus` is the bus, `plugins` are the services, `servers` lets any HTTP server be one
of them.
"""

from __future__ import annotations

from cherrypy.process import plugins, servers
from cherrypy.process.wspbus import bus

__all__ = ["bus", "plugins", "servers"]
