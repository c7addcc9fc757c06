"""What the dispatcher has the store do, each as one step, and each with the queue's length afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.server.dispatch.journal import Position
from engine.store import history, queue
from engine.store.records import OVER, Claimed, EventPage, NewRun, Outcome, QueueState, Run

WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the queue is: how many runs wait or run, and whether runs are started."""

    remaining: int
    state: QueueState


def standing(db: sqlite3.Connection) -> Standing:
    """How the queue is."""
    return Standing(sum(queue.counts(db)), queue.queue_state(db))


def recover(db: sqlite3.Connection) -> tuple[list[Run], Standing]:
    """What was running when the server was last stopped waits again, or is given up."""
    return queue.recover(db), standing(db)


def submit(db: sqlite3.Connection, runs: Sequence[NewRun]) -> tuple[list[Run], Standing]:
    """Accept all of these runs, or none."""
    return queue.submit_all(db, runs), standing(db)


def submit_and_claim(db: sqlite3.Connection, run: NewRun) -> tuple[Run, Claimed | None, Standing]:
    """Accept a run, and take the next one."""
    submitted, claimed = queue.submit_and_claim(db, run, WORKER)
    return submitted, claimed, standing(db)


def claim(db: sqlite3.Connection) -> tuple[Claimed | None, Standing]:
    """Take the next run."""
    return queue.claim(db, WORKER), standing(db)


def finish(
    db: sqlite3.Connection, run: Run, outcome: Outcome, pages: Sequence[EventPage], *, claims: bool
) -> tuple[bool, Claimed | None, Standing]:
    """Write down how an attempt ended, and take the next run."""
    done = queue.finish(db, run.id, run.attempt, outcome, pages)
    return done, (queue.claim(db, WORKER) if claims else None), standing(db)


def lose(
    db: sqlite3.Connection, run: Run, pages: Iterable[EventPage], node: str | None, code: int | None, why: str
) -> tuple[Run, Standing]:
    """Write down that the worker of an attempt died."""
    for page in pages:
        history.append(db, run.id, page)
    return queue.lost(db, run.id, run.attempt, node, code, why), standing(db)


def cancel(db: sqlite3.Connection, id: str) -> tuple[bool, Run | None, Standing]:
    """Cancel a run; whether it was still waiting comes first."""
    before = history.find(db, id)
    waited = before is not None and before.status == "queued"
    return waited, queue.cancel(db, id), standing(db)


def delete(db: sqlite3.Connection, ids: Sequence[str] | None) -> tuple[list[str], Standing]:
    """Take runs that wait out of the queue: these, or all."""
    deleted = queue.clear(db) if ids is None else queue.delete(db, ids)
    return deleted, standing(db)


def pause(db: sqlite3.Connection, reason: str) -> Standing:
    """Start no more runs."""
    queue.pause(db, reason)
    return standing(db)


def disk_full(db: sqlite3.Connection, reason: str) -> Standing:
    """Start no more runs until there is room."""
    queue.disk_full(db, reason)
    return standing(db)


def resume(db: sqlite3.Connection) -> Standing:
    """Start runs again."""
    queue.resume(db)
    return standing(db)


def past(db: sqlite3.Connection, id: str, after: Position) -> tuple[list[EventPage], Run | None]:
    """What is written down of a run behind a place, and how it stands."""
    return history.events_after(db, id, *after), history.find(db, id)


def is_over(run: Run | None) -> bool:
    """Whether nothing more will happen to a run."""
    return run is None or run.status in OVER
