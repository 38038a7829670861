from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cherrypy.environment.timeouts import TimeoutMonitor
from cherrypy.process.wspbus import Bus


class Response:
    def __init__(self) -> None:
        self.looked = 0

    def check_timeout(self) -> None:
        self.looked += 1


def serving() -> Any:
    return SimpleNamespace(request=object(), response=Response())


def test_every_response_in_progress_looks_at_the_clock() -> None:
    active = {1: serving(), 2: serving()}
    monitor = TimeoutMonitor(Bus(), active.values)
    monitor.run()
    assert [one.response.looked for one in active.values()] == [1, 1]
    del active[1]
    assert monitor.servings == [(active[2].request, active[2].response)]


def test_the_monitor_has_the_documented_name_and_frequency() -> None:
    monitor = TimeoutMonitor(Bus(), list)
    messages: list[str] = []
    monitor.bus.subscribe("log", lambda msg, level: messages.append(msg))
    assert monitor.frequency == 60
    monitor.start()
    monitor.stop()
    assert messages[0] == "Started monitor thread '_TimeoutMonitor'."


def test_no_request_pays_for_the_monitor() -> None:
    bus = Bus()
    bus.listeners.update({"before_request": set(), "after_request": set()})
    TimeoutMonitor(bus, list).subscribe()
    assert bus.listeners["before_request"] == bus.listeners["after_request"] == set()
