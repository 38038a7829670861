"""What is being served here and now, and the ambient names for it.

One context variable, `current`, holds the `Serving` of the running request. The
proxies `request`, `response` and `serving` forward to it, so that a page may say
``cherrypy.request`` in a thread, in a task or in a greenlet and always mean its own.

Functions inside this room take the request they work on as an argument; the proxies
are for the rooms above and for users.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cherrypy.core.request import Request
    from cherrypy.core.response import Response

__all__ = [
    "Serving",
    "current",
    "outside",
    "request",
    "response",
    "serving",
    "thread_data",
]


class Serving:
    """One exchange: its request, its response, and what users hang beside them.

    Mutable on purpose: a change made in a worker thread is seen on the event loop,
    because both hold this same object.
    """

    __slots__ = ("__dict__", "request", "response")

    request: Request
    """The request that is being answered."""

    response: Response
    """The answer in the making."""

    def __init__(self, request: Request, response: Response) -> None:
        self.request = request
        self.response = response


outside: Serving = Serving.__new__(Serving)
"""What the proxies find outside a request; `cherrypy.core.app` fills it."""

current: ContextVar[Serving] = ContextVar("cherrypy.serving", default=outside)
"""The exchange that the present context works on."""


class _ServingView:
    """The present `Serving` under one name, with the documented load and clear."""

    __slots__ = ()

    if TYPE_CHECKING:
        request: _AmbientRequest
        response: Response

    def load(self, request: Request, response: Response) -> None:
        """Make these two the request and the response of the present context."""
        current.set(Serving(request, response))

    def clear(self) -> None:
        """Forget the request, the response and everything stored beside them."""
        current.set(outside)

    def __getattr__(self, name: str) -> Any:
        return getattr(current.get(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        # Outside a request nothing may stick to the shared placeholder: other
        # threads would see it. The context gets a Serving of its own instead.
        if current.get() is outside:
            current.set(Serving(outside.request, outside.response))
        setattr(current.get(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(current.get(), name)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The present request and response, and what was stored beside them."""
        here = current.get()
        return {"request": here.request, "response": here.response, **vars(here)}


class _Proxy:
    """Stands for one attribute of the present `Serving`."""

    __slots__ = ("__attrname__",)

    __attrname__: str

    def __init__(self, attrname: str) -> None:
        object.__setattr__(self, "__attrname__", attrname)

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(current.get(), self.__attrname__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(getattr(current.get(), self.__attrname__), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(getattr(current.get(), self.__attrname__), name)

    @property
    def __origin__(self) -> type:
        """The class of the object stood for, which `help` describes."""
        return type(getattr(current.get(), self.__attrname__))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The attributes of the object stood for."""
        attributes: dict[str, Any] = vars(getattr(current.get(), self.__attrname__))
        return attributes

    def __dir__(self) -> list[str]:
        return dir(getattr(current.get(), self.__attrname__))

    def __repr__(self) -> str:
        return repr(getattr(current.get(), self.__attrname__))

    def __getitem__(self, key: Any) -> Any:
        return getattr(current.get(), self.__attrname__)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        getattr(current.get(), self.__attrname__)[key] = value

    def __delitem__(self, key: Any) -> None:
        del getattr(current.get(), self.__attrname__)[key]

    def __contains__(self, key: Any) -> bool:
        return key in getattr(current.get(), self.__attrname__)

    def __len__(self) -> int:
        return len(getattr(current.get(), self.__attrname__))

    def __iter__(self) -> Iterator[Any]:
        return iter(getattr(current.get(), self.__attrname__))

    def __bool__(self) -> bool:
        return bool(getattr(current.get(), self.__attrname__))


class _ThreadData(threading.local):
    """A place for what a thread keeps from request to request."""

    def clear(self) -> None:
        """Remove everything that the present thread stored here."""
        self.__dict__.clear()


serving: Final[_ServingView] = _ServingView()
"""What is being served; programs may store more beside request and response."""

if TYPE_CHECKING:

    class _AmbientRequest(Request):
        """The present request, with whatever tools and pages hang on it."""

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

    request: _AmbientRequest
    response: Response
else:
    request = _Proxy("request")
    response = _Proxy("response")

thread_data: Final[_ThreadData] = _ThreadData()
"""Storage per thread, kept between requests: the place for database connections."""
