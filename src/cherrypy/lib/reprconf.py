"""Generic configuration system using unrepr; a door to `cherrypy.core.config`.

What programs know under this name: configuration from a dictionary or a file whose
values are Python, and namespaces of handlers that act on its keys. `Config` may be
used by itself, without the framework.
"""

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

text_or_bytes = str
"""What counts as the name of a file, besides paths; kept for old programs."""
