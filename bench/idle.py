"""Ten thousand keep-alive connections that say nothing, and a client among them."""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import time
from typing import TYPE_CHECKING

from measure import WORKS, load, result

if TYPE_CHECKING:
    from measure import Server

CONNECTIONS = 10_000
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def idle_connections(server: Server, wanted: int = CONNECTIONS) -> dict[str, float]:
    """Open idle connections, each after one answered request; then put on load.

    Returns:
        ``kept``: connections that are open after the load; ``memory MB`` of the
        server with all of them; ``rate`` and ``p99`` (ms) of hello beside them.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    wanted = min(wanted, hard - 200)
    clients: list[socket.socket] = []
    deadline = time.monotonic() + 60
    try:
        for _ in range(0, wanted, 200):
            batch = _open(server.port, 200, deadline)
            clients += batch
            if len(batch) < 200:
                break
        memory = server.memory()
        sample = result(load(server.port, WORKS[0], connections=8, seconds=2))
        kept = sum(_is_open(client) for client in clients)
        return {
            "kept": kept,
            "memory MB": memory,
            "rate": sample.rate,
            "p99": sample.p99,
        }
    finally:
        for client in clients:
            client.close()


def _open(port: int, count: int, deadline: float) -> list[socket.socket]:
    """Connect, send one request on each connection, and read the answers."""
    batch: list[socket.socket] = []
    with contextlib.suppress(OSError):
        for number in range(count):
            client = socket.socket()
            client.settimeout(5)
            # One source address has too few ports for several rounds of these.
            client.bind((f"127.0.0.{2 + number % 200}", 0))
            client.connect(("127.0.0.1", port))
            batch.append(client)
    with selectors.DefaultSelector() as selector:
        for client in batch:
            client.setblocking(False)
            with contextlib.suppress(OSError):
                client.send(REQUEST)
            selector.register(client, selectors.EVENT_READ)
        answered: list[socket.socket] = []
        while len(answered) < len(batch) and time.monotonic() < deadline:
            for key, _ in selector.select(5):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                selector.unregister(client)
                with contextlib.suppress(OSError):
                    if client.recv(65536):
                        answered.append(client)
    for client in set(batch) - set(answered):
        client.close()
    return answered


def _is_open(client: socket.socket) -> bool:
    try:
        return client.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
