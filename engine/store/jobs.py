"""Runs in any order and by what their graph came from, for clients that look at queue and history as one list."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from typing import Literal, TypeAlias

from engine.store.contents import unpack
from engine.store.records import Run, RunStatus
from engine.store.rows import COLUMNS, run_of

Order: TypeAlias = Literal["created", "duration"]

# Of equal ones, and of those that have none, the newest come first whichever way it goes.
ORDERS: dict[Order, str] = {"created": "rank", "duration": "ended - started"}


def jobs(
    db: sqlite3.Connection,
    statuses: Collection[RunStatus],
    order: Order,
    *,
    downward: bool,
    most: int,
    offset: int,
    extra: Callable[[bytes], bool] | None = None,
) -> tuple[list[Run], int]:
    """Some of the runs with these statuses, and how many there are in all.

    Args:
        extra: Tells by what came beside a graph whether its runs are wanted. It is asked once for equal contents.
    """
    marks = ", ".join("?" * len(statuses))
    condition, values = f"status IN ({marks})", [*statuses]
    if extra is not None:
        rows = db.execute(
            f"SELECT id, packed FROM content WHERE id IN (SELECT extra FROM run WHERE {condition})", values
        )
        wanted = [str(id) for id, packed in rows if extra(unpack(packed))]
        condition += f" AND extra IN ({', '.join(wanted)})"
    (total,) = db.execute(f"SELECT count(*) FROM run WHERE {condition}", values).fetchone()
    rows = db.execute(
        f"""SELECT {COLUMNS} FROM run WHERE {condition}
            ORDER BY {ORDERS[order]} {"DESC" if downward else "ASC"} NULLS LAST, rank DESC LIMIT ? OFFSET ?""",
        (*values, most, offset),
    )
    return [run_of(row) for row in rows], int(total)
