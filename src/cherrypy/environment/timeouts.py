"""Telling responses that take too long that they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.process.plugins.tasks import Monitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy.core.context import Serving
    from cherrypy.process.wspbus import Bus

__all__ = ["TimeoutMonitor"]


class TimeoutMonitor(Monitor):
    """Looks at all responses in progress once a minute.

    It sets ``response.timed_out`` where ``response.timeout`` seconds have passed. The
    request raises `TimeoutError` at its next step; nobody interrupts a page.

    Args:
        bus: The bus to live on.
        servings: Returns the exchanges in progress.
    """

    def __init__(self, bus: Bus, servings: Callable[[], Iterable[Serving]]) -> None:
        # documented behaviour: the name of the thread, which the log shows.
        super().__init__(bus, self.run, 60, name="_TimeoutMonitor")
        self._active = servings

    @property
    def servings(self) -> list[tuple[Any, Any]]:
        """The requests in progress with their responses."""
        return [(one.request, one.response) for one in list(self._active())]

    def run(self) -> None:
        """Let every response in progress look at the clock."""
        for _, response in self.servings:
            response.check_timeout()
