"""A damaged database: the damaged file is kept, what can be read is recovered, and it is said."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.store import recovery
from engine.store.connect import FILE
from engine.store.errors import StoreDamaged
from engine.store.history import artifacts, events_after, find, finished, timeline
from engine.store.lock import LOCK
from engine.store.opening import open_store
from engine.store.queue import claim, contents, finish, pause, queue_state, submit, waiting
from engine.store.records import EventPage, Outcome, Run
from engine.store.salvage import LOST
from tests.engine.store.lab import carried_out, check_invariants, claimed, database, files, known, new_run

RUNS = 300
PAGE = 4096


def graph(at: int) -> bytes:
    return b'{"1": {"inputs": {"seed": %d, "text": "%s"}}}' % (
        at,
        random.Random(at).randbytes(300).hex().encode(),
    )


def filled(folder: Path, waiting: int = RUNS // 2) -> Path:
    """A database with many runs, half of them done."""
    db = database(folder)
    db.execute("BEGIN")
    for at in range(RUNS):
        submit(db, new_run(str(at), graph=graph(at), parent="0"))
    for at in range(RUNS - waiting):
        assert claim(db, "worker") is not None
        outcome = Outcome("done", artifacts=files("a.png"), timeline=b"spans")
        finish(db, str(at), 1, outcome, [EventPage(1, 1, 2, b"[1,2]")])
    db.execute("COMMIT")
    db.close()
    return folder / FILE


def reopened(folder: Path) -> tuple[str, dict[str, Run]]:
    """What the store says when it is opened, and the runs it then has."""
    store = open_store(folder, reserve=4096)
    store.close()
    db = database(folder)
    runs = check_invariants(db)
    db.close()
    return store.notice, runs


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def page_of(path: Path, name: str) -> int:
    """Where the first page of a table or an index begins."""
    db = sqlite3.connect(path)
    (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    db.close()
    return (int(root) - 1) * PAGE


def test_a_whole_database_is_not_touched(tmp_path: Path) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()

    notice, runs = reopened(tmp_path)

    assert (notice, len(runs)) == ("", RUNS)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "index",
    ["run_waiting", "run_graph", "run_ending", "sqlite_autoindex_run_1", "sqlite_autoindex_content_1"],
)
def test_a_damaged_index_costs_nothing(tmp_path: Path, index: str) -> None:
    path = filled(tmp_path)
    overwrite(path, page_of(path, index), bytes(PAGE))

    notice, runs = reopened(tmp_path)

    assert set(runs) == {str(at) for at in range(RUNS)}
    assert f"{RUNS} runs were recovered, {RUNS // 2} of them still to be run. Everything" in notice


def test_what_is_recovered_is_all_that_was_there(tmp_path: Path) -> None:
    path = filled(tmp_path)
    db = database(tmp_path)
    pause(db, "I am going home.")
    before = check_invariants(db)
    db.close()
    overwrite(path, page_of(path, "run_waiting"), bytes(PAGE))

    _, after = reopened(tmp_path)

    db = database(tmp_path)
    assert after == before
    assert queue_state(db).reason == "I am going home."
    assert [run.id for run in waiting(db)] == [str(at) for at in range(RUNS // 2, RUNS)]
    assert contents(db, ["7"])["7"] == (graph(7), b"{}")
    assert artifacts(db, "7") == list(files("a.png"))
    assert events_after(db, "7", 0, 0) == [EventPage(1, 1, 2, b"[1,2]")]
    assert (after["7"].parent, timeline(db, "7")) == ("0", b"spans")
    assert submit(db, new_run("next")).number == RUNS
    db.close()


def test_a_damaged_page_of_runs_costs_the_runs_on_it(tmp_path: Path) -> None:
    path = filled(tmp_path)
    db = sqlite3.connect(path)
    leaves = [
        (number - 1) * PAGE
        for (number,) in db.execute("SELECT pageno FROM dbstat WHERE name = 'run' AND pagetype = 'leaf'")
    ]
    db.close()
    overwrite(path, leaves[len(leaves) // 2], b"\xff" * PAGE)

    notice, runs = reopened(tmp_path)

    assert RUNS * 0.8 < len(runs) < RUNS
    assert "The rest of it could not be read." in notice
    assert "0" in runs
    assert str(RUNS - 1) in runs


def test_a_run_whose_graph_is_lost_fails_and_says_so(tmp_path: Path) -> None:
    path = filled(tmp_path)
    overwrite(path, page_of(path, "content"), bytes(PAGE))  # where all graphs hang on

    notice, runs = reopened(tmp_path)

    assert len(runs) == RUNS
    assert "0 of them still to be run. The rest" in notice
    db = database(tmp_path)
    assert (known(db, "299").status, known(db, "299").reason) == ("failed", LOST)
    kept = finished(db, "3")
    assert kept is not None
    assert (kept.run.status, kept.graph) == ("done", b"{}")
    db.close()


@pytest.mark.parametrize("damage", [bytes(100), b"\xff" * 100, b"not a database at all" * 5, bytes(PAGE)])
def test_a_damaged_beginning_costs_nothing_else(tmp_path: Path, damage: bytes) -> None:
    overwrite(filled(tmp_path), 0, damage)

    notice, runs = reopened(tmp_path)

    assert len(runs) == RUNS
    assert "was damaged" in notice
    assert not list(tmp_path.glob("*.grafted*"))


def test_a_graph_that_is_not_what_it_was_is_not_run(tmp_path: Path) -> None:
    path = filled(tmp_path)
    data = path.read_bytes()
    db = sqlite3.connect(path)
    (packed,) = db.execute(
        "SELECT packed FROM content WHERE id = (SELECT graph FROM run WHERE id = '280')"
    ).fetchone()
    db.close()
    overwrite(path, data.index(packed) + 40, b"XXXX")
    overwrite(path, page_of(path, "run_waiting"), bytes(PAGE))  # by itself a changed text is not noticed

    _, runs = reopened(tmp_path)

    assert runs["280"].status == "failed"
    assert runs["281"].status == "queued"


@pytest.mark.parametrize("size", [0, 10, PAGE, 10 * PAGE])
def test_a_cut_off_file_is_never_silently_replaced(tmp_path: Path, size: int) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[:size])

    notice, runs = reopened(tmp_path)

    assert "was damaged" in notice
    assert f"{len(runs)} runs were recovered" in notice
    assert (tmp_path / "runs.damaged-1.sqlite3").stat().st_size == size
    assert reopened(tmp_path) == ("", runs)


def test_what_is_in_the_log_only_is_recovered_too(tmp_path: Path) -> None:
    db = database(tmp_path / "old")
    carried_out(db, *(str(at) for at in range(50)))
    for name in (FILE, f"{FILE}-wal"):
        (tmp_path / name).write_bytes((tmp_path / "old" / name).read_bytes())
    db.close()
    overwrite(tmp_path / FILE, 0, bytes(100))

    _, runs = reopened(tmp_path)

    assert len(runs) == 50


def test_a_missing_file_beside_its_log_is_not_a_new_database(tmp_path: Path) -> None:
    db = database(tmp_path / "old")
    carried_out(db, "a")
    (tmp_path / f"{FILE}-wal").write_bytes((tmp_path / "old" / f"{FILE}-wal").read_bytes())
    db.close()

    notice, _ = reopened(tmp_path)

    assert "only its log is left" in notice
    assert (tmp_path / "runs.damaged-1.sqlite3-wal").exists()


def test_flipped_bytes_never_lose_a_server(tmp_path: Path) -> None:
    path = filled(tmp_path)
    whole = path.read_bytes()
    chance = random.Random(4)
    for number in range(40):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 20, 400])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        data[60:64] = whole[60:64]  # the version; a higher one is refused, which another test is about
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / FILE).write_bytes(data)

        notice, runs = reopened(folder)

        assert (notice == "") == (not list(folder.glob("*.damaged-*")))
        assert notice or len(runs) == RUNS


@pytest.mark.parametrize("step", range(12))
def test_a_recovery_that_is_broken_off_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    path = filled(tmp_path)
    overwrite(path, page_of(path, "run_waiting"), bytes(PAGE))
    with monkeypatch.context() as patched:
        left = stop_at_step(patched, step)
        try:
            store = open_store(tmp_path, reserve=4096)
        except KeyboardInterrupt:
            assert left() < 0
        else:
            store.close()
            assert left() >= 0

    _, runs = reopened(tmp_path)

    assert len(runs) == RUNS


def stop_at_step(monkeypatch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """Have the recovery stop before its n-th change of a file; what is left of n."""
    left = step

    def stopping(change: Callable[..., object]) -> Callable[..., object]:
        def changed(*given: object, **more: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return change(*given, **more)

        return changed

    for name in ("rename", "unlink", "touch"):
        monkeypatch.setattr(Path, name, stopping(getattr(Path, name)))
    for name in ("migrate", "salvage", "sync"):
        monkeypatch.setattr(recovery, name, stopping(getattr(recovery, name)))
    return lambda: left


def test_a_damage_that_is_met_later_is_told_and_mended_at_the_next_start(tmp_path: Path) -> None:
    path = filled(tmp_path)

    async def main() -> None:
        async with open_store(tmp_path, reserve=4096) as store:
            overwrite(path, page_of(path, "run_waiting"), bytes(PAGE))
            with pytest.raises(StoreDamaged, match="is damaged") as caught:
                await store.read(waiting)
            assert "Start the server again" in caught.value.hint
            with pytest.raises(StoreDamaged):
                await store.write(submit, new_run("more"))

    asyncio.run(main())
    notice, runs = reopened(tmp_path)
    assert "was damaged" in notice
    assert len(runs) == RUNS


def test_nothing_but_the_damaged_file_is_left_of_a_recovery(tmp_path: Path) -> None:
    overwrite(filled(tmp_path), 0, bytes(100))

    reopened(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "reserve",
        "runs.damaged-1.sqlite3",
        FILE,
        LOCK,
    ]


def test_a_second_damage_is_kept_beside_the_first(tmp_path: Path) -> None:
    path = filled(tmp_path)
    for _ in range(2):
        overwrite(path, page_of(path, "run_waiting"), bytes(PAGE))
        reopened(tmp_path)

    assert {path.name for path in tmp_path.glob("*damaged*.sqlite3")} == {
        "runs.damaged-1.sqlite3",
        "runs.damaged-2.sqlite3",
    }
    db = database(tmp_path)
    assert find(db, "299") is not None
    assert claimed(db).run.id == str(RUNS // 2)
    db.close()
