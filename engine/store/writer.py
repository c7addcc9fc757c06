"""The one thread that writes. What waits is committed together, so that a disk's slowness is paid once for many."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from engine.store.errors import StoreClosed, StoreDamaged, means_full, store_error
from engine.store.queue import accept_no_more
from engine.store.reserve import free_reserve

TOGETHER = 500  # writes in one commit: more would keep the first of them waiting

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A write that waits, and whom to tell."""

    write: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job; told after the commit only."""

    job: Job
    value: object = None
    error: Exception | None = None

    def tell(self) -> None:
        """Settle the future, unless its owner has gone."""
        if self.job.future.done():
            return
        if self.error is not None:
            self.job.future.set_exception(self.error)
        else:
            self.job.future.set_result(self.value)


STOP: Final = None


class Writer:
    """The thread and its connection.

    - Takes all the jobs that wait, and commits them together, each in a savepoint: one that raises is undone alone.
    - A database that fails as a whole undoes them all; then each is tried once more by itself.
    - A full disk: gives up the reserve first, and writes down that no further runs are accepted.
    """

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._file = os.stat(path)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._closing = threading.Lock()  # no job may come behind STOP: nobody would answer it
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="weft-store-writer", daemon=True)
        self._thread.start()

    def put(self, write: Callable[[sqlite3.Connection], Any]) -> asyncio.Future[Any]:
        """Have it written; the future is done after the commit."""
        loop = asyncio.get_running_loop()
        job = Job(write, loop.create_future(), loop)
        with self._closing:
            if self._closed:
                raise StoreClosed
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Write what waits, and end."""
        with self._closing:
            self._closed = True
            self._jobs.put(STOP)
        self._thread.join()
        self._db.close()

    def _work(self) -> None:
        stopping = False
        while not stopping:
            jobs, stopping = self._take()
            try:
                answers = self._carry_out(jobs) if jobs else []
            except Exception as error:  # a fault of ours must not keep anybody waiting for ever
                log.exception("The store's writer failed")
                answers = [Answer(job, error=error) for job in jobs]
            _tell(answers)

    def _take(self) -> tuple[list[Job], bool]:
        jobs: list[Job] = []
        job = self._jobs.get()
        while job is not STOP:
            jobs.append(job)
            if len(jobs) == TOGETHER:
                return jobs, False
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return jobs, False
        return jobs, True

    def _carry_out(self, jobs: Sequence[Job]) -> list[Answer]:
        try:
            return self._together(jobs)
        except (sqlite3.Error, StoreDamaged) as error:
            self._roll_back()
            log.warning("The database could not be written: %s", error)
            if means_full(error):
                self._make_room(error)
            return [self._alone(job) for job in jobs]

    def _alone(self, job: Job) -> Answer:
        try:
            (answer,) = self._together([job])
        except (sqlite3.Error, StoreDamaged) as error:
            self._roll_back()
            return Answer(job, error=store_error(error, self._path))
        return answer

    def _together(self, jobs: Sequence[Job]) -> list[Answer]:
        self._db.execute("BEGIN IMMEDIATE")
        answers = [self._in_savepoint(job) for job in jobs]
        if not self._in_place():
            raise StoreDamaged(f"{self._path} was removed or replaced while the server was running.")
        commit(self._db)
        return answers

    def _in_savepoint(self, job: Job) -> Answer:
        self._db.execute("SAVEPOINT job")
        try:
            answer = Answer(job, job.write(self._db))
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                raise  # the database's own trouble is everybody's
            self._db.execute("ROLLBACK TO job")
            answer = Answer(job, error=error)
        self._db.execute("RELEASE job")
        return answer

    def _roll_back(self) -> None:
        if self._db.in_transaction:  # SQLite may have done so by itself
            self._db.execute("ROLLBACK")

    def _make_room(self, error: Exception) -> None:
        free_reserve(self._path.parent)
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as again:
            log.warning("The write-ahead log could not be emptied: %s", again)
        reason = f"The disk is full: {self._path.parent} has no room left ({error})."
        try:
            self._db.execute("BEGIN IMMEDIATE")
            accept_no_more(self._db, reason)
            commit(self._db)
        except sqlite3.Error as again:
            self._roll_back()
            log.error("It could not even be written down that the disk is full: %s", again)

    def _in_place(self) -> bool:
        # SQLite would go on writing to a deleted file, and tell nobody.
        try:
            return os.path.samestat(os.stat(self._path), self._file)
        except OSError:
            return False


def commit(db: sqlite3.Connection) -> None:
    """The moment from which on it is kept. Tests of faults put themselves in its place."""
    db.execute("COMMIT")


def _tell(answers: Sequence[Answer]) -> None:
    def tell_all(mine: Sequence[Answer]) -> None:
        for answer in mine:
            answer.tell()

    for loop in {answer.job.loop for answer in answers}:
        mine = [answer for answer in answers if answer.job.loop is loop]
        try:
            loop.call_soon_threadsafe(tell_all, mine)
        except RuntimeError:  # the loop is closed: nobody waits any more
            log.debug("Nobody waits for %d writes any more", len(mine))
