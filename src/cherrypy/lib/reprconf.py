"""Generic configuration system using unrepr; a door to `cherrypy.core.config`.

What programs know under this name: configuration from a dictionary or a file whose
values are Python, and namespaces of handlers that act on its keys. `Config` may be
used by itself, without the framework.
"""

from typing import TYPE_CHECKING

from cherrypy._legacy import lender
from cherrypy.core.config import Config, NamespaceSet, Parser, as_dict
from cherrypy.core.unrepr import attributes, modules, unrepr

__all__ = [
    "Config",
    "NamespaceSet",
    "Parser",
    "as_dict",
    "attributes",
    "modules",
    "text_or_bytes",
    "unrepr",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

text_or_bytes = str
"""What counts as the name of a file, besides paths; kept for old programs."""
