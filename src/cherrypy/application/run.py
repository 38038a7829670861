"""Starting a site in one call."""

from __future__ import annotations

from typing import Any

from cherrypy.core.config import as_dict
from cherrypy.environment.site import config as site_config
from cherrypy.environment.site import engine, present

__all__ = ["quickstart"]


def quickstart(root: Any = None, script_name: str = "", config: Any = None) -> None:
    """Mount one application, start the engine and serve until it is told to exit.

    Args:
        root: The object at the top of the application's tree.
        script_name: The URL path of the mount point, such as "/blog".
        config: A file name, an open file, or a dictionary of sections. What it says
            of the whole site (section ``global``) goes there, its other sections
            configure the application.

    Raises:
        ValueError: The config is not made of sections.
        OSError: The server cannot listen to its address.
    """
    if hasattr(config, "read"):
        # An open file can be read once, and two have to know what it says.
        config = as_dict(config)
    if config:
        site_config.update(config)
    present.tree().mount(root, script_name, config)
    engine.signals.subscribe()
    engine.start()
    engine.block()
