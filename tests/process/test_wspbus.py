from __future__ import annotations

import concurrent.futures
import threading
import warnings
from typing import TYPE_CHECKING, NoReturn

import pytest

from cherrypy.process import wspbus
from cherrypy.process.wspbus import (
    Bus,
    ChannelFailures,
    Explained,
    at_priority,
    states,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def fail() -> NoReturn:
    raise ValueError("as expected")


def interrupt() -> NoReturn:
    raise KeyboardInterrupt


def later(action: Callable[[], object]) -> threading.Thread:
    """Do something in another thread."""
    thread = threading.Thread(target=action)
    thread.start()
    return thread


# Publishing


def test_publishing_returns_what_the_listeners_return_by_priority(bus: Bus) -> None:
    bus.subscribe("count", lambda: "last", 90)
    bus.subscribe("count", lambda: "first", 10)
    bus.subscribe("count", lambda: "middle")
    bus.subscribe("count", lambda: "after the middle")

    assert bus.publish("count") == ["first", "middle", "after the middle", "last"]


def test_arguments_reach_every_listener(bus: Bus) -> None:
    bus.subscribe("add", lambda a, b=0: a + b)
    bus.subscribe("add", lambda a, b=0: a * b)

    assert bus.publish("add", 3, b=4) == [7, 12]


def test_publishing_to_nobody_returns_nothing(bus: Bus) -> None:
    assert bus.publish("never heard of") == []
    assert bus.publish("start") == []


def test_the_priority_of_a_listener_may_stand_on_itself(bus: Bus) -> None:
    @at_priority(10)
    def early() -> str:
        return "early"

    bus.subscribe("when", lambda: "normal")
    bus.subscribe("when", early)

    assert bus.publish("when") == ["early", "normal"]


def test_subscribing_again_changes_the_priority(bus: Bus) -> None:
    def one() -> int:
        return 1

    bus.subscribe("order", one, 10)
    bus.subscribe("order", lambda: 2, 20)
    bus.subscribe("order", one, 30)

    assert bus.publish("order") == [2, 1]


def test_subscribe_is_a_decorator_too(bus: Bus) -> None:
    @bus.subscribe("hello")
    def greet() -> str:
        return "hi"

    @bus.subscribe("hello", priority=1)
    def shout() -> str:
        return "HI"

    assert bus.publish("hello") == ["HI", "hi"]
    assert greet() == "hi"


def test_unsubscribing_who_is_not_there_does_nothing(bus: Bus) -> None:
    bus.unsubscribe("start", fail)
    bus.unsubscribe("never heard of", fail)
    bus.subscribe("start", fail)
    bus.unsubscribe("start", fail)

    assert bus.publish("start") == []


def test_listeners_put_into_the_dictionary_by_hand_count(bus: Bus) -> None:
    bus.listeners["mine"] = {lambda: "by hand"}
    assert bus.publish("mine") == ["by hand"]


def test_a_listener_may_subscribe_another_while_it_is_called(bus: Bus) -> None:
    def second() -> int:
        return 2

    @bus.subscribe("grow")
    def first() -> int:
        bus.subscribe("grow", second)
        return 1

    assert bus.publish("grow") == [1]
    assert bus.publish("grow") == [1, 2]


def test_all_listeners_are_called_even_if_some_fail(
    bus: Bus, messages: list[str]
) -> None:
    called: list[str] = []
    bus.subscribe("work", fail, 1)
    bus.subscribe("work", lambda: called.append("yes"), 2)
    bus.subscribe("work", lambda: 1 / 0, 3)

    with pytest.raises(ChannelFailures) as caught:
        bus.publish("work")

    assert called == ["yes"]
    first, second = caught.value.get_instances()
    assert isinstance(first, ValueError)
    assert isinstance(second, ZeroDivisionError)
    assert str(caught.value) == (
        "ValueError('as expected')\nZeroDivisionError('division by zero')"
    )
    assert repr(caught.value) == str(caught.value)
    assert [m.partition(" listener ")[0] for m in messages] == ["Error in 'work'"] * 2
    assert "Traceback (most recent call last):" in messages[0]
    assert messages[0].endswith("ValueError: as expected\n")


def test_a_failing_log_is_not_told_of_its_failure(bus: Bus) -> None:
    calls: list[str] = []

    @bus.subscribe("log")
    def broken(msg: str, level: int) -> None:
        calls.append(msg)
        raise OSError("disk full")

    bus.subscribe("work", fail)

    with pytest.raises(ChannelFailures, match="as expected"):
        bus.publish("work")
    assert len(calls) == 1


def test_failures_without_exceptions_are_false() -> None:
    failures = ChannelFailures("said", 3)
    failures.handle_exception()
    assert failures.args == ("said", 3)
    assert not failures
    assert failures.get_instances() == []


def test_leaving_gets_through_at_once(bus: Bus) -> None:
    called: list[str] = []
    bus.subscribe("work", interrupt, 1)
    bus.subscribe("work", lambda: called.append("no"), 2)

    with pytest.raises(KeyboardInterrupt):
        bus.publish("work")
    assert called == []


@pytest.mark.parametrize(("code", "seen"), [(0, 1), (None, 1), (3, 3)])
def test_leaving_with_success_after_a_failure_is_a_failure(
    bus: Bus, code: int | None, seen: int
) -> None:
    def leave() -> NoReturn:
        raise SystemExit(code)

    bus.subscribe("work", fail, 1)
    bus.subscribe("work", leave, 2)

    with pytest.raises(SystemExit) as caught:
        bus.publish("work")
    assert caught.value.code == seen


def test_leaving_with_success_alone_stays_one(bus: Bus) -> None:
    def leave() -> NoReturn:
        raise SystemExit(0)

    bus.subscribe("work", leave)
    with pytest.raises(SystemExit) as caught:
        bus.publish("work")
    assert caught.value.code == 0


def test_a_log_message_may_carry_a_traceback(bus: Bus) -> None:
    heard: list[tuple[str, int]] = []
    bus.subscribe("log", lambda msg, level: heard.append((msg, level)))

    bus.log("plain")
    try:
        fail()
    except ValueError:
        bus.log("bad", level=40, traceback=True)

    assert heard[0] == ("plain", 20)
    assert heard[1][0].startswith("bad\nTraceback (most recent call last):\n")
    assert heard[1][1] == 40


# States


def test_a_life_passes_through_its_states(bus: Bus, messages: list[str]) -> None:
    seen = [bus.state]
    for channel in ("start", "stop", "exit"):
        bus.subscribe(channel, lambda: seen.append(bus.state))

    bus.start()
    seen.append(bus.state)
    bus.graceful()
    bus.stop()
    seen.append(bus.state)
    bus.exit()

    assert [repr(state) for state in seen] == [
        "states.STOPPED",
        "states.STARTING",
        "states.STARTED",
        "states.STOPPING",
        "states.STOPPED",
        "states.STOPPING",
        "states.EXITING",
    ]
    assert messages == [
        "Bus STARTING",
        "Bus STARTED",
        "Bus graceful",
        "Bus STOPPING",
        "Bus STOPPED",
        "Bus STOPPING",
        "Bus STOPPED",
        "Bus EXITING",
        "Bus EXITED",
    ]


def test_states_are_known_by_name() -> None:
    bus = Bus()
    assert bus.states is states
    assert bus.states.STARTED.name == "STARTED"
    assert str(bus.state) == "states.STOPPED"


def test_a_start_that_fails_leaves_and_raises(bus: Bus, messages: list[str]) -> None:
    bus.subscribe("start", fail)

    with pytest.raises(ChannelFailures, match="as expected"):
        bus.start()

    assert bus.state is states.EXITING
    assert [message.partition("\n")[0] for message in messages][2:] == [
        "Shutting down due to error in start listener:",
        "Bus STOPPING",
        "Bus STOPPED",
        "Bus EXITING",
        "Bus EXITED",
    ]


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (KeyboardInterrupt, "Keyboard Interrupt: shutting down bus"),
        (SystemExit, "SystemExit raised: shutting down bus"),
    ],
)
def test_an_interrupted_start_stops_what_was_started(
    bus: Bus, messages: list[str], raised: type[BaseException], message: str
) -> None:
    stopped: list[bool] = []

    def leave() -> NoReturn:
        raise raised

    bus.subscribe("start", leave)
    bus.subscribe("stop", lambda: stopped.append(True))

    with pytest.raises(raised):
        bus.start()

    assert stopped == [True]
    assert messages[1] == message
    assert bus.state is states.EXITING


