"""What is known of runs: one by its id, pages of them, those that are over, their events and their files.

Every function takes an open connection; `Store.read` and `Store.write` hand them one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, TypeAlias

from engine.store.contents import pack, unpack
from engine.store.records import Artifact, EventPage, Finished, Run, RunStatus
from engine.store.rows import COLUMNS, OVER, SHOWN, SHOWN_WIDTH, WIDTH, run_of, shown_run_of

Cursor: TypeAlias = int  # where a page ended

FINISHED = f"""
    SELECT {COLUMNS}, (SELECT packed FROM content WHERE id = run.graph),
        (SELECT packed FROM content WHERE id = run.extra), document
    FROM run"""


def find(db: sqlite3.Connection, id: str) -> Run | None:
    """The run of this id, whatever became of it."""
    row = db.execute(f"SELECT {COLUMNS} FROM run WHERE id = ?", (id,)).fetchone()
    return None if row is None else run_of(row)


def shown(db: sqlite3.Connection, id: str) -> Run | None:
    """The same with its parent and its first picture."""
    row = db.execute(f"SELECT {SHOWN} FROM run WHERE id = ?", (id,)).fetchone()
    return None if row is None else shown_run_of(row)


def finished(db: sqlite3.Connection, id: str) -> Finished | None:
    """All that the history keeps of a run; None if it is not over, or unknown."""
    row = db.execute(f"{FINISHED} WHERE id = ? AND {OVER}", (id,)).fetchone()
    return None if row is None else _finished(row)


def latest(db: sqlite3.Connection, most: int | None, offset: int | None = None) -> list[Finished]:
    """Runs that are over, the oldest first: the last `most` of them, or the `most` from number `offset` on.

    As in ComfyUI's history, those that were cancelled before they began are not among them.
    """
    begun = f"{FINISHED} WHERE ending IS NOT NULL AND attempt > 0 ORDER BY ending"
    limit = -1 if most is None else max(0, most)
    if offset is None or offset < 0:
        return [_finished(row) for row in db.execute(f"{begun} DESC LIMIT ?", (limit,))][::-1]
    return [_finished(row) for row in db.execute(f"{begun} LIMIT ? OFFSET ?", (limit, offset))]


def page(
    db: sqlite3.Connection,
    after: Cursor | None,
    most: int,
    status: RunStatus | None = None,
    batch: str | None = None,
) -> tuple[list[Run], Cursor | None]:
    """A page of runs without their graphs, the newest first, and where the next page begins, if there is one.

    Each has its parent and its first picture.

    Runs that come or go meanwhile neither repeat others nor hide them.

    Args:
        after: What the page before gave; None for the first page.
    """
    conditions, values = ["rank < ?"], [2**63 - 1 if after is None else after]
    wanted: list[tuple[str, object]] = [("status", status), ("batch", batch)]
    conditions += [f"{column} = ?" for column, value in wanted if value is not None]
    if batch:
        conditions.append("batch != ''")  # so that SQLite sees that its index serves
    rows = db.execute(
        f"SELECT {SHOWN}, rank FROM run WHERE {' AND '.join(conditions)} ORDER BY rank DESC LIMIT ?",
        (*values, *(value for _, value in wanted if value is not None), max(1, most) + 1),
    ).fetchall()
    listed = rows[: max(1, most)]
    next = listed[-1][SHOWN_WIDTH] if len(rows) > len(listed) else None
    return [shown_run_of(row) for row in listed], next


def forget(db: sqlite3.Connection, ids: Iterable[str]) -> int:
    """Forget these runs, with their graphs, events and the rows of their files; only those that are over."""
    return sum(db.execute(f"DELETE FROM run WHERE id = ? AND {OVER}", (id,)).rowcount for id in ids)


def forget_all(db: sqlite3.Connection) -> int:
    """Forget every run that is over."""
    return db.execute(f"DELETE FROM run WHERE {OVER}").rowcount


def keep(db: sqlite3.Connection, most: int) -> int:
    """Keep the `most` runs that ended last, and forget the others that are over."""
    return db.execute(
        """DELETE FROM run WHERE ending <= (
               SELECT ending FROM run WHERE ending IS NOT NULL ORDER BY ending DESC LIMIT 1 OFFSET ?
           )""",
        (max(0, most),),
    ).rowcount


def append(db: sqlite3.Connection, id: str, page: EventPage) -> None:
    """Keep events of a run. Those of an attempt that is not the run's present one are dropped."""
    db.execute(
        """INSERT INTO event (run, attempt, first, last, packed)
           SELECT rank, attempt, ?, ?, ? FROM run WHERE id = ? AND attempt = ?
           ON CONFLICT DO NOTHING""",
        (page.first, page.last, pack(page.events), id, page.attempt),
    )


def events_after(db: sqlite3.Connection, id: str, attempt: int, number: int) -> list[EventPage]:
    """Whatever came after this event of this attempt, later attempts included; the first page may begin before it."""
    rows = db.execute(
        """SELECT event.attempt, first, last, packed FROM event JOIN run ON run.rank = event.run
           WHERE run.id = ? AND (event.attempt, last) > (?, ?) ORDER BY event.attempt, first""",
        (id, attempt, number),
    )
    return [EventPage(attempt, first, last, unpack(packed)) for attempt, first, last, packed in rows]


def artifacts(db: sqlite3.Connection, id: str) -> list[Artifact]:
    """The files that a run has published, in the order it gave them."""
    rows = db.execute(
        """SELECT artifact.node, artifact.number, folder, name, media_type, size, sha256
           FROM artifact JOIN run ON run.rank = artifact.run WHERE run.id = ? ORDER BY artifact.rowid""",
        (id,),
    )
    return [Artifact(*row) for row in rows]


def timeline(db: sqlite3.Connection, id: str) -> bytes | None:
    """When what was done in a run, as it was packed; None where nothing is known of it."""
    row = db.execute(
        "SELECT packed FROM timeline JOIN run ON run.rank = timeline.run WHERE run.id = ?", (id,)
    ).fetchone()
    return None if row is None else unpack(row[0])


def change_counter(db: sqlite3.Connection) -> int:
    """A number that grows with every change of a run or of the queue's state, also over restarts."""
    (changes,) = db.execute("SELECT changes FROM queue").fetchone()
    return int(changes)


def _finished(row: tuple[Any, ...]) -> Finished:
    graph, extra, document = row[WIDTH:]
    return Finished(
        run_of(row), unpack(graph), unpack(extra), b"{}" if document is None else unpack(document)
    )
