"""Both ways to ask which descriptors are ready, and a server on the second one."""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING

import pytest

from cherrypy.httpd import pollers
from cherrypy.httpd.pollers import (
    READABLE,
    WRITABLE,
    Poller,
    SelectorPoller,
    make_poller,
    wait,
)
from tests.httpd.serving import hello, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


@pytest.mark.parametrize("make", [make_poller, SelectorPoller])
def test_a_poller_reports_levels(
    make: Callable[[], Poller], pair: tuple[socket.socket, socket.socket]
) -> None:
    here, there = pair
    fd = here.fileno()
    poller = make()
    poller.register(fd, READABLE)
    with pytest.raises(FileExistsError):
        poller.register(fd, READABLE)
    assert poller.poll(0.0, 10) == []
    there.send(b"x")
    for _ in range(2):  # as long as it is not read
        assert poller.poll(None, 10) == [(fd, READABLE)]
    poller.modify(fd, WRITABLE)
    assert poller.poll(0.0, 10) == [(fd, WRITABLE)]
    poller.modify(fd, READABLE | WRITABLE)
    assert poller.poll(0.0, 10) == [(fd, READABLE | WRITABLE)]
    poller.unregister(fd)
    with pytest.raises(FileNotFoundError):
        poller.unregister(fd)
    with pytest.raises(FileNotFoundError):
        poller.modify(fd, READABLE)
    assert poller.poll(0.0, 10) == []
    poller.close()


@pytest.mark.parametrize("with_poll", [True, False])
def test_one_descriptor_can_be_waited_for(
    with_poll: bool,
    pair: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not with_poll:
        monkeypatch.delattr(select, "poll")
    here, there = pair
    assert not wait(here.fileno(), -1.0)
    assert not wait(here.fileno(), 0.001)
    assert wait(here.fileno(), 0.0, writable=True)
    there.send(b"x")
    assert wait(here.fileno(), 5.0)


def test_the_server_works_without_epoll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "epoll")
    assert isinstance(pollers.make_poller(), SelectorPoller)

    def page(exchange: object) -> None:
        hello(exchange)

    with serving(page) as running, running.client() as client:
        assert isinstance(running.server.baton.poller, SelectorPoller)
        for _ in range(50):
            assert client.ask().status == 200
        slow = running.client(buffer=4096)
        slow.request("/")
        assert slow.answer().status == 200
