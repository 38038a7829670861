"""From the text of a request to the values that a page's annotations ask for.

Behind ``tools.params``; see `cherrypy.lib.cptools.convert_params`.
"""

from __future__ import annotations

import datetime
import enum
import math
import re
import sys
import types
import typing
from collections import abc
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cherrypy.core.body import Entity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal

    Converter = Callable[[Any], Any]

__all__ = ["Unfit", "converters"]


class Unfit(ValueError):
    """A value is not what the annotation asks for; the text says what that is."""


@lru_cache(maxsize=512)
def converters(page: Any) -> Mapping[str, Converter]:
    """Return by parameter name what to call to convert its value.

    Parameters that are not annotated, or with something that says nothing of the
    value, are left out. What is called takes a text, a list of texts, or an upload;
    it raises `Unfit`, or whatever a type of your own raises.

    Args:
        page: A function.
    """
    annotations = _annotations(page)
    annotations.pop("return", None)
    found = {name: _converter(note) for name, note in annotations.items()}
    return {name: convert for name, convert in found.items() if convert is not None}


def _annotations(page: Any) -> dict[str, Any]:
    """Return the annotations of a page, those that cannot be evaluated left out."""
    from inspect import get_annotations, unwrap  # lazy: 5 ms of import

    if not isinstance(page, types.FunctionType | type) and (
        "__annotations__" not in getattr(page, "__dict__", ())
    ):
        # An object that is a page; what its class annotates are its attributes.
        page = type(page).__call__
    try:
        return typing.get_type_hints(page)
    except (NameError, TypeError):
        # Names that only the type checker imports: use what can be used.
        pass
    if sys.version_info >= (3, 14):
        import annotationlib

        written = annotationlib.get_annotations(
            page, format=annotationlib.Format.FORWARDREF
        )
    else:
        written = get_annotations(page)
    names = getattr(unwrap(page), "__globals__", {})
    found = {}
    for name, note in written.items():
        with suppress(NameError):
            # The page author's own text, as it stands in the source.
            found[name] = eval(note, names) if isinstance(note, str) else note
    return found


def _converter(annotation: Any) -> Converter | None:
    """Return what makes of a value what the annotation says; None if it says nothing.

    Args:
        annotation: As it was evaluated; text if that was not possible.
    """
    annotation = _bare(annotation)
    if isinstance(annotation, type) and (known := _known(annotation)) is not None:
        return _once(known)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return _once(_choice({str(each): each for each in arguments}))
    if origin in (typing.Union, types.UnionType):
        return _any_of(arguments)
    kind = origin or annotation
    if isinstance(kind, type) and (make := _COLLECTIONS.get(kind)) is not None:
        if make is tuple and arguments and arguments[-1] is not Ellipsis:
            return _each_its_own(arguments)
        return _several(make, arguments)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _once(_member_of(annotation))
    if annotation in (Any, types.NoneType) or type(annotation).__module__ == "typing":
        return None
    # documented behaviour: anything that can be called converts.
    return annotation if callable(annotation) and origin is None else None


