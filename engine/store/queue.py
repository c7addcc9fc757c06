"""The queue: what waits, what runs, and every way from one to the other.

Every function takes an open connection, and is one step that happens as a whole or not at all; `Store.write` sees
to that. Order comes from numbers and ranks only; times are for people to read.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from engine.store.contents import digest, keep_content, pack, unpack
from engine.store.errors import RunExists, StoreFull, UnknownRun
from engine.store.history import append, find
from engine.store.records import Claimed, EventPage, NewRun, Outcome, QueueState, Run
from engine.store.rows import COLUMNS, WIDTH, run_of

MOST_CRASHES = 2

# `WHERE ending IS NOT NULL` has SQLite look at the end of its index instead of at every run.
ENDED = "ended = ?, ending = (SELECT coalesce(max(ending), 0) + 1 FROM run WHERE ending IS NOT NULL), cancelling = 0"


# ---- coming in


def submit(db: sqlite3.Connection, run: NewRun) -> Run:
    """Accept a run; the earlier one where the same was asked for before.

    Raises:
        RunExists: there is a run of this id, with another graph.
        StoreFull: the disk was full and has no room yet.
    """
    earlier = _earlier(db, run)
    if earlier is not None:
        return earlier
    if db.execute("SELECT accepting FROM queue").fetchone() == (0,):
        raise StoreFull(_folder(db))
    row = db.execute(
        f"""INSERT INTO run (id, key, number, priority, status, client, batch, targets, created, graph, extra)
            VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?) RETURNING {COLUMNS}""",
        (
            run.id,
            run.key,
            _number(db, run),
            run.priority,
            run.client,
            run.batch,
            msgspec.json.encode(run.targets).decode(),
            time.time(),
            keep_content(db, run.graph),
            keep_content(db, run.extra),
        ),
    ).fetchone()
    if run.parent is None:
        return run_of(row)
    db.execute("INSERT INTO origin SELECT rank, ? FROM run WHERE id = ?", (run.parent, run.id))
    return replace(run_of(row), parent=run.parent)


def submit_all(db: sqlite3.Connection, runs: Sequence[NewRun]) -> list[Run]:
    """Accept all of these runs, or none."""
    return [submit(db, run) for run in runs]


def submit_and_claim(db: sqlite3.Connection, run: NewRun, worker: str) -> tuple[Run, Claimed | None]:
    """Accept a run and hand out whatever is next, for a worker that has nothing to do."""
    submitted = submit(db, run)
    claimed = claim(db, worker, run)
    return (claimed.run if claimed and claimed.run.id == submitted.id else submitted), claimed


# ---- being carried out


def claim(db: sqlite3.Connection, worker: str, known: NewRun | None = None) -> Claimed | None:
    """The run that is next, from now on running; None if nothing waits or the queue is not open.

    The graph of the run that is `known` is not read again.
    """
    row = db.execute(
        f"""UPDATE run SET status = 'running', attempt = attempt + 1, started = ?, worker = ?
            WHERE rank = (SELECT rank FROM run WHERE status = 'queued' ORDER BY priority DESC, number, rank LIMIT 1)
            AND (SELECT paused IS NULL AND full IS NULL FROM queue)
            RETURNING {COLUMNS}, graph, extra""",
        (time.time(), worker),
    ).fetchone()
    if row is None:
        return None
    run = run_of(row)
    graph, extra = row[WIDTH:]
    # A run that was there already has the same graph, but may have come with other things beside it.
    is_known = known is not None and run.id == known.id
    return Claimed(run, known.graph if known and is_known else _content(db, graph), _content(db, extra))


def finish(
    db: sqlite3.Connection, id: str, attempt: int, outcome: Outcome, pages: Sequence[EventPage] = ()
) -> bool:
    """Write down how an attempt ended, with its last events and its files.

    False, with nothing changed, if the run is no longer in this attempt: another one has its place.
    """
    row = db.execute(
        f"""UPDATE run SET status = ?, {ENDED}, reason = ?, document = ?, node = NULL, exit_code = NULL
            WHERE id = ? AND attempt = ? AND status = 'running' RETURNING rank""",
        (outcome.status, time.time(), outcome.reason, pack(outcome.document), id, attempt),
    ).fetchone()
    if row is None:
        return False
    for page in pages:
        append(db, id, page)
    db.executemany(
        "INSERT INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (row[0], file.node, file.index, file.folder, file.name, file.media_type, file.size, file.sha256)
            for file in outcome.artifacts
        ],
    )
    if outcome.timeline:
        db.execute("INSERT INTO timeline VALUES (?, ?)", (row[0], pack(outcome.timeline)))
    return True


def lost(
    db: sqlite3.Connection, id: str, attempt: int, node: str | None, exit_code: int | None, reason: str
) -> Run:
    """The worker of this attempt died. The run waits again, or is poisoned if it was the second time.

    One that was to be cancelled is cancelled now; one that is no longer in this attempt is left as it is.
    """
    db.execute(
        f"""UPDATE run SET crashes = crashes + 1, reason = ?, node = coalesce(?, node), exit_code = ?,
            status = CASE WHEN cancelling THEN 'cancelled' WHEN crashes + 1 >= {MOST_CRASHES} THEN 'poisoned'
                     ELSE 'queued' END,
            started = iif(cancelling OR crashes + 1 >= {MOST_CRASHES}, started, NULL)
            WHERE id = ? AND attempt = ? AND status = 'running'""",
        (reason, node, exit_code, id, attempt),
    )
    db.execute(
        f"UPDATE run SET {ENDED} WHERE id = ? AND status IN ('cancelled', 'poisoned') AND ending IS NULL",
        (time.time(), id),
    )
    return _known(db, id)


def put_back(db: sqlite3.Connection, id: str, attempt: int, reason: str) -> Run:
    """Stop an attempt without anybody's fault, as when the server leaves: the run waits again, in its old place."""
    db.execute(
        "UPDATE run SET status = 'queued', started = NULL, reason = ? "
        "WHERE id = ? AND attempt = ? AND status = 'running' AND NOT cancelling",
        (reason, id, attempt),
    )
    return _known(db, id)


