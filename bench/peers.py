"""Who is measured: a command for each server and framework."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PEERS_BIN = HERE / ".peers" / "bin"


@dataclass(frozen=True)
class Peer:
    """One server with one framework.

    Attributes:
        name: What the tables call it.
        command: How to start it; ``{port}`` stands for the port.
        imports: What to import when the cost of importing is measured.
        python: The interpreter that has it installed.
        kind: "thread" or "async": how it runs a page.
    """

    name: str
    command: tuple[str, ...]
    imports: str
    kind: str
    python: str = str(PEERS_BIN / "python")


def _peer(name: str, kind: str, imports: str, *command: str) -> Peer:
    program = str(PEERS_BIN / command[0])
    return Peer(name, (program, *command[1:]), imports, kind)


def _uvicorn(name: str, target: str, imports: str, kind: str = "async") -> Peer:
    return _peer(
        f"{name} on uvicorn",
        kind,
        imports,
        *("uvicorn", target, "--host=127.0.0.1", "--port={port}", "--backlog=1024"),
        *("--no-access-log", "--log-level=error", "--app-dir=apps"),
    )


def _gunicorn(name: str, target: str, imports: str) -> Peer:
    return _peer(
        f"{name} on gunicorn",
        "thread",
        imports,
        *("gunicorn", target, "--bind=127.0.0.1:{port}", "--workers=1"),
        *("--threads=10", "--worker-class=gthread", "--keep-alive=10"),
        *("--chdir=apps", "--log-level=error", "--backlog=1024"),
    )


def _waitress(name: str, target: str, imports: str) -> Peer:
    return _peer(
        f"{name} on waitress",
        "thread",
        imports,
        *("python", "-c", _WAITRESS, target, "{port}"),
    )


_WAITRESS = (
    "import sys; sys.path.insert(0, 'apps'); import importlib, waitress; "
    "m, _, a = sys.argv[1].partition(':'); "
    "waitress.serve(getattr(importlib.import_module(m), a), host='127.0.0.1', "
    "port=int(sys.argv[2]), threads=10, connection_limit=12000, _quiet=True)"
)

MORELLO = Peer(
    "Morello",
    (sys.executable, "apps/cherry.py", "{port}"),
    "cherrypy",
    "thread",
    sys.executable,
)
CHERRYPY = _peer(
    "CherryPy 18", "thread", "cherrypy", "python", "apps/cherry.py", "{port}"
)

PEERS: tuple[Peer, ...] = (
    MORELLO,
    CHERRYPY,
    _waitress("Flask", "flask_app:application", "flask, waitress"),
    _gunicorn("Flask", "flask_app:application", "flask, gunicorn"),
    _gunicorn("Django", "django_app:application", "django, gunicorn"),
    _waitress("Bottle", "bottle_app:application", "bottle, waitress"),
    _peer(
        "Falcon on granian",
        "thread",
        "falcon, granian",
        *("granian", "--interface=wsgi", "--host=127.0.0.1", "--port={port}"),
        *("--workers=1", "--blocking-threads=10", "--no-log", "--backlog=1024"),
        *("--working-dir=apps", "falcon_app:application"),
    ),
    _uvicorn("Starlette", "starlette_app:application", "starlette, uvicorn"),
    _uvicorn("FastAPI", "fastapi_app:application", "fastapi, uvicorn"),
    _uvicorn("FastAPI (def)", "fastapi_app:plain", "fastapi, uvicorn", "thread"),
    _uvicorn("BlackSheep", "blacksheep_app:application", "blacksheep, uvicorn"),
    _peer("aiohttp", "async", "aiohttp", "python", "apps/aiohttp_app.py", "{port}"),
)
