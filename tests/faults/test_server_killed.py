"""The server killed in the middle of its work (1, 4, 33), and what the next one makes of it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.faults.lab import (
    children,
    gone,
    installed,
    places,
    saved,
    saved_bytes,
    shown,
    starting,
    story,
    there,
    use,
)

STEPS = 8


def stepwise(log: Path, start: int, seconds: float = 0.2) -> dict[str, object]:
    steps = use("Steps", start=start, count=STEPS, log=str(log), seconds=seconds)
    return {"1": steps, "2": use("Save", x=["1", 0], filename_prefix="steps")}


def outcome(start: int) -> int:
    value = start
    for index in range(STEPS):
        value = (value * 31 + index) % 1_000_003
    return value


@story
async def test_a_run_that_the_server_was_killed_in_goes_on_where_it_was(tmp_path: Path) -> None:
    weft, log = installed(tmp_path / "weft"), tmp_path / "log"
    async with starting(weft) as live:
        earlier = await live.send(saved(1))
        await live.ended(earlier)
        async with live.listen("me") as ears:
            run = await live.send(stepwise(log, 5), "me")
            waiting = [await live.send(saved(number), "me") for number in (2, 3)]
            await there(log, STEPS // 2)
            while not (heard := places(ears.of(run))):
                await ears.next()
        before = len(log.read_text().split())
        workers = children(live.pid)
        os.kill(live.pid, signal.SIGKILL)
        live.server.process.wait()
        await gone(*workers)

    place = heard[-1]
    async with starting(weft, accepted=live.accepted) as live:
        async with live.listen("me", after=f"{run}:{place[0]}.{place[1]}") as ears:
            await ears.until_end(run)
            said = ears.of(run)
        for other in waiting:
            assert (await live.ended(other))["status"] == "done"
        known = await live.check()
        history = await live.get("/history")

    taken = [int(step) for step in log.read_text().split()]
    assert (known[run].status, known[run].attempt) == ("done", 2)
    assert known[run].files == (saved_bytes(outcome(5)),)
    assert taken[before] in {
        before - 2,
        before - 1,
    }  # the last that had finished may not have been on the disk yet
    assert taken[before:] == list(range(taken[before], STEPS))
    assert {earlier, run, *waiting} <= history.keys()
    assert places(said) == sorted(set(places(said)))
    assert places(said)[0] > place
    assert {attempt for attempt, _ in places(said)} >= {2}
    assert said[-1]["data"]["node"] is None


@story
async def test_a_run_that_always_crashes_is_given_up_and_not_taken_up_by_the_next_server(
    tmp_path: Path,
) -> None:
    weft, log = installed(tmp_path / "weft"), tmp_path / "log"
    async with starting(weft) as live:
        bad = await live.send(shown(use("End", how="segfault", log=str(log))))
        good = await live.send(saved(1))
        ended = await live.ended(bad)
        assert (ended["status"], ended["attempt"], ended["node"]) == ("poisoned", 2, "1")
        assert ended["exit_code"] == -signal.SIGSEGV
        assert (await live.ended(good))["status"] == "done"
        os.kill(live.pid, signal.SIGKILL)
        live.server.process.wait()

    async with starting(weft, accepted=live.accepted) as live:
        known = await live.check()

    assert (known[bad].status, known[bad].attempt) == ("poisoned", 2)
    assert log.read_text().split() == ["segfault"] * 2


@story
async def test_a_damaged_database_is_mended_and_said_to_have_been(tmp_path: Path) -> None:
    weft = installed(tmp_path / "weft")
    async with starting(weft) as live:
        runs = [await live.send(saved(number)) for number in range(4)]
        for run in runs:
            await live.ended(run)
        live.server.stop()

    database = weft.folder / ".weft" / "store" / "runs.sqlite3"
    data = bytearray(database.read_bytes())
    data[:100] = bytes(100)
    database.write_bytes(data)
    async with starting(weft, accepted=live.accepted) as live:
        said = await live.get("/internal/logs")
        known = await live.check()

    assert "was damaged" in str(said)
    assert [known[run].files for run in runs] == [(saved_bytes(number),) for number in range(4)]
    assert list(database.parent.glob("runs.damaged-1.sqlite3"))