def recover(db: sqlite3.Connection) -> list[Run]:
    """What became of the runs that were running when the server was last stopped; each counts as lost."""
    reason = "The server stopped while it was running."
    return [lost(db, run.id, run.attempt, None, None, reason) for run in running(db)]


# ---- being cancelled, and moved


def cancel(db: sqlite3.Connection, id: str) -> Run | None:
    """The run, cancelled if it waited, marked to be cancelled if it runs, unchanged if it is over; None if unknown."""
    _cancel_waiting(db, id)
    db.execute("UPDATE run SET cancelling = 1 WHERE id = ? AND status = 'running' AND NOT cancelling", (id,))
    return find(db, id)


def delete(db: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    """Take these runs out of the queue, as far as they still wait. The history keeps that they were cancelled."""
    return [id for id in ids if _cancel_waiting(db, id)]


def clear(db: sqlite3.Connection) -> list[str]:
    """Take everything that waits out of the queue."""
    return delete(db, [run.id for run in waiting(db)])


def move(db: sqlite3.Connection, id: str, number: float) -> Run | None:
    """Put a waiting run where this number belongs among those of its priority: lower is earlier."""
    db.execute("UPDATE run SET number = ? WHERE id = ? AND status = 'queued'", (_finite(number), id))
    return find(db, id)


def prioritise(db: sqlite3.Connection, id: str, priority: int) -> Run | None:
    """Have a waiting run go before all of lower priority."""
    db.execute("UPDATE run SET priority = ? WHERE id = ? AND status = 'queued'", (priority, id))
    return find(db, id)


# ---- the queue as a whole


def pause(db: sqlite3.Connection, reason: str) -> QueueState:
    """Start no further runs; what is running goes on."""
    db.execute("UPDATE queue SET paused = ?, changes = changes + 1", (reason,))
    return queue_state(db)


def disk_full(db: sqlite3.Connection, reason: str) -> QueueState:
    """Start no further runs until there is room. Whoever paused the queue before keeps it paused afterwards."""
    db.execute("UPDATE queue SET full = ?, changes = changes + 1", (reason,))
    return queue_state(db)


def accept_no_more(db: sqlite3.Connection, reason: str) -> None:
    """The disk of the database itself is full: what room is left belongs to the runs that were accepted."""
    db.execute("UPDATE queue SET accepting = 0")
    disk_full(db, reason)


def resume(db: sqlite3.Connection) -> QueueState:
    """Start runs again. A queue that a full disk held up goes back to what it was before: open, or paused."""
    db.execute(
        "UPDATE queue SET paused = CASE WHEN full IS NULL THEN NULL ELSE paused END, full = NULL, accepting = 1, "
        "changes = changes + 1"
    )
    return queue_state(db)


def queue_state(db: sqlite3.Connection) -> QueueState:
    """Whether runs are started, and if not, why."""
    paused, full = db.execute("SELECT paused, full FROM queue").fetchone()
    if full is not None:
        return QueueState("disk full", full)
    return QueueState() if paused is None else QueueState("paused", paused)


def waiting(db: sqlite3.Connection) -> list[Run]:
    """The runs that wait, in the order in which they will run."""
    order = "WHERE status = 'queued' ORDER BY priority DESC, number, rank"
    return [run_of(row) for row in db.execute(f"SELECT {COLUMNS} FROM run {order}")]


def running(db: sqlite3.Connection) -> list[Run]:
    """The runs that are being carried out."""
    rows = db.execute(f"SELECT {COLUMNS} FROM run WHERE status = 'running' ORDER BY rank")
    return [run_of(row) for row in rows]


def counts(db: sqlite3.Connection) -> tuple[int, int]:
    """How many runs wait, and how many are being carried out."""
    row: tuple[int, int] = db.execute(
        """SELECT (SELECT count(*) FROM run WHERE status = 'queued'),
                  (SELECT count(*) FROM run WHERE status = 'running')"""
    ).fetchone()
    return row


def contents(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, tuple[bytes, bytes]]:
    """The graph, and what came beside it, of each of these runs that is known."""
    found = {}
    for id in ids:
        row = db.execute("SELECT graph, extra FROM run WHERE id = ?", (id,)).fetchone()
        if row is not None:
            found[id] = (_content(db, row[0]), _content(db, row[1]))
    return found


def _earlier(db: sqlite3.Connection, run: NewRun) -> Run | None:
    if run.key is not None:
        row = db.execute(f"SELECT {COLUMNS} FROM run WHERE key = ?", (run.key,)).fetchone()
        if row is not None:
            return run_of(row)
    row = db.execute(
        "SELECT content.hash FROM run JOIN content ON content.id = run.graph WHERE run.id = ?", (run.id,)
    ).fetchone()
    if row is None:
        return None
    if row[0] != digest(run.graph):
        raise RunExists(run.id)
    return find(db, run.id)


def _number(db: sqlite3.Connection, run: NewRun) -> float:
    if run.number is not None:
        return _finite(run.number)
    (number,) = db.execute(
        "UPDATE queue SET next_number = next_number + 1 RETURNING next_number - 1"
    ).fetchone()
    if not run.front:
        return float(number)
    (first,) = db.execute("SELECT min(number) FROM run WHERE status = 'queued'").fetchone()
    return float(-number if first is None else min(-number, math.floor(first) - 1))


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"A place in the queue must be a finite number, not {number}.")
    return number


def _content(db: sqlite3.Connection, number: int) -> bytes:
    (packed,) = db.execute("SELECT packed FROM content WHERE id = ?", (number,)).fetchone()
    return unpack(packed)


def _cancel_waiting(db: sqlite3.Connection, id: str) -> bool:
    changed = db.execute(
        f"""UPDATE run SET status = 'cancelled', {ENDED}, reason = 'It was cancelled while it waited.'
            WHERE id = ? AND status = 'queued'""",
        (time.time(), id),
    )
    return changed.rowcount == 1


def _folder(db: sqlite3.Connection) -> Path:
    _, _, file = db.execute("PRAGMA database_list").fetchone()
    return Path(file).parent


def _known(db: sqlite3.Connection, id: str) -> Run:
    run = find(db, id)
    if run is None:
        raise UnknownRun(id)
    return run
