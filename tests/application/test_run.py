"""Starting a site in one call; nothing is really started here."""

from __future__ import annotations

import configparser
import io
import sys
from typing import Any

import pytest

import cherrypy
from cherrypy.application import run
from cherrypy.process.wspbus import ChannelFailures, Explained


class FakeEngine:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.signals = self

    def subscribe(self) -> None:
        self.asked.append("subscribe")

    def start(self) -> None:
        self.asked.append("start")

    def block(self) -> None:
        self.asked.append("block")


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "index"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What takes the place of the site's config: it acts on nothing."""
    site: dict[str, Any] = {}
    monkeypatch.setattr(run, "site_config", site)
    return site


@pytest.fixture
def engine(site: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    engine = FakeEngine()
    monkeypatch.setattr(run, "engine", engine)
    monkeypatch.setattr(cherrypy, "tree", type(cherrypy.tree)())
    return engine


def mounted() -> dict[str, Any]:
    return {path: app.config for path, app in cherrypy.tree.apps.items()}


def test_an_application_is_mounted_and_the_engine_runs(engine: FakeEngine) -> None:
    cherrypy.quickstart(Root())
    assert mounted() == {"": {}}
    assert engine.asked == ["subscribe", "start", "block"]


def test_config_goes_to_the_site_and_to_the_application(
    engine: FakeEngine, site: dict[str, Any]
) -> None:
    config = {"/": {"own.word": 1}, "global": {"own.site": 2}}
    cherrypy.quickstart(Root(), "/app", config)
    assert mounted()["/app"]["/"] == {"own.word": 1}
    assert site["global"] == {"own.site": 2}


def test_what_a_sentence_explains_ends_the_program_with_it(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(problem: Exception) -> None:
        failures = ChannelFailures()
        try:
            raise problem
        except Exception:  # boundary: as the bus does it
            failures.handle_exception()
        raise failures

    monkeypatch.setattr(engine, "start", lambda: start(Explained("The port is taken.")))
    with pytest.raises(SystemExit) as caught:
        cherrypy.quickstart(Root())
    assert caught.value.code == "The port is taken."
    assert isinstance(caught.value, ChannelFailures)
    assert isinstance(caught.value.get_instances()[0], Explained)

    monkeypatch.setattr(engine, "start", lambda: start(OSError("x")))
    with pytest.raises(ChannelFailures) as kept:
        cherrypy.quickstart(Root())
    assert not isinstance(kept.value, SystemExit)


def test_an_open_file_is_read_once(engine: FakeEngine, site: dict[str, Any]) -> None:
    config = io.StringIO("[global]\nown.site: 2\n\n[/]\nown.word: 1\n")
    cherrypy.quickstart(Root(), config=config)
    assert mounted()[""]["/"] == {"own.word": 1}
    assert site["global"] == {"own.site": 2}


def test_a_config_that_is_wrong_is_told_without_a_traceback_and_can_be_caught(
    engine: FakeEngine,
    site: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *rest: shown.append(kind))
    with pytest.raises(configparser.ParsingError) as caught:
        cherrypy.quickstart(Root(), config=io.StringIO("[/]\nwhat is this\n"))
    assert engine.asked == []
    # As Python does it, if nobody catches the exception.
    sys.excepthook(caught.type, caught.value, caught.tb)
    said = capsys.readouterr().err
    assert said.startswith("ParsingError: Source contains parsing errors: ")
    assert said.endswith("or a comment that begins with #.\n")
    sys.excepthook(KeyError, KeyError("x"), None)
    assert shown == [KeyError]


def test_what_nobody_has_explained_keeps_its_traceback(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sys.excepthook
    with pytest.raises(ValueError, match="must include section headers"):
        cherrypy.quickstart(Root(), config={"own.word": 1})
    assert sys.excepthook is before
