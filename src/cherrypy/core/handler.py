"""Page handlers: the call of a page, and what to answer when its arguments do not fit.

A dispatcher finds a callable and wraps it in a handler. The parts of the path that are
left become positional arguments, the parameters become keyword arguments. Python's own
rules then decide whether they fit; a call that does not fit is the client's mistake and
is answered with 404 or 400, never with 500.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from cherrypy.core.request import Request

__all__ = [
    "LateParamPageHandler",
    "PageHandler",
    "late_handler",
    "test_callable_spec",
]

_new = object.__new__


class PageHandler:
    """Calls a page with arguments that are known beforehand.

    `args` and `kwargs` live on the request, where tools look for them too.

    Args:
        callable: The page.
        *args: Its positional arguments.
        **kwargs: Its keyword arguments.
    """

    def __init__(self, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.callable = callable
        self.args = args
        self.kwargs = kwargs

    @property
    def args(self) -> Sequence[Any]:
        """The positional arguments of the page; the same as `request.args`."""
        args: Sequence[Any] = current.get().request.args
        return args

    @args.setter
    def args(self, args: Sequence[Any]) -> None:
        current.get().request.args = args

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keyword arguments of the page; the same as `request.kwargs`."""
        kwargs: dict[str, Any] = current.get().request.kwargs
        return kwargs

    @kwargs.setter
    def kwargs(self, kwargs: dict[str, Any]) -> None:
        current.get().request.kwargs = kwargs

    # documented behaviour: the properties by their names as methods.

    def get_args(self) -> Sequence[Any]:
        """Return `args`."""
        return self.args

    def set_args(self, args: Sequence[Any]) -> None:
        """Set `args`."""
        self.args = args

    def get_kwargs(self) -> dict[str, Any]:
        """Return `kwargs`."""
        return self.kwargs

    def set_kwargs(self, kwargs: dict[str, Any]) -> None:
        """Set `kwargs`."""
        self.kwargs = kwargs

    def __call__(self) -> Any:
        """Call the page.

        Returns:
            What it returns, which may have to be awaited.

        Raises:
            HTTPError: 404 or 400, the arguments do not fit the page.
        """
        return self._call(self.args, self.kwargs)

    def _call(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call the page; what does not fit it is the client's mistake."""
        try:
            return self.callable(*args, **kwargs)
        except TypeError as problem:
            self._judge(args, kwargs, problem)
            raise

    def _judge(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], problem: TypeError
    ) -> None:
        """Raise what is to be answered if a call has failed for its arguments.

        Raises:
            HTTPError: 404 or 400, they do not fit the page.
        """
        mismatch = _mismatch(self.callable, args, kwargs, problem)
        if mismatch is not None:
            raise mismatch from problem
        _tell_missing_self(self.callable, problem)


def late_handler(
    request: Request, page: Callable[..., Any], args: Sequence[Any]
) -> LateParamPageHandler:
    """Make a `LateParamPageHandler` for a request.

    Speed: half the time of a call of the class, which has to ask for the request.
    """
    handler = _new(LateParamPageHandler)
    handler.callable = page
    request.args = tuple(args) if args else ()
    request.kwargs = handler._kwargs = {}
    return handler


