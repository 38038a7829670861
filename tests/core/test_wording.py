"""Words for mistakes."""

from __future__ import annotations

import pytest

from cherrypy.core.wording import (
    UnknownName,
    explain,
    in_brief,
    is_explained,
    meant,
    nearest,
    sentences,
    told,
    unknown_word,
)

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


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("colr", "Colour"),
        ("COLOUR", "Colour"),
        ("Size", "Size"),
        ("col", "Colour"),
        ("co", None),
        ("weight", None),
    ],
)
def test_the_nearest_name_may_be_longer_or_of_another_case(
    name: str, near: str | None
) -> None:
    assert nearest(name, ["Colour", "size", "Size"]) == near


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("--prot", "there is no option --prot (did you mean --port?)"),
        ("-z", "there is no option -z"),
        ("more", "there is no argument more"),
    ],
)
def test_an_unknown_word_of_a_command_line_is_told(word: str, sentence: str) -> None:
    assert unknown_word(word, "  --host HOST\n  --port PORT  listen there") == sentence


def test_an_unknown_name_is_a_key_error_that_speaks_plainly() -> None:
    with pytest.raises(KeyError, match=r"^There is no x\.$") as caught:
        raise UnknownName("x", "There is no x.")
    assert caught.value.args == ("x",)


def test_an_explained_exception_stays_what_it_is_and_says_what_to_do() -> None:
    problem = OSError(2, "Gone")
    assert not is_explained(problem)
    explain(problem, "Look elsewhere.")
    assert is_explained(problem)
    assert told(problem) == "FileNotFoundError: [Errno 2] Gone\nLook elsewhere."


def test_the_words_of_an_exception_leave_out_what_is_for_programs() -> None:
    assert told(ValueError("No Python.", "SyntaxError", ())) == "ValueError: No Python."
    assert told(ValueError()) == "ValueError: "
    assert told(UnknownName("x", "There is no x.")) == "UnknownName: There is no x."


def test_an_exception_and_its_notes_make_sentences_on_one_line() -> None:
    problem = ValueError("What is\n  this", 7)
    problem.add_note("Is it text?")
    problem.add_note("Write it with quotes.")
    assert sentences(problem) == "What is this. Is it text? Write it with quotes."


def test_in_brief_an_exception_tells_its_class_unless_its_words_are_enough() -> None:
    assert in_brief(KeyError("x")) == "KeyError: 'x'."
    assert in_brief(UnknownName("x", "There is no x")) == "There is no x."
