"""Configuration: files, namespaces, and the flat configuration by itself."""

from __future__ import annotations

import configparser
import contextlib
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.core import config as configuration
from cherrypy.core.config import Config, NamespaceSet, Parser, as_dict, merge
from cherrypy.core.wording import is_explained, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

FILE = """\
[global]
server.socket_port: 8080
Case = "kept"

[/path]
tools.gzip.mime_types = ["text/html",
    "text/plain"]
"""

SECTIONS = {
    "global": {"server.socket_port": 8080, "Case": "kept"},
    "/path": {"tools.gzip.mime_types": ["text/html", "text/plain"]},
}


def parsed(text: str) -> dict[str, dict[str, Any]]:
    return Parser().dict_from_file(io.StringIO(text))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "site.conf"
    path.write_text(FILE)
    return path


class TestParser:
    def test_a_file_is_read_by_name_by_path_or_open(self, file: Path) -> None:
        assert Parser().dict_from_file(str(file)) == SECTIONS
        assert Parser().dict_from_file(file) == SECTIONS
        assert Parser().dict_from_file(str(file).encode()) == SECTIONS
        with file.open() as opened:
            assert Parser().dict_from_file(opened) == SECTIONS

    def test_several_files_are_read_one_over_the_other(
        self, file: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other.conf"
        other.write_text("[global]\nCase = 1\n")
        parser = Parser()
        parser.read([str(file), str(other)])
        assert parser.as_dict()["global"] == {"server.socket_port": 8080, "Case": 1}

    def test_a_byte_order_mark_and_other_encodings_are_understood(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "x.conf"
        path.write_text("[a]\nb = 'é'\n", encoding="utf-8-sig")
        assert Parser().dict_from_file(path) == {"a": {"b": "é"}}
        path.write_text("[a]\nb = 'é'\n", encoding="latin-1")
        parser = Parser()
        parser.read(path, encoding="latin-1")
        assert parser.as_dict() == {"a": {"b": "é"}}

    def test_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            Parser().read(str(tmp_path / "missing"))

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("x = 1\n", "Begin the file with the line [global]"),
            ("[a]\nwhat is this\n", "A line is a section such as [global]"),
            ("[a]\nb = 1\nb = 2\n", "Keep one of the two."),
            ("[a]\n[a]\n", "Keep one of the two."),
            ("[a]\nb = '%(x)s'\n", "Write %% for a percent sign."),
            ("[a]\nb = '50%'\n", "Write %% for a percent sign."),
            ("[a]\nb = c d\n", "Write b = 'c d', with quotes, if it is text."),
            ("[a]\nb = int('x')\n", "ValueError: invalid literal for int()"),
            ("[a]\nb = '\udce9'\n", "Save "),
        ],
    )
    def test_what_is_wrong_with_a_file_is_explained(
        self, tmp_path: Path, text: str, advice: str
    ) -> None:
        path = tmp_path / "x.conf"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        with open(path, encoding="utf-8") as opened:
            for source in (path, opened):
                with pytest.raises((ValueError, configparser.Error)) as caught:
                    Parser().dict_from_file(source)
                assert told(caught.value).split("\n")[-1].startswith(advice)
                assert is_explained(caught.value)

    def test_what_keeps_a_file_from_being_read_is_explained(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(IsADirectoryError) as directory:
            Parser().read(tmp_path)
        assert told(directory.value).endswith("\nName the config file in it.")

        def refuse(*args: object, **kwargs: object) -> None:
            raise PermissionError(13, "Permission denied", "x.conf")

        monkeypatch.setattr(configuration, "open", refuse, raising=False)
        with pytest.raises(PermissionError) as refused:
            Parser().read("x.conf")
        assert told(refused.value) == (
            "PermissionError: [Errno 13] Permission denied: 'x.conf'\n"
            "Let the user who runs the program read 'x.conf'."
        )

    def test_what_a_named_module_fails_with_needs_its_traceback(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "of_this_test_only.py").write_text("1 / 0\n")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(ValueError, match="Config values must be") as caught:
            parsed("[a]\nb = of_this_test_only.page\n")
        assert told(caught.value).endswith("\nZeroDivisionError: division by zero")
        assert not is_explained(caught.value)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    def test_names_are_put_into_values(self) -> None:
        text = '[DEFAULT]\nroot = "/srv"\n[a]\nb = %(root)s + "/x"\n'
        assert parsed(text) == {"a": {"root": "/srv", "b": "/srv/x"}}

    def test_names_are_left_alone_in_raw_values(self) -> None:
        parser = Parser()
        parser.read_string('[a]\nb = "%(x)s"\n')
        assert parser.as_dict(raw=True) == {"a": {"b": "%(x)s"}}
        assert parser.as_dict(vars={"x": "y"}) == {"a": {"b": "y"}}

    def test_an_empty_value_stays_empty(self) -> None:
        assert parsed("[a]\nb =\n") == {"a": {"b": ""}}

    @pytest.mark.parametrize(
        ("value", "problem", "args"),
        [
            ("1-2", "TypeError", ("unrepr does not recognize 'Sub'",)),
            ("nope", "TypeError", ("unrepr could not resolve the name 'nope'",)),
            ("int('x')", "ValueError", None),
            ("a b", "SyntaxError", None),
        ],
    )
    def test_a_value_that_is_no_python_names_its_place(
        self, value: str, problem: str, args: tuple[str, ...] | None
    ) -> None:
        with pytest.raises(ValueError, match="Config values must be valid") as raised:
            parsed(f"[sect]\nopt = {value}\n")
        message, kind, original = raised.value.args
        assert message == (
            f"Config error in section: 'sect', option: 'opt', value: {value!r}. "
            "Config values must be valid Python."
        )
        assert kind == problem
        if args is not None:
            assert original == args

    def test_a_replaced_as_dict_is_used_everywhere(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def as_text(
            self: Parser, raw: bool = False, vars: Any = None
        ) -> dict[str, dict[str, str]]:
            return {name: dict(self.items(name)) for name in self.sections()}

        monkeypatch.setattr(configuration.Parser, "as_dict", as_text)
        config = Config(str(file))
        assert config["global"]["server.socket_port"] == "8080"
        base: dict[str, dict[str, Any]] = {}
        merge(base, str(file))
        assert base["global"]["Case"] == '"kept"'

    def test_load_copies_a_mapping(self) -> None:
        given = {"a": 1}
        loaded = as_dict(given)
        assert loaded == given
        assert loaded is not given

    @pytest.mark.parametrize("given", [None, 5, [("a", 1)]])
    def test_load_refuses_what_is_no_configuration(self, given: Any) -> None:
        with pytest.raises(TypeError, match=f"not '{type(given).__name__}'"):
            as_dict(given)


@given(st.text(alphabet="[]abc=:%()'\"#; \n\t01,.-", max_size=60))
def test_any_file_is_a_configuration_or_an_error(text: str) -> None:
    with contextlib.suppress(ValueError, configparser.Error):
        parsed(text)


class Counting:
    """A namespace handler that is entered and left."""

    def __init__(self, swallow: bool = False) -> None:
        self.seen: list[Any] = []
        self.swallow = swallow

    def __enter__(self) -> Callable[[str, Any], None]:
        self.seen.append("enter")
        return self.handle

    def handle(self, key: str, value: Any) -> None:
        self.seen.append((key, value))
        if value == "bad":
            raise LookupError(key)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.seen.append(kind)
        return self.swallow


class TestNamespaceSet:
    def test_each_key_goes_to_the_handler_of_its_namespace(self) -> None:
        seen: list[Any] = []
        namespaces = NamespaceSet(
            a=lambda key, value: seen.append(("a", key, value)),
            b=lambda key, value: seen.append(("b", key, value)),
        )
        namespaces({"b.x": 1, "a.y.z": 2, "b.w": 3, "c.x": 4, "a": 5, "plain": 6})
        assert seen == [("a", "y.z", 2), ("b", "x", 1), ("b", "w", 3)]

    def test_a_key_may_be_anything(self) -> None:
        keys: Any = {5: 1, None: 2, "a.b": 3}
        seen: list[tuple[str, int]] = []
        NamespaceSet(a=lambda k, v: seen.append((k, v)))(keys)
        assert seen == [("b", 3)]

    def test_a_context_manager_is_entered_once_for_all_keys(self) -> None:
        handler = Counting()
        namespaces = NamespaceSet(a=handler)
        namespaces({"a.x": 1, "a.y": 2})
        assert handler.seen == ["enter", ("x", 1), ("y", 2), None]
        namespaces({"b.x": 1})
        assert len(handler.seen) == 4

    def test_a_context_manager_is_left_with_the_error(self) -> None:
        handler = Counting()
        with pytest.raises(LookupError):
            NamespaceSet(a=handler)({"a.x": "bad"})
        assert handler.seen[-1] is LookupError

    def test_a_context_manager_may_swallow_the_error(self) -> None:
        handler = Counting(swallow=True)
        NamespaceSet(a=handler)({"a.x": "bad", "a.y": 1})
        assert handler.seen[-1] is LookupError

    def test_a_copy_is_a_set_of_its_own(self) -> None:
        namespaces = NamespaceSet(a=print)
        for copy in (namespaces.copy(), namespaces.__copy__()):
            assert type(copy) is NamespaceSet
            assert copy == namespaces
            assert copy is not namespaces

    def test_it_describes_itself(self) -> None:
        assert repr(NamespaceSet()) == "cherrypy.core.config.NamespaceSet({})"


class Own(Config):
    """As a program would make one for itself."""

    defaults = {"color": "red"}  # noqa: RUF012
    environments = {"dark": {"color": "black", "size": 3}}  # noqa: RUF012
    namespaces = NamespaceSet()


class TestConfig:
    def test_it_begins_with_its_defaults(self) -> None:
        assert Own() == {"color": "red"}

    def test_it_takes_a_mapping_a_file_and_names(self, file: Path) -> None:
        assert Own({"a": 1}, b=2) == {"color": "red", "a": 1, "b": 2}
        assert Own(str(file)) == {"color": "red", **SECTIONS}

    def test_reset_goes_back_to_the_defaults(self) -> None:
        config = Own(a=1)
        config.reset()
        assert config == {"color": "red"}

    def test_an_environment_overrides_all_but_the_same_update(self) -> None:
        config = Own({"size": 1})
        config.update({"environment": "dark", "color": "blue"})
        assert config == {"environment": "dark", "color": "blue", "size": 3}

    def test_an_unknown_environment_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            Own({"environment": "light"})

    def test_what_is_set_is_handed_to_the_namespaces(self) -> None:
        seen: list[Any] = []

        class Listening(Own):
            namespaces = NamespaceSet(n=lambda key, value: seen.append((key, value)))

        config = Listening({"n.a": 1})
        config["n.b"] = 2
        config.update({"n.c": 3})
        assert seen == [("a", 1), ("b", 2), ("c", 3)]
        assert config["n.b"] == 2


class TestMerge:
    def test_sections_are_added_and_their_entries_replaced(self, file: Path) -> None:
        base = {"/": {"a": 1, "b": 1}}
        merge(base, {"/": {"b": 2}, "/x": {"c": 3}})
        assert base == {"/": {"a": 1, "b": 2}, "/x": {"c": 3}}
        merge(base, file)
        assert base["/path"] == SECTIONS["/path"]

    def test_the_sections_are_copied(self) -> None:
        base: dict[str, dict[str, Any]] = {}
        given = {"/": {"a": 1}}
        merge(base, given)
        base["/"]["a"] = 2
        assert given == {"/": {"a": 1}}

    def test_an_entry_without_a_section_is_refused(self) -> None:
        base: dict[str, dict[str, Any]] = {}
        with pytest.raises(ValueError, match="must include section headers"):
            merge(base, {"/": {"a": 1}, "tools.gzip.on": True})
        assert base == {}