class LateParamPageHandler(PageHandler):
    """Calls a page with the parameters as they are at the time of the call.

    The dispatcher makes a handler before the query string and the body are read, and
    tools may change the parameters until the page is called.
    """

    def __init__(self, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        # Speed: one of these is made for each request; this spares two properties.
        request = current.get().request
        request.args = args
        request.kwargs = self._kwargs = kwargs
        self.callable = callable

    def __call__(self) -> Any:
        """Call the page; see `PageHandler.__call__`."""
        if self._kwargs or type(self) is not LateParamPageHandler:
            return super().__call__()
        # Speed: past the properties, and no copy: the call itself makes one.
        request = current.get().request
        args, params = request.args, request._params
        try:
            return self.callable(*args, **params) if params else self.callable(*args)
        except TypeError as problem:
            self._judge(args, params or {}, problem)
            raise

    @property
    def kwargs(self) -> dict[str, Any]:
        """The request's parameters, updated by the handler's own arguments."""
        params: dict[str, Any] = current.get().request.params
        return {**params, **self._kwargs} if self._kwargs else params.copy()

    @kwargs.setter
    def kwargs(self, kwargs: dict[str, Any]) -> None:
        current.get().request.kwargs = kwargs
        self._kwargs = kwargs


def test_callable_spec(
    callable: Callable[..., Any],
    callable_args: Sequence[Any],
    callable_kwargs: Mapping[str, Any],
) -> None:
    """Check whether a page can be called with these arguments.

    What a client asks for under a wrong path or query does not exist: 404. What it
    sends in a wrong body is a bad request: 400.

    Args:
        callable: The page.
        callable_args: The rest of the path.
        callable_kwargs: The parameters of query and body.

    Raises:
        HTTPError: 404 or 400, with a message if `request.show_mismatched_params`.
    """
    problem = _misfit(callable, callable_args, callable_kwargs)
    if problem is not None:
        raise problem


# The documented name is not meant for pytest.
test_callable_spec.__test__ = False  # type: ignore[attr-defined]


def _mismatch(
    page: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    problem: TypeError,
) -> HTTPError | None:
    """Tell whether a TypeError means that the request does not fit the page.

    A decorator's wrapper mostly takes anything, and the call fails inside it. Then
    the page it wraps is looked at, provided that it is the one who complains.
    """
    misfit = _misfit(page, args, kwargs)
    while misfit is None:
        wrapped = getattr(page, "__wrapped__", None)
        if wrapped is None or not str(problem).startswith(
            f"{getattr(wrapped, '__qualname__', None)}() "
        ):
            return None
        owner = getattr(page, "__self__", None)
        page = wrapped if owner is None else MethodType(wrapped, owner)
        misfit = _misfit(page, args, kwargs)
    return misfit


def _misfit(
    page: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> HTTPError | None:
    """Find the first rule that a call breaks, and the answer to it."""
    accepted = _accepted(page)
    if accepted is None:
        return None
    filled = accepted.positional[: len(args)]
    missing = [
        name
        for name in accepted.required
        if name not in filled and not (name in accepted.named and name in kwargs)
    ]
    if missing:
        return _answer(404, "Missing parameters: " + ",".join(missing))
    if len(args) > len(accepted.positional) and not accepted.any_position:
        return _answer(404)

    body = _body_parameters()
    taken = accepted.named.intersection(filled)
    if accepted.any_name:
        taken |= accepted.owner
    twice = [name for name in kwargs if name in taken]
    if twice:
        status = 400 if all(name in body for name in twice) else 404
        return _answer(status, "Multiple values for parameters: " + ",".join(twice))

    unknown = [name for name in kwargs if name not in accepted.named]
    if not unknown or accepted.any_name:
        return None
    in_query = [name for name in unknown if name not in body]
    if in_query:
        names = ", ".join(in_query)
        return _answer(404, f"Unexpected query string parameters: {names}")
    return _answer(400, "Unexpected body parameters: " + ", ".join(unknown))


def _tell_missing_self(page: Callable[..., Any], problem: TypeError) -> None:
    """Add to an error that a method was written without ``self``, if it was."""
    code = getattr(getattr(page, "__func__", None), "__code__", None)
    if code is not None and code.co_argcount == 0 and not code.co_flags & _TAKES_ANY:
        problem.add_note(
            f"The method {code.co_qualname} has no parameter for its object. Write "
            f"def {code.co_name}(self)."
        )


_TAKES_ANY = 0x04  # inspect.CO_VARARGS


class _Accepted(NamedTuple):
    """What a page accepts."""

    positional: list[str]
    """Parameters that take the parts of the path, in order."""

    named: set[str]
    """Parameters that may be given by name."""

    required: list[str]
    """Parameters without a default."""

    any_position: bool
    """There is a parameter like ``*args``."""

    any_name: bool
    """There is a parameter like ``**kwargs``."""

    owner: set[str]
    """The name of a method's first parameter, which is filled already."""


def _accepted(page: Callable[..., Any]) -> _Accepted | None:
    """Look at the parameters of a page; None if they cannot be known."""
    import inspect  # lazy: 6 ms of import, needed by no page that is called rightly

    try:
        signature = inspect.signature(page, follow_wrapped=False)
    except ValueError:
        return None
    kinds = {name: each.kind.name for name, each in signature.parameters.items()}
    return _Accepted(
        positional=[name for name, kind in kinds.items() if kind in _BY_POSITION],
        named={name for name, kind in kinds.items() if kind in _BY_NAME},
        required=[
            name
            for name, each in signature.parameters.items()
            if each.default is each.empty and kinds[name] not in _COLLECTING
        ],
        any_position="VAR_POSITIONAL" in kinds.values(),
        any_name="VAR_KEYWORD" in kinds.values(),
        owner=_owner(page),
    )


# Names of the kinds of parameters, as `inspect` has them.
_BY_POSITION = frozenset({"POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"})
_BY_NAME = frozenset({"KEYWORD_ONLY", "POSITIONAL_OR_KEYWORD"})
_COLLECTING = frozenset({"VAR_POSITIONAL", "VAR_KEYWORD"})


def _owner(page: Callable[..., Any]) -> set[str]:
    """Return the name under which a method knows its object, unless it hides it."""
    function = page.__func__ if isinstance(page, MethodType) else type(page).__call__
    code = getattr(function, "__code__", None)
    if code is None or code.co_posonlyargcount:
        return set()
    return set(code.co_varnames[: min(code.co_argcount, 1)])


def _body_parameters() -> Container[str]:
    """Return the names of the parameters that came in the body, if one was read."""
    request = current.get().request
    if not request.process_request_body:
        return ()
    return getattr(request.body, "params", None) or ()


def _answer(status: int, message: str | None = None) -> HTTPError:
    """Make the answer to a misfit, which says more if it is allowed to."""
    shown = current.get().request.show_mismatched_params
    return HTTPError(status, message if shown else None)
