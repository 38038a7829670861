"""What `webtest` offers beside the assertions."""

from __future__ import annotations

import io
import socket
import sys
import unittest
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.test import prompt, webtest

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestHeadersThatAreAdded:
    def test_host_names_the_port_unless_it_goes_without_saying(self) -> None:
        clean = webtest.cleanHeaders
        assert clean(None, "GET", None, "h", 80) == [("Host", "h")]
        assert clean([], "GET", None, "h", 99) == [("Host", "h:99")]
        assert clean([], "GET", None, "::1", 99) == [("Host", "[::1]:99")]
        assert clean([("host", "q")], "GET", None, "h", 99) == [("host", "q")]

    def test_bodies_are_forms_of_a_known_length(self) -> None:
        for method in webtest.methods_with_bodies:
            assert webtest.cleanHeaders([("A", "b")], method, "ä", "h", 80) == [
                ("A", "b"),
                ("Host", "h"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", "2"),
            ]

    def test_what_the_test_says_is_not_said_again(self) -> None:
        fields = [("Host", "h"), ("Transfer-Encoding", "chunked")]
        added = webtest.cleanHeaders(fields, "POST", b"", "h", 80)[2:]
        assert added == [("Content-Type", "application/x-www-form-urlencoded")]


def test_the_host_to_connect_to_is_never_all_of_them() -> None:
    assert webtest.interface("0.0.0.0") == "127.0.0.1"
    assert webtest.interface("::") == "::1"
    assert webtest.interface("example.org") == "example.org"


class TestTryingAgain:
    @pytest.fixture
    def pauses(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        pauses: list[float] = []
        monkeypatch.setattr("time.sleep", pauses.append)
        return pauses

    @pytest.fixture
    def silent_port(self) -> Iterator[int]:
        # Bound, but nobody listens: connections are refused.
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            yield unheard.getsockname()[1]

    def test_a_server_is_asked_ten_times(
        self, pauses: list[float], silent_port: int
    ) -> None:
        with pytest.raises(ConnectionRefusedError):
            webtest.openURL("/", port=silent_port)
        assert pauses == [0.5] * 9

    def test_errors_that_the_test_waits_for_come_at_once(
        self, pauses: list[float], silent_port: int
    ) -> None:
        with pytest.raises(ConnectionRefusedError):
            webtest.openURL(
                "/", port=silent_port, raise_subcls=(ConnectionRefusedError,)
            )
        assert pauses == []


class TestErrorsOfTheServer:
    @pytest.fixture(autouse=True)
    def _calm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webtest.ServerError, "on", False)

    def report(self) -> tuple[bool, bool, str]:
        """Report an error and return what came of it."""
        output = io.StringIO()
        with redirect_stdout(output):
            try:
                raise KeyError("lost")
            except KeyError:
                counted = webtest.server_error()
        return counted, webtest.ServerError.on, output.getvalue()

    def test_they_are_shown_and_remembered(self) -> None:
        counted, on, output = self.report()
        assert counted
        assert on
        assert "KeyError: 'lost'" in output

    def test_some_may_be_ignored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webtest, "ignored_exceptions", [KeyError])
        assert self.report() == (False, False, "")

    def test_all_may_be_ignored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webtest, "ignore_all", True)
        assert self.report() == (False, False, "")

    def test_without_an_error_there_is_none(self) -> None:
        assert webtest.server_error() is False


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestTheKeyboard:
    @pytest.fixture
    def keys(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        keys: list[str] = []
        monkeypatch.setattr(prompt, "getchar", lambda: keys.pop(0))
        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setenv("WEBTEST_INTERACTIVE", "1")
        return keys

    def case(self) -> webtest.WebCase:
        class Case(webtest.WebCase):
            def runTest(self) -> None:
                pass

        case = Case()
        case.status = "200 OK"
        case.headers = [("X-Seen", "1")]
        case.body = b"\n".join(b"line %d" % number for number in range(70))
        return case

    def test_nobody_is_asked_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.delenv("WEBTEST_INTERACTIVE", raising=False)
        with pytest.raises(AssertionError, match="does not match 404"):
            self.case().assertStatus(404)

    @pytest.mark.parametrize("off", ["0", "false", "False", ""])
    def test_nobody_is_asked_when_that_is_off(
        self, keys: list[str], monkeypatch: pytest.MonkeyPatch, off: str
    ) -> None:
        monkeypatch.setenv("WEBTEST_INTERACTIVE", off)
        with pytest.raises(AssertionError):
            self.case().assertStatus(404)

    def test_nobody_is_asked_where_nobody_is(
        self, keys: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        case = self.case()
        case.interactive = True
        with pytest.raises(AssertionError):
            case.assertStatus(404)

    def test_who_wants_to_look_around_can(
        self, keys: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        keys += [*"hsu?b", " ", "q", "i"]
        case = self.case()
        assert case.interactive
        case.assertStatus(404)
        shown = capsys.readouterr().out
        assert "ERROR: Status 200 OK does not match 404" in shown
        assert "X-Seen: 1" in shown
        assert "line 59" in shown
        assert "line 60" not in shown
        assert keys == []

    def test_one_can_fail_or_leave(self, keys: list[str]) -> None:
        keys += "r"
        with pytest.raises(AssertionError):
            self.case().assertHeader("X-None")
        keys += "x"
        with pytest.raises(SystemExit):
            self.case().assertBody("")

    def test_a_class_may_say_no(self, keys: list[str]) -> None:
        case = self.case()
        case.interactive = False
        with pytest.raises(AssertionError):
            case.assertStatus(404)


class TestRunners:
    def run(self, *outcomes: bool) -> tuple[unittest.TestResult, str]:
        """Run tests with these outcomes and return the result and what was said."""

        class Case(unittest.TestCase):
            outcome = True

            def runTest(self) -> None:
                assert self.outcome

        suite = unittest.TestSuite()
        for outcome in outcomes:
            case = Case()
            case.outcome = outcome
            suite.addTest(case)
        stream: Any = io.StringIO()
        result = webtest.TerseTestRunner(stream=stream).run(suite)
        return result, stream.getvalue()

    def test_success_is_silent(self) -> None:
        result, said = self.run(True, True)
        assert result.wasSuccessful()
        assert said.strip(".\n") == ""

    def test_failures_are_told(self) -> None:
        result, said = self.run(True, False)
        assert len(result.failures) == 1
        assert "FAIL: " in said
        assert "FAILED (failures=1, errors=0)" in said

    def test_modules_are_imported_anew(
        self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "reloaded_tests.py").write_text(
            "import unittest\n"
            "class Case(unittest.TestCase):\n"
            "    def test_it(self): pass\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        loader = webtest.ReloadingTestLoader()
        first = loader.loadTestsFromName("reloaded_tests.Case.test_it")
        module = sys.modules["reloaded_tests"]
        again = loader.loadTestsFromName("reloaded_tests")
        assert first.countTestCases() == again.countTestCases() == 1
        assert sys.modules["reloaded_tests"] is not module
        known = loader.loadTestsFromName("Case", sys.modules["reloaded_tests"])
        assert known.countTestCases() == 1
        monkeypatch.delitem(sys.modules, "reloaded_tests")
