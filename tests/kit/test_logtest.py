"""Looking into logs."""

from __future__ import annotations

import unittest
import uuid
from pathlib import Path
from typing import Any

import pytest

import cherrypy
from cherrypy.test import helper, logtest


class Case(logtest.LogCase, unittest.TestCase):
    def runTest(self) -> None:
        pass


@pytest.fixture
def case(tmp_path: Path) -> Case:
    case = Case()
    case.logfile = str(tmp_path / "site.log")
    case.emptyLog()
    return case


def write(case: Case, *lines: str) -> None:
    with Path(case.logfile).open("a", encoding="utf-8") as log:
        log.writelines(f"{line}\n" for line in lines)


def test_only_what_comes_after_the_mark_counts(case: Case) -> None:
    write(case, "before")
    case.assertInLog("before")
    case.markLog()
    write(case, "after ä")
    case.assertInLog("after ä")
    case.assertInLog(b"after")
    case.assertNotInLog("before")
    case.assertLog(0, "after")


def test_marks_have_names_and_ends(case: Case) -> None:
    case.markLog("one")
    write(case, "first", "second")
    case.markLog("two")
    write(case, "third")
    case.assertLog((0, 2), ["first", b"second"], marker="one")
    case.assertNotInLog("third", marker="one")
    case.assertLog(-1, "third")
    assert case.lastmarker == "two"


def test_lines_are_told_by_number(case: Case) -> None:
    write(case, "first", "second", "third")
    case.assertLog(1, "second")
    case.assertLog(-1, ["third"])
    case.assertLog((-2, None), ["second", "third"])
    with pytest.raises(TypeError, match="must be a list"):
        case.assertLog((0, 2), "first")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("assertInLog", ["absent"]),
        ("assertNotInLog", ["first"]),
        ("assertLog", [0, "absent"]),
        ("assertLog", [5, "first"]),
        ("assertLog", [(0, 1), ["first", "second"]]),
        ("assertValidUUIDv4", []),
        ("assertInLog", ["first", "no such mark"]),
    ],
)
def test_a_failure_shows_the_log(case: Case, method: str, arguments: list[Any]) -> None:
    write(case, "first", "second")
    with pytest.raises(AssertionError) as failure:
        getattr(case, method)(*arguments)
    shown = "(nothing)" if "no such mark" in arguments else "first\nsecond"
    assert shown in str(failure.value)


def test_only_random_uuids_are_valid(case: Case) -> None:
    write(case, f"id {uuid.uuid5(uuid.NAMESPACE_DNS, 'x')}")
    with pytest.raises(AssertionError, match="UUIDv4 not found"):
        case.assertValidUUIDv4()
    write(case, f"id {uuid.uuid4()} and more")
    case.assertValidUUIDv4()


def test_one_can_leave(case: Case) -> None:
    with pytest.raises(SystemExit):
        case.exit()


class AccessLogTest(helper.CPWebCase, logtest.LogCase):
    """A site whose log is looked into, as in the manual."""

    interactive = False

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.logfile = str(tmp_path_factory.mktemp("log") / "access.log")

    @classmethod
    def setup_server(cls) -> None:
        class Root:
            @cherrypy.expose
            def index(self) -> str:
                return "hello"

        cherrypy.tree.mount(Root())

    def setUp(self) -> None:
        super().setUp()
        cherrypy.config.update({"log.access_file": self.logfile})
        self.addCleanup(cherrypy.config.update, {"log.access_file": ""})

    def test_a_page_is_logged(self) -> None:
        self.markLog()
        self.getPage("/")
        self.assertLog(-1, '"GET / HTTP/1.1" 200 5')
