"""What was for mod_python, which has not been maintained since 2013.

The names are here so that old suites can be imported. Nothing behind them works:
mod_python does not run under any Python that this framework runs under. Behind Apache,
use mod_wsgi (`cherrypy.test.modwsgi`), or Apache as a proxy.
"""

from __future__ import annotations

from typing import Any, NoReturn

from cherrypy.test import helper
from cherrypy.test.apache import here, read_process

__all__ = [
    "APACHE_PATH",
    "CONF_PATH",
    "ModPythonSupervisor",
    "conf_cpmodpy",
    "conf_modpython_gateway",
    "cpmodpysetup",
    "curdir",
    "loaded",
    "read_process",
    "wsgisetup",
]

curdir: str = here()
"""The folder of this module."""

APACHE_PATH: str = "httpd"
"""Apache's program."""

CONF_PATH: str = "test_mp.conf"
"""What its config was called."""

conf_modpython_gateway: str = """
ServerName 127.0.0.1
DocumentRoot "/"
Listen %(port)s
LoadModule python_module modules/mod_python.so
SetHandler python-program
PythonFixupHandler cherrypy.test.modpy::wsgisetup
PythonOption testmod %(modulename)s
PythonHandler modpython_gateway::handler
PythonOption wsgi.application cherrypy::tree
"""

conf_cpmodpy: str = """
ServerName 127.0.0.1
DocumentRoot "/"
Listen %(port)s
LoadModule python_module modules/mod_python.so
SetHandler python-program
PythonFixupHandler cherrypy.test.modpy::cpmodpysetup
PythonHandler cherrypy._cpmodpy::handler
PythonOption cherrypy.setup cherrypy.test.%(modulename)s::setup_server
"""

loaded: bool = False
"""Whether this process has a site already; it never has."""

_GONE = (
    "mod_python has not been maintained since 2013. Run the tests without Apache, or "
    'behind mod_wsgi: default_server = "modwsgi".'
)


class ModPythonSupervisor(helper.Supervisor):
    """Says that mod_python is gone."""

    using_apache = True
    using_wsgi = False
    template: str | None = None

    def start(self, modulename: str) -> NoReturn:
        """Raise `NotImplementedError`."""
        raise NotImplementedError(_GONE)

    def stop(self) -> None:
        """Do nothing: nothing was started."""


def wsgisetup(req: Any) -> NoReturn:
    """Raise `NotImplementedError`."""
    raise NotImplementedError(_GONE)


def cpmodpysetup(req: Any) -> NoReturn:
    """Raise `NotImplementedError`."""
    raise NotImplementedError(_GONE)
