"""Leases of locks, with a server that is only told about."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cherrypy.stores.base import StoreUnavailable
from cherrypy.stores.leases import Leases
from tests.stores.contract import until

if TYPE_CHECKING:
    from collections.abc import Callable


class Server:
    """Notes what it is asked; does not answer while it is away."""

    def __init__(self) -> None:
        self.renewed = 0
        self.given_back = 0
        self.away = False
        self.asked_in_vain = 0

    def renew(self) -> None:
        if self.away:
            self.asked_in_vain += 1
            raise StoreUnavailable("away")
        self.renewed += 1

    def give_back(self) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.given_back += 1


@pytest.fixture
def server() -> Server:
    return Server()


def lease_threads() -> int:
    return sum("Leases" in thread.name for thread in threading.enumerate())


def take(leases: Leases, server: Server) -> Callable[[], None]:
    """Take a lock at once, and return what lets go of it."""
    return leases.take(lambda: None, server.renew, server.give_back)


def take_in_vain(leases: Leases, server: Server, cause: Exception | None) -> None:
    """Ask for a lock, and get an error as a store raises it, on account of another."""

    def wait() -> None:
        raise StoreUnavailable("away") from cause

    with pytest.raises(StoreUnavailable, match="away"):
        leases.take(wait, server.renew, server.give_back)


def test_a_lock_is_renewed_while_it_is_held(server: Server) -> None:
    leases = Leases(0.03)
    let_go = take(leases, server)
    until(lambda: server.renewed >= 3)
    let_go()
    assert server.given_back == 1
    until(lambda: lease_threads() == 0)


def test_a_lock_is_renewed_as_soon_as_the_server_is_back(server: Server) -> None:
    leases = Leases(0.03)
    server.away = True
    let_go = take(leases, server)
    until(lambda: server.asked_in_vain)
    server.away = False
    until(lambda: server.renewed)
    let_go()


def test_a_server_that_is_away_is_not_asked_all_the_time(server: Server) -> None:
    pauses: list[float] = []

    class Wake(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout or 0.0)
            return super().wait(timeout)

    leases = Leases(0.09)
    leases._wake = Wake()
    server.away = True
    let_go = take(leases, server)
    until(lambda: server.asked_in_vain >= 3)
    assert min(pauses) > 0.01
    server.away = False
    let_go()


def test_a_lock_is_renewed_while_other_servers_are_away(server: Server) -> None:
    leases = Leases(0.06)
    away = Server()
    away.away = True
    ways_out = [take(leases, away) for _ in range(9)] + [take(leases, server)]
    until(lambda: server.renewed >= 3)
    for let_go in ways_out:
        let_go()
    until(lambda: lease_threads() == 0)


def test_a_lock_is_renewed_while_one_is_owed_elsewhere(server: Server) -> None:
    leases = Leases(60)
    let_go = take(leases, server)
    for lease in leases._held:
        lease.due = 0.0
    away = Server()
    let_go_there = take(leases, away)
    away.away = True
    let_go_there()
    until(lambda: server.renewed)
    assert leases._owed
    away.away = False
    let_go()
    until(lambda: lease_threads() == 0)
    assert away.given_back == 1


def test_a_lock_is_given_back_when_the_server_is_back(server: Server) -> None:
    leases = Leases(60)
    let_go = take(leases, server)
    server.away = True
    let_go()
    assert server.given_back == 0
    server.away = False
    until(lambda: server.given_back)
    until(lambda: lease_threads() == 0)
    assert server.given_back == 1


@pytest.mark.parametrize("answered", [True, False])
def test_a_lock_given_back_while_it_is_being_renewed_is_given_back_again(
    server: Server, answered: bool
) -> None:
    def renew() -> None:
        let_go()
        # The server hears of it only now, and the lock is taken once more.
        if not answered:
            raise StoreUnavailable("The answer was lost.")

    leases = Leases(0.3)
    let_go = leases.take(lambda: None, renew, server.give_back)
    until(lambda: lease_threads() == 0)
    assert server.given_back == 2


def test_a_lock_whose_lease_is_over_needs_no_giving_back(server: Server) -> None:
    leases = Leases(0.01)
    server.away = True
    take(leases, server)()
    until(lambda: lease_threads() == 0)
    assert server.given_back == 0


def test_a_lock_is_owed_when_the_answer_was_lost(server: Server) -> None:
    leases = Leases(60)
    take_in_vain(leases, server, ConnectionResetError("cut"))
    until(lambda: server.given_back)


@pytest.mark.parametrize("cause", [None, ConnectionRefusedError("nobody there")])
def test_nothing_is_owed_for_a_question_that_did_not_arrive(
    server: Server, cause: Exception | None
) -> None:
    leases = Leases(60)
    take_in_vain(leases, server, cause)
    assert not leases._owed


def test_nothing_is_owed_when_a_client_library_says_that_it_was_refused(
    server: Server,
) -> None:
    leases = Leases(60)
    cause = RuntimeError("connecting")
    cause.__context__ = ConnectionRefusedError("nobody there")
    take_in_vain(leases, server, cause)
    assert not leases._owed


def test_names_of_locks_differ_and_begin_alike() -> None:
    leases = Leases(60)
    first, second = leases.new_token(), leases.new_token()
    assert first[1] == second[1] != Leases(60).new_token()[1]
    assert first[0] != second[0]
    assert first[0].startswith(first[1])


def test_the_child_of_a_fork_has_other_names_and_nothing_to_renew(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = Leases(60)
    before = leases.new_token()
    let_go = take(leases, server)
    with monkeypatch.context() as child:
        child.setattr("os.getpid", lambda: -1)
        assert not leases.new_token()[0].startswith(before[1])
        assert not leases._held
    let_go()
