"""What other processes do in the tests: `python -m tests.engine.store.child <what> <folder> ...`."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from engine.store import writer
from engine.store.errors import StoreFull
from engine.store.history import append
from engine.store.opening import Store, open_store
from engine.store.queue import cancel, claim, finish, lost, queue_state, recover, submit, submit_all
from engine.store.records import EventPage, NewRun, Outcome
from engine.store.reserve import room_again
from tests.engine.store.lab import files, new_run

RESERVE = 64 * 1024

Step: TypeAlias = tuple[str, Callable[[], Awaitable[object]]]


def say(*words: object) -> None:
    print(*words, flush=True)


async def hold(folder: Path) -> None:
    """Keep the folder until killed."""
    async with open_store(folder, reserve=RESERVE):
        say("open")
        await asyncio.sleep(1000)


async def accept(folder: Path, *log_only: str) -> None:
    """Accept runs from several tasks and carry them out, saying of each step that it is acknowledged."""
    async with open_store(folder, reserve=RESERVE) as store:
        if log_only:
            await store.write(lambda db: db.execute("PRAGMA wal_autocheckpoint = 0").fetchall())
        say("open")
        for run in await store.write(recover):
            say(run.status, run.id, run.attempt)
        await asyncio.gather(*(client(store, number) for number in range(4)), worker(store))


async def client(store: Store, number: int) -> None:
    for at in range(10_000):
        id = f"{os.getpid()}-{number}-{at}"
        await store.write(submit, new_run(id, graph=b'{"seed": "%s"}' % (id.encode() * 40)))
        say("accepted", id)


async def worker(store: Store) -> None:
    while True:
        found = await store.write(claim, "worker")
        if found is None:
            await asyncio.sleep(0.001)
            continue
        id, attempt = found.run.id, found.run.attempt
        say("claimed", id, attempt)
        await store.write(append, id, EventPage(attempt, 1, 2, b"[1,2]"))
        if await store.write(finish, id, attempt, Outcome("done", artifacts=files("a.png"))):
            say("done", id, attempt)


async def die_at_commit(folder: Path, number: str, when: str) -> None:
    """Carry out a fixed list of steps, and be killed before or after the n-th commit."""
    left = int(number)
    commit = writer.commit

    def dying(db: sqlite3.Connection) -> None:
        nonlocal left
        left -= 1
        if left == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(db)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    writer.commit = dying
    async with open_store(folder, reserve=RESERVE) as store:
        for name, step in steps(store):
            await step()
            say(name)
        say("end")


def steps(store: Store) -> list[Step]:
    """Every kind of change, one after the other; run "d" is lost twice."""

    def attempt(id: str, number: int) -> list[Step]:
        return [
            (f"claim {id} {number}", lambda: store.write(claim, "worker")),
            (f"lost {id} {number}", lambda: store.write(lost, id, number, "7", -9, "killed")),
        ]

    return [
        ("recover", lambda: store.write(recover)),
        ("accept a b", lambda: store.write(submit_all, [new_run("a"), new_run("b", key="b")])),
        ("accept c", lambda: store.write(submit, new_run("c", graph=b"[]"))),
        ("accept d", lambda: store.write(submit, new_run("d", priority=-1))),
        ("claim a 1", lambda: store.write(claim, "worker")),
        ("events a", lambda: store.write(append, "a", EventPage(1, 1, 2, b"[1,2]"))),
        ("cancel b", lambda: store.write(cancel, "b")),
        ("done a", lambda: store.write(finish, "a", 1, Outcome("done", artifacts=files("a.png")))),
        ("claim c 1", lambda: store.write(claim, "worker")),
        ("cancel c", lambda: store.write(cancel, "c")),
        ("cancelled c", lambda: store.write(finish, "c", 1, Outcome("cancelled"))),
        *attempt("d", 1),
        *attempt("d", 2),
    ]


async def fill(folder: Path, limit: str) -> None:
    """Submit until files may not grow any further; then what still works, and what works when they may again."""
    async with open_store(folder, reserve=RESERVE) as store:
        await store.write(submit, new_run("running"))
        await store.write(claim, "worker")
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), hard))
        say("refused", await until_full(store))
        say("reserve", (folder / "reserve").exists(), "room", room_again(folder, 2 * int(limit)))
        say("state", (await store.read(queue_state)).state)
        say(
            "finished", await store.write(finish, "running", 1, Outcome("failed", reason="The disk is full."))
        )
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        say("room", room_again(folder, RESERVE))


async def until_full(store: Store) -> str:
    for at in range(100_000):
        run = NewRun(str(at), os.urandom(2000))
        try:
            await store.write(submit, run)
        except StoreFull as error:
            return error.hint
        say("accepted", run.id)
    return "nothing"


if __name__ == "__main__":
    what, folder, *more = sys.argv[1:]
    asyncio.run(globals()[what](Path(folder), *more))
