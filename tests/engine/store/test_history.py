import sqlite3

import pytest

from engine.store.history import (
    append,
    change_counter,
    events_after,
    find,
    finished,
    forget,
    forget_all,
    keep,
    latest,
    page,
)
from engine.store.queue import cancel, finish, lost, submit
from engine.store.records import EventPage, Finished, Outcome, RunStatus
from tests.engine.store.lab import carried_out, claimed, files, known, new_run, submitted


def ids(finished: list[Finished]) -> list[str]:
    return [one.run.id for one in finished]


def pages(
    db: sqlite3.Connection, most: int, status: RunStatus | None = None, batch: str | None = None
) -> list[list[str]]:
    """The ids on every page, from the first to the last."""
    shown, after = [], None
    while True:
        runs, after = page(db, after, most, status, batch)
        shown.append([run.id for run in runs])
        if after is None:
            return shown


def contents(db: sqlite3.Connection) -> int:
    (count,) = db.execute("SELECT count(*) FROM content").fetchone()
    return int(count)


def test_unknown_and_unfinished_runs_have_no_history(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b")
    claimed(db)

    assert [finished(db, id) for id in ("a", "b", "nobody")] == [None] * 3
    assert find(db, "nobody") is None
    assert latest(db, 10) == []


@pytest.mark.parametrize(
    ("most", "offset", "expected"),
    [
        (None, None, "abcde"),
        (2, None, "de"),
        (2, -1, "de"),
        (9, None, "abcde"),
        (0, None, ""),
        (2, 0, "ab"),
        (2, 3, "de"),
        (2, 4, "e"),
        (2, 9, ""),
        (None, 3, "de"),
    ],
)
def test_the_latest_are_chosen_as_comfyui_does(
    db: sqlite3.Connection, most: int | None, offset: int | None, expected: str
) -> None:
    carried_out(db, *"abcde")

    assert ids(latest(db, most, offset)) == list(expected)


def test_the_history_is_in_the_order_in_which_runs_ended(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b")
    claimed(db)
    claimed(db)
    finish(db, "b", 1, Outcome("failed", reason="It did not work."))
    finish(db, "a", 1, Outcome("done"))

    assert ids(latest(db, None)) == ["b", "a"]
    assert latest(db, None)[0].run.reason == "It did not work."


def test_what_was_cancelled_before_it_began_is_known_but_not_among_the_latest(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    cancel(db, "a")

    assert latest(db, None) == []
    kept = finished(db, "a")
    assert kept is not None
    assert (kept.run.status, kept.document) == ("cancelled", b"{}")


def test_a_poisoned_run_is_in_the_history(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    for attempt in (1, 2):
        claimed(db)
        lost(db, "a", attempt, "7", -9, "killed")

    assert [(one.run.status, one.run.node) for one in latest(db, None)] == [("poisoned", "7")]


def test_pages_show_every_run_once_the_newest_first(db: sqlite3.Connection) -> None:
    submitted(db, *"abcdefg")

    assert pages(db, 3) == [["g", "f", "e"], ["d", "c", "b"], ["a"]]
    assert pages(db, 7) == [list("gfedcba")]
    assert pages(db, 100) == [list("gfedcba")]


def test_a_page_does_not_shift_when_runs_come_and_go(db: sqlite3.Connection) -> None:
    carried_out(db, *"abcdef")
    first, after = page(db, None, 2)
    carried_out(db, "g")
    forget(db, ["e", "c"])

    second, _ = page(db, after, 2)

    assert [run.id for run in first + second] == ["f", "e", "d", "b"]


def test_pages_can_be_of_a_status_or_a_batch(db: sqlite3.Connection) -> None:
    carried_out(db, "a", "b")
    for id, batch in [("c", "one"), ("d", "two"), ("e", "one")]:
        submit(db, new_run(id, batch=batch))

    assert pages(db, 2, status="queued") == [["e", "d"], ["c"]]
    assert pages(db, 2, batch="one") == [["e", "c"]]
    assert pages(db, 2, status="done", batch="one") == [[]]
    assert pages(db, 5, batch="") == [["b", "a"]]


def test_forgetting_takes_only_what_is_over_and_all_of_it(db: sqlite3.Connection) -> None:
    for id in "abc":
        submit(db, new_run(id, graph=b'{"%s": {}}' % id.encode()))
    claimed(db)
    append(db, "a", EventPage(1, 1, 1, b"[1]"))
    finish(db, "a", 1, Outcome("done", artifacts=files("one.png")))
    claimed(db)

    assert forget(db, ["a", "b", "c", "nobody"]) == 1
    assert find(db, "a") is None
    assert (known(db, "b").status, known(db, "c").status) == ("running", "queued")
    assert db.execute("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM artifact)").fetchone() == (
        0,
    )
    assert contents(db) == 3  # the graphs of b and c, and the empty `extra` of both


def test_a_graph_stays_as_long_as_a_run_has_it(db: sqlite3.Connection) -> None:
    carried_out(db, "a", "b")

    forget(db, ["a"])
    assert contents(db) == 2
    assert finished(db, "b") is not None
    forget(db, ["b"])
    assert contents(db) == 0


def test_forgetting_all_leaves_what_is_not_over(db: sqlite3.Connection) -> None:
    carried_out(db, "a", "b")
    submitted(db, "c", "d")
    claimed(db)

    assert forget_all(db) == 2
    assert pages(db, 9) == [["d", "c"]]


def test_neither_numbers_nor_places_are_given_twice(db: sqlite3.Connection) -> None:
    carried_out(db, "a", "b")
    _, cursor = page(db, None, 1)
    assert cursor is not None
    forget_all(db)
    run = submit(db, new_run("c"))

    assert run.number == 2.0
    assert page(db, cursor, 1) == ([], None)


def test_the_oldest_beyond_a_number_are_forgotten(db: sqlite3.Connection) -> None:
    carried_out(db, *"abcde")
    submitted(db, "f")

    assert keep(db, 9) == 0
    assert keep(db, 2) == 3
    assert pages(db, 9) == [["f", "e", "d"]]
    assert keep(db, 0) == 2
    assert pages(db, 9) == [["f"]]


def test_forgetting_is_a_change_too(db: sqlite3.Connection) -> None:
    carried_out(db, "a")
    before = change_counter(db)

    forget(db, ["nobody"])
    assert change_counter(db) == before
    forget(db, ["a"])
    assert change_counter(db) > before


# ---- events


def test_events_are_replayed_from_where_a_client_was(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)
    many = EventPage(1, 4, 900, b"[" + b"1234567," * 900 + b"0]")
    for one in (EventPage(1, 1, 3, b"[1,2,3]"), many):
        append(db, "a", one)

    assert events_after(db, "a", 1, 0) == [EventPage(1, 1, 3, b"[1,2,3]"), many]
    assert events_after(db, "a", 1, 2) == [EventPage(1, 1, 3, b"[1,2,3]"), many]
    assert events_after(db, "a", 1, 3) == [many]
    assert events_after(db, "a", 1, 900) == []
    assert events_after(db, "nobody", 0, 0) == []


def test_a_client_of_the_first_attempt_hears_of_the_second(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)
    append(db, "a", EventPage(1, 1, 5, b"[1]"))
    lost(db, "a", 1, None, None, "killed")
    claimed(db)
    append(db, "a", EventPage(2, 1, 2, b"[2]"))

    assert events_after(db, "a", 1, 5) == [EventPage(2, 1, 2, b"[2]")]
    assert events_after(db, "a", 0, 0) == [EventPage(1, 1, 5, b"[1]"), EventPage(2, 1, 2, b"[2]")]


def test_events_of_an_attempt_that_is_gone_are_dropped(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)
    lost(db, "a", 1, None, None, "killed")
    claimed(db)

    append(db, "a", EventPage(1, 1, 1, b"[1]"))
    append(db, "nobody", EventPage(1, 1, 1, b"[1]"))

    assert events_after(db, "a", 0, 0) == []


def test_events_that_are_told_twice_are_kept_once(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)
    for _ in range(2):
        append(db, "a", EventPage(1, 1, 1, b"[1]"))

    assert events_after(db, "a", 0, 0) == [EventPage(1, 1, 1, b"[1]")]
