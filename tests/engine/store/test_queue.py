import random
import sqlite3
import time
from dataclasses import replace

import pytest

from engine.store.errors import RunExists, UnknownRun
from engine.store.history import artifacts, change_counter, events_after, find, finished
from engine.store.queue import (
    cancel,
    claim,
    clear,
    contents,
    counts,
    delete,
    disk_full,
    finish,
    lost,
    move,
    pause,
    prioritise,
    put_back,
    queue_state,
    recover,
    resume,
    running,
    submit,
    submit_all,
    submit_and_claim,
    waiting,
)
from engine.store.records import EventPage, Outcome, QueueState
from tests.engine.store.lab import GRAPH, carried_out, claimed, files, known, new_run, submitted


def order(db: sqlite3.Connection) -> list[str]:
    return [run.id for run in waiting(db)]


# ---- coming in


def test_a_submitted_run_waits_with_all_that_was_said_of_it(db: sqlite3.Connection) -> None:
    run = submit(db, new_run("a", client="me", targets=("9", "2"), priority=3, batch="b", extra=b'{"x": 1}'))

    assert (run.id, run.status, run.attempt, run.number) == ("a", "queued", 0, 0.0)
    assert (run.client, run.targets, run.priority, run.batch) == ("me", ("9", "2"), 3, "b")
    assert run == find(db, "a")
    assert contents(db, ["a", "unknown"]) == {"a": (GRAPH, b'{"x": 1}')}


def test_runs_are_numbered_in_the_order_they_come(db: sqlite3.Connection) -> None:
    assert [run.number for run in submitted(db, "a", "b", "c")] == [0.0, 1.0, 2.0]


