"""A worker process that dies under a run, or does not listen: what becomes of the run, and who is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.backends.options import WorkerOptions
from engine.backends.process import ProcessBackend
from tests.engine.server.runs_lab import Place, chain, kinds, serving, story, toy_settings, use


@asynccontextmanager
async def worker_at(home: Path, grace: float = 5.0) -> AsyncIterator[Place]:
    """A server whose runs happen in a process of their own."""
    backend = ProcessBackend(toy_settings(home), WorkerOptions(device="cpu", disk=False))
    async with serving(home, backend, grace=grace) as place:
        yield place


def dying(path: Path, times: int) -> dict[str, object]:
    return {"1": use("PDie", path=str(path), times=times), "2": use("PShow", x=["1", 0])}


@story
async def test_a_run_whose_worker_died_is_tried_once_more(tmp_path: Path) -> None:
    async with worker_at(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(dying(tmp_path / "died", 1), "me")
        lost = await ears.until("worker_lost", run)
        await ears.until_end(run)
        whole = await place.get(f"/runs/{run}")

    assert (lost["node"], lost["exit_code"], lost["again"]) == ("1", 7, True)
    assert (whole["run"]["status"], whole["run"]["attempt"]) == ("done", 2)
    assert whole["result"]["outputs"]["2"]["text"] == ["2"]
    said = ears.of(run)
    # A worker that dies at once may not have told of its plan any more, which `execution_cached` comes from.
    assert [kind for kind in kinds(said[:-1]) if kind not in {"executing", "execution_cached"}] == [
        *("execution_start", "worker_lost"),
        *("execution_start", "executed", "execution_success"),
    ]
    places = [tuple(map(int, message["data"]["at"].split("."))) for message in said]
    assert places == sorted(places)


@story
async def test_a_run_that_kills_its_worker_twice_is_given_up_and_the_next_goes_on(tmp_path: Path) -> None:
    async with worker_at(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(dying(tmp_path / "died", 99), "me")
        error = await ears.until("execution_error", run)
        await ears.until_end(run)
        good = await place.send(chain(3), "me")
        await ears.until_end(good)
        whole = (await place.get(f"/runs/{run}"))["run"]
        entry = await place.ended(run)

    assert (tmp_path / "died").read_text() == "xx"
    assert (whole["status"], whole["node"], whole["exit_code"]) == ("poisoned", "1", 7)
    assert (error["exception_type"], error["node_id"]) == ("WorkerLost", "1")
    assert [message["data"]["again"] for message in ears.of(run, "worker_lost")] == [True, False]
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1][1]["exception_type"] == "WorkerLost"


@story
async def test_a_node_that_does_not_listen_is_ended_by_force_and_its_run_is_cancelled(tmp_path: Path) -> None:
    async with worker_at(tmp_path, grace=0.1) as place, place.listen("me") as ears:
        prompt = {"1": use("PDeaf", path=str(tmp_path / "never")), "2": use("PShow", x=["1", 0])}
        run = await place.send(prompt, "me")
        await ears.until("executing", run)
        await place.ask("POST", "/interrupt", {"prompt_id": run})
        interrupted = await ears.until("execution_interrupted", run)
        await ears.until_end(run)
        good = await place.send(chain(3), "me")
        await ears.until_end(good)
        status = await place.status_of(run)

    assert (interrupted["node_id"], status) == ("1", "cancelled")
    assert "worker_lost" not in kinds(ears.of(run))


@story
async def test_what_a_dead_attempt_said_can_be_heard_afterwards(tmp_path: Path) -> None:
    async with worker_at(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(dying(tmp_path / "died", 1), "me")
        await ears.until_end(run)
        said = ears.of(run)
        async with place.listen("me", after=f"{run}:{said[1]['data']['at']}") as again:
            await again.until_end(run)

    assert again.of(run) == said[2:]
