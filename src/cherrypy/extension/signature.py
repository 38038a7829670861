"""What a page accepts: names, kinds, annotations.

For tools that convert, check or publish the parameters of pages. Whether a call fits
is Python's own decision; what to answer when it does not is in `cherrypy.core.handler`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    Kind = Literal["path", "either", "query", "more path", "more query"]

__all__ = ["PageParameter", "describe", "getargspec"]

_KINDS: dict[str, Kind] = {
    "POSITIONAL_ONLY": "path",
    "POSITIONAL_OR_KEYWORD": "either",
    "KEYWORD_ONLY": "query",
    "VAR_POSITIONAL": "more path",
    "VAR_KEYWORD": "more query",
}


@dataclass(frozen=True, slots=True)
class PageParameter:
    """One parameter of a page."""

    name: str

    kind: Kind
    """Where its value comes from: a part of the path, the query or body, either of
    them, or all that is left of one of them."""

    annotation: Any
    """The type it is annotated with, or None."""

    required: bool
    """Whether a request without it is not found (404)."""

    default: Any
    """What the page is given if the request does not say; None if required."""


def describe(page: Callable[..., Any]) -> tuple[PageParameter, ...]:
    """Return the parameters of a page, in order.

    Decorators that say what they wrap (`functools.wraps`) are looked through.

    Args:
        page: A function, a bound method, or an object that can be called.

    Raises:
        ValueError: The parameters cannot be known, as for some functions written
            in C.
    """
    import inspect  # lazy: 6 ms of import

    signature = inspect.signature(page)
    hints = _hints(page)
    return tuple(
        PageParameter(
            name,
            _KINDS[each.kind.name],
            hints.get(name),
            each.default is each.empty and not each.kind.name.startswith("VAR_"),
            None if each.default is each.empty else each.default,
        )
        for name, each in signature.parameters.items()
    )


def _hints(page: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of a page; as they are written if they mean nothing."""
    import inspect  # lazy, as above
    from typing import get_type_hints

    function: Any = page
    if isinstance(page, type):
        function = getattr(page, "__init__", None)
    elif not inspect.isroutine(page):
        function = type(page).__call__
    function = inspect.unwrap(function)
    try:
        return get_type_hints(function)
    except Exception:  # boundary: annotations are any text, and may name anything
        return dict(getattr(function, "__annotations__", {}))


def getargspec(
    callable: Callable[..., Any],
) -> tuple[list[str], str | None, str | None, tuple[Any, ...] | None]:
    """Return names, ``*args``, ``**kwargs`` and defaults of a callable's parameters.

    Raises:
        TypeError: It has no parameters that could be known.
    """
    import inspect  # lazy, as above

    spec = inspect.getfullargspec(callable)
    return spec.args, spec.varargs, spec.varkw, spec.defaults