def test_a_run_for_the_front_goes_before_all_that_wait(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b")
    submit(db, new_run("early", number=-50))
    submit(db, new_run("first", front=True))
    submit(db, new_run("even before", front=True))

    assert order(db) == ["even before", "first", "early", "a", "b"]


def test_the_next_is_of_the_highest_priority_then_of_the_lowest_number_then_the_oldest(
    db: sqlite3.Connection,
) -> None:
    for id, priority, number in [("a", 0, 5), ("b", 0, 1), ("c", 1, 9), ("d", 0, 1), ("e", -1, 0)]:
        submit(db, new_run(id, priority=priority, number=number))

    expected = ["c", "b", "d", "a", "e"]
    assert order(db) == expected
    assert [claimed(db).run.id for _ in expected] == expected


def test_equal_numbers_and_equal_graphs_are_no_trouble(db: sqlite3.Connection) -> None:
    ids = [f"run {at}" for at in range(50)]
    submit_all(db, [new_run(id, number=7) for id in ids])

    assert order(db) == ids
    assert [claimed(db).run.id for _ in ids] == ids


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_place_that_is_no_number_is_refused(db: sqlite3.Connection, number: float) -> None:
    with pytest.raises(ValueError, match="finite number"):
        submit(db, new_run("a", number=number))


def test_the_same_run_asked_for_twice_is_made_once(db: sqlite3.Connection) -> None:
    first = submit(db, new_run("a"))
    claimed(db)

    again = submit(db, new_run("a"))

    assert again == replace(first, status="running", attempt=1, started=again.started)
    assert counts(db) == (0, 1)


def test_an_idempotency_key_gives_the_earlier_run_whatever_comes_with_it(db: sqlite3.Connection) -> None:
    first = submit(db, new_run("a", key="once"))

    assert submit(db, new_run("b", graph=b"{}", key="once")) == first
    assert find(db, "b") is None


def test_an_id_that_is_taken_by_another_graph_is_refused(db: sqlite3.Connection) -> None:
    submitted(db, "a")

    with pytest.raises(RunExists, match="'a' exists already") as caught:
        submit(db, new_run("a", graph=b'{"2": {}}'))

    assert caught.value.run == "a"
    assert "id of its own" in caught.value.hint


def test_graphs_are_kept_once_however_many_runs_have_them(db: sqlite3.Connection) -> None:
    long = b'{"text": "' + b"weft " * 1000 + b'"}'
    submit_all(db, [new_run(f"run {at}", graph=long) for at in range(20)])

    sizes = [size for (size,) in db.execute("SELECT length(packed) FROM content ORDER BY id")]
    assert len(sizes) == 2  # the graph, and the empty `extra`
    assert sizes[0] < len(long) / 10
    assert claimed(db).graph == long


# ---- being carried out


def test_a_claimed_run_is_running_with_its_contents_at_hand(db: sqlite3.Connection) -> None:
    submit(db, new_run("a", extra=b'{"x": 1}'))

    found = claimed(db)

    assert (found.run.id, found.run.status, found.run.attempt) == ("a", "running", 1)
    assert (found.graph, found.extra) == (GRAPH, b'{"x": 1}')
    assert [run.id for run in running(db)] == ["a"]
    assert claim(db, "another") is None


def test_submitting_and_claiming_in_one_gives_what_is_next(db: sqlite3.Connection) -> None:
    run, found = submit_and_claim(db, new_run("a"), "worker")
    assert found is not None
    assert (run, found.run.id) == (found.run, "a")

    submitted(db, "b")
    run, found = submit_and_claim(db, new_run("c"), "worker")
    assert found is not None
    assert (run.id, run.status, found.run.id) == ("c", "queued", "b")


def test_finishing_writes_down_everything_at_once(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)

    outcome = Outcome("done", b'{"outputs": {}}', files("one.png", "two.png"))
    assert finish(db, "a", 1, outcome, [EventPage(1, 1, 3, b"[1,2,3]")])

    kept = finished(db, "a")
    assert kept is not None
    assert (kept.run.status, kept.document, kept.graph) == ("done", b'{"outputs": {}}', GRAPH)
    assert artifacts(db, "a") == list(files("one.png", "two.png"))
    assert events_after(db, "a", 1, 0) == [EventPage(1, 1, 3, b"[1,2,3]")]


def test_an_earlier_attempt_publishes_nothing_any_more(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)
    lost(db, "a", 1, "7", None, "It stopped answering.")
    claimed(db)

    assert not finish(db, "a", 1, Outcome("done", artifacts=files("late.png")), [EventPage(1, 1, 1, b"[]")])
    assert known(db, "a").status == "running"
    assert artifacts(db, "a") == []

    assert finish(db, "a", 2, Outcome("done", artifacts=files("good.png")))
    assert not finish(db, "a", 2, Outcome("failed"))
    assert artifacts(db, "a") == list(files("good.png"))


def test_a_run_whose_worker_dies_waits_again_in_its_old_place(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b")
    claimed(db)

    run = lost(db, "a", 1, "7", -11, "The worker ended with exit code -11.")

    assert (run.status, run.attempt, run.node, run.exit_code) == ("queued", 1, "7", -11)
    assert order(db) == ["a", "b"]
    assert claimed(db).run.attempt == 2


def test_a_run_whose_worker_dies_twice_is_poisoned(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b")
    claimed(db)
    lost(db, "a", 1, "7", -11, "first")
    claimed(db)

    run = lost(db, "a", 2, "7", -11, "second")

    assert (run.status, run.reason, run.node, run.exit_code) == ("poisoned", "second", "7", -11)
    assert run.ended is not None
    assert claimed(db).run.id == "b"
    assert recover(db)[0].id == "b"


def test_a_run_that_succeeds_the_second_time_says_nothing_of_the_first(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)
    lost(db, "a", 1, "7", -11, "first")
    claimed(db)
    finish(db, "a", 2, Outcome("done"))

    run = known(db, "a")
    assert (run.status, run.reason, run.node, run.exit_code) == ("done", "", None, None)


def test_a_loss_told_late_or_twice_changes_nothing(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)
    lost(db, "a", 1, None, -9, "first")

    assert lost(db, "a", 1, None, -9, "again").reason == "first"
    claimed(db)
    assert lost(db, "a", 1, None, -9, "late").status == "running"


def test_a_loss_of_an_unknown_run_is_an_error(db: sqlite3.Connection) -> None:
    with pytest.raises(UnknownRun, match="no run with the id 'a'"):
        lost(db, "a", 1, None, None, "")


def test_what_was_running_when_the_server_stopped_is_tried_once_more(db: sqlite3.Connection) -> None:
    submitted(db, "a")

    claimed(db)
    assert [(run.id, run.status) for run in recover(db)] == [("a", "queued")]
    claimed(db)
    assert [(run.id, run.status) for run in recover(db)] == [("a", "poisoned")]
    assert recover(db) == []
    assert claim(db, "worker") is None


def test_a_run_that_is_put_back_is_not_held_to_have_failed(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    for attempt in (1, 2, 3):
        assert claimed(db).run.attempt == attempt
        assert put_back(db, "a", attempt, "The server is stopping.").status == "queued"

    claimed(db)
    assert lost(db, "a", 4, None, -9, "killed").status == "queued"


# ---- being cancelled, and moved


def test_a_waiting_run_is_cancelled_at_once(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b")

    run = cancel(db, "a")

    assert run is not None
    assert (run.status, run.cancelling) == ("cancelled", False)
    assert order(db) == ["b"]


def test_a_running_run_is_marked_and_cancelled_when_it_has_stopped(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    claimed(db)

    run = cancel(db, "a")

    assert run is not None
    assert (run.status, run.cancelling) == ("running", True)
    assert finish(db, "a", 1, Outcome("cancelled"))
    assert (known(db, "a").status, known(db, "a").cancelling) == ("cancelled", False)


def test_a_run_that_is_to_be_cancelled_is_not_tried_again_when_its_worker_dies(
    db: sqlite3.Connection,
) -> None:
    submitted(db, "a")
    claimed(db)
    cancel(db, "a")

    run = lost(db, "a", 1, "7", -9, "It was ended.")

    assert (run.status, run.cancelling) == ("cancelled", False)
    assert run.ended is not None


def test_what_is_over_cannot_be_cancelled_and_what_is_unknown_is_none(db: sqlite3.Connection) -> None:
    carried_out(db, "a")

    assert cancel(db, "a") == known(db, "a")
    assert known(db, "a").status == "done"
    assert cancel(db, "nobody") is None


def test_a_thousand_cancels_are_one(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b", "c")
    claimed(db)
    cancel(db, "a")
    cancel(db, "b")
    before = change_counter(db)

    answers = {cancel(db, id) for _ in range(500) for id in ("a", "b")}

    assert {(run.id, run.status) for run in answers if run} == {("a", "running"), ("b", "cancelled")}
    assert change_counter(db) == before
    assert order(db) == ["c"]


def test_only_what_waits_is_deleted(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b", "c", "d")
    claimed(db)

    assert delete(db, ["c", "a", "nobody", "c"]) == ["c"]
    assert order(db) == ["b", "d"]
    assert known(db, "a").status == "running"
    assert known(db, "c").status == "cancelled"


def test_clearing_leaves_what_runs(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b", "c")
    claimed(db)

    assert clear(db) == ["b", "c"]
    assert counts(db) == (0, 1)


def test_a_waiting_run_can_be_moved_and_given_priority(db: sqlite3.Connection) -> None:
    submitted(db, "a", "b", "c")

    move(db, "c", 0.5)
    assert order(db) == ["a", "c", "b"]
    prioritise(db, "b", 1)
    assert order(db) == ["b", "a", "c"]
    assert move(db, "nobody", 1) is None
    assert prioritise(db, "nobody", 1) is None


def test_a_run_that_has_begun_is_not_moved(db: sqlite3.Connection) -> None:
    submitted(db, "a")
    running = claimed(db).run

    assert move(db, "a", 99) == running
    assert prioritise(db, "a", 99) == running


# ---- the queue as a whole


def test_a_paused_queue_hands_out_nothing(db: sqlite3.Connection) -> None:
    submitted(db, "a")

    assert pause(db, "I am going home.") == QueueState("paused", "I am going home.")
    assert claim(db, "worker") is None
    assert submit(db, new_run("b")).status == "queued"
    assert resume(db) == QueueState("open")
    assert claimed(db).run.id == "a"


def test_a_full_disk_does_not_undo_a_persons_pause(db: sqlite3.Connection) -> None:
    pause(db, "I am going home.")

    assert disk_full(db, "There is no room.") == QueueState("disk full", "There is no room.")
    assert claim(db, "worker") is None
    assert resume(db) == QueueState("paused", "I am going home.")
    assert resume(db) == QueueState("open") == queue_state(db)


def test_order_does_not_depend_on_the_clock(db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    day = 86_400.0
    clock = random.Random(0)
    monkeypatch.setattr(time, "time", lambda: 4e9 + clock.uniform(-400, 400) * day)
    ids = [str(at) for at in range(20)]

    submitted(db, *ids)
    assert order(db) == ids
    assert [claimed(db).run.id for _ in ids] == ids


def test_every_change_of_a_run_is_counted(db: sqlite3.Connection) -> None:
    seen = [change_counter(db)]
    for change in (
        lambda: submitted(db, "a"),
        lambda: move(db, "a", 4),
        lambda: prioritise(db, "a", 4),
        lambda: pause(db, ""),
        lambda: resume(db),
        lambda: claimed(db),
        lambda: cancel(db, "a"),
        lambda: finish(db, "a", 1, Outcome("cancelled")),
    ):
        change()
        seen.append(change_counter(db))

    assert seen == sorted(set(seen))
