"""Reading what can be read of a damaged database, row by row, into a whole one."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from engine.store.contents import digest, keep_content, unpack
from engine.store.errors import UNREADABLE
from engine.store.rows import COLUMNS, OVER, WIDTH, run_of

TABLES: Final = ("content", "run", "event", "artifact", "origin", "timeline")
LAST_ROW = 2**62
HOPELESS = 200  # failures before anything could be read: the table has lost its beginning
MOST_FAILURES = 20_000  # a few seconds

LOST = "What it was to do was lost when the database was damaged."

# What a changed byte can leave behind in a row that is otherwise fit to be read.
CONSISTENT: Final = f"""
    UPDATE run SET cancelling = cancelling AND status = 'running',
        ended = iif({OVER}, coalesce(ended, created), NULL),
        ending = iif({OVER}, ending, NULL),
        started = iif(status = 'queued', NULL, started),
        attempt = iif(status IN ('queued', 'cancelled'), attempt, max(attempt, 1))"""
IN_ORDER: Final = f"""
    UPDATE run SET ending = place
    FROM (SELECT rank AS over, row_number() OVER (ORDER BY ending IS NULL, ending, rank) AS place FROM run WHERE {OVER})
    WHERE rank = over"""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """How many runs could be read, how many of them are still to be run, and whether that is all there was."""

    runs: int
    waiting: int
    whole: bool

    def __str__(self) -> str:
        rest = "Everything in it could be read." if self.whole else "The rest of it could not be read."
        return f"{self.runs} runs were recovered, {self.waiting} of them still to be run. {rest}"


def salvage(source: sqlite3.Connection, target: sqlite3.Connection) -> Salvaged:
    """Bring every row that can be read to the target, which is new, and put right what then hangs in the air."""
    source.text_factory = lambda text: text.decode("utf-8", "replace")
    target.execute("PRAGMA foreign_keys = OFF")
    target.execute("BEGIN")
    known = {
        name for (name,) in target.execute("SELECT name FROM sqlite_schema")
    }  # an older version has fewer
    tables = [table for table in TABLES if table in known]
    complete = [_copy_table(source, target, table) for table in tables]
    whole = _copy_queue(source, target) and all(complete)
    whole = _drop_false_contents(target) and whole
    whole = _mend_runs(target) and whole
    target.execute(CONSISTENT)
    target.execute(IN_ORDER)
    target.execute("DELETE FROM content WHERE id NOT IN (SELECT graph FROM run UNION SELECT extra FROM run)")
    for table in set(tables) - {"content", "run"}:
        target.execute(f"DELETE FROM {table} WHERE run NOT IN (SELECT rank FROM run)")
    runs, waiting = target.execute(
        "SELECT count(*), count(*) FILTER (WHERE status IN ('queued', 'running')) FROM run"
    ).fetchone()
    target.execute("COMMIT")
    return Salvaged(runs, waiting, whole)


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> bool:
    """Whether all of it could be brought over."""
    columns = [name for _, name, *_ in target.execute(f"PRAGMA table_info({table})")]
    places = ", ".join("?" * (len(columns) + 1))
    whole = True
    for row in _rows(source, f"SELECT rowid, {', '.join(columns)} FROM {table} NOT INDEXED"):
        if row is None:
            whole = False
            continue
        try:
            target.execute(f"INSERT INTO {table} (rowid, {', '.join(columns)}) VALUES ({places})", row)
        except sqlite3.IntegrityError:  # it was changed to something that cannot be
            whole = False
    return whole


def _rows(source: sqlite3.Connection, select: str) -> Iterator[tuple[Any, ...] | None]:
    """Every row that can be read, and None for each place where something cannot.

    A range of rows that fails is halved, the widest first, so that what lies around the damage is read in any case.
    """
    ranges = deque([(0, LAST_ROW)])
    failures = successes = 0
    while ranges and failures < (MOST_FAILURES if successes else HOPELESS):
        low, high = ranges.popleft()
        try:
            for row in source.execute(f"{select} WHERE rowid BETWEEN ? AND ? ORDER BY rowid", (low, high)):
                low = row[0] + 1
                yield row
            successes += 1
        except UNREADABLE:
            failures += 1
            yield None
            if low < high:
                middle = (low + high) // 2
                ranges += [(low, middle), (middle + 1, high)]


def _copy_queue(source: sqlite3.Connection, target: sqlite3.Connection) -> bool:
    try:
        (row,) = source.execute("SELECT next_number, changes, paused, full, accepting FROM queue").fetchall()
        changed = "next_number = ?, changes = max(changes, ?) + 1, paused = ?, full = ?, accepting = ?"
        target.execute(f"UPDATE queue SET {changed}", row)
    except (*UNREADABLE, ValueError):  # or there is none, or none that can be
        target.execute("UPDATE queue SET next_number = (SELECT coalesce(max(rank), 0) FROM run)")
        return False
    return True


def _drop_false_contents(target: sqlite3.Connection) -> bool:
    """Remove graphs that are not what they were; whether there were none."""
    false = [(id,) for id, name, packed in target.execute("SELECT * FROM content") if not _true(name, packed)]
    target.executemany("DELETE FROM content WHERE id = ?", false)
    return not false


def _true(name: object, packed: object) -> bool:
    try:
        return isinstance(packed, bytes) and digest(unpack(packed)) == name
    except zlib.error:
        return False


def _mend_runs(target: sqlite3.Connection) -> bool:
    """Let runs fail that have lost what they were to do, and give them something empty; whether there were none."""
    lost = "NOT IN (SELECT id FROM content)"
    bare = target.execute(f"SELECT rank FROM run WHERE graph {lost} OR extra {lost}").fetchall()
    aimless = [
        row[WIDTH:] for row in target.execute(f"SELECT {COLUMNS}, rank FROM run") if not _readable(row)
    ]
    if not bare and not aimless:
        return True
    target.executemany(
        "UPDATE run SET status = 'failed', reason = ?, ended = ? WHERE rank = ? AND status IN ('queued', 'running')",
        [(LOST, time.time(), rank) for (rank,) in {*bare, *aimless}],
    )
    empty = keep_content(target, b"{}")
    target.execute(f"UPDATE run SET graph = ? WHERE graph {lost}", (empty,))
    target.execute(f"UPDATE run SET extra = ? WHERE extra {lost}", (empty,))
    target.executemany("UPDATE run SET targets = '[]' WHERE rank = ?", aimless)
    return False


def _readable(row: tuple[Any, ...]) -> bool:
    try:
        run_of(row)
    except msgspec.MsgspecError:
        return False
    return True
