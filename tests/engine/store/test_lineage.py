"""Where runs came from, their first pictures, and when what was done in them."""

import sqlite3

from engine.store.history import forget, page, shown, timeline
from engine.store.queue import finish, submit
from engine.store.records import Artifact, Outcome, Run, Shot
from tests.engine.store.lab import claimed, new_run, submitted


def file(name: str, folder: str = "output", media_type: str = "image/png", node: str = "9") -> Artifact:
    return Artifact(node, 0, folder, name, media_type)


def done_with(db: sqlite3.Connection, *files: Artifact) -> Run:
    """The run as it is shown that has made these files."""
    submitted(db, "a")
    assert finish(db, "a", claimed(db).run.attempt, Outcome("done", artifacts=files))
    run = shown(db, "a")
    assert run is not None
    return run


def test_a_run_knows_the_run_that_it_was_changed_from(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    answer = submit(db, new_run("b", parent="a"))
    runs, _ = page(db, None, 10)

    assert answer.parent == "a"
    assert [(run.id, run.parent) for run in runs] == [("b", "a"), ("a", None)]


def test_a_parent_may_be_forgotten(db: sqlite3.Connection) -> None:
    done_with(db)
    submit(db, new_run("b", parent="a"))
    forget(db, ["a"])
    ((run,), _) = page(db, None, 10)

    assert (run.id, run.parent) == ("b", "a")


def test_the_picture_of_a_run_is_the_first_that_it_saved(db: sqlite3.Connection) -> None:
    preview, text = file("preview.png", "temp", node="1"), file("a.json", media_type="text/json", node="2")
    run = done_with(db, preview, text, file("by/day/first.png", node="3"), file("second.png", node="4"))

    assert run.picture == Shot("first.png", "by/day", "output")


def test_a_run_that_saved_none_shows_a_preview(db: sqlite3.Connection) -> None:
    assert done_with(db, file("preview.png", "temp")).picture == Shot("preview.png", "", "temp")


def test_a_run_without_pictures_shows_none(db: sqlite3.Connection) -> None:
    assert done_with(db, file("a.json", media_type="text/json")).picture is None


def test_when_what_was_done_goes_with_the_run(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b")
    for packed in (b"spans", b""):
        run = claimed(db).run
        assert finish(db, run.id, run.attempt, Outcome("done", timeline=packed))

    assert [timeline(db, id) for id in ("a", "b", "nobody")] == [b"spans", None, None]
    forget(db, ["a"])
    assert db.execute("SELECT count(*) FROM timeline").fetchone() == (0,)


def test_an_attempt_that_has_lost_its_place_leaves_no_timeline(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    run = claimed(db).run

    assert not finish(db, "a", run.attempt + 1, Outcome("done", timeline=b"late"))
    assert timeline(db, "a") is None
