"""The database's versions: one step for each, in order. A step that was released is never changed, only followed.

`PRAGMA user_version` is the number of steps that a file has behind it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.store.errors import StoreTooNew

# STRICT: what a damaged file gives for a number, but is none, does not come into a new one.
# rank: the order of arrival, never given twice. ending: the order of ending, which the history is read in.
# content: graphs and what came beside them; many runs may share one.
# queue: one row. paused and full are reasons, or NULL; changes grows with every change of a run.
FIRST: Final = """
CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    packed BLOB NOT NULL
) STRICT;
CREATE TABLE run (
    rank INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key TEXT,
    number REAL NOT NULL,
    priority INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled', 'poisoned')),
    attempt INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    client TEXT NOT NULL,
    batch TEXT NOT NULL,
    targets TEXT NOT NULL CHECK (json_valid(targets)),
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    ending INTEGER,
    cancelling INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    node TEXT,
    exit_code INTEGER,
    graph INTEGER NOT NULL REFERENCES content (id),
    extra INTEGER NOT NULL REFERENCES content (id),
    document BLOB
) STRICT;
CREATE UNIQUE INDEX run_by_key ON run (key) WHERE key IS NOT NULL;
CREATE INDEX run_waiting ON run (priority DESC, number, rank) WHERE status = 'queued';
CREATE INDEX run_running ON run (rank) WHERE status = 'running';
CREATE INDEX run_ending ON run (ending) WHERE ending IS NOT NULL;
CREATE INDEX run_batch ON run (batch, rank) WHERE batch != '';
CREATE INDEX run_graph ON run (graph);
CREATE INDEX run_extra ON run (extra);
CREATE TABLE event (
    run INTEGER NOT NULL REFERENCES run (rank) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    packed BLOB NOT NULL,
    UNIQUE (run, attempt, first)
) STRICT;
CREATE TABLE artifact (
    run INTEGER NOT NULL REFERENCES run (rank) ON DELETE CASCADE,
    node TEXT NOT NULL,
    number INTEGER NOT NULL,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (run, node, number)
) STRICT;
CREATE TABLE queue (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    next_number INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    paused TEXT,
    full TEXT,
    accepting INTEGER NOT NULL
) STRICT;
-- A new database begins with a count that no older one has reached: ETags are made of it.
INSERT INTO queue VALUES (1, 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000, NULL, NULL, 1);
CREATE TRIGGER run_added AFTER INSERT ON run BEGIN
    UPDATE queue SET changes = changes + 1;
END;
CREATE TRIGGER run_changed AFTER UPDATE ON run BEGIN
    UPDATE queue SET changes = changes + 1;
END;
CREATE TRIGGER run_forgotten AFTER DELETE ON run BEGIN
    UPDATE queue SET changes = changes + 1;
    DELETE FROM content WHERE id IN (old.graph, old.extra)
        AND NOT EXISTS (SELECT 1 FROM run WHERE graph = content.id)
        AND NOT EXISTS (SELECT 1 FROM run WHERE extra = content.id);
END;
"""

# Beside the table of runs, since whatever stands behind a document there is slow to read.
# origin: the run that one was changed from. timeline: when what was done, as `engine.run.timeline` packs it.
SECOND: Final = """
CREATE TABLE origin (
    run INTEGER PRIMARY KEY REFERENCES run (rank) ON DELETE CASCADE,
    parent TEXT NOT NULL
) STRICT;
CREATE TABLE timeline (
    run INTEGER PRIMARY KEY REFERENCES run (rank) ON DELETE CASCADE,
    packed BLOB NOT NULL
) STRICT;
"""

MIGRATIONS: Final = (FIRST, SECOND)


def version_of(db: sqlite3.Connection) -> int:
    """How many steps the database has behind it."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(db: sqlite3.Connection, path: Path, steps: Sequence[str] = MIGRATIONS) -> None:
    """Bring the database to the newest version; before each step the file as it was is copied beside it.

    Raises:
        StoreTooNew: it is newer than all the steps; nothing was touched.
    """
    version = version_of(db)
    if version > len(steps):
        raise StoreTooNew(path, version, len(steps))
    for number, step in enumerate(steps[version:], version + 1):
        if version > 0:  # of a new one, there is nothing to keep
            _copy(db, path.with_name(f"{path.stem}.before-{number}{path.suffix}"))
        try:
            db.executescript(f"BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _copy(db: sqlite3.Connection, path: Path) -> None:
    """Copy a database with what is still in its log: whole, or not there at all."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    copy = sqlite3.connect(unfinished)
    try:
        db.backup(copy)
    finally:
        copy.close()
    sync(unfinished)
    unfinished.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything else goes on."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
