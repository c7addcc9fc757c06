"""A full disk: what was accepted is kept and can be finished, and more is accepted when there is room again."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.errors import StoreFull
from engine.store.opening import Store, open_store
from engine.store.queue import cancel, claim, finish, pause, queue_state, resume, submit, submit_all, waiting
from engine.store.records import Outcome, QueueState
from engine.store.reserve import RESERVE, free_reserve, keep_reserve, room_again
from tests.architecture.sources import ROOT
from tests.engine.store.lab import check_invariants, database, known, new_run

SIZE = 64 * 1024


def page_limit(db: sqlite3.Connection, pages: int) -> None:
    """SQLite's own bound on a file's size: beyond it, it finds the disk full."""
    (now,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {now + pages}")


async def fill(store: Store) -> list[str]:
    """Submit until it is refused; the ids that were accepted."""
    accepted: list[str] = []
    for at in range(10_000):
        try:
            run = await store.write(submit, new_run(str(at), os.urandom(3000)))
        except StoreFull:
            return accepted
        accepted.append(run.id)
    raise AssertionError("the disk was never full")


def test_a_full_disk_loses_nothing_and_pauses_the_queue(tmp_path: Path) -> None:
    async def main() -> list[str]:
        async with open_store(tmp_path, reserve=SIZE) as store:
            await store.write(submit, new_run("running"))
            await store.write(claim, "worker")
            await store.write(page_limit, 20)
            accepted = await fill(store)
            state = await store.read(queue_state)
            assert state.state == "disk full"
            assert str(tmp_path) in state.reason
            assert not (tmp_path / RESERVE).exists()

            # What needs no new room goes on; new runs are refused before anything is tried.
            assert await store.write(finish, "running", 1, Outcome("failed", reason="full"))
            assert await store.write(cancel, accepted[0])
            with pytest.raises(StoreFull):
                await store.write(submit, new_run("small", b"{}"))
            return accepted

    accepted = asyncio.run(main())
    db = database(tmp_path)
    assert set(check_invariants(db)) == {"running", *accepted}
    assert [run.id for run in waiting(db)] == accepted[1:]
    assert known(db, "running").reason == "full"
    db.close()


def test_the_queue_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_store(tmp_path, reserve=SIZE) as store:
            await store.write(page_limit, 20)
            await fill(store)
            assert await store.write(claim, "worker") is None
            await store.write(page_limit, 10_000)

            assert room_again(tmp_path, SIZE)
            assert (tmp_path / RESERVE).stat().st_size == SIZE
            assert await store.write(resume) == QueueState("open")
            assert (await store.write(submit, new_run("more"))).status == "queued"
            assert await store.write(claim, "worker") is not None

    asyncio.run(main())


def test_writes_beside_the_one_that_filled_the_disk_are_answered_each_for_itself(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_store(tmp_path, reserve=SIZE) as store:
            await store.write(submit_all, [new_run("a"), new_run("b")])
            await store.write(claim, "worker")
            await store.write(page_limit, 2)
            answers = await asyncio.gather(
                store.write(cancel, "b"),
                store.write(submit, new_run("large", os.urandom(100_000))),
                store.write(finish, "a", 1, Outcome("done")),
                return_exceptions=True,
            )
            cancelled, refused, finished = answers
            assert isinstance(refused, StoreFull)
            assert finished is True
            assert not isinstance(cancelled, BaseException)
            assert cancelled is not None
            assert cancelled.status == "cancelled"

    asyncio.run(main())


def test_a_pause_by_a_person_outlives_a_full_disk_and_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_store(tmp_path, reserve=SIZE) as store:
            await store.write(pause, "I am going home.")
            await store.write(page_limit, 20)
            await fill(store)
        async with open_store(tmp_path, reserve=SIZE) as store:
            assert (await store.read(queue_state)).state == "disk full"
            assert await store.write(resume) == QueueState("paused", "I am going home.")

    asyncio.run(main())


def test_the_reserve_is_kept_once_and_given_up_at_once(tmp_path: Path) -> None:
    assert keep_reserve(tmp_path, SIZE)
    made = (tmp_path / RESERVE).stat()
    assert keep_reserve(tmp_path, SIZE)
    assert (tmp_path / RESERVE).stat().st_mtime_ns == made.st_mtime_ns
    assert made.st_blocks * 512 >= SIZE  # it really takes the room
    free_reserve(tmp_path)
    free_reserve(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_disk_without_room_gets_no_reserve(tmp_path: Path) -> None:
    assert not room_again(tmp_path, 2**60)
    assert os.listdir(tmp_path) == []


def told_by_child(folder: Path, limit: int) -> dict[str, str]:
    """What the process said that was not allowed to write files beyond the limit; the last word of each kind."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.engine.store.child", "fill", str(folder), str(limit)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split(" ", 1) for line in child.stdout.splitlines()]
    accepted = {rest for word, rest in lines if word == "accepted"}
    return {word: rest for word, rest in lines} | {"accepted": " ".join(sorted(accepted, key=int))}


@pytest.mark.parametrize("limit", [256 * 1024, 1024 * 1024])
def test_a_limit_on_files_is_a_full_disk_too(tmp_path: Path, limit: int) -> None:
    told = told_by_child(tmp_path, limit)

    assert "Make room" in told["refused"]
    assert told["reserve"] == "False room False"
    assert told["state"] == "disk full"
    assert told["finished"] == "True"
    assert told["room"] == "True"
    db = database(tmp_path)
    assert set(check_invariants(db)) == {"running", *told["accepted"].split()}
    assert known(db, "running").reason == "The disk is full."
    db.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB, where this system lets us have one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    async def main() -> list[str]:
        async with open_store(small_disk, reserve=256 * 1024) as store:
            await store.write(submit, new_run("running"))
            await store.write(claim, "worker")
            accepted = await fill(store)
            assert len(accepted) > 10
            assert await store.write(finish, "running", 1, Outcome("failed", os.urandom(20_000)))
            assert (await store.read(queue_state)).state == "disk full"
            return accepted

    accepted = asyncio.run(main())
    db = database(small_disk)
    assert set(check_invariants(db)) == {"running", *accepted}
    db.close()
