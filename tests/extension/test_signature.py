"""What a page accepts, as tools see it."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from cherrypy.extension.signature import PageParameter, describe, getargspec


class Pages:
    def all_kinds(
        self, a: int, /, b: str, *rest: str, c: float = 1.5, **more: str
    ) -> None:
        pass

    def unknown(self, a: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
        pass

    def __call__(self, x: int = 1) -> None:
        pass


class Made:
    def __init__(self, size: int) -> None:
        pass


def test_every_kind_of_parameter_is_described() -> None:
    assert describe(Pages().all_kinds) == (
        PageParameter("a", "path", int, True, None),
        PageParameter("b", "either", str, True, None),
        PageParameter("rest", "more path", str, False, None),
        PageParameter("c", "query", float, False, 1.5),
        PageParameter("more", "more query", str, False, None),
    )


def test_objects_and_classes_that_can_be_called_are_described() -> None:
    assert describe(Pages()) == (PageParameter("x", "either", int, False, 1),)
    assert describe(Made) == (PageParameter("size", "either", int, True, None),)


def test_annotations_that_mean_nothing_stay_as_they_are_written() -> None:
    assert describe(Pages().unknown)[0].annotation == "Nowhere"


def test_decorators_are_looked_through() -> None:
    def page(a: int) -> None:
        pass

    @functools.wraps(page)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        pass

    assert describe(wrapper) == (PageParameter("a", "either", int, True, None),)


def test_what_cannot_be_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="no signature"):
        describe(type)


def test_the_old_description_of_arguments() -> None:
    def page(a: int, b: int = 1, *c: int, d: int, **e: int) -> None:
        pass

    assert getargspec(page) == (["a", "b"], "c", "e", (1,))
