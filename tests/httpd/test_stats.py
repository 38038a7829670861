"""What a server counts, and that it does so only when asked to."""

from __future__ import annotations

import logging
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import trustme

from cherrypy.httpd.server import HTTPServer
from cherrypy.httpd.tls import TLSSettings
from tests.httpd.serving import PATIENCE_SECONDS, hello, serving

if TYPE_CHECKING:
    from pathlib import Path


def values(stats: dict[str, Any]) -> dict[str, Any]:
    return {k: v(stats) if callable(v) else v for k, v in stats.items()}


def values_once(stats: dict[str, Any], name: str, number: float) -> dict[str, Any]:
    """Return the values when one of them has become this number.

    What a thread does after it has sent an answer is counted a moment later.
    """
    deadline = monotonic() + PATIENCE_SECONDS
    while (seen := values(stats))[name] < number and monotonic() < deadline:
        threading.Event().wait(0.001)
    return seen


def test_nothing_is_counted_by_default() -> None:
    with serving(hello) as running:
        running.get()
        seen = values(running.server.stats)
        assert seen["Enabled"] is False
        assert seen["Requests"] == seen["Accepts"] == seen["Bytes Read"] == 0
        assert seen["Run time"] == -1
        assert seen["Threads"] == 11


def test_requests_and_bytes_are_counted() -> None:
    with serving(hello, statistics=True) as running:
        client = running.client()
        for _ in range(3):
            client.ask()
        seen = values_once(running.server.stats, "Requests", 3)
        assert seen["Accepts"] == 1
        assert seen["Requests"] == 3
        assert seen["Bytes Read"] == 3 * len(
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        assert seen["Bytes Written"] > 300
        assert seen["Work Time"] > 0
        assert seen["Read Throughput"] > 0
        assert seen["Write Throughput"] > 0
        assert seen["Run time"] > 0
        assert seen["Accepts/sec"] > 0
        assert seen["Queue"] == 0
        assert seen["Connections"] == 1
        assert 0 < seen["Threads Idle"] <= seen["Threads"] == 11
        assert seen["Bind Address"] == repr(("127.0.0.1", 0))
        workers = seen["Worker Threads"]
        assert sum(each["Requests"] for each in workers.values()) == 3


def test_counting_can_be_switched_on_and_off() -> None:
    with serving(hello) as running:
        running.server.stats["Enabled"] = True
        running.get()
        running.server.stats["Enabled"] = True
        seen = values_once(running.server.stats, "Requests", 1)
        assert seen["Requests"] == 1
        running.server.stats["Enabled"] = False
        running.get()
        assert values(running.server.stats)["Requests"] == 1


def test_the_numbers_are_shown_while_the_server_runs() -> None:
    with serving(hello, statistics=True) as running:
        shown = vars(logging)["statistics"]
        assert any(each is running.server.stats for each in shown.values())
    assert not any(each is running.server.stats for each in shown.values())


def test_broken_connections_are_counted() -> None:
    begun, gone = threading.Event(), threading.Event()

    def page(exchange: Any) -> None:
        begun.set()
        gone.wait(10)
        exchange.respond(b"200 OK", [], (bytes(1_000_000) for _ in range(100)))

    with serving(page, statistics=True) as running:
        with running.client() as client:
            client.request()
            begun.wait(10)
        gone.set()
        while running.server.open_connections:
            pass
        assert running.server.stats["Socket Errors"] >= 1


def test_tls_counts_what_the_application_sees(tmp_path: Path) -> None:
    authority = trustme.CA()
    together = str(tmp_path / "all.pem")
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(together)
    import ssl

    context = ssl.create_default_context()
    authority.configure_trust(context)
    with serving(hello, statistics=True, tls=TLSSettings(together)) as running:
        running.client(tls=context).ask()
        seen = values_once(running.server.stats, "Bytes Written", 101)
        assert seen["Accepts"] == 1
        assert seen["Bytes Written"] > 100


def test_a_server_that_does_not_run_has_numbers_too() -> None:
    server = HTTPServer(hello, bind_addr=("127.0.0.1", 0))
    seen = values(server.stats)
    assert seen["Threads"] == seen["Queue"] == seen["Connections"] == 0
    assert seen["Threads Idle"] == 0
