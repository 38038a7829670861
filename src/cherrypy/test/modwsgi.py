"""A suite behind Apache with mod_wsgi: ``default_server = "modwsgi"``.

Apache calls `application`, here, in a process of its own: the module of the tests is
imported there, and the `setup_server` of its test classes is called.

What is different then: Apache answers methods it does not know itself, changes the
reasons of statuses, and has limits of its own for heads and bodies.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.test import helper, sites
from cherrypy.test.apache import Apache, here, read_process

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "APACHE_PATH",
    "CONF_PATH",
    "ModWSGISupervisor",
    "application",
    "conf_modwsgi",
    "curdir",
    "loaded",
    "read_process",
]

curdir: str = here()
"""The folder of this module."""

APACHE_PATH: str = "httpd"
"""Apache's program; ``apache2ctl`` on Debian."""

CONF_PATH: str = "test_mw.conf"
"""What its config is called."""

conf_modwsgi: str = """
# Apache as the server of tests, with mod_wsgi.
ServerName 127.0.0.1
DocumentRoot "/"
Listen %(port)s
AllowEncodedSlashes On
PidFile "%(folder)s/apache.pid"
ErrorLog "%(folder)s/apache.error.log"
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule wsgi_module modules/mod_wsgi.so
LoadModule env_module modules/mod_env.so
WSGIScriptAlias / "%(curdir)s/modwsgi.py"
SetEnv testmod %(testmod)s
"""

loaded: bool = False
"""Whether this process has a site already."""

_loading = threading.Lock()


class ModWSGISupervisor(helper.Supervisor):
    """Starts and stops Apache with mod_wsgi."""

    using_apache = True
    using_wsgi = True
    template = conf_modwsgi

    def start(self, modulename: str) -> None:
        """Start Apache.

        Args:
            modulename: The module of the tests.
        """
        self._apache = Apache(APACHE_PATH, CONF_PATH, "", self.host, self.port)
        self._apache.config = self.template % {
            "port": self.port,
            "testmod": modulename,
            "curdir": curdir,
            "folder": self._apache.folder,
        }
        self._apache.start()

    def stop(self) -> None:
        """Stop Apache."""
        self._apache.stop()


def application(
    environ: dict[str, Any], start_response: Any
) -> Iterable[bytes]:  # Any: whatever calls WSGI applications
    """Answer for the site of the module that ``testmod`` in the environ names."""
    global loaded
    with _loading:
        if not loaded:
            _load(environ["testmod"])
            loaded = True
    answer: Iterable[bytes] = cherrypy.tree(environ, start_response)
    return answer


def _load(module_name: str) -> None:
    """Set up the site that a module tests."""
    module = importlib.import_module(module_name)
    sites.fresh({"environment": "embedded"})
    cherrypy.server.unsubscribe()
    for value in vars(module).values():
        setup_server = getattr(value, "setup_server", None)
        if setup_server is not None and value is not helper.CPWebCase:
            setup_server()
    cherrypy.engine.start()
