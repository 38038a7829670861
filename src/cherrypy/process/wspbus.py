r"""The bus: one place that knows whether the site is starting, running or leaving.

Whoever has something to do at such a moment (a server, a pid file, a database)
subscribes to the channel of that name; the bus publishes to it when it gets there.
Any other channel is there for whoever wants it: publishing is calling every listener,
here and now, and collecting what they return::

                        O
                        |
                        V
       STOPPING --> STOPPED --> EXITING -> X
          A   A         |
          |    \___     |
          |        \    |
          |         V   V
        STARTED <-- STARTING

Channels that are always there: ``start``, ``stop``, ``graceful`` and ``exit`` for the
moments of life, ``main`` for the tick of `Bus.block`, ``log`` for what is to be said.

There is one bus in a process, `bus`; it is the same object as ``cherrypy.engine``.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import traceback as tracebacks
import warnings
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, overload

from cherrypy._legacy import lender
from cherrypy.process import respawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cherrypy.process.plugins.autoreload import Autoreloader
    from cherrypy.process.plugins.base import SimplePlugin
    from cherrypy.process.plugins.signals import SignalHandler
    from cherrypy.process.plugins.threads import ThreadManager

_Listener = TypeVar("_Listener", bound="Callable[..., Any]")

__all__ = [
    "Bus",
    "ChannelFailures",
    "Explained",
    "State",
    "at_priority",
    "bus",
    "max_files",
    "states",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)

_DEFAULT_PRIORITY = 50

# Exit statuses: EX_SOFTWARE of sysexits.h, and what shells report for SIGINT (128 + 2).
_FAILED = 70
_INTERRUPTED = 130


class State(Enum):
    """Where a bus is in its life."""

    STOPPED = "stopped"
    STARTING = "starting"
    STARTED = "started"
    STOPPING = "stopping"
    EXITING = "exiting"

    def __repr__(self) -> str:
        return f"states.{self.name}"

    __str__ = __repr__


states = State
"""The states of a bus by name, as in ``engine.states.STARTED``."""

max_files: int = respawn.max_descriptors()
"""How many open files a restart looks at, unless the bus says otherwise."""


class ChannelFailures(Exception):
    """One or more listeners of a channel failed; the others were called all the same.

    Its text is the failures, one a line.
    """

    delimiter = "\n"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self._exceptions: list[BaseException] = []

    def handle_exception(self) -> None:
        """Add the exception that is being handled."""
        failure = sys.exc_info()[1]
        if failure is not None:
            self._exceptions.append(failure)

    def get_instances(self) -> list[BaseException]:
        """Return the exceptions in the order in which they were raised."""
        return self._exceptions[:]

    @property
    def explained(self) -> bool:
        """Whether all that failed are mistakes that a sentence explains."""
        return all(map(_explains_itself, self._exceptions))

    def __str__(self) -> str:
        return self.delimiter.join(map(repr, self._exceptions))

    __repr__ = __str__

    def __bool__(self) -> bool:
        return bool(self._exceptions)


class Explained(OSError):
    """The system refuses something; the text says what, and what to do about it.

    Args:
        *args: Its number, perhaps, and the text.
    """

    explains_itself: bool = True
    """Nobody needs a traceback of it."""

    def __str__(self) -> str:
        return str(self.args[-1])


def _explains_itself(problem: BaseException | None) -> bool:
    """Tell whether the text of an exception says all; then nobody needs a traceback.

    Exceptions say so themselves, by an attribute of this name.
    """
    return bool(getattr(problem, "explains_itself", False))


def at_priority(priority: int) -> Callable[[_Listener], _Listener]:
    """Return a decorator that sets when a listener is called.

    Args:
        priority: From 0, first, to 100, last; 50 is where everybody is.
    """

    def decorate(listener: _Listener) -> _Listener:
        listener.priority = priority  # type: ignore[attr-defined]  # read by subscribe
        return listener

    return decorate


class Bus:
    """A state machine and messenger for the process of a site.

    Listeners of a channel are called in the order of their priority. If one fails,
    the failure is logged, the others are called, and then `ChannelFailures` is
    raised. Only ``SystemExit`` and ``KeyboardInterrupt`` get through at once.

    Plugins may be hung on the bus as attributes; the ones that a site has are
    declared here.
    """

    states = State
    state: State = State.STOPPED

    execv: bool = False
    """Whether `block` ends by executing the program again."""

    max_cloexec_files: int = max_files
    """Open files up to this number are closed when the program is executed again;
    0 leaves them all open."""

    autoreload: Autoreloader
    signal_handler: SignalHandler
    signals: Any
    thread_manager: ThreadManager
    timeout_monitor: SimplePlugin

    def __init__(self) -> None:
        self.execv = False
        self.state = State.STOPPED
        self.listeners: dict[str, set[Callable[..., Any]]] = {
            channel: set()
            for channel in ("start", "stop", "exit", "graceful", "log", "main")
        }
        """Who listens, by channel; looked at anew for each message."""
        # (priority, running number) of each (channel, listener).
        self._ranks: dict[tuple[str, Any], tuple[float, int]] = {}
        self._subscribed = 0
        # Held while `exit` runs, so that it does not run in two places.
        self._leaving = threading.Lock()

    @overload
    def subscribe(
        self, channel: str, callback: None = None, priority: int | None = None
    ) -> Callable[[_Listener], _Listener]: ...

    @overload
    def subscribe(
        self,
        channel: str,
        callback: Callable[..., Any],
        priority: int | None = None,
    ) -> None: ...

    def subscribe(
        self,
        channel: str,
        callback: Callable[..., Any] | None = None,
        priority: int | None = None,
    ) -> Callable[[_Listener], _Listener] | None:
        """Let a callable be called for every message on a channel.

        Args:
            channel: Its name; a new one is made.
            callback: The listener. Without one, a decorator is returned.
            priority: Smaller numbers are called first. Otherwise the attribute
                ``priority`` of the listener counts, otherwise 50.
        """
        if callback is None:

            def decorate(listener: _Listener) -> _Listener:
                self.subscribe(channel, listener, priority)
                return listener

            return decorate
        if priority is None:
            priority = getattr(callback, "priority", _DEFAULT_PRIORITY)
        self._subscribed += 1
        self._ranks[channel, callback] = (priority, self._subscribed)
        self.listeners.setdefault(channel, set()).add(callback)
        return None

    def unsubscribe(self, channel: str, callback: Callable[..., Any]) -> None:
        """Undo `subscribe`; do nothing if the listener is not there."""
        listeners = self.listeners.get(channel)
        if listeners and callback in listeners:
            listeners.discard(callback)
            self._ranks.pop((channel, callback), None)

    def publish(self, channel: str, *args: Any, **kwargs: Any) -> list[Any]:
        """Call the listeners of a channel and return their answers in order.

        Raises:
            ChannelFailures: Listeners failed, after all of them were called.
            SystemExit: A listener raised it; the rest were not called. Its code is
                1 instead of 0 if a listener had failed before.
        """
        listeners = self.listeners.get(channel)
        if not listeners:
            return []
        answers = []
        failures: ChannelFailures | None = None
        for listener in self._in_order(channel, listeners):
            try:
                answers.append(listener(*args, **kwargs))
            except SystemExit as leaving:
                if failures and not leaving.code:
                    leaving.code = 1
                raise
            except Exception:  # boundary: one listener does not stop the others
                failures = failures or ChannelFailures()
                failures.handle_exception()
                self._tell_failure(channel, listener)
        if failures:
            raise failures
        return answers

    def _tell_failure(self, channel: str, listener: Callable[..., Any]) -> None:
        if channel == "log":
            return  # it would fail again on being told so
        problem = sys.exc_info()[1]
        with suppress(ChannelFailures):
            if _explains_itself(problem):
                notes = getattr(problem, "__notes__", ())
                self.log(" ".join([str(problem), *notes]), logging.ERROR)
                return
            self.log(f"Error in {channel!r} listener {listener!r}", logging.ERROR, True)

    def _in_order(
        self, channel: str, listeners: Iterable[Callable[..., Any]]
    ) -> list[Callable[..., Any]]:
        ordered = list(listeners)
        if len(ordered) > 1:
            ranks = self._ranks
            ordered.sort(
                key=lambda one: ranks.get((channel, one), (_DEFAULT_PRIORITY, 0))
            )
        return ordered

    def start(self) -> None:
        """Start all services.

        Raises:
            ChannelFailures: A service could not start. What had been started was
                stopped again, and the bus is EXITING.
        """
        atexit.unregister(self._clean_exit)
        atexit.register(self._clean_exit)
        self.state = State.STARTING
        self.log("Bus STARTING")
        try:
            self.publish("start")
            self.state = State.STARTED
            self.log("Bus STARTED")
        except (KeyboardInterrupt, SystemExit) as leaving:
            self._tell_why(leaving)
            self._leave()
            raise
        except Exception as problem:
            told = isinstance(problem, ChannelFailures) and problem.explained
            if told:
                self.log("Shutting down: the site could not be started.", logging.ERROR)
            else:
                self.log(
                    "Shutting down due to error in start listener:", logging.ERROR, True
                )
            self._leave()
            raise

    def stop(self) -> None:
        """Stop all services.

        Raises:
            ChannelFailures: A service could not stop.
        """
        self.state = State.STOPPING
        self.log("Bus STOPPING")
        self.publish("stop")
        self.state = State.STOPPED
        self.log("Bus STOPPED")

    def graceful(self) -> None:
        """Tell all services to reload."""
        self.log("Bus graceful")
        self.publish("graceful")

    def exit(self) -> None:
        """Stop all services and get ready to leave the process.

        If something fails, or if the bus was just starting, the process ends here and
        now with status 70: there is no other way to be sure that it ends.
        """
        if self._leaving.locked():
            # Whoever wants to leave while we restart does not want to come back.
            self.execv = False
            return
        hurried = self.state is State.STARTING
        self._leave()
        if hurried:
            self._quit(_FAILED)

    def _leave(self) -> None:
        """Go through STOPPED to EXITING, unless somebody is about it already."""
        if not self._leaving.acquire(blocking=False):
            return
        try:
            self.stop()
            self.state = State.EXITING
            self.log("Bus EXITING")
            self.publish("exit")
            self.log("Bus EXITED")
        except KeyboardInterrupt:
            self._quit(_INTERRUPTED)
        except BaseException:  # boundary: nobody is left above who could clean up
            self._quit(_FAILED)
        finally:
            self._leaving.release()
        atexit.unregister(self._clean_exit)

    def _quit(self, status: int) -> None:
        """End the process at once, but for what print was told."""
        respawn.flush_output()
        os._exit(status)

    def restart(self) -> None:
        """Stop everything and execute the program again.

        The calling thread only stops the bus; the main thread, in `block`, executes
        the program, as some platforms demand. Does nothing while the bus is leaving.
        """
        if self._leaving.locked():
            return
        self.execv = True
        self.exit()

    def block(self, interval: float = 0.1) -> None:
        """Wait until the bus leaves; to be called by the main thread.

        Then wait for all threads that are no daemons and, after `restart`, execute
        the program again. Ctrl-C shuts the bus down; a second one ends the process.

        Args:
            interval: Seconds between two messages on the channel ``main``.

        Raises:
            SystemExit: Somebody asked for it; the bus was shut down.
            ChannelFailures: A listener of ``main`` failed; the bus was shut down.
        """
        if self.state is State.STOPPED:
            self.log(
                "block() waits for the end of what nobody has started. Call start() "
                "before block().",
                logging.WARNING,
            )
        try:
            self.wait(State.EXITING, interval=interval, channel="main")
        except KeyboardInterrupt as leaving:
            self._tell_why(leaving)
            self.exit()
        except SystemExit as leaving:
            self._tell_why(leaving)
            self.exit()
            raise
        except Exception:
            self.log("Error in main loop: shutting down bus", logging.ERROR, True)
            self.exit()
            raise
        try:
            self._wait_for_the_rest()
        except KeyboardInterrupt:
            self.log("Second Keyboard Interrupt: leaving at once", logging.WARNING)
            self._quit(_INTERRUPTED)
        if self.execv:
            respawn.execute_again(self.log, self.max_cloexec_files)

    def _wait_for_the_rest(self) -> None:
        """Wait for `exit`, if another thread runs it, and for the other threads."""
        self.log("Waiting for child threads to terminate...")
        with self._leaving:
            pass
        # On some platforms the program can only be executed again when all other
        # threads are gone; elsewhere it is a matter of letting people finish.
        nobody_waits_for = _pooled_threads()
        nobody_waits_for |= {threading.main_thread(), threading.current_thread()}
        for thread in threading.enumerate():
            if not thread.daemon and thread not in nobody_waits_for:
                self.log(f"Waiting for thread {thread.name}.")
                thread.join()

    def _tell_why(self, leaving: KeyboardInterrupt | SystemExit) -> None:
        interrupted = isinstance(leaving, KeyboardInterrupt)
        reason = "Keyboard Interrupt" if interrupted else "SystemExit raised"
        self.log(f"{reason}: shutting down bus")

    def wait(
        self,
        state: State | Iterable[State],
        interval: float = 0.1,
        channel: str | None = None,
    ) -> None:
        """Wait until the bus is in a state.

        Args:
            state: The state, or several of which any will do.
            interval: Seconds between two looks.
            channel: Published to at every look.
        """
        awaited = {state} if isinstance(state, State) else set(state)
        while self.state not in awaited:
            time.sleep(interval)
            if channel is not None:
                self.publish(channel)

    def start_with_callback(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> threading.Thread:
        """Start the bus, and call a function in a new thread when that is done.

        Returns:
            The thread. If the bus does not start it ends without the call.
        """

        def call_when_started() -> None:
            self.wait((State.STARTED, State.EXITING))
            if self.state is State.STARTED:
                func(*(args or ()), **(kwargs or {}))

        thread = threading.Thread(target=call_when_started)
        thread.name = f"Bus Callback {thread.name}"
        thread.start()
        self.start()
        return thread

    def log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Publish a message on the channel ``log``.

        Args:
            msg: What happened.
            level: How bad it is, in the numbers of `logging`.
            traceback: Whether to add the traceback of the exception being handled.
        """
        if traceback:
            msg = f"{msg}\n{tracebacks.format_exc()}"
        self.publish("log", msg, level)

    def _clean_exit(self) -> None:
        """Leave properly although the main thread forgot to."""
        if self.state is State.EXITING:
            return
        try:
            if self.state is not State.STOPPED:
                warnings.warn(
                    f"The main thread is exiting, but the Bus is in the {self.state!r} "
                    "state; shutting it down automatically now. You must either call "
                    "bus.block() after start(), or call bus.exit() before the main "
                    "thread exits.",
                    RuntimeWarning,
                    stacklevel=1,
                )
        finally:
            self.exit()


def _pooled_threads() -> set[threading.Thread]:
    """Return the threads of executors.

    They wait for work until the interpreter ends, and then end by themselves; it
    would never come to that if we waited for them first.
    """
    pools = sys.modules.get("concurrent.futures.thread")
    return set(getattr(pools, "_threads_queues", ()))


if TYPE_CHECKING:

    class _SiteBus(Bus):
        """The bus of a site, with the plugins that the program hangs on it."""

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

    bus: _SiteBus
else:
    bus = Bus()
"""The bus of this process."""
