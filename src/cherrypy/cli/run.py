"""``cherrypy run``: serve an application."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.cli import settings, target
from cherrypy.cli.mistakes import Mistake, WrongUse
from cherrypy.core.wording import in_brief
from cherrypy.httpd.listeners import open_listeners
from cherrypy.process import respawn
from cherrypy.process.wspbus import ChannelFailures

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "command"]

_LOOK_SECONDS = 0.3


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    target.add_target(parser)
    parser.add_argument("--host", help="listen on this address (default: 127.0.0.1)")
    parser.add_argument(
        "--port",
        type=int,
        help="listen on this port (default: 8080); 0 takes any free one",
    )
    parser.add_argument(
        "--reload", action="store_true", help="begin anew whenever a file changes"
    )
    settings.add_settings(parser)


def command(options: Namespace) -> int:
    """Serve until Ctrl-C.

    Raises:
        WrongUse: Something on the command line is not there.
        Mistake: The application cannot be made, or the address is not free.
    """
    if options.port is not None and not 0 <= options.port < 2**16:
        raise WrongUse(f"--port is {options.port}; ports go from 0 to 65535.")
    try:
        _prepare(options)
    except Mistake as mistake:
        if not options.reload or isinstance(mistake, WrongUse):
            raise
        _begin_anew_after_a_change(mistake)
    _check_address()
    engine = cherrypy.engine
    engine.signals.subscribe()
    try:
        _start()
        _tell_address(options.app)
        engine.block()
    except KeyboardInterrupt:  # before there was anybody who waits for it
        if engine.state is not engine.states.EXITING:
            engine.exit()
    return 0


def _start() -> None:
    try:
        cherrypy.engine.start()
    except ChannelFailures as failures:
        # The log has it, too; but in production nobody sees that here.
        reasons = " ".join(map(in_brief, failures.get_instances()))
        raise Mistake(f"the server could not be started. {reasons}") from failures


def _prepare(options: Namespace) -> None:
    """Mount the application and put the config in force."""
    target.prepare(options)
    # Nobody who runs one class has asked for config.
    wanted: dict[str, Any] = {"checker.check_skipped_app_config": False}
    if options.host is not None:
        wanted["server.socket_host"] = options.host
    if options.port is not None:
        wanted["server.socket_port"] = options.port
    if wanted.keys() & {"server.socket_host", "server.socket_port"}:
        wanted["server.socket_file"] = None
    if options.reload or "engine.autoreload.on" not in cherrypy.config:
        wanted["engine.autoreload.on"] = options.reload
    if options.reload and "request.explain_errors" not in cherrypy.config:
        # Who has changes served at once is writing the program.
        wanted["request.explain_errors"] = True
    cherrypy.config.update(wanted)
    cherrypy.server.subscribe()


def _check_address() -> None:
    """Say in one sentence what would otherwise be a traceback of the engine."""
    address = cherrypy.server.bind_addr
    if not isinstance(address, tuple) or respawn.sockets_passed_in():
        return
    host, port = address
    try:
        found = open_listeners((host, port), backlog=1, nodelay=False, reuse_port=False)
    except OSError as refusal:
        taken = refusal.errno == errno.EADDRINUSE
        remedy = "stop what listens there, or choose" if taken else "choose another one"
        raise Mistake(
            f"cannot listen on {host}:{port}: {refusal.strerror or refusal}; {remedy} "
            "with --host and --port (0 takes any free port)."
        ) from refusal
    for listener in found:
        listener.close()


def _tell_address(words: str) -> None:
    server = cherrypy.server
    place = server.bound_addr
    where = f"the socket {place}" if isinstance(place, str) else server.base()
    print(f"{words} is served at {where}; Ctrl-C stops it.", flush=True)


def _begin_anew_after_a_change(mistake: Mistake) -> None:
    """Wait until somebody has corrected the program, and execute it again."""
    autoreload = cherrypy.engine.autoreload
    files = autoreload.sysfiles() | autoreload.files | _files_of(mistake)
    before = {file: _state(file) for file in files}
    print(f"cherrypy run: {mistake} Waiting for a change.", file=sys.stderr, flush=True)
    while all(_state(file) == state for file, state in before.items()):
        time.sleep(_LOOK_SECONDS)
    respawn.execute_again(lambda words: None, 0)


def _files_of(problem: BaseException | None) -> set[str]:
    """Return the files that an exception and its causes have come through."""
    files: set[str] = set()
    while problem is not None:
        trace = problem.__traceback__
        while trace is not None:
            files.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        if isinstance(problem, SyntaxError) and problem.filename:
            files.add(problem.filename)
        problem = problem.__cause__
    return {file for file in files if os.path.isfile(file)}


def _state(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:  # just being saved
        return None
    return found.st_mtime_ns, found.st_size
