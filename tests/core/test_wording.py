"""Words for mistakes."""

from __future__ import annotations

import pytest

from cherrypy.core.wording import UnknownName, explain, is_explained, meant, told

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


def test_an_explained_exception_stays_what_it_is_and_says_what_to_do() -> None:
    problem = OSError(2, "Gone")
    assert not is_explained(problem)
    explain(problem, "Look elsewhere.")
    assert is_explained(problem)
    assert (
        told(problem) == "FileNotFoundError: [Errno 2] Gone\nLook elsewhere."
    )


def test_the_words_of_an_exception_leave_out_what_is_for_programs() -> None:
    assert told(ValueError("No Python.", "SyntaxError", ())) == "ValueError: No Python."
    assert told(ValueError()) == "ValueError: "
    assert told(UnknownName("x", "There is no x.")) == "UnknownName: There is no x."