def _bare(annotation: Any) -> Any:
    """Take off what is put around a type: Annotated, NewType, an alias."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


def _once(convert: Converter) -> Converter:
    """Refuse what is no single text; let pass what a hook has converted already."""

    def converted(value: Any) -> Any:
        if isinstance(value, str):
            return convert(value)
        if isinstance(value, list):
            raise Unfit("was sent more than once")
        if isinstance(value, Entity) and convert is not _text:
            raise Unfit("was sent as a file")
        return value

    return converted


def _several(
    make: Callable[[Iterable[Any]], Any], arguments: tuple[Any, ...]
) -> Converter:
    """Return what makes a collection, of one value or of several."""
    each = _converter(arguments[0]) if arguments else None

    def converted(value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        return make(values if each is None else map(each, values))

    return converted


def _each_its_own(kinds: tuple[Any, ...]) -> Converter:
    """Return what makes a tuple of as many values as it has types."""
    found = [_converter(kind) for kind in kinds]

    def converted(value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        if len(values) != len(found):
            raise Unfit(f"must be sent {len(found)} times")
        pairs = zip(found, values, strict=True)
        return tuple([text if make is None else make(text) for make, text in pairs])

    return converted


def _any_of(kinds: Iterable[Any]) -> Converter | None:
    """Return what makes of a value the first of several types that it fits."""
    # X | None: whoever sends the parameter sends an X.
    wanted = [_converter(kind) for kind in kinds if kind is not types.NoneType]
    found = [convert for convert in wanted if convert is not None]
    if len(found) < len(wanted) or not found:
        return None
    if len(found) == 1:
        return found[0]

    def converted(value: Any) -> Any:
        reasons = []
        for convert in found:
            try:
                return convert(value)
            except (ValueError, TypeError) as problem:
                reasons.append(str(problem))
        raise Unfit(" and ".join(dict.fromkeys(reasons)))

    return converted


def _member_of(kind: type[enum.Enum]) -> Converter:
    """Return what finds a member of an enumeration, by its value or its name."""
    by_value = {str(member.value): member for member in kind}
    return _choice({**kind.__members__, **by_value}, list(by_value))


def _choice(choices: Mapping[str, Any], told: list[str] | None = None) -> Converter:
    def converted(value: Any) -> Any:
        try:
            return choices[value]
        except KeyError:
            raise Unfit(f"is none of {', '.join(told or choices)}") from None

    return converted


def _text(value: str) -> str:
    return value


_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_NUMBER = re.compile(
    r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*", re.ASCII | re.IGNORECASE
)

# Longer ones take quadratic time, and are nothing that a page could mean.
_MOST_DIGITS = 1000


# documented behaviour: the text of Python's own exception is told, too.
_NO_INTEGER = "is no whole number: invalid literal for int() with base 10"
_NO_NUMBER = "is no number: could not convert string to float"


def _integer(value: str) -> int:
    if len(value) > _MOST_DIGITS or _INTEGER.fullmatch(value) is None:
        raise Unfit(_NO_INTEGER)
    return int(value)


def _is_number(value: str) -> bool:
    return len(value) <= _MOST_DIGITS and _NUMBER.fullmatch(value) is not None


def _number(value: str) -> float:
    if not _is_number(value) or math.isinf(number := float(value)):
        raise Unfit(_NO_NUMBER)
    return number


def _decimal(value: str) -> Decimal:
    from decimal import Decimal, InvalidOperation  # lazy: 3 ms of import

    if not _is_number(value):
        raise Unfit("is no number")
    try:
        return Decimal(value.strip())
    except InvalidOperation as problem:
        raise Unfit("is no number") from problem


_TRUE = frozenset(("1", "on", "t", "true", "y", "yes"))
_FALSE = frozenset(("", "0", "f", "false", "n", "no", "off"))


def _truth(value: str) -> bool:
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unfit("is neither true nor false")


def _reads(read: Callable[[str], Any], what: str) -> Converter:
    def converted(value: str) -> Any:
        try:
            return read(value.strip())
        except ValueError as problem:
            raise Unfit(f"is no {what}") from problem

    return converted


_KNOWN: dict[type, Converter] = {
    str: _text,
    bool: _truth,
    int: _integer,
    float: _number,
    datetime.date: _reads(datetime.date.fromisoformat, "date such as 2026-01-31"),
    datetime.datetime: _reads(
        datetime.datetime.fromisoformat, "time such as 2026-01-31T12:00"
    ),
    datetime.time: _reads(datetime.time.fromisoformat, "time such as 12:00"),
}

_COLLECTIONS: dict[type, Callable[[Iterable[Any]], Any]] = {
    list: list,
    set: set,
    frozenset: frozenset,
    tuple: tuple,
    # A text fits these, too, letter by letter, which nobody means.
    **dict.fromkeys(
        (abc.Iterable, abc.Collection, abc.Sequence, abc.MutableSequence), list
    ),
    **dict.fromkeys((abc.Set, abc.MutableSet), set),
}


def _known(kind: type) -> Converter | None:
    """Return what reads a type of the standard library."""
    found = _KNOWN.get(kind)
    if found is None:
        # By name, so that nobody pays for an import that no page needs.
        if (kind.__module__, kind.__name__) == ("decimal", "Decimal"):
            return _decimal
        if (kind.__module__, kind.__name__) == ("uuid", "UUID"):
            return _reads(kind, "UUID")
    return found
