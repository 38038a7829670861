"""Microseconds per request inside the process, without any server.

Started as a program it measures one WSGI application: ``inprocess.py MODULE:NAME``
prints a line of JSON. Behind another colon may stand ``log`` (write an access log) and
``door`` (call it as Morello's own server does, without WSGI in between), or both with a
comma.
"""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS: dict[str, tuple[str, str, str, bytes]] = {
    "hello": ("GET", "/", "", b""),
    "parameters": ("GET", "/item/42", "q=morello&n=7", b""),
    "form": ("POST", "/form", "", b"a=one&b=two&c=three"),
}


def in_process(rounds: int) -> dict[str, dict[str, float]]:
    """Measure the frameworks that are WSGI applications, each in its own process."""
    from measure import HERE, SERVER_CORE
    from peers import PEERS_BIN

    found: dict[str, dict[str, float]] = {}
    pinned = ["taskset", "-c", SERVER_CORE]
    peers_python = str(PEERS_BIN / "python")
    for name, python, target in (
        ("Morello, by its server", sys.executable, "cherry:cherrypy.tree:door"),
        ("the same, log written", sys.executable, "cherry:cherrypy.tree:door,log"),
        ("Morello", sys.executable, "cherry:cherrypy.tree"),
        ("Morello, access log written", sys.executable, "cherry:cherrypy.tree:log"),
        ("CherryPy 18", peers_python, "cherry:cherrypy.tree"),
        ("CherryPy 18, access log written", peers_python, "cherry:cherrypy.tree:log"),
        ("Flask", peers_python, "flask_app:application"),
        ("Django", peers_python, "django_app:application"),
        ("Bottle", peers_python, "bottle_app:application"),
        ("Falcon", peers_python, "falcon_app:application"),
    ):
        best: dict[str, float] = {}
        for _ in range(rounds):
            line = subprocess.run(
                [*pinned, python, str(HERE / "inprocess.py"), target],
                cwd=HERE / "apps",
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for work, value in json.loads(line.splitlines()[-1]).items():
                best[work] = min(value, best.get(work, value))
        found[name] = best
    return found


def _environ(method: str, path: str, query: str, body: bytes) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "HTTP_HOST": "127.0.0.1:8080",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    return environ


class _Exchange:
    """What the server hands to the application, but for the connection."""

    scheme = "http"
    local = ("127.0.0.1", 8080)
    remote = ("127.0.0.1", 50000)
    connection = SimpleNamespace(
        server=SimpleNamespace(identifies=False), remote=remote
    )
    answered = False

    def __init__(self, head: Any, body: bytes) -> None:
        self.head = head
        self.rfile = io.BytesIO(body)

    def respond(
        self, status: bytes, headers: Any, body: Any, on_close: Any = None
    ) -> None:
        self.status = status
        if on_close is not None:
            on_close()


def _by_the_server(tree: Any, work: str) -> Callable[[], str]:
    """Return a function that asks for a page and returns the status."""
    from cherrypy.core.native import NativeGateway
    from cherrypy.httpd.limits import Limits
    from cherrypy.httpd.protocols.heads import HeadReader
    from cherrypy.httpd.protocols.http1 import HTTP1

    method, path, query, body = REQUESTS[work]
    target = f"{path}?{query}" if query else path
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1:8080"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
        lines.append("Content-Type: application/x-www-form-urlencoded")
    raw = "\r\n".join([*lines, "", ""]).encode()
    head = HTTP1(HeadReader(Limits())).receive(raw)[0]
    answer: Any = NativeGateway(lambda: tree)

    def once() -> str:
        exchange = _Exchange(head, body)
        answer(exchange)
        return exchange.status.decode()

    return once


def _by_wsgi(app: Any, work: str) -> Callable[[], str]:
    """Return a function that asks for a page and returns the status."""
    method, path, query, body = REQUESTS[work]
    usual = _environ(method, path, query, body)
    statuses: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        statuses[:] = [status]

    def once() -> str:
        environ = usual.copy()
        environ["wsgi.input"] = io.BytesIO(body)
        answer = app(environ, start_response)
        for _ in answer:
            pass
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        return statuses[0]

    return once


def _measure(app: Any, asking: Any = _by_wsgi) -> dict[str, float]:
    """Return microseconds per request, the best of some bursts."""
    found = {}
    for work in REQUESTS:
        once = asking(app, work)
        for _ in range(500):
            status = once()
        if not status.startswith("200"):
            raise SystemExit(f"{work}: {status}")
        best = float("inf")
        for _ in range(15):
            started = time.perf_counter()
            for _ in range(1000):
                once()
            best = min(best, time.perf_counter() - started)
        found[work] = best * 1000
    return found


def main() -> None:
    """Measure the application that the command line names."""
    module, _, name = sys.argv[1].partition(":")
    name, _, words = name.partition(":")
    options = words.split(",")
    sys.path.insert(0, ".")
    app: Any = importlib.import_module(module)
    for part in name.split("."):
        app = getattr(app, part)
    if module == "cherry":
        import tempfile

        cherrypy = sys.modules["cherrypy"]
        cherrypy.config.update({"environment": "production"})
        if "log" in options:
            path = tempfile.mkstemp(suffix=".log")[1]
            cherrypy.config.update({"log.access_file": path})
    asking = _by_the_server if "door" in options else _by_wsgi
    print(json.dumps(_measure(app, asking)))


if __name__ == "__main__":
    main()
