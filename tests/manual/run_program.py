"""Run one program of the manual on free ports, and tell when it can be asked.

    python run_program.py PROGRAM REPORTS [ARGUMENT ...]

The program's text stays as it is. What must differ from the reader's desk is arranged
on the bus before the program begins: every server listens on a port that is free
(the manual says 8080), and as soon as the bus is started and its main loop turns, one
line of JSON goes to the named pipe REPORTS: the process id and the addresses. After
the bus has re-executed the process, the new one reports again.
"""

from __future__ import annotations

import json
import os
import runpy
import sys

import cherrypy
from cherrypy.process.servers import ServerAdapter


def servers() -> list[ServerAdapter]:
    """Return the servers that start with the bus, `cherrypy.server` first."""
    owners = [
        getattr(listener, "__self__", None)
        for listener in cherrypy.engine.listeners["start"]
    ]
    found = [owner for owner in owners if isinstance(owner, ServerAdapter)]
    return sorted(found, key=lambda server: server is not cherrypy.server)


def take_free_ports() -> None:
    for server in servers():
        if getattr(server, "socket_port", None):
            server.socket_port = 0  # type: ignore[attr-defined]
            # A server object that the program made itself has its address already.
            if hasattr(server.httpserver, "bind_addr"):
                server.httpserver.bind_addr = ("127.0.0.1", 0)


def report_to(pipe: str) -> None:
    def report() -> None:
        cherrypy.engine.unsubscribe("main", report)
        addresses = [server.bound_addr for server in servers()]
        foreign = getattr(cherrypy.engine, "foreign_address", None)
        facts = {
            "pid": os.getpid(),
            "addresses": [*addresses, *([foreign] if foreign else [])],
        }
        with open(pipe, "w") as reports:
            reports.write(json.dumps(facts) + "\n")

    cherrypy.engine.subscribe("main", report)


if __name__ == "__main__":
    program, pipe = sys.argv[1:3]
    sys.argv[:3] = [program]
    sys.path[0] = os.path.dirname(program)
    cherrypy.engine.subscribe("start", take_free_ports, priority=1)
    report_to(pipe)
    runpy.run_path(program, run_name="__main__")
