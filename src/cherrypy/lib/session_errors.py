"""What is answered when a session cannot be had: 503, and when to try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.stores.base import LockTimeout

if TYPE_CHECKING:
    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = ["SessionBusy", "SessionUnavailable"]


class SessionUnavailable(HTTPError):
    """Answer 503: the session cannot be loaded or stored at present.

    Args:
        message: What the client is told.
    """

    retry_after: int = 5
    """The seconds after which a client may try again."""

    def __init__(self, message: str = "Sessions are not available at present.") -> None:
        super().__init__(503, message)

    def set_response(
        self, response: Response | None = None, request: Request | None = None
    ) -> None:
        """Write the error page into the response, with ``Retry-After``.

        Args:
            response: The response to write to, by default the present one.
            request: The request to answer, by default the present one.
        """
        super().set_response(response, request)
        response = current.get().response if response is None else response
        response.headers["Retry-After"] = str(self.retry_after)


class SessionBusy(SessionUnavailable, LockTimeout):
    """Answer 503: another request keeps the session locked for too long."""

    def __init__(self) -> None:
        super().__init__("Another request of the same session is not done yet.")
