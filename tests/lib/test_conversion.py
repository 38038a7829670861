from __future__ import annotations

import enum
import io
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, Optional, Union
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib.conversion import Unfit, converters
from tests.lib.apps import Root, mount

if TYPE_CHECKING:
    from cherrypy.testing import Client

UserId = NewType("UserId", int)


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Odd:
    """A type of a program's own."""

    def __init__(self, text: str) -> None:
        if not int(text) % 2:
            raise ValueError(f"{text} is even")

    def __repr__(self) -> str:
        return "Odd"


def converted(annotation: Any, value: Any) -> Any:
    def page(x: Any) -> None: ...

    page.__annotations__ = {"x": annotation}
    return converters(page)["x"](value)


WHEN = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (str, "x", "x"),
        (int, "3", 3),
        (int, " -3 ", -3),
        (float, "1.5", 1.5),
        (float, ".5e3", 500.0),
        (Decimal, "1.10", Decimal("1.10")),
        (bool, "true", True),
        (bool, "ON", True),
        (bool, "0", False),
        (bool, "false", False),
        (bool, "", False),
        (date, "2026-01-31", date(2026, 1, 31)),
        (datetime, "2026-01-31T12:30:00Z", WHEN),
        (datetime, "2026-01-31T13:30+01:00", WHEN),
        (time, "12:30", time(12, 30)),
        (
            UUID,
            "12345678-1234-5678-1234-567812345678",
            UUID("12345678" * 4),
        ),
        (Colour, "r", Colour.RED),
        (Colour, "GREEN", Colour.GREEN),
        (Size, "2", Size.LARGE),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, 2, True], "2", 2),
        (int | None, "3", 3),
        (Union[int, None], "3", 3),  # noqa: UP007
        (int | str, "3", 3),
        (int | str, "x", "x"),
        (date | int, "2026", 2026),
        (list[int], ["1", "2"], [1, 2]),
        (list[int], "1", [1]),
        (list, "1", ["1"]),
        (set[int], ["1", "1"], {1}),
        (frozenset[str], "x", frozenset("x")),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (list[Colour] | None, "r", [Colour.RED]),
        (list[Any], "1", ["1"]),
        (Iterable[int], "12", [12]),
        (Sequence[int], ["1", "2"], [1, 2]),
        (AbstractSet[int], "1", {1}),
        (tuple[int, str], ["1", "2"], (1, "2")),
        (tuple[Any, int], ["1", "2"], ("1", 2)),
        ("list['Colour']", "r", [Colour.RED]),
        ("'int'", "3", 3),
        (list["Colour"], "r", [Colour.RED]),
        (Optional["Colour"], "r", Colour.RED),
        (Annotated[int, "more than nothing"], "3", 3),
        (UserId, "3", 3),
        (int, 3, 3),
        (date, WHEN, WHEN),
        (Odd | int, "4", 4),
    ],
)
def test_values_become_what_is_asked_for(
    annotation: Any, value: Any, expected: Any
) -> None:
    found = converted(annotation, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "reason"),
    [
        *(
            (int, v, "is no whole number")
            for v in ("", "x", "1.0", "1_0", "0x1", "\uff11")
        ),
        (int, "9" * 1001, "is no whole number"),
        *((float, v, "is no number") for v in ("", "x", "nan", "inf", "1e999", "1_0")),
        *((Decimal, v, "is no number") for v in ("", "NaN", "1_0", "9" * 1001)),
        (Decimal, "1e99999999999999999999", "is no number"),
        (bool, "perhaps", "is neither true nor false"),
        (date, "31.1.2026", "is no date such as 2026-01-31"),
        (date, "2026-02-30", "is no date"),
        (datetime, "now", "is no time such as"),
        (time, "25:00", "is no time such as 12:00"),
        (UUID, "x", "is no UUID"),
        (Colour, "blue", "is none of r, g"),
        (Literal["a", "b"], "c", "is none of a, b"),
        (int | date, "x", "is no whole number.* and is no date"),
        (int, ["1", "2"], "was sent more than once"),
        (str, ["1", "2"], "was sent more than once"),
        (Colour, ["r", "g"], "was sent more than once"),
        (list[int], ["1", "x"], "is no whole number"),
        (tuple[int, str], "1", "must be sent 2 times"),
        (tuple[int, str], ["1", "2", "3"], "must be sent 2 times"),
    ],
)
def test_what_does_not_fit_is_told(annotation: Any, value: Any, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        converted(annotation, value)


@pytest.mark.parametrize(
    "annotation", [Any, int | Any, dict[str, int], "text", None, 3]
)
def test_what_says_nothing_of_the_value_is_left_out(annotation: Any) -> None:
    def page(x: Any) -> None: ...

    page.__annotations__ = {"x": annotation}
    assert converters(page) == {}


@given(st.text())
def test_any_text_is_a_value_or_unfit(text: str) -> None:
    for kind in (int, float, Decimal, bool, date, datetime, time, UUID, Colour):
        try:
            converted(kind, text)
        except Unfit:
            continue


class Shop(Root):
    """Pages with annotations."""

    @cherrypy.expose
    def item(
        self, number: int, colour: Colour = Colour.RED, odd: Odd | None = None
    ) -> str:
        return repr((number, colour, odd))

    @cherrypy.expose
    async def later(self, number: int) -> str:
        return repr(number)

    class Counter:
        """An object that is a page, with an attribute called like a parameter."""

        exposed = True
        number: str = ""

        def __call__(self, number: int = 0) -> str:
            return repr(number)

    counter = Counter()


@pytest.fixture
def shop() -> Client:
    return mount(Shop(), {"/": {"tools.params.on": True}})


class TestTool:
    def test_gives_pages_what_they_ask_for(self, shop: Client) -> None:
        assert shop.get("/item?number=3&colour=g").text == (
            "(3, <Colour.GREEN: 'g'>, None)"
        )
        assert shop.post("/item", data={"number": "3", "odd": "1"}).text.endswith(
            "Odd)"
        )
        assert shop.get("/later?number=3").text == "3"
        assert shop.get("/counter?number=3").text == "3"

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            (
                "number=x",
                "The parameter 'number' is no whole number: "
                "invalid literal for int() with base 10: 'x'.",
            ),
            ("number=1&number=2", "'number' was sent more than once: ['1', '2']."),
            ("number=1&colour=b", "The parameter 'colour' is none of r, g: 'b'."),
            ("number=1&odd=2", "The parameter 'odd' must not be '2': 2 is even"),
            ("number=" + "x" * 1000, "'" + "x" * 99 + "...."),
            ("number=<b>", "'&lt;b&gt;'"),
        ],
    )
    def test_names_the_parameter_that_is_wrong(
        self, shop: Client, query: str, told: str
    ) -> None:
        response = shop.get(f"/item?{query}")
        assert response.status_code == 400
        assert told in response.text.replace("&#x27;", "'")

    def test_wants_no_file_where_a_number_is_wanted(self, shop: Client) -> None:
        files = {"number": ("x.txt", io.BytesIO(b"1"))}
        response = shop.post("/item", files=files)
        assert response.status_code == 400
        assert "was sent as a file" in response.text
