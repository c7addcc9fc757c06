"""What becomes of runs, whatever happens: order, cancelling, pausing, a full disk, and a server that goes and comes."""

import asyncio
import hashlib
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.server.dispatch import carrier
from engine.server.dispatch.disk_space import DiskSpace
from engine.store import queue
from engine.store.history import artifacts
from engine.store.records import Outcome
from tests.engine.server.runs_lab import Place, chain, kinds, serving, story, use

SHOWN = {"1": use("PValue", value=3), "2": use("PShow", x=["1", 0])}


def waiting_for(path: Path, kind: str = "PWait", tag: int = 0) -> dict[str, object]:
    """A run that goes on until a file is there."""
    return {"1": use(kind, path=str(path), tag=tag), "2": use("PShow", x=["1", 0])}


async def order_of_ends(place: Place, runs: Mapping[str, str]) -> list[str]:
    """The names of runs, in the order in which they ended."""
    for run in runs.values():
        await place.ended(run)
    names = {run: name for name, run in runs.items()}
    return [names[run] for run in await place.get("/history") if run in names]


@story
async def test_runs_are_carried_out_in_their_order(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        first = await place.send(waiting_for(go))
        await place.until_running(first)
        runs = {
            "third": await place.send(chain(3, 1)),
            "fourth": await place.send(chain(3, 2)),
            "second": await place.send(chain(3, 3), front=True),
            "first": await place.send(chain(3, 4), front=True),
            "fifth": await place.send(chain(3, 5), number=1e6),
            "urgent": await place.send(chain(3, 6), priority=1),
        }
        go.touch()

        assert await order_of_ends(place, runs) == ["urgent", "first", "second", "third", "fourth", "fifth"]


@story
async def test_many_clients_at_once_get_each_its_own_answer(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        runs = await asyncio.gather(*(place.send(chain(4, number)) for number in range(60)))

        shown = [(await place.ended(run))["outputs"]["4"]["text"] for run in runs]
        assert shown == [[str(number + 2)] for number in range(60)]
        while await place.get("/prompt") != {"exec_info": {"queue_remaining": 0}}:
            await asyncio.sleep(
                0.001
            )  # the history may be a moment ahead of what the server tells of its queue


@story
async def test_a_run_that_waits_is_cancelled_without_ever_being_started(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        first = await place.send(waiting_for(go))
        waiting = await place.send(chain(3))
        answer = await place.post(f"/runs/{waiting}/cancel")
        go.touch()
        await place.ended(first)

        assert (answer["status"], answer["attempt"]) == ("cancelled", 0)
        assert await place.status_of(first) == "done"
        assert waiting not in await place.get("/history")


@story
async def test_a_run_that_goes_on_stops_at_its_next_step(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(waiting_for(tmp_path / "never"), "me")
        await ears.until("executing", run)
        answer = await place.post(f"/runs/{run}/cancel")
        interrupted = await ears.until("execution_interrupted", run)
        await ears.until_end(run)

        assert answer["cancelling"] is True
        assert (interrupted["node_id"], interrupted["node_type"]) == ("1", "PWait")
        assert await place.status_of(run) == "cancelled"


@story
async def test_cancelling_a_run_that_is_over_changes_nothing_and_stops_nobody_else(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        over = await place.send(chain(3))
        await place.ended(over)
        going = await place.send(waiting_for(go))
        await place.until_running(going)
        answers = [await place.post(f"/runs/{over}/cancel") for _ in range(3)]
        assert (await place.ask("POST", "/interrupt", {"prompt_id": over})) == (200, "")
        go.touch()
        await place.ended(going)

        assert [answer["status"] for answer in answers] == ["done"] * 3
        assert await place.status_of(going) == "done"


@story
async def test_cancels_at_any_moment_hit_the_run_they_name_and_no_other(tmp_path: Path) -> None:
    dice = random.Random(7)
    async with serving(tmp_path) as place:
        runs = [await place.send(chain(30, number)) for number in range(40)]
        doomed = dice.sample(runs, 15)

        async def cancel(run: str) -> None:
            await asyncio.sleep(dice.random() * 0.2)
            await asyncio.gather(*(place.post(f"/runs/{run}/cancel") for _ in range(3)))

        await asyncio.gather(*map(cancel, doomed))
        last = await place.send(chain(5, 1000))
        await place.ended(last)

        statuses = {run: await place.status_of(run) for run in runs}
        assert {status for run, status in statuses.items() if run not in doomed} == {"done"}
        assert {statuses[run] for run in doomed} <= {"done", "cancelled"}


@story
async def test_an_interrupt_without_a_name_stops_what_is_going_on_and_nothing_else(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        assert (await place.ask("POST", "/interrupt")) == (200, "")
        first = await place.send(waiting_for(tmp_path / "never"))
        second = await place.send(waiting_for(go, tag=1))
        await place.until_running(first)
        assert (await place.ask("POST", "/interrupt", {})) == (200, "")
        await place.until_running(second)
        go.touch()
        await place.ended(second)

        assert await place.status_of(first) == "cancelled"
        assert await place.status_of(second) == "done"


@story
async def test_a_node_that_fails_ends_its_run_alone(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        bad = await place.send({"1": use("PFail", text="no good"), "2": use("PShow", x=["1", 0])})
        good = await place.send(chain(3))

        assert (await place.ended(good))["status"]["completed"] is True
        run = (await place.get(f"/runs/{bad}"))["run"]
        assert (run["status"], run["reason"]) == ("failed", "IndexError: no good")


@story
async def test_a_paused_queue_accepts_and_starts_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until("status")
        state = await place.post("/queue/pause", {"reason": "Lunch."})
        run = await place.send(chain(3), "me")
        said = await ears.until("status")
        await asyncio.sleep(0.05)
        before = await place.status_of(run)
        await place.post("/queue/resume")
        await ears.until_end(run)

        assert state == {"state": "paused", "reason": "Lunch."}
        assert (said["queue"], said["reason"]) == ("paused", "Lunch.")
        assert before == "queued"
        assert await place.status_of(run) == "done"


@story
async def test_a_queue_stays_paused_over_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        await place.post("/queue/pause")
        run = await place.send(chain(3))
    async with serving(tmp_path) as place:
        await asyncio.sleep(0.05)
        assert await place.status_of(run) == "queued"
        await place.post("/queue/resume")
        assert (await place.ended(run))["status"]["completed"] is True


@story
async def test_a_moved_run_goes_where_it_was_put(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        await place.until_running(await place.send(waiting_for(go)))
        runs = {name: await place.send(chain(3, number)) for number, name in enumerate("abcd")}
        await place.ask("PATCH", f"/runs/{runs['d']}", {"number": 0.5})
        await place.ask("PATCH", f"/runs/{runs['c']}", {"priority": 2})
        go.touch()

        assert await order_of_ends(place, runs) == ["c", "d", "a", "b"]


# ---- what must not be lost


@story
async def test_what_waited_when_the_server_died_is_carried_out_by_the_next(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        going = await place.send(waiting_for(tmp_path / "go"))
        await place.until_running(going)
        waiting = [await place.send(chain(3, number)) for number in range(5)]
    (tmp_path / "go").touch()
    async with serving(tmp_path) as place:
        entries = [await place.ended(run) for run in (going, *waiting)]

        assert [entry["status"]["completed"] for entry in entries] == [True] * 6
        assert (await place.get(f"/runs/{going}"))["run"]["attempt"] == 2
        assert {(await place.get(f"/runs/{run}"))["run"]["attempt"] for run in waiting} == {1}


@story
async def test_a_run_that_outlives_two_servers_is_given_up(tmp_path: Path) -> None:
    for _ in range(2):
        async with serving(tmp_path) as place:
            if place.dispatcher.queue.remaining == 0:
                await place.send(waiting_for(tmp_path / "never"), prompt_id="mine")
            await place.until_running("mine")
    async with serving(tmp_path) as place:
        entry = await place.ended("mine")

        assert await place.status_of("mine") == "poisoned"
        assert entry["status"]["status_str"] == "error"
        assert entry["prompt"][1] == "mine"


@story
async def test_a_server_that_is_told_to_stop_lets_the_run_end(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path, drain=20.0) as place:
        run = await place.send(waiting_for(go))
        await place.until_running(run)
        later = await place.send(chain(3))
        asyncio.get_running_loop().call_later(0.1, go.touch)
    async with serving(tmp_path) as place:
        await place.ended(later)

        assert (await place.get(f"/runs/{run}"))["run"]["attempt"] == 1
        assert await place.status_of(run) == "done"


@story
async def test_a_run_that_does_not_end_in_time_waits_for_the_next_server_and_is_not_blamed(
    tmp_path: Path,
) -> None:
    for _ in range(3):  # two crashes would poison it
        async with serving(tmp_path, drain=0.02) as place:
            if place.dispatcher.queue.remaining == 0:
                await place.send(waiting_for(tmp_path / "go"), prompt_id="mine")
            await place.until_running("mine")
    (tmp_path / "go").touch()
    async with serving(tmp_path) as place:
        assert (await place.ended("mine"))["status"]["completed"] is True


@story
async def test_a_late_end_of_an_attempt_that_does_not_count_any_more_changes_nothing(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(waiting_for(go), "me")
        await place.until_running(run)
        store = place.services.store
        await store.write(queue.put_back, run, 1, "Somebody else has it.")
        claimed = await store.write(queue.claim, "somebody else")
        assert claimed is not None
        go.touch()
        other = await place.send(chain(3), "me")
        await ears.until_end(other)
        running = await place.status_of(run)
        assert await store.write(queue.finish, run, 2, Outcome("done"))

        assert "execution_success" not in kinds(ears.of(run))
        assert running == "running"


@story
async def test_a_file_that_a_run_made_is_known_with_its_size_and_sum(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        run = await place.send({"1": use("PSave", text="words")})
        entry = await place.ended(run)
        (file,) = await place.services.store.read(artifacts, run)

        (shown,) = entry["outputs"]["1"]["images"]
        assert (shown["subfolder"], shown["type"]) == ("toys", "output")
        assert (tmp_path / "output" / file.name).read_text() == "words"
        assert (file.size, file.media_type, file.node, file.index) == (5, "image/png", "1", 0)
        assert file.sha256 == hashlib.sha256(b"words").hexdigest()


@story
async def test_secrets_reach_the_node_and_nothing_else(tmp_path: Path) -> None:
    canary = "s3cr3t-canary"
    go = tmp_path / "go"
    prompt = {"1": use("PSecret"), "2": use("PShow", x=["1", 0])}
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await place.until_running(await place.send(waiting_for(go)))
        extra = {"auth_token_comfy_org": canary, "api_key_comfy_org": canary, "kept": 1}
        run = await place.send(prompt, extra_data=extra)
        listed = await place.get("/queue")
        graph = await place.get(f"/runs/{run}/graph")
        go.touch()
        entry = await place.ended(run)

        assert entry["outputs"]["2"]["text"] == [f"{canary},{canary}"]
        assert entry["prompt"][3] == {"kept": 1}
        del entry["outputs"]
        assert canary not in repr((listed, graph, entry, ears.heard, await place.get("/runs")))
    # What the node shows is the graph's own doing; nothing else of the run is allowed to have it.
    stored = [path for path in (tmp_path / ".weft" / "store").iterdir() if path.is_file()]
    assert stored != []
    assert b"auth_token" not in b"".join(path.read_bytes() for path in stored)


# ---- a full disk


class Disk:
    """A disk with as much room as it is told."""

    def __init__(self) -> None:
        self.free = 10**9

    def space(self, folder: Path) -> DiskSpace:
        return DiskSpace((folder,), 10**6, lambda path: self.free)


@story
async def test_no_run_is_started_without_room_and_all_go_on_when_there_is_some(tmp_path: Path) -> None:
    disk = Disk()
    async with serving(tmp_path, disk=disk.space(tmp_path)) as place, place.listen("me") as ears:
        await ears.until("status")
        disk.free = 10
        run = await place.send(chain(3), "me")
        said = await ears.until("status", queue="disk full")
        before = await place.status_of(run)
        disk.free = 10**9
        await ears.until_end(run)

        assert "only 0 MiB left" in said["reason"]
        assert before == "queued"
        assert ears.heard[-2]["data"].get("queue") is None


@story
async def test_a_node_that_finds_the_disk_full_fails_and_the_queue_rests(tmp_path: Path) -> None:
    disk = Disk()
    async with serving(tmp_path, disk=disk.space(tmp_path)) as place, place.listen("me") as ears:
        run = await place.send({"1": use("PNoRoom")}, "me")
        disk.free = 10
        said = await ears.until("status", queue="disk full")
        later = await place.send(chain(3), "me")
        disk.free = 10**9
        await ears.until_end(later)

        assert await place.status_of(run) == "failed"
        assert "No space left" in said["reason"]


@story
async def test_a_fault_of_the_server_itself_ends_the_run_and_not_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(files: object) -> Any:
        raise ZeroDivisionError("a fault of ours")

    async with serving(tmp_path) as place:
        monkeypatch.setattr(carrier, "artifacts_of", broken)
        bad = await place.send(SHOWN)
        await place.ended(bad)
        monkeypatch.undo()
        good = await place.send(SHOWN)
        await place.ended(good)

        run = (await place.get(f"/runs/{bad}"))["run"]
        assert (run["status"], run["reason"]) == (
            "failed",
            "Internal error: ZeroDivisionError: a fault of ours",
        )
        assert await place.status_of(good) == "done"
