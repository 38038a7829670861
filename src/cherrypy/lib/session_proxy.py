"""`cherrypy.session`: the session of the present request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.lib.session_base import Session

__all__ = ["SessionProxy", "SessionsAreOff", "session"]


class SessionsAreOff(AttributeError):
    """There is no session here, because the sessions tool is not on."""


def _present() -> Any:  # Any: it may be of a user's own class.
    try:
        return current.get().session  # type: ignore[attr-defined]  # documented place
    except AttributeError:
        raise _nothing_here() from None


def _nothing_here() -> SessionsAreOff:
    """Return the error that tells what to do."""
    request = current.get().request
    inside = request.app is not None
    where = f"for {request.path_info!r}" if inside else "outside of a request"
    return SessionsAreOff(
        f"There is no session {where}. A session begins before the body of the "
        "request is read, and only where the sessions tool is on: set "
        "'tools.sessions.on': True in the config of this path."
    )


class SessionProxy:
    """Stands for the session of the present request.

    False where there is none; everything else then raises `SessionsAreOff`.
    """

    __slots__ = ()

    # Speed: what pages do with a session, each in one step.

    def __getitem__(self, key: Any) -> Any:
        return _present()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        _present()[key] = value

    def __delitem__(self, key: Any) -> None:
        del _present()[key]

    def __contains__(self, key: object) -> bool:
        return key in _present()

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value for the key, else the default."""
        return _present().get(key, default)

    def __iter__(self) -> Iterator[Any]:
        return iter(_present())

    def __len__(self) -> int:
        return len(_present())

    def __bool__(self) -> bool:
        return "session" in current.get().__dict__

    def __getattr__(self, name: str) -> Any:
        return getattr(_present(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_present(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_present(), name)

    def __dir__(self) -> list[str]:
        return dir(_present())

    def __repr__(self) -> str:
        if not self:
            return "<cherrypy.session: no session here>"
        return repr(_present())

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The attributes of the session stood for."""
        attributes: dict[str, Any] = vars(_present())
        return attributes


if TYPE_CHECKING:
    session: Session
else:
    session = SessionProxy()
