"""Attributes that are made when they are first read."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

__all__ = ["LazyUUID4", "absent", "lazy", "provisional"]

T = TypeVar("T")


class lazy(Generic[T]):
    """An attribute that is made when it is first read.

    It steps back afterwards: the value lies in the instance's own dictionary, where
    an assignment finds it too. Most requests never touch most of their attributes.

    Args:
        make: Makes the value from the instance.
        default: What reading the attribute on the class gives.
    """

    def __init__(self, make: Callable[[Any], T], default: Any = None) -> None:
        self.make = make
        self.default = default
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Any: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> T | Any:
        if instance is None:
            return self.default
        value = instance.__dict__[self.name] = self.make(instance)
        return value

    if TYPE_CHECKING:

        def __set__(self, instance: object, value: T) -> None: ...


class provisional(lazy[Any]):
    """An attribute that is not kept as long as what it is made from is not there."""

    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self.default
        value = self.make(instance)
        if value is None:
            return copy(self.default)
        instance.__dict__[self.name] = value
        return value


class absent:
    """An attribute that is not there until it is assigned to, and says why.

    Args:
        sentence: What the AttributeError says.
    """

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __get__(self, instance: object | None, owner: type) -> NoReturn:
        raise AttributeError(self.sentence)


class LazyUUID4:
    """A random identifier for one request, made when first looked at."""

    def __str__(self) -> str:
        return str(self.uuid4)

    @property
    def uuid4(self) -> UUID:
        """The identifier; the same each time."""
        try:
            return self._uuid4
        except AttributeError:
            from uuid import uuid4  # lazy: 5 ms of import for a rarely used name

            self._uuid4: UUID = uuid4()
            return self._uuid4
