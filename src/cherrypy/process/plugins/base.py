"""What a plugin is: an object whose methods are called like channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

__all__ = ["SimplePlugin"]


class SimplePlugin:
    """A service on the bus; each method named like a channel listens to it.

    Subclass it, write ``start``, ``stop`` or a method for a channel of your own, and
    call `subscribe`.

    Args:
        bus: The bus to live on, as a rule ``cherrypy.engine``.
    """

    bus: Bus

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    def subscribe(self) -> None:
        """Let the methods listen to the channels that the bus has now."""
        for channel in list(self.bus.listeners):
            method = getattr(self, channel, None)
            if method is not None:
                self.bus.subscribe(channel, method)

    def unsubscribe(self) -> None:
        """Undo `subscribe`."""
        for channel in list(self.bus.listeners):
            method = getattr(self, channel, None)
            if method is not None:
                self.bus.unsubscribe(channel, method)
