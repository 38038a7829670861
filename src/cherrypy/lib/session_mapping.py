"""A mapping that is loaded when somebody first looks into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

__all__ = ["LazyMapping", "missing"]

missing: Final[object] = object()
"""Stands for an argument that was not given."""

# Within the class of sessions the name means an attribute.
_ABSENT: Any = missing


class LazyMapping:
    """A dictionary that is loaded when somebody first looks into it."""

    loaded: bool = False
    """Whether the data has been fetched from the storage."""

    _data: dict[Any, Any]

    def load(self) -> None:
        """Fetch the data, and set `loaded`."""
        raise NotImplementedError

    def __getitem__(self, key: Any) -> Any:
        if not self.loaded:
            self.load()
        return self._data[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.loaded:
            self.load()
        self._data[key] = value

    def __delitem__(self, key: Any) -> None:
        if not self.loaded:
            self.load()
        del self._data[key]

    def __contains__(self, key: object) -> bool:
        if not self.loaded:
            self.load()
        return key in self._data

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def has_key(self, key: object) -> bool:
        """Tell whether there is such a key; ``key in session`` says the same."""
        return key in self

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value for the key, else the default."""
        if not self.loaded:
            self.load()
        return self._data.get(key, default)

    def pop(self, key: Any, default: Any = _ABSENT) -> Any:
        """Remove the key and return its value, else the default.

        Raises:
            KeyError: There is no such key, and no default was given.
        """
        if not self.loaded:
            self.load()
        if default is _ABSENT:
            return self._data.pop(key)
        return self._data.pop(key, default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the value for the key; set it to the default if it is missing."""
        if not self.loaded:
            self.load()
        return self._data.setdefault(key, default)

    def update(self, d: Any) -> None:
        """Take over the items of a mapping, or pairs."""
        if not self.loaded:
            self.load()
        self._data.update(d)

    def clear(self) -> None:
        """Remove all items."""
        if not self.loaded:
            self.load()
        self._data.clear()

    def keys(self) -> KeysView[Any]:
        """Return the keys."""
        if not self.loaded:
            self.load()
        return self._data.keys()

    def items(self) -> ItemsView[Any, Any]:
        """Return the pairs of key and value."""
        if not self.loaded:
            self.load()
        return self._data.items()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        if not self.loaded:
            self.load()
        return self._data.values()
