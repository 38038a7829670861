"""Words for mistakes."""

from __future__ import annotations

import pytest

from cherrypy.core.wording import UnknownName, meant

MANY = [str(number) for number in range(20)]


@pytest.mark.parametrize(
    ("name", "known", "sentence"),
    [
        ("colr", ["colour", "size"], "Did you mean 'colour'?"),
        ("x", ["size", "colour"], "There are: colour, size."),
        ("x", [], "There are none."),
        ("x", MANY, f"There are: {', '.join(sorted(MANY)[:12])}, and more."),
    ],
)
def test_what_was_meant_is_guessed_or_listed(
    name: str, known: list[str], sentence: str
) -> None:
    assert meant(name, known) == sentence


def test_an_unknown_name_is_a_key_error_that_speaks_plainly() -> None:
    with pytest.raises(KeyError, match=r"^There is no x\.$") as caught:
        raise UnknownName("x", "There is no x.")
    assert caught.value.args == ("x",)
