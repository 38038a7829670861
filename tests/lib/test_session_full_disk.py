"""On a full disk the old session is intact, and all is well once there is room."""

from __future__ import annotations

import resource
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from tests.lib.apps import Root, mount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cherrypy.testing import Client


class Site(Root):
    @cherrypy.expose
    def keep(self, size: str) -> str:
        cherrypy.session["text"] = "x" * int(size)
        return "kept"

    @cherrypy.expose
    def show(self) -> str:
        return str(len(cherrypy.session.get("text", "")))


def client(place: str, folder: Path, **more: Any) -> Client:
    settings: dict[str, Any] = {"storage": f"sqlite://{folder}/sessions.db"}
    if place == "files":
        settings = {
            "storage_class": "cherrypy.lib.sessions.FileSession",
            "storage_path": str(folder),
        }
    settings |= {"on": True, **more}
    return mount(Site(), {"/": {f"tools.sessions.{k}": v for k, v in settings.items()}})


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file of this process get larger than so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("place", ["files", "database"])
class TestFullDisk:
    def test_the_old_session_is_intact_and_the_client_told(
        self, place: str, tmp_path: Path
    ) -> None:
        asked = client(place, tmp_path)
        assert asked.get("/keep?size=1000").text == "kept"
        with full_disk(200_000):
            answer = asked.get("/keep?size=3000000")
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert asked.get("/show").text in ("1000", answer.text)
        assert asked.get("/show").text == "1000"
        assert asked.get("/keep?size=3000000").text == "kept"
        assert asked.get("/show").text == "3000000"

    def test_or_the_page_goes_on_without(self, place: str, tmp_path: Path) -> None:
        asked = client(place, tmp_path, on_unavailable="continue")
        assert asked.get("/keep?size=1000").text == "kept"
        with full_disk(200_000):
            assert asked.get("/keep?size=3000000").text == "kept"
        assert asked.get("/show").text == "1000"
        assert asked.get("/keep?size=2000").text == "kept"
        assert asked.get("/show").text == "2000"
