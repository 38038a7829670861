"""Marking pages: `expose` for what may be asked for, `popargs` for paths that vary."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar, overload

from cherrypy.core.context import current
from cherrypy.extension.dispatch.trail import find_member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping
    from types import FrameType
    from typing import Protocol

    Exposed = TypeVar("Exposed")

    Alias = str | Iterable[str]
    """One more name of a page, or several."""

    class PopArgs(Protocol):
        """What `popargs` makes: a decorator, and a value for ``_cp_dispatch``."""

        @overload
        def __call__(self, target: Exposed, vpath: None = None) -> Exposed: ...

        @overload
        def __call__(self, target: Any, vpath: list[str]) -> Any: ...


__all__ = ["expose", "popargs"]


@overload
def expose(
    func: None = None, alias: Alias | None = None
) -> Callable[[Exposed], Exposed]: ...


@overload
def expose(func: Alias, alias: None = None) -> Callable[[Exposed], Exposed]: ...


@overload
def expose(func: Exposed, alias: Alias | None = None) -> Exposed: ...


def expose(func: Any = None, alias: Alias | None = None) -> Any:
    """Let a page be asked for: a function, a method, a class or an object.

    Used as ``@expose``, ``@expose("alias")``, ``@expose(["one", "two"])``,
    ``@expose(alias=...)`` or ``expose(func, "alias")``.

    Args:
        func: What is exposed, or the aliases.
        alias: Further names of the page, put beside it: into the class body, or
            wherever `expose` is called. Dots in them become underscores.

    Returns:
        What was exposed, or a decorator that returns it.
    """
    if isinstance(func, str | list | tuple | set | frozenset):
        func, alias = None, func
    names = [alias] if isinstance(alias, str) else list(alias or ())
    if func is not None:
        return _expose(func, names, sys._getframe(1))

    def decorate(target: Exposed) -> Exposed:
        return _expose(target, names, sys._getframe(1))

    return decorate


def _expose(target: Exposed, names: list[str], caller: FrameType) -> Exposed:
    """Mark something as exposed and give it more names where it is being defined."""
    # A static or class method is no page itself; the function inside it is.
    function: Any = target
    if isinstance(target, staticmethod | classmethod):
        function = target.__func__
    try:
        function.exposed = True
    except AttributeError as problem:
        raise TypeError(
            f"{target!r} cannot be exposed, because it takes no attributes. Expose a "
            "function, a method in a class body, a class or an object."
        ) from problem
    # documented behaviour: aliases appear in the namespace that is being executed.
    namespace: MutableMapping[str, Any] = caller.f_locals
    for name in names:
        namespace[name.replace(".", "_")] = target
    return target


def popargs(*args: str, **kwargs: Any) -> PopArgs:
    """Take parts of the path for parameters, where there is no attribute.

    As a decorator of a class it gives names to the parts of the path below it::

        @cherrypy.popargs("year", "month", "day")
        class Blog:
            @cherrypy.expose
            def index(self, year=None, month=None, day=None): ...

    It may also be the value of ``_cp_dispatch``. Attributes of the object come
    first; the next parts of the path are taken, as many as there are names.

    Args:
        *args: The names of the parameters.
        **kwargs: ``handler``, which goes on in place of the object. If it is a
            class or another callable, it is called with the parameters and they
            are not given to the page; else they are, as without a handler.

    Raises:
        TypeError: There is another keyword than `handler`, or a name is no text.
    """
    for name in args:
        if not isinstance(name, str):
            raise TypeError(
                f"cherrypy.popargs() takes the names of parameters, not {name!r}. "
                'Write @cherrypy.popargs("name") above the class.'
            )
    handler = kwargs.pop("handler", None)
    if kwargs:
        name = next(iter(kwargs))
        raise TypeError(
            f"cherrypy.popargs() got an unexpected keyword argument {name!r}; it knows "
            "only 'handler'."
        )

    def decorated(target: Any = None, vpath: list[str] | None = None) -> Any:
        if vpath is None:
            return _give_dispatch(target, decorated)
        taken = {name: vpath.pop(0) for name in args[: len(vpath)]}
        if callable(handler):
            return handler(**taken)
        current.get().request.params.update(taken)
        if handler is not None:
            return handler
        # The object must not be asked again for what is left of the path.
        return find_member(target, vpath.pop(0)) if vpath else target

    # For those who list URLs. No URL leads to an attribute of such a name.
    decorated.__popargs__ = args, handler  # type: ignore[attr-defined]
    return decorated


def _give_dispatch(target: Any, dispatch: Callable[..., Any]) -> Any:
    """Make this the way in which a class or an object finds its children."""
    if isinstance(target, type):
        target._cp_dispatch = dispatch  # type: ignore[attr-defined]
    else:
        target._cp_dispatch = dispatch.__get__(target)
    return target
