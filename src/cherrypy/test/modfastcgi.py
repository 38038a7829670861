"""A suite behind Apache with mod_fastcgi: ``default_server = "modfastcgi"``.

The site runs in the process of the tests and speaks FastCGI with Apache; that needs
the package ``flup``. mod_fastcgi is no longer part of the distributions of Linux:
`cherrypy.test.modfcgid`, or a proxy, is what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.test import helper, sites
from cherrypy.test.apache import Apache, here, read_process

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "APACHE_PATH",
    "CONF_PATH",
    "ModFCGISupervisor",
    "conf_fastcgi",
    "curdir",
    "erase_script_name",
    "read_process",
]

curdir: str = here()
"""The folder of this module."""

APACHE_PATH: str = "apache2ctl"
"""Apache's program."""

CONF_PATH: str = "fastcgi.conf"
"""What its config is called."""

conf_fastcgi: str = """
# Apache as the server of tests, with mod_fastcgi.
ServerRoot /usr/lib/apache2
ErrorLog "%(folder)s/mod_fastcgi.error.log"
PidFile "%(folder)s/apache.pid"
DocumentRoot "%(root)s"
ServerName 127.0.0.1
Listen %(port)s
LoadModule fastcgi_module modules/mod_fastcgi.so
LoadModule rewrite_module modules/mod_rewrite.so
Options +ExecCGI
SetHandler fastcgi-script
RewriteEngine On
RewriteRule ^(.*)$ /fastcgi.pyc [L]
FastCgiExternalServer "%(server)s" -host 127.0.0.1:%(gateway)s
"""


def erase_script_name(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer for the tree as if it were mounted at the root of Apache."""
    environ["SCRIPT_NAME"] = ""
    answer: Iterable[bytes] = cherrypy.tree(environ, start_response)
    return answer


class ModFCGISupervisor(helper.LocalWSGISupervisor):
    """Starts and stops the site with its FastCGI server, and Apache before it."""

    httpserver_class: str | None = "cherrypy.process.servers.FlupFCGIServer"
    using_apache = True
    using_wsgi = True
    template = conf_fastcgi

    def start(self, modulename: str | None = None) -> None:
        """Start Apache, then the site.

        Args:
            modulename: The module of the tests; it is here already.
        """
        from cherrypy.process.servers import FlupFCGIServer, ServerAdapter

        self.gateway: int = sites.free_port(self.host)
        self.start_apache()
        flup = FlupFCGIServer(
            application=erase_script_name, bindAddress=(self.host, self.gateway)
        )
        cherrypy.server.unsubscribe()
        self._adapter = ServerAdapter(cherrypy.engine, flup, (self.host, self.gateway))
        self._adapter.subscribe()
        sites.start_engine()

    def start_apache(self) -> None:
        """Start Apache alone.

        Raises:
            unittest.SkipTest: There is none on this machine.
        """
        self._apache = Apache(*self._paths(), "", self.host, self.port)
        self._apache.config = self.template % {
            "port": self.port,
            "root": curdir,
            "folder": self._apache.folder,
            "server": f"{curdir}/fastcgi.pyc",
            "gateway": self.gateway,
        }
        self._apache.start()

    def _paths(self) -> tuple[str, str]:
        return APACHE_PATH, CONF_PATH

    def stop(self) -> None:
        """Stop Apache, then the site."""
        self._apache.stop()
        adapter = getattr(self, "_adapter", None)
        if adapter is not None:
            super().stop()
            adapter.unsubscribe()
            cherrypy.server.subscribe()

    def sync_apps(self) -> None:
        """Do nothing: the server asks the tree."""