def test_a_stop_that_fails_raises_and_stays_stopping(bus: Bus) -> None:
    bus.start()
    bus.subscribe("stop", fail)

    with pytest.raises(ChannelFailures):
        bus.stop()
    assert bus.state is states.STOPPING


def test_an_exit_that_fails_ends_the_process(bus: Bus, quits: list[int]) -> None:
    bus.start()
    bus.subscribe("exit", fail)
    bus.exit()
    assert quits == [70]


def test_an_exit_while_starting_ends_the_process(bus: Bus, quits: list[int]) -> None:
    bus.subscribe("start", bus.exit)
    bus.start()
    assert quits == [70]


def test_an_interrupted_exit_ends_the_process_as_shells_expect(
    bus: Bus, quits: list[int]
) -> None:
    bus.start()
    bus.subscribe("exit", interrupt)
    bus.exit()
    assert quits == [130]


def test_a_process_that_ends_at_once_minds_no_closed_streams(
    bus: Bus, quits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", None)
    bus.subscribe("start", bus.exit)
    bus.start()
    assert quits == [70]


def test_an_exit_within_an_exit_does_nothing(bus: Bus, messages: list[str]) -> None:
    bus.start()
    bus.subscribe("stop", bus.exit)
    bus.exit()
    assert messages.count("Bus EXITING") == 1


def test_restart_leaves_and_remembers_to_come_back(bus: Bus) -> None:
    bus.start()
    bus.restart()
    assert bus.execv
    assert bus.state is states.EXITING


def test_an_exit_during_a_restart_wins(bus: Bus) -> None:
    bus.start()
    bus.subscribe("stop", bus.exit)
    bus.restart()
    assert not bus.execv


def test_a_restart_during_an_exit_is_too_late(bus: Bus) -> None:
    bus.start()
    bus.subscribe("stop", bus.restart)
    bus.exit()
    assert not bus.execv


# Waiting


def test_waiting_ends_when_the_state_is_reached(bus: Bus) -> None:
    for action, state in [
        (bus.start, states.STARTED),
        (bus.stop, states.STOPPED),
        (bus.start, states.STARTED),
        (bus.exit, states.EXITING),
    ]:
        thread = later(action)
        bus.wait(state, interval=0.001)
        thread.join()


def test_waiting_takes_several_states_and_publishes_its_ticks(bus: Bus) -> None:
    ticks = 0

    @bus.subscribe("tick")
    def count() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            bus.start()

    bus.wait([states.EXITING, states.STARTED], interval=0.001, channel="tick")
    assert ticks == 3


def test_block_ends_when_another_thread_leaves(bus: Bus, messages: list[str]) -> None:
    bus.start()
    ticked = threading.Event()
    bus.subscribe("main", ticked.set)

    def leave() -> None:
        assert ticked.wait(10)
        bus.exit()

    later(leave)
    bus.block(interval=0.001)
    assert bus.state is states.EXITING
    told = messages.index("Waiting for child threads to terminate...")
    assert "Bus EXITING" in messages[:told]


def test_block_waits_until_the_exit_is_complete(bus: Bus) -> None:
    bus.start()
    exiting, blocking, steps = threading.Event(), threading.Event(), list[str]()

    @bus.subscribe("exit")
    def slow() -> None:
        exiting.set()
        assert blocking.wait(10)
        steps.append("left")

    @bus.subscribe("log")
    def hear(msg: str, level: int) -> None:
        if msg.startswith("Waiting for child"):
            blocking.set()

    # A daemon is not joined, so only the bus can know that it is not done.
    threading.Thread(target=bus.exit, daemon=True).start()
    assert exiting.wait(10)
    bus.block(interval=0.001)
    assert steps == ["left"]


def test_block_joins_threads_that_are_no_daemons(bus: Bus, messages: list[str]) -> None:
    bus.start()
    go = threading.Event()
    thread = threading.Thread(target=go.wait, args=(10,), name="worker")
    thread.start()

    @bus.subscribe("log")
    def hear(msg: str, level: int) -> None:
        if msg == "Waiting for thread worker.":
            go.set()

    bus.exit()
    bus.block(interval=0.001)
    assert not thread.is_alive()


def test_block_does_not_wait_for_the_threads_of_executors(
    bus: Bus, messages: list[str]
) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        executor.submit(int).result()
        bus.start()
        bus.exit()
        bus.block(interval=0.001)
    assert not [message for message in messages if "ThreadPoolExecutor" in message]


def test_ctrl_c_shuts_the_bus_down(bus: Bus, messages: list[str]) -> None:
    bus.start()
    bus.subscribe("main", interrupt)
    bus.block(interval=0.001)
    assert messages[2:4] == ["Keyboard Interrupt: shutting down bus", "Bus STOPPING"]
    assert messages[-1] == "Waiting for child threads to terminate..."


def test_sys_exit_shuts_the_bus_down_and_gets_through(
    bus: Bus, messages: list[str]
) -> None:
    @bus.subscribe("main")
    def leave() -> NoReturn:
        raise SystemExit(7)

    bus.start()
    with pytest.raises(SystemExit) as caught:
        bus.block(interval=0.001)
    assert caught.value.code == 7
    assert messages[2] == "SystemExit raised: shutting down bus"
    assert bus.state is states.EXITING


def test_who_waits_for_what_was_never_started_is_told(
    bus: Bus, messages: list[str]
) -> None:
    bus.subscribe("main", bus.exit)
    bus.block(interval=0.001)
    assert "Call start() before block()" in messages[0]


def test_an_error_in_the_main_loop_shuts_the_bus_down(bus: Bus) -> None:
    bus.subscribe("main", fail)
    bus.start()
    with pytest.raises(ChannelFailures):
        bus.block(interval=0.001)
    assert bus.state is states.EXITING


def test_what_explains_itself_is_logged_with_its_notes(
    bus: Bus, messages: list[str]
) -> None:
    @bus.subscribe("start")
    def fail() -> None:
        problem = Explained("The disk is full.")
        problem.add_note("Make room.")
        raise problem

    with pytest.raises(ChannelFailures) as caught:
        bus.start()
    assert caught.value.explained
    assert "The disk is full. Make room." in messages


def test_a_second_ctrl_c_ends_the_process(
    bus: Bus, messages: list[str], quits: list[int]
) -> None:
    @bus.subscribe("log")
    def interrupt_waiting(msg: str, level: int) -> None:
        if msg.startswith("Waiting for child"):
            raise KeyboardInterrupt

    bus.start()
    bus.exit()
    bus.block(interval=0.001)
    assert quits == [130]
    assert messages[-1] == "Second Keyboard Interrupt: leaving at once"


def test_block_executes_the_program_again_after_a_restart(
    bus: Bus, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[int] = []
    monkeypatch.setattr(
        "cherrypy.process.respawn.execute_again",
        lambda log, max_files: executed.append(max_files),
    )
    bus.max_cloexec_files = 99
    bus.start()
    bus.restart()
    bus.block(interval=0.001)
    assert executed == [99]


def test_a_callback_runs_in_a_thread_once_the_bus_has_started(bus: Bus) -> None:
    seen: list[object] = []

    thread = bus.start_with_callback(
        lambda *args, **kwargs: seen.append((args, kwargs, bus.state)), (1,), {"b": 2}
    )

    thread.join(10)
    assert thread.name.startswith("Bus Callback ")
    assert seen == [((1,), {"b": 2}, states.STARTED)]


def test_a_callback_does_not_run_when_the_bus_does_not_start(bus: Bus) -> None:
    called: list[bool] = []
    bus.subscribe("start", fail)
    before = threading.active_count()

    with pytest.raises(ChannelFailures):
        bus.start_with_callback(called.append, (True,))

    for thread in threading.enumerate():
        if thread.name.startswith("Bus Callback "):
            thread.join(10)
    assert called == []
    assert threading.active_count() <= before


# Leaving without goodbye


def test_forgetting_to_leave_gives_a_warning_and_leaves(bus: Bus) -> None:
    bus.start()
    with pytest.warns(RuntimeWarning, match=r"the Bus is in the states\.STARTED"):
        bus._clean_exit()
    assert bus.state is states.EXITING


def test_the_bus_leaves_even_where_warnings_are_errors(bus: Bus) -> None:
    bus.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            bus._clean_exit()
    assert bus.state is states.EXITING


def test_a_stopped_bus_leaves_without_a_warning(bus: Bus) -> None:
    bus.start()
    bus.stop()
    bus._clean_exit()
    assert bus.state is states.EXITING


def test_a_bus_that_has_left_does_so_only_once(bus: Bus, messages: list[str]) -> None:
    bus.start()
    bus.exit()
    bus._clean_exit()
    assert messages.count("Bus EXITED") == 1


def test_there_is_one_bus_in_the_process() -> None:
    from cherrypy import process

    assert process.bus is wspbus.bus
