"""``cherrypy bench``: measure how fast a URL is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import cherrypy
from cherrypy.cli.load import Load, Question, Result
from cherrypy.cli.mistakes import Mistake, WrongUse
from cherrypy.cli.terminal import Terminal

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "command"]

_PARTS = (0.5, 0.9, 0.99)

_BUSY = 0.8
"""From here on the generator may be what is slow."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("url", metavar="URL", help="such as http://127.0.0.1:8080/")
    add(
        "-c",
        "--connections",
        type=int,
        default=16,
        metavar="N",
        help="how many ask at a time (default: 16)",
    )
    add(
        "-s",
        "--seconds",
        type=float,
        default=5.0,
        help="how long (default: 5)",
    )
    add("-X", "--method", metavar="METHOD", help="the request method (default: GET)")
    add(
        "-H",
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a request header (may be repeated)",
    )
    add("-d", "--data", metavar="TEXT", help="a body; makes the method POST")
    add(
        "--timeout",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="after this an answer counts as missing (default: 10)",
    )
    add("--no-keep-alive", action="store_true", help="one connection per request")
    add("--json", action="store_true", help="print JSON")


def command(options: Namespace) -> int:
    """Print what was measured; 1 if anything but success was among the answers.

    Raises:
        WrongUse: The URL or a number makes no sense.
        Mistake: Nobody listens there.
    """
    if options.connections < 1 or options.seconds <= 0 or options.timeout <= 0:
        raise WrongUse("connections, seconds and timeout must be greater than 0.")
    question = _question(options)
    load = Load(
        question,
        connections=options.connections,
        seconds=options.seconds,
        timeout_seconds=options.timeout,
    )
    terminal = Terminal(colour=not options.no_color)
    if not options.json:
        many = f"{options.connections} connections, {options.seconds:g} s"
        terminal.say(f"{options.url}: {many} ...")
    try:
        result = load.run()
    except OSError as refusal:
        raise Mistake(
            f"cannot connect to {question.host}:{question.port}: "
            f"{refusal.strerror or refusal}; start the server, or correct the URL."
        ) from refusal
    if options.json:
        print(json.dumps(_as_document(result), indent=2))
    else:
        _print(terminal, result)
    succeeded = sum(n for status, n in result.statuses.items() if status < 400)
    failed = sum(result.statuses.values()) - succeeded
    return 1 if failed or result.errors or not succeeded else 0


def _question(options: Namespace) -> Question:
    """Return what is to be asked.

    Raises:
        WrongUse: The URL makes no sense, or a header does not.
    """
    try:
        parts = urlsplit(options.url)
        port = parts.port
    except ValueError as problem:
        raise WrongUse(f"{options.url!r} is no URL: {problem}.") from problem
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongUse(
            f"{options.url!r} is no URL of a server; write http://host:port/path."
        )
    body = (options.data or "").encode()
    method = options.method or ("GET" if options.data is None else "POST")
    host = parts.netloc.rpartition("@")[2]
    headers = {"host": ("Host", host), "accept": ("Accept", "*/*")}
    headers["user-agent"] = ("User-Agent", f"cherrypy-bench/{cherrypy.__version__}")
    if options.data is not None:
        kind = "application/x-www-form-urlencoded"
        headers["content-type"] = ("Content-Type", kind)
        headers["content-length"] = ("Content-Length", str(len(body)))
    if options.no_keep_alive:
        headers["connection"] = ("Connection", "close")
    for text in options.header:
        name, colon, value = text.partition(":")
        if not colon or not name.strip() or "\n" in text or "\r" in text:
            raise WrongUse(f"the header {text!r} has no colon; write 'Name: value'.")
        headers[name.strip().lower()] = (name.strip(), value.strip())
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.values()]
    try:
        message = "\r\n".join([*lines, "", ""]).encode("ascii") + body
    except UnicodeEncodeError as problem:
        raise WrongUse(
            "URL and headers must be ASCII; write other characters %-encoded."
        ) from problem
    secure = parts.scheme == "https"
    return Question(
        parts.hostname,
        port or (443 if secure else 80),
        message,
        has_body=method != "HEAD",
        server_name=parts.hostname if secure else None,
    )


def _print(terminal: Terminal, result: Result) -> None:
    rows = [
        ("requests", f"{len(result.latencies):,} in {result.seconds:.1f} s"),
        ("rate", f"{result.rate:,.0f} per second"),
        ("received", f"{result.received_bytes / 1e6:,.1f} MB"),
    ]
    if result.latencies:
        *quantiles, most = result.quantiles(*_PARTS, 1.0)
        told = [
            f"p{part * 100:g} {_time(value)}"
            for part, value in zip(_PARTS, quantiles, strict=True)
        ]
        rows.append(("latency", ", ".join([*told, f"max {_time(most)}"])))
    statuses = [f"{n:,} x {status}" for status, n in sorted(result.statuses.items())]
    rows.append(("answers", ", ".join(statuses) or "none"))
    rows += [("error", f"{n:,} x {what}") for what, n in result.errors.most_common()]
    terminal.table((), rows, indent=2)
    terminal.say(terminal.dim(_limits(result)))


def _limits(result: Result) -> str:
    """Return what is to be kept in mind with these numbers."""
    text = (
        f"The generator, one Python thread, was busy for {result.busy:.0%} of the time"
    )
    if result.busy > _BUSY:
        return f"{text}: the server may be faster than this, use wrk or oha to see."
    return f"{text}. A slow answer delays the next question, so waits are understated."


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _as_document(result: Result) -> dict[str, Any]:
    names = [f"p{part * 100:g}" for part in _PARTS]
    values = result.quantiles(*_PARTS, 1.0) if result.latencies else [None] * 4
    return {
        "requests": len(result.latencies),
        "seconds": result.seconds,
        "requests_per_second": result.rate,
        "received_bytes": result.received_bytes,
        "latency_seconds": dict(zip([*names, "max"], values, strict=True)),
        "statuses": {str(status): n for status, n in sorted(result.statuses.items())},
        "errors": dict(result.errors),
        "generator_busy": result.busy,
    }
