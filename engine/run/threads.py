"""Threads that are kept from one run to the next, since starting one takes longer than running a small graph."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

MOST_IDLE = 16


class Job:
    """Something that a thread has been asked to do."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._over = (
            threading.Lock()
        )  # held until it is done; lighter than an Event, and every run makes some
        self._over.acquire()

    def run(self) -> None:
        """Do it. What it raises is its own affair."""
        try:
            self._work()
        finally:
            self._over.release()

    def wait(self, seconds: float) -> bool:
        """Wait until it is done; False if it is not within these seconds."""
        done = self._over.acquire(timeout=max(0.0, seconds))
        if done:
            self._over.release()
        return done


class Threads:
    """Does jobs, each on a thread of its own that serves another one afterwards.

    A job that never ends keeps its thread; others are not held up by it, nor is the end of the program.
    """

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Job]] = []
        self._lock = threading.Lock()

    def start(self, work: Callable[[], object]) -> Job:
        """Have it done, beginning now."""
        job = Job(work)
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), name="weft", daemon=True).start()
        inbox.put(job)
        return job

    def _serve(self, inbox: SimpleQueue[Job]) -> None:
        while True:
            inbox.get().run()
            with self._lock:
                if len(self._idle) >= MOST_IDLE:
                    return
                self._idle.append(inbox)


THREADS = Threads()
