import sqlite3
from pathlib import Path

import pytest

from engine.store.connect import FILE
from engine.store.errors import StoreTooNew
from engine.store.history import page
from engine.store.migrations import MIGRATIONS, migrate, version_of
from engine.store.queue import submit
from tests.engine.store.lab import carried_out, check_invariants, database, new_run, raised

NEWEST = len(MIGRATIONS)
NEXT = "ALTER TABLE run ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';"
LAST = "CREATE TABLE tag (run INTEGER, word TEXT); INSERT INTO tag SELECT rank, colour FROM run;"
BROKEN = "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);"


def test_a_new_database_is_of_the_newest_version(db: sqlite3.Connection, tmp_path: Path) -> None:
    assert version_of(db) == len(MIGRATIONS)
    migrate(db, tmp_path / FILE)
    assert sorted(path.name for path in tmp_path.iterdir() if ".before-" in path.name) == []


def test_each_step_is_taken_once_with_a_copy_of_what_was_before(tmp_path: Path) -> None:
    db = database(tmp_path)
    carried_out(db, "a", "b")

    for _ in range(2):
        migrate(db, tmp_path / FILE, [*MIGRATIONS, NEXT, LAST])

    assert version_of(db) == NEWEST + 2
    assert db.execute("SELECT word FROM tag").fetchall() == [("blue",), ("blue",)]
    check_invariants(db)
    copies = {path.name: sqlite3.connect(path) for path in tmp_path.glob("*.before-*")}
    assert {name: version_of(copy) for name, copy in copies.items()} == {
        f"runs.before-{NEWEST + 1}.sqlite3": NEWEST,
        f"runs.before-{NEWEST + 2}.sqlite3": NEWEST + 1,
    }
    assert copies[f"runs.before-{NEWEST + 1}.sqlite3"].execute("SELECT id FROM run").fetchall() == [
        ("a",),
        ("b",),
    ]
    for connection in (db, *copies.values()):
        connection.close()


def test_a_step_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    db = database(tmp_path)
    carried_out(db, "a")

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(db, tmp_path / FILE, [*MIGRATIONS, NEXT, BROKEN])

    assert version_of(db) == NEWEST + 1
    assert not db.in_transaction
    assert db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchall() == []
    check_invariants(db)
    db.close()


def test_a_downgrade_is_refused(tmp_path: Path) -> None:
    db = database(tmp_path)

    error = raised(lambda: migrate(db, tmp_path / FILE, []))

    assert isinstance(error, StoreTooNew)
    assert "runs.before-" in error.hint
    db.close()


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_database_of_every_old_version_comes_to_the_newest(tmp_path: Path, version: int) -> None:
    db = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    migrate(db, tmp_path / FILE, MIGRATIONS[:version])
    migrate(db, tmp_path / FILE)

    assert version_of(db) == len(MIGRATIONS)
    check_invariants(db)
    db.close()


def test_runs_of_the_first_version_have_no_parent_and_may_be_parents(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    migrate(db, tmp_path / FILE, MIGRATIONS[:1])
    db.execute("INSERT INTO content VALUES (1, x'00', x'00')")
    db.execute(
        """INSERT INTO run (id, number, priority, status, client, batch, targets, created, graph, extra)
           VALUES ('old', 0, 0, 'cancelled', '', '', '[]', 1.0, 1, 1)"""
    )
    migrate(db, tmp_path / FILE)
    submit(db, new_run("new", parent="old"))

    runs, _ = page(db, None, 10)
    assert {run.id: (run.parent, run.picture) for run in runs} == {"old": (None, None), "new": ("old", None)}
    db.close()
