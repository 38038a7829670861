"""A suite behind Apache with mod_fcgid: ``default_server = "modfcgid"``.

mod_fcgid starts its programs itself and cannot be told of one that runs, so the
config is that of `cherrypy.test.modfastcgi` under other names, as it always was.
"""

from __future__ import annotations

from cherrypy.test import modfastcgi
from cherrypy.test.apache import here, read_process

__all__ = [
    "APACHE_PATH",
    "CONF_PATH",
    "ModFCGISupervisor",
    "conf_fcgid",
    "curdir",
    "read_process",
]

curdir: str = here()
"""The folder of this module."""

APACHE_PATH: str = "httpd"
"""Apache's program."""

CONF_PATH: str = "fcgi.conf"
"""What its config is called."""

conf_fcgid: str = modfastcgi.conf_fastcgi.replace(
    "tests, with mod_fastcgi", "tests, with mod_fcgid"
)


class ModFCGISupervisor(modfastcgi.ModFCGISupervisor):
    """Starts and stops the site with its FastCGI server, and Apache before it."""

    template = conf_fcgid

    def _paths(self) -> tuple[str, str]:
        return APACHE_PATH, CONF_PATH
