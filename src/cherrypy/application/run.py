"""Starting a site in one call."""

from __future__ import annotations

from typing import Any

from cherrypy.core.config import as_dict
from cherrypy.environment.site import config as site_config
from cherrypy.environment.site import engine, present
from cherrypy.process.wspbus import ChannelFailures

__all__ = ["NotStarted", "quickstart"]


class NotStarted(ChannelFailures, SystemExit):
    """The site could not be started, for reasons that a sentence explains.

    It is a SystemExit, too, so that a program that ends with it shows that sentence
    and no traceback.
    """

    def __init__(self, failures: ChannelFailures) -> None:
        super().__init__()
        self._exceptions = failures.get_instances()
        self.code: str | int | None = "\n".join(map(str, self._exceptions))


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
        NotStarted: The server cannot listen to its address.
    """
    if hasattr(config, "read"):
        # An open file can be read once, and two have to know what it says.
        config = as_dict(config)
    if config:
        site_config.update(config)
    present.tree().mount(root, script_name, config)
    engine.signals.subscribe()
    try:
        engine.start()
    except ChannelFailures as failures:
        if not failures.explained:
            raise
        raise NotStarted(failures) from None
    engine.block()
