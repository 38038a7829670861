"""Attributes that are made when they are first read."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

__all__ = ["LazyUUID4", "absent", "is_made", "kept", "lazy", "provisional"]

T = TypeVar("T")

_set = object.__setattr__


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
        value = self.make(instance)
        # Speed: past the instance's dictionary, see `kept`.
        _set(instance, self.name, value)
        return value

    if TYPE_CHECKING:

        def __set__(self, instance: object, value: T) -> None: ...


class kept(lazy[T]):
    """An attribute that is made when it is first read, and tells whether it was.

    Its value lies under its name with an underscore before it, which is None until
    then: a look there makes nothing. To look into the dictionary of the instance
    would do as well, but Python makes that dictionary only for those who ask for it,
    and that costs a request three times as much as all its attributes.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name: str = "_" + name
        setattr(owner, self.name, None)

    @overload
    def __get__(self, instance: None, owner: type) -> Any: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> T | Any:
        if instance is None:
            return self.default
        value = getattr(instance, self.name)
        if value is None:
            value = self.make(instance)
            _set(instance, self.name, value)
        return value

    def __set__(self, instance: object, value: T | None) -> None:
        """Put a value in the place; None lets it be made anew."""
        _set(instance, self.name, value)

    def __delete__(self, instance: object) -> None:
        """Let it be made anew."""
        _set(instance, self.name, None)


class provisional(kept[Any]):
    """An attribute that is not kept as long as what it is made from is not there."""

    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self.default
        value = getattr(instance, self.name)
        if value is None:
            value = self.make(instance)
            if value is None:
                return copy(self.default)
            _set(instance, self.name, value)
        return value


def is_made(instance: object, name: str) -> bool:
    """Tell whether a `kept` attribute was read or set before."""
    return getattr(instance, f"_{name}") is not None


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
