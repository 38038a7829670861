"""The config namespaces of a request: hooks, request, response, error_page.

Each is called with a key (without the namespace) and a value, and acts on the present
request. What a setting will do to a request is known beforehand, so each can also put
it into a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cherrypy.core.context import current
from cherrypy.core.hooks import Hook
from cherrypy.core.unrepr import attributes

if TYPE_CHECKING:
    from cherrypy.core.plan import PlanDraft

__all__ = [
    "error_page_namespace",
    "hooks_namespace",
    "request_namespace",
    "response_namespace",
]


class _Hooks:
    """``hooks.POINT`` or ``hooks.POINT.ANYTHING``: a callable, a Hook or its name."""

    def __call__(self, k: str, v: Any) -> None:
        """Attach a hook to the present request."""
        point, hook = _hook(k, v)
        current.get().request.hooks[point].append(hook)

    def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Attach hooks beforehand."""
        for key, value in settings.items():
            point, hook = _hook(key, value)
            draft.hooks[point].append(hook)


class _Request:
    """``request.NAME``: an attribute; ``request.body.NAME``: one of the body."""

    def __call__(self, k: str, v: Any) -> None:
        """Set an attribute of the present request."""
        request = current.get().request
        if k.startswith("body."):
            setattr(request.body, k.removeprefix("body."), v)
        else:
            setattr(request, k, v)

    def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Set attributes beforehand."""
        for key, value in settings.items():
            if key.startswith("body."):
                draft.body[key.removeprefix("body.")] = value
            else:
                draft.request[key] = value


class _Response:
    """``response.NAME``: an attribute; ``response.headers.NAME``: a header."""

    def __call__(self, k: str, v: Any) -> None:
        """Set an attribute or a header of the present response."""
        response = current.get().response
        if k.startswith("headers."):
            response.headers[k.removeprefix("headers.")] = v
        else:
            setattr(response, k, v)

    def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Set attributes and headers beforehand."""
        for key, value in settings.items():
            if key.startswith("headers."):
                draft.response_headers[key.removeprefix("headers.")] = value
            else:
                draft.response[key] = value


class _ErrorPage:
    """``error_page.CODE`` or ``error_page.default``: a file name or a callable."""

    def __call__(self, k: str, v: Any) -> None:
        """Choose an error page for the present request."""
        request = current.get().request
        request.error_page = {**request.error_page, _code(k): v}

    def plan(self, draft: PlanDraft, settings: dict[str, Any]) -> None:
        """Choose error pages beforehand."""
        for key, value in settings.items():
            draft.error_pages[_code(key)] = value


hooks_namespace: _Hooks = _Hooks()
"""Attaches hooks."""

request_namespace: _Request = _Request()
"""Sets attributes of the request and of its body."""

response_namespace: _Response = _Response()
"""Sets attributes and headers of the response."""

error_page_namespace: _ErrorPage = _ErrorPage()
"""Chooses error pages."""


def _hook(key: str, value: Any) -> tuple[str, Hook]:
    """Return the hook point that a key names, and the hook that a value means.

    Raises:
        KeyError: There is no such hook point.
    """
    # What follows the point only tells keys apart that mean the same point.
    point = key.partition(".")[0]
    if isinstance(value, str):
        value = attributes(value)
    return point, value if isinstance(value, Hook) else Hook(value)


def _code(key: str) -> int | str:
    """Return the status that an error page is for.

    Raises:
        ValueError: It is neither a number nor "default".
    """
    if key == "default":
        return key
    try:
        return int(key)
    except ValueError as problem:
        raise ValueError(
            f"The config key 'error_page.{key}' names no status code. Use a number, "
            "such as 'error_page.404', or 'error_page.default'."
        ) from problem
