"""The store as its callers have it: many tasks, one writer, readers beside it."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.store import writer
from engine.store.connect import FILE
from engine.store.errors import RunExists, StoreClosed, StoreDamaged
from engine.store.history import change_counter, find, page
from engine.store.opening import Store, open_store
from engine.store.queue import cancel, claim, counts, finish, submit, submit_all, waiting
from engine.store.records import Outcome
from tests.engine.store.lab import check_invariants, database, new_run

Commits = list[int]


def within(folder: Path, use: Callable[[Store], Awaitable[None]]) -> None:
    """Use a store, and leave a whole database behind."""

    async def main() -> None:
        async with open_store(folder, reserve=4096) as store:
            await use(store)

    asyncio.run(main())
    db = database(folder)
    check_invariants(db)
    db.close()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    """Grows by one with each commit."""
    counted: Commits = []
    commit = writer.commit

    def counting(db: sqlite3.Connection) -> None:
        counted.append(len(counted))
        commit(db)

    monkeypatch.setattr(writer, "commit", counting)
    return counted


async def hold(store: Store) -> threading.Event:
    """Keep the writer busy until the event is set, so that other writes come to wait together."""
    go, held = threading.Event(), threading.Event()

    def wait(db: sqlite3.Connection) -> None:
        held.set()
        assert go.wait(30)

    store.write(wait)
    await asyncio.to_thread(held.wait, 30)
    return go


def test_what_was_awaited_can_be_read_at_once(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        for at in range(50):
            run = await store.write(submit, new_run(str(at)))
            assert await store.read(find, str(at)) == run
            assert await store.read(counts) == (at + 1, 0)

    within(tmp_path, use)


def test_an_awaited_write_is_on_the_disk(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        await store.write(submit, new_run("a"))
        (mode,), (durable,) = await store.write(
            lambda db: [db.execute(f"PRAGMA {what}").fetchone() for what in ("journal_mode", "synchronous")]
        )
        assert (mode, durable) == ("wal", 2)  # 2 is FULL: the log is synced before the commit returns

    within(tmp_path, use)


def test_writes_that_wait_share_one_commit(tmp_path: Path, commits: Commits) -> None:
    async def use(store: Store) -> None:
        go = await hold(store)
        several = [store.write(submit, new_run(str(at))) for at in range(40)]
        go.set()
        await asyncio.gather(*several)
        assert [run.id for run in await store.read(waiting)] == [str(at) for at in range(40)]

    within(tmp_path, use)
    assert len(commits) == 2  # that of the write which held the others up, and theirs


def test_a_write_that_fails_fails_alone(tmp_path: Path, commits: Commits) -> None:
    def half(db: sqlite3.Connection) -> None:
        submit(db, new_run("half"))
        raise RuntimeError("no")

    async def use(store: Store) -> None:
        await store.write(submit, new_run("taken"))
        go = await hold(store)
        several: list[asyncio.Future[Any]] = [
            store.write(submit, new_run("a")),
            store.write(half),
            store.write(submit, new_run("taken", graph=b"[]")),
            store.write(submit_all, [new_run("b"), new_run("taken", graph=b"[]")]),
            store.write(submit, new_run("c")),
        ]
        go.set()
        answers = await asyncio.gather(*several, return_exceptions=True)
        assert [type(answer).__name__ for answer in answers] == [
            "Run",
            "RuntimeError",
            "RunExists",
            "RunExists",
            "Run",
        ]
        assert [run.id for run in await store.read(waiting)] == ["taken", "a", "c"]

    within(tmp_path, use)
    assert len(commits) == 3


def test_a_caller_that_goes_away_does_not_undo_its_write(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        go = await hold(store)
        store.write(submit, new_run("a")).cancel()
        behind = store.write(submit, new_run("b"))
        go.set()
        await behind
        assert await store.read(counts) == (2, 0)

    within(tmp_path, use)


def test_closing_writes_what_waits_and_takes_no_more(tmp_path: Path) -> None:
    async def main() -> None:
        store = open_store(tmp_path)
        waiting = [store.write(submit, new_run(str(at))) for at in range(100)]
        await asyncio.to_thread(store.close)
        assert {run.status for run in await asyncio.gather(*waiting)} == {"queued"}
        store.close()
        with pytest.raises(StoreClosed):
            await store.write(submit, new_run("late"))
        with pytest.raises(StoreClosed):
            await store.read(counts)

    asyncio.run(main())
    with_another_loop = open_store(tmp_path)
    with_another_loop.close()
    assert not list(tmp_path.glob(f"{FILE}-*"))  # the log is emptied into the database


def test_a_read_sees_one_moment(tmp_path: Path) -> None:
    between = threading.Event()
    looked = threading.Event()

    def twice(db: sqlite3.Connection) -> tuple[object, object]:
        before = counts(db)
        looked.set()
        assert between.wait(30)
        return before, counts(db)

    async def use(store: Store) -> None:
        reading = asyncio.create_task(store.read(twice))
        await asyncio.to_thread(looked.wait, 30)
        await store.write(submit, new_run("a"))
        between.set()
        assert await reading == ((0, 0), (0, 0))

    within(tmp_path, use)


def test_a_reader_can_change_nothing(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        with pytest.raises(Exception, match="readonly"):
            await store.read(submit, new_run("a"))

    within(tmp_path, use)


def test_runs_come_from_many_tasks_and_go_to_many_workers_once_each(tmp_path: Path) -> None:
    done: list[str] = []

    async def client(store: Store, name: int) -> None:
        for at in range(20):
            await store.write(submit, new_run(f"{name}-{at}", graph=b'{"seed": %d}' % at))

    async def worker(store: Store, name: str) -> None:
        while len(done) < 200:
            found = await store.write(claim, name)
            if found is None:
                await asyncio.sleep(0)
            elif await store.write(finish, found.run.id, found.run.attempt, Outcome("done")):
                done.append(found.run.id)

    async def use(store: Store) -> None:
        clients = [client(store, name) for name in range(10)]
        await asyncio.gather(*clients, *[worker(store, str(name)) for name in range(6)])
        runs, _ = await store.read(page, None, 1000)
        assert {(run.status, run.attempt) for run in runs} == {("done", 1)}

    within(tmp_path, use)
    assert sorted(done) == sorted(f"{name}-{at}" for name in range(10) for at in range(20))


def test_a_storm_of_cancels_reaches_those_it_is_meant_for_and_no_other(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        await store.write(submit_all, [new_run(str(at)) for at in range(300)])
        found = await store.write(claim, "worker")
        assert found is not None
        storm = [store.write(cancel, "0") for _ in range(1000)]
        storm += [store.write(cancel, str(at)) for at in range(100, 300) for _ in range(5)]
        answers = await asyncio.gather(*storm)
        assert {run.status for run in answers[:1000] if run} == {"running"}
        assert {run.status for run in answers[1000:] if run} == {"cancelled"}
        assert await store.read(counts) == (99, 1)

    within(tmp_path, use)


def test_the_same_submit_from_many_tasks_makes_one_run(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        runs = await asyncio.gather(
            *(store.write(submit, new_run(str(at), key="once")) for at in range(50)),
        )
        assert len({run.id for run in runs}) == 1
        assert await store.read(counts) == (1, 0)

    within(tmp_path, use)


def test_an_id_taken_meanwhile_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        first, second = await asyncio.gather(
            store.write(submit, new_run("a")),
            store.write(submit, new_run("a", graph=b"[]")),
            return_exceptions=True,
        )
        assert not isinstance(first, BaseException)
        assert isinstance(second, RunExists)

    within(tmp_path, use)


def test_the_count_of_changes_goes_on_after_a_restart(tmp_path: Path) -> None:
    seen = []
    for at in range(3):

        async def use(store: Store, id: str = str(at)) -> None:
            seen.append(await store.read(change_counter))
            await store.write(submit, new_run(id))
            seen.append(await store.read(change_counter))

        within(tmp_path, use)

    assert seen == sorted(seen)
    assert len(set(seen)) == 4


def test_nothing_is_accepted_any_more_when_the_file_is_removed_under_the_server(tmp_path: Path) -> None:
    async def main() -> None:
        store = open_store(tmp_path / "data")
        await store.write(submit, new_run("a"))
        (tmp_path / "data" / FILE).unlink()
        with pytest.raises(StoreDamaged, match="removed or replaced"):
            await store.write(submit, new_run("b"))
        store.close()

    asyncio.run(main())


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR])
def test_a_failing_disk_is_tried_once_more_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, code: int
) -> None:
    commit = writer.commit
    left = times

    def failing(db: sqlite3.Connection) -> None:
        nonlocal left
        if left:
            left -= 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_IOERR"
            raise error
        commit(db)

    async def use(store: Store) -> None:
        monkeypatch.setattr(writer, "commit", failing)
        answers = await asyncio.gather(store.write(submit, new_run("a")), return_exceptions=True)
        assert [type(answer).__name__ for answer in answers] == ["Run" if times == 1 else "StoreUnusable"]
        while left:
            await asyncio.gather(store.write(counts), return_exceptions=True)
        assert (await store.write(submit, new_run("b"))).status == "queued"
        assert await store.read(counts) == (2 if times == 1 else 1, 0)

    within(tmp_path, use)
