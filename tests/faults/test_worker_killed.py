"""The worker killed at each place of a run (2), stopped and awakened (35), short of memory (16), and badly treated."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.engine.run.makers import notes_makers
from tests.engine.served import Served
from tests.faults.lab import children, gone, is_alive, saved, saved_bytes, shown, story, talking, there, use


def killed(where: str, mark: str, log: str) -> dict[str, object]:
    """A number that is saved, by a worker that is killed on the way, once."""
    if where == "while it loads":
        return {"1": use("Load", name="abc", mark=mark), "2": use("Save", x=["1", 0])}
    if where == "in a step":
        steps = use("Steps", start=1, count=4, kill_at=2, mark=mark, log=log)
        return {"1": steps, "2": use("Save", x=["1", 0])}
    return saved(3, kill=where, mark=mark)


@pytest.mark.parametrize("where", ["while it loads", "in a step", "before", "during", "after"])
@story
async def test_wherever_the_worker_is_killed_the_run_is_done_once(
    standing: Served, tmp_path: Path, where: str
) -> None:
    async with talking(standing, spare=0 if notes_makers(tmp_path / "probe") else 1) as live:
        ended = await live.ended(
            await live.send(killed(where, str(tmp_path / "mark"), str(tmp_path / "log")))
        )
        known = (await live.check())[ended["id"]]

    steps = ((1 * 31) * 31 + 1) * 31 + 2
    value = (steps * 31 + 3) % 1_000_003 if where == "in a step" else 3
    assert (known.status, known.attempt) == ("done", 2)
    assert known.files == (saved_bytes(value),)


@story
async def test_a_run_taken_up_at_the_end_of_another_is_tried_again_without_anybody_asking(
    standing: Served, tmp_path: Path
) -> None:
    async with talking(standing) as live:
        first = await live.send(shown(use("Gate", path=str(tmp_path / "gate"), tag=2)))
        await live.until(first, {"running"})
        second = await live.send(saved(11, kill="before", mark=str(tmp_path / "mark")))
        (tmp_path / "gate").touch()
        ended = await live.ended(second)
        await live.check()

    assert (ended["status"], ended["attempt"]) == ("done", 2)


@story
async def test_a_worker_that_was_stopped_past_its_grace_publishes_nothing_afterwards(
    standing: Served, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with talking(standing) as live:
        run = await live.send(saved(7, wait=str(gate), filename_prefix="stopped"))
        (worker,) = map(int, await there(Path(f"{gate}.pid")))
        os.kill(worker, signal.SIGSTOP)
        await live.post("/interrupt", {"prompt_id": run})
        assert (await live.ended(run))["status"] == "cancelled"
        gate.touch()
        if is_alive(worker):
            os.kill(worker, signal.SIGCONT)
        await gone(worker)
        known = await live.check()

    assert known[run].files == ()
    assert not list(live.folder.glob("output/stopped*"))


@story
async def test_a_worker_that_was_stopped_and_goes_on_in_time_publishes_once(
    standing: Served, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with talking(standing) as live:
        run = await live.send(saved(8, wait=str(gate), filename_prefix="paused"))
        (worker,) = map(int, await there(Path(f"{gate}.pid")))
        os.kill(worker, signal.SIGSTOP)
        gate.touch()
        assert (await live.get("/queue"))["queue_running"]
        os.kill(worker, signal.SIGCONT)
        await live.ended(run)
        known = await live.check()

    assert (known[run].attempt, known[run].files) == (1, (saved_bytes(8),))
    assert len(list(live.folder.glob("output/paused*"))) == 1


@pytest.mark.parametrize(("times", "status"), [(1, "done"), (99, "failed")])
@story
async def test_want_of_memory_is_met_by_making_room_once_and_said_by_its_name(
    standing: Served, tmp_path: Path, times: int, status: str
) -> None:
    log = tmp_path / "log"
    async with talking(standing) as live:
        workers = children(live.pid)
        run = await live.send(shown(use("Hungry", times=times, log=str(log))))
        ended = await live.ended(run)
        whole = str(await live.get(f"/history/{run}"))
        await live.check()
        assert children(live.pid) == workers

    assert (ended["status"], ended["attempt"]) == (status, 1)
    assert len(log.read_text().split()) == 2
    assert ("7.00 GiB" in whole) == (status == "failed")


@story
async def test_whatever_a_node_does_its_run_ends_and_the_next_goes_on(standing: Served) -> None:
    ends = ["exit", "interrupt", "generator exit", "base exception", "os exit", "kill"]
    wrongs = ["type", "many", "generator", "nothing"]
    async with talking(standing) as live:
        bad = {how: await live.send(shown(use("End", how=how))) for how in ends}
        bad |= {what: await live.send(shown(use("Wrong", what=what))) for what in wrongs}
        good = await live.send(saved(9))
        assert (await live.ended(good))["status"] == "done"
        known = await live.check()

    statuses = {how: known[run].status for how, run in bad.items()}
    assert statuses == dict.fromkeys([*ends, *wrongs], "failed") | {"os exit": "poisoned", "kill": "poisoned"}


@story
async def test_a_node_that_does_not_listen_holds_up_neither_the_server_nor_the_next_run(
    standing: Served, tmp_path: Path
) -> None:
    async with talking(standing) as live:
        run = await live.send(shown(use("Deaf", log=str(tmp_path / "log"))))
        await there(tmp_path / "log")
        for path in ("/queue", "/object_info", "/system_stats", "/health"):
            assert (await live.ask("GET", path))[0] == 200
        await live.post("/interrupt", {"prompt_id": run})
        await live.ended(run)
        known = await live.check()

    assert known[run].status == "cancelled"
