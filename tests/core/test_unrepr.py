"""Values from text: what is understood, and what is refused."""

from __future__ import annotations

import os.path
import string
import xml
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.core.unrepr import attributes, modules, unrepr

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        (" 1 ", 1),
        ("\n1", 1),
        ("0x10", 16),
        ("-1", -1),
        ("--1", 1),
        ("3+2j", 3 + 2j),
        ("2*3", 6),
        ("60 * 60 + 1", 3601),
        ('"a" "b"', "ab"),
        ('"a" + "b"', "ab"),
        ("b'a'", b"a"),
        ("None", None),
        ("True", True),
        ("...", ...),
        ("[1, 'a', (2,), {'b': []}]", [1, "a", (2,), {"b": []}]),
        ("[1,\n2]", [1, 2]),
        ("[1, 2][0]", 1),
        ("{'a': 1}['a']", 1),
        ("8080;", 8080),
        ("8080  # the port", 8080),
        ("dict(a=1)", {"a": 1}),
        ("dict(**{'a': 1}, b=2)", {"a": 1, "b": 2}),
        ("max(*[1, 2], 3)", 3),
        ("int", int),
        ("int.__name__", "int"),
        ("string", string),
        ("os.path.join('a', 'b')", os.path.join("a", "b")),
        ("datetime.timedelta(1).days", 1),
        ("string.digits[1]", "1"),
    ],
)
def test_an_expression_becomes_its_value(text: str, value: object) -> None:
    assert unrepr(text) == value


@pytest.mark.parametrize("nothing", ["", None])
def test_nothing_stays_as_it_is(nothing: str | None) -> None:
    assert unrepr(nothing) is nothing


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("+1", "UAdd"),
        ("~1", "Invert"),
        ("not 1", "Not"),
        ("1-2", "Sub"),
        ("2/3", "Div"),
        ("'%s' % 1", "Mod"),
        ("{1, 2}", "Set"),
        ("'abc'[1:2]", "Slice"),
        ("lambda: 1", "Lambda"),
        ("[x for x in []]", "ListComp"),
        ("1 if 1 else 2", "IfExp"),
        ("1 < 2", "Compare"),
        ("1 and 2", "BoolOp"),
        ("f'x'", "JoinedStr"),
        ("[*[1]]", "Starred"),
        ("(x := 1)", "NamedExpr"),
    ],
)
def test_other_nodes_are_refused(text: str, node: str) -> None:
    with pytest.raises(TypeError, match=f"^unrepr does not recognize '{node}'$"):
        unrepr(text)


def test_unpacking_in_a_dict_is_refused() -> None:
    with pytest.raises(TypeError, match=r"does not recognize '\*\*' in a dict"):
        unrepr("{**{}}")


@pytest.mark.parametrize(
    "text", ["a b", "import os", "1; 2", "x = 1", "1\n2", "=", "("]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(SyntaxError):
        unrepr(text)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="could not resolve the name 'no_such_name'"):
        unrepr("no_such_name")


def test_a_missing_attribute_is_told() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        unrepr("os.nothing")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        unrepr("int.nothing")


class TestModules:
    @pytest.fixture(autouse=True)
    def _package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "morello_sample").mkdir()
        for name, source in (
            ("__init__", ""),
            ("inner", "VALUE = 5"),
            ("broken", "import morello_that_is_not_there"),
        ):
            (tmp_path / "morello_sample" / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))

    def test_a_submodule_is_imported_when_it_is_named(self) -> None:
        assert unrepr("morello_sample.inner.VALUE") == 5

    def test_a_module_that_cannot_be_imported_says_why(self) -> None:
        with pytest.raises(ModuleNotFoundError, match="morello_that_is_not_there"):
            unrepr("morello_sample.broken")

    def test_attributes_imports_the_module(self) -> None:
        assert attributes("morello_sample.inner.VALUE") == 5

    def test_modules_imports_and_returns_the_module_itself(self) -> None:
        assert modules("xml.dom.minidom").__name__ == "xml.dom.minidom"
        assert modules("xml") is xml

    def test_what_is_missing_is_told(self) -> None:
        with pytest.raises(ImportError):
            modules("morello_sample.missing")
        with pytest.raises(AttributeError, match="'os' object has no attribute 'x_y'"):
            attributes("os.x_y")
        with pytest.raises(ValueError, match="Empty module name"):
            attributes("os")


values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.complex_numbers(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(st.integers() | st.text(), inner)
    ),
    max_leaves=10,
)


@given(values)
def test_it_is_the_opposite_of_repr(value: object) -> None:
    # Of complex numbers, a negative imaginary part is written as a subtraction.
    text = repr(value)
    try:
        result = unrepr(text)
    except TypeError as problem:
        assert "'Sub'" in str(problem)  # noqa: PT017
        assert "j" in text
    else:
        assert result == value


# No letters that would name a module, and no brackets to call it with.
@given(st.text("0123456789+-/%[]{},:'\"# \n\t.;=ej\\", max_size=30))
def test_any_text_is_a_value_or_an_error_that_config_reports(text: str) -> None:
    try:
        unrepr(text)
    except (SyntaxError, TypeError, ValueError, ArithmeticError, LookupError):
        pass
    except AttributeError:
        assert "." in text
