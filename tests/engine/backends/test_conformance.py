"""What every backend does alike, whether it runs in this process or in another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.backends.backend import WorkerLost
from engine.graph.problems import GraphInvalid, UnknownNode
from engine.run.events import (
    NodeExpanded,
    NodeFinished,
    NodePreviewed,
    NodeProgressed,
    NodeStarted,
    Picture,
    RunFinished,
    RunStarted,
)
from tests.engine.backends.lab import (
    NUMBER,
    STEPPING,
    Going,
    Opening,
    graph,
    node_pack,
    pack,
    ran,
    request,
    story,
    use,
)


@story
async def test_it_says_what_it_is_doing(opened: Opening) -> None:
    async with opened() as backend:
        states = [backend.state]
        await backend.ready()
        states.append(backend.state)
        going = Going(backend, graph(s=use("Steps", count=1000, seconds=0.01), e=use("Show", value="@s")))
        await going.until(NodeStarted)
        states.append(backend.state)
        await backend.cancel(going.request.run, 10)
        states.append(backend.state)
    assert [*states, backend.state] == ["starting", "idle", "busy", "idle", "closed"]


@story
async def test_it_knows_the_nodes_and_the_packs_that_failed(opened: Opening, tmp_path: Path) -> None:
    node_pack(tmp_path, "good", "Good")
    pack(tmp_path, "broken", "import nothing_like_that")
    pack(tmp_path, "leaving", "import sys\nsys.exit(1)")
    async with opened() as backend:
        packs = await backend.ready()

        assert {"Number", "Leave", "Good"} <= packs.registry.keys()
        assert packs.registry["Good"].pack == "good"
        failures = {failure.pack: failure.error for failure in packs.failures}
        assert failures == {"broken": "ModuleNotFoundError", "leaving": "SystemExit"}


@story
async def test_a_run_is_told_from_its_beginning_to_its_end(opened: Opening) -> None:
    async with opened() as backend:
        outcome = await ran(backend, request(NUMBER, "seven", explain=False))

    kinds = [type(event) for event in outcome.events]
    assert kinds == [RunStarted, NodeStarted, NodeFinished, NodeStarted, NodeFinished, RunFinished]
    assert outcome.events[0] == RunStarted(("n", "s"), ())
    assert outcome.shown("s") == ("3",)
    assert [told.number for told in outcome.told] == [1, 2, 3, 4, 5, 6]
    assert {(told.run, told.attempt) for told in outcome.told} == {("seven", 1)}


@story
async def test_what_has_finished_is_kept_for_the_next_run(opened: Opening) -> None:
    async with opened() as backend:
        await ran(backend, NUMBER)
        again = await ran(backend, NUMBER)

    assert again.started == []
    assert again.shown("s") == ("3",)


@story
async def test_a_node_that_turns_into_others_is_told_with_them(opened: Opening) -> None:
    async with opened() as backend:
        outcome = await ran(backend, graph(t=use("Twice", value=4), s=use("Show", value="@t")))

    assert outcome.of(NodeExpanded) == [NodeExpanded("t", ("t/sum",))]
    assert "t/sum" in outcome.started
    assert outcome.shown("s") == ("8",)


@story
async def test_what_hardly_goes_over_a_wire_does_not_end_the_run(opened: Opening) -> None:
    async with opened() as backend:
        outcome = await ran(backend, graph(s=use("ShowOddly")))

    assert outcome.status == "done"
    assert outcome.shown("s")[2:] == ((1, 2.5, None), {"a": (True,)})


@story
async def test_a_graph_with_problems_is_refused_with_all_of_them(opened: Opening) -> None:
    async with opened() as backend:
        with pytest.raises(GraphInvalid) as caught:
            await ran(backend, graph(a=use("Nothing"), b=use("Show", value="@missing")))
        assert (await ran(backend, NUMBER)).status == "done"

    assert [type(problem).__name__ for problem in caught.value.problems] == ["UnknownNode", "DanglingLink"]
    assert isinstance(caught.value.problems[0], UnknownNode)


@story
async def test_what_is_no_graph_is_refused(opened: Opening) -> None:
    async with opened() as backend:
        for data in (b"", b"[", b"[]", b'"graph"', b"\xff\xfe"):
            with pytest.raises(GraphInvalid):
                await ran(backend, data)


@story
async def test_only_the_targets_and_what_they_need_are_run(opened: Opening) -> None:
    nodes = graph(
        n=use("Number"), one=use("Show", value="@n"), two=use("Show", value="@n"), wrong=use("Nothing")
    )
    async with opened() as backend:
        outcome = await ran(backend, request(nodes, targets=("two",)))

    assert set(outcome.started) == {"n", "two"}


LEAVING = {
    "raise": "ValueError",
    "exit": "SystemExit",
    "interrupt": "KeyboardInterrupt",
    "generator exit": "GeneratorExit",
    "base exception": "Odd",
}


@story
async def test_whatever_a_node_raises_fails_its_run_alone(opened: Opening) -> None:
    async with opened() as backend:
        for how, error in LEAVING.items():
            failed = await ran(backend, graph(x=use("Leave", how=how, value=5), s=use("Show", value="@x")))

            assert (failed.status, failed.failure.error, failed.failure.path) == ("failed", error, "x")
            assert ("value", "5") in failed.failure.inputs
            assert failed.failure.frames
            assert (await ran(backend, NUMBER)).status == "done"


@story
async def test_a_cancelled_run_stops_at_its_next_step(opened: Opening) -> None:
    async with opened() as backend:
        going = Going(backend, STEPPING)
        await going.until(NodeProgressed)

        assert await backend.cancel(going.request.run, 20) == "stopping"
        assert (await going.outcome()).status == "cancelled"
        assert (await ran(backend, NUMBER)).status == "done"


@story
async def test_a_cancel_never_touches_another_run(opened: Opening) -> None:
    async with opened() as backend:
        assert await backend.cancel("nobody", 0) == "not running"
        first = await ran(backend, request(NUMBER, "first"))
        going = Going(backend, graph(s=use("Steps", count=30, seconds=0.01), e=use("Show", value="@s")))
        await going.until(NodeStarted)
        answers = {await backend.cancel(run, 0) for run in ("first", "nobody", "") for _ in range(50)}

        assert answers == {"not running"}
        assert (first.status, (await going.outcome()).status) == ("done", "done")


@story
async def test_a_thousand_cancels_are_as_good_as_one(opened: Opening) -> None:
    async with opened() as backend:
        going = Going(backend, STEPPING)
        await going.until(NodeStarted)
        answers = await asyncio.gather(*(backend.cancel(going.request.run, 20) for _ in range(1000)))

        assert set(answers) == {"stopping"}
        assert (await going.outcome()).status == "cancelled"
        assert await backend.cancel(going.request.run, 20) == "not running"
        assert (await ran(backend, NUMBER)).status == "done"


@story
async def test_a_node_that_does_not_listen_is_given_up_after_the_grace(
    opened: Opening, tmp_path: Path
) -> None:
    blocking = graph(b=use("Block", how="sleep", mark=str(tmp_path / "mark")), s=use("Show", value="@b"))
    async with opened() as backend:
        going = Going(backend, blocking)
        await going.until(NodeStarted)

        assert await backend.cancel(going.request.run, 0.05) == "killed"
        assert (await going.outcome()).status == "cancelled"
        assert (await ran(backend, NUMBER)).shown("s") == ("3",)


@story
async def test_a_run_that_nobody_reads_any_more_stops(opened: Opening) -> None:
    async with opened() as backend:
        going = Going(backend, STEPPING)
        await going.until(NodeStarted)
        await going.is_left()

        assert (await ran(backend, NUMBER)).status == "done"


@story
async def test_runs_wait_for_one_another(opened: Opening) -> None:
    async with opened() as backend:
        outcomes = await asyncio.gather(
            *(ran(backend, graph(n=use("Steps", value=i), s=use("Show", value="@n"))) for i in range(10))
        )

    assert [outcome.shown("s") for outcome in outcomes] == [(str(i),) for i in range(10)]


@story
async def test_previews_are_pictures_and_carry_no_number_of_their_own(opened: Opening) -> None:
    nodes = graph(p=use("Previews"), s=use("Show", value="@p"))
    async with opened() as backend:
        outcome = await ran(backend, request(nodes, explain=False))
        unseen = await ran(
            backend, request(graph(p=use("Previews", count=2), s=use("Show", value="@p")), previews=False)
        )

    pictures = outcome.of(NodePreviewed)
    assert pictures
    assert set(pictures) == {NodePreviewed("p", Picture("image/png", b"dots"))}
    assert [told.number for told in outcome.told if not isinstance(told.event, NodePreviewed)] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert {told.number for told in outcome.told if isinstance(told.event, NodePreviewed)} == {2}
    assert unseen.of(NodePreviewed) == []


@story
async def test_a_closed_backend_runs_nothing(opened: Opening) -> None:
    async with opened() as backend:
        going = Going(backend, STEPPING)
        await going.until(NodeStarted)
        await backend.close(20.0)

        assert (await going.outcome()).status == "cancelled"
        with pytest.raises(WorkerLost):
            await ran(backend, NUMBER)
