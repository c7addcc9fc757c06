"""Runs to put into a store, and what must be true of it whatever happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.store.connect import FILE, open_for_writing
from engine.store.history import find, page
from engine.store.queue import claim, finish, submit
from engine.store.records import OVER, Artifact, Claimed, NewRun, Outcome, Run, RunStatus
from engine.store.recovery import made_sound
from engine.store.salvage import LOST

GRAPH = b'{"1": {"class_type": "Toy", "inputs": {}}}'
STATUSES: tuple[RunStatus, ...] = ("queued", "running", *OVER)


def database(folder: Path) -> sqlite3.Connection:
    """The writing connection to a database in this folder, each statement committed at once."""
    folder.mkdir(exist_ok=True)
    made_sound(folder / FILE)
    return open_for_writing(folder / FILE)


def new_run(id: str, graph: bytes = GRAPH, **more: Any) -> NewRun:
    return NewRun(id, graph, **more)


def submitted(db: sqlite3.Connection, *ids: str) -> list[Run]:
    return [submit(db, new_run(id)) for id in ids]


def claimed(db: sqlite3.Connection) -> Claimed:
    """The next run, which there must be."""
    found = claim(db, "worker")
    assert found is not None
    return found


def carried_out(db: sqlite3.Connection, *ids: str) -> None:
    """Submit these runs and see them done, one after the other."""
    for id in ids:
        submitted(db, id)
        run = claimed(db).run
        assert run.id == id
        assert finish(db, id, run.attempt, Outcome("done"))


def known(db: sqlite3.Connection, id: str) -> Run:
    """The run of this id, which there must be."""
    run = find(db, id)
    assert run is not None
    return run


def files(*names: str) -> tuple[Artifact, ...]:
    return tuple(Artifact("9", at, "output", name, "image/png", 4, "ab") for at, name in enumerate(names))


def check_invariants(db: sqlite3.Connection) -> dict[str, Run]:
    """Fail unless the database is whole and every run in it makes sense; all its runs."""
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    runs, _ = page(db, None, 1_000_000)
    for run in runs:
        check_run(run)
    endings = [ending for (ending,) in db.execute("SELECT ending FROM run WHERE ending IS NOT NULL")]
    assert len(set(endings)) == len(endings)
    assert len(endings) == sum(run.status in OVER for run in runs)
    return {run.id: run for run in runs}


def check_run(run: Run) -> None:
    assert run.status in STATUSES
    assert (run.ended is not None) == (run.status in OVER)
    assert run.attempt > 0 or run.status in ("queued", "cancelled") or run.reason == LOST
    assert run.started is None or run.status != "queued"
    assert not run.cancelling or run.status == "running"


def raised(call: Callable[[], object]) -> Exception:
    """What the call raises, which it must."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")
