"""Live updates of the notes: who hears what, how many listen, and when it ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cherrypy.process.wspbus import Bus
from examples.notes import live
from examples.notes.live import PLACES, Changes, Live
from tests.examples.notes_client import add

if TYPE_CHECKING:
    from collections.abc import Iterator

    import cherrypy
    from cherrypy.testing import Client


@pytest.fixture
def changes() -> Iterator[Changes]:
    bus = Bus()
    made = Changes(bus)
    made.subscribe()
    yield made
    made.stop()


class TestTheNumber:
    def test_a_listener_hears_of_what_it_has_missed(self, changes: Changes) -> None:
        seen = changes.number
        changes.announce()
        changes.announce()
        listening = changes.listen(seen)
        assert next(listening) == seen + 2

    def test_a_listener_hears_of_what_comes(self, changes: Changes) -> None:
        seen = changes.number
        listening = changes.listen(seen)
        heard: list[int] = []
        waiting = threading.Thread(target=lambda: heard.append(next(listening)))
        waiting.start()
        changes.announce()
        waiting.join(30)
        assert heard == [seen + 1]

    def test_silence_is_broken(
        self, changes: Changes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.001)
        events = Live(changes).events(changes.number)
        assert next(events) == "retry: 1500\n\n"
        assert next(events) == ": still here\n\n"
        changes.announce()
        number = changes.number
        assert next(events) == f"event: change\nid: {number}\ndata: {number}\n\n"
        assert next(events) == ": still here\n\n"

    def test_who_has_listened_longest_makes_room(self, changes: Changes) -> None:
        listeners = [changes.listen(0) for _ in range(PLACES + 1)]
        for each in listeners:
            next(each)
        ended = [next(each, None) is None for each in listeners[:1]]
        changes.announce()
        ended += [next(each, None) is None for each in listeners[1:]]
        assert ended == [True] + [False] * PLACES

    def test_who_waits_makes_room_at_once(self, changes: Changes) -> None:
        oldest = changes.listen(changes.number)
        waiting = threading.Thread(target=list, args=[oldest])
        waiting.start()
        while not changes._listeners:
            pass
        others = [changes.listen(0) for _ in range(PLACES)]
        for each in others:
            next(each)
        waiting.join(30)
        assert not waiting.is_alive()

    def test_who_leaves_frees_the_place(self, changes: Changes) -> None:
        listening = changes.listen(0)
        next(listening)
        assert len(changes._listeners) == 1
        listening.close()  # type: ignore[attr-defined]
        assert len(changes._listeners) == 0

    def test_nobody_listens_when_the_site_stops(self, changes: Changes) -> None:
        listening = changes.listen(0)
        next(listening)
        changes.bus.publish("stop")
        assert list(listening) == []
        assert list(changes.listen(0)) == []
        changes.bus.publish("start")
        assert next(changes.listen(0)) == changes.number


class TestThePage:
    def test_it_is_a_stream_of_events(self, stranger: Client) -> None:
        with stranger.get("/live/", stream=True) as response:
            assert response.content_type == "text/event-stream"
            assert response.headers["Cache-Control"] == "no-store"
            assert "Content-Encoding" not in response.headers
            assert "Set-Cookie" not in response.headers
            lines = response.iter_lines()
            assert next(lines) == "retry: 1500"
            assert next(lines) == ""
            assert next(lines) == "event: change"

    def test_every_change_is_told(
        self, client: Client, application: cherrypy.Application
    ) -> None:
        changes: Changes = application.root.changes
        numbers = [changes.number]
        here = add(client)
        numbers.append(changes.number)
        client.post(f"{here}change", data={"title": "Bread"})
        numbers.append(changes.number)
        client.post("/api/notes", json={"title": "Butter"})
        numbers.append(changes.number)
        client.post(f"{here}delete")
        numbers.append(changes.number)
        assert numbers == list(range(numbers[0], numbers[0] + 5))
        assert f'data-seen="{numbers[-1]}"' in client.get("/").text

    def test_the_browser_says_where_it_was(
        self, client: Client, application: cherrypy.Application
    ) -> None:
        changes: Changes = application.root.changes
        seen = str(changes.number)
        changes.announce()
        url = f"/live/?seen={changes.number}"
        with client.get(url, headers={"Last-Event-ID": seen}, stream=True) as response:
            lines = response.iter_lines()
            next(lines), next(lines)
            assert next(lines) == "event: change"
            assert next(lines) == f"id: {changes.number}"

    @pytest.mark.parametrize("said", ["x", "-1", "9" * 400, "²"])
    def test_nonsense_is_overheard(self, client: Client, said: str) -> None:
        headers = {"Last-Event-ID": said.encode("utf-8").decode("latin-1")}
        with client.get("/live/", headers=headers, stream=True) as response:
            assert response.status_code == 200
        assert client.get(f"/live/?seen={said}x").status_code == 400
