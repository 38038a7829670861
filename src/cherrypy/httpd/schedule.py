"""The workers, and what waits for them.

A worker that has nothing to do lies on the `idle` stack, asleep on its own lock; the
one that slept least is woken first, because its caches are warm. Every operation on
the shared containers is a single atomic one, so there is no lock around them.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cherrypy.httpd.server import HTTPServer

__all__ = ["Schedule", "Task", "Worker"]


class Task(Protocol):
    """Something for a worker to do."""

    def perform(self, worker: Worker) -> None:
        """Do it, in the thread of `worker`. Exceptions are a fault of the server."""


class Worker(threading.Thread):
    """A thread that performs tasks, one after the other.

    Attributes:
        private: Tasks that only this thread may perform, such as the rest of an
            answer that it began.
        parked: Set by a task that goes on later and keeps the present
            `contextvars.Context` until then: the worker takes a new one.
        answers: How many answers are parked with this worker.
    """

    def __init__(self, schedule: Schedule, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.schedule = schedule
        self.private: deque[Task] = deque()
        self.parked: bool = False
        self.answers = 0
        self.dismissed = False
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def wake(self) -> None:
        """End the sleep; only for who has taken this worker from the idle stack."""
        self._asleep.release()

    def run(self) -> None:
        """Work until dismissed."""
        try:
            while Context().run(self._work):
                pass
        finally:
            self.schedule.server.worker_ended()
            self.schedule.forget(self)

    def _work(self) -> bool:
        """Perform tasks in one context; return False when dismissed."""
        schedule = self.schedule
        private, ready, idle = self.private, schedule.ready, schedule.idle
        while True:
            if private:
                task = private.popleft()
            else:
                try:
                    task = ready.popleft()
                except IndexError:
                    if self.dismissed or schedule.retire(self):
                        return False
                    idle.append(self)
                    # Whoever queued a task before we lay on the stack did not see us.
                    if private or ready or self.dismissed:
                        try:
                            idle.remove(self)
                        except ValueError:
                            self._asleep.acquire()  # woken already: use that up
                        continue
                    self._asleep.acquire()
                    continue
            try:
                task.perform(self)
            except BaseException as error:  # boundary: the thread must go on
                schedule.report(error)
            # Or the last exchange would live until the next one comes.
            del task
            if self.parked:
                self.parked = False
                return True


class Schedule:
    """The queue of tasks for the workers.

    Args:
        server: The server.
        name: Prefix of the threads' names.
    """

    def __init__(self, server: HTTPServer, name: str) -> None:
        self.server = server
        self.name = name
        self.ready: deque[Task] = deque()
        self.idle: list[Worker] = []
        self.workers: set[Worker] = set()
        # One of them holds the baton.
        self._wanted = server.threads + 1
        self._hired = 0

    def hire(self) -> Worker:
        """Start one more worker. The serving thread calls this."""
        self._hired += 1
        worker = Worker(self, f"{self.name}-{self._hired}")
        self.workers.add(worker)
        worker.start()
        return worker

    def put(self, task: Task) -> None:
        """Queue a task for whichever worker is free first. Any thread."""
        self.ready.append(task)
        if self.idle:
            try:
                worker = self.idle.pop()
            except IndexError:
                return
            worker.wake()

    def put_first(self, task: Task) -> None:
        """Have a task done at once, by a new worker if need be. The monitor."""
        self.ready.appendleft(task)
        try:
            worker = self.idle.pop()
        except IndexError:
            most = self.server.max_threads
            if most < 0 or len(self.workers) < max(most + 1, self._wanted):
                self.hire()
        else:
            worker.wake()

    def hand(self, worker: Worker, task: Task) -> None:
        """Give a task to one worker, who does it as soon as it is free. Any thread."""
        worker.private.append(task)
        self._rouse(worker)

    def _rouse(self, worker: Worker) -> None:
        try:
            self.idle.remove(worker)
        except ValueError:
            return  # it is at work, and looks again before it rests
        worker.wake()

    def report(self, error: BaseException) -> None:
        """Log a fault of the server itself, being handled. Any thread."""
        self.server.error_log(
            f"The server has a fault: {error!r}", logging.ERROR, traceback=True
        )

    def retire(self, worker: Worker) -> bool:
        """Tell a worker that rests whether it is one too many. The worker asks."""
        if len(self.workers) <= self._wanted or worker.answers:
            return False
        self.workers.discard(worker)
        return True

    def forget(self, worker: Worker) -> None:
        """Take note that a worker ends. The worker itself calls this."""
        self.workers.discard(worker)

    def dismiss(self) -> None:
        """Tell all workers to end when nothing is left to do. Any thread."""
        for worker in list(self.workers):
            worker.dismissed = True
            self._rouse(worker)
